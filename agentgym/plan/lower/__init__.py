"""Lowering: from a plan to the calls that a competent agent would make.

Each select is found by the cheapest tool that its clues and relations allow; each
argument is a fact or comes out of an earlier result, and its origin is kept. The
calls are executed as they are chosen, through the public tools. Rows that no filter singles out
are found by turning pages and checking clues on what is shown. Next: `goals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agentgym.formats import Json, to_text
from agentgym.plan.intents import turns
from agentgym.plan.lower.others import near, other_ways
from agentgym.plan.lower.records import Key, Lowered, Ways
from agentgym.plan.lower.refusing import Refusing
from agentgym.plan.nodes import Emit, Guard, Later, Plan, Select, Write
from agentgym.plan.outline import below
from agentgym.plan.remedies import NoLoweringError, Remedies, Step
from agentgym.plan.tables import Tables
from agentgym.rules import Rule
from agentgym.tools.algebra import Get, Tool
from agentgym.trajectory import Result

__all__ = ["Caller", "Lowered", "NoLoweringError", "Step", "lower", "lowerings"]

Caller = Callable[[str, dict[str, Json]], Result]
"""Executes a call where a world stands."""


def lower(
    plan: Plan,
    tables: Tables,
    tools: Sequence[Tool],
    call: Caller,
    rules: Sequence[Rule] = (),
) -> Lowered:
    """Turn a plan into calls, executing them.

    Only what is wanted is done, as guards and refusals have it; what they rest on is seen. Of an
    act that is refused, the calls that show why are made, and the act itself is not.

    Args:
        plan: The plan; each of its selects of one row has exactly one.
        tables: The rows as they are before the plan.
        tools: The tools to choose from.
        call: Executes a call on a world that starts as `tables` is.
        rules: Of the domain: what one of them wants first (an identified user, a yes, another
            call) is done first.

    Returns:
        The calls with the origin of each argument, and what they answer.

    Raises:
        NoLoweringError: Some node cannot be reached through the tools.
    """
    return _lowered(plan, tables, tools, call, rules, Ways())


def lowerings(
    plan: Plan,
    tables: Tables,
    tools: Sequence[Tool],
    start: Callable[[], Caller],
    rules: Sequence[Rule] = (),
    most: int = 8,
) -> Iterator[Lowered]:
    """Yield further runs that come to the same as `lower` does, each different from all others.

    Args:
        plan: The plan.
        tables: The rows as they are before the plan.
        tools: The tools to choose from.
        start: Sets a world back to where it starts; gives what executes calls on it.
        rules: Of the domain.
        most: Runs after which it ends.
    """
    try:
        base = lower(plan, tables, tools, start(), rules)
    except NoLoweringError:
        return
    seen = {_calls(base)}
    for ways in other_ways(plan, base, tables.schema, tools):
        if len(seen) > most:
            return
        try:
            run = _lowered(plan, tables, tools, start(), rules, ways)
        except NoLoweringError:
            continue
        if _calls(run) in seen or (run.outcome, _said(run)) != (base.outcome, _said(base)):
            continue
        seen.add(_calls(run))
        yield run


def _lowered(
    plan: Plan,
    tables: Tables,
    tools: Sequence[Tool],
    call: Caller,
    rules: Sequence[Rule],
    ways: Ways,
) -> Lowered:
    remedies = Remedies(plan, tables.schema, tools, rules, call)
    return _Lowering(plan, tables, tools, remedies, ways).run()


class _Lowering(Refusing):
    """One run: what is tested first, then each act in turn."""

    def run(self) -> Lowered:
        first: dict[str, tuple[int, ...]] = {}
        for node in self.plan.nodes:
            if isinstance(node, Guard):
                _, numbers = self.test(node.test)
                for name in (*node.then, *node.otherwise):
                    first[name] = (*first.get(name, ()), *numbers)
        barred = {one.act: one for one in self.tables.barred(self.plan)}
        wanted = {one.id for one in self.tables.wanted(self.plan)}
        acts = [
            node
            for node in self.plan.nodes
            if isinstance(node, (Write, Emit)) and (node.id in wanted or node.id in barred)
        ]
        if self.ways.backwards:
            acts.reverse()
        waiting = turns(self.plan)
        stages = {name: place for place, turn in enumerate(waiting, 1) for name in turn.adds}
        acts.sort(key=lambda act: stages.get(act.id, 0))
        answers: dict[str, Json] = {}
        reasons: list[str] = []
        if self.ways.first or self._collides(acts):
            while waiting:
                self.remedies.hear(waiting.pop(0))
            for act in acts:
                if act.id in barred:
                    continue
                if isinstance(act, Write):
                    self.prepare(act)
                else:
                    self.answer(act)
        if self.ways.extra:
            self._open(acts)
        for act in acts:
            while waiting and (waiting[0].when == "answer" or act.id in _late(waiting)):
                self.remedies.hear(waiting.pop(0))
            asked = first.get(act.id, ()) + self._asked(act.id)
            if act.id in barred:
                reasons.append(self.refuse(barred[act.id]))
            elif isinstance(act, Write):
                self.write(act, asked)
            else:
                answers[act.id] = self.answer(act)
        for turn in waiting:
            self.remedies.hear(turn)
        return Lowered(
            steps=tuple(self.remedies.steps),
            answers=tuple(answers[n.id] for n in self.plan.nodes if n.id in answers),
            shown={name: self._key(name, at.row) for name, at in self.found.items()},
            listed={
                name: tuple(self._key(name, at.row) for at in ats)
                for name, ats in self.sets.items()
            },
            outcome="done"
            if not barred
            else "refused"
            if any(one.because == "rule" for one in barred.values())
            else "impossible",
            reason=" ".join(dict.fromkeys(reasons)),
        )

    def _asked(self, act: str) -> tuple[int, ...]:
        """Return the number of the question after which an act came to be wanted."""
        heard = self.remedies.heard
        return tuple(
            heard[turn.id] for turn in turns(self.plan) if act in turn.adds and turn.id in heard
        )

    def _key(self, node: str, row: dict[str, Json]) -> Key:
        return tuple(row.get(name) for name in self.schema.entity(self.select(node).entity).key)

    def _collides(self, acts: Sequence[Write | Emit]) -> bool:
        """Tell whether a write may change what a later act has to find."""
        written: set[str] = set()
        seen = set(self.found) | set(self.sets)
        for act in acts:
            rests = {
                name
                for name in below(self.plan, act.id)
                if isinstance(self.plan.node(name), Select)
            }
            for name in rests - seen:
                if near(self.schema, self.select(name).entity) & written:
                    return True
            seen |= rests
            if isinstance(act, Write):
                written.add(act.entity)
        return False

    def _open(self, acts: Sequence[Write | Emit]) -> None:
        """Open rows that lists have shown, though nothing more need be known of them."""
        for act in acts:
            for name in below(self.plan, act.id):
                select = self.plan.node(name)
                if not isinstance(select, Select) or len(self.tables.extent(self.plan, name)) != 1:
                    continue
                at = self.row(name)
                entity = self.schema.entity(select.entity)
                get = next(
                    (
                        tool
                        for tool in self.desk.tools
                        if isinstance(tool.term, Get) and tool.term.entity == entity.name
                    ),
                    None,
                )
                if get is None or not at.prefix:
                    continue
                assert isinstance(get.term, Get)
                arguments = {one.param: at.operand(one.field) for one in get.term.key}
                self.desk.open(get, arguments, name)


def _late(waiting: Sequence[Later]) -> set[str]:
    """Name what is wanted only after one of these turns."""
    return {name for turn in waiting for name in turn.adds}


def _calls(run: Lowered) -> str:
    return to_text([[step.tool, sorted(step.arguments.items())] for step in run.steps])


def _said(run: Lowered) -> str:
    """Return the answers in a form in which those of sets do not depend on their order."""
    return to_text(
        [
            sorted(map(to_text, one)) if isinstance(one, list) else to_text(one)
            for one in run.answers
        ]
    )
