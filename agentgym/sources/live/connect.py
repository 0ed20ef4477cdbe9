"""One read-only connection to a database server, and what its failures mean.

A URL comes in, a connection in a transaction that cannot write goes out. No message ever
holds the password. Next: `describe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url

from agentgym.errors import SourceError

__all__ = ["called", "connected", "denied", "is_url", "parse"]

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_PATIENCE = 15
"""Seconds that a server has to answer the first time."""
_DENIED = frozenset({"42501", "1044", "1142", "1143", "1370"})
"""What PostgreSQL and MySQL answer where the user may not."""
_BEGIN = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL datestyle = 'ISO, YMD'",
        "SET LOCAL intervalstyle = 'postgres'",
        "SET LOCAL synchronize_seqscans = off",
        "SET LOCAL extra_float_digits = 1",
    ),
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION time_zone = '+00:00'",
        "START TRANSACTION READ ONLY",
    ),
}


def is_url(source: str) -> bool:
    """Tell whether a source is the URL of a database, not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9]*(\+\w+)?://", source) is not None


def parse(source: str) -> URL:
    """Read a URL; the driver is chosen where none is said.

    Raises:
        SourceError: It is none.
    """
    try:
        url = make_url(source)
    except (sa.exc.ArgumentError, ValueError):
        raise SourceError(
            "the URL of a database",
            found=f"one of {source.split('://', 1)[0]!r} that cannot be read",
            hint="write postgresql://user:password@host:port/name; "
            "what is no letter or digit in a password is written as %40 for @",
        ) from None
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
        with engine.connect() as link:
            for statement in _BEGIN.get(_family(url), ()):
                link.exec_driver_sql(statement)
            yield link
            link.rollback()
    except sa.exc.DBAPIError as error:
        raise _explained(error, url) from None
    except sa.exc.SQLAlchemyError as error:
        raise SourceError(
            "a database that can be read",
            found=_clean(str(error), url),
            where=called(url),
            hint="check the URL and its options",
        ) from None
    finally:
        if engine is not None:
            engine.dispose()


def _family(url: URL) -> str:
    name = url.get_backend_name()
    return "mysql" if name == "mariadb" else name


def _engine(url: URL) -> sa.Engine:
    backend = url.get_backend_name()
    options = {"connect_timeout": _PATIENCE} if backend in _EXTRAS else {}
    options = {name: value for name, value in options.items() if name not in url.query}
    try:
        return sa.create_engine(url, connect_args=options, poolclass=sa.NullPool)
    except ModuleNotFoundError as error:
        chosen = _DRIVERS.get(backend) in (None, url.drivername)
        extra = _EXTRAS.get(backend)
        install = f"install {error.name!r} with pip"
        if extra:
            extra_hint = f"pip install 'agentgym-worlds[{extra}]'"
            install = (
                f"install it with `{extra_hint}`"
                if chosen
                else (f"{install}, or write {backend}:// and `{extra_hint}`")
            )
        raise SourceError(
            "a driver for this database",
            found=f"no package {error.name!r}",
            where=called(url),
            hint=install,
        ) from None
    except sa.exc.NoSuchModuleError:
        raise SourceError(
            "a kind of database that is known",
            found=repr(url.drivername),
            where=called(url),
            hint="postgresql, mysql, mariadb and sqlite are; others need SQLAlchemy's dialect",
        ) from None


def denied(error: sa.exc.DBAPIError) -> bool:
    """Tell whether a server refused a statement because the user may not."""
    return _code(error) in _DENIED


def _code(error: sa.exc.DBAPIError) -> str:
    original = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    arguments = getattr(original, "args", ())
    return str(state or (arguments[0] if arguments else ""))


_FAULTS = (
    (r"28P01|28000|1045|password authentication|no password supplied|role .* not exist", "login"),
    (r"3D000|1049|database .* does not exist|Unknown database", "database"),
    (r"42501|1044|1142|permission denied|access denied", "permission"),
    (r"\b(2006|2013)\b|57P0\d|terminat|closed the connection|Lost connection|gone away", "lost"),
    (r"2003|2002|refused|timeout|timed out|could not translate|resolve|unreachable", "server"),
)
_SAID = {
    "login": ("a user and password that the server knows", "check user and password in the URL"),
    "database": ("a database that is there", "check the name at the end of the URL"),
    "permission": ("a user that may read the database", "grant CONNECT, USAGE and SELECT"),
    "lost": ("a server that stays while it is read", "start it again and repeat the command"),
    "server": ("a server that answers", "check host and port, and that it runs"),
}


def _explained(error: sa.exc.DBAPIError, url: URL) -> SourceError:
    said = f"{_code(error)} {error.orig}"
    fault = next((name for pattern, name in _FAULTS if re.search(pattern, said, re.IGNORECASE)), "")
    if not fault and error.connection_invalidated:
        fault = "lost"
    expected, hint = _SAID.get(fault, ("a database that can be read", "see the server's log"))
    return SourceError(expected, found=_clean(str(error.orig), url), where=called(url), hint=hint)


def _clean(message: str, url: URL) -> str:
    """Return what a driver says on one line, without the password in any spelling."""
    text = re.sub(r"://[^/\s@]*@", "://", " ".join(message.split()))
    secrets = [str(url.password or "")]
    secrets += [
        part
        for name, value in url.query.items()
        if "pass" in name.lower() or "pwd" in name.lower()
        for part in ([value] if isinstance(value, str) else value)
    ]
    for secret in secrets:
        for spelled in {secret, quote(secret), quote_plus(secret), quote(secret, safe="")}:
            if spelled:
                text = text.replace(spelled, "***")
    return text[:300]
