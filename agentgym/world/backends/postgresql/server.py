"""A PostgreSQL server as a place for worlds.

A URL comes in, a backend for `Engine` goes out; the driver is loaded when it is first needed.
Next: `rows`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.domain import Domain
from agentgym.errors import BackendError, UsageError
from agentgym.world.backends.link import Store
from agentgym.world.backends.postgresql.content import Content
from agentgym.world.backends.postgresql.tables import PostgresTable
from agentgym.world.tables import Table

__all__ = ["Postgres", "postgres"]


_PATIENCE = 10
"""Seconds to wait for a server."""


class Postgres:
    """One database of a PostgreSQL server; made by `postgres`."""

    table: type[Table] = PostgresTable

    def __init__(self, url: str, where: str) -> None:
        self._url = url
        self._where = where

    def __repr__(self) -> str:
        return f"Postgres({self._where})"

    def store(self, domain: Domain, tables: Mapping[str, Table]) -> Store:
        """Make the store of a domain's rows.

        Raises:
            DomainError: The rows contradict the schema.
            BackendError: No server answers, or its database cannot hold every text.
        """
        from agentgym.world.backends.postgresql.link import PostgresStore  # noqa: PLC0415

        return PostgresStore(self._url, self._where, Content(domain, tables))


def postgres(url: str) -> Postgres:
    """Name a database of a PostgreSQL server.

    Args:
        url: As libpq takes it: `postgresql://user:password@host:port/database`. The user needs
            the right to make temporary tables, and nothing else; the database must be UTF8.

    Returns:
        A backend for `Engine`.

    Raises:
        UsageError: It is no such URL.
        BackendError: The driver is not installed.
    """
    try:
        import psycopg.conninfo  # noqa: PLC0415 - an extra: most installs do without it
    except ImportError:
        raise BackendError(
            "the driver psycopg",
            found="none",
            hint="install it with `pip install 'agentgym-worlds[postgres]'`",
        ) from None
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except (psycopg.Error, TypeError, AttributeError):
        raise UsageError(
            "a URL like postgresql://user@host:port/database",
            found="another text" if isinstance(url, str) else type(url).__name__,
            hint="check its spelling; it is not shown here, as it may hold a password",
        ) from None
    parts.setdefault("connect_timeout", _PATIENCE)
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    where += f"/{parts.get('dbname', '')}"
    return Postgres(
        psycopg.conninfo.make_conninfo(url, connect_timeout=parts["connect_timeout"]), where
    )
