"""Roles: what entities and fields mean to their business, with the evidence for it.

A schema with names and some rows come in; the schema with roles, units, natural keys,
kinds and life cycles goes out. Every guess says why, so that a person can overrule it
in `domain.json`. Order: words, sample, units, case, texts, numbers, fields, labels,
hush, lifecycle, entities, here.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from agentgym.schema import Entity, Field, Lifecycle, Schema
from agentgym.schema.roles.case import Setting
from agentgym.schema.roles.entities import kind_of, principal, writable
from agentgym.schema.roles.fields import judge
from agentgym.schema.roles.hush import called, hushed
from agentgym.schema.roles.labels import choose_label
from agentgym.schema.roles.lifecycle import lifecycle, listed_values
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.units import without_unit
from agentgym.schema.roles.words import joined
from agentgym.schema.types import Rows

__all__ = ["infer"]


def infer(schema: Schema, rows: Rows) -> Schema:
    """Find out what the fields and entities of a schema mean.

    Args:
        schema: Entities with names, keys and relations; what it already says of
            roles (other than `other`), units and life cycles is kept.
        rows: Entity to its rows in stored form; may be empty. Rows are evidence only.

    Returns:
        The schema with roles, units, unique natural keys, kinds of entity and life
        cycles, each with its evidence. A text whose comment lists its values becomes
        an enum where the rows agree.
    """
    known = {(cycle.entity, cycle.field) for cycle in schema.lifecycles}
    cycles = list(schema.lifecycles)
    entities = []
    for entity in schema.entities:
        found = _fields(schema, entity, rows)
        entities.append(found.entity)
        cycles += [cycle for cycle in found.cycles if (cycle.entity, cycle.field) not in known]
    schema = msgspec.structs.replace(schema, entities=tuple(entities), lifecycles=tuple(cycles))
    schema = msgspec.structs.replace(
        schema, entities=tuple(_place(schema, entity, rows) for entity in schema.entities)
    )
    return principal(schema)


@dataclass(frozen=True)
class _Judged:
    entity: Entity
    cycles: list[Lifecycle]


def _fields(schema: Schema, entity: Entity, rows: Rows) -> _Judged:
    """Judge the fields of one entity: each for itself, then which of them is the label."""
    own = rows.get(entity.name, ())
    samples = [Sample(row[place] for row in own) for place in range(len(entity.fields))]
    fields = [_listed(field, seen) for field, seen in zip(entity.fields, samples, strict=True)]
    cycles = []
    for field, seen in zip(fields, samples, strict=True):
        cycle = lifecycle(entity, field, seen) if _may_move(schema, entity, field) else None
        if cycle is not None:
            cycles.append(cycle)
    fields = [_as_status(field, cycles) if field.role == "other" else field for field in fields]
    setting = Setting.of(schema, msgspec.structs.replace(entity, fields=tuple(fields)))
    judged = [
        judge(field, seen, setting) if field.role == "other" else field
        for field, seen in zip(fields, samples, strict=True)
    ]
    chosen = without_unit(choose_label(judged, samples, setting))
    chosen = called(chosen, entity)
    chosen = [hushed(field, seen) for field, seen in zip(chosen, samples, strict=True)]
    return _Judged(msgspec.structs.replace(entity, fields=tuple(chosen)), cycles)


def _may_move(schema: Schema, entity: Entity, field: Field) -> bool:
    references = {name for relation in schema.parents(entity.name) for name in relation.fields}
    return (
        field.role in ("other", "status")
        and field.name not in entity.key
        and field.name not in references
        and not field.generated
    )


def _listed(field: Field, seen: Sample) -> Field:
    """Turn a text whose comment lists its values into an enum, where the rows agree."""
    if field.type != "text":
        return field
    values = listed_values(field.comment)
    longest = max((len(value) for value in values), default=0)
    if len(values) < 2 or longest > (field.max_length or longest):
        return field
    if any(value not in values for value in seen.distinct):
        return field
    if field.default is not None and field.default not in values:
        return field
    return msgspec.structs.replace(
        field,
        type="enum",
        values=values,
        max_length=None,
        evidence=joined(field.evidence, f"the comment lists its {len(values)} values"),
    )


def _as_status(field: Field, cycles: list[Lifecycle]) -> Field:
    for cycle in cycles:
        if cycle.field == field.name:
            found = msgspec.structs.replace(
                field, role="status", evidence=joined(field.evidence, *cycle.evidence)
            )
            if field.type != "text":
                return found
            return msgspec.structs.replace(
                found, type="enum", values=tuple(cycle.moves), max_length=None
            )
    return field


def _place(schema: Schema, entity: Entity, rows: Rows) -> Entity:
    """Say what kind of entity it is, and whether tools may write it."""
    kind, why = kind_of(schema, entity, rows.get(entity.name, ()))
    free, reason = writable(entity, kind)
    return msgspec.structs.replace(
        entity, kind=kind, writable=free, evidence=joined(entity.evidence, *why, *reason)
    )
