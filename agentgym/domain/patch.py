"""Patches: a few rows in which the world of one task differs from its domain's.

A patch is applied before an episode starts and is no change of the agent's. Next: `world.rows`.
"""

from __future__ import annotations

from agentgym.formats import Json, Record

__all__ = ["Patch"]


class Patch(Record, kw_only=True):
    """One row that is another at the start."""

    entity: str
    key: tuple[Json, ...]
    """Wire values of its key."""
    values: dict[str, Json] | None
    """Wire values: of every field for a row that the domain does not have, of those that differ
    for one that it has; None takes the row away."""
