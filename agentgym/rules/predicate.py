"""Predicates as data.

They speak of the row that is written and the rows around it, of the caller's arguments, of who
is served, what the user agreed to, the clock, and what was called before. One predicate is
compiled to a guard (by `world.guards`), said in English (`sentences`) and tried at its limits
(`boundary`). Nothing here knows SQL or tools. Next: `rule`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agentgym.formats import Json, Record

__all__ = [
    "All",
    "Alone",
    "AnyOf",
    "Authenticated",
    "Calls",
    "Compare",
    "Confirmed",
    "Count",
    "Elapsed",
    "Holder",
    "In",
    "Move",
    "NoChildren",
    "Not",
    "Owner",
    "Param",
    "Predicate",
    "fields_of",
    "parts",
]

Relative = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class Compare(Record, kw_only=True, tag="compare"):
    """A field compared with a value or another field of the same row.

    With `path`, of the row that is reached from the written one over those relations, each
    from child to parent. A comparison with NULL is unknown, and what is unknown passes.
    """

    field: str
    op: Relative
    value: Json = None
    """Wire value; None when `other` is given."""
    other: str | None = None
    path: tuple[str, ...] = ()
    """Names of relations, upwards."""
    at: Literal["after", "before"] = "after"
    """The row as it will be, or as it is (a row that is being created is nothing: unknown)."""


class In(Record, kw_only=True, tag="in"):
    """A field is one of the values."""

    field: str
    values: tuple[Json, ...]
    path: tuple[str, ...] = ()
    at: Literal["after", "before"] = "after"


class Move(Record, kw_only=True, tag="move"):
    """A status changes only as its life cycle says."""

    field: str


class NoChildren(Record, kw_only=True, tag="no_children"):
    """No row refers to this one through the relation."""

    relation: str


class Alone(Record, kw_only=True, tag="alone"):
    """The exclusive of that id (see `schema.Exclusive`) holds for the row as it will be."""

    exclusive: str


class Count(Record, kw_only=True, tag="count"):
    """How many rows refer to one row, once the write is done.

    The one row is reached from the written one over `path` (empty: it is the written one);
    counted are the rows that refer to it through `relation` and pass `where`.
    """

    path: tuple[str, ...] = ()
    relation: str
    where: dict[str, tuple[str, ...]] = {}
    """Field of the referring row to the wire values (of an enum or text) that count."""
    op: Relative
    value: int


class Elapsed(Record, kw_only=True, tag="elapsed"):
    """The time since a date or datetime (negative while it lies ahead) compared with a limit.

    `Elapsed(field="ordered_at", op="le", seconds=30 * 86400)`: ordered at most 30 days ago.
    `Elapsed(field="starts_at", op="le", seconds=-86400)`: starts in a day or later.
    """

    field: str
    op: Literal["lt", "le", "gt", "ge"]
    seconds: int
    path: tuple[str, ...] = ()
    at: Literal["after", "before"] = "after"


class Param(Record, kw_only=True, tag="param"):
    """An argument of the call compared with a value; one that was not sent is unknown."""

    param: str
    op: Relative
    value: Json


class Authenticated(Record, kw_only=True, tag="authenticated"):
    """The agent has identified the user as a row of the entity."""

    entity: str


class Owner(Record, kw_only=True, tag="owner"):
    """The path leads from the row to the one as which the user was identified.

    Unlike comparisons it fails, and does not pass, where the path ends at nothing or nobody
    was identified. A row that is changed is looked at as it is and as it will be.
    """

    path: tuple[str, ...] = ()


class Holder(Record, kw_only=True, tag="holder"):
    """A field of the identified user's row, as it is, is one of the values.

    Like `Owner` it fails where nobody was identified, or the field is empty.
    """

    entity: str
    field: str
    values: tuple[Json, ...]


class Confirmed(Record, kw_only=True, tag="confirmed"):
    """The user said yes when the agent asked whether to go on.

    One yes serves one write: it is used up by the first that would be refused without it.
    """


class Calls(Record, kw_only=True, tag="calls"):
    """How often a tool has been called with success in this conversation.

    Only calls that agree with this one are counted: `same` maps a parameter of this call to
    a parameter of that tool, whose values must be equal (what was not sent equals NULL).
    """

    tool: str
    same: dict[str, str] = {}
    op: Relative
    value: int


class Not(Record, kw_only=True, tag="not"):
    """The predicate does not hold."""

    of: Predicate


class All(Record, kw_only=True, tag="all"):
    """Every one of the predicates holds."""

    of: tuple[Predicate, ...]


class AnyOf(Record, kw_only=True, tag="any"):
    """At least one of the predicates holds; of none, so it never holds."""

    of: tuple[Predicate, ...]


Predicate = (
    Compare
    | In
    | Move
    | NoChildren
    | Alone
    | Count
    | Elapsed
    | Param
    | Authenticated
    | Owner
    | Holder
    | Confirmed
    | Calls
    | Not
    | All
    | AnyOf
)


def parts(predicate: Predicate) -> Iterator[Predicate]:
    """Yield the predicate and all that it is made of, outermost first."""
    yield predicate
    match predicate:
        case Not():
            yield from parts(predicate.of)
        case All() | AnyOf():
            for part in predicate.of:
                yield from parts(part)
        case _:
            pass


def fields_of(predicate: Predicate) -> frozenset[str]:
    """Name the fields of the written row itself on which the predicate depends."""
    found: set[str] = set()
    for part in parts(predicate):
        match part:
            case Compare() if not part.path:
                found.add(part.field)
                if part.other is not None:
                    found.add(part.other)
            case In() | Elapsed() if not part.path:
                found.add(part.field)
            case Move():
                found.add(part.field)
            case _:
                pass
    return frozenset(found)
