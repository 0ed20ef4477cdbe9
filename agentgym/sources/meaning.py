"""What a column holds, and how its raw values are read into stored form, leniently.

`Meaning.column` reads all values of a column at once. Next: `values`, which decides
what a column means.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from agentgym.errors import FormatError
from agentgym.formats import Json, decode, encode
from agentgym.schema import Field, ValueType
from agentgym.schema.types import Stored, parser, to_wire
from agentgym.sources.dates import Reader, reader

__all__ = ["HASHABLE", "LONGEST", "Meaning", "UnreadableError", "exact", "number"]

LONGEST = 2_000
"""Most characters of a text that are kept: an agent has to read it in a list."""
_LARGE = 2_048
"""Most bytes of a binary value or a document that is kept."""


class UnreadableError(ValueError):
    """A raw value that is not of the type of its column."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Meaning:
    """What a column holds, as decided from its declaration and its values."""

    kind: ValueType
    scale: int = 0
    values: tuple[str, ...] | None = None
    max_length: int | None = None
    padded: bool = False
    blank: bool = False
    """Whether a text of blanks alone says nothing, so that it is NULL."""
    read_date: Reader | None = None
    """How the column writes its dates."""
    evidence: tuple[str, ...] = ()

    def field(self, name: str = "x") -> Field:
        """Return a field of this meaning, to parse values with."""
        return Field(
            name=name,
            label=name,
            type=self.kind,
            scale=self.scale,
            values=self.values,
            max_length=self.max_length,
            nullable=True,
        )

    def reader(self) -> Callable[[Json], Stored]:
        """Return the function from a raw value to the stored one.

        The function raises `UnreadableError` where the value is not of this type.
        """
        prepare, parse = _PREPARE[self.kind], parser(self.field())

        def read(value: Json) -> Stored:
            try:
                wire = prepare(value, self)
                return None if wire is None else parse(wire)
            except (ValueError, ArithmeticError, TypeError, RecursionError, FormatError) as error:
                raise UnreadableError(str(error)) from None

        return read

    def column(self, values: Sequence[Json]) -> tuple[list[Stored], int]:
        """Read a whole column.

        Args:
            values: Raw values, one a row.

        Returns:
            The stored values, and how many could not be read and became NULL.
        """
        read, known, bad = self.reader(), {}, 0
        stored: list[Stored] = []
        for value in values:
            if value is None:
                stored.append(None)
                continue
            mark = (type(value), value) if type(value) in HASHABLE else (str, repr(value))
            if mark not in known:
                try:
                    known[mark] = (read(value), 0)
                except UnreadableError:
                    known[mark] = (None, 1)
            result, fault = known[mark]
            stored.append(result)
            bad += fault
        return stored, bad

    def wire(self, value: Json) -> Json:
        """Turn a constant of the source (a default, the bound of a check) into a wire value.

        Raises:
            UnreadableError: It is not of this type.
        """
        if value is None:
            return None
        shown = to_wire(self.field(), self.reader()(value))
        if isinstance(shown, Decimal):
            return int(shown) if shown == shown.to_integral_value() else float(shown)
        return shown


HASHABLE = frozenset({int, float, bool, str, bytes, Decimal})
"""Types of raw values that can be looked up as they are."""


def number(text: str) -> Decimal:
    """Read a number as people and databases write it: `1,234.50`, `$5`, `-3e4`.

    Raises:
        UnreadableError: It is none, or not finite.
    """
    plain = text.strip()
    if not _NUMBER.fullmatch(plain):
        plain = _DECORATION.sub("", plain)
        if plain.startswith("(") and plain.endswith(")"):
            plain = "-" + plain[1:-1]
        if not _NUMBER.fullmatch(plain):
            raise UnreadableError("a number")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise UnreadableError("a number") from None


_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_DECORATION = re.compile(r"^[€$£¥]|(?<=^[+-])[€$£¥]|,(?=\d{3}(\D|$))|[€%]$")
_NOTHING = frozenset({"", "nan", "inf", "-inf", "infinity", "-infinity", "+inf", "null"})


