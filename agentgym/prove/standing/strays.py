"""Wrong runs of one who watches: silent on what is due, loud on what is not, early, twice.

A task with a stream comes in, wrong runs go out, each with the name of what is wrong. Next:
`gates`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.goals.offers import OFFER, WAIT
from agentgym.prove.run import Run
from agentgym.prove.stage import Stage
from agentgym.prove.standing.runs import gold_of, run_of
from agentgym.schema.types import to_wire
from agentgym.tasks import Notice, Task
from agentgym.tasks.orders import due_of
from agentgym.tasks.values import new_value
from agentgym.tasks.words.watching import key_text
from agentgym.tools.algebra import is_write
from agentgym.tools.parameters import bindings

__all__ = ["strays"]

_ROWS = 6
"""Rows without an event that are written or offered."""

Call = tuple[str, dict[str, Json]]


def strays(task: Task, stage: Stage, draws: random.Random) -> Iterator[tuple[str, Run]]:
    """Make wrong runs of a task with a stream.

    Args:
        task: The task.
        stage: Where it starts.
        draws: The stream to draw from.
    """
    yield from _Strays(task, stage, draws).all()


class _Strays:
    def __init__(self, task: Task, stage: Stage, draws: random.Random) -> None:
        self.task, self.stage, self.draws = task, stage, draws
        self.domain, self.schema = stage.domain, stage.schema
        self.gold = run_of(task, task.gold)
        self.acts = due_of(task.plan)
        self.entity = self.schema.entity(task.stream[0].entity)

    def all(self) -> Iterator[tuple[str, Run]]:
        """Yield every kind."""
        yield "nothing_done", Run()
        yield "cut_off", replace(self.gold, outcome=None, truncated=True)
        for outcome in ("refused", "impossible"):
            yield "wrong_outcome", replace(self.gold, outcome=outcome)
        yield "always", self.policy([self.acts] * len(self.task.stream))
        yield "never", self.policy([()] * len(self.task.stream))
        yield from self.labels()
        yield from self.early()
        yield from self.changed()
        yield from self.elsewhere()

    def policy(self, due: Sequence[tuple[str, ...]]) -> Run:
        """Return the run of one who takes other events for due."""
        stream = [replace(n, due=one) for n, one in zip(self.task.stream, due, strict=True)]
        return run_of(self.task, gold_of(self.task.plan, stream, self.domain))

    def labels(self) -> Iterator[tuple[str, Run]]:
        """Miss an event, take one for due that is not, do half of what is due."""
        right = [notice.due for notice in self.task.stream]
        for place, notice in enumerate(self.task.stream):
            other = list(right)
            if notice.due:
                other[place] = ()
                yield "missed", self.policy(other)
                for act in notice.due if len(notice.due) > 1 else ():
                    other[place] = (act,)
                    yield "half_done", self.policy(other)
            else:
                for acts in {self.acts, *((act,) for act in self.acts)}:
                    other[place] = acts
                    yield "false_alarm", self.policy(other)
                yield "false_alarm", self.with_calls([*self.gold.calls, self.offer(notice)])
        for place, notice in enumerate(self.task.stream):
            for further, second in enumerate(self.task.stream):
                if notice.due and not second.due:
                    other = list(right)
                    other[place], other[further] = (), self.acts
                    yield "swapped", self.policy(other)

    def early(self) -> Iterator[tuple[str, Run]]:
        """End before everything has happened; do something twice."""
        for place, (name, arguments) in enumerate(self.gold.calls):
            tool = self.domain.tool_by_name.get(name)
            acts = name == OFFER or (tool is not None and is_write(tool))
            if acts:
                yield "early_end", self.with_calls(list(self.gold.calls[:place]))
                wait = (WAIT, dict[str, Json]())
                calls = list(self.gold.calls)
                yield "step_dropped", self.with_calls([*calls[:place], wait, *calls[place + 1 :]])
            if name == OFFER:
                yield "offered_twice", self.with_calls([*self.gold.calls, (name, dict(arguments))])

    def changed(self) -> Iterator[tuple[str, Run]]:
        """Write another value."""
        for place, (name, arguments) in enumerate(self.gold.calls):
            tool = self.domain.tool_by_name.get(name)
            if tool is None or not is_write(tool):
                continue
            for param, (owner, field_name, use) in bindings(tool.term, self.schema).items():
                if use not in ("value", "to") or param not in arguments:
                    continue
                entity = self.schema.entity(owner)
                field = entity.field(field_name)
                for _ in range(4):
                    value = new_value(self.stage.tables, entity, field, None, self.draws)
                    wire = None if value is None else to_wire(field, value)
                    if wire is not None and wire != arguments[param]:
                        yield "argument_changed", self.replaced(place, arguments | {param: wire})

    def elsewhere(self) -> Iterator[tuple[str, Run]]:
        """Write or offer rows about which nothing has happened."""
        field = self.entity.field(self.entity.key[0])
        spot = self.entity.position(field.name)
        told = {notice.key[0] for notice in self.task.stream if notice.key}
        rows = [
            row
            for row in self.stage.tables.rows(self.entity.name)
            if to_wire(field, row[spot]) not in told
        ]
        for row in self.draws.sample(rows, min(_ROWS, len(rows))):
            key = to_wire(field, row[spot])
            about = {"about": key_text((key,))}
            yield "other_row", self.with_calls([*self.gold.calls, (OFFER, dict(about))])
            for place, (name, arguments) in enumerate(self.gold.calls):
                tool = self.domain.tool_by_name.get(name)
                if name == OFFER:
                    yield "wrong_entity", self.replaced(place, arguments | about)
                elif tool is not None and is_write(tool):
                    uses = bindings(tool.term, self.schema)
                    keys = {p: key for p, (_, _, use) in uses.items() if use == "key"}
                    yield "wrong_entity", self.replaced(place, arguments | keys)
                    more = (name, arguments | keys)
                    yield "extra_write", self.with_calls([*self.gold.calls, more])

    def offer(self, notice: Notice) -> Call:
        return OFFER, {"about": key_text(notice.key or ())}

    def with_calls(self, calls: list[Call]) -> Run:
        return replace(self.gold, calls=tuple(calls))

    def replaced(self, place: int, arguments: dict[str, Json]) -> Run:
        calls = list(self.gold.calls)
        calls[place] = calls[place][0], arguments
        return self.with_calls(calls)
