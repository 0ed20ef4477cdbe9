"""Measures: what of a stored value is compared instead of the value itself.

A field, a measure and a stored value come in; an integer or a letter goes out, or None where the
value has no such measure. Next: `tables.columns`.
"""

from __future__ import annotations

from decimal import Decimal

from agentgym.formats import Json
from agentgym.plan.nodes import Measure
from agentgym.schema import Field
from agentgym.schema.types import Stored

__all__ = ["MEASURES", "measured", "multiple_of", "told_measure"]

MEASURES: dict[str, tuple[Measure, ...]] = {
    "date": ("year", "month", "decade"),
    "datetime": ("year", "month", "decade"),
    "text": ("initial", "ending", "letters", "words"),
    "enum": ("initial", "ending", "letters", "words"),
    "integer": ("digit_sum", "remainder"),
    "decimal": ("remainder",),
}
"""Type of a field to the measures that its values have."""


def measured(field: Field, measure: Measure, stored: Stored) -> int | str | None:
    """Return the measure of a value; of `remainder` the value itself, in stored form.

    Times are read in UTC. A letter is a character that Unicode calls one: the initial of
    `"7 Samurai"` is `S`; a text without any has neither initial nor ending. Words are what blanks
    part. The digits of a negative integer are those of its size.

    Returns:
        An integer or an upper-case letter; None for an empty value, or one of another type.
    """
    if stored is None or measure not in MEASURES.get(field.type, ()):
        return None
    if measure in ("remainder", "digit_sum"):
        number = int(stored)
        return number if measure == "remainder" else sum(map(int, str(abs(number))))
    text = str(stored)
    match measure:
        case "year":
            return int(text[:4])
        case "month":
            return int(text[5:7])
        case "decade":
            return int(text[:4]) // 10 * 10
        case "words":
            return len(text.split())
        case "letters":
            return sum(map(str.isalpha, text))
    letters = filter(str.isalpha, text if measure == "initial" else reversed(text))
    letter = next(letters, None)
    return None if letter is None else letter.upper()


def told_measure(measure: Measure, value: Json) -> int | str | None:
    """Return what a fact says of a measure, in the form of `measured`; None where it says none.

    Nothing is a multiple of 0.
    """
    if measure in ("initial", "ending"):
        return value.upper() if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if value != value // 1 or (measure == "remainder" and value == 0):
        return None
    return int(value)


def multiple_of(field: Field, number: int, stored: int) -> bool:
    """Tell whether a stored number is a multiple of a whole number that is not 0."""
    unit = number * 10**field.scale if field.type == "decimal" else number
    return stored % unit == 0
