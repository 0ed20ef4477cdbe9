"""Rules that contradict each other, or can never hold, and things that go in a circle.

Rules come in, `Contradiction`s go out: only what is certain. In order: `forms`, `reason`, here.
Next: `tools.algebra`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from agentgym.formats import Record
from agentgym.rules.consistency.forms import Branch, alternatives
from agentgym.rules.consistency.reason import impossible
from agentgym.rules.predicate import All, AnyOf, Calls, Predicate
from agentgym.rules.rule import Rule
from agentgym.rules.sentences.told import never
from agentgym.schema import Entity, Schema

__all__ = ["Contradiction", "callable_tools", "circle", "contradictions"]


class Contradiction(Record, kw_only=True):
    """Rules that no row satisfies together in which all is filled that they look at."""

    rules: tuple[str, ...]
    """Their ids, as few as will do, in the order of the domain; one that never holds is alone."""
    kind: str
    """Of which write (or read) it is so."""
    field: str | None = None
    """The field whose change is impossible; None where every such write is."""


def contradictions(
    rules: Sequence[Rule], schema: Schema, together: Sequence[Collection[str]] = ()
) -> tuple[Contradiction, ...]:
    """Find the rules that forbid, with each other or alone, what they seem to allow.

    Invariants meet each other; every other rule meets the invariants, and those that guard the
    same tool. A rule of class `hand_over` that never holds is meant so. What a rule asks of an
    empty field, an argument that was not sent or a row that is not there passes, and is no way
    out here.

    Args:
        rules: Legal rules of one domain.
        schema: Its schema.
        together: Ids of the rules that guard one tool, for each tool.

    Returns:
        Each set of rules once. Nothing that some row satisfies; not all that none does.
    """
    found: dict[tuple[str, ...], Contradiction] = {}
    for entity, kind, field, group in _meetings(rules, schema, together):
        core = _core(group, entity, kind, schema, known=found)
        if core:
            ids = tuple(rule.id for rule in core)
            found.setdefault(ids, Contradiction(rules=ids, kind=kind, field=field))
    return tuple(found.values())


def _meetings(
    rules: Sequence[Rule], schema: Schema, together: Sequence[Collection[str]]
) -> Iterator[tuple[Entity, str, str | None, list[Rule]]]:
    """Yield the rules that are asked of one write, with what is written."""
    meant = [r for r in rules if not (r.kind == "hand_over" and never(r.predicate))]
    business = [r for r in meant if r.kind != "invariant"]
    for entity in schema.entities:
        mine = [rule for rule in meant if rule.entity == entity.name]
        groups = [frozenset[str](), *(frozenset((r.id,)) for r in business if r in mine)]
        own = {rule.id for rule in mine if rule.kind != "invariant"}
        groups += [frozenset(ids) & own for ids in together]
        for ids in dict.fromkeys(groups):
            asked = [r for r in mine if r.kind == "invariant" or r.id in ids]
            for kind in ("create", "update", "delete", "read"):
                on = [rule for rule in asked if kind in rule.on]
                if kind != "update":
                    yield entity, kind, None, on
                    continue
                yield entity, kind, None, [rule for rule in on if not rule.fields]
                for field in dict.fromkeys(name for rule in on for name in rule.fields):
                    yield (
                        entity,
                        kind,
                        field,
                        [r for r in on if not r.fields or field in r.fields],
                    )


def _core(
    group: Sequence[Rule],
    entity: Entity,
    kind: str,
    schema: Schema,
    *,
    known: Collection[tuple[str, ...]],
) -> list[Rule]:
    """Return as few of the rules as contradict each other; none where they may hold."""
    forms: dict[str, list[Branch]] = {}
    for rule in group:
        branches = alternatives(rule.predicate, entity, kind, schema)
        if branches is not None:
            forms[rule.id] = branches
    left = [rule for rule in group if rule.id in forms]
    if not impossible([forms[rule.id] for rule in left]):
        return []
    ids = {rule.id for rule in left}
    if any(ids.issuperset(core) for core in known):
        left = _without(left, known)
        if not impossible([forms[rule.id] for rule in left]):
            return []
    for rule in list(left):
        rest = [other for other in left if other.id != rule.id]
        if impossible([forms[other.id] for other in rest]):
            left = rest
    return left


def _without(rules: Sequence[Rule], known: Collection[tuple[str, ...]]) -> list[Rule]:
    """Leave out the last rule of each contradiction that has been told."""
    told = {core[-1] for core in known}
    return [rule for rule in rules if rule.id not in told]


def circle(
    follows: Mapping[str, Sequence[str]], through: Collection[str] | None = None
) -> tuple[str, ...]:
    """Find the shortest way from a name back to itself.

    Args:
        follows: Name to those that follow it.
        through: Names of which one must be on the way; None for any.

    Returns:
        The names along the circle, without its first at the end; none where there is no circle.
    """
    best: tuple[str, ...] = ()
    for start in follows:
        if through is not None and start not in through:
            continue
        way = _back(start, follows)
        if way and (not best or len(way) < len(best)):
            best = way
    return best


def _back(start: str, follows: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    came: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in follows.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return tuple(reversed(way))
            if there not in came:
                came[there] = here
                waiting.append(there)
    return ()


def callable_tools(guards: Mapping[str, Sequence[Predicate]]) -> frozenset[str]:
    """Name the tools that can be called at some time, going by which calls must come first.

    Args:
        guards: Every tool to the predicates of the enforced rules that guard it.

    Returns:
        All but those that wait for each other, or for what there is not.
    """
    known: set[str] = set()
    while True:
        more = {
            tool
            for tool, asked in guards.items()
            if tool not in known and all(_open(predicate, known) for predicate in asked)
        }
        if not more:
            return frozenset(known)
        known |= more


def _open(predicate: Predicate, known: Collection[str]) -> bool:
    """Tell whether the predicate may hold once the known tools have been called."""
    match predicate:
        case All():
            return all(_open(part, known) for part in predicate.of)
        case AnyOf():
            return not predicate.of or any(_open(part, known) for part in predicate.of)
        case Calls():
            needs = {"ge": predicate.value > 0, "gt": True, "eq": predicate.value > 0}
            return predicate.tool in known or not needs.get(
                predicate.op, predicate.op == "ne" and predicate.value == 0
            )
        case _:
            return True
