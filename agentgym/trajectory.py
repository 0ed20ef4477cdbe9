"""What happened: calls, results, messages and the outcome, as records without behaviour.

A trajectory is the append-only record of one episode; it loads without an
environment, a policy or a database. Its shape is `agentgym.trajectory/1`.
"""

from __future__ import annotations

from typing import Final, Literal

from agentgym.formats import Json, Record

__all__ = [
    "SCHEMA",
    "AgentFacts",
    "AssistantEvent",
    "Call",
    "Deed",
    "EnvFacts",
    "ErrorCode",
    "Event",
    "Fault",
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


class Result(Record, kw_only=True):
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


class Call(Record, kw_only=True):
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


class UserEvent(Record, kw_only=True, tag="user", tag_field="role"):
    """A message of the user."""

    i: int
    t: str
    """Logical time, UTC."""
    turn: int
    content: str


class AssistantEvent(Record, kw_only=True, tag="assistant", tag_field="role"):
    """A message of the agent, with the calls that it made in it."""

    i: int
    t: str
    turn: int
    content: str = ""
    reasoning: str | None = None
    tool_calls: tuple[Call, ...] = ()
    loss: bool = True


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


Event = UserEvent | AssistantEvent | ToolEvent


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
    termination: Literal["agent_message", "conclude", "user_stop", "max_turns", "exception"]
    reward: float
    components: dict[str, float] = {}
    reasons: tuple[str, ...] = ()
    """Why it failed, in sentences; empty on success."""
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
    """Same task, same prompt."""
    env: EnvFacts
    task: TaskFacts
    agent: AgentFacts
    user: dict[str, str] = {}
    tools: tuple[ToolFace, ...] = ()
    events: tuple[Event, ...] = ()
    outcome: Outcome
    provenance: Provenance
