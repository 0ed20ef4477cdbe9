"""Near plans: what a message could be mistaken for, one small difference each.

A plan comes in, plans that differ from it in one place come out: another bound, the opposite
pick, another figure, another field, a clue or an act less. Next: `paraphrase`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from agentgym.formats import Json
from agentgym.plan import Plan
from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import Lexicon, lexicon
from agentgym.tasks.words.meaning import (
    Act,
    Cap,
    Cell,
    Change,
    Check,
    Chosen,
    Clue,
    Figure,
    Fork,
    Get,
    Put,
    Row,
    Tie,
    Told,
    Work,
    plain,
    row_of,
)
from agentgym.tasks.words.plans import assemble, meant, wishes

__all__ = ["near"]

_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?\Z")
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "ne", "ne": "eq"}
_FIGURES = {"sum": "avg", "avg": "sum", "min": "max", "max": "min"}
_WORKS = {"sum": "product", "product": "sum", "difference": "sum"}


def near(plan: Plan, schema: Schema) -> list[Plan]:
    """Return plans that ask for something else than the plan, and differ from it in one place.

    The order is that of the acts; the plans have the form of `plans.tellable`.
    """
    acts = meant(plan)
    found: dict[tuple[Act, ...], None] = {}
    for other in _Nearby(lexicon(schema)).acts(acts):
        found[wishes(other)] = None
    found.pop(wishes(acts), None)
    return [assemble(other) for other in found]


class _Nearby:
    """Makes small differences; each method yields the record with one of them."""

    def __init__(self, words: Lexicon) -> None:
        self._words = words

    def acts(self, acts: tuple[Act, ...]) -> Iterator[tuple[Act, ...]]:
        for place, act in enumerate(acts):
            for other in self._act(act):
                yield (*acts[:place], other, *acts[place + 1 :])
        if len(acts) > 1:
            for place in range(len(acts)):
                yield (*acts[:place], *acts[place + 1 :])

    def _act(self, act: Act) -> Iterator[Act]:
        match act:
            case Get():
                yield from self._get(act)
            case Change():
                if act.target is not None:
                    for row in self._row(act.target):
                        yield msgspec.structs.replace(act, target=row)
                for place, put in enumerate(act.puts):
                    for other in self._put(act.entity, put):
                        if other.field not in {p.field for p in act.puts if p is not put}:
                            puts = (*act.puts[:place], other, *act.puts[place + 1 :])
                            puts = tuple(sorted(puts, key=lambda p: p.field))
                            yield msgspec.structs.replace(act, puts=puts)
            case Fork():
                if act.then and act.otherwise:
                    yield Fork(check=act.check, then=act.otherwise, otherwise=act.then)
                for check in self._check(act.check):
                    yield msgspec.structs.replace(act, check=check)
                for then in self.acts(act.then):
                    if then or act.otherwise:
                        yield msgspec.structs.replace(act, then=then)
                for otherwise in self.acts(act.otherwise):
                    if otherwise or act.then:
                        yield msgspec.structs.replace(act, otherwise=otherwise)

    def _get(self, act: Get) -> Iterator[Get]:
        for of in self._thing(act.of):
            yield msgspec.structs.replace(act, of=of)
        if isinstance(act.of, (Row, Chosen)) and act.field is not None:
            entity = act.of.entity if isinstance(act.of, Row) else act.of.of.entity
            for field in self._others(entity, act.field):
                yield msgspec.structs.replace(act, field=field)

    def _others(self, entity: str, name: str) -> list[str]:
        return [f.name for f in self._words.fields(entity) if f.name != name][:3]

    def _put(self, entity: str, put: Put) -> Iterator[Put]:
        mine = self._words.field(entity, put.field)
        if put.row is None and put.work is None and mine is not None and mine.type != "enum":
            for name in self._others(entity, put.field):
                field = self._words.field(entity, name)
                if field is not None and field.type == mine.type:
                    yield msgspec.structs.replace(put, field=name)
        if isinstance(put.value, bool):
            yield msgspec.structs.replace(put, value=not put.value)
        if mine is not None and mine.type == "enum" and isinstance(put.value, str):
            for value in [v for v in mine.values or () if v != put.value][:2]:
                yield msgspec.structs.replace(put, value=value)
        if put.row is not None:
            for row in self._row(put.row):
                yield msgspec.structs.replace(put, row=row)

    def _thing(self, thing: Row | Figure | Work | Chosen) -> Iterator[Row | Figure | Work | Chosen]:
        match thing:
            case Row():
                yield from self._row(thing)
            case Figure():
                if thing.function in _FIGURES:
                    yield msgspec.structs.replace(thing, function=_FIGURES[thing.function])
                for row in self._row(thing.of):
                    yield msgspec.structs.replace(thing, of=row)
            case Work():
                if thing.function in _WORKS:
                    yield msgspec.structs.replace(thing, function=_WORKS[thing.function])
                for place, term in enumerate(thing.of):
                    for other in self._term(term):
                        yield msgspec.structs.replace(
                            thing, of=(*thing.of[:place], other, *thing.of[place + 1 :])
                        )
            case Chosen():
                yield msgspec.structs.replace(thing, count=thing.count + 1)
                for place, cap in enumerate(thing.caps):
                    rest = (*thing.caps[:place], *thing.caps[place + 1 :])
                    yield msgspec.structs.replace(thing, caps=rest)
                    if cap.kind == "total":
                        turned = Cap(
                            kind="total",
                            field=cap.field,
                            op="ge" if cap.op == "le" else "le",
                            value=cap.value,
                        )
                        caps = (*thing.caps[:place], turned, *thing.caps[place + 1 :])
                        yield msgspec.structs.replace(thing, caps=caps)
                for row in self._row(thing.of):
                    yield msgspec.structs.replace(thing, of=row)

    def _term(self, term: Told | Cell | Figure | Work) -> Iterator[Told | Cell | Figure | Work]:
        match term:
            case Told():
                value = _another(term.value)
                if value is not None:
                    yield Told(value=value)
            case Cell():
                for name in self._others(term.row.entity, term.field):
                    field = self._words.field(term.row.entity, name)
                    mine = self._words.field(term.row.entity, term.field)
                    if field is not None and mine is not None and field.type == mine.type:
                        yield Cell(row=term.row, field=name)
                for row in self._row(term.row):
                    yield Cell(row=row, field=term.field)
            case _:
                yield from self._thing(term)  # type: ignore[misc]

    def _check(self, check: Check) -> Iterator[Check]:
        if check.op in _TURNED:
            turned = _TURNED[check.op]
            flags = isinstance(check.right, Told) and isinstance(check.right.value, bool)
            if flags:
                assert isinstance(check.right, Told)
                right = Told(value=not check.right.value)
                yield msgspec.structs.replace(check, right=right)
            else:
                yield msgspec.structs.replace(check, op=turned)
        left = self._row(check.left) if isinstance(check.left, Row) else self._term(check.left)
        for other in left:
            yield msgspec.structs.replace(check, left=other)

    def _row(self, row: Row) -> Iterator[Row]:
        def made(clues: list[Clue], ties: list[Tie]) -> Row:
            return row_of(row.entity, clues, ties, row.pick, among=row.among, me=row.me)

        if row.pick is not None:
            pick = msgspec.structs.replace(row.pick, largest=not row.pick.largest)
            yield msgspec.structs.replace(row, pick=pick)
        for place, clue in enumerate(row.clues):
            rest = [*row.clues[:place], *row.clues[place + 1 :]]
            if isinstance(clue.value, bool):
                turned = msgspec.structs.replace(clue, value=not clue.value)
                yield made([*rest, turned], list(row.ties))
            elif clue.op in _TURNED and not clue.held and clue.of is None:
                turned = msgspec.structs.replace(clue, op=_TURNED[clue.op])
                yield made([*rest, turned], list(row.ties))
            if rest or row.ties:
                yield made(rest, list(row.ties))
        for place, tie in enumerate(row.ties):
            others = [*row.ties[:place], *row.ties[place + 1 :]]
            for inner in self._row(tie.row):
                changed = msgspec.structs.replace(tie, row=inner)
                yield made(list(row.clues), [*others, changed])
            if others or row.clues:
                yield made(list(row.clues), others)


def _another(value: Json) -> Json:
    """Return a value next to the value; None where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, Decimal)):
        return plain(Decimal(value) + 1)
    if isinstance(value, str) and _DAY.match(value):
        day = f"{int(value[8:10]) % 28 + 1:02}"
        return f"{value[:8]}{day}{value[10:]}"
    return None
