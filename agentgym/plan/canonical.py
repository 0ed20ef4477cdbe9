"""The canonical form of a plan: what it asks, whatever its ids and the order of its clues.

Two plans that ask the same of the same facts are equal after `told`. Next: `tables`.
"""

from __future__ import annotations

from msgspec.structs import replace

from agentgym.formats import to_text
from agentgym.plan.labelling import labelled
from agentgym.plan.nodes import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Later,
    Node,
    Party,
    Plan,
    Refuse,
    Select,
    Shift,
    Test,
    Value,
    Where,
    Write,
)
from agentgym.plan.outline import outline

__all__ = ["told"]


def told(plan: Plan) -> Plan:
    """Return the plan as its words can tell it: ids in canonical order, clues sorted.

    Two plans that ask the same of the same facts are equal after it. Acts keep their order; nodes
    are numbered in depth-first order from each of them, then from each guard, refusal and shift,
    and in their own order from what is wanted later, which come last. Facts are numbered in order
    of first use, those of the party last. Clues of a select are sorted by field and op, links by
    relation, settings by field; limits, and what a select is among, and the operands of a sum,
    product, difference or number of days in an order that depends on what they are alone. Exposure
    and family are kept; what nothing rests on is left out.
    """
    return _Telling(plan).plan()


class _Telling:
    """One plan on its way into the canonical form."""

    def __init__(self, plan: Plan) -> None:
        self.old = plan
        self.order = labelled(*outline(plan, values=True))
        self.facts: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.nodes: list[Node] = []

    def plan(self) -> Plan:
        acts = [node for node in self.old.nodes if isinstance(node, (Write, Emit))]
        for act in acts:
            self.visit(act.id)
        for kind in (Guard, Refuse, Shift):
            rest = [node.id for node in self.old.nodes if isinstance(node, kind)]
            for name in sorted(rest, key=self.order.__getitem__):
                self.visit(name)
        for node in self.old.nodes:
            if isinstance(node, Later):
                self.visit(node.id)
        party = self.old.party
        if party is not None:
            party = Party(entity=party.entity, facts=tuple(map(self.fact, party.facts)))
        return Plan(
            family=self.old.family,
            facts=tuple(replace(self.old.fact(old), id=new) for old, new in self.facts.items()),
            nodes=tuple(self.nodes),
            party=party,
        )

    def fact(self, old: str) -> str:
        return self.facts.setdefault(old, f"f{len(self.facts) + 1}")

    def visit(self, old: str) -> str:
        """Put a node, and before it what it rests on; returns its new id."""
        if old not in self.names:
            node = self.told(self.old.node(old))
            self.names[old] = f"n{len(self.names) + 1}"
            self.nodes.append(replace(node, id=self.names[old]))
        return self.names[old]

    def told(self, node: Node) -> Node:
        match node:
            case Select():
                return self.select(node)
            case Aggregated():
                return replace(node, of=self.visit(node.of))
            case Computed():
                of = node.of
                if node.function != "share":
                    of = tuple(sorted(of, key=self._operand))
                return replace(node, of=tuple(map(self.value, of)))
            case Choose():
                of_ = self.visit(node.of)
                limits = sorted(
                    node.limits,
                    key=lambda one: (
                        one.kind,
                        one.field,
                        one.op,
                        self.order[one.fact] if one.fact else -1,
                    ),
                )
                return replace(
                    node,
                    of=of_,
                    limits=tuple(
                        replace(one, fact=self.fact(one.fact) if one.fact else None)
                        for one in limits
                    ),
                )
            case Write():
                target = self.visit(node.target) if node.target else None
                settings = tuple(
                    replace(
                        one,
                        fact=self.fact(one.fact) if one.fact else None,
                        node=self.visit(one.node) if one.node else None,
                    )
                    for one in sorted(node.settings, key=lambda one: one.field)
                )
                return replace(node, target=target, settings=settings)
            case Emit():
                return replace(node, node=self.visit(node.node))
            case Guard():
                return self.guard(node)
            case Refuse():
                act = self.visit(node.act)
                return replace(node, act=act, node=self.visit(node.node) if node.node else None)
            case Shift():
                return replace(node, first=self.fact(node.first), then=self.fact(node.then))
            case Later():
                return self.later(node)

    def select(self, node: Select) -> Select:
        links = sorted(
            node.links, key=lambda k: (k.relation, k.forward, k.absent, self.order[k.node])
        )
        where = sorted(node.where, key=self._where)
        among = tuple(map(self.visit, sorted(node.among, key=self.order.__getitem__)))
        linked = tuple(replace(one, node=self.visit(one.node)) for one in links)
        clues = tuple(replace(one, fact=self.fact(one.fact)) for one in where)
        return replace(node, where=clues, links=linked, among=among)

    def _where(self, where: Where) -> tuple[str, str, str, str, int]:
        value = to_text(self.old.fact(where.fact).value)
        return where.field, where.op, where.of or "", value, self.order[where.fact]

    def guard(self, node: Guard) -> Guard:
        left = self.value(node.test.left)
        right = None if node.test.right is None else self.value(node.test.right)
        acts = [act.id for act in self.old.nodes]

        def branch(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(map(self.visit, sorted(names, key=acts.index)))

        return replace(
            node,
            test=Test(left=left, op=node.test.op, right=right),
            then=branch(node.then),
            otherwise=branch(node.otherwise),
        )

    def later(self, node: Later) -> Later:
        acts = [act.id for act in self.old.nodes]
        told = sorted(map(self.fact, node.facts), key=lambda name: int(name[1:]))
        return replace(
            node,
            adds=tuple(map(self.visit, sorted(node.adds, key=acts.index))),
            drops=tuple(map(self.visit, sorted(node.drops, key=acts.index))),
            facts=tuple(told),
        )

    def value(self, value: Value) -> Value:
        if value.fact is not None:
            return replace(value, fact=self.fact(value.fact))
        return replace(value, node=self.visit(str(value.node)))

    def _operand(self, value: Value) -> tuple[int, str]:
        end = value.fact if value.fact is not None else str(value.node)
        return self.order[end], value.field or ""
