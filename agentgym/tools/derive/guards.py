"""Which rules guard which tools, where either is declared by a source.

Tools and rules come in, the tools with the ids of the rules that they ask go out; a tool that no
call could get past them is left out. Next: `given`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from agentgym.formats import Json
from agentgym.rules import (
    Add,
    All,
    AnyOf,
    Assign,
    Calls,
    Compare,
    Count,
    Effect,
    In,
    Not,
    Param,
    Predicate,
    Rule,
    parts,
)
from agentgym.schema import Schema
from agentgym.tools import algebra
from agentgym.tools.algebra import Create, Link, Tool, Transition, Update
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.rules.ground import Written, written
from agentgym.tools.derive.writes.settable import guards
from agentgym.tools.parameters import parameters

__all__ = ["guard", "guarded"]


_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def guard(
    schema: Schema, tools: Sequence[Tool], rules: Sequence[Rule], effects: Sequence[Effect] = ()
) -> tuple[Tool, ...]:
    """Let every tool ask the declared rules of a business that are about what it does.

    Args:
        schema: Of both.
        tools: In any order; guards that they have stay first.
        rules: Invariants are left alone. A rule that speaks of parameters guards only the tools
            that have them; one that wants another call first does not guard that one.
        effects: What else happens: rows that appear by themselves count for rules, too.

    Returns:
        The tools, in their order, without those that make a row and move it on at once where a
        rule never lets a row move that was just made.
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
        guards_ = (*tool.guards, *mine)
        if not any(
            _Newborn(schema, tool, effects).bars(rule) for rule in asked if rule.id in guards_
        ):
            found.append(msgspec.structs.replace(tool, guards=guards_))
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


class _Newborn:
    """What is known of a row that one step of a tool makes and a later step moves on."""

    def __init__(self, schema: Schema, tool: Tool, effects: Sequence[Effect]) -> None:
        term = tool.term
        self.schema = schema
        self.steps = term.steps if isinstance(term, algebra.Sequence) else ()
        self.grown = {e.do.entity for e in effects if isinstance(e.do, Add)}
        """Entities whose rows appear by themselves."""
        self.assigned = {e.do.field for e in effects if isinstance(e.do, Assign)}
        for step in self.steps:
            if isinstance(step.term, Create):
                nested = (schema.relation(one.relation) for one in step.term.nested)
                self.grown |= {step.term.entity, *(relation.entity for relation in nested)}
            elif isinstance(step.term, Link):
                self.grown.add(step.term.entity)

    def bars(self, rule: Rule) -> bool:
        """Tell whether an enforced rule refuses the tool, whatever it is called with."""
        if not rule.enforced or "update" not in rule.on:
            return False
        for step in self.steps:
            term = step.term
            if not isinstance(term, (Update, Transition)) or term.entity != rule.entity:
                continue
            made = {step.taken.get(one.param, "").partition(".")[0] for one in term.key}
            before = self._made(made, rule.entity)
            if before is None:
                continue
            to = (term.to,) if isinstance(term, Transition) else term.values
            changed = {one.field: step.given[one.param] for one in to if one.param in step.given}
            if rule.fields and not set(changed) & set(rule.fields):
                continue
            open_ = {one.field: None for one in to if one.param not in step.given}
            after = {name: value for name, value in before.items() if name not in open_} | changed
            if self._truth(rule.predicate, before, after) is False:
                return True
        return False

    def _made(self, steps: set[str], entity: str) -> dict[str, Json] | None:
        """Return what is known of the row that the step makes; None where none does."""
        number = steps.pop() if len(steps) == 1 else ""
        step = self.steps[int(number)] if number else None
        if step is None or not isinstance(step.term, Create) or step.term.entity != entity:
            return None
        sent = {one.field for one in step.term.values}
        begun = {
            life.field: life.initial[0]
            for life in self.schema.lifecycles
            if life.entity == entity and len(life.initial) == 1
        }
        return {
            name: value
            for name, value in begun.items()
            if name not in sent and name not in self.assigned
        }

    def _truth(
        self, predicate: Predicate, before: dict[str, Json], after: dict[str, Json]
    ) -> bool | None:
        """Tell whether it holds for the row that moves; None where that is not known."""
        match predicate:
            case Not():
                held = self._truth(predicate.of, before, after)
                return None if held is None else not held
            case All() | AnyOf():
                found = [self._truth(part, before, after) for part in predicate.of]
                decisive = isinstance(predicate, AnyOf)
                return decisive if decisive in found else None if None in found else not decisive
            case In(field=name, path=()) | Compare(field=name, op="eq" | "ne", other=None, path=()):
                row = after if predicate.at == "after" else before
                if name not in row:
                    return None
                if isinstance(predicate, In):
                    return row[name] in predicate.values
                return bool(row[name] == predicate.value) is (predicate.op == "eq")
            case Count(path=(), relation=name):
                if self.schema.relation(name).entity in self.grown:
                    return None
                return bool(_OPS[predicate.op](0, predicate.value))
            case _:
                return None
