"""What each edge is: a relation between two classes, each said in one direction only.

`Facts` and classes come in; `Pattern`s go out. Inverse relations are folded into one, and
patterns that hardly occur are left out where there are very many. Next: `shape`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping

from agentgym.sources.graph.facts import Edge, Facts, Value, local

__all__ = ["Pattern", "gather", "hubs"]

_ENOUGH = 3
"""Mirrored edges that are no coincidence."""
_MOST = 40
"""Patterns that are kept in any case."""
_HUB = 20
"""Times the mean that makes a node a hub."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Pattern:
    """All edges of one relation from one class to another."""

    source: str
    relation: str
    target: str
    edges: list[Edge]

    @property
    def functional(self) -> bool:
        """Whether a source has at most one target."""
        return len({edge.source for edge in self.edges}) == len(self.edges)


def gather(facts: Facts, classes: Mapping[str, str]) -> list[Pattern]:
    """Return the relations between classes, in order."""
    edges = _turned(facts)
    found: dict[tuple[str, str, str], set[Edge]] = defaultdict(set)
    for edge in edges:
        if edge.source in classes and edge.target in classes:
            found[classes[edge.source], edge.relation, classes[edge.target]].add(edge)
    patterns = [
        Pattern(source=key[0], relation=key[1], target=key[2], edges=sorted(found[key], key=_ends))
        for key in sorted(found)
    ]
    return _frequent(facts, _folded(facts, patterns))


def _ends(edge: Edge) -> tuple[str, str, str, tuple[tuple[str, Value], ...]]:
    return edge.source, edge.relation, edge.target, edge.attributes


def _turned(facts: Facts) -> set[Edge]:
    """Say every edge of a declared inverse under one relation: that with single targets."""
    ends: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for edge in facts.edges:
        ends[edge.relation].add((edge.source, edge.target))
    turn: dict[str, str] = {}
    for one in sorted(facts.inverses):
        other = facts.inverses[one]
        if one == other or {one, other} & (turn.keys() | set(turn.values())):
            continue
        pairs = ends[one] | {(target, source) for source, target in ends[other]}
        single = len({source for source, _ in pairs}) == len(pairs)
        back = len({target for _, target in pairs}) == len(pairs)
        keep = one if (not single, one) <= (not back, other) else other
        turn[other if keep == one else one] = keep
    edges = {
        Edge(e.target, turn[e.relation], e.source, e.attributes) if e.relation in turn else e
        for e in facts.edges
    }
    facts.skipped["inverse of an edge that is there"] += len(facts.edges) - len(edges)
    return edges


def _folded(facts: Facts, patterns: list[Pattern]) -> list[Pattern]:
    """Of two patterns that mirror each other exactly keep one: that with single targets."""
    sets = {
        (p.source, p.relation, p.target): {(e.source, e.target, e.attributes) for e in p.edges}
        for p in patterns
    }
    gone: set[tuple[str, str, str]] = set()
    by_ends: dict[tuple[str, str], list[Pattern]] = defaultdict(list)
    for pattern in patterns:
        by_ends[pattern.source, pattern.target].append(pattern)
    for pattern in patterns:
        mine = (pattern.source, pattern.relation, pattern.target)
        for other in by_ends[pattern.target, pattern.source]:
            theirs = (other.source, other.relation, other.target)
            alike = pattern.relation == other.relation
            if mine == theirs or mine in gone or theirs in gone:
                continue
            if len(pattern.edges) != len(other.edges):
                continue
            if len(pattern.edges) < _ENOUGH and not alike:
                continue
            if {(t, s, more) for s, t, more in sets[theirs]} == sets[mine]:
                worse = max(
                    (pattern, other),
                    key=lambda p: (not p.functional, p.relation, p.source, p.target),
                )
                gone.add((worse.source, worse.relation, worse.target))
                facts.skipped["inverse of an edge that is there"] += len(worse.edges)
    return [p for p in patterns if (p.source, p.relation, p.target) not in gone]


def _frequent(facts: Facts, patterns: list[Pattern]) -> list[Pattern]:
    if len(patterns) <= _MOST:
        return patterns
    ranked = sorted(patterns, key=lambda p: (-len(p.edges), p.source, p.relation, p.target))
    for pattern in ranked[_MOST:]:
        facts.skipped["edge of a rare pattern"] += len(pattern.edges)
    kept = {id(pattern) for pattern in ranked[:_MOST]}
    facts.notes.append(
        f"{_MOST} of {len(patterns)} relations between classes are kept, the most frequent ones."
    )
    return [pattern for pattern in patterns if id(pattern) in kept]


def hubs(facts: Facts) -> None:
    """Note the nodes with very many edges, and those with one edge and nothing else."""
    degrees: Counter[str] = Counter()
    for edge in facts.edges:
        degrees[edge.source] += 1
        degrees[edge.target] += 1
    if not degrees:
        return
    least = max(50, _HUB * degrees.total() // len(degrees))
    large = sorted(
        (node for node in degrees if degrees[node] >= least), key=lambda n: (-degrees[n], n)
    )
    if large:
        named = ", ".join(f"{local(node)} ({degrees[node]:,})" for node in large[:3])
        facts.notes.append(f"Hubs, with {least:,} edges or more: {len(large)} nodes; {named}.")
    ends = sum(number == 1 and not facts.said.get(node) for node, number in degrees.items())
    lonely = len(facts.nodes - set(degrees))
    if ends or lonely:
        facts.notes.append(
            f"Dead ends, with one edge and no value: {ends:,} nodes; without an edge: {lonely:,}."
        )
