"""How many rows each entity gets, and in which order entities are made.

Parents come before children; where references form a circle, the weakest of them is
put off: its fields are set in a second pass, when every row exists. Next: `parents`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agentgym.formats import Record
from agentgym.populate.meaning import split
from agentgym.populate.pools import vocabulary
from agentgym.rng import stream
from agentgym.schema import Entity, Relation, Schema

__all__ = ["Course", "course", "reaches", "sizes"]

LARGEST = 100
"""All rows together stay below this many times the size asked for (6,000 at 60)."""
FEWEST = 20
"""Rows of an entity that is no lookup, so that tasks about it exist."""


class Course(Record, kw_only=True):
    """The order of making."""

    entities: tuple[str, ...]
    later: tuple[str, ...] = ()
    """Relations that are put off, because their target is made after their own entity."""


def course(schema: Schema, made: Collection[str]) -> Course:
    """Order the entities that are to be made; the schema's own order does not matter.

    Args:
        schema: What to make rows for.
        made: Entities whose rows exist.
    """
    waiting = {e.name for e in schema.entities if e.name not in made}
    open_: dict[str, list[Relation]] = {name: [] for name in waiting}
    for relation in schema.relations:
        both = relation.entity in waiting and relation.target in waiting
        if both and relation.entity != relation.target:
            open_[relation.entity].append(relation)
    order: list[str] = []
    later: list[str] = []
    while waiting:
        free = sorted(n for n in waiting if all(r.target not in waiting for r in open_[n]))
        if not free:
            name = min(waiting, key=lambda n: _cost(schema.entity(n), open_[n], waiting))
            later += sorted(r.name for r in open_[name] if r.target in waiting)
            free = [name]
        order += free
        waiting -= set(free)
    return Course(entities=tuple(order), later=tuple(later))


def _cost(
    entity: Entity, relations: Sequence[Relation], waiting: Collection[str]
) -> tuple[int, int, int, str]:
    """Say how bad it is to make the entity before the targets of its open relations."""
    fields = {field.name: field for field in entity.fields}
    stuck = [relation for relation in relations if relation.target in waiting]
    in_key = sum(bool(set(r.fields) & set(entity.key)) for r in stuck)
    needed = sum(not any(fields[name].nullable for name in r.fields) for r in stuck)
    return in_key, needed, len(stuck), entity.name


def sizes(schema: Schema, made: Mapping[str, int], *, seed: int, size: int) -> dict[str, int]:
    """Choose the number of rows of each entity that is to be made.

    Args:
        schema: What to make rows for.
        made: Entity to the number of its rows, where they exist.
        seed: Of the whole filling.
        size: Rows of a principal entity.
    """
    depth = _depths(schema)
    wanted: dict[str, int] = {}
    for entity in schema.entities:
        if entity.name in made:
            continue
        rng = stream(seed, "populate", entity.name, "rows")
        parents = [r for r in schema.parents(entity.name) if r.target != entity.name]
        if entity.kind == "lookup":
            wanted[entity.name] = min(rng.randint(5, 12), _known_members(entity))
        elif not parents:
            usual = round(size * rng.uniform(0.8, 1.1))
            wanted[entity.name] = min(usual, _known_members(entity))
        elif any(r.one_to_one for r in parents):
            wanted[entity.name] = round(size * rng.uniform(0.7, 1.0))
        else:
            factor = min(1.3 + 0.5 * depth[entity.name], 3.0) if entity.kind != "log" else 3.0
            wanted[entity.name] = round(size * factor * rng.uniform(0.85, 1.1))
    return _cap(schema, wanted, size)


def _cap(schema: Schema, wanted: Mapping[str, int], size: int) -> dict[str, int]:
    """Scale down what is no lookup, so that all together stay below the limit."""
    small = {e.name for e in schema.entities if e.kind == "lookup"}
    total = sum(count for name, count in wanted.items() if name not in small)
    limit = max(LARGEST * size - 12 * len(small), 1)
    share = min(1.0, limit / total) if total else 1.0
    floor = min(FEWEST, size)
    return {
        name: count if name in small else max(round(count * share), min(floor, count))
        for name, count in wanted.items()
    }


def _known_members(entity: Entity) -> int:
    """Return how many rows there can be of what everybody knows the members of: languages."""
    last = (split(entity.label) or ("",))[-1]
    if last in ("country", "nation"):
        return len(vocabulary("countries"))
    closed = _CLOSED.get(last)
    return len(vocabulary("catalogs")[closed]) if closed is not None else 10**6


_CLOSED = {
    "language": "language",
    "currency": "currency",
    "continent": "continent",
    "gender": "gender",
    "priority": "priority",
    "severity": "severity",
    "weekday": "weekday",
    "month": "month",
    "season": "season",
}


def reaches(schema: Schema) -> dict[str, float]:
    """Return the share of all time in which the rows of each entity come to be.

    What much else hangs on comes early, so that what hangs on it has time left.
    """
    above, below = _depths(schema), _depths(schema, downward=True)
    return {name: ((depth + 1) / (depth + below[name] + 1)) ** 0.7 for name, depth in above.items()}


def _depths(schema: Schema, *, downward: bool = False) -> dict[str, int]:
    """Return how many records stand above (or below) each entity, at most 4, without lookups."""
    depth = {entity.name: 0 for entity in schema.entities}
    for _ in range(4):
        above = dict(depth)
        for relation in schema.relations:
            parent = schema.entity(relation.target)
            if relation.target != relation.entity and parent.kind != "lookup":
                child, other = relation.entity, relation.target
                child, other = (other, child) if downward else (child, other)
                above[child] = min(max(above[child], depth[other] + 1), 4)
        depth = above
    return depth
