"""The tool that tells how two rows are connected, for domains that were a graph.

A `Desk` comes in, at most one tool goes out. Next: `free`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.schema import Entity
from agentgym.tools.algebra import Path, Tool
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk

__all__ = ["path_tools"]


def path_tools(desk: Desk) -> Iterator[Tool]:
    """Make the tool, where there are references between things that have a key of one text."""
    schema = desk.schema
    nodes = {entity.name for entity in schema.entities if _named(entity)}
    led = [
        one
        for one in schema.relations
        if one.target in nodes and one.target_fields == schema.entity(one.target).key
    ]
    relations = tuple(one.name for one in led if one.entity in nodes)
    joints = []
    for entity in schema.entities:
        leaving = [one.name for one in led if one.entity == entity.name]
        if entity.name not in nodes and len(leaving) > 1:
            joints.append((leaving[0], leaving[1]))
    met = {schema.relation(name).entity for name in relations}
    met |= {schema.relation(name).target for name in relations}
    met |= {schema.relation(name).target for joint in joints for name in joint}
    if not met:
        return
    entities = tuple(entity.name for entity in schema.entities if entity.name in met)
    yield Tool(
        name=desk.names.take("find_path", "find_connection", "find_path_between_rows"),
        description=texts.cut(
            "Tell how two things are connected: the fewest steps from one to the other over "
            "relations in either direction, each with the key of the thing that it leads to."
        ),
        term=Path(entities=entities, relations=relations, joints=tuple(joints)),
    )


def _named(entity: Entity) -> bool:
    """Tell whether a row of the entity is known by one text that may be shown."""
    if len(entity.key) != 1:
        return False
    field = entity.field(entity.key[0])
    return field.type == "text" and field.role != "secret"
