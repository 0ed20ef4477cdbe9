"""New values for writes: different from the old one, of its kind, and legal."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Sequence

from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored
from agentgym.tasks.clues import sayable

__all__ = ["new_value"]


def new_value(
    tables: Tables, entity: Entity, field: Field, old: Stored, rng: random.Random
) -> Stored:
    """Draw a value for a field that differs from the old one.

    Args:
        tables: The rows, from whose values the new one is drawn or varied.
        entity: What the field is of.
        field: The field.
        old: Stored value before; None for a new row.
        rng: The stream to draw from.

    Returns:
        A stored value that a person could say, or None where there is none.
    """
    legal = _limits(tables, entity, field)
    for _ in range(8):
        value = _draw(tables, entity, field, old, rng)
        if value is None or value == old or not sayable(field, value):
            continue
        if field.unique and value in tables.column(entity.name, field.name):
            continue
        if (
            field.max_length is not None
            and isinstance(value, str)
            and len(value) > field.max_length
        ):
            continue
        if legal is not None and not legal[0] <= value <= legal[1]:  # type: ignore[operator]
            continue
        return value
    return None


def _limits(tables: Tables, entity: Entity, field: Field) -> tuple[Stored, Stored] | None:
    """Return the range of a number as its column shows it, a little widened."""
    if field.type not in ("integer", "decimal"):
        return None
    seen = [value for value in tables.column(entity.name, field.name) if value is not None]
    if not seen:
        return None
    low, high = min(seen), max(seen)
    assert isinstance(low, int)
    assert isinstance(high, int)
    return (low if low >= 0 else low - abs(low)), high + max(1, high // 2)


def _draw(tables: Tables, entity: Entity, field: Field, old: Stored, rng: random.Random) -> Stored:
    if field.type == "enum":
        return rng.choice(list(field.values or ()) or [None])
    if field.type == "boolean":
        return 1 - int(old) if old is not None else rng.randrange(2)
    column = tables.ordered(entity.name, field.name)
    like = old if old is not None else (rng.choice(column) if column else None)
    match field.type:
        case "integer":
            return (
                int(like) + rng.choice((-2, -1, 1, 2, 3, 5))
                if like is not None
                else rng.randrange(1, 20)
            )
        case "decimal":
            base = int(like) if like is not None else rng.randrange(5, 200) * 10**field.scale
            step: int = 5 * 10 ** max(field.scale - 1, 0)
            changed: int = base * rng.choice((80, 90, 110, 120, 150)) // 100
            return max(step, changed // step * step)
        case "float":
            return round(float(like) * rng.choice((0.5, 0.8, 1.25, 1.5)), 2) if like else None
        case "date" | "datetime":
            return _shifted(str(like), rng) if like is not None else None
        case "text":
            return _text(column, field, like, rng)
    return None


def _shifted(moment: str, rng: random.Random) -> str:
    day = dt.date.fromisoformat(moment[:10]) + dt.timedelta(days=rng.randrange(1, 29))
    return day.isoformat() + moment[10:]


def _text(column: Sequence[Stored], field: Field, like: Stored, rng: random.Random) -> Stored:
    if field.role == "contact" and like is not None:
        text = str(like)
        if "@" in text:
            name, _, host = text.partition("@")
            return f"{name}{rng.randrange(2, 99)}@{host}"
        digits = [m.start() for m in re.finditer(r"\d", text)]
        if digits:
            letters = list(text)
            for place in digits[-4:]:
                letters[place] = str(rng.randrange(10))
            return "".join(letters)
    if field.role in ("code", "label") or field.unique:
        return _renamed(str(like), column, rng) if like is not None else None
    others = [value for value in column if value != like]
    return rng.choice(others) if others else None


_TITLES = ("New", "Second", "Little", "Great", "Grand", "Royal", "Modern", "Original")
_TWO = re.compile(r"([^\W\d_][\w'’.-]*) ([^\W\d_][\w'’.-]*)\Z")


def _renamed(text: str, column: Sequence[Stored], rng: random.Random) -> str:
    """Make a name of the kind: another number in it, other halves, or a word before it."""
    digits = re.search(r"\d+(?!.*\d)", text)
    if digits:
        width = len(digits[0])
        number = str((int(digits[0]) + rng.randrange(1, 90)) % 10**width).rjust(width, "0")
        return text[: digits.start()] + number + text[digits.end() :]
    if text.isupper() or "_" in text:
        return f"{text}{rng.randrange(2, 9)}"
    mine = _TWO.match(text)
    pairs = [pair for pair in (_TWO.match(str(value)) for value in column) if pair] if mine else []
    if mine and len(pairs) > 3:
        made = f"{mine[1]} {rng.choice(pairs)[2]}"
        if made not in column:
            return made
    title = rng.choice(_TITLES)
    return f"{title} {text}" if text[:1].isupper() else f"{title.lower()} {text}"
