"""Tools from a schema: as many as it earns, named and described like a good API's.

A `Schema` and its `Rule`s come in, `Tool`s go out, in the order of the entities; the
tools that belong to no entity stand at the end. Next: `tools.views`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules import Rule
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    Tool,
)
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import RESERVED_PARAMETERS, RESERVED_TOOLS
from agentgym.tools.derive.reads import reads
from agentgym.tools.derive.writes import writes

__all__ = ["RESERVED_PARAMETERS", "RESERVED_TOOLS", "derive"]


def derive(schema: Schema, rules: Sequence[Rule]) -> tuple[Tool, ...]:
    """Make the tools of a domain.

    Args:
        schema: Entities with roles; an entity is written only where it is writable.
        rules: What guards the writes.

    Returns:
        Tools with unique names, entity by entity in the schema's order: get, find, search,
        list, count, then create, update, status, delete; last those that belong to no entity.
    """
    desk = Desk(schema)
    tools: list[Tool] = []
    for entity in schema.entities:
        tools += reads(desk, entity)
        tools += writes(desk, entity, rules)
    return (*tools, *_free())


def _free() -> tuple[Tool, ...]:
    return (
        Tool(
            name="calculate",
            description="Compute an arithmetic expression exactly.",
            term=Calculate(),
        ),
        Tool(
            name="current_time",
            description="Tell what time it is now, in UTC.",
            term=CurrentTime(),
        ),
        Tool(
            name="ask_user",
            description="Ask the user a question, and get the reply. Ask for what only the "
            "user can know or decide.",
            term=AskUser(),
        ),
        Tool(
            name="conclude",
            description="End the task, once: say how it ended, with the answer if one was "
            "asked for. Nothing can be done afterwards.",
            term=Conclude(),
        ),
    )
