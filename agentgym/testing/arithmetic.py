"""What the reference model computes of single rows and values: filters, sums, references.

Plain Python over dicts, written apart from the engine so that each can judge the other.
Next: `model`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from agentgym.formats import Json
from agentgym.schema import Derived, Entity, Field, Product, Relation
from agentgym.schema.types import Stored, fold, to_stored, to_wire
from agentgym.testing.truth import Values
from agentgym.trajectory import ErrorCode

__all__ = [
    "NUMBERS",
    "Key",
    "No",
    "amount_of",
    "converted",
    "counts",
    "exactly",
    "fitting",
    "is_written",
    "key_of",
    "passes",
    "read_bound",
    "read_free",
    "refers",
    "rounded",
    "summary",
]

NUMBERS = ("integer", "decimal", "float")
"""The types that can be added up."""

Key = tuple[Stored, ...]
"""Stored values of the key fields."""


class No(Exception):  # noqa: N818 - it is no error of the program
    """The call is refused."""

    def __init__(self, code: ErrorCode, rule: str | None = None) -> None:
        super().__init__(code)
        self.code: ErrorCode = code
        self.rule = rule


def key_of(entity: Entity, row: Values) -> Key:
    """Return the key of a row."""
    return tuple(row[name] for name in entity.key)


def is_written(field: Field, words: frozenset[str]) -> bool:
    """Tell whether the field is a time of writing that one of the words names."""
    timed = field.role == "audit" and field.type in ("date", "datetime")
    return timed and bool(words & set(field.name.lower().split("_")))


def refers(relation: Relation, child: Values, parent: Values) -> bool:
    """Tell whether the child refers to the parent."""
    pairs = zip(relation.fields, relation.target_fields, strict=True)
    return all(child[a] is not None and child[a] == parent[b] for a, b in pairs)


def passes(field: Field, op: str, row: Values, wanted: Any) -> bool:
    """Tell whether the row passes one filter."""
    value: Any = row[field.name]
    if value is None:
        return False
    if op == "contains":
        return str(fold(wanted)) in str(fold(value))
    if op == "eq":
        return bool(fold(value) == fold(wanted) if field.type == "text" else value == wanted)
    return bool(
        {"lt": value < wanted, "le": value <= wanted, "gt": value > wanted, "ge": value >= wanted}[
            op
        ]
    )


def read_bound(field: Field, use: str, value: Json, *, required: bool) -> Stored:
    """Read a parameter that stands for a field; `use` is as `bindings` gives it."""
    if value is None:
        if use == "value" and field.nullable and not required:
            return None
        raise No("bad_arguments")
    if use == "contains":
        if not value:
            raise No("bad_arguments")
        field = Field(name=field.name, label=field.label, type="text")
    elif use in ("eq", "lt", "le", "gt", "ge"):
        field = msgspec.structs.replace(field, max_length=None)
    try:
        return to_stored(field, value)
    except ValueError:
        raise No("bad_arguments") from None


def read_free(kind: dict[str, Json], value: Json) -> Json:
    """Read a parameter that stands for no field."""
    if kind.get("type") == "boolean" and isinstance(value, bool):
        return value
    word = kind.get("type") == "string" and isinstance(value, str) and value
    if word and value in kind.get("enum", (value,)):
        return value
    if kind.get("type") == "integer" and not isinstance(value, bool):
        finite = value.is_finite() if isinstance(value, Decimal) else True
        # The size first: the whole part of a decimal like 1e999999999 would never end.
        if (
            isinstance(value, (int, float, Decimal))
            and finite
            and 1 <= value <= kind.get("maximum", 2**63 - 1)
        ):
            if value == math.floor(value):
                return int(value)
    if "type" not in kind:
        return value
    raise No("bad_arguments")


def summary(function: str, field: Field, values: list[Any]) -> Json:
    """Compute an aggregate of the values that are not NULL."""
    if function == "count":
        return len(values)
    if not values:
        return None
    if function in ("min", "max"):
        return to_wire(field, (min if function == "min" else max)(values))
    total: Any = math.fsum(values) if field.type == "float" else sum(values)
    if function == "sum":
        if field.type != "float" and not -(2**63) <= total < 2**63:
            raise No("limit_exceeded")
        return to_wire(field, total)
    if field.type == "float":
        mean = total / len(values)
        return mean if abs(mean) >= 2**53 else float(_half_up(Fraction(float(mean)), 4))
    return _half_up(Fraction(total, len(values) * 10**field.scale), field.scale + 2)


def _half_up(value: Fraction, digits: int) -> Decimal:
    whole = math.floor(abs(value) * 10**digits + Fraction(1, 2))
    return Decimal(-whole if value < 0 else whole).scaleb(-digits)


def counts(one: Derived, child: Entity, row: Values) -> bool:
    """Tell whether a row below a derived value counts for it."""
    return all(
        row[name] in [to_stored(child.field(name), value) for value in values]
        for name, values in one.where.items()
    )


def amount_of(terms: Sequence[Product], entity: Entity, row: Values) -> Fraction:
    """Add up the products over one row, exactly."""
    return sum((_product(term, entity, row) for term in terms), Fraction(0))


def _product(term: Product, entity: Entity, row: Values) -> Fraction:
    found = Fraction(term.sign)
    for value in _factors(term, entity, row):
        found *= value
    return found


def _factors(term: Product, entity: Entity, row: Values) -> Iterator[Fraction]:
    for name in term.fields:
        yield exactly(row[name], entity.field(name))


def exactly(value: Any, field: Field) -> Fraction:
    """Return a stored number by its value; a NULL counts as 0."""
    return Fraction(0) if value is None else Fraction(value) / 10**field.scale


def rounded(amount: Fraction, field: Field) -> Stored:
    """Round an exact amount to the scale of a field, half up."""
    if field.type == "float":
        try:
            return float(amount) + 0.0
        except OverflowError:
            raise No("limit_exceeded") from None
    whole = math.floor(abs(amount) * 10**field.scale + Fraction(1, 2))
    return fitting(-whole if amount < 0 else whole, field)


def fitting(number: Any, field: Field) -> Stored:
    """Return the stored number, if 64 bits hold it."""
    if field.type == "float":
        return float(number)
    if not -(2**63) <= number < 2**63:
        raise No("limit_exceeded")
    return int(number)


def converted(value: Any, field: Field, target: Field) -> Stored:
    """Turn a stored value of one field into one of another."""
    if field.type in NUMBERS and target.type in NUMBERS:
        return rounded(exactly(value, field), target)
    if (field.type, target.type) == ("date", "datetime"):
        return f"{value}T00:00:00Z"
    if (field.type, target.type) == ("datetime", "date"):
        return str(value)[:10]
    if target.type in ("text", "enum"):
        try:
            return to_stored(target, value)
        except ValueError:
            raise No("conflict") from None
    found: Stored = value
    return found
