"""What the values of one entity may be: checks, enums, lengths, as bounds that makers obey.

The checks of an entity come in; out go, for each field, the legal choices, the bounds in
stored form, a test, and a way to vary a value until it is unique. Next: `order`.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agentgym.formats import Json
from agentgym.schema import Check, Entity, Field, Schema
from agentgym.schema.types import Stored

__all__ = ["Limits", "shift_text"]

_NUMBERS = frozenset({"integer", "decimal", "float", "boolean"})
_STORED = {"integer": int, "decimal": int, "boolean": int, "float": float}
_BIGGEST = 2**62


class Limits:
    """The checks of one entity, ready for use."""

    def __init__(self, schema: Schema, entity: Entity) -> None:
        self.fields = {field.name: field for field in entity.fields}
        own = [check for check in schema.checks if check.entity == entity.name]
        self.pairs = [check for check in own if check.other is not None]
        self._unary: dict[str, list[Check]] = {}
        for check in own:
            if check.other is None:
                self._unary.setdefault(check.field, []).append(check)
        self._members = {
            check.id: check.value if isinstance(check.value, (list, tuple)) else [check.value]
            for check in own
        }
        self.choices = {name: self._choices(field) for name, field in self.fields.items()}
        self.bounds = {name: self._bounds(field) for name, field in self.fields.items()}
        self.checked = frozenset(self._unary) | {
            name for check in self.pairs for name in (check.field, str(check.other))
        }

    def _choices(self, field: Field) -> list[Stored] | None:
        """List the legal values of a field that has only a few; None for all others."""
        found: list[Stored] | None = None
        if field.type == "enum":
            found = list(field.values or ())
        elif field.type == "boolean":
            found = [1, 0]
        for check in self._unary.get(field.name, ()):
            if found is None and check.op in ("in", "eq"):
                wire = [member for member in self._members[check.id] if member is not None]
                found = [value for member in wire if (value := _stored(field, member)) != ""]
        if found is None:
            return None
        return [value for value in dict.fromkeys(found) if self.legal(field.name, value)]

    def _bounds(self, field: Field) -> tuple[Any, Any]:
        """Return the lowest and highest stored value that the checks allow; None where open."""
        low: Any = None
        high: Any = None
        if field.type not in ("integer", "decimal", "float", "date", "datetime"):
            return None, None
        for check in self._unary.get(field.name, ()):
            if check.value is None or check.op not in ("gt", "ge", "lt", "le", "eq"):
                continue
            if check.op in ("gt", "ge", "eq"):
                found = _edge(field, check.value, strict=check.op == "gt", up=True)
                low = found if low is None or (found is not None and found > low) else low
            if check.op in ("lt", "le", "eq"):
                found = _edge(field, check.value, strict=check.op == "lt", up=False)
                high = found if high is None or (found is not None and found < high) else high
        return low, high

    def legal(self, name: str, value: Stored) -> bool:
        """Say whether the value alone satisfies its type's limits and its checks."""
        field = self.fields[name]
        if value is None:
            return field.nullable
        if type(value) is not _STORED.get(field.type, str):
            return False
        if field.type == "enum" and value not in (field.values or ()):
            return False
        longest = field.max_length
        if longest is not None and field.type == "text" and len(str(value)) > longest:
            return False
        for check in self._unary.get(name, ()):
            if check.op == "in":
                if not any(
                    _compare("eq", _plain(field, value), m) for m in self._members[check.id]
                ):
                    return False
            elif not _compare(check.op, _plain(field, value), check.value):
                return False
        return True

    def broken(self, row: Mapping[str, Stored]) -> Check | None:
        """Return the first comparison of two fields that fails in the row."""
        for check in self.pairs:
            left, right = row[check.field], row[str(check.other)]
            if left is None or right is None:
                continue
            mine, other = self.fields[check.field], self.fields[str(check.other)]
            if not _compare(check.op, _plain(mine, left), _plain(other, right)):
                return check
        return None

    def clamp(self, name: str, value: Stored) -> Stored:
        """Move a value that a maker drew into the bounds, keeping some of its spread."""
        low, high = self.bounds[name]
        kind = self.fields[name].type
        if value is None or (low is None and high is None):
            return value
        if low is not None and high is not None and low > high:
            return value
        if kind in ("date", "datetime"):
            text = str(value)
            text = low if low is not None and text < low else text
            return high if high is not None and text > high else text
        assert isinstance(value, (int, float))
        if low is not None and value < low:
            value = low + (abs(value) if high is None else (low - value) % (high - low + 1))
        if high is not None and value > high:
            value = high if low is None else low + (value - low) % (high - low + 1)
            value = min(value, high)
        return float(value) if kind == "float" else int(value)

    def vary(self, name: str, value: Stored, turn: int) -> Stored:
        """Return the `turn`-th other value near the given one, for the sake of uniqueness."""
        field, choices = self.fields[name], self.choices[name]
        if choices is not None:
            if not choices:
                return value
            start = choices.index(value) if value in choices else 0
            return choices[(start + turn) % len(choices)]
        if field.type in ("integer", "decimal", "float"):
            assert isinstance(value, (int, float))
            low, high = self.bounds[name]
            moved = value + turn
            if high is not None and moved > high and not (low is not None and low > high):
                moved = high - turn if low is None else low + (moved - low) % (high - low + 1)
            return float(moved) if field.type == "float" else int(moved)
        if field.type == "date":
            return _move(str(value), turn)
        if field.type == "datetime":
            return _move(str(value)[:10], turn // 20) + _clock(str(value)[10:], turn % 20)
        if field.type == "bytes":
            return base64.b64encode(f"{value}{turn}".encode()[-18:]).decode()
        if field.type == "json":
            return f'{{"number":{turn}}}'
        return shift_text(str(value), turn, field.max_length)


def _stored(field: Field, wire: Json) -> Stored:
    """Return the wire value of a check in stored form, or "" where it is none of the field's."""
    try:
        if field.type in ("integer", "boolean"):
            return int(wire)
        if field.type == "decimal":
            return int(Decimal(str(wire)).scaleb(field.scale))
        if field.type == "float":
            return float(wire)
    except (ArithmeticError, ValueError, TypeError):
        return ""
    if field.type == "text" and isinstance(wire, (int, float, Decimal)):
        return ""
    return str(wire)


def _edge(field: Field, wire: Json, *, strict: bool, up: bool) -> Any:
    """Return the outermost stored value beside a bound, or None where it says nothing."""
    if field.type == "date":
        text = str(wire)[:10]
        return _move(text, 1 if up else -1) if strict else text
    if field.type == "datetime":
        text = str(wire).replace(" ", "T")[:19]
        text = f"{text}T00:00:00Z" if len(text) == 10 else f"{text}Z"
        return _move(text[:10], 1 if up else -1) + text[10:] if strict else text
    try:
        number = Decimal(str(wire))
        if field.type == "float":
            room = max(abs(float(number)), 1.0) * 1e-6
            return float(number) + (room if up else -room) * strict
        scaled = number.scaleb(field.scale)
        near = math.ceil(scaled) if up else math.floor(scaled)
    except (ArithmeticError, ValueError):
        return None
    if abs(near) > _BIGGEST:
        return None
    return near + (1 if up else -1) if strict and near == scaled else near


def _plain(field: Field, value: Stored) -> Any:
    """Return the value as it compares with those of other fields."""
    if field.type == "decimal" and value is not None:
        return Decimal(value).scaleb(-field.scale)
    if field.type == "float" and value is not None:
        return Decimal(repr(value))
    if field.type == "date":
        return f"{value}T00:00:00Z"
    return value


def _compare(op: str, left: Any, right: Any) -> bool:
    """Compare a plain value with another, or with the wire value of a check."""
    if left is None or right is None:
        return True
    if isinstance(left, str):
        if not isinstance(right, str):
            return True
        if len(left) == 20 and left[10:11] == "T":
            right = right.replace(" ", "T")
            right = f"{right}T00:00:00Z" if len(right) == 10 else right
    else:
        try:
            right = Decimal(str(int(right) if isinstance(right, bool) else right))
        except ArithmeticError:
            return True
    if op == "eq":
        return bool(left == right)
    if op == "ne":
        return bool(left != right)
    if op == "lt":
        return bool(left < right)
    if op == "le":
        return bool(left <= right)
    return bool(left > right) if op == "gt" else bool(left >= right)


def _move(day: str, days: int) -> str:
    try:
        return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return day


def _clock(rest: str, hours: int) -> str:
    """Return the time of day (`T10:00:00Z`) some hours on, within the day."""
    hour = (int(rest[1:3]) + hours) % 24
    return f"T{hour:02}{rest[3:]}"


def shift_text(text: str, turn: int, longest: int | None) -> str:
    """Return the text made different by a number: in an address before the `@`, else at its end."""
    head, at, tail = text.partition("@")
    mark = str(turn + 1)
    if not at and (" " in text or not any(c.isdigit() or c in "-_" for c in text)):
        mark = f" {mark}" if " " in text or text[:1].isupper() else mark
    elif not at and text[-1:].isdigit():
        digits = len(text) - len(text.rstrip("0123456789"))
        number = (int(text[-digits:]) + turn) % 10**digits
        if number or digits > 2:
            return f"{text[:-digits]}{number:0{digits}}"
    elif not at:
        mark = f"-{mark}"
    if longest is None or len(head) + len(mark) + len(at + tail) <= longest:
        return f"{head}{mark}{at}{tail}"
    keep = longest - len(mark) - len(at + tail)
    if keep > 0:
        return f"{head[:keep]}{mark}{at}{tail}"
    return _counted(turn, longest)


def _counted(turn: int, longest: int) -> str:
    """Return the `turn`-th text of a short length over letters and digits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"
    found = ""
    while len(found) < longest:
        turn, place = divmod(turn, len(alphabet))
        found = alphabet[place] + found
    return found
