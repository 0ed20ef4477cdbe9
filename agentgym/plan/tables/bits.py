"""Sets of rows as integers: bit n stands for the n-th row of an entity, in the domain's order.

Positions come in and integers go out, and back; a column answers which rows hold what. Unions and
intersections of such sets cost next to nothing. Next: `columns`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

__all__ = ["Kept", "gathered", "spread"]

_FEW = 24
"""Bits that are set one by one."""
_ROOM = 64 * 2**20
"""Bytes that kept sets may take, about."""

Slot = TypeVar("Slot", bound=Hashable)


class Kept(dict[Slot, int]):
    """Sets that were worked out, by what was asked for; forgotten when they take too much room."""

    _used = 0

    def put(self, slot: Slot, bits: int) -> None:
        """Keep a set."""
        self._used += bits.bit_length() // 8 + 200
        if self._used > _ROOM:
            self.clear()
            self._used = 0
        self[slot] = bits


def gathered(positions: Sequence[int], size: int) -> int:
    """Return the set of some positions below `size`."""
    if len(positions) <= _FEW:
        bits = 0
        for place in positions:
            bits |= 1 << place
        return bits
    marks = bytearray(b"0") * size
    for place in positions:
        marks[size - 1 - place] = 49
    return int(marks, 2)


def spread(bits: int) -> list[int]:
    """Return the positions of a set, in order."""
    found = []
    if bits.bit_count() <= _FEW:
        while bits:
            low = bits & -bits
            found.append(low.bit_length() - 1)
            bits ^= low
        return found
    text = bin(bits)[:1:-1]
    place = text.find("1")
    while place >= 0:
        found.append(place)
        place = text.find("1", place + 1)
    return found
