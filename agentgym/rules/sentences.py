"""Rules in English: the sentence of the policy, and the hint of a refused call.

A `Rule` and its `Schema` come in, one sentence goes out. Next: `boundary`.
"""

from __future__ import annotations

from agentgym.errors import SchemaError
from agentgym.rules.english import a, capital, listing, own, value
from agentgym.rules.predicate import All, AnyOf, Compare, In, Move, NoChildren, Not, Predicate
from agentgym.rules.rule import Rule
from agentgym.schema import Entity, Lifecycle, Relation, Schema

__all__ = ["hint", "life", "refusal", "sentence"]

_WORDS = {
    "eq": "is",
    "ne": "is not",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
}
_TIMES = {"lt": "is before", "le": "is not after", "gt": "is after", "ge": "is not before"}
_TEXTS = {
    "lt": "comes before",
    "le": "does not come after",
    "gt": "comes after",
    "ge": "does not come before",
}
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def sentence(rule: Rule, schema: Schema) -> str:
    """Say the rule as one English sentence for the policy document.

    Raises:
        SchemaError: The rule names what the schema does not have.
    """
    entity = schema.entity(rule.entity)
    if rule.on == ("delete",):
        said = _clause(rule.predicate, entity, schema)
        return capital(f"{a(entity.label)} can be deleted only while {said}.")
    predicate = rule.predicate
    if isinstance(predicate, (Compare, In, Move)) and {"create", "update"} <= set(rule.on):
        field = own(entity.field(predicate.field).label, entity.label)
        verb = _must(_verb(predicate, entity, schema, its="its"))
        return capital(f"the {field} of {a(entity.label)} {verb}.")
    said = _clause(predicate, entity, schema)
    if rule.on == ("create",):
        return capital(f"{a(entity.label)} can be created only if {said}.")
    if rule.on == ("update",):
        return capital(f"{a(entity.label)} can be changed only in such a way that {said}.")
    return f"For every {entity.label}, {said}."


def _must(verb: str) -> str:
    """Turn what is so into what has to be: `is at least 0` into `must be at least 0`."""
    first, _, rest = verb.partition(" ")
    plain = {"is": "must be", "comes": "must come", "does": "must"}.get(first)
    if first == "is" and rest.startswith("not "):
        return f"must not be {rest.removeprefix('not ')}"
    return f"{plain} {rest}" if plain else verb


def hint(rule: Rule, schema: Schema) -> str:
    """Say what to do when the rule refuses a call.

    Raises:
        SchemaError: The rule names what the schema does not have.
    """
    predicate = rule.predicate
    if isinstance(predicate, NoChildren):
        children = schema.entity(schema.relation(predicate.relation).entity)
        return f"First delete the {children.plural} that refer to it, or let them refer elsewhere."
    if isinstance(predicate, Move):
        return (
            capital(f"the {_verb(predicate, schema.entity(rule.entity), schema, label=True)}.")
            + " Choose a state that may follow the present one."
        )
    said = _clause(predicate, schema.entity(rule.entity), schema)
    if rule.on == ("delete",):
        return f"It can be deleted only while {said}."
    return f"Choose values so that {said}."


def refusal(relation: Relation, schema: Schema) -> str:
    """Say of the children of a relation that they refer to the row: `invoice refers to it`."""
    child, parent = schema.entity(relation.entity), schema.entity(relation.target)
    if relation.label in (parent.label, child.label, ""):
        return f"{child.label} refers to it"
    return f"{child.label} has it as {relation.label}"


def life(lifecycle: Lifecycle) -> str:
    """Say how a status starts and moves, as the rest of a sentence about the field."""
    parts = []
    if lifecycle.initial:
        parts.append(f"starts as {_states(lifecycle.initial)}")
    parts += [
        f"goes from {_states((state,))} to {_states(to)}"
        for state, to in lifecycle.moves.items()
        if to
    ]
    final = tuple(state for state, to in lifecycle.moves.items() if not to)
    if final:
        noun = "is final" if len(final) == 1 else "are final"
        parts.append(f"{_states(final, 'and')} {noun}")
    return "; ".join(parts) or "has no states"


def _states(states: tuple[str, ...], word: str = "or") -> str:
    return listing((f'"{state}"' for state in states), word)


def _lifecycle(entity: Entity, field: str, schema: Schema) -> Lifecycle:
    for lifecycle in schema.lifecycles:
        if lifecycle.entity == entity.name and lifecycle.field == field:
            return lifecycle
    raise SchemaError("a life cycle", found=f"none of {field!r}", where=entity.name)


def _verb(
    predicate: Compare | In | Move,
    entity: Entity,
    schema: Schema,
    *,
    its: str = "the",
    label: bool = False,
) -> str:
    field = entity.field(predicate.field)
    before = f"{field.label} " if label else ""
    match predicate:
        case Move():
            return before + life(_lifecycle(entity, predicate.field, schema))
        case In():
            return before + f"is {listing((value(field, v) for v in predicate.values), 'or')}"
        case Compare():
            words = _WORDS
            if field.type in ("date", "datetime"):
                words = _WORDS | _TIMES
            elif field.type in ("text", "enum"):
                words = _WORDS | _TEXTS
            if predicate.other is not None:
                other = f"{its} {entity.field(predicate.other).label}"
            else:
                other = value(field, predicate.value)
            return before + f"{words[predicate.op]} {other}"


def _clause(predicate: Predicate, entity: Entity, schema: Schema) -> str:
    match predicate:
        case Compare() | In() | Move():
            return f"the {_verb(predicate, entity, schema, label=True)}"
        case NoChildren():
            return f"no {refusal(schema.relation(predicate.relation), schema)}"
        case Not(of=Compare() as inner) if inner.op in _OPPOSITE:
            turned = Compare(
                field=inner.field,
                op=_OPPOSITE[inner.op],  # type: ignore[arg-type]
                value=inner.value,
                other=inner.other,
            )
            return _clause(turned, entity, schema)
        case Not(of=Not() as inner):
            return _clause(inner.of, entity, schema)
        case Not(of=NoChildren() as inner):
            return f"some {refusal(schema.relation(inner.relation), schema)}"
        case Not(of=In() as inner):
            field = entity.field(inner.field)
            legal = listing((value(field, v) for v in inner.values), "nor")
            neither = "neither " if len(inner.values) > 1 else "not "
            return f"the {field.label} is {neither}{legal}"
        case Not():
            return f"it is not so that {_clause(predicate.of, entity, schema)}"
        case All():
            return listing(_clause(part, entity, schema) for part in predicate.of)
        case AnyOf():
            parts = [_clause(part, entity, schema) for part in predicate.of]
            return f"{'either ' if len(parts) > 1 else ''}{' or '.join(parts)}"
