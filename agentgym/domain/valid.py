"""What must hold between the schema, the rules and the tools of a domain.

They may have been edited by hand: each fault is named with its place in `domain.json` and
what was probably meant. Next: `records`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Never

from agentgym.errors import DomainError, SchemaError, nearest
from agentgym.formats import Json
from agentgym.rules import All, AnyOf, Compare, Effect, In, Move, NoChildren, Not, Predicate, Rule
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import to_stored
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Create,
    Delete,
    Filter,
    Find,
    Get,
    ListRelated,
    Search,
    Term,
    Tool,
    Transition,
    Update,
    is_write,
    listed,
)
from agentgym.tools.derive.naming import CONTROLS, LONGEST, RESERVED_PARAMETERS, RESERVED_TOOLS

__all__ = ["check_parts"]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_UNDO = "undo the edit, or build the domain again"


def check_parts(
    schema: Schema,
    rules: Sequence[Rule],
    effects: Sequence[Effect],
    tools: Sequence[Tool],
    *,
    where: str,
) -> None:
    """Check that the parts of a domain fit together.

    Args:
        schema: What the rows are like.
        rules: What must hold when tools write.
        effects: What happens besides.
        tools: What agents can do.
        where: The file, for messages.

    Raises:
        DomainError: They do not fit; says where and what was probably meant.
    """
    with _at(f"{where} $.schema"):
        schema.validate(where=f"{where} $.schema")
    _check_values(schema, f"{where} $.schema")
    known: dict[str, Rule] = {}
    for place, rule in enumerate(rules):
        here = f"{where} $.rules[{place}] ({rule.id})"
        _check_new(rule.id, known, "rule", here)
        known[rule.id] = rule
        _check_rule(rule, schema, here)
    seen: set[str] = set()
    for place, tool in enumerate(tools):
        here = f"{where} $.tools[{place}] ({tool.name})"
        _check_name(tool.name, "a tool", RESERVED_TOOLS, here)
        _check_new(tool.name, seen, "tool", here)
        seen.add(tool.name)
        _check_guards(tool, known, here)
        _check_term(tool.term, schema, f"{here}.term")


def _fail(expected: str, found: object, where: str, hint: str = "") -> Never:
    raise DomainError(expected, found=str(found), where=where, hint=hint or _UNDO)


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Say of a fault in the schema's terms where in the file it is."""
    try:
        yield
    except SchemaError as error:
        place = error.where if error.where.startswith(where) else where
        _fail(error.expected, error.found or "something else", place, error.hint)


def _check_new(name: str, seen: Collection[str], noun: str, where: str) -> None:
    if name in seen:
        _fail(f"each {noun} once", f"{name!r} twice", where, "rename or remove one of them")


def _check_name(name: str, noun: str, reserved: Collection[str], where: str) -> None:
    if not _IDENTIFIER.fullmatch(name) or len(name) > LONGEST or keyword.iskeyword(name):
        _fail(
            f"{noun} that is called by an ASCII identifier of at most {LONGEST} characters",
            repr(name),
            where,
            "use letters, digits and _",
        )
    if name in reserved:
        _fail(
            f"a name for {noun} that agent frameworks leave free",
            repr(name),
            where,
            f"{name}_1 would do",
        )


# the schema


def _check_values(schema: Schema, where: str) -> None:
    """Check what the schema says in values: defaults, scales, states, limits of checks."""
    for place, entity in enumerate(schema.entities):
        for number, field in enumerate(entity.fields):
            _check_field(field, f"{where}.entities[{place}].fields[{number}] ({field.name})")
    for place, relation in enumerate(schema.relations):
        here = f"{where}.relations[{place}] ({relation.name})"
        child, parent = schema.entity(relation.entity), schema.entity(relation.target)
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
            kinds = _kind(child.field(mine)), _kind(parent.field(theirs))
            if kinds[0] != kinds[1]:
                _fail(f"a field of type {kinds[1]}, like {theirs}", f"{mine} ({kinds[0]})", here)
    for place, check in enumerate(schema.checks):
        here = f"{where}.checks[{place}] ({check.id})"
        entity = schema.entity(check.entity)
        if check.op == "in":
            if not isinstance(check.value, (list, tuple)):
                _fail("a list of values", repr(check.value), f"{here}.value")
            for value in check.value:
                _check_value(entity.field(check.field), value, f"{here}.value")
        else:
            _check_sides(entity, check.field, check.value, check.other, here)
    for place, cycle in enumerate(schema.lifecycles):
        here = f"{where}.lifecycles[{place}]"
        for state in cycle.moves:
            _check_value(schema.entity(cycle.entity).field(cycle.field), state, f"{here}.moves")


def _kind(field: Field) -> str:
    """Return the type as references see it: texts and enums hold the same values."""
    kind = "text" if field.type == "enum" else field.type
    return f"decimal of scale {field.scale}" if kind == "decimal" else kind


