"""The rule: a predicate with an id, a class and a place; and the rules that a schema implies.

A `Schema` comes in, `Rule`s go out. Rules of a business are synthesized where tools are known
(`tools.derive`). Next: `effect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from agentgym.formats import Record
from agentgym.rules.predicate import Alone, Compare, In, Move, NoChildren, Predicate
from agentgym.schema import Check, Exclusive, Lifecycle, Relation, Schema

__all__ = ["CLASSES", "Rule", "RuleClass", "derive"]

RuleClass = Literal[
    "invariant",  # what every row satisfies, whoever writes it
    "authentication",  # who is served must be known
    "ownership",  # only what belongs to whom is served
    "state",  # only while a row, or one that it refers to, is in some state
    "time_window",  # only before or after some time
    "limit",  # at most so much, or so many
    "once",  # not a second time
    "confirmation",  # only once the user has said yes
    "tier",  # depends on what or who the user is
    "order",  # only after another call
    "hand_over",  # not at this desk: refuse, and hand over to a colleague
]
"""What a rule is about."""

CLASSES: tuple[RuleClass, ...] = get_args(RuleClass)


class Rule(Record, kw_only=True):
    """What must hold when tools write, or read, rows of an entity.

    An invariant guards every write of its entity, by whatever tool, effect or sequence. Any
    other rule guards the tools that name it among their guards, as they are called: those about
    who is served (authentication, ownership, tier) first, then in the tool's order.
    """

    id: str
    kind: RuleClass = "invariant"
    entity: str
    on: tuple[Literal["create", "update", "delete", "read"], ...]
    """What it guards; moving a status, linking and moving amounts are create, update, delete of
    the rows that they write. `read`: tools that give one row by its key."""
    fields: tuple[str, ...] = ()
    """An update is guarded only where it changes one of these; empty: any update."""
    predicate: Predicate
    enforced: bool = True
    """Whether tools refuse. If not, only the manual says so, and the verdict sees the breach."""
    level: int = 0
    """Complexity: 0 invariants, 1 facts of one row, 2 who is served, 3 conditions and limits
    across rows, 4 order of calls, exceptions, advice, hand-over."""
    evidence: tuple[str, ...] = ()


def derive(schema: Schema) -> tuple[Rule, ...]:
    """Make the rules that a schema implies: checks, exclusives, life cycles, restricted deletes.

    Returns:
        Checks first, then exclusives, life cycles and deletes, each in the schema's order; ids
        are unique.
    """
    rules = [_from_check(check) for check in schema.checks]
    rules += [_from_exclusive(one) for one in schema.exclusives]
    rules += [_from_lifecycle(lifecycle) for lifecycle in schema.lifecycles]
    rules += [_from_relation(relation) for relation in schema.relations]
    return tuple(_numbered(rules))


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
        yield rule if name == rule.id else msgspec.structs.replace(rule, id=name)


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


def _from_exclusive(one: Exclusive) -> Rule:
    return Rule(
        id=one.id,
        entity=one.entity,
        on=("create", "update"),
        predicate=Alone(exclusive=one.id),
        evidence=one.evidence,
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
