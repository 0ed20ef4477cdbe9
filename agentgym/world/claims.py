"""Claims: which rows fit some clues, asked of the database itself.

Clues come in as data, keys of rows go out: one statement for each claim, written from what the
records say and from nothing else, so that it can judge whoever else counts rows. For worlds in
SQLite. Next: `prove.audit`.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from agentgym.errors import UsageError
from agentgym.formats import Record
from agentgym.schema import Schema
from agentgym.schema.types import Stored, fold
from agentgym.world.dialect import SQLITE, render
from agentgym.world.journal import Key
from agentgym.world.rows import World
from agentgym.world.tables import Table

__all__ = ["Claim", "Clue", "Tie", "fits"]

_TEXTS: dict[str, Callable[[str], object]] = {
    "initial": lambda text: next((c.upper() for c in text if c.isalpha()), None),
    "ending": lambda text: next((c.upper() for c in reversed(text) if c.isalpha()), None),
    "letters": lambda text: sum(c.isalpha() for c in text),
    "words": lambda text: len(text.split()),
}
"""Measures of texts, which SQL cannot take: of the distinct values of the column."""


class Clue(Record, kw_only=True):
    """A field, or a measure of it, compares with a value; never true of an empty field."""

    field: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "contains"]
    value: Stored
    """In stored form; of a measure: an integer or a letter."""
    of: str | None = None
    """`year month decade initial ending letters words digit_sum remainder`."""


class Tie(Record, kw_only=True):
    """The row refers to a row of another claim (`forward`), or is referred to by one."""

    relation: str
    forward: bool
    claim: str
    absent: bool = False
    """No row of the claim is tied to it."""


class Claim(Record, kw_only=True):
    """The rows of an entity that satisfy all clues and ties."""

    id: str
    entity: str
    clues: tuple[Clue, ...] = ()
    ties: tuple[Tie, ...] = ()
    among: tuple[str, ...] = ()
    """Claims of the same entity, of one of which it is a row."""
    pick: tuple[str, bool] | None = None
    """Of those, the ones with the largest (True) or smallest value of a field."""


def fits(world: World, schema: Schema, claims: Sequence[Claim]) -> dict[str, list[Key]]:
    """Ask a world which rows fit each claim.

    Args:
        world: A world in SQLite, at any moment.
        schema: What its rows are of.
        claims: In such an order that each speaks of earlier ones only.

    Returns:
        Id of the claim to the keys of its rows, in key order.

    Raises:
        UsageError: The world is in another database.
    """
    builder = _Builder(world, schema)
    found: dict[str, list[Key]] = {}
    for claim in claims:
        table = world.image.tables[claim.entity]
        if table.dialect is not SQLITE:
            raise UsageError("a world in SQLite", found=table.dialect.name, where="claims")
        rows = builder.add(claim)
        keys = [rows.c[name] for name in table.entity.key]
        text, names = render(sa.select(*keys).order_by(*keys), table.dialect)
        values = [builder.values[name] for name in names]
        found[claim.id] = [tuple(row) for row in world.execute(text, values).fetchall()]
    return found


class _Builder:
    """Makes one common table expression for each claim, upon those of the claims before it."""

    def __init__(self, world: World, schema: Schema) -> None:
        self.world, self.schema = world, schema
        self.tables: Mapping[str, Table] = world.image.tables
        self.made: dict[str, sa.CTE] = {}
        self.values: dict[str, Stored] = {}

    def add(self, claim: Claim) -> sa.CTE:
        table = self.tables[claim.entity]
        entity = table.entity
        conditions = [self.clue(table, clue) for clue in claim.clues]
        conditions += [self.tie(table, tie) for tie in claim.ties]
        if claim.among:
            within = [self.within(table, entity.key, one, entity.key) for one in claim.among]
            conditions.append(sa.or_(*within))
        if claim.pick is not None:
            field, largest = claim.pick
            every = sa.select(*table.whole).where(*conditions).subquery()
            best = (sa.func.max if largest else sa.func.min)(every.c[field])
            conditions.append(table.sql.c[field] == sa.select(best).scalar_subquery())
        self.made[claim.id] = sa.select(*table.whole).where(*conditions).cte(f"claim_{claim.id}")
        return self.made[claim.id]

    def bind(self, value: Stored) -> sa.BindParameter[Any]:
        name = f"0c{len(self.values)}"
        self.values[name] = value
        return sa.bindparam(name, type_=sa.types.NullType())

    def clue(self, table: Table, clue: Clue) -> sa.ColumnElement[bool]:
        column = table.sql.c[clue.field]
        if clue.of is not None:
            return sa.and_(column.is_not(None), self.measured(table, clue))
        value = clue.value
        if clue.op == "contains":
            part = fold(value) if isinstance(value, str) else value
            return sa.func.instr(sa.func.fold(column), self.bind(part)) > _number(0)
        if clue.op in ("eq", "ne") and isinstance(value, str):
            return _compare(sa.func.fold(column), clue.op, self.bind(fold(value)))
        return _compare(column, clue.op, self.bind(value))

    def measured(self, table: Table, clue: Clue) -> sa.ColumnElement[bool]:
        field, column = table.entity.field(clue.field), table.sql.c[clue.field]
        if clue.of in _TEXTS:
            return self.listed(column, clue)
        value = self.bind(clue.value)
        match clue.of:
            case "remainder":
                unit = 10**field.scale if field.type == "decimal" else 1
                return column % (value * _number(unit)) == _number(0)
            case "year":
                return _compare(_part(column, 1, 4), clue.op, value)
            case "month":
                return _compare(_part(column, 6, 2), clue.op, value)
            case "decade":
                year = _part(column, 1, 4)
                return _compare(year - year % _number(10), clue.op, value)
            case "digit_sum":
                text = sa.cast(sa.func.abs(column), sa.TEXT)
                total: sa.ColumnElement[Any] = _number(0)
                for digit in range(1, 10):
                    rest = sa.func.replace(text, sa.literal_column(f"'{digit}'"), sa.text("''"))
                    count = sa.func.length(text) - sa.func.length(rest)
                    total = total + count * _number(digit)
                return _compare(total, clue.op, value)
            case _:
                raise UsageError("a measure", found=repr(clue.of), where=f"{field.name}")

    def listed(self, column: sa.Column[Any], clue: Clue) -> sa.ColumnElement[bool]:
        """Say that the value is one of those whose measure fits."""
        measure = _TEXTS[str(clue.of)]
        text, _ = render(sa.select(column).distinct().where(column.is_not(None)))
        values = [row[0] for row in self.world.execute(text).fetchall()]
        compare = getattr(operator, clue.op)
        known = [(value, measure(value)) for value in values]
        fitting = [v for v, found in known if found is not None and compare(found, clue.value)]
        given = sa.func.json_each(self.bind(json.dumps(fitting))).table_valued("value")
        return column.in_(sa.select(given.c.value))

    def tie(self, table: Table, tie: Tie) -> sa.ColumnElement[bool]:
        relation = self.schema.relation(tie.relation)
        mine, theirs = relation.fields, relation.target_fields
        if not tie.forward:
            mine, theirs = theirs, mine
        found = self.within(table, mine, tie.claim, theirs)
        return sa.not_(found) if tie.absent else found

    def within(
        self, table: Table, mine: Sequence[str], claim: str, theirs: Sequence[str]
    ) -> sa.ColumnElement[bool]:
        """Say that values of the row stand together in a row of a claim; never NULL itself."""
        rows = self.made[claim]
        others = [rows.c[name] for name in theirs]
        there = sa.select(*others).where(*(one.is_not(None) for one in others))
        own = [table.sql.c[name] for name in mine]
        found = own[0].in_(there) if len(own) == 1 else sa.tuple_(*own).in_(there)
        return sa.and_(*(one.is_not(None) for one in own), found)


def _compare(
    left: sa.ColumnElement[Any], op: str, right: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    compare: Callable[[Any, Any], Any] = getattr(operator, op)
    found: sa.ColumnElement[bool] = compare(left, right)
    return found


def _part(column: sa.Column[Any], start: int, length: int) -> sa.ColumnElement[Any]:
    """Read a number out of a time, which is a text of fixed width."""
    return sa.cast(sa.func.substr(column, _number(start), _number(length)), sa.INTEGER)


def _number(value: int) -> sa.ColumnElement[Any]:
    return sa.literal_column(str(value))
