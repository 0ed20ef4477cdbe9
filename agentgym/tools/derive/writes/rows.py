"""The tools that write one row: create, update, move a status, delete.

An entity of a `Desk` comes in, its tools go out. Next: `nested`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.rules import Rule
from agentgym.rules.english import a, capital, listing
from agentgym.schema import Entity, Lifecycle
from agentgym.tools.algebra import Argument, Create, Delete, Tool, Transition, Update
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters
from agentgym.tools.derive.writes.settable import (
    arguments,
    automatic,
    best,
    follows,
    guards,
    lives,
    new_fields,
    refused_while,
    settable,
)

__all__ = ["create", "delete", "transitions", "update"]


def create(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Tool | None:
    """Make the tool that adds a row; None where nobody could supply all it needs."""
    fields = new_fields(desk, entity)
    if not fields:
        return None
    return Tool(
        name=desk.names.take(f"create_{entity.name}"),
        description=texts.cut(f"Create {a(entity.label)}.{automatic(desk, entity)}"),
        term=Create(entity=entity.name, values=arguments(desk, entity, fields, Parameters(entity))),
        guards=guards(desk, entity, rules, "create"),
    )


def update(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tool that changes fields of a row, where any may be changed."""
    cycles = lives(desk, entity)
    able = [
        field
        for field in entity.fields
        if field.name not in entity.key
        and field.name not in cycles
        and settable(desk, entity, field)
    ]
    fields = best(able, set())
    if not fields:
        return
    key = desk.key(entity)
    values = arguments(
        desk, entity, fields, Parameters(entity, (one.param for one in key)), change=True
    )
    roles = {field.role for field in fields}
    if roles <= {"contact", "place"} and "contact" in roles and len(fields) > 1:
        what = f"the contact details of {a(entity.label)}"
    elif len(fields) == 1:
        what = f"the {desk.said(entity, fields[0])} of {a(entity.label)}"
    else:
        what = f"the details of {a(entity.label)}"
    only = (
        "" if len(fields) == 1 else "; only the given fields change, and at least one must be given"
    )
    yield Tool(
        name=desk.names.take(f"update_{entity.name}"),
        description=texts.cut(f"Update {what}{only}.{follows(desk, entity)}"),
        term=Update(entity=entity.name, key=key, values=values),
        guards=guards(desk, entity, rules, "update", {field.name for field in fields}),
    )


def transitions(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tools that move a status, one for each life cycle."""
    for lifecycle in desk.lifecycles.get(entity.name, []):
        field = entity.field(lifecycle.field)
        if settable(desk, entity, field) and field.name not in entity.key:
            yield _transition(desk, entity, lifecycle, rules)


def _transition(desk: Desk, entity: Entity, lifecycle: Lifecycle, rules: Sequence[Rule]) -> Tool:
    field = entity.field(lifecycle.field)
    key = desk.key(entity)
    taken = Parameters(entity, (argument.param for argument in key))
    tail = field.name.removeprefix(f"{entity.name}_")
    verb = "change" if tail in ("status", "state", "stage", "phase") else "set"
    lines = [f"{state} to {listing(to, 'or')}" for state, to in lifecycle.moves.items() if to]
    text = f"Change the {field.label} of {a(entity.label)} along its life cycle"
    if lines and sum(map(len, lines)) < 600:
        text += f": {'; '.join(lines)}"
    return Tool(
        name=desk.names.take(f"{verb}_{entity.name}_{tail}", f"change_{entity.name}_{field.name}"),
        description=texts.cut(f"{text}."),
        term=Transition(
            entity=entity.name,
            key=key,
            to=Argument(
                param=taken.take(field.name),
                field=field.name,
                description=capital(
                    f"the new {field.label}; it must be one that may follow the present one."
                ),
                required=True,
            ),
        ),
        guards=guards(desk, entity, rules, "update", {field.name}),
    )


def delete(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Tool:
    """Make the tool that removes a row."""
    text = f"Delete {a(entity.label)}.{refused_while(desk, entity, rules)}"
    return Tool(
        name=desk.names.take(f"delete_{entity.name}"),
        description=texts.cut(text),
        term=Delete(entity=entity.name, key=desk.key(entity)),
        guards=guards(desk, entity, rules, "delete"),
    )
