"""Rows that other rows refer to, fetched for tables that were read in part.

Raw tables and a way to fetch rows by their keys come in; the tables grow until every
reference that can hold does. Next: `assemble`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from agentgym.sources.infer import raw_candidates
from agentgym.sources.tables import Raw, RawRow, RawTable

__all__ = ["MOST", "Fetch", "complete"]

Fetch: TypeAlias = Callable[[RawTable, Sequence[str], set[RawRow]], Iterable[RawRow]]
"""Returns the rows of a table that hold one of the values in some columns."""
_LIKELY = 75
"""From this strength of a name on, the rows that it may refer to are fetched."""
MOST = 20_000
"""So many rows may be added along circles of references, which may have no end: a chain of
versions leads back to the first. Along all others every row that is needed is added."""


def complete(raw: Raw, partial: set[str], fetch: Fetch, *, most: int = MOST) -> None:
    """Add to tables read in part the rows that others refer to.

    Where a circle of references is followed for too long its last rows lack theirs.

    Args:
        raw: Its tables grow in place.
        partial: Names of the tables that were read in part.
        fetch: Reads rows of one of them.
        most: About how many rows may be added along circles of references.
    """
    if not partial:
        return
    links = [_Link(*link) for link in _links_to(raw, partial)]
    above: dict[str, set[str]] = {}
    for link in links:
        above.setdefault(link.child.name, set()).add(link.target.name)
    for link in links:
        link.circular = link.child.name in _reached(link.target.name, above)
    rows = {link.target.name: set(link.target.rows) for link in links}
    added = 0
    grown = True
    while grown:
        grown = False
        for link in links:
            missing = link.missing()
            if not missing or (link.circular and added > most):
                continue
            there = rows[link.target.name]
            new = [row for row in fetch(link.target, link.theirs, missing) if row not in there]
            there.update(new)
            link.target.rows += new
            added += len(new) if link.circular else 0
            grown = grown or bool(new)


def _reached(start: str, above: Mapping[str, set[str]]) -> set[str]:
    """Return a table and all that it refers to, at once or by others."""
    found, stack = {start}, [start]
    while stack:
        for name in sorted(above.get(stack.pop(), ())):
            if name not in found:
                found.add(name)
                stack.append(name)
    return found


class _Link:
    """One reference to a table read in part; remembers which values it has asked for."""

    def __init__(
        self, child: RawTable, mine: tuple[str, ...], target: RawTable, theirs: tuple[str, ...]
    ) -> None:
        self.child, self.mine, self.target, self.theirs = child, mine, target, theirs
        self.circular = False
        self._known: set[RawRow] = set()
        """Values that are there, or were asked for."""
        self._read = {"child": 0, "target": 0}

    def missing(self) -> set[RawRow]:
        """Return the values of rows that came since, which no row of the target has yet."""
        self._known.update(self._new("target", self.target, self.theirs))
        wanted = {
            values
            for values in self._new("child", self.child, self.mine)
            if values not in self._known
            and not any(isinstance(value, bytes) or value is None for value in values)
        }
        self._known |= wanted
        return wanted

    def _new(self, which: str, table: RawTable, names: Sequence[str]) -> Iterator[RawRow]:
        places = [table.position(name) for name in names]
        start, self._read[which] = self._read[which], len(table.rows)
        return (tuple(row[place] for place in places) for row in table.rows[start:])


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
