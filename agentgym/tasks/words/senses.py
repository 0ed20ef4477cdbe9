"""What sentences can mean: labels and literals looked up in a schema, act by act.

A phrase comes in, every act that it can stand for goes out, in which rows that were spoken
of before are mere mentions still. Next: `read`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from agentgym.plan import Pick
from agentgym.schema import Field
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.amounts import NUMBERS, TIMES, Amounts
from agentgym.tasks.words.lexicon import Lexicon, low
from agentgym.tasks.words.meaning import (
    Act,
    Cap,
    Chosen,
    Fork,
    Get,
    Row,
    cap_order,
    row_of,
    work_of,
)
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.orders import Orders
from agentgym.tasks.words.phrases import (
    Ask,
    Counted,
    Do,
    Every,
    If,
    Limited,
    Listed,
    Mention,
    Picked,
    Query,
    Sentence,
    Story,
    Summed,
    Thought,
    Whether,
    Which,
    Worked,
)
from agentgym.tasks.words.values import NOTHING, valued

__all__ = ["Senses", "called"]

_MOST = 64
"""No more senses of one sentence are looked at: two are too many already."""


def called(words: Lexicon, entity: str) -> tuple[Field, ...]:
    """Return the fields that tell which row it is when one is asked for: what it is called."""
    names = words.names(entity)
    if len(names) == 1:
        return (names[0],)
    return words.person(entity) or ()


class Senses:
    """The senses of sentences under one schema."""

    def __init__(self, words: Lexicon, nouns: Nouns) -> None:
        """Prepare to look up what labels and rows can be."""
        self._words = words
        self._nouns = nouns
        self._amounts = Amounts(words, nouns)
        self._orders = Orders(words, nouns, self._amounts)

    def sentence(self, sentence: Sentence) -> list[tuple[Act, ...]]:
        """Return what a sentence can ask for, without doubles."""
        found: dict[tuple[Act, ...], None] = {}
        for acts in self._sentence(sentence):
            found[acts] = None
            if len(found) >= _MOST:
                break
        return list(found)

    def _sentence(self, sentence: Sentence) -> Iterator[tuple[Act, ...]]:
        match sentence:
            case Query() | Do():
                yield from self._parts(sentence)
            case If():
                for check in self._amounts.question(sentence.test):
                    for then in self._all(sentence.then):
                        for otherwise in self._all(sentence.otherwise):
                            yield (Fork(check=check, then=then, otherwise=otherwise),)
            case Picked():
                yield from self._picked(sentence)
            case Story():
                said = sentence.terms or (sentence.first, sentence.second)
                terms = [list(self._amounts.term(sentence.function, one)) for one in said if one]
                for chosen in product(*terms):
                    yield (Get(of=work_of(sentence.function, chosen)),)

    def _all(self, sentences: tuple[Query | Do, ...]) -> list[tuple[Act, ...]]:
        options = [list(self._parts(one)) for one in sentences]
        return [tuple(a for acts in chosen for a in acts) for chosen in product(*options)][:_MOST]

    def _parts(self, sentence: Query | Do) -> Iterator[tuple[Act, ...]]:
        options: list[list[tuple[Act, ...]]] = []
        if isinstance(sentence, Query):
            options = [list(dict.fromkeys(self._asked(part))) for part in sentence.things]
        else:
            options = [
                [(c,) for c in dict.fromkeys(self._orders.ordered(p))] for p in sentence.orders
            ]
        for chosen in product(*options):
            yield tuple(act for acts in chosen for act in acts)

    def _asked(self, thing: Thought) -> Iterator[tuple[Act, ...]]:
        match thing:
            case Ask():
                for row in self._nouns.rows(thing.noun):
                    yield from self._gets(row, thing.fields)
            case Every():
                for row in self._nouns.rows(thing.rows):
                    yield from self._gets(row, thing.fields, many=True)
            case Listed():
                for row in self._nouns.rows(self._amounts.owned(thing)):
                    fields = called(self._words, row.entity)
                    if len(fields) == 1:
                        yield (Get(of=row, field=fields[0].name, many=True),)
            case Which():
                yield from self._which(thing)
            case Whether():
                for row in self._nouns.rows(thing.noun):
                    for field in self._amounts.flags(row.entity, thing.flag):
                        yield (Get(of=row, field=field.name),)
            case Counted() | Summed():
                for figure in self._amounts.figure(thing):
                    yield (Get(of=figure),)
            case Worked():
                for work in self._amounts.worked(thing):
                    yield (Get(of=work),)

    def _gets(
        self, row: Row, mentions: tuple[Mention, ...], *, many: bool = False
    ) -> Iterator[tuple[Act, ...]]:
        fields = [self._amounts.mentioned(row.entity, m, many=many) for m in mentions]
        for chosen in product(*fields):
            yield tuple(Get(of=row, field=field.name, many=many) for field in chosen)

    def _which(self, thing: Which) -> Iterator[tuple[Act, ...]]:
        options = [self._nouns.rows(noun) for noun in thing.nouns]
        for rows in product(*options):
            entity = rows[0].entity
            if any(row.entity != entity for row in rows):
                continue
            for field in self._words.labelled(entity, thing.field):
                if field.type in ORDERED and (field.type in TIMES) == thing.time:
                    pick = Pick(field=field.name, largest=thing.largest)
                    row = row_of(entity, [], [], pick, among=rows)
                    gets = tuple(Get(of=row, field=f.name) for f in called(self._words, entity))
                    if gets:
                        yield gets

    def _picked(self, thing: Picked) -> Iterator[tuple[Act, ...]]:
        for row in self._nouns.rows(thing.rows):
            options = [list(self._limited(row.entity, one)) for one in thing.limits]
            for limits in product(*options):
                caps = [cap for several in limits for cap in several]
                chosen = Chosen(of=row, count=int(thing.count), caps=cap_order(caps))
                fields = [self._amounts.mentioned(row.entity, m, many=True) for m in thing.fields]
                for asked in product(*fields):
                    yield tuple(Get(of=chosen, field=field.name) for field in asked)

    def _limited(self, entity: str, limit: Limited) -> Iterator[tuple[Cap, ...]]:
        mention = limit.field or limit.fields
        if mention is None:
            return
        fields = self._amounts.mentioned(entity, mention, many=True)
        if limit.kind == "distinct":
            for field in fields:
                yield (Cap(kind="distinct", field=field.name),)
            for relation in self._words.relations:
                named = low(relation.label) == low(mention.field)
                if relation.entity == entity and named and len(relation.fields) == 1:
                    yield (Cap(kind="distinct", field=relation.fields[0]),)
            return
        bounds = {limit.op: limit.value}
        if limit.op in ("both", "eq"):
            bounds = {"ge": limit.value, "le": limit.upto if limit.op == "both" else limit.value}
        for field in fields:
            values = {
                op: NOTHING if said is None else valued(field, said) for op, said in bounds.items()
            }
            if field.type in NUMBERS and NOTHING not in values.values():
                yield tuple(
                    Cap(kind="total", field=field.name, op=op, value=value)  # type: ignore[arg-type]
                    for op, value in values.items()
                )
