"""Terms that write: one row, rows that join others, and several rows, all or none.

Next: `desk`.
"""

from __future__ import annotations

from agentgym.formats import Json, Record
from agentgym.tools.algebra.pieces import Argument, Nested, Side

__all__ = [
    "WRITES",
    "Create",
    "Delete",
    "Link",
    "Sequence",
    "Step",
    "Transfer",
    "Transition",
    "Unlink",
    "Update",
]


class Create(Record, kw_only=True, tag="create"):
    """A new row, and those nested in it.

    Gives the row as it was written, with what was filled in; under the name of each nested
    parameter, the list of its rows.
    """

    entity: str
    values: tuple[Argument, ...]
    nested: tuple[Nested, ...] = ()


class Update(Record, kw_only=True, tag="update"):
    """New values for some fields of one row; at least one. Gives the row after it."""

    entity: str
    key: tuple[Argument, ...]
    values: tuple[Argument, ...]


class Transition(Record, kw_only=True, tag="transition"):
    """The status of one row moved along its life cycle. Gives the row after it."""

    entity: str
    key: tuple[Argument, ...]
    to: Argument


class Delete(Record, kw_only=True, tag="delete"):
    """One row removed, if nothing refers to it. Gives `{"deleted": key}`."""

    entity: str
    key: tuple[Argument, ...]


class Link(Record, kw_only=True, tag="link"):
    """Two rows (or more) joined by a row of a link entity.

    Gives that row; `conflict` where they are joined already.
    """

    entity: str
    """The link entity."""
    ends: tuple[Argument, ...]
    """The fields of the link that refer to what is joined, all required."""
    values: tuple[Argument, ...] = ()
    """What else the link says: a quantity, a role."""


class Unlink(Record, kw_only=True, tag="unlink"):
    """The row that joins them removed.

    Gives `{"removed": {end: value}}`; `not_found` where there is none, `ambiguous` where there
    are several.
    """

    entity: str
    ends: tuple[Argument, ...]


class Transfer(Record, kw_only=True, tag="transfer"):
    """An amount moved from one row to another, both or neither.

    Refused where the amount is not more than 0, where both are one row, where the fields of
    `same` differ (a currency, an owner), and by every rule of either row (what there is must
    not fall below 0). Gives `{"source": row, "target": row}` after it.
    """

    source: Side
    target: Side
    amount: Argument
    """Its field is the source's; the target's has the same type, scale and unit."""
    same: tuple[tuple[str, str], ...] = ()
    """Fields of source and target that must be equal."""


class Step(Record, kw_only=True):
    """One operation of a sequence; its parameters are those of the tool, unless they are set."""

    term: Create | Update | Transition | Link | Unlink | Delete | Transfer
    given: dict[str, Json] = {}
    """Parameters to wire values that the tool itself sets."""
    taken: dict[str, str] = {}
    """Parameters to `<step>.<field>`: a value of the row that an earlier step gave, as `0.id`."""


class Sequence(Record, kw_only=True, tag="sequence"):
    """Several operations in one transaction: all or none. Gives `{"steps": [result..]}`.

    A parameter that several steps take under the same name is one parameter of the tool. A
    single step is one that sets something itself: `close_ticket`.
    """

    steps: tuple[Step, ...]


WRITES = (Create, Update, Transition, Delete, Link, Unlink, Transfer, Sequence)
"""The terms that can change a row."""
