"""Other ways: how a run could differ from the cheapest and still reach the same.

A run comes in; changes of course go out, those first that differ most. Next: `goals`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from agentgym.plan.lower.records import Lowered, Ways
from agentgym.plan.nodes import Emit, Plan, Select, Write
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool, is_write

__all__ = ["apart", "near", "other_ways"]


def other_ways(plan: Plan, run: Lowered, schema: Schema, tools: Sequence[Tool]) -> Iterator[Ways]:
    """Yield what could be done otherwise.

    Tools are left out for the rows that they showed, lists are asked for without filters, rows are
    opened that need not be, reading comes before writing, and the last act first where none hangs
    on another.
    """
    writing = {tool.name for tool in tools if is_write(tool)}
    selects = {node.id for node in plan.nodes if isinstance(node, Select)}
    used = [
        (step.node, step.tool)
        for step in run.steps
        if step.node in selects and step.tool not in writing
    ]
    used = list(dict.fromkeys(used))
    nodes = list(dict.fromkeys(node for node, _ in used))
    acts = [node for node in plan.nodes if isinstance(node, (Write, Emit))]
    yield Ways(extra=True)
    if len(acts) > 1:
        yield Ways(first=True)
        if apart(plan, schema):
            yield Ways(backwards=True)
    if used:
        yield Ways(shunned=frozenset(used))
    for pair in used:
        yield Ways(shunned=frozenset([pair]))
    for node in nodes:
        yield Ways(broad=frozenset([node]))
    for one, other in itertools.combinations(used, 2):
        yield Ways(shunned=frozenset([one, other]))
    for pair in used:
        yield Ways(shunned=frozenset([pair]), extra=True)
    writes = [
        (step.node, step.tool) for step in run.steps if step.tool in writing and not step.fails
    ]
    for pair in dict.fromkeys(writes):
        yield Ways(shunned=frozenset([pair]))


def near(schema: Schema, entity: str) -> set[str]:
    """Name an entity and those that it refers to or that refer to it."""
    parents = {one.target for one in schema.parents(entity)}
    return {entity, *parents, *(one.entity for one in schema.children(entity))}


def apart(plan: Plan, schema: Schema) -> bool:
    """Tell whether the acts of a plan can come in any order, as far as the schema shows it."""
    writes = [node for node in plan.nodes if isinstance(node, Write)]
    for one, other in itertools.combinations(writes, 2):
        if one.entity == other.entity:
            if one.target is None or other.target is None or one.target == other.target:
                return False
        elif other.entity in near(schema, one.entity):
            return False
    return True
