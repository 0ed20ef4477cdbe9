"""Small structures at random, single edits of them, and the judges of both: exhaustive searches."""

from __future__ import annotations

import itertools
import random
from collections import Counter

from agentgym.schema.canonical import Form, form

ENTITIES = ("entity:record:writable", "entity:link:writable", "entity:record:fixed")
RELATIONS = ("relation:many:required:plain", "relation:one:optional:plain")
STATES = ("state:initial", "state:later")
DERIVED = ("derived:sum:below:all", "derived:count:below:all")
EXCLUSIVES = ("exclusive:always:all", "exclusive:span:all")
EFFECTS = ("effect:create:adjust", "effect:update:add:lasting")

Arc = tuple[int, int, str]


class Draft:
    """A structure that is put together and edited; arcs lead to earlier nodes only."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.nodes: dict[int, str] = {}
        self.arcs: dict[int, list[tuple[int, str]]] = {}
        self.next = 0

    def of(self, kind: str) -> list[int]:
        """Name the nodes of a kind."""
        return [n for n, label in self.nodes.items() if label.partition(":")[0] == kind]

    def put(self, label: str, *arcs: tuple[int, str]) -> None:
        """Add a node."""
        self.nodes[self.next] = label
        self.arcs[self.next] = list(arcs)
        self.next += 1

    def insert(self) -> None:
        """Add a node of a kind for which there is a place."""
        rng = self.rng
        entities, cycles, states = self.of("entity"), self.of("cycle"), self.of("state")
        ways = ["entity", "entity"]
        if entities:
            ways += ["relation"] * 4 + ["cycle", "derived", "exclusive", "effect"]
        ways += ["state"] * 2 * bool(cycles) + ["move"] * 2 * bool(states)
        match rng.choice(ways):
            case "entity":
                self.put(rng.choice(ENTITIES))
            case "relation":
                ends = rng.choice(entities), rng.choice(entities)
                own = "self" if ends[0] == ends[1] else "other"
                label = f"{rng.choice(RELATIONS)}:{own}"
                self.put(label, (ends[0], "child"), (ends[1], "target"))
            case "cycle":
                self.put("cycle", (rng.choice(entities), "of"))
            case "state":
                self.put(rng.choice(STATES), (rng.choice(cycles), "of"))
            case "move":
                start = rng.choice(states)
                near = [s for s in states if self.arcs[s] == self.arcs[start]]
                self.put("move", (start, "from"), (rng.choice(near), "to"))
            case "derived":
                below = self.of("relation")
                over = [(rng.choice(below), "over")] if below and rng.random() < 0.5 else []
                self.put(rng.choice(DERIVED), (rng.choice(entities), "of"), *over)
            case "exclusive":
                self.put(rng.choice(EXCLUSIVES), (rng.choice(entities), "of"))
            case "effect":
                waits = [(rng.choice(states), "when")] if states and rng.random() < 0.5 else []
                ends = rng.choice(entities), rng.choice(entities)
                self.put(rng.choice(EFFECTS), (ends[0], "on"), (ends[1], "at"), *waits)

    def edit(self) -> None:
        """Insert, delete or relabel one node."""
        rng = self.rng
        held = {target for arcs in self.arcs.values() for target, _ in arcs}
        free = sorted(set(self.nodes) - held)
        way = rng.choice(["insert", "delete", "relabel"])
        if way == "delete" and free:
            gone = rng.choice(free)
            del self.nodes[gone], self.arcs[gone]
        elif way == "relabel" and self.nodes:
            node = rng.choice(sorted(self.nodes))
            self.nodes[node] = self.other(self.nodes[node])
        else:
            self.insert()

    def other(self, label: str) -> str:
        """Return another label of the same kind, or the only one."""
        for labels in (ENTITIES, STATES, DERIVED, EXCLUSIVES, EFFECTS):
            if label in labels:
                return self.rng.choice([one for one in labels if one != label])
        if label.startswith("relation"):
            head, _, own = label.rpartition(":")
            return f"{RELATIONS[1 - RELATIONS.index(head)]}:{own}"
        return label

    def form(self, *, shuffled: bool = False) -> Form:
        """Return the form, its nodes in order or in any."""
        order = list(self.nodes)
        if shuffled:
            self.rng.shuffle(order)
        place = {node: number for number, node in enumerate(order)}
        arcs = [
            (place[node], place[target], role)
            for node, found in self.arcs.items()
            for target, role in found
        ]
        if shuffled:
            self.rng.shuffle(arcs)
        return form([self.nodes[node] for node in order], arcs)


def drawn(rng: random.Random, size: int) -> Draft:
    """Draw a structure of that many nodes."""
    draft = Draft(rng)
    for _ in range(size):
        draft.insert()
    return draft


def isomorphic(one: Form, other: Form) -> bool:
    """Try every way to lay one graph on the other."""
    if len(one.nodes) != len(other.nodes) or len(one.arcs) != len(other.arcs):
        return False
    wanted = Counter(other.arcs)
    places = range(len(one.nodes))
    return any(
        all(one.nodes[n] == other.nodes[way[n]] for n in places)
        and Counter((way[a], way[b], role) for a, b, role in one.arcs) == wanted
        for way in itertools.permutations(places)
    )


def edits(one: Form, other: Form) -> int:
    """Return the exact distance: try every way to keep nodes of one as nodes of the other.

    Needs forms whose arcs lead to earlier nodes only.
    """
    mine, theirs = _led(one), _led(other)
    kinds = [label.partition(":")[0] for label in other.nodes]
    best = len(one.nodes) + len(other.nodes)
    kept: dict[int, int] = {}

    def walk(node: int, cost: int) -> None:
        nonlocal best
        if cost >= best:
            return
        if node == len(one.nodes):
            best = min(best, cost + len(other.nodes) - len(kept))
            return
        led = mine[node]
        if all(target in kept for target, _ in led):
            wanted = Counter((kept[target], role) for target, role in led)
            taken = set(kept.values())
            for new, kind in enumerate(kinds):
                if (
                    new not in taken
                    and one.nodes[node].partition(":")[0] == kind
                    and Counter(theirs[new]) == wanted
                ):
                    kept[node] = new
                    walk(node + 1, cost + (one.nodes[node] != other.nodes[new]))
                    del kept[node]
        walk(node + 1, cost + 1)

    walk(0, 0)
    return best


def _led(one: Form) -> list[list[tuple[int, str]]]:
    found: list[list[tuple[int, str]]] = [[] for _ in one.nodes]
    for source, target, role in one.arcs:
        found[source].append((target, role))
    return found
