"""The databases that can hold worlds: SQLite in the process, PostgreSQL on a server.

`Engine(domain, backend=postgres(url))` runs the same tools on PostgreSQL; without a backend it
is SQLite. `link` says what a database must do. Next: `rows`.
"""

from __future__ import annotations

from agentgym.world.backends.link import Backend, Link, Store, TakenError
from agentgym.world.backends.postgresql import Postgres, postgres
from agentgym.world.backends.sqlite import SQLite

__all__ = ["Backend", "Link", "Postgres", "SQLite", "Store", "TakenError", "postgres"]
