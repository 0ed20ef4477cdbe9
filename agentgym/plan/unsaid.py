"""Unsaid: what a request leaves out, and whether anybody can notice that it is missing.

A plan with hidden facts comes in, and the tools; out go the plan as it is without them, whether
the tools show that a value is missing, and what a change could be where none is said.
Next: `lower`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from agentgym.plan.alone import alone
from agentgym.plan.nodes import Choose, Computed, Guard, Plan, Select, Write
from agentgym.schema import Schema
from agentgym.tools.algebra import Create, Link, Tool, Transition, Update

__all__ = ["Change", "changes", "evident", "hidden", "without"]

Change = tuple[str, str]
"""A tool, and the field that it changes."""


def hidden(plan: Plan) -> list[str]:
    """Name the facts that are neither told nor announced."""
    return [fact.id for fact in plan.facts if fact.exposure == "hidden"]


def without(plan: Plan, facts: Collection[str]) -> Plan:
    """Return the plan without the clues that some facts give."""
    nodes = tuple(
        replace(node, where=tuple(one for one in node.where if one.fact not in facts))
        if isinstance(node, Select)
        else node
        for node in plan.nodes
    )
    return replace(plan, nodes=nodes)


def evident(plan: Plan, fact: str, schema: Schema, tools: Sequence[Tool]) -> bool:
    """Tell whether somebody who reads the request and the tools notices that a fact is missing.

    Of a clue the rows decide, which are not looked at. A value of a new row is missed where every
    tool that makes it needs one; a new value of a row where no value at all is said, and the tools
    could change several things.

    Args:
        plan: The plan, in which the fact is hidden.
        fact: Its id.
        schema: Of the domain.
        tools: Of the domain.
    """
    unsaid = {*hidden(plan), fact}
    seen = False
    for node in plan.nodes:
        match node:
            case Select():
                mine = [one for one in node.where if one.fact == fact]
                if any(one.op != "eq" or one.of is not None for one in mine):
                    return False
                seen = seen or bool(mine)
            case Write() if any(one.fact == fact for one in node.settings):
                if not _missed(node, unsaid, fact, schema, tools):
                    return False
                seen = True
            case Choose() if any(one.fact == fact for one in node.limits):
                return False
            case Computed() if any(one.fact == fact for one in node.of):
                return False
            case Guard():
                sides = (node.test.left, node.test.right)
                if any(one is not None and one.fact == fact for one in sides):
                    return False
            case _:
                pass
    return seen


def _missed(
    node: Write, unsaid: Collection[str], fact: str, schema: Schema, tools: Sequence[Tool]
) -> bool:
    if node.kind == "create":
        (field, *more) = [one.field for one in node.settings if one.fact == fact]
        needing = [_needed(tool, node) for tool in tools]
        able = [needed for needed in needing if needed is not None]
        return not more and bool(able) and all(field in needed for needed in able)
    if node.kind not in ("update", "transition") or node.each:
        return False
    if any(one.fact is None or one.fact not in unsaid for one in node.settings):
        return False
    return len({field for _, field in changes(node.entity, schema, tools)}) > 1


def _needed(tool: Tool, node: Write) -> set[str] | None:
    """Name the fields without which a tool makes no row; None where it does not make it."""
    term, fixed = alone(tool.term)
    if not isinstance(term, (Create, Link)) or term.entity != node.entity or fixed:
        return None
    if isinstance(term, Create) and any(nested.least for nested in term.nested):
        return None
    ends = term.ends if isinstance(term, Link) else ()
    if not {one.field for one in node.settings} <= {one.field for one in (*ends, *term.values)}:
        return None
    return {one.field for one in (*ends, *(one for one in term.values if one.required))}


def changes(entity: str, schema: Schema, tools: Sequence[Tool]) -> list[Change]:
    """List the ways in which tools change a row of an entity: each with the field that it sets."""
    kind = schema.entity(entity)
    found: list[Change] = []
    for tool in tools:
        term, _ = alone(tool.term)
        if isinstance(term, Update) and term.entity == entity:
            found += [(tool.name, one.field) for one in term.values]
        elif isinstance(term, Transition) and term.entity == entity:
            found.append((tool.name, term.to.field))
    return [(name, field) for name, field in found if kind.field(field).spoken]
