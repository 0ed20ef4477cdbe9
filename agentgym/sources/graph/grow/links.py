"""The relations of a graph as growth keeps to them: inverses as one, single ends, no new cycles.

`Facts` come in, a `Link` for each relation (or pair of inverse ones) goes out. Next: `draw`.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Mapping

import networkx as nx

from agentgym.sources.graph.facts import Edge, Facts, Value

__all__ = ["Attributes", "Link", "find_links"]

Attributes = tuple[tuple[str, Value], ...]
Pair = tuple[str, str]
Profile = tuple[str, ...]

_ENOUGH = 3
"""Mirrored edges that are no coincidence."""
_IN_STEP = 0.9
"""Share of edges said in both directions above which new ones are too."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Link:
    """One relation, read from the end that has one target where there is such an end."""

    name: str
    """In whose name an edge is said."""
    turned: bool
    """Whether it is said from target to source."""
    mirror: str | None
    """The inverse under which every edge is said too; `name` itself where it is symmetric."""
    profiles: Mapping[str, Profile]
    """Node to its classes; new nodes are added to it."""
    single: bool
    """Whether a source has at most one target."""
    singles: set[Profile]
    """Classes of sources of which each has at most one target."""
    alones: set[Profile]
    """Classes of targets of which each has at most one source."""
    ranks: dict[str, int] | None
    """Where it has no cycle though it could: node to its place; sources come first."""
    outs: dict[str, dict[str, None]]
    """Source to its targets, in order."""
    ins: Counter[str]
    """Target to the number of its sources."""
    attributes: list[Attributes]
    """What edges of it say, one for each."""

    @property
    def symmetric(self) -> bool:
        """Tell whether an edge holds both ways under one name."""
        return self.mirror == self.name

    def admits(self, source: str, target: str) -> bool:
        """Tell whether an edge may be added."""
        if target in self.outs.get(source, ()) or not self._room(source, target):
            return False
        if self.symmetric:
            return source != target and self._room(target, source)
        return self.ranks is None or self.ranks.get(source, 0) < self.ranks.get(target, 0)

    def _room(self, source: str, target: str) -> bool:
        if self.outs.get(source) and (self.single or self._of(source) in self.singles):
            return False
        return not (self.ins[target] and self._of(target) in self.alones)

    def _of(self, node: str) -> Profile:
        return self.profiles.get(node, ())

    def add(self, source: str, target: str, draw: random.Random) -> list[Edge]:
        """Add an edge; return how it is said."""
        more = draw.choice(self.attributes) if self.attributes else ()
        self._count(source, target)
        ends = (target, source) if self.turned else (source, target)
        said = [Edge(ends[0], self.name, ends[1], more)]
        if self.symmetric:
            self._count(target, source)
        if self.mirror is not None:
            said.append(Edge(ends[1], self.mirror, ends[0], more))
        return said

    def _count(self, source: str, target: str) -> None:
        self.outs.setdefault(source, {})[target] = None
        self.ins[target] += 1


def find_links(facts: Facts, profiles: Mapping[str, tuple[str, ...]]) -> list[Link]:
    """Return the relations, in the order of their names.

    Args:
        facts: Of the graph.
        profiles: Node to its classes.
    """
    pairs: dict[str, set[Pair]] = defaultdict(set)
    more: dict[str, list[Attributes]] = defaultdict(list)
    for edge in sorted(facts.edges, key=lambda e: (e.relation, e.source, e.target, e.attributes)):
        pairs[edge.relation].add((edge.source, edge.target))
        more[edge.relation].append(edge.attributes)
    partner = _partners(facts, pairs)
    links = []
    for name in sorted(pairs):
        other = partner.get(name)
        if other is not None and other != name and other in pairs and _worse(name, other, pairs):
            continue
        back = {(t, s) for s, t in pairs.get(other, ())} if other is not None else set()
        both = pairs[name] | back
        step = len(pairs[name] & back) >= _IN_STEP * len(both)
        links.append(
            _link(name, both, other if other is not None and step else None, more[name], profiles)
        )
    return links


def _partners(facts: Facts, pairs: Mapping[str, set[Pair]]) -> dict[str, str]:
    """Return relation to inverse: the declared one, else one that mirrors it exactly."""
    found: dict[str, str] = {}
    for one, declared in sorted(facts.inverses.items()):
        if not {one, declared} & found.keys():
            found |= {one: declared, declared: one}
    known: dict[frozenset[Pair], str] = {}
    for name in sorted(pairs):
        if name in found or len(pairs[name]) < _ENOUGH:
            continue
        mirrored = frozenset((t, s) for s, t in pairs[name])
        known.setdefault(frozenset(pairs[name]), name)
        other = known.get(mirrored)
        if other is not None and other not in found and any(s != t for s, t in mirrored):
            found |= {name: other, other: name}
    return found


def _worse(name: str, other: str, pairs: Mapping[str, set[Pair]]) -> bool:
    """Tell whether edges of two inverse relations are said rather under the other."""
    return (-len(pairs[name]), name) > (-len(pairs[other]), other)


def _link(
    name: str,
    pairs: set[Pair],
    mirror: str | None,
    attributes: list[Attributes],
    profiles: Mapping[str, tuple[str, ...]],
) -> Link:
    single = len({s for s, _ in pairs}) == len(pairs)
    alone = len({t for _, t in pairs}) == len(pairs)
    turned = alone and not single
    if turned:
        pairs, single = {(t, s) for s, t in pairs}, True
    outs: dict[str, dict[str, None]] = {}
    for source, target in sorted(pairs):
        outs.setdefault(source, {})[target] = None
    ins = Counter(target for _, target in pairs)
    seen = {profiles.get(target, ()) for target in ins}
    shared = {profiles.get(target, ()) for target, number in ins.items() if number > 1}
    return Link(
        profiles=profiles,
        name=name,
        turned=turned,
        mirror=mirror,
        single=single,
        singles={profiles.get(source, ()) for source in outs}
        - {profiles.get(source, ()) for source, targets in outs.items() if len(targets) > 1},
        alones=seen - shared,
        ranks=None if mirror == name else _ranks(pairs, profiles),
        outs=outs,
        ins=ins,
        attributes=attributes if any(attributes) else [],
    )


def _ranks(pairs: set[Pair], profiles: Mapping[str, tuple[str, ...]]) -> dict[str, int] | None:
    """Return an order of the nodes that all pairs follow; None where none is needed, or is."""
    sources = {profiles.get(source, ()) for source, _ in pairs}
    if not any(profiles.get(target, ()) in sources for _, target in pairs):
        return None
    graph = nx.DiGraph(sorted(pairs))
    try:
        return {
            node: place for place, node in enumerate(nx.lexicographical_topological_sort(graph))
        }
    except nx.NetworkXUnfeasible:
        return None
