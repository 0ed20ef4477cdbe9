"""Rules over dicts: the reference reading of predicates, by value and without SQL.

A predicate, the row before and after, and the `Scene` of the call come in; true, false or
unknown (None) goes out. Slow and short, written apart from `world.guards` so that each can
judge the other. Next: `model`.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from agentgym.formats import Json
from agentgym.rules import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
)
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Stored, to_stored, to_wire
from agentgym.tools.algebra import Term
from agentgym.tools.parameters import bindings

__all__ = ["Scene", "Values", "fields_behind", "measured", "needs_yes", "shown", "truth"]

Values = Mapping[str, Stored]
"""Field to stored value."""

_Key = tuple[Stored, ...]


class Scene(NamedTuple):
    """All that a predicate may look at besides the row that is written."""

    schema: Schema
    tables: Mapping[str, Mapping[_Key, Values]]
    """The rows as they are, by entity and key: before the write."""
    kind: Literal["create", "update", "delete", "read"]
    now: str = ""
    """The logical clock."""
    given: Mapping[str, Stored] = {}
    """The arguments of the call, as stored values."""
    fields: Mapping[str, Field] = {}
    """The field behind each parameter of the tool; see `fields_behind`."""
    identity: tuple[str, _Key] | None = None
    confirmed: int = 0
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    """The successful calls so far: tool, and its arguments as `measured`."""


def fields_behind(term: Term, schema: Schema) -> dict[str, Field]:
    """Return the field behind each parameter of a tool that stands for one."""
    return {
        param: schema.entity(entity).field(name)
        for param, (entity, name, _) in bindings(term, schema).items()
    }


def measured(given: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the arguments in the form in which those of two calls compare."""
    return {
        param: _measure(fields[param], value) if param in fields else value
        for param, value in given.items()
    }


def truth(
    predicate: Predicate, entity: Entity, scene: Scene, *, before: Values | None, after: Values
) -> bool | None:
    """Tell whether the predicate holds; None where NULL leaves it open.

    Args:
        predicate: What is asked.
        entity: Whose row it is.
        scene: What else there is.
        before: The row before the write; None for a new one.
        after: The row as it will be; for a delete or a read, as it is.
    """
    reading = _Reading(entity, scene, before, after)
    return reading.truth(predicate)


def needs_yes(
    predicate: Predicate, entity: Entity, scene: Scene, *, before: Values | None, after: Values
) -> bool:
    """Tell whether it holds only because the user said yes: then the call takes one yes away."""
    held = truth(predicate, entity, scene, before=before, after=after)
    without = scene._replace(confirmed=0)
    return held is not False and (
        truth(predicate, entity, without, before=before, after=after) is False
    )


