"""From questions to phrases: what is asked of a row, of rows, of a number over them, of a choice.

Comes after `describe`. Next: `working`.
"""

from __future__ import annotations

import random
import re

import msgspec

from agentgym.schema import Field
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.amounts import NUMBERS, TIMES, decimals
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.idiom import option
from agentgym.tasks.words.lexicon import Lexicon, flag_words, low, said, several
from agentgym.tasks.words.meaning import Cap, Chosen, Figure, Get, Row
from agentgym.tasks.words.phrases import (
    Ask,
    Both,
    Counted,
    Every,
    Inner,
    It,
    Limited,
    Listed,
    Me,
    Mention,
    Noun,
    Of,
    Picked,
    Summed,
    Thought,
    Whether,
    Which,
)
from agentgym.tasks.words.senses import called
from agentgym.tasks.words.units import unit_in
from agentgym.tasks.words.values import UnsayableError, literal

__all__ = ["Asking", "about", "bare", "brief"]


_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*\Z")
_ODD = frozenset("active enabled deleted stock tax vat time last first".split())
"""Words whose plural sounds odd after others."""


def plurally(field: Field) -> bool:
    """Tell whether the label of a field has a plural that sounds right: `due dates`."""
    label, plural = field.label, several(field.label)
    if field.type == "boolean" or field.role == "flag" or not _WORDS.match(label):
        return False
    before, _, last = label.rpartition(" ")
    return plural == label or (
        plural.rpartition(" ")[0] == before and low(last) not in _ODD and not last.endswith("ing")
    )


def brief(noun: Inner) -> bool:
    """Tell whether a noun is short enough to stand in the middle of a sentence."""
    return not (getattr(noun, "mods", ()) or getattr(noun, "tail", ()) or hasattr(noun, "nouns"))


def bare(noun: Noun | Both) -> Noun:
    """Return rows as they are said without an article: whom they belong to comes after.

    Raises:
        UnsayableError: They cannot be said so.
    """
    if isinstance(noun, Both) or isinstance(noun.owner, (It, Me)):
        raise UnsayableError("no rows to be counted")
    if noun.owner is None:
        return noun
    return msgspec.structs.replace(noun, owner=None, mods=(Of(noun=noun.owner), *noun.mods))


def _few_words(rows: Noun | Both) -> bool:
    """Tell whether little is said of some rows."""
    if isinstance(rows, Both):
        return False
    return not rows.mods


def about(row: Row, words: Lexicon, nouns: Describer, rng: random.Random) -> Inner:
    """Describe the row that a sentence is about, or say `it` where it was spoken of last."""
    known = row == nouns.focus and not words.is_person(row.entity) and nouns.it_clear(row)
    if known and rng.random() < 0.4:
        return It()
    return nouns.noun(row, top=True)


