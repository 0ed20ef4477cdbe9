"""Values that an agent may have worked out by itself of what it has seen.

What counts: of numbers, the sum, difference, product, quotient and percentage of what was said and
of values seen in the same field, what two figures of one row give, the sum of a column and the
number of its rows, and other units of what was said; of days and moments, those that lie a length
of time that was spoken of from one that was seen, the bounds of a year, decade or month that was
spoken of, and the days of a week. Next: `watch`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

import msgspec

from agentgym.episode.flags.reading import day_of, moment_of
from agentgym.episode.flags.seen import Seen
from agentgym.formats import Json

__all__ = ["number_worked", "time_worked"]

_UNITS = tuple(Decimal(n) for n in (1000, 100, 60, 3600, 86400, 24, 7))
_MOST_SAID = 60
_MOST_ROWS = 40
_MOST_MOMENTS = 400
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_WEEK = "monday tuesday wednesday thursday friday saturday sunday".split()
_HUNDRED = Decimal(100)


def number_worked(digits: str, field: str, seen: Seen, last: Seen, keys: AbstractSet[str]) -> bool:
    """Tell whether a number may have been worked out.

    Args:
        digits: Of the number, in the one spelling.
        field: The field that it is for.
        seen: All that was seen.
        last: What was seen before the episode began: of no account.
        keys: Names of fields whose numbers measure nothing.
    """
    value = Decimal(digits)
    said = _said(seen, last)
    if value in (0, 1) or _by_two(value, said, said) or any(value * u in said for u in _UNITS):
        return True
    if any(value / unit in said for unit in _UNITS):
        return True
    own: set[Decimal] = set()
    for rows in _tables(seen, last):
        if value == len(rows):
            return True
        columns: dict[str, list[Decimal]] = {}
        for row in rows:
            figures = {name: abs(one) for name, one in row.items() if name not in keys}
            for name, one in figures.items():
                columns.setdefault(name, []).append(one)
            found = frozenset(figures.values())
            if len(found) > 1 and _by_two(value, found, found):
                return True
        own.update(columns.get(field, ()))
        if any(value == sum(column) for column in columns.values() if len(column) > 1):
            return True
    return (
        _by_two(value, own, said)
        or _by_two(value, own, own, times=False)
        or _share(value, own, said)
    )


def _by_two(
    value: Decimal,
    some: AbstractSet[Decimal],
    others: Iterable[Decimal],
    *,
    times: bool = True,
) -> bool:
    """Tell whether one of some and one of the others give the value.

    Args:
        value: What is to come out.
        some: Numbers.
        others: Numbers; of the same one, sum and difference do not count.
        times: Whether they may be multiplied and divided, too.
    """
    same = some is others
    for other in others:
        if value - other in some or value + other in some or other - value in some:
            if not (same and value in (other * 2, Decimal(0))):
                return True
        if times and other > 1 and (value * other in some or value / other in some):
            return True
    return False


def _share(value: Decimal, own: AbstractSet[Decimal], said: Iterable[Decimal]) -> bool:
    """Tell whether the value is a percentage of one that was seen, or that more or less."""
    exponent = value.as_tuple().exponent
    place = Decimal(1).scaleb(exponent if isinstance(exponent, int) and exponent < 0 else 0)
    for part in said:
        if not 0 < part <= _HUNDRED:
            continue
        for times in (part, _HUNDRED - part, _HUNDRED + part):
            for one in own:
                if (one * times / _HUNDRED).quantize(place, ROUND_HALF_UP) == value:
                    return True
    return False


def _said(seen: Seen, last: Seen) -> frozenset[Decimal]:
    """Return the numbers that people have said in the episode, the latest."""
    found: dict[str, None] = {}
    for node in seen.chain():
        if node is last:
            break
        found |= dict.fromkeys(sorted(node.numbers_said()))
    return frozenset(Decimal(digits) for digits in list(found)[:_MOST_SAID])


def _tables(seen: Seen, last: Seen) -> Iterator[list[dict[str, Decimal]]]:
    """Yield the figures of the rows that tools gave, result by result, the latest first."""
    left = _MOST_ROWS
    for node in seen.chain():
        if node is last:
            return
        for text, said in zip(reversed(node.texts), reversed(node.said), strict=True):
            if said or left <= 0:
                continue
            try:
                data = _DECODER.decode(text)
            except msgspec.DecodeError:
                continue
            rows = [_figures(row) for row in _rows(data)][:left]
            left -= len(rows)
            yield rows


def _rows(data: Json) -> Iterator[dict[str, Json]]:
    """Yield the objects in a result that hold values, at any depth."""
    if isinstance(data, list):
        for part in data:
            yield from _rows(part)
    elif isinstance(data, dict):
        if data.keys() != {"items", "total", "page", "pages"}:
            yield data
        for part in data.values():
            if isinstance(part, (dict, list)):
                yield from _rows(part)


def _figures(row: dict[str, Json]) -> dict[str, Decimal]:
    return {
        name: Decimal(value)
        for name, value in row.items()
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    }


def time_worked(value: str, seen: Seen) -> bool:
    """Tell whether a day or moment may have been worked out.

    Args:
        value: As it was sent.
        seen: All that was seen.
    """
    day, moment = day_of(value), moment_of(value)
    if day is None:
        return False
    days: set[str] = set()
    moments: set[str] = set()
    seconds: set[int] = set()
    months: set[int] = set()
    near = {day.year - 1, day.year, day.year + 1}
    around = {(day.year, day.month), _month(day, 1), _month(day, -1)}
    for node in seen.chain():
        times = node.times()
        if near & times.years and _bound(day, of_year=True):
            return True
        if around & times.months and _bound(day, of_year=False):
            return True
        days.update(islice(reversed(times.days), _MOST_MOMENTS))
        moments.update(islice(reversed(times.moments), _MOST_MOMENTS))
        seconds |= times.seconds
        months |= times.spans
    if moment is None or moment.time() in _EDGES:
        if any(_apart(day, one, seconds, months) for one in _days(days)):
            return True
    elif any(_away(moment, one, seconds) for one in _moments(moments)):
        return True
    elif value[:10] in days or any(_apart(day, one, seconds, months) for one in _days(days)):
        # the day is known, and the time of day was said: `at 16:00 on the same day`
        clock = f"{moment:%H:%M:%S}Z"
        if any(one[11:] == clock for one in moments):
            return True
        if not moment.second and _clock(moment, seen):
            return True
    return _weekday(day, days, seen)


_EDGES = (dt.time(0, 0), dt.time(23, 59), dt.time(23, 59, 59))


def _bound(day: dt.date, *, of_year: bool) -> bool:
    """Tell whether a day is the first or last of its month, or of its year."""
    if of_year and day.month not in (1, 12):
        return False
    first = day.day == 1 and (not of_year or day.month == 1)
    last = day.day == calendar.monthrange(day.year, day.month)[1]
    return first or (last and (not of_year or day.month == 12))


def _month(day: dt.date, by: int) -> tuple[int, int]:
    number = day.year * 12 + day.month - 1 + by
    return number // 12, number % 12 + 1


def _days(texts: Iterable[str]) -> Iterator[dt.date]:
    for text in sorted(texts, reverse=True)[:_MOST_MOMENTS]:
        day = day_of(text)
        if day is not None:
            yield day


def _moments(texts: Iterable[str]) -> Iterator[dt.datetime]:
    for text in sorted(texts, reverse=True)[:_MOST_MOMENTS]:
        moment = moment_of(text)
        if moment is not None:
            yield moment


def _apart(day: dt.date, other: dt.date, seconds: set[int], months: set[int]) -> bool:
    """Tell whether a length of time that was spoken of lies between two days."""
    gap = abs((day - other).days)
    if gap == 0 or gap * 86400 in seconds:
        return True
    whole = abs((day.year - other.year) * 12 + day.month - other.month)
    ends = day.day == other.day or day.day == calendar.monthrange(day.year, day.month)[1]
    return whole in months and ends


def _away(moment: dt.datetime, other: dt.datetime, seconds: set[int]) -> bool:
    return abs(int((moment - other).total_seconds())) in seconds or moment == other


def _clock(moment: dt.datetime, seen: Seen) -> bool:
    """Tell whether somebody spoke of that time of day."""
    hour = moment.hour % 12 or 12
    minute = f":{moment.minute:02}"
    half = "am" if moment.hour < 12 else "pm"
    forms = {f"{moment:%H:%M}", f"{moment.hour}{minute}"}
    forms |= {f"{hour}{minute} {half}", f"{hour}{minute}{half}"}
    if not moment.minute:
        forms |= {f"{hour} {half}", f"{hour}{half}", f"{hour} o'clock"}
    if moment.hour == 12 and not moment.minute:
        forms.add("noon")
    pattern = re.compile(rf"(?<![\d:])(?:{'|'.join(map(re.escape, sorted(forms)))})(?![\d:])")
    return any(
        pattern.search(text.casefold())
        for node in seen.chain()
        for text, said in zip(node.texts, node.said, strict=True)
        if said
    )


def _weekday(day: dt.date, days: set[str], seen: Seen) -> bool:
    """Tell whether the day is one of the coming fortnight, and its name was said."""
    if not any(0 <= (day - one).days <= 14 for one in _days(days)):
        return False
    return seen.holds_words(f" {_WEEK[day.weekday()]} ")
