"""The term that makes a row, and the rows nested in it.

The row comes first, then those of each list in the order in which they were sent; what is
derived follows each of them. Rules that look at what the list brings about (a derived total, how
many rows there are) are asked of the row when all of its rows are there. Next: `links`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Never

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.rules import Count, Rule, fields_of, parts
from agentgym.schema import Schema
from agentgym.schema.types import Row
from agentgym.tools.algebra import Argument, Create, Nested, Tool
from agentgym.world.arguments import Given, Reader, nested, settable
from agentgym.world.deeds import Deed, checks, latest
from agentgym.world.door import Doors, Entry
from agentgym.world.refusals import refuse
from agentgym.world.rows import World
from agentgym.world.tables import Table, picker

__all__ = ["create", "maker"]


class _List(NamedTuple):
    """The rows of one nested list."""

    param: str
    table: Table
    make: Callable[..., Row]


class _Made(NamedTuple):
    """What one call made."""

    row: Row
    lists: tuple[tuple[Row, ...], ...]


def create(tool: Tool, term: Create, doors: Doors) -> Deed:
    """Compile `Create`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    read = Reader(
        tool.name,
        [
            *settable(term.values, table.entity, optional=False),
            *(nested(one, schema) for one in term.nested),
        ],
    )
    parameters = {one.field: one.param for one in term.values}
    if not term.nested:
        asked = checks(tool, "create", term.entity, doors, parameters)
        entry = doors.insert(term.entity, asked, parameters)
        make = maker(tool, term.values, table, entry)
        build, now = table.whole_to_object, latest(table)

        def final(world: World, row: Row) -> Json:
            return build(now(world, row))

        def plain(_: World, row: Row) -> Json:
            return build(row)

        show = final if entry.restless else plain
        return Deed(read, make, show, final, table, lambda row: row)
    return _with_lists(tool, term, doors, read)


def maker(
    tool: Tool, values: tuple[Argument, ...], table: Table, entry: Entry
) -> Callable[[World, Given, Given], Row]:
    """Return what makes a row of the values that are given."""
    places = tuple((one.param, one.field, table.positions[one.field]) for one in values)
    parameters = {one.field: one.param for one in values}
    start, put = entry.fresh.template.copy, entry.put

    def lacking(name: str) -> Never:
        parameter = parameters.get(name)
        refuse(
            "bad_arguments",
            f"{tool.name} needs {parameter or name}: expected a value, found nothing.",
            parameter=parameter,
        )

    def make(world: World, given: Given, call: Given) -> Row:
        row = start()
        named = []
        for param, field, place in places:
            if param in given:
                row[place] = given[param]
                named.append(field)
        return put(world, row, named, call, lacking)

    return make


def _with_lists(tool: Tool, term: Create, doors: Doors, read: Reader) -> Deed:
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    parameters = {one.field: one.param for one in term.values}
    domain = doors.image.domain
    late = {rule.id for rule in domain.rules if _late(rule, term, schema)}
    early = {rule.id for rule in domain.rules} - late
    asked = checks(tool, "create", term.entity, doors, parameters, early)
    entry = doors.insert(term.entity, asked, parameters)
    make = maker(tool, term.values, table, entry)
    asked_last = checks(tool, "create", term.entity, doors, parameters, late)
    lists = [_list(tool, one, doors, table) for one in term.nested]
    key_of, name = table.key_of, term.entity

    def act(world: World, given: Given, call: Given) -> _Made:
        row = make(world, given, call)
        rows = []
        for one in lists:
            sent: Any = given.get(one.param, ())
            rows.append(
                tuple(
                    [
                        one.make(world, row, item, call, f"{one.param}[{place}]")
                        for place, item in enumerate(sent)
                    ]
                )
            )
        if asked_last:
            whole = world.get(name, key_of(row))
            assert whole is not None
            for check in asked_last:
                check(world, None, whole, call)
        return _Made(row, tuple(rows))

    build, now = table.whole_to_object, latest(table)
    shown = [(one.param, one.table.whole_to_object, latest(one.table)) for one in lists]

    def show(world: World, made: _Made) -> Json:
        data = build(now(world, made.row))
        for (param, form, again), rows in zip(shown, made.lists, strict=True):
            data[param] = [form(again(world, row)) for row in rows]
        return data

    return Deed(read, act, show, show, table, lambda made: made.row)


def _late(rule: Rule, term: Create, schema: Schema) -> bool:
    """Tell whether a rule looks at what the lists bring about."""
    relations = {one.relation for one in term.nested}
    followed = {
        one.field
        for one in schema.derived
        if one.entity == term.entity and one.relation in relations
    }
    # What is made of such a value follows it.
    for one in schema.derived * len(schema.derived):
        terms = one.own if one.relation is not None else one.terms
        if one.entity == term.entity and followed & {n for t in terms for n in t.fields}:
            followed.add(one.field)
    return rule.entity == term.entity and any(
        (isinstance(part, Count) and part.relation in relations) or fields_of(part) & followed
        for part in parts(rule.predicate)
    )


def _list(tool: Tool, one: Nested, doors: Doors, parent: Table) -> _List:
    schema = doors.image.domain.schema
    relation = schema.relation(one.relation)
    if relation.target != parent.entity.name:
        raise DomainError(
            f"a relation that points to {parent.entity.name}",
            found=f"{one.relation!r}, which points to {relation.target}",
            where=tool.name,
        )
    table = doors.image.tables[relation.entity]
    parameters = {a.field: f"{one.param}[].{a.param}" for a in one.values}
    blamed = dict.fromkeys(parameters, one.param)
    asked = checks(tool, "create", relation.entity, doors, blamed)
    entry = doors.insert(relation.entity, asked, blamed)
    filled = tuple(table.positions[name] for name in relation.fields)
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    places = tuple((a.param, a.field, table.positions[a.field]) for a in one.values)
    params = {a.field: a.param for a in one.values}
    start, put = entry.fresh.template.copy, entry.put

    def make(world: World, above: Row, given: Given, call: Given, at: str) -> Row:
        def lacking(name: str) -> Never:
            refuse(
                "bad_arguments",
                f"{at} needs {params.get(name, name)}: expected a value, found nothing.",
                parameter=one.param,
            )

        row = start()
        named: list[str] = list(relation.fields)
        for param, field, place in places:
            if param in given:
                row[place] = given[param]
                named.append(field)
        for place, value in zip(filled, theirs(above), strict=True):
            row[place] = value
        return put(world, row, named, call, lacking)

    return _List(one.param, table, make)
