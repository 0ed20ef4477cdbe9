"""The figures of a graph: size, degrees, hubs, bridges.

`Facts` come in, a `Measure` goes out. Next: `links`.
"""

from __future__ import annotations

from collections import Counter

import networkx as nx

from agentgym.formats import Record
from agentgym.sources.graph.facts import Facts

__all__ = ["QUANTILES", "Measure", "measure"]

QUANTILES = (0, 25, 50, 75, 90, 99, 100)
"""Percent of the nodes that have at most the degree beside them."""
_HUBS = 5


class Measure(Record, kw_only=True):
    """What is counted of a graph."""

    nodes: int
    edges: int
    """Statements that join two nodes; in an undirected graph, pairs."""
    values: int
    classes: int
    """Classes that nodes have."""
    predicates: int
    """Relations and properties, that of the class aside."""
    degrees: tuple[int, ...]
    """At `QUANTILES`, an edge counted at both ends."""
    hubs: tuple[tuple[str, int], ...]
    """Nodes with most edges, and how many."""
    bridges: int
    """Edges without which the graph has one component more."""
    articulation_points: int
    """Nodes without which the graph has more components."""
    components: int
    dead_ends: int
    """Nodes with one edge, and those without any."""
    untyped: int


def measure(facts: Facts, *, directed: bool = True) -> Measure:
    """Count.

    Args:
        facts: Of the graph.
        directed: Whether an edge is said once; else `facts` have it both ways.
    """
    joined = nx.Graph()
    joined.add_nodes_from(sorted(facts.nodes))
    degrees: Counter[str] = Counter(dict.fromkeys(facts.nodes, 0))
    for edge in facts.edges:
        degrees[edge.source] += 1
        if directed:
            degrees[edge.target] += 1
        joined.add_edge(edge.source, edge.target)
    ranked = sorted(degrees.values())
    loops = sum(edge.source == edge.target for edge in facts.edges)
    said = {prop for props in facts.said.values() for prop, values in props.items() if values}
    parallel = Counter(
        frozenset((edge.source, edge.target)) for edge in facts.edges if edge.source != edge.target
    )
    least = 1 if directed else 2
    joined.remove_edges_from(list(nx.selfloop_edges(joined)))
    return Measure(
        nodes=len(facts.nodes),
        edges=len(facts.edges) if directed else (len(facts.edges) + loops) // 2,
        values=sum(len(values) for props in facts.said.values() for values in props.values()),
        classes=len({kind for kinds in facts.kinds.values() for kind in kinds}),
        predicates=len({edge.relation for edge in facts.edges} | said),
        degrees=tuple(
            ranked[min(len(ranked) - 1, len(ranked) * percent // 100)] if ranked else 0
            for percent in QUANTILES
        ),
        hubs=tuple(sorted(degrees.items(), key=lambda item: (-item[1], item[0]))[:_HUBS]),
        bridges=sum(parallel[frozenset(pair)] <= least for pair in nx.bridges(joined)),
        articulation_points=sum(1 for _ in nx.articulation_points(joined)),
        components=nx.number_connected_components(joined),
        dead_ends=sum(number <= 1 for number in ranked),
        untyped=len(facts.nodes - facts.kinds.keys()),
    )
