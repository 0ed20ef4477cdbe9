"""Worlds in SQLite, in this process: the default, and the fast one.

The rows at the start are one database, kept as the bytes that SQLite serializes it to; each
world is a connection of its own that was filled from them. Next: `rows`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from agentgym.domain import Domain
from agentgym.errors import DomainError
from agentgym.schema.types import fold
from agentgym.world.backends.link import Link, Store
from agentgym.world.tables import Table, indexes

__all__ = ["SQLite"]

_STATEMENTS = 4096
"""Prepared statements kept by a connection: more than a domain's tools have."""

_SPARES = 8
"""Most connections of closed worlds that are kept for further ones."""
_MEMORY = 64_000_000
"""Most bytes of rows that they may hold together."""


class SQLite:
    """SQLite, in memory."""

    table: type[Table] = Table

    def store(self, domain: Domain, tables: Mapping[str, Table]) -> Store:
        """Make the store of a domain's rows.

        Raises:
            DomainError: The rows contradict the schema.
        """
        return _Store(_serialize(domain, tables))


class _Store:
    """The rows at the start, and connections of closed worlds that hold them already."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._spare: list[sqlite3.Connection] = []
        self._room = min(_SPARES, _MEMORY // max(1, len(content)))
        self.size = len(content)

    def link(self) -> Link:
        try:
            connection = self._spare.pop()
        except IndexError:
            connection = _connect()
            connection.deserialize(self._content)
            connection.execute("BEGIN")
            connection.execute("SAVEPOINT base")
        return _Link(connection, self)

    def keep(self, connection: sqlite3.Connection) -> None:
        """Take back a connection whose world is closed: its tables need not be read again."""
        if len(self._spare) < self._room:
            try:
                connection.execute("ROLLBACK TO base")
            except sqlite3.Error:
                connection.close()
            else:
                self._spare.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._spare:
            self._spare.pop().close()


class _Link:
    clash = sqlite3.IntegrityError

    def __init__(self, connection: sqlite3.Connection, store: _Store) -> None:
        self.refill: Callable[[], Callable[[], None] | None] = lambda: None
        self._connection: sqlite3.Connection | None = connection
        self._store = store
        self._cursor = connection.cursor()
        self.execute = self.write = self._cursor.execute

    def reset(self) -> None:
        self.execute("ROLLBACK TO base")

    def drop(self) -> None:
        """The connection is freed with its world: closing it amid a collection can crash SQLite."""

    def close(self) -> None:
        # The cursor goes first: whoever still holds its `execute` reaches no other world.
        connection, self._connection = self._connection, None
        if connection is not None:
            self._cursor.close()
            self._store.keep(connection)


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
    )
    connection.create_function("fold", 1, fold, deterministic=True)
    return connection


def _serialize(domain: Domain, tables: Mapping[str, Table]) -> bytes:
    connection = _connect()
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("BEGIN")
    for name, table in tables.items():
        connection.execute(table.create)
        try:
            connection.executemany(table.insert, domain.rows.get(name, ()))
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise DomainError(
                "rows that fit the keys and uniques of the schema",
                found=str(error),
                where=f"rows of {name}",
                hint="undo the edit of rows.jsonl, or change the schema",
            ) from None
    for statement in indexes(domain.schema, domain.tools, tables):
        connection.execute(statement)
    connection.execute("COMMIT")
    content = connection.serialize()
    connection.close()
    return content
