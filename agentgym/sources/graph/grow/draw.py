"""The nodes and edges that a graph gets.

Each new node is drawn after one that is there: its classes, which properties it has and how
many edges of which relation. Names and codes are new; other values come from those of the
class. An edge goes to a node that has many already, or, as often as in the graph, to any of
the class. Next: `families`.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Collection

from agentgym.errors import SourceError
from agentgym.rng import stream
from agentgym.sources.graph.facts import (
    Edge,
    Facts,
    order,
)
from agentgym.sources.graph.grow.likeness import Likeness, New
from agentgym.sources.graph.grow.links import find_links

__all__ = ["Growth", "grow_facts"]

_TRIES = 30

Profile = tuple[str, ...]


@dataclasses.dataclass(slots=True, kw_only=True)
class Growth:
    """What is added to a graph."""

    nodes: list[New]
    edges: list[Edge]
    missed: Counter[str]
    """Edges that found no place, by reason."""


def grow_facts(
    facts: Facts,
    *,
    nodes: int,
    edges: int | None,
    seed: int,
    where: str,
    fixed: Collection[str] = (),
    halves: bool = False,
) -> Growth:
    """Draw nodes and edges.

    Args:
        facts: Of the graph.
        nodes: How many nodes, 1 or more.
        edges: How many edges; None for as many as the nodes after which the new ones are drawn
            have.
        seed: Decides everything that is drawn.
        where: The file, for errors.
        fixed: Properties of which no new value can be made.
        halves: An edge and its mirror under the same relation count as one.

    Raises:
        SourceError: No node has a class.
    """
    return _Grower(facts, seed, where, fixed, halves).grow(nodes, edges)


class _Grower:
    def __init__(
        self, facts: Facts, seed: int, where: str, fixed: Collection[str], halves: bool
    ) -> None:
        self.seed, self.halves = seed, halves
        self.profiles = {node: tuple(sorted(kinds)) for node, kinds in facts.kinds.items()}
        named = [node for node in sorted(facts.nodes, key=order) if not node.startswith("_:")]
        self.typed = [node for node in named if node in self.profiles]
        if not self.typed:
            raise SourceError(
                "a graph of which nodes have a class",
                found=f"{len(facts.nodes)} nodes without one",
                where=where,
                hint="say what they are: rdf:type, an attribute `type`, a relation `instance of`",
            )
        self.members: dict[Profile, list[str]] = defaultdict(list)
        self.added = 0
        for node in named:
            self.members[self.profiles.get(node, ())].append(node)
        self.links = find_links(facts, self.profiles)
        self.pools: dict[tuple[int, Profile], list[str]] = defaultdict(list)
        self.fresh: dict[tuple[int, Profile], float] = {}
        self.leaving: dict[str, list[int]] = defaultdict(list)
        """Node to the relations that leave it, once for each edge."""
        self.arriving: dict[str, list[tuple[int, Profile]]] = defaultdict(list)
        """Node to the relations that lead to it, with the classes of the sources."""
        self.waiting: dict[tuple[int, Profile], list[str]] = defaultdict(list)
        """New nodes that have no edge unless one leads to them."""
        self.left: Counter[tuple[int, Profile]] = Counter()
        """Edges that new nodes are still to get."""
        self._pool()
        self.likeness = Likeness(
            facts,
            seed=seed,
            typed=self.typed,
            profiles=self.profiles,
            members=self.members,
            fixed=fixed,
        )

    def grow(self, nodes: int, edges: int | None) -> Growth:
        made = Growth(nodes=[], edges=[], missed=Counter())
        for number in range(nodes):
            made.nodes.append(self.likeness.node(number))
        for number, new in enumerate(made.nodes):
            self.profiles[new.id] = new.kinds
            self.members[new.kinds].append(new.id)
            for link in self.links:
                if link.ranks is not None:
                    link.ranks[new.id] = -1 - number
        self._edges(made, edges)
        if edges is not None:
            self._more(made, edges)
            if self.added < edges:
                made.missed["edge for which no relation has room"] = edges - self.added
        return made

    # what is there

    def _pool(self) -> None:
        """Keep the targets of each relation by the classes of its sources, once for each edge."""
        for place, link in enumerate(self.links):
            for source, targets in link.outs.items():
                slot = (place, self.profiles.get(source, ()))
                named = [target for target in targets if not target.startswith("_:")]
                self.pools[slot] += named
                number = (len(named) + 1) // 2 if link.symmetric else len(named)
                self.leaving[source] += [place] * number
                for target in named:
                    self.arriving[target].append(slot)
        for slot, pool in self.pools.items():
            self.fresh[slot] = len(set(pool)) / len(pool) if pool else 0.0

    # edges

    def _edges(self, made: Growth, most: int | None) -> None:
        """Give each new node edges like those of the node after which it is drawn."""
        wanted = [(place, new) for new in made.nodes for place in self.leaving.get(new.like, ())]
        if most is not None:
            stream(self.seed, "grow", "edges").shuffle(wanted)
        for new in made.nodes:
            if not self.leaving.get(new.like) and (slots := self.arriving.get(new.like)):
                slot = stream(self.seed, "grow", "arrives", new.id).choice(slots)
                self.waiting[slot].append(new.id)
        self.left.update((place, new.kinds) for place, new in wanted)
        for number, (place, new) in enumerate(wanted):
            if most is not None and self.added + self._cost(place) > most:
                continue
            draw = stream(self.seed, "grow", "edge", number)
            self._edge(made, place, new.id, new.kinds, draw)
        for (place, profile), targets in sorted(self.waiting.items()):
            for target in targets:
                if most is None or self.added + self._cost(place) <= most:
                    self._reach(made, place, profile, target)

    def _reach(self, made: Growth, place: int, profile: Profile, target: str) -> None:
        """Lead an edge to a new node from one that may have more of its kind."""
        draw = stream(self.seed, "grow", "reach", target)
        link = self.links[place]
        for _ in range(_TRIES):
            source = draw.choice(self.members[profile])
            if link.admits(source, target):
                made.edges += link.add(source, target, draw)
                self.added += self._cost(place)
                return
        made.missed["edge without a free source"] += 1

    def _cost(self, place: int) -> int:
        """Return as how many edges one of a relation counts."""
        link = self.links[place]
        return 1 if link.mirror is None or (self.halves and link.symmetric) else 2

    def _edge(
        self, made: Growth, place: int, source: str, profile: Profile, draw: random.Random
    ) -> bool:
        link, slot = self.links[place], (place, profile)
        pool = self.pools.get(slot)
        if not pool:
            return False
        waiting = self.waiting.get(slot, [])
        first = draw.random() < max(self.fresh[slot], len(waiting) / max(1, self.left[slot]))
        self.left[slot] -= 1
        for attempt in range(_TRIES):
            target = draw.choice(pool)
            if waiting and first and not attempt:
                target = waiting[0]
            elif draw.random() < self.fresh[slot]:
                target = draw.choice(self.members[self.profiles.get(target, ())])
            if link.admits(source, target):
                if waiting and target == waiting[0]:
                    del waiting[0]
                pool.append(target)
                said = link.add(source, target, draw)
                made.edges += said
                self.added += self._cost(place)
                return True
        made.missed["edge without a free target"] += 1
        return False

    def _more(self, made: Growth, wanted: int) -> None:
        """Add edges between nodes that may have more of them, up to the number wanted."""
        several = [n for n, link in enumerate(self.links) if not link.single]
        sources = {
            place: [
                s for s, targets in self.links[place].outs.items() for _ in targets if s[:2] != "_:"
            ]
            for place in several
        }
        fresh = {n: len(set(found)) / max(1, len(found)) for n, found in sources.items()}
        places = [place for place in several for _ in sources[place]]
        number = failed = 0
        while places and self.added < wanted and failed < 20 * _TRIES:
            draw = stream(self.seed, "grow", "more", number)
            number += 1
            place = draw.choice(places)
            if self.added + self._cost(place) > wanted:
                failed += 1
                continue
            source = draw.choice(sources[place])
            if draw.random() < fresh[place]:
                source = draw.choice(self.members[self.profiles.get(source, ())])
            before = made.missed.copy()
            if self._edge(made, place, source, self.profiles.get(source, ()), draw):
                sources[place].append(source)
                failed = 0
            else:
                made.missed, failed = before, failed + 1
