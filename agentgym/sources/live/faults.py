"""What the failures of drivers and servers mean, said so that a person knows what to do.

An exception comes in, a `SourceError` goes out, or whether the reading can go on without the
table. No message ever holds the password. Next: `connect`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.engine import URL

from agentgym.errors import SourceError, nearest

__all__ = ["EXTRAS", "clean", "denied", "explained", "too_long", "undriven", "unfit", "unknown"]

EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
"""Kind of database to the extra of ours that brings its driver."""
_PACKAGES = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "cx_Oracle": "oracledb",
             "mysql": "mysql-connector-python"}  # fmt: skip
"""Module of a driver to its package, where they differ."""
_DIALECTS = {
    "access": "sqlalchemy-access",
    "bigquery": "sqlalchemy-bigquery",
    "clickhouse": "clickhouse-sqlalchemy",
    "cockroachdb": "sqlalchemy-cockroachdb",
    "databricks": "databricks-sqlalchemy",
    "db2": "ibm_db_sa",
    "duckdb": "duckdb-engine",
    "firebird": "sqlalchemy-firebird",
    "hana": "sqlalchemy-hana",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
    "trino": "trino[sqlalchemy]",
}
"""Kind of database to the package of its dialect."""

_CODES = {
    "login": "28P01 28000 1045 1698 1130",
    "database": "3D000 1049",
    "permission": "42501 1044 1142 1143 1370",
    "lost": "57P01 57P02 57P04 57P05 08003 08006 2006 2013 2055",
    "server": "57P03 08001 08004 2002 2003 2005",
    "full": "53300 1040 1203 1226",
    "long": "57014 1969 3024",
    "locked": "55P03 1205",
}
"""Fault to what PostgreSQL and MySQL call it."""
_SAYINGS = (
    ("login", r"password authentication|no password supplied|role .* not exist|pg_hba\.conf"),
    ("database", r"database .* does not exist|unknown database"),
    ("permission", r"permission denied|access denied"),
    ("full", r"too many (clients|connections)|remaining connection slots"),
    ("lost", r"terminat|closed the connection|lost connection|gone away|connection is lost"),
    ("options", r"(invalid|bad) .*value|invalid connection option|invalid URI|\bSSL\b"),
    ("server", r"refused|timeout|timed out|could not translate|resolve|unreachable|starting up"),
    ("server", r"is the server running|in recovery mode|shutting down|not yet accepting"),
)
"""Fault to how it is said where there is no code."""
_SAID = {
    "login": ("a user and password that the server knows", "check user and password in the URL"),
    "database": ("a database that is there", "check the name at the end of the URL"),
    "permission": ("a user that may read the database", "grant CONNECT, USAGE and SELECT"),
    "lost": ("a server that stays while it is read", "start it again and repeat the command"),
    "server": ("a server that answers", "check host and port, and that it runs"),
    "options": ("options that driver and server take", "check what stands after ? in the URL"),
    "full": ("a server with a free connection", "close others and repeat the command"),
    "long": (
        "a statement that ends in time",
        "name fewer tables with --focus, or put ?options=-cstatement_timeout%3D0 into the URL",
    ),
    "locked": (
        "tables that nobody holds locked",
        "wait for the change that is made there and repeat the command",
    ),
}


def denied(error: sa.exc.DBAPIError) -> bool:
    """Tell whether a server refused a statement because the user may not."""
    return _fault(error) == "permission"


def too_long(error: sa.exc.DBAPIError) -> bool:
    """Tell whether a statement was ended because it took too long."""
    return _fault(error) == "long"


def unfit(error: sa.exc.DBAPIError) -> bool:
    """Tell whether values could not be compared with a column."""
    return _state(error)[:2] in ("22", "42") and not denied(error)


def _state(error: sa.exc.DBAPIError) -> str:
    """Return the code that SQL itself gives to an error; empty where the driver tells none."""
    original = error.orig
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")


def _fault(error: sa.exc.DBAPIError) -> str:
    arguments = getattr(error.orig, "args", ())
    number = arguments[0] if arguments and isinstance(arguments[0], int) else ""
    code = str(number or _state(error))
    for fault, codes in _CODES.items():
        if code and code in codes.split():
            return fault
    if not code:
        for fault, pattern in _SAYINGS:
            if re.search(pattern, str(error.orig), re.IGNORECASE):
                return fault
    return "lost" if error.connection_invalidated else ""


def explained(error: sa.exc.DBAPIError, url: URL, where: str) -> SourceError:
    """Return what an error of a database means."""
    expected, hint = _SAID.get(
        _fault(error), ("a database that can be read", "see the server's log")
    )
    return SourceError(expected, found=clean(str(error.orig), url), where=where, hint=hint)


def undriven(error: ImportError, backend: str, where: str, *, usual: bool) -> SourceError:
    """Say how the driver of a kind of database is installed.

    Args:
        error: Of its import.
        backend: Kind of database.
        where: The URL without user and password.
        usual: Whether it is the driver that is taken where the URL names none.
    """
    module = (error.name or "").partition(".")[0]
    package = _PACKAGES.get(module, module)
    ours = f"pip install 'agentgym-worlds[{EXTRAS[backend]}]'" if backend in EXTRAS else ""
    if ours and usual:
        install = f"install it with `{ours}`"
    else:
        install = f"install it with `pip install {package}`" if package else "see its own manual"
        install += f", or write {backend}:// and `{ours}`" if ours else ""
    missing = isinstance(error, ModuleNotFoundError)
    return SourceError(
        "a driver for this database",
        found=f"no package {module!r}" if missing else f"one that does not start: {error}",
        where=where,
        hint=install,
    )


def unknown(url: URL, where: str, *, known: Sequence[str]) -> SourceError:
    """Say which kinds of databases are known."""
    backend = url.get_backend_name()
    package = _DIALECTS.get(backend)
    if backend in ("http", "https", "ftp"):
        hint = "fetch the file and name its path"
    elif package:
        hint = f"install its dialect of SQLAlchemy with `pip install {package}`"
    else:
        hint = f"{nearest(backend, known)}; others need SQLAlchemy's dialect"
        hint = hint.replace("?;", "?")
    return SourceError(
        "a kind of database that is known", found=repr(url.drivername), where=where, hint=hint
    )


def clean(message: str, url: URL) -> str:
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
