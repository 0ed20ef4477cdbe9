"""The gate `mutants`: every wrong run fails, and there are enough of them, of enough kinds.

The runs of one task come in. One that comes out as the right one does was not wrong and counts for
nothing; something that was done and undone without a trace must be accepted. Next: `certify`.
"""

from __future__ import annotations

from agentgym.goals.verdict import Ending, Verdict
from agentgym.prove.mutants import MAY_AGREE, more_mutants, mutants
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Run
from agentgym.prove.runs import Runs
from agentgym.prove.settle import same_end
from agentgym.rules import Add
from agentgym.tasks import GateReport

__all__ = ["ENOUGH_OPERATORS", "MIN_MUTANTS", "MIN_OPERATORS", "Kills"]

MIN_MUTANTS = 20
MIN_OPERATORS = 5
ENOUGH_OPERATORS = 8
"""Kinds of wrong runs after which no more are looked for."""


class Kills:
    """Plays the wrong runs of one task.

    Args:
        runs: The runs of the task.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs, self.task, self.stage = runs, runs.task, runs.stage
        self.lasting = {
            effect.do.entity
            for effect in runs.domain.effects
            if effect.lasting and isinstance(effect.do, Add)
        }
        self.kinds: set[str] = set()

    def check(self) -> GateReport:
        """Check that every wrong run fails.

        Further ones are made where too few of the usual ones were wrong, or of too few kinds.

        Raises:
            RefusedError: One passes, one that is right does not, or there are too few.
        """
        killed: list[Run] = []
        for make in (mutants, more_mutants):
            for kind, run in make(self.task, self.stage):
                if make is more_mutants:
                    if len(killed) >= MIN_MUTANTS and len(self.kinds) >= ENOUGH_OPERATORS:
                        break
                    if run in killed:
                        continue
                if self.is_killed(kind, run):
                    killed.append(run)
                    self.kinds.add(kind)
        if len(killed) < MIN_MUTANTS or len(self.kinds) < MIN_OPERATORS:
            told = f"only {len(killed)} wrong runs of {len(self.kinds)} kinds"
            raise RefusedError("mutants", "too_few", told)
        detail = {"killed": len(killed), "operators": len(self.kinds)}
        return GateReport(gate="mutants", ok=True, detail=dict(detail))

    def is_killed(self, kind: str, run: Run) -> bool:
        """Play a run; False where it comes out as the right one does, and is none.

        Raises:
            RefusedError: A wrong one passes, or a right one does not.
        """
        ending = self.runs.replay.play(run)
        verdict = self.runs.judged(ending)
        if kind == "undo_pair" and not verdict.success:
            self.undone(run, ending, verdict)
        if verdict.success and not (kind in MAY_AGREE and self.agrees(run, ending)):
            raise RefusedError("mutants", f"survived_{kind}", f"a wrong run passes: {kind}")
        if verdict.unknown:
            told = f"it is not known whether a wrong run passes: {kind}"
            raise RefusedError("mutants", "unknown", told)
        return not verdict.success

    def undone(self, run: Run, ending: Ending, verdict: Verdict) -> None:
        """Something was done and undone, and the run failed: it left something behind.

        Raises:
            RefusedError: It did not, or the verdict does not say so.
        """
        if self.agrees(run, ending):
            told = f"a right run fails: {'; '.join(verdict.reasons)}"
            raise RefusedError("mutants", "false_alarm", told)
        entities = {change.entity for change in ending.changes if change.before is None}
        named = any(reason.startswith("residue") for reason in verdict.reasons)
        if entities & self.lasting and not named and all(r.ok for _, r in ending.calls):
            raise RefusedError("mutants", "residue", "what is left behind is not named")

    def agrees(self, run: Run, ending: Ending) -> bool:
        """Tell whether a run ends as the right one does: what it says and what it changed."""
        gold = self.runs.gold
        said = (run.outcome, run.answer, run.reason) == (gold.outcome, gold.answer, gold.reason)
        right = self.runs.replay.ending.changes
        return said and same_end(self.runs.schema, right, ending.changes) is True
