"""The branches of structures: each entity with what hangs on it, in tables of counts.

Forms come in, costs of turning one branch into others go out, as arrays: thousands of branches
are compared at once. Why they may be summed up is told in `distance`, the file to read next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agentgym.schema.canonical import Form

__all__ = ["Branch", "Gaps", "Ints", "Known", "branches"]

Ints = NDArray[np.int32]

_HALVES = {"child": 1, "target": 1, "on": 1, "at": 1, "of": 2}
"""Role of an arc to an entity to the share of the node's cost that lies there, in half edits."""


class _Table:
    """Counts of many multisets, a line for each label that comes up; lines and places grow."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.size = 0
        self._cells: Ints = np.zeros((32, 64), dtype=np.int32)

    @property
    def cells(self) -> Ints:
        """Label by multiset; lines without a label are 0."""
        return self._cells[: len(self.lines), : self.size]

    def append(self, counts: Counter[str]) -> None:
        """Take one more."""
        for name in counts:
            self.lines.setdefault(name, len(self.lines))
        lines, places = self._cells.shape
        if self.size == places or len(self.lines) > lines:
            grown = np.zeros((max(lines, 2 * len(self.lines)), 2 * places), dtype=np.int32)
            grown[:lines, :places] = self._cells
            self._cells = grown
        for name, number in counts.items():
            self._cells[self.lines[name], self.size] = number
        self.size += 1

    def gap(self, counts: Counter[str], numbers: Ints) -> Ints:
        """Return the sum of absolute differences to some of them."""
        found = np.full(len(numbers), sum(counts.values()), dtype=np.int32)
        for line, cells in zip(self.lines, self.cells, strict=True):
            theirs, mine = cells[numbers], counts[line]
            found += np.abs(theirs - mine) - mine if mine else theirs
        return found


class Gaps:
    """Multisets of labels in classes, and how many edits turn one into another at least.

    What stands before the first `:` of a label is its class.
    """

    def __init__(self) -> None:
        self._labels, self._classes = _Table(), _Table()

    def __len__(self) -> int:
        return self._classes.size

    def append(self, labels: Counter[str]) -> None:
        """Take one more multiset."""
        self._labels.append(labels)
        self._classes.append(_classes(labels))

    def row(self, labels: Counter[str], weights: Mapping[str, int], numbers: Ints | slice) -> Ints:
        """Return the gap to some: labels without an equal one, times the weight of the class."""
        mine = _classes(labels)
        known, cells = self._classes.lines, self._classes.cells[:, numbers]
        found = np.full(
            cells.shape[1],
            sum(n * weights.get(name, 1) for name, n in mine.items() if name not in known),
            dtype=np.int32,
        )
        for name, line in known.items():
            found += weights.get(name, 1) * np.maximum(cells[line], mine[name])
        for label, number in labels.items():
            place = self._labels.lines.get(label)
            if place is not None:
                theirs = self._labels.cells[place][numbers]
                found -= weights.get(_kind(label), 1) * np.minimum(theirs, number)
        return found


def _classes(labels: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for label, number in labels.items():
        found[_kind(label)] += number
    return found


class Branch:
    """One entity and what hangs on it; of no entity, where it has no labels."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        """`<role> <kind>:<label>` of what hangs on it, and its own label."""
        self.cycles: Counter[str] = Counter()
        """How many cycles, initial and later states."""
        self.moves: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        """How many leave, and enter, the state with the most of them, the next one ..."""


def branches(form: Form) -> list[Branch]:
    """Cut a form into the branch of no entity and those of its entities."""
    found = {n: Branch() for n, label in enumerate(form.nodes) if _kind(label) == "entity"}
    for n, branch in found.items():
        branch.labels[form.nodes[n]] += 1
    home: dict[int, int] = {}
    """Cycle, and state, to its entity."""
    for source, target, role in form.arcs:
        label = form.nodes[source]
        if _kind(label) == "cycle":
            home[source] = target
            found[target].cycles["cycle"] += 1
        elif target in found and role in _HALVES:
            kind, _, rest = label.partition(":")
            found[target].labels[f"{role} {kind}:{rest}"] += 1
    for source, target, _ in form.arcs:
        if _kind(form.nodes[source]) == "state":
            home[source] = home[target]
            found[home[target]].cycles[form.nodes[source]] += 1
    for way, role in enumerate(("from", "to")):
        degrees = Counter(target for _, target, ends in form.arcs if ends == role)
        for state, number in degrees.most_common():
            moves = found[home[state]].moves[way]
            moves[str(len(moves))] = number
    return [Branch(), *found.values()]


def _kind(label: str) -> str:
    return label.partition(":")[0]


_WEIGHTS = {"entity": 2} | {
    f"{role} {kind}": share
    for role, share in _HALVES.items()
    for kind in ("relation", "derived", "exclusive", "effect")
}
"""The class of a label of a branch to the half edits that one of them costs."""
_CYCLES = {"cycle": 2, "state": 2}


class Known:
    """The branches that any member has, each once, and the life cycles on them, each once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._labels = Gaps()
        self._bundles: dict[str, int] = {}
        self._bundle_of: list[int] = []
        self._cycles = Gaps()
        self._moves = (_Table(), _Table())

    def number(self, branch: Branch) -> int:
        """Return the number of a branch, a new one where it is new."""
        bundle = repr([sorted(each.items()) for each in (branch.cycles, *branch.moves)])
        key = repr((sorted(branch.labels.items()), bundle))
        found = self._numbers.setdefault(key, len(self._numbers))
        if found == len(self._bundle_of):
            self._labels.append(branch.labels)
            self._bundle_of.append(self._bundles.setdefault(bundle, len(self._bundles)))
            if self._bundle_of[-1] == len(self._cycles):
                self._cycles.append(branch.cycles)
                for table, degrees in zip(self._moves, branch.moves, strict=True):
                    table.append(degrees)
        return found

    def costs(self, mine: Sequence[Branch], numbers: Ints) -> Ints:
        """Return the cost of turning each of some branches into each of others, in half edits."""
        bundles, places = np.unique(
            np.array([self._bundle_of[number] for number in numbers.tolist()], np.int32),
            return_inverse=True,
        )
        return np.stack([
            self._labels.row(branch.labels, _WEIGHTS, numbers)
            + self._turned(branch, bundles)[places]
            for branch in mine
        ])  # fmt: skip

    def _turned(self, branch: Branch, bundles: Ints) -> Ints:
        """Return the cost of turning the life cycles of a branch into others, in half edits."""
        leaving, entering = (
            table.gap(degrees, bundles)
            for table, degrees in zip(self._moves, branch.moves, strict=True)
        )
        cycles = self._cycles.row(branch.cycles, _CYCLES, bundles)
        cycles += 2 * np.maximum(leaving, entering)
        return cycles
