"""The predicates and the rule, as data, and the rules that a schema implies.

A `Schema` comes in, `Rule`s go out; nothing here knows SQL or tools. Next:
`sentences`, which says them in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agentgym.formats import Json, Record
from agentgym.schema import Check, Lifecycle, Relation, Schema

__all__ = [
    "All",
    "AnyOf",
    "Compare",
    "In",
    "Move",
    "NoChildren",
    "Not",
    "Predicate",
    "Rule",
    "derive",
    "fields_of",
]


class Compare(Record, kw_only=True, tag="compare"):
    """A field of the row, as it will be, compared with a value or another field."""

    field: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    value: Json = None
    """Wire value; None when `other` is given."""
    other: str | None = None


class In(Record, kw_only=True, tag="in"):
    """A field of the row, as it will be, is one of the values."""

    field: str
    values: tuple[Json, ...]


class Move(Record, kw_only=True, tag="move"):
    """A status changes only as its life cycle says."""

    field: str


class NoChildren(Record, kw_only=True, tag="no_children"):
    """No row refers to this one through the relation."""

    relation: str


class Not(Record, kw_only=True, tag="not"):
    """The predicate does not hold."""

    of: Predicate


class All(Record, kw_only=True, tag="all"):
    """Every one of the predicates holds."""

    of: tuple[Predicate, ...]


class AnyOf(Record, kw_only=True, tag="any"):
    """At least one of the predicates holds."""

    of: tuple[Predicate, ...]


Predicate = Compare | In | Move | NoChildren | Not | All | AnyOf


class Rule(Record, kw_only=True):
    """What must hold when tools write rows of an entity."""

    id: str
    entity: str
    on: tuple[Literal["create", "update", "delete"], ...]
    """The kinds of write that the rule guards."""
    predicate: Predicate
    """A comparison with NULL passes, as in SQL."""
    evidence: tuple[str, ...] = ()


def derive(schema: Schema) -> tuple[Rule, ...]:
    """Make the rules that a schema implies: checks, life cycles, restricted deletes.

    Returns:
        Checks first, then life cycles, then deletes, each in the schema's order; ids are unique.
    """
    rules = [_from_check(check) for check in schema.checks]
    rules += [_from_lifecycle(lifecycle) for lifecycle in schema.lifecycles]
    rules += [_from_relation(relation) for relation in schema.relations]
    return tuple(_numbered(rules))


def fields_of(predicate: Predicate) -> frozenset[str]:
    """Name the fields of the row on which the predicate depends."""
    return frozenset(_fields(predicate))


def _fields(predicate: Predicate) -> Iterator[str]:
    match predicate:
        case Compare():
            yield predicate.field
            if predicate.other is not None:
                yield predicate.other
        case In() | Move():
            yield predicate.field
        case Not():
            yield from _fields(predicate.of)
        case All() | AnyOf():
            for part in predicate.of:
                yield from _fields(part)
        case NoChildren():
            pass


def _numbered(rules: list[Rule]) -> Iterator[Rule]:
    taken = {rule.id for rule in rules}
    seen: set[str] = set()
    for rule in rules:
        name, number = rule.id, 2
        while name in seen:
            name, number = f"{rule.id}_{number}", number + 1
            if name in taken:
                name = rule.id
        seen.add(name)
        yield (
            rule
            if name == rule.id
            else Rule(
                id=name,
                entity=rule.entity,
                on=rule.on,
                predicate=rule.predicate,
                evidence=rule.evidence,
            )
        )


def _from_check(check: Check) -> Rule:
    predicate: Predicate
    if check.op == "in":
        predicate = In(field=check.field, values=tuple(check.value))
    else:
        predicate = Compare(field=check.field, op=check.op, value=check.value, other=check.other)
    return Rule(
        id=check.id,
        entity=check.entity,
        on=("create", "update"),
        predicate=predicate,
        evidence=check.evidence,
    )


def _from_lifecycle(lifecycle: Lifecycle) -> Rule:
    return Rule(
        id=f"{lifecycle.entity}_{lifecycle.field}_moves",
        entity=lifecycle.entity,
        on=("create", "update"),
        predicate=Move(field=lifecycle.field),
        evidence=lifecycle.evidence,
    )


def _from_relation(relation: Relation) -> Rule:
    return Rule(
        id=f"{relation.target}_keeps_{relation.name}",
        entity=relation.target,
        on=("delete",),
        predicate=NoChildren(relation=relation.name),
        evidence=relation.evidence,
    )
