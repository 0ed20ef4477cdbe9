"""Admission: from a candidate to a task with a certificate, or to the reason why not.

`Prover.admit` proves the plan, words it, plays it, derives the goal and hands the finished task to
the gates of `certify`. What was proved of the same rows before, of this plan or of the one that it
was made from, is not proved again. Next: `build.fill`.
"""

from __future__ import annotations

import random

import msgspec

from agentgym import rng
from agentgym.domain import Domain
from agentgym.errors import TaskError
from agentgym.formats import Json, decode, encode
from agentgym.plan import Emit, Plan, Refuse, Select, Shift, Write
from agentgym.plan.intents import turns
from agentgym.plan.lower import Lowered, NoLoweringError, lower
from agentgym.plan.shape import shape
from agentgym.prove import guided, said
from agentgym.prove.certify import Certifier
from agentgym.prove.costs import Costs
from agentgym.prove.goal import Goals
from agentgym.prove.refused import RefusedError
from agentgym.prove.somebody import somebody
from agentgym.tasks import Certificate, Task, Twin, UserScript, words
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.words.paraphrase import Paraphraser
from agentgym.tools.views import view

__all__ = ["Prover"]


class Prover(Certifier):
    """Proves tasks over one domain.

    Args:
        domain: The domain as every episode without a patch starts.
        max_tools: Most tools that an episode shows.
        costs: Counts what each gate costs; counters of its own if None.
        paraphraser: Puts instructions differently, those of twins aside, which differ from
            another in one fact and in nothing else.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        max_tools: int = 40,
        costs: Costs | None = None,
        paraphraser: Paraphraser | None = None,
    ) -> None:
        super().__init__(domain, costs=costs)
        self.max_tools = max_tools
        self.paraphraser = paraphraser

    def admit(
        self,
        candidate: Candidate | Plan,
        *,
        task_id: str,
        seed: int,
        split: str = "train",
        proved: Task | None = None,
        twin: Twin | None = None,
        twins: dict[str, str] | None = None,
    ) -> Task:
        """Turn a candidate into a certified task.

        Args:
            candidate: The candidate; a bare plan is one without a history.
            task_id: Id that the task gets.
            seed: Chooses phrasing and view, together with the id, or that of the other twin.
            split: `train` or `test`.
            proved: A task of this domain that holds, from which the candidate was made. Hops and
                clues that both have, on the same rows, are taken as proved; everything that a run
                decides is proved anew.
            twin: Of which task it is the twin, and in which fact they differ.
            twins: Kind of twin to its id.

        Raises:
            RefusedError: A gate does not hold.
        """
        if isinstance(candidate, Plan):
            candidate = Candidate(plan=candidate)
        costs, knobs, plan = self.costs, candidate.knobs, candidate.plan
        if candidate.stream or plan.family == "proactive":
            if twin is not None:
                raise RefusedError("executes", "twin", "a standing order has no twins")
            return self.standing.admit(
                candidate, task_id=task_id, seed=seed, split=split, max_tools=self.max_tools
            )
        drawn_for = task_id if twin is None else twin.of
        with costs.gate("executes"):
            self.stage = self.stages.of(candidate.patch)
        if proved is not None and proved.patch == candidate.patch:
            self.trust(proved)
        with costs.gate("unique"):
            self.stage.unique.check(plan)
        with costs.gate("executes"):
            plan = self.served(plan, rng.stream(seed, "party", drawn_for))
        with costs.gate("shortest"):
            matters = self.matters(plan)
            low = self.bounds(plan, matters)
            _within(low, knobs)
        with costs.gate("no_shortcut"):
            self.stage.shortcuts.check(plan, least=knobs.clues, calls=low)
        with costs.gate("text"):
            wording = words.say_opening(plan, self.schema, seed=rng.key(seed, "words", drawn_for))
            if wording is None:
                raise RefusedError("text", "not_said", "the plan cannot be said in words")
            wording = guided.noted(
                plan, wording, self.stage, seed=rng.key(seed, "words", "part", drawn_for)
            )
            self.check_text(plan, wording.text)
        with costs.gate("executes"):
            lowered = self.lowered(plan)
            plan = _without_stranger(plan, lowered)
            changes, now = self.runner.world.diff(), self.runner.world.now
            goals = Goals(self.stage.tables, self.domain.rules)
            goal = goals.of(plan, changes, lowered.answers, now=now, matters=matters)
            tools = self.view(lowered, seed=rng.key(seed, "view", drawn_for))
        answers = lowered.answers
        task = Task(
            id=task_id,
            family=plan.family,
            split=split,  # type: ignore[arg-type]
            instruction=wording.text,
            user=UserScript(
                opening=wording.text,
                facts=tuple(fact for fact in plan.facts if fact.exposure != "jargon"),
                questions=self.questions(plan),
                **somebody(plan, self.stage.tables),
                **said.turns_of(
                    plan,
                    self.schema,
                    seed=rng.key(seed, "words", "shift", drawn_for),
                    after=wording.text,
                ),
            ),
            tools=tools,
            view=candidate.view,
            patch=candidate.patch,
            plan=plan,
            shape=shape(plan),
            goal=goal,
            gold=lowered.steps,
            answer=answers[0] if len(answers) == 1 else list(answers) or None,
            outcome=lowered.outcome,
            reason=lowered.reason,
            operators=candidate.operators,
            parent=candidate.parent,
            twin=twin,
            twins=twins or {},
            knobs=self.asked(plan, knobs, wording) | {"seed": seed},
            measured=self.measured(plan, lowered, low),
            certificate=Certificate(gates=(), mutants=0, start="", end=""),
        )
        with costs.gate("executes"):
            chosen = rng.key(seed, "view", drawn_for)
            task = guided.fitted(task, self.stage, seed=chosen, max_tools=self.max_tools)
        # what is stored is what is proved: one pass through the file's own form
        task = decode(encode(task), Task, where=task_id)
        certificate, figures = self.measure(task)
        alone = twin is None and not turns(plan) and not guided.theirs(plan)
        if self.paraphraser is not None and alone:
            other = self.paraphrased(task, wording, seed=rng.key(seed, "paraphrase", drawn_for))
            if other is not None:
                return other
        measured = {**task.measured, **figures}
        return msgspec.structs.replace(task, certificate=certificate, measured=measured)

    def paraphrased(self, task: Task, wording: words.Wording, *, seed: int) -> Task | None:
        """Put the instruction of a task differently, if a model can and every gate holds then."""
        assert self.paraphraser is not None
        text = self.paraphraser.write(wording, task.plan, seed=seed)
        if text is None:
            return None
        other = msgspec.structs.replace(
            task,
            instruction=text,
            user=msgspec.structs.replace(task.user, opening=text),
            words=self.paraphraser.client.model,
            knobs={**task.knobs, "wording": wording.text},
        )
        try:
            certificate, figures = self.measure(other)
        except RefusedError:
            self.paraphraser.count(taken=False)
            return None
        self.paraphraser.count(taken=True)
        measured = {**other.measured, **figures}
        return msgspec.structs.replace(other, certificate=certificate, measured=measured)

    def trust(self, task: Task) -> None:
        """Take over what the certificate of a task says of its plan, if it is of these rows."""
        if task.certificate.start == self.stage.start:
            self.stage.shortcuts.trust(task.plan)

    def served(self, plan: Plan, draws: random.Random) -> Plan:
        """Say who the user is, where the rules of the domain want to know.

        Raises:
            RefusedError: The plan touches what belongs to several, or nobody may do it.
        """
        try:
            return self.stage.parties.served(plan, draws)
        except NoLoweringError as error:
            raise RefusedError("executes", "nobody", str(error)) from None

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
            told_ = f"needs more than {self.max_tools} tools"
            raise RefusedError("executes", "many_tools", told_) from None

    def questions(self, plan: Plan) -> dict[str, str]:
        """Name the facts that the user holds back, in words; what comes of itself aside."""
        mine = plan.party.facts if plan.party is not None else ()
        turned = {node.then for node in plan.nodes if isinstance(node, Shift)}
        turned |= {name for turn in turns(plan) for name in turn.facts}
        return {
            fact.id: f"my {self.schema.entity(fact.entity).field(fact.field).label}"
            if fact.id in mine
            else words.question(fact, self.schema, plan=plan)
            for fact in plan.facts
            if fact.exposure in ("user", "hidden") and fact.id not in turned
        }

    def lowered(self, plan: Plan) -> Lowered:
        """Play the plan through the public tools.

        Raises:
            RefusedError: No chain of tools leads through it.
        """
        self.runner.start()
        try:
            return lower(
                plan, self.stage.tables, self.domain.tools, self.runner.call, self.domain.rules
            )
        except NoLoweringError as error:
            raise RefusedError("executes", "no_lowering", str(error)) from None

    def asked(self, plan: Plan, knobs: Knobs, wording: words.Wording) -> dict[str, Json]:
        """Return what was asked of the generator, what it left open aside."""
        own: dict[str, Json] = {}
        for name in knobs.__struct_fields__:
            value = getattr(knobs, name)
            if value != getattr(_PLAIN, name):
                own[name] = value
        labels = {k: v for k, v in self.domain.source.options.items() if k == "synthetic_labels"}
        told_ = {"family": plan.family, "phrasing": wording.phrasing, "register": wording.register}
        return {**told_, **own, **labels}

    def measured(self, plan: Plan, lowered: Lowered, low: int) -> dict[str, Json]:
        """Measure how hard the task is."""
        return {
            "min_calls": low,
            "max_calls": len(lowered.steps),
            "exact": low == len(lowered.steps),
            "entities": sum(isinstance(node, Select) for node in plan.nodes),
            "writes": sum(isinstance(node, Write) for node in plan.nodes),
            "answers": sum(isinstance(node, Emit) for node in plan.nodes),
            "asks": sum(fact.exposure in ("user", "hidden") for fact in plan.facts),
            "rules": list(self.stage.rules.met(lowered.steps)),
        }


_PLAIN = Knobs()


def _within(low: int, knobs: Knobs) -> None:
    """See whether the proved number of calls is one that is wanted.

    Raises:
        RefusedError: It is not.
    """
    if low < knobs.least:
        told = f"{low} calls are proved, {knobs.least} are wanted"
        raise RefusedError("shortest", "too_short", told)
    if knobs.most is not None and low > knobs.most:
        told = f"{low} calls are proved, {knobs.most} at most are wanted"
        raise RefusedError("shortest", "too_long", told)


def _without_stranger(plan: Plan, lowered: Lowered) -> Plan:
    """Leave the party out of a plan whose run never had to identify anybody.

    Who asks for what a rule bars is who they are, though nobody looked.
    """
    needed = any(isinstance(n, Refuse) or (isinstance(n, Select) and n.me) for n in plan.nodes)
    if plan.party is None or needed:
        return plan
    mine = {f"fact:{name}" for name in plan.party.facts}
    if any(mine & set(step.origin.values()) for step in lowered.steps):
        return plan
    facts = tuple(fact for fact in plan.facts if fact.id not in plan.party.facts)
    return msgspec.structs.replace(plan, facts=facts, party=None)
