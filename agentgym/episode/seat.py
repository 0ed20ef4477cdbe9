"""The seat: one world that an episode and its forks share, one of them at a time.

A fork is a handle: what it needs to sit down is a snapshot of the world. Who sits down stands the
other up, which costs the rows in which the two differ. Next: `play`.
"""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from agentgym.world.rows import Snapshot, World

__all__ = ["Seat", "Sitter"]


class Sitter(Protocol):
    """Who may sit in a seat."""

    here: bool
    """Whether the world of the seat is as this one left it."""
    kept: Snapshot | None
    """The moment at which this one goes on, while it does not sit."""


class Seat:
    """A world and who sits in it.

    Used by one thread at a time; `Episode.detach` gives an episode a seat of its own.

    Args:
        world: The world.
        sitter: Who sits in it first.
        pool: Where the world goes when the last sharer has closed.
    """

    __slots__ = ("_pool", "_sitter", "sharers", "world")

    def __init__(self, world: World, sitter: Sitter, pool: list[World]) -> None:
        self.world = world
        self.sharers = 1
        """How many episodes may still sit in it."""
        self._pool = pool
        self._sitter = ref(sitter)
        sitter.here, sitter.kept = True, None

    def take(self, sitter: Sitter) -> World:
        """Bring the world to where one of the sharers goes on."""
        world, other = self.world, self._sitter()
        if other is not None and other.here:
            other.kept, other.here = world.snapshot(), False
        if sitter.kept is not None:
            world.restore(sitter.kept)
        self._sitter = ref(sitter)
        sitter.here, sitter.kept = True, None
        return world

    def leave(self, sitter: Sitter) -> None:
        """Be left for good; the world is free when nobody may sit in it any more."""
        sitter.here, sitter.kept = False, None
        self.sharers -= 1
        if not self.sharers:
            self._pool.append(self.world)
