"""Intents: which acts of a plan are wanted when, and the plan of those alone.

A plan comes in, in which the user may come to want more or give something up; out go the acts that
are wanted at first and after each turn, and plans that ask for some of the acts and nothing else,
which words can tell one at a time. Next: `lower`.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from agentgym.plan.nodes import (
    Choose,
    Computed,
    Emit,
    Guard,
    Later,
    Node,
    Plan,
    Select,
    Shift,
    Write,
)
from agentgym.plan.outline import below

__all__ = ["added", "dropped", "intents", "opening", "turns", "used"]


def turns(plan: Plan) -> list[Later]:
    """List the turns in which something comes to be wanted or is given up, in order."""
    return [node for node in plan.nodes if isinstance(node, Later)]


def intents(plan: Plan) -> list[tuple[str, ...]]:
    """List what is wanted: at first, and after each turn; ids of writes and emits, in order."""
    acts = [node.id for node in plan.nodes if isinstance(node, (Write, Emit))]
    later = {name for turn in turns(plan) for name in turn.adds}
    wanted = {name for name in acts if name not in later}
    found = [tuple(name for name in acts if name in wanted)]
    for turn in turns(plan):
        wanted = (wanted | {*turn.adds}) - {*turn.drops}
        found.append(tuple(name for name in acts if name in wanted))
    return found


def opening(plan: Plan) -> Plan:
    """Return what the instruction asks for; the plan itself where nothing changes on the way."""
    return _part(plan, intents(plan)[0]) if turns(plan) else plan


def added(plan: Plan, turn: Later) -> Plan | None:
    """Return what a turn adds, with its facts as told; None where it adds nothing."""
    return _part(plan, turn.adds, told=turn.facts) if turn.adds else None


def dropped(plan: Plan, turn: Later) -> Plan | None:
    """Return what a turn gives up; None where it gives up nothing."""
    return _part(plan, turn.drops) if turn.drops else None


def _part(plan: Plan, acts: Collection[str], told: Collection[str] = ()) -> Plan:
    """Return the plan that asks for some of the acts, with the ids of the whole."""
    needed = {*acts, *(name for act in acts for name in below(plan, act))}
    nodes = tuple(
        node
        for node in plan.nodes
        if node.id in needed
        or (isinstance(node, Guard) and {*node.then, *node.otherwise} <= {*acts})
    )
    for node in nodes:
        if isinstance(node, Guard):
            needed |= {*below(plan, node.id), node.id}
    needed -= {node.id for node in plan.nodes if isinstance(node, Shift)}
    names = used([node for node in plan.nodes if node.id in needed])
    for node in plan.nodes:
        if isinstance(node, Shift) and node.then in names and not told:
            needed.add(node.id)
            names.add(node.first)
    nodes = tuple(node for node in plan.nodes if node.id in needed)
    names |= {*(() if plan.party is None else plan.party.facts)}
    facts = tuple(
        replace(fact, exposure="instruction") if fact.id in told else fact
        for fact in plan.facts
        if fact.id in names
    )
    return replace(plan, facts=facts, nodes=nodes)


def used(nodes: Collection[Node]) -> set[str]:
    """Name the facts that some nodes use."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case Select():
                found |= {where.fact for where in node.where}
            case Choose():
                found |= {one.fact for one in node.limits if one.fact is not None}
            case Computed():
                found |= {one.fact for one in node.of if one.fact is not None}
            case Write():
                found |= {one.fact for one in node.settings if one.fact is not None}
            case Guard():
                sides = (node.test.left, node.test.right)
                found |= {one.fact for one in sides if one is not None and one.fact is not None}
            case Shift():
                found |= {node.first, node.then}
            case _:
                pass
    return found
