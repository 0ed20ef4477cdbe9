"""What a message means: acts and rows without ids, as nested records that can be compared.

Everything is in canonical order, so that two meanings are equal when they say the same.
Next: `plans`, which takes a plan apart into them and puts one together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal

from agentgym.formats import Json, Record, encode
from agentgym.plan import Measure, Op, Pick
from agentgym.tools.algebra import Function

__all__ = [
    "Act",
    "Cap",
    "Cell",
    "Change",
    "Check",
    "Chosen",
    "Clue",
    "Figure",
    "Fork",
    "Get",
    "Kind",
    "Op",
    "Put",
    "Row",
    "Term",
    "Tie",
    "Told",
    "Work",
    "acts_in",
    "cap_order",
    "mains",
    "plain",
    "row_of",
    "rows_in",
    "rows_of",
    "work_of",
]

Kind = Literal["create", "update", "transition", "delete"]
Working = Literal["sum", "difference", "product", "share", "days"]


class Clue(Record, kw_only=True):
    """A field of a row compares with a value; without a field, the value is a word of the trade."""

    field: str
    op: Op
    value: Json = None
    held: bool = False
    """Whether the user tells the value only when asked; it is None then."""
    of: Measure | None = None
    """What of the field compares, where it is not the value itself."""


class Tie(Record, kw_only=True):
    """The row is related to another."""

    relation: str
    forward: bool
    row: Row
    absent: bool = False
    """Turns it round: it is related to none of those rows."""


class Row(Record, kw_only=True):
    """What a select finds; clues and ties are in canonical order."""

    entity: str
    clues: tuple[Clue, ...] = ()
    ties: tuple[Tie, ...] = ()
    pick: Pick | None = None
    again: bool = False
    """A mere mention of a row that was described before; only while reading."""
    it: bool = False
    """With `again`: the row that was spoken of last."""
    among: tuple[Row, ...] = ()
    """Rows of the same entity: it is one of theirs; in canonical order."""
    me: bool = False
    """The user's own row; nothing else is said of it."""


class Figure(Record, kw_only=True):
    """One number over the rows."""

    of: Row
    function: Function
    field: str | None = None


class Told(Record, kw_only=True):
    """A value that the user says for a calculation or a comparison."""

    value: Json = None
    held: bool = False
    like: tuple[str, str] | None = None
    """The entity and field that it is written like; only while saying."""


class Cell(Record, kw_only=True):
    """The value of a field of a row."""

    row: Row
    field: str


class Work(Record, kw_only=True):
    """A number worked out of others."""

    function: Working
    of: tuple[Term, ...]


Term = Told | Cell | Figure | Work


class Cap(Record, kw_only=True):
    """What holds for the rows that are chosen together."""

    kind: Literal["total", "distinct"]
    field: str
    op: Literal["le", "ge"] = "le"
    value: Json = None
    held: bool = False


class Chosen(Record, kw_only=True):
    """Some of the rows, together within limits; the limits are in canonical order."""

    of: Row
    count: int
    caps: tuple[Cap, ...] = ()


class Get(Record, kw_only=True):
    """A value that is asked for; `many`: that of every row."""

    of: Row | Figure | Work | Chosen
    field: str | None = None
    many: bool = False


class Put(Record, kw_only=True):
    """A field that is written: a value, the `source` field of a row, or a number worked out."""

    field: str
    value: Json = None
    held: bool = False
    row: Row | None = None
    source: str | None = None
    work: Work | Figure | None = None


class Change(Record, kw_only=True):
    """A row that is written; `each`: all of them."""

    kind: Kind
    entity: str
    target: Row | None = None
    puts: tuple[Put, ...] = ()
    each: bool = False


class Check(Record, kw_only=True):
    """A question with the answer yes or no; without `right`, whether such a row exists."""

    left: Term | Row
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "exists"]
    right: Term | None = None


class Fork(Record, kw_only=True):
    """Acts that are wanted where the check holds, and others where it does not."""

    check: Check
    then: tuple[Act, ...] = ()
    otherwise: tuple[Act, ...] = ()


Act = Get | Change | Fork


def row_of(
    entity: str,
    clues: list[Clue],
    ties: list[Tie],
    pick: Pick | None,
    *,
    among: Iterable[Row] = (),
    me: bool = False,
) -> Row:
    """Make a row with its clues, its ties and the rows that it is among in canonical order."""
    return Row(
        entity=entity,
        clues=tuple(sorted(clues, key=lambda c: (c.field, c.of or "", c.op, str(c.value)))),
        ties=tuple(sorted(ties, key=lambda t: (t.relation, t.forward, t.absent, encode(t.row)))),
        pick=pick,
        among=tuple(sorted(among, key=encode)),
        me=me,
    )


def work_of(function: str, terms: Sequence[Term]) -> Work:
    """Make a calculation; where the order of its terms does not matter, in canonical order."""
    if function != "share":
        terms = sorted(terms, key=encode)
    return Work(function=function, of=tuple(terms))  # type: ignore[arg-type]


def cap_order(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    """Bring limits into canonical order."""
    return tuple(sorted(caps, key=encode))


def rows_in(row: Row) -> Iterator[Row]:
    """Yield the row and every row that it is tied to or is among, outermost first."""
    yield row
    for tie in row.ties:
        yield from rows_in(tie.row)
    for one in row.among:
        yield from rows_in(one)


def acts_in(acts: Iterable[Act]) -> Iterator[Get | Change]:
    """Yield what is asked and what is done, in order, that of both branches included."""
    for act in acts:
        if isinstance(act, Fork):
            yield from acts_in((*act.then, *act.otherwise))
        else:
            yield act


def mains(one: object) -> Iterator[Row]:
    """Yield the rows that an act, a check, a number or a choice speaks of, without those inside."""
    match one:
        case Row():
            yield one
        case Cell():
            yield one.row
        case Figure() | Chosen():
            yield one.of
        case Work():
            for term in one.of:
                yield from mains(term)
        case Get():
            yield from mains(one.of)
        case Change():
            if one.target is not None:
                yield one.target
            for put in one.puts:
                if put.row is not None:
                    yield put.row
                yield from mains(put.work)
        case Check():
            yield from mains(one.left)
            yield from mains(one.right)
        case Fork():
            yield from mains(one.check)
            for act in (*one.then, *one.otherwise):
                yield from mains(act)


def rows_of(acts: Iterable[Act]) -> Iterator[Row]:
    """Yield every row of the acts, those inside descriptions included."""
    for act in acts:
        for row in mains(act):
            yield from rows_in(row)


def plain(value: Json) -> Json:
    """Bring numbers to one form, so that 5, 5.0 and Decimal("5.00") are the same."""
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite():
            return value
        return int(number) if number == number.to_integral_value() else number.normalize()
    return value
