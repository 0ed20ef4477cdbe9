"""Tables as SQLite itself describes them.

A connection and a name come in, a raw table without rows goes out. Next: `sql`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator

from agentgym.sources.tables import RawColumn, RawReference, RawTable, declare

__all__ = ["describe", "quote_name"]


def quote_name(name: str) -> str:
    """Return the name in quotes, as SQLite takes it."""
    return '"' + name.replace('"', '""') + '"'


def describe(db: sqlite3.Connection, name: str, skipped: Counter[str]) -> RawTable | None:
    """Describe a table: columns, key, references and unique sets.

    Args:
        db: Where it is.
        name: Its name.
        skipped: Gets the counts.

    Returns:
        The table without rows; None where the engine cannot describe it.

    Raises:
        sqlite3.DatabaseError: The file is damaged.
    """
    table = RawTable(name=name)
    try:
        described = db.execute(f"PRAGMA table_xinfo({quote_name(name)})").fetchall()
    except sqlite3.OperationalError:
        skipped["table that cannot be read"] += 1
        return None
    key: list[tuple[int, str]] = []
    for _, column_name, declared, required, _, place, hidden in described:
        column = RawColumn(name=column_name, nullable=not required, generated=hidden in (2, 3))
        declare(column, declared or "")
        column.dropped = hidden == 1
        table.columns.append(column)
        if place:
            key.append((place, column_name))
    table.key = tuple(column for _, column in sorted(key))
    if len(table.key) == 1:
        only = table.column(table.key[0])
        if only is not None and only.declared.casefold() == "integer":
            only.automatic, only.nullable = True, False
    table.references = list(_references(db, name))
    _uniques(db, table, skipped)
    return table


def _references(db: sqlite3.Connection, name: str) -> Iterator[RawReference]:
    listed: dict[int, list[tuple[int, str, str, str | None]]] = {}
    for number, place, target, mine, theirs, *_ in db.execute(
        f"PRAGMA foreign_key_list({quote_name(name)})"
    ):
        listed.setdefault(number, []).append((place, target, mine, theirs))
    for number in sorted(listed, reverse=True):
        parts = sorted(listed[number])
        theirs = tuple(part[3] for part in parts if part[3] is not None)
        yield RawReference(
            columns=tuple(part[2] for part in parts), target=parts[0][1], target_columns=theirs
        )


def _uniques(db: sqlite3.Connection, table: RawTable, skipped: Counter[str]) -> None:
    for _, index, unique, origin, partial in db.execute(
        f"PRAGMA index_list({quote_name(table.name)})"
    ).fetchall()[::-1]:
        columns = [row[2] for row in db.execute(f"PRAGMA index_info({quote_name(index)})")]
        if origin == "c" and (not unique or partial):
            skipped["partial index" if partial else "index"] += 1
        if unique and not partial and origin != "pk" and None not in columns:
            table.add_unique(columns)
