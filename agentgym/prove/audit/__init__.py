"""The audit: the verifier measured on runs that no gate has seen.

A domain and its tasks come in, an `Audit` goes out: how many wrong runs of a second, independent
kind fail, how many right runs that are not the gold one pass. What survives or is refused is
settled by brute force on the rows at the end before it is counted. Order: `scene`, `called` and
`spoken` (operators), `wrong`, `right` (alternatives and the brute truth), `watched` (both, where
events are watched), `sql` and `check` (certificates by other means).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import Record
from agentgym.goals.verdict import Ending, Verdict
from agentgym.plan.lower import Caller, lowerings
from agentgym.prove.audit.check import Checked, brute_check
from agentgym.prove.audit.right import Truth, right_runs
from agentgym.prove.audit.scene import Scene
from agentgym.prove.audit.watched import Watched
from agentgym.prove.audit.wrong import OPERATORS, wrong_runs
from agentgym.prove.guided import agents
from agentgym.prove.run import Replay, Run
from agentgym.prove.stage import Stage, Stages
from agentgym.prove.standing.runs import Player
from agentgym.tasks import Task

__all__ = ["OPERATORS", "Audit", "Checked", "Finding", "audit", "brute_check"]

MOST_FINDINGS = 50
"""Most findings that a report spells out."""
_LATE = 4
"""Right runs of one task with a stream that are drawn in a round."""


class Finding(Record, kw_only=True):
    """A wrong run that passed, or a right one that did not."""

    task: str
    operator: str
    run: Run
    reasons: tuple[str, ...] = ()
    """Why a right one was refused."""


class Audit(Record, kw_only=True):
    """What the verifier did with runs that it had not seen."""

    domain: str
    world: str
    """World hash."""
    seed: int
    tasks: int
    mutants: int
    """Wrong runs that were judged; those that turned out right are not among them."""
    killed: int
    equivalent: int
    """Runs that were meant to be wrong and came to the right end."""
    unsettled: int
    """Runs of which brute force could not say within its cap if they are right."""
    operators: dict[str, dict[str, int]]
    """Operator to how many of its runs were judged, and how many were killed."""
    alternatives: int
    """Right runs that are not the gold one."""
    accepted: int
    kinds: dict[str, dict[str, int]]
    """Kind of alternative to how many were judged, and how many were accepted."""
    survivors: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    gate: dict[str, int] = {}
    """Of the generation run, as far as it is known: `tried` (candidates that came to the gate
    `mutants`) and `survived` (those that it refused because a wrong run passed)."""

    @property
    def kill_rate(self) -> float:
        """Share of the wrong runs that failed."""
        return self.killed / self.mutants if self.mutants else 1.0

    @property
    def false_rejections(self) -> int:
        """Right runs that were refused."""
        return self.alternatives - self.accepted


def audit(
    domain: Domain,
    tasks: Sequence[Task],
    *,
    seed: int = 1,
    mutants: int = 10_000,
    alternatives: int = 1_000,
    gate: Mapping[str, int] | None = None,
) -> Audit:
    """Measure the verifier on the tasks of a domain.

    Args:
        domain: The domain as every episode without a patch starts.
        tasks: Its tasks.
        seed: Of what is drawn; never that of the tasks.
        mutants: How many wrong runs are wanted, about the same number for each task; more rounds
            are drawn where one gives too few.
        alternatives: How many right runs are wanted, in the same way.
        gate: What the gate `mutants` did while the tasks were made: `tried` and `survived`.
    """
    found = _Auditor(domain, tasks, seed)
    found.run(mutants, alternatives)
    return found.report(gate or {})


class _Auditor:
    def __init__(self, domain: Domain, tasks: Sequence[Task], seed: int) -> None:
        self.domain, self.tasks, self.seed = domain, tasks, seed
        self.stages = Stages(domain)
        self.judged: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.equivalent = self.unsettled = 0
        self.survivors: list[Finding] = []
        self.refused: list[Finding] = []
        self.known: set[tuple[str, str]] = set()

    def run(self, mutants: int, alternatives: int) -> None:
        """Draw rounds of runs of every task until there are enough, or a round gives nothing."""
        for turn in range(50):
            before = self.judged.total() + self.tried.total()
            for task in self.tasks:
                wrong = max(0, mutants - self.judged.total()) and -(-mutants // len(self.tasks))
                right = max(0, alternatives - self.tried.total())
                if wrong or right:
                    self.task(task, turn, wrong, bool(right))
            enough = self.judged.total() >= mutants and self.tried.total() >= alternatives
            if enough or self.judged.total() + self.tried.total() == before:
                return

    def task(self, task: Task, turn: int, wrong: int, right: bool) -> None:
        """Judge runs of one task."""
        if task.stream:
            self.watched(task, turn, wrong, _LATE if right else 0)
            return
        stage = self.stages.of(task.patch)
        draws = rng.stream("audit", self.seed, task.id, turn)
        others = [other for other in self.tasks if other.patch == task.patch]
        scene = Scene(task, stage.domain, others, draws)
        replay = Replay(stage.runner, scene.gold)
        truth = Truth(scene, replay.ending)
        for name, run in islice(wrong_runs(scene), wrong):
            if self.new(task, run):
                self.mutant(stage, task, truth, name, run, replay.play(run))
        if right:
            self.right(stage, task, scene, truth, replay)

    def watched(self, task: Task, turn: int, wrong: int, right: int) -> None:
        """Judge runs of one task with a stream of events."""
        self.stages.of(())
        stage = self.stages.plain
        draws = rng.stream("audit", self.seed, task.id, turn)
        scene, player = Watched(task, stage.domain, draws), self.player
        for wanted, runs in ((False, scene.wrong(wrong)), (True, scene.right(right))):
            for name, run in runs:
                if not self.new(task, run):
                    continue
                played = player.play(run, task.stream)
                verdict = stage.judge.verdict(
                    task.goal, played.ending, instruction=task.instruction
                )
                holds = scene.truth(run, played)
                if holds:
                    self.equivalent += not wanted
                    self.count(name if wanted else "equivalent", task, run, verdict)
                elif not wanted:
                    self.judged[name] += 1
                    if verdict.success:
                        self.survivors.append(Finding(task=task.id, operator=name, run=run))
                    else:
                        self.killed[name] += 1

    @cached_property
    def player(self) -> Player:
        """Plays what happens turn by turn."""
        return Player(self.stages.engine)

    def right(self, stage: Stage, task: Task, scene: Scene, truth: Truth, replay: Replay) -> None:
        """Judge the alternatives of one task."""

        def same(run: Run) -> bool:
            return truth.right(run, replay.play(run)) is True

        runs = list(right_runs(scene, lambda: _lowered(stage, task), same))
        for name, run in runs:
            if run != scene.gold and self.new(task, run):
                self.alternative(stage, task, truth, name, run, replay.play(run))

    def new(self, task: Task, run: Run) -> bool:
        """Tell whether a run was not judged before; note it."""
        name = task.id, repr(run)
        if name in self.known:
            return False
        self.known.add(name)
        return True

    def mutant(
        self, stage: Stage, task: Task, truth: Truth, name: str, run: Run, ending: Ending
    ) -> None:
        verdict = stage.judge.verdict(
            task.goal,
            agents(task, ending),
            instruction=task.instruction,
            party=task.plan.who(),
        )
        right = truth.right(run, agents(task, ending))
        self.equivalent += right is True
        self.unsettled += right is None
        if right is True:
            self.count("equivalent", task, run, verdict)
        elif right is False:
            self.judged[name] += 1
            if verdict.success:
                self.survivors.append(Finding(task=task.id, operator=name, run=run))
            else:
                self.killed[name] += 1

    def alternative(
        self, stage: Stage, task: Task, truth: Truth, name: str, run: Run, ending: Ending
    ) -> None:
        verdict = stage.judge.verdict(
            task.goal,
            agents(task, ending),
            instruction=task.instruction,
            party=task.plan.who(),
        )
        if (
            not verdict.success
            and name != "words"
            and truth.right(run, agents(task, ending)) is not True
        ):
            return  # it did not come to the right end after all: a run like the wrong ones
        self.count(name, task, run, verdict)

    def count(self, name: str, task: Task, run: Run, verdict: Verdict) -> None:
        """Count a right run."""
        self.tried[name] += 1
        if verdict.success:
            self.accepted[name] += 1
        else:
            found = Finding(task=task.id, operator=name, run=run, reasons=verdict.reasons)
            self.refused.append(found)

    def report(self, gate: Mapping[str, int]) -> Audit:
        return Audit(
            domain=self.domain.id,
            world=self.domain.world_hash,
            seed=self.seed,
            tasks=len(self.tasks),
            mutants=self.judged.total(),
            killed=self.killed.total(),
            equivalent=self.equivalent,
            unsettled=self.unsettled,
            operators={
                name: {"judged": count, "killed": self.killed[name]}
                for name, count in sorted(self.judged.items())
            },
            alternatives=self.tried.total(),
            accepted=self.accepted.total(),
            kinds={
                name: {"judged": count, "accepted": self.accepted[name]}
                for name, count in sorted(self.tried.items())
            },
            survivors=tuple(self.survivors[:MOST_FINDINGS]),
            refused=tuple(self.refused[:MOST_FINDINGS]),
            gate=dict(gate),
        )


def _lowered(stage: Stage, task: Task) -> Iterator[Run]:
    """Play the plan of a task in other ways."""
    runner = stage.runner

    def start() -> Caller:
        runner.start()
        return runner.call

    for found in lowerings(task.plan, stage.tables, stage.domain.tools, start, stage.domain.rules):
        calls = tuple((step.tool, dict(step.arguments)) for step in found.steps)
        yield Run(calls=calls)
