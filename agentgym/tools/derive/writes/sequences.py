"""The tools that do at once what a desk does in two steps: rebook, settle, replace.

A whole `Desk` comes in, with the tools made so far; at most two sequences go out, all or
nothing each. Next: `tools.views`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec.structs import replace

from agentgym.rules import Rule
from agentgym.rules.english import a
from agentgym.schema import Lifecycle, Relation
from agentgym.tools import algebra
from agentgym.tools.algebra import Argument, Create, Link, Step, Tool, Transition, Unlink
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import short
from agentgym.tools.derive.writes.links import end_said, ends_of, pair_names

__all__ = ["sequences"]

_MOST = 2
_BOOKED = frozenset(
    "appointment booking reservation visit consultation viewing lesson meeting".split()
)
_CANCELLED = ("cancelled", "canceled")
_PAYMENTS = frozenset("payment remittance settlement".split())
_PAID = ("paid", "settled", "paid_in_full")
_VERBS = {
    "confirmed": "confirm",
    "approved": "approve",
    "submitted": "submit",
    "published": "publish",
    "issued": "issue",
    "scheduled": "schedule",
    "accepted": "accept",
    "placed": "place",
    "activated": "activate",
    "active": "activate",
    "open": "open",
    "opened": "open",
    "sent": "send",
}
_STATUS = ("status", "state", "stage", "phase")
_NOT_LETTER = re.compile(r"[^a-z]+")
_T = TypeVar("_T", Create, Transition, Link, Unlink)


def sequences(desk: Desk, tools: Sequence[Tool], rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tools that a desk would have for what it does in two steps, at most two.

    Args:
        desk: The desk.
        tools: Those of the single steps.
        rules: All rules; the guards of a sequence are those of its steps.
    """
    found: list[Tool] = []
    for way in (_rebook, _settle, _replace, _create_and_move):
        if len(found) < _MOST:
            found += [tool for tool, _ in zip(way(desk, tools), range(1), strict=False)]
    order = {rule.id: place for place, rule in enumerate(rules)}
    for tool in found:
        yield replace(
            tool,
            name=desk.names.take(tool.name),
            description=texts.cut(tool.description),
            guards=tuple(sorted(set(tool.guards), key=lambda name: order.get(name, 0))),
        )


def _rebook(desk: Desk, tools: Sequence[Tool]) -> Iterator[Tool]:
    """Cancel an appointment and book another in its place."""
    creates = _creates(tools)
    for move, term in _of(tools, Transition):
        entity = desk.schema.entity(term.entity)
        state = _state(_life(desk, term), _CANCELLED)
        if state is None or entity.name not in creates:
            continue
        create, new = creates[entity.name]
        clash = {one.param for one in (*term.key, term.to)} & {one.param for one in new.values}
        if entity.name.split("_")[-1] in _BOOKED and not clash - {term.to.param}:
            yield _joined(
                f"rebook_{entity.name}",
                f"Cancel {a(entity.label)} and book another in its place, both or neither. "
                "Nothing is taken over from the old one: the new one is as given here.",
                (move, Step(term=term, given={term.to.param: state})),
                (create, Step(term=new)),
            )


def _settle(desk: Desk, tools: Sequence[Tool]) -> Iterator[Tool]:
    """Record a payment and mark what it pays as paid."""
    creates = _creates(tools)
    for move, term in _of(tools, Transition):
        state = _state(_life(desk, term), _PAID)
        for relation in desk.schema.children(term.entity):
            if state is None or relation.entity not in creates:
                continue
            create, new = creates[relation.entity]
            key = _reached(relation, term, new)
            if key is None or relation.entity.split("_")[-1] not in _PAYMENTS:
                continue
            child, entity = desk.schema.entity(relation.entity), desk.schema.entity(term.entity)
            moved = replace(term, key=key)
            yield _joined(
                f"settle_{entity.name}",
                f"Record {a(child.label)} and mark its {entity.label} as {_said(state)}, both or "
                "neither.",
                (create, Step(term=new)),
                (move, Step(term=moved, given={term.to.param: state})),
            )


