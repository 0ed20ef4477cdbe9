"""The families of several rows: `set_valued` (all of them) and `planning` (some, within limits).

Next: `cells`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from math import comb
from typing import NamedTuple

from agentgym.plan import Choose, Emit, Limit, Link
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import leaked, wire
from agentgym.tasks.reading.choice import LEVELS
from agentgym.tasks.reading.grounds import Grounds, Grown, grown_by
from agentgym.tasks.reading.hints import Hint, met
from agentgym.tasks.reading.knots import Knot, Tie
from agentgym.tasks.reading.pages import PAGES
from agentgym.tasks.spoken import adds_up

__all__ = ["MOST_ROWS", "MOST_SHARE", "OPTIONS", "Several"]

MOST_ROWS = 12
"""Most rows that an answer lists."""
MOST_SHARE = 0.05
"""Largest share of all combinations that may be right: a guesser's luck."""
OPTIONS = 14
"""Most rows that are chosen from."""
_CHOICES = 20
"""Fewest combinations of which one is chosen."""
_FROM = 6
"""Fewest rows that are chosen from: of fewer, too many choices would be right."""
_TRIES = 24
"""Draws of one candidate."""
_LIMITED = 8
"""Choices of limits on the same rows."""
_PLANS = 40
"""Draws of one candidate that plans."""


class Crowd(NamedTuple):
    """Some rows that are told together."""

    entity: str
    rows: tuple[Row, ...]
    hints: tuple[Hint, ...]
    grown: Grown | None
    """The way to the row on which they hang."""
    tie: Tie | None


