"""Which created row is which: rows matched up to renaming of the keys that the world made.

Nodes come in, one for each changed row, of the goal and of the run; what refers to a created row
refers to its node. Colours are refined over values and references until they stand still, ties
are tried in turn, and a cap ends the search in `unknown`, which is never a match.
Next: `equivalence`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agentgym.schema.types import Stored

__all__ = ["CAP", "Node", "Pairing", "Ref", "fits", "pair"]

CAP = 20_000
"""Steps after which the search for a pairing ends."""


class Ref(NamedTuple):
    """A value that is a part of the key of a created row."""

    node: int
    """Which one, among the nodes of its side."""
    place: int
    """Which part of the key."""


class Node(NamedTuple):
    """One changed row."""

    kind: tuple[str, str]
    """Entity, and `insert`, `update` or `delete`."""
    values: Mapping[str, Stored | Ref]
    """What identifies it and what it holds. Of a run: all of it."""
    within: Mapping[str, frozenset[Stored | Ref]] = {}
    """Of a goal: fields with several values that will do. All other fields may hold anything."""
    exact: bool = False
    """Of a goal: whether fields besides `values`, `within` and `free` may not be there at all."""
    free: frozenset[str] = frozenset()


class Pairing(NamedTuple):
    """Which is which, as far as it goes."""

    pairs: dict[int, int]
    """Required to actual places; each pair fits, references aside."""
    holds: bool | None
    """Whether nothing is left over on either side and every reference is kept; None: unknown,
    the search was ended by its cap."""


def pair(required: Sequence[Node], actual: Sequence[Node], *, cap: int = CAP) -> Pairing:
    """Pair the nodes of a goal with those of a run, one to one.

    Args:
        required: The nodes of the goal.
        actual: The nodes of the run.
        cap: Steps after which the search ends.

    Returns:
        A pairing that holds, where there is one; else a largest one.
    """
    whole = len(required) == len(actual)
    if not any(_named(node) for node in required):
        largest = _largest(required, actual)
        return Pairing(largest, whole and len(largest) == len(required))
    open_to = _colourful(required, actual) if whole else None
    if open_to is None or len(_augmented(open_to)) < len(required):
        return Pairing(_largest(required, actual), False)
    search = _Search(required, actual, open_to, cap)
    found = search.run()
    if found is not None:
        return Pairing(found, True)
    return Pairing(_largest(required, actual), None if search.steps >= cap else False)


def _colourful(required: Sequence[Node], actual: Sequence[Node]) -> list[frozenset[int]] | None:
    """Say which actual nodes each required one can be; None where some can be none."""
    wild: dict[tuple[str, str], set[str]] = {}
    fixed: dict[tuple[str, str], set[str]] = {}
    for node in required:
        wild.setdefault(node.kind, set()).update(node.within, node.free)
        fixed.setdefault(node.kind, set()).update(node.values)
    for node in required:
        missing = fixed[node.kind] - node.values.keys()
        wild[node.kind] |= missing
    looked = {kind: sorted(names - wild[kind]) for kind, names in fixed.items()}
    if any(node.kind not in looked for node in actual):
        return None
    ours, theirs = _refined(required, actual, looked)
    by_colour: dict[int, list[int]] = {}
    for place, colour in enumerate(theirs):
        by_colour.setdefault(colour, []).append(place)
    if Counter(ours) != Counter(theirs):
        return None
    found: list[frozenset[int]] = []
    shared: dict[object, frozenset[int]] = {}
    for node, colour in zip(required, ours, strict=True):
        plain = not wild[node.kind]
        slot = colour if plain else (colour, _shape(node))
        if slot not in shared:
            shared[slot] = frozenset(p for p in by_colour[colour] if fits(node, actual[p]))
        if not shared[slot]:
            return None
        found.append(shared[slot])
    return found


def _shape(node: Node) -> object:
    return (
        frozenset(node.values.items()),
        frozenset(node.within.items()),
        node.free,
        node.exact,
    )


def _refined(
    required: Sequence[Node],
    actual: Sequence[Node],
    looked: Mapping[tuple[str, str], Sequence[str]],
) -> tuple[list[int], list[int]]:
    """Colour both sides by values, then by the colours of what they refer to and are named by."""
    sides = (required, actual)
    edges = [_edges(side, looked) for side in sides]
    names: dict[object, int] = {}
    colours = [
        [
            names.setdefault(
                (
                    node.kind,
                    tuple(_plain(node.values.get(name, _ABSENT)) for name in looked[node.kind]),
                ),
                len(names),
            )
            for node in side
        ]
        for side in sides
    ]
    count = len(names)
    while any(edges):
        names = {}
        after = []
        for side, links, old in zip(sides, edges, colours, strict=True):
            told: list[list[object]] = [[] for _ in side]
            for child, field, parent, place in links:
                told[child].append((field, place, old[parent]))
                told[parent].append((field, place, old[child], "by"))
            after.append(
                [
                    names.setdefault((old[at], tuple(sorted(map(repr, heard)))), len(names))
                    for at, heard in enumerate(told)
                ]
            )
        colours = after
        if len(names) == count:
            break
        count = len(names)
    return colours[0], colours[1]


_ABSENT = Ref(-1, -1)


def _plain(value: Stored | Ref) -> object:
    if isinstance(value, Ref):
        return ("absent",) if value == _ABSENT else ("ref", value.place)
    # An integer and a text are never alike; true is stored as 1.
    return (type(value).__name__ if isinstance(value, str) else "", value)


def _edges(
    side: Sequence[Node], looked: Mapping[tuple[str, str], Sequence[str]]
) -> list[tuple[int, str, int, int]]:
    return [
        (at, name, value.node, value.place)
        for at, node in enumerate(side)
        for name in looked[node.kind]
        if isinstance(value := node.values.get(name), Ref)
    ]


def fits(required: Node, actual: Node) -> bool:
    """Tell whether a node of a run may be one of the goal, references aside."""
    if required.kind != actual.kind:
        return False
    for name, value in required.values.items():
        if name not in actual.values or _plain(actual.values[name]) != _plain(value):
            return False
    for name, several in required.within.items():
        if name not in actual.values or _plain(actual.values[name]) not in map(_plain, several):
            return False
    if not required.exact:
        return True
    return actual.values.keys() - required.free == required.values.keys() | required.within.keys()


class _Search:
    """Tries pairings that keep every reference."""

    def __init__(
        self,
        required: Sequence[Node],
        actual: Sequence[Node],
        open_to: Sequence[frozenset[int]],
        cap: int,
    ) -> None:
        self.required, self.actual, self.cap = required, actual, cap
        self.open_to = open_to
        self.steps = 0
        self._paired: dict[int, int] = {}
        self._taken: set[int] = set()
        self._named = [_named(node) for node in required]
        self._naming: dict[tuple[str, Ref], set[int]] = {}
        for place, node in enumerate(actual):
            for slot in _named(node):
                self._naming.setdefault(slot, set()).add(place)

    def run(self) -> dict[int, int] | None:
        """Return a complete pairing; None where there is none, or the cap was met."""
        order = sorted(range(len(self.required)), key=lambda at: (len(self.open_to[at]), at))
        trail: list[tuple[list[int], list[int]]] = []
        at = 0
        # Depth first, without recursion: there may be thousands of rows.
        while at < len(order):
            if self.steps >= self.cap:
                return None
            if len(trail) == at:
                mine = order[at]
                chosen = [self._paired[mine]] if mine in self._paired else self._choices(mine)
                trail.append((chosen, []))
            chosen, done = trail[at]
            self._undo(done)
            if not chosen:
                trail.pop()
                if at == 0:
                    return None
                at -= 1
                continue
            self.steps += 1
            if self._set(order[at], chosen.pop(0), done):
                at += 1
        return dict(self._paired)

    def _choices(self, mine: int) -> list[int]:
        """List what a node may be: of what it refers to, what is paired narrows it down."""
        fitting: frozenset[int] | set[int] = self.open_to[mine]
        for field, ref in self._named[mine]:
            if ref.node in self._paired:
                slot = field, Ref(self._paired[ref.node], ref.place)
                fitting = fitting & self._naming.get(slot, set())
        return sorted(place for place in fitting if place not in self._taken)

    def _undo(self, done: list[int]) -> None:
        for mine in done:
            self._taken.discard(self._paired.pop(mine))
        done.clear()

    def _set(self, mine: int, theirs: int, done: list[int]) -> bool:
        """Pair two nodes, and all that their references name; False where one does not fit."""
        waiting = [(mine, theirs)]
        while waiting:
            one, other = waiting.pop()
            if one in self._paired:
                if self._paired[one] != other:
                    self._undo(done)
                    return False
                continue
            if other in self._taken or other not in self.open_to[one]:
                self._undo(done)
                return False
            self._paired[one] = other
            self._taken.add(other)
            done.append(one)
            for field, ref in self._named[one]:
                target = self.actual[other].values[field]
                assert isinstance(target, Ref)
                waiting.append((ref.node, target.node))
        return True


def _named(node: Node) -> list[tuple[str, Ref]]:
    return [(name, value) for name, value in node.values.items() if isinstance(value, Ref)]


def _largest(required: Sequence[Node], actual: Sequence[Node]) -> dict[int, int]:
    """Pair as many as fit, references aside."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, node in enumerate(actual):
        places.setdefault(node.kind, []).append(place)
    return _augmented(
        [[p for p in places.get(node.kind, ()) if fits(node, actual[p])] for node in required]
    )


def _augmented(open_to: Sequence[Iterable[int]]) -> dict[int, int]:
    """Pair as many as can be, augmenting along alternating paths (Kuhn's algorithm)."""
    owner: dict[int, int] = {}
    mine: dict[int, int] = {}
    for start in range(len(open_to)):
        came: dict[int, int] = {}
        waiting = deque([start])
        free: int | None = None
        while waiting and free is None:
            wanted = waiting.popleft()
            for place in open_to[wanted]:
                if place in came:
                    continue
                came[place] = wanted
                if place not in owner:
                    free = place
                    break
                waiting.append(owner[place])
        while free is not None:
            wanted = came[free]
            before = mine.get(wanted)
            owner[free], mine[wanted] = wanted, free
            free = None if wanted == start else before
    return mine
