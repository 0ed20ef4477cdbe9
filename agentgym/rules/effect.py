"""Effects: what else happens when a row is written, as data.

A write of one entity adjusts, sets or adds rows of others: stock goes down, a closing time is
noted, a history row appears. Effects write through the same door as tools, so invariants hold
for them too, and a call whose effect is refused is refused whole. Next: `sentences`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.rules.predicate import Predicate
from agentgym.schema import Product

__all__ = ["Add", "Adjust", "Assign", "Effect", "Value"]


class Value(Record, kw_only=True):
    """Where a value comes from: exactly one of `given`, `field`, `change`, `now`."""

    given: Json = None
    """A wire value, the same every time."""
    field: str | None = None
    """A field of the row (as it was, for a delete), or of the one that `path` leads to."""
    path: tuple[str, ...] = ()
    before: bool = False
    """The field as it was before the write; NULL for a created row."""
    change: str | None = None
    """How much a numeric field of the row rose: after minus before; a row that is not there
    counts as 0."""
    now: bool = False
    """The logical clock."""


class Adjust(Record, kw_only=True, tag="adjust"):
    """A number of another row rises or falls by an amount of this one.

    A created row adds `sign * by`, a deleted one takes it away again; a changed one adds the
    difference where the effect has no `when`, and the whole amount where it has one.
    """

    path: tuple[str, ...]
    """Relations up to the row that is adjusted, at least one."""
    field: str
    by: Product


class Assign(Record, kw_only=True, tag="assign"):
    """A field is set: of the row itself, with `path` of one that it refers to."""

    field: str
    value: Value
    path: tuple[str, ...] = ()


class Add(Record, kw_only=True, tag="add"):
    """A row appears: an entry in a ledger, a line of a history."""

    entity: str
    values: dict[str, Value]
    """Field to its value; what is left out is filled as for a created row."""


class Effect(Record, kw_only=True):
    """What happens besides, whenever a row of the entity is written in one of these ways."""

    id: str
    entity: str
    on: tuple[Literal["create", "update", "delete"], ...]
    fields: tuple[str, ...] = ()
    """An update counts only where it changes one of these; empty: any update."""
    when: Predicate | None = None
    """It happens when this comes to hold: after the write, and not before it already."""
    each: str | None = None
    """A relation to the entity: it happens for every row that refers to this one, as if that
    row were written; paths, fields and values are then that row's (before and after alike)."""
    do: Adjust | Assign | Add
    lasting: bool = False
    """Whether undoing the write leaves it in place: what was logged stays logged."""
    evidence: tuple[str, ...] = ()
