"""Terms that write one row: create, update, transition and delete.

Each body reads its arguments, builds the row as it will be, asks references and rules, and
only then writes, with one statement; a refusal leaves no trace. Next: `compile`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Never

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.rules import Move, Rule
from agentgym.schema import Relation
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import (
    Argument,
    Delete,
    Tool,
    Transition,
    Update,
)
from agentgym.world.arguments import Reader, argument, keys
from agentgym.world.guards import Guard, counter, guard
from agentgym.world.reads import Body, keyed, missing
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import Image, World
from agentgym.world.tables import Table, hidden, render

__all__ = ["UPDATED", "conflict", "delete", "guards", "references", "transition", "update"]

UPDATED = frozenset(
    "updated update updates modified modify modification changed change edited edit touched".split()
)
"""A time with one of these words in its name says when the row was last written."""


def guards(tool: Tool, kind: str, image: Image, parameters: Mapping[str, str]) -> list[Guard]:
    """Compile the tool's rules that speak of this kind of write.

    Raises:
        DomainError: A rule is about another entity.
    """
    found = []
    for rule in _rules(tool, image):
        if rule.entity != tool.term.entity:  # type: ignore[union-attr]
            raise DomainError(
                "a rule on the entity that the tool writes",
                found=f"{rule.id} on {rule.entity}",
                where=tool.name,
            )
        if kind in rule.on:
            found.append(guard(rule, image, parameters))
    return found


def _rules(tool: Tool, image: Image) -> list[Rule]:
    return [image.domain.rule(name) for name in tool.guards]


def references(
    table: Table, image: Image, parameters: Mapping[str, str], *, written: Iterable[str] | None
) -> list[Guard]:
    """Compile the checks that what the row refers to is there.

    Args:
        table: Of the written rows.
        image: What the worlds are made of.
        parameters: Field to the parameter that sets it.
        written: Fields that may change; None for all.
    """
    changed = None if written is None else set(written)
    return [
        _reference(relation, image, parameters)
        for relation in image.domain.schema.parents(table.entity.name)
        if changed is None or changed & set(relation.fields)
    ]


def _reference(relation: Relation, image: Image, parameters: Mapping[str, str]) -> Guard:
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    places = tuple(child.positions[name] for name in relation.fields)
    wanted = [
        parent.sql.c[name] == sa.bindparam(f"0r{i}")
        for i, name in enumerate(relation.target_fields)
    ]
    sql, _ = render(
        sa.select(sa.literal_column("1")).select_from(parent.sql).where(sa.and_(*wanted))
    )
    own = (
        tuple(parent.positions[name] for name in relation.target_fields)
        if relation.entity == relation.target
        else None
    )
    named = [parameters[name] for name in relation.fields if name in parameters]
    fields = [child.entity.fields[place] for place in places]

    def check(world: World, before: Row | None, after: Row) -> None:
        values = tuple([after[place] for place in places])
        if None in values:
            return
        if before is not None and values == tuple([before[place] for place in places]):
            return
        if own is not None and values == tuple([after[place] for place in own]):
            return
        if world.execute(sql, values).fetchone() is None:
            told = " and ".join(show(to_wire(f, v)) for f, v in zip(fields, values, strict=True))
            refuse(
                "not_found",
                f"{', '.join(relation.fields)}: no {parent.entity.label} has "
                f"{', '.join(relation.target_fields)} {told}. Use one that exists.",
                parameter=named[0] if named else None,
            )

    return check


def conflict(
    error: sqlite3.IntegrityError, table: Table, row: Row, parameters: Mapping[str, str]
) -> Never:
    """Refuse a write whose key or unique value is taken.

    Raises:
        Refusal: Always.
    """
    _, _, text = str(error).partition("constraint failed: ")
    columns = [part.rpartition(".")[2] for part in text.split(", ")]
    names = [table.column_names[column] for column in columns if column in table.column_names]
    fields = [table.entity.field(name) for name in names]
    told = " and ".join(
        field.name
        if hidden(field)
        else f"{field.name} {show(to_wire(field, row[table.positions[field.name]]))}"
        for field in fields
    )
    blamed = [parameters[name] for name in names if name in parameters]
    refuse(
        "conflict",
        f"Another {table.entity.label} has {told or 'these values'} already. Use another value.",
        parameter=blamed[0] if blamed else None,
    )


def update(tool: Tool, term: Update, image: Image) -> Body:
    """Compile `Update`."""
    table, entity = image.tables[term.entity], image.domain.schema.entity(term.entity)
    for one in term.values:
        if one.field in entity.key:
            raise DomainError("no field of the key", found=one.field, where=tool.name)
    values = [
        argument(
            one, entity.field(one.field), required=False, nullable=entity.field(one.field).nullable
        )
        for one in term.values
    ]
    read = Reader(tool.name, [*keys(term.key, term.entity, image.domain.schema), *values])
    write = _writer(tool, table, image, term.key, term.values)
    names = ", ".join(one.param for one in term.values)
    settable = tuple((one.param, table.positions[one.field]) for one in term.values)

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        changes = [(place, given[name]) for name, place in settable if name in given]
        if not changes:
            refuse(
                "bad_arguments",
                f"{tool.name}: expected a new value for at least one of {names}, found none.",
            )
        return write(world, given, changes)

    return body


def transition(tool: Tool, term: Transition, image: Image) -> Body:
    """Compile `Transition`."""
    table, schema = image.tables[term.entity], image.domain.schema
    field = schema.entity(term.entity).field(term.to.field)
    read = Reader(
        tool.name,
        [*keys(term.key, term.entity, schema), argument(term.to, field, required=True)],
    )
    moves = next(
        (
            rule
            for rule in _rules(tool, image)
            if isinstance(rule.predicate, Move) and rule.predicate.field == field.name
        ),
        None,
    )
    place, to = table.positions[field.name], term.to.param
    write = _writer(tool, table, image, term.key, (term.to,))

    def still(before: Row, state: Stored) -> None:
        if moves is not None and before[place] == state:
            refuse(
                "rule_broken",
                f"Rule {moves.id} does not allow this: the {field.label} is {show(state)} "
                "already. Choose another state, or leave it as it is.",
                parameter=to,
                rule=moves.id,
            )

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        return write(world, given, [(place, given[to])], still)

    return body


def _writer(
    tool: Tool,
    table: Table,
    image: Image,
    key: Sequence[Argument],
    values: Sequence[Argument],
) -> Callable[..., Json]:
    """Return what puts new values into the row of a key."""
    parameters = {one.field: one.param for one in values}
    checks = references(table, image, parameters, written=parameters)
    checks += _anchors(table, image, parameters)
    checks += guards(tool, "update", image, parameters)
    read_key, select, entity = keyed(table, key), table.select, table.entity
    times = tuple(
        (place, field.type == "date")
        for place, field in enumerate(entity.fields)
        if field.role == "audit"
        and field.type in ("date", "datetime")
        and field.name not in parameters
        and UPDATED & set(field.name.lower().split("_"))
    )
    build = table.whole_to_object

    def write(
        world: World,
        given: Mapping[str, Stored],
        changes: Sequence[tuple[int, Stored]],
        first: Callable[[Row, Stored], None] | None = None,
    ) -> Json:
        before: Row | None = world.execute(select, read_key(given)).fetchone()  # type: ignore[arg-type]
        if before is None:
            missing(table, key, given)  # type: ignore[arg-type]
        if first is not None:
            first(before, changes[0][1])
        row = list(before)
        changed = []
        for place, value in changes:
            if row[place] != value:
                row[place] = value
                changed.append(place)
        if not changed:
            return build(before)
        for place, day in times:
            row[place] = world.now[:10] if day else world.now
            if row[place] != before[place]:
                changed.append(place)
        after = tuple(row)
        for check in checks:
            check(world, before, after)
        try:
            world.update(entity.name, before, after, tuple(changed))
        except sqlite3.IntegrityError as error:
            conflict(error, table, after, parameters)
        return build(after)

    return write


def _anchors(table: Table, image: Image, parameters: Mapping[str, str]) -> list[Guard]:
    """Compile the checks that no row loses what it refers to when a unique field changes."""
    return [
        _anchor(relation, image, parameters)
        for relation in image.domain.schema.children(table.entity.name)
        if set(relation.target_fields) & set(parameters)
    ]


def _anchor(relation: Relation, image: Image, parameters: Mapping[str, str]) -> Guard:
    parent = image.tables[relation.target]
    places = tuple(parent.positions[name] for name in relation.target_fields)
    parameter = next(parameters[n] for n in relation.target_fields if n in parameters)
    count = counter(relation, image)

    def check(world: World, before: Row | None, after: Row) -> None:
        assert before is not None
        if all(before[place] == after[place] for place in places):
            return
        if number := count(world, before):
            refuse(
                "conflict",
                f"{', '.join(relation.target_fields)}: {number} {relation.inverse} refer to the "
                "present value. Change what refers to it first.",
                parameter=parameter,
            )

    return check


def delete(tool: Tool, term: Delete, image: Image) -> Body:
    """Compile `Delete`."""
    table, schema = image.tables[term.entity], image.domain.schema
    read = Reader(tool.name, keys(term.key, term.entity, schema))
    key, select = keyed(table, term.key), table.select
    checks = guards(tool, "delete", image, {})
    counters = [(r, counter(r, image)) for r in schema.children(term.entity)]
    fields = [schema.entity(term.entity).field(name) for name in table.entity.key]
    shown = [(f, table.positions[f.name]) for f in fields if not hidden(f)]

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        row: Row | None = world.execute(select, key(given)).fetchone()
        if row is None:
            missing(table, term.key, given)
        for check in checks:
            check(world, row, row)
        # What no rule of the tool forbids must still leave no row that refers to nothing.
        for relation, count in counters:
            if number := count(world, row):
                refuse(
                    "conflict",
                    f"{number} {relation.inverse} refer to this {table.entity.label}. "
                    "Delete or change them first.",
                )
        world.delete(term.entity, row)
        return {"deleted": {f.name: to_wire(f, row[place]) for f, place in shown}}

    return body
