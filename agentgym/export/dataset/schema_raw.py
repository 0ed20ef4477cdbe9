"""The shape of a raw record of this data set: `agentgym.trajectory/1`.

An episode as it was played: who, where, which task, every event in order, the outcome.
Fields that hold their default are left out of the file. Next: `raw_to_standardized`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A record that knows all its fields."""

    model_config = ConfigDict(extra="forbid")


class Call(Strict):
    """One tool call as the agent sent it."""

    id: str
    name: str
    arguments: dict[str, Any]
    raw: str | None = None
    parse_error: str | None = None


class Event(BaseModel):
    """A message of the user or the agent, or the answer to a call; told apart by `role`."""

    role: Literal["user", "assistant", "tool"]
    i: int
    t: str
    turn: int
    content: str = ""
    reasoning: str | None = None
    tool_calls: list[Call] = []
    call_id: str | None = None
    name: str | None = None
    data: Any = None
    is_error: bool = False
    error_type: str | None = None


class Tool(BaseModel):
    """A tool as the agent was shown it."""

    name: str
    description: str
    parameters: dict[str, Any]


class Task(BaseModel):
    """The task that was played."""

    task_id: str
    instruction: str
    system: str = ""


class Outcome(BaseModel):
    """How the episode ended."""

    status: Literal["success", "failure", "truncated", "error"]
    termination: str
    reward: float


class SchemaRaw(BaseModel):
    """The whole record of one episode."""

    schema_: Literal["agentgym.trajectory/1"] = Field(alias="schema")
    trajectory_id: str
    group_id: str
    env: dict[str, Any]
    task: Task
    agent: dict[str, Any]
    tools: list[Tool] = []
    events: list[Event] = []
    outcome: Outcome
    provenance: dict[str, Any]
