"""The rows of one domain instance in a database, with clock, counters and session.

An `Image` (one per engine) holds the rows of the domain; every `World` is a connection of
its own that was filled from them, in SQLite or another of the `backends`, and begins with a
`Start`: those rows, but for the few that a task's patch makes others. All writes go through
`insert`, `update` and `delete`, one whole row each, so that the journal sees everything.
Next: `compile`.
"""

from __future__ import annotations

from typing import Never
from weakref import WeakMethod

from agentgym.domain import later
from agentgym.errors import UsageError
from agentgym.schema.types import Row
from agentgym.world.backends import TakenError
from agentgym.world.image import Image
from agentgym.world.journal import (
    MODULUS,
    Delta,
    Journal,
    Key,
    RowChange,
    Session,
    Snapshot,
    composed,
    difference,
    steps,
)
from agentgym.world.start import Start
from agentgym.world.tables import Table

__all__ = ["Image", "RowChange", "Session", "Snapshot", "Start", "World"]


def _changed(before: Row, after: Row) -> tuple[int, ...]:
    return tuple([place for place, value in enumerate(after) if value != before[place]])


class World:
    """One instance of a domain's rows that can be written, taken back and compared.

    One owner at a time: it may move between threads, but is not shared by them.
    """

    def __init__(self, image: Image, start: Start | None = None) -> None:
        self.image = image
        self.start = image.start
        """What `reset` goes back to, and `diff` is about; see `rebase`."""
        self.turns = 0
        """Turns that have passed on the clock."""
        self.session = Session()
        self.breaches: list[str] = []
        """Ids of the advisory rules that the present call broke."""
        self.spends = False
        """Whether the present call needs that the user said yes, which serves one write."""
        self.depth = 0
        """How many writes the present one follows from."""
        self.counters: dict[str, int] = {}
        """`entity.place` of a key field to its largest value ever, where that rose."""
        self._journal = Journal()
        self._before: tuple[int, dict[str, int], Session] = (0, self.counters, self.session)
        self._tables = image.tables
        self._now: tuple[int, str] = (-1, "")
        self._link = link = image.store.link()
        link.refill = WeakMethod(self._refill)
        self.execute = link.execute
        """Runs one statement; its rows must be drained before the next."""
        self._write, self._clash = link.write, link.clash
        if start is not None:
            self.rebase(start)

    def __del__(self) -> None:
        link = getattr(self, "_link", None)
        if link is not None:
            link.drop()

    def close(self) -> None:
        """Give the memory back; the world cannot be used any more. Harmless when repeated."""
        link = getattr(self, "_link", None)
        if link is not None:
            link.close()

    @property
    def now(self) -> str:
        """The logical time, UTC."""
        if self._now[0] != self.turns:
            clock = self.image.domain.clock
            self._now = (self.turns, later(clock.start, self.turns * clock.step_s))
        return self._now[1]

    def tick(self) -> None:
        """Let one turn pass on the clock."""
        self.turns += 1

    @property
    def revision(self) -> int:
        """The number of row writes so far."""
        return self._journal.revision

    @property
    def delta(self) -> Delta:
        """The rows that differ from the start; to be read only."""
        return self._journal.delta

    def get(self, entity: str, key: Key) -> Row | None:
        """Return the row of that key, in stored form; None when there is none."""
        row: Row | None = self.execute(self._tables[entity].select, key).fetchone()
        return row

    def rows(self, entity: str) -> list[Row]:
        """Return all rows of an entity in key order, in stored form. Costs O(rows)."""
        found: list[Row] = self.execute(self._tables[entity].select_all).fetchall()
        return found

    def insert(self, entity: str, row: Row) -> None:
        """Write a new row.

        Raises:
            TakenError: Its key or a unique value is taken; nothing is written.
        """
        table = self._tables[entity]
        try:
            self._write(table.insert, row)
        except self._clash:
            self._blame(table, None, row)
        self._journal.record(entity, table.key_of(row), None, row)

    def update(
        self, entity: str, before: Row, after: Row, changed: tuple[int, ...] | None = None
    ) -> None:
        """Write a row of the same key in place of `before`, which is the present one.

        Args:
            entity: Whose row it is.
            before: The present row.
            after: The new row.
            changed: Places at which the two differ; found out when None.

        Raises:
            TakenError: A unique value is taken; nothing is written.
        """
        table = self._tables[entity]
        if changed is None:
            changed = _changed(before, after)
        if changed:
            key = table.key_of(before)
            try:
                self._write(table.update(changed), (*[after[place] for place in changed], *key))
            except self._clash:
                self._blame(table, key, after)
            self._journal.record(entity, key, before, after)

    def delete(self, entity: str, row: Row) -> None:
        """Remove a row, which is the present one of its key."""
        table = self._tables[entity]
        key = table.key_of(row)
        self.execute(table.delete, key)
        self._journal.record(entity, key, row, None)

    def _blame(self, table: Table, own: Key | None, row: Row) -> Never:
        """Find out which values of a row are taken; the first where several are."""
        for fields in (table.entity.key, *table.uniques):
            values = tuple([row[table.positions[name]] for name in fields])
            if None not in values:
                for key in self.execute(table.holders(fields), values).fetchall():
                    if key != own:
                        raise TakenError(table, fields) from None
        raise AssertionError(f"a row of {table.entity.name} was refused, and nothing is taken")

    def begin(self) -> None:
        """Begin a call: `undo` takes back what is written from here on."""
        self._journal.trail.clear()
        self.breaches.clear()
        self.spends = False
        self.depth = 0
        self._before = (self._journal.revision, self.counters, self.session)

    def undo(self) -> None:
        """Take back every write since `begin`, with counters and session: as if never called."""
        try:
            self._undo()
        except BaseException:
            self.mend()
            raise

    def mend(self) -> None:
        """Do what `undo` does after anything whatever, though it came in the middle of a write.

        Costs O(changed rows) and the size of the rows at the start.
        """
        journal, keyed = self._journal, {n: table.key_of for n, table in self._tables.items()}
        revision, self.counters, self.session = self._before
        began: Delta = {}
        for entity, before, after in journal.trail:
            row = after if before is None else before
            assert row is not None
            began.setdefault((entity, keyed[entity](row)), (None, before))
        delta = dict(journal.delta)
        for (entity, key), (_, row) in began.items():
            start = self.start.row(entity, key)
            delta.pop((entity, key), None)
            if start != row:
                delta[entity, key] = (start, row)
        self._rebuild(delta, revision)

    def _rebuild(self, delta: Delta, revision: int) -> None:
        """Bring database and journal to a state, whatever each of them is at."""
        self._link.reset()
        self._apply(steps({}, composed(self.start.delta, delta)))
        self._journal.replace(delta, difference(delta), revision)

    def _undo(self) -> None:
        revision, counters, session = self._before
        for entity, before, after in self._journal.trail[::-1]:
            if before is None:
                assert after is not None
                self.delete(entity, after)
            elif after is None:
                self.insert(entity, before)
            else:
                self.update(entity, after, before)
        self._journal.revision = revision
        self._journal.trail.clear()
        self.counters, self.session = counters, session

    def reset(self) -> None:
        """Go back to the start: rows, clock, counters and session."""
        if self._journal.revision:
            try:
                if self._journal.delta:
                    self._link.reset()
                    self._apply(steps({}, self.start.delta))
                self._journal.clear()
            except BaseException:
                self._rebuild({}, 0)
                raise
        self.turns = 0
        self.counters = {}
        self.session = Session()

    def rebase(self, start: Start) -> None:
        """Go to another start: from here on, that is what `reset` and `diff` are about.

        Costs what both starts change, whatever the size of the world.

        Args:
            start: Of the same domain: `Image.start`, or one that `Image.patched` gives.
        """
        left = self.start
        if start is not left:
            try:
                now = left.delta
                if self._journal.delta:
                    self._link.reset()
                    now = {}
                self._journal.clear()
                self._apply(steps(now, start.delta))
                self.start = start
            except BaseException:
                self.start = left
                self._rebuild({}, 0)
                raise
        self.reset()

    def snapshot(self) -> Snapshot:
        """Keep this moment; valid for good, in any order of restores.

        Costs the digest of new writes. What it holds is shared until one side writes again.
        """
        journal = self._journal
        return Snapshot(
            world=self.image.domain.world_hash,
            start=self.start,
            delta=journal.share(),
            digest=journal.digest(),
            revision=journal.revision,
            turns=self.turns,
            counters=self.counters,
            session=self.session,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go to the moment of a snapshot, which brings its start; costs O(rows that differ).

        Raises:
            UsageError: The snapshot is of another domain.
        """
        if snapshot.world != self.image.domain.world_hash:
            raise UsageError("a snapshot of this domain", found="one of another domain")
        left, delta, revision = self.start, self._journal.delta, self._journal.revision
        try:
            self._apply(steps(*self._since(snapshot)))
            self._journal.replace(snapshot.delta, snapshot.digest, snapshot.revision)
            self.start = snapshot.start
        except BaseException:
            self.start = left
            self._rebuild(delta, revision)
            raise
        self.turns = snapshot.turns
        self.counters = snapshot.counters
        self.session = snapshot.session

    def _refill(self) -> None:
        """Write the changes again, after the database went back to the start by itself."""
        self._apply(steps({}, composed(self.start.delta, self._journal.delta)))

    def _since(self, snapshot: Snapshot) -> tuple[Delta, Delta]:
        """Return what differs now and what differed then, both relative to the same rows."""
        now, then = self._journal.delta, snapshot.delta
        if snapshot.start == self.start:
            return now, then
        return composed(self.start.delta, now), composed(snapshot.start.delta, then)

    def _apply(self, differing: list[tuple[str, Key, Row | None, Row | None]]) -> None:
        # All deletions first: values that are unique may move from row to row.
        for entity, key, now, row in differing:
            table = self._tables[entity]
            if now is None:
                continue
            if row is None or table.uniques:
                self.execute(table.delete, key)
            else:
                places = _changed(now, row)
                self._write(table.update(places), (*[row[place] for place in places], *key))
        for entity, _, now, row in differing:
            table = self._tables[entity]
            if row is not None and (now is None or table.uniques):
                self._write(table.insert, row)

    def fork(self) -> World:
        """Make another world of the same moment, on a connection of its own."""
        twin = World(self.image, self.start)
        twin.restore(self.snapshot())
        return twin

    def diff(self, since: Snapshot | None = None) -> tuple[RowChange, ...]:
        """List the rows that differ, sorted by entity and key; undone writes cancel.

        Args:
            since: The earlier moment; None for the start.
        """
        now, then = (self._journal.delta, {}) if since is None else self._since(since)
        order = self.image.order
        found = [
            RowChange(entity=entity, key=key, before=before, after=after)
            for entity, key, after, before in steps(now, then)
        ]
        return tuple(sorted(found, key=lambda change: (order[change.entity], change.key)))

    def digest(self) -> str:
        """Return the digest of all rows, whatever the order of writes: 32 hex digits."""
        moved = self.start.digest + self._journal.digest()
        return f"{(self.image.digest + moved) % MODULUS:032x}"

    def counter(self, entity: str, place: int) -> int:
        """Return the largest integer that a field of the key ever held; 0 when none is larger."""
        raised = self.counters.get(f"{entity}.{place}")
        return self.start.highest(entity, place) if raised is None else raised

    def count(self, entity: str, place: int, number: int) -> None:
        """Raise the counter of a field of the key to `number`, where that is larger."""
        if number > self.counter(entity, place):
            self.counters = self.counters | {f"{entity}.{place}": number}
