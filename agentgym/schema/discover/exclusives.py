"""At most one at a time: one open loan for each copy, no two bookings of a room that overlap.

An entity with many rows comes in; exclusives go out where the rows would break them often if
they held by chance. Without rows nothing is guessed: a source that means it says so.
Next: `checks`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from agentgym.schema import Entity, Exclusive, Field, Relation, Schema
from agentgym.schema.discover.columns import Columns
from agentgym.schema.discover.words import GONE, OPEN, words
from agentgym.schema.types import Stored

__all__ = ["found_exclusives", "span_pairs"]

_ENOUGH = 20
_EXPECTED = 8.0
"""How many breaches chance would have to make: none is then no accident."""
_TURNS = (1, 7, 23)

_STARTS = frozenset("start starts begin begins from pickup checkin arrival since opens".split())
_ENDS = frozenset(
    "end ends finish until to return checkout departure dropoff thru till closes expires".split()
)


def found_exclusives(schema: Schema, entity: Entity, columns: Columns) -> Iterator[Exclusive]:
    """Find what excludes each other in the rows of an entity."""
    size = columns.size(entity.name)
    if size < _ENOUGH:
        return
    known = {(one.same, one.span) for one in schema.exclusives if one.entity == entity.name}
    states = [f for f in entity.fields if f.type == "enum" and f.role in ("status", "category")]
    parents = [r for r in schema.parents(entity.name) if not r.one_to_one]
    for relation in parents:
        if not _may_exclude(entity, relation):
            continue
        for field in states:
            if (relation.fields, None) not in known:
                yield from _one_open(entity, relation, field, columns)
        for start, end in span_pairs(entity):
            if (relation.fields, (start.name, end.name)) not in known:
                yield from _no_overlap(entity, relation, (start, end), states, columns)


def _may_exclude(entity: Entity, relation: Relation) -> bool:
    """Tell whether the relation stands alone: its fields are no key or unique set already."""
    unique = [entity.key, *entity.uniques]
    return not any(set(fields) <= set(relation.fields) for fields in unique)


def _one_open(
    entity: Entity, relation: Relation, field: Field, columns: Columns
) -> Iterator[Exclusive]:
    groups = list(zip(*(columns(entity.name, name) for name in relation.fields), strict=True))
    states = columns(entity.name, field.name)
    sizes = Counter(group for group in groups if None not in group)
    pairs = sum(n * (n - 1) / 2 for n in sizes.values())
    for state in field.values or ():
        if not set(re.split(r"[\s_]+", state.casefold())) & OPEN and state.casefold() not in OPEN:
            continue
        held = [g for g, s in zip(groups, states, strict=True) if s == state and None not in g]
        share = len(held) / len(groups)
        expected = pairs * share * share
        if len(held) == len(set(held)) and expected >= _EXPECTED:
            yield Exclusive(
                id=_name(f"{entity.name}_one_{state}_per_{relation.label}"),
                entity=entity.name,
                same=relation.fields,
                where={field.name: (state,)},
                evidence=(
                    f"no two of {len(held)} rows; by chance about {round(expected)} pairs would be",
                ),
            )


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def span_pairs(entity: Entity) -> list[tuple[Field, Field]]:
    """Return the fields that say from when until when, by their names."""
    times = [
        f
        for f in entity.fields
        if f.type in ("date", "datetime") and f.role != "audit" and f.name not in entity.key
    ]
    found = []
    for start in (f for f in times if words(f) & _STARTS):
        for end in (f for f in times if words(f) & _ENDS and not words(f) & _STARTS):
            rest = words(start) - _STARTS - _ENDS, words(end) - _STARTS - _ENDS
            if start.type == end.type and rest[0] == rest[1]:
                found.append((start, end))
    return found


def _no_overlap(
    entity: Entity,
    relation: Relation,
    span: tuple[Field, Field],
    states: Sequence[Field],
    columns: Columns,
) -> Iterator[Exclusive]:
    groups = list(zip(*(columns(entity.name, name) for name in relation.fields), strict=True))
    starts = columns(entity.name, span[0].name)
    ends = columns(entity.name, span[1].name)
    for where in _alive(states):
        kept = [
            (group, str(start), str(end))
            for place, (group, start, end) in enumerate(zip(groups, starts, ends, strict=True))
            if None not in (*group, start, end)
            and all(columns(entity.name, n)[place] in legal for n, legal in where.items())
        ]
        if len(kept) < _ENOUGH or _overlaps(kept):
            continue
        expected = min(
            _overlaps(
                [(kept[(place + turn) % len(kept)][0], *row[1:]) for place, row in enumerate(kept)]
            )
            for turn in _TURNS
        )
        if expected >= _EXPECTED:
            yield Exclusive(
                id=_name(f"{entity.name}_no_overlap_per_{relation.label}"),
                entity=entity.name,
                same=relation.fields,
                where=where,
                span=(span[0].name, span[1].name),
                evidence=(f"no two of {len(kept)} rows overlap; dealt out anew {expected} would",),
            )
            return


def _alive(states: Sequence[Field]) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield which rows may count: all, then those whose state is not one of giving up."""
    yield {}
    for field in states:
        kept = tuple(v for v in field.values or () if v.casefold() not in GONE)
        if 0 < len(kept) < len(field.values or ()):
            yield {field.name: kept}


def _overlaps(rows: Sequence[tuple[tuple[Stored, ...], str, str]]) -> int:
    """Count the rows that begin before an earlier one of their group has ended."""
    last: dict[tuple[Stored, ...], str] = {}
    found = 0
    for group, start, end in sorted(rows, key=lambda row: (row[1], row[2], repr(row[0]))):
        if start >= end:
            continue
        if last.get(group, "") > start:
            found += 1
        last[group] = max(last.get(group, ""), end)
    return found
