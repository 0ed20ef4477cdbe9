"""Settled by brute force: whether two ends are the same but for the names of generated keys.

Net changes of two runs come in, each from the same start. Every renaming of the rows that both
created is tried, in all references; nothing is taken from `goals`, whose judge this judges.
Next: `kills`, `audit`.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row, Stored
from agentgym.world import RowChange

__all__ = ["same_end"]

MOST_RENAMINGS = 5040
"""Renamings that are tried: those of seven rows."""

Renaming = Mapping[tuple[str, tuple[Stored, ...]], tuple[Stored, ...]]


def same_end(schema: Schema, one: Sequence[RowChange], other: Sequence[RowChange]) -> bool | None:
    """Tell whether two runs left the same rows.

    Fields that say when or by whom a row was written do not count.

    Returns:
        None where there are too many renamings to be tried.
    """
    wanted = _rows(schema, one, {})
    if wanted == _rows(schema, other, {}):
        return True
    mine, theirs = _made(schema, one), _made(schema, other)
    counts = {name: len(keys) for name, keys in mine.items()}
    if counts != {name: len(keys) for name, keys in theirs.items()}:
        return False
    if math.prod(math.factorial(count) for count in counts.values()) > MOST_RENAMINGS:
        return None
    return any(wanted == _rows(schema, other, how) for how in _renamings(mine, theirs))


def _made(schema: Schema, changes: Sequence[RowChange]) -> dict[str, list[tuple[Stored, ...]]]:
    """Return the keys that the world made, by entity."""
    found: dict[str, list[tuple[Stored, ...]]] = {}
    for change in changes:
        if change.before is None and _made_by_world(schema.entity(change.entity)):
            found.setdefault(change.entity, []).append(change.key)
    return found


def _made_by_world(entity: Entity) -> bool:
    return entity.key_source in ("counter", "text", "row_number")


def _renamings(
    mine: Mapping[str, list[tuple[Stored, ...]]], theirs: Mapping[str, list[tuple[Stored, ...]]]
) -> Iterator[Renaming]:
    names = sorted(mine)
    for orders in itertools.product(*(itertools.permutations(mine[name]) for name in names)):
        yield {
            (name, old): new
            for name, order in zip(names, orders, strict=True)
            for old, new in zip(theirs[name], order, strict=True)
        }


def _rows(
    schema: Schema, changes: Sequence[RowChange], how: Renaming
) -> Counter[tuple[object, ...]]:
    """Return what is there now where something changed, under a renaming."""
    found: Counter[tuple[object, ...]] = Counter()
    for change in changes:
        entity = schema.entity(change.entity)
        after = None if change.after is None else _renamed(schema, entity, change.after, how)
        before = None if change.before is None else _plain(entity, change.before)
        left = None if after is None else _plain(entity, after)
        if before != left:
            key = how.get((change.entity, change.key), change.key)
            found[change.entity, key, left] += 1
    return found


def _renamed(schema: Schema, entity: Entity, row: Row, how: Renaming) -> Row:
    values = list(row)
    places = [entity.position(name) for name in entity.key]
    own = how.get((entity.name, tuple(row[place] for place in places)))
    if own is not None:
        for place, value in zip(places, own, strict=True):
            values[place] = value
    for relation in schema.parents(entity.name):
        target = schema.entity(relation.target)
        held = dict(zip(relation.target_fields, relation.fields, strict=True))
        if set(target.key) <= set(held):
            places = [entity.position(held[name]) for name in target.key]
            new = how.get((target.name, tuple(row[place] for place in places)))
            if new is not None:
                for place, value in zip(places, new, strict=True):
                    values[place] = value
    return tuple(values)


def _plain(entity: Entity, row: Row) -> Row:
    return tuple(
        value for field, value in zip(entity.fields, row, strict=True) if field.role != "audit"
    )
