"""Logs that effects write, made to tell how each row came to be what it is.

A log row with a value before and a value after belongs to a chain: of a status, along its life
cycle from where it began; of a number, one value after the other up to the present one. The
stock and the effects come in; rows of logs are changed in place. Next: `settle`.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.populate.spans import moment as moment_of
from agentgym.rng import stream
from agentgym.rules import Add, Effect
from agentgym.schema import Entity, Lifecycle, Relation
from agentgym.schema.types import Stored

__all__ = ["tell"]

Values = dict[str, Stored]


def tell(
    stock: Stock,
    made: Collection[str],
    limits: Mapping[str, Limits],
    effects: Sequence[Effect],
    now: float,
) -> None:
    """Make the logs of changes agree with the rows that changed.

    Args:
        stock: All rows; logs that were made are changed, and some of their rows dropped.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        effects: Of the domain: those that add a row with a field before and after.
        now: The day on which the domain begins, with fractions; no change is later.
    """
    for effect in effects:
        if not isinstance(effect.do, Add) or effect.each is not None or effect.when is not None:
            continue
        log = stock.schema.entity(effect.do.entity)
        relations = [
            r for r in stock.schema.parents(log.name)
            if r.target == effect.entity and all(name in effect.do.values for name in r.fields)
        ]  # fmt: skip
        fields = _fields(effect.do)
        if relations and fields is not None and {log.name, effect.entity} <= set(made):
            _Teller(stock, effect, relations[0], fields, limits[log.name], now).tell()


def _fields(add: Add) -> tuple[str, str, str, str] | None:
    """Return which field is told, the log's fields for it before and after, and that of when."""
    plain = {name: one for name, one in add.values.items() if not one.path}
    when = [name for name, one in plain.items() if one.now]
    for old, one in plain.items():
        for new, other in plain.items():
            if one.before and one.field is not None and not other.before:
                if one.field == other.field and when:
                    return one.field, old, new, when[0]
    return None


class _Teller:
    """Tells the changes of one field."""

    def __init__(
        self,
        stock: Stock,
        effect: Effect,
        relation: Relation,
        fields: tuple[str, str, str, str],
        limits: Limits,
        now: float,
    ) -> None:
        self.now = str(moment_of(now))
        self.stock, self.relation, self.limits = stock, relation, limits
        self.field, self.old, self.new, self.when = fields
        self.log = stock.schema.entity(relation.entity)
        self.entity = stock.schema.entity(relation.target)
        self.created = "create" in effect.on
        cycles = [c for c in stock.schema.lifecycles if c.entity == self.entity.name]
        self.cycle = next((c for c in cycles if c.field == self.field), None)
        self.rng = stream(stock.seed, "populate", "history", self.log.name)

    def tell(self) -> None:
        """Give the log's rows to the rows that they tell of; drop what is left."""
        rows = self.stock.rows[self.log.name]
        known = {
            tuple(row[name] for name in self.relation.target_fields): row
            for row in self.stock.rows[self.entity.name]
        }
        told: dict[tuple[Stored, ...], list[Values]] = {}
        for row in rows:
            told.setdefault(tuple(row[name] for name in self.relation.fields), []).append(row)
        spare = deque(rows)
        kept: list[Values] = []
        for mark in [mark for mark in told if mark in known]:
            chain = self._chain(known[mark], len(told[mark]))
            if len(chain) > len(spare):
                break
            moment = _begun(self.entity, known[mark])
            for old, new in chain:
                row = spare.popleft()
                moment = moment or str(row[self.when])
                change: Values = dict(zip(self.relation.fields, mark, strict=True))
                change |= {self.old: old, self.new: new, self.when: self._render(moment)}
                moment = _later(moment, self.rng, self.now, slow=self.cycle is None)
                legal = all(self.limits.legal(name, value) for name, value in change.items())
                if legal and self.limits.broken(row | change) is None:
                    row.update(change)
                    kept.append(row)
        keys = [tuple(row[name] for name in self.log.key) for row in rows]
        kept.sort(key=lambda row: str(row[self.when]))
        if not set(self.log.key) & {self.old, self.new, self.when, *self.relation.fields}:
            for row, key in zip(kept, keys, strict=False):
                row.update(zip(self.log.key, key, strict=True))
        self.stock.rows[self.log.name] = kept

    def _chain(self, row: Values, count: int) -> list[tuple[Stored, Stored]]:
        """Return the changes of the field in the row, from value to value, the last one last."""
        now = row[self.field]
        if self.cycle is not None:
            states: list[Stored] = [*_way(self.cycle, str(now), self.rng)]
        else:
            states = [*self._numbers(now, count), now]
        first: list[tuple[Stored, Stored]] = [(None, states[0])] if self.created else []
        return [*first, *pairwise(states)]

    def _numbers(self, now: Stored, count: int) -> list[Stored]:
        """Return former values of a number: a little lower each time, mostly."""
        found: list[Stored] = []
        value = now
        for _ in range(count):
            if not isinstance(value, (int, float)):
                break
            part = value * self.rng.choice((0.9, 0.95, 0.8, 1.1))
            value = round(part, 4) if isinstance(value, float) else max(round(part / 10) * 10, 1)
            found.insert(0, value)
        return found

    def _render(self, moment: str) -> Stored:
        return moment[:10] if self.log.field(self.when).type == "date" else moment


def _way(cycle: Lifecycle, state: str, rng: Random) -> list[str]:
    """Return one of the shortest ways from where a row begins to the state."""
    before: dict[str, list[str]] = {start: [] for start in cycle.initial}
    waiting = deque(cycle.initial)
    far = dict.fromkeys(cycle.initial, 0)
    while waiting:
        here = waiting.popleft()
        for there in cycle.moves.get(here, ()):
            if there not in far:
                far[there] = far[here] + 1
                waiting.append(there)
            if far[there] == far[here] + 1:
                before.setdefault(there, []).append(here)
    way = [state]
    while before.get(way[0]):
        way.insert(0, rng.choice(before[way[0]]))
    return way


def _begun(entity: Entity, row: Values) -> str:
    """Return the first time of a row, as a datetime; empty where it has none."""
    times = [
        str(row[field.name])
        for field in entity.fields
        if field.type in ("date", "datetime") and field.role in ("time", "audit")
        and row[field.name] is not None
    ]  # fmt: skip
    first = min(times, default="")
    return f"{first}T09:00:00Z" if len(first) == 10 else first


def _later(moment: str, rng: Random, now: str, *, slow: bool) -> str:
    """Return when the next change was: a status moves within days, a number within months."""
    hours = rng.choice((0.25, 1, 3, 8, 20, 26, 50, 75, 120)) * (12 if slow else 1)
    begun = dt.datetime.fromisoformat(moment.rstrip("Z"))
    found = begun + dt.timedelta(hours=hours)
    latest = dt.datetime.fromisoformat(now.rstrip("Z"))
    if found > latest > begun:
        found = begun + (latest - begun) * rng.random()
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")
