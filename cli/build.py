"""`agentgym build`: a database, a file or words become a domain folder."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentgym.errors import UsageError

from .bar import bar
from .console import counts, facts, heading, narrator, paragraph, say
from .made import print_made
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
    from agentgym.build.ideas import Batch
    from agentgym.build.one import Report

__all__ = ["build"]

_PANEL = "Words, through a model"


def build(
    source: Annotated[
        str,
        typer.Argument(
            help="A SQLite file, a SQL script, a graph (RDF, GraphML, node-link JSON, TSV "
            "or CSV of triples), an API description (OpenAPI, lists of tools), a tables.json, or "
            "the URL of a database: postgresql://user@host/name. With --model: words about "
            "a business, a text file of them, or a folder of such files.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the domain to write.", show_default=False)],
    tasks: Annotated[int, typer.Option(min=0, help="How many proved tasks are wanted.")] = 50,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="Name of the domain; the last part of --out by default.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="About how many rows of the source to keep.")
    ] = None,
    focus: Annotated[
        str, typer.Option(help="Tables to keep, with what they refer to: TABLE,TABLE,...")
    ] = "",
    only: Annotated[
        str | None, typer.Option(help="The schema wanted, of a file that has many.")
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="A domain of each schema of a file that has many; repeat the command to resume.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --all: processes; all cores by default.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Names of the nodes of a graph: a line each of identifier, tab, label.",
            show_default=False,
        ),
    ] = None,
    keep_personal: Annotated[
        bool, typer.Option("--keep-personal", help="Leave personal and secret values as they are.")
    ] = False,
    max_tools: Annotated[int, typer.Option(min=4, help="Most tools that an episode shows.")] = 40,
    rules: Annotated[
        int,
        typer.Option(
            min=0,
            max=4,
            help="Rules of the business: 0 none, 1 facts of one row, 2 who is served, "
            "3 conditions and limits, 4 order, exceptions, advice.",
        ),
    ] = 2,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a domain folder that is there.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model that reads words, or puts them differently.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    base_url: Annotated[str | None, base_url_option(_PANEL)] = None,
    api_key_env: Annotated[str, api_key_env_option(_PANEL)] = "OPENAI_API_KEY",
    paraphrase: Annotated[
        bool,
        typer.Option(
            "--paraphrase",
            help="Let it put instructions differently, where they still say the same.",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    entities: Annotated[
        int,
        typer.Option(
            min=2,
            max=25,
            help="Most kinds of things it may name; up to 4 are asked for in small steps, which "
            "suits small models.",
            rich_help_panel=_PANEL,
        ),
    ] = 12,
    repairs: Annotated[
        int,
        typer.Option(
            min=0, help="How often it is told what is wrong, at most.", rich_help_panel=_PANEL
        ),
    ] = 3,
    timeout: Annotated[float, timeout_option(_PANEL)] = 300,
    cache: Annotated[Path | None, cache_option(_PANEL)] = None,
    no_cache: Annotated[bool, no_cache_option(_PANEL)] = False,
) -> None:
    """Build a domain from one source: schema, rows, tools, rules and proved tasks."""
    is_path = _is_path(source, model)
    client = client_of(
        model,
        base_url=base_url,
        api_key_env=api_key_env,
        timeout=timeout,
        cache=cache,
        no_cache=no_cache,
        paraphrase=paraphrase,
    )
    if every:
        _only_one(
            name=name, rows=rows, focus=focus or None, only=only, labels=labels, model=model,
            keep_personal=keep_personal or None,
        )  # fmt: skip
        _build_all(
            Path(source), out, tasks=tasks, seed=seed, rules=rules, max_tools=max_tools,
            workers=workers, force=force,
        )  # fmt: skip
        return
    if workers is not None:
        raise UsageError("--all", found="one domain", where="--workers", hint="leave it away")
    tell = narrator()
    if client is not None and is_path and Path(source).is_dir():
        _only_one(
            name=name, rows=rows, focus=focus or None, only=only, labels=labels,
            paraphrase=paraphrase or None,
        )  # fmt: skip
        from agentgym.build.ideas import build_ideas  # noqa: PLC0415 - as below

        with client:
            batch = build_ideas(
                Path(source),
                out,
                client,
                tasks=tasks,
                seed=seed,
                force=force,
                max_tools=max_tools,
                rules=rules,
                entities=entities,
                repairs=repairs,
                progress=tell,
            )
        tell("done")
        _print_batch(batch, out)
        return
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    with client or nullcontext():
        report = one.build(
            Path(source) if is_path else source,
            out,
            name=name,
            tasks=tasks,
            seed=seed,
            rows=rows,
            focus=tuple(part.strip() for part in focus.split(",") if part.strip()),
            keep_personal=keep_personal,
            force=force,
            max_tools=max_tools,
            rules=rules,
            only=only,
            labels=labels,
            client=client,
            entities=entities,
            repairs=repairs,
            paraphrase=paraphrase,
            progress=tell,
        )
    tell("done")
    _print(report, out, wanted=tasks)


def _build_all(
    source: Path,
    out: Path,
    *,
    tasks: int,
    seed: int,
    rules: int,
    max_tools: int,
    workers: int | None,
    force: bool,
) -> None:
    """Build a domain of each schema of a file."""
    from agentgym.build.fleet.listed import make_listed  # noqa: PLC0415 - it loads what builds
    from agentgym.sources import listed  # noqa: PLC0415

    with bar(len(listed(source))) as progress:
        report, shift = make_listed(
            source,
            out,
            tasks=tasks,
            seed=seed,
            rules=rules,
            max_tools=max_tools,
            workers=workers,
            force=force,
            progress=progress,
        )
    print_made(report, shift, out)


def _is_path(source: str, model: str | None) -> bool:
    """Tell whether the source is a path that exists; else it is a URL, or words."""
    if "://" in source:
        return False
    try:
        there = Path(source).exists()
    except (OSError, ValueError):
        there = False
    if there and Path(source).is_dir() and model is None:
        raise UsageError(
            "a file to build from",
            found="a folder",
            where=source,
            hint="for a folder of texts add --model NAME and --base-url URL",
        )
    if there:
        return True
    if not any(mark.isspace() for mark in source.strip()):
        raise UsageError(
            "a database, a script or another source",
            found="nothing",
            where=source,
            hint="check the path; words about a business are more than one",
        )
    if model is None:
        raise UsageError(
            "a model that reads words, as there is no such file",
            found="none",
            where="--model",
            hint="add --model NAME and --base-url URL, or check the path",
        )
    return False


def _only_one(**options: object) -> None:
    """Refuse options that are about one source where there are many."""
    for option, value in options.items():
        if value is not None:
            raise UsageError(
                "one source",
                found="many of them",
                where=f"--{option.replace('_', '-')}",
                hint="leave it away",
            )


def _print_batch(batch: Batch, out: Path) -> None:
    done = len(batch.made) + len(batch.kept)
    say(f"{done} of {done + len(batch.failed)} texts are domains in {out}", style="bold")
    for report in batch.made:
        say(f"  {report.name}: {report.entities} entities, {report.tasks} tasks")
    for name in batch.kept:
        say(f"  {name}: was finished")
    if batch.failed:
        heading("Not built")
        for name, why in batch.failed.items():
            paragraph(f"{name}: {why}", indent=2)
        raise typer.Exit(1)


_POOR = 4
"""Candidates to a task from which on a family's yield is told."""


