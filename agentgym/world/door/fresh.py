"""A new row: what the caller gives, what the schema fills in, and its key.

In this order: given values, defaults, the first state of a life cycle, times of writing, a new
key. The same whether a tool makes the row, a list nested in its arguments, or an effect.
Next: `derived`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NamedTuple

from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.world.keys import spell
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World
from agentgym.world.tables import Table

__all__ = ["UPDATED", "WRITTEN", "Fresh", "fresh", "touched"]

UPDATED = frozenset(
    "updated update updates modified modify modification changed change edited edit touched".split()
)
"""A time with one of these words in its name says when the row was last written."""

WRITTEN = UPDATED | frozenset(
    "created create creation inserted added recorded registered entered".split()
)
"""A time with one of these words in its name is known when the row is made."""

_TRIES = 10_000
"""New text keys that are tried before giving up; each one in use costs a look-up."""

_Maker = Callable[[World], Stored]

_Numbered = Callable[[World], tuple[Stored, int]]
"""Makes a value of a key; the count is kept once the row is written."""


class Fresh(NamedTuple):
    """How the rows of an entity begin."""

    template: list[Stored]
    """Values of a row of which nothing is given."""
    fill: Callable[[World, list[Stored], Collection[str]], list[tuple[int, int]]]
    """Fills in times and key (fields that the caller set, even to nothing, stay as they are);
    gives what the counters will be, once it is written."""
    needed: tuple[tuple[int, str], ...]
    """Place and name of the fields that must not be empty."""
    counted: tuple[int, ...]
    """Places of the numbers in the key."""


def fresh(table: Table, image: Image) -> Fresh:
    """Compile how rows begin."""
    schema, entity = image.domain.schema, table.entity
    makers = _makers(table)
    template = [_start(entity, field, schema) for field in entity.fields]
    for place, _ in makers:
        template[place] = None
    clocks = _clocks(entity, template)

    def fill(world: World, row: list[Stored], given: Collection[str]) -> list[tuple[int, int]]:
        for place, name, make in clocks:
            if row[place] is None and name not in given:
                row[place] = make(world)
        counts = []
        for place, number in makers:
            if row[place] is None:
                row[place], count = number(world)
                counts.append((place, count))
        return counts

    return Fresh(
        template=template,
        fill=fill,
        needed=tuple(
            (place, field.name)
            for place, field in enumerate(entity.fields)
            if field.name in entity.key or not (field.nullable or field.generated)
        ),
        counted=tuple(p for p in table.key_positions if entity.fields[p].type == "integer"),
    )


def touched(entity: Entity, fields: Collection[str]) -> tuple[tuple[int, bool], ...]:
    """List the times of the last change that the caller does not set: place, and whether a date."""
    return tuple(
        (place, field.type == "date")
        for place, field in enumerate(entity.fields)
        if field.role == "audit"
        and field.type in ("date", "datetime")
        and field.name not in fields
        and UPDATED & set(field.name.lower().split("_"))
    )


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


def _clocks(entity: Entity, template: list[Stored]) -> list[tuple[int, str, _Maker]]:
    """List the times that the clock fills: of writing, and those that must not be empty."""
    found: list[tuple[int, str, _Maker]] = []
    for place, field in enumerate(entity.fields):
        if field.type not in ("date", "datetime") or template[place] is not None:
            continue
        if field.name in entity.key or field.generated:
            continue
        named = field.role == "audit" and WRITTEN & set(field.name.lower().split("_"))
        if named or not field.nullable:
            found.append((place, field.name, _clock(field)))
    return found


def _clock(field: Field) -> _Maker:
    if field.type == "date":
        return lambda world: world.now[:10]
    return lambda world: world.now


def _makers(table: Table) -> list[tuple[int, _Numbered]]:
    """List the fields of the key that are made where the caller does not give them."""
    found: list[tuple[int, _Numbered]] = []
    if table.entity.key_source == "given":
        return found
    for place in table.key_positions:
        kind = table.entity.fields[place].type
        if kind == "integer":
            found.append((place, _number(table, place)))
        elif kind == "text":
            found.append((place, _text(table, place)))
    return found


def _number(table: Table, place: int) -> _Numbered:
    name = table.entity.name

    def make(world: World) -> tuple[Stored, int]:
        number = world.counter(name, place) + 1
        if number >= 2**63:
            refuse("limit_exceeded", f"No {table.entity.label} can be made: numbers ran out.")
        return number, number

    return make


def _text(table: Table, place: int) -> _Numbered:
    entity = table.entity
    longest = entity.fields[place].max_length
    alone = len(entity.key) == 1

    def make(world: World) -> tuple[Stored, int]:
        pattern = world.start.pattern(entity.name, place)
        count = world.counter(entity.name, place)
        number, key = count, None
        while key is None or (alone and world.get(entity.name, (key,)) is not None):
            number += 1
            if number > count + _TRIES:
                refuse("limit_exceeded", f"No {entity.label} can be made: no free key was found.")
            key = spell(pattern, entity.name, number + pattern.highest, longest=longest)
        return key, number

    return make
