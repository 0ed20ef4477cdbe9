"""The scene of one task: its run, its rows, and the other tasks that start with the same rows.

What the operators of the audit draw from. Next: `called`, `spoken`.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.prove.run import Run, gold_run
from agentgym.schema.types import Row, to_wire
from agentgym.tasks import Task
from agentgym.tools.algebra import is_write

__all__ = ["Scene", "is_number", "other_days"]

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(.*)$")


class Scene:
    """One task with the rows that it starts with, and the other tasks of its domain.

    Args:
        task: The task.
        domain: The domain, with the rows as they are at the start.
        others: Tasks of the domain that start with the same rows.
        draws: The stream to draw from.
    """

    def __init__(
        self, task: Task, domain: Domain, others: Sequence[Task], draws: random.Random
    ) -> None:
        self.task, self.domain, self.draws = task, domain, draws
        self.schema, self.tools = domain.schema, domain.tool_by_name
        self.gold = gold_run(task)
        self.others = [other for other in others if other.id != task.id]
        self.writes = [
            place
            for place, (name, _) in enumerate(self.gold.calls)
            if name in self.tools and is_write(self.tools[name])
        ]

    def with_argument(self, place: int, name: str, value: Json) -> Run:
        """Return the run with one argument changed."""
        tool, arguments = self.gold.calls[place]
        calls = (*self.gold.calls[:place], (tool, arguments | {name: value}))
        return replace(self.gold, calls=calls + self.gold.calls[place + 1 :])

    def values(self) -> list[Json]:
        """Return the answer as a list of values."""
        answer = self.gold.answer
        return list(answer) if isinstance(answer, list) else [] if answer is None else [answer]

    def with_value(self, place: int, value: Json) -> Run:
        """Return the run with one value of the answer changed."""
        values = self.values()
        values[place] = value
        listed = isinstance(self.gold.answer, list)
        return replace(self.gold, answer=values if listed else values[0])

    def row_of(self, entity: str, key: Sequence[Json]) -> Row | None:
        """Return the row of a key."""
        kind = self.schema.entity(entity)
        places = [kind.position(name) for name in kind.key]
        for row in self.domain.rows.get(entity, ()):
            if [to_wire(kind.fields[p], row[p]) for p in places] == list(key):
                return row
        return None

    def neighbours(self, entity: str, row: Row) -> list[Row]:
        """Return rows that refer to the same rows as this one does: its siblings."""
        kind = self.schema.entity(entity)
        found: list[Row] = []
        for relation in self.schema.parents(entity):
            places = [kind.position(name) for name in relation.fields]
            mine = [row[place] for place in places]
            if None not in mine:
                found += [
                    other
                    for other in self.domain.rows.get(entity, ())
                    if other != row and [other[place] for place in places] == mine
                ]
        return found or [r for r in self.domain.rows.get(entity, ()) if r != row]


def other_days(value: Json) -> list[str]:
    """Return a time moved by a day, a week, a month or a year; nothing for other values."""
    match = _DATE.match(value) if isinstance(value, str) else None
    if match is None:
        return []
    try:
        day = dt.date.fromisoformat(match[1])
    except ValueError:
        return []
    moved = [day + dt.timedelta(days=n) for n in (-1, 1, 7, 30, 365)]
    return [f"{other.isoformat()}{match[2]}" for other in moved]


def is_number(value: Json) -> bool:
    """Tell whether a value is a number."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
