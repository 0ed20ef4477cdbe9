"""Certification: a task holds only when every gate does.

`Certifier.certify` runs the gates on a task as it is written and knows nothing of how the task was
made; what `agentgym check` does. A refusal names the gate. The order is by what a refusal costs
(`costs` measures it): plans first, then words, then runs. Next: `admit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import msgspec

from agentgym.domain import Domain
from agentgym.formats import Json, encode
from agentgym.plan import Plan
from agentgym.plan.intents import opening, turns
from agentgym.plan.tables import Tables, equal
from agentgym.plan.unsaid import hidden
from agentgym.prove import guided, lookalikes, said
from agentgym.prove.barred import Barred
from agentgym.prove.coded import terms
from agentgym.prove.costs import Costs
from agentgym.prove.difficulty import difficulty
from agentgym.prove.kills import Kills
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Runner
from agentgym.prove.runs import Runs
from agentgym.prove.shortest import lower_bound
from agentgym.prove.stage import Stage, Stages
from agentgym.prove.standing import Standing
from agentgym.tasks import Certificate, GateReport, Task, words
from agentgym.tasks.words.paraphrase import GRAMMAR, doubts

__all__ = ["Certifier"]

_TEXTS = 16
"""Wordings that are remembered as read back."""


class Certifier:
    """Runs the gates over one domain.

    Args:
        domain: The domain as every episode without a patch starts.
        costs: Counts what each gate costs; counters of its own if None.
    """

    def __init__(self, domain: Domain, *, costs: Costs | None = None) -> None:
        self.domain = domain
        self.schema = domain.schema
        self.costs = costs or Costs()
        self.stages = Stages(domain)
        self.stage: Stage = self.stages.plain
        """Where the task at hand starts."""
        self._read: dict[tuple[str, bytes], None] = {}

    @cached_property
    def standing(self) -> Standing:
        """What proves tasks with a stream of events."""
        self.stages.of(())
        return Standing(self.stages.plain, self.costs)

    @property
    def tables(self) -> Tables:
        """The rows without any patch, as plans see them."""
        return self.stages.plain.tables

    @property
    def runner(self) -> Runner:
        """What runs calls, on a world that starts as the task at hand does."""
        return self.stages.runner

    def certify(self, task: Task) -> Certificate:
        """Run every gate on a task as it is written.

        Returns:
            The certificate; equal for equal task and domain.

        Raises:
            RefusedError: A gate does not hold.
        """
        return self.measure(task)[0]

    def measure(self, task: Task) -> tuple[Certificate, dict[str, Json]]:
        """Run every gate on a task, and measure how hard it is.

        Returns:
            The certificate, and the figures of `difficulty` with `prior_guess`: the share of the
            likeliest answer among those that could be asked for.

        Raises:
            RefusedError: A gate does not hold, or the task stores other figures.
        """
        if task.stream or task.family == "proactive":
            return self.standing.measure(task)
        with self.costs.gate("executes"):
            self.stage = stage = self.stages.of(task.patch)
            runs = Runs(stage, task)
            executes = runs.executes()
        end = runs.replay.digest
        gates: tuple[Callable[[], GateReport], ...] = (
            runs.provenance,
            lambda: executes,
            lambda: stage.unique.check(task.plan),
            lambda: self.shortcuts(task),
            lambda: self.text(task),
            lambda: self.shortest(task),
            runs.vacuous,
            runs.deterministic,
            runs.orders,
        )
        names = (
            "provenance executes unique no_shortcut text shortest not_vacuous deterministic orders"
        )
        reports = []
        for name, gate in zip(names.split(), gates, strict=True):
            with self.costs.gate(name):
                reports.append(gate())
        with self.costs.gate("executes"):
            runs.rules()
            measured = difficulty(task, runs.results, self.stages.engine.parameters)
            guess = next(one for one in reports if one.gate == "no_shortcut")
            measured["prior_guess"] = guess.detail["guess_share"]
            choices = list(lookalikes.choices(task, self.domain)) if hidden(task.plan) else []
            if choices:
                measured["choices"] = choices
            _stored(task.measured, measured)
        with self.costs.gate("mutants"):
            reports.append(Kills(runs).check())
        killed = reports[-1].detail["killed"]
        assert isinstance(killed, int)
        found = Certificate(gates=tuple(reports), mutants=killed, start=stage.start, end=end)
        return found, measured

    def shortcuts(self, task: Task) -> GateReport:
        """No hop can be skipped, the answer is no likely guess and stands nowhere in the texts.

        Raises:
            RefusedError: There is a way around.
        """
        report = self.stage.shortcuts.check(
            task.plan, least=support(task.knobs), calls=_low(task.measured)
        )
        self.stage.shortcuts.leaks.check(task)
        lookalikes.check(task, self.domain)
        return report

    def text(self, task: Task) -> GateReport:
        """Read the wording back, and what the user says when they change their mind.

        Raises:
            RefusedError: It is the wording of another plan, or of several.
        """
        report = self._instruction(task)
        said.check(task, self.schema)
        return report

    def _instruction(self, task: Task) -> GateReport:
        """Read the instruction; of a paraphrase the grammar's words, beside which it has to stand.

        Raises:
            RefusedError: It cannot be understood, or otherwise.
        """
        if task.words == GRAMMAR:
            return self.check_text(task.plan, task.instruction)
        wording = task.knobs.get("wording")
        if not isinstance(wording, str):
            raise RefusedError("text", "no_wording", "a paraphrase of no wording")
        report = self.check_text(task.plan, wording)
        if turns(task.plan):
            raise RefusedError("text", "paraphrase_differs", "a paraphrase of what goes on")
        doubt = doubts(task.instruction, wording, task.plan, self.schema)
        if doubt is not None:
            raise RefusedError("text", "paraphrase_differs", f"the paraphrase: {doubt}")
        return msgspec.structs.replace(report, detail={**report.detail, "paraphrased": True})

    def check_text(self, plan: Plan, text: str) -> GateReport:
        """The wording reads back as this plan and as no other, and holds no identifier.

        Raises:
            RefusedError: It does not.
        """
        name = text, encode(plan)
        if name not in self._read:
            found = words.identifiers_in(text, self.schema)
            if found:
                told = f"an identifier in the wording: {found[0]}"
                raise RefusedError("text", "identifier", told)
            me = None if plan.party is None else plan.party.entity
            asked = guided.plain(plan, text, self.stage)
            readings, coming = words.read_opening(asked, self.schema, me=me)
            if coming != any(turn.when == "close" for turn in turns(plan)):
                raise RefusedError("text", "coming", "it is not said that more may come, or is")
            if len(readings) != 1:
                code = "many_readings" if readings else "no_reading"
                raise RefusedError("text", code, f"{len(readings)} readings of the wording")
            if not words.same(readings[0], opening(plan)):
                raise RefusedError("text", "other_plan", "the wording reads as another plan")
            self._read[name] = None
            while len(self._read) > _TEXTS:
                del self._read[next(iter(self._read))]
        return GateReport(gate="text", ok=True, detail={"readings": 1})

    def bounds(self, plan: Plan, matters: tuple[str, ...]) -> int:
        """Return the proved lower bound of the number of calls."""
        stage = self.stage
        rows = lower_bound(plan, self.schema, self.domain.tools, stage.tables, matters=matters)
        return rows + len(terms(plan))  # a call that looks a word up shows no row

    def matters(self, plan: Plan) -> tuple[str, ...]:
        """Name the refusals of a plan that depend on the row that is not written."""
        if not self.stage.tables.barred(plan):
            return ()
        return Barred(self.stage).matters(plan)

    def shortest(self, task: Task) -> GateReport:
        """The stored bounds of the shortest number of calls are the proved ones.

        Raises:
            RefusedError: They are others, or the gold run needs less than is proved.
        """
        low, high = self.bounds(task.plan, self.matters(task.plan)), len(task.gold)
        if low > high:
            told = f"{high} calls do what {low} are needed for"
            raise RefusedError("shortest", "contradiction", told)
        stored = task.measured.get("min_calls"), task.measured.get("max_calls")
        if stored != (low, high):
            told = f"stored bounds {stored}, proved ({low}, {high})"
            raise RefusedError("shortest", "other_bounds", told)
        return GateReport(gate="shortest", ok=True, detail={"at_least": low, "at_most": high})


def support(knobs: Mapping[str, Json]) -> int | None:
    """Return the fewest rows that were asked of a clue; None where nothing was."""
    clues = knobs.get("clues")
    return clues if isinstance(clues, int) else None


def _stored(stored: Mapping[str, Json], measured: Mapping[str, Json]) -> None:
    """Compare the figures that a task stores with those that were measured.

    Raises:
        RefusedError: One is another.
    """
    for name, value in measured.items():
        if name in stored and not equal(stored[name], value):
            told = f"stored {name.replace('_', ' ')} {stored[name]}, measured {value}"
            raise RefusedError("executes", "other_difficulty", told)


def _low(measured: Mapping[str, Json]) -> int:
    low = measured.get("min_calls")
    return low if isinstance(low, int) else 0
