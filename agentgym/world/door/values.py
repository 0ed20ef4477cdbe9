"""Where an effect's values come from: rows before and after, those above them, the clock.

Next: `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentgym.errors import DomainError
from agentgym.rules.effect import Value
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, parser, to_stored
from agentgym.world.door.exact import NUMBERS, exactly, rounded
from agentgym.world.door.protect import found_by
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World
from agentgym.world.tables import picker

__all__ = ["Climb", "Source", "climb", "source"]

Climb = Callable[[World, Row], Row | None]
"""From a row to the one that a path leads to, as it is now; None where there is none."""

Source = Callable[[World, Row | None, Row | None], Stored]
"""(world, row before, row after) to a value of the field that is set."""

_TEXTS = ("text", "enum")
_TIMES = ("date", "datetime")


def climb(path: Sequence[str], start: Entity, image: Image, *, where: str) -> tuple[Climb, Entity]:
    """Compile a path, and name the entity where it ends.

    Raises:
        DomainError: A relation does not start where the one before it ends.
    """
    schema, steps, entity = image.domain.schema, [], start
    for name in path:
        relation = schema.relation(name)
        if relation.entity != entity.name:
            raise DomainError(
                f"a relation of {entity.name}",
                found=f"{name!r}, which starts at {relation.entity}",
                where=where,
            )
        mine = picker(tuple(entity.position(n) for n in relation.fields))
        steps.append((mine, found_by(relation, image)))
        entity = schema.entity(relation.target)

    def reach(world: World, row: Row) -> Row | None:
        found: Row | None = row
        for mine, sql in steps:
            assert found is not None
            values = mine(found)
            found = None if None in values else world.execute(sql, values).fetchone()
            if found is None:
                return None
        return found

    return reach, entity


def source(value: Value, start: Entity, target: Field, image: Image, *, where: str) -> Source:
    """Compile where a value comes from.

    Args:
        value: What says so.
        start: Whose row is written.
        target: The field that is set.
        image: What the worlds are made of.
        where: The effect, for messages.

    Raises:
        DomainError: It is no value for the field.
    """
    if value.now:
        if target.type not in _TIMES:
            raise DomainError(
                "a date or datetime to note the time in", found=target.name, where=where
            )
        day = target.type == "date"
        return lambda world, _, __: world.now[:10] if day else world.now
    if value.change is not None:
        return _change(start.field(value.change), start.position(value.change), target, where)
    if value.field is not None:
        return _field(value, start, target, image, where)
    try:
        given = to_stored(target, value.given)
    except ValueError as error:
        raise DomainError(
            str(error), found=repr(value.given), where=f"{where}, {target.name}"
        ) from None
    return lambda _, __, ___: given


def _change(field: Field, place: int, target: Field, where: str) -> Source:
    if field.type not in NUMBERS or target.type not in NUMBERS:
        raise DomainError(
            "two fields of numbers", found=f"{field.name}, {target.name}", where=where
        )

    def rise(_: World, before: Row | None, after: Row | None) -> Stored:
        risen = exactly(None if after is None else after[place], field)
        risen -= exactly(None if before is None else before[place], field)
        return rounded(risen, target)

    return rise


def _field(value: Value, start: Entity, target: Field, image: Image, where: str) -> Source:
    assert value.field is not None
    reach, top = climb(value.path, start, image, where=where)
    place = top.position(value.field)
    convert = _converter(top.fields[place], target, where)
    earlier, plain = value.before, not value.path

    def taken(world: World, before: Row | None, after: Row | None) -> Stored:
        row = before if earlier or after is None else after
        if row is not None and not plain:
            row = reach(world, row)
        if row is None or row[place] is None:
            return None
        return convert(row[place])

    return taken


def _converter(field: Field, target: Field, where: str) -> Callable[[Any], Stored]:
    """Return what turns a stored value of one field, not None, into one of another."""
    if (field.type, field.scale) == (target.type, target.scale) and field.type not in _TEXTS:
        return _same
    if field.type in NUMBERS and target.type in NUMBERS:
        return lambda value: rounded(exactly(value, field), target)
    if field.type in _TEXTS and target.type in _TEXTS:
        fits = target.type == "text" and target.max_length is None
        return _same if fits else _checked(field, target)
    if (field.type, target.type) == ("date", "datetime"):
        return lambda value: f"{value}T00:00:00Z"
    if (field.type, target.type) == ("datetime", "date"):
        return lambda value: str(value)[:10]
    raise DomainError(
        f"a field of type {target.type}, like {target.name}",
        found=f"{field.name} ({field.type})",
        where=where,
    )


def _checked(field: Field, target: Field) -> Callable[[Any], Stored]:
    convert = parser(target)

    def checked(value: Any) -> Stored:
        try:
            return convert(value)
        except ValueError as error:
            refuse(
                "conflict",
                f"The {field.label} cannot be noted as {target.label}: expected {error}.",
            )

    return checked


def _same(value: Any) -> Stored:
    found: Stored = value
    return found
