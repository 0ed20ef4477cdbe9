"""Canonical labelling of small graphs: the same order of vertices, whatever they are called.

Vertices with colours and edges with labels come in; out goes the place of each vertex in an order
that depends on nothing else. Colours are refined by what a vertex is joined to; where that leaves
ties, one is broken in every way and the smallest outcome taken, except where a symmetry shows
that the ways are one. Next: `canonical`, `shape`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Edge", "labelled"]


class Edge(NamedTuple):
    """A labelled edge; there may be several between two vertices."""

    start: str
    label: str
    end: str


Colours = dict[str, int]
Form = tuple[tuple[int, str, int], ...]


def labelled(colours: Mapping[str, str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the place of each vertex in the canonical order.

    Args:
        colours: Vertex to what it is, whatever it is called; places follow colours first.
        edges: Between vertices.
    """
    return _Graph(colours, edges).order()


class _Graph:
    def __init__(self, colours: Mapping[str, str], edges: Sequence[Edge]) -> None:
        names = sorted(set(colours.values()))
        rank = {name: place for place, name in enumerate(names)}
        self.start: Colours = {vertex: rank[colour] for vertex, colour in colours.items()}
        self.edges = edges
        self.out: dict[str, list[tuple[str, str]]] = {vertex: [] for vertex in colours}
        self.back: dict[str, list[tuple[str, str]]] = {vertex: [] for vertex in colours}
        for start, label, end in edges:
            self.out[start].append((label, end))
            self.back[end].append((label, start))

    def order(self) -> dict[str, int]:
        return self._best(self._refined(self.start))

    def _refined(self, colours: Colours) -> Colours:
        """Split colours until all vertices of one are joined alike."""
        count = len(set(colours.values()))
        while True:
            told = {
                vertex: (
                    colour,
                    tuple(sorted((label, colours[other]) for label, other in self.out[vertex])),
                    tuple(sorted((label, colours[other]) for label, other in self.back[vertex])),
                )
                for vertex, colour in colours.items()
            }
            rank: dict[object, int] = {}
            for place, one in enumerate(sorted(told.values())):
                rank.setdefault(one, place)
            colours = {vertex: rank[one] for vertex, one in told.items()}
            if len(rank) == count:
                return colours
            count = len(rank)

    def _tied(self, colours: Colours) -> list[str]:
        """Return the vertices of the first colour that several have."""
        cells: dict[int, list[str]] = {}
        for vertex, colour in colours.items():
            cells.setdefault(colour, []).append(vertex)
        return next((cells[colour] for colour in sorted(cells) if len(cells[colour]) > 1), [])

    def _apart(self, colours: Colours, vertex: str) -> Colours:
        """Set one vertex before the others of its colour."""
        mine = colours[vertex]
        return self._refined(
            {
                other: colour + 1 if colour == mine and other != vertex else colour
                for other, colour in colours.items()
            }
        )

    def _best(self, colours: Colours) -> Colours:
        """Return the order with the smallest form of all that break the ties."""
        tied = self._tied(colours)
        if not tied:
            return colours
        found: Colours | None = None
        seen: set[Form] = set()
        for vertex in tied:
            branch = self._apart(colours, vertex)
            glimpse = self._form(self._first(branch))
            if glimpse in seen:
                continue  # the graph looks the same from here as from a vertex before
            seen.add(glimpse)
            order = self._best(branch)
            if found is None or self._form(order) < self._form(found):
                found = order
        assert found is not None
        return found

    def _first(self, colours: Colours) -> Colours:
        """Break all ties, each in the first way."""
        tied = self._tied(colours)
        while tied:
            colours = self._apart(colours, tied[0])
            tied = self._tied(colours)
        return colours

    def _form(self, order: Colours) -> Form:
        return tuple(sorted((order[one], label, order[end]) for one, label, end in self.edges))