class Several(Grounds):
    """Draws questions for many rows."""

    def set_valued(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask a field of every row of a set that is not a whole table."""
        for _ in range(_TRIES):
            crowd = self._crowd(rng, knobs, 2, MOST_ROWS, lambda e: bool(self.answers.fields(e)))
            if crowd is None:
                continue
            sketch = Sketch(self.schema)
            node = self._lay(sketch, crowd)
            field = self._name(crowd, sketch, rng)
            if field is not None:
                sketch.nodes.append(
                    Emit(id=sketch.next_id(), node=node, field=field.name, many=True)
                )
                return self.finished(sketch, "set_valued", knobs, self._operators(crowd, knobs))
        return None

    def planning(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask for some of several rows that together keep within limits."""
        for _ in range(_PLANS):
            crowd = self._crowd(rng, knobs, _FROM, OPTIONS, self._plannable)
            if crowd is None:
                continue
            sketch = Sketch(self.schema)
            node = self._lay(sketch, crowd)
            field = self._name(crowd, sketch, rng)
            if field is None:
                continue
            sizes = [size for size in (2, 3, 3, 4) if comb(len(crowd.rows), size) >= _CHOICES]
            count = knobs.acts or rng.choice(sizes)
            entity = self.schema.entity(crowd.entity)
            limits = self._limits(entity, crowd.rows, count, field, rng, knobs.limits)
            if limits is None:
                continue
            told = tuple(
                Limit(
                    kind="total",
                    field=name,
                    op=op,  # type: ignore[arg-type]
                    fact=sketch.fact(entity.name, name, bound),
                )
                if op != "distinct"
                else Limit(kind="distinct", field=name)
                for name, op, bound in limits
            )
            choose = sketch.next_id()
            sketch.nodes.append(Choose(id=choose, of=node, count=count, limits=told))
            sketch.emit(choose, field.name)
            operators = self._operators(crowd, knobs) + ["widen"] * len(limits)
            return self.finished(sketch, "planning", knobs, operators)
        return None

    # rows

    def _crowd(
        self,
        rng: random.Random,
        knobs: Knobs,
        fewest: int,
        most: int,
        wanted: Callable[[str], bool],
    ) -> Crowd | None:
        """Draw rows that hang on one row, that clues tell together, or both."""
        names = [e.name for e in self.entities if wanted(e.name)]
        if not names:
            return None
        name = rng.choice(names)
        ups = self.trails.ups(name)
        base = self.masks.all(name)
        whole = base
        grown, tie = None, None
        if ups and (knobs.least > 1 or (knobs.entities or 0) > 1 or rng.random() < 0.75):
            relation = rng.choice(ups)

            def fits(row: Row) -> bool:
                place = self.masks.place(relation.target, row)
                return len(self.masks.related(relation.name, True, place)) >= fewest

            knots = max(1, knobs.least - 1, (knobs.entities or rng.choice((2, 2, 3))) - 1)
            least = max(0, knobs.least - 1)
            ends = self.routes.ends(nodes=knots, least=least, shown=False) if knots > 1 else ()
            if knots > 1 and relation.target not in ends:
                return None
            draw = self.path(rng, knots=knots, least=least, end=relation.target, shown=False)
            free = Knobs(fuzz=knobs.fuzz, clues=knobs.clues)
            grown = self.grown(
                rng,
                free,
                draw,
                asks=False,
                opens=self.parents(relation),
                least=least,
                tries=8,
                fits=fits,
            )
            if grown is None:
                return None
            tie = Tie(relation, True, len(grown.trail.knots) - 1)
            base = self.masks.reach(relation.name, True, self.masks.one(relation.target, grown.row))
        elif knobs.least > 1:
            return None
        hints = self._narrow(name, base, rng, knobs, fewest, most, told=grown is not None)
        if hints is None:
            return None
        left = base
        for hint in hints:
            left &= hint.bits
        related = [(frozenset(tie.relation.fields), base)] if tie is not None else []
        sides = [
            (frozenset(hint.side.relation.fields), hint.bits)
            for hint in hints
            if hint.side is not None and hint.side.forward
        ]
        if left == whole or self.choice.pages.count(name, [*related, *sides], hints) > PAGES:
            return None
        before = [hint for one in grown.pinned.hints for hint in one] if grown else []
        if not met(knobs.fuzz, [*before, *hints]):
            return None
        return Crowd(name, tuple(self.masks.rows(name, left)), hints, grown, tie)

    def _narrow(
        self,
        name: str,
        base: int,
        rng: random.Random,
        knobs: Knobs,
        fewest: int,
        most: int,
        *,
        told: bool,
    ) -> tuple[Hint, ...] | None:
        """Choose hints that leave as many rows as wanted."""
        if base.bit_count() < fewest:
            return None
        row = rng.choice(self.masks.rows(name, base))
        levels = {level for group in LEVELS[knobs.fuzz] for level in group}
        support = knobs.clues or max(fewest, 3)
        pool = self.hints.of(name, row, levels=levels, support=support, rng=rng)
        rng.shuffle(pool)
        chosen: list[Hint] = []
        left = base
        wanted = 1 if not told or rng.random() < 0.4 else 0
        for hint in pool:
            if len(chosen) >= wanted and left.bit_count() <= most:
                break
            kept = (left & hint.bits).bit_count()
            known = {field for one in chosen for field in one.fields}
            if fewest <= kept < left.bit_count() and not known & hint.fields and len(chosen) < 3:
                chosen.append(hint)
                left &= hint.bits
        if left.bit_count() > most or (not told and not chosen):
            return None
        return self.choice.lean(name, base, chosen)

    def _lay(self, sketch: Sketch, crowd: Crowd) -> str:
        links = []
        if crowd.grown is not None and crowd.tie is not None:
            nodes = self.pins.lay(sketch, crowd.grown.pinned)
            links = [Link(relation=crowd.tie.relation.name, forward=True, node=nodes[-1])]
        knot = Knot(crowd.entity, crowd.rows[0])
        return self.pins.select(sketch, knot, crowd.hints, links)

    def _name(self, crowd: Crowd, sketch: Sketch, rng: random.Random) -> Field | None:
        """Choose a field by whose values the rows can be told apart and named."""
        entity = self.schema.entity(crowd.entity)
        told = {name for hint in crowd.hints for name in hint.fields}
        names = {field.name for field in self.answers.names(crowd.entity)}
        fields = list(self.answers.fields(crowd.entity))
        rng.shuffle(fields)
        fields.sort(key=lambda field: field.name not in names)
        for field in fields:
            place = entity.position(field.name)
            values = [row[place] for row in crowd.rows]
            if (
                field.name not in told
                and all(sayable(field, value) for value in values)
                and len({str(value).casefold() for value in values}) == len(values)
                and not any(leaked(wire(entity, field, row), sketch.facts) for row in crowd.rows)
            ):
                return field
        return None

    def _operators(self, crowd: Crowd, knobs: Knobs) -> list[str]:
        found = grown_by(crowd.grown.trail, knobs) if crowd.grown else ["seed"]
        return [*found, "deepen"] if crowd.tie is not None else found

    # limits

    def _plannable(self, name: str) -> bool:
        entity = self.schema.entity(name)
        return (
            bool(self.answers.names(name))
            and len(self.tables.rows(name)) >= _FROM
            and bool(self._weights(entity))
        )

    def _weights(self, entity: Entity) -> list[Field]:
        """List the fields that add up."""
        return [
            field
            for field in self.answers.numbers(entity.name)
            if adds_up(field)
            and len(column := self.tables.column(entity.name, field.name)) > 2
            and sum(column.values()) == len(self.tables.rows(entity.name))
        ]

    def _sorts(self, entity: Entity) -> list[Field]:
        """List the fields of which people want different values."""
        return [
            field
            for field in entity.fields
            if field.spoken
            and field.role in ("category", "place", "status")
            and field.type in ("enum", "text")
        ]

    def _limits(
        self,
        entity: Entity,
        rows: Sequence[Row],
        count: int,
        asked: Field,
        rng: random.Random,
        wanted: int | None,
    ) -> list[tuple[str, str, Stored]] | None:
        """Choose limits, each of which rules something out, that few combinations keep within.

        Returns:
            (field, `le`, `ge` or `distinct`, stored bound); None where no choice does.
        """
        if not 1 <= count < len(rows):
            return None
        options: list[tuple[Field, str]] = []
        for field in self._weights(entity):
            values = [row[entity.position(field.name)] for row in rows]
            if field is not asked and None not in values and len(set(values)) > 2:
                options.append((field, rng.choice(("le", "ge"))))
        for field in self._sorts(entity):
            values = [row[entity.position(field.name)] for row in rows]
            if (
                field is not asked
                and None not in values
                and count <= len(set(values)) < len(values)
            ):
                options.append((field, "distinct"))
        if all(op == "distinct" for _, op in options) or len(options) < (wanted or 1):
            return None
        number = wanted or min(rng.choice((1, 2, 2, 3, 4)), len(options))
        combos = list(itertools.combinations(rows, count))
        for _ in range(_LIMITED):
            chosen = rng.sample(options, min(number, len(options)))
            if all(op == "distinct" for _, op in chosen):
                continue
            chosen.sort(key=lambda one: one[1] != "distinct")
            found = self.tightened(entity, combos, chosen)
            if found is not None:
                return found
        return None

    def tightened(
        self,
        entity: Entity,
        combos: Sequence[tuple[Row, ...]],
        chosen: Sequence[tuple[Field, str]],
    ) -> list[tuple[str, str, Stored]] | None:
        """Choose bounds, one after the other, that few combinations keep within.

        Args:
            entity: What the rows are of.
            combos: All combinations.
            chosen: Fields, each with `le`, `ge` or `distinct`.

        Returns:
            (field, op, stored bound); None where no bounds do, or a limit rules nothing out.
        """
        goal = max(1, int(MOST_SHARE * len(combos)))
        left = list(combos)
        limits: list[tuple[str, str, Stored]] = []
        passing: list[set[int]] = []
        for number, (field, op) in enumerate(chosen):
            place = entity.position(field.name)
            bound: Stored = None
            if op != "distinct":
                sums = sorted(sum(row[place] for row in combo) for combo in left)  # type: ignore[misc]
                share = (goal / len(left)) ** (1 / (len(chosen) - number))
                bound = _bound(sums, op, int(share * len(sums)))
                if not sayable(field, bound):
                    return None
            limits.append((field.name, op, bound))
            passing.append(
                {n for n, combo in enumerate(combos) if _within(combo, place, op, bound)}
            )
            fit = set.intersection(*passing)
            left = [combo for n, combo in enumerate(combos) if n in fit]
            if not left:
                return None
        if len(left) > MOST_SHARE * len(combos):
            return None
        for number in range(len(passing)):
            others = [one for place, one in enumerate(passing) if place != number]
            free = len(set.intersection(*others)) if others else len(combos)
            if free == len(left):
                return None
        return limits


def _within(combo: Sequence[Row], place: int, op: str, bound: Stored) -> bool:
    values = [row[place] for row in combo]
    if op == "distinct":
        return len({str(value).casefold() for value in values}) == len(values)
    total = sum(values)  # type: ignore[arg-type]
    return total <= bound if op == "le" else total >= bound  # type: ignore[operator]


def _bound(sums: Sequence[int], op: str, wanted: int) -> int:
    """Choose a bound that about so many sums keep within and no more, a round one if there is one.

    Args:
        sums: In rising order.
        op: `le` or `ge`.
        wanted: How many.
    """
    ranked = sums if op == "le" else sums[::-1]
    place = max(0, min(len(ranked), wanted) - 1)
    while place and place + 1 < len(ranked) and ranked[place] == ranked[place + 1]:
        place -= 1
    bound = ranked[place]
    rounded = _round(bound, op)
    kept = sum(one <= rounded if op == "le" else one >= rounded for one in sums)
    return rounded if kept <= wanted else bound


def _round(value: int, op: str) -> int:
    """Round to three digits, so that what is at the bound stays within."""
    step = 10 ** max(0, len(str(abs(value))) - 3)
    rounded: int = -(-value // step) * step if op == "le" else value // step * step
    return rounded
