"""Databases of a PostgreSQL server that are there for as long as a test looks at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

MARK = f"agentgym_{os.getpid()}"
"""What all names on the server begin with, so that test processes do not meet."""


@contextmanager
def database(url: str, name: str, script: str) -> Iterator[str]:
    """Make a database on the server for a while; yield its URL."""
    name = f"{MARK}_{name}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        own = url.rpartition("/")[0] + f"/{name}"
        with psycopg.connect(own, autocommit=True) as inner:
            inner.execute(script)
        yield own
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
