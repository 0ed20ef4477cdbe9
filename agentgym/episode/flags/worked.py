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
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import NamedTuple

import msgspec

from agentgym.episode.flags.reading import day_of, moment_of
from agentgym.episode.flags.seen import Seen
from agentgym.formats import Json

__all__ = ["number_worked", "time_worked"]

_UNITS = tuple(Decimal(n) for n in (1000, 100, 60, 3600, 86400, 24, 7))
_MOST_SAID = 60
_MOST_ROWS = 40
_MOST_FIGURES = 16
"""Of one row."""
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
    for table in _tables(seen, last, keys):
        if value in table.results or value == len(table.rows):
            return True
        own.update(table.columns.get(field, ()))
    return (
        _by_two(value, own, said)
        or _by_two(value, own, own, times=False)
        or _share(value, sorted(own), said)
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


def _share(value: Decimal, own: Sequence[Decimal], said: Iterable[Decimal]) -> bool:
    """Tell whether the value is a percentage of one that was seen, or that more or less.

    Args:
        value: What is to come out, above 0.
        own: Those that were seen, in order.
        said: Numbers; some may be percentages.
    """
    exponent = value.as_tuple().exponent
    place = Decimal(1).scaleb(exponent if isinstance(exponent, int) and exponent < 0 else 0)
    for part in said:
        if not 0 < part <= _HUNDRED:
            continue
        for times in (part, _HUNDRED - part, _HUNDRED + part):
            if not times:
                continue
            at = bisect_left(own, (value - place) * _HUNDRED / times)
            most = (value + place) * _HUNDRED / times
            for one in own[at:]:
                if one > most:
                    break
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


class Row(NamedTuple):
    """One row that a tool gave."""

    figures: Mapping[str, Decimal]
    """Its numbers that measure something, without their signs, by field."""
    pairs: frozenset[Decimal]
    """What two of them give."""


class Table:
    """The rows that one call gave.

    Args:
        rows: The rows.
    """

    __slots__ = ("columns", "results", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.columns: dict[str, list[Decimal]] = {}
        """What stands in each field."""
        self.results: set[Decimal] = set()
        """What two figures of a row give, and the sums of columns."""
        for row in rows:
            self.results |= row.pairs
            for name, one in row.figures.items():
                self.columns.setdefault(name, []).append(one)
        self.results |= {sum(one, Decimal()) for one in self.columns.values() if len(one) > 1}


def _tables(seen: Seen, last: Seen, keys: AbstractSet[str]) -> Iterator[Table]:
    """Yield the figures of the rows that tools gave, result by result, the latest first."""
    left = _MOST_ROWS
    for node in seen.chain():
        if node is last:
            return
        known: dict[int, Table] = node.figured
        for place in range(len(node.texts) - 1, -1, -1):
            if left <= 0:
                for old in [old for old in known if old <= place]:
                    del known[old]
                break
            if node.said[place]:
                continue
            found = known.get(place)
            if found is None:
                found = known[place] = _read(node.texts[place], keys)
            yield found if len(found.rows) <= left else Table(found.rows[:left])
            left -= len(found.rows)


def _read(text: str, keys: AbstractSet[str]) -> Table:
    """Read the figures of a result; no more rows than are ever looked at."""
    try:
        data = _DECODER.decode(text)
    except msgspec.DecodeError:
        return Table(())
    found = []
    for row in islice(_rows(data), _MOST_ROWS):
        figures = {name: abs(one) for name, one in _figures(row).items() if name not in keys}
        found.append(Row(figures, _pairs(frozenset(figures.values()))))
    return Table(found)


def _pairs(figures: frozenset[Decimal]) -> frozenset[Decimal]:
    """Return what two of some numbers give: what `_by_two` finds of them."""
    found: set[Decimal] = set()
    if len(figures) < 2:
        return frozenset()
    some = sorted(figures)[:_MOST_FIGURES]
    for one in some:
        for other in some:
            if one != other:
                found.add(one + other)
                found.add(abs(one - other))
            if other > 1:
                found.add(one * other)
                if (part := one / other) * other == one:
                    found.add(part)
    return frozenset(found)


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
