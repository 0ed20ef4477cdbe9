"""Expressions that stand for a value: literals, casts, signs, and times near to now.

`now()` and its kin mean a fixed day, so that the same script always means the same
rows. Next: `checks`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from agentgym.formats import Json
from agentgym.sources.sql.functions import computed

__all__ = ["NOW", "NotConstantError", "Reader"]

NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
"""What `now()` means in a script."""


class NotConstantError(ValueError):
    """An expression that does not stand for one value."""


class Reader:
    """Reads expressions; counts those that were told from the clock."""

    def __init__(self, *, clock: bool = True) -> None:
        self.clock = clock
        """Whether the current time may occur."""
        self.clocked = 0

    def value(self, node: exp.Expression | None) -> Json:
        """Return what an expression stands for.

        Raises:
            NotConstantError: It depends on rows, chance or a sequence.
        """
        found = self._read(node)
        if isinstance(found, dt.datetime):
            return found.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
        return found.isoformat() if isinstance(found, dt.date) else found

    def _read(self, node: exp.Expression | None) -> Json:
        if node is None or isinstance(node, exp.Null):
            return None
        if isinstance(node, exp.Literal):
            return str(node.this) if node.is_string else _number(str(node.this))
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        if isinstance(node, (exp.Paren, exp.Introducer, exp.Collate)):
            return self._read(node.expression if isinstance(node, exp.Introducer) else node.this)
        if isinstance(node, exp.Neg):
            found = self._read(node.this)
            if isinstance(found, (int, Decimal)) and not isinstance(found, bool):
                return -found
            raise NotConstantError("a number after the sign")
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return self._cast(node)
        if isinstance(node, (exp.National, exp.ByteString, exp.RawString, exp.UnicodeString)):
            return _escaped(str(node.this)) if isinstance(node, exp.ByteString) else str(node.this)
        if isinstance(node, exp.HexString):
            return _hex(str(node.this))
        if isinstance(node, exp.BitString):
            return int(str(node.this) or "0", 2)
        if isinstance(node, exp.Array):
            return [self.value(item) for item in node.expressions]
        return self._computed(node)

    def _cast(self, node: exp.Cast | exp.TryCast) -> Json:
        found = self._read(node.this)
        to = node.to.sql("postgres").casefold()
        if isinstance(found, str) and to in ("date", "timestamp"):
            found = _parsed(found) or found
        if isinstance(found, dt.datetime):
            if to == "date":
                return found.date()
            if to.startswith(("text", "varchar", "char")):
                return found.strftime("%Y-%m-%d %H:%M:%S")
        if to in ("boolean", "bool") and isinstance(found, str):
            return found.casefold() in ("t", "true", "yes", "y", "on", "1")
        if isinstance(found, bytes) and to.startswith(("text", "varchar", "char")):
            return found.decode("utf-8", "replace")
        whole = to.startswith(("int", "bigint", "smallint", "numeric", "decimal"))
        if whole and isinstance(found, str) and not to.startswith("interval") and "[" not in to:
            return _number(found)
        return found

    def _computed(self, node: exp.Expression) -> Json:
        if self.clock and _is_now(node):
            self.clocked += 1
            moved = _modified(node)
            return moved.date() if _is_day(node) else moved
        if isinstance(node, (exp.DPipe, exp.Concat)):
            sides = node.expressions or [node.this, node.expression]
            parts = [self.value(item) for item in sides]
            return None if None in parts else "".join(str(part) for part in parts)
        if isinstance(node, (exp.Add, exp.Sub)):
            return self._sum(node)
        if isinstance(node, (exp.Mul, exp.Div)):
            return self._product(node)
        if isinstance(node, (exp.DateAdd, exp.DateSub, exp.TsOrDsAdd)):
            sign = -1 if isinstance(node, exp.DateSub) else 1
            unit = str(node.args.get("unit") or "day")
            return _shift(self._read(node.this), f"{self._amount(node)} {unit}", sign)
        if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
            return _truncated(self._moment(node.this), str(node.args["unit"].name))
        if isinstance(node, exp.Extract):
            return _part(self._moment(node.expression), node.name)
        if isinstance(node, (exp.Year, exp.Month, exp.Day)):
            return _part(self._moment(node.this), node.key)
        if isinstance(node, exp.TimeToStr):
            return _shown(self._moment(node.this), node.args["format"].name)
        return self._converted(node)

    def _converted(self, node: exp.Expression) -> Json:
        if isinstance(node, (exp.StrToDate, exp.StrToTime, exp.Date, exp.TsOrDsToDate)):
            found = self._read(node.this)
            return found.date() if isinstance(found, dt.datetime) else found
        if isinstance(node, (exp.Timestamp, exp.TsOrDsToTimestamp)):
            return self._read(node.this)
        if self.clock and _name(node) == "unix_timestamp" and not node.expressions:
            self.clocked += 1
            return int(NOW.timestamp())
        if isinstance(node, exp.Interval):
            unit = node.args.get("unit")
            return (
                f"{self._read(node.this)} {str(unit).casefold()}" if unit else self._read(node.this)
            )
        try:
            return computed(node, self.value)
        except (LookupError, ValueError):
            raise NotConstantError("a constant") from None

    def _moment(self, node: exp.Expression) -> dt.datetime:
        found = self._read(node)
        if isinstance(found, str):
            found = _parsed(found)
        if isinstance(found, dt.date) and not isinstance(found, dt.datetime):
            return _midnight(found)
        if isinstance(found, dt.datetime):
            return found
        raise NotConstantError("a time")

    def _amount(self, node: exp.Expression) -> Json:
        amount = node.expression
        return self._read(amount.this if isinstance(amount, exp.Interval) else amount)

    def _sum(self, node: exp.Add | exp.Sub) -> Json:
        sign = 1 if isinstance(node, exp.Add) else -1
        left, right = node.this, node.expression
        if isinstance(left, exp.Interval) and sign == 1:
            left, right = right, left
        start = self._read(left)
        if isinstance(right, exp.Interval):
            unit = f" {right.args['unit']}" if right.args.get("unit") else ""
            return _shift(start, f"{self._read(right.this)}{unit}", sign)
        other = self._read(right)
        if isinstance(right, exp.Cast) and right.to.this == exp.DataType.Type.INTERVAL:
            return _shift(start, str(other), sign)
        if isinstance(start, dt.date) and isinstance(other, int):
            return _shift(start, f"{other} day", sign)
        if _is_number(start) and _is_number(other):
            return start + sign * other
        raise NotConstantError("a sum of numbers, or a time and an interval")

    def _product(self, node: exp.Mul | exp.Div) -> Json:
        one, other = self._read(node.this), self._read(node.expression)
        if _is_number(one) and _is_number(other) and (other or isinstance(node, exp.Mul)):
            return one * other if isinstance(node, exp.Mul) else Decimal(one) / Decimal(other)
        raise NotConstantError("a product of numbers")


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _number(text: str) -> Json:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise NotConstantError("a number") from None
    return int(exact) if re.fullmatch(r"[+-]?\d+", text) else exact


def _hex(text: str) -> bytes:
    digits = text.removeprefix("0x")
    try:
        return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
    except ValueError:
        raise NotConstantError("hexadecimal digits") from None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": ""}


def _escaped(text: str) -> str:
    """Resolve what is left of backslash escapes in an E'' string."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


