"""Rows of a live database, streamed: small tables whole, runs along the key of large ones.

Described tables come in and get their rows, in the order of their keys; values are cast on
the server to what every driver hands over alike. Next: `closure`, which adds the rows
that others refer to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from agentgym.formats import Json
from agentgym.sources.closure import complete
from agentgym.sources.live.connect import denied
from agentgym.sources.live.describe import Described
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
_WIDER = 3
"""How many times the rows that are wanted are read of each table: the sample needs a choice."""


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
                    if source.load(most if table.name in wanted else 0):
                        partial.append(table.name)
            except sa.exc.DBAPIError as error:
                if not denied(error):
                    raise
                found.raw.skipped["table that may not be read"] += 1
                found.raw.notes.append(f"The server refused to show {table.name}: it is left out.")
                continue
        kept.append(table)
    found.raw.tables = kept
    if not most:
        return
    sources = {table.name: _Source(link, table, found) for table in kept}
    complete(
        found.raw, set(partial), lambda table, names, keys: sources[table.name].fetch(names, keys)
    )
    for table in kept:
        table.rows.sort(key=_order(table))
    if partial:
        shown = ", ".join(partial[:8]) + (", ..." if len(partial) > 8 else "")
        found.raw.notes.append(f"Too large to be read whole, so read in runs: {shown}.")


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
    if isinstance(value, int | float | Decimal):
        return (0, value)
    return (1, value if isinstance(value, str) else repr(value))


class _Source:
    """One table on the server: how its rows are asked for."""

    def __init__(self, link: Connection, table: RawTable, found: Described) -> None:
        self._link = link
        self._table = table
        schema, name = found.places[table.name]
        columns: list[sa.ColumnClause[Json]] = [sa.column(c.name) for c in table.columns]
        self._from = sa.table(name, *columns, schema=schema)
        self._shown = [self._cast(column).label(f"c{n}") for n, column in enumerate(table.columns)]

    def _cast(self, column: RawColumn) -> ColumnElement[Json]:
        """Return the column as every driver hands it over alike: numbers, texts and bytes."""
        plain: ColumnElement[Json] = self._from.c[column.name]
        backend, said = self._link.dialect.name, column.declared.casefold()
        if column.dropped:
            return sa.null()
        if column.kind == "bytes":
            return sa.func.substring(plain, 1, _BYTES)
        if backend == "postgresql":
            if said.endswith("[]"):
                return sa.cast(sa.func.to_jsonb(plain), sa.Text)
            if said == "money":
                return sa.cast(plain, sa.Numeric)
        elif said.startswith("bit"):
            return plain + 0
        if column.kind in ("integer", "decimal", "float", "boolean"):
            return plain
        if backend == "postgresql":
            text: ColumnElement[Json] = sa.cast(plain, sa.Text)
        else:
            text = sa.cast(plain, sa.String)
        return sa.func.left(text, LONGEST + 1) if column.kind == "text" else text

    def load(self, most: int) -> bool:
        """Read the rows, or runs of rows spread over them where there are more than so many.

        Returns:
            Whether rows were left.
        """
        if not most:
            self._rows(sa.select(*self._shown).select_from(self._from).limit(0))
            return False
        query = sa.select(*self._shown).select_from(self._from)
        key = self._key()
        ordered = query.order_by(*key)
        beyond = sa.select(sa.literal(1)).select_from(self._from).offset(most).limit(1)
        if self._link.execute(beyond).first() is None:
            self._table.rows = list(self._rows(ordered))
            return False
        first = self._table.column(self._table.key[0]) if self._table.key else None
        found: dict[RawRow, None] = {}
        if first is not None and first.kind == "integer":
            column = self._from.c[first.name]
            low, high = self._link.execute(
                sa.select(sa.func.min(column), sa.func.max(column))
            ).one()
            runs = max(1, most // _RUN)
            for run in range(runs):
                start = low + (high - low) * run // runs
                after = query.where(column >= start).order_by(*key).limit(_RUN)
                found.update(dict.fromkeys(self._rows(after)))
        elif key:
            back = query.order_by(*(column.desc() for column in key)).limit(most // 2)
            found.update(dict.fromkeys(self._rows(ordered.limit(most - most // 2))))
            found.update(dict.fromkeys(self._rows(back)))
        else:
            found.update(dict.fromkeys(self._rows(query.limit(most))))
        self._table.rows = list(found)
        return True

    def _key(self) -> list[ColumnElement[Json]]:
        """Return what the rows are ordered by: an index serves it, so nothing is sorted."""
        names = self._table.key or next(iter(sorted(self._table.uniques, key=len)), ())
        return [self._from.c[name] for name in names]

    def fetch(self, names: Sequence[str], wanted: set[RawRow]) -> Iterable[RawRow]:
        """Read the rows that hold one of the values in some columns, in a fixed order."""
        spelled = sorted(wanted, key=repr)
        query = sa.select(*self._shown).select_from(self._from)
        found: dict[RawRow, None] = {}
        for start in range(0, len(spelled), _ASKED):
            alike = [
                sa.and_(*(self._from.c[n] == _bound(v) for n, v in zip(names, values, strict=True)))
                for values in spelled[start : start + _ASKED]
            ]
            found.update(dict.fromkeys(self._rows(query.where(sa.or_(*alike)))))
        return list(found)

    def _rows(self, query: sa.Select[tuple[Json, ...]]) -> Iterable[RawRow]:
        """Stream rows from a cursor of the server."""
        options = {"stream_results": True, "yield_per": _BATCH}
        result = self._link.execute(query, execution_options=options)
        return [tuple(_cell(value) for value in row) for row in result]


def _bound(value: Json) -> ColumnElement[Json]:
    """Return a value whose type the server finds out from what it is compared with."""
    return sa.bindparam(None, value, type_=NullType(), unique=True)


def _cell(value: object) -> Json:
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, list | dict):
        return json.dumps(value, sort_keys=True, default=str)
    return value
