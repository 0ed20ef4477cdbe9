"""`agentgym seal`: an edited domain folder is brought in order."""

from __future__ import annotations

from .check import Folder
from .console import counts, facts, narrator, say

__all__ = ["seal"]


def seal(folder: Folder) -> None:
    """Validate an edited domain, prove its tasks again, and drop those that no longer hold."""
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.seal(str(folder), progress=tell)
    tell("done")
    for field, changed in report.settled.items():
        say(f"{field}: {changed:,} values computed anew")
    said = f" ({counts(report.reasons)})" if report.reasons else ""
    say(f"{report.name}: {report.kept:,} tasks kept, {len(report.dropped):,} dropped{said}")
    facts((f"  {task}", reason) for task, reason in sorted(report.dropped.items()))
    say(f"Next: agentgym check {folder}")
