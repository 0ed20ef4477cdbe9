"""The climate of a suite under some options: what every weather there is made from.

In come a task, a seed and the tools at hand; out go the weather of one episode and how many turns
it may take, such that the task can still be done. That is so by construction: an identical call
is struck so many times in a row and no more, every result that is lost can be had again, what
moves by itself is nothing that the task rests on, and the turns that the gold run loses are added.
Where the number of turns is fixed, faults are thinned until the gold run fits. Next: `weather`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.episode.faults.luck import Luck, event
from agentgym.episode.faults.moves import Movable, NewRule, changes, movable, new_rule, unspoken
from agentgym.episode.faults.options import THINNEST, FaultOptions, Kind
from agentgym.episode.faults.risk import Risk, risks, struck
from agentgym.episode.faults.weather import Weather
from agentgym.episode.view import View
from agentgym.formats import Json
from agentgym.schema.types import to_wire
from agentgym.tasks import Task
from agentgym.tools.algebra import Create, Link
from agentgym.world.compile import Engine

__all__ = ["Climate"]


class Climate:
    """What goes wrong in the episodes of one suite.

    Args:
        options: How often.
        domain: Whose rows and rules.
    """

    def __init__(self, options: FaultOptions, domain: Domain) -> None:
        self.options = options
        self._domain = domain
        self._risks: dict[tuple[Engine, tuple[str, ...]], dict[str, Risk]] = {}
        self._unspoken: dict[str, tuple[Movable, ...]] = {}
        self._gold: dict[str, tuple[tuple[str, bytes], ...]] = {}
        self._sure: dict[str, frozenset[bytes]] = {}

    def weather(
        self, task: Task, seed: int, *, engine: Engine, view: View, turns: int, fixed: bool
    ) -> tuple[Weather | None, int]:
        """Return the weather of one episode, and after how many turns it is cut off.

        Args:
            task: What is played.
            seed: Of the episode's faults.
            engine: Runs the tools of the view.
            view: The tools at hand.
            turns: After how many turns it would be cut off without faults.
            fixed: Whether that must stay; then faults are thinned instead.

        Returns:
            None for the weather where none would leave the task solvable in so few turns.
        """
        options = self.options
        luck = Luck(options.seed, seed, task.id)
        table = self._table(engine, view)
        rule = new_rule(options, self._domain, task, view.tools, luck)
        moved = changes(options, self._domain, task, self._free(task), luck)
        sure = self._unmistaken(task)
        level, least = options.thinned or 0, _least(task)
        while True:
            rule = None if level else rule
            cost = self._cost(task, luck, table, rule, level, sure, exact=not view.options.changed)
            if not fixed or options.thinned is not None or least + cost <= turns:
                break
            level += 1
            if level > THINNEST:
                return None, turns
        weather = Weather(
            replace(options, thinned=level) if fixed else options,
            luck=luck,
            risks=table,
            schema=self._domain.schema,
            clock=self._domain.clock,
            rule=rule,
            notices=(*moved, *(() if rule is None else (rule.notice(self._domain),))),
            level=level,
            sure=sure,
        )
        if fixed:
            return weather, turns
        return weather, turns + cost - (-turns * self._toll // 1000)

    def _free(self, task: Task) -> tuple[Movable, ...]:
        """Return the fields that may change by themselves while a task is played."""
        found = self._unspoken.get(task.id)
        if found is None:
            found = self._unspoken[task.id] = unspoken(self._movable, task)
        return found

    @cached_property
    def _movable(self) -> tuple[Movable, ...]:
        wanted = self.options.change or any(s.kind == "change" for s in self.options.schedule)
        return movable(self._domain) if wanted else ()

    @cached_property
    def _toll(self) -> int:
        """Turns that a call costs beside its own on the average, in thousandths; at most 1000."""
        options = self.options
        told = sum(getattr(options, kind) * self._price(kind, False) for kind in _BY_CALL)
        told += 3 * options.error_after
        return min(1000, int(told * 1000))

    def _table(self, engine: Engine, view: View) -> dict[str, Risk]:
        slot = engine, view.tools
        found = self._risks.get(slot)
        if found is None:
            terms = {tool.name: tool.term for tool in engine.domain.tools}
            found = self._risks[slot] = risks(self.options, self._domain.schema, terms, view.tools)
        return found

    def _price(self, kind: Kind, unsure: bool) -> int:
        """Return how many turns a fault costs at most who reacts to it rightly."""
        if kind == "rate_limit":
            return self.options.wait
        if unsure and kind in ("timeout", "error_after"):
            return 2 + self.options.recoverable * max(1, self.options.wait)
        return 1

    def _calls(self, task: Task) -> tuple[tuple[str, bytes], ...]:
        """Return the calls of the gold run, each with its event."""
        found = self._gold.get(task.id)
        if found is None:
            found = tuple((step.tool, event(step.tool, step.arguments)) for step in task.gold)
            self._gold[task.id] = found
        return found

    def _unmistaken(self, task: Task) -> frozenset[bytes]:
        """Return the gold calls that make a row which could be taken for another: no doubt there.

        Whoever looks whether a row was made must not find one that was there before, or that an
        equal call has made.
        """
        found = self._sure.get(task.id)
        if found is None:
            domain = self._domain.patched(task.patch) if task.patch else self._domain
            calls = self._calls(task)
            events = [happened for _, happened in calls]
            found = self._sure[task.id] = frozenset(
                happened
                for (_, happened), step in zip(calls, task.gold, strict=True)
                if events.count(happened) > 1 or _like_another(domain, step.tool, step.arguments)
            )
        return found

    def _cost(
        self,
        task: Task,
        luck: Luck,
        table: Mapping[str, Risk],
        rule: NewRule | None,
        level: int,
        sure: frozenset[bytes],
        *,
        exact: bool,
    ) -> int:
        """Return how many turns faults cost the gold run at most."""
        options = self.options
        total = sum(
            strike.times * max(self._price(strike.kind, True), strike.wait or 0)
            for strike in options.schedule
        )
        met: dict[bytes, int] = {}
        for tool, happened in self._calls(task):
            risk = table.get(tool)
            if risk is None:
                continue
            if rule is not None and rule.kind == "confirm" and risk.write:
                total += 2
            if not exact:
                worst = max((self._price(kind, risk.unsure) for _, kind in risk.bounds), default=0)
                total += options.recoverable * worst
                continue
            number = met.get(happened, 0)
            for _ in range(options.recoverable):
                kind, _ = struck(risk, luck, happened, number, level, happened in sure)
                if kind is None:
                    break
                number += 1
                total += self._price(kind, risk.unsure)
                if kind == "error_after":
                    break
            met[happened] = number + 1
        return total


_BY_CALL: tuple[Kind, ...] = (
    "timeout",
    "rate_limit",
    "error_before",
    "stale",
    "truncated_page",
    "changed_format",
)


def _least(task: Task) -> int:
    """Return how many turns the gold run takes, questions to the user included."""
    asked = sum(fact.exposure not in ("instruction", "jargon") for fact in task.plan.facts)
    script = task.user
    return len(task.gold) + asked + (script.shift is not None) + len(script.later) + 1


def _like_another(domain: Domain, tool: str, arguments: Mapping[str, Json]) -> bool:
    """Tell whether a call makes a row of which there is one that says the same."""
    known = domain.tool_by_name.get(tool)
    term = None if known is None else known.term
    if isinstance(term, Create):
        values = term.values
    elif isinstance(term, Link):
        values = (*term.ends, *term.values)
    else:
        return False
    entity = domain.schema.entity(term.entity)
    told = [(entity.field(v.field), arguments[v.param]) for v in values if v.param in arguments]
    places = [entity.position(field.name) for field, _ in told]
    return any(
        all(
            str(to_wire(field, row[place])) == str(value)
            for place, (field, value) in zip(places, told, strict=True)
        )
        for row in domain.rows.get(entity.name, ())
    )
