"""What the system does by itself, in sentences: derived values and effects.

A `Derived` or an `Effect` and the `Schema` come in. Next: `boundary`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules.effect import Add, Adjust, Assign, Effect, Value
from agentgym.rules.english import a, agreed, capital, listing, own, value
from agentgym.rules.sentences.clauses import clause
from agentgym.rules.sentences.speaker import Speaker, pick
from agentgym.schema import Derived, Entity, Product, Schema

__all__ = ["derived_sentence", "effect_sentence"]

_DONE = {"create": "created", "update": "changed", "delete": "deleted"}


def derived_sentence(one: Derived, schema: Schema) -> str:
    """Say what a computed field always is.

    Raises:
        SchemaError: It names what the schema does not have.
    """
    entity = schema.entity(one.entity)
    label = own(entity.field(one.field).label, entity.label)
    start = f"the {label} of {a(entity.label)} is always"
    mine = one.relation is None
    said = _sum(one.terms, entity, "its ") if mine else _over(one, entity, schema)
    return capital(f"{start} {said}; it cannot be set by hand.")


def _over(one: Derived, entity: Entity, schema: Schema) -> str:
    relation = schema.relation(str(one.relation))
    child = schema.entity(relation.entity)
    rows = f"its {relation.inverse or child.plural}{pick(child, one.where)}"
    if one.how == "count":
        return f"the number of {rows}"
    if one.how in ("min", "max"):
        field = child.field(one.terms[0].fields[0])
        time = field.type in ("date", "datetime")
        first, last = ("earliest", "latest") if time else ("smallest", "largest")
        most = first if one.how == "min" else last
        label = own(field.label, child.label)
        return f"the {most} {label} of {rows}, empty where there are none"
    said = f"the sum of {_sum(one.terms, child, '')} over {rows}"
    plus = tuple(term for term in one.own if term.sign > 0)
    less = tuple(term for term in one.own if term.sign < 0)
    if plus:
        said += f", plus {_sum(plus, entity, 'its ')}"
    if less:
        said += f", less {listing(_product(term, entity, 'its ') for term in less)}"
    return said


def _sum(terms: Sequence[Product], entity: Entity, its: str) -> str:
    plus = [_product(term, entity, its) for term in terms if term.sign > 0]
    less = [_product(term, entity, its) for term in terms if term.sign < 0]
    said = " plus ".join(plus) or "0"
    return f"{said} less {' and '.join(less)}" if less else said


def _product(term: Product, entity: Entity, its: str) -> str:
    labels = [own(entity.field(name).label, entity.label) for name in term.fields]
    return " times ".join(f"{its}{label}" for label in labels)


def effect_sentence(effect: Effect, schema: Schema) -> str:
    """Say what happens besides, and when.

    Raises:
        SchemaError: It names what the schema does not have.
    """
    do = effect.do
    plain = effect.when is None and effect.each is None
    kinds = tuple(kind for kind in _DONE if kind in effect.on)
    if isinstance(do, Adjust) and plain:
        start, acting = _trigger(effect, kinds[:1], schema)
        said = _adjusted(effect, do, kinds, acting)
    else:
        start, acting = _trigger(effect, kinds, schema)
        match do:
            case Adjust():
                said = _moved(do, kinds, acting)
            case Assign():
                named = acting.of(do.field, do.path)
                kind = acting.reached(do.path)
                said = f"{named} is set to {_value(do.value, acting, kind, do.field)}"
            case Add():
                said = _added(do, acting, schema)
    lasting = "; this stays even if the write is taken back" if effect.lasting else ""
    return capital(f"{start}, {said}{lasting}.")


def _trigger(effect: Effect, kinds: Sequence[str], schema: Schema) -> tuple[str, Speaker]:
    """Say when it happens, and give the speaker of the row that it is about."""
    entity = schema.entity(effect.entity)
    speaker = Speaker(schema, entity)
    start = f"when {_written(effect, kinds, speaker)}"
    if effect.when is not None:
        start += f" and from then on {clause(effect.when, speaker)}"
    if effect.each is None:
        return start, speaker
    relation = schema.relation(effect.each)
    child = schema.entity(relation.entity)
    rows = relation.inverse or child.plural
    start += f", then for each of the {rows} of that {entity.label}"
    return start, Speaker(schema, child, named=True)


def _written(effect: Effect, kinds: Sequence[str], speaker: Speaker) -> str:
    """Say that the row is written in one of these ways: `an order is created or changed`."""
    entity = speaker.entity
    labels = listing((own(entity.field(n).label, entity.label) for n in effect.fields), "or")
    if labels and tuple(kinds) == ("update",):
        return f"{speaker.its(labels)} is changed"
    verbs = [
        f"changed in its {labels}" if kind == "update" and labels else _DONE[kind] for kind in kinds
    ]
    return f"{speaker.it()} is {listing(verbs, 'or')}"


def _turns(do: Adjust, speaker: Speaker) -> tuple[str, str]:
    label = speaker.field(do.field, do.path).label
    up, down = agreed("rises", label), agreed("falls", label)
    return (up, down) if do.by.sign > 0 else (down, up)


def _moved(do: Adjust, kinds: Sequence[str], speaker: Speaker) -> str:
    """Say an adjustment by the whole amount; what is deleted takes it away again."""
    up, down = _turns(do, speaker)
    by = _product(do.by, speaker.entity, "its ")
    named = speaker.of(do.field, do.path)
    if tuple(kinds) == ("delete",):
        return f"{named} {down} by {by}"
    return f"{named} {up} by {by}" + (f", but {down} on a delete" if "delete" in kinds else "")


def _adjusted(effect: Effect, do: Adjust, kinds: Sequence[str], speaker: Speaker) -> str:
    """Say an adjustment that follows the row through its life."""
    up, down = _turns(do, speaker)
    by = _product(do.by, speaker.entity, "its ")
    first, *more = kinds
    named = speaker.of(do.field, do.path)
    said = {
        "create": f"{named} {up} by {by}",
        "update": f"{named} {up} by as much as {by} has risen",
        "delete": f"{named} {down} by {by}",
    }[first]
    for kind in more:
        when = _written(effect, (kind,), speaker)
        then = f"{named} {down} by {by}" if first == "update" else "that is taken back"
        said += f"; when {when}, " + ("by the difference" if kind == "update" else then)
    return said


def _added(do: Add, speaker: Speaker, schema: Schema) -> str:
    entity = schema.entity(do.entity)
    said = [
        f"{own(entity.field(name).label, entity.label)} set to "
        f"{_value(given, speaker, entity, name)}"
        for name, given in do.values.items()
    ]
    noun = f"a further {entity.label}" if entity.name == speaker.entity.name else a(entity.label)
    return f"{noun} is added" + (f", with its {listing(said)}" if said else "")


def _value(given: Value, speaker: Speaker, target: Entity, name: str) -> str:
    if given.now:
        return "the present time"
    if given.change is not None:
        label = own(speaker.field(given.change).label, speaker.entity.label)
        return f"how much its {label} rose"
    if given.field is not None:
        named = speaker.of(given.field, given.path)
        return f"{named} as it was before" if given.before else named
    return value(target.field(name), given.given)
