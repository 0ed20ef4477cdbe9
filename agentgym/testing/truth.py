"""Rules over dicts: the reference reading of predicates, by value and without SQL.

A predicate and the row before and after come in; true, false or unknown (None) goes out.
Next: `model`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from agentgym.formats import Json
from agentgym.rules import All, AnyOf, Compare, In, Move, NoChildren, Not, Predicate
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored, to_wire

__all__ = ["Values", "truth"]

Values = Mapping[str, Stored]
"""Field to stored value."""


def truth(
    predicate: Predicate,
    entity: Entity,
    schema: Schema,
    *,
    before: Values | None,
    after: Values,
    children: Callable[[str, Values], int],
) -> bool | None:
    """Tell whether the predicate holds; None where NULL leaves it open.

    Args:
        predicate: What is asked.
        entity: Whose row it is.
        schema: For life cycles.
        before: The row before the write; None for a new one.
        after: The row as it will be.
        children: Counts the rows that refer to a row through the relation of that name.
    """

    def inner(part: Predicate) -> bool | None:
        return truth(part, entity, schema, before=before, after=after, children=children)

    match predicate:
        case Compare():
            return _compare(predicate, entity, after)
        case In():
            value = after[predicate.field]
            field = entity.field(predicate.field)
            if value is None:
                return None
            return any(_measure(field, value) == _wire(field, one) for one in predicate.values)
        case Move():
            return _move(predicate, entity, schema, before, after)
        case NoChildren():
            return children(predicate.relation, after) == 0
        case Not():
            found = inner(predicate.of)
            return None if found is None else not found
        case All():
            parts = [inner(part) for part in predicate.of]
            return False if False in parts else None if None in parts else True
        case AnyOf():
            parts = [inner(part) for part in predicate.of]
            return True if True in parts else None if None in parts else False


def _compare(predicate: Compare, entity: Entity, after: Values) -> bool | None:
    field = entity.field(predicate.field)
    left = after[predicate.field]
    right: Any
    if predicate.other is None:
        right = _wire(field, predicate.value)
    else:
        right = _measure(entity.field(predicate.other), after[predicate.other])
    if left is None or right is None:
        return None
    compared: bool = getattr(operator, predicate.op)(_measure(field, left), right)
    return compared


def _move(
    predicate: Move, entity: Entity, schema: Schema, before: Values | None, after: Values
) -> bool | None:
    cycle = next(
        c for c in schema.lifecycles if (c.entity, c.field) == (entity.name, predicate.field)
    )
    state = after[predicate.field]
    start = before[predicate.field] if before is not None else None
    if state is None:
        return None
    if start is None:
        return state in cycle.initial
    return state == start or state in cycle.moves.get(str(start), ())


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
