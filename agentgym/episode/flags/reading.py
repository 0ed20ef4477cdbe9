"""What a text tells: its words, numbers, dates and spans of time, each in one spelling.

A text that an agent was told or shown comes in, prose or JSON; sets of canonical forms go out, so
that a value can be looked for whatever its spelling was: `36,510` and `36510.00`, `Aug 29, 2023`
and `2023-08-29`, `in progress` and `in_progress`. Next: `seen`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from agentgym.formats import Json
from agentgym.goals.answers.times import mentions

__all__ = [
    "day_of",
    "days",
    "figures",
    "lengths",
    "moment_of",
    "number_of",
    "numbers",
    "spaced",
    "spans",
    "words",
    "years",
]

_GAP = re.compile(r"[\W_]+")
_ASCII = bytes(ord(chr(c).lower()) if c < 128 and chr(c).isalnum() else 32 for c in range(256))
_FIGURE = re.compile(r"(?<![\w.\-/])-?(\d+(?:\.\d+)?)(?![\w\-/:])")
_ISO = re.compile(
    r"(?<![\w.])(\d{4}-\d{2}-\d{2})"
    r"(?:(?:[T ]|,? at )(\d{2}:\d{2})(?::(\d{2}))?(?:\.\d+)?(?:Z|\+00:?00)?)?(?!\w)"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:of\s+)?(\d{4})\b",
    re.IGNORECASE,
)
_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_DATISH = re.compile(
    rf"\b{_NAME}\.?,?\s+(?:the\s+)?\d|\d(?:st|nd|rd|th)?[\s-]+(?:of\s+)?{_NAME}"
    r"|\d[/.]\d{1,2}[/.]\d|\d-\d\d,?\s+(?:at\s+)?\d{1,2}(?::|\s*[ap]m)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?<![a-zA-Z]-)(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s?(k|m|bn)\b)?",
    re.IGNORECASE,
)
_TIMES = {"k": 1000, "m": 10**6, "bn": 10**9}
_BIG = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s+(hundred|thousand|million|billion)\b", re.IGNORECASE
)
_POWERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
_SAID = (
    {word: number for number, word in enumerate(_SMALL)}
    | {word: number for number, word in enumerate(_ORDINALS)}
    | {
        "thirty": 30,
        "forty": 40,
        "fifty": 50,
        "sixty": 60,
        "seventy": 70,
        "eighty": 80,
        "ninety": 90,
        "hundred": 100,
        "thousand": 1000,
        "once": 1,
        "single": 1,
        "twice": 2,
        "both": 2,
        "couple": 2,
        "pair": 2,
        "double": 2,
        "triple": 3,
        "thrice": 3,
        "dozen": 12,
        "none": 0,
    }
)
_WORD = re.compile(rf"\b({'|'.join(_SAID)})\b", re.IGNORECASE)
_SPAN = re.compile(
    r"(?:\b|(?<=\d))(\d+(?:\.\d+)?|a|an|one|half an?|"
    + "|".join(_SAID)
    + r")[\s-]*(second|sec|minute|min|hour|hr|h|day|night|week|fortnight|month|quarter|year)s?\b",
    re.IGNORECASE,
)
_FIELD = re.compile(r'"(\w*(?:seconds?|minutes?|mins?|hours?|days?|nights?|weeks?))":(\d+)')
_SECONDS = {
    "sec": 1,
    "min": 60,
    "h": 3600,
    "hr": 3600,
    "hou": 3600,
    "day": 86400,
    "nig": 86400,
    "wee": 7 * 86400,
    "for": 14 * 86400,
}
_NEXT = re.compile(
    r"\b(?:tomorrow|yesterday|next day|day (?:before|after)|previous day)\b", re.IGNORECASE
)
_LONGEST = 30
"""Digits of a number that is read."""


def spaced(text: str) -> str:
    """Return the words of a text, folded, each between single spaces: ` in progress `."""
    if text.isascii():
        return f" {' '.join(words(text))} "
    folded = unicodedata.normalize("NFC", text).casefold()
    return f" {_GAP.sub(' ', folded).strip()} "


def words(text: str) -> list[str]:
    """Return the words of a text, folded, in order."""
    if text.isascii():
        return text.encode().translate(_ASCII).decode().split()
    return spaced(text).split()


def number_of(value: Json) -> str | None:
    """Return the one spelling of a number, without its sign; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(abs(value)) if value.bit_length() < 100 else None
    if isinstance(value, (float, Decimal)):
        return _plain(str(value))
    return None


