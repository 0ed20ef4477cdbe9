"""Dates and times in answers, as people write them.

A text comes in, what it mentions goes out. Days are read in any usual order where only one
reading makes a date; times of another zone are turned into UTC. Next: `numbers`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from agentgym.goals.answers.doubts import doubt, joined_by_or
from agentgym.goals.answers.texts import Column

__all__ = ["Mention", "check_time", "mentions", "without"]

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = re.compile(
    rf"(?<![\w.])(?:(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?![\d-])"
    rf"|(?P<n2>{_NAME})\s+(?:the\s+)?(?P<d2>{_DAY})(?![\d:])(?:,?\s+(?:of\s+)?(?P<y2>\d{{4}}))?(?![\d:])"
    rf"|(?P<d3>{_DAY})[\s-]+(?:of\s+)?(?P<n3>{_NAME})(?:,?[\s-]+(?P<y3>\d{{4}}))?(?![\d:])"
    rf"|(?P<a4>\d{{1,2}})(?P<s4>[-/.])(?P<b4>\d{{1,2}})(?P=s4)(?P<y4>\d{{4}})(?!\d))",
    re.IGNORECASE,
)
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s*(?P<zone>(?:z\b|utc|gmt)?\s*[+-]\d{1,2}(?::?\d{2})?|z\b|(?:utc|gmt)\b)"
    r"|\s+(?P<other>(?-i:[A-Z]{2,4}T))\b)?"
)
_THEN = re.compile(r"(?:t|\s*,?\s*(?:at\s+|@\s*)?)" + _CLOCK + r"(?!\d)", re.IGNORECASE)
_FIRST = re.compile(r"(?<![\d:.])" + _CLOCK + r"\s*,?\s*(?:on\s+)?(?:the\s+)?$", re.IGNORECASE)
_NEAR = 40
"""Characters before a date in which its time may stand."""
_LEFT = re.compile(r"(?<![\d:.])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])")


class Mention(NamedTuple):
    """A date or time that a text speaks of."""

    moment: dt.datetime | None
    """As it is written; None where it can be read in two ways, or in none."""
    moved: dt.datetime | None
    """The same in UTC; None where its zone is but a name."""
    precise: str
    """`day`, `minute` or `second`."""
    start: int
    stop: int
    yearless: bool = False


def mentions(text: str) -> list[Mention]:
    """Find the dates in a text, each with the time that stands beside it."""
    found: list[Mention] = []
    for match in _DATES.finditer(text):
        day, yearless = _day(match)
        start, stop = match.span()
        clock = _THEN.match(text, stop)
        if clock is None:
            before = max(0, start - _NEAR)
            clock = _FIRST.search(text[before:start])
            start = start if clock is None else before + clock.start()
        else:
            stop = clock.end()
        if day is None or clock is None:
            moment = None if day is None else dt.datetime.combine(day, dt.time())
            found.append(Mention(moment, moment, "day", start, stop, yearless))
            continue
        moment, moved = _at(day, clock)
        precise = "second" if clock["second"] else "minute"
        found.append(Mention(moment, moved, precise, start, stop, yearless))
    return found


def without(text: str, found: list[Mention]) -> str:
    """Blank out dates, and times of day that stand alone."""
    return _LEFT.sub(lambda m: " " * len(m[0]), _blank(text, found))


def _blank(text: str, found: list[Mention]) -> str:
    for one in found:
        text = text[: one.start] + " " * (one.stop - one.start) + text[one.stop :]
    return text


def _day(match: re.Match[str]) -> tuple[dt.date | None, bool]:
    year = match["y1"] or match["y2"] or match["y3"] or match["y4"]
    choices: list[tuple[str, str]]
    if match["y1"]:
        choices = [(match["m1"], match["d1"])]
    elif match["y4"]:
        choices = [(match["a4"], match["b4"]), (match["b4"], match["a4"])]
    else:
        name = (match["n2"] or match["n3"]).casefold().rstrip(".")[:3]
        month = next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(name))
        choices = [(str(month), match["d2"] or match["d3"])]
    days = set()
    for month_text, day in choices:
        try:
            number = int(re.sub(r"\D", "", day))
            days.add(dt.date(int(year or 2000), int(month_text), number))
        except ValueError:
            continue
    return (days.pop() if len(days) == 1 else None), not year


def _at(day: dt.date, clock: re.Match[str]) -> tuple[dt.datetime | None, dt.datetime | None]:
    hour, half = int(clock["hour"]), (clock["half"] or "").casefold()
    if half and not 1 <= hour <= 12:
        return None, None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        time = dt.time(hour, int(clock["minute"]), int(clock["second"] or 0))
        moment = dt.datetime.combine(day, time)
        return moment, None if clock["other"] else moment - _shift(clock["zone"] or "")
    except (ValueError, OverflowError):
        return None, None


def _shift(zone: str) -> dt.timedelta:
    match = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", zone)
    if match is None:
        return dt.timedelta()
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return dt.timedelta(hours=hours, minutes=minutes) * (1 if match[1] == "+" else -1)


def check_time(
    value: str, given: str, *, with_time: bool, column: Column, known: str
) -> str | None:
    """Compare a date or time with what was answered.

    Args:
        value: Wire value: `YYYY-MM-DD`, or with `THH:MM:SSZ`.
        given: What was answered.
        with_time: Whether the value is a time.
        column: What else the field holds.
        known: The instruction: dates in it are no hedges.
    """
    found = mentions(given)
    if not found:
        return f"expected {value}, found no date"
    wanted = dt.datetime.fromisoformat(value.removesuffix("Z"))
    right = [one for one in found if _is(one, wanted, with_time=with_time, column=column)]
    if not right:
        said = given[found[0].start : found[0].stop].strip()
        told = found[0].moment is None
        return f"expected {value}, found {said!r}" + (", which has no one reading" if told else "")
    for one in right:
        left = doubt(given, one.start, one.stop, sized=True)
        if left:
            return f"expected {value}, found {given[:80]!r}: {left}"
    others = [one for one in found if one not in right]
    told_too = mentions(known) if others else []
    for one in others:
        joined = any(joined_by_or(given, (one.start, one.stop), (r.start, r.stop)) for r in right)
        if joined or not any(_same(one, told) for told in told_too):
            return f"several candidates: {value} and {given[one.start : one.stop].strip()!r}"
    other = _LEFT.search(_blank(given, found)) if with_time else None
    if other and not re.search(rf"(?<![\d:]){re.escape(other[0])}(?![\d:])", known):
        return f"several candidates: {value} and {other[0]!r}"
    return None


def _same(one: Mention, other: Mention) -> bool:
    return one.moment is not None and (one.moved, one.precise) == (other.moved, other.precise)


def _is(one: Mention, wanted: dt.datetime, *, with_time: bool, column: Column) -> bool:
    if one.moment is None or one.yearless:
        return False
    if not with_time:
        return one.moment.date() == wanted.date()
    if one.moved is None:
        return False
    if one.precise != "minute":
        return one.moved == wanted
    if one.moved != wanted.replace(second=0):
        return False
    minute = wanted.strftime("%Y-%m-%dT%H:%M:").rjust(17, "0")
    same = [s for s in range(60) if s != wanted.second and f"{minute}{s:02}Z" in column.texts]
    return not same
