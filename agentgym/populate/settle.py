"""What holds between rows, made true in rows that were made: derived fields, exclusives.

The stock comes in and is changed in place. Spans that collide move on until there is room, a
second open row is closed, and what cannot be helped is dropped. Next: `synthesis`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.populate.stories import Story
from agentgym.populate.times import day_of
from agentgym.populate.values import final_states
from agentgym.schema import Entity, Exclusive, Schema
from agentgym.schema.discover import Columns, compute, ordered
from agentgym.schema.types import Stored

__all__ = ["derive", "part"]

Values = dict[str, Stored]
_QUARTER = dt.timedelta(minutes=15)
_DAY = dt.timedelta(days=1)


def derive(stock: Stock, made: Collection[str]) -> bool:
    """Compute the derived fields of the rows that were made.

    Returns:
        Whether any value changed.
    """
    changed = False
    for one in ordered(stock.schema, stock.schema.derived):
        if one.entity not in made:
            continue
        rows = {name: [tuple(row.values()) for row in stock.rows.get(name, ())]
                for name in _around(stock.schema, one.entity, one.relation)}  # fmt: skip
        values = compute(stock.schema, one, Columns(stock.schema, rows))
        for row, value in zip(stock.rows[one.entity], values, strict=True):
            changed |= row[one.field] != value
            row[one.field] = value
    return changed


def _around(schema: Schema, entity: str, relation: str | None) -> tuple[str, ...]:
    return (entity,) if relation is None else (entity, schema.relation(relation).entity)


def part(
    stock: Stock,
    made: Collection[str],
    limits: Mapping[str, Limits],
    stories: Mapping[str, Story],
    now: float,
) -> bool:
    """Part the rows that exclude each other: move their times, change their state, or drop them.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        stories: Of entities that begin and end: what lies ahead comes to nothing, if anything.
        now: The day on which the domain begins, with fractions.

    Returns:
        Whether any row changed or went.
    """
    changed = False
    for one in stock.schema.exclusives:
        if one.entity not in made:
            continue
        entity = stock.schema.entity(one.entity)
        fixed = {field for owner, field in stock.schema.computed if owner == one.entity}
        gone: set[int] = set()
        for group in _groups(one, stock.rows[one.entity]):
            parted = (
                _spread(one, entity, group, limits[one.entity], fixed)
                if one.span
                else _Closing(one, stock.schema, limits[one.entity], fixed).close(
                    group, stories.get(one.entity), now
                )
            )
            changed |= parted is not None
            gone |= parted or set()
        kept = [row for row in stock.rows[one.entity] if id(row) not in gone]
        stock.rows[one.entity] = kept
    return changed


def _groups(one: Exclusive, rows: list[Values]) -> Iterator[list[Values]]:
    """Yield the rows that may exclude each other, of two or more."""
    groups: dict[tuple[Stored, ...], list[Values]] = {}
    for row in rows:
        mark = tuple(row[name] for name in one.same)
        if None not in mark and all(row[name] in legal for name, legal in one.where.items()):
            groups.setdefault(mark, []).append(row)
    yield from (group for group in groups.values() if len(group) > 1)


class _Closing:
    """Closes the rows of which only one may be open."""

    def __init__(self, one: Exclusive, schema: Schema, limits: Limits, fixed: set[str]) -> None:
        self.one, self.schema, self.limits = one, schema, limits
        self.entity = schema.entity(one.entity)
        self.names = [name for name in one.where if name not in fixed]

    def close(self, group: list[Values], story: Story | None, now: float) -> set[int]:
        """Leave the last of the rows as it is and close the others; return those to drop."""
        gone: set[int] = set()
        for turn, row in enumerate(group[:-1]):
            coming = story is not None and story.ahead and not story.above
            ahead = coming and (day_of(row[story.start]) or 0.0) > now if story else False
            first = story.void if story and ahead else ()
            changes = (
                {name: value} for name in self.names for value in self._closed(name, first, turn)
            )
            if not any(_try(row, change, self.limits) for change in changes):
                gone.add(id(row))
        return gone

    def _closed(self, name: str, first: Collection[Stored], turn: int) -> list[Stored]:
        """Return the other values of a state, the final ones first, a different one each turn."""
        choices = self.limits.choices[name] or []
        final = final_states(self.schema, self.entity, self.entity.field(name), choices)
        others = [value for value in choices if value not in self.one.where[name]]
        ends = [value for value in others if value in final]
        place = turn % len(ends) if ends else 0
        found = [*ends[place:], *ends[:place], *(v for v in others if v not in final)]
        return sorted(found, key=lambda value: value not in first)


def _spread(
    one: Exclusive, entity: Entity, group: list[Values], limits: Limits, fixed: set[str]
) -> set[int] | None:
    """Move each row that begins too early to the end of the one before it."""
    assert one.span is not None
    start, end = one.span
    whole = entity.field(start).type == "date"
    timed = [
        row
        for row in group
        if None not in (row[start], row[end]) and str(row[start]) < str(row[end])
    ]
    timed.sort(key=lambda row: (str(row[start]), str(row[end])))
    gone: set[int] = set()
    moved = False
    free = ""
    for row in timed:
        if str(row[start]) < free:
            moved = True
            times = {} if fixed & {start, end} else _shifted(row, one.span, free, whole=whole)
            if not _try(row, times, limits):
                gone.add(id(row))
                continue
        free = max(free, str(row[end]))
    return gone if moved else None


def _shifted(row: Values, span: tuple[str, str], free: str, *, whole: bool) -> Values:
    """Return the times of the row, as long as they were, from the next free quarter or day."""
    begin, end = (dt.datetime.fromisoformat(str(row[name]).rstrip("Z")) for name in span)
    step = _DAY if whole else _QUARTER
    away = dt.datetime.fromisoformat(free.rstrip("Z")) - begin
    away = -(-away // step) * step
    try:
        times = begin + away, end + away
    except OverflowError:
        return {}
    form = "%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%SZ"
    return {name: time.strftime(form) for name, time in zip(span, times, strict=True)}


def _try(row: Values, change: Values, limits: Limits) -> bool:
    """Change the row where that is legal; say whether it was."""
    after = row | change
    legal = all(limits.legal(name, value) for name, value in change.items())
    if not change or not legal or limits.broken(after) is not None:
        return False
    row.update(change)
    return True