def _check_field(field: Field, where: str) -> None:
    most = 18 if field.type == "decimal" else 0
    if not 0 <= field.scale <= most:
        _fail(f"a scale of 0 to {most} for {field.type}", field.scale, f"{where}.scale")
    if field.max_length is not None and field.max_length < 1:
        _fail("a length from 1", field.max_length, f"{where}.max_length")
    if field.values is not None and field.type != "enum":
        _fail("values for an enum only", f"them for {field.type}", f"{where}.values")
    if len(set(field.values or ())) != len(field.values or ()):
        _fail("each value once", "one twice", f"{where}.values", "remove one of them")


def _check_sides(entity: Entity, name: str, value: Json, other: str | None, where: str) -> None:
    """Check the two sides of a comparison: of a field with a value, or with another field."""
    field = entity.field(name)
    if (value is None) == (other is None):
        found = "neither" if value is None else "both"
        _fail("either a value or another field to compare with", found, where)
    if other is None:
        _check_value(field, value, f"{where}.value")
    elif _measure(field) != _measure(entity.field(other)):
        kinds = f"{field.type} and {entity.field(other).type}"
        _fail("two fields that can be compared", kinds, f"{where}.other")


def _measure(field: Field) -> str:
    if field.type in ("integer", "decimal", "float", "boolean"):
        return "number"
    return "time" if field.type in ("date", "datetime") else "text"


def _check_value(field: Field, value: Json, where: str) -> None:
    """Check that the wire value compares with values of the field."""
    try:
        if field.type in ("integer", "decimal") and not isinstance(value, bool):
            legal = Decimal(str(value)).is_finite()
        else:
            to_stored(field, value)
            legal = True
    except (ValueError, TypeError, InvalidOperation):
        legal = False
    if not legal:
        hint = nearest(str(value), field.values or ()) if field.type == "enum" else ""
        _fail(f"a value of {field.name} ({field.type})", repr(value), where, hint)


# the rules


def _check_rule(rule: Rule, schema: Schema, where: str) -> None:
    with _at(where):
        entity = schema.entity(rule.entity)
    if not rule.on or len(set(rule.on)) != len(rule.on):
        _fail("kinds of write, each once", list(rule.on), f"{where}.on", "create, update, delete")
    if not rule.id:
        _fail("an id", "an empty one", f"{where}.id")
    _check_predicate(rule.predicate, entity, schema, f"{where}.predicate")


def _check_predicate(predicate: Predicate, entity: Entity, schema: Schema, where: str) -> None:
    match predicate:
        case Compare():
            _check_known(entity, (predicate.field, predicate.other), where)
            _check_sides(entity, predicate.field, predicate.value, predicate.other, where)
        case In():
            _check_known(entity, (predicate.field,), where)
            if not predicate.values:
                _fail("at least one value", "none", f"{where}.values")
            for value in predicate.values:
                _check_value(entity.field(predicate.field), value, f"{where}.values")
        case Move():
            _check_known(entity, (predicate.field,), where)
            _check_lifecycle(schema, entity.name, predicate.field, where)
        case NoChildren():
            with _at(where):
                relation = schema.relation(predicate.relation)
            if relation.target != entity.name:
                fitting = [r.name for r in schema.children(entity.name)]
                found = f"{relation.name!r}, which points to {relation.target}"
                hint = nearest(relation.name, fitting)
                _fail(f"a relation that points to {entity.name}", found, where, hint)
        case Not():
            _check_predicate(predicate.of, entity, schema, f"{where}.of")
        case All() | AnyOf():
            if not predicate.of:
                _fail("at least one predicate", "none", f"{where}.of")
            for place, part in enumerate(predicate.of):
                _check_predicate(part, entity, schema, f"{where}.of[{place}]")


def _check_known(entity: Entity, names: Sequence[str | None], where: str) -> None:
    with _at(where):
        for name in names:
            if name is not None:
                entity.field(name)


def _check_lifecycle(schema: Schema, entity: str, field: str, where: str) -> None:
    cycles = [c.field for c in schema.lifecycles if c.entity == entity]
    if field not in cycles:
        _fail("a field with a life cycle", repr(field), where, nearest(field, cycles))


# the tools


def _check_guards(tool: Tool, rules: dict[str, Rule], where: str) -> None:
    for place, name in enumerate(tool.guards):
        here = f"{where}.guards[{place}]"
        if name not in rules:
            _fail("the id of a rule", repr(name), here, nearest(name, rules))
        if not is_write(tool):
            _fail("guards on tools that write only", repr(name), here, "remove it")
        entity = getattr(tool.term, "entity", None)
        if rules[name].entity != entity:
            fitting = [rule.id for rule in rules.values() if rule.entity == entity]
            found = f"{name!r}, which is about {rules[name].entity}"
            _fail(f"a rule about {entity}", found, here, nearest(name, fitting))
    if len(set(tool.guards)) != len(tool.guards):
        _fail("each guard once", list(tool.guards), f"{where}.guards", "remove one of them")


