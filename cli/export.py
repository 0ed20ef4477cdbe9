"""`agentgym export`: recorded episodes become files for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym import export as export_room
from agentgym.errors import UsageError
from agentgym.rollout import read_runs

from .console import counts, facts, say

__all__ = ["export"]


def export(
    runs: Annotated[
        Path, typer.Argument(help="A run file that `agentgym rollout` wrote.", show_default=False)
    ],
    format: Annotated[
        str, typer.Option(help=f"One of: {', '.join(export_room.FORMATS)}.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.", show_default=False)],
    options: Annotated[
        str, typer.Option(help="Of the format rl, as masks=void+overlong,messages=all.")
    ] = "",
) -> None:
    """Write episodes of a run in a format for training: those that succeeded; for rl, all."""
    if not runs.is_file():
        raise UsageError(
            "a run file",
            found="a folder" if runs.is_dir() else "nothing",
            where=str(runs),
            hint="write one with `agentgym rollout`",
        )
    report = export_room.export(read_runs(runs), format, out, options=options or None)
    left = sum(report.left_out.values())
    say(f"{report.format} is in {out}", style="bold")
    facts(
        [
            ("episodes", f"{report.records:,}" + ("" if format == "rl" else " that succeeded")),
            *((name.replace("_", " "), f"{count:,}") for name, count in report.counts.items()),
            ("left out", f"{left:,}" + (f" ({counts(report.left_out)})" if left else "")),
            ("files", ", ".join(report.files)),
        ]
    )
