"""`agentgym fleet`: a folder of domains at a glance, split, and kept clear of benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from agentgym.errors import UsageError
from agentgym.formats import encode, write

from .console import counts, facts, heading, narrator, say, table

if TYPE_CHECKING:
    from agentgym.build.fleet.diversity import Spread
    from agentgym.build.fleet.overlap import Overlap
    from agentgym.build.fleet.splits import Splits
    from agentgym.build.fleet.summary import Summary

__all__ = ["fleet"]

SHOWN = 8
"""Names of a list that are shown; `--json` has all."""


def fleet(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A folder of domain folders.", show_default=False),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Prove every task of every domain again.")
    ] = False,
    splits: Annotated[
        bool, typer.Option("--splits", help="Write splits.json into the folder.")
    ] = False,
    shares: Annotated[
        str, typer.Option(help="Percent of train, validation and test.")
    ] = "80,10,10",
    seed: Annotated[int, typer.Option(help="Another one gives other splits.")] = 0,
    phase: Annotated[
        str | None, typer.Option(help="Only domains of this phase: general or vertical.")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="Tools or schemas to compare with: a JSON or text file, a domain folder. "
            "May be given several times.",
            show_default=False,
        ),
    ] = None,
    refuse_above: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="With --against: exit 1 where a domain shares more than this."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Report on a folder of domains: health, sizes, diversity, coverage; split it.

    Exit 1 where a domain is broken, stale, fails `--check`, or is refused.
    """
    from agentgym.build.fleet import overlap as overlaps  # noqa: PLC0415 - loads numpy
    from agentgym.build.fleet import splits as splitting  # noqa: PLC0415 - loads numpy
    from agentgym.build.fleet import summary as reports  # noqa: PLC0415 - loads numpy
    from agentgym.build.fleet.references import references  # noqa: PLC0415 - loads numpy

    wanted = splitting.shares_of(shares)
    if refuse_above is not None and not against:
        raise UsageError("--against FILE with it", found="none", where="--refuse-above")
    lists = [one for path in against or () for one in references(path)]
    tell = narrator()
    found = reports.survey(folder, workers=workers, progress=tell)
    if phase is not None:
        found = found.of_phase(phase)
    checked = reports.inspect(found, workers=workers, progress=tell) if check else None
    summary = reports.summarise(found, phase=phase, checked=checked, progress=tell)
    made = (
        splitting.split(found.portraits, shares=wanted, phase=phase, seed=seed) if splits else None
    )
    compared = overlaps.overlap(found.portraits, lists, above=refuse_above) if lists else None
    tell("done")
    if as_json:
        content = {"summary": summary, "splits": made, "overlap": compared}
        say(encode({name: one for name, one in content.items() if one is not None}).decode())
    else:
        _print(summary)
        if compared is not None:
            _print_overlap(compared)
    if made is not None:
        place = folder / "splits.json"
        write(place, msgspec.json.format(encode(made), indent=1) + b"\n")
        if not as_json:
            _print_splits(made, place)
    if summary.sound < summary.domains or summary.failed or (compared and compared.refused):
        raise typer.Exit(1)


def _print(found: Summary) -> None:
    of = f" of phase {found.phase}" if found.phase else ""
    say(f"{found.domains:,} domains{of} in {found.folder}", style="bold")
    facts([
        ("sound", f"{found.sound:,}"),
        *_named("stale", found.stale),
        *_named("broken", found.broken),
        *_named("no domains", found.foreign),
        *([] if found.checked is None else [("hold in full", _held(found))]),
        *_named("fail the check", found.failed),
        *_named("names used twice", found.namesakes),
        ("tasks", _tasks(found)),
        *([("of family", counts(found.families))] if found.families else []),
        *([("with fewer than wanted", f"{len(found.short):,} domains")] if found.short else []),
        ("made from", counts(found.sources)),
    ])  # fmt: skip
    if not found.sizes:
        return
    heading("Sizes of a domain")
    table(
        ["", "least", "median", "mean", "most"],
        [
            (name, f"{one.least:,}", f"{one.median:,.0f}", f"{one.mean:,.1f}", f"{one.most:,}")
            for name, one in found.sizes.items()
        ],
        right=["least", "median", "mean", "most"],
    )
    heading("Diversity")
    near = found.nearest
    said: list[tuple[str, object]] = [
        ("distinct schemas", f"{found.structures:,} of {found.shapes.total:,}")
    ]
    if near is not None:
        tenth = f"for nine in ten at least {near.tenth:,}"
        said.append(
            ("edits to the nearest", f"at least {near.least:,}; {tenth}; median {near.median:g}")
        )
    facts(said)
    table(
        ["", "all", "distinct", "entropy", "coverage", "largest"],
        [
            _spread("schemas", found.shapes),
            _spread("tool sets", found.tool_sets),
            _spread("rule sets", found.rule_sets),
            _spread("plan motifs", found.motifs),
            _spread("operators", found.operators),
            _spread("tool names", found.tool_names),
            _spread("words in them", found.name_words),
            _spread("pattern combinations", found.combinations),
        ],
        right=["all", "distinct", "entropy", "coverage", "largest"],
    )
    if found.duplicates:
        heading("The same structure")
        facts((first, _list(others)) for first, others in _first(found.duplicates))
        _more(found.duplicates)
    if near is not None and near.closest:
        heading("Nearest pairs")
        facts((f"{edits} edits", f"{a}, {b}") for a, b, edits in near.closest[:5])
    heading("Coverage")
    said = [("phases", counts(found.phases))]
    if found.patterns:
        said.append(("patterns", counts(found.patterns)))
    if found.combinations.total:
        most = f"{found.combinations.first} ({100 * found.combinations.largest:.1f}%)"
        said.append(("most frequent combination", most))
    if found.industries:
        said.append(("industries", counts(found.industries)))
    if found.lengths:
        calls = ", ".join(f"{length}: {tasks:,}" for length, tasks in found.lengths.items())
        said.append(("calls needed", calls))
    facts(said)


