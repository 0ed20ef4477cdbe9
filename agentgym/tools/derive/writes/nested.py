"""The tools that make a row together with the rows that exist only within it: order and lines.

The plain create tool of an entity comes in, one that takes lists besides goes out.
Next: `links`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.rules import Rule
from agentgym.rules.english import a, capital, listing
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.algebra import Create, Nested, Tool
from agentgym.tools.derive import filters as choice
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters, plural, short
from agentgym.tools.derive.writes.settable import (
    arguments,
    automatic,
    best,
    follows,
    guards,
    needed,
    new_fields,
)

__all__ = ["create_with_children"]

_LINES = frozenset(
    "line lines item items detail details position positions row rows entry entries".split()
)
_HAPPENINGS = frozenset(
    "activity alert application approval audit change comment document event file history "
    "image invoice job log login message metric movement note notification payment photo "
    "rating receipt refund request reset result review run score session shipment snapshot "
    "statistic statistics stats status step token tracking transaction transfer transition "
    "version view visit vote".split()
)
"""Heads of names of rows that come later, one by one, and not with their parent."""
_MOST_LISTS = 2
_MOST_VALUES = 10
_MOST_ROWS = 20


class _Part(Record, kw_only=True):
    """A kind of row that exists only within another."""

    relation: Relation
    child: Entity
    fields: tuple[Field, ...]
    """What the caller gives of each."""
    line: bool
    """Whether the name says that it is a line of something."""
    said: str
    """What the list is called: `lines` of an order."""


def create_with_children(
    desk: Desk, entity: Entity, plain: Tool, rules: Sequence[Rule]
) -> Tool | None:
    """Make the tool that adds a row with lists of rows in it; None where it has no such parts.

    Args:
        desk: The desk.
        entity: The whole.
        plain: Its plain create tool, whose arguments the new tool takes too.
        rules: All rules.
    """
    assert isinstance(plain.term, Create)
    parts = _parts(desk, entity)
    if not parts:
        return None
    taken = Parameters(entity, (one.param for one in plain.term.values))
    lists = tuple(
        Nested(
            param=taken.take(part.said),
            relation=part.relation.name,
            values=arguments(desk, part.child, part.fields, Parameters(part.child)),
            description=_list_text(desk, part, entity),
            least=0 if place else 1,
            most=_MOST_ROWS,
        )
        for place, part in enumerate(parts)
    )
    said = listing(" ".join(part.said.split("_")) for part in parts)
    guarding = dict.fromkeys(plain.guards)
    for part in parts:
        guarding.update(dict.fromkeys(guards(desk, part.child, rules, "create")))
    return Tool(
        name=desk.names.take(
            short(f"create_{entity.name}_with_{'_and_'.join(part.said for part in parts)}")
        ),
        description=texts.cut(
            f"Create {a(entity.label)} together with its {said}, all or nothing."
            + automatic(desk, entity)
        ),
        term=Create(entity=entity.name, values=plain.term.values, nested=lists),
        guards=tuple(guarding),
    )


def _parts(desk: Desk, entity: Entity) -> list[_Part]:
    """Choose what is made with the entity: its lines, else what is joined to it."""
    found: list[_Part] = []
    for relation in desk.schema.children(entity.name):
        child = desk.schema.entity(relation.entity)
        part = _part(desk, entity, child, relation)
        if part is not None:
            found.append(part)
    lines = [part for part in found if part.line]
    chosen = (lines or found)[:_MOST_LISTS]
    return chosen if len({part.said for part in chosen}) == len(chosen) else chosen[:1]


def _part(desk: Desk, entity: Entity, child: Entity, relation: Relation) -> _Part | None:
    words = child.name.split("_")
    line = words[-1] in _LINES
    within = _within(desk, child)
    if child.kind in ("log", "lookup") or not child.writable or not child.spoken:
        return None
    if desk.schema.children(child.name) or child.name == entity.name:
        return None
    if entity.name != (within or (line and _happening(desk, child))):
        return None
    if not line and (words[-1] in _HAPPENINGS or choice.newest(child) is not None):
        return None
    if len([r for r in desk.schema.parents(child.name) if r.target == entity.name]) != 1:
        return None
    if relation.one_to_one or any(child.field(name).nullable for name in relation.fields):
        return None
    single = (child.key, *child.uniques, *((f.name,) for f in child.fields if f.unique))
    if any(set(one) <= set(relation.fields) for one in single):
        return None  # at most one: no list
    fields = new_fields(desk, child, without=relation.fields)
    if not fields:
        return None
    must = {field.name for field in fields if needed(field)}
    return _Part(
        relation=relation,
        child=child,
        fields=tuple(best(fields, must, _MOST_VALUES)),
        line=line,
        said=_said(child, entity),
    )


def _within(desk: Desk, child: Entity) -> str | None:
    """Name the entity with whose name the child's begins; of several, the longest."""
    wholes = {r.target for r in desk.schema.parents(child.name)}
    return max((w for w in wholes if child.name.startswith(f"{w}_")), key=len, default=None)


def _happening(desk: Desk, child: Entity) -> str | None:
    """Name the only one of its parents that happens: an order, not a product."""
    wholes = [
        relation.target
        for relation in desk.schema.parents(child.name)
        if not any(child.field(name).nullable for name in relation.fields)
        and choice.newest(desk.schema.entity(relation.target)) is not None
    ]
    return wholes[0] if len(wholes) == 1 else None


def _said(child: Entity, entity: Entity) -> str:
    """Name the list: `lines` for the order lines of an order."""
    name = plural(child)
    tail = name.removeprefix(f"{entity.name}_")
    return tail if tail and not tail[0].isdigit() else name


def _list_text(desk: Desk, part: _Part, entity: Entity) -> str:
    labels = [desk.said(part.child, field) for field in part.fields]
    text = f"the {part.child.plural} of the new {entity.label}, each with {listing(labels)}"
    if len(labels) > 6:
        text = f"the {part.child.plural} of the new {entity.label}"
    return capital(text) + "." + follows(desk, part.child).replace(" Its ", " The ")
