"""A folder of domains at a glance: health, sizes, diversity, coverage.

A folder comes in; `survey` gives a portrait of every domain in it, `summarise` the report on
them, which is a record that can be written as JSON. Next: `splits`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agentgym import scale
from agentgym.build.check import check
from agentgym.build.fleet.distance import nearest
from agentgym.build.fleet.diversity import Spread, duplicates, spread
from agentgym.build.fleet.portrait import Portrait, clear, portray
from agentgym.errors import UsageError
from agentgym.formats import Record

__all__ = ["PHASES", "Fleet", "Near", "Range", "Summary", "inspect", "summarise", "survey"]

Progress = Callable[[str], None]

PHASES = ("general", "vertical")
"""What the tag `phase` may say; a domain without it is of no phase."""
_FEW = 24
"""Domains that are read in this process: another one is not up sooner."""


class Fleet(Record, kw_only=True):
    """What lies in a folder of domains."""

    folder: str
    portraits: tuple[Portrait, ...]
    """By name of the folder."""
    foreign: tuple[str, ...] = ()
    """Names of folders that hold no domain; files, and names that begin with a dot, aside."""

    @property
    def read(self) -> tuple[Portrait, ...]:
        """The domains that can be read, whether or not they are as their manifests say."""
        return tuple(one for one in self.portraits if one.form is not None)

    @property
    def sound(self) -> tuple[Portrait, ...]:
        """The domains that are as their manifests say."""
        return tuple(one for one in self.portraits if one.health == "sound")

    def of_phase(self, phase: str) -> Fleet:
        """Return the fleet of one phase; broken domains are of none.

        Raises:
            UsageError: No domain says that it is of that phase.
        """
        kept = tuple(one for one in self.portraits if one.tags.get("phase") == phase)
        if not kept:
            known = sorted({one.tags["phase"] for one in self.portraits if "phase" in one.tags})
            raise UsageError(
                "a phase that domains have",
                found=repr(phase),
                where="--phase",
                hint=f"use one of {', '.join(known)}" if known else "no domain here has a phase",
            )
        return Fleet(folder=self.folder, portraits=kept, foreign=self.foreign)


class Range(Record, kw_only=True):
    """Smallest, middle, mean and largest of some numbers."""

    least: int
    median: float
    mean: float
    most: int


class Near(Record, kw_only=True):
    """Edits to the nearest other domain: lower bounds."""

    least: int
    tenth: int
    """A tenth of the domains have this or less."""
    median: float
    closest: tuple[tuple[str, str, int], ...] = ()
    """The pairs that are nearest, with the edits; at most ten, duplicates aside."""


class Summary(Record, kw_only=True, omit_defaults=False):
    """The report on a fleet."""

    folder: str
    phase: str | None = None
    """The one phase that is reported on."""
    domains: int
    sound: int
    stale: dict[str, tuple[str, ...]]
    """Folder to what differs from its manifest."""
    broken: dict[str, str]
    """Folder to why it cannot be read."""
    foreign: tuple[str, ...]
    checked: int | None = None
    """Domains whose every task was proved again; None where that was not asked for."""
    failed: dict[str, tuple[str, ...]] = {}
    """Folder to what does not hold, of those."""
    namesakes: dict[str, tuple[str, ...]]
    """Name to the folders whose domains share it."""
    wanted: int
    """Tasks that were asked for, of domains that say so."""
    made: int
    """Tasks that the same domains have."""
    tasks: int
    """Tasks of all domains."""
    short: dict[str, int]
    """Folder to how many tasks it lacks."""
    families: dict[str, int]
    lengths: dict[str, int]
    """Calls that are needed at least, to how many tasks."""
    sizes: dict[str, Range]
    """`tools`, `entities`, ... of a domain."""
    structures: int
    """Structurally distinct schemas."""
    duplicates: dict[str, tuple[str, ...]]
    """Folder to those with the same structure that come after it by name."""
    nearest: Near | None
    """None of fewer than two domains."""
    shapes: Spread
    tool_sets: Spread
    rule_sets: Spread
    motifs: Spread
    """Of the plans of tasks."""
    operators: Spread
    """Of the compositions of operators of tasks."""
    tool_names: Spread
    """Of the names of tools, but for those that any domain has."""
    name_words: Spread
    """Of the words in them."""
    patterns: dict[str, int]
    """Pattern to the domains that it is part of."""
    combinations: Spread
    """Of patterns, of domains that have any."""
    industries: dict[str, int]
    phases: dict[str, int]
    """Phase to domains; `none` without the tag."""
    sources: dict[str, int]
    """Kind of source to domains."""


def survey(
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = lambda line: None,
) -> Fleet:
    """Read every domain of a folder.

    Args:
        folder: A folder of domain folders.
        workers: How many processes; as many as there are cores by default.
        progress: Told a line now and then.

    Raises:
        UsageError: There is no such folder, it is a domain itself, or no domain is in it.
    """
    places, foreign = _inside(folder)
    if workers is None:
        workers = scale.cores() if len(places) > _FEW else 1
    found = _map(portray, places, workers, progress, "read")
    portraits = [
        value
        if isinstance(value, Portrait)
        else Portrait(folder=clear(place.name), health="broken", problems=(fault,))
        for place, (value, fault) in zip(places, found, strict=True)
    ]
    return Fleet(
        folder=str(folder),
        portraits=tuple(portraits),
        foreign=tuple(foreign),
    )


def _inside(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the domain folders in a folder, by name, and the names of other folders."""
    if not folder.is_dir():
        raise UsageError(
            "a folder of domain folders",
            found="a file" if folder.exists() else "nothing",
            where=str(folder),
            hint="give the folder that the domains lie in",
        )
    if (folder / "domain.json").is_file():
        raise UsageError(
            "a folder of domain folders",
            found="one domain",
            where=str(folder),
            hint=f"give the folder that it lies in, or run `agentgym show {folder}`",
        )
    try:
        inner = sorted(
            (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")),
            key=lambda one: one.name,
        )
    except OSError as error:
        raise UsageError(
            "a folder that can be read", found=str(error.strerror or error), where=str(folder)
        ) from None
    places = [
        one for one in inner if (one / "domain.json").exists() or (one / "manifest.json").exists()
    ]
    if not places:
        raise UsageError(
            "a folder of domain folders",
            found="no domain in it",
            where=str(folder),
            hint="make some with `agentgym build` or `agentgym compose`",
        )
    return places, [clear(one.name) for one in inner if one not in set(places)]


def _map(
    work: Callable[[Path], object],
    places: Sequence[Path],
    workers: int,
    progress: Progress,
    done: str,
) -> list[tuple[object, str]]:
    """Do the work for each place; return what it gave, or None and why it failed."""
    found: dict[Path, tuple[object, str]] = {}
    for ended in scale.each(work, iter(places), workers=workers):
        error = "" if ended.error is None else str(ended.error)
        last = ended.fault.strip().splitlines()[-1] if ended.fault.strip() else ""
        found[ended.job] = ended.value, error or last
        if len(found) % 100 == 0 and len(found) < len(places):
            progress(f"{len(found):,} of {len(places):,} domains {done}")
    return [found[place] for place in places]


def inspect(
    fleet: Fleet, *, workers: int | None = None, progress: Progress = lambda line: None
) -> dict[str, tuple[str, ...]]:
    """Check every readable domain of a fleet in full: each task is proved again.

    Returns:
        Folder to what does not hold, empty where all does.
    """
    places = [Path(fleet.folder) / one.folder for one in fleet.read]
    progress(f"checking {len(places):,} domains")
    found = _map(_problems, places, workers or scale.cores(), progress, "checked")
    return {
        clear(place.name): tuple(value) if isinstance(value, tuple) else (fault,)
        for place, (value, fault) in zip(places, found, strict=True)
    }


def _problems(place: Path) -> tuple[str, ...]:
    return check(place).problems


def summarise(
    fleet: Fleet,
    *,
    phase: str | None = None,
    checked: Mapping[str, tuple[str, ...]] | None = None,
    progress: Progress = lambda line: None,
) -> Summary:
    """Report on a fleet.

    Args:
        fleet: From `survey`.
        phase: The phase that it is of, to be said.
        checked: From `inspect`.
        progress: Told a line now and then.
    """
    read = fleet.read
    forms = [one.form for one in read if one.form is not None]
    progress(f"comparing {len(read):,} domains")
    twins: dict[str, list[str]] = defaultdict(list)
    for late, first in duplicates(forms).items():
        twins[read[first].folder].append(read[late].folder)
    names: dict[str, list[str]] = defaultdict(list)
    for one in read:
        names[one.name].append(one.folder)
    told = [one for one in read if one.wanted is not None]
    tasks = [task for one in read for task in one.tasks]
    own = [tool.name for one in read for tool in one.tools if not tool.desk]
    combinations = [one.tags["patterns"] for one in read if one.tags.get("patterns")]
    return Summary(
        folder=fleet.folder,
        phase=phase,
        domains=len(fleet.portraits),
        sound=len(fleet.sound),
        stale={one.folder: one.problems for one in read if one.problems},
        broken={one.folder: one.problems[0] for one in fleet.portraits if one.form is None},
        foreign=fleet.foreign,
        checked=None if checked is None else len(checked),
        failed={} if checked is None else {k: found for k, found in checked.items() if found},
        namesakes={name: tuple(found) for name, found in names.items() if len(found) > 1},
        wanted=sum(one.wanted or 0 for one in told),
        made=sum(len(one.tasks) for one in told),
        tasks=len(tasks),
        short={
            one.folder: missing
            for one in told
            if (missing := (one.wanted or 0) - len(one.tasks)) > 0
        },
        families=_sorted(task.family for task in tasks),
        lengths={str(n): k for n, k in sorted(Counter(task.length for task in tasks).items())},
        sizes={
            name: _range([one.sizes.get(name, 0) for one in read])
            for name in (read[0].sizes if read else ())
        },
        structures=len(read) - sum(map(len, twins.values())),
        duplicates={first: tuple(found) for first, found in twins.items()},
        nearest=_near(read),
        shapes=spread(Counter(one.shape for one in read)),
        tool_sets=spread(Counter(one.tool_set for one in read)),
        rule_sets=spread(Counter(one.rule_set for one in read)),
        motifs=spread(Counter(task.motif for task in tasks)),
        operators=spread(Counter("; ".join(task.operators) for task in tasks)),
        tool_names=spread(Counter(own)),
        name_words=spread(Counter(word for name in own for word in _words(name))),
        patterns=_sorted(p for found in combinations for p in sorted(_patterns(found))),
        combinations=spread(Counter("+".join(_patterns(found)) for found in combinations)),
        industries=_sorted(one.tags["industry"] for one in read if one.tags.get("industry")),
        phases=_sorted(one.tags.get("phase") or "none" for one in read),
        sources=_sorted(one.kind for one in read),
    )


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|\d+", name.lower())


def _patterns(tag: str) -> tuple[str, ...]:
    """Return the patterns of a tag `a+b+c`, sorted, each as often as it is there."""
    return tuple(sorted(part.strip() for part in tag.split("+") if part.strip()))


def _sorted(found: Iterator[str]) -> dict[str, int]:
    """Count, most first."""
    return dict(sorted(Counter(found).items(), key=lambda item: (-item[1], item[0])))


def _median(numbers: Sequence[int]) -> float:
    ranked = sorted(numbers)
    middle = len(ranked) // 2
    return float(ranked[middle]) if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def _range(numbers: Sequence[int]) -> Range:
    return Range(
        least=min(numbers),
        median=_median(numbers),
        mean=round(sum(numbers) / len(numbers), 2),
        most=max(numbers),
    )


def _near(read: Sequence[Portrait]) -> Near | None:
    edits, others = nearest([one.form for one in read if one.form is not None])
    if not edits:
        return None
    ranked = sorted(edits)
    pairs = {
        (
            edits[one],
            min(read[one].folder, read[others[one]].folder),
            max(read[one].folder, read[others[one]].folder),
        )
        for one in range(len(edits))
        if edits[one]
    }
    return Near(
        least=ranked[0],
        tenth=ranked[(len(ranked) - 1) // 10],
        median=_median(ranked),
        closest=tuple((a, b, n) for n, a, b in sorted(pairs)[:10]),
    )
