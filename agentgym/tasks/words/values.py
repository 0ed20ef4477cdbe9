"""Values in a sentence: how each type is written, and read back to the same value.

A wire value becomes a literal (`literal`), what is measured of one too (`measured`), and
a literal becomes characters (`written`); `valued` and `measure_of` say what a literal that
was read (`scan`) stands for. Next: `idiom`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from agentgym.formats import Json, Record
from agentgym.plan import Measure
from agentgym.schema import Field
from agentgym.tasks.words.meaning import plain
from agentgym.tasks.words.phrases.literals import (
    Bare,
    Day,
    Decade,
    Letter,
    Moment,
    Month,
    Number,
    Quote,
    Truth,
    Word,
    Year,
    YearMonth,
)
from agentgym.tasks.words.scan import MONTHS, SHORT, bare, ending, scan
from agentgym.tasks.words.units import MONEY, SIGNS, in_words, unit_in, unit_words

__all__ = [
    "LEADING",
    "NOTHING",
    "Literal",
    "Style",
    "UnsayableError",
    "bare",
    "ending",
    "enum_words",
    "literal",
    "measure_of",
    "measured",
    "scan",
    "unit_in",
    "unit_words",
    "valued",
    "written",
]

LEADING = frozenset("a an the to in on at by for from with of not no".split())
"""Words after which the words of a value do not stand by themselves."""
Literal = (
    Quote | Bare | Number | Day | Moment | Year | Decade | Month | YearMonth | Letter | Word | Truth
)

NOTHING: Final = object()
"""What `valued` gives when a literal cannot stand for a value of the field."""

_LONGEST = 400
_PLAIN = re.compile(r"[a-z]{2,}(?: [a-z]+)*\Z")


class UnsayableError(Exception):
    """The meaning cannot be said in words; `say` turns it into None."""


class Style(Record, kw_only=True):
    """How one message writes its values."""

    curly: bool = False
    """Whether texts stand in typographic quotes."""
    dates: int = 1
    """0: `2021-03-05`, 1: `March 5, 2021`, 2: `5 March 2021`, 3 and 4: the same with `Mar`."""
    utc: bool = True
    """Whether each time says that it is in UTC."""
    words: bool = False
    """Whether money is `131.14 euros`, not `€131.14`."""


def enum_words(value: str) -> str:
    """Return the words of an enum value: `in_progress` is said `in progress`."""
    return re.sub(r"[\s_]+", " ", value).strip()


def _bare(field: Field, value: str) -> str | None:
    """Return how the enum value is said without quotes, if it can be."""
    words = enum_words(value)
    if (words.isupper() and len(words) >= 5) or (field.role == "status" and words.istitle()):
        words = words.lower()
    return words if _PLAIN.match(words) else None


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
    bounds = ("integer", "decimal", "float", "date", "datetime")
    texts = {"ne": ("text", "enum"), "contains": ("text",)}.get(op, ())
    if op != "eq" and kind not in texts and (kind not in bounds or op == "contains"):
        raise UnsayableError(f"{kind} by {op}")
    if kind == "boolean":
        return Truth(on=bool(value))
    if kind in ("integer", "decimal", "float"):
        number = Decimal(str(plain(value)))
        digits = format(number, "f")
        if len(digits) > 24:
            raise UnsayableError("a number of too many digits")
        if field.role == "money" and 0 < _places(digits) <= field.scale:
            digits = format(number.quantize(Decimal(1).scaleb(-field.scale)), "f")
        known = field.unit is None or unit_in(field.unit, field.label)
        return Number(digits=digits, unit=None if known else field.unit)
    text = str(value)
    if kind == "date":
        return Day(day=text)
    if kind == "datetime":
        midnight = text.endswith("T00:00:00Z") and op in ("eq", "ne", "lt", "ge")
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


def _places(digits: str) -> int:
    """Count the digits after the point."""
    return len(digits.partition(".")[2])


def measured(of: Measure, value: Json) -> Literal:
    """Return how what is measured of a value is said.

    Raises:
        UnsayableError: It is none.
    """
    match of:
        case "year" if isinstance(value, int) and 1000 <= value <= 9999:
            return Year(year=value)
        case "decade" if isinstance(value, int) and 1000 <= value <= 9990 and value % 10 == 0:
            return Decade(start=value)
        case "month" if isinstance(value, int) and 1 <= value <= 12:
            return Month(month=value)
        case "initial" | "ending" if isinstance(value, str) and len(value) == 1:
            if value.upper() == value and not value.isspace():
                return Letter(letter=value)
        case "letters" | "words" | "digit_sum" | "remainder" if isinstance(value, int):
            return Number(digits=str(value))
    raise UnsayableError(f"{of} of {value!r}")


def measure_of(of: Measure, said: object) -> Json:
    """Return the measure that a literal stands for, or `NOTHING`."""
    match said:
        case Year() if of == "year":
            return said.year
        case Decade() if of == "decade":
            return said.start
        case Month() if of == "month":
            return said.month
        case Letter() if of in ("initial", "ending"):
            return said.letter.upper()
        case Number() if of in ("letters", "words", "digit_sum", "remainder"):
            whole = said.unit is None and said.digits.isdigit()
            return int(said.digits) if whole else NOTHING
        case _:
            return NOTHING


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
        case Day() if kind == "datetime" and op in ("eq", "ne", "lt", "ge"):
            return f"{said.day}T00:00:00Z"
        case Moment() if kind == "datetime":
            return said.time
        case Year() if kind == "integer":
            return said.year
        case Word() | Quote() | Bare() if kind == "enum" and op in ("eq", "ne"):
            return _one_of(field, said.text)
        case Quote() | Bare() if kind == "text" and op in ("eq", "ne", "contains"):
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
        case Bare():
            return said.text
        case Number():
            return _amount(said, style)
        case Year():
            return str(said.year)
        case Decade():
            return f"the {said.start}s"
        case Month():
            return MONTHS[said.month]
        case YearMonth():
            return f"{MONTHS[said.month]} {said.year}"
        case Letter():
            return f"the letter {said.letter}"
        case Day():
            return _day(said.day, style)
        case Moment():
            clock = said.time[11:19]
            clock = clock.removesuffix(":00") if clock.count(":") == 2 else clock
            return f"{_day(said.time[:10], style)} at {clock}{' UTC' if style.utc else ''}"
        case Word():
            return said.text
        case Truth():
            return "yes" if said.on else "no"


def _amount(said: Number, style: Style) -> str:
    if said.unit is None:
        return said.digits
    if said.unit not in MONEY:
        return f"{said.digits} {unit_words(said.unit, said.digits)}"
    digits = said.digits.lstrip("-")
    whole, _, rest = digits.partition(".")
    digits = f"{int(whole):,}" + (f".{rest}" if rest else "")
    sign = "-" if said.digits.startswith("-") else ""
    if said.unit in SIGNS and not style.words:
        return f"{sign}{SIGNS[said.unit]}{digits}"
    one, several = in_words(said.unit)
    return f"{sign}{digits} {one if digits == '1' else several}"


def _day(text: str, style: Style) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise UnsayableError(f"{text} is no date") from None
    year = f"{day.year:04}"
    month = (MONTHS if style.dates < 3 else SHORT)[day.month]
    if style.dates in (1, 3):
        return f"{month} {day.day}, {year}"
    if style.dates in (2, 4):
        return f"{day.day} {month} {year}"
    return text