def _tasks(found: Summary) -> str:
    if not found.wanted:
        return f"{found.tasks:,}"
    more = "" if found.made == found.tasks else f", and {found.tasks - found.made:,} more"
    return f"{found.made:,} proved of {found.wanted:,} wanted{more}"


def _held(found: Summary) -> str:
    return f"{(found.checked or 0) - len(found.failed):,} of {found.checked:,}"


def _spread(name: str, found: Spread) -> list[str]:
    coverage = "" if found.coverage is None else f"{100 * found.coverage:.0f}%"
    largest = f"{100 * found.largest:.1f}%" if found.total else ""
    entropy = f"{found.entropy:.1f} bits"
    return [name, f"{found.total:,}", f"{found.distinct:,}", entropy, coverage, largest]


def _named(name: str, found: Mapping[str, object] | Sequence[str]) -> list[tuple[str, str]]:
    """Return a line with the number of some folders and the first of their names, if any."""
    if not found:
        return []
    said = [
        f"{one} ({_reason(found[one])})" if isinstance(found, Mapping) else one
        for one in list(found)[:SHOWN]
    ]
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return [(name, f"{len(found):,}: {'; '.join(said)}{more}")]


def _reason(found: object) -> str:
    if isinstance(found, tuple):
        more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""
        return ", ".join(map(str, found[:3])) + more
    return str(found)


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _first(found: Mapping[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:SHOWN]


def _more(found: Mapping[str, object]) -> None:
    if len(found) > SHOWN:
        say(f"and {len(found) - SHOWN:,} more")


def _print_splits(made: Splits, place: Path) -> None:
    heading(f"Splits, written to {place}")
    table(
        ["axis", "of", "groups", "train", "validation", "test", ""],
        [
            (
                name,
                axis.of,
                f"{axis.groups:,}",
                *(f"{axis.counts[one]['members']:,}" for one in ("train", "validation", "test")),
                axis.note,
            )
            for name, axis in made.axes.items()
        ],
        right=["groups", "train", "validation", "test"],
    )
    if made.left_out:
        say(f"Left out: {_list(made.left_out)}.")


def _print_overlap(found: Overlap) -> None:
    heading(f"Overlap with {found.tools:,} tools of {_list(found.references)}")
    table(
        ["domain", "score", "names", "words", "parameters", "entities", "schema", "most with"],
        [
            (
                one.folder,
                f"{one.score:.2f}",
                f"{100 * one.exact:.0f}%",
                f"{100 * one.words:.0f}%",
                f"{100 * one.parameters:.0f}%",
                f"{100 * one.entities:.0f}%",
                "same" if one.shape else "",
                one.reference,
            )
            for one in found.shared[:SHOWN]
        ],
        right=["score", "names", "words", "parameters", "entities"],
    )
    for one in found.shared[:SHOWN]:
        alike = [
            m.tool if m.tool == m.like else f"{m.tool} ({m.like})"
            for m in one.matches
            if m.names or m.parameters == 1
        ]
        if alike:
            say(f"  {one.folder}: {', '.join(alike)}")
    clear = sum(not one.score for one in found.shared)
    say(f"{clear:,} of {len(found.shared):,} domains share nothing.")
    if found.above is not None:
        say(f"{len(found.refused):,} share more than {found.above:g}: {_list(found.refused)}"
            if found.refused else f"None shares more than {found.above:g}.")  # fmt: skip
