"""How far a description reaches: what can be said of a row in one noun, and what cannot.

A row of the meaning comes in, and what the message has spoken of; out comes whether the row
can be pointed at, whether it is said in a few words, and whether what would be said of it
could be taken for a feature of another. Next: `tying`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentgym.tasks.words.clauses import Clauses
from agentgym.tasks.words.lexicon import Lexicon, low, said
from agentgym.tasks.words.meaning import Row, Tie
from agentgym.tasks.words.phrases import (
    Again,
    Apart,
    Both,
    Called,
    Done,
    Inner,
    It,
    Lacking,
    Linked,
    Me,
    Missing,
    Mod,
    Named,
    Noun,
    Of,
    Person,
    Place,
    Quote,
    RoleOf,
    Without,
)

__all__ = ["Reach", "lacks", "ownable", "short"]

_COMPOUND = re.compile(r" (?:as|with|for|by|of|from|to|in|on|at) ")
_LONG = 3
"""No more than this is said of a row in one breath."""


class Reach:
    """What the nouns of one message can reach; remembers the rows that it has spoken of."""

    def __init__(self, words: Lexicon, clauses: Clauses) -> None:
        self._words = words
        self._clauses = clauses
        self.known: dict[Row, str] = {}
        """Each row that was described, and what it was called."""

    def learn(self, row: Row, *, inside: bool = False) -> None:
        """Remember that the row was described, and those inside its description."""
        roles = {
            tie.row: role for one in _single(row) for tie in one.ties if (role := self._borne(tie))
        }
        for one in _single(row):
            silent = one.entity in self._words.entities and self._words.only_links(one.entity)
            if not (inside and one is row) and not silent and not one.me:
                self.known.setdefault(one, roles.get(one) or self._called(one))

    def made(self, entity: str) -> None:
        """Remember that there is a new row of the entity: `that ...` could be the new one."""
        if entity in self._words.entities:
            self.known[Row(entity=entity, again=True)] = self._words.entities[entity].label

    def _called(self, row: Row) -> str:
        """Return what a row is called that was described: the role it has, or what it is."""
        role = self.role(row)
        return role[0] if role else self._words.entities[row.entity].label

    def _borne(self, tie: Tie) -> str | None:
        """Return the role that is all that was said of a row but its name."""
        relation = self._words.schema.relation(tie.relation)
        own = low(relation.label) == low(self._words.schema.entity(relation.target).label)
        plain = tie.forward and not tie.absent and self._words.verb(relation) is None
        return relation.label if plain and not own and self._tiny(tie.row) else None

    def role(self, row: Row, *, plural: bool = False) -> tuple[str, Tie] | None:
        """Return the role that a row has for one that it is tied to, and that tie."""
        for tie in row.ties:
            relation = self._words.schema.relation(tie.relation)
            if tie.absent or tie.forward != plural or self.beyond(tie) is not None:
                continue
            label = relation.inverse if plural else relation.label
            clear = plural and self._words.clear(relation)
            if said(label) and not _COMPOUND.search(label) and not clear:
                return label, tie
        return None

    def pointable(self, row: Row) -> bool:
        """Tell whether `that ...` can stand for the row: no other of its kind is known."""
        return [one for one in self.known if one.entity == row.entity] == [row]

    def beyond(self, tie: Tie) -> Row | None:
        """Return the row at the other end of one that only links, if nothing else is said of it."""
        link = tie.row
        bare = not (tie.forward or link.clues or link.pick or link.again) and len(link.ties) == 1
        if not bare or not link.ties[0].forward or not self._words.only_links(link.entity):
            return None
        if link.ties[0].absent:
            return None
        other = link.ties[0].row
        near = self._words.schema.relation(tie.relation)
        return other if len(self._words.links(near.target, other.entity)) == 1 else None

    def inside(self, row: Row) -> Iterator[Row]:
        """Yield the rows inside a description that a sentence can introduce, outermost first."""
        inner = [tie.row for tie in row.ties if not tie.absent]
        for one in inner:
            if not self._words.only_links(one.entity):
                yield one
        for one in (*inner, *row.among):
            yield from self.inside(one)

    def worth(self, row: Row) -> bool:
        """Tell whether a sentence should introduce the row."""
        spoken = any(one.entity == row.entity for one in self.known)
        return not (row.me or spoken or self._tiny(row)) and self.fits(row)

    def _owned(self, row: Row) -> bool:
        """Tell whether the row can stand in the place of an article."""
        person = self._words.is_person(row.entity) and self._tiny(row)
        return row.me or self.pointable(row) or person

    def _tiny(self, row: Row) -> bool:
        """Tell whether a row is said by nothing but its name, or by pointing at it."""
        if row.me or self.pointable(row):
            return True
        clues = list(row.clues)
        named = self._clauses.naming(row.entity, clues)
        return bool(named) and not (clues or row.ties or row.pick or row.among)

    def _brief(self, row: Row) -> bool:
        """Tell whether a row is said in a few words, wherever it stands."""
        if row.me or self.pointable(row):
            return True
        if row.ties or row.pick or row.among:
            return False
        clues = list(row.clues)
        named = self._clauses.naming(row.entity, clues)
        return not clues if named else len(clues) <= 1

    def fits(self, row: Row) -> bool:
        """Tell whether the description is no deeper than one noun inside another."""
        if row.me or self.pointable(row):
            return True
        clues = list(row.clues)
        self._clauses.naming(row.entity, clues)
        many_things = len(clues) + len(row.ties) + (row.pick is not None)
        if (row.ties and many_things > _LONG) or len(row.ties) > 2:
            return False
        near = [self.beyond(t) or t.row for t in row.ties if not t.absent]
        lacking = len(near) < len(row.ties)
        if len(near) == 2 or (near and (clues or lacking)):
            if not all(map(self._tiny, near)):
                return False
        if near and self.blurred(row) and not any(map(self._owned, near)):
            return False
        return all(self._shallow(row, tie) for tie in row.ties) and all(map(self._brief, row.among))

    def depth(self, row: Row) -> int:
        """Count the nouns inside one another that describe the row, beside its own."""
        if row.me or self.pointable(row):
            return 0
        inner = [self.beyond(tie) or tie.row for tie in row.ties]
        return max((1 + self.depth(one) for one in (*inner, *row.among)), default=0)

    def _shallow(self, row: Row, tie: Tie) -> bool:
        """Tell whether what the row is tied to can stand inside its description."""
        inner = self.beyond(tie) or tie.row
        if self._tiny(inner) or (self._brief(inner) and not self._clings(row.entity, inner)):
            return True
        if tie.absent:
            return not inner.ties or all(self._brief(one.row) for one in inner.ties)
        if len(inner.ties) != 1 or inner.clues:
            few = not inner.ties and len(inner.clues) <= 1 and not (inner.pick and row.pick)
            return few and not self._clings(row.entity, inner)
        only = inner.ties[0]
        mine = self._brief(only.row) and not only.absent and self.beyond(only) is None
        once = row.pick is None or inner.pick is None
        return mine and once and self._short_owner(only) and not self._clings(row.entity, inner)

    def _short_owner(self, tie: Tie) -> bool:
        """Tell whether a row inside another can be said as somebody's: `her latest invoice`."""
        relation = self._words.schema.relation(tie.relation)
        if not self._words.clear(relation):
            return False
        person = self._words.is_person(tie.row.entity) and self._tiny(tie.row)
        return tie.row.me or self.pointable(tie.row) or (person and tie.forward)

    def blurred(self, row: Row) -> bool:
        """Tell whether what is said of a row could be said of one that it is tied to."""
        inner = {(self.beyond(tie) or tie.row).entity for tie in row.ties if not tie.absent}
        absent = {(self.beyond(tie) or tie.row).entity for tie in row.ties if tie.absent}
        lacking = any(
            self._words.between(name, other) or self._words.between(other, name)
            for name in inner
            for other in absent
        )
        return lacking or any(self._clings(name, row) for name in inner)

    def _clings(self, entity: str, row: Row) -> bool:
        """Tell whether a clue of the row, said last, could be one of the entity."""
        clues = list(row.clues)
        self._clauses.naming(row.entity, clues)
        fields = [clue.field for clue in clues if clue.field]
        if row.pick is not None and self._words.superlative_of(row.entity, row.pick) is None:
            fields.append(row.pick.field)
        for name in fields:
            field = self._clauses.field(row.entity, name)
            done = self._words.done_at(row.entity, field)
            dated = self._words.times(row.entity) == [field] and self._words.times(entity)
            placed = self._words.place(row.entity) == field and self._words.place(entity)
            if dated or placed or (done and self._words.done(entity, done)):
                return True
            if self._words.labelled(entity, field.label):
                return True
        return False


