"""Worlds on a PostgreSQL server: the same domain, the same statements, another judge.

Needs the extra `postgres`. Every world is one connection, with temporary tables of its own
that the server drops when it ends: worlds do not wait for each other's locks, and nothing is
left behind, not even by a process that was killed. The rows at the start are filled in once a
connection; from there on the world lives in one transaction, and reset is a rollback. Next:
`tables`, `content`, `link`.
"""

from __future__ import annotations

from agentgym.world.backends.postgresql.server import Postgres, postgres

__all__ = ["Postgres", "postgres"]