def _replace(desk: Desk, tools: Sequence[Tool]) -> Iterator[Tool]:
    """Take one thing out of another and put a new one in."""
    removes = {term.entity: (tool, term) for tool, term in _of(tools, Unlink)}
    for add, term in _of(tools, Link):
        entity = desk.schema.entity(term.entity)
        ends = ends_of(desk, entity)
        if ends is None or not ends.plain or entity.name not in removes:
            continue
        if len(ends.fields) != 2 or any(len(one.fields) > 1 for one in ends.relations):
            continue
        remove, part = removes[entity.name], ends.relations[0]
        mine = next(one.param for one in term.ends if one.field == part.fields[0])
        taken = {one.param for one in (*term.ends, *term.values)} - {mine}
        if {short(f"old_{mine}"), short(f"new_{mine}")} & taken:
            continue
        said, into = (end_said(desk, one) for one in ends.relations)
        out = replace(remove[1], ends=_renamed(remove[1].ends, part, "old", "to take out"))
        put = replace(term, ends=_renamed(term.ends, part, "new", "to put in"))
        yield _joined(
            "replace_{}_in_{}".format(*pair_names(desk, ends)),
            f"Replace {a(said)} in {a(into)} by another, both or neither.",
            (remove[0], Step(term=out)),
            (add, Step(term=put)),
        )


def _create_and_move(desk: Desk, tools: Sequence[Tool]) -> Iterator[Tool]:
    """Make a row and take the first step of its life cycle."""
    creates = _creates(tools)
    for move, term in _of(tools, Transition):
        entity, life = desk.schema.entity(term.entity), _life(desk, term)
        if entity.name not in creates or len(life.initial) != 1:
            continue
        create, new = creates[entity.name]
        state = next((s for s in life.moves[life.initial[0]] if _plain(s) in _VERBS), None)
        if state is not None and life.field.removeprefix(f"{entity.name}_") in _STATUS:
            yield _joined(
                f"create_and_{_VERBS[_plain(state)]}_{entity.name}",
                f"Create {a(entity.label)} that is {_said(state)} at once, both or neither.",
                (create, Step(term=new)),
                (
                    move,
                    Step(
                        term=term,
                        given={term.to.param: state},
                        taken={one.param: f"0.{one.field}" for one in term.key},
                    ),
                ),
            )


def _joined(name: str, description: str, *steps: tuple[Tool, Step]) -> Tool:
    return Tool(
        name=name,
        description=description,
        term=algebra.Sequence(steps=tuple(step for _, step in steps)),
        guards=tuple(rule for tool, _ in steps for rule in tool.guards),
    )


def _of(tools: Sequence[Tool], kind: type[_T]) -> list[tuple[Tool, _T]]:
    return [(tool, tool.term) for tool in tools if isinstance(tool.term, kind)]


def _creates(tools: Sequence[Tool]) -> dict[str, tuple[Tool, Create]]:
    """Return the plain create tools, by entity."""
    return {term.entity: (tool, term) for tool, term in _of(tools, Create) if not term.nested}


def _life(desk: Desk, term: Transition) -> Lifecycle:
    return next(one for one in desk.lifecycles[term.entity] if one.field == term.to.field)


def _state(life: Lifecycle, words: Sequence[str]) -> str | None:
    """Return the state of that name to which others lead."""
    reached = {state for to in life.moves.values() for state in to}
    return next((s for s in life.moves if _plain(s) in words and s in reached), None)


def _plain(state: str) -> str:
    return _NOT_LETTER.sub("_", state.lower()).strip("_")


def _said(state: str) -> str:
    return _plain(state).replace("_", " ")


def _reached(relation: Relation, term: Transition, new: Create) -> tuple[Argument, ...] | None:
    """Name the row that moves by the arguments with which the new one refers to it.

    None where they are not its key, or may be left out, or where other parameters meet.
    """
    given = {one.field: one for one in new.values}
    points = dict(zip(relation.target_fields, relation.fields, strict=True))
    found = []
    for one in term.key:
        mine = given.get(points.get(one.field, ""))
        if mine is None or not mine.required:
            return None
        found.append(replace(one, param=mine.param))
    return tuple(found)


def _renamed(
    ends: Sequence[Argument], part: Relation, word: str, what: str
) -> tuple[Argument, ...]:
    def changed(one: Argument) -> Argument:
        if one.field != part.fields[0]:
            return one
        return replace(
            one,
            param=short(f"{word}_{one.param}"),
            description=texts.which(one.description, what),
        )

    return tuple(changed(one) for one in ends)
