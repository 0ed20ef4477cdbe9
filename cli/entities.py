"""`agentgym show DIR entities`: what the world of a domain consists of."""

from __future__ import annotations

from agentgym.episode import Suite
from agentgym.formats import to_text
from agentgym.schema import Entity, Field
from agentgym.schema.types import to_wire

from .console import clean, facts, heading, say, table

__all__ = ["show_entities"]

SAMPLE = 3
"""Rows of an entity that are shown."""


def show_entities(suite: Suite, name: str | None) -> None:
    """List the entities, or show one with its fields, relations and first rows."""
    if name is not None:
        _whole(suite, suite.domain.schema.entity(name))
        return
    schema, rows = suite.domain.schema, suite.domain.rows
    table(
        ["entity", "what people say", "kind", "rows", "fields", "refers to"],
        [
            (
                entity.name,
                entity.plural,
                entity.kind,
                f"{len(rows.get(entity.name, ())):,}",
                len(entity.fields),
                ", ".join(relation.target for relation in schema.parents(entity.name)),
            )
            for entity in schema.entities
        ],
        right=["rows", "fields"],
    )


def _whole(suite: Suite, entity: Entity) -> None:
    schema = suite.domain.schema
    rows = suite.domain.rows.get(entity.name, ())
    say(f"{entity.name}: {entity.plural}", style="bold")
    facts(
        [
            ("kind", entity.kind),
            ("in the source", entity.source or entity.name),
            ("rows", f"{len(rows):,}"),
            ("key", f"{', '.join(entity.key)} ({entity.key_source})"),
            ("may be changed", "yes" if entity.writable else "no"),
            *([("because", "; ".join(entity.evidence))] if entity.evidence else []),
        ]
    )
    heading("Fields")
    table(
        ["field", "what people say", "type", "role", "because"],
        [
            (field.name, field.label, _type(field), field.role, "; ".join(field.evidence))
            for field in entity.fields
        ],
    )
    heading("Relations")
    for relation in schema.parents(entity.name):
        say(f"  its {relation.label}: {relation.target}, by {', '.join(relation.fields)}")
    for relation in schema.children(entity.name):
        say(f"  its {relation.inverse}: {relation.entity}, by {', '.join(relation.fields)}")
    for cycle in schema.lifecycles:
        if cycle.entity == entity.name:
            heading(f"Life cycle of {cycle.field}, from {' or '.join(cycle.initial)}")
            states = sorted(cycle.moves, key=lambda state: state not in cycle.initial)
            facts((f"  {state}", ", ".join(cycle.moves[state]) or "final") for state in states)
    heading(f"First rows of {len(rows):,}")
    for row in rows[:SAMPLE]:
        wire = {f.name: to_wire(f, v) for f, v in zip(entity.fields, row, strict=True)}
        say(f"  {clean(to_text(wire))}")


def _type(field: Field) -> str:
    kind = f"{field.type}({field.scale})" if field.type == "decimal" else field.type
    marks = [
        kind,
        field.unit or "",
        "or empty" if field.nullable else "",
        "unique" if field.unique else "",
        "computed" if field.generated else "",
        f"of {', '.join(field.values)}" if field.values else "",
    ]
    return " ".join(mark for mark in marks if mark)
