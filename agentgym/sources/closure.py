"""Rows that other rows refer to, fetched for tables that were read in part.

Raw tables and a way to fetch rows by their keys come in; the tables grow until every
reference that can hold does. Next: `assemble`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from agentgym.sources.infer import raw_candidates
from agentgym.sources.tables import Raw, RawRow, RawTable

__all__ = ["Fetch", "complete"]

Fetch: TypeAlias = Callable[[RawTable, Sequence[str], set[RawRow]], Iterable[RawRow]]
"""Returns the rows of a table that hold one of the values in some columns."""
_LIKELY = 75
"""From this strength of a name on, the rows that it may refer to are fetched."""


def complete(raw: Raw, partial: set[str], fetch: Fetch) -> None:
    """Add to tables read in part the rows that others refer to.

    Args:
        raw: Its tables grow in place.
        partial: Names of the tables that were read in part.
        fetch: Reads rows of one of them.
    """
    if not partial:
        return
    links = list(_links_to(raw, partial))
    there: dict[tuple[str, tuple[str, ...]], set[RawRow]] = {}
    for _, _, target, theirs in links:
        there.setdefault((target.name, theirs), set(_values(target, theirs)))
    grown = True
    while grown:
        grown = False
        for child, mine, target, theirs in links:
            missing = set(_values(child, mine)) - there[target.name, theirs]
            missing = {m for m in missing if not any(isinstance(v, bytes) or v is None for v in m)}
            added = list(fetch(target, theirs, missing)) if missing else []
            old = set(target.rows) if added else set()
            added = [row for row in added if row not in old]
            target.rows += added
            grown |= bool(added)
            for (name, columns), known in there.items():
                if name == target.name:
                    known.update(_values(target, columns, added))
            there[target.name, theirs] |= missing


def _links_to(
    raw: Raw, partial: set[str]
) -> Iterator[tuple[RawTable, tuple[str, ...], RawTable, tuple[str, ...]]]:
    for table in raw.tables:
        for reference in table.references:
            target = raw.table(reference.target)
            if target is not None and target.name in partial:
                theirs = reference.target_columns or target.key
                spelled = [target.column(name) for name in theirs]
                if len(theirs) == len(reference.columns) and None not in spelled:
                    names = tuple(column.name for column in spelled if column is not None)
                    yield table, reference.columns, target, names
    for candidate in raw_candidates(raw.tables):
        child, target = raw.table(candidate.table), raw.table(candidate.target)
        if child and target and target.name in partial and candidate.strength >= _LIKELY:
            yield child, (candidate.column,), target, (candidate.target_column,)


def _values(
    table: RawTable, names: Sequence[str], rows: Sequence[RawRow] | None = None
) -> Iterable[RawRow]:
    places = [table.position(name) for name in names]
    return (tuple(row[place] for place in places) for row in (table.rows if rows is None else rows))
