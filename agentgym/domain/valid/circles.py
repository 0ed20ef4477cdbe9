"""Effects and derived values that set each other off without end.

Each is an arrow from the writes that set it off to the field that it writes; a circle of
arrows is named by its ids. Next: `terms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.domain.valid.faults import fail
from agentgym.rules import Add, Assign, Effect
from agentgym.rules.consistency import circle
from agentgym.schema import Derived, Schema

__all__ = ["check_circles"]

_Write = tuple[str, str, str | None]
"""Entity, kind of write, and the field that changes; None where all do."""


def check_circles(schema: Schema, effects: Sequence[Effect], where: str) -> None:
    """Check that no effect or derived value can set itself off, over however many others."""
    named: dict[str, Effect | Derived] = {one.id: one for one in schema.derived}
    named |= {one.id: one for one in effects}
    follows = {
        name: [
            other
            for other, two in named.items()
            if any(_sets_off(write, two, schema) for write in _writes(one, schema))
        ]
        for name, one in named.items()
    }
    found = circle(follows, [name for name, one in named.items() if not _settles(one)])
    if found:
        fail(
            "effects and derived values that come to an end",
            "the circle " + " -> ".join((*found, found[0])),
            _place(found[0], schema, effects, where),
            "remove one of them, or let it watch other fields",
        )


def _place(name: str, schema: Schema, effects: Sequence[Effect], where: str) -> str:
    for place, effect in enumerate(effects):
        if effect.id == name:
            return f"{where} $.effects[{place}] ({name})"
    for place, one in enumerate(schema.derived):
        if one.id == name:
            return f"{where} $.schema.derived[{place}] ({name})"
    return where


def _settles(one: Effect | Derived) -> bool:
    """Tell whether it only notes something in its own row, which a second time changes nothing."""
    if isinstance(one, Derived) or not isinstance(one.do, Assign) or one.do.path:
        return False
    value = one.do.value
    return value.change is None and value.field != one.do.field and not value.before


def _writes(one: Effect | Derived, schema: Schema) -> list[_Write]:
    if isinstance(one, Derived):
        return [(one.entity, "update", one.field)]
    start = one.entity if one.each is None else schema.relation(one.each).entity
    do = one.do
    if isinstance(do, Add):
        return [(do.entity, "create", None)]
    top = start if not do.path else schema.relation(do.path[-1]).target
    return [(top, "update", do.field)]


def _sets_off(write: _Write, one: Effect | Derived, schema: Schema) -> bool:
    entity, kind, field = write
    if isinstance(one, Effect):
        if entity != one.entity or kind not in one.on:
            return False
        return kind != "update" or not one.fields or field in one.fields
    if entity == one.entity and kind == "update" and field in _own(one):
        return True
    if one.relation is None:
        return False
    relation = schema.relation(one.relation)
    if entity != relation.entity:
        return False
    looked = {*relation.fields, *one.where, *(n for term in one.terms for n in term.fields)}
    return kind != "update" or field in looked


def _own(one: Derived) -> set[str]:
    terms = one.terms if one.relation is None else one.own
    return {name for term in terms for name in term.fields}
