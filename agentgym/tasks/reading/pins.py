"""Pins: which hints lead over a trail to its last row, and leave no way around any of its knots.

Knot by knot, `choice` takes hints that keep every masked suffix open; what is told in the end is
needed, clue by clue. Next: `answers`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from agentgym.plan import Link
from agentgym.tasks.clues import Clue, Sketch, sayable
from agentgym.tasks.reading.choice import Choice, Open, Place, two
from agentgym.tasks.reading.hints import Hint, met
from agentgym.tasks.reading.knots import Knot, Trail
from agentgym.tasks.reading.masks import Masks
from agentgym.tasks.reading.pages import PAGES, Related
from agentgym.tasks.reading.suffixes import Suffixes, left

__all__ = ["Pinned", "Pins"]


class Pinned(NamedTuple):
    """A trail and what is told of each of its rows."""

    trail: Trail
    hints: tuple[tuple[Hint, ...], ...]
    """One tuple a knot."""


class Pins:
    """Pins trails over one domain.

    Args:
        masks: The rows.
        choice: What chooses among the hints of one row.
    """

    def __init__(self, masks: Masks, choice: Choice) -> None:
        self.masks, self.choice = masks, choice
        self.suffixes = Suffixes(masks)

    def pin(
        self,
        trail: Trail,
        rng: random.Random,
        *,
        fuzz: int = 0,
        support: int | None = None,
        answer: str | None = None,
        opens: Open | None = None,
    ) -> Pinned | None:
        """Choose the hints of every knot; None where no choice does.

        Args:
            trail: The rows.
            rng: Draws which hints are tried.
            fuzz: How vague they shall be.
            support: Fewest rows that each must leave; 3 where they are vague, else 1.
            answer: The field of the last row that is asked: nothing of it is told, and every
                masked suffix leaves two values of it at least.
            opens: Tells of the rows of the last knot that a masked suffix leaves whether they leave
                open what is asked, where that is no field of it; two rows do if not given.
        """
        last = len(trail.knots) - 1
        masked: list[dict[int, int]] = []
        own = [self.masks.one(knot.entity, knot.row) for knot in trail.knots]
        passed = [knot.entity for knot in trail.knots]
        chosen: list[tuple[Hint, ...]] = []
        is_open: Open = two
        for number, knot in enumerate(trail.knots):
            followed = [self.suffixes.follow(trail, number, sets) for sets in masked]
            suffixes = tuple(bits for bits in followed if bits is not None)
            ends = number == last and answer is not None
            if number == last:
                is_open = self._answers(knot, str(answer)) if ends else opens or two
            if not all(map(is_open, suffixes)):
                return None
            place = Place(
                entity=knot.entity,
                row=knot.row,
                base=self.suffixes.tied(trail, number, own),
                related=self._related(trail, knot),
                suffixes=suffixes,
                is_open=is_open,
            )
            found: tuple[Hint, ...] | None = ()
            if place.base.bit_count() > 1 or not knot.ties:
                found = self.choice.drawn(
                    place,
                    rng,
                    fuzz=fuzz,
                    support=support,
                    without=(str(answer),) if ends else (),
                    passed=passed,
                    more=self._another(trail, number) if not fuzz else (),
                )
            elif knot.pick is None and self.choice.read(place, ()) > PAGES:
                return None
            if found is None:
                return None
            chosen.append(found)
            for sets in masked:
                if number in sets:
                    sets[number] = left(sets[number], found)
            cycled = trail.turn is not None and number < trail.turn
            if not knot.ties or cycled:  # from here on it can be any row of its entity
                masked.append({number: self.masks.all(knot.entity)})
        if not met(fuzz, [hint for one in chosen for hint in one]):
            return None
        return Pinned(trail, tuple(chosen)) if self._needed(trail, chosen, is_open) else None

    def _related(self, trail: Trail, knot: Knot) -> Related:
        """Return what is known of a knot by its ties."""
        found = []
        for tie in knot.ties:
            other = trail.knots[tie.knot]
            fields = tie.relation.fields if tie.forward else tie.relation.target_fields
            one = self.masks.one(other.entity, other.row)
            found.append((frozenset(fields), self.masks.reach(tie.relation.name, tie.forward, one)))
        return found

    def _answers(self, knot: Knot, field: str) -> Open:
        return lambda bits: len(self.masks.values(knot.entity, field, bits)) > 1

    def _another(self, trail: Trail, place: int) -> list[Hint]:
        """Tell that the row is another one than that from which the ways of a cycle lead."""
        if place != trail.turn:
            return []
        start, knot = trail.knots[place - 3], trail.knots[place]
        if start.entity != knot.entity:
            return []
        entity = self.masks.schema.entity(knot.entity)
        found = []
        for field in entity.fields:
            value = start.row[entity.position(field.name)]
            if field.role == "label" and sayable(field, value):
                clue = Clue(field.name, "ne", value)
                bits = self.masks.told(entity.name, clue)
                if bits & self.masks.one(entity.name, knot.row):
                    found.append(Hint("exclusion", 0, (clue,), None, bits, 0))
        return found

    def _needed(self, trail: Trail, chosen: Sequence[tuple[Hint, ...]], is_open: Open) -> bool:
        """Tell whether the answer would be open without any one clue.

        Where branches meet, each row on them is told alone, so that it can be spoken of, although
        both together would tell the answer with less: there every clue is needed for its own row,
        and only other rows are for the answer.
        """
        meeting = [n for n, knot in enumerate(trail.knots) if len(knot.ties) > 1]
        first = meeting[0] if meeting and trail.shape == "tree" else 0
        own = [self.masks.one(knot.entity, knot.row) for knot in trail.knots]
        for place, knot in enumerate(trail.knots):
            base = self.suffixes.tied(trail, place, own)
            for number, hint in enumerate(chosen[place]):
                others = [*chosen[place][:number], *chosen[place][number + 1 :]]
                if place < first and (hint.side is None or hint.side.absent):
                    continue
                for part in self.choice.parts(knot.entity, hint):
                    rows = left(base, [*others, *part])
                    if not is_open(self.suffixes.end(trail, chosen, place, rows)):
                        return False
                    end = self.suffixes.end(trail, chosen, place, rows, whole=True)
                    if end & own[-1] and not is_open(end):
                        return False
        return True

    # into plans

    def lay(self, sketch: Sketch, pinned: Pinned, *, bare: bool = False) -> list[str]:
        """Add the knots of a trail to a sketch, and return the ids of their selects.

        Args:
            sketch: What is grown.
            pinned: The trail.
            bare: Leave out the last knot.
        """
        ids: list[str] = []
        knots = pinned.trail.knots[:-1] if bare else pinned.trail.knots
        for knot, hints in zip(knots, pinned.hints, strict=False):
            links = [
                Link(relation=tie.relation.name, forward=tie.forward, node=ids[tie.knot])
                for tie in knot.ties
            ]
            ids.append(self.select(sketch, knot, hints, links))
        return ids

    def select(
        self, sketch: Sketch, knot: Knot, hints: Sequence[Hint], links: Sequence[Link]
    ) -> str:
        """Add one knot to a sketch, the rows of its side hints before it; return its id."""
        clues = [clue for hint in hints for clue in hint.clues]
        more = []
        for hint in hints:
            if hint.side is not None:
                side = hint.side
                node = sketch.select(side.entity, side.clues)
                more.append(
                    Link(
                        relation=side.relation.name,
                        forward=side.forward,
                        node=node,
                        absent=side.absent,
                    )
                )
        return sketch.select(knot.entity, clues, [*links, *more], knot.pick)
