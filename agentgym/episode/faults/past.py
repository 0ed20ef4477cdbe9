"""The past of a world: its rows as they were before the latest changes, for a little while.

In comes the world before each call; out comes a moment that a read may still show. Kept as
immutable values, so that forks share it. Next: `climate`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from msgspec.structs import replace

from agentgym.formats import Json, Record
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.rows import Snapshot, World

__all__ = ["NO_PAST", "Past", "as_of"]

_KEPT = 4
"""Moments that are kept, the latest."""


class Past(Record, kw_only=True):
    """The moments between changes. Replaced, never changed."""

    now: Snapshot | None = None
    """The world as it was found after the latest change."""
    before: tuple[tuple[int, Snapshot], ...] = ()
    """Earlier moments, the oldest first, each with a turn of the clock before which it did not
    end."""

    def seen(self, world: World, looked: int) -> Past:
        """Return the past, after a look at a world in which something may have changed.

        Args:
            world: The world.
            looked: Turn of the clock of the last look: a change is at least that old.
        """
        now = self.now
        if now is not None and now.revision == world.revision:
            return self
        if now is None:
            return Past(now=world.snapshot())
        return Past(now=world.snapshot(), before=(*self.before, (looked, now))[-_KEPT:])

    def moment(self, turn: int, lag: int, back: int) -> Snapshot | None:
        """Return a moment that is over, but not for long; None where there is none.

        Args:
            turn: Of the clock.
            lag: For how many turns after its end it may be shown at most.
            back: Chooses among several: 0 for the latest.
        """
        fresh = [moment for ended, moment in self.before if turn - ended <= lag]
        return fresh[-1 - back % len(fresh)] if fresh else None

    def state(self) -> Hashable:
        """Return all that what can be shown depends on."""
        now = self.now
        return (
            None if now is None else (now.digest, now.turns, now.revision),
            tuple((ended, moment.digest, moment.turns) for ended, moment in self.before),
        )


NO_PAST = Past()
"""Nothing is known yet."""


def as_of(
    engine: Engine, world: World, moment: Snapshot, name: str, arguments: Mapping[str, Json]
) -> Result:
    """Make a call that reads, as if the rows were those of an earlier moment.

    Who is served, what was agreed and what the clock says are as now; the world is left as it was.
    """
    now = world.snapshot()
    world.restore(replace(moment, session=now.session, turns=now.turns))
    try:
        return engine.call(world, name, arguments)
    finally:
        world.restore(now)
