"""Faults of the world: calls that time out, rows that are stale, prices that move."""

from __future__ import annotations

from agentgym.episode.faults.options import CALM, FaultOptions, Faults
from agentgym.episode.faults.weather import Weather, Weathered

__all__ = ["CALM", "FaultOptions", "Faults", "Weather", "Weathered"]
