"""`agentgym compose`: domains from nothing, as many as are wanted, each unlike the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .bar import bar
from .made import print_made

__all__ = ["compose"]


def compose(
    out: Annotated[Path, typer.Option(help="Folder of the domains.", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="How many domains are wanted.")] = 10,
    tasks: Annotated[int, typer.Option(min=1, help="Proved tasks of each.")] = 10,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
    rules: Annotated[
        int | None,
        typer.Option(min=0, max=4, help="Level of the rules; drawn for each domain by default."),
    ] = None,
    vertical: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INDUSTRY",
            help="Only domains of this trade, tagged `vertical`. May be given several times.",
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
    """Make domains from nothing. Repeat the command to resume it, with a larger count to add."""
    from agentgym.build.fleet.composed import make_composed  # noqa: PLC0415 - it loads what builds

    with bar(count) as progress:
        report, shift = make_composed(
            out,
            count=count,
            tasks=tasks,
            seed=seed,
            rules=rules,
            vertical=tuple(vertical or ()),
            workers=workers,
            force=force,
            progress=progress,
        )
    print_made(report, shift, out)
