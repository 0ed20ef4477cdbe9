"""New values for writes: different from the old one, of its kind, legal, and plausible.

A name is another of its column, one with another number in it, or one of the halves of two;
never one with a word out of nowhere. Next: `writing`.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Sequence

from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored, fold, to_stored
from agentgym.tasks.clues import sayable

__all__ = ["apart", "like_a_row", "moved", "new_value"]

_TRIES = 8


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
    for _ in range(_TRIES):
        value = _draw(tables, entity, field, old, rng)
        if value is None or value == old or not sayable(field, value):
            continue
        if isinstance(value, str) and isinstance(old, str) and fold(value) == fold(old):
            continue
        if field.unique and value in tables.column(entity.name, field.name):
            continue
        if isinstance(value, str) and len(value) > (field.max_length or len(value)):
            continue
        if legal is not None and not legal[0] <= value <= legal[1]:  # type: ignore[operator]
            continue
        if not _checked(tables, entity, field, value):
            continue
        return value
    return None


def like_a_row(
    tables: Tables, entity: Entity, rng: random.Random, *, now: str, ahead: Callable[[Field], bool]
) -> dict[str, Stored]:
    """Draw values for a new row that go together: numbers, kinds and times of a present row.

    Its times are moved as one, so that the first of them lies a few days before now, or some weeks
    after it where it is agreed on beforehand.

    Args:
        tables: The rows.
        entity: What the row is of.
        rng: The stream to draw from.
        now: The clock at the start.
        ahead: Tells of a time whether it is agreed on beforehand.

    Returns:
        Field to stored value, for those that have one there.
    """
    rows = tables.rows(entity.name)
    if not rows:
        return {}
    row = rng.choice(rows)
    found: dict[str, Stored] = {}
    days: int | None = None
    for field, value in zip(entity.fields, row, strict=True):
        if value is None or field.unique:
            continue
        if field.type in ("date", "datetime"):
            if days is None:
                wanted = rng.randrange(2, 45) if ahead(field) else -rng.randrange(1, 8)
                days = wanted + (_day(now) - _day(str(value))).days
            shifted = moved(str(value), days)
            if shifted is not None:
                found[field.name] = _to_the_minute(shifted)
        elif field.role in ("money", "quantity", "measure", "category", "place", "flag"):
            found[field.name] = value
    for cycle in tables.schema.lifecycles:
        if cycle.entity == entity.name and cycle.initial:
            found[cycle.field] = rng.choice(cycle.initial)
    return found


def _day(moment: str) -> dt.date:
    return dt.date.fromisoformat(moment[:10])


def apart(one: str, other: str) -> int:
    """Return how many days lie between two stored dates or times."""
    return abs((_day(one) - _day(other)).days)


def moved(moment: str, days: int) -> str | None:
    """Move a stored date or time by whole days; None where there is no such day."""
    try:
        return (_day(moment) + dt.timedelta(days=days)).isoformat() + moment[10:]
    except OverflowError:
        return None


def _to_the_minute(moment: str) -> str:
    """Leave out the seconds of a stored time, as people do who name one."""
    return f"{moment[:17]}00{moment[19:]}" if len(moment) > 18 else moment


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


def _checked(tables: Tables, entity: Entity, field: Field, value: Stored) -> bool:
    """Tell whether the value keeps the checks of the schema that name it alone."""
    for check in tables.schema.checks:
        if (check.entity, check.field) != (entity.name, field.name) or check.other is not None:
            continue
        try:
            if check.op == "in":
                if value not in [to_stored(field, one) for one in check.value]:
                    return False
                continue
            limit = to_stored(field, check.value)
        except (ValueError, TypeError):
            continue
        if limit is None or isinstance(limit, str) != isinstance(value, str):
            continue
        order = (value > limit) - (value < limit)  # type: ignore[operator]
        legal = {"eq": (0,), "ne": (-1, 1), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}
        if order not in legal[check.op]:
            return False
    return True


def _draw(tables: Tables, entity: Entity, field: Field, old: Stored, rng: random.Random) -> Stored:
    if field.type == "enum":
        return rng.choice(list(field.values or ()) or [None])
    if field.type == "boolean":
        return 1 - int(old) if old is not None else rng.randrange(2)
    column = tables.ordered(entity.name, field.name)
    like = old if old is not None else (rng.choice(column) if column else None)
    match field.type:
        case "integer" if field.role == "flag":
            others = [value for value in column if value != old]
            return rng.choice(others) if others else None
        case "integer":
            return _whole(column, like, rng)
        case "decimal":
            base = int(like) if like is not None else rng.randrange(5, 200) * 10**field.scale
            step: int = 5 * 10 ** max(field.scale - 1, 0)
            changed: int = base * rng.choice((80, 90, 110, 120, 150)) // 100
            return max(step, changed // step * step)
        case "float":
            return round(float(like) * rng.choice((0.5, 0.8, 1.25, 1.5)), 2) if like else None
        case "date" | "datetime":
            if like is None:
                return None
            later = moved(str(like), rng.randrange(1, 29))
            return None if later is None else _to_the_minute(later)
        case "text":
            return _text(tables, entity, field, column, like, rng)
    return None


def _whole(column: Sequence[Stored], like: Stored, rng: random.Random) -> int:
    """Draw a whole number near another, or one of few that a column repeats."""
    if like is None:
        return rng.randrange(1, 20)
    near = int(like)
    if abs(near) >= 200:
        step = 10 ** (len(str(abs(near))) - 2)
        whole: int = (near + rng.choice((-10, -5, 5, 10, 20)) * step) // step * step
        return whole
    if len(column) <= 12 and rng.random() < 0.4:
        return int(str(rng.choice(column)))
    return near + rng.choice((-2, -1, 1, 2, 3, 5))


def _text(
    tables: Tables,
    entity: Entity,
    field: Field,
    column: Sequence[Stored],
    like: Stored,
    rng: random.Random,
) -> Stored:
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
    repeated = len(tables.rows(entity.name)) > len(column)
    if field.role == "code" or field.unique or (field.role == "label" and not repeated):
        return _renamed(str(like), column, rng) if like is not None else None
    others = [value for value in column if value != like]
    return rng.choice(others) if others else None


_TWO = re.compile(r"([^\W\d_][\w'’.-]*) ([^\W\d_][\w'’.-]*)\Z")


def _renamed(text: str, column: Sequence[Stored], rng: random.Random) -> str | None:
    """Make a name of the kind: another number in it, or halves of two that there are."""
    digits = re.search(r"\d+(?!.*\d)", text)
    if digits:
        width = len(digits[0])
        number = str((int(digits[0]) + rng.randrange(1, 90)) % 10**width).rjust(width, "0")
        return text[: digits.start()] + number + text[digits.end() :]
    mine = _TWO.match(text)
    pairs = [pair for pair in (_TWO.match(str(value)) for value in column) if pair] if mine else []
    if mine and len(pairs) > 2:
        made = f"{mine[1]} {rng.choice(pairs)[2]}"
        return made if made not in column else None
    return None
