"""What a noun can stand for: labels and literals looked up in a schema.

A `Noun` phrase gives every `Row` that it can mean; one that means none is dropped while
the text is still being parsed, which keeps the parser quick. Next: `read`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import msgspec

from agentgym.plan import Pick
from agentgym.schema import Relation
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low
from agentgym.tasks.words.meaning import (
    Clue,
    Op,
    Row,
    Tie,
    row_of,
)
from agentgym.tasks.words.phrases import (
    Adjective,
    Again,
    Asked,
    Belongs,
    Best,
    Compared,
    Dated,
    Flagged,
    Has,
    Is,
    Latest,
    Linked,
    Mod,
    Named,
    Noun,
    Of,
    Owner,
    Person,
    Phrase,
    RoleOf,
    Truth,
    Whose,
    Word,
)
from agentgym.tasks.words.values import NOTHING, Literal, valued

__all__ = ["Nouns"]

_TIMES = frozenset({"date", "datetime"})


class _Part(msgspec.Struct, frozen=True):
    """What one modifier says of a row."""

    clues: tuple[Clue, ...] = ()
    ties: tuple[Tie, ...] = ()
    pick: Pick | None = None
    role: bool = False
    """Whether it says of what the row has the role that its noun names."""


class Nouns:
    """The nouns of one text, under one schema."""

    def __init__(self, words: Lexicon) -> None:
        """Prepare to look up the labels of a schema."""
        self._words = words
        self._rows: dict[Phrase, tuple[Row, ...]] = {}

    def stands(self, phrase: object) -> bool:
        """Tell whether a phrase is a noun that stands for any row at all."""
        return isinstance(phrase, (Noun, Again)) and bool(self.rows(phrase))

    def rows(self, noun: Noun | Again) -> tuple[Row, ...]:
        """Return the rows that a noun can stand for."""
        known = self._rows.get(noun)
        if known is None:
            found = self._again(noun) if isinstance(noun, Again) else self._described(noun)
            known = self._rows[noun] = tuple(dict.fromkeys(found))
        return known

    def _again(self, noun: Again) -> Iterator[Row]:
        for entity in self._words.singular.get(low(noun.head), ()):
            yield Row(entity=entity.name, again=True)

    def _described(self, noun: Noun) -> Iterator[Row]:
        words = self._words
        head = low(noun.head)
        entities, roles = (
            (words.plural, words.inverse) if noun.plural else (words.singular, words.role)
        )
        for entity in entities.get(head, ()):
            yield from self._with_parts(noun, entity.name, None)
        for relation in roles.get(head, ()):
            name = relation.entity if noun.plural else relation.target
            label = words.entities[name].plural if noun.plural else words.entities[name].label
            if low(label) != head:
                yield from self._with_parts(noun, name, relation)

    def _with_parts(self, noun: Noun, entity: str, role: Relation | None) -> Iterator[Row]:
        parts = (*noun.before, *noun.naming, *noun.close, *noun.mods, *noun.aside)
        options = []
        for part in parts:
            found = list(self._part(noun, entity, role, part))
            if not found:
                return
            options.append(found)
        for chosen in product(*options):
            picks = [part.pick for part in chosen if part.pick]
            named = sum(part.role for part in chosen)
            if len(picks) <= 1 and named == (role is not None):
                yield row_of(
                    entity,
                    [clue for part in chosen for clue in part.clues],
                    [tie for part in chosen for tie in part.ties],
                    picks[0] if picks else None,
                )

    def _part(
        self,
        noun: Noun,
        entity: str,
        role: Relation | None,
        part: Latest | Adjective | Named | Person | Mod,
    ) -> Iterator[_Part]:
        match part:
            case Of():
                yield from self._of(noun, entity, role, part)
            case Belongs() | Whose() | Owner() | Has() | RoleOf():
                yield from self._tied(entity, part)
            case Linked():
                yield from self._linked(entity, part)
            case Latest():
                for field in self._words.times(entity):
                    yield _Part(pick=Pick(field=field.name, largest=part.largest))
            case Best():
                for field in self._words.labelled(entity, part.field):
                    if field.type in ORDERED and (field.type in _TIMES) == part.time:
                        yield _Part(pick=Pick(field=field.name, largest=part.largest))
            case Person():
                pair = self._words.person(entity)
                if pair:
                    yield _Part(
                        clues=(
                            Clue(field=pair[0].name, op="eq", value=part.first),
                            Clue(field=pair[1].name, op="eq", value=part.last),
                        )
                    )
            case _:
                for clue in self._clues(entity, part):
                    yield _Part(clues=(clue,))

    def _clues(
        self, entity: str, part: Adjective | Named | Is | Compared | Dated | Flagged | Asked
    ) -> Iterator[Clue]:
        words = self._words
        op: Op = "eq"
        said: Literal | None = None
        fields = words.fields(entity)
        match part:
            case Adjective():
                said = Word(text=part.text)
            case Named():
                said, fields = part.text, tuple(words.names(entity))
            case Is():
                said, fields = part.value, tuple(words.labelled(entity, part.field))
            case Compared():
                op, said = part.op, part.value
                fields = tuple(words.labelled(entity, part.field))
            case Dated():
                op, said, fields = part.op, part.value, tuple(words.times(entity))
            case Flagged():
                said = Truth(on=part.on)
                fields = tuple(f for f in fields if low(flag_words(f)) == low(part.flag))
            case Asked():
                for field in words.labelled(entity, part.field):
                    yield Clue(field=field.name, op="eq", held=True)
                return
        for field in fields:
            value = valued(field, said, op=op)
            if value is not NOTHING:
                yield Clue(field=field.name, op=op, value=value)

    def _of(self, noun: Noun, entity: str, role: Relation | None, part: Of) -> Iterator[_Part]:
        """The relations that `of` can stand for: the one that the noun names, or any."""
        head = low(noun.head)
        for row in self.rows(part.noun):
            ahead = self._words.between(entity, row.entity)
            back = [] if noun.plural else self._words.between(row.entity, entity)
            if noun.plural:
                ahead = [r for r in ahead if low(r.inverse) == head] or ahead
            else:
                back = [r for r in back if low(r.label) == head] or back
            for forward, relations in ((True, ahead), (False, back)):
                for relation in relations:
                    tie = Tie(relation=relation.name, forward=forward, row=row)
                    named = relation is role and forward == noun.plural
                    yield _Part(ties=(tie,), role=named)

    def _tied(self, entity: str, part: Belongs | Whose | Owner | Has | RoleOf) -> Iterator[_Part]:
        forward = isinstance(part, (Belongs, Whose))
        for row in self.rows(part.noun):
            ends = (entity, row.entity) if forward else (row.entity, entity)
            for relation in self._words.between(*ends):
                if not isinstance(part, (Whose, RoleOf)) or low(relation.label) == low(part.role):
                    yield _Part(ties=(Tie(relation=relation.name, forward=forward, row=row),))

    def _linked(self, entity: str, part: Linked) -> Iterator[_Part]:
        for row in self.rows(part.noun):
            for near, far in self._words.links(entity, row.entity):
                tie = Tie(relation=far.name, forward=True, row=row)
                link = row_of(near.entity, [], [tie], None)
                yield _Part(ties=(Tie(relation=near.name, forward=False, row=link),))
