"""`agentgym check`: every claim of a domain folder is computed again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import narrator, say

__all__ = ["Folder", "check"]

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="A domain folder, or a committed domain's name.", show_default=False
    ),
]


def check(
    folder: Folder,
    view: Annotated[
        str,
        typer.Option(
            help="Also name the tasks that a view cannot serve; as in `agentgym play --view`."
        ),
    ] = "",
) -> None:
    """Recompute every certificate and hash of a domain; exit 0 when all hold, else 1."""
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.check(str(folder), view=view, progress=tell)
    tell("done")
    if not report.problems:
        say(f"{report.name}: all {report.tasks:,} tasks hold, no file is stale")
    else:
        say(f"{report.name}: {len(report.problems):,} problems", style="bold")
        for problem in report.problems:
            say(f"  {problem}")
    if report.unserved:
        say(f"The view cannot serve {len(report.unserved):,} of {report.tasks:,} tasks:")
        for lost in report.unserved:
            say(f"  {lost}")
    elif view:
        say(f"The view serves all {report.tasks:,} tasks.")
    if report.problems:
        say(f"After an edit that was meant, run: agentgym seal {folder}")
    if not report.ok:
        raise typer.Exit(1)
