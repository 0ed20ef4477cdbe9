"""`agentgym seal`: an edited domain folder is brought in order."""

from __future__ import annotations

from typing import Annotated

import typer

from .check import Folder
from .console import counts, facts, narrator, say

__all__ = ["seal"]


def seal(
    folder: Folder,
    refill: Annotated[
        bool, typer.Option("--refill", help="Make as many new tasks as were dropped.")
    ] = False,
) -> None:
    """Validate an edited domain, prove its tasks again, and drop those that no longer hold."""
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.seal(str(folder), refill=refill, progress=tell)
    tell("done")
    for field, changed in report.settled.items():
        say(f"{field}: {changed:,} values computed anew")
    said = f" ({counts(report.reasons)})" if report.reasons else ""
    say(f"{report.name}: {report.kept:,} tasks kept, {len(report.dropped):,} dropped{said}")
    facts((f"  {task}", reason) for task, reason in sorted(report.dropped.items()))
    if report.new:
        say(f"{len(report.new):,} new tasks: {report.new[0]} to {report.new[-1]}")
    elif refill and report.dropped:
        say("No new tasks could be made.")
    say(f"Next: agentgym check {folder}")
