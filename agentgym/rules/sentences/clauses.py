"""Predicates as clauses: what is so, or is not so, of a row, a call or a conversation.

A predicate and a `Speaker` come in, a clause goes out: `its status is "open"`. A negation is
said of the innermost clause, never of the whole. Next: `ways`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.errors import SchemaError
from agentgym.formats import Json
from agentgym.rules.english import a, agreed, duration, listing, own, times, value, words
from agentgym.rules.predicate import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    Relative,
)
from agentgym.rules.sentences.speaker import Speaker, counted, pick
from agentgym.schema import Entity, Exclusive, Field, Lifecycle, Relation, Schema

__all__ = [
    "OPPOSITE",
    "bounded",
    "clause",
    "compared",
    "exclusive",
    "given",
    "held",
    "identified_as",
    "life",
    "lifecycle",
    "many",
    "opposite",
    "refusal",
    "same_of",
    "shared",
    "value_list",
]

_NUMBERS = {
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
OPPOSITE: dict[Relative, Relative] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "ge": "lt",
    "gt": "le",
    "le": "gt",
}
_MANY = {
    "eq": "exactly ",
    "ne": "any number but ",
    "lt": "fewer than ",
    "le": "at most ",
    "gt": "more than ",
    "ge": "at least ",
}
_NEVER = "there is no case in which this is allowed"
_ALWAYS = "nothing more is asked for"


def opposite(op: Relative, *, positive: bool) -> Relative:
    """Return the comparison, or what holds where it does not."""
    return op if positive else OPPOSITE[op]


def clause(predicate: Predicate, speaker: Speaker, *, positive: bool = True) -> str:
    """Say that the predicate holds, or that it does not.

    Raises:
        SchemaError: It names what the schema does not have.
    """
    match predicate:
        case Not():
            return clause(predicate.of, speaker, positive=not positive)
        case All() | AnyOf():
            return _joined(predicate, speaker, positive=positive)
        case Compare() | In():
            return _field(predicate, speaker, positive=positive)
        case Elapsed():
            return _elapsed(predicate, speaker, positive=positive)
        case Authenticated() | Owner() | Holder() | Confirmed() | Calls() | Param():
            return _call(predicate, speaker, positive=positive)
        case Move() | NoChildren() | Alone() | Count():
            return _rows(predicate, speaker, positive=positive)


def _joined(predicate: All | AnyOf, speaker: Speaker, *, positive: bool) -> str:
    every = isinstance(predicate, All) == positive
    if not predicate.of:
        return _ALWAYS if every else _NEVER
    first = predicate.of[0]
    if not every and positive and isinstance(first, Not) and len(predicate.of) > 1:
        rest = predicate.of[1:]
        follows: Predicate = rest[0] if len(rest) == 1 else AnyOf(of=rest)
        condition = clause(first.of, speaker)
        return f"if {condition}, then {clause(follows, speaker)}"
    parts = [clause(part, speaker, positive=positive) for part in predicate.of]
    parts = list(dict.fromkeys(parts))  # as it is and as it will be may be said alike
    said = listing(parts, "and" if every else "or")
    if len(predicate.of) == 1:
        return said
    if not every:
        return f"either {said}"
    nested = any(isinstance(part, (All, AnyOf)) for part in predicate.of)
    return f"both {said}" if nested and len(predicate.of) == 2 else said


def _words(field: Field, op: str) -> str:
    """Say how values of a field compare."""
    if field.type in ("date", "datetime"):
        return (_NUMBERS | _TIMES)[op]
    if field.type in ("text", "enum"):
        return (_NUMBERS | _TEXTS)[op]
    return _NUMBERS[op]


def _field(predicate: Compare | In, speaker: Speaker, *, positive: bool) -> str:
    field = speaker.field(predicate.field, predicate.path)
    after = predicate.at == "after"
    marked = _marked(predicate, field, speaker, positive=positive)
    if marked:
        return marked
    named = speaker.of(predicate.field, predicate.path, new=after)
    # What the write itself sets is called new; of the rest it is said when it is meant.
    shown = predicate.field in speaker.fresh
    then = speaker.then and after and not predicate.path and not shown
    verb = agreed(compared(predicate, speaker, positive=positive), field.label)
    if then:
        first, _, rest = verb.partition(" ")
        verb = f"{first} then {rest}"
    return f"{named} {verb}"


def compared(predicate: Compare | In, speaker: Speaker, *, positive: bool = True) -> str:
    """Say the comparison alone, beginning with its verb: `is at least 0 EUR`.

    Raises:
        SchemaError: It names what the schema does not have.
    """
    field = speaker.field(predicate.field, predicate.path)
    if isinstance(predicate, In):
        values = [value(field, one) for one in dict.fromkeys(predicate.values)]
        if not values:
            return "is none of the possible values" if positive else "is any value"
        if positive:
            return f"is {listing(values, 'or')}"
        return f"is neither {listing(values, 'nor')}" if len(values) > 1 else f"is not {values[0]}"
    op = opposite(predicate.op, positive=positive)
    if predicate.other is None:
        return f"{_words(field, op)} {value(field, predicate.value)}"
    other = speaker.field(predicate.other, predicate.path)
    owner = speaker.entity.label
    if predicate.path:
        owner = speaker.schema.relation(predicate.path[-1]).label
        return f"{_words(field, op)} the {own(other.label, owner)} of the same {owner}"
    return f"{_words(field, op)} {speaker.my} {own(other.label, owner)}"


def _marked(predicate: Compare | In, field: Field, speaker: Speaker, *, positive: bool) -> str:
    """Say a yes or no as people do; nothing where it is not one."""
    if field.type != "boolean" or isinstance(predicate, In) or predicate.other is not None:
        return ""
    if predicate.op not in ("eq", "ne") or not isinstance(predicate.value, bool):
        return ""
    holds = (predicate.value == (predicate.op == "eq")) == positive
    whom = speaker.whom(predicate.path)
    then = " then" if speaker.then and predicate.at == "after" and not predicate.path else ""
    first, _, rest = field.label.partition(" ")
    if first == "has" and rest:
        return f"{whom}{then} has {rest}" if holds else f"{whom}{then} does not have {rest}"
    label = rest if first == "is" and rest else field.label
    return f"{whom} is{then} {'' if holds else 'not '}marked as {label}"


def _elapsed(predicate: Elapsed, speaker: Speaker, *, positive: bool) -> str:
    op = opposite(predicate.op, positive=positive)
    named = speaker.of(predicate.field, predicate.path, new=predicate.at == "after")
    ahead = predicate.seconds < 0
    if not predicate.seconds:
        said = {
            "le": "is not in the past",
            "lt": "is in the future",
            "ge": "is not in the future",
            "gt": "is in the past",
        }
        return f"{named} {said[op]}"
    bound = {"le": "at most", "lt": "less than", "ge": "at least", "gt": "more than"}
    if ahead:
        turned = {"le": "ge", "lt": "gt", "ge": "le", "gt": "lt"}[op]
        return f"{named} is {bound[turned]} {duration(-predicate.seconds)} ahead"
    return f"{named} is {bound[op]} {duration(predicate.seconds)} ago"


def _call(
    predicate: Authenticated | Owner | Holder | Confirmed | Calls | Param,
    speaker: Speaker,
    *,
    positive: bool,
) -> str:
    schema = speaker.schema
    match predicate:
        case Authenticated():
            no = "" if positive else " not"
            label = schema.entity(predicate.entity).label
            return f"the user has{no} been identified{identified_as(label)}"
        case Owner():
            verb = "is" if positive else "is not"
            if not predicate.path:
                return f"the user {verb} that {speaker.reached(()).label}"
            return f"the user {verb} {speaker.whom(predicate.path)}"
        case Holder():
            entity = schema.entity(predicate.entity)
            verb = "is" if positive else "is not"
            standing = held(predicate, entity)
            if entity.label != "user":
                return f"the user {verb} {a(entity.label)} {standing}"
            if not standing.startswith("whose "):
                return f"the user {verb} {standing}"
            field = entity.field(predicate.field)
            values = value_list(field, predicate.values)
            return f"the {own(field.label, entity.label)} of the user {verb} {values}"
        case Confirmed():
            return f"the user has {'' if positive else 'not '}said yes to it"
        case Param():
            op = opposite(predicate.op, positive=positive)
            label = given(predicate.param, speaker)
            return f"the given {label} {bounded(predicate.value, op)}"
        case Calls():
            return _calls(predicate, speaker, opposite(predicate.op, positive=positive))


def identified_as(label: str) -> str:
    """Say as whom somebody was identified: ` as a customer`; nothing where any user is meant."""
    return "" if label == "user" else f" as {a(label)}"


def held(predicate: Holder, entity: Entity) -> str:
    """Say of somebody what the field says: `whose plan is "gold"`, `not marked as closed`."""
    field = entity.field(predicate.field)
    if field.type == "boolean" and len(predicate.values) == 1:
        first, _, rest = field.label.partition(" ")
        label = rest if first == "is" and rest else field.label
        return f"{'' if predicate.values[0] else 'not '}marked as {label}"
    said = value_list(field, predicate.values)
    return f"whose {own(field.label, entity.label)} is {said}"


def value_list(field: Field, values: Sequence[Json]) -> str:
    """Say the values of which one is meant."""
    return listing((value(field, one) for one in values), "or")


def given(param: str, speaker: Speaker) -> str:
    """Say a parameter: by the label of the field of that name, else by its words.

    A field of another entity is called after it: `vpn_id` is the ID of a VPN.
    """
    for field in speaker.entity.fields:
        if field.name == param:
            return field.label
    for entity in speaker.schema.entities:
        for name in entity.key:
            if param == f"{entity.name}_{name}":
                return f"{entity.label} {own(entity.field(name).label, entity.label)}"
    return words(param) or param


def bounded(wire: Json, op: Relative) -> str:
    """Say how a value compares: `is at most 5`."""
    kind = "text" if isinstance(wire, str) else "integer"
    field = Field(name="value", label="value", type="text" if kind == "text" else "integer")
    return f"{_words(field, op)} {value(field, wire)}"


def same_of(predicate: Calls, speaker: Speaker) -> str:
    """Say with which arguments the call counts: ` for the same order ID`; nothing for any."""
    names = [given(theirs, speaker) for theirs in predicate.same.values()]
    return f" for the same {listing(names)}" if names else ""


def _calls(predicate: Calls, speaker: Speaker, op: Relative) -> str:
    done = f"`{predicate.tool}` has"
    same = same_of(predicate, speaker)
    number = predicate.value
    if (op, number) in (("ge", 1), ("gt", 0), ("ne", 0)):
        return f"{done} been called before{same}"
    if (op, number) in (("eq", 0), ("le", 0), ("lt", 1)):
        return f"{done} not been called before{same}"
    return f"{done} been called {_MANY[op]}{times(number)} before{same}"


def _rows(predicate: Move | NoChildren | Alone | Count, speaker: Speaker, *, positive: bool) -> str:
    schema = speaker.schema
    match predicate:
        case Move():
            cycle = lifecycle(speaker.entity, predicate.field, schema)
            named = speaker.of(predicate.field)
            if positive:
                return f"{named} {life(cycle)}"
            return f"{named} changes as its life cycle does not allow"
        case NoChildren():
            said = refusal(schema.relation(predicate.relation), schema, speaker.it())
            return f"no {said}" if positive else f"some {said}"
        case Count():
            return f"{speaker.whom(predicate.path)} has {many(predicate, schema, positive)}"
        case Alone():
            one = exclusive(predicate, speaker.entity, schema)
            speaker.named = True
            other = f"{'no other' if positive else 'another'} {speaker.entity.label}"
            other += pick(speaker.entity, one.where)
            same = listing(shared(one, schema))
            said = f"{other} has the same {same}" if same else f"there is {other}"
            return said + (" at a time that overlaps" if one.span else "")


def many(predicate: Count, schema: Schema, positive: bool = True) -> str:  # noqa: FBT002 - read as `many(count, schema)`
    """Say how many rows, and which: `at most 3 loans whose status is "open"`."""
    relation = schema.relation(predicate.relation)
    child = schema.entity(relation.entity)
    op = opposite(predicate.op, positive=positive)
    kind = pick(child, predicate.where)
    role = _role(relation, schema)
    if predicate.value == 0 and op in ("le", "eq"):
        return f"no {child.plural}{kind}{role}"
    if predicate.value in (0, 1) and (op, predicate.value) in (("gt", 0), ("ge", 1), ("ne", 0)):
        return f"at least {counted(child, 1, singular=True)}{kind}{role}"
    return f"{_MANY[op]}{counted(child, predicate.value, singular=True)}{kind}{role}"


def _role(relation: Relation, schema: Schema) -> str:
    """Say as what the rows have it, where that is not plain: ` that have it as family doctor`."""
    parent = schema.entity(relation.target).label
    twice = [
        one
        for one in schema.relations
        if (one.entity, one.target) == (relation.entity, relation.target)
    ]
    if relation.label in (parent, "") or len(twice) < 2:
        return ""
    return f", counted as its {relation.label}"


def exclusive(predicate: Alone, entity: Entity, schema: Schema) -> Exclusive:
    """Return the exclusive that is meant.

    Raises:
        SchemaError: The entity has none of that id.
    """
    for one in schema.exclusives:
        if (one.id, one.entity) == (predicate.exclusive, entity.name):
            return one
    raise SchemaError(
        "an exclusive", found=f"none of id {predicate.exclusive!r}", where=entity.name
    )


def shared(one: Exclusive, schema: Schema) -> list[str]:
    """Name what the rows have in common: what they refer to, and fields of the same value."""
    entity = schema.entity(one.entity)
    left = list(one.same)
    found = []
    for relation in schema.parents(entity.name):
        if set(relation.fields) <= set(left):
            found.append(relation.label)
            left = [name for name in left if name not in relation.fields]
    return found + [own(entity.field(name).label, entity.label) for name in left]


def refusal(relation: Relation, schema: Schema, it: str = "it") -> str:
    """Say of the children of a relation that they refer to the row: `invoice refers to it`."""
    child, parent = schema.entity(relation.entity), schema.entity(relation.target)
    if relation.label in (parent.label, child.label, ""):
        return f"{child.label} refers to {it}"
    return f"{child.label} has {it} as {relation.label}"


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


def lifecycle(entity: Entity, field: str, schema: Schema) -> Lifecycle:
    """Return the life cycle of a field.

    Raises:
        SchemaError: It has none.
    """
    for one in schema.lifecycles:
        if one.entity == entity.name and one.field == field:
            return one
    raise SchemaError("a life cycle", found=f"none of {field!r}", where=entity.name)
