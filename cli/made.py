"""What a fleet came to, as `compose` and `pool` print it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .console import facts, heading, say

if TYPE_CHECKING:
    from agentgym.build.fleet.engine import Report, Shift

__all__ = ["print_made"]


def print_made(report: Report, shift: Shift, out: Path) -> None:
    """Print how many domains were made, of what sizes, and why others were not."""
    say(f"{report.made:,} domains are in {out}", style="bold")
    pairs: list[tuple[str, object]] = [
        ("made", f"{report.made:,} of {report.wanted:,} wanted, {report.drawn:,} tried"),
    ]
    if shift.began_with:
        pairs.append(("there before", f"{shift.began_with:,}"))
    for name in ("tasks", "tools", "entities", "rows", "rules"):
        found = [sizes.get(name, 0) for sizes in report.domains.values()]
        if found:
            mean = sum(found) / len(found)
            pairs.append(
                (name, f"{sum(found):,}, {mean:,.1f} a domain ({min(found):,} to {max(found):,})")
            )
    pairs.append(("seconds", f"{shift.seconds:,.1f}"))
    facts(pairs)
    _print_reasons("Rejected", report.rejected)
    _print_reasons("Drawn and put aside", report.refused)
    if report.short:
        say()
        say(f"Fewer than wanted: {report.short}.")
    heading("Next")
    say(f"  agentgym fleet {out}")
    first = next(iter(report.domains), None)
    if first is not None:
        say(f"  agentgym show {out / first}")


def _print_reasons(title: str, found: Mapping[str, int]) -> None:
    if found:
        heading(title)
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        facts((f"{number:,}", reason) for reason, number in ranked[:12])
