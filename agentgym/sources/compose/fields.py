"""The fields of a schema from those of patterns and trades.

A `FieldSpec` comes in, a `Field` and values in wire form go out. Next: `flows`.
"""

from __future__ import annotations

from decimal import Decimal

from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import to_stored
from agentgym.sources.compose.records import FieldSpec

__all__ = ["field_of", "states_of", "wire"]


def field_of(spec: FieldSpec, *, currency: str = "EUR", name: str = "", label: str = "") -> Field:
    """Make the field of a specification.

    Args:
        spec: From a pattern or a trade.
        currency: What `currency` stands for as a unit.
        name: Its identifier; the specification's by default.
        label: What people say; from the specification by default.
    """
    return Field(
        name=name or spec.name,
        label=label or spec.label or spec.name.replace("_", " "),
        type=spec.type,
        scale=spec.scale if spec.type == "decimal" else 0,
        unit=currency if spec.unit == "currency" else spec.unit,
        nullable=spec.optional,
        unique=spec.unique,
        values=spec.values if spec.type == "enum" else None,
        default=None if spec.default is None else wire(spec, spec.default),
        role=spec.role,
        comment=spec.comment,
    )


def states_of(spec: FieldSpec) -> tuple[str, ...]:
    """Return the slots whose states are the values of an enum: none, or one."""
    return tuple(value[1:] for value in spec.values if value.startswith("@"))


def wire(spec: FieldSpec, value: Json) -> Json:
    """Take a value of a file as a wire value of the field.

    Raises:
        ValueError: It is not of the type; the text says what is expected.
    """
    if spec.type in ("decimal", "float") and isinstance(value, (int, float, Decimal)):
        value = Decimal(str(value)) if not isinstance(value, bool) else value
    if spec.type == "float" and isinstance(value, Decimal):
        value = float(value)
    field = Field(
        name=spec.name,
        label=spec.name,
        type=spec.type,
        scale=spec.scale if spec.type == "decimal" else 0,
        values=((value,) if states_of(spec) or not spec.values else spec.values)
        if spec.type == "enum"
        else None,
    )
    if spec.type == "enum" and not isinstance(value, str):
        raise ValueError("a text, one of its values")
    to_stored(field, value)
    return value
