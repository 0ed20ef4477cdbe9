"""The goal of a task: required row changes, typed answers, trace predicates, and the frame.

Never a hash of the final state, never a list of exact calls: whatever way leads
there is right, and whatever else was changed is wrong. Next: `equivalence`, `verdict`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record

__all__ = ["Answer", "Bound", "Branch", "Change", "Goal", "Offered", "Seen"]


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
    within: dict[str, tuple[Json, ...]] = {}
    """Fields that may hold any one of several values."""
    made: tuple[Json, ...] | None = None
    """Wire values of the generated key that a created row got in the gold run. References of the
    branch's other changes to it mean this row, whatever key it gets elsewhere."""


class Bound(Record, kw_only=True):
    """A hard constraint on the members of a chosen answer, taken together."""

    kind: Literal["total", "distinct"]
    """`total`: the sum of the weights compares with the value; `distinct`: no weight twice."""
    field: str
    """What the weights are: a field of the answer's entity."""
    weights: tuple[Json, ...]
    """Wire values, one for each of the answer's `values`."""
    op: Literal["le", "ge"] = "le"
    value: Json = None
    """Wire value; None for `distinct`."""


class Answer(Record, kw_only=True):
    """A slot of the answer, read by its type."""

    entity: str
    field: str | None = None
    """None: a count of rows."""
    function: str | None = None
    """The aggregate, or the function of a computed number, that it is of, if any."""
    values: tuple[Json, ...]
    """Wire values: one. With `many`: all members of a set. With `count`: all that may be chosen."""
    many: bool = False
    count: int | None = None
    """That many of the values, each once, whichever satisfy the bounds."""
    bounds: tuple[Bound, ...] = ()
    unit: str | None = None
    """Unit of a computed number; None: that of the field, percent of a `share`, days of `days`."""
    aliases: tuple[tuple[str, ...], ...] = ()
    """Other names of the same things, one tuple for each of `values`; none at all: empty."""


class Seen(Record, kw_only=True):
    """A trace predicate: some call showed what the end rests on, in any of the ways given."""

    entity: str
    key: tuple[Json, ...] | None = None
    """The row that some output held; None: any successful read of the entity."""
    nothing: bool = False
    """Or a call for rows of the entity found none: `not_found`, or an empty list."""
    barred: tuple[str, ...] = ()
    """Or a call was refused by one of these rules."""


class Offered(Record, kw_only=True):
    """A row of which the user is told unasked."""

    entity: str
    key: tuple[Json, ...]
    """Wire values."""


class Branch(Record, kw_only=True):
    """One acceptable end."""

    outcome: Literal["done", "refused", "impossible"] = "done"
    changes: tuple[Change, ...] = ()
    answers: tuple[Answer, ...] = ()
    seen: tuple[Seen, ...] = ()
    rules: tuple[str, ...] = ()
    """Refused: the reason must name one of these rules, by its id or in its words."""
    names: tuple[tuple[str, ...], ...] = ()
    """Impossible: the reason must name each of these; of each, one of several ways to say it."""
    idle: bool = False
    """No tool that reads or writes rows may have been called."""
    offers: tuple[Offered, ...] | None = None
    """Of what the user must have been told unasked: of each once, and of nothing else. None: where
    there is nothing to watch."""


class Goal(Record, kw_only=True):
    """Any one of the branches, and nothing else changed."""

    branches: tuple[Branch, ...]
