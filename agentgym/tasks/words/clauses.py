"""How the clues of a row are said: its name, its adjectives, what follows it.

Clues of the meaning come in, modifiers go out. Next: `describe`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from agentgym.schema import Field
from agentgym.tasks.words.grammar import named
from agentgym.tasks.words.idiom import is_year, option, simple, trait, with_article
from agentgym.tasks.words.lexicon import Lexicon, flag_words, many
from agentgym.tasks.words.meaning import Clue
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
    Letter,
    Mod,
    Moment,
    Month,
    Named,
    Number,
    Person,
    Placed,
    Quote,
    Shaped,
    Termed,
    Timed,
    Truth,
    Word,
    Year,
    YearMonth,
)
from agentgym.tasks.words.values import Literal, UnsayableError, bare, literal, measured

__all__ = ["Clauses"]

_TIMES = frozenset({"date", "datetime"})
_NUMBERS = frozenset({"integer", "decimal", "float"})
_PERIODS = frozenset({"year", "decade", "month"})


class Clauses:
    """Says the clues of rows, each in one of the ways that fit its field."""

    def __init__(self, words: Lexicon, rng: random.Random, level: int) -> None:
        self._words = words
        self._rng = rng
        self._level = level

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def field(self, entity: str, name: str) -> Field:
        """Return the field, if a message may name it.

        Raises:
            UnsayableError: It may not.
        """
        field = self._words.field(entity, name)
        if field is None:
            raise UnsayableError(f"{entity}.{name} has no words")
        return field

    def naming(self, entity: str, clues: list[Clue]) -> tuple[Named | Person, ...]:
        """Take out the clue that names the row, to be said right after the noun."""
        told = {c.field: c for c in clues if c.op == "eq" and not c.held and c.of is None}
        pair = self._words.person(entity)
        if pair and all(f.name in told and named(str(told[f.name].value)) for f in pair):
            first, last = (told[f.name] for f in pair)
            clues.remove(first)
            clues.remove(last)
            return (Person(first=str(first.value), last=str(last.value)),)
        names = self._words.names(entity)
        if len(names) == 1 and names[0].name in told:
            clue = told[names[0].name]
            value: Literal = literal(names[0], clue.value)
            if names[0].role == "code" or not pair:
                value = self._unquoted(names[0], value)
            quoted = isinstance(value, Quote) and names[0].role == "code"
            if isinstance(value, (Quote, Bare)) and not quoted:
                clues.remove(clue)
                return (Named(text=value, code=names[0].role == "code"),)
        return ()

    def _unquoted(self, field: Field, value: Literal) -> Literal:
        """Leave the quotes away where a text can be nothing but a name."""
        if not isinstance(value, Quote) or self._level == 2 or not bare(value.text):
            return value
        words = value.text.split(" ")
        code = field.role == "code" and any(map(str.isdigit, value.text))
        proper = field.role == "place" or (field.role in ("label", "person") and len(words) > 1)
        known = any(self._words.is_word(word) for word in words)
        return Bare(text=value.text) if code or (proper and not known) else value

    def told(
        self, entity: str, clues: Iterable[Clue], *, plural: bool, adjectives: bool
    ) -> tuple[list[Adjective], list[Mod]]:
        """Say clues: what stands before the noun, and what follows it."""
        way = "with" if self._chance(0.5) else "whose"
        before: list[Adjective] = []
        own: list[Mod] = []
        left = list(clues)
        while left:
            clue = left.pop(0)
            if not clue.field:
                own.append(Termed(text=Quote(text=str(clue.value))))
                continue
            mod: Mod | Adjective = self._together(entity, clue, left, way) or self._clue(
                entity, clue, way, plural=plural
            )
            if not isinstance(mod, Adjective):
                own.append(mod)
            elif adjectives and not before:
                before.append(mod)
            else:
                label = self.field(entity, clue.field).label
                own.append(Is(field=label, value=Word(text=mod.text), way=way))
        return before, own

    def _together(self, entity: str, clue: Clue, left: list[Clue], way: str) -> Mod | None:
        """Say two clues of one field as one, and take the other out: a range, a month."""
        field = self.field(entity, clue.field)
        for other in left:
            if other.field != clue.field or other.held or clue.held:
                continue
            if {clue.of, other.of} == {"year", "month"} and clue.op == other.op == "eq":
                year, month = (clue, other) if clue.of == "year" else (other, clue)
                left.remove(other)
                value = YearMonth(month=int(str(month.value)), year=int(str(year.value)))
                return self._timed(entity, field, "eq", value, None, way)
            if {clue.op, other.op} == {"ge", "le"} and clue.of == other.of:
                low_end, high_end = (clue, other) if clue.op == "ge" else (other, clue)
                mod = self._range(entity, field, low_end, high_end, way)
                if mod is not None:
                    left.remove(other)
                    return mod
        return None

    def _range(self, entity: str, field: Field, least: Clue, most: Clue, way: str) -> Mod | None:
        if least.of in ("year", "decade"):
            values = [measured(least.of, c.value) for c in (least, most)]
            return self._timed(entity, field, "ge", values[0], values[1], way)
        if least.of is not None or field.type not in _TIMES | _NUMBERS:
            return None
        values = [literal(field, c.value, op=c.op) for c in (least, most)]
        if field.type in _TIMES:
            return self._timed(entity, field, "ge", values[0], values[1], way)
        if is_year(field) and self._words.done_at(entity, field):
            years = [_year(value) for value in values]
            if None not in years:
                return self._timed(entity, field, "ge", years[0], years[1], "done")
        way = "with" if many(field.label) else way
        counted = field.unit is None and many(field.label) and field.type == "integer"
        return Compared(
            field=field.label,
            op="ge",
            value=values[0],  # type: ignore[arg-type]
            upto=values[1],  # type: ignore[arg-type]
            way="many" if counted else way,
        )

    def _timed(
        self,
        entity: str,
        field: Field,
        op: str,
        value: Literal | None,
        upto: Literal | None,
        way: str,
    ) -> Timed:
        if not isinstance(value, (Day, Moment, Year, Decade, Month, YearMonth)):
            raise UnsayableError(f"{field.label} at {value!r}")
        if self._words.times(entity) == [field]:
            return Timed(op=op, value=value, upto=upto, way="dated")  # type: ignore[arg-type]
        done = self._words.done_at(entity, field)
        if done:
            return Timed(op=op, value=value, upto=upto, field=done, way="done")  # type: ignore[arg-type]
        way = "with" if many(field.label) or way == "done" else way
        return Timed(op=op, value=value, upto=upto, field=field.label, way=way)  # type: ignore[arg-type]

    def _clue(self, entity: str, clue: Clue, way: str, *, plural: bool) -> Mod | Adjective:
        field = self.field(entity, clue.field)
        way = "with" if many(field.label) else way
        if clue.held:
            return self._held(field, clue)
        if clue.value is None:
            raise UnsayableError("a clue without a value")
        if clue.of in _PERIODS and clue.of is not None:
            return self._timed(entity, field, clue.op, measured(clue.of, clue.value), None, way)
        if clue.of is not None:
            return self._shaped(field, clue)
        value = self._unquoted(field, literal(field, clue.value, op=clue.op))
        place = isinstance(value, Quote) and self._words.placed(entity, value.text) == field
        if isinstance(value, Quote) and place and bare(value.text) and self._level < 2:
            value = Bare(text=value.text)
        if isinstance(value, Truth):
            return self._flagged(entity, field, value, plural=plural)
        if clue.op == "contains" and isinstance(value, (Quote, Bare)):
            return Holding(field=field.label, value=Quote(text=value.text))
        if isinstance(value, (Quote, Bare)) and clue.op in ("eq", "ne"):
            if self._words.placed(entity, value.text) == field:
                the = isinstance(value, Bare) and with_article(value.text)
                return Placed(value=value, on=clue.op == "eq", the=the)
        if isinstance(value, Number):
            return self._number(entity, field, clue, value, way)
        if isinstance(value, (Day, Moment)):
            named_ = self._words.times(entity) == [field] or self._words.done_at(entity, field)
            if clue.op != "eq" or named_:
                timed = self._timed(entity, field, clue.op, value, None, way)
                if clue.op != "eq" or timed.way in ("dated", "done"):
                    return timed
        status = isinstance(value, Word) and self._words.is_status(entity, field)
        if isinstance(value, Word) and status and clue.op == "eq" and self._chance(0.6):
            return Adjective(text=value.text)
        if isinstance(value, (Quote, Bare, Word, Day, Moment)) and clue.op == "eq":
            return Is(field=field.label, value=value, way=way)
        if isinstance(value, (Quote, Bare, Word)) and clue.op == "ne":
            return Isnt(field=field.label, value=value, way=way)
        raise UnsayableError(f"{field.type} by {clue.op}")

    def _number(self, entity: str, field: Field, clue: Clue, value: Number, way: str) -> Mod:
        year = _year(value) if is_year(field) else None
        if year is not None and self._words.done_at(entity, field) and self._chance(0.8):
            return self._timed(entity, field, clue.op, year, None, "done")
        counted = many(field.label) and field.unit is None and field.type == "integer"
        if clue.op == "ne":
            return Isnt(field=field.label, value=value, way=way)
        if counted:
            if value.digits == "0" and clue.op == "eq":
                return Compared(field=field.label, op="eq", value=value, way="no")
            few = value.digits in ("0", "1", "-1")
            way = "number" if few or self._chance(0.15) else "many"
            return Compared(field=field.label, op=clue.op, value=value, way=way)
        if clue.op == "eq":
            code = field.role == "code" and way == "with"
            return Is(field=field.label, value=value, way="by" if code else way)
        return Compared(field=field.label, op=clue.op, value=value, way=way)

    def _flagged(self, entity: str, field: Field, value: Truth, *, plural: bool) -> Flagged:
        does = trait(field.label)
        who = self._words.is_somebody(entity)
        if does is not None and not does[0].startswith("can "):
            flag = does[1] if plural or not value.on else does[0]
            return Flagged(flag=flag, on=value.on, plural=plural, way="does", who=who)
        flag = flag_words(field)
        way = "is" if simple(flag) else "option" if option(flag) else "marked"
        if way == "option":
            return Flagged(flag=flag, on=value.on, way=way)
        return Flagged(flag=flag, on=value.on, plural=plural, way=way, who=who)

    def _held(self, field: Field, clue: Clue) -> Asked:
        if clue.of is not None or field.type == "boolean":
            raise UnsayableError(f"a held-back {clue.of or 'yes or no'}")
        time = field.type in _TIMES
        if clue.op != "eq" and (
            clue.op not in ("lt", "le", "gt", "ge") or not (time or field.type in _NUMBERS)
        ):
            raise UnsayableError(f"a held-back {clue.op}")
        return Asked(field=field.label, op=clue.op, time=time and clue.op != "eq")

    def _shaped(self, field: Field, clue: Clue) -> Shaped:
        assert clue.of is not None
        value = measured(clue.of, clue.value)
        if not isinstance(value, (Letter, Number)):
            raise UnsayableError(f"{clue.of} of {field.label}")
        if isinstance(value, Letter) and clue.op not in ("eq", "ne"):
            raise UnsayableError(f"a letter by {clue.op}")
        plural = many(field.label)
        one = clue.of in ("letters", "words") and clue.value == 1
        return Shaped(
            field=field.label, of=clue.of, op=clue.op, value=value, plural=plural, one=one
        )


def _year(value: object) -> Year | None:
    """Return a number as a calendar year."""
    if isinstance(value, Number) and value.digits.isdigit() and len(value.digits) == 4:
        return Year(year=int(value.digits)) if value.digits[0] != "0" else None
    return None
