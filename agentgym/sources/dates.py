"""Dates as sources write them: one reader for each way of writing. Next: `values`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from agentgym.formats import Json

__all__ = ["Reader", "reader"]

Reader = Callable[[Json], dt.datetime]
"""From a raw value to a moment in UTC; raises ValueError."""

_CLOCK = (
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?"
    r"\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?)?"
)
_PATTERNS = {
    "packed": (
        re.compile(r"\s*(\d{4})()(\d{2})(\d{2})" + _CLOCK.removesuffix("?") + r"\s*\Z"),
        "ysmd",
    ),
    "iso": (re.compile(r"\s*(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _CLOCK + r"\s*\Z"), "ysmd"),
    "dmy": (re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _CLOCK + r"\s*\Z"), "dsmy"),
    "mdy": (re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _CLOCK + r"\s*\Z"), "msdy"),
    "day_month": (
        re.compile(r"\s*(\d{1,2})([-/. ])([A-Za-z]{3,9})\.?\2(\d{4})" + _CLOCK + r"\s*\Z"),
        "dsmy",
    ),
    "month_day": (
        re.compile(r"\s*([A-Za-z]{3,9})\.?( )(\d{1,2}),? +(\d{4})" + _CLOCK + r"\s*\Z"),
        "msdy",
    ),
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def reader(style: str) -> Reader:
    """Return the reader of one way of writing dates.

    Args:
        style: `iso`, `packed` (20200101 12:00), `dmy`, `mdy`, `day_month` (1-JAN-2020),
            `month_day` (Jan 1, 2020), `compact` (20200101), `epoch` (seconds or
            milliseconds), `julian`.
    """
    if style in _PATTERNS:
        pattern, order = _PATTERNS[style]
        return lambda value: _written(value, pattern, order)
    return {"compact": _compact, "epoch": _epoch, "julian": _julian}[style]


def _written(value: Json, pattern: re.Pattern[str], order: str) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    found = pattern.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a date")
    parts = dict(zip(order, found.groups()[:4], strict=True))
    hour, minute, second, half, zone = found.groups()[4:]
    clock = int(hour or 0)
    if half:
        if not 1 <= clock <= 12:
            raise ValueError("an hour from 1 to 12")
        clock = clock % 12 + (12 if half.casefold() == "pm" else 0)
    moment = dt.datetime(int(parts["y"]), _month(parts["m"]), int(parts["d"]), tzinfo=dt.UTC)
    moment += dt.timedelta(hours=_below(clock, 25), minutes=_below(int(minute or 0), 60))
    moment += dt.timedelta(seconds=_below(int(second or 0), 61))
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        digits = digits.zfill(2).ljust(4, "0") if len(digits) <= 2 else digits.zfill(4)
        shift = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        try:
            moment = moment - shift if zone[0] == "+" else moment + shift
        except OverflowError:
            raise ValueError("a date") from None
    return moment


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    word = text[:3].casefold()
    if word not in _MONTHS:
        raise ValueError("a month")
    return _MONTHS.index(word) + 1


def _below(value: int, limit: int) -> int:
    if value >= limit:
        raise ValueError("a time of day")
    return value


def _compact(value: Json) -> dt.datetime:
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"\d{8}(\d{6})?", text) or not "1000" <= text[:4] <= "2999":
        raise ValueError("a date as YYYYMMDD")
    form = "%Y%m%d%H%M%S" if len(text) > 8 else "%Y%m%d"
    return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)


def _epoch(value: Json) -> dt.datetime:
    if isinstance(value, str) and re.fullmatch(r"-?\d{9,13}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("seconds since 1970")
    seconds = float(value)
    seconds /= 1000 if abs(seconds) > 10**11 else 1
    if not 10**7 <= abs(seconds) < 10**11 and seconds:
        raise ValueError("seconds since 1970")
    return _EPOCH + dt.timedelta(seconds=int(seconds))


def _julian(value: Json) -> dt.datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("a Julian day")
    days = float(value)
    if not 1_721_060 <= days <= 5_373_484:
        raise ValueError("a Julian day")
    return _EPOCH + dt.timedelta(seconds=round((days - 2_440_587.5) * 86_400))
