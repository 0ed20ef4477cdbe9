"""The one table of value types: between wire, stored and JSON Schema.

Stored (what a world holds): integer -> int, decimal -> int scaled by 10**scale,
float -> float, boolean -> 0 or 1, everything else -> str (text in NFC, dates as
`YYYY-MM-DD`, times as `YYYY-MM-DDTHH:MM:SSZ`, json as canonical text, bytes as base64).
Wire (what tools speak): int, Decimal, float, bool, str; json as its value.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from agentgym.errors import FormatError, nearest
from agentgym.formats import Json, decode, encode
from agentgym.schema import Field

__all__ = [
    "ORDERED",
    "Row",
    "Rows",
    "Stored",
    "fold",
    "json_schema",
    "parser",
    "to_stored",
    "to_wire",
]

Stored = int | float | str | None
"""A value as a world holds it."""

Row = tuple[Stored, ...]
"""One row in stored form, in the order of the entity's fields."""

Rows = Mapping[str, Sequence[Row]]
"""Entity name to its rows."""

ORDERED = frozenset({"integer", "decimal", "float", "date", "datetime"})
"""The types whose values can be compared by size."""

_LIMIT = 2**63
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?\Z"
)


def fold(text: str | None) -> str | None:
    """Return the form in which texts are compared when case does not matter."""
    if text is None:
        return None
    return unicodedata.normalize("NFC", text).casefold()


def json_schema(field: Field) -> dict[str, Json]:
    """Return the JSON Schema of one wire value of the field, without its description."""
    kind: dict[str, Json] = dict(_SCHEMAS[field.type])
    if field.type == "enum":
        kind["enum"] = list(field.values or ())
    if field.type == "decimal" and field.scale:
        kind["multipleOf"] = Decimal(1).scaleb(-field.scale)
    if field.type == "text" and field.max_length:
        kind["maxLength"] = field.max_length
    return kind


_SCHEMAS: dict[str, dict[str, Json]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "float": {"type": "number"},
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "enum": {"type": "string"},
    "json": {},
    "bytes": {"type": "string", "contentEncoding": "base64"},
}


def to_stored(field: Field, value: Json) -> Stored:
    """Turn a wire value into the stored one, strictly.

    Args:
        field: The field it is for.
        value: Wire value; None is allowed whatever `field.nullable` says.

    Returns:
        The stored value.

    Raises:
        ValueError: It is not of the field's type; the text says what is expected.
    """
    return None if value is None else parser(field)(value)


def parser(field: Field) -> Callable[[Json], Stored]:
    """Return the function that turns one wire value, not None, into a stored one.

    The function raises ValueError as `to_stored` does. It is built once a field, for speed.
    """
    kind = field.type
    if kind == "text":
        longest = field.max_length
        return lambda value: _text(value, longest)
    if kind == "decimal":
        scale = field.scale
        return lambda value: _decimal(value, scale)
    if kind == "enum":
        legal = frozenset(field.values or ())
        return lambda value: (
            value if isinstance(value, str) and value in legal else _no_member(value, legal)
        )
    return _PARSERS[kind]


def to_wire(field: Field, stored: Stored) -> Json:
    """Turn a stored value into the wire value that tools show."""
    if stored is None:
        return None
    kind = field.type
    if kind == "decimal":
        return Decimal(stored).scaleb(-field.scale)
    if kind == "boolean":
        return bool(stored)
    if kind == "json":
        return decode(str(stored).encode(), object, where=field.name)
    return stored


def _no_member(value: Json, legal: frozenset[str]) -> Stored:
    hint = nearest(value, legal) if isinstance(value, str) else ""
    raise ValueError(
        "one of " + ", ".join(sorted(legal)) + (f" ({hint})" if "mean" in hint else "")
    )


def _integer(value: Json) -> int:
    if isinstance(value, (float, Decimal)) and math.isfinite(value):
        # The size first: int() of a decimal like 1e999999999 would never end.
        if -_LIMIT <= value <= _LIMIT and value == int(value):
            value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an integer")
    if not -_LIMIT <= value < _LIMIT:
        raise ValueError("an integer of at most 64 bits")
    return value


def _decimal(value: Json, scale: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("a number")
    if isinstance(value, int) and value.bit_length() > 64:
        # Before it becomes a decimal: that takes time which grows with the square of its digits.
        raise ValueError("a number of at most 18 digits")
    try:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        scaled = exact.scaleb(scale)
        whole = scaled.to_integral_value(rounding=ROUND_HALF_EVEN)
    except ArithmeticError:
        raise ValueError("a finite number") from None
    if whole != scaled:
        raise ValueError(f"a number with at most {scale} digits after the point")
    if not -_LIMIT <= whole < _LIMIT:
        raise ValueError("a number of at most 18 digits")
    return int(whole)


def _float(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("a finite number") from None
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number + 0.0 if number else 0.0


def _text(value: Json, longest: int | None) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("a text without lone surrogates") from None
    if "\x00" in value:
        raise ValueError("a text without NUL characters")
    text = unicodedata.normalize("NFC", value)
    if longest is not None and len(text) > longest:
        raise ValueError(f"a text of at most {longest} characters")
    return text


def _boolean(value: Json) -> int:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return int(value)


def _date(value: Json) -> str:
    if isinstance(value, str) and _DATE.match(value):
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise ValueError("a date as YYYY-MM-DD")


def _datetime(value: Json) -> str:
    match = _TIME.match(value) if isinstance(value, str) else None
    if match:
        day, minute, second, _, zone = match.groups()
        try:
            moment = dt.datetime.fromisoformat(f"{day}T{minute}{second or ':00'}")
            if zone and zone != "Z":
                digits = zone[1:].replace(":", "").ljust(4, "0")
                shift = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
                moment = moment - shift if zone[0] == "+" else moment + shift
        except (ValueError, OverflowError):
            pass
        else:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    raise ValueError("a time as YYYY-MM-DDTHH:MM:SSZ (UTC)")


def _json(value: Json) -> str:
    try:
        text = encode(value)
        decode(text, object, where="value")  # a decimal may be infinite: no JSON number is
    except (TypeError, ValueError, RecursionError, OverflowError, FormatError):
        raise ValueError("a JSON value") from None
    return text.decode()


def _bytes(value: Json) -> str:
    if isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
        else:
            return value
    raise ValueError("bytes in base64")


_PARSERS: dict[str, Callable[[Json], Stored]] = {
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "json": _json,
    "bytes": _bytes,
}
