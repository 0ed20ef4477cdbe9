"""One read-only connection to a database server, and what its failures mean.

A URL comes in, a connection in a transaction that cannot write goes out; it waits for no lock
and no statement for long. Next: `faults`, what failures mean; `describe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url

from agentgym.errors import SourceError
from agentgym.sources.live.faults import clean, explained, undriven, unknown

__all__ = ["LONGEST", "called", "connected", "is_url", "parse"]

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_PATIENCE = 15
"""Seconds that a server has to answer the first time."""
_PATIENT = frozenset({"psycopg", "psycopg2", "pymysql", "mysqldb", "mariadbconnector"})
"""Drivers that can be told so under that name."""
_LOCKED = 15
"""Seconds that a table held by somebody else is waited for."""
LONGEST = 180
"""Seconds that one statement may take, unless the URL says otherwise."""
_BEGIN = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL datestyle = 'ISO, YMD'",
        "SET LOCAL intervalstyle = 'postgres'",
        "SET LOCAL synchronize_seqscans = off",
        "SET LOCAL extra_float_digits = 1",
        f"SET LOCAL lock_timeout = '{_LOCKED}s'",
        f"SET LOCAL statement_timeout = '{LONGEST}s'",
    ),
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET SESSION time_zone = '+00:00'",
        f"SET SESSION lock_wait_timeout = {_LOCKED}",
        "START TRANSACTION READ ONLY",
    ),
    "oracle": ("SET TRANSACTION READ ONLY",),
}


def is_url(source: str) -> bool:
    """Tell whether a source is the URL of a database, not a path."""
    return re.match(r"[A-Za-z][\w.:+-]*://", source) is not None


def parse(source: str) -> URL:
    """Read a URL; the driver is chosen where none is said.

    Raises:
        SourceError: It is none.
    """
    try:
        url = make_url(source)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    plain = source.partition("?")[0]
    if url is None or (url.get_backend_name() != "sqlite" and plain.count("@") > 1):
        raise SourceError(
            "the URL of a database",
            found=f"one of {source.split('://', 1)[0]!r} that cannot be read"
            + ("" if url is None else ": it has more than one @"),
            hint="write postgresql://user:password@host:port/name; "
            "what is no letter or digit in a password is written as %40 for @",
        )
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def called(url: URL) -> str:
    """Return the URL without user, password and options."""
    plain = URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return plain.render_as_string()


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """Open a connection in one read-only transaction, which sees the rows of one moment.

    Raises:
        SourceError: There is no driver or server, it does not know the user or the database,
            or it went away while it was read.
    """
    engine = None
    try:
        engine = _engine(url)
        with _opened(engine, url) as link:
            for statement in _begin(url, link):
                link.exec_driver_sql(statement)
            yield link
            link.rollback()
    except sa.exc.DBAPIError as error:
        raise explained(error, url, called(url)) from None
    except sa.exc.SQLAlchemyError as error:
        raise SourceError(
            "a database that can be read",
            found=clean(str(error), url),
            where=called(url),
            hint="check the URL and its options",
        ) from None
    finally:
        if engine is not None:
            engine.dispose()


_UNTOLD = (AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What drivers raise where an option of the URL makes no sense to them."""


def _opened(engine: sa.Engine, url: URL) -> Connection:
    """Connect; what drivers raise besides errors of databases is about the URL."""
    try:
        return engine.connect()
    except _UNTOLD as error:
        lacking = re.search(r"'(\w+)' package is required", str(error))
        raise SourceError(
            "a URL and options that the driver takes",
            found=clean(str(error), url),
            where=called(url),
            hint=f"pip install {lacking[1]}" if lacking else "check the URL and its options",
        ) from None


def _begin(url: URL, link: Connection) -> list[str]:
    """Return what begins the transaction; a limit that the URL sets itself stays."""
    family = _family(url)
    begin = [one for one in _BEGIN.get(family, ()) if not _is_set("statement_timeout", one, url)]
    if family == "mysql":
        if getattr(link.dialect, "is_mariadb", False):
            limit = ("max_statement_time", LONGEST)
        else:
            limit = ("max_execution_time", LONGEST * 1000)
        begin[:0] = [f"SET SESSION {limit[0]} = {limit[1]}"]
        begin = [one for one in begin if not _is_set(limit[0], one, url)]
    return begin


def _is_set(name: str, statement: str, url: URL) -> bool:
    return name in statement and name in repr(dict(url.query))


def _family(url: URL) -> str:
    name = url.get_backend_name()
    return "mysql" if name == "mariadb" else name


def _engine(url: URL) -> sa.Engine:
    backend = url.get_backend_name()
    driver = url.drivername.partition("+")[2]
    patient = driver in _PATIENT and "connect_timeout" not in url.query
    options = {"connect_timeout": _PATIENCE} if patient else {}
    try:
        engine = sa.create_engine(url, connect_args=options, poolclass=sa.NullPool)
    except ImportError as error:
        usual = _DRIVERS.get(backend) in (None, url.drivername)
        raise undriven(error, backend, called(url), usual=usual) from None
    except sa.exc.NoSuchModuleError:
        raise unknown(url, called(url), known=[*_DRIVERS, "sqlite"]) from None
    if engine.dialect.is_async:
        raise SourceError(
            "a driver that answers at once",
            found=f"{url.get_driver_name()!r}, an asynchronous one",
            where=called(url),
            hint=f"write {backend}://",
        )
    return engine
