"""Predicates as alternatives of simple conditions on variables.

A variable is a field of the row as it will be or as it is, of a row above it, the time since
one, a number of rows, an argument, or a fact of the conversation. A predicate and the kind of
write come in, its disjunctive normal form goes out. Next: `reason`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.rules.predicate import (
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
    Relative,
)
from agentgym.schema import Entity, Field, Schema

__all__ = ["Branch", "Constant", "Member", "Name", "Pair", "Variable", "alternatives"]

Name = tuple[object, ...]
Constant = Fraction | str
"""A number (times in seconds, yes as 1), or a text."""

_MOST = 512
"""Alternatives of one predicate beyond which nothing is said of it."""

_OPPOSITE: dict[Relative, Relative] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "ge": "lt",
    "gt": "le",
    "le": "gt",
}


class Variable(NamedTuple):
    """Something that has one value in each case."""

    name: Name
    step: Fraction = Fraction(0)
    """Its values are multiples of this; 0 where there is always one between two others."""
    least: int | None = None
    values: tuple[Constant, ...] | None = None
    """All that it may be; None where that is not listed."""


class Member(NamedTuple):
    """A variable compared with a constant, or with several."""

    variable: Variable
    op: str
    """A comparison, or `in` and `out` for lists."""
    values: tuple[Constant, ...]


class Pair(NamedTuple):
    """Two variables compared."""

    left: Variable
    op: Relative
    right: Variable


Branch = frozenset[Member | Pair]
"""Conditions that hold together."""


def alternatives(
    predicate: Predicate, entity: Entity, kind: str, schema: Schema
) -> list[Branch] | None:
    """Return what makes the predicate hold, where everything that it looks at is there.

    Args:
        predicate: Any predicate that names only what there is.
        entity: Whose row is written.
        kind: How: `create`, `update`, `delete` or `read`.
        schema: Where the entity stands.

    Returns:
        Branches of which one holds; each says at most as much as the predicate. None where
        there are too many.
    """
    return _Forms(entity, kind, schema).of(predicate, positive=True)


_TRUE: list[Branch] = [frozenset()]


class _Forms:
    def __init__(self, entity: Entity, kind: str, schema: Schema) -> None:
        self.entity, self.kind, self.schema = entity, kind, schema

    def of(self, predicate: Predicate, *, positive: bool) -> list[Branch] | None:
        match predicate:
            case Not():
                return self.of(predicate.of, positive=not positive)
            case All() | AnyOf():
                parts = [self.of(part, positive=positive) for part in predicate.of]
                return _all(parts) if isinstance(predicate, All) == positive else _any(parts)
            case Compare() | In() | Elapsed():
                return self.field(predicate, positive=positive)
            case Count() | NoChildren() | Alone() | Move():
                return self.rows(predicate, positive=positive)
            case _:
                return self.call(predicate, positive=positive)

    def field(self, predicate: Compare | In | Elapsed, *, positive: bool) -> list[Branch]:
        if predicate.at == "before" and self.kind == "create":
            return _TRUE  # a row that is not there yet leaves it open
        top = self.top(predicate.path)
        field = top.field(predicate.field)
        where: Name = (predicate.at, *predicate.path)
        match predicate:
            case Elapsed():
                since = Variable(name=("elapsed", *where, field.name), step=Fraction(1))
                return _one(since, predicate.op, Fraction(predicate.seconds), positive=positive)
            case In():
                values = tuple(_constant(field, value) for value in predicate.values)
                op = "in" if positive else "out"
                return [frozenset({Member(_variable(field, where), op, values)})]
            case Compare(other=None):
                limit = _constant(field, predicate.value)
                return _one(_variable(field, where), predicate.op, limit, positive=positive)
            case Compare():
                op = predicate.op if positive else _OPPOSITE[predicate.op]
                other = top.field(str(predicate.other))
                if other.name == field.name:
                    return _TRUE if op in ("eq", "le", "ge") else []
                return [frozenset({Pair(_variable(field, where), op, _variable(other, where))})]

    def top(self, path: Sequence[str]) -> Entity:
        entity = self.entity
        for name in path:
            entity = self.schema.entity(self.schema.relation(name).target)
        return entity

    def rows(self, predicate: Count | NoChildren | Alone | Move, *, positive: bool) -> list[Branch]:
        match predicate:
            case Move():
                return self.move(predicate) if positive else _TRUE
            case Alone():
                return _flag(("alone", predicate.exclusive), positive=positive)
            case NoChildren():
                own = self.schema.relation(predicate.relation).entity == self.entity.name
                # Of rows of its own kind it does not count itself, unlike a count.
                name = "others" if own else "rows"
                number = _number((name, (), predicate.relation, ()))
                return _one(number, "eq", Fraction(0), positive=positive)
            case Count():
                where = tuple(sorted((f, tuple(sorted(v))) for f, v in predicate.where.items()))
                number = _number(("rows", predicate.path, predicate.relation, where))
                return _one(number, predicate.op, Fraction(predicate.value), positive=positive)

    def move(self, predicate: Move) -> list[Branch]:
        if self.kind != "create":
            return _TRUE
        for cycle in self.schema.lifecycles:
            if (cycle.entity, cycle.field) == (self.entity.name, predicate.field):
                variable = _variable(self.entity.field(cycle.field), ("after",))
                return [frozenset({Member(variable, "in", tuple(cycle.initial))})]
        return _TRUE

    def call(self, predicate: Predicate, *, positive: bool) -> list[Branch]:
        identity = Variable(name=("identity",))
        match predicate:
            case Authenticated():
                op = "in" if positive else "out"
                return [frozenset({Member(identity, op, (predicate.entity,))})]
            case Holder():
                field = self.schema.entity(predicate.entity).field(predicate.field)
                held = Variable(name=("held", predicate.entity, field.name))
                values = tuple(_constant(field, value) for value in predicate.values)
                who = (predicate.entity,)
                if positive:
                    return [frozenset({Member(identity, "in", who), Member(held, "in", values)})]
                return [
                    frozenset({Member(identity, "out", who)}),
                    frozenset({Member(held, "out", values)}),
                ]
            case Owner():
                (branch,) = _flag(("owner", *predicate.path), positive=positive)
                target = self.top(predicate.path).name
                return [branch | {Member(identity, "in", (target,))} if positive else branch]
            case Confirmed():
                return _flag(("confirmed",), positive=positive)
            case Calls():
                same = tuple(sorted(predicate.same.items()))
                number = _number(("calls", predicate.tool, same))
                return _one(number, predicate.op, Fraction(predicate.value), positive=positive)
            case Param():
                value = _plain(predicate.value)
                if value is None:
                    return _TRUE
                sort = "text" if isinstance(value, str) else "number"
                sent = Variable(name=("param", predicate.param, sort))
                return _one(sent, predicate.op, value, positive=positive)
            case _:
                return _TRUE


def _one(variable: Variable, op: Relative, value: Constant, *, positive: bool) -> list[Branch]:
    return [frozenset({Member(variable, op if positive else _OPPOSITE[op], (value,))})]


def _flag(name: Name, *, positive: bool) -> list[Branch]:
    variable = Variable(name=name, step=Fraction(1), values=(Fraction(0), Fraction(1)))
    return [frozenset({Member(variable, "eq", (Fraction(int(positive)),))})]


def _number(name: Name) -> Variable:
    return Variable(name=name, step=Fraction(1), least=0)


def _variable(field: Field, where: Name) -> Variable:
    name = (*where, "field", field.name)
    match field.type:
        case "integer":
            return Variable(name=name, step=Fraction(1))
        case "decimal":
            return Variable(name=name, step=Fraction(1, 10**field.scale))
        case "boolean":
            return Variable(name=name, step=Fraction(1), values=(Fraction(0), Fraction(1)))
        case "date":
            return Variable(name=name, step=Fraction(86_400))
        case "datetime":
            return Variable(name=name, step=Fraction(1))
        case "enum":
            return Variable(name=name, values=tuple(field.values or ()))
        case _:
            return Variable(name=name)


def _constant(field: Field, value: Json) -> Constant:
    if field.type in ("date", "datetime") and isinstance(value, str):
        moment = dt.datetime.fromisoformat(value.replace("Z", ""))
        return Fraction((moment - dt.datetime(1, 1, 1)) // dt.timedelta(seconds=1))  # noqa: DTZ001 - all are UTC
    if field.type in ("integer", "decimal") and isinstance(value, float):
        return Fraction(str(value))  # 1.01 is meant, not the float next to it
    found = _plain(value)
    return str(value) if found is None else found


def _plain(value: Json) -> Constant | None:
    if isinstance(value, bool):
        return Fraction(int(value))
    if isinstance(value, float):
        return Fraction(value)
    if isinstance(value, (int, Decimal)):
        return Fraction(str(value))
    return value if isinstance(value, str) else None


def _any(parts: Iterable[list[Branch] | None]) -> list[Branch] | None:
    found: dict[Branch, None] = {}
    for part in parts:
        if part is None:
            return None
        found.update(dict.fromkeys(part))
    return list(found) if len(found) <= _MOST else None


def _all(parts: Sequence[list[Branch] | None]) -> list[Branch] | None:
    found = list(_TRUE)
    if any(part == [] for part in parts):
        return []
    for part in parts:
        if part is None:
            continue  # without it, less is said
        if len(found) * len(part) > _MOST:
            return None
        found = [one | two for one in found for two in part]
    return found
