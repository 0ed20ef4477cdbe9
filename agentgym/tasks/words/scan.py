"""The literals that stand in a text: where they begin, where they end. Next: `values`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator

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
    Year,
    YearMonth,
)
from agentgym.tasks.words.units import SIGNS, in_words

__all__ = ["MONTHS", "SHORT", "Scanned", "bare", "ending", "scan"]

Scanned = Quote | Bare | Number | Day | Moment | Year | Decade | Month | YearMonth | Letter | Truth
"""What a text can hold, words of enums aside."""

MONTHS = tuple(calendar.month_name)
SHORT = tuple(calendar.month_abbr)
_UNITS = {sign: unit for unit, sign in SIGNS.items()}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_END = r"(?![\d\w]|[.,]\d)"
_NUMBER = re.compile(rf"-?{_DIGITS}{_END}")
_SIGNED = re.compile(rf"(-?)([$€£])({_DIGITS}){_END}")
_NAMES = "|".join((*MONTHS[1:], *SHORT[1:]))
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)"),
    re.compile(rf"(?P<n>{_NAMES}) (?P<d>\d\d?), (?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
    re.compile(rf"(?P<d>\d\d?) (?P<n>{_NAMES}) (?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
)
_YEAR = re.compile(r"\d{4}(?![\w-]|[.,]\d)")
_DECADE = re.compile(r"the (\d{3}0)s(?!\w)", re.IGNORECASE)
_MONTH = re.compile(rf"({'|'.join(MONTHS[1:])})(?: (\d{{4}}))?(?!\w)")
_LETTER = re.compile(r"the letter (\S)(?!\w)", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{1,6}(?:-[A-Z0-9]{1,10})+(?![\w-])")
_NUMBERED = re.compile(r"[A-Z]{1,5}\d{2,8}(?![\w-])")
_PROPER = re.compile(r"[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,}){0,3}(?!\w)")
_ALIKE = re.compile(r"(?:USA|US|UK|UAE)(?![\w-])")
_CLOCK = re.compile(r" at (\d\d:\d\d)(:\d\d)?(?: UTC)?(?![\d:])")
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”')


def bare(text: str) -> bool:
    """Tell whether a text can stand without quotes: a code, or words of a proper name."""
    if _NUMBERED.fullmatch(text):
        return True
    found = _CODE.fullmatch(text)
    return bool(found and any(c.isdigit() for c in text)) or any(
        one.fullmatch(text) for one in (_PROPER, _ALIKE)
    )


def ending(text: str, at: int) -> bool:
    """Tell whether a word can end there."""
    return at >= len(text) or not (text[at].isalnum() or text[at] == "_")


def scan(text: str, at: int, units: tuple[str, ...]) -> Iterator[tuple[Scanned, int]]:
    """Yield the literals, words of enums aside, that start at a place, and where they end."""
    first = text[at : at + 1]
    if first in ('"', "“") and first:
        quoted = _QUOTED.match(text, at)
        if quoted:
            yield Quote(text=next(g for g in quoted.groups() if g is not None)), quoted.end()
    elif first.isdigit() or first in tuple("-$€£"):
        yield from _days(text, at)
        yield from _numbers(text, at, units)
    elif first.isupper():
        yield from _days(text, at)
        yield from _proper(text, at)
    if first in tuple("tT"):
        decade = _DECADE.match(text, at)
        if decade:
            yield Decade(start=int(decade[1])), decade.end()
        letter = _LETTER.match(text, at)
        if letter:
            yield Letter(letter=letter[1]), letter.end()
    for word, on in (("yes", True), ("no", False)):
        if text[at : at + len(word)].lower() == word and ending(text, at + len(word)):
            yield Truth(on=on), at + len(word)


def _numbers(text: str, at: int, units: tuple[str, ...]) -> Iterator[tuple[Scanned, int]]:
    signed = _SIGNED.match(text, at)
    if signed:
        sign, mark, digits = signed.groups()
        yield Number(digits=sign + digits.replace(",", ""), unit=_UNITS[mark]), signed.end()
    number = _NUMBER.match(text, at)
    if not number:
        return
    end = number.end()
    shown = number.group().replace(",", "")
    yield Number(digits=shown), end
    if _YEAR.match(text, at):
        yield Year(year=int(shown)), end
    for unit in units:
        one, several = in_words(unit)
        for word in dict.fromkeys((unit, one, several)):
            if text.startswith(" " + word, end) and ending(text, end + 1 + len(word)):
                yield Number(digits=shown, unit=unit), end + 1 + len(word)


def _proper(text: str, at: int) -> Iterator[tuple[Scanned, int]]:
    numbered = _NUMBERED.match(text, at)
    if numbered:
        yield Bare(text=numbered.group()), numbered.end()
    code = _CODE.match(text, at)
    if code and bare(code.group()):
        yield Bare(text=code.group()), code.end()
    land = _ALIKE.match(text, at)
    if land:
        yield Bare(text=land.group()), land.end()
    month = _MONTH.match(text, at)
    if month:
        number = MONTHS.index(month[1])
        yield Month(month=number), month.end(1)
        if month[2]:
            yield YearMonth(month=number, year=int(month[2])), month.end()
    name = _PROPER.match(text, at)
    while name:
        yield Bare(text=name.group()), name.end()
        cut = name.group().rpartition(" ")[0]
        name = _PROPER.match(text, at, at + len(cut)) if cut else None


def _days(text: str, at: int) -> Iterator[tuple[Scanned, int]]:
    for pattern in _DAYS:
        found = pattern.match(text, at)
        if found:
            yield from _dates(text, found)


def _dates(text: str, found: re.Match[str]) -> Iterator[tuple[Scanned, int]]:
    parts = found.groupdict()
    name = parts.get("n")
    if name is None:
        month = int(parts["m"])
    else:
        month = (MONTHS if name.capitalize() in MONTHS else SHORT).index(name.capitalize())
    try:
        day = dt.date(int(parts["y"]), month, int(parts["d"])).isoformat()
    except ValueError:
        return
    yield Day(day=day), found.end()
    clock = _CLOCK.match(text, found.end())
    if clock:
        yield Moment(time=f"{day}T{clock[1]}{clock[2] or ':00'}Z"), clock.end()
