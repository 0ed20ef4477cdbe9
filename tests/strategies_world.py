"""Domains for Hypothesis: generated schemas with rows that fit them, and all their tools."""

from __future__ import annotations

from hypothesis import strategies as st
from strategies import schemas

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.testing.calls import values
from agentgym.tools.derive import derive

__all__ = ["domains", "rows_of"]


@st.composite
def rows_of(draw: st.DrawFn, schema: Schema, *, most: int = 7) -> dict[str, tuple[Row, ...]]:
    """Draw rows whose keys, uniques and references hold."""
    keys: dict[str, list[Stored]] = {}
    for entity in schema.entities:
        kind = entity.field(entity.key[0]).type
        count = draw(st.integers(0, most))
        if kind == "text":
            style = draw(
                st.sampled_from(["P{:03d}", "{}", "x-{:x}y", "{:08x}-0000-0000-0000-000000000000"])
            )
            keys[entity.name] = [style.format(n * 3 + 1) for n in range(count)]
        else:
            keys[entity.name] = [n * draw(st.integers(1, 2)) + 1 for n in range(count)]
    rows = {
        entity.name: [_row(draw, schema, entity, key, keys) for key in keys[entity.name]]
        for entity in schema.entities
    }
    return _consistent(schema, rows)


def _row(
    draw: st.DrawFn, schema: Schema, entity: Entity, key: Stored, keys: dict[str, list[Stored]]
) -> Row:
    targets = {r.fields[0]: r.target for r in schema.parents(entity.name)}
    found: list[Stored] = []
    for field in entity.fields:
        if field.name in targets:
            known = keys[targets[field.name]]
            empty = not known or (field.nullable and draw(st.integers(0, 3)) == 0)
            found.append(None if empty else draw(st.sampled_from(known)))
        elif field.name in entity.key:
            found.append(key)
        elif field.nullable and draw(st.integers(0, 3)) == 0:
            found.append(None)
        else:
            found.append(to_stored(field, draw(values(field))))
    return tuple(found)


def _consistent(schema: Schema, rows: dict[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    """Drop rows until every key, unique and reference holds."""
    while True:
        count = sum(map(len, rows.values()))
        for entity in schema.entities:
            rows[entity.name] = _distinct(schema, entity, rows)
        if count == sum(map(len, rows.values())):
            return {name: tuple(found) for name, found in rows.items()}


def _distinct(schema: Schema, entity: Entity, rows: dict[str, list[Row]]) -> list[Row]:
    sets = [entity.key, *((f.name,) for f in entity.fields if f.unique), *entity.uniques]
    seen: set[tuple[object, ...]] = set()
    parents = []
    for relation in schema.parents(entity.name):
        target = schema.entity(relation.target)
        place = target.position(relation.target_fields[0])
        known = {row[place] for row in rows[target.name]}
        parents.append((entity.position(relation.fields[0]), known))
    kept = []
    for row in rows[entity.name]:
        taken = [(names, tuple(row[entity.position(n)] for n in names)) for names in sets]
        taken = [one for one in taken if None not in one[1]]
        missing = any(
            row[place] is None and (name in entity.key or not field.nullable)
            for place, (name, field) in enumerate((f.name, f) for f in entity.fields)
        )
        broken = any(row[place] is not None and row[place] not in known for place, known in parents)
        if not missing and not broken and not seen.intersection(taken):
            seen.update(taken)
            kept.append(row)
    return kept


@st.composite
def domains(draw: st.DrawFn, *, most: int = 4) -> Domain:
    """Draw a domain with tools, rules and rows."""
    schema = draw(schemas(most=most))
    found = rules.derive(schema)
    return Domain(
        name="drawn",
        title="Drawn",
        description="Drawn.",
        schema=schema,
        rules=found,
        tools=derive(schema, found),
        clock=Clock(start="2026-01-01T00:00:00Z", step_s=3600),
        source=Source(kind="sql", name="drawn", sha256="0" * 64),
        rows=draw(rows_of(schema)),
    )
