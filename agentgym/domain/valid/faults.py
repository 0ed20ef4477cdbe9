"""How a fault in a domain is said, and what is asked of every name and value.

Next: `structure`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Never

from agentgym.errors import DomainError, SchemaError, nearest
from agentgym.formats import Json
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import to_stored
from agentgym.tools.derive.naming import LONGEST

__all__ = [
    "NUMBERS",
    "TEXTS",
    "TIMES",
    "at",
    "check_field_name",
    "check_known",
    "check_name",
    "check_new",
    "check_once",
    "check_sides",
    "check_value",
    "check_where",
    "climb",
    "fail",
    "kind",
    "measure",
]

NUMBERS = ("integer", "decimal", "float")
TEXTS = ("text", "enum")
TIMES = ("date", "datetime")

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_UNDO = "undo the edit, or build the domain again"


def fail(expected: str, found: object, where: str, hint: str = "") -> Never:
    """Raise the error of a hand-edited domain."""
    raise DomainError(expected, found=str(found), where=where, hint=hint or _UNDO)


@contextmanager
def at(where: str) -> Iterator[None]:
    """Say of a fault in the schema's terms where in the file it is."""
    try:
        yield
    except SchemaError as error:
        place = error.where if error.where.startswith(where) else where
        fail(error.expected, error.found or "something else", place, error.hint)


def check_new(name: str, seen: Collection[str], noun: str, where: str) -> None:
    """Check that no other has the name."""
    if name in seen:
        fail(f"each {noun} once", f"{name!r} twice", where, "rename or remove one of them")


def check_once(names: Sequence[str], noun: str, where: str) -> None:
    """Check that each of the names is there once."""
    if len(set(names)) != len(names):
        fail(f"each {noun} once", list(names), where, "remove one of them")


def check_name(name: str, noun: str, reserved: Collection[str], where: str) -> None:
    """Check that something can be called so."""
    if not _IDENTIFIER.fullmatch(name) or len(name) > LONGEST or keyword.iskeyword(name):
        fail(
            f"{noun} that is called by an ASCII identifier of at most {LONGEST} characters",
            repr(name),
            where,
            "use letters, digits and _",
        )
    if name in reserved:
        fail(
            f"a name for {noun} that agent frameworks leave free",
            repr(name),
            where,
            f"{name}_1 would do",
        )


def check_known(entity: Entity, names: Sequence[str | None], where: str) -> None:
    """Check that the entity has the fields."""
    with at(where):
        for name in names:
            if name is not None:
                entity.field(name)


def check_field_name(entity: Entity, name: str, where: str) -> Field:
    """Return the field of that name, which must be there."""
    check_known(entity, (name,), where)
    return entity.field(name)


def climb(path: Sequence[str], start: Entity, schema: Schema, where: str) -> Entity:
    """Return the entity at the end of a path, each step of which must start where it stands."""
    entity = start
    for place, name in enumerate(path):
        here = f"{where}[{place}]"
        mine = [relation.name for relation in schema.parents(entity.name)]
        if name not in schema.relation_by_name:
            fail(f"a relation of {entity.name}", repr(name), here, nearest(name, mine))
        relation = schema.relation(name)
        if relation.entity != entity.name:
            found = f"{name!r}, which starts at {relation.entity}"
            fail(f"a relation of {entity.name}", found, here, nearest(name, mine))
        entity = schema.entity(relation.target)
    return entity


def kind(field: Field) -> str:
    """Return the type as references see it: texts and enums hold the same values."""
    plain = "text" if field.type == "enum" else field.type
    return f"decimal of scale {field.scale}" if plain == "decimal" else plain


def measure(field: Field) -> str:
    """Return with what its values compare: `number`, `time` or `text`."""
    if field.type in (*NUMBERS, "boolean"):
        return "number"
    return "time" if field.type in TIMES else "text"


def check_sides(entity: Entity, name: str, value: Json, other: str | None, where: str) -> None:
    """Check the two sides of a comparison: of a field with a value, or with another field."""
    field = entity.field(name)
    if (value is None) == (other is None):
        found = "neither" if value is None else "both"
        fail("either a value or another field to compare with", found, where)
    if other is None:
        check_value(field, value, f"{where}.value")
    elif measure(field) != measure(entity.field(other)):
        kinds = f"{field.type} and {entity.field(other).type}"
        fail("two fields that can be compared", kinds, f"{where}.other")


def check_value(field: Field, value: Json, where: str) -> None:
    """Check that the wire value compares with values of the field."""
    try:
        if field.type in ("integer", "decimal") and not isinstance(value, bool):
            legal = value is not None and Decimal(str(value)).is_finite()
        else:
            to_stored(field, value)
            legal = value is not None
    except (ValueError, TypeError, InvalidOperation):
        legal = False
    if not legal:
        hint = nearest(str(value), field.values or ()) if field.type == "enum" else ""
        fail(f"a value of {field.name} ({field.type})", repr(value), where, hint)


def check_where(entity: Entity, wanted: Mapping[str, Sequence[str]], where: str) -> None:
    """Check the values that pick rows: at least one for each field, of an enum or a text."""
    for name, values in wanted.items():
        field = check_field_name(entity, name, where)
        if field.type not in TEXTS:
            fail("a field of texts or of an enum", f"{name} ({field.type})", where)
        if not values:
            fail("at least one value", "none", f"{where}.{name}")
        check_once([str(value) for value in values], "value", f"{where}.{name}")
        for value in values:
            check_value(field, value, f"{where}.{name}")
