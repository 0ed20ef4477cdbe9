"""Yields: what became of every draw, by family, by operator and by the gate that refused it.

In come outcomes, one a draw, out goes the account of a run. Next: `fill`, `making`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.tasks import Task

__all__ = ["Filled", "Outcome", "Tally", "Yield"]


class Yield(Record, kw_only=True):
    """What became of the candidates of a family, or of those that an operator had a part in."""

    candidates: int = 0
    accepted: int = 0
    refused: dict[str, int] = {}
    """Gate, or what else there was, to how many; see `Filled.refused`."""


class Outcome(Record, kw_only=True):
    """What one draw came to: a task, or what refused it."""

    family: str
    operators: tuple[str, ...] = ()
    task: Task | None = None
    gate: str = ""
    code: str = ""
    """What of the gate did not hold; see `RefusedError`."""
    reason: str = ""
    drawn: bool = True
    """Whether there was a candidate at all."""


class Filled(Record, kw_only=True):
    """What came of the candidates."""

    tasks: tuple[Task, ...]
    attempts: int = 0
    """How many draws were made: each gave a task or is counted in `refused`."""
    refused: dict[str, int]
    """Gate to how many candidates it refused; `no_candidate` for draws that came to nothing,
    `unwanted` for those that need too few or too many calls or are under no rule, `repeated` for
    those too much like ones that were admitted before."""
    reasons: dict[str, int]
    """`gate: reason` to how often, the most frequent ones."""
    families: dict[str, Yield] = {}
    operators: dict[str, Yield] = {}
    mutants: dict[str, int] = {}
    """`tried`: candidates that came to the gate `mutants`; `survived`: those that it refused
    because a wrong run passed."""
    shortfalls: tuple[str, ...] = ()
    """Which shares of long, ruled or different tasks were not reached: a sentence each."""
    paraphrases: dict[str, int] = {}
    """`taken`: instructions that a model put differently; beside it, why how many others were not
    taken. Empty where no model was asked."""


class Tally:
    """Counts what became of draws."""

    def __init__(self) -> None:
        self.attempts = 0
        self.refused: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.families: dict[str, Counter[str]] = {}
        self.operators: dict[str, Counter[str]] = {}
        self.mutants: Counter[str] = Counter()

    def count(self, outcome: Outcome) -> None:
        """Count one draw."""
        self.attempts += 1
        if outcome.task is None:
            self.refused[outcome.gate] += 1
            if outcome.reason:
                self.reasons[outcome.reason] += 1
        self.mutants["tried"] += outcome.task is not None or outcome.gate == "mutants"
        self.mutants["survived"] += outcome.code.startswith("survived")
        became = outcome.gate if outcome.task is None else _ACCEPTED
        self.families.setdefault(outcome.family, Counter())[became] += 1
        for operator in dict.fromkeys(outcome.operators):
            self.operators.setdefault(operator, Counter())[became] += 1

    def filled(self, tasks: Sequence[Task], shortfalls: tuple[str, ...]) -> Filled:
        """Return the whole account."""
        return Filled(
            tasks=tuple(tasks),
            attempts=self.attempts,
            refused=dict(sorted(self.refused.items())),
            reasons=dict(sorted(self.reasons.most_common(12))),
            families={name: _yield(found) for name, found in sorted(self.families.items())},
            operators={name: _yield(found) for name, found in sorted(self.operators.items())},
            mutants=dict(self.mutants),
            shortfalls=shortfalls,
        )


_ACCEPTED = "accepted"


def _yield(found: Counter[str]) -> Yield:
    return Yield(
        candidates=found.total(),
        accepted=found[_ACCEPTED],
        refused={gate: n for gate, n in sorted(found.items()) if gate != _ACCEPTED},
    )
