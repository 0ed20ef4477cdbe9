"""Which of a domain's tools an episode shows.

All tools and the names of those that a task needs come in; at most `max_tools` names
go out, in the domain's order, chosen so that nobody can read the plan from them.
Next: `options`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.errors import TaskError, nearest
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    ListRelated,
    Tool,
    subject,
)

__all__ = ["MAX_TOOLS", "view"]

MAX_TOOLS = 40
"""How many tools an episode shows unless told otherwise."""

_ALWAYS = ("ask_user", "conclude")


def view(
    domain_name: str,
    schema: Schema,
    tools: Sequence[Tool],
    needed: Sequence[str],
    *,
    seed: int,
    max_tools: int = MAX_TOOLS,
) -> tuple[str, ...]:
    """Choose the tools of an episode.

    Where all fit, all are shown. Else every entity that a needed tool touches is shown
    with about as many tools as its neighbours, which are taken in until at least as many
    entities that are not needed stand beside those that are, or the view is full.

    Args:
        domain_name: The domain, for the seed's stream and for messages.
        schema: Its schema.
        tools: All its tools.
        needed: Names of the tools that must be shown, in any order.
        seed: Of the task.
        max_tools: Tools at most.

    Returns:
        Names in the domain's order; the order of `needed` has no influence.

    Raises:
        TaskError: A needed tool does not exist, or more are needed than can be shown.
    """
    known = {tool.name: tool for tool in tools}
    for name in needed:
        if name not in known:
            raise TaskError(
                "a tool", found=repr(name), where=domain_name, hint=nearest(name, known)
            )
    free = [tool.name for tool in tools if subject(tool.term, schema) is None]
    chosen = {name for name in _ALWAYS if name in known} | set(needed)
    if len(chosen) > max_tools:
        raise TaskError(
            f"at most {max_tools} tools in a view",
            found=f"{len(chosen)} that the task needs",
            where=domain_name,
            hint="raise max_tools",
        )
    if len(known) <= max_tools:
        return tuple(tool.name for tool in tools)
    chosen |= set(free[: max_tools - len(chosen)] if len(chosen) < max_tools else ())
    groups = _groups(schema, tools)
    core = _touched(schema, [known[name] for name in sorted(chosen)])
    shown_groups = _neighbourhood(schema, groups, core, max_tools, (domain_name, seed))
    _level(groups, shown_groups, chosen, max_tools, (domain_name, seed))
    return tuple(tool.name for tool in tools if tool.name in chosen)


def _groups(schema: Schema, tools: Sequence[Tool]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {entity.name: [] for entity in schema.entities}
    for tool in tools:
        entity = subject(tool.term, schema)
        if entity is not None:
            groups[entity].append(tool.name)
    return {entity: names for entity, names in groups.items() if names}


def _touched(schema: Schema, tools: Sequence[Tool]) -> list[str]:
    found: set[str] = set()
    for tool in tools:
        entity = subject(tool.term, schema)
        if entity is not None:
            found.add(entity)
        if isinstance(tool.term, ListRelated):
            found.add(schema.relation(tool.term.relation).target)
    return [entity.name for entity in schema.entities if entity.name in found]


def _neighbourhood(
    schema: Schema,
    groups: Mapping[str, Sequence[str]],
    core: Sequence[str],
    room: int,
    key: tuple[str, int],
) -> list[str]:
    """Take in entities, nearest first, until needed ones are no majority and the room is full."""
    found = [entity for entity in core if entity in groups]
    needed = len(found)
    total = sum(len(groups[entity]) for entity in found)
    for entity in _outward(schema, core, key):
        if total >= room and len(found) >= 2 * needed:
            break
        if entity in groups:
            found.append(entity)
            total += len(groups[entity])
    return found


def _outward(schema: Schema, core: Sequence[str], key: tuple[str, int]) -> list[str]:
    """Order the other entities by their distance from the core, each ring shuffled by the seed."""
    near: dict[str, set[str]] = {entity.name: set() for entity in schema.entities}
    for relation in schema.relations:
        near[relation.entity].add(relation.target)
        near[relation.target].add(relation.entity)
    seen = set(core)
    found: list[str] = []
    ring = set(core)
    while ring:
        ring = {name for entity in ring for name in near[entity]} - seen
        seen |= ring
        found += _shuffled([e.name for e in schema.entities if e.name in ring], "ring", *key)
    rest = [e.name for e in schema.entities if e.name not in seen]
    return found + _shuffled(rest, "rest", *key)


def _level(
    groups: Mapping[str, Sequence[str]],
    entities: Sequence[str],
    chosen: set[str],
    room: int,
    key: tuple[str, int],
) -> None:
    """Fill the room, always adding to the entity of which the least is shown."""
    waiting = {
        entity: _shuffled([n for n in groups[entity] if n not in chosen], entity, *key)
        for entity in entities
    }
    counts = {entity: len(groups[entity]) - len(waiting[entity]) for entity in entities}
    turn = _shuffled(sorted(entities), "turn", *key)
    while len(chosen) < room:
        open_ = [entity for entity in turn if waiting[entity]]
        if not open_:
            return
        least = min(open_, key=lambda entity: counts[entity])
        chosen.add(waiting[least].pop())
        counts[least] += 1


def _shuffled(names: Sequence[str], *key: object) -> list[str]:
    found = list(names)
    stream(*key, "view").shuffle(found)
    return found
