"""Trails: rows of a domain and how they hang together, before anything is told of them.

Paths, trees (two branches that meet) and cycles (two ways from one row to another) are walked on
the rows, away from hubs and dead ends; the last knot is the row that is asked for. Trees and
cycles are drawn evenly over their kinds, not over rows, and with tails of several lengths: the
answer is now where branches meet, now behind that bridge. Next: `pins`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from agentgym.schema import Relation
from agentgym.schema.types import Row
from agentgym.tasks.reading.knots import Knot, Shape, Tie, Trail
from agentgym.tasks.reading.masks import Masks
from agentgym.tasks.routes import Step
from agentgym.tasks.walks import At, Walker

__all__ = ["Trails"]

_HUB = 60
"""A row with more children than this is a hub: clues do not tell one of so many."""
_TRIED = 4
"""Relations that are tried to go on from a row."""
_ROWS = 12
"""Rows that are tried for one at which branches can meet."""


class Trails:
    """Walks trails over the rows of one domain.

    Args:
        walker: What can be walked.
        masks: The rows.
        asked: Tells whether something of an entity may be asked.
    """

    def __init__(
        self, walker: Walker, masks: Masks, asked: Callable[[str], bool] = lambda name: True
    ) -> None:
        self.asked = asked
        self.walker, self.masks, self.schema = walker, masks, walker.schema
        self.tables = walker.tables
        self._meets = [
            (entity.name, ups)
            for entity in walker.entities
            if len(ups := self.ups(entity.name)) > 1
        ]
        self._turns = list(self._cycles())

    def ups(self, entity: str) -> list[Relation]:
        """Relations to parents, by each of which some tool lists rows of the entity."""
        return [
            relation
            for relation in self.schema.parents(entity)
            if relation.target in self.walker.spoken
            and self.schema.entity(relation.target).kind != "link"
            and self.walker.leads(relation, up=False)
            and not relation.one_to_one
        ]

    def _cycles(self) -> Iterator[tuple[str, Relation, Relation, str, Relation, Relation]]:
        """Yield two entities with references to the same two parents, one by one the same."""
        for end, ups in self._meets:
            for one in ups:
                for other in ups:
                    if one.name >= other.name or end in (one.target, other.target):
                        continue
                    for start, theirs in self._meets:
                        for mine in theirs:
                            for yours in theirs:
                                if (
                                    mine.name != yours.name
                                    and (mine.target, yours.target) == (one.target, other.target)
                                    and mine.target_fields == one.target_fields
                                    and yours.target_fields == other.target_fields
                                ):
                                    yield start, mine, yours, end, one, other

    def shapes(self) -> tuple[Shape, ...]:
        """Return the shapes that the relations allow."""
        found: list[Shape] = ["path"]
        found += ["tree"] if self._meets else []
        found += ["cycle"] if self._turns else []
        return tuple(found)

    def draw(
        self,
        rng: random.Random,
        *,
        shape: Shape,
        knots: int,
        least: int = 0,
        end: str | None = None,
        shown: bool = True,
    ) -> Trail | None:
        """Draw a trail; None where the draw came to nothing.

        Args:
            rng: The stream to draw from.
            shape: How it hangs together.
            knots: How many rows; a tree has three at least, a cycle four.
            least: Fewest calls that a path should take.
            end: The entity of the last row, if it is given.
            shown: Whether the last row itself must be read.
        """
        if shape == "path":
            return self._path(rng, knots, least, end, shown=shown)
        if shape == "cycle":
            trail = self._cycle(rng, knots, end)
        elif knots > 4 and rng.random() < 0.5:
            trail = self._crown(rng, knots, end)
        else:
            trail = self._tree(rng, knots, end)
        if trail is not None and end is not None and trail.knots[-1].entity != end:
            return None
        return trail

    # paths

    def _path(
        self, rng: random.Random, knots: int, least: int, end: str | None, *, shown: bool
    ) -> Trail | None:
        if not least and end is None:
            for _ in range(_ROWS):
                start = rng.choice(self.walker.entities).name
                first = Knot(start, rng.choice(self.tables.rows(start)))
                found = self._wander(rng, [first], knots - 1)
                if found is not None:
                    return Trail("path", tuple(found))
            return None
        if end is None and knots > 1:
            ends = self.walker.routes.ends(nodes=knots, least=least, shown=shown)
            if not ends:
                return None
            end = rng.choice(ends)
        end = end or rng.choice(self.walker.entities).name
        if knots == 1:
            rows = self.tables.rows(end)
            return Trail("path", (Knot(end, rng.choice(rows)),)) if rows and least <= 1 else None
        route = self.walker.routes.to(end, rng, nodes=knots, least=least, shown=shown)
        if route is None or self.walker.routes.cost(route, shown=shown) < least:
            return None
        for _ in range(_ROWS):
            rows = self.tables.rows(route[0].start)
            if not rows:
                return None
            knots_ = [Knot(route[0].start, rng.choice(rows))]
            for step in route:
                knot = self._step(rng, knots_, step.relation, up=step.up)
                if knot is None:
                    break
                knots_.append(knot)
            else:
                return Trail("path", tuple(knots_))
        return None

    def _wander(self, rng: random.Random, found: list[Knot], more: int) -> list[Knot] | None:
        """Go on over that many relations, wherever it leads."""
        for _ in range(more):
            knot = self._on(rng, found)
            if knot is None:
                return None
            found.append(knot)
        return found

    def _on(self, rng: random.Random, found: Sequence[Knot]) -> Knot | None:
        last = found[-1]
        came = last.ties[0] if len(last.ties) == 1 else None
        at = At(
            node="",
            entity=last.entity,
            row=last.row,
            came=(came.relation.name, not came.forward) if came else None,
            passed=tuple(knot.entity for knot in found[:-1]),
        )
        back = {(tie.relation.name, True) for tie in last.ties if tie.forward}
        options = [
            (self.walker.dullness(at, *step) + rng.random(), step)
            for step in self.walker.steps(at)
            if (step[0].name, step[1]) not in back
        ]
        options.sort(key=lambda option: option[0])
        for _, (relation, up) in options[:_TRIED]:
            knot = self._step(rng, found, relation, up=up)
            if knot is not None:
                return knot
        return None

    def _step(
        self, rng: random.Random, found: Sequence[Knot], relation: Relation, *, up: bool
    ) -> Knot | None:
        """Stand on a row that the last one refers to, or that refers to it."""
        last, here = found[-1], len(found) - 1
        place = self.masks.place(last.entity, last.row)
        ways = self.masks.related(relation.name, not up, place)
        entity = relation.target if up else relation.entity
        rows = [self.tables.rows(entity)[number] for number in ways]
        if not rows:
            return None
        tie = (Tie(relation, not up, here),)
        if up or len(rows) == 1:
            return self._fresh(found, Knot(entity, rows[0], tie))
        if rng.random() < 0.55:
            owner = self.schema.entity(entity)
            picked = self.walker.pick(owner, rows, rng, known=relation.fields)
            if picked is not None:
                return self._fresh(found, Knot(entity, picked[1], tie, picked[0]))
        if len(rows) > _HUB:
            return None
        return self._fresh(found, Knot(entity, rng.choice(rows), tie))

    def _fresh(self, found: Sequence[Knot], knot: Knot) -> Knot | None:
        """Return a knot unless its row is on the trail already."""
        known = any((one.entity, one.row) == (knot.entity, knot.row) for one in found)
        return None if known else knot

    # trees

    def _tree(self, rng: random.Random, knots: int, end: str | None) -> Trail | None:
        """Two branches that meet in a row which refers to the last row of each."""
        meets = [(name, ups) for name, ups in self._meets if end is None or name == end]
        meets = [one for one in meets or self._meets if knots > 3 or self.asked(one[0])]
        if knots < 3 or not meets:
            return None
        name, ups = rng.choice(meets)
        for _ in range(_ROWS):
            row = rng.choice(self.tables.rows(name))
            left, right = rng.sample(ups, 2)
            tops = [self._parent(name, row, relation) for relation in (left, right)]
            if None in tops or tops[0] == tops[1]:
                continue
            spare = knots - 3
            tail = self._tail(rng, name, spare) if end is None else 0
            one = rng.randint(0, spare - tail)
            found: list[Knot] = []
            ends: list[int] = []
            for relation, top, more in (
                (left, tops[0], one),
                (right, tops[1], spare - tail - one),
            ):
                assert top is not None
                branch = self._branch(rng, Knot(relation.target, top), more, len(found))
                if branch is None or any(
                    (k.entity, k.row) == (f.entity, f.row) for k in branch for f in found
                ):
                    break
                found += branch
                ends.append(len(found) - 1)
            else:
                ties = (Tie(left, True, ends[0]), Tie(right, True, ends[1]))
                knot = self._fresh(found, Knot(name, row, ties))
                if knot is None:
                    continue
                whole = self._wander(rng, [*found, knot], tail)
                if whole is not None:
                    return Trail("tree", tuple(whole))
        return None

    def _crown(self, rng: random.Random, knots: int, end: str | None) -> Trail | None:
        """Many branches: a row, parents of it, parents of those, of an entity each."""
        meets = [name for name, _ in self._meets if self.asked(name) and end in (None, name)]
        if not meets:
            return None
        name = rng.choice(meets)
        rows: list[tuple[str, Row]] = [(name, rng.choice(self.tables.rows(name)))]
        ties: list[tuple[int, Relation, int]] = []
        while len(rows) < knots:
            options = []
            for place, (entity, row) in enumerate(rows):
                for relation in self.ups(entity):
                    top = self._parent(entity, row, relation)
                    if top is not None and relation.target not in [one for one, _ in rows]:
                        options.append((place, relation, top))
            if not options:
                return None
            place, relation, top = rng.choice(options)
            ties.append((place, relation, len(rows)))
            rows.append((relation.target, top))
        last = len(rows) - 1  # the first row is the last knot
        return Trail(
            "tree",
            tuple(
                Knot(
                    *rows[place],
                    tuple(Tie(one, True, last - top) for low, one, top in ties if low == place),
                )
                for place in range(last, -1, -1)
            ),
        )

    def _tail(self, rng: random.Random, name: str, spare: int) -> int:
        """Choose how far the trail leads on from where its ways meet."""
        return min(rng.choice((0, 0, 1, 2) if self.asked(name) else (1, 1, 2)), spare)

    def _branch(self, rng: random.Random, last: Knot, more: int, offset: int) -> list[Knot] | None:
        """Walk back from a row, and return the way to it; places count from `offset`."""
        back: list[tuple[str, Row]] = [(last.entity, last.row)]
        steps: list[Step] = []
        for _ in range(more):
            entity, row = back[-1]
            at = At(
                node="",
                entity=entity,
                row=row,
                came=(steps[-1].relation.name, not steps[-1].up) if steps else None,
                passed=tuple(name for name, _ in back[:-1]),
            )
            place = self.masks.place(entity, row)
            options = []
            for relation, up in self.walker.steps(at):
                ways = self.masks.related(relation.name, not up, place)
                start = relation.target if up else relation.entity
                if ways and self.walker.leads(relation, up=not up) and len(ways) <= _HUB:
                    dull = self.walker.dullness(at, relation, up) + rng.random()
                    options.append((dull, relation.name, relation, up, start, ways))
            if not options:
                return None
            _, _, relation, up, start, ways = min(options, key=lambda option: option[:2])
            other = self.tables.rows(start)[rng.choice(ways)]
            if (start, other) in back:
                return None
            back.append((start, other))
            steps.append(Step(relation, not up))
        found = [Knot(*back[-1])]
        for number, step in enumerate(reversed(steps)):
            entity, row = back[len(steps) - 1 - number]
            tie = Tie(step.relation, not step.up, offset + len(found) - 1)
            found.append(Knot(entity, row, (tie,)))
        return found

    def _parent(self, entity: str, row: Row, relation: Relation) -> Row | None:
        ways = self.masks.related(relation.name, False, self.masks.place(entity, row))
        return self.tables.rows(relation.target)[ways[0]] if ways else None

    # cycles

    def _cycle(self, rng: random.Random, knots: int, end: str | None) -> Trail | None:
        """One row, both of its parents, and another row that refers to both of them as well."""
        turns = [turn for turn in self._turns if end is None or turn[3] == end] or self._turns
        if knots < 4 or not turns:
            return None
        start, mine, yours, name, one, other = rng.choice(turns)
        for _ in range(_ROWS):
            row = rng.choice(self.tables.rows(start))
            tops = self._parent(start, row, mine), self._parent(start, row, yours)
            if tops[0] is None or tops[1] is None:
                continue
            shared = self._below(one, tops[0]) & self._below(other, tops[1])
            if name == start:
                shared &= ~self.masks.one(start, row)
            if not 0 < shared.bit_count() <= _HUB:
                continue
            met = rng.choice(self.masks.rows(name, shared))
            spare = knots - 4
            tail = self._tail(rng, name, spare) if end is None else 0
            found = self._branch(rng, Knot(start, row), spare - tail, 0)
            if found is None:
                continue
            first = len(found) - 1
            if any(top == knot.row for top in tops for knot in found):
                continue
            found += [
                Knot(mine.target, tops[0], (Tie(mine, False, first),)),
                Knot(yours.target, tops[1], (Tie(yours, False, first),)),
            ]
            knot = self._fresh(
                found, Knot(name, met, (Tie(one, True, first + 1), Tie(other, True, first + 2)))
            )
            if knot is None:
                continue
            whole = self._wander(rng, [*found, knot], tail)
            if whole is not None:
                return Trail("cycle", tuple(whole), first + 3)
        return None

    def to(self, rng: random.Random, entity: str, row: Row, more: int) -> Trail | None:
        """Draw a path that ends on a row, over that many others; None where the draw failed."""
        found = self._branch(rng, Knot(entity, row), more, 0)
        return Trail("path", tuple(found)) if found else None

    def again(self, trail: Trail, rng: random.Random) -> Trail | None:
        """Draw other rows that hang together in the same way, extremes included.

        Rows are drawn from the last knot back: each is related to all that hang on it.
        """
        last = len(trail.knots) - 1
        rows: dict[int, int] = {}
        for place in range(last, -1, -1):
            knot = trail.knots[place]
            options: set[int] | None = None
            for after in range(place + 1, last + 1):
                for tie in trail.knots[after].ties:
                    if tie.knot == place:
                        ways = self.masks.related(tie.relation.name, not tie.forward, rows[after])
                        options = set(ways) if options is None else options & set(ways)
            size = len(self.tables.rows(knot.entity))
            if knot.pick is not None:
                best = self.masks.best(knot.ties[0].relation.name, knot.pick)
                holders = range(size) if options is None else options
                options = {number for number in holders if best >> number & 1}
            if options is not None and not options:
                return None
            rows[place] = rng.randrange(size) if options is None else rng.choice(sorted(options))
        knots = tuple(
            knot._replace(row=self.tables.rows(knot.entity)[rows[place]])
            for place, knot in enumerate(trail.knots)
        )
        for place, knot in enumerate(knots):
            if any((k.entity, k.row) == (knot.entity, knot.row) for k in knots[:place]):
                return None
        return trail._replace(knots=knots)

    def _below(self, relation: Relation, top: Row) -> int:
        """Return the rows that refer to a row."""
        return self.masks.reach(relation.name, True, self.masks.one(relation.target, top))
