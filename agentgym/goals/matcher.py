"""Required changes held against net changes time and again, while an episode goes on.

The changes of a branch come in, then net changes after each write; out goes which are which.
Next: `verdict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from agentgym.goals.changes import generated, visible
from agentgym.goals.equivalence import goal_sides, paired, run_side, run_sides
from agentgym.goals.goal import Change
from agentgym.goals.pairing import CAP, fits
from agentgym.schema import Schema
from agentgym.schema.types import Stored
from agentgym.world import RowChange

__all__ = ["Matched", "Matcher"]

_KNOWN = 1_000
"""Rows of which a matcher keeps what they came to."""

_TOGETHER = -1
"""Stands for the place of a row that is paired together with others."""


class Matched(NamedTuple):
    """Which required changes were made, by which net changes."""

    pairs: dict[int, RowChange]
    """Place of a required change to the change that is it."""
    beside: tuple[RowChange, ...]
    """Changes of rows that nothing required is about, done otherwise or not."""
    whole: bool
    """Whether the changes are exactly the required ones."""


class Matcher:
    """Required changes that are to be held against net changes time and again.

    Rows that are told by their keys are matched each by itself, and what came of it is kept as
    long as the row stays as it is; created rows whose key the world makes, and what may refer to
    one that others refer to, are paired together.

    Args:
        required: The changes of a branch.
        schema: What the rows are of.
    """

    def __init__(self, required: Sequence[Change], schema: Schema) -> None:
        self._schema = schema
        made = {change.entity for change in required if change.made is not None}
        self._joined = made | {
            entity.name
            for entity in schema.entities
            if any(relation.target in made for relation in schema.parents(entity.name))
        }
        """Entities whose rows may refer to created rows, or are those."""
        sides = goal_sides(required, schema)
        self._keyed: dict[object, int] = {}
        self._rest: list[int] = []
        for place, side in enumerate(sides):
            if side.row[2] is None or side.row[0] in self._joined:
                self._rest.append(place)
            else:
                self._keyed[side.row] = place
        self._ours, self._required = sides, [required[place] for place in self._rest]
        self._together = goal_sides(self._required, schema)
        self._choices = {side.row: side.node.within for side in sides if side.node.within}
        self._known: dict[tuple[str, tuple[Stored, ...]], tuple[RowChange, int | None, bool]] = {}
        self._last: tuple[list[RowChange], Matched] = [], Matched({}, (), not self._rest)

    def match(self, changes: Sequence[RowChange]) -> Matched:
        """Say which net changes are which of the required ones."""
        pairs, beside, extra = dict[int, RowChange](), list[RowChange](), False
        rest: list[RowChange] = []
        for change in changes:
            place, fitting = self._alone(change)
            if place == _TOGETHER:
                rest.append(change)
            elif place is not None:
                if fitting:
                    pairs[place] = change
                else:
                    extra = True
            elif fitting:
                beside.append(change)
                extra = True
        known, joint = self._last
        if rest != known:
            joint = self._joint(rest)
            self._last = rest, joint
        if not joint.whole:
            extra = True
        whole = not extra and len(pairs) == len(self._keyed)
        return Matched(pairs | joint.pairs, (*beside, *joint.beside), whole)

    def _alone(self, change: RowChange) -> tuple[int | None, bool]:
        """Return the place of the required change of that row, and whether it is that one.

        Without a place: whether the change is one that a goal sees at all.
        """
        slot = change.entity, change.key
        known = self._known.get(slot)
        if known is not None and known[0].after is change.after:
            if known[0].before is change.before:
                return known[1], known[2]
        entity = self._schema.entity(change.entity)
        found: tuple[int | None, bool]
        if not visible(entity, change):
            found = None, False
        elif entity.name in self._joined or (change.before is None and generated(entity)):
            found = _TOGETHER, False
        else:
            side = run_side(change, self._schema, {}, self._choices)
            place = self._keyed.get(side.row)
            found = place, place is None or fits(self._ours[place].node, side.node)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[slot] = (change, *found)
        return found

    def _joint(self, changes: Sequence[RowChange]) -> Matched:
        """Pair what cannot be told by keys alone."""
        if not changes:
            return Matched({}, (), not self._rest)
        ours = self._together
        theirs = run_sides(self._required, ours, changes, self._schema)
        pairs, found = paired(self._required, ours, theirs, CAP)
        used = set(pairs.values())
        open_to = Counter(side.row for place, side in enumerate(ours) if place not in pairs)
        beside = []
        for place, side in enumerate(theirs):
            if place in used:
                continue
            assert isinstance(side.source, RowChange)
            if open_to[side.row] > 0:
                open_to[side.row] -= 1
            else:
                beside.append(side.source)
        return Matched(
            {self._rest[place]: changes[other] for place, other in pairs.items()},
            tuple(beside),
            found.holds is True and len(pairs) == len(ours) == len(theirs),
        )
