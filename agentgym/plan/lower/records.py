"""The records of lowering: the run, what was seen, what is known, what could be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from agentgym.formats import Json, Record
from agentgym.plan.remedies import Operand, Step
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Tool

__all__ = ["At", "Key", "Known", "Look", "Lowered", "Offer", "Pool", "Ways", "key_of"]

Key = tuple[Json, ...]
"""Wire values of a key."""


class Lowered(Record, kw_only=True):
    """A run of a plan."""

    steps: tuple[Step, ...]
    answers: tuple[Json, ...] = ()
    """One wire value for each emit that is wanted, in order, as the tools gave it: a list where the
    emit takes many, or the rows of a choose."""
    shown: dict[str, Key] = {}
    """Select to the key of its row, for selects whose one row was seen."""
    listed: dict[str, tuple[Key, ...]] = {}
    """Select to the keys of its rows, for selects all of whose rows were seen."""
    outcome: Literal["done", "refused", "impossible"] = "done"
    reason: str = ""
    """Why it was not done: names the rule, or what is missing."""


class Ways(Record, kw_only=True):
    """What a run does otherwise than the cheapest."""

    shunned: frozenset[tuple[str, str]] = frozenset()
    """Select and tool: rows of the one are not looked for with the other."""
    broad: frozenset[str] = frozenset()
    """Selects whose rows are listed without filters, and checked one by one."""
    first: bool = False
    """Whether all reading comes before all writing."""
    backwards: bool = False
    """Whether the last act comes first."""
    extra: bool = False
    """Whether rows that were found in lists are opened as well."""


class At(NamedTuple):
    """A row that was shown."""

    number: int
    """Of the call."""
    prefix: str
    """Path in its result, with a point at the end."""
    row: dict[str, Json]

    def operand(self, field: str, after: Sequence[int] = ()) -> Operand:
        """Return the value of a field of the row."""
        return Operand(
            value=self.row.get(field),
            origin=f"call:{self.number}:{self.prefix}{field}",
            after=tuple(number for number in after if number != self.number),
        )


class Known(NamedTuple):
    """What can be said of the rows that are looked for."""

    equal: dict[str, Operand]
    """Field to its value."""
    compared: list[tuple[str, str, Operand]]
    """Field, op and bound."""
    parts: list[tuple[str, Operand]]
    """Field and a part of its text."""
    loose: frozenset[str]
    """Fields with clues that no tool takes: they are checked on the rows."""


class Offer(NamedTuple):
    """A call that could show the rows."""

    tool: Tool
    arguments: dict[str, Operand]
    exact: bool
    """Whether it gives one row; else a list."""
    checks: frozenset[str]
    """Fields that must be looked at on the rows, since the arguments do not hold their clues."""


class Pool(NamedTuple):
    """The rows that fit."""

    bits: int
    keys: frozenset[Key]


class Look(NamedTuple):
    """What a list, or a call for one row, showed."""

    found: list[At]
    """Those of the rows that fit, in the order in which they were shown."""
    numbers: tuple[int, ...]
    """Of the calls."""


def key_of(entity: Entity, row: Row) -> Key:
    """Return the wire key of a row."""
    return tuple(to_wire(entity.field(name), row[entity.position(name)]) for name in entity.key)
