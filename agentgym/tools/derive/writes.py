"""The tools that write: create, update, move a status, delete.

A `Desk` and the rules come in, terms with their guards go out. Next: `tools.views`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from agentgym.rules import Move, NoChildren, Rule, fields_of
from agentgym.rules.english import a, capital, listing
from agentgym.schema import Entity, Field, Lifecycle, Relation
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Tool,
    Transition,
    Update,
)
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters, slug

__all__ = ["writes"]

_MOST = 40
"""Optional values that one tool takes; a settings table may have hundreds of columns."""

_Kind = Literal["create", "update", "delete"]


def writes(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tools that change rows of the entity; none where it only grows or is fixed."""
    if not entity.writable or entity.kind == "log":
        return
    mine = [rule for rule in rules if rule.entity == entity.name]
    ends = _ends(desk, entity)
    create = _create(desk, entity, mine, ends)
    if create is not None:
        yield create
    if entity.name not in desk.gets:
        return
    update = _update(desk, entity, mine)
    if update is not None:
        yield update
    for lifecycle in desk.lifecycles.get(entity.name, []):
        if _settable(entity.field(lifecycle.field)) and lifecycle.field not in entity.key:
            yield _transition(desk, entity, lifecycle, mine)
    yield _delete(desk, entity, mine, ends)


def _settable(field: Field) -> bool:
    return not field.generated and field.role not in ("audit", "secret") and field.type != "bytes"


def _guards(rules: Sequence[Rule], kind: _Kind, fields: Collection[str]) -> tuple[str, ...]:
    """Name the rules that a write of these fields can break."""
    return tuple(
        rule.id
        for rule in rules
        if kind in rule.on
        and (
            isinstance(rule.predicate, NoChildren)
            or kind == "delete"
            or (kind == "create" and not isinstance(rule.predicate, Move))
            or not fields_of(rule.predicate).isdisjoint(fields)
        )
    )


def _filled(entity: Entity) -> set[str]:
    """Name the key fields that the world fills in by itself."""
    return set(entity.key) if entity.key_source in ("counter", "text", "row_number") else set()


def _lives(desk: Desk, entity: Entity) -> dict[str, Lifecycle]:
    return {lifecycle.field: lifecycle for lifecycle in desk.lifecycles.get(entity.name, [])}


def _create(
    desk: Desk, entity: Entity, rules: Sequence[Rule], ends: tuple[Relation, Relation] | None
) -> Tool | None:
    lives, filled = _lives(desk, entity), _filled(entity)
    fields: list[Field] = []
    for field in entity.fields:
        life = lives.get(field.name)
        if field.name in filled or field.generated or (life and len(life.initial) == 1):
            continue
        if _settable(field):
            fields.append(field)
        elif not field.nullable and field.default is None and not _stamped(field):
            return None  # nobody could supply it
    fields = _best(fields, {f.name for f in fields if not f.nullable and f.default is None})
    if not fields:
        return None
    taken = Parameters(entity)
    values = tuple(
        Argument(
            param=taken.take(field.name),
            field=field.name,
            description=_value_text(desk, entity, field, lives.get(field.name)),
            required=not field.nullable and field.default is None,
        )
        for field in fields
    )
    names = [f"create_{entity.name}"]
    text = f"Create {a(entity.label)}."
    if ends is not None:
        _, whole = ends
        names.insert(0, f"add_{_end(desk, ends[0])}_to_{_end(desk, whole)}")
        text = f"Add {a(_said(desk, ends[0]))} to {a(_said(desk, whole))}."
    made = [texts.noun(entity, entity.field(name)) for name in entity.key if name in filled]
    made += [
        f"{entity.field(name).label} ({life.initial[0]})"
        for name, life in lives.items()
        if len(life.initial) == 1
    ]
    if made:
        text += f" Its {listing(made)} {'is' if len(made) == 1 else 'are'} set automatically."
    return Tool(
        name=desk.names.take(*names),
        description=texts.cut(text),
        term=Create(entity=entity.name, values=values),
        guards=_guards(rules, "create", {field.name for field in fields}),
    )


def _best(fields: Sequence[Field], required: Collection[str]) -> list[Field]:
    """Keep what is required and, of the rest, the first fields that people speak of."""
    optional = [field for field in fields if field.name not in required]
    optional.sort(key=lambda field: (not field.spoken, field.role in ("other", "text")))
    kept = {field.name for field in optional[:_MOST]}
    return [field for field in fields if field.name in required or field.name in kept]


def _stamped(field: Field) -> bool:
    """Tell whether the world writes the field by itself whenever a row is written."""
    return field.role == "audit" and field.type in ("date", "datetime")


def _value_text(
    desk: Desk, entity: Entity, field: Field, life: Lifecycle | None, *, clears: bool = False
) -> str:
    text = texts.argument(entity, field, pointer=desk.pointer(entity, field), clears=clears)
    if life is not None and life.initial:
        text += f" To begin with: {listing(life.initial, 'or')}."
    return text


def _update(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Tool | None:
    lives = _lives(desk, entity)
    fields = [
        field
        for field in entity.fields
        if field.name not in entity.key and field.name not in lives and _settable(field)
    ]
    fields = _best(fields, set())
    if not fields:
        return None
    key = desk.key(entity)
    taken = Parameters(entity, (argument.param for argument in key))
    values = tuple(
        Argument(
            param=taken.take(field.name),
            field=field.name,
            description=_value_text(desk, entity, field, None, clears=True),
        )
        for field in fields
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
    return Tool(
        name=desk.names.take(f"update_{entity.name}"),
        description=texts.cut(f"Update {what}{only}."),
        term=Update(entity=entity.name, key=key, values=values),
        guards=_guards(rules, "update", {field.name for field in fields}),
    )


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
        guards=_guards(rules, "update", {field.name}),
    )


def _delete(
    desk: Desk, entity: Entity, rules: Sequence[Rule], ends: tuple[Relation, Relation] | None
) -> Tool:
    names = [f"delete_{entity.name}"]
    text = f"Delete {a(entity.label)}."
    if ends is not None:
        names.insert(0, f"remove_{_end(desk, ends[0])}_from_{_end(desk, ends[1])}")
        text = f"Remove {a(_said(desk, ends[0]))} from {a(_said(desk, ends[1]))}."
    bars = dict.fromkeys(
        desk.schema.entity(desk.schema.relation(rule.predicate.relation).entity).plural
        for rule in rules
        if "delete" in rule.on and isinstance(rule.predicate, NoChildren)
    )
    if bars:
        text += f" Refused while {listing(bars, 'or')} refer to it."
    return Tool(
        name=desk.names.take(*names),
        description=texts.cut(text),
        term=Delete(entity=entity.name, key=desk.key(entity)),
        guards=_guards(rules, "delete", ()),
    )


def _ends(desk: Desk, entity: Entity) -> tuple[Relation, Relation] | None:
    """Return what a link adds and to what it adds it: `track` to `playlist`.

    The whole is the end whose name the link's own name begins with, else the first.
    """
    pair = desk.schema.parents(entity.name)
    if entity.kind != "link" or len(pair) != 2:
        return None
    first, second = pair
    if entity.name.startswith(second.target) and not entity.name.startswith(first.target):
        first, second = second, first
    return second, first


def _said(desk: Desk, relation: Relation) -> str:
    return relation.label or desk.schema.entity(relation.target).label


def _end(desk: Desk, relation: Relation) -> str:
    return slug(_said(desk, relation)) or relation.target
