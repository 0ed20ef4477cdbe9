"""The policy graph: which rules meet on the same tools and the same kinds of rows.

Rules and tools come in, a `PolicyGraph` goes out: its nodes are rules, each with a share of the
tools that it guards, its edges pairs that one call may have to keep together. `walk` picks rules
that belong together until they are as complex as wanted. Next: `policy`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

from agentgym.formats import Record
from agentgym.rules.rule import Rule, RuleClass

__all__ = ["Edge", "Guarded", "Node", "PolicyGraph", "policy_graph", "walk"]


class Guarded(Protocol):
    """What this room needs to know of a tool; `tools` stands further down the stair."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def guards(self) -> tuple[str, ...]:
        """Ids of the rules that may refuse it."""


class Node(Record, kw_only=True):
    """A rule, as the graph sees it."""

    rule: str
    kind: RuleClass
    entity: str
    level: int
    weight: float
    """How likely it is met: the share of the guarded tools that it guards, 0 to 1."""
    tools: tuple[str, ...]


class Edge(Record, kw_only=True):
    """Two rules that meet."""

    rules: tuple[str, str]
    """In the order of the nodes."""
    weight: int
    """Twice the number of tools that they share, and one more for rows of the same entity."""
    tools: tuple[str, ...] = ()
    rows: bool = False
    """Whether they are about rows of one entity."""


class PolicyGraph(Record, kw_only=True):
    """The rules of a domain and where they meet."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def to_text(self) -> str:
        """Write the graph for people: each rule with those that it meets, in order."""
        if not self.nodes:
            return "No tool asks any rule.\n"
        lines = []
        for node in self.nodes:
            lines.append(
                f"{node.rule} ({node.kind}, level {node.level}, weight {node.weight:.2f}, "
                f"{_count(len(node.tools), 'tool')})"
            )
            for edge in self.edges:
                if node.rule in edge.rules:
                    other = edge.rules[edge.rules[0] == node.rule]
                    met = [", ".join(edge.tools)] if edge.tools else []
                    met += [f"rows of {node.entity}"] if edge.rows else []
                    lines.append(f"  {edge.weight:>3}  {other}: {'; '.join(met)}")
        return "\n".join(lines) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def policy_graph(rules: Sequence[Rule], tools: Sequence[Guarded]) -> PolicyGraph:
    """Make the graph of the rules that tools ask.

    Args:
        rules: Of the domain; the order of the nodes is theirs.
        tools: Of the domain.

    Returns:
        The graph of those rules that some tool names; invariants only where it does.
    """
    by_rule: dict[str, list[str]] = {}
    for tool in tools:
        for name in tool.guards:
            by_rule.setdefault(name, []).append(tool.name)
    guarded = sum(bool(tool.guards) for tool in tools)
    nodes = tuple(
        Node(
            rule=rule.id,
            kind=rule.kind,
            entity=rule.entity,
            level=rule.level,
            weight=round(len(by_rule[rule.id]) / guarded, 4),
            tools=tuple(by_rule[rule.id]),
        )
        for rule in rules
        if rule.id in by_rule
    )
    edges = []
    for one, two in combinations(nodes, 2):
        shared = tuple(name for name in one.tools if name in two.tools)
        rows = one.entity == two.entity
        if shared or rows:
            edges.append(
                Edge(
                    rules=(one.rule, two.rule),
                    weight=2 * len(shared) + rows,
                    tools=shared,
                    rows=rows,
                )
            )
    return PolicyGraph(nodes=nodes, edges=tuple(edges))


def walk(graph: PolicyGraph, complexity: int, draws: random.Random) -> tuple[str, ...]:
    """Pick rules that are met together, by a weighted walk without repetition.

    A rule costs its level, and at least 1. Where no rule that has not been visited meets the
    last one, the walk goes on from an earlier one; it ends where nothing is left to reach.

    Args:
        graph: The graph.
        complexity: The sum of costs at which the walk stops, from 1.
        draws: Chance; the same stream gives the same walk.

    Returns:
        Ids of rules in the order of the walk, each once; empty for an empty graph.
    """
    costs = {node.rule: max(1, node.level) for node in graph.nodes}
    if not costs or complexity < 1:
        return ()
    near: dict[str, dict[str, int]] = {name: {} for name in costs}
    for edge in graph.edges:
        one, two = edge.rules
        near[one][two] = near[two][one] = edge.weight
    weights = [node.weight for node in graph.nodes]
    found = draws.choices(list(costs), weights)
    while sum(costs[name] for name in found) < complexity:
        for here in reversed(found):
            ways = {name: w for name, w in near[here].items() if name not in found}
            if ways:
                found += draws.choices(list(ways), list(ways.values()))
                break
        else:
            break
    return tuple(found)
