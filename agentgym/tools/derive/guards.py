"""Which rules guard which tools, where either is declared by a source.

Tools and rules come in, the tools with the ids of the rules that they ask go out. Next: `given`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym.rules import Calls, Param, Rule, parts
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.rules.ground import Written, written
from agentgym.tools.derive.writes.settable import guards
from agentgym.tools.parameters import parameters

__all__ = ["guard", "guarded"]


def guard(schema: Schema, tools: Sequence[Tool], rules: Sequence[Rule]) -> tuple[Tool, ...]:
    """Let every tool ask the declared rules of a business that are about what it does.

    Args:
        schema: Of both.
        tools: In any order; guards that they have stay first.
        rules: Invariants are left alone. A rule that speaks of parameters guards only the tools
            that have them; one that wants another call first does not guard that one.

    Returns:
        The tools, in their order.
    """
    asked = [rule for rule in rules if rule.kind != "invariant"]
    if not asked:
        return tuple(tools)
    found = []
    for tool in tools:
        does = list(written(tool.term, schema))
        mine = [
            rule.id
            for rule in asked
            if rule.id not in tool.guards
            and any(_is_about(rule, what) for what in does)
            and _can_ask(schema, tool, rule)
        ]
        found.append(msgspec.structs.replace(tool, guards=(*tool.guards, *mine)))
    return tuple(found)


def guarded(desk: Desk, tool: Tool, rules: Sequence[Rule]) -> Tool:
    """Name among the guards of a tool the invariants that it can break, as derived tools do."""
    names = dict.fromkeys(tool.guards)
    for what in written(tool.term, desk.schema):
        if what.kind != "read":
            entity = desk.schema.entity(what.entity)
            names.update(dict.fromkeys(guards(desk, entity, rules, what.kind, what.fields)))
    return msgspec.structs.replace(tool, guards=tuple(names))


def _is_about(rule: Rule, what: Written) -> bool:
    """Tell whether a write, or a read, is one that the rule guards."""
    if what.entity != rule.entity or what.kind not in rule.on:
        return False
    return what.kind != "update" or not rule.fields or bool(what.fields & set(rule.fields))


def _can_ask(schema: Schema, tool: Tool, rule: Rule) -> bool:
    """Tell whether the tool has what the rule speaks of."""
    legal = set(parameters(tool, schema)["properties"])
    for part in parts(rule.predicate):
        if isinstance(part, Param) and part.param not in legal:
            return False
        if isinstance(part, Calls) and (part.tool == tool.name or not set(part.same) <= legal):
            return False
    return True
