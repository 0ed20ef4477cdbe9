"""Faults of the world: calls that time out, rows that are stale, prices that move.

`options` say what goes wrong how often; the `climate` of a suite makes the `weather` of each
episode from them. Each fault is keyed by its event (`luck`), each task can still be done.
"""

from __future__ import annotations

from agentgym.episode.faults.options import (
    CALM,
    KINDS,
    PRESETS,
    FaultOptions,
    Faults,
    Kind,
    RowIs,
    Strike,
)
from agentgym.episode.faults.weather import Weather, Weathered

__all__ = [
    "CALM",
    "KINDS",
    "PRESETS",
    "FaultOptions",
    "Faults",
    "Kind",
    "RowIs",
    "Strike",
    "Weather",
    "Weathered",
]
