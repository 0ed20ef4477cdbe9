"""Hints: what can be told of a row, at a level of vagueness, each with the rows that it leaves.

A row comes in; out come clues on its own fields and on one relation of it (who its parent is,
that it has no child), of which each leaves as many rows as wanted. Next: `trails`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import NamedTuple

from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Row
from agentgym.tasks.clues import FIGURES, Clue, clue_fields, names, sayable
from agentgym.tasks.readable import Readable
from agentgym.tasks.reading.coarse import Kind, forms
from agentgym.tasks.reading.masks import Masks

__all__ = ["LAST", "Hint", "Hints", "Side", "met"]

LAST = 100
"""The rank of a bare number, from which on a person only tells it where nothing else will do."""
_PER_FIELD = 4
"""Vague hints on one field."""


class Side(NamedTuple):
    """A row one relation away that tells which row is meant, or that there is none."""

    relation: Relation
    forward: bool
    entity: str
    clues: tuple[Clue, ...]
    absent: bool = False


class Hint(NamedTuple):
    """Something that can be told of a row."""

    kind: Kind
    level: int
    clues: tuple[Clue, ...]
    side: Side | None
    bits: int
    """The rows of which it holds."""
    rank: int
    """How readily a person says it; least first."""

    @property
    def fields(self) -> set[str]:
        """The fields of the row of which it tells something."""
        told = {clue.field for clue in self.clues}
        return told | (set(self.side.relation.fields) if self.side and self.side.forward else set())


def met(fuzz: int, hints: Collection[Hint]) -> bool:
    """Tell whether clues are as vague as a level says.

    1: at least one is vague. 2: at least half are, one of them of level 2 or more. 3: all are,
    one of them of level 2 or more.
    """
    vague = [hint for hint in hints if hint.level]
    far = any(hint.level > 1 for hint in hints)
    match fuzz:
        case 0:
            return True
        case 1:
            return bool(vague)
        case 2:
            return far and 2 * len(vague) >= len(hints)
        case _:
            return far and len(vague) == len(hints)


class Hints:
    """What can be told of the rows of one domain.

    Args:
        masks: The rows.
        readable: What its tools can read.
        spoken: Entities that may be spoken of.
    """

    def __init__(self, masks: Masks, readable: Readable, spoken: Collection[str]) -> None:
        self.masks, self.readable, self.spoken = masks, readable, spoken
        self.schema: Schema = masks.schema

    def of(
        self,
        entity: str,
        row: Row,
        *,
        levels: Collection[int],
        support: int,
        rng: random.Random,
        without: Collection[str] = (),
    ) -> list[Hint]:
        """List what can be told of a row.

        Args:
            entity: What the row is of.
            row: The row.
            levels: Which levels of vagueness.
            support: Fewest rows of which each must hold.
            rng: Draws which of several ways is listed.
            without: Fields of which nothing may be told.
        """
        whole = self.masks.all(entity)
        mine = self.masks.one(entity, row)
        found: list[Hint] = []
        for kind, level, clues, side, rank in self._all(entity, row, levels, rng):
            bits = self.bits(entity, clues, side)
            told = {clue.field for clue in clues}
            if side is not None and side.forward:
                told |= set(side.relation.fields)
            if told & set(without) or not bits & mine or bits == whole:
                continue
            if bits.bit_count() >= support:
                found.append(Hint(kind, level, clues, side, bits, rank))
        return found

    def bits(self, entity: str, clues: Collection[Clue], side: Side | None) -> int:
        """Return the rows of which clues hold."""
        found = self.masks.all(entity)
        for clue in clues:
            found &= self.masks.told(entity, clue)
        if side is not None:
            theirs = self.masks.all(side.entity)
            for clue in side.clues:
                theirs &= self.masks.told(side.entity, clue)
            related = self.masks.reach(side.relation.name, side.forward, theirs)
            found &= ~related if side.absent else related
        return found

    def _all(
        self, entity: str, row: Row, levels: Collection[int], rng: random.Random
    ) -> Iterator[tuple[Kind, int, tuple[Clue, ...], Side | None, int]]:
        owner = self.schema.entity(entity)
        fields = [
            field for field in clue_fields(owner) if sayable(field, row[owner.position(field.name)])
        ]
        if 0 in levels:
            people = [f for f in names(fields, rng) if f.role == "person"]
            if people:
                told = tuple(Clue(f.name, "eq", row[owner.position(f.name)]) for f in people)
                yield "exact", 0, told, None, 0
            for rank, field in enumerate(fields):
                if field not in people:
                    clue = Clue(field.name, "eq", row[owner.position(field.name)])
                    last = LAST if field.role in FIGURES else 0
                    yield "exact", 0, (clue,), None, rank + (field.role == "person") + last
        for level in sorted(set(levels) - {0}):
            for rank, field in enumerate(fields):
                ways = forms(field, row[owner.position(field.name)], level)
                if len(ways) > _PER_FIELD:
                    ways = rng.sample(ways, _PER_FIELD)
                for kind, clues in ways:
                    yield kind, level, clues, None, rank
            for side in self._parents(owner, row):
                yield "category", level, (), side, 3
        if 2 in levels:
            for field in fields:
                other = self._other(owner, field, row, rng)
                if other is not None:
                    yield "exclusion", 2, (other,), None, 8
            for side in self._none(owner, row):
                yield "exclusion", 2, (), side, 8

    def _parents(self, owner: Entity, row: Row) -> Iterator[Side]:
        """Yield the parents of a row that one name tells."""
        for relation in self.schema.parents(owner.name):
            parent = self.schema.entity(relation.target)
            if parent.name not in self.spoken or parent.kind == "link" or parent is owner:
                continue
            key = tuple(row[owner.position(name)] for name in relation.fields)
            rows = self.masks.tables.lookup(parent.name, relation.target_fields, key)
            if None in key or len(rows) != 1:
                continue
            for field in parent.fields:
                value = rows[0][parent.position(field.name)]
                if field.role == "label" and sayable(field, value):
                    named = Clue(field.name, "eq", value)
                    alone = self.masks.told(parent.name, named).bit_count() == 1
                    if alone and self.readable.finds(parent.name, [field.name]):
                        yield Side(relation, True, parent.name, (named,))

    def _none(self, owner: Entity, row: Row) -> Iterator[Side]:
        """Yield the kinds of children that a row does not have."""
        place = self.masks.place(owner.name, row)
        for relation in self.schema.children(owner.name):
            child = self.schema.entity(relation.entity)
            if (
                child.name in self.spoken
                and child.kind != "link"
                and child is not owner
                and not self.masks.related(relation.name, True, place)
                and self.readable.finds(child.name, relation.fields)
            ):
                yield Side(relation, False, child.name, (), absent=True)

    def _other(self, owner: Entity, field: Field, row: Row, rng: random.Random) -> Clue | None:
        """Choose a value that others have and the row has not."""
        if field.role not in ("category", "status") or field.type not in ("enum", "text"):
            return None
        mine = row[owner.position(field.name)]
        column = self.masks.tables.column(owner.name, field.name)
        values = [
            value
            for value in self.masks.tables.ordered(owner.name, field.name)
            if value != mine and sayable(field, value) and column[value] > 1
        ]
        if len(column) < 3 or len(column) > 12 or not values:
            return None
        return Clue(field.name, "ne", rng.choice(values))
