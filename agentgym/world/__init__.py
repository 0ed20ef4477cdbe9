"""Worlds: the rows of a domain in SQLite, and the tools that read and write them.

Only the records stand here, so that who reads them loads no database library; `rows` has
`World`, `compile` has `Engine` and `engine`.
"""

from __future__ import annotations

from agentgym.world.journal import RowChange, Session, Snapshot

__all__ = ["RowChange", "Session", "Snapshot"]
