"""Knots: the rows of a trail and how one hangs on another.

Only records; `trails` makes them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from agentgym.plan import Pick
from agentgym.schema import Relation
from agentgym.schema.types import Row

__all__ = ["Knot", "Shape", "Tie", "Trail"]

Shape = Literal["path", "tree", "cycle"]


class Tie(NamedTuple):
    """How a knot hangs on an earlier one; as `plan.Link`, with a place instead of an id."""

    relation: Relation
    forward: bool
    knot: int


class Knot(NamedTuple):
    """One row of a trail."""

    entity: str
    row: Row
    ties: tuple[Tie, ...] = ()
    pick: Pick | None = None
    """The extreme by which it is told from the other children, if it is so."""


class Trail(NamedTuple):
    """Rows in topological order."""

    shape: Shape
    knots: tuple[Knot, ...]
    turn: int | None = None
    """Of a cycle: the knot at which its two ways meet again."""

    def read(self, *, shown: bool = True) -> set[str]:
        """Name the entities of which rows must be read, whatever is told of them.

        A row that is reached by the reference of one row and left by that of another need not be
        read.

        Args:
            shown: Whether the last row itself must be.
        """
        places = {tie.knot for knot in self.knots for tie in knot.ties if not tie.forward}
        places |= {n for n, knot in enumerate(self.knots) if not knot.ties or knot.pick}
        places |= {len(self.knots) - 1} if shown else set()
        return {self.knots[place].entity for place in places}
