"""Which row changes count as the same: volatile fields aside, generated keys renamed.

In come the net changes of a world, out comes whether they are the changes that a
branch of the goal requires, and if not, why. Next: `verdict`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agentgym.formats import Json
from agentgym.goals.goal import Change
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Stored, to_stored, to_wire
from agentgym.world import RowChange

__all__ = ["compare", "describe", "effects", "generated", "volatile"]

GENERATED = frozenset({"counter", "text", "row_number"})
"""The key sources of which a created row gets a key that nobody asked for."""


def volatile(entity: Entity) -> frozenset[str]:
    """Name the fields that no goal looks at: when and by whom a row was written."""
    return frozenset(field.name for field in entity.fields if field.role == "audit")


def generated(entity: Entity) -> tuple[str, ...]:
    """Name the key fields whose value a created row is given, in order."""
    return entity.key if entity.key_source in GENERATED else ()


def effects(
    changes: Sequence[RowChange], schema: Schema, *, now: str | None = None
) -> tuple[Change, ...]:
    """Turn net row changes into the changes that a goal would require.

    Changes of volatile fields alone are left out.

    Args:
        changes: Net row changes of a world.
        schema: What the rows are of.
        now: The logical time of the run: a date or time that was set to it came from the clock,
            and may be another one in another run. None to take every value as it is.
    """
    found = []
    for change in changes:
        entity = schema.entity(change.entity)
        if change.before is None and change.after is not None:
            free = generated(entity)
            drop = volatile(entity) | set(free)
            values = {
                field.name: to_wire(field, value)
                for field, value in zip(entity.fields, change.after, strict=True)
                if field.name not in drop
            }
            key = None if free else _wire_key(entity, change.key)
            found.append(
                Change(entity=entity.name, kind="insert", key=key, values=values, free=free)
            )
        elif change.after is None:
            found.append(
                Change(entity=entity.name, kind="delete", key=_wire_key(entity, change.key))
            )
        else:
            values = _altered(entity, change)
            if values:
                key = _wire_key(entity, change.key)
                found.append(Change(entity=entity.name, kind="update", key=key, values=values))
    return tuple(found if now is None else [_timed(c, schema, now) for c in found])


def _timed(change: Change, schema: Schema, now: str) -> Change:
    """Free the values that the clock gave."""
    entity = schema.entity(change.entity)
    given = {
        name
        for name, value in change.values.items()
        if entity.field(name).type in ("date", "datetime") and value in (now, now[:10])
    }
    if not given:
        return change
    return Change(
        entity=change.entity,
        kind=change.kind,
        key=change.key,
        values={name: value for name, value in change.values.items() if name not in given},
        free=(*change.free, *sorted(given)),
    )


def compare(
    required: Sequence[Change],
    changes: Sequence[RowChange],
    schema: Schema,
    lasting: Collection[str] = (),
) -> tuple[list[str], list[str]]:
    """Compare net row changes with what a branch requires.

    Args:
        required: The changes of the branch.
        changes: Net row changes of the world since the start.
        schema: What the rows are of.
        lasting: Entities whose rows are left behind by what is undone: histories, ledgers.

    Returns:
        What is missing or wrong, and what was changed besides: sentences, both empty
        when the changes are exactly the required ones.
    """
    actual = list(effects(changes, schema))
    missing: list[str] = []
    inserts = [change for change in required if change.kind == "insert"]
    for change in required:
        if change.kind == "insert":
            continue
        match = next((a for a in actual if _same_row(a, change, schema)), None)
        if match is None:
            missing.append(f"not done: {describe(change, schema)}")
            continue
        actual.remove(match)
        if not _same_values(match, change, schema):
            missing.append(f"done otherwise: {describe(match, schema)}")
    created = [change for change in actual if change.kind == "insert"]
    matching = _match(inserts, created, schema)
    for place, change in enumerate(inserts):
        if place in matching:
            actual.remove(created[matching[place]])
        else:
            missing.append(f"not done: {describe(change, schema)}")
    return missing, [
        f"{'residue' if c.kind == 'insert' and c.entity in lasting else 'not asked for'}: "
        + describe(c, schema)
        for c in actual
    ]


def describe(change: Change, schema: Schema) -> str:
    """Say a change in a few words, for the reasons of a verdict."""
    label = schema.entity(change.entity).label
    verb = {"insert": "create", "update": "change", "delete": "delete"}[change.kind]
    key = "" if change.key is None else " " + ", ".join(str(part) for part in change.key)
    values = ", ".join(f"{name} = {value}" for name, value in sorted(change.values.items()))
    return f"{verb} {label}{key}" + (f" ({values})" if values else "")


def _altered(entity: Entity, change: RowChange) -> dict[str, Json]:
    assert change.before is not None and change.after is not None
    drop = volatile(entity)
    return {
        field.name: to_wire(field, after)
        for field, before, after in zip(entity.fields, change.before, change.after, strict=True)
        if before != after and field.name not in drop
    }


def _wire_key(entity: Entity, key: Sequence[Stored]) -> tuple[Json, ...]:
    return tuple(to_wire(entity.field(n), v) for n, v in zip(entity.key, key, strict=True))


def _same_row(actual: Change, required: Change, schema: Schema) -> bool:
    if (actual.entity, actual.kind) != (required.entity, required.kind):
        return False
    entity = schema.entity(required.entity)
    return _stored_key(entity, actual.key) == _stored_key(entity, required.key)


def _stored_key(entity: Entity, key: tuple[Json, ...] | None) -> tuple[Stored, ...]:
    return tuple(
        to_stored(entity.field(name), value)
        for name, value in zip(entity.key, key or (), strict=False)
    )


def _same_values(actual: Change, required: Change, schema: Schema) -> bool:
    entity = schema.entity(required.entity)
    if required.kind != "insert" and (
        set(actual.values) - set(required.free) != set(required.values)
    ):
        return False
    return all(
        name in actual.values
        and to_stored(entity.field(name), actual.values[name])
        == to_stored(entity.field(name), value)
        for name, value in required.values.items()
    )


def _match(required: list[Change], actual: list[Change], schema: Schema) -> dict[int, int]:
    """Match created rows one to one, augmenting along alternating paths (Kuhn's algorithm)."""
    fits = [
        [
            place
            for place, a in enumerate(actual)
            if a.entity == r.entity and _same_values(a, r, schema)
        ]
        for r in required
    ]
    owner: dict[int, int] = {}

    def place_one(wanted: int, tried: set[int]) -> bool:
        for place in fits[wanted]:
            if place not in tried:
                tried.add(place)
                if place not in owner or place_one(owner[place], tried):
                    owner[place] = wanted
                    return True
        return False

    for wanted in range(len(required)):
        place_one(wanted, set())
    return {wanted: place for place, wanted in owner.items()}
