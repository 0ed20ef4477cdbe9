"""`agentgym pool`: a pile of API descriptions becomes a graph of tools, communities, domains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .bar import bar
from .console import counts, facts, heading, narrator, say
from .made import print_made

if TYPE_CHECKING:
    from agentgym.build.fleet.pooled import PoolReport

__all__ = ["pool"]


def pool(
    specs: Annotated[
        Path,
        typer.Argument(
            help="A folder of API descriptions: OpenAPI 2 and 3, lists of tools (OpenAI, MCP), "
            "JSON or YAML, at any depth.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the domains.", show_default=False)],
    domains: Annotated[int, typer.Option(min=1, help="How many domains are wanted.")] = 1000,
    tasks: Annotated[int, typer.Option(min=1, help="Proved tasks wanted of each.")] = 10,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
    rules: Annotated[
        int, typer.Option(min=0, max=4, help="Level of the rules of the business.")
    ] = 2,
    alike: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Cosine from which two resources are alike; 0.8 by default.",
            show_default=False,
        ),
    ] = None,
    common: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="A name of more APIs than these links no two of them; 8 by default.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            min=1, help="Resources at most of one domain; 12 by default.", show_default=False
        ),
    ] = None,
    resolution: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="Of Louvain's method: larger, smaller communities; 1 by default.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores by default.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Throw away what another order left in the folder.")
    ] = False,
) -> None:
    """Build domains from a pile of API descriptions. Repeat the command to resume it."""
    from agentgym.build.fleet.pooled import make_pool  # noqa: PLC0415 - it loads what builds
    from agentgym.tools.pool.communities import Sizes  # noqa: PLC0415
    from agentgym.tools.pool.graph import Thresholds  # noqa: PLC0415

    tell = narrator()
    with bar(domains) as progress:
        report, shift = make_pool(
            specs,
            out,
            count=domains,
            tasks=tasks,
            seed=seed,
            rules=rules,
            thresholds=Thresholds(**_given(alike=alike, common=common)),
            sizes=Sizes(**_given(most=most, resolution=resolution)),
            workers=workers,
            force=force,
            tell=tell,
            progress=progress,
        )
    _print(report)
    print_made(report.fleet, shift, out)


def _given(**options: float | None) -> dict[str, Any]:
    """Return the options that were given: of the others the records know what is usual."""
    return {name: value for name, value in options.items() if value is not None}


def _print(report: PoolReport) -> None:
    say("The pool", style="bold")
    pairs: list[tuple[str, object]] = [
        ("files", f"{report.files:,}"),
        ("operations", f"{report.operations:,} read, {report.in_graph:,} in the graph"),
        ("edges", counts(report.edges)),
        ("communities", f"{report.communities:,} of {report.resources:,} resources"),
        ("modularity", f"{report.modularity:.3f}"),
    ]
    facts(pairs)
    for title, found in (
        ("Files that describe nothing", report.unread),
        ("Left out", report.left_out),
    ):
        if found:
            heading(title)
            facts((f"{number:,}", reason) for reason, number in _most(found))
    say()


def _most(found: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:10]
