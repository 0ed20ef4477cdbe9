"""Hypothesis strategies for patches: rows that are others, some of which fit and some do not."""

from __future__ import annotations

from hypothesis import strategies as st

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.formats import Json
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, to_wire
from agentgym.testing.calls import values

__all__ = ["patches"]


@st.composite
def patches(draw: st.DrawFn, domain: Domain, *, most: int = 4) -> tuple[Patch, ...]:
    """Draw a patch of rows that are changed, taken away, copied and made up."""
    found: dict[tuple[str, str], Patch] = {}
    for _ in range(draw(st.integers(0, most))):
        entity = draw(st.sampled_from(domain.schema.entities))
        one = _one(draw, domain, entity)
        found[entity.name, repr(one.key)] = one
    return tuple(found.values())


def _one(draw: st.DrawFn, domain: Domain, entity: Entity) -> Patch:
    rows = domain.rows.get(entity.name, ())
    kind = draw(st.integers(0, 6)) if rows else 6
    if kind == 0:
        return Patch(entity=entity.name, key=_key(entity, draw(st.sampled_from(rows))), values=None)
    if kind <= 3:
        row = draw(st.sampled_from(rows))
        free = [f for f in entity.fields if f.name not in entity.key]
        some = draw(st.lists(st.sampled_from(free), max_size=2)) if free else []
        changed = {f.name: _value(draw, domain, entity, f) for f in some}
        return Patch(entity=entity.name, key=_key(entity, row), values=changed)
    made = {f.name: _value(draw, domain, entity, f) for f in entity.fields}
    if kind <= 5:
        made = dict(zip(made, _wire(entity, draw(st.sampled_from(rows))), strict=True)) | {
            name: _new(draw, entity.field(name)) for name in entity.key
        }
    computed = {name for owner, name in domain.schema.computed if owner == entity.name}
    return Patch(
        entity=entity.name,
        key=tuple(made[name] for name in entity.key),
        values={name: value for name, value in made.items() if name not in computed},
    )


def _new(draw: st.DrawFn, field: Field) -> Json:
    """Draw a value of a key, perhaps one that is not taken."""
    if field.type == "integer":
        return draw(st.integers(1, 30))
    return draw(st.sampled_from(["P001", "P004", "P099", "N-1", "x-7y"]) | values(field))


def _value(draw: st.DrawFn, domain: Domain, entity: Entity, field: Field) -> Json:
    """Draw a value of a field: one that some row holds, one that something is called, any."""
    held = _held(domain, entity, field)
    for relation in domain.schema.parents(entity.name):
        if field.name in relation.fields:
            place = relation.fields.index(field.name)
            target = domain.schema.entity(relation.target)
            held += _held(domain, target, target.field(relation.target_fields[place]))
    if field.name in entity.key and draw(st.booleans()):
        return _new(draw, field)
    if held and draw(st.integers(0, 3)) > 0:
        return draw(st.sampled_from(held))
    if field.nullable and draw(st.integers(0, 2)) == 0:
        return None
    return draw(values(field))


def _held(domain: Domain, entity: Entity, field: Field) -> list[Json]:
    place = entity.position(field.name)
    rows = domain.rows.get(entity.name, ())
    return [to_wire(field, row[place]) for row in rows if row[place] is not None]


def _wire(entity: Entity, row: Row) -> list[Json]:
    return [to_wire(field, value) for field, value in zip(entity.fields, row, strict=True)]


def _key(entity: Entity, row: Row) -> tuple[Json, ...]:
    whole = dict(zip((field.name for field in entity.fields), _wire(entity, row), strict=True))
    return tuple(whole[name] for name in entity.key)
