"""Servers that cannot be reached, refuse or die: what is said, and that no password is."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import postgres_server
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from agentgym.build.one import build
from agentgym.errors import SourceError
from agentgym.sources import called, read
from agentgym.sources.live import rows as rows_room
from agentgym.sources.live.connect import parse
from agentgym.sources.live.faults import explained

PASSWORD = "p@ss:w/ord%#? é"
WRITTEN = quote(PASSWORD, safe="")
SCRIPT = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, note text);
INSERT INTO customers SELECT n, 'Customer ' || n FROM generate_series(1, 50) n;
INSERT INTO orders SELECT n, 1 + n % 50, 'note ' || n FROM generate_series(1, 200) n;
"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[str, int]]:
    """A server that asks for a password which is hard to write."""
    with postgres_server.alone(PASSWORD) as (plain, number):
        url = plain.replace("@", f":{WRITTEN}@")
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(SCRIPT)
        yield url, number


def test_a_password_of_odd_characters(guarded: tuple[str, int], tmp_path: Path) -> None:
    """It opens the door and is left nowhere."""
    url, _ = guarded
    report = build(url, tmp_path / "shop", tasks=2)

    assert report.tasks == 2
    written = b"".join(path.read_bytes() for path in (tmp_path / "shop").iterdir())
    for spelled in (PASSWORD, WRITTEN, "postgres@", "p%40ss"):
        assert spelled.encode() not in written
        assert spelled not in repr(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace(WRITTEN, "wr0ng"), "a user and password that the server knows"),
        (lambda url: url.replace(f":{WRITTEN}", ""), "a user and password that the server knows"),
        (lambda url: url.replace("postgres:", "nobody:"), "a user and password"),
        (lambda url: url.rpartition("/")[0] + "/nowhere", "a database that is there"),
        (lambda url: url + "?sslmode=require", "options that driver and server take"),
        (lambda url: url + "?sslmode=bogus", "options that driver and server take"),
        (lambda url: url + "?connect_timeout=soon", "options that driver and server take"),
    ],
)
def test_refused(guarded: tuple[str, int], change: Any, said: str) -> None:
    """What a server or driver refuses is told apart."""
    with pytest.raises(SourceError, match=said) as caught:
        read(change(guarded[0]))
    shown = f"{caught.value} {caught.value.__cause__}"
    assert not any(word in shown for word in (PASSWORD, WRITTEN, "wr0ng", "p@ss"))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "said", "hint"),
    [
        ("mssql+pyodbc://ann:secret@host/shop", "no package 'pyodbc'", "pip install pyodbc"),
        ("oracle://ann:secret@host/shop", "no package 'oracledb'", "pip install oracledb"),
        ("postgresql+psycopg2://ann:secret@host/shop", "'psycopg2'", "psycopg2-binary"),
        ("snowflake://ann:secret@host/shop", "'snowflake'", "pip install snowflake-sqlalchemy"),
        ("postgre://ann:secret@host/shop", "'postgre'", "did you mean 'postgres'?"),
        ("nonsense://ann:secret@host/shop", "'nonsense'", "mariadb"),
        ("postgresql+psycopg_async://ann:secret@host/shop", "asynchronous", "postgresql://"),
        ("postgresql://ann:se@cret@host/shop", "more than one @", "%40"),
        ("postgresql://ann:se@cret:word@host:1/shop", "cannot be read", "%40"),
        ("postgresql://ann:se@c/ret@host/shop", "more than one @", "%40"),
        ("postgresql://ann:secret@127.0.0.1:1045/shop", "Connection refused", "host and port"),
        ("mysql://ann:secret@127.0.0.1:1049/shop", "Connection refused", "host and port"),
        ("mysql://ann:secret@127.0.0.1:1/shop?nonsense=1", "nonsense", "the URL and its options"),
        ("jdbc:postgresql://ann:secret@host/shop", "'jdbc:postgresql'", "postgresql://user"),
        ("https://ann:secret@host/shop.yaml", "'https'", "fetch the file"),
        ("sqlite://", "in memory", "sqlite:///path/to/file"),
    ],
)
def test_what_cannot_work(url: str, said: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without driver, dialect or server an error says what to do, and no secret."""
    for module in ("pyodbc", "oracledb", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SourceError) as caught:
        read(url)
    assert said in caught.value.found
    assert hint in caught.value.hint
    assert "secret" not in str(caught.value) and "cret" not in str(caught.value)


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
    st.sampled_from(["postgresql", "mysql", "mssql+pyodbc", "oracle"]),
)
def test_any_password_can_be_written(password: str, kind: str) -> None:
    """Whatever a password is, its URL is read and its name does not hold it."""
    url = parse(f"{kind}://ann:{quote(password, safe='')}@host:1/shop")

    assert url.password == password
    assert called(f"{kind}://ann:{quote(password, safe='')}@host:1/shop").endswith("://host:1/shop")


def test_a_server_that_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that dies while it is read is an error of the source, at once."""
    load = rows_room._Source.load
    with postgres_server.alone("x") as (plain, number):
        url = plain.replace("@", ":x@")
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(SCRIPT)

        def kill(self: Any, most: int) -> bool:
            if self._table.name == "orders":
                for process in (*_children(number), number):
                    os.kill(process, signal.SIGKILL)
                time.sleep(0.2)
            return load(self, most)

        monkeypatch.setattr(rows_room._Source, "load", kill)
        with pytest.raises(SourceError, match="a server that stays while it is read"):
            read(url)
        monkeypatch.undo()
        with pytest.raises(SourceError, match="a server that answers"):
            read(url)


def _children(number: int) -> list[int]:
    text = Path(f"/proc/{number}/task/{number}/children")
    return [int(one) for one in text.read_text().split()] if text.exists() else []


def test_a_driver_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that is there but lacks a library is told from one that is missing."""

    def broken(*_: Any, **__: Any) -> Any:
        raise ImportError("no pq wrapper available", name="psycopg")

    monkeypatch.setattr(sa, "create_engine", broken)
    with pytest.raises(SourceError, match=r"does not start: no pq wrapper.*agentgym-worlds"):
        read("postgresql://ann:secret@host/shop")


def test_a_driver_that_needs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What PyMySQL needs for the passwords of MySQL 8 is named."""

    def lacking(*_: Any, **__: Any) -> Any:
        raise RuntimeError("'cryptography' package is required for caching_sha2_password")

    monkeypatch.setattr("pymysql.connect", lacking)
    with pytest.raises(SourceError, match="pip install cryptography"):
        read("mysql://ann:secret@host/shop")


@pytest.mark.parametrize(
    "text",
    [
        "FATAL: the database system is in recovery mode",
        "FATAL: the database system is shutting down",
        "FATAL: the database system is starting up",
        "Is the server running on that host and accepting TCP/IP connections?",
    ],
)
def test_a_server_that_is_not_there_yet(text: str) -> None:
    """Whatever a server says that cannot serve now, the error is that it does not answer."""
    error = sa.exc.OperationalError("connect", {}, Exception(text))
    url = sa.make_url("postgresql://ann@127.0.0.1/shop")

    assert explained(error, url, "shop").expected == "a server that answers"