def _print(report: Report, out: Path, *, wanted: int) -> None:
    say(f"{report.name} is in {out}", style="bold")
    pairs: list[tuple[str, object]] = [
        ("entities", f"{report.entities:,} with {report.relations:,} relations"),
        ("rows", f"{report.rows:,}"),
        ("tools", f"{report.tools:,}"),
        ("rules", f"{report.rules:,}"),
        ("tasks", f"{report.tasks:,} proved of {wanted:,} wanted"),
    ]
    if report.families:
        pairs.append(("of family", counts(report.families)))
    if report.attempts:
        share = f"{report.tasks / report.attempts:.0%}"
        pairs.append(("candidates", f"{report.attempts:,}, of which {share} accepted"))
    if report.refused:
        pairs.append(("refused by gate", counts(report.refused)))
    if report.mutants.get("survived"):
        told = "candidates were refused because a wrong run passed"
        pairs.append(("wrong runs", f"{report.mutants['survived']:,} {told}"))
    pairs += paraphrased(report.paraphrases)
    if report.skipped:
        pairs.append(("left out of the source", counts(report.skipped)))
    facts(pairs)
    poor = {n: y for n, y in report.yields.items() if y.candidates > _POOR * max(1, y.accepted)}
    if poor:
        heading("Families of which few candidates were accepted")
        facts(
            (f"  {name.replace('_', ' ')}", f"{one.accepted:,} of {one.candidates:,}")
            for name, one in poor.items()
        )
    if report.tasks < wanted and report.reasons:
        heading("Why candidates were refused")
        facts((f"{number:,}", reason) for reason, number in _most(report.reasons))
    if report.shortfalls:
        heading("What the tasks lack, taken together")
        for shortfall in report.shortfalls:
            paragraph(shortfall, indent=2)
    if report.notes:
        heading("Notes")
        for note in report.notes:
            paragraph(note, indent=2)
    heading("Next")
    for command in ("check", "show", "play"):
        say(f"  agentgym {command} {out}")


def _most(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:10]
