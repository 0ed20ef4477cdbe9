"""Communities of a tool graph: what one domain is made of.

Resources that supply each other stand together (Louvain's method, Blondel et al. 2008,
arXiv:0803.0476, over the graph with the operations of a resource drawn together); what is too
large is divided again, what is too small joins its nearest kin. Next: `sources.openapi`, which
makes one schema of a community.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.tools.pool.graph import ToolGraph

__all__ = ["Community", "Sizes", "find_communities"]


class Sizes(Record, kw_only=True):
    """How large a community may be."""

    least: int = 3
    """Resources; smaller ones join those to which they are tied most, as one or two things are
    hardly a world."""
    most: int = 12
    """Larger ones are divided again: people can tell a dozen things apart, and the tools of more
    do not fit an episode."""
    resolution: float = 1.0
    """Of Louvain's method: larger values give smaller communities; doubled at each division."""


class Community(Record, kw_only=True):
    """Resources that belong together."""

    resources: tuple[int, ...]
    """Places in the list of resources of the graph, ascending."""
    operations: tuple[int, ...]
    """Places in the list of signatures, ascending."""
    inner: float
    """Sum of the weights between its resources."""
    outer: float
    """Sum of the weights that lead out of it."""


def find_communities(graph: ToolGraph, sizes: Sizes, *, seed: int) -> tuple[list[Community], float]:
    """Divide a graph into communities.

    Args:
        graph: Of a pool.
        sizes: What is too large or too small.
        seed: Of the order in which Louvain's method visits nodes.

    Returns:
        The communities, each resource in one of them, those that hang together best first; and
        the modularity of the first division.
    """
    import networkx as nx  # noqa: PLC0415 - few commands need it

    whole = nx.Graph()
    whole.add_nodes_from(range(len(graph.resources)))
    whole.add_weighted_edges_from((a, b, w) for (a, b), w in graph.between.items())
    if not whole:
        return [], 0.0
    first = nx.community.louvain_communities(whole, seed=seed, resolution=sizes.resolution)
    modularity = nx.community.modularity(whole, first) if graph.between else 0.0
    waiting = [(sorted(found), sizes.resolution) for found in first]
    parts: list[list[int]] = []
    while waiting:
        members, resolution = waiting.pop()
        if len(members) <= sizes.most:
            parts.append(members)
            continue
        again = nx.community.louvain_communities(
            whole.subgraph(members), seed=seed, resolution=resolution * 2
        )
        if len(again) == 1:
            parts += [members[n : n + sizes.most] for n in range(0, len(members), sizes.most)]
        else:
            waiting += [(sorted(found), resolution * 2) for found in again]
    parts = _join_small(sorted(parts), graph, sizes)
    made = [_community(members, graph, whole) for members in parts]
    made.sort(key=lambda one: (-one.inner / (one.inner + one.outer + 1e-9), one.resources))
    return made, round(modularity, 4)


def _join_small(parts: list[list[int]], graph: ToolGraph, sizes: Sizes) -> list[list[int]]:
    """Let parts that are too small join the part to which they are tied most."""
    home = {member: place for place, part in enumerate(parts) for member in part}
    ties: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (a, b), weight in graph.between.items():
        ties[a][b] += weight
        ties[b][a] += weight
    for place in sorted(range(len(parts)), key=lambda p: (len(parts[p]), p)):
        members = parts[place]
        if not 0 < len(members) < sizes.least:
            continue
        near: dict[int, float] = defaultdict(float)
        for member in members:
            for other, weight in ties[member].items():
                near[home[other]] += weight
        near.pop(place, None)
        fitting = [p for p in near if len(parts[p]) + len(members) <= sizes.most]
        if fitting:
            chosen = min(fitting, key=lambda p: (-near[p], p))
            parts[chosen] = sorted(parts[chosen] + members)
            parts[place] = []
            home.update(dict.fromkeys(members, chosen))
    return [part for part in parts if part]


def _community(members: Sequence[int], graph: ToolGraph, whole: object) -> Community:
    inside = set(members)
    inner = outer = 0.0
    for member in members:
        for other, data in whole[member].items():  # type: ignore[index]
            if other in inside:
                inner += data["weight"] / 2
            else:
                outer += data["weight"]
    operations = sorted(o for member in members for o in graph.resources[member].members)
    return Community(
        resources=tuple(members),
        operations=tuple(operations),
        inner=round(inner, 4),
        outer=round(outer, 4),
    )
