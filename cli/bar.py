"""Progress of many domains: a bar with an estimate on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from agentgym.build.fleet.engine import Made

__all__ = ["bar"]

PAUSE_S = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def bar(wanted: int) -> Iterator[Callable[[Made], None]]:
    """Show on standard error how far a fleet is.

    Args:
        wanted: How many domains it shall have.

    Yields:
        What is to be told after each job.
    """
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        line = shown.add_task("domains", total=wanted)

        def tell(made: Made) -> None:
            lost = f", {made.rejected} rejected" if made.rejected else ""
            shown.update(line, completed=made.made, description=f"domains{lost}")

        yield tell


def _lines() -> Callable[[Made], None]:
    began = last = time.perf_counter()

    def tell(made: Made) -> None:
        nonlocal last
        now = time.perf_counter()
        if now - last < PAUSE_S and made.made < made.wanted:
            return
        last = now
        fresh = made.made - made.kept
        left = (now - began) / fresh * (made.wanted - made.made) if fresh else 0.0
        sys.stderr.write(
            f"[{now - began:6.1f} s] {made.made:,} of {made.wanted:,} domains"
            + (f", {made.rejected:,} rejected" if made.rejected else "")
            + (f", about {left:,.0f} s left" if left >= 1 else "")
            + "\n"
        )
        sys.stderr.flush()

    return tell
