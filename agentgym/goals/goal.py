"""The goal of a task: required row changes, typed answers, trace predicates, and the frame.

Never a hash of the final state, never a list of exact calls: whatever way leads
there is right, and whatever else was changed is wrong. Next: `equivalence`, `verdict`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record

__all__ = ["Answer", "Branch", "Change", "Goal", "Seen"]


class Change(Record, kw_only=True):
    """One row that must differ from the start, after volatile fields are dropped."""

    entity: str
    kind: Literal["insert", "update", "delete"]
    key: tuple[Json, ...] | None = None
    """Wire values of the key; None for an insert whose key is generated."""
    values: dict[str, Json] = {}
    """Insert: every non-volatile field that is fixed. Update: every field that must change."""
    free: tuple[str, ...] = ()
    """Fields that may hold anything: keys that the world makes, times that its clock gives."""


class Answer(Record, kw_only=True):
    """A slot of the answer, read by its type."""

    entity: str
    field: str | None = None
    """None: a count of rows."""
    function: str | None = None
    """The aggregate that it is of, if any."""
    values: tuple[Json, ...]
    """Wire values: one, or all members of a set."""
    many: bool = False


class Seen(Record, kw_only=True):
    """A trace predicate: a successful call showed what the answer rests on."""

    entity: str
    key: tuple[Json, ...] | None = None
    """The row that some output held; None: any successful read of the entity."""


class Branch(Record, kw_only=True):
    """One acceptable end."""

    outcome: Literal["done", "refused", "impossible"] = "done"
    changes: tuple[Change, ...] = ()
    answers: tuple[Answer, ...] = ()
    seen: tuple[Seen, ...] = ()


class Goal(Record, kw_only=True):
    """Any one of the branches, and nothing else changed."""

    branches: tuple[Branch, ...]
