"""Rows that are others, laid over those of a domain: what each row meets, as it is then.

What refers to a row, what it refers to, what holds the same: found in indexes over the rows that
are made once, and in the few rows on top. Next: `patch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import Row, Rows, Stored

__all__ = ["Differences", "Key", "Layer", "Lookup", "picker"]

Key = tuple[Stored, ...]

Differences = dict[tuple[str, Key], tuple[Row | None, Row | None]]
"""(entity, key) to the row of the domain and the row at the start; None where there is none."""


class Lookup:
    """Rows by key and by what their fields hold.

    Args:
        schema: What the rows are of.
        rows: Entity to rows in stored form; never mutated.
    """

    def __init__(self, schema: Schema, rows: Rows) -> None:
        self.schema = schema
        self._rows = rows
        self._keys: dict[str, dict[Key, Row]] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[Key, list[Row]]] = {}

    def row(self, entity: str, key: Key) -> Row | None:
        """Return the row of that key; None where there is none."""
        if entity not in self._keys:
            key_of = picker(self.schema.entity(entity), self.schema.entity(entity).key)
            self._keys[entity] = {key_of(row): row for row in self._rows.get(entity, ())}
        return self._keys[entity].get(key)

    def index(self, entity: str, fields: tuple[str, ...]) -> Mapping[Key, Sequence[Row]]:
        """Return the rows of an entity by what the fields hold; none with an empty one."""
        slot = entity, fields
        if slot not in self._indexes:
            pick, found = picker(self.schema.entity(entity), fields), dict[Key, list[Row]]()
            for row in self._rows.get(entity, ()):
                values = pick(row)
                if None not in values:
                    found.setdefault(values, []).append(row)
            self._indexes[slot] = found
        return self._indexes[slot]


class Layer:
    """Rows that are others, laid over those of the domain."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._schema = lookup.schema
        self.found: Differences = {}

    def put(self, entity: Entity, key: Key, row: Row | None) -> None:
        """Let a row be another."""
        slot = entity.name, key
        known = self.found.get(slot)
        before = self._lookup.row(*slot) if known is None else known[0]
        self.found[slot] = (before, row)

    def row(self, entity: str, key: Key) -> Row | None:
        """Return the row of that key as it is now; None where there is none."""
        known = self.found.get((entity, key))
        return self._lookup.row(entity, key) if known is None else known[1]

    def of(self, entity: str) -> list[tuple[Key, Row | None, Row | None]]:
        """List the rows of an entity that are others."""
        return [(key, *pair) for (name, key), pair in self.found.items() if name == entity]

    def holding(self, entity: str, fields: tuple[str, ...], values: Key) -> list[Row]:
        """Return the rows, as they are now, whose fields hold the values."""
        if None in values:
            return []
        owner = self._schema.entity(entity)
        key_of, pick = picker(owner, owner.key), picker(owner, fields)
        found = [
            row
            for row in self._lookup.index(entity, fields).get(values, ())
            if (entity, key_of(row)) not in self.found
        ]
        now = (after for _, _, after in self.of(entity))
        return found + [row for row in now if row is not None and pick(row) == values]

    def parents(self, relation: Relation, row: Row) -> list[Row]:
        """Return the rows that a row refers to: one, or none."""
        values = picker(self._schema.entity(relation.entity), relation.fields)(row)
        return self.holding(relation.target, relation.target_fields, values)

    def children(self, relation: Relation, row: Row) -> list[Row]:
        """Return the rows that refer to a row."""
        values = picker(self._schema.entity(relation.target), relation.target_fields)(row)
        return self.holding(relation.entity, relation.fields, values)

    def alike(self, entity: str, fields: tuple[str, ...], rows: Iterable[Row]) -> list[Row]:
        """Return the rows that hold in these fields what one of some rows does."""
        pick = picker(self._schema.entity(entity), fields)
        wanted = dict.fromkeys(pick(row) for row in rows)
        return [row for values in wanted for row in self.holding(entity, fields, values)]

    def subjects(self, moved: Differences | None = None) -> dict[str, list[Row]]:
        """Return the rows that have to be judged: the others, and what may have lost its parent.

        Args:
            moved: Those of the others that are in question, as they were and are; None for all.
        """
        found: dict[str, dict[Row, None]] = {}
        for (name, _), (before, after) in (self.found if moved is None else moved).items():
            if after is not None:
                found.setdefault(name, {})[after] = None
            if before is None:
                continue
            for relation in self._schema.children(name):
                pick = picker(self._schema.entity(name), relation.target_fields)
                if after is None or pick(before) != pick(after):
                    lost = self.children(relation, before)
                    found.setdefault(relation.entity, {}).update(dict.fromkeys(lost))
        return {name: list(rows) for name, rows in found.items()}

    def around(self, subjects: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, Row | None]]:
        """Yield the rows by which subjects are judged; None for an entity that could have some."""
        schema = self._schema
        for name, rows in subjects.items():
            entity = schema.entity(name)
            sets = [entity.key, *entity.uniques, *((f.name,) for f in entity.fields if f.unique)]
            for relation in schema.parents(name):
                yield relation.target, None
                for row in rows:
                    yield from ((relation.target, other) for other in self.parents(relation, row))
                if relation.one_to_one:
                    sets.append(relation.fields)
            for fields in dict.fromkeys(sets):
                yield from ((name, other) for other in self.alike(name, fields, rows))
            for one in schema.derived:
                if one.entity == name and one.relation is not None:
                    relation = schema.relation(one.relation)
                    yield relation.entity, None
                    for row in rows:
                        below = self.children(relation, row)
                        yield from ((relation.entity, other) for other in below)


def picker(entity: Entity, fields: Sequence[str]) -> Callable[[Row], Key]:
    """Return the function that takes the values of some fields out of a row."""
    places = [entity.position(name) for name in fields]
    return lambda row: tuple([row[place] for place in places])