def _single(row: Row) -> Iterator[Row]:
    """Yield the row and those inside its description that are single rows."""
    yield row
    for tie in row.ties:
        if not tie.absent:
            yield from _single(tie.row)
    for one in row.among:
        yield from _single(one)


def lacks(mod: Mod) -> bool:
    """Tell whether the modifier says what there is not."""
    denied = isinstance(mod, (Linked, RoleOf)) and not mod.on
    return denied or isinstance(mod, (Without, Missing, Apart, Lacking))


def short(mod: Mod) -> bool:
    """Tell whether the noun inside ends with its name, so that nothing clings to it."""
    if not isinstance(mod, (Of, Done, Linked)):
        return False
    noun = mod.noun
    return not isinstance(noun, Noun) or not (noun.mods or noun.tail)


def ownable(noun: Inner | Both) -> bool:
    """Tell whether a noun can stand in the place of an article: `that vessel's`."""
    match noun:
        case It() | Me():
            return True
        case Called():
            return True
        case Place():
            return not (noun.the or noun.text.text.endswith("s"))
        case Again():
            return not noun.head.endswith("s")
        case Noun():
            bare = not (noun.mods or noun.before or noun.tail or noun.owner)
            ending = noun.naming[-1] if noun.naming else None
            fits = isinstance(ending, Person) or not noun.head.endswith("s")
            quoted = isinstance(ending, Named) and isinstance(ending.text, Quote)
            return bare and fits and not noun.plural and not quoted
    return False
