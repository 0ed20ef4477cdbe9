"""Risk: which kinds of fault may strike which tool, and which writes can be read back.

In come the terms of the tools at hand and the options; out goes a table by tool. Next: `moves`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentgym.episode.faults.dress import formats_of
from agentgym.episode.faults.luck import WHOLE, Luck
from agentgym.episode.faults.options import FaultOptions, Kind
from agentgym.formats import Record
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    WRITES,
    Aggregate,
    Create,
    Delete,
    Find,
    Get,
    Identify,
    Link,
    ListRelated,
    Path,
    Search,
    Term,
    Transition,
    Unlink,
    Update,
    listed,
)

__all__ = ["Risk", "can_be_read_back", "risks", "struck"]

_ROWS = (Get, Find, Search, ListRelated)
_LISTS = (Search, ListRelated)
_READS = (*_ROWS, Aggregate, Path)
_AT_RISK = (*_READS, *WRITES, Identify)


class Risk(Record, kw_only=True):
    """What may go wrong with calls of one tool."""

    kinds: tuple[Kind, ...]
    """That fit it at all, whether they are drawn or scheduled."""
    bounds: tuple[tuple[int, Kind], ...]
    """Kinds that are drawn, each with the draw below which it strikes."""
    total: int
    """The last of the bounds: most draws are not below it."""
    write: bool = False
    unsure: bool = False
    """Whether a write can be read back, so that the agent need not be told what came of it."""
    entity: str = ""
    """Whose rows it gives, where it reads rows."""


def risks(
    options: FaultOptions, schema: Schema, terms: Mapping[str, Term], reach: Iterable[str]
) -> dict[str, Risk]:
    """Return what may go wrong, by tool; tools that ask nobody are left out.

    Args:
        options: How often.
        schema: Of the domain.
        terms: Of all tools that can be run.
        reach: Names of those that the agent can reach.
    """
    near = [terms[name] for name in reach if name in terms]
    found = {}
    for name, term in terms.items():
        if isinstance(term, _AT_RISK):
            found[name] = _risk(options, schema, term, near)
    return found


def _risk(options: FaultOptions, schema: Schema, term: Term, near: Iterable[Term]) -> Risk:
    kinds: list[Kind] = ["timeout", "rate_limit", "error_before"]
    write, entity = isinstance(term, WRITES), ""
    unsure = write and can_be_read_back(term, near, schema)
    if unsure:
        kinds.append("error_after")
    if isinstance(term, _READS):
        kinds.append("stale")
    if isinstance(term, _LISTS):
        kinds.append("truncated_page")
    if isinstance(term, _ROWS):
        entity = listed(term, schema) if isinstance(term, ListRelated) else term.entity
        kinds.append("renamed_field")
        if formats_of(schema.entity(entity)):
            kinds.append("changed_format")
    bounds, total = [], 0.0
    for kind in kinds:
        share = getattr(options, kind)
        if share and kind != "renamed_field":
            total += share
            bounds.append((min(WHOLE, int(total * WHOLE)), kind))
    return Risk(
        kinds=tuple(kinds),
        bounds=tuple(bounds),
        total=bounds[-1][0] if bounds else 0,
        write=write,
        unsure=unsure,
        entity=entity,
    )


def can_be_read_back(term: Term, near: Iterable[Term], schema: Schema) -> bool:
    """Tell whether tools show what came of a write to whoever made it and got no answer.

    A row that is changed can be read by its key; one that is made is on a list that is narrowed
    by what it was made with; one that goes is not found when it is to go again.

    Args:
        term: The write.
        near: Terms of the tools at hand.
        schema: Of the domain.
    """
    match term:
        case Delete() | Unlink():
            return True
        case Update() | Transition():
            return any(isinstance(other, Get) and other.entity == term.entity for other in near)
        case Create():
            given = {one.field for one in term.values if one.required}
        case Link():
            given = {one.field for one in term.ends}
        case _:
            return False
    for other in near:
        if isinstance(other, Search) and other.entity == term.entity:
            if any(one.op == "eq" and one.field in given for one in other.filters):
                return True
        elif isinstance(other, ListRelated) and other.through is None:
            relation = schema.relation(other.relation)
            if relation.entity == term.entity and given.issuperset(relation.fields):
                return True
    return False


def struck(
    risk: Risk, luck: Luck, happened: bytes, number: int, level: int, sure: bool
) -> tuple[Kind | None, int]:
    """Return which kind of fault an event meets, and another draw that says how.

    Args:
        risk: Of the tool.
        luck: Of the episode.
        happened: The event.
        number: How often it has happened before.
        level: How many times shares are halved.
        sure: Whether it must not be left in doubt.
    """
    drawn = luck.draw(happened, number)
    draw = drawn >> 64 << level
    if draw < risk.total:
        for bound, kind in risk.bounds:
            if draw < bound:
                return (None if sure and kind == "error_after" else kind), drawn % WHOLE
    return None, 0
