"""The term that makes a row: what the caller gives, what the schema fills in, and its key.

In this order: arguments, defaults, the first state of a life cycle, times of writing, a new
key. Next: `compile`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from agentgym.formats import Json
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.tools.algebra import Create, Tool
from agentgym.world.arguments import Reader, argument
from agentgym.world.keys import spell
from agentgym.world.reads import Body
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World
from agentgym.world.tables import Table
from agentgym.world.writes import conflict, guards, references

__all__ = ["WRITTEN", "create"]

WRITTEN = frozenset(
    "created create creation inserted added recorded registered entered "
    "updated update updates modified modify modification changed change edited edit touched".split()
)
"""A time with one of these words in its name is known when the row is made."""

_TRIES = 10_000
"""New text keys that are tried before giving up; each one in use costs a look-up."""

Maker = Callable[[World], Stored]

Numbered = Callable[[World], tuple[Stored, int]]
"""Makes a value of a key; the count is kept once the row is written."""


def create(tool: Tool, term: Create, image: Image) -> Body:
    """Compile `Create`."""
    schema, table = image.domain.schema, image.tables[term.entity]
    entity = schema.entity(term.entity)
    parameters = {one.field: one.param for one in term.values}
    arguments_ = []
    for one in term.values:
        field = entity.field(one.field)
        null = field.nullable and not one.required
        arguments_.append(argument(one, field, required=one.required, nullable=null))
    read = Reader(tool.name, arguments_)
    makers = _makers(table, image)
    template = [_start(entity, field, schema) for field in entity.fields]
    for place, _ in makers:
        template[place] = None
    settable = tuple((one.param, table.positions[one.field]) for one in term.values)
    clocks = _clocks(entity, template, parameters)
    counted = tuple(p for p in table.key_positions if entity.fields[p].type == "integer")
    needed = tuple(
        (place, field.name)
        for place, field in enumerate(entity.fields)
        if field.name in entity.key or not (field.nullable or field.generated)
    )
    checks = references(table, image, parameters, written=None)
    checks += guards(tool, "create", image, parameters)
    build = table.whole_to_object

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        row = template.copy()
        for name, place in settable:
            if name in given:
                row[place] = given[name]
        for place, optional, make in clocks:
            if row[place] is None and optional not in given:
                row[place] = make(world)
        counts = []
        for place, number in makers:
            if row[place] is None:
                row[place], count = number(world)
                counts.append((place, count))
        for place, name in needed:
            if row[place] is None:
                parameter = parameters.get(name)
                refuse(
                    "bad_arguments",
                    f"{tool.name} needs {parameter or name}: expected a value, found nothing.",
                    parameter=parameter,
                )
        made = tuple(row)
        for check in checks:
            check(world, None, made)
        try:
            world.insert(entity.name, made)
        except sqlite3.IntegrityError as error:
            conflict(error, table, made, parameters)
        for place in counted:
            counts.append((place, int(made[place] or 0)))
        for place, count in counts:
            world.count(entity.name, place, count)
        return build(made)

    return body


def _start(entity: Entity, field: Field, schema: Schema) -> Stored:
    """Return what the field holds when nobody says: its default, or the first state."""
    if field.default is not None:
        # A default that its own field cannot hold is none: sources have such.
        with suppress(ValueError):
            return to_stored(field, field.default)
    for lifecycle in schema.lifecycles:
        if (lifecycle.entity, lifecycle.field) == (entity.name, field.name) and lifecycle.initial:
            return lifecycle.initial[0]
    return None


def _clocks(
    entity: Entity, template: list[Stored], parameters: dict[str, str]
) -> list[tuple[int, str | None, Maker]]:
    """List the times that the clock fills: of writing, and those that must not be empty."""
    found: list[tuple[int, str | None, Maker]] = []
    for place, field in enumerate(entity.fields):
        if field.type not in ("date", "datetime") or template[place] is not None:
            continue
        if field.name in entity.key or field.generated:
            continue
        named = field.role == "audit" and WRITTEN & set(field.name.lower().split("_"))
        if named or not field.nullable:
            found.append((place, parameters.get(field.name), _clock(field)))
    return found


def _clock(field: Field) -> Maker:
    if field.type == "date":
        return lambda world: world.now[:10]
    return lambda world: world.now


def _makers(table: Table, image: Image) -> list[tuple[int, Numbered]]:
    """List the fields of the key that are made where the caller does not give them."""
    found: list[tuple[int, Numbered]] = []
    if table.entity.key_source == "given":
        return found
    for place in table.key_positions:
        kind = table.entity.fields[place].type
        if kind == "integer":
            found.append((place, _number(table, place)))
        elif kind == "text":
            found.append((place, _text(table, place, image)))
    return found


def _number(table: Table, place: int) -> Numbered:
    name = table.entity.name

    def make(world: World) -> tuple[Stored, int]:
        number = world.counter(name, place) + 1
        if number >= 2**63:
            refuse("limit_exceeded", f"No {table.entity.label} can be made: numbers ran out.")
        return number, number

    return make


def _text(table: Table, place: int, image: Image) -> Numbered:
    entity = table.entity
    longest = entity.fields[place].max_length
    alone = len(entity.key) == 1

    def make(world: World) -> tuple[Stored, int]:
        pattern = image.pattern(entity.name, place)
        count = world.counter(entity.name, place)
        number, key = count, None
        while key is None or (alone and world.get(entity.name, (key,)) is not None):
            number += 1
            if number > count + _TRIES:
                refuse("limit_exceeded", f"No {entity.label} can be made: no free key was found.")
            key = spell(pattern, entity.name, number + pattern.highest, longest=longest)
        return key, number

    return make
