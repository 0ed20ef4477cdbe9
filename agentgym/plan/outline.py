"""The outline of a plan: its nodes and facts as a coloured graph, in which ids mean nothing.

A plan comes in; vertices with colours and labelled edges go out, with the values of the facts or
without them. What is commutative hangs on edges of one label, what has an order on numbered ones.
Next: `canonical`, `shape`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.formats import to_text
from agentgym.plan.labelling import Edge
from agentgym.plan.nodes import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Later,
    Node,
    Plan,
    Refuse,
    Select,
    Shift,
    Value,
    Write,
)

__all__ = ["PARTY", "below", "outline"]

PARTY = "party"
"""The vertex of the party."""

_ORDERED = frozenset({"share"})
"""The functions of computed numbers whose operands have an order."""


def outline(plan: Plan, *, values: bool) -> tuple[dict[str, str], list[Edge]]:
    """Return the vertices with their colours, and the edges.

    Vertices are the nodes that some act, guard, refusal or turn rests on, and the facts that
    they use. Acts are coloured by their place among the acts, what comes later by its own.

    Args:
        plan: The plan.
        values: Whether facts of different values have different colours.
    """
    acts = [node.id for node in plan.nodes if isinstance(node, (Write, Emit))]
    places = {name: place for place, name in enumerate(acts)}
    turns = [node.id for node in plan.nodes if isinstance(node, Later)]
    places |= {name: place for place, name in enumerate(turns)}
    todo = [
        node.id
        for node in plan.nodes
        if not isinstance(node, (Select, Aggregated, Computed, Choose))
    ]
    facts = {fact.id: fact for fact in plan.facts}
    nodes = {node.id: node for node in plan.nodes}
    colours: dict[str, str] = {}
    edges: list[Edge] = []
    if plan.party is not None:
        colours[PARTY] = to_text(["party", plan.party.entity])
        for place, name in enumerate(plan.party.facts):
            edges.append(Edge(PARTY, str(place), name))
            todo.append(name)
    while todo:
        name = todo.pop()
        if name in colours:
            continue
        if name in facts:
            colours[name] = _fact(facts[name], values=values)
            continue
        node = nodes[name]
        colours[name] = to_text([*_colour(node), places.get(name, -1)])
        mine = [Edge(name, label, end) for label, end in _edges(node)]
        edges += mine
        todo += [edge.end for edge in mine]
    return colours, edges


def below(plan: Plan, node: str) -> list[str]:
    """Return the nodes that a node rests on, each after those that it rests on itself."""
    nodes = {one.id: one for one in plan.nodes}
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for _, end in _edges(nodes[name]):
            if end in nodes and end not in found:
                visit(end)
        found[name] = None

    visit(node)
    return list(found)[:-1]


def _fact(fact: Fact, *, values: bool) -> str:
    told = [fact.value] if values else []
    term = [fact.term] if values and fact.term else []
    return to_text(["fact", fact.entity, fact.field, fact.exposure, *told, *term])


def _colour(node: Node) -> list[object]:
    """Say what a node is, apart from what it is joined to."""
    match node:
        case Select():
            pick = [node.pick.field, node.pick.largest] if node.pick else []
            return ["select", node.entity, pick, node.me]
        case Aggregated():
            return ["aggregated", node.function, node.field]
        case Computed():
            return ["computed", node.function]
        case Choose():
            apart = sorted(one.field for one in node.limits if one.kind == "distinct")
            return ["choose", node.count, apart]
        case Write():
            return ["write", node.kind, node.entity, node.each]
        case Emit():
            return ["emit", node.field, node.many]
        case Guard():
            return ["guard", node.test.op]
        case Refuse():
            return ["refuse", node.because, node.rule, node.field]
        case Shift():
            return ["shift"]
        case Later():
            return ["later", node.when]


def _edges(node: Node) -> Iterator[tuple[str, str]]:
    """Yield what a node is joined to: label and id."""
    match node:
        case Select():
            for where in node.where:
                yield to_text(["where", where.field, where.op, where.of]), where.fact
            for link in node.links:
                yield to_text(["link", link.relation, link.forward, link.absent]), link.node
            for name in node.among:
                yield "among", name
        case Aggregated():
            yield "of", node.of
        case Choose():
            yield "of", node.of
            for limit in node.limits:
                if limit.fact is not None:
                    yield to_text(["limit", limit.field, limit.op]), limit.fact
        case Computed():
            for place, value in enumerate(node.of):
                yield from _value(str(place) if node.function in _ORDERED else "operand", value)
        case Write():
            if node.target is not None:
                yield "target", node.target
            for setting in node.settings:
                source = setting.fact if setting.fact is not None else str(setting.node)
                yield to_text(["set", setting.field, setting.source]), source
        case Emit():
            yield "of", node.node
        case Guard():
            yield from _value("left", node.test.left)
            if node.test.right is not None:
                yield from _value("right", node.test.right)
            yield from (("then", name) for name in node.then)
            yield from (("otherwise", name) for name in node.otherwise)
        case Refuse():
            yield "act", node.act
            if node.node is not None:
                yield "node", node.node
        case Shift():
            yield "first", node.first
            yield "then", node.then
        case Later():
            yield from (("adds", name) for name in node.adds)
            yield from (("drops", name) for name in node.drops)
            yield from (("tells", name) for name in node.facts)


def _value(label: str, value: Value) -> Iterator[tuple[str, str]]:
    end = value.fact if value.fact is not None else str(value.node)
    yield to_text([label, value.field]), end
