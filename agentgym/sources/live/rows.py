"""Rows of a live database, streamed: small tables whole, runs along the key of large ones.

Described tables come in and get their rows, in the order of their keys; values are cast on
the server to what every driver hands over alike. Next: `closure`, which adds the rows
that others refer to.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from agentgym.formats import Json
from agentgym.sources.closure import MOST, complete
from agentgym.sources.live.describe import Described
from agentgym.sources.live.faults import denied, too_long, unfit
from agentgym.sources.meaning import LONGEST
from agentgym.sources.tables import RawColumn, RawRow, RawTable, is_bookkeeping

__all__ = ["load"]

_POOL = 20_000
"""Most rows that are read of one table at first."""
_LEAST = 1_000
_ALL = 150_000
"""About how many rows are read of all tables together at first."""
_RUN = 500
"""Rows of a large table that are taken one after the other: families stay together."""
_BATCH = 1_000
_ASKED = 200
"""Keys that one statement asks for."""
_BYTES = 2_049
"""Of a binary value no more is read: a larger one is not kept."""
_DOCUMENT = 8_192
"""Of a document no more characters are read: it is not kept then."""
_CELLS = 400_000
"""About how many values are read of one table at first, however many columns it has."""
_WIDER = 3
"""How many times the rows that are wanted are read of each table: the sample needs a choice."""

_ORDERED = frozenset({"integer", "decimal", "float", "date", "datetime"})
_SHAPES = frozenset(
    "geometry point linestring polygon multipoint multilinestring multipolygon "
    "geometrycollection geomcollection".split()
)
"""Types that MySQL turns into text in a way of their own."""
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def load(link: Connection, found: Described, rows: int | None, focus: Sequence[str]) -> None:
    """Read rows into the tables.

    Args:
        link: In a read-only transaction.
        found: Tables that may not be read are taken out and counted.
        rows: How many rows will be kept, about; 0 for none, None for as many as a domain has.
        focus: Tables that the domain is about; of the others only what these refer to is read.
    """
    wanted = _reached(found, focus)
    most = min(_POOL, max(_LEAST, _ALL // max(1, len(wanted))))
    if rows is not None:
        most = min(most, max(_RUN, _WIDER * rows)) if rows else 0
    partial: list[str] = []
    kept: list[RawTable] = []
    for table in found.raw.tables:
        source = _Source(link, table, found)
        if not is_bookkeeping(table.name.rpartition(".")[2]):
            try:
                with link.begin_nested():
                    bound = min(most, max(_RUN, _CELLS // max(1, len(table.columns))))
                    if source.load(bound if table.name in wanted else 0):
                        partial.append(table.name)
            except sa.exc.DBAPIError as error:
                if not denied(error):
                    raise
                found.refused.append(table.name)
                continue
        kept.append(table)
    found.raw.tables = kept
    if found.refused:
        found.raw.skipped["table that may not be read"] += len(found.refused)
        found.raw.notes.append(f"The server refused to show {_few(found.refused, 20)}.")
    if not most:
        return
    sources = {table.name: _Source(link, table, found) for table in kept}
    complete(
        found.raw,
        set(partial),
        lambda table, names, keys: sources[table.name].fetch(names, keys),
        most=min(MOST, most),
    )
    for table in kept:
        table.rows.sort(key=_order(table))
    if partial:
        found.raw.notes.append(f"Too large to be read whole, so read in part: {_few(partial, 8)}.")


def _few(names: Sequence[str], most: int) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _reached(found: Described, focus: Sequence[str]) -> set[str]:
    """Return the tables whose rows may be needed."""
    stack = [table.name for word in focus if (table := found.raw.table(word)) is not None]
    if not stack or len(stack) < len(focus):
        return {table.name for table in found.raw.tables}
    reached: set[str] = set()
    while stack:
        name = stack.pop()
        table = found.raw.table(name)
        if table is not None and name not in reached:
            reached.add(name)
            stack += [reference.target for reference in table.references]
    return reached


def _order(table: RawTable) -> Callable[[RawRow], tuple[Any, ...]]:
    """Return how rows are ordered: by key, then by all values; the same for any storage."""
    places = [table.position(name) for name in table.key if table.column(name) is not None]

    def rank(row: RawRow) -> tuple[Any, ...]:
        return (*(_comparable(row[place]) for place in places), repr(row))

    return rank


def _comparable(value: Json) -> tuple[int, Any]:
    if value is None:
        return (2, "")
    if isinstance(value, int | float | Decimal) and math.isfinite(value):
        return (0, value)
    return (1, value if isinstance(value, str) else repr(value))


class _Source:
    """One table on the server: how its rows are asked for."""

    def __init__(self, link: Connection, table: RawTable, found: Described) -> None:
        self._link, self._table, self._notes = link, table, found.raw.notes
        schema, name = found.places[table.name]
        columns: list[sa.ColumnClause[Json]] = [sa.column(c.name) for c in table.columns]
        self._from = sa.table(name, *columns, schema=schema)
        self._shown = [self._cast(column).label(f"c{n}") for n, column in enumerate(table.columns)]
        self._query = sa.select(*self._shown).select_from(self._from)
        heirs = found.heirs.get(table.name)
        if heirs:
            self._query = self._query.where(sa.column("tableoid").not_in(heirs))

    def _cast(self, column: RawColumn) -> ColumnElement[Json]:
        """Return the column as every driver hands it over alike: numbers, texts and bytes."""
        plain: ColumnElement[Json] = self._from.c[column.name]
        backend, said = self._link.dialect.name, column.declared.casefold()
        if column.dropped:
            return sa.null()
        if column.kind == "bytes":
            return sa.func.substring(plain, 1, _BYTES)
        if backend == "postgresql":
            if said == "money":
                return sa.cast(plain, sa.Numeric)
            if column.kind == "json" and said not in ("json", "jsonb"):
                plain = sa.func.to_jsonb(plain)
        elif said.startswith("bit"):
            return plain + 0
        elif said in _SHAPES:
            plain = sa.func.ST_AsText(plain)
        if column.kind in ("integer", "decimal", "float", "boolean"):
            return plain
        text: ColumnElement[Json] = sa.cast(
            plain, sa.Text if backend == "postgresql" else sa.String
        )
        most = {"text": LONGEST + 1, "json": _DOCUMENT}.get(column.kind or "text")
        if most is None:
            return text
        return sa.func.substr(text, 1, most) if backend == "oracle" else sa.func.left(text, most)

    def load(self, most: int) -> bool:
        """Read the rows, or runs of rows spread over them where there are more than so many.

        Returns:
            Whether rows were left.
        """
        if not most:
            self._rows(self._query.limit(0))
            return False
        beyond = sa.select(sa.literal(1)).select_from(self._from).offset(most).limit(1)
        if self._link.execute(beyond).first() is None:
            self._table.rows = self._rows(self._query)
            return False
        key = self._key()
        found: dict[RawRow, None] = {}
        if key and (self._table.column(key[0].name) or RawColumn(name="")).kind == "integer":
            found.update(dict.fromkeys(self._runs(key, most)))
        if key and len(found) < most // 2:
            back = self._query.order_by(*(column.desc() for column in key)).limit(most // 2)
            found.update(
                dict.fromkeys(self._rows(self._query.order_by(*key).limit(most - most // 2)))
            )
            found.update(dict.fromkeys(self._rows(back)))
        if not key:
            found.update(dict.fromkeys(self._unordered(most)))
        self._table.rows = list(found)
        return True

    def _runs(self, key: Sequence[sa.ColumnClause[Json]], most: int) -> Iterator[RawRow]:
        """Yield runs of rows that begin at equal distances of a whole number."""
        low, high = self._link.execute(sa.select(sa.func.min(key[0]), sa.func.max(key[0]))).one()
        runs = max(1, most // _RUN)
        starts = (int(low + (high - low) * run // runs) for run in range(runs))
        for start in dict.fromkeys(starts):
            yield from self._rows(self._query.where(key[0] >= start).order_by(*key).limit(_RUN))

    def _unordered(self, most: int) -> list[RawRow]:
        """Read rows that nothing orders: those that come first by a hash of what they hold."""
        backend, shown = self._link.dialect.name, [label.element for label in self._shown]
        if backend == "postgresql":
            order: list[ColumnElement[Any]] = [sa.func.md5(sa.cast(sa.func.row(*shown), sa.Text))]
        elif backend in ("mysql", "mariadb"):
            texts = [sa.func.coalesce(sa.cast(one, sa.String), "-") for one in shown]
            order = [sa.func.md5(sa.func.concat_ws("|", *texts))]
        else:
            plain = [column.name for column in self._table.columns if column.kind in _ORDERED]
            order = [self._from.c[name] for name in plain]
        try:
            with self._link.begin_nested():
                return self._rows(self._query.order_by(*order).limit(most))
        except sa.exc.DBAPIError as error:
            if not too_long(error):
                raise
        self._notes.append(
            f"{self._table.name} has no key and is too large to be put in order: the rows that "
            "the server stores first were read."
        )
        return self._rows(self._query.limit(most))

    def _key(self) -> list[sa.ColumnClause[Json]]:
        """Return what puts all rows in one order, served by an index; empty where nothing does."""
        required = {column.name for column in self._table.columns if not column.nullable}
        sets = [self._table.key, *sorted(self._table.uniques, key=len)]
        names = next((names for names in sets if names and set(names) <= required), ())
        return [self._from.c[name] for name in names]

    def fetch(self, names: Sequence[str], wanted: set[RawRow]) -> Iterable[RawRow]:
        """Read the rows that hold one of the values in some columns, in a fixed order."""
        columns = [self._table.column(name) or RawColumn(name=name) for name in names]
        alike = {_alike(values, columns) for values in wanted} - {None}
        spelled = sorted(alike, key=repr)
        found: dict[RawRow, None] = {}
        for start in range(0, len(spelled), _ASKED):
            asked = [values for values in spelled[start : start + _ASKED] if values is not None]
            try:
                with self._link.begin_nested():
                    test = self._holds(names, asked)
                    found.update(dict.fromkeys(self._rows(self._query.where(test))))
            except sa.exc.DBAPIError as error:
                if not unfit(error):  # a name alone may pair what cannot be compared
                    raise
        return list(found)

    def _holds(self, names: Sequence[str], asked: Sequence[RawRow]) -> ColumnElement[bool]:
        """Return the test for one of some values."""
        columns = [self._from.c[name] for name in names]
        if len(columns) == 1:
            return columns[0].in_([_bound(values[0]) for values in asked])
        return sa.or_(
            *(
                sa.and_(*(c == _bound(v) for c, v in zip(columns, values, strict=True)))
                for values in asked
            )
        )

    def _rows(self, query: sa.Select[tuple[Json, ...]]) -> list[RawRow]:
        """Stream rows from a cursor of the server."""
        options = {"stream_results": True, "yield_per": _BATCH}
        result = self._link.execute(query, execution_options=options)
        return [tuple(_cell(value) for value in row) for row in result]


def _alike(values: RawRow, columns: Sequence[RawColumn]) -> RawRow | None:
    """Return values as their columns could hold them; None where they could not."""
    found: list[Json] = []
    for value, column in zip(values, columns, strict=True):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if column.kind == "integer" and not whole:
            if not (isinstance(value, str) and _WHOLE.fullmatch(value)):
                return None
            found.append(int(value))
        elif column.kind == "text" and whole:
            found.append(str(value))
        else:
            found.append(value)
    return tuple(found)


def _bound(value: Json) -> ColumnElement[Json]:
    """Return a value whose type the server finds out from what it is compared with."""
    return sa.bindparam(None, value, type_=NullType(), unique=True)


def _cell(value: object) -> Json:
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, list | dict):
        return json.dumps(value, sort_keys=True, default=str)
    return value
