"""The judge of rows: whether they are what the schema says, in the plainest way.

A schema and rows in stored form come in; one sentence for each breach goes out. It
shares no code with what makes rows, so that it can judge them. Next: `sources`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any, NamedTuple

from agentgym.errors import AgentGymError
from agentgym.formats import Json
from agentgym.schema import (
    Check,
    Derived,
    Entity,
    Exclusive,
    Field,
    Product,
    Relation,
    Schema,
)
from agentgym.schema.types import Row, Rows, Stored, to_stored, to_wire

__all__ = ["Breach", "breaches", "expected", "violations"]

_DIGITS = frozenset({"integer", "decimal", "float"})
_TIMES = frozenset({"date", "datetime"})


class Breach(NamedTuple):
    """One thing that does not hold."""

    entity: str
    row: int
    """Which of the entity's rows, from 0."""
    text: str
    """What is wrong, after the name of the row: `.name: a value is needed, found None`."""

    def __str__(self) -> str:
        return f"{self.entity}[{self.row}]{self.text}"


def violations(schema: Schema, rows: Rows) -> list[str]:
    """Name every breach of the schema in the rows, each in a sentence; see `breaches`."""
    unknown = [f"{name}: rows of an unknown entity" for name in rows if name not in schema.by_name]
    return [str(breach) for breach in breaches(schema, rows)] + unknown


def breaches(schema: Schema, rows: Rows) -> list[Breach]:
    """Find every breach of the schema in the rows.

    Judged are value types, NULLs, keys, uniques, references (a NULL in any of its
    fields leaves one open, as in SQL), one-to-one relations, checks, derived fields and
    exclusives. Costs O(rows log rows).

    Args:
        schema: What the rows shall be like.
        rows: Entity to rows in stored form; an entity that is absent has none.

    Returns:
        Breaches in the order of the schema; none where all holds.
    """
    found: list[Breach] = []
    unfit: set[str] = set()
    for entity in schema.entities:
        own = rows.get(entity.name, ())
        wrong = list(_values(entity, own))
        found += wrong
        if wrong:
            unfit.add(entity.name)
        for fields in _sets(schema, entity):
            found += _doubles(entity, own, fields)
    for relation in schema.relations:
        found += _dangling(schema, relation, rows)
    for check in schema.checks:
        found += _broken(schema.entity(check.entity), check, rows.get(check.entity, ()))
    # What is no value of its field has no sum and no order.
    for derived in schema.derived:
        below = [] if derived.relation is None else [schema.relation(derived.relation).entity]
        if unfit.isdisjoint([derived.entity, *below]):
            found += _differing(schema, derived, rows)
    for exclusive in schema.exclusives:
        if exclusive.entity not in unfit:
            found += _together(schema.entity(exclusive.entity), exclusive, rows)
    return found


def _values(entity: Entity, rows: Sequence[Row]) -> Iterator[Breach]:
    for number, row in enumerate(rows):
        if len(row) != len(entity.fields):
            yield Breach(
                entity.name, number, f": {len(row)} values for {len(entity.fields)} fields"
            )
            continue
        for field, value in zip(entity.fields, row, strict=True):
            reason = _wrong(field, value, in_key=field.name in entity.key)
            if reason:
                yield Breach(entity.name, number, f".{field.name}: {reason}, found {value!r}")


def _wrong(field: Field, value: Stored, *, in_key: bool) -> str:
    if value is None:
        return "" if field.nullable and not in_key else "a value is needed"
    if field.type == "boolean":
        return "" if value in (0, 1) and type(value) is int else "0 or 1"
    kind = {"integer": int, "decimal": int, "float": float}.get(field.type, str)
    if type(value) is not kind:
        return f"stored as {kind.__name__}"
    try:
        again = to_stored(field, to_wire(field, value))
    except (ValueError, TypeError, ArithmeticError, AgentGymError) as error:
        return f"expected {error}"
    return "" if again == value else f"the canonical form {again!r}"


def _sets(schema: Schema, entity: Entity) -> list[tuple[str, ...]]:
    """Return every set of fields that is unique in the entity, each once."""
    sets = [entity.key, *entity.uniques, *((f.name,) for f in entity.fields if f.unique)]
    sets += [r.fields for r in schema.relations if r.entity == entity.name and r.one_to_one]
    return list(dict.fromkeys(sets))


