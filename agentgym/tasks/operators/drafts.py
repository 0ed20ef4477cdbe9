"""Drafts: plans while they are rewritten, and what may be asked of them on the way.

A plan comes in, its nodes and facts are added, replaced and dropped, and the plan goes out in
canonical form. Next: `reads`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Family,
    Guard,
    Later,
    Node,
    Plan,
    Refuse,
    Select,
    Shift,
    Write,
    told,
)
from agentgym.plan.tables import Tables
from agentgym.tasks.clues import Sketch

__all__ = ["Draft"]


class Draft(Sketch):
    """A plan under reconstruction.

    Args:
        tables: The rows that it speaks of.
        plan: The plan as it is.
    """

    def __init__(self, tables: Tables, plan: Plan) -> None:
        super().__init__(tables.schema)
        self.tables = tables
        self.old = plan
        self.facts = list(plan.facts)
        self.nodes: list[Node] = list(plan.nodes)

    def next_id(self) -> str:
        """Return an id that no node has."""
        taken = {node.id for node in self.nodes}
        number = len(taken) + 1
        while f"n{number}" in taken:
            number += 1
        return f"n{number}"

    def replaced(self, node: Node) -> None:
        """Put a node in the place of the one of its id."""
        self.nodes = [node if one.id == node.id else one for one in self.nodes]

    def done(self, family: Family | None = None) -> Plan:
        """Return the plan in canonical form; what nothing rests on any longer is left out."""
        used = set(_facts(self.nodes))
        party = self.old.party
        used |= set(party.facts) if party is not None else set()
        plan = Plan(
            family=family or self.old.family,
            facts=tuple(fact for fact in self.facts if fact.id in used),
            nodes=tuple(_sorted(self.nodes)),
            party=party,
        )
        return told(plan)


def _facts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Select():
                yield from (where.fact for where in node.where)
            case Write():
                yield from (one.fact for one in node.settings if one.fact is not None)
            case Computed():
                yield from (one.fact for one in node.of if one.fact is not None)
            case Choose():
                yield from (one.fact for one in node.limits if one.fact is not None)
            case Guard():
                for value in (node.test.left, node.test.right):
                    if value is not None and value.fact is not None:
                        yield value.fact
            case Shift():
                yield from (node.first, node.then)
            case Later():
                yield from node.facts
            case _:
                pass


def _needs(node: Node) -> Iterator[str]:
    """Yield the nodes that come before a node."""
    match node:
        case Select():
            yield from (link.node for link in node.links)
            yield from node.among
        case Aggregated() | Choose():
            yield node.of
        case Computed():
            yield from (one.node for one in node.of if one.node is not None)
        case Write():
            yield from (one.node for one in node.settings if one.node is not None)
            if node.target is not None:
                yield node.target
        case Emit():
            yield node.node
        case Guard():
            for value in (node.test.left, node.test.right):
                if value is not None and value.node is not None:
                    yield value.node
            yield from (*node.then, *node.otherwise)
        case Refuse():
            yield node.act
            if node.node is not None:
                yield node.node
        case Later():
            yield from (*node.adds, *node.drops)
        case _:
            pass


def _sorted(nodes: Sequence[Node]) -> list[Node]:
    """Sort nodes topologically; those in no need of order keep theirs."""
    by_id = {node.id: node for node in nodes}
    found: dict[str, Node] = {}

    def visit(node: Node) -> None:
        if node.id not in found:
            for name in _needs(node):
                visit(by_id[name])
            found[node.id] = node

    for node in nodes:
        visit(node)
    return list(found.values())
