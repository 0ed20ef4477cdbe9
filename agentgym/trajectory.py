"""What happened: calls, results, messages and the outcome, as records without behaviour.

A trajectory is the append-only record of one episode; it loads without an
environment, a policy or a database. Its shape is `agentgym.trajectory/1`.
"""

from __future__ import annotations

from typing import Final, Literal

from agentgym.formats import Json, Record

__all__ = [
    "SCHEMA",
    "Act",
    "ActKind",
    "AgentFacts",
    "AssistantEvent",
    "Call",
    "Deed",
    "EnvFacts",
    "ErrorCode",
    "Event",
    "Failure",
    "Fault",
    "Flags",
    "NoticeEvent",
    "Outcome",
    "Provenance",
    "Result",
    "TaskFacts",
    "ToolEvent",
    "ToolFace",
    "Trajectory",
    "UserEvent",
]

SCHEMA: Final = "agentgym.trajectory/1"

ErrorCode = Literal[
    "unknown_tool",
    "bad_arguments",
    "not_found",
    "ambiguous",
    "rule_broken",
    "conflict",
    "limit_exceeded",
    "unavailable",
]


class Fault(Record, kw_only=True):
    """Why a call was refused, for the agent to read."""

    code: ErrorCode
    message: str
    """Expected, found, and what to do next, in one or two sentences."""
    parameter: str | None = None
    """The offending parameter, where one is to blame."""
    rule: str | None = None
    """Id of the broken rule, where one is."""
    legal: tuple[Json, ...] | None = None
    """Legal values of the parameter, the nearest first, where an episode helps so far."""
    repair: str | None = None
    """Name of the shown tool that repairs it, where an episode helps so far."""


class Result(Record, kw_only=True, gc=False):
    """What a tool call gave: `data`, or `error`, never both."""

    data: Json = None
    error: Fault | None = None
    breaches: tuple[str, ...] = ()
    """Ids of advisory rules that the call broke; for the verdict, never shown to an agent."""

    @property
    def ok(self) -> bool:
        """Whether the call did what it says."""
        return self.error is None

    @property
    def rows(self) -> list[dict[str, Json]]:
        """The rows that it gave: those of its page, or the one; none where it gave no row."""
        if not isinstance(self.data, dict):
            return []
        return self.data["items"] if self.paged else [self.data]

    @property
    def paged(self) -> bool:
        """Whether it gave a page of rows, and no row that has fields called so."""
        return isinstance(self.data, dict) and self.data.keys() == _PAGE


_PAGE = frozenset({"items", "total", "page", "pages"})
"""What a page of rows has."""


class Call(Record, kw_only=True, gc=False):
    """One tool call as the agent sent it."""

    id: str
    name: str
    arguments: dict[str, Json]
    raw: str | None = None
    """The unparsed text, where it could not be read as a call."""
    parse_error: str | None = None


class Deed(Record, kw_only=True):
    """What a call came to: a call of one of the domain's own tools."""

    tool: str
    arguments: dict[str, Json]


class ToolFace(Record, kw_only=True):
    """A tool as the agent is shown it."""

    name: str
    description: str
    parameters: dict[str, Json]
    """JSON Schema (2020-12) object."""
    mutates: bool = False
    requestor: Literal["assistant", "user"] = "assistant"


ActKind = Literal[
    "open",
    "inform",
    "confirm",
    "deny",
    "correct",
    "shift",
    "withhold",
    "unknown",
    "request",
    "aside",
    "complain",
    "acknowledge",
    "do",
    "close",
    "leave",
]
"""What a user does with a message: opens; tells facts; says yes or no to going on; puts right what
the agent got wrong; wants something else or something more from here on; keeps a fact to
themselves; does not know; asks the agent for something; talks of other things; complains; takes
note; does something with a tool of their own; is content and ends; gives up and ends."""


class Act(Record, kw_only=True):
    """One dialogue act of the user."""

    kind: ActKind
    facts: tuple[str, ...] = ()
    """Ids of the facts of the user's script that it is about."""
    deed: str | None = None
    """For `do`: id of the user's deed."""


class Flags(Record, kw_only=True):
    """What was wrong with one turn of the agent, whatever came of it."""

    void: bool = False
    """It held neither a readable call nor a message."""
    malformed: bool = False
    """A part of it looked like a call and could not be read."""
    repeated: bool = False
    """It made a call that was made before, and nothing had changed since."""
    truncated: bool = False
    """Something in it was cut off: the action was too long, or what its calls gave."""
    unprovenanced: bool = False
    """An argument held a value that nobody had told or shown to the agent."""

    def __bool__(self) -> bool:
        """Whether anything was wrong."""
        return self.void or self.malformed or self.repeated or self.truncated or self.unprovenanced

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the flags that are raised."""
        return tuple([name for name in self.__struct_fields__ if getattr(self, name)])


class Failure(Record, kw_only=True):
    """Why an episode did not succeed, and whose doing that was."""

    by: Literal["agent", "environment"]
    """`environment`: the episode says nothing about the agent; leave it out of every mean."""
    code: str
    """The agent's: `wrong_state`, `collateral`, `wrong_answer`, `no_evidence`, `policy`,
    `wrong_outcome`, `max_turns`, `user_left`, `budget`. The environment's: `backend`, `unsolvable`,
    `bug`, `model`."""
    message: str


class UserEvent(Record, kw_only=True, tag="user", tag_field="role"):
    """A message of the user."""

    i: int
    t: str
    """Logical time, UTC."""
    turn: int
    content: str
    acts: tuple[Act, ...] = ()
    """What the user did with it."""
    intent: tuple[str, ...] = ()
    """Ids of the plan's writes and emits that the user wants from this message on; empty where the
    task says nothing about it."""
    tool_calls: tuple[Call, ...] = ()
    """Calls of the user's own tools; each is answered by a `ToolEvent` of the requestor `user`."""


