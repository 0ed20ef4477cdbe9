"""The interpreter of plans: straight over the rows, without SQL and without tools.

It is the second opinion on everything that tools answer, and what decides whether
clues, as they are told, leave one row. Selects are read as sets: a link holds when
*some* row of the other node is related. Next: `lower`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from agentgym.formats import Json
from agentgym.plan import Aggregated, Emit, Link, Plan, Select, Where
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Rows, Stored, fold, to_stored, to_wire

__all__ = ["Assumed", "Tables", "aggregate", "equal"]

Assumed = Mapping[str, Sequence[Row]]
"""Id of a select to the rows that it shall stand for, whatever its clues say."""

_WIDE = Context(prec=700)
"""Enough digits for a sum of any floats."""

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Tables:
    """The rows of a domain as a plan sees them, indexed as they are asked for.

    Args:
        schema: What the rows are of.
        rows: Entity name to rows in stored form; never mutated.
    """

    def __init__(self, schema: Schema, rows: Rows) -> None:
        self.schema = schema
        self._rows = rows
        self._indexes: dict[
            tuple[str, tuple[str, ...], bool], dict[tuple[Stored, ...], list[Row]]
        ] = {}
        self._columns: dict[tuple[str, str], dict[Stored, int]] = {}
        self._ordered: dict[tuple[str, str], list[Stored]] = {}

    def rows(self, entity: str) -> Sequence[Row]:
        """Return the rows of an entity, in the order of the domain."""
        return self._rows.get(entity, ())

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
        if name not in self._indexes:
            places = [self.schema.entity(entity).position(field) for field in fields]
            index: dict[tuple[Stored, ...], list[Row]] = {}
            for row in self.rows(entity):
                values = tuple(_folded(row[place]) if folded else row[place] for place in places)
                if None not in values:
                    index.setdefault(values, []).append(row)
            self._indexes[name] = index
        return self._indexes[name]

    def column(self, entity: str, field: str) -> dict[Stored, int]:
        """Return how often each value, NULL aside, stands in a column."""
        pair = entity, field
        if pair not in self._columns:
            place = self.schema.entity(entity).position(field)
            counts: dict[Stored, int] = {}
            for row in self.rows(entity):
                if row[place] is not None:
                    counts[row[place]] = counts.get(row[place], 0) + 1
            self._columns[pair] = counts
        return self._columns[pair]

    def ordered(self, entity: str, field: str) -> Sequence[Stored]:
        """Return the values of a column, each once, in the order of their texts."""
        pair = entity, field
        if pair not in self._ordered:
            self._ordered[pair] = sorted(self.column(entity, field), key=str)
        return self._ordered[pair]

    def extent(self, plan: Plan, node: str, assumed: Assumed | None = None) -> list[Row]:
        """Return every row that satisfies the clues of a select.

        Args:
            plan: The plan that the node is of.
            node: Id of a select.
            assumed: Selects whose clues are taken away, with the rows that they could be.

        Returns:
            The rows in the order of the domain; after a pick, all that tie for it.
        """
        select = plan.node(node)
        assert isinstance(select, Select)
        if assumed and node in assumed:
            return list(assumed[node])
        entity = self.schema.entity(select.entity)
        found: list[Row] | None = None
        for link in select.links:
            related = self._related(plan, select, link, assumed)
            found = related if found is None else [row for row in found if row in set(related)]
        for where in sorted(select.where, key=lambda w: w.op != "eq"):
            found = self._filter(plan, entity, where, found)
        rows = list(self.rows(select.entity)) if found is None else found
        if select.pick is not None:
            place = entity.position(select.pick.field)
            values = [row[place] for row in rows if row[place] is not None]
            if not values:
                return []
            best = (max if select.pick.largest else min)(values)  # type: ignore[type-var]
            rows = [row for row in rows if row[place] == best]
        return rows

    def _related(
        self, plan: Plan, select: Select, link: Link, assumed: Assumed | None
    ) -> list[Row]:
        relation = self.schema.relation(link.relation)
        theirs = self.extent(plan, link.node, assumed)
        if link.forward:
            source, source_fields = relation.target, relation.target_fields
            wanted = relation.fields
        else:
            source, source_fields = relation.entity, relation.fields
            wanted = relation.target_fields
        places = [self.schema.entity(source).position(field) for field in source_fields]
        values = dict.fromkeys(tuple(row[place] for place in places) for row in theirs)
        found: list[Row] = []
        for value in values:
            if None not in value:
                found += self.lookup(select.entity, wanted, value)
        if len(values) > 1:
            found = list(dict.fromkeys(found))
        return found

    def _filter(
        self, plan: Plan, entity: Entity, where: Where, rows: list[Row] | None
    ) -> list[Row]:
        field = entity.field(where.field)
        fact = plan.fact(where.fact)
        try:
            value = to_stored(field, fact.value)
        except ValueError:
            return []
        if where.op == "eq":
            value = _folded(value)
            if rows is None:
                return list(self.lookup(entity.name, (where.field,), (value,), folded=True))
            place = entity.position(where.field)
            return [row for row in rows if row[place] is not None and _folded(row[place]) == value]
        compare, place = _OPS[where.op], entity.position(where.field)
        source = self.rows(entity.name) if rows is None else rows
        return [row for row in source if row[place] is not None and compare(row[place], value)]

    def value(self, plan: Plan, emit: Emit, assumed: Assumed | None = None) -> list[Json]:
        """Return the distinct wire values that an emit could have, in the order of the rows."""
        node = plan.node(emit.node)
        if isinstance(node, Aggregated):
            select = plan.node(node.of)
            assert isinstance(select, Select)
            entity = self.schema.entity(select.entity)
            return [
                aggregate(entity, node.function, node.field, self.extent(plan, node.of, assumed))
            ]
        assert isinstance(node, Select)
        assert emit.field is not None
        entity = self.schema.entity(node.entity)
        place, field = entity.position(emit.field), entity.field(emit.field)
        values = dict.fromkeys(row[place] for row in self.extent(plan, node.id, assumed))
        return [to_wire(field, value) for value in values]


def aggregate(entity: Entity, function: str, field: str | None, rows: Sequence[Row]) -> Json:
    """Compute one number over rows, as the `Aggregate` term does.

    Args:
        entity: What the rows are of.
        function: `count`, `sum`, `avg`, `min` or `max`.
        field: The field it is of; None counts rows.
        rows: The rows.

    Returns:
        The wire value; None over no values (0 for `count`).
    """
    if field is None:
        return len(rows)
    kind, place = entity.field(field), entity.position(field)
    values = [row[place] for row in rows if row[place] is not None]
    if function == "count":
        return len(values)
    if not values:
        return None
    if function in ("min", "max"):
        return to_wire(kind, (max if function == "max" else min)(values))  # type: ignore[type-var]
    with localcontext(_WIDE):
        return _total(function, kind, [Decimal(str(to_wire(kind, value))) for value in values])


def _total(function: str, kind: Field, exact: Sequence[Decimal]) -> Json:
    total = sum(exact, Decimal(0))
    if function == "sum":
        return (
            float(total)
            if kind.type == "float"
            else int(total)
            if kind.type == "integer"
            else total
        )
    if kind.type == "float" and abs(total) >= len(exact) * 2**53:
        return float(total / len(exact))
    digits = 4 if kind.type == "float" else kind.scale + 2
    return (total / len(exact)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _folded(value: Stored) -> Stored:
    return fold(value) if isinstance(value, str) else value


def equal(one: Json, other: Json) -> bool:
    """Compare wire values, numbers by value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    numeric = (int, float, Decimal)
    if isinstance(one, numeric) and isinstance(other, numeric):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)
