"""Exact arithmetic over rows: sums of products of fields, rounded once, half up.

Where no digit can be lost the sum is a whole number in the units of the field that it is for,
so that differences add up exactly; else it is a fraction, and rounding comes last.
Next: `derived`, `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Never

from agentgym.errors import DomainError
from agentgym.schema import Entity, Field, Product
from agentgym.schema.types import Row, Stored
from agentgym.world.refusals import refuse

__all__ = ["NUMBERS", "Amount", "Total", "exactly", "rounded", "total"]

Amount = int | Fraction
"""A sum before it is rounded: an integer in units of the target field, or a true fraction."""

NUMBERS = ("integer", "decimal", "float")
"""The types whose values can be added up."""

_LIMIT = 2**63


class Total(NamedTuple):
    """A sum of products, compiled for one target field."""

    of: Callable[[Row], Amount]
    """The exact amount of one row; 0 where nothing counts."""
    whole: bool
    """Whether amounts are integers in units of the target, which differences keep exact."""


def total(terms: Sequence[Product], entity: Entity, target: Field, *, whole: bool = True) -> Total:
    """Compile a sum of products over the rows of an entity.

    Args:
        terms: The summands.
        entity: Whose rows they are of.
        target: The field that the sum is for.
        whole: Whether amounts may be integers in its units; False where they meet fractions.

    Raises:
        DomainError: A field is no number.
    """
    shapes = [_shape(term, entity) for term in terms]
    whole = (
        whole
        and target.type != "float"
        and all(scale is not None and scale <= target.scale for _, scale in shapes)
    )
    parts = []
    for term, (fields, scale) in zip(terms, shapes, strict=True):
        places = tuple(entity.position(name) for name in term.fields)
        if whole:
            assert scale is not None
            parts.append(_whole(places, term.sign * 10 ** (target.scale - scale)))
        else:
            parts.append(_fraction(places, fields, term.sign))
    if len(parts) == 1:
        return Total(parts[0], whole)
    return Total(lambda row: sum([part(row) for part in parts]), whole)


def _shape(term: Product, entity: Entity) -> tuple[list[Field], int | None]:
    """Return the fields of a product and its scale; None as the scale where one is a float."""
    fields = [entity.field(name) for name in term.fields]
    for field in fields:
        if field.type not in NUMBERS:
            raise DomainError(
                "a field of numbers", found=f"{field.name} ({field.type})", where=entity.name
            )
    if any(field.type == "float" for field in fields):
        return fields, None
    return fields, sum(field.scale for field in fields)


def _whole(places: tuple[int, ...], factor: int) -> Callable[[Row], Amount]:
    if len(places) == 1:
        (place,) = places

        def one(row: Row) -> Amount:
            value: Any = row[place]
            return 0 if value is None else value * factor

        return one

    def product(row: Row) -> Amount:
        found = factor
        for place in places:
            value: Any = row[place]
            if value is None:
                return 0
            found *= value
        return found

    return product


def _fraction(places: tuple[int, ...], fields: list[Field], sign: int) -> Callable[[Row], Amount]:
    scales = tuple(field.scale for field in fields)

    def product(row: Row) -> Amount:
        found = Fraction(sign)
        for place, scale in zip(places, scales, strict=True):
            value: Any = row[place]
            if value is None:
                return Fraction(0)
            found *= Fraction(value) / 10**scale
        return found

    return product


def exactly(value: Stored, field: Field) -> Fraction:
    """Return a stored number by its value; a NULL counts as 0."""
    assert not isinstance(value, str)
    return Fraction(0) if value is None else Fraction(value) / 10**field.scale


def rounded(amount: Amount, field: Field, *, whole: bool = False) -> Stored:
    """Turn an exact amount into the stored value of a field.

    Args:
        amount: The amount.
        field: The field that it is for.
        whole: Whether it is in units of the field already.

    Raises:
        Refusal: `limit_exceeded`: the field cannot hold so large a number.
    """
    if field.type == "float":
        try:
            return float(amount) + 0.0
        except OverflowError:
            _too_large(field)
    if whole:
        number = int(amount)
    else:
        units = Fraction(amount) * 10**field.scale
        number = (2 * abs(units.numerator) + units.denominator) // (2 * units.denominator)
        if units < 0:
            number = -number
    if not -_LIMIT <= number < _LIMIT:
        _too_large(field)
    return number


def _too_large(field: Field) -> Never:
    refuse("limit_exceeded", f"The {field.label} would not fit 64 bits. Use smaller values.")
