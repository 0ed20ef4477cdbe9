"""What a refused call is told: the facts on which a rule failed.

A fact is said as it is, whichever way the rule wants it. Secrets are never told; what is
personal only where the caller sent it. Next: `guard`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agentgym.rules import (
    All,
    Alone,
    AnyOf,
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
    Param,
    Predicate,
)
from agentgym.rules.english import a, listing
from agentgym.schema import Field
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import Identify
from agentgym.world.arguments import Given
from agentgym.world.guards.paths import climb, summit
from agentgym.world.guards.rows import counter, number
from agentgym.world.guards.session import made
from agentgym.world.guards.setting import Setting, behind
from agentgym.world.guards.truth import truth
from agentgym.world.refusals import clean, show
from agentgym.world.rows import World
from agentgym.world.tables import hidden

__all__ = ["Fact", "fact"]

Fact = Callable[[World, Row | None, Row, Given], str]
"""(world, row before or None, row after, arguments) to a clause: `the fee is 3.00`."""

_PERSONAL = ("person", "contact")
_SESSION = (Authenticated, Owner, Holder, Confirmed)
_UNFIT = "the values do not fit"


def fact(predicate: Predicate, setting: Setting) -> Fact:
    """Compile what is told where the predicate decides against a call."""
    match predicate:
        case Compare() | In() | Elapsed():
            return _fields(predicate, setting)
        case Move():
            return _moved(predicate, setting)
        case NoChildren() | Count() | Alone():
            return _rows(predicate, setting)
        case Param():
            return _argument(predicate, setting)
        case Authenticated() | Owner() | Holder() | Confirmed() | Calls():
            return _session(predicate, setting)
        case Not():
            return fact(predicate.of, setting)
        case All():
            return _first(predicate, setting)
        case AnyOf():
            return _each(predicate, setting)


def _first(predicate: All, setting: Setting) -> Fact:
    """Tell of the first part that fails, of who is served before anything else."""
    ordered = sorted(predicate.of, key=lambda part: not isinstance(part, _SESSION))
    found = [(truth(part, setting), fact(part, setting)) for part in ordered]

    def told(world: World, before: Row | None, after: Row, given: Given) -> str:
        for test, said in found:
            if test(world, before, after, given) is False:
                return said(world, before, after, given)
        # Under a Not, all of them hold.
        return (
            listing(dict.fromkeys(said(world, before, after, given) for _, said in found)) or _UNFIT
        )

    return told


def _each(predicate: AnyOf, setting: Setting) -> Fact:
    found = [fact(part, setting) for part in predicate.of]

    def told(world: World, before: Row | None, after: Row, given: Given) -> str:
        # Two parts about one field say the same.
        said = dict.fromkeys(one(world, before, after, given) for one in found)
        return listing(said) or _UNFIT

    return told


def _fields(predicate: Compare | In | Elapsed, setting: Setting) -> Fact:
    entity = summit(predicate.path, setting)
    named = {predicate.field}
    if isinstance(predicate, Compare) and predicate.other is not None:
        named.add(predicate.other)
    shown = [
        (place, field)
        for place, field in enumerate(entity.fields)
        if field.name in named and not hidden(field)
    ]
    reach = climb(predicate.path, predicate.at, setting)
    labels = [setting.schema.relation(name).label for name in predicate.path]
    timed = isinstance(predicate, Elapsed)

    def told(world: World, before: Row | None, after: Row, given: Given) -> str:
        row = reach(world, before, after)
        if row is None:
            return _UNFIT
        clauses = [
            _said(field, row[place], labels)
            for place, field in shown
            if _tellable(field, row[place], given)
        ]
        if clauses and timed:
            clauses.append(f"now it is {world.now}")
        return " and ".join(clauses) or _UNFIT

    return told


def _said(field: Field, value: Stored, path: Sequence[str]) -> str:
    """Say a field of the row, or of the one at the end of a path: of its order's customer."""
    owner = "its " + "'s ".join(path)
    if field.type == "boolean":
        return f"{owner if path else 'it'} is {'' if value else 'not '}marked as {field.label}"
    return f"the {field.label}{f' of {owner}' if path else ''} is {show(to_wire(field, value))}"


def _tellable(field: Field, value: Stored, given: Given) -> bool:
    return field.role not in _PERSONAL or value in given.values()


