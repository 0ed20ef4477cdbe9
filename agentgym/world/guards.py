"""Predicates of rules, compiled to functions of the row before and the row after.

NULL makes a comparison unknown, and what is unknown passes, as in SQL. Stored values are
compared: decimals by value whatever their scale, dates with times. Next: `reads`, `writes`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.rules import (
    All,
    AnyOf,
    Compare,
    In,
    Move,
    NoChildren,
    Not,
    Predicate,
    Rule,
    fields_of,
    hint,
)
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import Row, to_stored, to_wire
from agentgym.world.refusals import clean, refuse, show
from agentgym.world.rows import Image, World
from agentgym.world.tables import hidden, render

__all__ = ["Guard", "counter", "guard"]

Test = Callable[[World, Row | None, Row], bool | None]
"""(world, row before or None, row after) to true, false or unknown."""

Guard = Callable[[World, Row | None, Row], None]
"""Raises `Refusal` where the rule does not hold."""

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_NUMBERS = ("integer", "decimal", "float", "boolean")


def guard(rule: Rule, image: Image, parameters: Mapping[str, str]) -> Guard:
    """Compile the rule.

    Args:
        rule: What must hold.
        image: What the worlds are made of.
        parameters: Field to the parameter that sets it, to name the one to blame.
    """
    schema = image.domain.schema
    entity = schema.entity(rule.entity)
    test = _test(rule.predicate, entity, image)
    named = fields_of(rule.predicate)
    blamed = [parameters[f.name] for f in entity.fields if f.name in named & parameters.keys()]
    found = _finder(rule.predicate, entity, image)

    def check(world: World, before: Row | None, after: Row) -> None:
        if test(world, before, after) is False:
            refuse(
                "rule_broken",
                f"Rule {rule.id} does not allow this: {found(world, before, after)}. "
                + hint(rule, schema),
                parameter=blamed[0] if blamed else None,
                rule=rule.id,
            )

    return check


def counter(relation: Relation, image: Image) -> Callable[[World, Row], int]:
    """Return the function that counts the rows, other than the row itself, that refer to it."""
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    places = tuple(parent.positions[name] for name in relation.target_fields)
    wanted = [child.sql.c[name] == sa.bindparam(f"0r{i}") for i, name in enumerate(relation.fields)]
    sql, _ = render(sa.select(sa.func.count()).select_from(child.sql).where(sa.and_(*wanted)))
    own = (
        tuple(parent.positions[name] for name in relation.fields)
        if relation.entity == relation.target
        else None
    )

    def count(world: World, row: Row) -> int:
        values = tuple([row[place] for place in places])
        if None in values:
            return 0
        found: int = world.execute(sql, values).fetchone()[0]
        if own is not None and tuple([row[place] for place in own]) == values:
            found -= 1
        return found

    return count


def _finder(
    predicate: Predicate, entity: Entity, image: Image
) -> Callable[[World, Row | None, Row], str]:
    """Return the function that says what was found instead."""
    if isinstance(predicate, NoChildren):
        relation = image.domain.schema.relation(predicate.relation)
        child = image.domain.schema.entity(relation.entity)
        count = counter(relation, image)

        def referring(world: World, _: Row | None, after: Row) -> str:
            number = count(world, after)
            return f"{number} {child.label if number == 1 else child.plural} " + (
                "refers to it" if number == 1 else "refer to it"
            )

        return referring
    if isinstance(predicate, Move):
        place = entity.position(predicate.field)
        label = entity.fields[place].label

        def moved(_: World, before: Row | None, after: Row) -> str:
            to = clean(str(after[place]))
            if before is None:
                return f"it cannot start with the {label} {to}"
            if before[place] == after[place]:
                return f"the {label} is {to} already"
            start = "nothing" if before[place] is None else clean(str(before[place]))
            return f"the {label} cannot go from {start} to {to}"

        return moved
    named = fields_of(predicate)
    shown = [(place, f) for place, f in enumerate(entity.fields) if f.name in named]

    def values(_: World, __: Row | None, after: Row) -> str:
        told = [
            f"the {field.label} is {show(to_wire(field, after[place]))}"
            for place, field in shown
            if not hidden(field)
        ]
        return " and ".join(told) or "the values do not fit"

    return values


def _test(predicate: Predicate, entity: Entity, image: Image) -> Test:
    match predicate:
        case Compare():
            return _compare(predicate, entity)
        case In():
            return _member(predicate, entity)
        case Move():
            return _move(predicate, entity, image)
        case NoChildren():
            count = counter(image.domain.schema.relation(predicate.relation), image)
            return lambda world, _, after: count(world, after) == 0
        case Not():
            inner = _test(predicate.of, entity, image)
            return lambda *state: None if (truth := inner(*state)) is None else not truth
        case All():
            return _all([_test(part, entity, image) for part in predicate.of])
        case AnyOf():
            return _any([_test(part, entity, image) for part in predicate.of])


def _all(parts: Sequence[Test]) -> Test:
    def test(world: World, before: Row | None, after: Row) -> bool | None:
        truths = [part(world, before, after) for part in parts]
        return False if False in truths else None if None in truths else True

    return test


def _any(parts: Sequence[Test]) -> Test:
    def test(world: World, before: Row | None, after: Row) -> bool | None:
        truths = [part(world, before, after) for part in parts]
        return True if True in truths else None if None in truths else False

    return test


def _compare(predicate: Compare, entity: Entity) -> Test:
    place, compare = entity.position(predicate.field), _OPS[predicate.op]
    field = entity.fields[place]
    if predicate.other is None:
        limit = _constant(field, predicate.value, entity)

        def against_value(_: World, __: Row | None, after: Row) -> bool | None:
            value = after[place]
            return None if value is None else compare(value, limit)

        return against_value
    other = entity.position(predicate.other)
    mine, theirs = _scales(field, entity.fields[other], entity)

    def against_field(_: World, __: Row | None, after: Row) -> bool | None:
        left, right = after[place], after[other]
        if left is None or right is None:
            return None
        return compare(mine(left), theirs(right))

    return against_field


def _member(predicate: In, entity: Entity) -> Test:
    place = entity.position(predicate.field)
    field = entity.fields[place]
    known = frozenset(_constant(field, value, entity) for value in predicate.values)

    def test(_: World, __: Row | None, after: Row) -> bool | None:
        return None if after[place] is None else after[place] in known

    return test


def _move(predicate: Move, entity: Entity, image: Image) -> Test:
    place = entity.position(predicate.field)
    for lifecycle in image.domain.schema.lifecycles:
        if (lifecycle.entity, lifecycle.field) == (entity.name, predicate.field):
            break
    else:
        raise DomainError("a life cycle", found="none", where=f"{entity.name}.{predicate.field}")
    initial, moves = frozenset(lifecycle.initial), lifecycle.moves

    def test(_: World, before: Row | None, after: Row) -> bool | None:
        state = after[place]
        if state is None:
            return None
        if before is None or before[place] is None:
            return state in initial
        # An update that leaves the status alone is no move; a transition asks before.
        return before[place] == state or state in moves.get(str(before[place]), ())

    return test


def _constant(field: Field, value: Json, entity: Entity) -> Any:
    """Turn a wire value into what stored values of the field compare with."""
    try:
        if field.type in ("integer", "decimal") and not isinstance(value, bool):
            exact = Fraction(Decimal(str(value))) * 10**field.scale
            return int(exact) if exact.denominator == 1 else exact
        return to_stored(field, value)
    except (ValueError, ArithmeticError):
        raise DomainError(
            f"a value of type {field.type}",
            found=repr(value),
            where=f"a rule on {entity.name}.{field.name}",
        ) from None


def _scales(one: Field, two: Field, entity: Entity) -> tuple[Callable[[Any], Any], ...]:
    """Return what brings the stored values of two fields to one measure."""
    kinds = {one.type, two.type}
    if kinds <= set(_NUMBERS):
        if one.scale == two.scale:
            return _same, _same
        return tuple(_exact(field.scale) for field in (one, two))
    if kinds == {"date", "datetime"}:
        return tuple(_midnight if f.type == "date" else _same for f in (one, two))
    if kinds & set(_NUMBERS):
        raise DomainError(
            "two fields that can be compared",
            found=f"{one.type} and {two.type}",
            where=f"a rule on {entity.name}.{one.name}",
        )
    return _same, _same


def _same(value: Any) -> Any:
    return value


def _exact(scale: int) -> Callable[[Any], Fraction]:
    return lambda value: Fraction(value) / 10**scale


def _midnight(day: str) -> str:
    return f"{day}T00:00:00Z"
