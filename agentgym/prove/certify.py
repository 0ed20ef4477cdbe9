"""The gates: a task holds only when every one of them does.

`Certifier.certify` runs them on a task as it is written, in the order cheap to dear, and
knows nothing of how the task was made; what `agentgym check` does. A refusal names the
gate. Formulas and traps: `shortcuts`, `shortest`, `mutants`. Next: `admit`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from agentgym.domain import Domain
from agentgym.episode.log import MAX_SHOWN
from agentgym.errors import AgentGymError
from agentgym.formats import Json, to_text
from agentgym.goals.equivalence import effects
from agentgym.goals.goal import Change
from agentgym.goals.verdict import Judge
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.tables import Tables, equal
from agentgym.prove.met import RulesMet
from agentgym.prove.mutants import more_mutants, mutants
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Replay, Run, Runner, gold_run, resolve
from agentgym.prove.shortcuts import Shortcuts
from agentgym.prove.shortest import lower_bound
from agentgym.rules import Add, Adjust, Assign
from agentgym.tasks import Certificate, GateReport, Task, words
from agentgym.tools.algebra import is_write
from agentgym.trajectory import Result
from agentgym.world.compile import engine

__all__ = ["MAX_ORDERS", "MIN_MUTANTS", "MIN_OPERATORS", "Certifier"]

MIN_MUTANTS = 20
MIN_OPERATORS = 5
_MAY_AGREE = frozenset(
    "argument_changed argument_added wrong_entity done_twice extra_write undone".split()
)
"""Operators of which a run may come out as the right one does, and is then no wrong run."""
MAX_ORDERS = 24


class Certifier:
    """Runs the gates over one domain.

    Args:
        domain: The domain as every episode starts.
    """

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.schema = domain.schema
        self.tables = Tables(domain.schema, domain.rows)
        self.runner = Runner(engine(domain))
        self.judge = Judge(domain)
        self.start = self.runner.start()
        self.rules = RulesMet(domain, self.tables, self.runner)
        self.shortcuts = Shortcuts(domain, self.tables, self.runner.engine.parameters)

    def certify(self, task: Task) -> Certificate:
        """Run every gate on a task as it is written.

        Returns:
            The certificate; equal for equal task and domain.

        Raises:
            RefusedError: A gate does not hold.
        """
        results = self.check_executes(task)
        end = self.runner.world.digest()
        reports = [
            self.check_provenance(task, results),
            GateReport(gate="executes", ok=True, detail={"calls": len(task.gold)}),
            self.check_unique(task.plan),
            self.check_shortcuts(task.plan, task),
            self.check_text(task.plan, task.instruction),
            self.check_vacuous(task),
            self.check_deterministic(task, end),
            self.check_shortest(task),
            self.check_orders(task),
        ]
        self.check_rules(task)
        wrong, operators = self.check_mutants(task)
        reports.append(
            GateReport(gate="mutants", ok=True, detail={"killed": wrong, "operators": operators})
        )
        return Certificate(gates=tuple(reports), mutants=wrong, start=self.start, end=end)

    def check_executes(self, task: Task) -> list[Result]:
        """Play the gold run from a fresh world, each argument taken from its origin."""
        self.runner.start()
        results: list[Result] = []
        known = set(task.tools)
        for step in task.gold:
            if step.tool not in known:
                raise RefusedError("executes", f"the view does not show {step.tool}")
            try:
                arguments = resolve(step, task, results)
            except AgentGymError as error:
                raise RefusedError("provenance", str(error)) from None
            if not equal(arguments, dict(step.arguments)):
                raise RefusedError("provenance", f"{step.tool}: an origin holds another value")
            result = self.runner.call(step.tool, arguments)
            if not result.ok:
                assert result.error is not None
                raise RefusedError("executes", f"{step.tool}: {result.error.message}")
            if len(to_text(result.data)) > MAX_SHOWN:
                raise RefusedError("executes", f"{step.tool}: the answer is too long to be shown")
            results.append(result)
        self.check_effects(task)
        verdict = self.judge.verdict(
            task.goal,
            self.runner.play(gold_run(task)),
            instruction=task.instruction,
            party=task.plan.who(),
        )
        if not verdict.success:
            raise RefusedError("executes", "; ".join(verdict.reasons))
        return results

    def check_effects(self, task: Task) -> None:
        """Compare what the tools answered and changed with the interpreter's own opinion."""
        plan = task.plan
        answers = [self.tables.value(plan, node) for node in plan.nodes if isinstance(node, Emit)]
        given = [] if not answers else task.answer if len(answers) > 1 else [task.answer]
        for values, value in zip(answers, given, strict=True):
            if len(values) != 1 or not equal(values[0], value):
                raise RefusedError("executes", f"tools answer {value}, the rows say {values}")
        changes = {change.entity for change in task.goal.branches[0].changes}
        written = {node.entity for node in plan.nodes if isinstance(node, Write)}
        if not written <= changes or not changes <= self.touched(written):
            raise RefusedError("executes", "the writes change other entities than the plan says")

    def touched(self, written: set[str]) -> set[str]:
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

    def check_provenance(self, task: Task, results: Sequence[Result]) -> GateReport:
        """Every argument is a fact of the user, a choice, or stands in an earlier result."""
        count = {"fact": 0, "call": 0, "choice": 0}
        facts = {fact.id: fact for fact in task.plan.facts}
        for number, step in enumerate(task.gold):
            for name, origin in step.origin.items():
                kind, _, rest = origin.partition(":")
                count[kind] += 1
                if kind == "call" and int(rest.split(":")[0]) >= number:
                    raise RefusedError("provenance", f"{step.tool}.{name} comes from a later call")
                if (
                    kind == "fact"
                    and facts[rest].exposure == "user"
                    and rest not in task.user.questions
                ):
                    raise RefusedError("provenance", f"nobody can be asked for {rest}")
        asked = list(task.user.questions.values())
        if len(set(asked)) != len(asked):
            raise RefusedError("provenance", "two held-back facts are asked for in the same words")
        if {fact.id for fact in task.user.facts} < set(facts) or len(results) != len(task.gold):
            raise RefusedError("provenance", "the user does not hold every fact")
        return GateReport(gate="provenance", ok=True, detail=dict(count))

    def check_unique(self, plan: Plan) -> GateReport:
        """The clues as told leave exactly one row for each thing that is spoken of."""
        sets = {node.of for node in plan.nodes if isinstance(node, Aggregated)}
        targets: list[tuple[str, tuple[Json, ...]]] = []
        count = 0
        for node in plan.nodes:
            if not isinstance(node, Select):
                continue
            rows = self.tables.extent(plan, node.id)
            count += 1
            if node.id in sets:
                if len(rows) < 2:
                    raise RefusedError("unique", f"{len(rows)} rows to aggregate")
            elif len(rows) != 1:
                raise RefusedError("unique", f"{len(rows)} rows fit the {node.entity}")
            writes = sum(isinstance(w, Write) and w.target == node.id for w in plan.nodes)
            targets += [(node.entity, row) for row in rows for _ in range(writes)]
        if len(set(targets)) != len(targets):
            raise RefusedError("unique", "two writes to one row")
        return GateReport(gate="unique", ok=True, detail={"selects": count})

    def check_shortcuts(self, plan: Plan, task: Task | None = None) -> GateReport:
        """No hop can be skipped, the answer is no likely guess and stands nowhere in the texts."""
        report = self.shortcuts.check(plan)
        if task is not None and task.goal.branches[0].answers:
            self.shortcuts.check_leaks(task)
        return report

    def check_text(self, plan: Plan, text: str) -> GateReport:
        """The wording reads back as this plan and as no other, and holds no identifier."""
        found = words.identifiers_in(text, self.schema)
        if found:
            raise RefusedError("text", f"an identifier in the wording: {found[0]}")
        readings = words.read(text, self.schema)
        if len(readings) != 1:
            raise RefusedError("text", f"{len(readings)} readings of the wording")
        if not words.same(readings[0], plan):
            raise RefusedError("text", "the wording reads as another plan")
        return GateReport(gate="text", ok=True, detail={"readings": 1})

    def check_vacuous(self, task: Task) -> GateReport:
        """The goal is false at the start, before the last write, and without any one write."""
        gold = gold_run(task)
        runs = [Run(), Run(calls=gold.calls[:-1], answer=None)]
        tools = self.domain.tool_by_name
        for place, (name, _) in enumerate(gold.calls):
            if is_write(tools[name]):
                calls = gold.calls[:place] + gold.calls[place + 1 :]
                runs.append(Run(calls=calls, answer=gold.answer))
        for run in runs:
            if self.judge.verdict(task.goal, self.runner.play(run)).success:
                raise RefusedError("not_vacuous", "the goal holds without the work")
        return GateReport(gate="not_vacuous", ok=True, detail={"dropped": len(runs) - 2})

    def check_deterministic(self, task: Task, end: str) -> GateReport:
        """Two replays give the same results and the same digest."""
        first = self.runner.play(gold_run(task))
        digests = {end, self.runner.world.digest()}
        second = self.runner.play(gold_run(task))
        digests.add(self.runner.world.digest())
        if len(digests) != 1 or first != second:
            raise RefusedError("deterministic", "two replays differ")
        return GateReport(gate="deterministic", ok=True, detail={"replays": 2})

    def check_shortest(self, task: Task) -> GateReport:
        """The stored bounds of the shortest number of calls are the proved ones."""
        low, high = lower_bound(task.plan, self.schema, self.domain.tools), len(task.gold)
        if low > high:
            raise RefusedError("shortest", f"{high} calls do what {low} are needed for")
        stored = task.measured.get("min_calls"), task.measured.get("max_calls")
        if stored != (low, high):
            raise RefusedError("shortest", f"stored bounds {stored}, proved ({low}, {high})")
        return GateReport(gate="shortest", ok=True, detail={"at_least": low, "at_most": high})

    def check_rules(self, task: Task) -> None:
        """The rules that are stored as those that the writes are under are the ones met."""
        stored = task.measured.get("rules")
        met = list(self.rules.met(task.gold)) if stored is not None else None
        if stored != met:
            raise RefusedError("executes", f"stored rules {stored}, met {met}")

    def check_orders(self, task: Task) -> GateReport:
        """Independent writes may come in any order."""
        tried = 0
        for calls in itertools.islice(self.orders(task), MAX_ORDERS):
            tried += 1
            ending = self.runner.play(Run(calls=calls, answer=task.answer))
            verdict = self.judge.verdict(task.goal, ending, instruction=task.instruction)
            if not verdict.success:
                raise RefusedError("orders", "; ".join(verdict.reasons))
        return GateReport(gate="orders", ok=True, detail={"orders": tried})

    def orders(self, task: Task) -> Iterator[tuple[tuple[str, dict[str, Json]], ...]]:
        """Yield the linear extensions of the calls, by where their arguments come from."""
        needs = [
            {int(o.split(":")[1]) for o in step.origin.values() if o.startswith("call:")}
            | set(step.after)
            for step in task.gold
        ]
        calls = gold_run(task).calls

        def extend(done: list[int]) -> Iterator[list[int]]:
            if len(done) == len(calls):
                yield done
            for place in range(len(calls)):
                if place not in done and needs[place] <= set(done):
                    yield from extend([*done, place])

        for order in extend([]):
            yield tuple(calls[place] for place in order)

    def check_mutants(self, task: Task) -> tuple[int, int]:
        """Every wrong run fails; there are enough of them, of enough kinds.

        Further ones are made where too few of the usual ones were wrong.
        """
        replay = Replay(self.runner, gold_run(task))
        right = effects(replay.ending.changes, self.schema)
        killed: list[Run] = []
        kinds: set[str] = set()
        for make in (mutants, more_mutants):
            for kind, run in make(task, self.tables, self.domain.tool_by_name):
                if make is more_mutants and len(killed) >= MIN_MUTANTS:
                    break
                if make is more_mutants and run in killed:
                    continue
                if self.is_killed(task, kind, run, replay, right):
                    killed.append(run)
                    kinds.add(kind)
        if len(killed) < MIN_MUTANTS or len(kinds) < MIN_OPERATORS:
            raise RefusedError("mutants", f"only {len(killed)} wrong runs of {len(kinds)} kinds")
        return len(killed), len(kinds)

    def is_killed(
        self, task: Task, kind: str, run: Run, replay: Replay, right: Sequence[Change]
    ) -> bool:
        """Play a wrong run; False where it comes out as the right one does, and is none.

        Raises:
            RefusedError: It passes.
        """
        ending = replay.play(run)
        if (
            kind in _MAY_AGREE
            and run.answer == task.answer
            and effects(ending.changes, self.schema) == right
        ):
            return False
        if self.judge.verdict(task.goal, ending, instruction=task.instruction).success:
            raise RefusedError("mutants", f"a wrong run passes: {kind}")
        return True
