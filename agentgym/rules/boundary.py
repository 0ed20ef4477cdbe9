"""Boundary values of a rule: where it turns from yes to no.

A `Rule` comes in; rows at, just below and just above its limits go out, as wire
values of the fields that it compares. Populating and proving try them. Next: `policy`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from agentgym.errors import SchemaError
from agentgym.formats import Json, encode
from agentgym.rules.predicate import All, AnyOf, Compare, In, Move, NoChildren, Not, Predicate
from agentgym.rules.rule import Rule
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import to_stored, to_wire

__all__ = ["boundary"]

_MOST = 64
_MIDDLE: dict[str, Json] = {
    "integer": 10,
    "decimal": Decimal(10),
    "float": 10.0,
    "date": "2020-06-15",
    "datetime": "2020-06-15T12:00:00Z",
    "text": "m",
    "boolean": True,
}


def boundary(rule: Rule, schema: Schema) -> tuple[dict[str, Json], ...]:
    """Give the values around which the rule turns.

    Args:
        rule: The rule; one about other rows (no children) has no boundary of its own.
        schema: Where its entity stands.

    Returns:
        Distinct rows, each holding only the fields that the rule compares; every value is
        one that the field's type allows (not every row passes the rule: that is the point).
        At most 64. For a life cycle, each of its states.

    Raises:
        SchemaError: The rule names a field that its entity does not have, or a value that the
            field cannot hold.
    """
    entity = schema.entity(rule.entity)
    rows = _rows(rule.predicate, entity, schema)
    return tuple(itertools.islice(_distinct(rows), _MOST))


def _rows(predicate: Predicate, entity: Entity, schema: Schema) -> Iterator[dict[str, Json]]:
    match predicate:
        case Compare(other=None):
            field = entity.field(predicate.field)
            for value in _legal(field, _around(field, predicate.value)):
                yield {field.name: value}
        case Compare():
            yield from _pairs(entity.field(predicate.field), entity.field(str(predicate.other)))
        case In():
            field = entity.field(predicate.field)
            for value in _legal(field, [*predicate.values, *_outside(field, predicate.values)]):
                yield {field.name: value}
        case Move():
            field = entity.field(predicate.field)
            for lifecycle in schema.lifecycles:
                if (lifecycle.entity, lifecycle.field) == (entity.name, field.name):
                    for value in _legal(field, lifecycle.moves):
                        yield {field.name: value}
        case NoChildren():
            return
        case Not():
            yield from _rows(predicate.of, entity, schema)
        case All() | AnyOf():
            yield from _together([list(_rows(part, entity, schema)) for part in predicate.of])


def _together(parts: Sequence[Sequence[dict[str, Json]]]) -> Iterator[dict[str, Json]]:
    for rows in itertools.product(*(part for part in parts if part)):
        for turn in (rows, rows[::-1]):  # of two limits of one field, each is tried
            merged: dict[str, Json] = {}
            for row in turn:
                merged = row | merged
            if merged:
                yield merged


def _pairs(field: Field, other: Field) -> Iterator[dict[str, Json]]:
    if field.type == "enum":
        values: Iterable[Json] = field.values or ()
    else:
        values = _around(field, _MIDDLE.get(field.type))
    middle = _MIDDLE.get(field.type)
    for value in _legal(field, values):
        fixed = _legal(other, [middle if field.type != "enum" else (field.values or ("",))[0]])
        for against in fixed:
            yield {field.name: value, other.name: against}


def _around(field: Field, value: Json) -> list[Json]:
    """Give the value and its neighbours, which may lie outside the type.

    Raises:
        SchemaError: It is not a value of the field.
    """
    try:
        value = to_wire(field, to_stored(field, value))
    except ValueError as error:
        raise SchemaError(str(error), found=repr(value), where=field.name) from None
    match field.type:
        case "integer":
            return [value - 1, value, value + 1]
        case "decimal":
            step = Decimal(1).scaleb(-field.scale)
            exact = Decimal(str(value))
            return [exact - step, exact, exact + step]
        case "float":
            number = float(value)
            return [math.nextafter(number, -math.inf), number, math.nextafter(number, math.inf)]
        case "date":
            return [_shifted(value, -1), value, _shifted(value, 1)]
        case "datetime":
            return [_moved(value, -1), value, _moved(value, 1)]
        case "boolean":
            return [False, True]
        case "enum":
            return [value, *_outside(field, (value,))]
        case "text":
            return [value, f"{value}a", value[:-1]]
        case _:
            return [value]


def _shifted(day: str, days: int) -> Json:
    try:
        return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


def _moved(moment: str, seconds: int) -> Json:
    try:
        then = dt.datetime.fromisoformat(moment.rstrip("Z")) + dt.timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return then.isoformat(timespec="seconds") + "Z"


def _outside(field: Field, values: Sequence[Json]) -> list[Json]:
    """Give one value of the field's type that is not among them, where there is one."""
    if field.type == "boolean":
        return [value for value in (False, True) if value not in values]
    if field.type == "enum":
        return [value for value in field.values or () if value not in values][:1]
    if not values:
        return [_MIDDLE.get(field.type)]
    if field.type in ("integer", "decimal", "float"):
        return [_around(field, max(values))[-1]]
    if field.type in ("date", "datetime"):
        return [_around(field, max(values))[-1]]
    return [f"{max(values)}x"] if field.type == "text" else []


def _legal(field: Field, values: Iterable[Json]) -> Iterator[Json]:
    for value in values:
        try:
            stored = to_stored(field, value)
        except (ValueError, TypeError):
            continue
        if stored is not None:
            yield to_wire(field, stored)


def _distinct(rows: Iterable[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    seen: set[bytes] = set()
    for row in rows:
        mark = encode(row)
        if mark not in seen:
            seen.add(mark)
            yield row
