"""Rows of history: each change of a status, or of a price, leaves one behind.

Next: `availability`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.rules import Add, Effect, Value
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.derive.effects.ground import Ground, words

__all__ = ["histories"]

_KEPT = frozenset("history histories log logs audit trail change changes event events".split())
_OLD = frozenset("old previous before prior from".split())
_NEW = frozenset("new after to current".split())


def histories(ground: Ground) -> Iterator[Effect]:
    """Find the entities that record what became of another, and what they record."""
    for log in ground.schema.entities:
        if not words(log) & _KEPT or not ground.numbered(log) or ground.schema.children(log.name):
            continue
        found = [
            effect
            for relation in ground.schema.parents(log.name)
            if relation.target != log.name and not relation.one_to_one
            for effect in _kept(ground, log, relation)
        ]
        if len(found) == 1:
            yield found[0]


def _kept(ground: Ground, log: Entity, relation: Relation) -> Iterator[Effect]:
    """Yield what is recorded of the rows that the relation leads to."""
    entity = ground.schema.entity(relation.target)
    tracked = [
        f for f in entity.fields
        if (f.role == "status" and f.type == "enum") or (f.role == "money" and "price" in words(f))
    ]  # fmt: skip
    for field in tracked:
        values = _values(ground, log, relation, field)
        if values is None:
            continue
        old = [n for n, v in values.items() if v.before]
        fits = all(log.field(name).nullable for name in old)
        yield Effect(
            id=f"{entity.name}_{field.name}_recorded",
            entity=entity.name,
            on=("create", "update") if fits else ("update",),
            fields=(field.name,),
            do=Add(entity=log.name, values=values),
            lasting=True,
            evidence=(f"by name: {log.plural} keep each {field.label} of {entity.plural}",),
        )


def _values(
    ground: Ground, log: Entity, relation: Relation, tracked: Field
) -> dict[str, Value] | None:
    """Return what the new row says; None where something it needs is not known."""
    found = {
        mine: Value(field=theirs)
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True)
    }
    news = 0
    for field in log.fields:
        if field.name in found or field.name in log.key:
            continue
        said = words(field)
        same = bool(said & words(tracked) - {"new", "old"}) and _takes(field, tracked)
        if same and said & _OLD:
            found[field.name] = Value(field=tracked.name, before=True)
        elif same and (said & _NEW or said == words(tracked)):
            found[field.name] = Value(field=tracked.name)
            news += 1
        elif field.type in ("date", "datetime") and not field.nullable and field.default is None:
            found[field.name] = Value(now=True)
        elif not field.nullable and field.default is None:
            return None
    tied = {n for r in ground.schema.parents(log.name) if r != relation for n in r.fields}
    if any(not log.field(name).nullable and name not in found for name in tied):
        return None
    times = [f for f in log.fields if f.type in ("date", "datetime")]
    if news != 1 or len(times) != 1:
        return None
    return {**found, times[0].name: Value(now=True)}


def _takes(field: Field, tracked: Field) -> bool:
    """Tell whether the field can hold every value of the one that is tracked."""
    if tracked.type != "enum":
        return field.type == tracked.type and field.scale == tracked.scale
    values = tracked.values or ()
    if field.type == "enum":
        return set(values) <= set(field.values or ())
    longest = max(map(len, values), default=0)
    return field.type == "text" and longest <= (field.max_length or longest)
