"""How many edits apart two structures are: a lower bound, fast for thousands of them.

One edit inserts, deletes or relabels one node of the form of a schema: an entity, a relation, a
life cycle, one of its states or moves, a derived value, an exclusive or an effect (see
`schema.canonical.structure`). A node is inserted with its arcs, and deleted only when no arc
leads to it; arcs do not change otherwise. So to hang a relation elsewhere is two edits, and to
delete an entity of three relations four. The exact distance is the least number of edits after
which the forms are isomorphic. It is NP-hard to find; here are three numbers that never exceed it:

- by labels: of each kind of node, those that cannot be paired with one of the same label;
- by branches: an entity and what hangs on it is its branch. The cost of a node is shared between
  the branches that it is in: a relation has half of it at its child and half at its target, an
  effect half where it is set off and half where it writes, all others the whole at their entity.
  Pairing entities at the least sum of costs of branches (one without a partner is paired with
  nothing) never costs more than the edits do. Where many structures are compared, each entity
  is paired with the best of the other structure whether or not that one is taken;
- by isomorphism: two edits at least where the forms are different, but no label is.

Forms come in, numbers of edits go out. Next: `diversity`.

Sources: K. Riesen, H. Bunke, "Approximate graph edit distance computation by means of bipartite
graph matching" (2009); D. Blumenthal, "New Techniques for Graph Edit Distance Computation" (2019),
the bound BRANCH.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from agentgym.build.fleet.branches import Branch, Gaps, Ints, Known, branches
from agentgym.schema.canonical import Form, same

__all__ = ["Neighbourhood", "distance", "nearest"]

_LARGEST = 32
"""Entities up to which the cheapest pairing is searched for; the search is cubic."""
_SEARCHES = 8
"""How often it is searched for in one look for the nearest."""


class Neighbourhood:
    """Structures to which the distance of others is asked; members are counted from 0.

    A look among 1,000 members takes a few milliseconds at most.

    Args:
        forms: The first members.
    """

    def __init__(self, forms: Iterable[Form] = ()) -> None:
        self._forms: list[Form] = []
        self._digests: dict[str, list[int]] = defaultdict(list)
        self._whole = Gaps()
        self._known = Known()
        self._members: list[Ints] = []
        """Of each member the numbers of its branches, opened by 0, the branch of no entity."""
        for form in forms:
            self.add(form)

    def __len__(self) -> int:
        return len(self._forms)

    def add(self, form: Form) -> int:
        """Take a member; return its number."""
        member = len(self._forms)
        self._forms.append(form)
        self._digests[form.digest].append(member)
        self._whole.append(Counter(form.nodes))
        numbers = [self._known.number(branch) for branch in branches(form)]
        self._members.append(np.array(numbers, np.int32))
        return member

    def same(self, form: Form) -> int | None:
        """Return the first member that is isomorphic to the form, None where there is none."""
        for member in self._digests.get(form.digest, ()):
            if same(form, self._forms[member]):
                return member
        return None

    def nearest(self, form: Form) -> int | None:
        """Return a lower bound of the edits to the nearest member; None without members.

        It is 0 if and only if a member is isomorphic to the form.
        """
        found = self.closest(form)
        return None if found is None else found[0]

    def within(self, form: Form, edits: int) -> int | None:
        """Return a member that may be nearer than that many edits; None where none can be."""
        found = self.closest(form, at_most=edits)
        return None if found is None or found[0] >= edits else found[1]

    def closest(
        self, form: Form, *, but: int | None = None, at_most: int | None = None
    ) -> tuple[int, int] | None:
        """Return a lower bound of the edits to the nearest member, and the member that has it.

        Args:
            form: The form.
            but: A member that is passed over: the form itself.
            at_most: Enough to know: where all are that far, one of them is returned.
        """
        least = self._least(form)
        order = np.argsort(least, kind="stable")
        if but is not None:
            order = order[order != but]
        if not len(order):
            return None
        mine = branches(form)
        best = (int(np.iinfo(np.int32).max), -1)
        enough = best[0] if at_most is None else at_most
        searches = _SEARCHES
        start, size = 0, 32
        while start < len(order):
            block = order[start : start + size]
            start, size = start + size, 2 * size
            if least[block[0]] >= min(best[0], enough):
                break
            block = block[least[block] < min(best[0], enough)]
            costs, bounds = self._matched(mine, block)
            bounds = np.maximum(bounds, least[block])
            bounds[least[block] == 0] = 0
            for place in map(int, np.argsort(bounds, kind="stable")):
                edits, member = int(bounds[place]), int(block[place])
                if edits >= min(best[0], enough):  # and so are the rest of the block
                    best = min(best, (edits, member))
                    break
                if edits and searches:
                    edits = max(edits, _paired(costs(place)))
                    searches -= 1
                best = min(best, (edits, member))
        return best if best[1] >= 0 else (int(least[order[0]]), int(order[0]))

    def _least(self, form: Form) -> Ints:
        """Bound the edits to each member by labels, and by isomorphism."""
        found = self._whole.row(Counter(form.nodes), {}, slice(None))
        found = np.maximum(found, np.where(found == 0, 2, 1)).astype(np.int32)
        for member in self._digests.get(form.digest, ()):
            if same(form, self._forms[member]):
                found[member] = 0
        return found

    def _matched(
        self, mine: Sequence[Branch], members: NDArray[np.intp]
    ) -> tuple[Callable[[int], Ints], Ints]:
        """Bound the edits to some members: each entity with the best, and the other way.

        Returns:
            What gives the costs of pairs of branches of one of them, and the bounds.
        """
        theirs = [self._members[int(member)] for member in members]
        starts = np.cumsum([0, *map(len, theirs)])
        kinds, places = np.unique(np.concatenate(theirs), return_inverse=True)
        costs = self._known.costs(mine, kinds)[:, places]
        there = np.minimum.reduceat(costs, starts[:-1], axis=1).sum(axis=0)
        back = np.add.reduceat(costs.min(axis=0), starts[:-1])
        bounds = (np.maximum(there, back) + 1) // 2
        return lambda n: costs[:, starts[n] : starts[n + 1]], bounds.astype(np.int32)


def _paired(costs: Ints) -> int:
    """Pair the entities of two structures as cheaply as can be; in whole edits.

    Row 0 and column 0 are no entity: the costs of being without a partner. 0 where the
    structures are too large.
    """
    rows, columns = (n - 1 for n in costs.shape)
    size = max(rows, columns)
    if size > _LARGEST:
        return 0
    square = np.zeros((size, size), dtype=np.int32)
    square[:rows] = costs[1:, :1]
    square[:, :columns] += costs[:1, 1:]
    square[:rows, :columns] = np.minimum(square[:rows, :columns], costs[1:, 1:])
    return -(-_assign(square.tolist()) // 2)


def _assign(costs: Sequence[Sequence[int]]) -> int:
    """Return the least sum of one cost a row and column of a square (Kuhn and Munkres)."""
    size = len(costs)
    far = 1 + sum(max(row) for row in costs)
    rows, columns = [0] * (size + 1), [0] * (size + 1)
    owner = [0] * (size + 1)
    for row in range(1, size + 1):
        owner[0] = row
        at = 0
        least, way, done = [far] * (size + 1), [0] * (size + 1), [False] * (size + 1)
        while owner[at]:
            done[at] = True
            mine, step, new = owner[at], far, 0
            line = costs[mine - 1]
            for column in range(1, size + 1):
                if not done[column]:
                    spare = line[column - 1] - rows[mine] - columns[column]
                    if spare < least[column]:
                        least[column], way[column] = spare, at
                    if least[column] < step:
                        step, new = least[column], column
            for column in range(size + 1):
                if done[column]:
                    rows[owner[column]] += step
                    columns[column] -= step
                else:
                    least[column] -= step
            at = new
        while at:
            owner[at] = owner[way[at]]
            at = way[at]
    return -columns[0]


def distance(one: Form, other: Form, *, at_most: int | None = None) -> int:
    """Return a lower bound of the edits between two structures; 0 only where they are isomorphic.

    Args:
        one: A structure.
        other: Another.
        at_most: Enough to know: a larger distance is returned as this.
    """
    found = Neighbourhood([other]).closest(one, at_most=at_most)
    assert found is not None
    return found[0] if at_most is None else min(found[0], at_most)


def nearest(forms: Sequence[Form]) -> tuple[list[int], list[int]]:
    """Find the nearest other one of each structure.

    Returns:
        A lower bound of the edits to it, and its number; both lists are empty where there are
        fewer than two structures.
    """
    found = Neighbourhood(forms)
    near = [found.closest(form, but=number) for number, form in enumerate(forms)]
    pairs = [one for one in near if one is not None]
    return [edits for edits, _ in pairs], [member for _, member in pairs]
