"""Rows made for a trial: they differ in everything, refer to each other and fit simple rules.

A domain and a tool come in; a world is given rows of all that the tool works on. Next: `bases`.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agentgym.domain import Domain
from agentgym.rules import All, Compare, Count, Elapsed, In, Not, parts
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.tools.algebra import ListRelated, Tool, Transfer, touched
from agentgym.world.backends import TakenError
from agentgym.world.rows import World

__all__ = ["alone", "made", "staged", "wanted"]

COUNT = 4
"""Rows of each entity."""
_APART = {"date": dt.timedelta(days=1), "datetime": dt.timedelta(hours=2)}
"""Between the times of two fields that follow each other."""


def staged(domain: Domain, world: World, tool: Tool) -> dict[str, tuple[Row, ...]]:
    """Add rows of all entities that a tool works on, that they refer to, and that rules count.

    Returns:
        The rows that were added, by entity.
    """
    schema, term = domain.schema, tool.term
    found: dict[str, tuple[Row, ...]] = {}

    def stage(name: str) -> None:
        if name in found:
            return
        found[name] = ()
        for relation in schema.parents(name):
            stage(relation.target)
        entity = schema.entity(name)
        rows: list[Row] = []
        for number in range(COUNT):
            row = made(domain, entity, number)
            for relation in schema.parents(name):
                row = _referring(domain, relation, row, found, number)
            rows.append(_pointing(schema, tool, name, row, rows, found))
        for row in rows:
            _add(world, name, row)
        found[name] = tuple(rows)

    first: tuple[str, ...] = ()
    if isinstance(term, ListRelated):
        near = schema.relation(term.relation)
        first = (near.target, near.entity)
    counted = [part for rule in domain.rules for part in parts(rule.predicate)]
    for name in (*first, *touched(term, schema)):
        stage(name)
    for part in counted:
        if isinstance(part, Count) and schema.relation(part.relation).target in found:
            stage(schema.relation(part.relation).entity)
    return found


def alone(entity: Entity) -> set[str]:
    """Name the fields whose value no two rows share, each by itself."""
    found = {name for name in entity.key if len(entity.key) == 1}
    found |= {field.name for field in entity.fields if field.unique}
    return found | {names[0] for names in entity.uniques if len(names) == 1}


def wanted(domain: Domain, relation: Relation) -> dict[str, tuple[Stored, ...]]:
    """Return what the rules want of the rows that are referred to: field to the values that do."""
    target = domain.schema.entity(relation.target)
    found: dict[str, tuple[Stored, ...]] = {}
    for rule in domain.rules:
        one = rule.predicate
        for part in one.of if isinstance(one, All) else (one,):
            values: tuple[Any, ...] | None = None
            match part:
                case In(path=(relation.name,)):
                    values = part.values
                case Compare(path=(relation.name,), op="eq", other=None):
                    values = (part.value,)
                case _:
                    continue
            field = target.field(part.field)
            stored = tuple(to_stored(field, value) for value in values)
            found[field.name] = tuple(v for v in found.get(field.name, stored) if v in stored)
    return found


def _referring(
    domain: Domain,
    relation: Relation,
    row: Row,
    found: dict[str, tuple[Row, ...]],
    number: int,
) -> Row:
    """Let a row refer to the made parent of its number; in a circle to nothing, or to itself.

    Where a parent has one child at most, the last ones are left without: then a row whose number
    is too high refers to what is not there, and serves to be read.
    """
    schema, parents = domain.schema, found[relation.target]
    single = alone(schema.entity(relation.entity)) & set(relation.fields)
    left = parents[: -1 if single else None]
    if number < len(left):
        return _joined(schema, relation, row, left[number])
    if parents:
        if not single:
            return _joined(schema, relation, row, parents[0])
        other = made(domain, schema.entity(relation.target), number + COUNT)
        return _joined(schema, relation, row, other)
    entity = schema.entity(relation.entity)
    if all(entity.field(name).nullable for name in relation.fields):
        values = list(row)
        for name in relation.fields:
            values[entity.position(name)] = None
        return tuple(values)
    return _joined(schema, relation, row, row) if relation.target == relation.entity else row


def _pointing(
    schema: Schema,
    tool: Tool,
    name: str,
    row: Row,
    rows: list[Row],
    found: dict[str, tuple[Row, ...]],
) -> Row:
    """Let all that a tool lists refer to the first parent, and both ends of a transfer agree."""
    if isinstance(tool.term, ListRelated):
        near = schema.relation(tool.term.relation)
        above = found[near.target] if near.entity == name else ()
        if near.entity == near.target == name:
            above = tuple(rows)
        if above:
            return _joined(schema, near, row, above[0])
    if isinstance(tool.term, Transfer) and name == tool.term.source.entity and rows:
        term, entity, values = tool.term, schema.entity(name), list(row)
        mine = {one.param: one.field for one in term.source.key}
        both = {one.field for one in term.target.key if mine.get(one.param) == one.field}
        for field in both | {a for a, b in term.same if a == b}:
            values[entity.position(field)] = rows[0][entity.position(field)]
        return tuple(values)
    return row


def _joined(schema: Schema, relation: Relation, child: Row, parent: Row) -> Row:
    entity, target = schema.entity(relation.entity), schema.entity(relation.target)
    values = list(child)
    for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
        values[entity.position(mine)] = parent[target.position(theirs)]
    return tuple(values)


def _add(world: World, entity: str, row: Row) -> None:
    """Add a row where nothing forbids it."""
    with suppress(TakenError):
        world.insert(entity, row)


def made(domain: Domain, entity: Entity, number: int) -> Row:
    """Return a row that differs from those of other numbers, 0 to 7, wherever it can.

    Those of odd numbers are as the rules want the rows that others refer to.
    """
    return tuple(
        _value(domain, entity, field, number, place) for place, field in enumerate(entity.fields)
    )


def _value(domain: Domain, entity: Entity, field: Field, number: int, place: int) -> Stored:
    fits: tuple[Stored, ...] = ()
    for relation in domain.schema.children(entity.name):
        fits = wanted(domain, relation).get(field.name, fits)
    if fits and (number == 1 or (number % 2 and not field.unique)):
        return fits[number // 2 % len(fits)]
    if number % 2 and field.nullable and _ends(domain, entity, field):
        return None
    low, high, among = _limits(domain, entity, field)
    if among:
        return among[number % len(among)]
    if field.type == "boolean":
        return number % 2
    if field.type == "enum":
        legal = field.values or ("",)
        return legal[number % len(legal)]
    if field.type in ("date", "datetime"):
        moment = _moment(domain, entity, number) + place * _APART[field.type]
        return moment.strftime("%Y-%m-%d" if field.type == "date" else "%Y-%m-%dT%H:%M:%SZ")
    if field.type in ("integer", "decimal", "float") and _smaller(domain, entity, field):
        return number + (0 if low is None else int(low * 10**field.scale))
    if field.type in ("integer", "decimal", "float") and (low is not None or high is not None):
        step = Fraction(number + 1, 10**field.scale if field.type == "decimal" else 1)
        step += place if high is None or low is None else 0
        near = low + step if low is not None else high - step
        if high is not None and near > high:
            near = high
        scaled = near * 10**field.scale if field.type == "decimal" else near
        return float(near) if field.type == "float" else int(scaled)
    plain: dict[str, Stored] = {
        "integer": 900_700 + number + 10 * place,
        "decimal": 70_000 + 100 * number + 1_000 * place,
        "float": 7.5 + number + 10 * place,
        "text": "xyzwabcd"[number] if field.max_length == 1 else f"{'xyzwabcd'[number]}q",
        "json": f"[{number}]",
        "bytes": f"Q{'UVWXYZab'[number]}==",
    }
    return plain[field.type]


def _ends(domain: Domain, entity: Entity, field: Field) -> bool:
    """Tell whether rows, or those below them, are changed only until then.

    Where it is empty, they still are.
    """
    return any(
        isinstance(rule.predicate, Elapsed)
        and rule.predicate.field == field.name
        and (
            domain.schema.relation(rule.predicate.path[-1]).target == entity.name
            if rule.predicate.path
            else (rule.entity, rule.predicate.at) == (entity.name, "before")
        )
        for rule in domain.rules
    )


def _smaller(domain: Domain, entity: Entity, field: Field) -> bool:
    """Tell whether another number of the row may not be less than this one."""
    sides = {"le": 0, "lt": 0, "ge": 1, "gt": 1}
    found = (
        (one.field, one.other)[sides[one.op]]
        for one in (rule.predicate for rule in domain.rules if rule.entity == entity.name)
        if isinstance(one, Compare) and one.op in sides and one.other is not None and not one.path
    )
    return field.name in found


def _moment(domain: Domain, entity: Entity, number: int) -> dt.datetime:
    """Return the time around which all times of a row are, in the order of its fields."""
    limits = [
        _limits(domain, entity, field)[:2]
        for field in entity.fields
        if field.type in ("date", "datetime")
        and not (field.nullable and _ends(domain, entity, field))
    ]
    lows: list[dt.datetime] = [low for low, _ in limits if low is not None]
    highs: list[dt.datetime] = [high for _, high in limits if high is not None]
    if lows:
        return max(lows) + dt.timedelta(days=number + 1)
    if highs:
        return min(highs) - dt.timedelta(days=number + 1 + len(entity.fields))
    return dt.datetime(2020, 1, number + 2, 2, 2, 2, tzinfo=dt.UTC)


def _limits(domain: Domain, entity: Entity, field: Field) -> tuple[Any, Any, tuple[Stored, ...]]:
    """Return what the rules of one row say of a field: least, most, and the legal values."""
    low: Any = None
    high: Any = None
    among: tuple[Stored, ...] = ()
    for rule in domain.rules:
        if rule.entity != entity.name:
            continue
        match rule.predicate:
            case In(field=field.name, values=values, path=()):
                among = tuple(to_stored(field, value) for value in values)
            case Not(of=In(field=field.name, values=values, path=())) if field.type == "enum":
                among = tuple(value for value in field.values or () if value not in values)
            case Compare(field=field.name, op=op, value=value, other=None, path=()):
                if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                    exact = Fraction(str(value))
                    low = exact if op in ("ge", "gt") and (low is None or exact > low) else low
                    high = exact if op in ("le", "lt") and (high is None or exact < high) else high
            case Elapsed(field=field.name, op=op, seconds=seconds, path=()):
                now = dt.datetime.fromisoformat(domain.clock.start)
                moment = now - dt.timedelta(seconds=seconds)
                if op in ("le", "lt"):
                    low = moment if low is None else max(low, moment)
                else:
                    high = moment if high is None else min(high, moment)
            case _:
                pass
    return low, high, among