class NoticeEvent(Record, kw_only=True, tag="notice", tag_field="role"):
    """Something that the world tells the agent of its own accord."""

    i: int
    t: str
    turn: int
    content: str
    kind: Literal["event", "change", "policy"] = "event"
    """One of a stream that is watched; a row that changed mid-way; a rule that holds from now."""


class AssistantEvent(Record, kw_only=True, tag="assistant", tag_field="role"):
    """A message of the agent, with the calls that it made in it."""

    i: int
    t: str
    turn: int
    content: str = ""
    reasoning: str | None = None
    tool_calls: tuple[Call, ...] = ()
    loss: bool = True
    flags: tuple[str, ...] = ()
    """Names of the flags (see `Flags`) that its turn raised."""
    reward: float | None = None
    """What the turn earned under the reward of the run."""
    terms: dict[str, float] = {}
    """The reward's terms after the turn; those that are 0 are left out."""


class ToolEvent(Record, kw_only=True, tag="tool", tag_field="role"):
    """The answer to one call."""

    i: int
    t: str
    turn: int
    call_id: str
    name: str
    content: str
    """The text that the agent saw."""
    data: Json = None
    is_error: bool = False
    error_type: ErrorCode | None = None
    state_sha256_after: str | None = None
    """Digest of the world after the call; None after a read."""
    deed: Deed | None = None
    """The domain's own call, where a view showed its tool otherwise: `Call` holds what was sent."""
    requestor: Literal["assistant", "user"] = "assistant"
    """Whose call it answers."""
    fault: str | None = None
    """Kind of the fault that the environment put into it; never shown to an agent."""


Event = UserEvent | AssistantEvent | ToolEvent | NoticeEvent


class EnvFacts(Record, kw_only=True):
    """Which environment an episode was played in."""

    env_id: str
    env_version: str
    spec_sha256: str
    """World hash of the domain."""
    domain: str
    seed: int
    view: str = ""
    """How the tools were shown (see `tools.views.ViewOptions`); empty for as they are."""
    user: str = ""
    """How the user behaved (see `users.Profile`); empty for plainly."""
    faults: str = ""
    """What went wrong with the world (see `episode.faults.FaultOptions`); empty for nothing."""
    hints: str = ""
    """How far errors were explained; empty for as they are."""
    reward: str = ""
    """What was rewarded (see `goals.rewards.RewardOptions`); empty for success alone."""
    luck: int = 0
    """Seed of the episode: of the luck of its user and its faults."""
    max_turns: int = 0
    """Turns after which it would have been cut off; 0 where nobody says."""


class TaskFacts(Record, kw_only=True):
    """Which task was played."""

    task_id: str
    split: str = "train"
    instruction: str
    system: str = ""
    """What the agent was told about its job before the first message."""
    family: str = ""
    reference_actions: tuple[Call, ...] = ()
    difficulty: dict[str, Json] = {}


class AgentFacts(Record, kw_only=True):
    """Who played."""

    name: str
    version: str = ""
    model_name: str | None = None
    sampling: dict[str, Json] = {}


class Outcome(Record, kw_only=True):
    """How the episode ended."""

    status: Literal["success", "failure", "truncated", "error"]
    termination: Literal[
        "agent_message", "conclude", "user_stop", "max_turns", "budget", "exception"
    ]
    reward: float
    components: dict[str, float] = {}
    reasons: tuple[str, ...] = ()
    """Why it failed, in sentences; empty on success."""
    failure: Failure | None = None
    """Why it failed, and by whose doing; None on success."""
    final_state_sha256: str = ""
    metrics: dict[str, int] = {}
    """Counts: `turns`, `calls`, `errors`."""


class Provenance(Record, kw_only=True):
    """Where the record comes from; no clock, no host."""

    generator: str = "agentgym"
    generator_version: str
    config_sha256: str = ""
    license: str = ""
    parent_trajectory_id: str | None = None


class Trajectory(Record, kw_only=True, omit_defaults=False):
    """The whole record of one episode."""

    schema: Literal["agentgym.trajectory/1"] = SCHEMA
    trajectory_id: str
    group_id: str
    """Same task, same prompt; in a run of groups, and where luck has a say, the same luck."""
    env: EnvFacts
    task: TaskFacts
    agent: AgentFacts
    user: dict[str, str] = {}
    tools: tuple[ToolFace, ...] = ()
    events: tuple[Event, ...] = ()
    outcome: Outcome
    provenance: Provenance
