"""How long things last: a time set some days or hours after another one, of its row or above.

The stock and what a source says of its fields come in; rows are changed in place. Next: `ages`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words
from agentgym.populate.parents import Stock
from agentgym.populate.repeats import Ways
from agentgym.populate.stories import Story
from agentgym.populate.times import PLANNED, PLANS, day_of
from agentgym.rng import stream
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored
from agentgym.sources import Values as Declared

__all__ = ["clip", "moment", "stretch"]

Values = dict[str, Stored]


def stretch(
    stock: Stock,
    name: str,
    limits: Limits,
    values: Sequence[Declared],
    stories: Mapping[str, Story],
    now: float,
    *,
    loose: bool,
) -> None:
    """Set the times of an entity of which the source says how long after another one they are.

    What has happened is not set later than now.

    Args:
        stock: All rows; those of the entity are changed.
        name: An entity whose rows were made.
        limits: Of the entity.
        values: What the source says of fields.
        stories: Of entities that begin and end: what is in one ends with it.
        now: The day on which the domain begins, with fractions.
        loose: Whether to set the times that may be empty, or those that may not.

    Raises:
        SchemaError: The schema does not have the other time, or a relation on the way to it.
    """
    ways = Ways(stock)
    entity = stock.schema.entity(name)
    said = [one for one in values if one.after and one.entity == name]
    led: dict[str, list[str]] = {}
    for one in said if any(one.along for one in said) else ():
        if not one.along:
            led.setdefault(one.after, []).append(one.field)
    for one in sorted(said, key=lambda one: not one.along):
        field, high = entity.field(one.field), entity
        for step in one.along:
            high = stock.schema.entity(stock.schema.relation(step).target)
        high.field(one.after)
        if field.nullable != loose or one.least is None or one.most is None:
            continue
        rng = stream(stock.seed, "populate", "span", one.entity, one.field)
        story = stories.get(high.name) if one.along else None
        until = story.end if story is not None and story.start == one.after else ""
        for row in stock.rows[one.entity]:
            above = ways.up(row, one.along)
            start = None if above is None else above[one.after]
            steps = _Steps(one, field, rng, now)
            if row[one.field] is None or start is None:
                continue
            if one.along:
                end = day_of(above[until]) if above and until else None
                value = steps.along(str(start), row, end)
            else:
                value = steps.later(str(start))
            change = {one.field: value}
            if one.along and value is not None:
                moved = (day_of(value) or 0.0) - (day_of(row[one.field]) or 0.0)
                change |= _moved(row, entity, led.get(one.field, ()), moved)
            legal = all(limits.legal(each, new) for each, new in change.items())
            if legal and limits.broken(row | change) is None:
                row.update(change)


def _moved(row: Values, entity: Entity, fields: Sequence[str], days: float) -> Values:
    """Return the times that follow one of their row, as it moves by so many days."""
    found: Values = {}
    for name in fields:
        day = day_of(row[name])
        whole = entity.field(name).type == "date"
        text = moment(day + (round(days) if whole else days)) if day is not None else None
        if text is not None:
            found[name] = text[:10] if whole else text
    return found


def clip(stock: Stock, name: str, limits: Limits, now: float) -> None:
    """Set what would have happened after now between the first time of the row and now.

    Args:
        stock: All rows; those of the entity are changed.
        name: An entity whose rows were made.
        limits: Of the entity.
        now: The day on which the domain begins, with fractions.
    """
    entity = stock.schema.entity(name)
    computed = stock.schema.computed
    fields = [f for f in entity.fields
              if f.type in ("date", "datetime") and f.role in ("time", "audit")
              and not PLANS & set(field_words(f)) and (name, f.name) not in computed
              and f.name not in entity.key]  # fmt: skip
    rng = stream(stock.seed, "populate", "clip", name)
    latest = str(moment(now))
    for row in stock.rows[name]:
        for field in fields:
            if (
                row[field.name] is None
                or str(row[field.name]) <= latest[: len(str(row[field.name]))]
            ):
                continue
            days = [day for f in fields if (day := day_of(row[f.name])) is not None and day < now]
            begun = max(days, default=now - 14)
            text = str(moment(begun + (now - begun) * (0.1 + 0.9 * rng.random())))
            value = text[:10] if field.type == "date" else text
            change = row | {field.name: value}
            if limits.legal(field.name, value) and limits.broken(change) is None:
                row[field.name] = value


class _Steps:
    """How far one time is from another, drawn for one row."""

    def __init__(self, one: Declared, field: Field, rng: Random, now: float) -> None:
        self.one, self.now = one, now
        said = set(field_words(field))
        self.whole = field.type == "date"
        self.plan, self.quarter = bool(PLANS & said), bool(PLANNED & said)
        self.noted = field.nullable and not self.whole and not self.plan
        least, most = float(one.least), float(one.most)
        self.least = least
        days = not self.whole and not one.along and most >= 48 and not self.noted
        step = 24.0 if days else float(one.step) if one.step is not None else 1.0
        count = max(int((most - least) / step + 1e-9), 0)
        self.steps = least + step * min(int((count + 1) * rng.betavariate(1.4, 1.9)), count)
        self.luck = rng.random()

    def later(self, start: str) -> Stored:
        """Return the time so many days, or for a datetime hours, after one of the same row."""
        begin = day_of(start)
        if begin is None:
            return None
        value = begin + self.steps / (1 if self.whole else 24)
        if self.noted and self.one.step is None:
            value += self.luck / 24
            if value - begin > 0.5 and not 8 / 24 <= value % 1 <= 19 / 24:
                value = value // 1 + (8 + 10 * self.luck) / 24
        if value > self.now and not self.plan:
            value = begin + max(self.now - begin, 0.0) * self.luck
        return self._shown(value)

    def along(self, start: str, row: Values, end: float | None) -> Stored:
        """Return the time so many days after one above, at the time of day that the row has.

        Args:
            start: The time above.
            row: Whose time is set.
            end: When what is above is over, which what happens in it is not.
        """
        begin, mine = day_of(start), day_of(row[self.one.field])
        if begin is None or mine is None:
            return None
        value = begin + self.steps
        if not self.whole and (self.steps or len(start) == 10):
            value = value // 1 + mine % 1
        if not self.whole and len(start) > 10 and (value < begin) == (self.least >= 0):
            hours = (0.25 + 3 * self.luck) if self.least >= 0 else -(0.5 + 4 * self.luck)
            value = begin + hours / 24 if abs(value - begin) < 1 else value
        if not self.whole and len(start) > 10 and value == begin:
            value = begin + (0.25 + 3 * self.luck) / 24
        if end is not None and self.least >= 0 and value > end > begin:
            value = begin + (end - begin) * self.luck
            value = value // 1 + mine % 1 if end - begin > 3 and not self.whole else value
        if value > self.now and not self.plan:
            if self.least < 0:
                value = self.now - 0.1 - 20 * self.luck**2
            elif begin < self.now:
                value = begin + (self.now - begin) * (0.1 + 0.9 * self.luck)
        if self.quarter:
            value = int(value * 96 + 1e-6) / 96
        return self._shown(value)

    def _shown(self, day: float) -> Stored:
        text = moment(day + 1e-7 if self.whole else day)
        if text is None:
            return None
        return text[:10] if self.whole else text


def moment(day: float) -> str | None:
    """Return a day, counted from 1970 with fractions, as a datetime; None where there is none."""
    try:
        found = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=round(day * 86400))
    except OverflowError:
        return None
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")
