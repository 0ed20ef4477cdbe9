"""The gates on runs: the gold run does what is wanted, nothing less does, and any order of it does.

A task as it is written comes in and is played from a fresh world through the public tools. One
replay serves all gates; what they play parts from it as late as it can. Next: `kills`.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from agentgym import rng
from agentgym.episode.log import MAX_SHOWN
from agentgym.errors import AgentGymError, UsageError
from agentgym.formats import Json, to_text
from agentgym.goals.commute import commute, footprint
from agentgym.goals.verdict import Ending, Verdict
from agentgym.plan import Emit, Write
from agentgym.plan.origins import sources
from agentgym.plan.remedies import Step
from agentgym.plan.tables import equal
from agentgym.prove.barred import Barred
from agentgym.prove.guided import agents
from agentgym.prove.guided import check as check_deeds
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Replay, Run, earlier, gold_run, resolve
from agentgym.prove.stage import Stage
from agentgym.rules import Add, Adjust, Assign
from agentgym.tasks import GateReport, Task
from agentgym.tools.algebra import is_write
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import Result

__all__ = ["MAX_ORDERS", "Runs"]

MAX_ORDERS = 24
_SPOT = 3
"""Orders that are played where all are known to come to the same."""


class Runs:
    """The runs of one task, over one stage.

    Args:
        stage: Where the task starts; its world must stand there.
        task: The task.
    """

    def __init__(self, stage: Stage, task: Task) -> None:
        self.stage, self.task, self.plan = stage, task, task.plan
        self.domain, self.schema = stage.domain, stage.schema
        self.gold = gold_run(task)

    @cached_property
    def replay(self) -> Replay:
        """The gold run, kept call by call."""
        return Replay(self.stage.runner, self.gold)

    @cached_property
    def results(self) -> Sequence[Result]:
        """What the calls of the gold run gave."""
        return [result for _, result in self.replay.ending.calls]

    def judged(self, ending: Ending) -> Verdict:
        """Judge an ending as episodes do."""
        return self.stage.judge.verdict(
            self.task.goal,
            agents(self.task, ending),
            instruction=self.task.instruction,
            party=self.plan.who(),
        )

    def executes(self) -> GateReport:
        """Play the gold run from a fresh world, each argument taken from its origin.

        Raises:
            RefusedError: A call fails that should not, an argument has no origin, or the run does
                not come to what the rows say.
        """
        task, known = self.task, set(self.task.tools)
        self.shown()
        results: list[Result] = []
        for step, result in zip(task.gold, self.results, strict=True):
            if step.by == "agent" and step.tool not in known:
                raise RefusedError("executes", "hidden_tool", f"the view does not show {step.tool}")
            try:
                arguments = resolve(step, task, results)
            except AgentGymError as error:
                raise RefusedError("provenance", "no_origin", str(error)) from None
            if not equal(arguments, dict(step.arguments)):
                told = f"{step.tool}: an origin holds another value"
                raise RefusedError("provenance", "other_value", told)
            if result.ok == step.fails:
                told = "it succeeds" if result.error is None else result.error.message
                raise RefusedError("executes", "call_fails", f"{step.tool}: {told}")
            if len(to_text(result.data)) > MAX_SHOWN:
                told = f"{step.tool}: the answer is too long to be shown"
                raise RefusedError("executes", "too_long", told)
            results.append(result)
        self.effects()
        check_deeds(task, self.stage)
        verdict = self.judged(self.replay.ending)
        if not verdict.success:
            raise RefusedError("executes", "not_the_goal", "; ".join(verdict.reasons))
        return GateReport(gate="executes", ok=True, detail={"calls": len(task.gold)})

    def shown(self) -> None:
        """The way in which tools are shown is one, and takes away none that the run calls.

        Raises:
            RefusedError: It is not, or does.
        """
        try:
            options = ViewOptions.of(self.task.view)
        except UsageError as error:
            raise RefusedError("executes", "view", str(error)) from None
        for step in self.task.gold:
            if step.by == "agent" and step.tool in options.absent:
                raise RefusedError("executes", "hidden_tool", f"the view takes {step.tool} away")

    def effects(self) -> None:
        """Compare what the tools answered and changed with the interpreter's own opinion.

        Raises:
            RefusedError: They differ.
        """
        task, tables = self.task, self.stage.tables
        wanted = tables.wanted(self.plan)
        emits = [node for node in wanted if isinstance(node, Emit)]
        given: list[Json] = []
        if emits:
            given = [task.answer] if len(emits) == 1 else list(_listed(task.answer))
        if len(given) != len(emits):
            raise RefusedError(
                "executes", "answer_differs", f"{len(given)} answers of {len(emits)}"
            )
        for emit, value in zip(emits, given, strict=True):
            self.answer(emit, value)
        branch = task.goal.branches[0]
        changes = {change.entity for change in branch.changes}
        written = {node.entity for node in wanted if isinstance(node, Write)}
        if not written <= changes or not changes <= self.touched(written):
            told = "the writes change other entities than the plan says"
            raise RefusedError("executes", "other_entities", told)
        barred = tables.barred(self.plan)
        if barred:
            Barred(self.stage).check(self.plan, barred, task)
        expected = "done"
        if barred:
            expected = "refused" if any(one.because == "rule" for one in barred) else "impossible"
        if not task.outcome == branch.outcome == expected:
            told = f"the run ends {task.outcome}, the goal {branch.outcome}, the plan {expected}"
            raise RefusedError("executes", "other_outcome", told)

    def answer(self, emit: Emit, value: Json) -> None:
        """Compare one answer of the tools with the rows.

        Raises:
            RefusedError: They differ.
        """
        plan, tables = self.plan, self.stage.tables
        values = tables.value(plan, emit)
        slot = isinstance(value, list)
        if slot and not emit.many:  # a choice: any that fits; which one, the judge says
            fits = len(value) > 0
        elif emit.many:
            fits = slot and _same(values, value)
        else:
            fits = len(values) == 1 and equal(values[0], value)
        if not fits:
            told = f"tools answer {value}, the rows say {values}"
            raise RefusedError("executes", "answer_differs", told)

    def touched(self, written: Collection[str]) -> set[str]:
        """Name the entities whose rows may change when rows of these are written."""
        steps: dict[str, set[str]] = {}
        relation = self.schema.relation_by_name
        for one in self.schema.derived:
            if one.relation is not None:
                steps.setdefault(relation[one.relation].entity, set()).add(one.entity)
        for effect in self.domain.effects:
            start = effect.entity if effect.each is None else relation[effect.each].entity
            match effect.do:
                case Add():
                    end = effect.do.entity
                case Adjust() | Assign():
                    end = relation[effect.do.path[-1]].target if effect.do.path else start
            steps.setdefault(effect.entity, set()).add(end)
        found, new = set(written), set(written)
        while new:
            new = {end for start in new for end in steps.get(start, ())} - found
            found |= new
        return found

    def provenance(self) -> GateReport:
        """Every argument is a fact of the user, a choice, or stands in an earlier result.

        Raises:
            RefusedError: One is not, or a fact cannot be had from the user.
        """
        task = self.task
        count = {"fact": 0, "call": 0, "choice": 0}
        facts = {fact.id: fact for fact in self.plan.facts}
        for number, step in enumerate(task.gold):
            if any(place >= number for place in earlier(step)):
                told = f"an argument of {step.tool} comes from a later call"
                raise RefusedError("provenance", "later", told)
            if any(task.gold[place].by == "user" for place in self.sources_of(step)):
                told = f"an argument of {step.tool} comes from what the user alone saw"
                raise RefusedError("provenance", "users", told)
            for origin in step.origin.values():
                for leaf in sources(origin):
                    kind, _, rest = leaf.partition(":")
                    count[kind] = count.get(kind, 0) + 1
                    if kind == "fact":
                        self.askable(facts[rest].exposure, rest)
        unknown = {fact.id for fact in task.user.unknown}
        asked = [text for name, text in task.user.questions.items() if name not in unknown]
        if len(set(asked)) != len(asked):
            told = "two held-back facts are asked for in the same words"
            raise RefusedError("provenance", "same_words", told)
        known = {name for name, fact in facts.items() if fact.exposure != "jargon"}
        if not known <= {fact.id for fact in task.user.facts} or len(self.results) != len(
            task.gold
        ):
            raise RefusedError("provenance", "not_held", "the user does not hold every fact")
        return GateReport(gate="provenance", ok=True, detail=dict(count))

    def sources_of(self, step: Step) -> set[int]:
        """Return the numbers of the calls out of whose results a step takes values."""
        leaves = (leaf for origin in step.origin.values() for leaf in sources(origin))
        return {int(leaf.split(":")[1]) for leaf in leaves if leaf.startswith("call:")}

    def askable(self, exposure: str, fact: str) -> None:
        """A fact that is held back can be asked for, or comes of itself.

        Raises:
            RefusedError: It can not.
        """
        script = self.task.user
        turns = (*((script.shift,) if script.shift is not None else ()), *script.later)
        comes = any(fact in turn.facts for turn in turns)
        if exposure != "instruction" and fact not in self.task.user.questions and not comes:
            raise RefusedError("provenance", "not_asked", f"nobody can be asked for {fact}")

    def vacuous(self) -> GateReport:
        """The goal is false at the start, before the last call, and without any one write.

        Raises:
            RefusedError: It holds without the work.
        """
        gold = self.gold
        runs = [Run()]
        if gold.calls and self.task.outcome == "done":
            runs.append(Run(calls=gold.calls[:-1], answer=None))
        tools = self.domain.tool_by_name
        dropped = 0
        for place, (name, _) in enumerate(gold.calls):
            if is_write(tools[name]) and not self.task.gold[place].fails:
                calls = gold.calls[:place] + gold.calls[place + 1 :]
                runs.append(
                    Run(calls=calls, outcome=gold.outcome, answer=gold.answer, reason=gold.reason)
                )
                dropped += 1
        for run in runs:
            if self.judged(self.replay.play(run)).success:
                raise RefusedError("not_vacuous", "idle", "the goal holds without the work")
        return GateReport(gate="not_vacuous", ok=True, detail={"dropped": dropped})

    def deterministic(self, end: str | None = None) -> GateReport:
        """Two replays give the same results and the same digest.

        Args:
            end: Digest after the gold run; what the first replay came to if None.

        Raises:
            RefusedError: They differ.
        """
        first, digest = self.replay.ending, self.replay.digest
        second = self.stage.runner.play(self.gold)
        if {end or digest, digest} != {self.stage.runner.world.digest()} or first != second:
            raise RefusedError("deterministic", "replays_differ", "two replays differ")
        return GateReport(gate="deterministic", ok=True, detail={"replays": 2})

    def rules(self) -> None:
        """The rules that are stored as those that the writes are under are the ones met.

        Raises:
            RefusedError: They are others.
        """
        stored = self.task.measured.get("rules")
        met = list(self.stage.rules.met(self.task.gold)) if stored is not None else None
        if stored != met:
            raise RefusedError("executes", "other_rules", f"stored rules {stored}, met {met}")

    def orders(self) -> GateReport:
        """Independent calls may come in any order: all of up to 24 orders, else 24 drawn ones.

        Raises:
            RefusedError: In some order the run comes to something else.
        """
        orders = list(itertools.islice(self.extensions(), MAX_ORDERS + 1))
        whole = len(orders) <= MAX_ORDERS
        if not whole:
            orders = self.drawn()
        apart = self.apart()
        for calls in orders[-_SPOT:] if apart else orders:
            run = Run(
                calls=calls,
                outcome=self.gold.outcome,
                answer=self.gold.answer,
                reason=self.gold.reason,
            )
            verdict = self.judged(self.replay.play(run))
            if not verdict.success:
                raise RefusedError("orders", "order_matters", "; ".join(verdict.reasons))
        detail = {"orders": len(orders), "all": whole or apart, "apart": apart}
        return GateReport(gate="orders", ok=True, detail=dict(detail))

    def apart(self) -> bool:
        """Tell whether no write can notice another, by what each wrote and looked at.

        Then every order comes to the same, and a few are played for good measure.
        """
        prints = []
        for place, (name, arguments) in enumerate(self.gold.calls):
            tool = self.domain.tool_by_name[name]
            if is_write(tool) and self.results[place].ok:
                changes = self.replay.changed(place)
                prints.append(footprint(self.domain, tool, arguments, changes))
        pairs = itertools.combinations(prints, 2)
        return all(commute(one, other) == "commute" for one, other in pairs)

    @cached_property
    def needs(self) -> list[set[int]]:
        """For each gold call, the numbers of those that must come before it."""
        return [earlier(step) for step in self.task.gold]

    def extensions(self) -> Iterator[tuple[tuple[str, dict[str, Json]], ...]]:
        """Yield the linear extensions of the calls, by where their arguments come from."""
        calls, needs = self.gold.calls, self.needs

        def extend(done: list[int]) -> Iterator[list[int]]:
            if len(done) == len(calls):
                yield done
            for place in range(len(calls)):
                if place not in done and needs[place] <= set(done):
                    yield from extend([*done, place])

        for order in extend([]):
            yield tuple(calls[place] for place in order)

    def drawn(self) -> list[tuple[tuple[str, dict[str, Json]], ...]]:
        """Draw different linear extensions: the gold run's own, its latest one, and others."""
        draws = rng.stream("orders", self.task.id, self.task.instruction)
        calls, needs = self.gold.calls, self.needs
        found: dict[tuple[int, ...], None] = {tuple(range(len(calls))): None}
        for attempt in range(20 * MAX_ORDERS):
            order: list[int] = []
            while len(order) < len(calls):
                free = [n for n in range(len(calls)) if n not in order and needs[n] <= set(order)]
                order.append(free[-1] if attempt == 0 else draws.choice(free))
            found[tuple(order)] = None
            if len(found) >= MAX_ORDERS:
                break
        return [tuple(calls[place] for place in order) for order in found]


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else [value]


def _same(one: Sequence[Json], other: Sequence[Json]) -> bool:
    """Tell whether two sets of values are equal."""
    left = list(other)
    for value in one:
        match = next((place for place, v in enumerate(left) if equal(v, value)), None)
        if match is None:
            return False
        del left[match]
    return not left
