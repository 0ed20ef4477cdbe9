"""Tasks: candidates are sampled here, and here is the record of an admitted one."""

from __future__ import annotations

from typing import Literal

from agentgym.domain.patch import Patch
from agentgym.formats import FORMAT, Json, Record
from agentgym.goals.goal import Goal
from agentgym.plan import Fact, Plan
from agentgym.plan.lower import Step

__all__ = [
    "Certificate",
    "GateReport",
    "Notice",
    "Step",
    "Task",
    "Turn",
    "Twin",
    "UserDeed",
    "UserScript",
]


class Turn(Record, kw_only=True):
    """Something that the user says of their own accord, with the first answer that they give."""

    text: str
    facts: tuple[str, ...]
    """Ids of the facts that it tells."""
    replaces: tuple[str, ...] = ()
    """Ids of the facts that hold no longer when it is said."""
    when: Literal["answer", "close"] = "answer"
    """Said with the next answer that the user gives, or when the agent takes the job for done (or
    asks whether there is anything else)."""
    wants: tuple[str, ...] = ()
    """Ids of the plan's writes and emits that the user wants from then on, those before included
    unless they are given up; empty: as before."""


class UserDeed(Record, kw_only=True):
    """Something that only the user can do, with a tool of their own, and does when asked to."""

    id: str
    """Id of the plan's write that it carries out."""
    tool: str
    """Name of a tool of the domain that the agent is not shown."""
    arguments: dict[str, Json]
    """Wire values; the user knows them."""
    words: str
    """What the user is to do, as an imperative: `confirm the appointment of Tuesday`."""
    needs: tuple[str, ...] = ()
    """Ids of facts that the agent has to say, since the user does not know them: of the script's
    `unknown`."""
    takes: dict[str, str] = {}
    """Parameter to the id of the needed fact that it takes its value from, as it was said."""


class Notice(Record, kw_only=True):
    """Something that happens of its own accord while the agent watches."""

    turn: int
    """After which turn it comes; 0: with the first observation."""
    text: str
    """What the agent is told; empty where it is told nothing."""
    entity: str = ""
    key: tuple[Json, ...] | None = None
    """Wire values of the key of the row that it is about."""
    patch: tuple[Patch, ...] = ()
    """Rows that change with it."""
    kind: Literal["event", "change", "policy"] = "event"
    due: tuple[str, ...] = ()
    """Ids of the plan's writes and emits that are due on it; none: nothing is to be done or said.
    Nobody who plays sees them."""


class Twin(Record, kw_only=True):
    """A task that differs from another in one fact."""

    of: str
    """Id of the other."""
    kind: Literal["unanswerable", "violating", "benign"]
    fact: str
    """Id of the fact that differs; of its own plan."""


class UserScript(Record, kw_only=True):
    """What the simulated user of a task knows and says."""

    opening: str
    """The instruction: the first message."""
    facts: tuple[Fact, ...] = ()
    """Everything the user can tell when asked; those not in the opening are held back."""
    questions: dict[str, str] = {}
    """Fact id to what it is, in words, for answers: `the new phone number`."""
    shift: Turn | None = None
    """How the user changes their mind."""
    later: tuple[Turn, ...] = ()
    """What else the user comes to want, in order, after the shift if there is one."""
    wants: tuple[str, ...] = ()
    """Ids of the plan's writes and emits that the opening asks for; empty: all of them."""
    private: tuple[Fact, ...] = ()
    """What the user knows besides and does not tell: nothing of it may be said by anybody."""
    deeds: tuple[UserDeed, ...] = ()
    """What only the user can do."""
    unknown: tuple[Fact, ...] = ()
    """What the user does not know and has to be told before a deed; `value` is what is right, and
    nothing of what the user does may rest on it."""
    standing: bool = False
    """Whether the opening is a standing order: no message ends the conversation."""
    record: tuple[str, tuple[Json, ...]] | None = None
    """Entity and key of the row that the user is, where they are somebody in the data."""


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
    view: dict[str, Json] = {}
    """How the tools are shown unless an episode says otherwise; see `tools.views.ViewOptions`."""
    patch: tuple[Patch, ...] = ()
    """Rows in which its world differs from the domain's at the start."""
    stream: tuple[Notice, ...] = ()
    """What happens while the agent watches, by turn; such a task has nobody who asks."""
    plan: Plan
    shape: str = ""
    """Digest of the plan without its values: equal for tasks of one structure."""
    goal: Goal
    gold: tuple[Step, ...]
    answer: Json = None
    """What the gold run answers."""
    outcome: Literal["done", "refused", "impossible"] = "done"
    """As what the gold run concludes."""
    reason: str = ""
    """Why it cannot be done, as the gold run says it; empty where it is done."""
    operators: tuple[str, ...] = ()
    """What the plan was grown by, in order."""
    parent: str | None = None
    """Id of the task that it was evolved from."""
    twin: Twin | None = None
    twins: dict[str, str] = {}
    """Kind of twin to its id."""
    words: str = "grammar"
    """Who wrote the instruction: `grammar`, or the name of the model that paraphrased it."""
    knobs: dict[str, Json] = {}
    """What was asked of the generator."""
    measured: dict[str, Json] = {}
    """What was measured: `min_calls` and `max_calls` (bounds of the shortest number), `rules` (ids
    of those that the writes are under; see `prove.met`), ..."""
    certificate: Certificate
