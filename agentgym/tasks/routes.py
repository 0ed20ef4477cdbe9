"""Routes: ways over the relations of a schema, chosen by how many rows must be read on them.

In come relations and what tools can read, out come sequences of steps that no entity occurs in
twice. A row that is reached by the reference of one row and left by that of another need not be
read: such a step costs nothing, as `prove.shortest` counts. Next: `walks`.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from agentgym.rng import stream
from agentgym.schema import Relation, Schema
from agentgym.tasks.readable import Readable

__all__ = ["Route", "Routes", "Step"]

_MOST = 400
"""Routes to one entity of one length that are looked at."""


class Step(NamedTuple):
    """One relation, taken towards the parent or towards the child."""

    relation: Relation
    up: bool

    @property
    def start(self) -> str:
        """The entity that is left."""
        return self.relation.entity if self.up else self.relation.target

    @property
    def end(self) -> str:
        """The entity that is reached."""
        return self.relation.target if self.up else self.relation.entity

    def back(self) -> Step:
        """Return the step the other way."""
        return Step(self.relation, not self.up)


Route = tuple[Step, ...]


class Routes:
    """The routes of one schema that tools can follow.

    Args:
        schema: Of the domain.
        readable: What its tools can read.
        spoken: Entities that may be spoken of.
    """

    def __init__(self, schema: Schema, readable: Readable, spoken: Collection[str]) -> None:
        self.schema, self.readable = schema, readable
        self._found: dict[tuple[str, int, bool], list[tuple[int, Route]]] = {}
        self._ends: dict[tuple[int, int, bool], tuple[str, ...]] = {}
        self._steps: dict[str, list[Step]] = {name: [] for name in spoken}
        for relation in schema.relations:
            if relation.entity in spoken and relation.target in spoken:
                for step in (Step(relation, up=True), Step(relation, up=False)):
                    self._steps[step.start].append(step)

    def to(
        self, end: str, rng: random.Random, *, nodes: int, least: int, shown: bool
    ) -> Route | None:
        """Draw a route that ends at an entity.

        Args:
            end: Where it ends.
            rng: The stream to draw from.
            nodes: Over how many entities it leads, the first and the last among them.
            least: How many calls it must cost to be taken, if any does.
            shown: Whether the last row itself must be read, whatever is known of it.

        Returns:
            A route of that cost or, where there is none, of the largest; None where there is none
            of that length.
        """
        known = self._known(end, nodes, shown=shown)
        if not known:
            return None
        enough = bisect_left(known, least, key=lambda one: one[0])
        if enough == len(known):
            enough = bisect_left(known, known[-1][0], key=lambda one: one[0])
        return known[rng.randrange(enough, len(known))][1]

    def ends(self, *, nodes: int, least: int, shown: bool) -> tuple[str, ...]:
        """Name the entities at which a route of that length ends that costs as much."""
        found = self._ends.get((nodes, least, shown))
        if found is None:
            found = tuple(
                end
                for end in self._steps
                if (known := self._known(end, nodes, shown=shown)) and known[-1][0] >= least
            )
            self._ends[nodes, least, shown] = found
        return found

    def _known(self, end: str, nodes: int, *, shown: bool) -> list[tuple[int, Route]]:
        """List routes that tools can follow with what they cost, the cheapest first."""
        found = self._found.get((end, nodes, shown))
        if found is None:
            draws = stream("routes", end, nodes)
            routes = islice(self._all(end, nodes, draws), _MOST)
            found = [
                (self.cost(route, shown=shown), route)
                for route in routes
                if self.followed(route, shown=shown)
            ]
            found.sort(key=lambda one: one[0])
            self._found[end, nodes, shown] = found
        return found

    def _all(self, end: str, nodes: int, draws: random.Random) -> Iterator[Route]:
        """Yield every route, in an order that favours none."""
        steps: list[Step] = []

        def go(here: str, passed: frozenset[str]) -> Iterator[Route]:
            if len(passed) == nodes:
                yield tuple(reversed(steps))
                return
            options = [step for step in self._steps.get(here, ()) if step.end not in passed]
            draws.shuffle(options)
            for step in options:
                steps.append(step.back())
                yield from go(step.end, passed | {step.end})
                steps.pop()

        return go(end, frozenset({end}))

    def followed(self, route: Route, *, shown: bool) -> bool:
        """Tell whether tools can show every row that must be read on a route."""
        return all(
            self.readable.finds(step.end, step.relation.target_fields)
            if step.up
            else self.readable.finds(step.end, step.relation.fields)
            for step, seen in zip(route, self._seen(route, shown=shown)[1:], strict=True)
            if seen
        )

    def cost(self, route: Route, *, shown: bool) -> int:
        """Count the entities of which rows must be read: links between others cost nothing."""
        names = [route[0].start, *(step.end for step in route)]
        seen = self._seen(route, shown=shown)
        found = {
            name
            for place, (name, read) in enumerate(zip(names, seen, strict=True))
            if read
            and (self.schema.entity(name).kind != "link" or (shown and place == len(names) - 1))
        }
        return len(found)

    def _seen(self, route: Sequence[Step], *, shown: bool) -> list[bool]:
        """Tell of each row of a route whether it must be read."""
        found = [True]
        for step, after in zip(route, (*route[1:], None), strict=True):
            known = step.up and (
                not shown
                if after is None
                else not after.up
                and set(after.relation.target_fields) <= set(step.relation.target_fields)
            )
            found.append(not known)
        return found
