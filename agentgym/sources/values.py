"""What a column means, decided from its declaration and its values together.

The declared type is believed as long as the values agree with it; where they do not,
the values win. Next: `sheets`, which reads whole tables so.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from agentgym.formats import Json
from agentgym.schema import ValueType
from agentgym.sources.dates import Reader, reader
from agentgym.sources.meaning import HASHABLE, Meaning, UnreadableError, exact
from agentgym.sources.tables import RawColumn

__all__ = ["decide"]

_SCALE = 6
"""Most digits after the point that a decimal gets."""
_FINE = 4
"""Most digits after the point for which floats are taken as decimals."""
_TOLERATED = 0.1
"""Share of values that may contradict a declared type before the type is given up."""


def decide(column: RawColumn, values: Sequence[Json], *, identifying: bool = False) -> Meaning:
    """Decide what a column holds.

    Args:
        column: As declared.
        values: Its raw values, one a row; may be empty.
        identifying: Whether rows are told apart by it, so that none may be lost: where some
            are no numbers, all are texts. A line of headings among the rows is none of them.

    Returns:
        The meaning; the values agree with it but for a few.
    """
    seen = _distinct(values)
    if column.values is not None:
        meaning = Meaning(kind="enum", values=_normal(column.values), padded=column.padded)
        if _faults(meaning, seen) <= _TOLERATED * len(seen):
            return meaning
        return Meaning(kind="text", evidence=("rows hold values that the declaration lacks",))
    if not seen:
        return _declared(column)
    meaning = _seen(column, seen)
    if identifying and meaning.kind in ("integer", "decimal", "float") and column.declared:
        heading = column.name.casefold()
        others = [v for v in seen if not (isinstance(v, str) and v.casefold() == heading)]
        if _faults(meaning, others):
            return _guess(column, others)
    return meaning


def _distinct(values: Iterable[Json]) -> list[Json]:
    """Return the values that differ, NULL aside, in order of first appearance."""
    found: dict[tuple[type, Json], Json] = {}
    for value in values:
        if value is not None:
            mark = value if type(value) in HASHABLE else repr(value)
            found.setdefault((type(value), mark), value)
    return list(found.values())


def _normal(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", value) for value in values))


def _declared(column: RawColumn) -> Meaning:
    """Return what the declaration alone says."""
    kind, scale = column.kind or ("decimal" if column.declared else "text"), column.scale
    if kind == "decimal" and scale is not None and scale <= 0:
        return Meaning(kind="integer")
    if kind == "decimal":
        return Meaning(kind=kind, scale=min(scale if scale is not None else 2, _SCALE))
    if kind == "text":
        return Meaning(kind=kind, max_length=column.max_length, padded=column.padded)
    return Meaning(kind=kind)


def _seen(column: RawColumn, seen: list[Json]) -> Meaning:
    """Return what declaration and values say together."""
    kind = column.kind
    if kind in ("date", "datetime"):
        found = _as_date(kind, seen, timed=_MOMENT.search(column.name) is not None)
    elif kind in ("integer", "decimal", "float"):
        found = _as_number(column, seen)
    elif kind == "text":
        found = _as_text(column, seen)
    elif kind is None:
        found = None
    else:
        found = Meaning(kind=kind)
    if found is not None and _faults(found, seen) <= _TOLERATED * len(seen):
        return found
    return _guess(column, seen)


def _faults(meaning: Meaning, seen: Sequence[Json]) -> int:
    read, faults = meaning.reader(), 0
    for value in seen:
        try:
            read(value)
        except UnreadableError:
            faults += 1
    return faults


def _guess(column: RawColumn, seen: list[Json]) -> Meaning:
    """Return what the values alone say."""
    declared = f"declared {column.declared!r}, " if column.declared else ""
    evidence = (f"{declared}typed by its values",)
    if all(isinstance(value, bytes) for value in seen):
        return Meaning(kind="bytes", evidence=evidence)
    if all(isinstance(value, bool) for value in seen):
        return Meaning(kind="boolean", evidence=evidence)
    if not column.declared or not any(isinstance(value, str) for value in seen):
        found = _as_number(RawColumn(name=column.name, kind="integer"), seen)
        if found is not None and not any(_keeps_zeros(value) for value in seen):
            found.evidence = (*evidence, *found.evidence)
            return found
    text = _as_text(column, seen)
    text.evidence = (*evidence, *text.evidence)
    return text


def _keeps_zeros(value: Json) -> bool:
    return isinstance(value, str) and re.match(r"[+]|0\d", value.strip()) is not None


_MOMENT = re.compile(r"(_at|[a-z]At|_ts|time|stamp|updated?|modified)\Z|_AT\Z")
"""Ends of names of columns that hold a moment even where all are at midnight."""


def _as_date(kind: ValueType, seen: list[Json], *, timed: bool = False) -> Meaning | None:
    style = _style(seen, declared=True)
    if style is None:
        return None
    read = reader(style)
    moments = [moment for moment in (_tried(read, value) for value in seen) if moment is not None]
    midnight = all(moment.time() == dt.time() for moment in moments)
    if kind == "datetime" and midnight and len(moments) >= 3 and not timed:
        evidence = ("declared as a time, but every value is a whole day",)
        return Meaning(kind="date", read_date=read, evidence=evidence)
    if kind == "date" and not midnight:
        evidence = ("declared as a date, but values hold a time",)
        return Meaning(kind="datetime", read_date=read, evidence=evidence)
    return Meaning(kind=kind, read_date=read)


def _tried(read: Reader, value: Json) -> dt.datetime | None:
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _style(seen: Sequence[Json], *, declared: bool) -> str | None:
    """Return the way of writing dates that most of the values follow; None when there is none."""
    filled = [value for value in seen if not isinstance(value, str) or value.strip()]
    filled = [v for v in filled if not (isinstance(v, str) and v.startswith(("0000-00", "infin")))]
    if not filled:
        return "iso" if declared else None
    styles = ("iso", "dmy", "mdy", "day_month", "packed", "month_day", "compact", "epoch", "julian")
    legal = styles if declared else styles[:5]
    best, most = None, 0
    for style in legal:
        read = reader(style)
        hits = sum(_tried(read, value) is not None for value in filled)
        if hits > most:
            best, most = style, hits
        if most == len(filled):
            break
    if best in ("dmy", "mdy") and not declared:
        other = reader("mdy" if best == "dmy" else "dmy")
        if all(_tried(other, value) is not None for value in filled):
            return None
    if best == "dmy" and all(_tried(reader("mdy"), value) is not None for value in filled):
        best = "mdy" if any("/" in str(value) for value in filled) else "dmy"
    return best if most >= len(filled) * (1 - _TOLERATED if declared else 1) else None


def _as_number(column: RawColumn, seen: list[Json]) -> Meaning | None:
    """Return the smallest kind of number that holds the values; None when they are none."""
    numbers: list[Decimal] = []
    faults = 0
    for value in seen:
        try:
            found = exact(value)
        except UnreadableError:
            faults += 1
            continue
        if found is not None:
            numbers.append(found)
    if faults > _TOLERATED * len(seen):
        return None
    need = max((_digits(value) for value in numbers), default=0)
    big = any(abs(value) >= Decimal(10) ** 12 for value in numbers)
    if column.kind == "decimal":
        return _as_decimal(column.scale, need, numbers)
    if column.kind == "float":
        if numbers and 0 < need <= _FINE and not big:
            evidence = (f"no value has more than {need} digits after the point",)
            return Meaning(kind="decimal", scale=max(need, 2), evidence=evidence)
        return Meaning(kind="float")
    if need == 0:
        return Meaning(kind="integer") if not any(abs(v) >= 2**63 for v in numbers) else None
    evidence = ("declared as an integer, but values have digits after the point",)
    if need <= _SCALE and not big:
        return Meaning(kind="decimal", scale=need, evidence=evidence)
    return Meaning(kind="float", evidence=evidence)


def _as_decimal(scale: int | None, need: int, numbers: Sequence[Decimal]) -> Meaning:
    """Return a decimal, an integer where nothing follows the point, a float where too much does."""
    if scale is None and need > _SCALE:
        return Meaning(kind="float", evidence=("values have many digits after the point",))
    if need == 0 and (scale is None or scale <= 0):
        return Meaning(kind="integer")
    digits = min(max(scale or 0, need if need <= _SCALE else 0), _SCALE)
    if any(abs(value) >= Decimal(10) ** (18 - digits) for value in numbers):
        return Meaning(kind="float", evidence=("values are too large for a decimal",))
    return Meaning(kind="decimal", scale=digits)


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _as_text(column: RawColumn, seen: list[Json]) -> Meaning:
    """Return a date where all texts are dates, a text otherwise."""
    texts = all(isinstance(value, str) for value in seen)
    if texts and len(seen) >= 2 and all(_LIKE_DATE.match(str(v)) for v in seen if v != ""):
        style = _style(seen, declared=False)
        found = _as_date("datetime", seen) if style is not None else None
        if found is not None:
            read = reader(style or "iso")
            timed = any(_has_time(str(value)) for value in seen)
            kind: ValueType = "datetime" if timed and found.kind == "datetime" else "date"
            evidence = ("declared as text, but every value is a date",)
            return Meaning(kind=kind, read_date=read, evidence=evidence)
    meaning = Meaning(kind="text", max_length=column.max_length, padded=column.padded)
    if meaning.max_length is not None and _faults(meaning, seen):
        meaning.max_length = None
    return meaning


_LIKE_DATE = re.compile(
    r"\s*\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{1,4}\b|[12]\d{7} \d\d:\d\d"
)


def _has_time(text: str) -> bool:
    return re.search(r"\d:\d\d", text) is not None
