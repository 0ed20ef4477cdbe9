"""Tasks: candidates are sampled here, and here is the record of an admitted one."""

from __future__ import annotations

from typing import Literal

from agentgym.formats import FORMAT, Json, Record
from agentgym.goals.goal import Goal
from agentgym.plan import Fact, Plan
from agentgym.plan.lower import Step

__all__ = ["Certificate", "GateReport", "Step", "Task", "UserScript"]


class UserScript(Record, kw_only=True):
    """What the simulated user of a task knows and says."""

    opening: str
    """The instruction: the first message."""
    facts: tuple[Fact, ...] = ()
    """Everything the user can tell when asked; those not in the opening are held back."""
    questions: dict[str, str] = {}
    """Fact id to what it is, in words, for answers: `the new phone number`."""


class GateReport(Record, kw_only=True):
    """What one gate found."""

    gate: str
    ok: bool
    detail: dict[str, Json] = {}
    """Figures that a reader can check: counts, bounds, names."""


class Certificate(Record, kw_only=True):
    """Why a task may be trusted; recomputed by `agentgym check`."""

    gates: tuple[GateReport, ...]
    mutants: int
    """Wrong runs that were tried and failed."""
    start: str
    """Digest of the world at the start."""
    end: str
    """Digest after the gold run."""


class Task(Record, kw_only=True, omit_defaults=False):
    """One line of `tasks.jsonl`."""

    format: int = FORMAT
    id: str
    """`<domain>-v<N>/<0001>`."""
    family: str
    split: Literal["train", "test"] = "train"
    instruction: str
    user: UserScript
    tools: tuple[str, ...]
    """The view: names of the tools that the episode shows, in that order."""
    plan: Plan
    goal: Goal
    gold: tuple[Step, ...]
    answer: Json = None
    """What the gold run answers."""
    knobs: dict[str, Json] = {}
    """What was asked of the generator."""
    measured: dict[str, Json] = {}
    """What was measured: `min_calls` and `max_calls` (bounds of the shortest number), `rules` (ids
    of those that the writes are under; see `prove.met`), ..."""
    certificate: Certificate
