"""What a tool may set: the fields, their parameters, what it says of the rest, what guards it.

Entities of a `Desk` come in; the pieces of which writing tools are made go out. A field that
the world computes, stamps or fills in is never set. Next: `rows`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from agentgym.rules import Alone, Move, NoChildren, Rule, fields_of, parts
from agentgym.rules.english import listing
from agentgym.schema import Derived, Entity, Field, Lifecycle
from agentgym.tools.algebra import Argument
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters

__all__ = [
    "arguments",
    "automatic",
    "best",
    "follows",
    "guards",
    "lives",
    "new_fields",
    "refused_while",
    "settable",
]

_MOST = 40
"""Optional values that one tool takes; a settings table may have hundreds of columns."""

Kind = Literal["create", "update", "delete"]


def settable(desk: Desk, entity: Entity, field: Field) -> bool:
    """Tell whether a caller may give the field its value."""
    return (
        not field.generated
        and field.role not in ("audit", "secret")
        and field.type != "bytes"
        and (entity.name, field.name) not in desk.schema.computed
    )


def lives(desk: Desk, entity: Entity) -> dict[str, Lifecycle]:
    """Return the life cycles of the entity by field."""
    return {lifecycle.field: lifecycle for lifecycle in desk.lifecycles.get(entity.name, [])}


def new_fields(desk: Desk, entity: Entity, *, without: Collection[str] = ()) -> list[Field] | None:
    """Choose the fields that the caller gives a new row.

    Args:
        desk: The desk.
        entity: Of which a row is made.
        without: Fields that get their value from elsewhere.

    Returns:
        Fields in the entity's order; None where a field must have a value and nobody could
        supply it.
    """
    cycles, filled = lives(desk, entity), _filled(entity)
    found: list[Field] = []
    for field in entity.fields:
        life = cycles.get(field.name)
        if field.name in filled or field.name in without or field.generated:
            continue
        if life and len(life.initial) == 1:
            continue
        if settable(desk, entity, field):
            found.append(field)
        elif not (field.nullable or field.default is not None or _supplied(desk, entity, field)):
            return None
    return best(found, {field.name for field in found if needed(field)})


def needed(field: Field) -> bool:
    """Tell whether a new row must be given the value."""
    return not field.nullable and field.default is None


def best(fields: Sequence[Field], required: Collection[str], most: int = _MOST) -> list[Field]:
    """Keep what is required and, of the rest, the first fields that people speak of."""
    optional = [field for field in fields if field.name not in required]
    optional.sort(key=lambda field: (not field.spoken, field.role in ("other", "text")))
    kept = {field.name for field in optional[:most]}
    return [field for field in fields if field.name in required or field.name in kept]


def arguments(
    desk: Desk, entity: Entity, fields: Sequence[Field], taken: Parameters, *, change: bool = False
) -> tuple[Argument, ...]:
    """Make the parameters that hold values of the fields.

    Args:
        desk: The desk.
        entity: Whose fields they are.
        fields: The fields, in the order of the parameters.
        taken: Parameter names in use; the new ones are added.
        change: Whether a row that exists is changed, so that none is required.
    """
    cycles = {} if change else lives(desk, entity)
    return tuple(
        Argument(
            param=taken.take(field.name),
            field=field.name,
            description=_value_text(desk, entity, field, cycles.get(field.name), clears=change),
            required=not change and needed(field),
        )
        for field in fields
    )


def automatic(desk: Desk, entity: Entity) -> str:
    """Say what of a new row is set by itself, as a sentence that begins with a blank."""
    filled = _filled(entity)
    made = [texts.noun(entity, entity.field(name)) for name in entity.key if name in filled]
    made += [
        f"{entity.field(name).label} ({life.initial[0]})"
        for name, life in lives(desk, entity).items()
        if len(life.initial) == 1
    ]
    if not made:
        return follows(desk, entity)
    verb = "is" if len(made) == 1 else "are"
    return f" Its {listing(made)} {verb} set automatically.{follows(desk, entity)}"


def follows(desk: Desk, entity: Entity) -> str:
    """Say which fields are computed, and of what, in sentences that begin with a blank."""
    said: dict[str, list[str]] = {}
    for one in desk.schema.derived:
        if one.entity == entity.name:
            label = texts.noun(entity, entity.field(one.field))
            said.setdefault(_origin(desk, entity, one), []).append(label)
    return "".join(
        f" Its {listing(labels)} {'follows' if len(labels) == 1 else 'follow'} from {origin}."
        for origin, labels in said.items()
    )


def refused_while(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> str:
    """Say which rows keep one of the entity from being deleted."""
    bars = dict.fromkeys(
        desk.schema.entity(desk.schema.relation(rule.predicate.relation).entity).plural
        for rule in rules
        if rule.kind == "invariant"
        and rule.entity == entity.name
        and "delete" in rule.on
        and isinstance(rule.predicate, NoChildren)
    )
    return f" Refused while {listing(bars, 'or')} refer to it." if bars else ""


def guards(
    desk: Desk, entity: Entity, rules: Sequence[Rule], kind: Kind, fields: Collection[str] = ()
) -> tuple[str, ...]:
    """Name the invariants that such a write can break.

    Args:
        desk: The desk.
        entity: Whose row is written.
        rules: All rules.
        kind: What is done to the row.
        fields: What an update changes.
    """
    return tuple(
        rule.id
        for rule in rules
        if rule.kind == "invariant"
        and rule.entity == entity.name
        and kind in rule.on
        and (
            kind == "delete"
            or (kind == "create" and not isinstance(rule.predicate, Move))
            or (kind == "update" and not _touched(desk, rule).isdisjoint(fields))
        )
    )


def _touched(desk: Desk, rule: Rule) -> set[str]:
    """Name the fields whose change can break the rule."""
    if rule.fields:
        return set(rule.fields)
    found = set(fields_of(rule.predicate))
    alone = {part.exclusive for part in parts(rule.predicate) if isinstance(part, Alone)}
    for one in desk.schema.exclusives:
        if one.id in alone:
            found.update(one.same, one.where, one.span or ())
    return found


def _filled(entity: Entity) -> set[str]:
    """Name the key fields that the world fills in by itself."""
    return set(entity.key) if entity.key_source in ("counter", "text", "row_number") else set()


def _supplied(desk: Desk, entity: Entity, field: Field) -> bool:
    """Tell whether the world writes the field by itself: a stamp, or what it computes."""
    stamped = field.role == "audit" and field.type in ("date", "datetime")
    return stamped or (entity.name, field.name) in desk.schema.computed


def _value_text(
    desk: Desk, entity: Entity, field: Field, life: Lifecycle | None, *, clears: bool
) -> str:
    text = texts.argument(entity, field, pointer=desk.pointer(entity, field), clears=clears)
    if life is not None and life.initial:
        text += f" To begin with: {listing(life.initial, 'or')}."
    return text


def _origin(desk: Desk, entity: Entity, one: Derived) -> str:
    own = [name for product in one.terms for name in product.fields] if not one.relation else []
    own += [name for product in one.own for name in product.fields]
    labels = [texts.noun(entity, entity.field(name)) for name in dict.fromkeys(own)]
    if one.relation is not None:
        child = desk.schema.entity(desk.schema.relation(one.relation).entity)
        labels.insert(0, child.plural)
    return f"the {listing(labels)}" if labels else "other rows"
