"""Rows that contradict their own schema are repaired or left out, and counted.

Sheets come in and are changed in place until every key, unique set and reference
holds; declarations that the rows themselves break are taken back. Next: `focus`.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from agentgym.schema.types import Stored
from agentgym.sources.meaning import Meaning, UnreadableError
from agentgym.sources.sheets import Sheet
from agentgym.sources.tables import RawCheck, RawReference

__all__ = ["clean", "relax"]


def clean(sheets: Mapping[str, Sheet], skipped: Counter[str]) -> None:
    """Repair or drop rows until keys, uniques and references hold.

    A reference to a row that is not there becomes NULL where it may, otherwise the
    referring row goes.

    Args:
        sheets: Changed in place.
        skipped: Gets the counts.
    """
    for sheet in sheets.values():
        skipped["value that could not be read"] += sheet.unread
        skipped["blank or oversized value"] += sheet.blank
        skipped["end of a long text"] += sheet.long
    changed = True
    while changed:
        changed = False
        for sheet in sheets.values():
            changed |= bool(sheet.size) and _clean_once(sheet, sheets, skipped)


def _clean_once(sheet: Sheet, sheets: Mapping[str, Sheet], skipped: Counter[str]) -> bool:
    before = sheet.size
    _keep(sheet, [None not in key for key in sheet.tuples(sheet.key)], "row without a key", skipped)
    for names in (sheet.key, *sheet.uniques):
        what = "key" if names == sheet.key else "unique value"
        _keep(sheet, _first(sheet, names), f"row with a repeated {what}", skipped)
    nulled = False
    for reference in sheet.references:
        nulled |= _mend(sheet, reference, sheets[reference.target], skipped)
    return nulled or sheet.size < before


def _keep(sheet: Sheet, keep: Sequence[bool], reason: str, skipped: Counter[str]) -> None:
    if not all(keep):
        skipped[reason] += len(keep) - sum(keep)
        sheet.take(keep)


def _first(sheet: Sheet, names: Sequence[str]) -> list[bool]:
    """Mark the first row of each value; rows with a NULL are never alike."""
    seen: set[tuple[Stored, ...]] = set()
    keep = []
    for values in sheet.tuples(names):
        keep.append(None in values or values not in seen)
        seen.add(values)
    return keep


def _mend(sheet: Sheet, reference: RawReference, target: Sheet, skipped: Counter[str]) -> bool:
    """Set broken references to NULL, or drop their rows; tell whether anything changed."""
    there = set(target.tuples(reference.target_columns)) if target.size else set()
    broken = [
        place
        for place, values in enumerate(sheet.tuples(reference.columns))
        if None not in values and values not in there
    ]
    if not broken:
        return False
    loose = [c for c in reference.columns if _may_be_null(sheet, c)]
    if loose:
        skipped["broken reference"] += len(broken)
        for name in loose:
            for place in broken:
                sheet.values[name][place] = None
    else:
        gone = set(broken)
        keep = [place not in gone for place in range(sheet.size)]
        _keep(sheet, keep, "row with a broken reference", skipped)
    return True


def _may_be_null(sheet: Sheet, name: str) -> bool:
    return sheet.column(name).nullable and name not in sheet.key


def relax(sheet: Sheet, skipped: Counter[str]) -> None:
    """Take back what the rows of a sheet do not keep: NOT NULL and checks."""
    for column in sheet.columns:
        if not column.nullable and not sheet.is_filled(column.name):
            column.nullable = True
            skipped["NOT NULL that rows break"] += 1
    for name in sheet.key:
        sheet.column(name).nullable = False
    kept = []
    for check in sheet.checks:
        wire = _readable(sheet, check)
        if wire is None:
            skipped["check that cannot be expressed"] += 1
        elif not _holds(sheet, wire):
            skipped["check that rows break"] += 1
        elif wire not in kept:
            kept.append(wire)
    sheet.checks = kept


def _readable(sheet: Sheet, check: RawCheck) -> RawCheck | None:
    """Return the check with wire values; None where it does not fit the column's type."""
    meaning = sheet.meanings[check.column]
    if check.other is not None:
        alike = meaning.kind == sheet.meanings[check.other].kind
        return check if alike and check.op != "in" else None
    try:
        value = (
            [meaning.wire(item) for item in check.value]
            if isinstance(check.value, list)
            else meaning.wire(check.value)
        )
    except UnreadableError:
        value = None
        if isinstance(check.value, (int, float, Decimal)) and meaning.kind in (
            "integer",
            "decimal",
            "float",
        ):
            value = float(check.value)
    if value is None or (check.op not in ("eq", "ne", "in") and meaning.kind in _UNORDERED):
        return None
    return RawCheck(column=check.column, op=check.op, value=value)


_UNORDERED = frozenset({"text", "enum", "boolean", "json", "bytes"})


def _holds(sheet: Sheet, check: RawCheck) -> bool:
    values = sheet.values[check.column]
    if check.other is not None:
        scales = (sheet.meanings[check.column], sheet.meanings[check.other])
        pairs = zip(values, sheet.values[check.other], strict=True)
        return all(
            None in (a, b) or _compare(check.op, _plain(a, scales[0]), _plain(b, scales[1]))
            for a, b in pairs
        )
    meaning = sheet.meanings[check.column]
    read = meaning.reader()
    if check.op == "in":
        legal = {read(item) for item in check.value}
        return all(value is None or value in legal for value in values)
    try:
        bound = _plain(read(check.value), meaning)
    except UnreadableError:
        bound = check.value
    return all(v is None or _compare(check.op, _plain(v, meaning), bound) for v in values)


def _plain(value: Stored, meaning: Meaning) -> Stored | Decimal:
    """Return a decimal as the number that it stands for."""
    if meaning.kind == "decimal" and isinstance(value, int):
        return Decimal(value).scaleb(-meaning.scale)
    return value


def _compare(op: str, one: Any, other: Any) -> bool:
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        one, other = Decimal(str(one)), Decimal(str(other))
    return bool(_COMPARE[op](one, other))


_COMPARE = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
