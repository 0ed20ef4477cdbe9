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


def check(folder: Folder) -> None:
    """Recompute every certificate and hash of a domain; exit 0 when all hold, else 1."""
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.check(str(folder), progress=tell)
    tell("done")
    if report.ok:
        say(f"{report.name}: all {report.tasks:,} tasks hold, no file is stale")
        return
    say(f"{report.name}: {len(report.problems):,} problems", style="bold")
    for problem in report.problems:
        say(f"  {problem}")
    if report.stale:
        say(f"After an edit that was meant, run: agentgym seal {folder}")
    raise typer.Exit(1)
