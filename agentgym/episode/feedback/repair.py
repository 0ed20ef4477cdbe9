"""Which shown tool repairs an error: lists what there is, or does what a rule wants first.

What a refused call was aimed at comes in, the name of a tool goes out. Next: `coach`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from agentgym.episode.feedback.aim import Aim, rule_of
from agentgym.episode.view import View
from agentgym.rules import (
    Alone,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Predicate,
    Rule,
    parts,
)
from agentgym.schema import Entity
from agentgym.tools.algebra import (
    AskUser,
    Conclude,
    CurrentTime,
    Find,
    Get,
    Identify,
    ListRelated,
    ListTools,
    Search,
    ShowToolDoc,
    Term,
    listed,
)
from agentgym.trajectory import Fault
from agentgym.world.rows import World

__all__ = ["repair"]


def repair(fault: Fault, name: str, aimed: Aim | None, view: View, world: World) -> str | None:
    """Name the shown tool that repairs an error; None where none does.

    Args:
        fault: Why the call was refused.
        name: What was called.
        aimed: What it was aimed at; None where there is no such tool.
        view: The tools that are shown.
        world: The state.
    """
    if aimed is None:
        return _near(name, view)
    match fault.code:
        case "unavailable":
            return _available(name, view)
        case "not_found":
            if isinstance(aimed.term, Identify):
                return _first(view, AskUser)
            if aimed.term in _documents(view):
                return _first(view, ListTools)
            wanted = _sought(aimed, view)
            return None if wanted is None else lists(wanted, view, but=name)
        case "ambiguous" | "conflict":
            entity = next((entity for entity, _, _ in aimed.bound.values()), None)
            return None if entity is None else lists(entity, view, but=name)
        case "rule_broken":
            rule = rule_of(fault, view)
            return None if rule is None else _remedy(rule, name, view, world)
        case _:
            return None


def lists(entity: str, view: View, *, but: str) -> str | None:
    """Name the shown tool that shows which rows of an entity there are."""
    schema = view.domain.schema

    def among(kind: type, owner: Callable[[Term], str]) -> Iterator[str]:
        for name, term in _shown(view):
            if isinstance(term, kind) and name != but and owner(term) == entity:
                yield name

    for kind in (Search, Find):
        for name in among(kind, lambda term: term.entity):  # type: ignore[union-attr]
            return name
    related = among(ListRelated, lambda term: listed(term, schema))  # type: ignore[arg-type]
    return next(related, None)


def _shown(view: View) -> Iterator[tuple[str, Term]]:
    """Yield the tools that the agent has been given, each with its term."""
    for face in view.faces:
        yield face.name, view.terms[face.name]


def _first(view: View, kind: type) -> str | None:
    return next((name for name, term in _shown(view) if isinstance(term, kind)), None)


def _near(name: str, view: View) -> str | None:
    """Name the tool that was probably meant, or the one that lists them all."""
    names = {face.name.casefold(): face.name for face in view.faces}
    close = difflib.get_close_matches(name[:100].casefold(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else _first(view, ListTools)


def _available(name: str, view: View) -> str | None:
    """Name what makes a tool available: its documentation where it is locked, else itself."""
    if view.surface is not None and view.surface.by_name[name].locked:
        return _first(view, ShowToolDoc)
    return name if any(face.name == name for face in view.faces) else None


def _documents(view: View) -> list[Term]:
    return [term for _, term in _shown(view) if isinstance(term, ShowToolDoc)]


def _sought(aimed: Aim, view: View) -> str | None:
    """Name the entity of which a row was not found."""
    column = aimed.column(view)
    if column is None:
        return next((entity for entity, _, _ in aimed.bound.values()), None)
    entity, field, use = column
    if use in ("value", "end", "eq"):
        for relation in view.domain.schema.parents(entity.name):
            if field.name in relation.fields:
                return relation.target
    return entity.name


def _remedy(rule: Rule, name: str, view: View, world: World) -> str | None:
    """Name the tool that does what a rule wants, or shows what it is about."""
    if rule.kind == "hand_over":
        return _first(view, Conclude)
    found = list(parts(rule.predicate))
    if any(isinstance(part, (Authenticated, Owner, Holder)) for part in found):
        if world.session.identity is None:
            return _first(view, Identify)
        return _first(view, Conclude)  # somebody else's
    if any(isinstance(part, Not) for part in found):
        return None
    entity = view.domain.schema.entity(rule.entity)
    for part in found:
        tool = _for(part, entity, name, view)
        if tool is not None:
            return tool
    return None


def _for(part: Predicate, entity: Entity, name: str, view: View) -> str | None:
    schema = view.domain.schema
    match part:
        case Confirmed():
            return _first(view, AskUser)
        case Calls(op="ge" | "gt" | "eq") if part.value:
            return _shown_as(part.tool, view)
        case NoChildren():
            relation = schema.relation(part.relation)
            return _children(relation.name, view) or lists(relation.entity, view, but=name)
        case Count():
            relation = schema.relation(part.relation)
            return _children(relation.name, view) or lists(relation.entity, view, but=name)
        case Elapsed():
            return _first(view, CurrentTime)
        case Move() | Alone():
            return _row(entity.name, view) or lists(entity.name, view, but=name)
        case Compare(at="before") | In(at="before") if not part.path:
            return _row(entity.name, view) or lists(entity.name, view, but=name)
        case Compare(path=(_, *_)) | In(path=(_, *_)):
            target = schema.relation(part.path[-1]).target
            return _row(target, view) or lists(target, view, but=name)
        case _:
            return None


def _shown_as(tool: str, view: View) -> str | None:
    """Return the name under which a tool of the domain is shown."""
    names = {face.name for face in view.faces}
    if view.surface is None:
        return tool if tool in names else None
    routes = view.surface.routes.get(tool, ())
    return next((shown.name for shown, _ in routes if shown.name in names), None)


def _children(relation: str, view: View) -> str | None:
    return next(
        (
            name
            for name, term in _shown(view)
            if isinstance(term, ListRelated) and term.through is None and term.relation == relation
        ),
        None,
    )


def _row(entity: str, view: View) -> str | None:
    return next(
        (name for name, term in _shown(view) if isinstance(term, Get) and term.entity == entity),
        None,
    )
