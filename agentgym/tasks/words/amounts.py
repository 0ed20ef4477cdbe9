"""What numbers and checks can mean: sums over rows, calculations, comparisons.

A phrase comes in, every number or check that it can stand for goes out. Next: `senses`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import product

import msgspec

from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low
from agentgym.tasks.words.meaning import Cell, Check, Figure, Term, Told, Work, plain, work_of
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.phrases import (
    Amount,
    Any,
    Being,
    Counted,
    Day,
    Listed,
    Mention,
    Moment,
    Noun,
    Number,
    Of,
    Part,
    Question,
    Summed,
    Tested,
    Word,
    Worked,
)
from agentgym.tasks.words.values import NOTHING, valued

__all__ = ["NUMBERS", "SHARE", "TIMES", "Amounts", "decimals"]

NUMBERS = frozenset({"integer", "decimal", "float"})
TIMES = frozenset({"date", "datetime"})
SHARE = "2"
"""To how many decimals a percentage is rounded."""


def decimals(field: Field) -> int:
    """Return to how many decimals an average of the field is rounded."""
    return 4 if field.type == "float" else field.scale + 2


class Amounts:
    """The senses of numbers and checks under one schema."""

    def __init__(self, words: Lexicon, nouns: Nouns) -> None:
        """Prepare to look up what rows and labels can be."""
        self._words = words
        self._nouns = nouns

    def mentioned(self, entity: str, mention: Mention, *, many: bool = False) -> list[Field]:
        """Return the fields that a mention can stand for; `many`: in the plural, too."""
        fields = self._words.labelled(entity, mention.field)
        if many:
            fields = list(dict.fromkeys((*fields, *self._words.plurally(entity, mention.field))))
        return [f for f in fields if mention.unit in (None, f.unit)]

    def owned(self, thing: Counted | Listed | Any) -> Noun:
        """Return the rows of a phrase as a noun, with the owner that is said apart from it."""
        noun = thing.rows
        if thing.owner is not None:
            mods = (*noun.mods, Of(noun=thing.owner))  # type: ignore[union-attr]
            noun = msgspec.structs.replace(noun, mods=mods)
        return noun  # type: ignore[return-value]

    def flags(self, entity: str, flag: str) -> list[Field]:
        """Return the flags of the entity that are called so."""
        fields = self._words.fields(entity)
        return [f for f in fields if f.type == "boolean" and low(flag_words(f)) == low(flag)]

    def figure(self, thing: Counted | Summed) -> Iterator[Figure]:
        """Yield the numbers over rows that a phrase can stand for."""
        if isinstance(thing, Counted):
            for row in self._nouns.rows(self.owned(thing)):
                if thing.field is None:
                    yield Figure(of=row, function="count")
                else:
                    for field in self._words.labelled(row.entity, thing.field):
                        yield Figure(of=row, function="count", field=field.name)
            return
        for row in self._nouns.rows(thing.rows):
            mention = thing.field or thing.fields
            for field in self.mentioned(row.entity, mention, many=True) if mention else ():
                if _can(thing, field):
                    yield Figure(of=row, function=thing.function, field=field.name)

    def worked(self, thing: Worked) -> Iterator[Work]:
        """Yield the calculations that a phrase can stand for."""
        if thing.shared is not None:
            yield from self._shared(thing, thing.shared)
            return
        terms = [list(self.term(thing.function, one)) for one in thing.terms]
        for chosen in product(*terms):
            yield work_of(thing.function, chosen)

    def _shared(self, thing: Worked, shared: Mention) -> Iterator[Work]:
        kinds = TIMES if thing.function == "days" else NUMBERS
        for rows in product(*(self._nouns.rows(noun) for noun in thing.nouns)):
            entity = rows[0].entity
            if any(row.entity != entity for row in rows):
                continue
            for field in self.mentioned(entity, shared, many=True):
                if field.type in kinds:
                    yield work_of(thing.function, [Cell(row=r, field=field.name) for r in rows])

    def term(self, function: str, said: object) -> Iterator[Term]:
        """Yield what a part of a calculation can be."""
        match said:
            case Number() if function != "days":
                value = _number(said)
                if value is not None:
                    yield Told(value=value)
            case Day() if function == "days":
                yield Told(value=said.day)
            case Moment() if function == "days":
                yield Told(value=said.time)
            case Part():
                for cell, field in self._cells(said):
                    if field.type in (TIMES if function == "days" else NUMBERS):
                        yield cell
            case Counted() | Summed():
                for figure in self.figure(said):
                    time = isinstance(said, Summed) and said.time
                    if time == (function == "days"):
                        yield figure
            case Worked() if function != "days":
                yield from self.worked(said)

    def _cells(self, part: Part) -> Iterator[tuple[Cell, Field]]:
        for row in self._nouns.rows(part.noun):
            for field in self.mentioned(row.entity, part.field):
                yield Cell(row=row, field=field.name), field

    def question(self, test: Question) -> Iterator[Check]:
        """Yield the checks that a phrase can stand for."""
        match test:
            case Any():
                for row in self._nouns.rows(self.owned(test)):
                    yield Check(left=row, op="exists")
            case Amount():
                count = _number(test.count)
                for row in self._nouns.rows(test.rows):
                    if count is not None:
                        left = Figure(of=row, function="count")
                        yield _check(left, test.op, Told(value=count))
            case Being():
                yield from self._being(test)
            case Tested():
                yield from self._tested(test)

    def _being(self, test: Being) -> Iterator[Check]:
        for row in self._nouns.rows(test.noun):
            if test.flag:
                for field in self.flags(row.entity, test.text):
                    yield _check(Cell(row=row, field=field.name), "eq", Told(value=test.on))
                continue
            for field in self._words.fields(row.entity):
                if self._words.is_status(row.entity, field):
                    value = valued(field, Word(text=test.text))
                    if value is not NOTHING:
                        op = "eq" if test.on else "ne"
                        yield _check(Cell(row=row, field=field.name), op, Told(value=value))

    def _tested(self, test: Tested) -> Iterator[Check]:
        """Yield the comparisons of a value with another, or with one that is said."""
        for left, field in self._sides(test.left):
            kind = "decimal" if field is None else field.type
            if test.op not in ("eq", "ne") and (
                kind not in ORDERED or (kind in TIMES) != test.time
            ):
                continue
            if isinstance(test.right, (Part, Counted, Summed, Worked)):
                for right, other in self._sides(test.right):
                    kinds = {_sort(field), _sort(other)}
                    if len(kinds) == 1:
                        yield _check(left, test.op, right)
                continue
            value: Json = NOTHING
            if field is not None and not (isinstance(left, Figure) and left.function == "avg"):
                value = valued(field, test.right, op="eq" if test.op == "ne" else test.op)
            elif isinstance(test.right, Number):
                number = _number(test.right)
                value = NOTHING if number is None else number
            if value is not NOTHING:
                yield _check(left, test.op, Told(value=value))

    def _sides(self, said: object) -> Iterator[tuple[Term, Field | None]]:
        """Yield what a side of a comparison can be, with the field that its values are like."""
        match said:
            case Part():
                yield from self._cells(said)
            case Counted() | Summed():
                for figure in self.figure(said):
                    counts = figure.function == "count"
                    field = (
                        None if counts else self._words.field(figure.of.entity, figure.field or "")
                    )
                    yield figure, field
            case Worked():
                for work in self.worked(said):
                    yield work, None


def _can(thing: Summed, field: Field) -> bool:
    """Tell whether the figure makes sense of the field, and is rounded as figures are."""
    if thing.function in ("sum", "avg"):
        right = thing.digits is None or thing.digits == str(decimals(field))
        return field.type in NUMBERS and right
    return field.type in ORDERED and (field.type in TIMES) == thing.time


def _sort(field: Field | None) -> str:
    """Return what a field can be compared with."""
    if field is None or field.type in NUMBERS:
        return "number"
    return "time" if field.type in TIMES else field.type


def _number(said: object) -> Json:
    if not isinstance(said, Number):
        return None
    try:
        return plain(Decimal(said.digits))
    except InvalidOperation:
        return None


def _check(left: Term, op: str, right: Term) -> Check:
    return Check(left=left, op=op, right=right)  # type: ignore[arg-type]
