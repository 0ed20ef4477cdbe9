"""Where a dialogue stands, seen by the user: immutable between turns, a draft within one.

Next: `moves`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Draft", "Place", "Tally"]


class Place(NamedTuple):
    """All that the user's next reply depends on, besides the message that it answers."""

    told: frozenset[str]
    """Ids of the facts that the agent has heard."""
    turns: int = 0
    """How many of the script's turns were said."""
    marks: frozenset[str] = frozenset()
    """What happens once and has happened: `vague:f1`, `nudged`, ..."""
    owed: tuple[str, ...] = ()
    """Ids of the facts whose telling was cut off: told next."""
    slips: tuple[str, ...] = ()
    """Ids of the facts of which something wrong was said: put right next."""
    spent: int = 0
    """How much of the patience is gone."""
    idle: int = 0
    """Messages in a row that only announced work or greeted."""
    done: frozenset[str] = frozenset()
    """Ids of the deeds that were done."""
    awaiting: str = ""
    """A request for a deed of which something that it needs is yet to be told."""
    replies: int = 0
    """How often the user has replied."""
    left: bool = False


class Tally(NamedTuple):
    """What is only counted."""

    messages: int = 0
    wasted: int = 0
    fitting: int = 0
    """Replies that agree with the agenda."""


class Draft:
    """A place that is being changed."""

    __slots__ = Place._fields

    told: frozenset[str]
    turns: int
    marks: frozenset[str]
    owed: tuple[str, ...]
    slips: tuple[str, ...]
    spent: int
    idle: int
    done: frozenset[str]
    awaiting: str
    replies: int
    left: bool

    def __init__(self, place: Place) -> None:
        (
            self.told,
            self.turns,
            self.marks,
            self.owed,
            self.slips,
            self.spent,
            self.idle,
            self.done,
            self.awaiting,
            self.replies,
            self.left,
        ) = place

    def once(self, mark: str) -> bool:
        """Tell whether something has not happened yet, and note that it has."""
        if mark in self.marks:
            return False
        self.marks |= {mark}
        return True

    def place(self) -> Place:
        """Return the place as it is now."""
        return Place(
            self.told,
            self.turns,
            self.marks,
            self.owed,
            self.slips,
            self.spent,
            self.idle,
            self.done,
            self.awaiting,
            self.replies,
            self.left,
        )
