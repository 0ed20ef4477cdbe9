"""Tools from a schema: as many as it earns, named and described like a good API's.

A `Schema` and its `Rule`s come in, `Tool`s go out, in the order of the entities; the
tools that belong to no entity stand at the end. Next: `tools.views`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules import Rule
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.free import (
    INTRINSIC_NAMES,
    free_tools,
    intrinsic_tools,
    manual_tools,
    watch_tools,
)
from agentgym.tools.derive.glossary import glossary_tool
from agentgym.tools.derive.naming import RESERVED_PARAMETERS, RESERVED_TOOLS
from agentgym.tools.derive.paths import path_tools
from agentgym.tools.derive.reads import reads
from agentgym.tools.derive.writes import sequences, writes

__all__ = [
    "INTRINSIC_NAMES",
    "RESERVED_PARAMETERS",
    "RESERVED_TOOLS",
    "derive",
    "glossary_tool",
    "intrinsic_tools",
    "manual_tools",
    "watch_tools",
]


def derive(schema: Schema, rules: Sequence[Rule], *, paths: bool = False) -> tuple[Tool, ...]:
    """Make the tools of a domain.

    Args:
        schema: Entities with roles; an entity is written only where it is writable.
        rules: What guards the writes; of them the tools name the invariants that they can
            break. Business rules are named where they are made.
        paths: Whether an agent can ask how two rows are connected.

    Returns:
        Tools with unique names, entity by entity in the schema's order: get, find, search,
        list, count, then create (add, for a link), update, status, delete (remove), transfer;
        then what is done in several steps; last those that belong to no entity.
    """
    desk = Desk(schema)
    tools: list[Tool] = []
    for entity in schema.entities:
        tools += reads(desk, entity)
        tools += writes(desk, entity, rules)
    tools += sequences(desk, tools, rules)
    return (*tools, *(path_tools(desk) if paths else ()), *free_tools())
