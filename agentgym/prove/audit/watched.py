"""The audit of standing orders: policies drawn at random, judged by what the rows say themselves.

A task with a stream and a stream of chances come in; out go runs, right ones and wrong ones, and
an opinion on each that knows neither goal nor verdict: what is due is worked out row by row, what
was done is read off the rows and the calls. Next: `check`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.goals.offers import OFFER, WAIT
from agentgym.plan import Emit, Select, Write
from agentgym.plan.tables import compared, equal
from agentgym.prove.run import Run
from agentgym.prove.standing.runs import Played, gold_of, run_of
from agentgym.schema.types import Row, to_wire
from agentgym.tasks import Notice, Task

__all__ = ["Watched"]

Call = tuple[str, dict[str, Json]]


class Watched:
    """One task with a stream, as the audit sees it.

    Args:
        task: The task.
        domain: As it is at the start.
        draws: The stream to draw from.
    """

    def __init__(self, task: Task, domain: Domain, draws: random.Random) -> None:
        self.task, self.domain, self.draws = task, domain, draws
        self.entity = domain.schema.entity(task.stream[0].entity)
        self.rows: dict[str, Row] = {}
        place, field = (
            self.entity.position(self.entity.key[0]),
            self.entity.field(self.entity.key[0]),
        )
        for row in domain.rows.get(self.entity.name, ()):
            self.rows[str(to_wire(field, row[place]))] = row
        self.due = [self.is_due(notice) for notice in task.stream]
        self.last = max(notice.turn for notice in task.stream)

    def is_due(self, notice: Notice) -> bool:
        """Work out whether a row came to fit the order, field by field."""
        assert notice.key is not None
        row = self.rows[str(notice.key[0])]
        before = {f.name: to_wire(f, v) for f, v in zip(self.entity.fields, row, strict=True)}
        after = dict(before)
        for patch in notice.patch:
            after |= patch.values or {}
        return self.fits(after) and not self.fits(before)

    def fits(self, values: dict[str, Json]) -> bool:
        """Tell whether a row with these values is what the order speaks of."""
        plan = self.task.plan
        return all(
            compared(values[where.field], where.op, plan.fact(where.fact).value)
            for node in plan.nodes
            if isinstance(node, Select)
            for where in node.where
        )

    # runs

    def wrong(self, count: int) -> Iterator[tuple[str, Run]]:
        """Draw policies that take events for due or not by chance, or that slip."""
        for _ in range(count):
            kind = self.draws.choice(("labels", "labels", "labels", "slip", "value", "stray"))
            made = getattr(self, kind)()
            if made is not None:
                yield f"watch_{kind}", made

    def right(self, count: int) -> Iterator[tuple[str, Run]]:
        """Draw ways to do what is due: late, in another order, with looks and waits between."""
        for _ in range(count):
            yield "watch_late", self.mixed(list(self.acts()))

    def acts(self) -> Iterator[tuple[int, Call]]:
        """Yield what the gold run does, each with the turn from which on it may be done."""
        number = 0
        stream = list(self.task.stream)
        for step in self.task.gold:
            origin = next((o for o in step.origin.values() if o.startswith("notice:")), None)
            if step.tool != WAIT and origin is not None:
                number = int(origin.partition(":")[2])
                yield stream[number].turn, (step.tool, dict(step.arguments))

    def mixed(self, acts: list[tuple[int, Call]]) -> Run:
        """Play acts in any order, each after its event, to the end."""
        left, calls = list(acts), list[Call]()
        while left or len(calls) <= self.last:
            able = [act for act in left if act[0] <= len(calls)]
            if able and self.draws.random() < 0.6:
                chosen = self.draws.choice(able)
                left.remove(chosen)
                calls.append(chosen[1])
            else:
                calls.append((WAIT, {}))
        return replace(run_of(self.task, self.task.gold), calls=tuple(calls))

    def labels(self) -> Run | None:
        """Take events for due, or for half of what is due, by chance."""
        acts = [node.id for node in self.task.plan.nodes if isinstance(node, (Write, Emit))]
        stream = [
            replace(notice, due=tuple(act for act in acts if self.draws.random() < 0.5))
            for notice in self.task.stream
        ]
        return run_of(self.task, gold_of(self.task.plan, stream, self.domain))

    def slip(self) -> Run | None:
        """Leave something out, do something twice, or end early."""
        calls = list(run_of(self.task, self.task.gold).calls)
        places = [n for n, (name, _) in enumerate(calls) if name != WAIT]
        place = self.draws.choice(places)
        match self.draws.randrange(3):
            case 0:
                calls[place] = (WAIT, {})
            case 1:
                calls.append(calls[place])
            case _:
                calls = calls[:place]
        return replace(run_of(self.task, self.task.gold), calls=tuple(calls))

    def value(self) -> Run | None:
        """Pass another value somewhere."""
        calls = list(run_of(self.task, self.task.gold).calls)
        places = [n for n, (_, arguments) in enumerate(calls) if arguments]
        place = self.draws.choice(places)
        name, arguments = calls[place]
        param = self.draws.choice(sorted(arguments))
        other = self.draws.choice(list(self.rows))
        old = arguments[param]
        given: Json = f"{old}x" if isinstance(old, str) else old
        if param == "about":
            given = other
        elif isinstance(old, int) and not isinstance(old, bool):
            given = int(other) if other.lstrip("-").isdigit() else old + 1
        calls[place] = name, arguments | {param: given}
        return replace(run_of(self.task, self.task.gold), calls=tuple(calls))

    def stray(self) -> Run | None:
        """Tell of a row about which nothing has happened, or which is harmless."""
        about: Json = self.draws.choice(list(self.rows))
        calls = list(run_of(self.task, self.task.gold).calls)
        calls.insert(self.draws.randrange(len(calls) + 1), (OFFER, {"about": about}))
        return replace(run_of(self.task, self.task.gold), calls=tuple(calls))

    # truth

    def truth(self, run: Run, played: Played) -> bool:
        """Tell whether a run did what is due and nothing else, by rows and calls alone."""
        plan = self.task.plan
        told = any(isinstance(node, Emit) for node in plan.nodes)
        wanted = {
            str(notice.key[0])
            for notice, due in zip(self.task.stream, self.due, strict=True)
            if due and notice.key is not None
        }
        offers = Counter(
            str(call.arguments.get("about")).strip()
            for call, result in played.ending.calls
            if call.name == OFFER and result.ok
        )
        if offers != (Counter(wanted) if told else Counter()):
            return False
        puts = {
            setting.field: plan.fact(str(setting.fact)).value
            for node in plan.nodes
            if isinstance(node, Write)
            for setting in node.settings
        }
        place = self.entity.position(self.entity.key[0])
        field = self.entity.field(self.entity.key[0])
        written = set()
        for change in played.ending.changes:
            if change.entity != self.entity.name:
                continue
            if change.before is None or change.after is None:
                return False
            name = str(to_wire(field, change.after[place]))
            values = dict(zip((f.name for f in self.entity.fields), change.after, strict=True))
            for put, value in puts.items():
                if not equal(to_wire(self.entity.field(put), values[put]), value):
                    return False
            written.add(name)
        return (
            written == (wanted if puts else set()) and run.outcome == "done" and not run.truncated
        )