def _check_term(term: Term, schema: Schema, where: str) -> None:
    with _at(where):
        if isinstance(term, ListRelated):
            listed(term, schema)
            _check_through(term, schema, where)
        elif hasattr(term, "entity"):
            schema.entity(term.entity)
        parts = list(_arguments(term, schema, where))
    controls = _controls(term)
    seen: set[str] = set()
    for here, entity, part in parts:
        # sort_by, page and their like are taken by the term itself
        _check_name(part.param, "a parameter", RESERVED_PARAMETERS, f"{here}.param")
        _check_new(part.param, seen | controls, "parameter", f"{here}.param")
        seen.add(part.param)
        _check_known(entity, (part.field,), f"{here}.field")
        field = entity.field(part.field)
        if field.role == "secret":
            _fail("a field that may be shown", f"{field.name}, a secret", f"{here}.field")
        if isinstance(part, Filter) and part.op == "contains" and field.type not in _TEXTS:
            _fail("contains for texts only", f"{field.name} ({field.type})", f"{here}.op")
    match term:
        case Get() | Update() | Transition() | Delete():
            _check_key(term.key, schema.entity(term.entity), where)
        case ListRelated():
            _check_key(term.key, schema.entity(schema.relation(term.relation).target), where)
        case _:
            pass
    _check_shape(term, schema, where)


_TEXTS = ("text", "enum")


def _check_through(term: ListRelated, schema: Schema, where: str) -> None:
    near = schema.relation(term.relation)
    if term.through is not None and schema.relation(term.through).entity != near.entity:
        fitting = [r.name for r in schema.parents(near.entity)]
        _fail(
            f"another relation of {near.entity}",
            repr(term.through),
            f"{where}.through",
            nearest(term.through, fitting),
        )


def _controls(term: Term) -> frozenset[str]:
    return CONTROLS if isinstance(term, (Search, ListRelated, Aggregate)) else frozenset()


def _arguments(
    term: Term, schema: Schema, where: str
) -> Iterator[tuple[str, Entity, Argument | Filter]]:
    """Yield each parameter that stands for a field, with its place and its entity."""
    owner = entity = None
    if isinstance(term, ListRelated):
        owner = schema.entity(schema.relation(term.relation).target)
        entity = schema.entity(listed(term, schema))
    elif hasattr(term, "entity"):
        owner = entity = schema.entity(term.entity)
    for name in ("key", "by", "values", "filters"):
        for place, part in enumerate(getattr(term, name, ())):
            of = owner if name == "key" else entity
            assert of is not None
            yield f"{where}.{name}[{place}]", of, part
    if isinstance(term, Transition):
        assert entity is not None
        yield f"{where}.to", entity, term.to


def _check_key(key: Sequence[Argument], entity: Entity, where: str) -> None:
    found = [argument.field for argument in key]
    if sorted(found) != sorted(entity.key):
        expected = f"the key of {entity.name}: {', '.join(entity.key)}"
        _fail(expected, ", ".join(found) or "nothing", f"{where}.key")


def _check_shape(term: Term, schema: Schema, where: str) -> None:
    """Check what only one kind of term has."""
    match term:
        case Search() | ListRelated():
            entity = schema.entity(
                listed(term, schema) if isinstance(term, ListRelated) else term.entity
            )
            _check_listed(entity, term.sorts, f"{where}.sorts")
            if term.order is not None:
                _check_listed(entity, (term.order.field,), f"{where}.order")
            if not 1 <= term.page_size <= _LARGEST_PAGE:
                _fail(f"1 to {_LARGEST_PAGE} rows a page", term.page_size, f"{where}.page_size")
        case Aggregate():
            _check_listed(schema.entity(term.entity), term.fields, f"{where}.fields")
            if not term.functions or len(set(term.functions)) != len(term.functions):
                _fail("functions, each once", list(term.functions), f"{where}.functions")
            if not term.fields and term.functions != ("count",):
                _fail("fields to compute of", "none", f"{where}.fields", "count alone needs none")
        case Find() if not term.by:
            _fail("at least one field to find by", "none", f"{where}.by")
        case Create() | Update():
            _check_written(term, schema.entity(term.entity), where)
        case Transition():
            _check_lifecycle(schema, term.entity, term.to.field, f"{where}.to")
        case _:
            pass


_LARGEST_PAGE = 1000


def _check_listed(entity: Entity, names: Sequence[str], where: str) -> None:
    _check_known(entity, names, where)
    if len(set(names)) != len(names):
        _fail("each field once", list(names), where, "remove one of them")
    for name in names:
        if entity.field(name).role == "secret":
            _fail("a field that may be shown", f"{name}, a secret", where)


def _check_written(term: Create | Update, entity: Entity, where: str) -> None:
    names = [argument.field for argument in term.values]
    _check_listed(entity, names, f"{where}.values")
    if isinstance(term, Update) and not names:
        _fail("at least one value to change", "none", f"{where}.values")
    for place, name in enumerate(names):
        if entity.field(name).generated:
            found = f"{name}, which follows from others"
            _fail("a field that can be set", found, f"{where}.values[{place}]")
        if isinstance(term, Update) and name in entity.key:
            found = f"{name}, which is of the key"
            _fail("a field that can change", found, f"{where}.values[{place}]")
