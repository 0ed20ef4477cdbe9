"""All that a world holds at one moment, and a copy of a domain that is small enough to compare.

A world comes in; a `State` goes out that equals another exactly when nobody can tell the two
moments apart. Next: `script`.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.schema.types import Row, Stored
from agentgym.testing.store import Store
from agentgym.world.journal import Session, rows_hash
from agentgym.world.rows import RowChange, World

__all__ = ["State", "apart", "smaller", "state"]


class State(NamedTuple):
    """A moment of a world."""

    rows: dict[str, list[Row]]
    digest: str
    changes: tuple[RowChange, ...]
    """What differs from the start, as the world says."""
    counters: dict[str, int]
    session: Session
    turns: int
    revision: int


def state(world: World) -> State:
    """Return all that a world holds.

    Raises:
        AssertionError: Its digest is not that of its rows.
    """
    rows = {name: world.rows(name) for name in world.image.tables}
    digest = world.digest()
    assert digest == f"{rows_hash(rows):032x}", "the digest is not that of the rows"
    return State(
        rows,
        digest,
        world.diff(),
        dict(world.counters),
        world.session,
        world.turns,
        world.revision,
    )


def apart(one: State, other: State, *, but: tuple[str, ...] = ()) -> str:
    """Name the parts in which two moments differ, but for some; empty where they are the same."""
    found = [name for name in State._fields if getattr(one, name) != getattr(other, name)]
    return ", ".join(name for name in found if name not in but)


def smaller(domain: Domain, most: int) -> Domain:
    """Return the domain with few rows: the first of each entity, and all that they refer to.

    Derived values are made anew for the rows that are left. A domain that is small is returned
    as it is.
    """
    schema = domain.schema
    if all(len(rows) <= most for rows in domain.rows.values()):
        return domain
    kept: dict[str, dict[int, Row]] = {entity.name: {} for entity in schema.entities}
    places: dict[tuple[str, tuple[str, ...]], dict[tuple[Stored, ...], int]] = {}

    def place(target: str, fields: tuple[str, ...], values: tuple[Stored, ...]) -> int | None:
        if (target, fields) not in places:
            owner = schema.entity(target)
            at = [owner.position(name) for name in fields]
            found = places[target, fields] = {}
            for number, row in enumerate(domain.rows.get(target, ())):
                found.setdefault(tuple(row[p] for p in at), number)
        return places[target, fields].get(values)

    waiting = [
        (entity.name, number)
        for entity in schema.entities
        for number in range(min(most, len(domain.rows.get(entity.name, ()))))
    ]
    while waiting:
        name, number = waiting.pop()
        if number in kept[name]:
            continue
        row = kept[name][number] = domain.rows[name][number]
        entity = schema.entity(name)
        for relation in schema.parents(name):
            values = tuple(row[entity.position(field)] for field in relation.fields)
            above = (
                None if None in values else place(relation.target, relation.target_fields, values)
            )
            if above is not None:
                waiting.append((relation.target, above))
    rows = {name: tuple(found[n] for n in sorted(found)) for name, found in kept.items()}
    return _settled(replace(domain, rows=rows))


def _settled(domain: Domain) -> Domain:
    """Make derived values anew, until they rest."""
    store = Store(domain)
    for _ in range(len(domain.schema.derived) + 1):
        before = {entity.name: store.rows(entity.name) for entity in domain.schema.entities}
        for entity in domain.schema.entities:
            for row in store.tables[entity.name].values():
                store.derive(entity, row)
        if before == {name: store.rows(name) for name in before}:
            break
    return replace(domain, rows={e.name: tuple(store.rows(e.name)) for e in domain.schema.entities})
