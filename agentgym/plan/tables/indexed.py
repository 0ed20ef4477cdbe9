"""Rows with indexes: by what they hold, and by what they are related to, as sets of bits.

Rows in stored form come in; clues and relations are answered with sets of rows that cost next to
nothing to join, see `bits`. Everything is worked out when it is first asked for, and kept.
Next: `tables`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, Literal, Self

from agentgym.domain.patch import Patch, Patcher
from agentgym.formats import Json
from agentgym.plan.measures import measured, multiple_of, told_measure
from agentgym.plan.nodes import Measure, Op
from agentgym.plan.tables.bits import Kept, gathered, spread
from agentgym.plan.tables.columns import Column
from agentgym.schema import Schema
from agentgym.schema.types import Row, Rows, Stored, fold, to_stored

__all__ = ["Indexed"]


class Shelf:
    """What was worked out of rows, by entity first."""

    def __init__(self) -> None:
        self.indexes: dict[tuple[str, tuple[str, ...], bool], dict[tuple[Stored, ...], list[Row]]]
        self.indexes = {}
        self.counts: dict[tuple[str, str], dict[Stored, int]] = {}
        self.ordered: dict[tuple[str, str], list[Stored]] = {}
        self.columns: dict[tuple[str, tuple[str, ...], str], Column] = {}
        self.places: dict[str, dict[Row, int]] = {}
        self.bits: Kept[tuple[str, str, str, str | None, Any]] = Kept()

    def without(self, changed: Collection[str]) -> Shelf:
        """Return what holds where the rows of some entities are others."""
        made = Shelf()
        made.indexes = {k: v for k, v in self.indexes.items() if k[0] not in changed}
        made.counts = {k: v for k, v in self.counts.items() if k[0] not in changed}
        made.ordered = {k: v for k, v in self.ordered.items() if k[0] not in changed}
        made.columns = {k: v for k, v in self.columns.items() if k[0] not in changed}
        made.places = {k: v for k, v in self.places.items() if k not in changed}
        for slot, bits in self.bits.items():
            if slot[0] not in changed:
                made.bits.put(slot, bits)
        return made


class Indexed:
    """Rows with indexes, made as they are asked for.

    Args:
        schema: What the rows are of.
        rows: Entity name to rows in stored form; never mutated.
        shelf: What is known of them.
    """

    def __init__(self, schema: Schema, rows: Rows, shelf: Shelf | None = None) -> None:
        self.schema = schema
        self._rows = rows
        self._shelf = shelf or Shelf()
        self._reached: Kept[tuple[str, bool, int]] = Kept()

    def rows(self, entity: str) -> Sequence[Row]:
        """Return the rows of an entity, in the order of the domain."""
        return self._rows.get(entity, ())

    def patched(self, patch: Iterable[Patch]) -> Self:
        """Return the rows as they are with a patch; the indexes of what it leaves alone are shared.

        Raises:
            TaskError: The patch does not fit.
        """
        differences = self._patcher.differences(patch)
        changed = {entity for entity, _ in differences}
        rows = self._patcher.rows(differences)
        return type(self)(self.schema, rows, self._shelf.without(changed))

    def under(self, schema: Schema) -> Self:
        """Return the same rows, with what is known of them, under a schema with other labels.

        Args:
            schema: One that differs in what is said of the rows, not in what they hold.
        """
        return type(self)(schema, self._rows, self._shelf)

    @cached_property
    def _patcher(self) -> Patcher:
        return Patcher(self.schema, self._rows)

    def lookup(
        self,
        entity: str,
        fields: tuple[str, ...],
        values: tuple[Stored, ...],
        *,
        folded: bool = False,
    ) -> list[Row]:
        """Return the rows whose fields hold the values; rows with a NULL among them never match.

        Args:
            entity: Name of the entity.
            fields: Names of the fields.
            values: Stored values, one a field; texts already folded where `folded`.
            folded: Compare texts whatever their case.
        """
        return self._index(entity, fields, folded).get(values, [])

    def _index(
        self, entity: str, fields: tuple[str, ...], folded: bool
    ) -> dict[tuple[Stored, ...], list[Row]]:
        name = entity, fields, folded
        if name not in self._shelf.indexes:
            places = [self.schema.entity(entity).position(field) for field in fields]
            index: dict[tuple[Stored, ...], list[Row]] = {}
            for row in self.rows(entity):
                values = tuple(_folded(row[place]) if folded else row[place] for place in places)
                if None not in values:
                    index.setdefault(values, []).append(row)
            self._shelf.indexes[name] = index
        return self._shelf.indexes[name]

    def column(self, entity: str, field: str) -> dict[Stored, int]:
        """Return how often each value, NULL aside, stands in a column."""
        pair = entity, field
        if pair not in self._shelf.counts:
            place = self.schema.entity(entity).position(field)
            counts: dict[Stored, int] = {}
            for row in self.rows(entity):
                if row[place] is not None:
                    counts[row[place]] = counts.get(row[place], 0) + 1
            self._shelf.counts[pair] = counts
        return self._shelf.counts[pair]

    def ordered(self, entity: str, field: str) -> Sequence[Stored]:
        """Return the values of a column, each once, in the order of their texts."""
        pair = entity, field
        if pair not in self._shelf.ordered:
            self._shelf.ordered[pair] = sorted(self.column(entity, field), key=str)
        return self._shelf.ordered[pair]

    # sets of rows

    def all_bits(self, entity: str) -> int:
        """Return the set of all rows of an entity."""
        return (1 << len(self.rows(entity))) - 1

    def rows_at(self, entity: str, bits: int) -> list[Row]:
        """Return the rows of a set, in the order of the domain."""
        rows = self.rows(entity)
        return [rows[place] for place in spread(bits)]

    def bits_of(self, entity: str, rows: Iterable[Row]) -> int:
        """Return the set of some rows; those that are not of the entity are left out."""
        if rows is self.rows(entity):
            return self.all_bits(entity)
        if entity not in self._shelf.places:
            self._shelf.places[entity] = {row: place for place, row in enumerate(self.rows(entity))}
        known = self._shelf.places[entity]
        return gathered([known[row] for row in rows if row in known], len(self.rows(entity)))

    def bits(self, entity: str, field: str, op: Op, of: Measure | None, value: Json) -> int:
        """Return the rows that a clue leaves: bit n is the n-th row of `rows(entity)`.

        Args:
            entity: Name of the entity.
            field: Name of the field.
            op: How its value compares; an empty value never does. `eq`, `ne` and `contains` look
                at texts whatever their case. A `remainder` is only ever `eq` or `ne`.
            of: What is compared instead of the value itself.
            value: Wire value that it compares with; one that the field could never hold, or no
                measure could be, leaves nothing.
        """
        kind = self.schema.entity(entity).field(field)
        if of is not None:
            told: Stored = told_measure(of, value)
        elif op == "contains":
            told = fold(value) if isinstance(value, str) and kind.type in ("text", "enum") else None
        else:
            try:
                told = to_stored(kind, value)
            except ValueError:
                told = None
            if op in ("eq", "ne"):
                told = _folded(told)
        if told is None:
            return 0
        slot = entity, field, op, of, told
        if slot not in self._shelf.bits:
            self._shelf.bits.put(slot, self._left(entity, field, op, of, told))
        return self._shelf.bits[slot]

    def _left(self, entity: str, field: str, op: Op, of: Measure | None, told: Any) -> int:
        if of == "remainder":
            kind, column = self.schema.entity(entity).field(field), self._column(entity, field, of)
            multiples = column.where(lambda stored: multiple_of(kind, told, stored))
            return {"eq": multiples, "ne": column.filled & ~multiples}.get(op, 0)
        if of is None and op in ("eq", "ne", "contains"):
            column = self._column(entity, field, "folded")
        else:
            column = self._column(entity, field, of or "")
        match op:
            case "eq":
                return column.equal(told)
            case "ne":
                return column.filled & ~column.equal(told)
            case "contains":
                return 0 if of else column.where(lambda text: told in text)
            case _:
                return column.range(op, told)

    def _column(self, entity: str, field: str, of: Measure | Literal["", "folded"]) -> Column:
        """Return what rows hold: as it is, `folded`, or a measure of it."""
        name = entity, (field,), of
        if name not in self._shelf.columns:
            kind = self.schema.entity(entity).field(field)
            place = self.schema.entity(entity).position(field)
            held = [row[place] for row in self.rows(entity)]
            if of == "folded":
                held = [_folded(value) for value in held]
            elif of:
                held = [measured(kind, of, value) for value in held]
            self._shelf.columns[name] = Column(held)
        return self._shelf.columns[name]

    def _joint(self, entity: str, fields: tuple[str, ...]) -> Column:
        """Return what rows hold in several fields at once; nothing where one is empty."""
        name = entity, fields, "joint"
        if name not in self._shelf.columns:
            places = [self.schema.entity(entity).position(field) for field in fields]
            values = (tuple(row[place] for place in places) for row in self.rows(entity))
            self._shelf.columns[name] = Column(None if None in one else one for one in values)
        return self._shelf.columns[name]

    def reach(self, relation: str, forward: bool, bits: int) -> int:
        """Return the rows that are related to any row of a set, as `Link` says it.

        Args:
            relation: Name of the relation.
            forward: From parents to the children that refer to them; else from children to the
                parents that they refer to.
            bits: Rows of the parent where `forward`, else of the child.

        Returns:
            Rows of the child where `forward`, else of the parent.
        """
        slot = relation, forward, bits
        if slot not in self._reached:
            start = self.schema.relation(relation)
            start_entity = start.target if forward else start.entity
            found = self._related(relation, self.rows_at(start_entity, bits), forward=forward)
            self._reached.put(slot, found)
        return self._reached[slot]

    def _related(self, relation: str, rows: Iterable[Row], *, forward: bool) -> int:
        tie = self.schema.relation(relation)
        child, parent = (tie.entity, tie.fields), (tie.target, tie.target_fields)
        (near, mine), (far, theirs) = (parent, child) if forward else (child, parent)
        places = [self.schema.entity(near).position(field) for field in mine]
        column = self._joint(far, theirs)
        values = dict.fromkeys(tuple(row[place] for place in places) for row in rows)
        found = [place for value in values for place in column.places.get(value, ())]
        return gathered(found, column.size)


def _folded(value: Stored) -> Stored:
    return fold(value) if isinstance(value, str) else value
