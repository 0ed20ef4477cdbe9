"""`agentgym tasks`: more proved tasks for a domain that is there."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentgym.errors import UsageError

from .check import Folder
from .console import facts, heading, narrator, paragraph, say, table
from .models import (
    api_key_env_option,
    base_url_option,
    cache_option,
    client_of,
    no_cache_option,
    paraphrased,
    timeout_option,
)

if TYPE_CHECKING:
    from agentgym.build.more import Added
    from agentgym.build.yields import Yield

__all__ = ["tasks"]

_KNOBS = "How hard they shall be"
_FROM = "From tasks that are there"
_MODEL = "Words, through a model"


def tasks(
    folder: Folder,
    count: Annotated[int, typer.Option(min=1, help="How many to add.")] = 10,
    family: Annotated[
        str, typer.Option(help="Which families: NAME,NAME,...; all that the domain carries.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
    min_calls: Annotated[
        str,
        typer.Option(
            help="How many calls they shall be proved to need: N, or a range N..M.",
            rich_help_panel=_KNOBS,
        ),
    ] = "",
    fuzz: Annotated[
        int,
        typer.Option(
            min=0, max=3, help="How vaguely rows are described, 0 to 3.", rich_help_panel=_KNOBS
        ),
    ] = 0,
    entities: Annotated[
        int | None,
        typer.Option(min=1, help="Over how many rows the clues lead.", rich_help_panel=_KNOBS),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(help="How the rows hang together: path, tree, cycle.", rich_help_panel=_KNOBS),
    ] = None,
    clues: Annotated[
        int | None,
        typer.Option(min=1, help="Fewest rows that any single clue fits.", rich_help_panel=_KNOBS),
    ] = None,
    acts: Annotated[
        int | None,
        typer.Option(
            min=1, help="How much is asked for: writes, answers, cells.", rich_help_panel=_KNOBS
        ),
    ] = None,
    limits: Annotated[
        int | None,
        typer.Option(min=1, help="Hard constraints of a planning task.", rich_help_panel=_KNOBS),
    ] = None,
    held: Annotated[
        int,
        typer.Option(
            min=0, help="Facts that the user tells only when asked.", rich_help_panel=_KNOBS
        ),
    ] = 0,
    hidden: Annotated[
        int,
        typer.Option(
            min=0, help="Facts that the user does not even announce.", rich_help_panel=_KNOBS
        ),
    ] = 0,
    ruled: Annotated[
        bool,
        typer.Option("--ruled", help="Only writes under a rule.", rich_help_panel=_KNOBS),
    ] = False,
    decoy_rows: Annotated[
        int,
        typer.Option(min=0, help="Rows to add that fit all clues but one.", rich_help_panel=_KNOBS),
    ] = 0,
    decoy_tools: Annotated[
        int,
        typer.Option(
            min=0, help="Tools to show that look like those needed.", rich_help_panel=_KNOBS
        ),
    ] = 0,
    similar: Annotated[
        str | None,
        typer.Option(help="A task: add near neighbours of it.", rich_help_panel=_FROM),
    ] = None,
    evolve: Annotated[
        str | None,
        typer.Option(
            help="harder: add variants of the task of --from whose measured difficulty is higher.",
            rich_help_panel=_FROM,
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="The task to evolve.", rich_help_panel=_FROM)
    ] = None,
    operator: Annotated[
        str,
        typer.Option(help="How to evolve it: NAME,NAME,...; any way.", rich_help_panel=_FROM),
    ] = "",
    twins: Annotated[
        bool,
        typer.Option(
            "--twins",
            help="Add twins of all tasks, or of that of --from: unanswerable, violating, benign.",
            rich_help_panel=_FROM,
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model that puts instructions differently.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None,
    paraphrase: Annotated[
        bool,
        typer.Option(
            "--paraphrase",
            help="Let it put instructions differently, where they still say the same.",
            rich_help_panel=_MODEL,
        ),
    ] = False,
    base_url: Annotated[str | None, base_url_option(_MODEL)] = None,
    api_key_env: Annotated[str, api_key_env_option(_MODEL)] = "OPENAI_API_KEY",
    timeout: Annotated[float, timeout_option(_MODEL)] = 300,
    cache: Annotated[Path | None, cache_option(_MODEL)] = None,
    no_cache: Annotated[bool, no_cache_option(_MODEL)] = False,
) -> None:
    """Add certified tasks to a domain: of some families, like a task, or harder than one."""
    from agentgym.build import more  # noqa: PLC0415 - as in `check`
    from agentgym.tasks.knobs import Knobs  # noqa: PLC0415 - as in `check`

    chosen = [name for name, given in _modes(similar, evolve, twins) if given]
    if len(chosen) > 1:
        raise UsageError(f"one of {', '.join(chosen)}", found="several", where="tasks")
    if source is not None and evolve is None and not twins:
        raise UsageError("--evolve or --twins with --from", found="neither", where="tasks")
    client = client_of(
        model,
        base_url=base_url,
        api_key_env=api_key_env,
        timeout=timeout,
        cache=cache,
        no_cache=no_cache,
        paraphrase=paraphrase,
    )
    if client is not None and (not paraphrase or twins):
        found = "--twins, which are worded as their tasks are" if twins else "none"
        raise UsageError("--paraphrase with --model", found=found, where="tasks")
    tell = narrator()
    with client or nullcontext():
        if similar is not None:
            added = more.like(
                str(folder), similar, count=count, seed=seed, client=client, progress=tell
            )
        elif evolve is not None:
            if evolve != "harder":
                raise UsageError("harder", found=repr(evolve), where="--evolve")
            if source is None:
                raise UsageError("--from with the task to evolve", found="none", where="--evolve")
            added = more.evolve(
                str(folder),
                source,
                count=count,
                operators=_names(operator),
                seed=seed,
                client=client,
                progress=tell,
            )
        elif twins:
            of = () if source is None else (source,)
            added = more.twins(str(folder), of, seed=seed, progress=tell)
        else:
            least, most = _range(min_calls)
            if shape not in (None, "path", "tree", "cycle"):
                raise UsageError("path, tree or cycle", found=repr(shape), where="--shape")
            knobs = Knobs(
                least=least,
                most=most,
                fuzz=fuzz,
                entities=entities,
                shape=_shape(shape),
                clues=clues,
                acts=acts,
                limits=limits,
                held=held,
                hidden=hidden,
                ruled=ruled,
                decoy_rows=decoy_rows,
                decoy_tools=decoy_tools,
            )
            added = more.add(
                str(folder),
                count=count,
                families=_names(family),
                knobs=knobs,
                seed=seed,
                client=client,
                progress=tell,
            )
    tell("done")
    _print(added, str(folder))


def _modes(similar: str | None, evolve: str | None, twins: bool) -> tuple[tuple[str, bool], ...]:
    return (
        ("--similar", similar is not None),
        ("--evolve", evolve is not None),
        ("--twins", twins),
    )


def _shape(name: str | None) -> Literal["path", "tree", "cycle"] | None:
    return name  # type: ignore[return-value]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _range(text: str) -> tuple[int, int | None]:
    """Read `4`, `4..8`, `4..`."""
    if not text:
        return 0, None
    found = re.fullmatch(r"(\d+)(?:(\.\.)(\d+)?)?", text)
    if found is None:
        raise UsageError(
            "a number of calls N, or a range N..M", found=repr(text), where="--min-calls"
        )
    return int(found[1]), int(found[3]) if found[3] else None


def _print(added: Added, folder: str) -> None:
    filled = added.filled
    new = len(added.tasks)
    say(f"{new:,} tasks were added to {added.name}, which had {added.there:,}", style="bold")
    share = _share(new, filled.attempts)
    facts(
        [
            ("new", f"{added.tasks[0]} to {added.tasks[-1]}" if added.tasks else "none"),
            ("candidates", f"{filled.attempts:,}, of which {share} accepted"),
            *(
                (f"{kind} twins", f"{found:,} of {tried:,} tasks have one")
                for kind, (tried, found) in added.twins.items()
            ),
            ("wrong runs", _survived(filled.mutants)),
            *paraphrased(filled.paraphrases),
        ]
    )
    _yields("By family", filled.families)
    _yields("By operator", filled.operators)
    if filled.reasons:
        heading("Why candidates were refused, most often")
        ranked = sorted(filled.reasons.items(), key=lambda item: (-item[1], item[0]))
        facts((f"{number:,}", reason) for reason, number in ranked)
    if added.moved:
        heading("What is harder")
        for name, (figure, before, after) in added.moved.items():
            paragraph(f"{name}: {figure.replace('_', ' ')} {before} -> {after}", indent=2)
    for shortfall in filled.shortfalls:
        say(f"Fewer than wanted: {shortfall}.")
    if added.tasks:
        heading("Next")
        say(f"  agentgym show {folder} tasks {added.tasks[0].rpartition('/')[2]}")
        say(f"  agentgym check {folder}")


def _survived(mutants: dict[str, int]) -> str:
    tried, survived = (mutants.get(name, 0) for name in ("tried", "survived"))
    return f"of {tried:,} candidates {survived:,} were refused because a wrong run passed"


def _yields(title: str, yields: dict[str, Yield]) -> None:
    """Print candidates, accepted, and rejections by gate."""
    if not yields:
        return
    gates = sorted({gate for one in yields.values() for gate in one.refused})
    heading(title)
    columns = ["", "candidates", "accepted", *(gate.replace("_", " ") for gate in gates)]
    table(
        columns,
        [
            (
                name.replace("_", " "),
                f"{one.candidates:,}",
                f"{one.accepted:,}",
                *(f"{one.refused.get(gate, 0):,}" for gate in gates),
            )
            for name, one in yields.items()
        ],
        right=columns[1:],
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"
