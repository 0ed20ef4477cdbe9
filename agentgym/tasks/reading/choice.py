"""Choice: of what can be told of one row, what is told, so that one row is left and no way around.

Hints come in; of those that shrink what is left and keep every masked suffix open, the one that
leaves least is taken, until one row is left; then whatever makes no difference is dropped.
Next: `pins`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agentgym.schema.types import Row
from agentgym.tasks.reading.coarse import SUPPORT
from agentgym.tasks.reading.hints import LAST, Hint, Hints
from agentgym.tasks.reading.masks import Masks
from agentgym.tasks.reading.pages import PAGES, Pages, Related
from agentgym.tasks.reading.suffixes import left

__all__ = ["LEVELS", "Choice", "Open", "Place", "two"]

Open = Callable[[int], bool]
"""Tells of the rows that a masked suffix leaves whether they leave the answer open."""

_MOST = (3, 4, 5, 6)
"""Most hints on one row, by level of vagueness."""
_SAMPLED = 24
"""Hints of which the best is taken."""
LEVELS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((0,),),
    ((1,), (0,)),
    ((1, 2), (0,)),
    ((2, 3), (1,)),
)
"""The levels of hints to draw from, by how vague they shall be: those wanted first, then one step
back, after which what is wanted of the whole (`hints.met`) can still be had."""
_PLAIN = 4
"""So many times fewer rows must an exact hint leave to be taken before a vague one."""


def two(bits: int) -> bool:
    """Tell whether two rows are left."""
    return bits.bit_count() > 1


class Place(NamedTuple):
    """A row that is to be told, and what is known without that."""

    entity: str
    row: Row
    base: int
    """The rows that everything else leaves."""
    related: Related = ()
    suffixes: tuple[int, ...] = ()
    """The rows that masked suffixes leave."""
    is_open: Open = two


class Choice:
    """Chooses hints over one domain.

    Args:
        masks: The rows.
        hints: What can be told of them.
        pages: How many pages show them.
    """

    def __init__(self, masks: Masks, hints: Hints, pages: Pages) -> None:
        self.masks, self.hints, self.pages = masks, hints, pages

    def drawn(
        self,
        place: Place,
        rng: random.Random,
        *,
        fuzz: int,
        support: int | None = None,
        without: Sequence[str] = (),
        passed: Sequence[str] = (),
        more: Sequence[Hint] = (),
    ) -> tuple[Hint, ...] | None:
        """Choose hints that leave one row; None where none do.

        Args:
            place: The row.
            rng: Draws which hints are tried.
            fuzz: How vague they shall be.
            support: Fewest rows that each must leave; 3 where they are vague, else 1.
            without: Fields of which nothing may be told.
            passed: Entities by whose rows nothing may be told.
            more: Further hints to choose from.
        """
        if support is None:
            support = SUPPORT if fuzz else 1
        pool = list(more)
        for levels in LEVELS[fuzz]:
            pool += [
                hint
                for hint in self.hints.of(
                    place.entity,
                    place.row,
                    levels=levels,
                    support=support,
                    rng=rng,
                    without=without,
                )
                if hint.side is None or hint.side.entity not in passed
            ]
            found = self.of(place, pool, rng, most=_MOST[fuzz])
            if found is not None and not self._figures(place, found):
                return found
        return None

    def _figures(self, place: Place, found: Sequence[Hint]) -> bool:
        """Tell whether a row that belongs to others is told by nothing but numbers."""
        alone = not place.related and bool(self.masks.schema.parents(place.entity))
        return alone and bool(found) and all(hint.rank >= LAST for hint in found)

    def of(
        self, place: Place, pool: Sequence[Hint], rng: random.Random, *, most: int
    ) -> tuple[Hint, ...] | None:
        """Choose hints out of a pool that leave one row, `most` at most; None where none do."""
        chosen: list[Hint] = []
        rows, suffixes = place.base, list(place.suffixes)
        rest = list(pool)
        vague = any(hint.level for hint in pool)
        pages = self.read(place, ())
        while rows.bit_count() > 1:
            if len(chosen) == most:
                return None
            sample = rest if len(rest) <= _SAMPLED else rng.sample(rest, _SAMPLED)
            options = []
            for number, hint in enumerate(sample):
                kept = (rows & hint.bits).bit_count()
                if kept == rows.bit_count() or not all(
                    place.is_open(bits & hint.bits) for bits in suffixes
                ):
                    continue
                if pages > PAGES and self.read(place, [*chosen, hint]) >= pages:
                    continue  # first what tools can look for
                weight = kept if hint.level or not vague else _PLAIN * kept
                options.append((hint.rank >= LAST, weight, hint.rank, rng.random(), number))
            if not options:
                return None
            hint = sample[min(options)[4]]
            chosen.append(hint)
            rows &= hint.bits
            suffixes = [bits & hint.bits for bits in suffixes]
            pages = self.read(place, chosen) if pages > PAGES else pages
            told = {(clue.field, clue.of) for clue in hint.clues}
            rest = [
                one
                for one in rest
                if one is not hint
                and not (told & {(clue.field, clue.of) for clue in one.clues})
                and (one.side is None or one.side != hint.side)
            ]
        lean = self.lean(place.entity, place.base, chosen)
        return lean if self.read(place, lean) <= PAGES else None

    def read(self, place: Place, chosen: Sequence[Hint]) -> float:
        """Count the pages that must be read to find the row; infinite if no tool helps."""
        known = [
            (frozenset(hint.side.relation.fields), hint.bits)
            for hint in chosen
            if hint.side is not None and hint.side.forward
        ]
        return self.pages.count(place.entity, [*place.related, *known], chosen)

    def lean(self, entity: str, base: int, chosen: Sequence[Hint]) -> tuple[Hint, ...]:
        """Drop what of some hints makes no difference to the rows that are left.

        The last ones go first; of clues that are told together one may go alone, but for names.
        """
        goal = left(base, chosen)
        kept = list(chosen)
        for hint in chosen[::-1]:
            number = kept.index(hint)
            for part in self.parts(entity, hint):
                fewer = [*kept[:number], *part, *kept[number + 1 :]]
                if left(base, fewer) == goal:
                    kept = fewer
                    break
        return tuple(kept)

    def parts(self, entity: str, hint: Hint) -> list[tuple[Hint, ...]]:
        """List what less could be told than a hint: nothing, or one of its clues."""
        found: list[tuple[Hint, ...]] = [()]
        if hint.level and len(hint.clues) > 1:
            for clue in hint.clues:
                level = {"year": 2, None: 2}.get(clue.of, 3)
                bits = self.masks.told(entity, clue)
                found.append((hint._replace(level=level, clues=(clue,), bits=bits),))
        return found
