"""Labelled directed graphs up to isomorphism.

Nodes and arcs come in, a `Form` with its digest goes out. The digest is that of Weisfeiler and
Leman's colour refinement: equal for isomorphic graphs, in any process and on any machine, and
different for nearly all others; `same` decides the rest exactly. Next: `structure`.

Sources: B. Weisfeiler, A. Leman, "The reduction of a graph to canonical form" (1968);
L. P. Cordella et al., "A (sub)graph isomorphism algorithm for matching large graphs" (2004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from agentgym.formats import Record

__all__ = ["Form", "colours", "form", "same"]

_BYTES = 16


class Form(Record, kw_only=True):
    """A labelled directed graph with its digest. Loops and parallel arcs are allowed."""

    nodes: tuple[str, ...]
    """Labels; what stands before the first `:` is the kind of the node."""
    arcs: tuple[tuple[int, int, str], ...] = ()
    """From node, to node, role; nodes are counted from 0."""
    digest: str
    """Of the graph up to isomorphism, 32 hexadecimal digits."""


def form(nodes: Sequence[str], arcs: Iterable[tuple[int, int, str]] = ()) -> Form:
    """Make the form of a graph."""
    found = tuple(nodes), tuple(arcs)
    final = sorted(colours(*found))
    digest = blake2b(b"".join(final), digest_size=_BYTES).hexdigest()
    return Form(nodes=found[0], arcs=found[1], digest=digest)


def colours(nodes: Sequence[str], arcs: Iterable[tuple[int, int, str]]) -> list[bytes]:
    """Colour the nodes: two that no number of looks at their neighbours tells apart are equal.

    Returns:
        A colour a node. It depends on the graph up to isomorphism alone, so that colours of two
        graphs can be compared where both took as many rounds.
    """
    seen: list[list[tuple[str, int]]] = [[] for _ in nodes]
    for source, target, role in arcs:
        seen[source].append((f">{role}", target))
        seen[target].append((f"<{role}", source))
    now = [_hash(label.encode()) for label in nodes]
    known = len(set(now))
    while True:
        new = [
            _hash(
                now[place]
                + b"".join(sorted(role.encode() + b"\0" + now[other] for role, other in around))
            )
            for place, around in enumerate(seen)
        ]
        found = len(set(new))
        now = new
        if found == known:
            return now
        known = found


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=_BYTES).digest()


def same(one: Form, other: Form) -> bool:
    """Tell whether two forms are isomorphic, exactly.

    Costs next to nothing where the digests differ.
    """
    if one.digest != other.digest or len(one.arcs) != len(other.arcs):
        return False
    if (one.nodes, one.arcs) == (other.nodes, other.arcs):
        return True
    mine, theirs = colours(one.nodes, one.arcs), colours(other.nodes, other.arcs)
    if sorted(mine) != sorted(theirs):
        return False
    if len(set(mine)) == len(mine):
        return True  # every node is told apart: the colours are the isomorphism
    import networkx as nx  # noqa: PLC0415 - needed for graphs with symmetries only

    return bool(
        nx.is_isomorphic(
            _network(one, mine),
            _network(other, theirs),
            node_match=lambda a, b: a["colour"] == b["colour"],
            edge_match=lambda a, b: a["roles"] == b["roles"],
        )
    )


def _network(one: Form, coloured: Sequence[bytes]) -> object:
    import networkx as nx  # noqa: PLC0415 - needed for graphs with symmetries only

    roles: dict[tuple[int, int], list[str]] = defaultdict(list)
    for source, target, role in one.arcs:
        roles[source, target].append(role)
    made = nx.DiGraph()
    made.add_nodes_from((place, {"colour": colour}) for place, colour in enumerate(coloured))
    made.add_edges_from((*ends, {"roles": sorted(found)}) for ends, found in roles.items())
    return made
