"""The journal of a world: which rows differ from the start, as a net difference.

Row writes come in through `Journal.record`; the digest, snapshots and differences are
all read from the one map of changed rows, so they cost what was changed and not what
the world holds. Next: `tables`, then `rows`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from agentgym.formats import Record
from agentgym.schema.types import Row, Stored

__all__ = ["Delta", "Journal", "Key", "RowChange", "Session", "Snapshot", "row_hash"]

Key = tuple[Stored, ...]
"""Stored values of the key fields, in the order of the entity's key."""

Delta = dict[tuple[str, Key], tuple[Row | None, Row | None]]
"""(entity, key) to the row at the start and the row now; None where there is none."""

MODULUS = 2**128
_encode = msgspec.json.Encoder().encode


class RowChange(Record, kw_only=True):
    """One row that differs between two moments of a world, in stored form."""

    entity: str
    key: Key
    before: Row | None
    """None for a row that was not there."""
    after: Row | None
    """None for a row that is no longer there."""


class Session(Record, kw_only=True):
    """What this conversation has established: part of every snapshot, never of the digest.

    Never changed in place; a world that learns something gets another one.
    """

    identity: tuple[str, Key] | None = None
    """Entity and key of the row as which the user was identified."""
    confirmed: int = 0
    """How often the user said yes to going on, less the writes that this has served."""
    marks: dict[str, int] = {}
    """How often something that a rule counts has happened, by the mark of the call."""


class Snapshot(Record, kw_only=True):
    """One moment of a world: valid for good, for every world of the same image."""

    world: str
    """World hash of the domain."""
    start: Any
    """Where the world began: its `Start`."""
    delta: Delta
    """The rows that differ from there."""
    digest: int
    """Digest relative to the start."""
    revision: int
    turns: int
    counters: dict[str, int]
    session: Session


def row_hash(entity: str, row: Row) -> int:
    """Return the 128-bit hash of one row: blake2b over entity and canonical values."""
    return int.from_bytes(
        hashlib.blake2b(entity.encode() + b"\0" + _encode(row), digest_size=16).digest(), "big"
    )


def rows_hash(rows: Mapping[str, Iterable[Row]]) -> int:
    """Combine the hashes of rows, whatever their order."""
    total = 0
    for entity, found in rows.items():
        for row in found:
            total += row_hash(entity, row)
    return total % MODULUS


def difference(delta: Delta) -> int:
    """Return by how much changed rows move the digest."""
    total = 0
    for (entity, _), (start, now) in delta.items():
        total += row_hash(entity, now) if now is not None else 0
        total -= row_hash(entity, start) if start is not None else 0
    return total % MODULUS


class Journal:
    """The changed rows of one world, and their share of the digest."""

    __slots__ = ("_digest", "_log", "_shared", "delta", "revision", "trail")

    def __init__(self) -> None:
        self.trail: list[tuple[str, Row | None, Row | None]] = []
        """Writes since the last `World.begin`: (entity, before, after)."""
        self.delta: Delta = {}
        self._shared = False
        self.revision = 0
        """Row writes so far."""
        self._digest = 0
        self._log: list[tuple[str, Row | None, Row | None]] = []

    def record(self, entity: str, key: Key, before: Row | None, after: Row | None) -> None:
        """Note that a row was written: inserted (before is None), deleted or changed."""
        write = (entity, before, after)
        # First of all, so that what is not on the trail has not happened.
        self.trail.append(write)
        if self._shared:
            self.delta, self._shared = dict(self.delta), False
        slot = (entity, key)
        known = self.delta.get(slot)
        if known is None:
            self.delta[slot] = (before, after)
        elif known[0] == after:
            del self.delta[slot]
        else:
            self.delta[slot] = (known[0], after)
        self._log.append(write)
        self.revision += 1

    def digest(self) -> int:
        """Return the digest of the changes, relative to the start. Costs the new writes only."""
        if self._log:
            total = self._digest
            for entity, before, after in self._log:
                if before is not None:
                    total -= row_hash(entity, before)
                if after is not None:
                    total += row_hash(entity, after)
            self._digest = total % MODULUS
            self._log.clear()
        return self._digest

    def share(self) -> Delta:
        """Return the changed rows as they are now, for good: whoever writes next copies them."""
        self._shared = True
        return self.delta

    def clear(self) -> None:
        """Forget everything: the world is as it was at the start."""
        self.delta, self._shared = {}, False
        self.revision = 0
        self._digest = 0
        self._log.clear()
        self.trail.clear()

    def replace(self, delta: Delta, digest: int, revision: int) -> None:
        """Take over the state of a snapshot, whose changed rows are not touched."""
        self.delta, self._shared = delta, True
        self.revision = revision
        self._digest = digest
        self._log.clear()
        self.trail.clear()


def steps(now: Delta, then: Delta) -> list[tuple[str, Key, Row | None, Row | None]]:
    """List the rows that differ between two states of one image: (entity, key, now, then)."""
    found = []
    for slot, (start, current) in now.items():
        other = then.get(slot)
        target = start if other is None else other[1]
        if current != target:
            found.append((*slot, current, target))
    for slot, (start, target) in then.items():
        if slot not in now and start != target:
            found.append((*slot, start, target))
    return found


def composed(first: Delta, then: Delta) -> Delta:
    """Return what differs after two steps, relative to the rows before the first."""
    if not first:
        return then
    found = dict(first)
    for slot, (before, after) in then.items():
        origin = found.pop(slot, (before, None))[0]
        if origin != after:
            found[slot] = (origin, after)
    return found
