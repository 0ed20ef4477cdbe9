"""Nouns: how a row is described, from its clues, its ties and its pick.

Comes from a `Row` of the meaning, gives a `Noun` phrase. The higher the level of care,
the more plainly the noun says what belongs to what. Next: `say`.
"""

from __future__ import annotations

import random

import msgspec

from agentgym.schema import Entity, Field
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.grammar import named
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low, many, said
from agentgym.tasks.words.meaning import Clue, Row, Tie, rows_in
from agentgym.tasks.words.phrases import (
    Adjective,
    Again,
    Asked,
    Belongs,
    Best,
    Compared,
    Dated,
    Day,
    Flagged,
    Has,
    Is,
    Latest,
    Linked,
    Mod,
    Moment,
    Named,
    Noun,
    Number,
    Of,
    Owner,
    Person,
    Quote,
    RoleOf,
    Truth,
    Whose,
    Word,
)
from agentgym.tasks.words.values import UnsayableError, literal

__all__ = ["Describer"]

_TIMES = frozenset({"date", "datetime"})


class Describer:
    """Describes the rows of one message, and remembers which it has described."""

    def __init__(self, words: Lexicon, rng: random.Random, level: int) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses between ways to describe.
            level: 0: as it comes; 1: own features first, ties last, further ones set off
                by a comma; 2: nouns inside others keep what is theirs in parentheses.
        """
        self._words = words
        self._rng = rng
        self._level = level
        self._known: dict[Row, None] = {}

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def learn(self, row: Row, *, inside: bool = False) -> None:
        """Remember that the row was described, and those inside its description."""
        for one in rows_in(row):
            silent = one.entity in self._words.entities and self._words.only_links(one.entity)
            if not (inside and one is row) and not silent:
                self._known[one] = None

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
        field = self._words.field(entity, name)
        if field is None:
            raise UnsayableError(f"{entity}.{name} has no words")
        return field

    def owns(self, entity: str, tie: Tie) -> bool:
        """Tell whether `of` alone says how a row refers to another."""
        relations = self._words.between(entity, tie.row.entity)
        return tie.forward and len(relations) == 1 and entity != tie.row.entity

    def nouns(self, row: Row) -> Noun:
        """Describe rows, in the plural.

        Raises:
            UnsayableError: There are no words for it.
        """
        if not said(self.entity(row.entity).plural):
            raise UnsayableError(f"{row.entity} has no plural")
        return self._describe(row, plural=True, top=True)

    def noun(self, row: Row, *, top: bool = False) -> Noun | Again:
        """Describe one row, or point back to it.

        Args:
            row: The row.
            top: Whether the sentence is about it.

        Raises:
            UnsayableError: There are no words for it.
        """
        entity = self.entity(row.entity)
        if [r for r in self._known if r.entity == row.entity] == [row] and self._chance(0.85):
            return Again(head=entity.label)
        return self._describe(row, plural=False, top=top)

    def _describe(self, row: Row, *, plural: bool, top: bool) -> Noun:
        clues = list(row.clues)
        head, named_tie = self._head(row, plural=plural)
        naming: tuple[Named | Person, ...] = () if plural else self._naming(row.entity, clues)
        before: list[Latest | Adjective] = []
        best: list[Mod] = []
        if row.pick is not None:
            field = self.field(row.entity, row.pick.field)
            if field.type not in ORDERED:
                raise UnsayableError(f"the largest {field.type}")
            if self._words.times(row.entity) == [field] and self._chance(0.6):
                before.append(Latest(largest=row.pick.largest))
            else:
                time = field.type in _TIMES
                best.append(Best(field=field.label, largest=row.pick.largest, time=time))
        way = "with" if self._chance(0.5) else "whose"
        own: list[Mod] = []
        for clue in clues:
            mod = self._clue(row.entity, clue, way, plural=plural)
            if not isinstance(mod, Adjective):
                own.append(mod)
            elif len(before) < 2:
                before.append(mod)
            else:
                label = self.field(row.entity, clue.field).label
                own.append(Is(field=label, value=Word(text=mod.text)))
        ties: list[Mod] = [Of(noun=self.noun(named_tie.row))] if named_tie else []
        ties += [self._tie(tie, plural=plural) for tie in row.ties if tie is not named_tie]
        noun = Noun(head=head, plural=plural, before=tuple(before), naming=naming)
        return self._placed(noun, own, ties, best, top=top)

    def _placed(
        self, noun: Noun, own: list[Mod], ties: list[Mod], best: list[Mod], *, top: bool
    ) -> Noun:
        """Put what describes the noun in order."""
        close: list[Mod] = []
        aside: list[Mod] = []
        if self._level == 0:
            simple = len(ties) == 1 and _short(ties[0]) and self._chance(0.7)
            mods = [*ties, *own, *best] if simple else [*own, *ties, *best]
        elif top:
            mods, aside = [*own, *best, *ties[:1]], ties[1:]
            if best and self._chance(0.5):
                mods, aside = [*own, *ties], best
        else:
            mods = [*own, *best, *ties]
        if self._level == 2 and not top and (noun.naming or len(mods) > 1 or self._chance(0.5)):
            close, mods = mods, []
        return msgspec.structs.replace(
            noun, close=tuple(close), mods=tuple(mods), aside=tuple(aside)
        )

    def _head(self, row: Row, *, plural: bool) -> tuple[str, Tie | None]:
        """Choose the noun: the entity's, or the role that it has for one it is tied to."""
        entity = self.entity(row.entity)
        for tie in row.ties:
            relation = self._words.schema.relation(tie.relation)
            if tie.forward != plural or self._beyond(tie) is not None:
                continue
            label = relation.inverse if plural else relation.label
            if not said(label):
                continue
            others = self._words.between(relation.entity, relation.target)
            clear = len(others) == 1 and relation.entity != relation.target
            if not clear or (not plural and self._chance(0.75)):
                return label, tie
        return entity.plural if plural else entity.label, None

    def _naming(self, entity: str, clues: list[Clue]) -> tuple[Named | Person, ...]:
        """Take out the clue that names the row, to be said right after the noun."""
        told = {c.field: c for c in clues if c.op == "eq" and not c.held}
        pair = self._words.person(entity)
        if pair and all(f.name in told and named(str(told[f.name].value)) for f in pair):
            first, last = (told[f.name] for f in pair)
            clues.remove(first)
            clues.remove(last)
            return (Person(first=str(first.value), last=str(last.value)),)
        names = self._words.names(entity)
        if len(names) == 1 and names[0].name in told:
            clue = told[names[0].name]
            value = literal(names[0], clue.value)
            if isinstance(value, Quote):
                clues.remove(clue)
                return (Named(text=value, code=names[0].role == "code"),)
        return ()

    def _clue(self, entity: str, clue: Clue, way: str, *, plural: bool) -> Mod | Adjective:
        field = self.field(entity, clue.field)
        way = "with" if many(field.label) else way
        if clue.held:
            if clue.op != "eq":
                raise UnsayableError("a held-back bound")
            if field.type == "boolean":
                raise UnsayableError("a held-back yes or no")
            return Asked(field=field.label)
        if clue.value is None:
            raise UnsayableError("a clue without a value")
        value = literal(field, clue.value, op=clue.op)
        if isinstance(value, Truth):
            return Flagged(flag=flag_words(field), on=value.on, plural=plural)
        if isinstance(value, Word) and self._words.is_status(entity, field) and self._chance(0.6):
            return Adjective(text=value.text)
        times = self._words.times(entity)
        if isinstance(value, (Day, Moment)) and times == [field] and self._chance(0.7):
            return Dated(op=clue.op, value=value)
        if clue.op == "eq":
            code = isinstance(value, Number) and field.role == "code" and way == "with"
            return Is(field=field.label, value=value, way="by" if code else way)
        if isinstance(value, (Number, Day, Moment)):
            time = not isinstance(value, Number)
            return Compared(field=field.label, op=clue.op, value=value, way=way, time=time)
        raise UnsayableError(f"{field.type} by {clue.op}")

    def _tie(self, tie: Tie, *, plural: bool) -> Mod:
        relation = self._words.schema.relation(tie.relation)
        self.entity(relation.entity)
        self.entity(relation.target)
        beyond = self._beyond(tie)
        if beyond is not None and self._chance(0.85):
            return Linked(noun=self.noun(beyond))
        noun = self.noun(tie.row)
        between = self._words.between(relation.entity, relation.target)
        clear = len(between) == 1 and relation.entity != relation.target
        own_name = low(relation.label) == low(self.entity(relation.target).label)
        if tie.forward:
            if clear and (own_name or not said(relation.label)):
                belongs = Belongs(noun=noun, plural=plural)
                return belongs if self._chance(0.2) else Of(noun=noun)
            if said(relation.label):
                return Whose(role=relation.label, noun=noun)
        elif clear:
            owner = _brief(noun) and self._chance(0.5)
            return Owner(noun=noun) if owner else Has(noun=noun, plural=plural)
        elif said(relation.label):
            return RoleOf(role=relation.label, noun=noun)
        raise UnsayableError(f"{relation.name} has no words")

    def _beyond(self, tie: Tie) -> Row | None:
        """Return the row at the other end of one that only links, if nothing else is said of it."""
        link = tie.row
        bare = not (tie.forward or link.clues or link.pick or link.again) and len(link.ties) == 1
        if not bare or not link.ties[0].forward or not self._words.only_links(link.entity):
            return None
        other = link.ties[0].row
        near = self._words.schema.relation(tie.relation)
        return other if len(self._words.links(near.target, other.entity)) == 1 else None


def _short(mod: Mod) -> bool:
    """Tell whether the noun inside ends with its name, so that nothing clings to it."""
    if not isinstance(mod, (Of, Belongs)):
        return False
    return _brief(mod.noun)


def _brief(noun: Noun | Again) -> bool:
    return isinstance(noun, Again) or not (noun.mods or noun.close)
