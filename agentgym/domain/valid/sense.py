"""What must hold between rules and tools: that a rule can be met, and by whom.

Next: here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.domain.valid.faults import check_value, fail
from agentgym.errors import nearest
from agentgym.rules import (
    Authenticated,
    Calls,
    Confirmed,
    Holder,
    Owner,
    Param,
    Rule,
    parts,
)
from agentgym.rules.consistency import Contradiction, callable_tools, circle, contradictions
from agentgym.schema import Field, Schema
from agentgym.tools.algebra import (
    INTRINSIC,
    WATCHING,
    AskUser,
    Create,
    Delete,
    Identify,
    Link,
    ListTools,
    LookUpTerm,
    ReadManual,
    SearchManual,
    ShowToolDoc,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    is_write,
    touched,
)
from agentgym.tools.algebra import Sequence as Steps
from agentgym.tools.parameters import bindings, parameters

__all__ = ["check_guards", "check_sense"]

_ONCE = (
    ListTools,
    LookUpTerm,
    ShowToolDoc,
    ReadManual,
    SearchManual,
    Identify,
    *INTRINSIC,
    *WATCHING,
)
"""Of these a domain has at most one tool each."""


def check_guards(tool: Tool, rules: Mapping[str, Rule], schema: Schema, where: str) -> None:
    """Check that the rules that a tool names are about what it does, and its parameters."""
    for place, name in enumerate(tool.guards):
        here = f"{where}.guards[{place}]"
        if name not in rules:
            fail("the id of a rule", repr(name), here, nearest(name, rules))
        rule = rules[name]
        if not is_write(tool) and "read" not in rule.on:
            fail("guards on tools that write only", repr(name), here, "remove it")
        entities = touched(tool.term, schema)
        if rule.entity not in entities:
            fitting = [other.id for other in rules.values() if other.entity in entities]
            found = f"{name!r}, which is about {rule.entity}"
            fail(f"a rule about {' or '.join(entities)}", found, here, nearest(name, fitting))
        does = _does(tool.term, rule.entity, schema)
        if is_write(tool) and not does & set(rule.on):
            found = f"{name!r}, on {', '.join(rule.on)}"
            fail(f"a rule on {' or '.join(sorted(does))}", found, here, "remove it")
        _check_params(rule, tool, schema, here)
    if len(set(tool.guards)) != len(tool.guards):
        fail("each guard once", list(tool.guards), f"{where}.guards", "remove one of them")


def _does(term: Term, entity: str, schema: Schema) -> set[str]:
    """Name the ways in which the term writes rows of the entity."""
    match term:
        case Steps():
            return {k for step in term.steps for k in _does(step.term, entity, schema)}
        case Transfer():
            return {"update"} if entity in (term.source.entity, term.target.entity) else set()
        case Create():
            made = {term.entity, *(schema.relation(one.relation).entity for one in term.nested)}
            return {"create"} if entity in made else set()
        case Link():
            return {"create"} if term.entity == entity else set()
        case Update() | Transition():
            return {"update"} if term.entity == entity else set()
        case Delete() | Unlink():
            return {"delete"} if term.entity == entity else set()
        case _:
            return {"read"}


def _check_params(rule: Rule, tool: Tool, schema: Schema, where: str) -> None:
    legal = set(parameters(tool, schema)["properties"])
    for part in parts(rule.predicate):
        if isinstance(part, Param):
            if part.param not in legal:
                found = f"{part.param!r}, of which rule {rule.id} speaks"
                fail(f"a parameter of {tool.name}", found, where, nearest(part.param, legal))
            field = _behind(tool, schema).get(part.param)
            if field is not None:
                check_value(field, part.value, f"{where} ({rule.id})")
        elif isinstance(part, Calls):
            for name in part.same:
                if name not in legal:
                    found = f"{name!r}, which rule {rule.id} compares"
                    fail(f"a parameter of {tool.name}", found, where, nearest(name, legal))


def _behind(tool: Tool, schema: Schema) -> dict[str, Field]:
    return {
        name: schema.entity(entity).field(field)
        for name, (entity, field, _) in bindings(tool.term, schema).items()
    }


def check_sense(schema: Schema, rules: Sequence[Rule], tools: Sequence[Tool], where: str) -> None:
    """Check that what rules ask for can be had, and that no two ask for opposites."""
    for kind in _ONCE:
        found = [(place, tool) for place, tool in enumerate(tools) if isinstance(tool.term, kind)]
        if len(found) > 1:
            place, tool = found[1]
            names = " and ".join(repr(tool.name) for _, tool in found)
            tag = kind.__struct_config__.tag
            fail(f"one tool of kind {tag!r}", names, f"{where} $.tools[{place}] ({tool.name})")
    for place, rule in enumerate(rules):
        _check_session(rule, schema, tools, f"{where} $.rules[{place}] ({rule.id})")
    _check_order(rules, tools, where)
    named = [frozenset(tool.guards) for tool in tools if tool.guards]
    clash = contradictions(rules, schema, list(dict.fromkeys(named)))
    if clash:
        _fail_clash(clash[0], rules, where)


def _fail_clash(clash: Contradiction, rules: Sequence[Rule], where: str) -> None:
    last = clash.rules[-1]
    place = [rule.id for rule in rules].index(last)
    here = f"{where} $.rules[{place}] ({last})"
    done = {"read": "shown", "create": "created", "update": "changed", "delete": "deleted"}
    said = done[clash.kind]
    thing = (
        rules[place].entity
        if clash.field is None
        else f"the {clash.field} of {rules[place].entity}"
    )
    if len(clash.rules) == 1:
        found = f"one by which {thing} is never {said}"
        fail("a rule that can hold", found, here, "change or remove it")
    others = ", ".join(clash.rules[:-1])
    found = f"{', '.join(clash.rules)}, by which {thing} is never {said}"
    fail("rules that can hold together", found, here, f"change it, or {others}")


def _check_session(rule: Rule, schema: Schema, tools: Sequence[Tool], where: str) -> None:
    here = f"{where}.predicate"
    known = {tool.name: tool for tool in tools}
    identified = [tool.term.entity for tool in tools if isinstance(tool.term, Identify)]
    for part in parts(rule.predicate):
        match part:
            case Confirmed():
                if not any(isinstance(tool.term, AskUser) for tool in tools):
                    hint = "add a tool of kind 'ask_user', or remove the rule"
                    fail("a tool by which the user can agree", "none", here, hint)
            case Authenticated() | Holder():
                _check_identified(part.entity, identified, here)
            case Owner():
                entity = schema.entity(rule.entity)
                for name in part.path:
                    entity = schema.entity(schema.relation(name).target)
                _check_identified(entity.name, identified, here)
            case Calls():
                if part.tool not in known:
                    fail("the name of a tool", repr(part.tool), here, nearest(part.tool, known))
                legal = set(parameters(known[part.tool], schema)["properties"])
                for name in part.same.values():
                    if name not in legal:
                        hint = nearest(name, legal)
                        fail(f"a parameter of {part.tool}", repr(name), here, hint)
            case _:
                pass


def _check_identified(entity: str, identified: Sequence[str], where: str) -> None:
    if entity not in identified:
        fail(
            f"a user who can be identified as {entity}",
            f"a tool that identifies {' or '.join(identified)}" if identified else "no such tool",
            where,
            "add a tool of kind 'identify', or remove the rule",
        )


def _check_order(rules: Sequence[Rule], tools: Sequence[Tool], where: str) -> None:
    """Check that no tool waits for a call that waits for its own."""
    by_id = {rule.id: rule for rule in rules}
    asked = {
        tool.name: [
            by_id[name].predicate
            for name in tool.guards
            if by_id[name].enforced and by_id[name].kind != "invariant"
        ]
        for tool in tools
    }
    reached = callable_tools(asked)
    stuck = [name for name in asked if name not in reached]
    if not stuck:
        return
    waits = {
        name: [
            part.tool
            for predicate in asked[name]
            for part in parts(predicate)
            if isinstance(part, Calls) and part.tool in stuck
        ]
        for name in stuck
    }
    way = circle(waits)
    place = [tool.name for tool in tools].index(way[0] if way else stuck[0])
    here = f"{where} $.tools[{place}] ({tools[place].name}).guards"
    found = "the circle " + " -> ".join((*way, way[0])) if way else f"{stuck[0]}, which never is"
    fail("tools that can be called one after the other", found, here, "change one of their rules")
