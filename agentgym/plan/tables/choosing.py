"""Choosing: some rows of many, together within limits, searched exactly and within bounds.

Rows and limits come in; the first combination and the number of all of them go out. Sums that can
no longer come within a limit are cut off, so that most searches end early. Next: `tables`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import NamedTuple

from agentgym.formats import Json, Record
from agentgym.plan.nodes import Limit
from agentgym.schema import Entity
from agentgym.schema.types import Row, Stored, fold, to_wire

__all__ = ["Choices", "choices"]

_WIDE = Context(prec=700)
"""Enough digits for a sum of any floats."""

_STEPS = 200_000
"""Rows that are tried before a search is given up."""


class Choices(Record, kw_only=True):
    """What a search for combinations found."""

    first: tuple[Row, ...] | None
    """The first in the order of the rows; None where none was found."""
    count: int
    """How many there are; as many as were asked for at most."""
    whole: bool
    """Whether everything was searched: `first` None then proves that there is none, and `count`
    below what was asked for is exact."""


class _Total(NamedTuple):
    """A limit on a sum."""

    weights: list[Decimal]
    bound: Decimal
    least: list[list[Decimal]]
    """[from which row on][how many more] to the smallest sum that they can have."""


def choices(
    entity: Entity,
    rows: Sequence[Row],
    count: int,
    limits: Sequence[tuple[Limit, Json]],
    most: int,
) -> Choices:
    """Search for combinations of rows.

    Args:
        entity: What the rows are of.
        rows: The rows to choose from; one with an empty field of a limit is never chosen.
        count: How many are chosen.
        limits: Each with the wire value of its fact; None for `distinct`.
        most: Combinations after which counting ends.
    """
    used = {limit.field for limit, _ in limits}
    places = [entity.position(name) for name in sorted(used)]
    left = [row for row in rows if all(row[place] is not None for place in places)]
    apart = [
        [_folded(row[entity.position(limit.field)]) for row in left]
        for limit, _ in limits
        if limit.kind == "distinct"
    ]
    with localcontext(_WIDE):
        totals = [
            _total(entity, left, count, limit, value)
            for limit, value in limits
            if limit.kind == "total"
        ]
        return _Search(left, count, totals, apart, most).run()


def _total(entity: Entity, rows: Sequence[Row], count: int, limit: Limit, value: Json) -> _Total:
    """Read a limit; one from below is turned into one from above by changing all signs."""
    field, place = entity.field(limit.field), entity.position(limit.field)
    sign = 1 if limit.op == "le" else -1
    weights = [sign * Decimal(str(to_wire(field, row[place]))) for row in rows]
    least: list[list[Decimal]] = []
    smallest: list[Decimal] = []
    for weight in reversed(weights):
        insort(smallest, weight)
        del smallest[count:]
        sums = [Decimal(0)]
        for one in smallest:
            sums.append(sums[-1] + one)
        least.append(sums)
    least.reverse()
    return _Total(weights, sign * Decimal(str(value)), least)


class _Search:
    """A depth-first search over the rows, in their order."""

    def __init__(
        self,
        rows: Sequence[Row],
        count: int,
        totals: Sequence[_Total],
        apart: Sequence[Sequence[Stored]],
        most: int,
    ) -> None:
        self.rows, self.count, self.most = rows, count, most
        self.totals, self.apart = totals, apart
        self.first: tuple[Row, ...] | None = None
        self.found = 0
        self.steps = 0

    def run(self) -> Choices:
        whole = self._extend(0, [], [Decimal(0) for _ in self.totals])
        return Choices(first=self.first, count=self.found, whole=whole)

    def _extend(self, start: int, taken: list[int], sums: list[Decimal]) -> bool:
        """Add the rest of the rows in every way; False where the search was given up."""
        missing = self.count - len(taken)
        if not missing:
            if any(total > one.bound for total, one in zip(sums, self.totals, strict=True)):
                return True
            if self.first is None:
                self.first = tuple(self.rows[place] for place in taken)
            self.found += 1
            return True
        for place in range(start, len(self.rows) - missing + 1):
            if self.found >= self.most:
                return True
            self.steps += 1
            if self.steps > _STEPS:
                return False
            if any(
                total + one.least[place][missing] > one.bound
                for total, one in zip(sums, self.totals, strict=True)
            ):
                break  # the rows from here on are too heavy, however they are chosen
            if any(values[place] in [values[other] for other in taken] for values in self.apart):
                continue
            further = [
                total + one.weights[place] for total, one in zip(sums, self.totals, strict=True)
            ]
            if not self._extend(place + 1, [*taken, place], further):
                return False
        return True


def _folded(value: Stored) -> Stored:
    return fold(value) if isinstance(value, str) else value
