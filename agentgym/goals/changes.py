"""Net row changes as a goal sees them: volatile fields aside, in wire values, with words.

In come the row changes of a world, out come `Change`s. Next: `pairing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.goals.goal import Change
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.world import RowChange

__all__ = ["describe", "effects", "generated", "references", "visible", "volatile"]

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
    found = _referred(found, changes, schema)
    return tuple(found if now is None else [_timed(c, schema, now) for c in found])


def _referred(
    found: Sequence[Change], changes: Sequence[RowChange], schema: Schema
) -> list[Change]:
    """Note the key that a created row got, where another change refers to the row."""
    created = [c for c in changes if c.before is None]
    slots = {(c.entity, c.key) for c in created if generated(schema.entity(c.entity))}
    named = {
        (target, key)
        for change in changes
        if slots and change.after is not None
        for target, key, _ in references(schema, schema.entity(change.entity), change.after)
    }
    if not slots & named:
        return list(found)
    keys = iter(created)
    result = []
    for change in found:
        if change.kind == "insert":
            slot = next((c.entity, c.key) for c in keys)
            if slot in slots & named:
                change = replace(change, made=_wire_key(schema.entity(slot[0]), slot[1]))  # noqa: PLW2901
        result.append(change)
    return result


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


def references(
    schema: Schema, entity: Entity, row: Row
) -> Iterator[tuple[str, tuple[Stored, ...], tuple[str, ...]]]:
    """Yield the keys that a row refers to: target, key, the fields that hold it in that order."""
    for relation in schema.parents(entity.name):
        target = schema.entity(relation.target)
        held = dict(zip(relation.target_fields, relation.fields, strict=True))
        if held.keys() == set(target.key):
            names = tuple(held[name] for name in target.key)
            yield target.name, tuple(row[entity.position(name)] for name in names), names


def visible(entity: Entity, change: RowChange) -> bool:
    """Tell whether more than volatile fields differ."""
    if change.before is None or change.after is None:
        return True
    return any(
        before != after and field.role != "audit"
        for field, before, after in zip(entity.fields, change.before, change.after, strict=True)
    )


def describe(change: Change, schema: Schema) -> str:
    """Say a change in a few words, for the reasons of a verdict."""
    label = schema.entity(change.entity).label
    verb = {"insert": "create", "update": "change", "delete": "delete"}[change.kind]
    key = "" if change.key is None else " " + ", ".join(str(part) for part in change.key)
    told = change.values | {n: " or ".join(map(str, v)) for n, v in change.within.items()}
    values = ", ".join(f"{name} = {value}" for name, value in sorted(told.items()))
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
