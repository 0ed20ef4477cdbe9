"""Guards: what a rule does to a call, before its row is written or shown.

Next: `reads`, `writes`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from agentgym.errors import DomainError
from agentgym.rules import (
    Alone,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    In,
    Owner,
    Param,
    Predicate,
    Rule,
    fields_of,
    hint,
    parts,
)
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row
from agentgym.tools.algebra import (
    Create,
    ListRelated,
    Sequence,
    Term,
    Tool,
    Transfer,
    subject,
)
from agentgym.world.arguments import Given
from agentgym.world.guards.facts import fact
from agentgym.world.guards.setting import Kind, Setting, Test
from agentgym.world.guards.truth import truth
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World

__all__ = ["Guard", "first_served", "guard", "guards", "invariants"]

Guard = Callable[[World, Row | None, Row, Given], None]
"""(world, row before or None, row after, arguments): raises `Refusal` where an enforced rule does
not hold, and notes the breach of an advisory one in the world."""

_SERVED = ("authentication", "ownership", "tier")
"""Rules about who is served come first, so that others tell nothing to whom they do not serve."""

_NOTHING: Given = {}


def guards(
    tool: Tool,
    kind: Kind,
    image: Image,
    parameters: Mapping[str, str],
    entity: str,
    only: Collection[str] | None = None,
) -> list[Guard]:
    """Compile the business rules of a tool for one kind of write (or read) of one entity.

    Args:
        tool: Whose rules they are; its invariants are left out, see `invariants`.
        kind: What it does to the row.
        image: What the worlds are made of.
        parameters: Field of the entity to the parameter that sets it, to name the one to blame.
        entity: Whose row it is.
        only: Ids of the rules that are meant; all of the tool's when None.

    Returns:
        Those about who is served first, then as the tool names them.

    Raises:
        DomainError: A rule does not fit the schema, or the tool.
    """
    rules = [image.domain.rule(name) for name in tool.guards]
    _check_met(tool, rules, image)
    named = [
        rule for rule in rules if rule.kind != "invariant" and (only is None or rule.id in only)
    ]
    return _compiled(
        first_served(named), Setting(_of(entity, image), image, kind, tool), parameters
    )


def invariants(
    entity: str,
    kind: Kind,
    image: Image,
    parameters: Mapping[str, str],
    only: Collection[str] | None = None,
) -> list[Guard]:
    """Compile what every write of that kind of an entity keeps, whoever writes; see `guards`."""
    kept = [
        rule
        for rule in image.domain.rules
        if rule.kind == "invariant" and (only is None or rule.id in only)
    ]
    return _compiled(kept, Setting(_of(entity, image), image, kind), parameters)


def first_served(rules: Iterable[Rule]) -> list[Rule]:
    """Order rules as they are asked: those about who is served, then the others."""
    return sorted(rules, key=lambda rule: rule.kind not in _SERVED)


def _check_met(tool: Tool, rules: Iterable[Rule], image: Image) -> None:
    known = met(tool.term, image.domain.schema)
    for rule in rules:
        if rule.entity not in known:
            raise DomainError(
                f"a rule about {' or '.join(known) or 'nothing'}, which the tool works on",
                found=f"{rule.id}, which is about {rule.entity}",
                where=tool.name,
            )


def met(term: Term, schema: Schema) -> tuple[str, ...]:
    """Name the entities of whose rows a tool's own rules may speak."""
    match term:
        case Sequence():
            names = [name for step in term.steps for name in met(step.term, schema)]
        case Transfer():
            names = [term.source.entity, term.target.entity]
        case Create():
            nested = [schema.relation(one.relation).entity for one in term.nested]
            names = [term.entity, *nested]
        case ListRelated():
            names = [schema.relation(term.relation).target]
        case _:
            names = [name for name in (subject(term, schema),) if name is not None]
    return tuple(dict.fromkeys(names))


def _of(entity: str, image: Image) -> Entity:
    return image.domain.schema.entity(entity)


def _compiled(
    rules: Iterable[Rule], setting: Setting, parameters: Mapping[str, str]
) -> list[Guard]:
    return [
        _guard(rule, setting, parameters)
        for rule in rules
        if rule.entity == setting.entity.name and setting.kind in rule.on
    ]


def guard(rule: Rule, image: Image, parameters: Mapping[str, str]) -> Guard:
    """Compile one rule as a guard of updates, outside any tool."""
    return _guard(rule, Setting(_of(rule.entity, image), image), parameters)


def _guard(rule: Rule, setting: Setting, parameters: Mapping[str, str]) -> Guard:
    schema = setting.schema
    test, found = truth(rule.predicate, setting), fact(rule.predicate, setting)
    if any(isinstance(part, Confirmed) for part in parts(rule.predicate)):
        test = _spending(test)
    blamed = _blamed(rule.predicate, setting, parameters)
    otherwise = blamed[0] if blamed and setting.kind == "create" else None
    watched = tuple(setting.entity.position(name) for name in rule.fields)
    if setting.kind != "update":
        watched = ()

    def check(world: World, before: Row | None, after: Row, given: Given = _NOTHING) -> None:
        if watched and before is not None and all(before[p] == after[p] for p in watched):
            return
        if test(world, before, after, given) is not False:
            return
        if not rule.enforced:
            if rule.id not in world.breaches:
                world.breaches.append(rule.id)
            return
        refuse(
            "rule_broken",
            f"Rule {rule.id} does not allow this: {found(world, before, after, given)}. "
            + hint(rule, schema),
            parameter=next((name for name in blamed if name in given), otherwise),
            rule=rule.id,
        )

    return check


def _spending(test: Test) -> Test:
    """Note whether the user's yes was needed: then the call takes it, once it has succeeded."""

    def spending(world: World, before: Row | None, after: Row, given: Given) -> bool | None:
        found = test(world, before, after, given)
        if found is False or world.spends:
            return found
        session = world.session
        if session.confirmed > 0:
            world.session = msgspec.structs.replace(session, confirmed=0)
            try:
                world.spends = test(world, before, after, given) is False
            finally:
                world.session = session
        return found

    return spending


def _blamed(
    predicate: Predicate, setting: Setting, parameters: Mapping[str, str]
) -> tuple[str, ...]:
    """Name the parameters that a caller would change: those that the predicate looks at."""
    named, found = set(fields_of(predicate)), []
    for part in parts(predicate):
        match part:
            case Param():
                found.append(part.param)
            case Compare() | In() | Elapsed() | Count() | Owner() if part.path:
                named.update(setting.schema.relation(part.path[0]).fields)
            case Alone():
                for one in setting.schema.exclusives:
                    if one.id == part.exclusive:
                        named.update((*one.same, *one.where, *(one.span or ())))
            case _:
                pass
    fields = [field.name for field in setting.entity.fields if field.name in named]
    return (*found, *(parameters[name] for name in fields if name in parameters))
