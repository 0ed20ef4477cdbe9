"""Mutants of how a run ends: too early, as something else, for another reason, on another branch.

Next: `answers`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.plan import Guard, Later, Node, Plan, Shift
from agentgym.plan.intents import intents, turns
from agentgym.plan.lower import NoLoweringError, lower
from agentgym.prove.coded import otherwise, terms
from agentgym.prove.mutants.maker import MORE, Maker
from agentgym.prove.run import Run
from agentgym.rules import sentence
from agentgym.tools.algebra import ListRelated, LookUpTerm, Search, is_write

__all__ = ["Endings"]

_WORDS = re.compile(r"[^\W_]+")
_OUTCOMES = ("done", "refused", "impossible")


class Endings(Maker):
    """Makes runs that end wrongly."""

    def endings(self) -> Iterator[tuple[str, Run]]:
        """Do nothing, end as something else, be cut off, change something besides."""
        yield "nothing_done", Run()
        for outcome in _OUTCOMES:
            if outcome != self.gold.outcome:
                yield "nothing_done", Run(outcome=outcome)
                yield "wrong_outcome", replace(self.gold, outcome=outcome)
                if self.gold.reason:
                    yield "wrong_outcome", replace(self.gold, outcome=outcome, reason="")
        yield "cut_off", replace(self.gold, outcome=None, truncated=True)
        for call in self.extra_writes(6):
            yield "extra_write", self.with_calls([*self.gold.calls, call])
        if self.gold.outcome != "done":
            yield from self.reasons()
        if self.task.goal.branches[0].idle:
            yield from self.needless()
        yield from self.other_plans()

    def reasons(self) -> Iterator[tuple[str, Run]]:
        """Refuse without a reason, or for another one."""
        yield "no_reason", replace(self.gold, reason="")
        yield "no_reason", replace(self.gold, reason="I cannot do that, sorry.")
        branch = self.task.goal.branches[0]
        others = [rule for rule in self.stage.domain.rules if rule.id not in branch.rules]
        reasons = [
            text
            for rule in self.draws.sample(others, min(6, len(others)))
            for text in (rule.id, f"Rule: {sentence(rule, self.schema)}")
        ]
        entities = list(self.schema.entities)
        for entity in self.draws.sample(entities, min(4, len(entities))):
            reasons.append(f"There is no such thing among the {entity.plural}.")
        for reason in reasons:
            if not self.named(reason):
                yield "other_reason", replace(self.gold, reason=reason)
        known = [rule.id for rule in self.stage.domain.rules]
        if branch.rules and len(known) > 3:
            yield "every_reason", replace(self.gold, reason="; ".join(known))

    def named(self, reason: str) -> bool:
        """Tell whether a reason happens to name what is missing, word by word."""
        said = set(_WORDS.findall(reason.casefold()))
        names = self.task.goal.branches[0].names
        return bool(names) and all(
            any(set(_WORDS.findall(name.casefold())) <= said for name in ways) for ways in names
        )

    def needless(self) -> Iterator[tuple[str, Run]]:
        """Call a tool where everything is told."""
        for tool in self.tools.values():
            if isinstance(tool.term, Search):
                yield "needless_call", self.with_calls([*self.gold.calls, (tool.name, {})])
            if isinstance(tool.term, ListRelated):
                for row in self.some_rows(self.schema.entity(_owner(tool.term, self)), 2):
                    entity = self.schema.entity(_owner(tool.term, self))
                    key = {a.param: self.wire(entity, row, a.field) for a in tool.term.key}
                    yield "needless_call", self.with_calls([*self.gold.calls, (tool.name, key)])

    def other_plans(self) -> Iterator[tuple[str, Run]]:
        """Take the other branch, or what the user said at first."""
        for node in self.plan.nodes:
            if isinstance(node, Guard):
                nodes = tuple(
                    replace(one, then=one.otherwise, otherwise=one.then) if one is node else one
                    for one in self.plan.nodes
                )
                yield from self.lowered("other_branch", replace(self.plan, nodes=nodes))
            elif isinstance(node, Shift):
                first = self.plan.fact(node.first).value
                facts = tuple(
                    replace(one, value=first) if one.id == node.then else one
                    for one in self.plan.facts
                )
                yield from self.lowered("first_value", replace(self.plan, facts=facts))
                yield from self.said_first(node)
        yield from self.other_intents()
        entries = [
            one
            for tool in self.tools.values()
            if isinstance(tool.term, LookUpTerm)
            for one in tool.term.entries
        ]
        for entry in entries:
            if entry.term in terms(self.plan):
                for plan in otherwise(self.plan, entry, entries):
                    yield from itertools.islice(self.lowered("other_meaning", plan), 1)

    def other_intents(self) -> Iterator[tuple[str, Run]]:
        """Do what was given up, or end with what was wanted before."""
        coming = turns(self.plan)
        for turn in coming:
            kept = replace(turn, drops=())
            for name in turn.drops:
                kind, one = (
                    "given_up",
                    replace(kept, drops=tuple(one for one in turn.drops if one != name)),
                )
                yield from self.lowered(kind, _with_turn(self.plan, one))
        for place, wanted in enumerate(intents(self.plan)[:-1]):
            later = {name for turn in coming[place:] for name in turn.adds}
            if later:
                before = _without_acts(self.plan, later, wanted)
                yield from itertools.islice(self.lowered("first_wants", before), 1)

    def said_first(self, node: Shift) -> Iterator[tuple[str, Run]]:
        """Pass the value that was taken back wherever the other was passed."""
        origin = f"fact:{node.then}"
        calls = [
            (
                name,
                {
                    param: self.plan.fact(node.first).value
                    if step.origin.get(param) == origin
                    else v
                    for param, v in arguments.items()
                },
            )
            for (name, arguments), step in zip(self.gold.calls, self.task.gold, strict=True)
        ]
        if tuple(calls) != self.gold.calls:
            yield "first_value", self.with_calls(calls)

    def lowered(self, kind: str, plan: Plan) -> Iterator[tuple[str, Run]]:
        """Play another plan as if it were the task's."""
        runner = self.stage.runner
        runner.start()
        try:
            found = lower(
                plan, self.tables, self.stage.domain.tools, runner.call, self.stage.domain.rules
            )
        except NoLoweringError:
            return
        calls = tuple((step.tool, dict(step.arguments)) for step in found.steps)
        answers = list(found.answers)
        answer = answers[0] if len(answers) == 1 else answers or None
        run = Run(calls=calls, outcome=found.outcome, answer=answer, reason=found.reason)
        if run != self.gold:
            yield kind, run
        if any(is_write(self.tools[name]) for name, _ in calls):
            yield kind, replace(self.gold, calls=calls)

    def early_ends(self) -> Iterator[tuple[str, Run]]:
        """Claim to be done before the last call, and answer right."""
        if self.gold.outcome != "done":
            return  # less may show as well that it cannot be done
        for place in range(1, len(self.gold.calls)):
            yield "step_dropped", self.with_calls(list(self.gold.calls[:place]))

    def further_writes(self) -> Iterator[tuple[str, Run]]:
        """Change something besides, on many rows."""
        for call in self.extra_writes(MORE):
            yield "extra_write", self.with_calls([*self.gold.calls, call])


def _with_turn(plan: Plan, turn: Later) -> Plan:
    nodes = tuple(turn if node.id == turn.id else node for node in plan.nodes)
    return replace(plan, nodes=nodes)


def _without_acts(plan: Plan, acts: set[str], wanted: tuple[str, ...]) -> Plan:
    """Return the plan as it is before some acts come to be wanted."""
    nodes: list[Node] = []
    for node in plan.nodes:
        if not isinstance(node, Later):
            nodes.append(node)
            continue
        kept = tuple(name for name in node.adds if name not in acts)
        dropped = tuple(name for name in node.drops if name not in wanted)
        nodes.append(replace(node, adds=kept, drops=dropped))
    gone = Later(id="later", drops=tuple(sorted(acts)))
    return replace(plan, nodes=(*nodes, gone))


def _owner(term: ListRelated, maker: Maker) -> str:
    return maker.schema.relation(term.relation).target