def _moved(predicate: Move, setting: Setting) -> Fact:
    place = setting.entity.position(predicate.field)
    label = setting.entity.fields[place].label

    def told(_: World, before: Row | None, after: Row, __: Given) -> str:
        to = clean(str(after[place]))
        if before is None:
            return f"it cannot start with the {label} {to}"
        if before[place] == after[place]:
            return f"the {label} is {to} already"
        start = "nothing" if before[place] is None else clean(str(before[place]))
        return f"the {label} cannot go from {start} to {to}"

    return told


def _rows(predicate: NoChildren | Count | Alone, setting: Setting) -> Fact:
    match predicate:
        case NoChildren():
            relation = setting.schema.relation(predicate.relation)
            child = setting.schema.entity(relation.entity)
            referring = counter(relation, setting.image)

            def told(world: World, _: Row | None, after: Row, __: Given) -> str:
                found = referring(world, after)
                return f"{found} {child.label if found == 1 else child.plural} " + (
                    "refers to it" if found == 1 else "refer to it"
                )

            return told
        case Count():
            counted = number(predicate, setting)
            relation = setting.schema.relation(predicate.relation)
            child = setting.schema.entity(relation.entity)
            one = "it"
            if predicate.path:
                one = f"its {setting.schema.relation(predicate.path[-1]).label}"
            kind = _where(predicate.where)
            would = "has" if setting.kind == "read" else "would have"

            def many(world: World, before: Row | None, after: Row, _: Given) -> str:
                found = counted(world, before, after)
                return f"{one} {would} {found} {child.label if found == 1 else child.plural}{kind}"

            return many
        case Alone():
            same = next(e for e in setting.schema.exclusives if e.id == predicate.exclusive)
            labels = listing(setting.entity.field(name).label for name in same.same)
            both = f" has the same {labels}" if labels else " is there"
            clause = f"another {setting.entity.label}{_where(same.where)}{both}" + (
                " at a time that overlaps" if same.span else ""
            )
            return lambda _, __, ___, ____: clause


def _where(where: Mapping[str, Sequence[str]]) -> str:
    values = [listing((clean(f'"{v}"') for v in found), "or") for found in where.values()]
    return f" in {listing(values)}" if values else ""


def _argument(predicate: Param, setting: Setting) -> Fact:
    name, field = predicate.param, None
    if setting.tool is not None:
        field = behind(setting.tool, name, setting.schema, where=setting.entity.name)

    def told(_: World, __: Row | None, ___: Row, given: Given) -> str:
        value = given.get(name)
        return f"{name} is {show(value if field is None else to_wire(field, value))}"

    return told


def _session(
    predicate: Authenticated | Owner | Holder | Confirmed | Calls, setting: Setting
) -> Fact:
    match predicate:
        case Confirmed():
            return lambda world, _, __, ___: (
                "the user has agreed to it"
                if world.session.confirmed > 0
                else "the user has not been asked and said yes"
            )
        case Calls():
            so_far = made(predicate, setting)
            like = " with these values" if predicate.same else ""

            def called(world: World, _: Row | None, __: Row, given: Given) -> str:
                found = so_far(world, given)
                times = {0: "not been called", 1: "been called once"}
                return (
                    f"{predicate.tool} has {times.get(found, f'been called {found} times')}{like}"
                )

            return called
        case Authenticated() | Holder():
            wanted = setting.schema.entity(predicate.entity)
        case Owner():
            wanted = summit(predicate.path, setting)
    unknown = f"the user has not been identified as {a(wanted.label)}"
    tool = _identifying(wanted.name, setting)
    if tool is not None:
        unknown += f" (call {tool} first)"
    if isinstance(predicate, Authenticated):
        known = f"the user has been identified as {a(wanted.label)}"
    elif isinstance(predicate, Owner):
        ours = truth(predicate, setting)
    else:
        field = wanted.field(predicate.field)
        place = wanted.position(predicate.field)

    def told(world: World, before: Row | None, after: Row, given: Given) -> str:
        identity = world.session.identity
        if identity is None or identity[0] != wanted.name:
            return unknown
        if isinstance(predicate, Authenticated):
            return known
        if isinstance(predicate, Owner):
            mine = ours(world, before, after, given)
            return f"it {'belongs' if mine else 'does not belong'} to the identified {wanted.label}"
        row = world.get(*identity)
        if row is None:
            return f"the identified {wanted.label} is no longer there"
        value = "another" if hidden(field) else show(to_wire(field, row[place]))
        return f"the {field.label} of the identified {wanted.label} is {value}"

    return told


def _identifying(entity: str, setting: Setting) -> str | None:
    """Name the tool that identifies a user as a row of the entity."""
    for tool in setting.image.domain.tools:
        if isinstance(tool.term, Identify) and tool.term.entity == entity:
            return tool.name
    return None