def _parsed(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.strip()).replace(tzinfo=dt.UTC)
    except ValueError:
        return NOW if text.casefold() == "now" else None


_UNITS = ("year", "month", "day", "hour", "minute", "second")


def _truncated(moment: dt.datetime, unit: str) -> dt.datetime:
    """Return the beginning of the year, month, week, ... of a moment."""
    word = unit.casefold()
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if word.startswith("week"):
        return day - dt.timedelta(days=day.weekday())
    if word == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if word not in _UNITS:
        raise NotConstantError("a unit of time")
    smaller = _UNITS[_UNITS.index(word) + 1 :]
    return dt.datetime(
        moment.year,
        1 if "month" in smaller else moment.month,
        1 if "day" in smaller else moment.day,
        0 if "hour" in smaller else moment.hour,
        0 if "minute" in smaller else moment.minute,
        0 if "second" in smaller else moment.second,
        tzinfo=dt.UTC,
    )


def _part(moment: dt.datetime, unit: str) -> int:
    word = unit.casefold()
    if word == "epoch":
        return int(moment.timestamp())
    if word in ("dow", "dayofweek"):
        return moment.isoweekday() % 7
    if word == "quarter":
        return (moment.month - 1) // 3 + 1
    if word not in _UNITS:
        raise NotConstantError("a part of a time")
    return int(getattr(moment, word))


