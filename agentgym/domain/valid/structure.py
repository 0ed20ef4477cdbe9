"""What a schema says in values, and what it has computed: types, limits, states, sums.

That it names only what it has, `Schema.validate` checks. Next: `predicates`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.domain.valid.faults import (
    NUMBERS,
    TIMES,
    check_once,
    check_sides,
    check_value,
    check_where,
    fail,
    kind,
)
from agentgym.errors import nearest
from agentgym.schema import Derived, Entity, Exclusive, Field, Lifecycle, Product, Schema

__all__ = ["check_product", "check_structure"]


def check_structure(schema: Schema, where: str) -> None:
    """Check defaults, scales, states, limits of checks, derived values and exclusives."""
    for place, entity in enumerate(schema.entities):
        for number, field in enumerate(entity.fields):
            _check_field(field, f"{where}.entities[{place}].fields[{number}] ({field.name})")
    for place, relation in enumerate(schema.relations):
        here = f"{where}.relations[{place}] ({relation.name})"
        child, parent = schema.entity(relation.entity), schema.entity(relation.target)
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
            kinds = kind(child.field(mine)), kind(parent.field(theirs))
            if kinds[0] != kinds[1]:
                fail(f"a field of type {kinds[1]}, like {theirs}", f"{mine} ({kinds[0]})", here)
    for place, check in enumerate(schema.checks):
        here = f"{where}.checks[{place}] ({check.id})"
        entity = schema.entity(check.entity)
        if check.op == "in":
            if not isinstance(check.value, (list, tuple)):
                fail("a list of values", repr(check.value), f"{here}.value")
            for value in check.value:
                check_value(entity.field(check.field), value, f"{here}.value")
        else:
            check_sides(entity, check.field, check.value, check.other, here)
    _check_lifecycles(schema, where)
    seen: dict[tuple[str, str], str] = {}
    for place, one in enumerate(schema.derived):
        here = f"{where}.derived[{place}] ({one.id})"
        twice = seen.setdefault((one.entity, one.field), one.id)
        if twice != one.id:
            found = f"{one.entity}.{one.field} computed by {twice} too"
            fail("a field that nothing else computes", found, here, "remove one of them")
        _check_derived(one, schema, here)
    for place, exclusive in enumerate(schema.exclusives):
        here = f"{where}.exclusives[{place}] ({exclusive.id})"
        _check_exclusive(exclusive, schema.entity(exclusive.entity), here)


def _check_field(field: Field, where: str) -> None:
    most = 18 if field.type == "decimal" else 0
    if not 0 <= field.scale <= most:
        fail(f"a scale of 0 to {most} for {field.type}", field.scale, f"{where}.scale")
    if field.max_length is not None and field.max_length < 1:
        fail("a length from 1", field.max_length, f"{where}.max_length")
    if field.values is not None and field.type != "enum":
        fail("values for an enum only", f"them for {field.type}", f"{where}.values")
    if len(set(field.values or ())) != len(field.values or ()):
        fail("each value once", "one twice", f"{where}.values", "remove one of them")


def _check_lifecycles(schema: Schema, where: str) -> None:
    seen: set[tuple[str, str]] = set()
    for place, cycle in enumerate(schema.lifecycles):
        here = f"{where}.lifecycles[{place}] ({cycle.entity}.{cycle.field})"
        if (cycle.entity, cycle.field) in seen:
            fail("one life cycle for a field", "two", here, "remove one of them")
        seen.add((cycle.entity, cycle.field))
        field = schema.entity(cycle.entity).field(cycle.field)
        if (cycle.entity, cycle.field) in schema.computed:
            fail("a field that moves by itself", f"{field.name}, which is computed", here)
        for state in cycle.moves:
            check_value(field, state, f"{here}.moves")
        _check_reach(cycle, here)


def _check_reach(cycle: Lifecycle, where: str) -> None:
    lost = cycle.unreachable
    if lost and cycle.initial:
        states = ", ".join(repr(state) for state in lost)
        fail(
            f"states that can be reached from {' or '.join(cycle.initial)}",
            states,
            f"{where}.moves",
            f"let a move lead to {lost[0]!r}, or add it to the initial states",
        )


def check_product(one: Product, entity: Entity, where: str) -> None:
    """Check that a summand multiplies numbers of the entity; that it has them is known."""
    if not one.fields:
        fail("at least one field", "none", f"{where}.fields")
    for name in one.fields:
        field = entity.field(name)
        if field.type not in NUMBERS:
            fail("a field of numbers", f"{name} ({field.type})", f"{where}.fields")


def _check_derived(one: Derived, schema: Schema, where: str) -> None:
    entity = child = schema.entity(one.entity)
    field = entity.field(one.field)
    if one.relation is not None:
        child = schema.entity(schema.relation(one.relation).entity)
    tied = {name for r in schema.parents(entity.name) for name in r.fields}
    if one.field in entity.key or one.field in tied:
        part = "of the key" if one.field in entity.key else "a reference"
        fail("a field that can be computed", f"{one.field}, which is {part}", f"{where}.field")
    if one.relation is None:
        if one.how != "sum" or one.where or one.own:
            found = "where" if one.where else "own" if one.own else one.how
            fail("a relation whose rows it is computed over", f"{found!r} without one", where)
    elif one.own and one.how != "sum":
        fail("own summands for a sum only", f"them for {one.how!r}", f"{where}.own")
    check_where(child, one.where, f"{where}.where")
    if one.how in ("min", "max"):
        _check_extreme(one, field, child, where)
        return
    if field.type not in NUMBERS or (one.how == "count" and field.type != "integer"):
        wanted = "whole numbers" if one.how == "count" else "numbers"
        fail(f"a field of {wanted}", f"{one.field} ({field.type})", f"{where}.field")
    if one.how == "count" and one.terms:
        fail("no terms for a count", f"{len(one.terms)} of them", f"{where}.terms", "remove them")
    if one.how == "sum" and not one.terms:
        fail("at least one term", "none", f"{where}.terms")
    for name, terms, owner in (("terms", one.terms, child), ("own", one.own, entity)):
        for place, term in enumerate(terms):
            check_product(term, owner, f"{where}.{name}[{place}]")


def _check_extreme(one: Derived, field: Field, child: Entity, where: str) -> None:
    if len(one.terms) != 1 or len(one.terms[0].fields) != 1 or one.terms[0].sign != 1:
        fail("one field of which to take it", f"{len(one.terms)} terms", f"{where}.terms")
    source = child.field(one.terms[0].fields[0])
    numbers = field.type in NUMBERS and source.type in NUMBERS
    if not numbers and (field.type != source.type or field.type not in TIMES):
        expected = f"a field of numbers or times, like {source.name} ({source.type})"
        fail(expected, f"{field.name} ({field.type})", f"{where}.field")
    if not field.nullable:
        fail(
            "a field that may be empty, as it is over no rows",
            f"{field.name}, which may not",
            f"{where}.field",
            "make it nullable",
        )


def _check_exclusive(one: Exclusive, entity: Entity, where: str) -> None:
    check_once(one.same, "field", f"{where}.same")
    check_where(entity, one.where, f"{where}.where")
    if one.span is None:
        return
    first, last = (entity.field(name) for name in one.span)
    kinds = [kind(field) for field in (first, last)]
    alike = kinds[0] == kinds[1] or set(kinds) == set(TIMES)
    legal = (*NUMBERS, *TIMES)
    if first.name == last.name or not alike or not {first.type, last.type} <= set(legal):
        found = f"{first.name} ({kinds[0]}) and {last.name} ({kinds[1]})"
        hint = nearest(last.name, _fitting(entity, first))
        fail("two fields of one type as start and end", found, f"{where}.span", hint)


def _fitting(entity: Entity, first: Field) -> Sequence[str]:
    return [f.name for f in entity.fields if kind(f) == kind(first) and f.name != first.name]
