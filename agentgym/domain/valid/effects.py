"""What must hold of effects: that they write what can be written, with values that fit.

Next: `circles`.
"""

from __future__ import annotations

from collections.abc import Collection

from agentgym.domain.valid.faults import (
    NUMBERS,
    TEXTS,
    TIMES,
    at,
    check_field_name,
    check_known,
    check_new,
    check_once,
    check_value,
    climb,
    fail,
)
from agentgym.domain.valid.predicates import CALL, check_predicate
from agentgym.domain.valid.structure import check_product
from agentgym.errors import nearest
from agentgym.rules import Add, Adjust, Assign, Effect, Value, parts
from agentgym.schema import Entity, Field, Schema

__all__ = ["check_effect"]


def check_effect(effect: Effect, known: Collection[str], schema: Schema, where: str) -> None:
    """Check one effect."""
    check_new(effect.id, known, "effect", where)
    if not effect.id:
        fail("an id", "an empty one", f"{where}.id")
    with at(where):
        entity = schema.entity(effect.entity)
    if not effect.on or len(set(effect.on)) != len(effect.on):
        fail("kinds of write, each once", list(effect.on), f"{where}.on", "create, update, delete")
    check_known(entity, effect.fields, f"{where}.fields")
    check_once(effect.fields, "field", f"{where}.fields")
    if effect.fields and "update" not in effect.on:
        found = f"on {', '.join(effect.on)}"
        fail("fields only where updates count", found, f"{where}.fields", "add 'update' to on")
    if effect.when is not None:
        check_predicate(effect.when, entity, schema, f"{where}.when")
        for part in parts(effect.when):
            if isinstance(part, CALL):
                tag = type(part).__struct_config__.tag
                fail("a condition on rows", f"{tag!r}", f"{where}.when", "effects see no call")
    start = _start(effect, entity, schema, where)
    match effect.do:
        case Adjust():
            _check_adjust(effect.do, start, schema, f"{where}.do")
        case Assign():
            _check_assign(effect, effect.do, start, schema, f"{where}.do")
        case Add():
            _check_add(effect.do, start, schema, f"{where}.do")


def _start(effect: Effect, entity: Entity, schema: Schema, where: str) -> Entity:
    if effect.each is None:
        return entity
    with at(f"{where}.each"):
        relation = schema.relation(effect.each)
    if relation.target != entity.name:
        fitting = [r.name for r in schema.children(entity.name)]
        found = f"{effect.each!r}, which points to {relation.target}"
        hint = nearest(effect.each, fitting)
        fail(f"a relation that points to {entity.name}", found, f"{where}.each", hint)
    return schema.entity(relation.entity)


def _check_target(entity: Entity, name: str, schema: Schema, where: str) -> Field:
    """Return the field that is written, which must be one that an effect may write."""
    field = check_field_name(entity, name, where)
    if name in entity.key:
        fail("a field that can change", f"{name}, which is of the key", where)
    if (entity.name, name) in schema.computed or field.generated:
        found = f"{entity.name}.{name}, which the world computes"
        fail("a field that can be set", found, where, "remove the effect, or the derived value")
    return field


def _check_adjust(do: Adjust, start: Entity, schema: Schema, where: str) -> None:
    if not do.path:
        fail("a path to the row that is adjusted", "none", f"{where}.path")
    top = climb(do.path, start, schema, f"{where}.path")
    field = _check_target(top, do.field, schema, f"{where}.field")
    if field.type not in NUMBERS:
        fail("a field of numbers", f"{field.name} ({field.type})", f"{where}.field")
    if any(field.name in r.fields for r in schema.parents(top.name)):
        fail("a field of numbers", f"{field.name}, a reference", f"{where}.field")
    check_known(start, do.by.fields, f"{where}.by")
    check_product(do.by, start, f"{where}.by")
    units = {unit for name in do.by.fields if (unit := start.field(name).unit)}
    if len(units) == 1 and field.unit is not None and field.unit not in units:
        (unit,) = units
        fail(f"an amount in {field.unit}, like {field.name}", unit, f"{where}.by")


def _check_assign(effect: Effect, do: Assign, start: Entity, schema: Schema, where: str) -> None:
    top = climb(do.path, start, schema, f"{where}.path")
    field = _check_target(top, do.field, schema, f"{where}.field")
    if not do.path and effect.each is None and effect.on == ("delete",):
        fail("a row that is there afterwards", "the one that is deleted", where)
    _check_given(do.value, field, start, schema, f"{where}.value")


def _check_add(do: Add, start: Entity, schema: Schema, where: str) -> None:
    with at(where):
        entity = schema.entity(do.entity)
    for name, value in do.values.items():
        here = f"{where}.values.{name}"
        field = check_field_name(entity, name, here)
        if (entity.name, name) in schema.computed or field.generated:
            fail("a field that can be set", f"{name}, which the world computes", here, "remove it")
        _check_given(value, field, start, schema, here)
    for name in _needed(entity, schema):
        if name not in do.values:
            fail(f"a value for {name}, which every {entity.label} needs", "none", f"{where}.values")


def _needed(entity: Entity, schema: Schema) -> list[str]:
    """Name the fields of a new row that nothing fills in."""
    cycles = {c.field for c in schema.lifecycles if c.entity == entity.name and c.initial}
    made = () if entity.key_source == "given" else entity.key
    return [
        field.name
        for field in entity.fields
        if not field.nullable
        and field.default is None
        and not field.generated
        and field.role != "audit"
        and field.name not in cycles
        and field.name not in made
        and (entity.name, field.name) not in schema.computed
    ]


def _check_given(value: Value, target: Field, start: Entity, schema: Schema, where: str) -> None:
    ways = {
        "given": value.given is not None,
        "field": value.field is not None,
        "change": value.change is not None,
        "now": value.now,
    }
    used = [way for way, there in ways.items() if there]
    if len(used) > 1:
        fail("one of given, field, change and now", " and ".join(used), where, "remove the others")
    if (value.path or value.before) and value.field is None:
        fail("a field that is taken", "none", where, "path and before need one")
    if not used and not target.nullable:
        fail(f"a value for {target.name}, which may not be empty", "none", where)
    if value.given is not None:
        check_value(target, value.given, f"{where}.given")
    if value.now and target.type not in TIMES:
        fail("a date or a datetime for the time", f"{target.name} ({target.type})", where)
    if value.change is not None:
        field = check_field_name(start, value.change, f"{where}.change")
        if field.type not in NUMBERS or target.type not in NUMBERS:
            found = f"{field.name} ({field.type}) and {target.name} ({target.type})"
            fail("two fields of numbers", found, f"{where}.change")
    if value.field is not None:
        top = climb(value.path, start, schema, f"{where}.path")
        field = check_field_name(top, value.field, f"{where}.field")
        if not _fits(field, target):
            found = f"{field.name} ({field.type})"
            fail(f"a field of type {target.type}, like {target.name}", found, f"{where}.field")


def _fits(field: Field, target: Field) -> bool:
    families = (NUMBERS, TEXTS, TIMES)
    return field.type == target.type or any(
        field.type in family and target.type in family for family in families
    )
