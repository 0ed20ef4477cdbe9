"""Nouns: a `Row` comes in, with clues, ties and a pick; a phrase that stands for it goes out.

How a single clue is said is in `clauses`, how far a noun reaches in `reach`. Next: `describe`.
"""

from __future__ import annotations

import random

import msgspec

from agentgym.schema import Entity, Field
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.clauses import Clauses
from agentgym.tasks.words.idiom import preposition
from agentgym.tasks.words.lexicon import Lexicon, low, said
from agentgym.tasks.words.meaning import Row, Tie, rows_in
from agentgym.tasks.words.modifiers import best_how
from agentgym.tasks.words.phrases import (
    Again,
    Apart,
    Bare,
    Best,
    Both,
    Called,
    Done,
    Either,
    Has,
    Inner,
    It,
    Lacking,
    Latest,
    Linked,
    Me,
    Missing,
    Mod,
    Most,
    Noun,
    Of,
    Person,
    RoleOf,
    Timed,
    Whose,
    Without,
)
from agentgym.tasks.words.reach import Reach, lacks, ownable, short
from agentgym.tasks.words.values import UnsayableError

__all__ = ["Nominal"]


class Nominal:
    """Describes the rows of one message, and remembers which it has described."""

    def __init__(self, words: Lexicon, rng: random.Random, level: int) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses between ways to describe.
            level: 0: as people speak; 1: fewer short forms; 2: each thing by its full name.
        """
        self._words = words
        self._rng = rng
        self._level = level
        self._clauses = Clauses(words, rng, level)
        self._reach = Reach(words, self._clauses)
        self.focus: Row | None = None
        """The row that was spoken of last, which `its` stands for."""

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def learn(self, row: Row, *, inside: bool = False) -> None:
        """Remember that the row was described, and those inside its description."""
        self._reach.learn(row, inside=inside)

    def entity(self, name: str) -> Entity:
        """Return the entity, if a message may name it.

        Raises:
            UnsayableError: It may not.
        """
        entity = self._words.entities.get(name)
        if entity is None:
            raise UnsayableError(f"{name} has no words")
        return entity

    def field(self, entity: str, name: str) -> Field:
        """Return the field, if a message may name it.

        Raises:
            UnsayableError: It may not.
        """
        self.entity(entity)
        return self._clauses.field(entity, name)

    def owns(self, entity: str, tie: Tie) -> bool:
        """Tell whether `of` alone says how a row refers to another."""
        self.entity(entity)
        clear = self._words.clear(self._words.schema.relation(tie.relation))
        return tie.forward and clear and not tie.absent

    def ownable(self, noun: Inner | Both) -> bool:
        """Tell whether a noun can stand in the place of an article: `that vessel's`."""
        return ownable(noun)

    # Rows

    def nouns(self, row: Row) -> Noun | Both:
        """Describe rows, in the plural.

        Raises:
            UnsayableError: There are no words for it.
        """
        if row.among and row.pick is None and not (row.clues or row.ties):
            return Both(nouns=tuple(self.noun(one) for one in row.among))
        if not said(self.entity(row.entity).plural):
            raise UnsayableError(f"{row.entity} has no plural")
        return self.described(row, plural=True)

    def noun(self, row: Row, *, top: bool = False) -> Inner:
        """Describe one row, or point back to it.

        Args:
            row: The row.
            top: Whether the sentence is about it.

        Raises:
            UnsayableError: There are no words for it.
        """
        self.entity(row.entity)
        if row.me:
            return Me()
        if self._reach.pointable(row):
            spoken = top and row == self.focus and not self._words.is_person(row.entity)
            if spoken and self._level < 2 and self._chance(0.5):
                return It()
            return Again(head=self._reach.known[row])
        if row.among:
            return self._either(row)
        if not top and (called := self._called(row)):
            return called
        return self.described(row, plural=False, inner=not top)

    def _called(self, row: Row) -> Called | None:
        """Call a person by nothing but the name, where nobody else is of that kind."""
        others = [name for name in self._words.entities if self._words.person(name)]
        plain = not (row.ties or row.pick) and others == [row.entity]
        if not plain or self._level == 2 or self._chance(0.4):
            return None
        clues = list(row.clues)
        naming = self._clauses.naming(row.entity, clues)
        if clues or not naming or not isinstance(naming[0], Person):
            return None
        return Called(first=naming[0].first, last=naming[0].last)

    def _either(self, row: Row) -> Either:
        if row.pick is None or row.clues or row.ties or len(row.among) < 2:
            raise UnsayableError("one of several rows, by more than one feature")
        best = self._best(row)
        return Either(nouns=tuple(self.noun(one) for one in row.among), best=best)

    def _best(self, row: Row) -> Best:
        assert row.pick is not None
        field = self.field(row.entity, row.pick.field)
        if field.type not in ORDERED:
            raise UnsayableError(f"the largest {field.type}")
        label = self._words.brief(row.entity, field)
        return Best(field=label, largest=row.pick.largest, how=best_how(field))

    def described(
        self, row: Row, *, plural: bool, indefinite: bool = False, inner: bool = False
    ) -> Noun:
        """Describe a row by everything that is said of it, whether it was spoken of or not.

        Args:
            row: The row.
            plural: Whether all rows that fit are meant.
            indefinite: Whether it follows `a`, so that nothing stands before the noun.
            inner: Whether it stands inside another noun.

        Raises:
            UnsayableError: There are no words for it.
        """
        if row.among:
            raise UnsayableError("several rows with further features")
        clues = list(row.clues)
        head, named_tie = self._head(row, plural=plural)
        naming = () if plural or indefinite else self._clauses.naming(row.entity, clues)
        before, own = self._clauses.told(
            row.entity, clues, plural=plural, adjectives=not indefinite
        )
        first, best = self._picked(row)
        owner: Inner | None = None
        ties: list[Mod] = []
        for tie in row.ties:
            owned = None
            if not (indefinite or owner):
                owned = self._owner(row, tie, named_tie, must=inner)
            if owned is not None:
                owner = owned
            elif tie is named_tie:
                ties.append(Of(noun=self.noun(tie.row), how=self._how(tie)))
            else:
                ties.append(self._tie(row, tie, plural=plural, again=bool(ties)))
        noun = Noun(head=head, plural=plural, before=(*first, *before)[:2], naming=naming)
        if len((*first, *before)) > 2:
            raise UnsayableError("too much before a noun")
        label = self.entity(row.entity).label
        article = "" if self._bare(noun, owner, label) else "the"
        tail: tuple[Best, ...] = ()
        if best and not plural and article and self._whichever(row, ties, owner):
            tail, best = tuple(best), []
        return msgspec.structs.replace(
            noun,
            owner=owner,
            article=article,
            mods=self._placed(row, own, ties, best),
            tail=tail,
        )

    def _picked(self, row: Row) -> tuple[list[Latest | Most], list[Best]]:
        """Say what the row has most of: before the noun where it can be, else after it."""
        if row.pick is None:
            return [], []
        best = self._best(row)
        field = self.field(row.entity, row.pick.field)
        if self._words.times(row.entity) == [field] and self._chance(0.85):
            return [Latest(largest=row.pick.largest)], []
        word = self._words.superlative_of(row.entity, row.pick)
        if word and self._chance(0.8):
            return [Most(text=word)], []
        return [], [best]

    def _whichever(self, row: Row, ties: list[Mod], owner: Inner | None) -> bool:
        """Tell whether `with the largest ...` could be taken for a feature of another noun."""
        if owner is not None or not ties or not all(map(short, ties)) or row.clues:
            return False
        assert row.pick is not None
        label = self.field(row.entity, row.pick.field).label
        inner = [one.entity for tie in row.ties for one in rows_in(tie.row)]
        unclear = any(self._words.labelled(name, label) for name in inner)
        return unclear or self._chance(0.25)

    def _placed(
        self, row: Row, own: list[Mod], ties: list[Mod], best: list[Best]
    ) -> tuple[Mod, ...]:
        """Put what describes the noun in order: what is short comes first."""
        near = [one for one in own if isinstance(one, Timed) and one.way in ("dated", "done")]
        rest = [one for one in own if one not in near]
        none = [one for one in ties if lacks(one)]
        ties = [one for one in ties if one not in none]
        if all(short(tie) for tie in ties):
            mods = [*ties, *near, *rest, *best]
            if none and self._reach.blurred(row):
                return (*near, *rest, *none, *best, *ties)
            if self._reach.blurred(row) or (self._level and self._chance(0.5)):
                mods = [*near, *rest, *best, *ties]
        else:
            mods = [*near, *rest, *best, *ties]
        return (*mods, *none)

    def _bare(self, noun: Noun, owner: Inner | None, label: str) -> bool:
        """Tell whether the noun goes without an article: `port call PC-1138`."""
        if noun.before or owner or not noun.naming or noun.head != label:
            return False
        name = noun.naming[-1]
        plain = isinstance(name, Person) or (name.code and isinstance(name.text, Bare))
        return plain and self._chance(0.5)

    # What it has to do with others

    def _head(self, row: Row, *, plural: bool) -> tuple[str, Tie | None]:
        """Choose the noun: the entity's, or the role that it has for one it is tied to."""
        entity = self.entity(row.entity)
        for tie in row.ties:
            relation = self._words.schema.relation(tie.relation)
            if tie.absent or tie.forward != plural or self._reach.beyond(tie) is not None:
                continue
            label = relation.inverse if plural else relation.label
            if not said(label) or " as " in label:
                continue
            clear = self._words.clear(relation)
            if not clear or (not plural and self._chance(0.75)):
                return label, tie
        return entity.plural if plural else entity.label, None

    def _owner(self, row: Row, tie: Tie, named_tie: Tie | None, *, must: bool) -> Inner | None:
        """Return what stands in the place of the article, if the tie can be said so."""
        if tie.absent or self._reach.beyond(tie) is not None:
            return None
        relation = self._words.schema.relation(tie.relation)
        if tie is not named_tie and not self._words.clear(relation):
            return None
        if tie.row == self.focus and self._level < 2 and self._chance(0.5):
            if not self._words.is_person(tie.row.entity):
                return It()
        if tie.row.me:
            return Me()
        must = must or self._reach.blurred(row)
        if self._reach.pointable(tie.row):
            noun: Inner = Again(head=self._reach.known[tie.row])
            return noun if self.ownable(noun) and (must or self._chance(0.6)) else None
        person = self._words.is_person(tie.row.entity)
        if tie.row.ties or tie.row.pick:
            return None
        if not ((person and must) or self._chance(0.7 if person else 0.15)):
            return None
        noun = self.noun(tie.row)
        return noun if self.ownable(noun) and (person or self._level < 1) else None

    def _how(self, tie: Tie, *, again: bool = False) -> str:
        """Return the word between the row and what it is tied to."""
        relation = self._words.schema.relation(tie.relation)
        child = self.entity(relation.entity).label
        parent = self.entity(relation.target).label
        person = self._words.is_person(relation.target)
        how = preposition(child, parent, person=person, forward=tie.forward)
        if again:
            return f"also {how}" if how in ("of", "on", "for") else how
        return how

    def _tie(self, row: Row, tie: Tie, *, plural: bool, again: bool) -> Mod:
        relation = self._words.schema.relation(tie.relation)
        source, target = self.entity(relation.entity), self.entity(relation.target)
        clear = self._words.clear(relation)
        own_name = low(relation.label) == low(target.label)
        beyond = self._reach.beyond(tie)
        if beyond is not None and (tie.absent or self._chance(0.9)):
            noun = self._any(beyond) if tie.absent else self.noun(beyond)
            return Linked(
                noun=noun, on=not tie.absent, plural=plural, who=self._words.is_person(row.entity)
            )
        if tie.absent:
            return self._absent(row, tie, clear=clear, plural=plural)
        if tie.forward:
            verb = self._words.verb(relation)
            if (
                verb
                and self._words.verbs(relation.entity, verb) == [relation]
                and self._chance(0.6)
            ):
                return Done(verb=verb, noun=self.noun(tie.row))
            if clear and (own_name or not said(relation.label)):
                return Of(noun=self.noun(tie.row), how=self._how(tie))
            if said(relation.label):
                return Whose(role=relation.label, noun=self.noun(tie.row))
        elif clear:
            if plural:
                return Has(
                    noun=self.noun(tie.row), plural=plural, who=self._words.is_person(row.entity)
                )
            return Of(noun=self.noun(tie.row), how=self._how(tie, again=again))
        elif said(relation.label):
            noun = self.noun(tie.row)
            return RoleOf(
                role=relation.label, noun=noun, plural=plural, who=self._words.is_person(row.entity)
            )
        raise UnsayableError(f"{relation.name} between {source.name} and {target.name}")

    def _absent(self, row: Row, tie: Tie, *, clear: bool, plural: bool) -> Mod:
        """Say that no such row is related."""
        relation = self._words.schema.relation(tie.relation)
        plain = not (tie.row.clues or tie.row.ties or tie.row.pick or tie.row.among)
        if not tie.forward:
            if clear:
                rows = self.nouns(tie.row)
                if isinstance(rows, Noun) and rows.owner is None:
                    return Without(rows=rows, plural=plural, who=self._words.is_person(row.entity))
                raise UnsayableError("without rows of another")
            return RoleOf(
                role=relation.label,
                noun=self._any(tie.row),
                on=False,
                plural=plural,
                who=self._words.is_person(row.entity),
            )
        if not said(relation.label):
            raise UnsayableError(f"{relation.name} has no words")
        if plain:
            return Missing(
                role=relation.label, plural=plural, who=self._words.is_person(row.entity)
            )
        if clear and low(relation.label) == low(self.entity(relation.target).label):
            return Apart(
                noun=self._any(tie.row), plural=plural, who=self._words.is_person(row.entity)
            )
        return Lacking(
            role=relation.label,
            noun=self._any(tie.row),
            plural=plural,
            who=self._words.is_person(row.entity),
        )

    def _any(self, row: Row) -> Inner:
        """Describe any row of that kind, in the singular."""
        noun = self.noun(row)
        plain = isinstance(noun, Noun) and not (noun.naming or noun.owner or noun.tail or row.pick)
        return msgspec.structs.replace(noun, article="any") if plain else noun
