"""Admission: from a candidate plan to a task with a certificate, or to the reason why not.

`Prover.admit` words a plan, plays it, derives the goal and hands the finished task to
the gates of `certify`. Next: `build.fill`.
"""

from __future__ import annotations

import random

import msgspec

from agentgym import rng
from agentgym.domain import Domain
from agentgym.errors import TaskError
from agentgym.formats import Json, decode, encode
from agentgym.goals.equivalence import effects
from agentgym.goals.goal import Answer, Branch, Goal, Seen
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.lower import Lowered, NoLoweringError, lower
from agentgym.plan.party import Parties
from agentgym.prove.certify import Certifier
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortest import lower_bound
from agentgym.tasks import Certificate, Task, UserScript, words
from agentgym.tools.views import view

__all__ = ["Prover", "RefusedError"]


class Prover(Certifier):
    """Proves tasks over one domain.

    Args:
        domain: The domain as every episode starts.
        max_tools: Most tools that an episode shows.
    """

    def __init__(self, domain: Domain, *, max_tools: int = 40) -> None:
        super().__init__(domain)
        self.max_tools = max_tools
        self.parties = Parties(self.tables, domain.tools, domain.rules)

    def admit(self, plan: Plan, *, task_id: str, seed: int, split: str = "train") -> Task:
        """Turn a candidate into a certified task.

        Args:
            plan: The candidate.
            task_id: Id that the task gets.
            seed: Chooses phrasing and view.
            split: `train` or `test`.

        Raises:
            RefusedError: A gate does not hold.
        """
        self.check_unique(plan)
        plan = self.served(plan, rng.stream(seed, "party", task_id))
        self.check_shortcuts(plan)
        wording = words.say(plan, self.schema, seed=rng.key(seed, "words", task_id))
        if wording is None:
            raise RefusedError("text", "the plan cannot be said in words")
        self.check_text(plan, wording.text)
        lowered = self.lowered(plan)
        plan = _without_stranger(plan, lowered)
        goal = self.goal(plan, lowered)
        tools = self.view(lowered, seed=rng.key(seed, "view", task_id))
        low = lower_bound(plan, self.schema, self.domain.tools)
        task = Task(
            id=task_id,
            family=plan.family,
            split=split,  # type: ignore[arg-type]
            instruction=wording.text,
            user=UserScript(
                opening=wording.text,
                facts=plan.facts,
                questions=self.questions(plan),
            ),
            tools=tools,
            plan=plan,
            goal=goal,
            gold=lowered.steps,
            answer=lowered.answers[0]
            if len(lowered.answers) == 1
            else list(lowered.answers) or None,
            knobs={
                "family": plan.family,
                "phrasing": wording.phrasing,
                **{k: v for k, v in self.domain.source.options.items() if k == "synthetic_labels"},
            },
            measured=self.measured(plan, lowered, low),
            certificate=Certificate(gates=(), mutants=0, start="", end=""),
        )
        # what is stored is what is proved: one pass through the file's own form
        task = decode(encode(task), Task, where=task_id)
        return msgspec.structs.replace(task, certificate=self.certify(task))

    def served(self, plan: Plan, draws: random.Random) -> Plan:
        """Say who the user is, where the rules of the domain want to know.

        Raises:
            RefusedError: The plan touches what belongs to several, or nobody may do it.
        """
        try:
            return self.parties.served(plan, draws)
        except NoLoweringError as error:
            raise RefusedError("executes", str(error)) from None

    def view(self, lowered: Lowered, *, seed: int) -> tuple[str, ...]:
        """Choose the tools that the episode shows.

        Raises:
            RefusedError: The run needs more than are shown.
        """
        needed = list(dict.fromkeys(step.tool for step in lowered.steps))
        try:
            return view(
                self.domain.name,
                self.schema,
                self.domain.tools,
                needed,
                seed=seed,
                max_tools=self.max_tools,
            )
        except TaskError:
            raise RefusedError("executes", f"needs more than {self.max_tools} tools") from None

    def questions(self, plan: Plan) -> dict[str, str]:
        """Name the facts that the user holds back, in words."""
        mine = plan.party.facts if plan.party is not None else ()
        return {
            fact.id: f"my {self.schema.entity(fact.entity).field(fact.field).label}"
            if fact.id in mine
            else words.question(fact, self.schema)
            for fact in plan.facts
            if fact.exposure == "user"
        }

    def lowered(self, plan: Plan) -> Lowered:
        """Play the plan through the public tools."""
        self.runner.start()
        try:
            return lower(plan, self.tables, self.domain.tools, self.runner.call, self.domain.rules)
        except NoLoweringError as error:
            raise RefusedError("executes", str(error)) from None

    def goal(self, plan: Plan, lowered: Lowered) -> Goal:
        """Derive the goal from where the gold run left the world, and from its answers."""
        answers, seen = [], []
        emits = [node for node in plan.nodes if isinstance(node, Emit)]
        for emit, value in zip(emits, lowered.answers, strict=True):
            node = plan.node(emit.node)
            if isinstance(node, Aggregated):
                select = plan.node(node.of)
                assert isinstance(select, Select)
                answers.append(
                    Answer(
                        entity=select.entity,
                        field=node.field,
                        function=node.function,
                        values=(value,),
                    )
                )
                seen.append(Seen(entity=select.entity))
            else:
                assert isinstance(node, Select)
                answers.append(Answer(entity=node.entity, field=emit.field, values=(value,)))
                seen.append(Seen(entity=node.entity, key=lowered.shown[node.id]))
        told = {fact.value for fact in plan.facts if isinstance(fact.value, str)}
        now: str | None = self.runner.world.now
        if told & {now, str(now)[:10]}:
            now = None
        changes = effects(self.runner.world.diff(), self.schema, now=now)
        return Goal(branches=(Branch(changes=changes, answers=tuple(answers), seen=tuple(seen)),))

    def measured(self, plan: Plan, lowered: Lowered, low: int) -> dict[str, Json]:
        """Measure how hard the task is."""
        return {
            "min_calls": low,
            "max_calls": len(lowered.steps),
            "exact": low == len(lowered.steps),
            "entities": sum(isinstance(node, Select) for node in plan.nodes),
            "writes": sum(isinstance(node, Write) for node in plan.nodes),
            "asks": sum(fact.exposure == "user" for fact in plan.facts),
            "rules": list(self.rules.met(lowered.steps)),
        }


def _without_stranger(plan: Plan, lowered: Lowered) -> Plan:
    """Leave the party out of a plan whose run never had to identify anybody."""
    if plan.party is None:
        return plan
    mine = {f"fact:{name}" for name in plan.party.facts}
    if any(mine & set(step.origin.values()) for step in lowered.steps):
        return plan
    facts = tuple(fact for fact in plan.facts if fact.id not in plan.party.facts)
    return msgspec.structs.replace(plan, facts=facts, party=None)
