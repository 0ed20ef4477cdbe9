"""`agentgym build`: a database, script or graph becomes a domain folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentgym.errors import UsageError

from .console import counts, facts, heading, narrator, paragraph, say

if TYPE_CHECKING:
    from agentgym.build.one import Report

__all__ = ["build"]


def build(
    source: Annotated[
        str,
        typer.Argument(
            help="A SQLite file, a SQL script, a graph (RDF, GraphML, node-link JSON, TSV "
            "or CSV of triples), a tables.json, or the URL of a "
            "database: postgresql://user@host/name.",
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
) -> None:
    """Build a domain from a database: schema, rows, tools, rules and proved tasks."""
    live = "://" in source
    if not live and not Path(source).exists():
        raise UsageError(
            "a database or a script", found="nothing", where=source, hint="check the path"
        )
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.build(
        source if live else Path(source),
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
        progress=tell,
    )
    tell("done")
    _print(report, out, wanted=tasks)


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
    if report.refused:
        pairs.append(("refused by gate", counts(report.refused)))
    if report.skipped:
        pairs.append(("left out of the source", counts(report.skipped)))
    facts(pairs)
    if report.tasks < wanted and report.reasons:
        heading("Why candidates were refused")
        facts((f"{number:,}", reason) for reason, number in _most(report.reasons))
    if report.notes:
        heading("Notes")
        for note in report.notes:
            paragraph(note, indent=2)
    heading("Next")
    for command in ("check", "show", "play"):
        say(f"  agentgym {command} {out}")


def _most(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:10]