def _doubles(entity: Entity, rows: Sequence[Row], fields: tuple[str, ...]) -> Iterator[Breach]:
    places = [entity.position(name) for name in fields]
    seen: set[Row] = set()
    for number, row in enumerate(rows):
        value = tuple(row[place] for place in places)
        if None in value:
            continue
        if value in seen:
            yield Breach(entity.name, number, f": {', '.join(fields)} twice {value!r}")
        seen.add(value)


def _dangling(schema: Schema, relation: Relation, rows: Rows) -> Iterator[Breach]:
    child, parent = schema.entity(relation.entity), schema.entity(relation.target)
    theirs = [parent.position(name) for name in relation.target_fields]
    known = {tuple(row[place] for place in theirs) for row in rows.get(parent.name, ())}
    mine = [child.position(name) for name in relation.fields]
    for number, row in enumerate(rows.get(child.name, ())):
        value = tuple(row[place] for place in mine)
        if None not in value and value not in known:
            yield Breach(
                child.name, number, f": {relation.name} refers to no {parent.name} {value!r}"
            )


def _broken(entity: Entity, check: Check, rows: Sequence[Row]) -> Iterator[Breach]:
    field, place = entity.field(check.field), entity.position(check.field)
    for number, row in enumerate(rows):
        left = _plain(field, row[place])
        if check.other is not None:
            other = entity.field(check.other)
            right = _plain(other, row[entity.position(check.other)])
            holds = _holds(check.op, left, right)
        elif check.op == "in":
            members = check.value if isinstance(check.value, (list, tuple)) else [check.value]
            same = [_holds("eq", left, _meant(field, member)) for member in members]
            holds = None if left is None else any(same)
        else:
            holds = _holds(check.op, left, _meant(field, check.value))
        if holds is False:
            said = _said(field, row[place])
            yield Breach(entity.name, number, f": check {check.id} fails for {said}")


def _said(field: Field, value: Stored) -> str:
    return str(to_wire(field, value)) if field.type == "decimal" else repr(value)


def expected(schema: Schema, one: Derived, rows: Rows) -> list[Stored]:
    """Return what a derived field is to hold in each row of its entity, in stored form."""
    below = _below(schema, one, rows)
    return [_derived(schema, one, row, below) for row in rows.get(one.entity, ())]


def _differing(schema: Schema, one: Derived, rows: Rows) -> Iterator[Breach]:
    entity = schema.entity(one.entity)
    place, field = entity.position(one.field), entity.field(one.field)
    own = rows.get(entity.name, ())
    for number, (row, value) in enumerate(zip(own, expected(schema, one, rows), strict=True)):
        if row[place] != value:
            yield Breach(
                entity.name,
                number,
                f".{field.name}: {one.id} makes it {_said(field, value)}, "
                f"found {_said(field, row[place])}",
            )


def _below(schema: Schema, one: Derived, rows: Rows) -> dict[Row, list[Row]]:
    """Return the rows that count, by the key of the row that they refer to."""
    found: dict[Row, list[Row]] = {}
    if one.relation is not None:
        relation = schema.relation(one.relation)
        child = schema.entity(relation.entity)
        mine = [child.position(name) for name in relation.fields]
        for row in rows.get(child.name, ()):
            if _counts(child, one.where, row):
                found.setdefault(tuple(row[place] for place in mine), []).append(row)
    return found


def _counts(entity: Entity, where: Mapping[str, Sequence[str]], row: Row) -> bool:
    return all(
        row[entity.position(name)] in [to_stored(entity.field(name), value) for value in values]
        for name, values in where.items()
    )


