"""What every simulated user is to an episode, and what one says: protocol and records.

Next: `profile`, `hearing`, `agenda`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, Self

from agentgym.formats import Record
from agentgym.trajectory import Act, Result

__all__ = ["Reply", "Report", "User"]


class Reply(Record, kw_only=True):
    """What the user answers."""

    text: str
    acts: tuple[Act, ...] = ()
    """What the user does with it; facts are told by acts, never by text."""
    ends: bool = False
    """Whether the conversation is over with it."""
    leaves: bool = False
    """Whether it is over because the user was served badly; then `ends` too."""
    confirms: bool = False
    """Whether it says yes to going on with a change."""
    deeds: tuple[str, ...] = ()
    """Ids of the deeds (see `tasks.UserDeed`) that the user does now; `User.did` hears of each."""
    told: tuple[tuple[str, str], ...] = ()
    """For a deed that needs facts from the agent: (fact id, what the agent said) for each."""


class Report(Record, kw_only=True):
    """How a conversation went, from the user's side; counts from the start."""

    turns: int = 0
    """Messages of the agent."""
    due: int = 0
    """Facts that the task holds back."""
    told: int = 0
    """Those of them that were told."""
    wasted: int = 0
    """Messages that got the agent nothing it was in need of."""
    aligned: float = 1.0
    """Share of the user's messages that carry their goal on: nothing invented, withheld against the
    agenda or ended early. A check of the simulator itself (goal alignment)."""
    mood: float = 1.0
    """0.0 (gone) to 1.0 (content)."""
    left: bool = False
    """Whether the user gave up."""


class User(Protocol):
    """Somebody who wants something, and holds facts."""

    @property
    def opening(self) -> str:
        """The first message."""

    @property
    def wants(self) -> tuple[str, ...]:
        """Ids of the plan's writes and emits that are wanted now; empty where nobody says."""

    def answer(self, question: str) -> Reply:
        """Answer a question that was put by a tool; it ends the conversation only by leaving."""

    def hear(self, message: str) -> Reply:
        """React to a message."""

    def did(self, deed: str, result: Result) -> str:
        """Hear what came of a deed of their own; what they say of it is added to the reply."""

    def fork(self) -> Self:
        """Return an independent copy in the same state."""

    def state(self) -> Hashable:
        """Return all that what they do from here on depends on, besides what they will hear."""

    def report(self) -> Report:
        """Say how the conversation went so far."""
