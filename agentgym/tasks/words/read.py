"""From words to plans: every reading that a message has under a schema.

The parser gives phrases; here each label is looked up in the schema, and a phrase has
as many meanings as its labels and literals allow. Nothing is known of the plan that
the message was written for. Next: `say`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

import msgspec

from agentgym.formats import Json
from agentgym.plan import Plan
from agentgym.schema import Field, Relation, Schema
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.grammar import Parser
from agentgym.tasks.words.lexicon import Lexicon, flag_words, lexicon, low
from agentgym.tasks.words.meaning import (
    Act,
    Change,
    Figure,
    Get,
    Put,
    Row,
    assemble,
    row_of,
    rows_in,
)
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.phrases import (
    Add,
    Alike,
    Ask,
    Blank,
    Counted,
    Edit,
    Given,
    Held,
    Mark,
    Mention,
    Message,
    Of,
    Order,
    Query,
    Read,
    Remove,
    Summed,
    Thing,
    Value,
    Whether,
    Word,
)
from agentgym.tasks.words.values import NOTHING, valued

__all__ = ["decimals", "read"]

_NUMBERS = frozenset({"integer", "decimal", "float"})
_TIMES = frozenset({"date", "datetime"})
_MOST = 32
"""No more readings than this are told apart: two are too many already."""


def read(text: str, schema: Schema) -> list[Plan]:
    """Read a message: all plans that it can stand for, each as `meaning.tellable` has it.

    Args:
        text: What a person said.
        schema: What can be spoken of.

    Returns:
        The readings, without doubles; empty when it is no message of the grammar.
    """
    return list(_read(text, lexicon(schema)))


@lru_cache(maxsize=16)
def _read(text: str, words: Lexicon) -> tuple[Plan, ...]:
    """Read a message once: who words a task, who admits it and who certifies it all ask."""
    reader = _Reader(words)
    plans: list[Plan] = []
    for acts in reader.acts(text):
        plan = assemble(acts)
        if plan not in plans:
            plans.append(plan)
            if len(plans) >= _MOST:
                break
    return tuple(plans)


def decimals(field: Field) -> int:
    """Return to how many decimals an average of the field is rounded."""
    return 4 if field.type == "float" else field.scale + 2


class _Reader:
    """The meanings of phrases under one schema."""

    def __init__(self, words: Lexicon) -> None:
        self._words = words
        self._nouns = Nouns(words)

    def acts(self, text: str) -> Iterator[tuple[Act, ...]]:
        """Yield what the text can ask for."""
        keep = dict.fromkeys(("noun", "inner", "rows", "bare rows"), self._nouns.stands)
        parser = Parser(ENGLISH, text, self._words, keep)
        for message, end in parser.parse("message", 0):
            if end == len(text) and isinstance(message, Message):
                yield from self._message(message)

    # What is asked, and what is to be done

    def _message(self, message: Message) -> Iterator[tuple[Act, ...]]:
        options = []
        for sentence in message.sentences:
            parts = sentence.things if isinstance(sentence, Query) else sentence.orders
            for part in parts:
                match part:
                    case Ask() | Whether() | Counted() | Summed():
                        found = list(self._asked(part))
                    case Edit() | Mark() | Add() | Remove():
                        found = [(change,) for change in self._ordered(part)]
                if not found:
                    return
                options.append(found)
        for chosen in product(*options):
            yield from _bound(tuple(act for acts in chosen for act in acts), ())

    def _asked(self, thing: Ask | Whether | Counted | Summed) -> Iterator[tuple[Act, ...]]:
        words = self._words
        match thing:
            case Ask():
                for row in self._nouns.rows(thing.noun):
                    fields = [self._mentioned(row.entity, m) for m in thing.fields]
                    for chosen in product(*fields):
                        yield tuple(Get(of=row, field=field.name) for field in chosen)
            case Whether():
                for row in self._nouns.rows(thing.noun):
                    for field in words.fields(row.entity):
                        if field.type == "boolean" and low(flag_words(field)) == low(thing.flag):
                            yield (Get(of=row, field=field.name),)
            case Counted():
                noun = thing.rows
                if thing.owner is not None:
                    noun = msgspec.structs.replace(noun, mods=(*noun.mods, Of(noun=thing.owner)))
                for row in self._nouns.rows(noun):
                    if thing.field is None:
                        yield (Get(of=Figure(of=row, function="count")),)
                    else:
                        for field in words.labelled(row.entity, thing.field):
                            of = Figure(of=row, function="count", field=field.name)
                            yield (Get(of=of),)
            case Summed():
                for row in self._nouns.rows(thing.rows):
                    for field in self._mentioned(row.entity, thing.field):
                        if _can(thing, field):
                            of = Figure(of=row, function=thing.function, field=field.name)
                            yield (Get(of=of),)

    def _mentioned(self, entity: str, mention: Mention) -> list[Field]:
        fields = self._words.labelled(entity, mention.field)
        return [f for f in fields if mention.unit in (None, f.unit)]

    def _ordered(self, order: Order) -> Iterator[Change]:
        match order:
            case Edit():
                gives = (Given(field=order.field, value=order.value), *order.rest)
                for row in self._nouns.rows(order.noun):
                    for puts in self._puts(row.entity, gives):
                        yield self._update(row, puts)
            case Mark():
                for row in self._nouns.rows(order.noun):
                    for field in self._words.fields(row.entity):
                        value = self._marked(row.entity, field, order)
                        if value is not NOTHING:
                            yield self._update(row, (Put(field=field.name, value=value),))
            case Add():
                yield from self._added(order)
            case Remove():
                for row in self._nouns.rows(order.noun):
                    yield Change(kind="delete", entity=row.entity, target=row)

    def _update(self, row: Row, puts: tuple[Put, ...]) -> Change:
        moves = len(puts) == 1 and self._words.moves(row.entity, puts[0].field)
        return Change(
            kind="transition" if moves else "update", entity=row.entity, target=row, puts=puts
        )

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

    def _given(self, entity: str, label: str, value: Value) -> Iterator[tuple[Put, ...]]:
        words = self._words
        if isinstance(value, Thing):
            for row in self._nouns.rows(value.noun):
                for relation in words.between(entity, row.entity):
                    if low(relation.label) == low(label):
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
                case Read():
                    for row in self._nouns.rows(value.noun):
                        for source in words.labelled(row.entity, value.field):
                            if source.type == field.type:
                                yield (Put(field=field.name, row=row, source=source.name),)
                case _:
                    meant = valued(field, value)
                    if meant is not NOTHING:
                        yield (Put(field=field.name, value=meant),)


def _can(thing: Summed, field: Field) -> bool:
    """Tell whether the figure makes sense of the field, and is rounded as figures are."""
    if thing.function in ("sum", "avg"):
        right = thing.digits is None or thing.digits == str(decimals(field))
        return field.type in _NUMBERS and right
    return field.type in ORDERED and (field.type in _TIMES) == thing.time


def _reference(relation: Relation, row: Row) -> tuple[Put, ...]:
    pairs = zip(relation.fields, relation.target_fields, strict=True)
    return tuple(Put(field=mine, row=row, source=theirs) for mine, theirs in pairs)


def _created(entity: str, puts: tuple[Put, ...]) -> Iterator[Change]:
    if len({put.field for put in puts}) == len(puts):
        yield Change(kind="create", entity=entity, puts=tuple(sorted(puts, key=lambda p: p.field)))


def _bound(acts: tuple[Act, ...], known: tuple[Row, ...]) -> Iterator[tuple[Act, ...]]:
    """Put the row that was meant in the place of each mere mention of it."""
    if not acts:
        yield ()
        return
    for act, now_known in _bind(acts[0], known):
        for rest in _bound(acts[1:], now_known):
            yield (act, *rest)


def _bind(act: Act, known: tuple[Row, ...]) -> Iterator[tuple[Act, tuple[Row, ...]]]:
    if isinstance(act, Get):
        of = act.of
        for row in _meant(of.of if isinstance(of, Figure) else of, known):
            if isinstance(of, Figure):
                figure = msgspec.structs.replace(of, of=row)
                yield msgspec.structs.replace(act, of=figure), _learn(known, row, inside=True)
            else:
                yield msgspec.structs.replace(act, of=row), _learn(known, row)
        return
    targets: Iterable[Row | None] = [None] if act.target is None else _meant(act.target, known)
    for target in targets:
        now_known = known if target is None else _learn(known, target)
        options = [
            [put]
            if put.row is None
            else [msgspec.structs.replace(put, row=row) for row in _meant(put.row, now_known)]
            for put in act.puts
        ]
        for puts in product(*options):
            after = now_known
            for put in puts:
                after = after if put.row is None else _learn(after, put.row)
            yield msgspec.structs.replace(act, target=target, puts=puts), after


def _learn(known: tuple[Row, ...], row: Row, *, inside: bool = False) -> tuple[Row, ...]:
    """Add a row that was described, and those inside its description."""
    rows = [r for r in rows_in(row) if not (inside and r is row)]
    return tuple(dict.fromkeys((*known, *rows)))


def _meant(row: Row, known: tuple[Row, ...]) -> Iterator[Row]:
    if row.again:
        yield from (r for r in known if r.entity == row.entity)
        return
    options = [
        [msgspec.structs.replace(tie, row=inner) for inner in _meant(tie.row, known)]
        for tie in row.ties
    ]
    for ties in product(*options):
        yield row_of(row.entity, list(row.clues), list(ties), row.pick)
