"""From changes to phrases: what is to be done to which row, and with which values.

Comes after `describe`. Next: `speaker`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from agentgym.tasks.words.asking import about, brief
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.english.acts import WAYS
from agentgym.tasks.words.idiom import option
from agentgym.tasks.words.lexicon import Lexicon, flag_words, said, switch_words
from agentgym.tasks.words.meaning import Cell, Change, Put, Row, Told, Work
from agentgym.tasks.words.phrases import (
    Add,
    Again,
    Alike,
    Blank,
    Both,
    Edit,
    Given,
    Held,
    Inner,
    It,
    Mark,
    Me,
    Noun,
    Number,
    Order,
    Quote,
    Raise,
    Read,
    Remove,
    Thing,
    Touch,
    Truth,
    Value,
    Word,
    Worked,
)
from agentgym.tasks.words.values import LEADING, UnsayableError, literal

__all__ = ["Changing"]


class _Marked(NamedTuple):
    """A change said with `mark`, and whether what is marked is a flag."""

    order: Mark
    flag: bool


class Changing:
    """Chooses the phrases of the changes of one message."""

    def __init__(
        self,
        words: Lexicon,
        rng: random.Random,
        nouns: Describer,
        worked: Callable[[Work], Worked],
    ) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses.
            nouns: Describes the rows.
            worked: Puts a number that is worked out into a phrase.
        """
        self._words = words
        self._rng = rng
        self._nouns = nouns
        self._worked = worked

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def order(self, change: Change) -> Order:
        """Choose the phrase of a change.

        Raises:
            UnsayableError: There are no words for it.
        """
        if change.kind == "create":
            order: Order = self._add(change)
        elif change.target is None:
            raise UnsayableError("a change of nothing")
        else:
            noun = self._target(change.target, each=change.each)
            self._nouns.learn(change.target, inside=change.each)
            self._nouns.focus = None if change.each else change.target
            if change.kind == "delete":
                order = Remove(noun=noun, each=change.each)  # type: ignore[arg-type]
            else:
                order = self._edit(change, noun)
        for put in change.puts:
            if put.row is not None:
                self._nouns.learn(put.row)
        if change.kind == "create":
            self._nouns.made(change.entity)
        return order

    def _target(self, row: Row, *, each: bool) -> Inner | Noun | Both:
        if each:
            return self._nouns.nouns(row)
        return about(row, self._words, self._nouns, self._rng)

    def _edit(self, change: Change, noun: Inner | Both) -> Order:
        if not change.puts and not change.each and not isinstance(noun, Both):
            return Touch(noun=noun)
        if len(change.puts) == 1 and change.puts[0].row is None:
            mark = self._mark(change, change.puts[0], noun)
            if mark is not None and (mark.flag or self._chance(0.7)):
                return mark.order
            more = self._raise(change, change.puts[0], noun)
            if more is not None and self._chance(0.9):
                return more
        gives = self._gives(change.entity, change.puts)
        if not gives:
            raise UnsayableError("a change without a value")
        if len(gives) > 1 and not change.each and any(given.flag for given in gives):
            raise UnsayableError("a flag beside other fields")
        first, *rest = gives
        own = self._own(change, noun)
        return Edit(
            field=first.field,
            noun=noun,  # type: ignore[arg-type]
            value=first.value,
            rest=tuple(rest),
            flag=first.flag,
            each=change.each,
            own=own,
        )

    def _own(self, change: Change, noun: Inner | Both) -> bool:
        """Choose whether the row stands before the field."""
        return isinstance(noun, (It, Me)) or (
            not change.each
            and not isinstance(noun, Both)
            and self._nouns.ownable(noun)
            and self._chance(0.3)
        )

    def _raise(self, change: Change, put: Put, noun: Inner | Both) -> Raise | None:
        """Say that a number is added to what a field holds, if that is what is wanted."""
        if not isinstance(put.work, Work) or put.work.function != "sum" or change.each:
            return None
        cells = [term for term in put.work.of if isinstance(term, Cell)]
        told = [term for term in put.work.of if isinstance(term, Told)]
        if len(cells) != 1 or len(told) != 1 or len(put.work.of) != 2 or told[0].held:
            return None
        if cells[0] != Cell(row=change.target, field=put.field):  # type: ignore[arg-type]
            return None
        field = self._nouns.field(change.entity, put.field)
        by = literal(field, told[0].value)
        return Raise(field=field.label, noun=noun, by=by, own=self._own(change, noun))  # type: ignore[arg-type]

    def _mark(self, change: Change, put: Put, noun: Inner | Both) -> _Marked | None:
        field = self._nouns.field(change.entity, put.field)
        if put.held or put.value is None:
            return None
        value = literal(field, put.value)
        if isinstance(value, Truth):
            if option(flag_words(field)):
                raise UnsayableError(f"marked as {field.label}")
            mark = Mark(noun=noun, text=flag_words(field), on=value.on, each=change.each)  # type: ignore[arg-type]
            return _Marked(mark, flag=True)
        if isinstance(value, Word) and self._words.is_status(change.entity, field):
            mark = Mark(noun=noun, text=value.text, each=change.each)  # type: ignore[arg-type]
            return _Marked(mark, flag=False)
        return None

    def _add(self, change: Change) -> Add:
        entity = self._nouns.entity_noun(change.entity)
        gives = self._gives(change.entity, change.puts)
        owned = []
        for given in gives:
            if isinstance(given.value, Thing):
                target = self._owned(change, given)
                if target and len(self._words.between(change.entity, target)) == 1:
                    owned.append((not self._words.is_person(target), given))
        owned.sort(key=lambda pair: pair[0])
        owner = owned[0][1] if owned else None
        bare = [given for _, given in owned[1:]]
        rest = [given for given in gives if given is not owner and given not in bare]
        rest.sort(key=lambda given: isinstance(given.value, Thing))
        long = owner is not None and not brief(owner.value.noun)  # type: ignore[union-attr]
        called = [msgspec.structs.replace(given, field="", plain=True) for given in bare]
        first = [given for given in called if brief(given.value.noun)]  # type: ignore[union-attr]
        last = [given for given in called if given not in first]
        return Add(
            head=entity.label,
            owners=() if owner is None else (owner.value.noun,),  # type: ignore[union-attr]
            way="for" if owner is None else self._way(change.entity, owner),
            gives=(*first, *rest, *last),
            apart=long and bool(called or rest),
        )

    def _way(self, entity: str, owner: Given) -> str:
        """Choose the word between a new row and what it belongs to."""
        for relation in self._words.relations:
            if relation.entity == entity and relation.label == owner.field:
                way = self._nouns.between(relation)
                return way if way in WAYS else "for"
        return "for"

    def _owned(self, change: Change, given: Given) -> str | None:
        """Name the entity of a reference, if it is what the reference is called by."""
        for relation in self._words.relations:
            if relation.entity == change.entity and relation.label == given.field:
                target = self._words.entities[relation.target]
                return target.name if target.label == relation.label else None
        return None

    def _gives(self, entity: str, puts: tuple[Put, ...]) -> list[Given]:
        """Turn settings into what is said: references first become the rows they refer to."""
        left = {put.field: put for put in puts}
        gives: list[Given] = []
        relations = [r for r in self._words.relations if r.entity == entity and said(r.label)]
        people = {r.name for r in relations if self._words.is_person(r.target)}
        for relation in sorted(relations, key=lambda r: (-len(r.fields), r.name not in people)):
            parts = [left.get(field) for field in relation.fields]
            first = parts[0]
            if first is None or first.row is None or first.row.entity != relation.target:
                continue
            sources = [p.source for p in parts if p is not None and p.row == first.row]
            if sources == list(relation.target_fields):
                noun = self._nouns.noun(first.row)
                if isinstance(noun, Again) and first.row.entity == entity:  # not the new one
                    noun = self._nouns.described(first.row, plural=False)
                self._nouns.learn(first.row)
                gives.append(Given(field=relation.label, value=Thing(noun=noun)))
                for field in relation.fields:
                    del left[field]
        for put in left.values():
            gives.append(self._give(entity, put))
        return gives

    def _give(self, entity: str, put: Put) -> Given:
        field = self._nouns.field(entity, put.field)
        value: Value | Worked
        label = switch_words(field) if field.type == "boolean" else field.label
        if put.work is not None:
            if not isinstance(put.work, Work):
                raise UnsayableError("a number over rows as a value")
            value = self._worked(put.work)
        elif put.row is not None:
            source = self._nouns.field(put.row.entity, put.source or "")
            name = switch_words(source) if source.type == "boolean" else source.label
            noun = self._nouns.noun(put.row)
            value = Alike(noun=noun) if name == label else Read(field=name, noun=noun)
        elif put.held and field.type == "boolean":
            raise UnsayableError("a yes or no that is held back")
        elif put.held:
            value = Held()
        elif put.value is None:
            value = Blank()
        else:
            value = literal(field, put.value)
            if isinstance(value, Word) and value.text.split(" ")[0] in LEADING:
                value = Quote(text=value.text)
        code = isinstance(value, Number) and field.role == "code"
        return Given(field=label, value=value, code=code, flag=field.type == "boolean")
