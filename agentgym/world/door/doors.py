"""The one door: every row that is written goes through it, whoever writes.

In this order: derived values of the row itself, references, the caller's checks (rules of the
tool, then invariants), what refers to the row, the write, derived values of the rows above,
effects. Rows that follow go through the same door. What an entity does not have costs nothing:
it is left out when the door is compiled. Next: `deeds`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from agentgym.schema.types import Row, Stored
from agentgym.world.arguments import Given
from agentgym.world.backends import TakenError
from agentgym.world.door.derived import Change, Follow, followers, steps
from agentgym.world.door.effects import effects
from agentgym.world.door.fresh import Fresh, fresh, touched
from agentgym.world.door.protect import anchors, conflict, orphans, references
from agentgym.world.guards import Guard, Kind, invariants
from agentgym.world.rows import Image, World

__all__ = ["Doors", "Entry", "Exit", "Inlet"]

_DEEPEST = 100
"""Writes that may follow from one another: more than a domain without circles has."""

_UNCHANGED: Change = {}

_Update = Callable[..., Row]
"""(world, present row, row as it will be, places that differ, arguments, changes below) to the
row that was written."""


class Inlet(NamedTuple):
    """How the fields of a row are changed."""

    write: _Update
    restless: bool
    """Whether the row may be written again by what follows."""


class Entry(NamedTuple):
    """How a row is made."""

    fresh: Fresh
    put: Callable[..., Row]
    """(world, row with what is given, names of the given fields, arguments, what to do about a
    field that must not be empty) to the row that was written."""
    restless: bool

    def start(self) -> list[Stored]:
        """Return the values of a row of which nothing is given yet."""
        return self.fresh.template.copy()


class Exit(NamedTuple):
    """How a row is removed."""

    remove: Callable[[World, Row, Given], None]


class Doors:
    """The doors of one image's entities, each compiled when it is first used."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._fed: dict[tuple[str, frozenset[int]], _Update] = {}
        self._changes: dict[tuple[str, str], _Update] = {}
        self._added: dict[str, Entry] = {}
        self._fresh: dict[str, Fresh] = {}

    def feed(self, entity: str, fed: frozenset[int]) -> _Update:
        """Return what writes a row whose derived values change with rows below it."""
        found = self._fed.get((entity, fed))
        if found is None:
            checks = invariants(entity, "update", self.image, {})
            found = self._fed[entity, fed] = self.update(entity, (), checks, {}, fed=fed).write
        return found

    def change(self, entity: str, field: str) -> _Update:
        """Return what writes a row of which an effect changes one field."""
        found = self._changes.get((entity, field))
        if found is None:
            checks = invariants(entity, "update", self.image, {})
            found = self._changes[entity, field] = self.update(entity, (field,), checks, {}).write
        return found

    def added(self, entity: str) -> Entry:
        """Return what makes the row that an effect adds."""
        found = self._added.get(entity)
        if found is None:
            checks = invariants(entity, "create", self.image, {})
            found = self._added[entity] = self.insert(entity, checks, {})
        return found

    def update(
        self,
        entity: str,
        fields: Collection[str],
        checks: Sequence[Guard],
        parameters: Mapping[str, str],
        *,
        fed: frozenset[int] = frozenset(),
    ) -> Inlet:
        """Compile how fields of a row are changed.

        Args:
            entity: Whose row it is.
            fields: What the caller may change: none of the key.
            checks: Rules of the caller, then invariants.
            parameters: Field to the parameter that sets it.
            fed: Places of the derived values that follow rows below.
        """
        image, table = self.image, self.image.tables[entity]
        before_write, changing = steps(table.entity, image, fields, fed)
        times = touched(table.entity, changing)
        written = changing | {table.entity.fields[place].name for place, _ in times}
        asked = (
            *references(table, image, parameters, written=changing),
            *checks,
            *anchors(table, image, parameters, written=changing),
        )
        follows = self._follows(entity, "update", written)
        watched = tuple(table.positions[name] for name in table.positions if name in changing)

        def write(
            world: World,
            before: Row,
            row: list[Stored],
            changed: list[int],
            given: Given,
            change: Change = _UNCHANGED,
        ) -> Row:
            del change
            for place, day in times:
                row[place] = world.now[:10] if day else world.now
                if row[place] != before[place]:
                    changed.append(place)
            after = tuple(row)
            for check in asked:
                check(world, before, after, given)
            try:
                world.update(entity, before, after, tuple(changed))
            except TakenError as error:
                conflict(error, after, parameters)
            return after

        def write_and_follow(
            world: World,
            before: Row,
            row: list[Stored],
            changed: list[int],
            given: Given,
            change: Change = _UNCHANGED,
        ) -> Row:
            for step in before_write:
                step(world, before, row, change)
            changed = [place for place in watched if row[place] != before[place]]
            if not changed:
                return before
            after = write(world, before, row, changed, given)
            _after(world, follows, before, after)
            return after

        if before_write or follows:
            return Inlet(write_and_follow, restless=bool(follows))
        return Inlet(write, restless=False)

    def insert(self, entity: str, checks: Sequence[Guard], parameters: Mapping[str, str]) -> Entry:
        """Compile how a row is made.

        Args:
            entity: Whose row it is.
            checks: Rules of the caller, then invariants.
            parameters: Field to the parameter that sets it.
        """
        image, table = self.image, self.image.tables[entity]
        begin = self._fresh.get(entity)
        if begin is None:
            begin = self._fresh[entity] = fresh(table, image)
        before_write, _ = steps(table.entity, image, None)
        asked = (*references(table, image, parameters, written=None), *checks)
        follows = self._follows(entity, "create", None)
        fill, needed, counted = begin.fill, begin.needed, begin.counted

        def put(
            world: World,
            row: list[Stored],
            named: Collection[str],
            given: Given,
            lacking: Callable[[str], None],
        ) -> Row:
            counts = fill(world, row, named)
            for step in before_write:
                step(world, None, row, _UNCHANGED)
            for place, name in needed:
                if row[place] is None:
                    lacking(name)
            made = tuple(row)
            for check in asked:
                check(world, None, made, given)
            try:
                world.insert(entity, made)
            except TakenError as error:
                conflict(error, made, parameters)
            for place in counted:
                counts.append((place, int(made[place] or 0)))
            for place, count in counts:
                world.count(entity, place, count)
            if follows:
                _after(world, follows, None, made)
            return made

        return Entry(begin, put, restless=bool(follows))

    def delete(self, entity: str, checks: Sequence[Guard]) -> Exit:
        """Compile how a row is removed.

        Args:
            entity: Whose row it is.
            checks: Rules of the caller, then invariants.
        """
        asked = (*checks, *orphans(self.image.tables[entity], self.image))
        follows = self._follows(entity, "delete", None)

        def remove(world: World, row: Row, given: Given) -> None:
            for check in asked:
                check(world, row, row, given)
            world.delete(entity, row)
            if follows:
                _after(world, follows, row, None)

        return Exit(remove)

    def _follows(
        self, entity: str, kind: Kind, written: Collection[str] | None
    ) -> tuple[Follow, ...]:
        found = self.image.domain.schema.entity(entity)
        return (*followers(found, self, written), *effects(found, kind, self, written))


def _after(world: World, follows: Sequence[Follow], before: Row | None, after: Row | None) -> None:
    """Do what follows from a row that was written."""
    world.depth += 1
    if world.depth > _DEEPEST:
        raise AssertionError("writes follow from one another without end: a circle was let in")
    for follow in follows:
        follow(world, before, after)
    world.depth -= 1
