"""Who the user is in the data: the row of the plan's party, and what of it they keep to themselves.

A plan and the rows come in; what the script of a task says of its user goes out. Next: `admit`.
"""

from __future__ import annotations

from typing import TypedDict

from agentgym.formats import Json, encode
from agentgym.plan import Fact, Plan
from agentgym.plan.tables import Tables
from agentgym.schema.types import to_stored, to_wire

__all__ = ["Somebody", "somebody"]

_MOST = 3
"""Private facts that a user has at most."""


class Somebody(TypedDict, total=False):
    """Fields of a `UserScript`."""

    record: tuple[str, tuple[Json, ...]]
    private: tuple[Fact, ...]


def somebody(plan: Plan, tables: Tables) -> Somebody:
    """Return the row that the user is, with what of it nobody has to know.

    Private is how they can be reached, where the plan speaks of no such field and no fact of it
    holds the same value. Empty where no rule and no word asks who the user is.
    """
    if plan.party is None:
        return {}
    entity = tables.schema.entity(plan.party.entity)
    facts = plan.who()
    wanted = {fact.field: to_stored(entity.field(fact.field), fact.value) for fact in facts}
    rows = tables.lookup(entity.name, tuple(wanted), tuple(wanted.values()))
    if len(rows) != 1:
        return {}
    (row,) = rows
    said = encode(plan.nodes).decode()
    told = {encode(fact.value) for fact in plan.facts}
    private: list[Fact] = []
    for field in entity.fields:
        value = row[entity.position(field.name)]
        if field.role != "contact" or value in (None, "") or f'"{field.name}"' in said:
            continue
        wire = to_wire(field, value)
        if field.name not in wanted and encode(wire) not in told:
            name = f"p{len(private) + 1}"
            private.append(Fact(id=name, entity=entity.name, field=field.name, value=wire))
    key = tuple(to_wire(entity.field(name), row[entity.position(name)]) for name in entity.key)
    return {"record": (entity.name, key), "private": tuple(private[:_MOST])}
