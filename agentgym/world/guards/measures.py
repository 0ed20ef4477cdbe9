"""How values compare: constants of rules in stored form, and fields of unlike types.

Decimals compare by value whatever their scale, dates with times as midnight. Next: `paths`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema import Entity, Field
from agentgym.schema.types import to_stored

__all__ = ["NUMBERS", "OPS", "constant", "midnight", "scales"]

OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
NUMBERS = ("integer", "decimal", "float", "boolean")


def constant(field: Field, value: Json, where: str) -> Any:
    """Turn a wire value into what stored values of the field compare with.

    Raises:
        DomainError: It is no value of the field's type.
    """
    try:
        if field.type in ("integer", "decimal") and not isinstance(value, bool):
            exact = Fraction(Decimal(str(value))) * 10**field.scale
            return int(exact) if exact.denominator == 1 else exact
        return to_stored(field, value)
    except (ValueError, ArithmeticError):
        raise DomainError(
            f"a value of type {field.type}", found=repr(value), where=f"{where}.{field.name}"
        ) from None


def scales(one: Field, two: Field, entity: Entity) -> tuple[Callable[[Any], Any], ...]:
    """Return what brings the stored values of two fields to one measure.

    Raises:
        DomainError: They do not compare.
    """
    kinds = {one.type, two.type}
    if kinds <= set(NUMBERS):
        if one.scale == two.scale:
            return _same, _same
        return tuple(_exact(field.scale) for field in (one, two))
    if kinds == {"date", "datetime"}:
        return tuple(midnight if f.type == "date" else _same for f in (one, two))
    if kinds & set(NUMBERS):
        raise DomainError(
            "two fields that can be compared",
            found=f"{one.type} and {two.type}",
            where=f"a rule on {entity.name}.{one.name}",
        )
    return _same, _same


def midnight(day: str) -> str:
    """Return the time at which a date begins."""
    return f"{day}T00:00:00Z"


def _same(value: Any) -> Any:
    return value


def _exact(scale: int) -> Callable[[Any], Fraction]:
    return lambda value: Fraction(value) / 10**scale
