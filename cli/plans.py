"""A plan as text: its facts, and its nodes with what each rests on."""

from __future__ import annotations

from agentgym.formats import Json, to_text
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Later,
    Plan,
    Refuse,
    Select,
    Shift,
    Value,
    Where,
    Write,
)

from .console import facts, heading, paragraph

__all__ = ["show_plan"]

_SIGNS = {"eq": "=", "ne": "is not", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_EXPOSURES = {
    "user": "told when asked",
    "hidden": "told when asked, and not announced",
    "jargon": "told in a word of the trade",
}


def show_plan(plan: Plan) -> None:
    """Print a plan as a graph: an arrow leads from a node to one that it rests on."""
    heading(f"Plan: {plan.family.replace('_', ' ')}")
    facts((f"  {fact.id}", _fact(fact)) for fact in plan.facts)
    if plan.party is not None:
        paragraph(f"the user is the {plan.party.entity} of {', '.join(plan.party.facts)}", indent=2)
    for node in plan.nodes:
        paragraph(f"{node.id}  {_node(node)}", indent=2)


def _fact(fact: Fact) -> str:
    told = _EXPOSURES.get(fact.exposure)
    return f"{fact.entity}.{fact.field}: {_json(fact.value)}" + (f"  ({told})" if told else "")


def _node(node: object) -> str:
    match node:
        case Select():
            return _select(node)
        case Aggregated():
            return f"{node.function} of {node.field or 'rows'} -> {node.of}"
        case Computed():
            return f"{node.function} of {', '.join(map(_value, node.of))}"
        case Choose():
            limits = [
                f"{limit.kind} {limit.field}"
                + (f" {_SIGNS[limit.op]} {limit.fact}" if limit.fact else "")
                for limit in node.limits
            ]
            within = f" within {', '.join(limits)}" if limits else ""
            return f"choose {node.count}{within} -> {node.of}"
        case Write():
            return _write(node)
        case Emit():
            many = "every " if node.many else ""
            return f"answer {many}{node.field or 'number'} -> {node.node}"
        case Guard():
            test = node.test
            right = "" if test.right is None else f" {_value(test.right)}"
            other = f", otherwise {', '.join(node.otherwise)}" if node.otherwise else ""
            sign = _SIGNS.get(test.op, test.op)
            return f"if {_value(test.left)} {sign}{right} then {', '.join(node.then)}{other}"
        case Refuse():
            why = node.rule or f"{node.because.replace('_', ' ')} {node.node or ''}".strip()
            return f"cannot be done: {node.act} ({why})"
        case Shift():
            return f"the user says {node.first} at first, and {node.then} later"
        case Later():
            return _later(node)
    raise AssertionError(node)


def _later(node: Later) -> str:
    when = "with the first answer" if node.when == "answer" else "asked for more"
    more = [f"wants {', '.join(node.adds)}"] if node.adds else []
    less = [f"gives up {', '.join(node.drops)}"] if node.drops else []
    return f"{when}, the user {' and '.join((*less, *more))}"


def _select(node: Select) -> str:
    parts = [_where(where) for where in node.where]
    parts += [
        f"{'without' if link.absent else 'by'} {link.relation} -> {link.node}"
        for link in node.links
    ]
    if node.among:
        parts.append(f"one of {', '.join(f'-> {name}' for name in node.among)}")
    if node.me:
        parts.append("the user's own")
    if node.pick is not None:
        parts.append(f"with the {'largest' if node.pick.largest else 'smallest'} {node.pick.field}")
    return f"{node.entity}: {', '.join(parts)}" if parts else f"{node.entity}: all"


def _where(where: Where) -> str:
    measured = f"{where.of.replace('_', ' ')} of {where.field}" if where.of else where.field
    return f"{measured} {_SIGNS.get(where.op, where.op)} {where.fact}"


def _write(node: Write) -> str:
    target = "" if node.target is None else f" {'each of ' if node.each else ''}-> {node.target}"
    settings = [
        f"{one.field} = "
        + (one.fact or (f"{one.source} -> {one.node}" if one.source else f"-> {one.node}"))
        for one in node.settings
    ]
    who = ", by the user" if node.by == "user" else ""
    told = f": {', '.join(settings)}" if settings else ""
    return f"{node.kind} {node.entity}{target}{told}{who}"


def _value(value: Value) -> str:
    if value.fact is not None:
        return value.fact
    return f"{value.field} -> {value.node}" if value.field else f"-> {value.node}"


def _json(value: Json) -> str:
    return to_text(value)