def _derived(schema: Schema, one: Derived, row: Row, below: dict[Row, list[Row]]) -> Stored:
    entity = schema.entity(one.entity)
    field = entity.field(one.field)
    if one.relation is None:
        return _rounded(field, _sum(entity, one.terms, row))
    relation = schema.relation(one.relation)
    child = schema.entity(relation.entity)
    mark = tuple(row[entity.position(name)] for name in relation.target_fields)
    own = below.get(mark, []) if None not in mark else []
    if one.how == "count":
        return _rounded(field, Fraction(len(own)))
    if one.how == "sum":
        each = [_sum(child, one.terms, other) for other in own]
        return _rounded(field, sum(each, _sum(entity, one.own, row)))
    theirs = child.field(one.terms[0].fields[0])
    values: list[Any] = [other[child.position(theirs.name)] for other in own]
    extreme = (max if one.how == "max" else min)([v for v in values if v is not None], default=None)
    if extreme is None or (theirs.type, theirs.scale) == (field.type, field.scale):
        return extreme
    return _rounded(field, _amount(theirs, extreme))


def _amount(field: Field, value: Any) -> Fraction:
    units: int = 10**field.scale
    return Fraction(value) / units


def _sum(entity: Entity, terms: Sequence[Product], row: Row) -> Fraction:
    total = Fraction(0)
    for term in terms:
        values = [row[entity.position(name)] for name in term.fields]
        if None not in values:
            fields = [entity.field(name) for name in term.fields]
            amounts = [_amount(field, v) for field, v in zip(fields, values, strict=True)]
            total += reduce(mul, amounts, Fraction(term.sign))
    return total


def _rounded(field: Field, value: Fraction) -> Stored:
    """Return the stored number that comes nearest; of two, the one further from 0."""
    if field.type == "float":
        return float(value) + 0.0
    units = abs(value) * 10**field.scale
    near = int((2 * units + 1) // 2)
    return -near if value < 0 else near


def _together(entity: Entity, one: Exclusive, rows: Rows) -> Iterator[Breach]:
    """Find the rows that exclude one that starts no later, or stands before them."""
    groups: dict[Row, list[int]] = {}
    own = rows.get(entity.name, ())
    same = [entity.position(name) for name in one.same]
    for number, row in enumerate(own):
        mark = tuple(row[place] for place in same)
        if None not in mark and _counts(entity, one.where, row):
            groups.setdefault(mark, []).append(number)
    late: list[tuple[int, Row]] = []
    for mark, numbers in groups.items():
        again = numbers[1:] if one.span is None else _meeting(entity, one.span, numbers, own)
        late += [(number, mark) for number in again]
    for number, mark in sorted(late, key=lambda one: one[0]):
        yield Breach(entity.name, number, f": {one.id} allows one at a time for {mark!r}")


def _meeting(
    entity: Entity, span: tuple[str, str], numbers: Sequence[int], rows: Sequence[Row]
) -> Iterator[int]:
    """Yield the rows that start while another lasts; an empty time meets nothing."""
    ends = [(entity.field(name), entity.position(name)) for name in span]
    times: list[Any] = []
    for number in numbers:
        start, end = (_plain(field, rows[number][place]) for field, place in ends)
        if start is not None and end is not None and start < end:
            times.append((start, number, end))
    last: Any = None
    for start, number, end in sorted(times):
        if last is not None and start < last:
            yield number
        last = end if last is None else max(last, end)


def _plain(field: Field, value: Stored) -> Any:
    """Return a stored value in a form that compares with those of like types."""
    if value is None:
        return None
    if field.type in _DIGITS or field.type == "boolean":
        number = Decimal(str(value))
        return number.scaleb(-field.scale) if field.type == "decimal" else number
    if field.type == "date":
        return f"{value}T00:00:00Z"
    return value


def _meant(field: Field, value: Json) -> Any:
    """Return the wire value of a check in the form of `_plain`."""
    if value is None:
        return None
    if field.type in _DIGITS or field.type == "boolean":
        try:
            return Decimal(str(int(value) if isinstance(value, bool) else value))
        except InvalidOperation:
            return value
    if field.type in _TIMES and isinstance(value, str):
        try:
            return _plain(field, to_stored(field, value))
        except ValueError:
            return f"{value}T00:00:00Z" if len(value) == 10 else value
    return value


def _holds(op: str, left: Any, right: Any) -> bool | None:
    """Compare as SQL does: None, which passes, where a side is NULL or the two do not compare."""
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return None
    order = int(left > right) - int(left < right)
    return {
        "eq": order == 0,
        "ne": order != 0,
        "lt": order < 0,
        "le": order <= 0,
        "gt": order > 0,
        "ge": order >= 0,
        "in": order == 0,
    }[op]