def exact(value: Json) -> Decimal | None:
    """Return the number of a raw value; None for NaN, infinity and blank text.

    Raises:
        UnreadableError: It is no number.
    """
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(_without_noise(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, str):
        return None if value.strip().casefold() in _NOTHING else number(value)
    raise UnreadableError("a number")


def _without_noise(value: float) -> str:
    """Write a float without what binary arithmetic left at its end: 113.99999999999999 is 114."""
    text, short = repr(value), format(value, ".13g")
    return short if len(short) <= len(text) - 4 else text


def _integer(value: Json, _: Meaning) -> Json:
    found = exact(value)
    if found is None:
        return None
    if found.adjusted() > 20 or found != found.to_integral_value():
        raise UnreadableError("an integer")
    return int(found)


def _decimal(value: Json, meaning: Meaning) -> Json:
    found = exact(value)
    if found is None:
        return None
    return found.quantize(Decimal(1).scaleb(-meaning.scale), rounding=ROUND_HALF_EVEN)


def _float(value: Json, _: Meaning) -> Json:
    found = exact(value)
    return None if found is None else float(found)


_TRUE = frozenset({"1", "t", "true", "y", "yes", "on", "\x01"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off", "\x00"})


def _boolean(value: Json, _: Meaning) -> Json:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    word = str(value).strip().casefold()
    if word in _TRUE or value == 1:
        return True
    if word in _FALSE or value == 0:
        return False
    if not word:
        return None
    raise UnreadableError("true or false")


_NO_TIME = ("0000-00-00", "infin", "-infin")
"""What begins texts that some databases write for no time."""


def _moment(value: Json, meaning: Meaning) -> Json:
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str) and (not value.strip() or value.startswith(_NO_TIME)):
        return None
    moment = (meaning.read_date or reader("iso"))(value)
    if meaning.kind == "date":
        return moment.date().isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _text(value: Json, meaning: Meaning) -> Json:
    if isinstance(value, str):
        text = value
    elif isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = base64.b64encode(value).decode()
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (list, dict)):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    else:
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if meaning.padded:
        text = text.rstrip(" ")
    if meaning.blank and not text.strip():
        return None
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFC", text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _json(value: Json, _: Meaning) -> Json:
    content = encode(_value_of(value))
    return decode(content, Any, where="a JSON value") if len(content) <= _LARGE else None


def _value_of(value: Json) -> Json:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return _plain(value)
    try:
        return _plain(json.loads(value, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return _array(value) if value.startswith("{") and value.endswith("}") else _clean(value)


def _plain(value: Json) -> Json:
    """Replace what our JSON cannot hold: integers beyond 64 bits, infinite numbers."""
    if isinstance(value, dict):
        return {_clean(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))\s*(,|$)')


def _array(text: str) -> Json:
    """Read PostgreSQL's `{a,"b c",NULL}`; nested ones stay text."""
    inner, place = text[1:-1], 0
    items: list[str | None] = []
    while inner and place <= len(inner):
        found = _ELEMENT.match(inner, place)
        if found is None:
            return text
        quoted, bare, comma = found.groups()
        if quoted is not None:
            items.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            items.append(None if bare == "NULL" else bare)
        place = found.end()
        if not comma:
            break
    return items


def _bytes(value: Json, _: Meaning) -> Json:
    if isinstance(value, str):
        if value.startswith("\\x"):
            value = bytes.fromhex(value[2:])
        else:
            value = value.encode("utf-8", "replace")
    elif not isinstance(value, bytes):
        value = str(value).encode()
    return base64.b64encode(value).decode() if len(value) <= _LARGE else None


_PREPARE: dict[ValueType, Callable[[Json, Meaning], Json]] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "date": _moment,
    "datetime": _moment,
    "text": _text,
    "enum": _text,
    "json": _json,
    "bytes": _bytes,
}
