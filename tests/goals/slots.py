"""One entity with a field of every type, and slots of it, for the tests of answers."""

from __future__ import annotations

from typing import Any

from agentgym.goals.answers import Column, check, normal
from agentgym.goals.goal import Answer
from agentgym.schema import Entity, Field, Schema

__all__ = ["NAMES", "SCHEMA", "reads", "why"]


def _field(name: str, type_: Any, **more: Any) -> Field:
    return Field(name=name, label=name, type=type_, **more)


SCHEMA = Schema(
    entities=(
        Entity(
            name="item",
            label="item",
            plural="items",
            key=("id",),
            key_source="counter",
            fields=(
                _field("id", "integer", role="key"),
                _field("name", "text", role="label"),
                _field("price", "decimal", scale=2, unit="EUR"),
                _field("count", "integer"),
                _field("duration", "integer", unit="min"),
                _field("length", "decimal", scale=3, unit="km"),
                _field("weight", "float", unit="kg"),
                _field("day", "date"),
                _field("time", "datetime"),
                _field("active", "boolean"),
                _field("cents", "integer", unit="cents"),
                _field("warmth", "decimal", scale=1, unit="degC"),
                _field("share", "decimal", scale=1, unit="%"),
                _field("memory", "integer", unit="MB"),
                _field("height", "decimal", scale=2, unit="ft"),
                _field("notes", "json", nullable=True),
                _field("state", "enum", values=("in_progress", "done", "on_hold", "NoShow")),
            ),
        ),
    )
)
NAMES = (
    "Blue Door,Red Door,The Beatles,York,New York,Café Müller,Smith & Sons,Rock,Rock And Roll,"
    "O'Brien,C,C++,Zoë,Jean-Luc,A,555-0101,Who's Afraid?,AC/DC,Levi's,No. 5,Suite 3,Suite 31"
).split(",")
_COLUMNS = {
    "name": NAMES,
    "time": ["2021-03-03T14:05:00Z", "2022-01-01T10:20:30Z", "2022-01-01T10:20:45Z"],
    "weight": ["2.5", "0.123456", "0.12"],
}


def why(
    field: str | None, value: object, given: object, known: str = "", **more: Any
) -> str | None:
    """Say why an answer is not taken for a slot's value, or values."""
    values = value if isinstance(value, tuple) else (value,)
    slot = Answer(entity="item", field=field, values=values, **more)
    column = Column(_COLUMNS.get(field or "", ()))
    return check(slot, given, SCHEMA, lambda _, __: column, normal(known))


def reads(field: str | None, value: object, given: object, known: str = "", **more: Any) -> bool:
    """Tell whether an answer is taken for a slot's value, or values."""
    return why(field, value, given, known, **more) is None
