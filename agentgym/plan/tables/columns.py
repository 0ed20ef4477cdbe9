"""Columns: which rows hold a value, a measure of one, or one within bounds, as sets of bits.

What each row holds comes in once; sets go out. Values are kept in order, so that a range is found
without looking at every row. Next: `bits`, `tables`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from agentgym.plan.tables.bits import gathered

__all__ = ["Column"]

_BLOCKS = 128
"""Sets of leading values that are kept, so that a range is put together from few parts."""


class Column:
    """What the rows of an entity hold in one field, or a measure of it.

    Args:
        values: What each row holds, in order; None for nothing.
    """

    def __init__(self, values: Iterable[Any]) -> None:
        self.places: dict[Any, list[int]] = {}
        count = 0
        for value in values:
            if value is not None:
                self.places.setdefault(value, []).append(count)
            count += 1
        self.size = count

    def equal(self, value: Any) -> int:
        """Return the rows that hold the value."""
        return gathered(self.places.get(value, ()), self.size)

    @cached_property
    def filled(self) -> int:
        """The rows that hold anything."""
        return gathered([place for places in self.places.values() for place in places], self.size)

    def range(self, op: str, value: Any) -> int:
        """Return the rows whose value is less (`lt`, `le`) or more (`gt`, `ge`) than one."""
        cut = (bisect_left if op in ("lt", "ge") else bisect_right)(self._order, value)
        below = self._below(cut)
        return below if op in ("lt", "le") else self.filled & ~below

    def where(self, test: Callable[[Any], bool]) -> int:
        """Return the rows whose value passes a test."""
        return gathered(
            [p for v, places in self.places.items() if test(v) for p in places], self.size
        )

    @cached_property
    def _order(self) -> list[Any]:
        return sorted(self.places)

    @cached_property
    def _block(self) -> int:
        return max(32, -(-len(self._order) // _BLOCKS))

    @cached_property
    def _leading(self) -> list[int]:
        found, bits = [0], 0
        for start in range(0, len(self._order), self._block):
            part = self._order[start : start + self._block]
            bits |= gathered([p for value in part for p in self.places[value]], self.size)
            found.append(bits)
        return found

    def _below(self, cut: int) -> int:
        """Return the rows that hold one of the first values."""
        block, rest = divmod(cut, self._block)
        if not rest:
            return self._leading[block]
        part = self._order[block * self._block : cut]
        places = [p for value in part for p in self.places[value]]
        return self._leading[block] | gathered(places, self.size)