def _shown(moment: dt.datetime, form: str) -> str:
    """Write a moment in a format; MySQL's marks are understood in any dialect."""
    plain = (
        form.replace("%%u", "%d").replace("%i", "%M").replace("%s", "%S").replace("%T", "%H:%M:%S")
    )
    if re.search(r"%[^YmdHMSjybBpIaA-]", plain):
        raise NotConstantError("a format of times")
    return moment.strftime(plain)


def _modified(node: exp.Expression) -> dt.datetime:
    """Return now, moved by the modifiers of SQLite's `datetime('now', '-1 day')`."""
    moment: Json = NOW
    listed = node.expressions if _name(node) in _SQLITE_CLOCK else ()
    for item in listed[1:]:
        text = item.name.casefold()
        if text.startswith("start of "):
            moment = _truncated(moment, text.removeprefix("start of "))
        elif text not in ("utc", "localtime"):
            moment = _shift(moment, text, 1)
    return moment if isinstance(moment, dt.datetime) else NOW


_NOW_NAMES = frozenset(
    "now localtimestamp sysdate getdate transaction_timestamp statement_timestamp "
    "clock_timestamp utc_timestamp current_timestamp".split()
)
_DAY_NAMES = frozenset("curdate current_date utc_date".split())
_SQLITE_CLOCK = frozenset({"datetime", "date"})


def _name(node: exp.Expression) -> str:
    return str(node.this).casefold() if isinstance(node, exp.Anonymous) else ""


def _is_now(node: exp.Expression) -> bool:
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime)):
        return True
    if isinstance(node, exp.Var):
        return str(node.this).casefold() in _NOW_NAMES | _DAY_NAMES
    if _name(node) in _NOW_NAMES | _DAY_NAMES:
        return True
    first = node.expressions[0] if _name(node) in _SQLITE_CLOCK and node.expressions else None
    if isinstance(node, (exp.Date, exp.TsOrDsToTimestamp, exp.TsOrDsToDate)):
        first = node.this
    return isinstance(first, exp.Literal) and str(first.this).casefold() == "now"


def _is_day(node: exp.Expression) -> bool:
    return isinstance(node, (exp.CurrentDate, exp.Date, exp.TsOrDsToDate)) or _name(
        node
    ) in _DAY_NAMES | {"date"}


_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3_600, "day": 86_400}


def _shift(start: Json, text: str, sign: int) -> Json:
    """Add an interval such as `1 month 2 days` to a day or a moment."""
    if isinstance(start, str):
        start = _parsed(start)
    if not isinstance(start, dt.date):
        raise NotConstantError("a time before the interval")
    exact = isinstance(start, dt.datetime)
    moment = start if isinstance(start, dt.datetime) else _midnight(start)
    for amount, word in _AMOUNT.findall(text):
        unit = word.casefold().removesuffix("s")
        many = sign * float(amount)
        exact = exact or unit in ("hour", "minute", "second", "min", "sec")
        moment = _moved(moment, many, unit)
    return moment if exact else moment.date()


def _moved(moment: dt.datetime, many: float, unit: str) -> dt.datetime:
    months = {"month": 1, "mon": 1, "quarter": 3, "year": 12, "yr": 12}.get(unit)
    try:
        if unit == "week":
            return moment + dt.timedelta(weeks=many)
        if months is None:
            return moment + dt.timedelta(seconds=many * _SECONDS[unit])
        year, month = divmod(moment.year * 12 + moment.month - 1 + int(many * months), 12)
        first = moment.replace(year=year, month=month + 1, day=1)
        following = (first + dt.timedelta(days=31)).replace(day=1)
        return first.replace(day=min(moment.day, (following - dt.timedelta(days=1)).day))
    except (KeyError, ValueError, OverflowError):
        raise NotConstantError("an interval") from None
