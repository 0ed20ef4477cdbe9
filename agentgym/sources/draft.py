"""What every source yields: a `Draft`, before it is a domain."""

from __future__ import annotations

from agentgym.formats import Json, Record
from agentgym.schema import Schema
from agentgym.schema.types import Rows

__all__ = ["Draft"]


class Draft(Record, kw_only=True):
    """A schema, rows if any, and what the source itself declares. Never reaches an episode."""

    kind: str
    """`sqlite`, `sql`, `graph`."""
    name: str
    """File name without its folder."""
    sha256: str
    dialect: str = ""
    schema: Schema
    rows: Rows = {}
    """Entity name to rows in stored form; an entity without rows in the source is absent."""
    skipped: dict[str, int] = {}
    """What was left out, by kind (`trigger`, `row with a broken reference`), with counts."""
    options: dict[str, Json] = {}
    """What the source itself decided: `synthetic_labels` where the names are ours."""
    notes: tuple[str, ...] = ()
    """One sentence each for what a person should know, naming what was left out."""
