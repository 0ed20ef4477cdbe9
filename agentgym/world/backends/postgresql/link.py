"""One world's connection to PostgreSQL: filled once, then one transaction for good.

Whatever a statement meets, the world stays usable: a statement that fails ends its transaction
on PostgreSQL, so the link goes back to the start and lets the world write its changes again.
Next: `server`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NoReturn

import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.types.numeric import Int8Dumper

from agentgym.errors import BackendError, UsageError
from agentgym.schema.types import Stored, fold
from agentgym.world.backends.link import Link
from agentgym.world.backends.postgresql.content import Content

__all__ = ["PostgresStore"]

Connection = psycopg.Connection[Any]

_PREPARED = 4096
"""Prepared statements kept by a connection: more than a domain's tools have."""
_IDLE = 8
"""Filled connections that a store keeps for the next worlds."""
_SETTINGS = (
    "SET client_encoding = 'UTF8'",
    "SET extra_float_digits = 1",
    "SET standard_conforming_strings = on",
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET client_min_messages = error",
)
_DEAD = 10_000
"""Writes after which a connection gives back the room of row versions that were taken back."""
_TOO_LARGE = (
    psycopg.DataError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.OutOfMemory,
)


class _ClashError(Exception):
    """A write met a key or a unique value that is taken."""


class _Flag(Dumper):
    """Booleans are stored as 0 and 1."""

    oid = Int8Dumper.oid

    def dump(self, obj: object) -> Buffer:
        return b"1" if obj else b"0"


class _Exact(Loader):
    """Sums of 64-bit integers come as NUMERIC: exact, of any size."""

    def load(self, data: Buffer) -> int | Decimal:
        text = bytes(data)
        return Decimal(text.decode()) if b"." in text or b"N" in text else int(text)


class _Link:
    """One connection that holds the rows of one world.

    Args:
        connection: Filled.
        content: What it was filled with.
        where: The server, for messages.
        pool: Takes the connection over when the world is closed.
        written: Row versions that its earlier worlds left.

    Raises:
        BackendError: The connection is lost.
    """

    clash = _ClashError

    def __init__(
        self,
        connection: Connection,
        content: Content,
        where: str,
        pool: _Pool,
        written: int = 0,
    ) -> None:
        self.refill: Callable[[], Callable[[], None] | None] = _nothing
        self._connection = connection
        self._layouts = content.layouts
        self._vacuum = content.vacuum
        self._where = where
        self._pool = pool
        self._run: Callable[..., Any] = connection.cursor().execute
        self._written = written
        self._command(b"BEGIN")

    def execute(self, sql: str, parameters: Sequence[Stored] = ()) -> Any:
        """Run a statement."""
        try:
            return self._run(sql, parameters)
        except psycopg.Error as error:
            return self._after(error, sql, parameters)

    def write(self, sql: str, parameters: Sequence[Stored]) -> None:
        """Run a statement of `Table.insert` or `Table.update`."""
        given = [
            fold(parameters[place]) if folded else parameters[place]  # type: ignore[arg-type]
            for place, folded in self._layouts[sql]
        ]
        self._written += 1
        if not self.execute(sql, given).rowcount:
            raise _ClashError

    def reset(self) -> None:
        """Go back to the rows at the start."""
        if self._written < _DEAD:
            self._command(b"ROLLBACK; BEGIN")
        else:
            self._rest()
            self._command(b"BEGIN")

    def drop(self) -> None:
        """As `close`."""
        self.close()

    def close(self) -> None:
        """Give the rows back."""
        if self._run is _closed:
            return
        self._run = _closed
        try:
            self._rest()
        except BackendError:
            self._connection.close()
        else:
            self._pool.put(self._connection, self._written)

    def _rest(self) -> None:
        """End the transaction, and tidy up where there is much to tidy."""
        self._command(b"ROLLBACK")
        if self._written >= _DEAD:
            self._written = 0
            self._command(self._vacuum)

    def _command(self, text: bytes) -> None:
        """Run a command past psycopg, which forgets what it prepared at every rollback."""
        try:
            result = self._connection.pgconn.exec_(text)
        except psycopg.Error as error:
            self._gone(str(error))
        if result.status != ExecStatus.COMMAND_OK:
            self._gone(result.error_message.decode("utf-8", "replace"))

    def _after(self, error: psycopg.Error, sql: str, parameters: Sequence[Stored]) -> Any:
        status = self._connection.pgconn.transaction_status
        if self._connection.closed or status in (TransactionStatus.UNKNOWN, TransactionStatus.IDLE):
            self._gone(str(error))
        if status == TransactionStatus.INERROR:
            self.reset()
            again = self.refill()
            if again is not None:
                again()
        if isinstance(error, psycopg.errors.InFailedSqlTransaction):
            # An interruption had ended the transaction before this statement.
            return self._run(sql, parameters)
        if isinstance(error, _TOO_LARGE):
            raise OverflowError(str(error)) from None
        raise error

    def _gone(self, why: str) -> NoReturn:
        raise BackendError(
            "a PostgreSQL server that answers",
            found=_first_line(why) or "a closed connection",
            where=self._where,
            hint="start the server again and make a new engine: this world is lost",
        ) from None


