"""Granularity: the tools of an entity merged into rich ones, or split into narrow ones.

Shown tools that each lead to one tool of the domain come in; shown tools that lead to the same
ones go out. Next: `extras`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from agentgym.formats import Json
from agentgym.rules.english import a, capital, listing
from agentgym.schema import Entity, Schema
from agentgym.tools.algebra import (
    Filter,
    Find,
    Get,
    Search,
    Term,
    Transition,
    Update,
)
from agentgym.tools.derive import texts
from agentgym.tools.derive.naming import LONGEST as LONGEST_NAME
from agentgym.tools.derive.naming import plural, short, slug
from agentgym.tools.views.surface import Shown, Way
from agentgym.trajectory import ToolFace

__all__ = ["Take", "narrow", "part", "rich"]

Take = Callable[..., str]
"""Takes the first free one of several names, as `Names.take` does."""

_SELECTORS = ("action", "operation", "mode", "what_to_do")
_MOST_STATES = 12
_READS = (Get, Find, Search)
_CHANGES = (Update, Transition)


def rich(
    schema: Schema, tools: Sequence[Shown], terms: Mapping[str, Term], take: Take
) -> list[Shown]:
    """Merge what reads rows of one entity into one tool, and what changes a row into another."""
    groups: dict[tuple[str, bool], list[Shown]] = {}
    for shown in tools:
        term = terms[shown.tool]
        if isinstance(term, (*_READS, *_CHANGES)):
            groups.setdefault((term.entity, isinstance(term, _CHANGES)), []).append(shown)
    found: list[Shown] = []
    done: set[tuple[str, bool]] = set()
    for shown in tools:
        term = terms[shown.tool]
        if not isinstance(term, (*_READS, *_CHANGES)):
            found.append(shown)
            continue
        slot = (term.entity, isinstance(term, _CHANGES))
        members = groups[slot]
        if len(members) == 1:
            found.append(shown)
        elif slot not in done:
            done.add(slot)
            found.append(_merged(schema.entity(term.entity), members, take, changes=slot[1]))
    return found


def _merged(entity: Entity, members: Sequence[Shown], take: Take, *, changes: bool) -> Shown:
    actions = _actions(entity, [shown.name for shown in members])
    taken = {param for shown in members for param in shown.face.parameters["properties"]}
    selector = next((name for name in _SELECTORS if name not in taken), "action_to_take")
    properties: dict[str, Json] = {}
    used: dict[str, list[str]] = {}
    ways: list[Way] = []
    for shown, action in zip(members, actions, strict=True):
        params: dict[str, str] = {}
        for own, kind in shown.face.parameters["properties"].items():
            param = own
            if param in properties:
                both = _both(properties[param], kind)
                if both is None:
                    param = short(f"{own}_to_{action}")
                    both = kind
                properties[param] = both
            else:
                properties[param] = kind
            used.setdefault(param, []).append(action)
            params[param] = own
        ways.append(Way(tool=shown.tool, params=params, action=action))
    for param, kind in properties.items():
        if len(used[param]) < len(actions):
            said = f"For {selector} {listing(used[param], 'or')}: "
            properties[param] = kind | {"description": texts.cut(said + kind["description"])}
    lines = [
        f"{action}: {shown.face.description}"
        for action, shown in zip(actions, members, strict=True)
    ]
    required = set.intersection(*(set(s.face.parameters["required"]) for s in members))
    always = [p for p in properties if p in required and len(used[p]) == len(actions)]
    head = f"Change {a(entity.label)}" if changes else f"Look up {entity.plural}"
    chosen = {selector: {"type": "string", "enum": actions, "description": "What to do."}}
    face = ToolFace(
        name=take(
            f"{'modify' if changes else 'look_up'}_{entity.name if changes else plural(entity)}",
            f"{'modify' if changes else 'look_up'}_{entity.name}_rows",
        ),
        description=texts.cut(f"{head}. Choose the {selector}. {' '.join(lines)}"),
        parameters={
            "type": "object",
            "properties": chosen | properties,
            "required": [selector, *always],
            "additionalProperties": False,
        },
        mutates=changes,
    )
    return Shown(face=face, ways=tuple(ways), selector=selector)


def _actions(entity: Entity, names: Sequence[str]) -> list[str]:
    """Name what each tool does, without the entity where that leaves them apart."""
    found = []
    for name in names:
        cut = f"_{name}_"
        for word in (plural(entity), entity.name):
            if f"_{word}_" in cut:
                cut = cut.replace(f"_{word}_", "_", 1)
                break
        found.append(cut.strip("_") or name)
    return found if len(set(found)) == len(found) else list(names)


def _both(one: Json, other: Json) -> Json:
    """Return what takes the values of both, if they are of one type; the tool itself is strict."""
    if one.get("type") != other.get("type"):
        return None
    kept = {name: part for name, part in one.items() if other.get(name) == part}
    return kept | {"description": one["description"]}


def narrow(
    schema: Schema, tools: Sequence[Shown], terms: Mapping[str, Term], take: Take
) -> list[Shown]:
    """Split updates by field, searches by filter, transitions by state."""
    found: list[Shown] = []
    for shown in tools:
        term = terms[shown.tool]
        match term:
            case Update() if len(term.values) > 1:
                found += _fields(schema.entity(term.entity), shown, term, take)
            case Search() if term.filters:
                found += _filters(schema.entity(term.entity), shown, term, take)
            case Transition():
                found += _states(schema, shown, term, take)
            case _:
                found.append(shown)
    return found


def part(
    shown: Shown,
    name: str,
    description: str,
    *,
    without: Sequence[str] = (),
    needed: Sequence[str] = (),
    fixed: Mapping[str, Json] | None = None,
) -> Shown:
    """Make a tool that does a part of what another does.

    Args:
        shown: The other; it has one way.
        name: Of the new one.
        description: Of the new one.
        without: Parameters of the other that it lacks.
        needed: Parameters that it needs, besides those that the other needs.
        fixed: Own parameters of the domain's tool that it sets.
    """
    (way,) = shown.ways
    scheme = shown.face.parameters
    set_here = dict(fixed or {})
    gone = {*without, *(p for p, own in way.params.items() if own in set_here)}
    required = [p for p in scheme["properties"] if p in {*scheme["required"], *needed}]
    face = msgspec.structs.replace(
        shown.face,
        name=name,
        description=texts.cut(description),
        parameters=scheme
        | {
            "properties": {p: k for p, k in scheme["properties"].items() if p not in gone},
            "required": [p for p in required if p not in gone],
        },
    )
    params = {p: own for p, own in way.params.items() if p not in gone}
    return Shown(face=face, ways=(Way(tool=way.tool, params=params, fixed=way.fixed | set_here),))


def _fields(entity: Entity, shown: Shown, term: Update, take: Take) -> list[Shown]:
    found = []
    params = [value.param for value in term.values]
    for value in term.values:
        said = texts.noun(entity, entity.field(value.field))
        found.append(
            part(
                shown,
                take(
                    f"set_{entity.name}_{slug(said) or value.param}",
                    f"set_{entity.name}_{value.param}",
                ),
                f"Set the {said} of {a(entity.label)}, and nothing else.",
                without=[param for param in params if param != value.param],
                needed=[value.param],
            )
        )
    return found


def _filters(entity: Entity, shown: Shown, term: Search, take: Take) -> list[Shown]:
    groups: dict[str, list[Filter]] = {}
    for one in term.filters:
        groups.setdefault(one.field, []).append(one)
    params = [one.param for one in term.filters]
    tail = f"{texts.order_text(entity, term.order)}."
    found = [
        part(
            shown,
            take(f"list_{plural(entity)}", f"list_{entity.name}_rows"),
            f"List all {entity.plural}{tail}",
            without=params,
        )
    ]
    for field, group in groups.items():
        mine = [one.param for one in group]
        said = texts.noun(entity, entity.field(field))
        found.append(
            part(
                shown,
                take(
                    f"search_{plural(entity)}_by_{slug(said) or field}",
                    f"search_{plural(entity)}_by_{field}",
                ),
                f"Search {entity.plural} by their {said} alone{tail}",
                without=[param for param in params if param not in mine],
                needed=mine if len(mine) == 1 else [],
            )
        )
    return found


def _states(schema: Schema, shown: Shown, term: Transition, take: Take) -> list[Shown]:
    entity = schema.entity(term.entity)
    field = entity.field(term.to.field)
    life = next(
        (c for c in schema.lifecycles if (c.entity, c.field) == (entity.name, field.name)), None
    )
    moves = {} if life is None else life.moves
    reached = {state for to in moves.values() for state in to}
    states = [state for state in (field.values or tuple(sorted(reached))) if state in reached]
    names = {state: slug(state) for state in states}
    if not 1 < len(states) <= _MOST_STATES or not all(names.values()):
        return [shown]
    tail = field.name.removeprefix(f"{entity.name}_")
    found = []
    for state in states:
        before = [one for one, to in moves.items() if state in to]
        found.append(
            part(
                shown,
                take(f"set_{entity.name}_{tail}_to_{names[state]}"[:LONGEST_NAME]),
                capital(f"set the {field.label} of {a(entity.label)} to {state}; ")
                + f"it must be {listing(before, 'or')} before.",
                fixed={term.to.param: state},
            )
        )
    return found
