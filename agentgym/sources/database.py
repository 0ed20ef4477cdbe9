"""SQLite files, read without writing: structure from the engine, checks from the DDL.

A path comes in, raw tables come out. Of a table with very many rows, runs of
neighbouring rows are taken, and from the tables they refer to the rows they need.
Next: `assemble`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from agentgym.errors import SourceError
from agentgym.formats import Json
from agentgym.sources.closure import complete
from agentgym.sources.pragma import describe, quote_name
from agentgym.sources.sql import index_details, table_details
from agentgym.sources.tables import Raw, RawTable, is_bookkeeping, unrun

__all__ = ["MAGIC", "read_database"]

MAGIC = b"SQLite format 3\x00"
_POOL = 20_000
"""Most rows that are read of one table at first."""
_RUN = 500
"""Rows of a large table that are taken one after the other: families stay together."""


def read_database(path: Path) -> Raw:
    """Read a SQLite file.

    Raises:
        SourceError: It cannot be opened, is damaged, or has no table.
    """
    try:
        uri = f"file:{quote(str(path.resolve()))}?mode=ro{_untouched(path)}"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.text_factory = lambda content: content.decode("utf-8", "replace")
            return _read(db)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: a damaged message
        raise SourceError(
            "a SQLite database that can be read",
            found=str(error),
            where=str(path),
            hint="the file is damaged or cut short: copy it again, or `.recover` it",
        ) from None


def _untouched(path: Path) -> str:
    """Forbid even the side files of a write-ahead log, where none waits to be read."""
    log = path.with_name(f"{path.name}-wal")
    return "" if log.exists() and log.stat().st_size else "&immutable=1"


def _read(db: sqlite3.Connection) -> Raw:
    raw = Raw()
    for kind in ("view", "trigger"):
        count = "SELECT count(*) FROM sqlite_master WHERE type = ?"
        raw.skipped[kind] = db.execute(count, (kind,)).fetchone()[0]
    triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid")
    named = [f"trigger {name}" for (name,) in triggers]
    if named:
        raw.notes.append(unrun(named))
    for name, sql in _tables(db, raw):
        table = describe(db, name, raw.skipped)
        if table is not None:
            table_details(table, sql or "", dialect="sqlite", skipped=raw.skipped)
            _partial(db, table, raw)
            raw.tables.append(table)
    for table in raw.tables:
        if not is_bookkeeping(table.name):
            _load(db, table)
    partial = {t.name for t in raw.tables if t.total is not None and len(t.rows) < t.total}
    complete(raw, partial, lambda table, names, wanted: _fetch(db, table, names, wanted))
    return raw


def _partial(db: sqlite3.Connection, table: RawTable, raw: Raw) -> None:
    """Read the unique indexes over some of the rows."""
    query = (
        "SELECT m.sql FROM pragma_index_list(?) AS i JOIN sqlite_master AS m "
        "ON m.type = 'index' AND m.name = i.name WHERE i.partial AND i.\"unique\" ORDER BY m.rowid"
    )
    for (sql,) in db.execute(query, (table.name,)).fetchall():
        if index_details(table, sql, dialect="sqlite"):
            raw.skipped["partial index"] -= 1


def _tables(db: sqlite3.Connection, raw: Raw) -> list[tuple[str, str]]:
    master = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
    found: list[tuple[str, str]] = db.execute(master).fetchall()
    kinds = {row[1]: row[2] for row in db.execute("PRAGMA table_list") if row[0] == "main"}
    plain = []
    for name, sql in found:
        virtual = (sql or "").lstrip().upper().startswith("CREATE VIRTUAL")
        kind = kinds.get(name, "virtual" if virtual else "table")
        if kind == "table":
            plain.append((name, sql))
        else:
            raw.skipped[f"{kind} table"] += 1
    return plain


def _select(table: RawTable, rest: str = "", what: str = "") -> str:
    """Return a query over a table; all names in it are quoted."""
    listed = what or ", ".join(quote_name(column.name) for column in table.columns)
    return f"SELECT {listed} FROM {quote_name(table.name)} {rest}"  # noqa: S608 - no value is in it


def _load(db: sqlite3.Connection, table: RawTable) -> None:
    """Read the rows of a table, or runs of rows spread over it where there are very many."""
    table.total = int(db.execute(_select(table, what="count(*)")).fetchone()[0])
    if table.total <= _POOL:
        table.rows = db.execute(_select(table)).fetchall()
        return
    found: dict[tuple[Json, ...], None] = {}
    runs = _POOL // _RUN
    try:
        low, high = db.execute(_select(table, what="min(rowid), max(rowid)")).fetchone()
        query = _select(table, f"WHERE rowid >= ? ORDER BY rowid LIMIT {_RUN}")
        starts = [low + (high - low) * run // runs for run in range(runs)]
    except sqlite3.OperationalError:
        query = _select(table, f"LIMIT {_RUN} OFFSET ?")
        starts = [table.total * run // runs for run in range(runs)]
    for start in starts:
        found.update(dict.fromkeys(db.execute(query, (start,)).fetchall()))
    table.rows = list(found)


def _fetch(
    db: sqlite3.Connection, table: RawTable, names: Sequence[str], wanted: set[tuple[Json, ...]]
) -> Iterable[tuple[Json, ...]]:
    columns = ", ".join(quote_name(name) for name in names)
    parts = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(names)))
    order = sorted(wanted, key=repr)
    wanted_rows = f"WHERE ({columns}) IN (SELECT {parts} FROM json_each(?))"  # noqa: S608 - quoted
    query = _select(table, wanted_rows)
    return db.execute(query, (json.dumps(order),))
