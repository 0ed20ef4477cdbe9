"""What follows for a schema from what was glued into it: checks, computed fields, whole effects.

Rules, derived values and effects in the names of the schema come in. Next: `glue`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym.rules import Add, Compare, Effect, In, Rule
from agentgym.schema import Check, Derived, Entity, Schema

__all__ = ["check_of", "computed", "whole"]

_put = msgspec.structs.replace


def computed(entities: Sequence[Entity], derived: Sequence[Derived]) -> tuple[Entity, ...]:
    """Let what the world computes be empty where it is the least or the greatest of no rows."""
    loose = {(one.entity, one.field) for one in derived if one.how in ("min", "max")}
    fixed = {(one.entity, one.field) for one in derived}
    return tuple(
        _put(
            entity,
            fields=tuple(
                _put(
                    field,
                    nullable=(entity.name, field.name) in loose,
                    default=None,
                )
                if (entity.name, field.name) in fixed
                else field
                for field in entity.fields
            ),
        )
        for entity in entities
    )


def check_of(rule: Rule) -> Check | None:
    """Return the check that says the same as an invariant; None where none does."""
    if rule.kind != "invariant" or rule.fields or set(rule.on) != {"create", "update"}:
        return None
    match rule.predicate:
        case Compare(path=(), at="after") as one:
            if one.value is None and one.other is None:
                return None
            return Check(
                id=rule.id, entity=rule.entity, field=one.field, op=one.op,
                value=one.value, other=one.other, evidence=rule.evidence,
            )  # fmt: skip
        case In(path=(), at="after") as one:
            return Check(
                id=rule.id, entity=rule.entity, field=one.field, op="in",
                value=list(one.values), evidence=rule.evidence,
            )  # fmt: skip
        case _:
            return None


def whole(effect: Effect, schema: Schema) -> bool:
    """Tell whether a row that an effect adds has all that it must have."""
    if not isinstance(effect.do, Add):
        return True
    entity = schema.entity(effect.do.entity)
    return all(
        field.name in effect.do.values
        or field.nullable
        or field.default is not None
        or field.name in entity.key
        or (entity.name, field.name) in schema.computed
        or field.type in ("date", "datetime")
        for field in entity.fields
    )
