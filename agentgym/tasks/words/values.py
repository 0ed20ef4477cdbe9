"""Values in a sentence: how each type is written, and read back to the same value.

A wire value becomes a literal (`literal`), a literal becomes characters (`written`);
`scan` finds the literals that start at a place of a text, `valued` says which value of
a field a literal stands for. Next: `lexicon`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from agentgym.formats import Json, Record
from agentgym.schema import Field
from agentgym.tasks.words.meaning import plain
from agentgym.tasks.words.phrases import Day, Moment, Number, Quote, Truth, Word

__all__ = [
    "NOTHING",
    "Literal",
    "Style",
    "UnsayableError",
    "ending",
    "enum_words",
    "literal",
    "scan",
    "unit_in",
    "unit_words",
    "valued",
    "written",
]

Literal = Quote | Number | Day | Moment | Word | Truth

NOTHING: Final = object()
"""What `valued` gives when a literal cannot stand for a value of the field."""

_LONGEST = 400
_MONTHS = tuple(calendar.month_name)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?![\d\w]|\.\d)")
_SIGNED = re.compile(r"(-?)([$€£])(\d+(?:\.\d+)?)(?![\d\w]|\.\d)")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_UNITS = {sign: unit for unit, sign in _SIGNS.items()}
_NAMES = "|".join(_MONTHS[1:])
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)"),
    re.compile(rf"(?P<n>{_NAMES}) (?P<d>\d\d?), (?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
    re.compile(rf"(?P<d>\d\d?) (?P<n>{_NAMES}) (?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
)
_CLOCK = re.compile(r" at (\d\d:\d\d)(:\d\d)?(?: UTC)?(?![\d:])")
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”')
_BARE = re.compile(r"[a-z]{2,}(?: [a-z]+)*\Z")


class UnsayableError(Exception):
    """The meaning cannot be said in words; `say` turns it into None."""


class Style(Record, kw_only=True):
    """How one message writes its values."""

    curly: bool = False
    """Whether texts stand in typographic quotes."""
    dates: int = 1
    """0: `2021-03-05`, 1: `March 5, 2021`, 2: `5 March 2021`."""


def enum_words(value: str) -> str:
    """Return the words of an enum value: `in_progress` is said `in progress`."""
    return re.sub(r"[\s_]+", " ", value).strip()


def _bare(field: Field, value: str) -> str | None:
    """Return how the enum value is said without quotes, if it can be."""
    words = enum_words(value)
    if (words.isupper() and len(words) >= 5) or (field.role == "status" and words.istitle()):
        words = words.lower()
    return words if _BARE.match(words) else None


def _one_of(field: Field, words: str) -> Json:
    """Find the enum value that the words stand for."""
    wanted = enum_words(words).lower()
    found = [v for v in field.values or () if v == words] or [
        v for v in field.values or () if enum_words(v).lower() == wanted
    ]
    return found[0] if len(found) == 1 else NOTHING


def literal(field: Field, value: Json, *, op: str = "eq") -> Literal:
    """Return how a value of the field is said.

    Args:
        field: The field.
        value: Wire value, not None.
        op: How the field compares with it.

    Raises:
        UnsayableError: No sentence can hold it.
    """
    kind = field.type
    if op != "eq" and kind not in ("integer", "decimal", "float", "date", "datetime"):
        raise UnsayableError(f"{kind} by {op}")
    if kind == "boolean":
        return Truth(on=bool(value))
    if kind in ("integer", "decimal", "float"):
        number = Decimal(str(plain(value)))
        digits = format(number, "f")
        if len(digits) > 24:
            raise UnsayableError("a number of too many digits")
        if kind == "decimal" and field.scale and abs(number.as_tuple().exponent) <= field.scale:  # type: ignore[arg-type]
            digits = format(number.quantize(Decimal(1).scaleb(-field.scale)), "f")
        known = field.unit is None or unit_in(field.unit, field.label)
        return Number(digits=digits, unit=None if known else field.unit)
    text = str(value)
    if kind == "date":
        return Day(day=text)
    if kind == "datetime":
        midnight = text.endswith("T00:00:00Z") and op in ("eq", "lt", "ge")
        return Day(day=text[:10]) if midnight else Moment(time=text)
    if kind == "enum":
        bare = _bare(field, text)
        if bare is not None and _one_of(field, bare) == text:
            return Word(text=bare)
        words = enum_words(text)
        return Quote(text=_sound(words if _one_of(field, words) == text else text))
    if kind == "text":
        return Quote(text=_sound(text))
    raise UnsayableError(f"a value of type {kind}")


def _sound(text: str) -> str:
    if not text or text != text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise UnsayableError("a text that cannot stand in a line")
    if '"' in text and ("“" in text or "”" in text):
        raise UnsayableError("a text with both kinds of quotes")
    return text


def valued(field: Field, said: object, *, op: str = "eq") -> Json:
    """Return the wire value of the field that a literal stands for, or `NOTHING`."""
    kind = field.type
    match said:
        case Truth() if kind == "boolean" and op == "eq":
            return said.on
        case Number() if kind in ("integer", "decimal", "float"):
            if said.unit is not None and said.unit != field.unit:
                return NOTHING
            return _number(field, said.digits)
        case Day() if kind == "date":
            return said.day
        case Day() if kind == "datetime" and op in ("eq", "lt", "ge"):
            return f"{said.day}T00:00:00Z"
        case Moment() if kind == "datetime":
            return said.time
        case Word() | Quote() if kind == "enum" and op == "eq":
            return _one_of(field, said.text)
        case Quote() if kind == "text" and op == "eq":
            return said.text
        case _:
            return NOTHING


def _number(field: Field, digits: str) -> Json:
    try:
        value = plain(Decimal(digits))
    except InvalidOperation:
        return NOTHING
    return NOTHING if field.type == "integer" and not isinstance(value, int) else value


def written(said: Literal, style: Style) -> str:
    """Write a literal in the style of the message."""
    match said:
        case Quote():
            curly = '"' in said.text or (style.curly and not set("“”") & set(said.text))
            return f"“{said.text}”" if curly else f'"{said.text}"'
        case Number():
            if said.unit is None:
                return said.digits
            if said.unit in _SIGNS:
                sign = "-" if said.digits.startswith("-") else ""
                return f"{sign}{_SIGNS[said.unit]}{said.digits.lstrip('-')}"
            return f"{said.digits} {unit_words(said.unit, said.digits)}"
        case Day():
            return _day(said.day, style)
        case Moment():
            clock = said.time[11:19]
            clock = clock.removesuffix(":00") if clock.count(":") == 2 else clock
            return f"{_day(said.time[:10], style)} at {clock}"
        case Word():
            return said.text
        case Truth():
            return "yes" if said.on else "no"


def _day(text: str, style: Style) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise UnsayableError(f"{text} is no date") from None
    year = f"{day.year:04}"
    if style.dates == 1:
        return f"{_MONTHS[day.month]} {day.day}, {year}"
    if style.dates == 2:
        return f"{day.day} {_MONTHS[day.month]} {year}"
    return text


def unit_in(unit: str, label: str) -> bool:
    """Tell whether a label names its unit itself: `milliseconds`, `weight in kg`."""
    words = set(label.lower().split())
    names = (unit.lower(), *_UNIT_WORDS.get(unit, ()), *_OTHER_NAMES.get(unit, ()))
    return any(name in words or f"{name}s" in words for name in names)


def unit_words(unit: str, digits: str = "") -> str:
    """Return what people say for a unit: `bytes` for `B`; after `1`, the singular.

    Args:
        unit: Its sign.
        digits: The number before it; without one, the plural.
    """
    one, several = _UNIT_WORDS.get(unit, (unit, unit))
    if digits and unit not in _IN_WORDS:
        return unit
    return one if digits == "1" else several


_UNIT_WORDS = {
    "us": ("microsecond", "microseconds"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "B": ("byte", "bytes"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "t": ("tonne", "tonnes"),
    "lb": ("pound", "pounds"),
    "m": ("meter", "meters"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "km": ("kilometer", "kilometers"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "m2": ("square meter", "square meters"),
    "l": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "K": ("kelvin", "kelvin"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "deg": ("degree", "degrees"),
    "degC": ("degree Celsius", "degrees Celsius"),
    "degF": ("degree Fahrenheit", "degrees Fahrenheit"),
    "%": ("percent", "percent"),
}
_OTHER_NAMES = {"kg": ("kilo",), "m": ("metre",), "km": ("kilometre",), "%": ("percentage",)}
_IN_WORDS = frozenset("us ms s min h d B m2 mi ft in deg degC degF %".split())
"""Units that are written out after a number."""


def ending(text: str, at: int) -> bool:
    """Tell whether a word can end there."""
    return at >= len(text) or not (text[at].isalnum() or text[at] == "_")


def scan(text: str, at: int, units: tuple[str, ...]) -> Iterator[tuple[Literal, int]]:
    """Yield the literals, words of enums aside, that start at a place, and where they end."""
    quoted = _QUOTED.match(text, at)
    if quoted:
        yield Quote(text=next(g for g in quoted.groups() if g is not None)), quoted.end()
        return
    for pattern in _DAYS:
        found = pattern.match(text, at)
        if found:
            yield from _dates(text, found)
    signed = _SIGNED.match(text, at)
    if signed:
        sign, mark, digits = signed.groups()
        yield Number(digits=sign + digits, unit=_UNITS[mark]), signed.end()
    number = _NUMBER.match(text, at)
    if number:
        end = number.end()
        yield Number(digits=number.group()), end
        for unit in units:
            for word in dict.fromkeys((unit, unit_words(unit, number.group()))):
                if text.startswith(" " + word, end) and ending(text, end + 1 + len(word)):
                    yield Number(digits=number.group(), unit=unit), end + 1 + len(word)
    for word, on in (("yes", True), ("no", False)):
        if text[at : at + len(word)].lower() == word and ending(text, at + len(word)):
            yield Truth(on=on), at + len(word)


def _dates(text: str, found: re.Match[str]) -> Iterator[tuple[Literal, int]]:
    parts = found.groupdict()
    name = parts.get("n")
    month = int(parts["m"]) if name is None else _MONTHS.index(name.capitalize())
    try:
        day = dt.date(int(parts["y"]), month, int(parts["d"])).isoformat()
    except ValueError:
        return
    yield Day(day=day), found.end()
    clock = _CLOCK.match(text, found.end())
    if clock:
        yield Moment(time=f"{day}T{clock[1]}{clock[2] or ':00'}Z"), clock.end()