def _plain(digits: str) -> str | None:
    try:
        number = abs(Decimal(digits.replace(",", "")))
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > _LONGEST or number.adjusted() < -_LONGEST:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def figures(text: str) -> set[str]:
    """Find the numbers that a tool gave: fast, and blind to those written as people write them."""
    found: set[str] = set(_FIGURE.findall(text))
    if "." in text:
        found.update(filter(None, [_plain(one) for one in found if "." in one]))
    return found


def numbers(text: str) -> set[str]:
    """Find the numbers of a text, dates and times left out; with their signs left out too."""
    rest = _ISO.sub(" ", text)
    if _DATISH.search(rest):
        for one in reversed(mentions(rest)):
            rest = f"{rest[: one.start]} {rest[one.stop :]}"
    found: set[str] = set()
    for match in _NUMBER.finditer(rest):
        digits, power = match.groups()
        if len(digits) > _LONGEST:
            continue
        if "," in digits:
            found.update(filter(None, map(_plain, digits.split(","))))
        plain = _plain(digits)
        if plain is not None:
            found.add(plain)
            if power:
                found.add(_plain(str(Decimal(plain) * _TIMES[power.lower()])) or plain)
    for digits, word in _BIG.findall(rest):
        if len(digits) <= _LONGEST:
            found.add(_plain(str(Decimal(digits) * _POWERS[word.lower()])) or digits)
    found.update(str(_SAID[word.lower()]) for word in _WORD.findall(rest))
    return found


def days(text: str, *, said: bool = True) -> tuple[list[str], list[str]]:
    """Find the days and the moments of a text: `2023-08-29`, `2023-08-29T11:15:30Z`.

    Args:
        text: The text.
        said: Whether people wrote it, and not a tool.
    """
    found: list[str] = []
    moments: list[str] = []
    for day, clock, second in _ISO.findall(text):
        found.append(day)
        if clock:
            moments.append(f"{day}T{clock}:{second or '00'}Z")
    if said and _DATISH.search(text):
        for one in mentions(text):
            for moment in (one.moment, one.moved):
                if moment is not None and not one.yearless:
                    found.append(moment.date().isoformat())
                    if one.precise != "day":
                        moments.append(f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"))
    return found, moments


def years(text: str) -> tuple[set[int], set[tuple[int, int]]]:
    """Find the years that a text speaks of, those of a decade's ends too, and the months."""
    found: set[int] = set()
    for digits, plural in re.findall(r"(?<![\w.,-])(\d{4})(s?)\b(?!-\d)", text):
        found.add(int(digits))
        if plural:
            found.add(int(digits) + 9)
    months = {(int(year), _MONTHS.index(name.lower()) + 1) for name, year in _MONTH.findall(text)}
    return found, months


def spans(text: str) -> tuple[set[int], set[int]]:
    """Find the lengths of time that people speak of in a text: in seconds, and in months."""
    seconds: set[int] = set()
    months: set[int] = set()
    for said, unit in _SPAN.findall(text):
        word = said.lower()
        if word[0].isdigit():
            if len(word) > 9:
                continue
            count = float(word)
        else:
            count = 0.5 if word.startswith("half") else _SAID.get(word, 1)
        kind = unit.lower()
        if kind.startswith(("month", "quarter", "year")):
            months.add(int(count * {"m": 1, "q": 3, "y": 12}[kind[0]]))
        else:
            seconds.add(int(count * _SECONDS[kind if kind in _SECONDS else kind[:3]]))
    if _NEXT.search(text):
        seconds.add(86400)
    return seconds, months


def lengths(text: str) -> set[int]:
    """Find the lengths of time that a tool gave in fields like `duration_minutes`, in seconds."""
    seconds: set[int] = set()
    for name, digits in _FIELD.findall(text):
        if len(digits) <= 9:
            unit = re.search(r"(sec|min|hou|day|nig|wee)[a-z]*\Z", name)
            if unit:
                seconds.add(int(digits) * _SECONDS[unit[1]])
    return seconds


def day_of(value: str) -> dt.date | None:
    """Read a value that is a day or a moment; None where it is neither."""
    match = _ISO.fullmatch(value)
    try:
        return None if match is None else dt.date.fromisoformat(match[1])
    except ValueError:
        return None


def moment_of(value: str) -> dt.datetime | None:
    """Read a value that is a moment, in UTC; None where it is none, or a day alone."""
    match = _ISO.fullmatch(value)
    if match is None or not match[2]:
        return None
    try:
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3] or '00'}")
    except ValueError:
        return None
