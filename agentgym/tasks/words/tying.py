"""What a row has to do with others: ties come in, owners, modifiers and nouns of a role go out.

How far a noun reaches is in `reach`. Next: `nominal`, which makes whole nouns.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod

import msgspec

from agentgym.schema import Entity, Field, Relation
from agentgym.tasks.words.clauses import Clauses
from agentgym.tasks.words.idiom import preposition
from agentgym.tasks.words.lexicon import Lexicon, low, said
from agentgym.tasks.words.meaning import Row, Tie
from agentgym.tasks.words.phrases import (
    Again,
    Apart,
    Bearing,
    Belongs,
    Both,
    Done,
    Has,
    Inner,
    It,
    Lacking,
    Linked,
    Me,
    Missing,
    Mod,
    Noun,
    Of,
    Person,
    RoleOf,
    Whose,
    Without,
)
from agentgym.tasks.words.reach import Reach, ownable
from agentgym.tasks.words.values import UnsayableError

__all__ = ["Tying"]


class Tying(ABC):
    """Says what the rows of one message have to do with others."""

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

    def made(self, entity: str) -> None:
        """Remember that there is a new row of the entity."""
        self._reach.made(entity)

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

    def it_clear(self, row: Row) -> bool:
        """Tell whether `it` can be nothing but the row: nothing else was spoken of but people."""
        others = (one for one in self._reach.known if one != row)
        return (
            row == self.focus
            and not self._words.is_somebody(row.entity)
            and all(self._words.is_somebody(one.entity) for one in others)
        )

    def entity_noun(self, name: str) -> Entity:
        """Return the entity, if one row of it can be called what it is labelled.

        Raises:
            UnsayableError: It cannot: its rows say nothing but which two others go together.
        """
        told = (field for field in self._words.fields(name) if field.role != "audit")
        if self._words.only_links(name) and not any(told):
            raise UnsayableError(f"{name} only links")
        return self.entity(name)

    @abstractmethod
    def nouns(self, row: Row) -> Noun | Both:
        """Describe rows, in the plural."""

    @abstractmethod
    def noun(self, row: Row, *, top: bool = False) -> Inner:
        """Describe one row, or point back to it."""

    def _head(self, row: Row, *, plural: bool) -> tuple[str, Tie | None]:
        """Choose the noun: the entity's, or the role that it has for one it is tied to."""
        entity = self.entity(row.entity)
        role = self._reach.role(row, plural=plural)
        if role is not None:
            return role
        return entity.plural if plural else entity.label, None

    def _owner(self, row: Row, tie: Tie, named_tie: Tie | None, *, must: bool) -> Inner | None:
        """Return what stands in the place of the article, if the tie can be said so."""
        if tie.absent or self._reach.beyond(tie) is not None:
            return None
        relation = self._words.schema.relation(tie.relation)
        if tie is not named_tie and not self._words.clear(relation):
            return None
        if self._level < 2 and self.it_clear(tie.row) and self._chance(0.5):
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
        if isinstance(noun, Noun) and noun.naming and isinstance(noun.naming[0], Person):
            noun = msgspec.structs.replace(noun, article="")
        return noun if self.ownable(noun) and (person or self._level < 1) else None

    def between(self, relation: Relation, *, forward: bool = True) -> str:
        """Return the word between a row and what it refers to: an invoice `for` a patient.

        Args:
            relation: The reference.
            forward: Whether the row that refers comes first.
        """
        child = self.entity(relation.entity).label
        parent = self.entity(relation.target).label
        person = self._words.is_somebody(relation.target)
        return preposition(child, parent, person=person, forward=forward)

    def _how(self, tie: Tie, *, again: bool = False) -> str:
        """Return the word between the row and what it is tied to."""
        how = self.between(self._words.schema.relation(tie.relation), forward=tie.forward)
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
                noun=noun, on=not tie.absent, plural=plural, who=self._words.is_somebody(row.entity)
            )
        if tie.absent:
            return self._absent(row, tie, clear=clear, plural=plural)
        if tie.forward:
            verb = self._words.verb(relation)
            if (
                verb
                and not own_name
                and self._words.verbs(relation.entity, verb) == [relation]
                and self._chance(0.6)
            ):
                return Done(verb=verb, noun=self.noun(tie.row))
            if clear and (own_name or not said(relation.label) or self._reach.pointable(tie.row)):
                return Of(noun=self.noun(tie.row), how=self._how(tie))
            known = self._reach.pointable(tie.row)
            if own_name and known and self._words.between(source.name, target.name) == [relation]:
                person = self._words.is_somebody(row.entity)
                return Belongs(noun=self.noun(tie.row), plural=plural, who=person)
            if said(relation.label):
                return self._bearing(relation.label, tie.row)
        elif clear:
            if plural:
                return Has(
                    noun=self.noun(tie.row), plural=plural, who=self._words.is_somebody(row.entity)
                )
            return Of(noun=self.noun(tie.row), how=self._how(tie, again=again))
        elif said(relation.label):
            noun = self.noun(tie.row)
            return RoleOf(
                role=relation.label,
                noun=noun,
                plural=plural,
                who=self._words.is_somebody(row.entity),
            )
        raise UnsayableError(f"{relation.name} between {source.name} and {target.name}")

    def _bearing(self, role: str, row: Row) -> Whose | Bearing:
        """Say who or what has a role, by nothing but the name where there is one."""
        clues = list(row.clues)
        if not (self._reach.pointable(row) or row.ties or row.pick or row.among or row.me):
            naming = self._clauses.naming(row.entity, clues)
            if naming and not clues and self._level < 2:
                return Bearing(role=role, name=naming[0])
        return Whose(role=role, noun=self.noun(row))

    def _absent(self, row: Row, tie: Tie, *, clear: bool, plural: bool) -> Mod:
        """Say that no such row is related."""
        relation = self._words.schema.relation(tie.relation)
        plain = not (tie.row.clues or tie.row.ties or tie.row.pick or tie.row.among)
        if not tie.forward:
            if clear:
                rows = self.nouns(tie.row)
                if isinstance(rows, Noun) and rows.owner is None:
                    return Without(
                        rows=rows, plural=plural, who=self._words.is_somebody(row.entity)
                    )
                raise UnsayableError("without rows of another")
            return RoleOf(
                role=relation.label,
                noun=self._any(tie.row),
                on=False,
                plural=plural,
                who=self._words.is_somebody(row.entity),
            )
        if not said(relation.label):
            raise UnsayableError(f"{relation.name} has no words")
        if plain:
            return Missing(
                role=relation.label, plural=plural, who=self._words.is_somebody(row.entity)
            )
        if clear and low(relation.label) == low(self.entity(relation.target).label):
            return Apart(
                noun=self._any(tie.row), plural=plural, who=self._words.is_somebody(row.entity)
            )
        return Lacking(
            role=relation.label,
            noun=self._any(tie.row),
            plural=plural,
            who=self._words.is_somebody(row.entity),
        )

    def _any(self, row: Row) -> Inner:
        """Describe any row of that kind, in the singular."""
        noun = self.noun(row)
        plain = isinstance(noun, Noun) and not (noun.naming or noun.owner or noun.tail or row.pick)
        return msgspec.structs.replace(noun, article="any") if plain else noun
