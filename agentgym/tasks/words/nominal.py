"""Nouns: a `Row` comes in, with clues, ties and a pick; a phrase that stands for it goes out.

How a single clue is said is in `clauses`, how far a noun reaches in `reach`. Next: `describe`.
"""

from __future__ import annotations

import msgspec

from agentgym.schema.types import ORDERED
from agentgym.tasks.words.idiom import known_place, ranked, with_article
from agentgym.tasks.words.lexicon import said
from agentgym.tasks.words.meaning import Row, rows_in
from agentgym.tasks.words.modifiers import best_how
from agentgym.tasks.words.phrases import (
    Again,
    Bare,
    Best,
    Both,
    Called,
    Compared,
    Either,
    Inner,
    Is,
    Isnt,
    It,
    Latest,
    Me,
    Mod,
    Most,
    Noun,
    Of,
    Person,
    Place,
    Timed,
)
from agentgym.tasks.words.reach import lacks, short
from agentgym.tasks.words.tying import Tying
from agentgym.tasks.words.values import UnsayableError, bare

__all__ = ["Nominal"]

_AFTER_WITH = {"with": "and", "by": "and by", "many": "and many", "no": "and no"}
"""How what is said with `with` is said after another `with`."""


class Nominal(Tying):
    """Describes the rows of one message, and remembers which it has described."""

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
            if top and self._level < 2 and self.it_clear(row) and self._chance(0.5):
                return It()
            return Again(head=self._reach.known[row])
        if row.among:
            return self._either(row)
        if place := self._place(row):
            return place
        if not top and (called := self._called(row)):
            return called
        return self.described(row, plural=False, inner=not top)

    def _place(self, row: Row) -> Place | None:
        """Call a country by nothing but its name."""
        clues = list(row.clues)
        if row.ties or row.pick or row.among or len(clues) != 1 or self._level == 2:
            return None
        text = str(clues[0].value)
        if not known_place(self._words.entities[row.entity].label, text):
            return None
        named = self._clauses.naming(row.entity, clues) and not clues
        return Place(text=Bare(text=text), the=with_article(text)) if named and bare(text) else None

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
        if any(clue.field == row.pick.field for one in row.among for clue in one.clues):
            raise UnsayableError("which has more of what is told of both")
        best = self._best(row)
        return Either(nouns=tuple(self.noun(one) for one in row.among), best=best)

    def _best(self, row: Row) -> Best:
        assert row.pick is not None
        field = self.field(row.entity, row.pick.field)
        if field.type not in ORDERED or not ranked(field.label):
            raise UnsayableError(f"the largest {field.label}")
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
        self.entity_noun(row.entity)
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
            mods=self._joined(self._placed(row, own, ties, best)),
            tail=tail,
        )

    def _picked(self, row: Row) -> tuple[list[Latest | Most], list[Best]]:
        """Say what the row has most of: before the noun where it can be, else after it."""
        if row.pick is None:
            return [], []
        best = self._best(row)
        field = self.field(row.entity, row.pick.field)
        if self._words.times(row.entity) == [field]:
            return [Latest(largest=row.pick.largest)], []
        word = self._words.superlative_of(row.entity, row.pick)
        if word:
            return [Most(text=word)], []
        return [], [best]

    def _whichever(self, row: Row, ties: list[Mod], owner: Inner | None) -> bool:
        """Tell whether `with the largest ...` could be taken for a feature of another noun."""
        if owner is not None or not ties or not all(map(short, ties)) or row.clues:
            return False
        assert row.pick is not None
        label = self.field(row.entity, row.pick.field).label
        inner = [one.entity for tie in row.ties for one in rows_in(tie.row)]
        return any(self._words.labelled(name, label) for name in inner)

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

    @staticmethod
    def _joined(mods: tuple[Mod, ...]) -> tuple[Mod, ...]:
        """Say `with` once where one follows another: `with the city "Paris" and no orders`."""
        found: list[Mod] = []
        before = False
        for mod in mods:
            way = getattr(mod, "way", None)
            after = _AFTER_WITH.get(way or "") if isinstance(mod, (Is, Isnt, Compared)) else None
            if before and isinstance(mod, Best):
                found.append(msgspec.structs.replace(mod, after=True))
            else:
                found.append(msgspec.structs.replace(mod, way=after) if before and after else mod)
            before = after is not None
        return tuple(found)

    def _bare(self, noun: Noun, owner: Inner | None, label: str) -> bool:
        """Tell whether the noun goes without an article: `port call PC-1138`."""
        if noun.before or owner or not noun.naming or noun.head != label:
            return False
        name = noun.naming[-1]
        plain = isinstance(name, Person) or (name.code and isinstance(name.text, Bare))
        return plain and self._chance(0.8)
