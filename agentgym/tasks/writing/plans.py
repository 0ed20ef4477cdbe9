"""Plans taken apart: what one asks for, what an act rests on, the same with one part changed.

A plan comes in, parts of it or a changed one go out; no rows are looked at. Next: `conditional`.
"""

from __future__ import annotations

from msgspec.structs import replace

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
    Write,
)

__all__ = [
    "acts_of",
    "clue_facts",
    "crowds",
    "cut",
    "rests_on",
    "setting_facts",
    "with_fact",
    "without",
]


def acts_of(plan: Plan) -> list[Write | Emit]:
    """List what a plan asks for, in order."""
    return [node for node in plan.nodes if isinstance(node, (Write, Emit))]


def _near(plan: Plan, name: str) -> list[str]:
    """Name the nodes on which a node rests directly."""
    node = plan.node(name)
    match node:
        case Select():
            return [*(link.node for link in node.links), *node.among]
        case Aggregated() | Choose():
            return [node.of]
        case Computed():
            return [value.node for value in node.of if value.node is not None]
        case Write():
            found = [] if node.target is None else [node.target]
            return found + [one.node for one in node.settings if one.node is not None]
        case Emit():
            return [node.node]
        case Guard():
            sides = (node.test.left, node.test.right)
            tested = [one.node for one in sides if one is not None and one.node is not None]
            return [*tested, *node.then, *node.otherwise]
        case Refuse():
            return [node.act, *([] if node.node is None else [node.node])]
        case Later():
            return [*node.adds, *node.drops]
        case _:
            return []


def rests_on(plan: Plan, name: str) -> set[str]:
    """Name the nodes on which a node rests, itself among them."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _near(plan, one)
    return found


def with_fact(plan: Plan, fact: Fact) -> Plan:
    """Return the plan with the fact of that id replaced."""
    return replace(plan, facts=tuple(fact if one.id == fact.id else one for one in plan.facts))


def without(plan: Plan, *kinds: type) -> Plan:
    """Return the plan without the nodes of some kinds."""
    return replace(plan, nodes=tuple(node for node in plan.nodes if not isinstance(node, kinds)))


def crowds(plan: Plan) -> set[str]:
    """Name the selects that may have several rows, or none."""
    found: set[str] = set()
    for node in plan.nodes:
        match node:
            case Aggregated() | Choose():
                found.add(node.of)
            case Emit(many=True):
                found.add(node.node)
            case Write(each=True, target=str(target)):
                found.add(target)
            case Select():
                found |= {link.node for link in node.links if link.absent}
                found |= set(node.among)
            case Refuse(because="no_row", node=str(name)):
                found.add(name)
            case Guard() if node.test.op == "exists":
                found.add(str(node.test.left.node))
            case _:
                pass
    return found


def clue_facts(plan: Plan) -> set[str]:
    """Name the facts by which rows are described."""
    return {w.fact for node in plan.nodes if isinstance(node, Select) for w in node.where}


def setting_facts(plan: Plan) -> list[str]:
    """Name the facts that writes set, in order."""
    found = [
        setting.fact
        for node in plan.nodes
        if isinstance(node, Write)
        for setting in node.settings
        if setting.fact is not None
    ]
    return list(dict.fromkeys(found))


def cut(plan: Plan) -> Plan:
    """Return the plan without what nothing asks for: selects, numbers and facts of no act."""
    needed: set[str] = set()
    for node in plan.nodes:
        if isinstance(node, (Write, Emit, Guard, Refuse)):
            needed |= rests_on(plan, node.id)
    turns = (Shift, Later)
    nodes = tuple(node for node in plan.nodes if isinstance(node, turns) or node.id in needed)
    used = set(plan.party.facts if plan.party is not None else ())
    for node in nodes:
        match node:
            case Select():
                used |= {where.fact for where in node.where}
            case Computed():
                used |= {one.fact for one in node.of if one.fact is not None}
            case Choose():
                used |= {one.fact for one in node.limits if one.fact is not None}
            case Write():
                used |= {one.fact for one in node.settings if one.fact is not None}
            case Guard():
                sides = (node.test.left, node.test.right)
                used |= {one.fact for one in sides if one is not None and one.fact is not None}
            case Shift():
                used |= {node.first, node.then}
            case Later():
                used |= {*node.facts}
            case _:
                pass
    facts = tuple(fact for fact in plan.facts if fact.id in used)
    return replace(plan, facts=facts, nodes=nodes)
