"""Masked suffixes: to which last rows a trail leads when one of its knots could be any row.

A trail and what is left of one knot come in, the rows of later knots go out. If a suffix still led
to one answer, the knot could be skipped. Next: `pages`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.plan.tables.bits import spread
from agentgym.tasks.reading.hints import Hint
from agentgym.tasks.reading.knots import Knot, Trail
from agentgym.tasks.reading.masks import Masks

__all__ = ["Suffixes", "left"]

_ONE_BY_ONE = 400
"""Rows that stand for the start of a cycle, one at a time."""
_VISITED = 10_000
"""Rows that are visited from them at most."""


def left(base: int, hints: Sequence[Hint]) -> int:
    """Return the rows of a set of which hints hold."""
    for hint in hints:
        base &= hint.bits
    return base


class Suffixes:
    """Follows trails over the rows of one domain.

    Args:
        masks: The rows.
    """

    def __init__(self, masks: Masks) -> None:
        self.masks = masks

    def tied(self, trail: Trail, place: int, sets: Sequence[int]) -> int:
        """Return the rows of a knot that its ties leave."""
        knot = trail.knots[place]
        found = self.masks.all(knot.entity)
        for tie in knot.ties:
            found &= self.masks.reach(tie.relation.name, tie.forward, sets[tie.knot])
        return found & self._extreme(knot)

    def _extreme(self, knot: Knot) -> int:
        if knot.pick is None:
            return -1
        return self.masks.best(knot.ties[0].relation.name, knot.pick)

    def follow(
        self, trail: Trail, place: int, sets: dict[int, int], *, whole: bool = False
    ) -> int | None:
        """Return the rows of a knot in a masked suffix; None where it does not hang on the mask.

        They are noted in `sets`. Extremes are those of each parent, or of all if `whole`.
        """
        knot = trail.knots[place]
        if not any(tie.knot in sets for tie in knot.ties):
            return None
        start = min(sets)
        if trail.turn == place and start <= place - 3:
            found = self._turned(trail, sets)
        else:
            found = self.masks.all(knot.entity)
            for tie in knot.ties:
                other = trail.knots[tie.knot]
                theirs = sets.get(tie.knot, self.masks.one(other.entity, other.row))
                found &= self.masks.reach(tie.relation.name, tie.forward, theirs)
        found = self._most(knot, found) if whole else self._best(knot, found)
        sets[place] = found
        return found

    def _most(self, knot: Knot, bits: int) -> int:
        """Return the extremes of all rows of a masked suffix."""
        if knot.pick is None:
            return bits
        place = self.masks.schema.entity(knot.entity).position(knot.pick.field)
        rows = self.masks.rows(knot.entity, bits)
        values = [row[place] for row in rows if row[place] is not None]
        if not values:
            return 0
        best = (max if knot.pick.largest else min)(values)  # type: ignore[type-var]
        return self.masks.tables.bits_of(knot.entity, [row for row in rows if row[place] == best])

    def _best(self, knot: Knot, bits: int) -> int:
        """Return the extremes of a masked suffix, parent by parent; none that shows the row itself.

        Where the extreme of all is that of the one parent, the parent need not be found.
        """
        if knot.pick is None:
            return bits
        entity = self.masks.schema.entity(knot.entity)
        place = entity.position(knot.pick.field)
        mine = knot.row[place]
        for row in self.masks.rows(knot.entity, bits):
            value = row[place]
            if value is not None and (value > mine if knot.pick.largest else value < mine):  # type: ignore[operator]
                return bits & self._extreme(knot)
        return 0

    def _turned(self, trail: Trail, sets: dict[int, int]) -> int:
        """Return the rows where the two ways of a cycle meet, for all its starts one at a time."""
        assert trail.turn is not None
        knot = trail.knots[trail.turn]
        start = trail.turn - 3
        ways = [
            (trail.knots[tie.knot].ties[0].relation.name, tie.relation.name) for tie in knot.ties
        ]
        starts = spread(sets[start])
        step = max(1, len(starts) // _ONE_BY_ONE)
        found = visited = 0
        for number in starts[::step]:
            if visited > _VISITED:
                break
            ends: set[int] | None = None
            for up, down in ways:
                tops = self.masks.related(up, False, number)
                below = {n for top in tops for n in self.masks.related(down, True, top)}
                ends = below if ends is None else ends & below
                visited += len(below)
            for end in ends or ():
                found |= 1 << end
        return found

    def end(
        self,
        trail: Trail,
        chosen: Sequence[tuple[Hint, ...]],
        place: int,
        bits: int,
        *,
        whole: bool = False,
    ) -> int:
        """Return the last rows to which some rows of a knot lead."""
        sets = {place: bits}
        for after in range(place + 1, len(trail.knots)):
            if self.follow(trail, after, sets, whole=whole) is not None:
                sets[after] = left(sets[after], chosen[after])
        return sets[len(trail.knots) - 1]
