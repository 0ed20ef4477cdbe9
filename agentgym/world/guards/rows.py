"""Predicates over other rows: what refers to a row, how much, and what excludes it.

Each is one prepared statement. The written row is left out of what the database holds and
taken as it will be, so that the answer is the same before the write and after it.
Next: `session`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.rules import Alone, Count
from agentgym.schema import Exclusive, Field, Relation
from agentgym.schema.types import Row, Stored
from agentgym.world.arguments import Given
from agentgym.world.guards.measures import OPS, constant, midnight
from agentgym.world.guards.paths import climb, summit
from agentgym.world.guards.setting import Setting, Test
from agentgym.world.rows import Image, World
from agentgym.world.tables import Table, picker, render

__all__ = ["alone", "count", "counter", "number"]

Values = tuple[Stored, ...]


def counter(relation: Relation, image: Image) -> Callable[[World, Row], int]:
    """Return the function that counts the rows, other than the row itself, that refer to it."""
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    wanted = _referring(relation, child)
    key_of = None
    if relation.entity == relation.target:
        wanted.append(_another(child))
        key_of = child.key_of
    sql, _ = render(sa.select(sa.func.count()).select_from(child.sql).where(sa.and_(*wanted)))

    def referring(world: World, row: Row) -> int:
        values = theirs(row)
        if None in values:
            return 0
        if key_of is not None:
            values += key_of(row)
        found: int = world.execute(sql, values).fetchone()[0]
        return found

    return referring


def count(predicate: Count, setting: Setting) -> Test:
    """Compile a limit on how many rows refer to one row."""
    compare, limit = OPS[predicate.op], predicate.value
    counted = number(predicate, setting)

    def test(world: World, before: Row | None, after: Row, _: Given) -> bool | None:
        found = counted(world, before, after)
        return None if found is None else compare(found, limit)

    return test


def number(predicate: Count, setting: Setting) -> Callable[[World, Row | None, Row], int | None]:
    """Return the function that counts them, as they will be; None where there is no one row."""
    relation = setting.schema.relation(predicate.relation)
    top = summit(predicate.path, setting)
    if relation.target != top.name:
        raise DomainError(
            f"a relation that points to {top.name}",
            found=f"{relation.name!r}, which points to {relation.target}",
            where=f"a rule on {setting.entity.name}",
        )
    reach = climb(predicate.path, "after", setting)
    child, parent = setting.image.tables[relation.entity], setting.image.tables[relation.target]
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    mine = picker(tuple(child.positions[name] for name in relation.fields))
    passes, constants = _where(predicate.where, child)
    wanted = [*_referring(relation, child), *passes]
    own = relation.entity == setting.entity.name
    if own:
        wanted.append(_another(child))
    statement = sa.select(sa.func.count()).select_from(child.sql).where(sa.and_(*wanted))
    sql, names = render(statement)
    bind = _binder(names, constants, len(relation.fields), len(child.entity.key) if own else 0)
    counts = own and setting.kind != "delete"
    within, key_of = _within(predicate.where, child), child.key_of

    def counted(world: World, before: Row | None, after: Row) -> int | None:
        one = reach(world, before, after)
        if one is None:
            return None
        values = theirs(one)
        if None in values:
            return 0
        bound = bind(values + key_of(after)) if own else bind(values)
        found: int = world.execute(sql, bound).fetchone()[0]
        return found + (counts and mine(after) == values and within(after))

    return counted


def alone(predicate: Alone, setting: Setting) -> Test:
    """Compile an exclusive."""
    one = next((e for e in setting.schema.exclusives if e.id == predicate.exclusive), None)
    if one is None or one.entity != setting.entity.name:
        raise DomainError(
            f"an exclusive of {setting.entity.name}",
            found=repr(predicate.exclusive),
            where=f"a rule on {setting.entity.name}",
        )
    table = setting.image.tables[one.entity]
    passes, constants = _where(one.where, table)
    wanted = [
        *(table.sql.c[name] == sa.bindparam(f"0r{i}") for i, name in enumerate(one.same)),
        *passes,
        _another(table),
    ]
    ends, span = _ends(one, table)
    if one.span is not None:
        start, end = (convert(table.sql.c[n]) for n, convert in zip(one.span, span, strict=True))
        # Half-open times meet where the later start is before the earlier end.
        wanted += [start < end, start < sa.bindparam("0s1"), sa.bindparam("0s0") < end]
    sql, names = render(sa.select(sa.exists().where(sa.and_(*wanted)).select_from(table.sql)))
    keys = len(table.entity.key)
    bind = _binder(names, constants, len(one.same), keys, len(one.span or ()))
    same = picker(tuple(table.positions[name] for name in one.same))
    within, key_of = _within(one.where, table), table.key_of

    def test(world: World, _: Row | None, after: Row, __: Given) -> bool | None:
        values = same(after)
        if None in values or not within(after):
            return True
        bounds = ends(after)
        if bounds and (None in bounds or not bounds[0] < bounds[1]):
            return True
        taken = world.execute(sql, bind(values + key_of(after) + bounds)).fetchone()[0]
        return not taken

    return test


def _referring(relation: Relation, child: Table) -> list[sa.ColumnElement[bool]]:
    return [child.sql.c[n] == sa.bindparam(f"0r{i}") for i, n in enumerate(relation.fields)]


def _another(table: Table) -> sa.ColumnElement[bool]:
    """Say that a row is not the written one, whose key the parameters 0k0, 0k1, ... hold."""
    return sa.not_(table.keyed())


def _where(
    where: Mapping[str, Sequence[str]], table: Table
) -> tuple[list[sa.ColumnElement[bool]], dict[str, Stored]]:
    """Render the fields with the values that count, and what their parameters hold."""
    passes: list[sa.ColumnElement[bool]] = []
    constants: dict[str, Stored] = {}
    for name, stored in _wanted(where, table).items():
        either = []
        for value in stored:
            slot = f"0w{len(constants)}"
            constants[slot] = value
            either.append(table.sql.c[name] == sa.bindparam(slot))
        passes.append(sa.or_(*either) if either else sa.false())
    return passes, constants


def _wanted(where: Mapping[str, Sequence[str]], table: Table) -> dict[str, tuple[Any, ...]]:
    entity = table.entity
    return {
        name: tuple(constant(entity.field(name), v, f"a rule on {entity.name}") for v in values)
        for name, values in where.items()
    }


def _within(where: Mapping[str, Sequence[str]], table: Table) -> Callable[[Row], bool]:
    wanted = [
        (table.positions[name], frozenset(values)) for name, values in _wanted(where, table).items()
    ]
    return lambda row: all(row[place] in values for place, values in wanted)


def _binder(
    names: Sequence[str], constants: Mapping[str, Stored], *sizes: int
) -> Callable[[Values], Values]:
    """Return what puts values into the order of the statement.

    Args:
        names: Parameters of the statement, in order.
        constants: What some of them always hold.
        sizes: How many of the values are 0r0, .., then 0k0, .., then 0s0, ..
    """
    slots = [
        f"0{letter}{i}" for letter, size in zip("rks", sizes, strict=False) for i in range(size)
    ]
    if tuple(names) == tuple(slots):
        return lambda values: values
    places = {slot: place for place, slot in enumerate(slots)}
    order = [(places.get(name), constants.get(name)) for name in names]
    return lambda values: tuple(
        [fixed if place is None else values[place] for place, fixed in order]
    )


def _ends(one: Exclusive, table: Table) -> tuple[Callable[[Row], Any], Sequence[Any]]:
    """Return what reads the span of a row, and what brings its two columns to one measure."""
    if one.span is None:
        return (lambda _: ()), ()
    places = [table.positions[name] for name in one.span]
    first, last = (table.entity.field(name) for name in one.span)
    if (first.type, first.scale) == (last.type, last.scale):
        return picker(tuple(places)), (_plain, _plain)
    if {first.type, last.type} == {"date", "datetime"}:

        def times(row: Row) -> Values:
            return tuple(
                [
                    midnight(str(row[place])) if day and row[place] is not None else row[place]
                    for place, day in zip(places, days, strict=True)
                ]
            )

        days = [field.type == "date" for field in (first, last)]
        return times, [_dawn if day else _plain for day in days]
    raise DomainError(
        "two fields of one type as start and end",
        found=f"{_said(first)} and {_said(last)}",
        where=f"the exclusive {one.id}",
    )


def _plain(column: Any) -> Any:
    return column


def _dawn(column: Any) -> Any:
    return column.op("||")(sa.literal_column("'T00:00:00Z'"))


def _said(field: Field) -> str:
    return f"{field.name} ({field.type})"
