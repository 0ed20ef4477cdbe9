"""From calculations and checks to phrases: numbers worked out, and what depends on them.

Comes after `asking`. Next: `changing`, `speaker`.
"""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec

from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.tasks.words.amounts import NUMBERS, SHARE, TIMES
from agentgym.tasks.words.asking import Asking, about, bare
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.lexicon import Lexicon, flag_words, many, several
from agentgym.tasks.words.meaning import Cell, Check, Figure, Row, Term, Told, Work
from agentgym.tasks.words.phrases import (
    Amount,
    Any,
    Being,
    Counted,
    Day,
    Inner,
    Me,
    Moment,
    Number,
    Part,
    Question,
    Quote,
    Story,
    Summed,
    Tested,
    Truth,
    Value,
    Word,
    Worked,
)
from agentgym.tasks.words.values import LEADING, UnsayableError, literal

__all__ = ["Working"]


class Working:
    """Chooses the phrases of the calculations and checks of one message."""

    def __init__(
        self, words: Lexicon, rng: random.Random, nouns: Describer, asking: Asking
    ) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses.
            nouns: Describes the rows.
            asking: Puts numbers over rows into phrases.
        """
        self._words = words
        self._rng = rng
        self._nouns = nouns
        self._asking = asking

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def worked(self, work: Work) -> Worked:
        """Choose the phrase of a number that is worked out.

        Raises:
            UnsayableError: There are no words for it.
        """
        terms = list(work.of)
        if work.function != "share":
            self._rng.shuffle(terms)
        terms.sort(key=lambda term: isinstance(term, Work))
        cells = [term for term in terms if isinstance(term, Cell)]
        fields = {(cell.row.entity, cell.field) for cell in cells}
        alike = len(cells) == len(terms) and len(fields) == 1 and work.function != "share"
        if alike and self._chance(0.75):
            nouns = tuple(self._noun(cell.row) for cell in cells)
            mention = self._asking.mention(cells[0].row.entity, cells[0].field, share=0.3)
            shared = msgspec.structs.replace(mention, field=several(mention.field))
            return Worked(function=work.function, shared=shared, nouns=nouns)
        digits = SHARE if work.function == "share" else None
        return Worked(function=work.function, terms=tuple(map(self._term, terms)), digits=digits)

    def _noun(self, row: Row) -> Inner:
        noun = self._nouns.noun(row)
        self._nouns.learn(row)
        return noun

    def _term(self, term: Term) -> Value | Part | Counted | Summed | Worked:
        match term:
            case Told():
                return self._told(term)
            case Cell():
                noun = self._nouns.noun(term.row)
                self._nouns.learn(term.row)
                mention = self._asking.mention(term.row.entity, term.field, share=0.0)
                return Part(field=mention, noun=noun, own=self._asking.owned(noun, 0.3))
            case Figure():
                figure = self._asking.figure(term)
                if isinstance(figure, Counted):
                    figure = msgspec.structs.replace(
                        figure, owner=None, mine=False, rows=bare(self._nouns.nouns(term.of))
                    )
                self._nouns.learn(term.of, inside=True)
                return figure
        return self.worked(term)

    def _told(self, term: Told) -> Value:
        if term.held:
            raise UnsayableError("a part of a calculation that is held back")
        field = self._words.field(*term.like) if term.like else None
        if isinstance(term.value, str):
            return _time(term.value)
        if field is not None and field.type in NUMBERS:
            return literal(field, term.value)
        return _number(term.value)

    def story(self, work: Work) -> Story:
        """Choose the sentence of a calculation over what is said alone.

        Raises:
            UnsayableError: There are no words for it.
        """
        terms = list(work.of)
        frame = "any"
        money = [self._money(term) for term in terms]
        if work.function == "product" and len(terms) == 2 and sum(money) == 1:
            terms.sort(key=self._money)
            plain = isinstance(terms[0], Told) and isinstance(terms[0].value, int)
            frame = "price" if plain and self._chance(0.8) else "any"
        elif work.function == "difference" and all(money) and self._chance(0.8):
            terms.sort(key=_size, reverse=True)
            frame = "purse"
        elif work.function == "days":
            terms.sort(key=lambda term: str(term.value) if isinstance(term, Told) else "")
        elif work.function == "share" and _size(terms[0]) < _size(terms[1]):
            frame = "part"
        elif work.function == "sum" and all(money) and self._chance(0.6):
            frame = "purse"
        if work.function not in ("share", "difference", "days") and frame == "any":
            self._rng.shuffle(terms)
        said = tuple(self._told(term) for term in terms if isinstance(term, Told))
        pair = said if len(said) == 2 else (None, None)
        digits = SHARE if work.function == "share" else None
        return Story(
            function=work.function,
            terms=said,
            first=pair[0],
            second=pair[1],
            frame=frame,
            digits=digits,
        )

    def _money(self, term: Term) -> bool:
        field = self._words.field(*term.like) if isinstance(term, Told) and term.like else None
        return field is not None and field.role == "money" and field.unit is not None

    def question(self, check: Check) -> Question:
        """Choose the phrase of a check.

        Raises:
            UnsayableError: There are no words for it.
        """
        left, right = check.left, check.right
        if isinstance(left, Row):
            owner, rest = self._asking.owner(left)
            rows = bare(self._nouns.nouns(rest))
            self._nouns.learn(left, inside=True)
            return Any(rows=rows, owner=owner, mine=isinstance(owner, Me))
        assert right is not None
        if isinstance(right, Told):
            if right.held:
                raise UnsayableError("a bound that is held back")
            if isinstance(left, Cell):
                being = self._being(left, check.op, right.value)
                if being is not None:
                    return being
            if isinstance(left, Figure) and left.function == "count" and left.field is None:
                if self._chance(0.8) or check.op == "ne":
                    rows = bare(self._nouns.nouns(left.of))
                    self._nouns.learn(left.of, inside=True)
                    return Amount(op=check.op, count=_number(right.value), rows=rows)
            field = self._field(left)
            value = (
                _number(right.value)
                if field is None
                else literal(field, right.value, op="eq" if check.op == "ne" else check.op)
            )
            if isinstance(value, Truth):
                raise UnsayableError("yes or no as a value")
            if isinstance(value, Word) and value.text.split(" ")[0] in LEADING:
                value = Quote(text=value.text)
            return self._tested(left, check.op, value, told=True)
        return self._tested(left, check.op, right, told=False)

    def _tested(self, left: Term, op: str, right: Term | Value, *, told: bool) -> Tested:
        first = self._term(left)
        if isinstance(left, Cell):
            self._nouns.focus = left.row
        assert isinstance(first, (Part, Counted, Summed, Worked))
        field = self._field(left)
        second = right if told else self._term(right)  # type: ignore[arg-type]
        label = first.field.field if isinstance(first, Part) else ""
        return Tested(
            left=first,
            op=op,
            right=second,  # type: ignore[arg-type]
            time=op not in ("eq", "ne") and field is not None and field.type in TIMES,
            plural=isinstance(first, Part) and label != "" and many(label),
            said=told,
        )

    def _field(self, term: Term) -> Field | None:
        """Return the field that the values of a term are like."""
        if isinstance(term, Cell):
            return self._nouns.field(term.row.entity, term.field)
        if isinstance(term, Figure) and term.function not in ("count", "avg"):
            return self._nouns.field(term.of.entity, term.field or "")
        return None

    def _being(self, left: Cell, op: str, value: Json) -> Being | None:
        """Say that a row has a status or a flag, if that is what is compared."""
        field = self._nouns.field(left.row.entity, left.field)
        if op not in ("eq", "ne"):
            return None
        told = literal(field, value)
        flag = isinstance(told, Truth)
        if isinstance(told, Truth) and op == "ne":
            raise UnsayableError("not no")
        word = isinstance(told, Word) and self._words.is_status(left.row.entity, field)
        if not flag and not (word and self._chance(0.8)):
            return None
        noun = about(left.row, self._words, self._nouns, self._rng)
        self._nouns.learn(left.row)
        if isinstance(told, Truth):
            return Being(noun=noun, text=flag_words(field), on=told.on, flag=True)
        assert isinstance(told, Word)
        return Being(noun=noun, text=told.text, on=op == "eq")


def _size(term: Term) -> float:
    return float(str(term.value)) if isinstance(term, Told) else 0.0


def _number(value: Json) -> Number:
    """Return how a number is said that has no unit."""
    if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
        raise UnsayableError(f"{value!r} as a number")
    return Number(digits=format(Decimal(str(value)), "f"))


def _time(value: str) -> Value:
    """Return how a date or a time is said whose field is not known."""
    return Day(day=value) if len(value) == 10 else Moment(time=value)
