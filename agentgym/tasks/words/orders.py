"""What requests can mean: which row is changed, and which value each field takes.

A phrase comes in, every change that it can stand for goes out. Next: `senses`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from agentgym.formats import Json
from agentgym.schema import Field, Relation
from agentgym.tasks.words.amounts import NUMBERS, Amounts
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low
from agentgym.tasks.words.meaning import Cell, Change, Put, Row, work_of
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.phrases import (
    Add,
    Alike,
    Blank,
    Edit,
    Given,
    Held,
    Mark,
    Order,
    Raise,
    Read,
    Remove,
    Thing,
    Touch,
    Value,
    Word,
    Worked,
)
from agentgym.tasks.words.values import NOTHING, valued

__all__ = ["Orders"]


class Orders:
    """The senses of requests under one schema."""

    def __init__(self, words: Lexicon, nouns: Nouns, amounts: Amounts) -> None:
        """Prepare to look up what rows, labels and numbers can be."""
        self._words = words
        self._nouns = nouns
        self._amounts = amounts

    def ordered(self, order: Order) -> Iterator[Change]:
        """Yield the changes that a request can stand for."""
        match order:
            case Edit():
                gives = (Given(field=order.field, value=order.value), *order.rest)
                for row in self._nouns.rows(order.noun):
                    for puts in self._puts(row.entity, gives):
                        yield self._update(row, puts, each=order.each)
            case Raise():
                yield from self._raised(order)
            case Mark():
                for row in self._nouns.rows(order.noun):
                    for field in self._words.fields(row.entity):
                        value = self._marked(row.entity, field, order)
                        if value is not NOTHING:
                            put = Put(field=field.name, value=value)
                            yield self._update(row, (put,), each=order.each)
            case Add():
                yield from self._added(order)
            case Remove():
                for row in self._nouns.rows(order.noun):
                    yield Change(kind="delete", entity=row.entity, target=row, each=order.each)
            case Touch():
                for row in self._nouns.rows(order.noun):
                    yield Change(kind="update", entity=row.entity, target=row)

    def _update(self, row: Row, puts: tuple[Put, ...], *, each: bool) -> Change:
        moves = len(puts) == 1 and self._words.moves(row.entity, puts[0].field)
        kind = "transition" if moves else "update"
        return Change(kind=kind, entity=row.entity, target=row, puts=puts, each=each)  # type: ignore[arg-type]

    def _raised(self, order: Raise) -> Iterator[Change]:
        for row in self._nouns.rows(order.noun):
            for field in self._words.labelled(row.entity, order.field):
                if field.type in NUMBERS and valued(field, order.by) is not NOTHING:
                    for told in self._amounts.term("sum", order.by):
                        work = work_of("sum", [Cell(row=row, field=field.name), told])
                        put = Put(field=field.name, work=work)
                        yield self._update(row, (put,), each=False)

    def _marked(self, entity: str, field: Field, order: Mark) -> Json:
        if field.type == "boolean" and low(flag_words(field)) == low(order.text):
            return order.on
        if order.on and self._words.is_status(entity, field):
            return valued(field, Word(text=order.text))
        return NOTHING

    def _added(self, order: Add) -> Iterator[Change]:
        for entity in self._words.singular.get(low(order.head), ()):
            options: list[list[tuple[Put, ...]]] = [
                [
                    _reference(relation, row)
                    for row in self._nouns.rows(noun)
                    for relation in self._words.between(entity.name, row.entity)
                ]
                for noun in order.owners
            ]
            for owned in product(*options):
                for puts in self._puts(entity.name, order.gives):
                    everything = (*(put for several in owned for put in several), *puts)
                    yield from _created(entity.name, everything)

    def _puts(self, entity: str, gives: Iterable[Given]) -> Iterator[tuple[Put, ...]]:
        options = [list(self._given(entity, given.field, given.value)) for given in gives]
        for chosen in product(*options):
            puts = tuple(sorted((p for ps in chosen for p in ps), key=lambda p: p.field))
            if len({put.field for put in puts}) == len(puts):
                yield puts

    def _given(self, entity: str, label: str, value: Value | Worked) -> Iterator[tuple[Put, ...]]:
        words = self._words
        if isinstance(value, Thing):
            for row in self._nouns.rows(value.noun):
                for relation in words.between(entity, row.entity):
                    if low(label) in ("", low(relation.label)):
                        yield _reference(relation, row)
            return
        if isinstance(value, Alike):
            value = Read(field=label, noun=value.noun)
        for field in words.labelled(entity, label):
            match value:
                case Held():
                    yield (Put(field=field.name, held=True),)
                case Blank():
                    if field.nullable:
                        yield (Put(field=field.name),)
                case Worked():
                    for work in self._amounts.worked(value):
                        if field.type in NUMBERS:
                            yield (Put(field=field.name, work=work),)
                case Read():
                    for row in self._nouns.rows(value.noun):
                        for source in words.labelled(row.entity, value.field):
                            if source.type == field.type:
                                yield (Put(field=field.name, row=row, source=source.name),)
                case _:
                    meant = valued(field, value)
                    if meant is not NOTHING:
                        yield (Put(field=field.name, value=meant),)


def _reference(relation: Relation, row: Row) -> tuple[Put, ...]:
    pairs = zip(relation.fields, relation.target_fields, strict=True)
    return tuple(Put(field=mine, row=row, source=theirs) for mine, theirs in pairs)


def _created(entity: str, puts: tuple[Put, ...]) -> Iterator[Change]:
    if len({put.field for put in puts}) == len(puts):
        yield Change(kind="create", entity=entity, puts=tuple(sorted(puts, key=lambda p: p.field)))
