"""The unit of a number, from its name or comment: `weight_kg`, `price_eur`, `milliseconds`."""

from __future__ import annotations

import re

import msgspec

from agentgym.schema import Field, Role
from agentgym.schema.roles.words import vocabulary

__all__ = ["unit_of", "without_unit"]

_CURRENCIES = frozenset("USD EUR GBP JPY CHF CNY INR CAD AUD SEK NOK DKK PLN BRL MXN".split())
_BYTES = frozenset({"kb", "mb", "gb", "tb", "b"})
_STORED = frozenset(
    "size memory disk storage capacity ram space quota limit usage used free".split()
)
"""What a name must speak of for its last letters to mean bytes."""
_COMMENT = re.compile(
    r"\b(?:in|unit(?:s)?(?: is|:)?|measured in)\s+\(?([A-Za-z%µ]+)\)?", re.IGNORECASE
)


def unit_of(field: Field, role: Role) -> tuple[str | None, str]:
    """Return the unit of a field's values, and why; None and nothing when unknown.

    Args:
        field: A unit that it already has is kept.
        role: What the field means; only numbers have units.
    """
    if field.unit is not None:
        return field.unit, ""
    numeric = field.type in ("integer", "decimal", "float")
    if not numeric or role not in ("money", "quantity", "measure", "other"):
        return None, ""
    units = vocabulary("units")
    parts = [part for part in field.name.split("_") if part]
    if "per" in parts:
        return None, ""
    for part in parts[-1:] if len(parts) > 1 and field.spoken else ():
        if part.upper() in _CURRENCIES:
            return part.upper(), f"the name ends with {part!r}"
        if part in units["suffixes"] and (part not in _BYTES or set(parts) & _STORED):
            return units["suffixes"][part][1], f"the name ends with {part!r}"
        if part in units["letters"] and parts[-2] in units["measures"]:
            return units["letters"][part][1], f"the name ends with {part!r}"
    counted = parts[:1] in (["number"], ["num"], ["no"], ["n"], ["nr"])
    if parts and parts[-1] in units["words"] and not counted:
        whole = len(parts) == 1 or parts[-2] in units["measures"]
        if whole or parts[-1] in ("milliseconds", "percent", "percentage", "bytes"):
            return units["words"][parts[-1]], f"the name ends with {parts[-1]!r}"
    if parts and parts[-1] in ("pct", "perc"):
        return "%", f"the name ends with {parts[-1]!r}"
    return _from_comment(field, units)


def _from_comment(field: Field, units: dict[str, dict[str, list[str]]]) -> tuple[str | None, str]:
    match = _COMMENT.search(field.comment)
    if match is None:
        return None, ""
    word = match[1]
    if word.upper() in _CURRENCIES:
        return word.upper(), f"the comment says 'in {word}'"
    low = word.casefold()
    if low in units["suffixes"]:
        return units["suffixes"][low][1], f"the comment says 'in {word}'"
    if low in units["words"]:
        return str(units["words"][low]), f"the comment says 'in {word}'"
    return None, ""


def without_unit(fields: list[Field]) -> list[Field]:
    """Drop the unit from labels that end with it (`price in euros`): values have theirs."""
    found = list(fields)
    for place, field in enumerate(fields):
        head, _, tail = field.label.rpartition(" in ")
        taken = {other.label for other in found if other is not field}
        if field.unit is not None and head and len(tail.split()) <= 2 and head not in taken:
            found[place] = msgspec.structs.replace(field, label=head)
    return found