class _Reading:
    """One write (or read) of one row, about which predicates are asked."""

    def __init__(self, entity: Entity, scene: Scene, before: Values | None, after: Values) -> None:
        self.entity, self.scene, self.schema = entity, scene, scene.schema
        self.before, self.after = before, after
        key = tuple(after[name] for name in entity.key)
        own = scene.tables.get(entity.name, {})
        self.others = [row for one, row in own.items() if one != key]

    def truth(self, predicate: Predicate) -> bool | None:
        match predicate:
            case Not():
                found = self.truth(predicate.of)
                return None if found is None else not found
            case All():
                parts = [self.truth(part) for part in predicate.of]
                return False if False in parts else None if None in parts else True
            case AnyOf():
                parts = [self.truth(part) for part in predicate.of]
                return True if True in parts else None if None in parts else False
            case Compare() | In() | Elapsed():
                return self._field(predicate)
            case Move():
                return self._move(predicate)
            case NoChildren() | Alone() | Count():
                return self._rows(predicate)
            case Param():
                return self._param(predicate)
            case Authenticated() | Owner() | Holder() | Confirmed() | Calls():
                return self._session(predicate)

    def _table(self, entity: str, at: str) -> list[Values]:
        """Give the rows as they are, or as they will be."""
        if entity != self.entity.name:
            return list(self.scene.tables.get(entity, {}).values())
        now = self.before if at == "before" else self.after
        return ([now] if now is not None else []) + self.others

    def _climb(self, path: Sequence[str], at: str) -> tuple[Entity, Values | None]:
        """Follow the path from the written row; None where it ends at nothing."""
        entity, row = self.entity, self.before if at == "before" else self.after
        for name in path:
            relation = self.schema.relation(name)
            entity = self.schema.entity(relation.target)
            if row is not None:
                child = row
                found = [r for r in self._table(entity.name, at) if _refers(relation, child, r)]
                row = found[0] if found else None
        return entity, row

    def _field(self, predicate: Compare | In | Elapsed) -> bool | None:
        entity, row = self._climb(predicate.path, predicate.at)
        field = entity.field(predicate.field)
        left = None if row is None else _measure(field, row[field.name])
        if row is None or left is None:
            return None
        match predicate:
            case In():
                return left in [_wire(field, one) for one in predicate.values]
            case Elapsed():
                now, then = (dt.datetime.fromisoformat(t) for t in (self.scene.now, left))
                passed = (now - then) // dt.timedelta(seconds=1)
                return _holds(predicate.op, passed, predicate.seconds)
            case Compare(other=None):
                return _holds(predicate.op, left, _wire(field, predicate.value))
            case Compare():
                other = entity.field(str(predicate.other))
                right = _measure(other, row[other.name])
                return None if right is None else _holds(predicate.op, left, right)

    def _move(self, predicate: Move) -> bool | None:
        cycle = next(
            c
            for c in self.schema.lifecycles
            if (c.entity, c.field) == (self.entity.name, predicate.field)
        )
        state = self.after[predicate.field]
        start = self.before[predicate.field] if self.before is not None else None
        if state is None:
            return None
        if start is None:
            return state in cycle.initial
        return state == start or state in cycle.moves.get(str(start), ())

    def _rows(self, predicate: NoChildren | Alone | Count) -> bool | None:
        match predicate:
            case NoChildren():
                relation = self.schema.relation(predicate.relation)
                rows = self.others if relation.entity == self.entity.name else None
                rows = self._table(relation.entity, "after") if rows is None else rows
                return not any(_refers(relation, row, self.after) for row in rows)
            case Count():
                relation = self.schema.relation(predicate.relation)
                _, one = self._climb(predicate.path, "after")
                if one is None:
                    return None
                rows = self._table(relation.entity, "after")
                if self.scene.kind == "delete" and relation.entity == self.entity.name:
                    rows = self.others
                child = self.schema.entity(relation.entity)
                number = sum(
                    _refers(relation, row, one) and _within(child, predicate.where, row)
                    for row in rows
                )
                return _holds(predicate.op, number, predicate.value)
            case Alone():
                return not any(self._excludes(predicate, row) for row in self.others)

    def _excludes(self, predicate: Alone, row: Values) -> bool:
        one = next(e for e in self.schema.exclusives if e.id == predicate.exclusive)
        for name in one.same:
            if row[name] is None or row[name] != self.after[name]:
                return False
        if not all(_within(self.entity, one.where, each) for each in (row, self.after)):
            return False
        if one.span is None:
            return True
        ends = [self.entity.field(name) for name in one.span]
        (a, b), (c, d) = (
            [_measure(field, each[field.name]) for field in ends] for each in (row, self.after)
        )
        if None in (a, b, c, d):
            return False
        return bool(max(a, c) < min(b, d))

    def _param(self, predicate: Param) -> bool | None:
        value = self.scene.given.get(predicate.param)
        if value is None:
            return None
        field = self.scene.fields.get(predicate.param)
        if field is None:
            return _holds(predicate.op, value, predicate.value)
        return _holds(predicate.op, _measure(field, value), _wire(field, predicate.value))

    def _session(self, predicate: Authenticated | Owner | Holder | Confirmed | Calls) -> bool:
        identity = self.scene.identity
        match predicate:
            case Confirmed():
                return self.scene.confirmed > 0
            case Calls():
                return _holds(predicate.op, self._count(predicate), predicate.value)
            case Authenticated():
                return identity is not None and identity[0] == predicate.entity
            case Holder():
                if identity is None or identity[0] != predicate.entity:
                    return False
                row = self.scene.tables[identity[0]].get(identity[1])
                field = self.schema.entity(predicate.entity).field(predicate.field)
                known = [_wire(field, value) for value in predicate.values]
                value = None if row is None else _measure(field, row[field.name])
                return value is not None and value in known
            case Owner():
                sides = ["after"] if self.before is None else ["before", "after"]
                for at in sides:
                    entity, row = self._climb(predicate.path, at)
                    if row is None or identity is None:
                        return False
                    if identity != (entity.name, tuple(row[name] for name in entity.key)):
                        return False
                return True

    def _count(self, predicate: Calls) -> int:
        mine = measured(self.scene.given, self.scene.fields)
        return sum(
            tool == predicate.tool
            and all(mine.get(a) == theirs.get(b) for a, b in predicate.same.items())
            for tool, theirs in self.scene.calls
        )


def _holds(op: str, left: Any, right: Any) -> bool:
    return bool(getattr(operator, op)(left, right))


def _refers(relation: Relation, child: Values, parent: Values) -> bool:
    pairs = zip(relation.fields, relation.target_fields, strict=True)
    return all(child[a] is not None and child[a] == parent[b] for a, b in pairs)


def _within(entity: Entity, where: Mapping[str, Sequence[str]], row: Values) -> bool:
    """Tell whether the row has one of the values in each of the fields."""
    return all(
        row[name] is not None and row[name] in [to_stored(entity.field(name), v) for v in values]
        for name, values in where.items()
    )


def _measure(field: Field, stored: Stored) -> Any:
    """Return what compares with values of other fields: exact numbers, times for dates."""
    if stored is None:
        return None
    if field.type in ("integer", "decimal", "float", "boolean"):
        return Fraction(stored) / 10**field.scale
    return f"{stored}T00:00:00Z" if field.type == "date" else stored


def _wire(field: Field, wire: Json) -> Any:
    if field.type in ("integer", "decimal") and not isinstance(wire, bool):
        return Fraction(str(wire))
    return _measure(field, to_stored(field, wire))


def shown(entity: Entity, values: Values) -> dict[str, Json]:
    """Return the row as tools give it: wire values, without what is never shown."""
    return {
        field.name: to_wire(field, values[field.name])
        for field in entity.fields
        if field.role != "secret" and field.type != "bytes"
    }
