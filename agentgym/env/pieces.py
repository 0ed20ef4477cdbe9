"""What a game is made of besides its episode: seeds, attempts that failed, moments.

Next: `game`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from agentgym.episode.moment import Moment
from agentgym.goals.verdict import Verdict
from agentgym.trajectory import Event

__all__ = ["GameMoment", "Luck", "Past"]


class Luck(NamedTuple):
    """Seeds of one game."""

    seed: int
    user: int
    faults: int


class Past(NamedTuple):
    """An attempt that failed."""

    verdict: Verdict
    reward: float
    """What it was worth."""
    trace: tuple[Event, ...]
    reflection: str
    """What the agent wrote of it; empty until then."""


class GameMoment(NamedTuple):
    """One moment of a game, to go back to as often as one likes."""

    episode: Moment
    rest: dict[str, Any]
    """Everything else; to be read only."""