class PostgresStore:
    """The rows of a domain at the start; makes connections that hold them, and keeps some."""

    def __init__(self, url: str, where: str, content: Content) -> None:
        self._url = url
        self._where = where
        self._content = content
        self._pool = _Pool()
        self.size = content.size
        weakref.finalize(self, self._pool.close)

    def link(self) -> Link:
        """Make rows of its own for one more world, or take those of one that was closed."""
        while (known := self._pool.take()) is not None:
            try:
                return _Link(known[0], self._content, self._where, self._pool, known[1])
            except BackendError:
                known[0].close()
        connection = connect(self._url, self._where)
        try:
            _fill(connection, self._content)
            return _Link(connection, self._content, self._where, self._pool)
        except psycopg.Error as error:
            connection.close()
            raise BackendError(
                "a PostgreSQL server that holds the rows",
                found=_first_line(str(error)),
                where=self._where,
                hint="the user must be allowed to make temporary tables",
            ) from None
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """End the connections that are kept; worlds that are open stay so."""
        self._pool.close()


class _Pool:
    """Filled connections that wait for the next world."""

    def __init__(self) -> None:
        self._idle: list[tuple[Connection, int]] = []
        self._open = True

    def take(self) -> tuple[Connection, int] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def put(self, connection: Connection, written: int) -> None:
        if self._open and len(self._idle) < _IDLE:
            self._idle.append((connection, written))
        else:
            connection.close()

    def close(self) -> None:
        self._open = False
        while (known := self.take()) is not None:
            known[0].close()


def connect(url: str, where: str) -> Connection:
    """Open a connection.

    Raises:
        BackendError: No server answers, or its database cannot hold every text.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
    except psycopg.Error as error:
        raise BackendError(
            "a PostgreSQL server that answers",
            found=_first_line(str(error)),
            where=where,
            hint="start one with `make postgres`, or correct the URL",
        ) from None
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise BackendError(
            "a database with the encoding UTF8",
            found=str(encoding),
            where=where,
            hint="make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
        )
    connection.prepared_max = _PREPARED
    adapters = connection.adapters
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(bool, _Flag)
    adapters.register_loader("numeric", _Exact)
    return connection


def _fill(connection: Connection, content: Content) -> None:
    run: Callable[..., Any] = connection.execute
    run(";".join(_SETTINGS))
    for statements in content.batches():
        run(statements)
    with connection.cursor() as cursor:
        copy: Callable[..., Any] = cursor.copy
        for statement, text in content.copies.items():
            with copy(statement) as into:
                into.write(text)
    for statement in content.indexes:
        run(statement)
    for statement in content.copies:
        run("ANALYZE" + statement.removeprefix("COPY").removesuffix("FROM STDIN"))


def _nothing() -> None:
    return None


def _closed(*_: object) -> NoReturn:
    raise UsageError("a world that is open", found="one that was closed")


def _first_line(text: str) -> str:
    return " ".join(text.strip().splitlines()[:1]).strip()
