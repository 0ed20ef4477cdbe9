"""Who must be served, and what must have been done, for the rules of a tool to let a call pass.

A tool, arguments and the present rows come in; what the conversation needs before the call goes
out. A guess, made from the rules as data: where it is wrong, the call is refused, and a caller
tries other arguments. Next: `chance`, which draws the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rules import Authenticated, Calls, Holder, Owner, parts
from agentgym.schema.types import Row, Stored, fold, to_stored, to_wire
from agentgym.testing.arithmetic import Key
from agentgym.tools.algebra import Tool
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.compile import Engine
from agentgym.world.journal import Session
from agentgym.world.rows import World

__all__ = ["Known", "Standing", "counted", "named", "stand", "standing"]

Known = Callable[[str], Sequence[Row]]
"""Entity to its present rows."""

_Values = Mapping[str, Stored]
_YES = 3
"""How often the user has said yes: more than one call uses up."""


class Standing(NamedTuple):
    """What a conversation must have come to before a call."""

    identity: tuple[str, Key] | None = None
    calls: tuple[tuple[str, dict[str, Json]], ...] = ()
    """Calls to be made before it, in this order."""


def counted(domain: Domain) -> frozenset[str]:
    """Name the tools whose calls some rule or effect counts."""
    asked = [rule.predicate for rule in domain.rules]
    asked += [effect.when for effect in domain.effects if effect.when is not None]
    found = (part for predicate in asked for part in parts(predicate))
    return frozenset(part.tool for part in found if isinstance(part, Calls))


def stand(engine: Engine, world: World, name: str, sent: object, *, yes: int = _YES) -> None:
    """Bring a world's conversation to where the rules of a tool want it.

    Args:
        engine: Runs the calls that must come first.
        world: Its session is replaced; rows change only where a write must come first.
        name: Of the tool.
        sent: Its arguments.
        yes: How often the user has agreed to going on.
    """
    tool = engine.domain.tool_by_name[name]
    wanted = standing(engine.domain, world.rows, tool, sent if isinstance(sent, dict) else {})
    world.session = Session(identity=wanted.identity, confirmed=yes)
    for other, arguments in wanted.calls:
        engine.call(world, other, arguments)


def standing(domain: Domain, rows: Known, tool: Tool, sent: Mapping[str, Json]) -> Standing:
    """Work out what the rules of a tool want first.

    Args:
        domain: Whose rules.
        rows: The present rows.
        tool: What is to be called.
        sent: Its arguments; those that are malformed are passed over.
    """
    rules = [domain.rule(name) for name in tool.guards]
    asked = [(rule.entity, part) for rule in rules for part in parts(rule.predicate)]
    if not any(isinstance(p, (Owner, Holder, Authenticated, Calls)) for _, p in asked):
        return Standing()
    near = named(domain, rows, tool, sent)
    identity: tuple[str, Key] | None = None
    for entity, part in asked:
        if isinstance(part, Owner):
            identity = identity or _climb(domain, rows, near, entity, part.path)
    for _, part in asked:
        if isinstance(part, Holder):
            identity = identity or _holder(domain, rows, part)
    for _, part in asked:
        if isinstance(part, Authenticated):
            identity = identity or _first(domain, rows, part.entity)
    calls = []
    for _, part in asked:
        if isinstance(part, Calls):
            calls += _calls(domain, part, near, sent)
    return Standing(identity, tuple(calls))


def named(
    domain: Domain, rows: Known, tool: Tool, sent: Mapping[str, Json]
) -> dict[str, dict[str, Stored]]:
    """Return the row of each entity that the arguments name, or what they say of a new one."""
    schema = domain.schema
    found: dict[str, dict[str, Stored]] = {}
    marks: dict[str, dict[str, Stored]] = {}
    for param, (entity, name, use) in bindings(tool.term, schema).items():
        outer, _, inner = param.partition("[].")
        value = sent.get(outer)
        if inner:
            first = value[0] if isinstance(value, list) and value else {}
            value = first.get(inner) if isinstance(first, dict) else None
        if value is None:
            continue
        with suppress(ValueError):
            stored = to_stored(schema.entity(entity).field(name), value)
            found.setdefault(entity, {}).setdefault(name, stored)
            if use in ("key", "by", "end"):
                marks.setdefault(entity, {}).setdefault(name, stored)
    for entity, wanted in marks.items():
        owner = schema.entity(entity)
        for row in rows(entity):
            values = dict(zip((f.name for f in owner.fields), row, strict=True))
            if all(_alike(values[name], value) for name, value in wanted.items()):
                found[entity] = values
                break
    return found


def _alike(one: Stored, other: Stored) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    return one == other


def _climb(
    domain: Domain,
    rows: Known,
    near: Mapping[str, _Values],
    entity: str,
    path: Sequence[str],
) -> tuple[str, Key] | None:
    """Follow a path from the row that the call names; what is made with it is above its lists."""
    schema, row = domain.schema, near.get(entity)
    for name in path:
        relation = schema.relation(name)
        entity = relation.target
        above = schema.entity(entity)
        wanted = [None if row is None else row.get(field) for field in relation.fields]
        row = near.get(entity) if None in wanted else None
        for one in rows(entity) if row is None else ():
            values = dict(zip((f.name for f in above.fields), one, strict=True))
            if [values[field] for field in relation.target_fields] == wanted:
                row = values
                break
    if row is None:
        return None
    key = tuple(row.get(name) for name in schema.entity(entity).key)
    return None if None in key else (entity, key)


def _holder(domain: Domain, rows: Known, part: Holder) -> tuple[str, Key] | None:
    entity = domain.schema.entity(part.entity)
    place = entity.position(part.field)
    known = [to_stored(entity.fields[place], value) for value in part.values]
    for row in rows(entity.name):
        if row[place] is not None and row[place] in known:
            return entity.name, tuple(row[entity.position(name)] for name in entity.key)
    return None


def _first(domain: Domain, rows: Known, name: str) -> tuple[str, Key] | None:
    entity, found = domain.schema.entity(name), rows(name)
    if not found:
        return None
    return name, tuple(found[0][entity.position(one)] for one in entity.key)


def _calls(
    domain: Domain, part: Calls, near: Mapping[str, _Values], sent: Mapping[str, Json]
) -> list[tuple[str, dict[str, Json]]]:
    """List the calls that make a count large enough."""
    least = {"ge": part.value, "gt": part.value + 1, "eq": part.value, "ne": 0}.get(part.op, 0)
    tool = domain.tool_by_name.get(part.tool)
    if tool is None or least < 1:
        return []
    arguments: dict[str, Any] = {
        theirs: sent[mine] for mine, theirs in part.same.items() if mine in sent
    }
    bound = bindings(tool.term, domain.schema)
    for name in parameters(tool, domain.schema)["required"]:
        entity, field, _ = bound.get(name, ("", "", ""))
        if name not in arguments and near.get(entity, {}).get(field) is not None:
            arguments[name] = to_wire(
                domain.schema.entity(entity).field(field), near[entity][field]
            )
    return [(tool.name, arguments)] * min(least, 5)
