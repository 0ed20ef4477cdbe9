"""The ground on which candidates that read are drawn: rows as sets, trails, pins, answers.

Walks and knobs come in, pinned trails and finished candidates go out. Next: `hops`, `figures`,
`several`, `cells`, each with some of the families.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from agentgym.plan import Family, told
from agentgym.schema import Field, Relation
from agentgym.schema.types import Row
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import Answers
from agentgym.tasks.reading.choice import Choice, Open
from agentgym.tasks.reading.hints import Hints
from agentgym.tasks.reading.knots import Shape, Trail
from agentgym.tasks.reading.masks import Masks
from agentgym.tasks.reading.pages import Pages
from agentgym.tasks.reading.pins import Pinned, Pins
from agentgym.tasks.reading.trails import Trails
from agentgym.tasks.walks import Walker
from agentgym.tools.algebra import Path

__all__ = ["HOPS", "MEETINGS", "WALKS", "Grounds", "Grown", "grown_by"]

HOPS = (2, 3, 4, 5)
"""How many entities a plan of several hops may lead over, if it is not said."""
WALKS = 40
"""Trails of one draw: what cannot be pinned is walked elsewhere."""
MEETINGS = 160
"""Trails of one draw of which branches shall meet: most cannot be pinned."""
_FIELDS = 3
"""Fields that are tried as the answer at the end of one trail."""


class Grown(NamedTuple):
    """A pinned trail and what may be asked at its end."""

    pinned: Pinned
    fields: tuple[Field, ...]
    """Fields of the last row; the first is the one for which every masked suffix is open."""

    @property
    def trail(self) -> Trail:
        """The rows."""
        return self.pinned.trail

    @property
    def row(self) -> Row:
        """The last row."""
        return self.pinned.trail.knots[-1].row

    @property
    def entity(self) -> str:
        """What the last row is of."""
        return self.pinned.trail.knots[-1].entity


class Grounds(Walker):
    """Draws pinned trails over one domain."""

    @cached_property
    def masks(self) -> Masks:
        """The rows as sets."""
        return Masks(self.tables)

    @cached_property
    def hints(self) -> Hints:
        """What can be told of rows."""
        return Hints(self.masks, self.readable, self.spoken)

    @cached_property
    def trails(self) -> Trails:
        """How rows hang together."""
        return Trails(self, self.masks, lambda name: bool(self.answers.fields(name)))

    @cached_property
    def choice(self) -> Choice:
        """What is told of one row."""
        return Choice(self.masks, self.hints, Pages(self.masks, self.readable))

    @cached_property
    def pins(self) -> Pins:
        """Which hints lead over trails."""
        return Pins(self.masks, self.choice)

    @cached_property
    def answers(self) -> Answers:
        """What may be asked."""
        return Answers(self.masks)

    def grown(
        self,
        rng: random.Random,
        knobs: Knobs,
        draw: Callable[[], Trail | None],
        *,
        asks: bool = True,
        by: Field | None = None,
        opens: Open | None = None,
        least: int = 0,
        tries: int = WALKS,
        fits: Callable[[Row], bool] | None = None,
    ) -> Grown | None:
        """Draw trails until one can be pinned; None where none can.

        Args:
            rng: The stream to draw from.
            knobs: How vague the clues shall be, and how many rows each shall leave.
            draw: Draws a trail.
            asks: Whether some field of the last row is asked.
            by: The field of it on which the answer rests, if it is settled.
            opens: Tells of last rows whether they leave open what is asked; see `Pins.pin`.
            least: Of how many entities rows must be read.
            tries: Trails.
            fits: Tells whether a last row will do.
        """
        for _ in range(tries):
            trail = draw()
            if trail is None or len(trail.read(shown=asks or by is not None)) < least:
                continue
            last = trail.knots[-1]
            if fits is not None and not fits(last.row):
                continue
            if not asks:
                pinned = self.pins.pin(
                    trail,
                    rng,
                    fuzz=knobs.fuzz,
                    support=knobs.clues,
                    answer=by.name if by is not None else None,
                    opens=opens,
                )
                if pinned is not None:
                    return Grown(pinned, ())
                continue
            fields = self.answers.of(last.entity, last.row, rng)
            for place, field in enumerate(fields[:_FIELDS]):
                pinned = self.pins.pin(
                    trail, rng, fuzz=knobs.fuzz, support=knobs.clues, answer=field.name
                )
                if pinned is not None and self.calls(pinned) >= least:
                    told = {name for hint in pinned.hints[-1] for name in hint.fields}
                    others = [*fields[:place], *fields[place + 1 :]]
                    return Grown(pinned, (field, *(f for f in others if f.name not in told)))
        return None

    def calls(self, pinned: Pinned) -> int:
        """Count the entities of which some call must show rows, at least.

        Where a tool tells ways between rows, those of which no more than keys and references are
        needed count as one.
        """
        trail = pinned.trail
        read = trail.read()
        if not any(isinstance(tool.term, Path) for tool in self.tools):
            return len(read)
        alone = {trail.knots[-1].entity}
        for knot, hints in zip(trail.knots, pinned.hints, strict=True):
            sides = [hint.side.entity for hint in hints if hint.side and not hint.side.absent]
            alone.update(sides, [knot.entity] if knot.pick or len(hints) > len(sides) else [])
        return len(alone) + bool(read - alone)

    def parents(self, relation: Relation) -> Open:
        """Return what tells whether rows leave open whose children are meant."""
        having = self.masks.reach(relation.name, False, self.masks.all(relation.entity))
        return lambda bits: (bits & having).bit_count() > 1

    def path(
        self,
        rng: random.Random,
        *,
        knots: int,
        least: int = 0,
        end: str | None = None,
        shown: bool = True,
    ) -> Callable[[], Trail | None]:
        """Return what draws paths of so many rows."""
        return lambda: self.trails.draw(
            rng, shape="path", knots=knots, least=least, end=end, shown=shown
        )

    def shape(self, rng: random.Random, knobs: Knobs, knots: int) -> Shape:
        """Choose how the rows hang together: as is wanted, or as the domain and number allow.

        Trees are chosen where names tell their branches: vague clues to one branch are told for
        little when the other one leads to few rows.
        """
        if knobs.shape is not None:
            return knobs.shape
        options: list[Shape] = ["path"] * 5
        trees = "tree" in self.trails.shapes() and knots > 2 and not knobs.fuzz
        options += ["tree"] * 2 if trees else []
        options += ["cycle"] if "cycle" in self.trails.shapes() and knots > 3 else []
        return rng.choice(options)

    def finished(
        self, sketch: Sketch, family: Family, knobs: Knobs, operators: Sequence[str]
    ) -> Candidate:
        """Return the candidate of a sketch, its plan in canonical form."""
        return Candidate(plan=told(sketch.plan(family)), operators=tuple(operators), knobs=knobs)


def grown_by(trail: Trail, knobs: Knobs) -> list[str]:
    """Name the operators that make a pinned trail."""
    found = ["seed"]
    for place, knot in enumerate(trail.knots):
        if len(knot.ties) == 1:
            found.append("deepen")
        elif place == trail.turn:
            found.append("cycle")
        elif knot.ties:
            found.append("intersect")
    return [*found, "fuzz"] if knobs.fuzz else found