class Asking:
    """Chooses the phrases of the questions of one message."""

    def __init__(self, words: Lexicon, rng: random.Random, nouns: Describer) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses.
            nouns: Describes the rows.
        """
        self._words = words
        self._rng = rng
        self._nouns = nouns

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def row(self, row: Row, gets: list[Get]) -> Thought:
        """Choose the phrase of fields of one row."""
        fields = [self._nouns.field(row.entity, get.field or "") for get in gets]
        if row.among and row.pick is not None and self._chance(0.85):
            if tuple(fields) == called(self._words, row.entity) and not _told_apart(row):
                which = self._which(row)
                self._nouns.learn(row)
                self._nouns.focus = row
                return which
        noun = about(row, self._words, self._nouns, self._rng)
        self._nouns.learn(row)
        self._nouns.focus = row
        if fields[0].type == "boolean":
            if option(flag_words(fields[0])):
                raise UnsayableError(f"marked as {fields[0].label}")
            return Whether(noun=noun, flag=flag_words(fields[0]))
        return Ask(
            fields=tuple(self.mention(row.entity, f.name, share=0.5) for f in fields),
            noun=noun,
            short=brief(noun),
            own=self.owned(noun, 0.35),
        )

    def owned(self, noun: Inner, share: float) -> bool:
        """Choose whether the noun stands before the field."""
        return isinstance(noun, (It, Me)) or (self._nouns.ownable(noun) and self._chance(share))

    def _which(self, row: Row) -> Which:
        assert row.pick is not None
        field = self._nouns.field(row.entity, row.pick.field)
        if any(clue.field == row.pick.field for one in row.among for clue in one.clues):
            raise UnsayableError("which has more of what is told of both")
        if field.type not in ORDERED:
            raise UnsayableError(f"the largest {field.type}")
        rows = list(row.among)
        self._rng.shuffle(rows)
        return Which(
            nouns=tuple(self._nouns.noun(one) for one in rows),
            field=field.label,
            largest=row.pick.largest,
            time=field.type in TIMES,
            two=len(rows) == 2,
        )

    def every(self, row: Row, gets: list[Get]) -> Every | Listed:
        """Choose the phrase of fields of every row."""
        fields = [self._nouns.field(row.entity, get.field or "") for get in gets]
        self._nouns.focus = None
        names = called(self._words, row.entity)
        if len(names) == 1 and tuple(fields) == names and self._chance(0.45):
            owner, rest = self.owner(row)
            rows = bare(self._nouns.nouns(rest)) if owner else self._nouns.nouns(rest)
            listed = Listed(
                rows=rows, owner=owner, mine=isinstance(owner, Me), short=_few_words(rows)
            )
            self._nouns.learn(row, inside=True)
            return listed
        plural = all(plurally(f) for f in fields) and self._chance(0.7)
        mentions = tuple(
            msgspec.structs.replace(mention, field=several(mention.field)) if plural else mention
            for mention in (self.mention(row.entity, f.name, share=0.5) for f in fields)
        )
        rows = self._nouns.nouns(row)
        self._nouns.learn(row, inside=True)
        named = fields[0] in self._words.names(row.entity)
        alone = plural and len(fields) == 1 and not named
        return Every(fields=mentions, rows=rows, alone=alone, plural=plural)

    def owner(self, row: Row) -> tuple[Inner | None, Row]:
        """Take out of some rows whom they belong to, if that can be said first."""
        plain = [t for t in row.ties if self._nouns.owns(row.entity, t) and not t.absent]
        if len(plain) != 1 or not self._chance(0.6):
            return None, row
        found = self._nouns.noun(plain[0].row, top=True)
        if not brief(found):
            return None, row
        rest = tuple(t for t in row.ties if t is not plain[0])
        return found, msgspec.structs.replace(row, ties=rest)

    def mention(self, entity: str, name: str, *, share: float = 1.0) -> Mention:
        """Choose whether a field is mentioned with its unit."""
        field = self._nouns.field(entity, name)
        known = field.unit is None or unit_in(field.unit, field.label)
        unit = field.unit if not known and self._chance(share) else None
        return Mention(field=field.label, unit=unit)

    def figure(self, figure: Figure) -> Counted | Summed:
        """Choose the phrase of a number over rows."""
        row = figure.of
        if figure.function == "count":
            label, owner = None, None
            if figure.field is not None:
                label = self._nouns.field(row.entity, figure.field).label
            else:
                owner, row = self.owner(row)
            rows = bare(self._nouns.nouns(row))
            return Counted(
                rows=rows,
                field=label,
                owner=owner,
                mine=isinstance(owner, Me),
                short=_few_words(rows),
            )
        if figure.field is None:
            raise UnsayableError(f"{figure.function} of nothing")
        field = self._nouns.field(row.entity, figure.field)
        time = field.type in TIMES
        if not (field.type in NUMBERS or (time and figure.function in ("min", "max"))):
            raise UnsayableError(f"{figure.function} of {field.type}")
        return Summed(
            function=figure.function,
            field=self.mention(row.entity, figure.field),
            rows=self._nouns.nouns(row),
            fields=Mention(field=several(field.label))
            if figure.function == "sum" and plurally(field)
            else None,
            plain=figure.function != "sum" or "total" in field.label or self._chance(0.5),
            digits=str(decimals(field)) if figure.function == "avg" else None,
            time=time,
        )

    def picked(self, chosen: Chosen, gets: list[Get]) -> Picked:
        """Choose the sentence of a choice."""
        row = chosen.of
        fields = [self._nouns.field(row.entity, get.field or "") for get in gets]
        limits = [self._limited(row.entity, caps) for caps in _by_field(chosen.caps)]
        self._rng.shuffle(limits)
        rows = bare(self._nouns.nouns(row))
        self._nouns.learn(row, inside=True)
        self._nouns.focus = None
        mentions = [self.mention(row.entity, f.name, share=0.3) for f in fields]
        plural = all(plurally(f) for f in fields) and self._chance(0.75)
        if plural:
            mentions = [msgspec.structs.replace(m, field=several(m.field)) for m in mentions]
        return Picked(
            count=str(chosen.count),
            rows=rows,
            fields=tuple(mentions),
            limits=tuple(limits),
            plural=plural,
        )

    def _limited(self, entity: str, caps: list[Cap]) -> Limited:
        if any(cap.held for cap in caps):
            raise UnsayableError("a limit that is held back")
        ops = [cap.op for cap in caps]
        if len(set(ops)) < len(ops):
            raise UnsayableError("two limits of one kind")
        cap = caps[0]
        field = self._words.field(entity, cap.field)
        if cap.kind == "distinct":
            if field is not None:
                return Limited(kind="distinct", field=Mention(field=field.label))
            for relation in self._words.relations:
                if relation.entity == entity and relation.fields == (cap.field,):
                    if said(relation.label):
                        return Limited(kind="distinct", field=Mention(field=relation.label))
            raise UnsayableError(f"{entity}.{cap.field} has no words")
        if field is None or field.type not in NUMBERS:
            raise UnsayableError(f"a total of {cap.field}")
        values = [literal(field, cap.value, op=cap.op) for cap in caps]
        return Limited(
            kind="total",
            field=Mention(field=field.label),
            fields=Mention(field=several(field.label)) if plurally(field) else None,
            op=cap.op if len(caps) == 1 else "both" if values[0] != values[1] else "eq",
            value=values[0],
            upto=values[1] if values[1:] not in ([], values[:1]) else None,
        )


def _by_field(caps: tuple[Cap, ...]) -> list[list[Cap]]:
    """Put limits together that are on the total of one field, the smallest total first."""
    found: dict[tuple[str, str], list[Cap]] = {}
    for cap in sorted(caps, key=lambda cap: cap.op):
        found.setdefault((cap.kind, cap.field), []).append(cap)
    return list(found.values())


def _told_apart(row: Row) -> bool:
    """Tell whether more is said of a row than which ones it is among."""
    return bool(row.clues or row.ties or row.me)
