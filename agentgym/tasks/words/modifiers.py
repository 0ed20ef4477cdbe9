"""What a modifier says of a row: clues, ties, a pick.

A modifier of a noun comes in, and the entity of the noun; out comes every set of clues that
it can stand for. Next: `nouns`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from agentgym.formats import Json
from agentgym.plan import Measure, Op, Pick
from agentgym.schema import Field
from agentgym.tasks.words.idiom import is_year, option, simple, trait
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low, many
from agentgym.tasks.words.meaning import Clue, Tie
from agentgym.tasks.words.phrases import (
    Adjective,
    Asked,
    Bare,
    Compared,
    Day,
    Decade,
    Flagged,
    Holding,
    Is,
    Isnt,
    Moment,
    Month,
    Named,
    Phrase,
    Placed,
    Shaped,
    Termed,
    Timed,
    Word,
    Year,
    YearMonth,
)
from agentgym.tasks.words.values import NOTHING, Literal, measure_of, valued

__all__ = ["Part", "best_how", "clues_of"]

_TIMES = frozenset({"date", "datetime"})
_COUNTED = frozenset({"many", "number", "no", "and many", "and no"})
_NUMBERS = frozenset({"integer", "decimal", "float"})
_SPAN = frozenset({"length", "duration", "runtime", "running time", "wing span", "wingspan"})


class Part(msgspec.Struct, frozen=True):
    """What one modifier says of a row."""

    clues: tuple[Clue, ...] = ()
    ties: tuple[Tie, ...] = ()
    pick: Pick | None = None
    role: bool = False
    """Whether it says of what the row has the role that its noun names."""


def best_how(field: Field) -> str:
    """Return how more and less of a field is said: `time`, `count`, `span` or `number`."""
    if field.type in _TIMES or is_year(field):
        return "time"
    if field.label.lower() in _SPAN:
        return "span"
    return "count" if many(field.label) and field.type == "integer" else "number"


def clues_of(words: Lexicon, entity: str, part: Phrase) -> Iterator[tuple[Clue, ...]]:
    """Yield the clues that a modifier can stand for."""
    match part:
        case Adjective():
            yield from _said(words.fields(entity), "eq", Word(text=part.text))
        case Named():
            plain = isinstance(part.text, Bare) and not any(map(str.isdigit, part.text.text))
            if not (plain and words.person(entity)):
                yield from _said(words.names(entity), "eq", part.text)
        case Is():
            yield from _said(words.labelled(entity, part.field), "eq", part.value)
        case Isnt():
            yield from _said(words.labelled(entity, part.field), "ne", part.value)
        case Holding():
            yield from _said(words.labelled(entity, part.field), "contains", part.value)
        case Placed():
            place = words.placed(entity, part.value.text)
            yield from _said([place] if place else [], "eq" if part.on else "ne", part.value)
        case Compared():
            for field in words.labelled(entity, part.field):
                if field.type in _NUMBERS and (part.way not in _COUNTED or many(field.label)):
                    yield from _bounds(field, part.op, part.value, part.upto)
        case Timed():
            for field in _dated(words, entity, part):
                yield from _bounds(field, part.op, part.value, part.upto)
        case Shaped():
            for field in words.labelled(entity, part.field):
                value = measure_of(part.of, part.value)
                fits = _shapes(field, part.of) and many(field.label) == part.plural
                if value is not NOTHING and fits:
                    yield (Clue(field=field.name, op=part.op, value=value, of=part.of),)
        case Flagged():
            for field in words.fields(entity):
                if field.type == "boolean" and low(part.flag) in _flag(field, part.way):
                    yield (Clue(field=field.name, op="eq", value=part.on),)
        case Termed():
            yield (Clue(field="", op="eq", value=part.text.text),)
        case Asked():
            for field in words.labelled(entity, part.field):
                ordered = field.type in (_TIMES if part.time else _NUMBERS)
                if part.op == "eq" or ordered:
                    yield (Clue(field=field.name, op=part.op, held=True),)


def _said(fields: Iterable[Field], op: Op, said: Literal) -> Iterator[tuple[Clue, ...]]:
    for field in fields:
        value = valued(field, said, op=op)
        if value is not NOTHING and field.type != "boolean":
            yield (Clue(field=field.name, op=op, value=value),)


def _bounds(
    field: Field, op: Op, value: Literal, upto: Literal | None
) -> Iterator[tuple[Clue, ...]]:
    for clue in _clues(field, op, value):
        if upto is None:
            yield clue
            continue
        for other in _clues(field, "le", upto):
            if other[0].of == clue[0].of:
                yield (*clue, *other)


def _clues(field: Field, op: Op, said: Literal) -> Iterator[tuple[Clue, ...]]:
    """Yield the clues of a field that compares with a literal, or with a part of a time."""
    if field.type in _TIMES and isinstance(said, (Year, Decade, Month, YearMonth)):
        if isinstance(said, YearMonth):
            year = Clue(field=field.name, op="eq", value=said.year, of="year")
            yield (year, Clue(field=field.name, op="eq", value=said.month, of="month"))
            return
        of: Measure = (
            "year" if isinstance(said, Year) else "decade" if isinstance(said, Decade) else "month"
        )
        value: Json = measure_of(of, said)
        yield (Clue(field=field.name, op=op, value=value, of=of),)
        return
    value = valued(field, said, op=op)
    if value is not NOTHING:
        yield (Clue(field=field.name, op=op, value=value),)


def _dated(words: Lexicon, entity: str, part: Timed) -> list[Field]:
    """Return the fields that a time can be of."""
    if part.way == "dated":
        fields = words.times(entity)
    elif part.way == "done":
        fields = words.done(entity, part.field or "")
    else:
        fields = words.labelled(entity, part.field or "")
    exact = isinstance(part.value, (Day, Moment))
    return [f for f in fields if f.type in _TIMES or (is_year(f) and not exact)]


def _shapes(field: Field, of: Measure) -> bool:
    if of in ("digit_sum", "remainder"):
        return field.type == "integer"
    return field.type == "text"


def _flag(field: Field, way: str) -> tuple[str, ...]:
    """Return what a flag is called, in that way."""
    if way == "does":
        return tuple(map(low, trait(field.label) or ()))
    name = low(flag_words(field))
    fits = {"is": simple, "option": option}.get(way)
    return (name,) if fits is None or fits(name) else ()
