"""What a noun can stand for: labels and literals looked up in a schema.

A phrase for a row gives every `Row` that it can mean; one that means none is dropped while
the text is still being parsed, which keeps the parser quick. What a modifier can say of a
row is in `modifiers`. Next: `read`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from agentgym.plan import Pick
from agentgym.schema import Relation
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.idiom import known_place, with_article
from agentgym.tasks.words.lexicon import Lexicon, low
from agentgym.tasks.words.meaning import Clue, Row, Tie, row_of
from agentgym.tasks.words.modifiers import Part, best_how, clues_of
from agentgym.tasks.words.phrases import (
    Again,
    Apart,
    Bearing,
    Belongs,
    Best,
    Both,
    Called,
    Done,
    Either,
    Has,
    Inner,
    Intro,
    It,
    Lacking,
    Latest,
    Leading,
    Linked,
    Me,
    Missing,
    Most,
    Named,
    Noun,
    Of,
    Person,
    Phrase,
    Place,
    RoleOf,
    Whose,
    Without,
)

__all__ = ["Nouns"]

_KINDS = (Noun, Called, Place, Again, It, Me, Either, Both)


class Nouns:
    """The nouns of one text, under one schema."""

    def __init__(self, words: Lexicon, me: str | None = None) -> None:
        """Prepare to look up the labels of a schema.

        Args:
            words: The labels.
            me: The entity of whoever speaks; None: any whose rows are people.
        """
        self._words = words
        self._me = me
        self._rows: dict[Phrase, tuple[Row, ...]] = {}

    def stands(self, phrase: object) -> bool:
        """Tell whether a phrase is a noun that stands for any row at all."""
        return isinstance(phrase, _KINDS) and bool(self.rows(phrase))

    def rows(self, noun: Inner | Both) -> tuple[Row, ...]:
        """Return the rows that a noun can stand for."""
        known = self._rows.get(noun)
        if known is None:
            known = self._rows[noun] = tuple(dict.fromkeys(self._found(noun)))
        return known

    def introduced(self, intro: Intro) -> tuple[Row, ...]:
        """Return the rows that a sentence can introduce."""
        if not isinstance(intro, Leading):
            return self.rows(intro.noun)
        found = []
        for row in self.rows(intro.noun):
            for relation in self._words.roles(row.entity):
                target = self._words.entities[relation.target]
                said = relation.label if intro.own else target.label
                clear = intro.own or self._words.between(row.entity, target.name) == [relation]
                if clear and low(said) == low(intro.head):
                    tie = Tie(relation=relation.name, forward=False, row=row)
                    found.append(row_of(target.name, [], [tie], None))
        return tuple(dict.fromkeys(found))

    def _found(self, noun: Inner | Both) -> Iterable[Row]:
        words = self._words
        match noun:
            case Again():
                head = low(noun.head)
                named = [e.name for e in words.singular.get(head, ())]
                named += [r.target for r in words.role.get(head, ())]
                return [Row(entity=name, again=True) for name in dict.fromkeys(named)]
            case It():
                return [Row(entity=name, again=True, it=True) for name in words.entities]
            case Me():
                people = [name for name in words.entities if words.is_person(name)]
                return [Row(entity=name, me=True) for name in ([self._me] if self._me else people)]
            case Called():
                return self._called(noun)
            case Place():
                return self._place(noun)
            case Either() | Both():
                return self._union(noun)
            case Noun():
                return self._described(noun)

    def _called(self, noun: Called) -> Iterator[Row]:
        for name in self._words.entities:
            for part in self._person(name, Person(first=noun.first, last=noun.last)):
                yield row_of(name, list(part.clues), [], None)

    def _place(self, noun: Place) -> Iterator[Row]:
        """The rows that a well-known name stands for: of countries, if it is of one."""
        if noun.the != with_article(noun.text.text):
            return
        for name, entity in self._words.entities.items():
            names = self._words.names(name)
            if known_place(entity.label, noun.text.text) and len(names) == 1:
                clue = Clue(field=names[0].name, op="eq", value=noun.text.text)
                yield row_of(name, [clue], [], None)

    def _union(self, noun: Either | Both) -> Iterator[Row]:
        for chosen in product(*(self.rows(one) for one in noun.nouns)):
            entity = chosen[0].entity
            if len({row.entity for row in chosen}) > 1 or len(set(chosen)) < len(chosen):
                continue
            if isinstance(noun, Both):
                yield row_of(entity, [], [], None, among=chosen)
                continue
            for part in self._best(entity, noun.best):
                yield row_of(entity, [], [], part.pick, among=chosen)

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
        owner = () if noun.owner is None else (Of(noun=noun.owner),)
        options = []
        for part in (*noun.before, *noun.naming, *owner, *noun.mods, *noun.tail):
            found = list(self._part(noun, entity, role, part))
            if not found:
                return
            options.append(found)
        for chosen in product(*options):
            picks = [part.pick for part in chosen if part.pick]
            named = sum(part.role for part in chosen)
            if len(picks) <= 1 and (named >= 1 if role is not None else named == 0):
                yield row_of(
                    entity,
                    [clue for part in chosen for clue in part.clues],
                    [tie for part in chosen for tie in part.ties],
                    picks[0] if picks else None,
                )

    def _part(self, noun: Noun, entity: str, role: Relation | None, part: Phrase) -> Iterator[Part]:
        match part:
            case Of():
                yield from self._of(noun, entity, role, part)
            case Belongs() | Whose() | Done() | Has() | RoleOf() | Apart() | Lacking():
                yield from self._tied(entity, part)
            case Linked():
                yield from self._linked(entity, part)
            case Without():
                yield from self._without(entity, part)
            case Bearing():
                yield from self._bearing(entity, part)
            case Missing():
                for relation in self._words.roles(entity):
                    if low(relation.label) == low(part.role):
                        row = Row(entity=relation.target)
                        tie = Tie(relation=relation.name, forward=True, row=row, absent=True)
                        yield Part(ties=(tie,))
            case Latest():
                for field in self._words.times(entity):
                    yield Part(pick=Pick(field=field.name, largest=part.largest))
            case Most():
                for pick in self._words.superlative(entity, part.text):
                    yield Part(pick=pick)
            case Best():
                yield from self._best(entity, part)
            case Person():
                yield from self._person(entity, part)
            case _:
                for clues in clues_of(self._words, entity, part):
                    yield Part(clues=clues)

    def _best(self, entity: str, best: Best) -> Iterator[Part]:
        for field in self._words.labelled(entity, best.field):
            if field.type in ORDERED and best_how(field) == best.how:
                yield Part(pick=Pick(field=field.name, largest=best.largest))

    def _person(self, entity: str, part: Person) -> Iterator[Part]:
        pair = self._words.person(entity)
        if pair:
            first = Clue(field=pair[0].name, op="eq", value=part.first)
            yield Part(clues=(first, Clue(field=pair[1].name, op="eq", value=part.last)))

    def _of(self, noun: Noun, entity: str, role: Relation | None, part: Of) -> Iterator[Part]:
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
                    yield Part(ties=(tie,), role=named)

    def _tied(
        self, entity: str, part: Belongs | Whose | Done | Has | RoleOf | Apart | Lacking
    ) -> Iterator[Part]:
        forward = not isinstance(part, (Has, RoleOf))
        absent = isinstance(part, (Apart, Lacking)) or (isinstance(part, RoleOf) and not part.on)
        for row in self.rows(part.noun):
            ends = (entity, row.entity) if forward else (row.entity, entity)
            for relation in self._words.between(*ends):
                if self._plays(relation, part):
                    tie = Tie(relation=relation.name, forward=forward, row=row, absent=absent)
                    yield Part(ties=(tie,))

    def _bearing(self, entity: str, part: Bearing) -> Iterator[Part]:
        for relation in self._words.roles(entity):
            if low(relation.label) == low(part.role):
                for clues in self._naming(relation.target, part.name):
                    tie = Tie(
                        relation=relation.name,
                        forward=True,
                        row=row_of(relation.target, list(clues), [], None),
                    )
                    yield Part(ties=(tie,))

    def _naming(self, entity: str, name: Named | Person) -> Iterator[tuple[Clue, ...]]:
        if isinstance(name, Person):
            yield from (part.clues for part in self._person(entity, name))
        else:
            yield from clues_of(self._words, entity, name)

    def _plays(
        self,
        relation: Relation,
        part: Belongs | Whose | Done | Has | RoleOf | Apart | Lacking,
    ) -> bool:
        """Tell whether a relation has the role, or the verb, that is said."""
        match part:
            case Whose() | RoleOf() | Lacking():
                return low(relation.label) == low(part.role)
            case Done():
                return self._words.verb(relation) == low(part.verb)
        return True

    def _linked(self, entity: str, part: Linked) -> Iterator[Part]:
        for row in self.rows(part.noun):
            for near, far in self._words.links(entity, row.entity):
                tie = Tie(relation=far.name, forward=True, row=row)
                link = row_of(near.entity, [], [tie], None)
                absent = not part.on
                yield Part(ties=(Tie(relation=near.name, forward=False, row=link, absent=absent),))

    def _without(self, entity: str, part: Without) -> Iterator[Part]:
        for row in self.rows(part.rows):
            for relation in self._words.between(row.entity, entity):
                tie = Tie(relation=relation.name, forward=False, row=row, absent=True)
                yield Part(ties=(tie,))
