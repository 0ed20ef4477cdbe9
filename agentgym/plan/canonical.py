"""The canonical form of a plan: what it asks, whatever its ids and the order of its clues.

Two plans that ask the same of the same facts are equal after `told`. Next: `tables`.
"""

from __future__ import annotations

from agentgym.plan.nodes import (
    Aggregated,
    Emit,
    Fact,
    Link,
    Node,
    Party,
    Plan,
    Select,
    Setting,
    Where,
    Write,
)

__all__ = ["told"]


def told(plan: Plan) -> Plan:
    """Return the plan as its words can tell it: ids in canonical order, clues sorted.

    Two plans that ask the same of the same facts are equal after it. Nodes are numbered
    in depth-first order from each emit and write, facts in order of first use; clues of
    a select are sorted by field and op. Exposure and family are kept; the facts of the party
    come last.
    """
    facts: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    names: dict[str, str] = {}

    def fact(old: str) -> str:
        return facts.setdefault(old, f"f{len(facts) + 1}")

    def visit(old: str) -> str:
        if old in names:
            return names[old]
        node = plan.node(old)
        new: Node
        match node:
            case Select():
                where = tuple(
                    sorted(node.where, key=lambda w: (w.field, w.op, str(plan.fact(w.fact).value)))
                )
                links = tuple(
                    sorted(
                        node.links, key=lambda k: (k.relation, k.forward, str(_shape(plan, k.node)))
                    )
                )
                links = tuple(
                    Link(relation=k.relation, forward=k.forward, node=visit(k.node)) for k in links
                )
                where = tuple(Where(field=w.field, op=w.op, fact=fact(w.fact)) for w in where)
                name = f"n{len(names) + 1}"
                new = Select(id=name, entity=node.entity, where=where, links=links, pick=node.pick)
            case Aggregated():
                of = visit(node.of)
                name = f"n{len(names) + 1}"
                new = Aggregated(id=name, of=of, function=node.function, field=node.field)
            case Write():
                target = visit(node.target) if node.target else None
                settings = tuple(
                    Setting(
                        field=s.field,
                        fact=fact(s.fact) if s.fact else None,
                        node=visit(s.node) if s.node else None,
                        source=s.source,
                    )
                    for s in sorted(node.settings, key=lambda s: s.field)
                )
                name = f"n{len(names) + 1}"
                new = Write(
                    id=name, kind=node.kind, entity=node.entity, target=target, settings=settings
                )
            case Emit():
                of = visit(node.node)
                name = f"n{len(names) + 1}"
                new = Emit(id=name, node=of, field=node.field)
        names[old] = name
        nodes[name] = new
        return name

    for node in plan.nodes:
        if isinstance(node, (Write, Emit)):
            visit(node.id)
    party = plan.party
    if party is not None:
        party = Party(entity=party.entity, facts=tuple(fact(old) for old in party.facts))
    kept = {new: old for old, new in facts.items()}
    return Plan(
        family=plan.family,
        facts=tuple(
            Fact(id=new, entity=f.entity, field=f.field, value=f.value, exposure=f.exposure)
            for new, f in ((new, plan.fact(old)) for new, old in kept.items())
        ),
        nodes=tuple(nodes.values()),
        party=party,
    )


def _shape(plan: Plan, name: str) -> tuple[object, ...]:
    node = plan.node(name)
    assert isinstance(node, Select)
    return (
        node.entity,
        sorted((w.field, w.op, str(plan.fact(w.fact).value)) for w in node.where),
        sorted((k.relation, k.forward, str(_shape(plan, k.node))) for k in node.links),
        str(node.pick),
    )
