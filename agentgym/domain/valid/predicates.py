"""What must hold of rules: that they speak of what there is, and of what they can see.

Next: `effects`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.domain.valid.faults import (
    TIMES,
    at,
    check_field_name,
    check_known,
    check_new,
    check_once,
    check_sides,
    check_value,
    check_where,
    climb,
    fail,
)
from agentgym.errors import nearest
from agentgym.rules import (
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
    Rule,
    parts,
)
from agentgym.schema import Entity, Schema

__all__ = ["CALL", "SESSION", "check_lifecycle", "check_predicate", "check_rule"]

CALL = (Param, Calls, Confirmed)
"""What is asked of a call, and has no meaning where no tool is called."""

SESSION = (*CALL, Authenticated, Owner, Holder)
"""What is asked of a conversation, and not of rows."""

_LEVELS = range(5)


def check_rule(rule: Rule, known: Mapping[str, Rule], schema: Schema, where: str) -> None:
    """Check one rule; that its tools fit it, `tools` checks."""
    check_new(rule.id, known, "rule", where)
    if not rule.id:
        fail("an id", "an empty one", f"{where}.id")
    with at(where):
        entity = schema.entity(rule.entity)
    if not rule.on or len(set(rule.on)) != len(rule.on):
        fail("kinds of write, each once", list(rule.on), f"{where}.on", "create, update, delete")
    check_known(entity, rule.fields, f"{where}.fields")
    check_once(rule.fields, "field", f"{where}.fields")
    if rule.fields and "update" not in rule.on:
        fail(
            "fields only where updates are guarded",
            f"on {', '.join(rule.on)}",
            f"{where}.fields",
            "add 'update' to on, or remove the fields",
        )
    if rule.level not in _LEVELS:
        fail("a level of 0 to 4", rule.level, f"{where}.level")
    if rule.kind == "invariant":
        _check_invariant(rule, where)
    check_predicate(rule.predicate, entity, schema, f"{where}.predicate")
    for part in parts(rule.predicate):
        if isinstance(part, AnyOf) and not part.of and rule.kind != "hand_over":
            fail(
                "at least one predicate",
                "none, which never holds",
                f"{where}.predicate",
                "a rule of kind 'hand_over' may have none",
            )
        if getattr(part, "at", "after") == "before" and rule.on == ("create",):
            fail(
                "what is looked at after the write",
                "the row before its creation",
                f"{where}.predicate.at",
                "use 'after'",
            )


def _check_invariant(rule: Rule, where: str) -> None:
    if "read" in rule.on:
        fail("an invariant on writes", "one on 'read'", f"{where}.on", "remove 'read'")
    for part in parts(rule.predicate):
        if isinstance(part, SESSION):
            tag = type(part).__struct_config__.tag
            fail(
                "an invariant that speaks of rows alone",
                f"{tag!r}",
                f"{where}.predicate",
                "give the rule another kind, and name it among the guards of tools",
            )


def check_predicate(predicate: Predicate, entity: Entity, schema: Schema, where: str) -> None:
    """Check that a predicate names what there is, and compares what can be compared."""
    match predicate:
        case Compare():
            top = climb(predicate.path, entity, schema, f"{where}.path")
            check_known(top, (predicate.field, predicate.other), where)
            check_sides(top, predicate.field, predicate.value, predicate.other, where)
        case In():
            top = climb(predicate.path, entity, schema, f"{where}.path")
            field = check_field_name(top, predicate.field, where)
            _check_values(field.name, top, predicate.values, where)
        case Elapsed():
            top = climb(predicate.path, entity, schema, f"{where}.path")
            field = check_field_name(top, predicate.field, where)
            if field.type not in TIMES:
                times = [one.name for one in top.fields if one.type in TIMES]
                hint = nearest(field.name, times)
                fail("a date or a datetime", f"{field.name} ({field.type})", where, hint)
        case Move():
            check_known(entity, (predicate.field,), where)
            check_lifecycle(schema, entity.name, predicate.field, where)
        case NoChildren():
            _check_relation(predicate.relation, entity, schema, f"{where}.relation")
        case Alone():
            mine = [one.id for one in schema.exclusives if one.entity == entity.name]
            if predicate.exclusive not in mine:
                hint = nearest(predicate.exclusive, mine)
                fail(f"an exclusive of {entity.name}", repr(predicate.exclusive), where, hint)
        case Count():
            top = climb(predicate.path, entity, schema, f"{where}.path")
            _check_relation(predicate.relation, top, schema, f"{where}.relation")
            child = schema.entity(schema.relation(predicate.relation).entity)
            check_where(child, predicate.where, f"{where}.where")
            _check_number(predicate.value, where)
        case _:
            _check_session(predicate, entity, schema, where)


def _check_session(predicate: Predicate, entity: Entity, schema: Schema, where: str) -> None:
    match predicate:
        case Owner():
            climb(predicate.path, entity, schema, f"{where}.path")
        case Authenticated():
            with at(where):
                schema.entity(predicate.entity)
        case Holder():
            with at(where):
                holder = schema.entity(predicate.entity)
            check_known(holder, (predicate.field,), where)
            _check_values(predicate.field, holder, predicate.values, where)
        case Calls():
            _check_number(predicate.value, where)
        case Not():
            check_predicate(predicate.of, entity, schema, f"{where}.of")
        case All() | AnyOf():
            if isinstance(predicate, All) and not predicate.of:
                fail("at least one predicate", "none", f"{where}.of")
            for place, part in enumerate(predicate.of):
                check_predicate(part, entity, schema, f"{where}.of[{place}]")
        case _:
            pass


def _check_values(name: str, entity: Entity, values: tuple[object, ...], where: str) -> None:
    if not values:
        fail("at least one value", "none", f"{where}.values")
    for value in values:
        check_value(entity.field(name), value, f"{where}.values")


def _check_number(value: int, where: str) -> None:
    if value < 0:
        fail("a number from 0", value, f"{where}.value")


def _check_relation(name: str, entity: Entity, schema: Schema, where: str) -> None:
    with at(where):
        relation = schema.relation(name)
    if relation.target != entity.name:
        fitting = [r.name for r in schema.children(entity.name)]
        found = f"{relation.name!r}, which points to {relation.target}"
        hint = nearest(relation.name, fitting)
        fail(f"a relation that points to {entity.name}", found, where, hint)


def check_lifecycle(schema: Schema, entity: str, field: str, where: str) -> None:
    """Check that the field has a life cycle."""
    cycles = [c.field for c in schema.lifecycles if c.entity == entity]
    if field not in cycles:
        fail("a field with a life cycle", repr(field), where, nearest(field, cycles))
