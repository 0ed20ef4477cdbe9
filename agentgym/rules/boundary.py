"""Boundary values of a rule: where it turns from yes to no.

A `Rule` comes in; cases at, just below and just above its limits go out, as wire values of
what it looks at. Each is named: a field of the written row by its name (`total`), as it is
before the write by `before.total`, one of a row above it by the path (`invoice_patient.city`),
a number of rows by `count(loan_member)` or, from a row above, `loan_member.count(loan_member)`,
an argument by `arguments.amount`, a number of calls by `calls(get_member)`, a field of the
identified user by `user.tier`. Next: `consistency`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from agentgym.errors import SchemaError
from agentgym.formats import Json, encode
from agentgym.rules.predicate import (
    All,
    AnyOf,
    Calls,
    Compare,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    Not,
    Param,
    Predicate,
)
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


def boundary(rule: Rule, schema: Schema, *, now: str | None = None) -> tuple[dict[str, Json], ...]:
    """Give the values around which the rule turns.

    Args:
        rule: The rule. What has no limit (whether rows refer to it, who is served, whether the
            user agreed) adds nothing.
        schema: Where its entity stands.
        now: The time to which times that have passed are relative, UTC,
            `YYYY-MM-DDTHH:MM:SSZ`; without it they add nothing.

    Returns:
        Distinct cases, each holding only what the rule compares, by the names above; every
        value is one that its field allows (not every case passes the rule: that is the point).
        At most 64. For a life cycle, each of its states.

    Raises:
        SchemaError: The rule names what the schema does not have, or a value that the field
            cannot hold.
    """
    entity = schema.entity(rule.entity)
    rows = _Limits(entity, schema, now).of(rule.predicate)
    return tuple(itertools.islice(_distinct(rows), _MOST))


class _Limits:
    """Where the predicates of one rule turn."""

    def __init__(self, entity: Entity, schema: Schema, now: str | None) -> None:
        self.entity, self.schema, self.now = entity, schema, now

    def of(self, predicate: Predicate) -> Iterator[dict[str, Json]]:
        match predicate:
            case Compare() | In() | Elapsed():
                yield from self.field(predicate)
            case Move():
                field = self.entity.field(predicate.field)
                for lifecycle in self.schema.lifecycles:
                    if (lifecycle.entity, lifecycle.field) == (self.entity.name, field.name):
                        for value in _legal(field, lifecycle.moves):
                            yield {field.name: value}
            case Count():
                child = self.schema.relation(predicate.relation).name
                name = ".".join((*predicate.path, f"count({child})"))
                yield from _counts(name, predicate.value)
            case Calls():
                yield from _counts(f"calls({predicate.tool})", predicate.value)
            case Param():
                for value in _near(predicate.value):
                    yield {f"arguments.{predicate.param}": value}
            case Holder():
                field = self.schema.entity(predicate.entity).field(predicate.field)
                for value in _members(field, predicate.values):
                    yield {f"user.{field.name}": value}
            case Not():
                yield from self.of(predicate.of)
            case All() | AnyOf():
                yield from _together([list(self.of(part)) for part in predicate.of])
            case _:
                return

    def field(self, predicate: Compare | In | Elapsed) -> Iterator[dict[str, Json]]:
        top = self.entity
        for name in predicate.path:
            top = self.schema.entity(self.schema.relation(name).target)
        before = ("before",) if predicate.at == "before" else ()
        where = "".join(f"{part}." for part in (*before, *predicate.path))
        field = top.field(predicate.field)
        match predicate:
            case Compare(other=None):
                for value in _legal(field, _around(field, predicate.value)):
                    yield {where + field.name: value}
            case Compare():
                for pair in _pairs(field, top.field(str(predicate.other))):
                    yield {where + name: value for name, value in pair.items()}
            case In():
                for value in _members(field, predicate.values):
                    yield {where + field.name: value}
            case Elapsed() if self.now is not None:
                limit = _moved(self.now, -predicate.seconds)
                if limit is not None:
                    limit = limit[:10] if field.type == "date" else limit
                    for value in _legal(field, _around(field, limit)):
                        yield {where + field.name: value}


def _members(field: Field, values: Sequence[Json]) -> Iterator[Json]:
    yield from _legal(field, [*values, *_outside(field, values)])


def _counts(name: str, value: int) -> Iterator[dict[str, Json]]:
    for number in (value - 1, value, value + 1):
        if number >= 0:
            yield {name: number}


def _near(value: Json) -> list[Json]:
    """Give an argument's limit and its neighbours, by the kind of the value itself."""
    field = Field(name="value", label="value", type="text")
    if isinstance(value, bool):
        return [False, True]
    if isinstance(value, int):
        return [value - 1, value, value + 1]
    if isinstance(value, float):
        return [math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf)]
    if isinstance(value, Decimal):
        step = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
        return [value - step, value, value + step]
    if not isinstance(value, str):
        return [value]
    for kind in ("date", "datetime"):
        time = msgspec.structs.replace(field, type=kind)
        near = list(_legal(time, [value]))
        if near:
            return list(_legal(time, _around(time, near[0])))
    return list(_legal(field, _around(field, value)))


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
