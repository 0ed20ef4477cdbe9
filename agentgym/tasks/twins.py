"""Twins: the same request with one told fact changed, so that its truth is another.

A candidate or plan comes in, and the kind of twin: `unanswerable` (a name that nobody bears),
`violating` (the amount beyond the limit, the order that may not be cancelled any more) or `benign`
(the one that may). Out goes the twin with the id of the fact that differs; nothing else does.
Next: `operators.acts`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from agentgym.plan import (
    Aggregated,
    Emit,
    Fact,
    Family,
    Guard,
    Later,
    Plan,
    Refuse,
    Select,
    Shift,
    Where,
    Write,
)
from agentgym.schema import Field
from agentgym.schema.types import Stored, to_stored, to_wire
from agentgym.tasks.clues import sayable
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.values import new_value
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.plans import acts_of, crowds, with_fact, without

__all__ = ["TWINS", "TwinKind", "twin"]

TwinKind = Literal["unanswerable", "violating", "benign"]
TWINS: tuple[TwinKind, ...] = TwinKind.__args__  # type: ignore[attr-defined]

_VALUES = 40
"""Other values of one fact that are tried."""


def twin(
    candidate: Candidate | Plan, kind: TwinKind, walker: Writer, rng: random.Random
) -> tuple[Candidate, str] | None:
    """Change one told fact of a request so that its truth is another.

    Args:
        candidate: The request; one with a patch has no twin.
        kind: What the twin is.
        walker: Knows the rows, tools and rules.
        rng: The stream to draw from.

    Returns:
        The twin, and the id of the fact that differs, which is the same in both plans; None where
        no one fact makes the difference.
    """
    if isinstance(candidate, Plan):
        candidate = Candidate(plan=candidate)
    plan = candidate.plan
    if candidate.patch or any(isinstance(node, (Guard, Shift, Later)) for node in plan.nodes):
        return None
    plan = replace(plan, party=None, facts=_ours(plan))
    if any(isinstance(node, Refuse) and node.because == "no_tool" for node in plan.nodes):
        return None
    makers = {"unanswerable": _unanswerable, "violating": _violating, "benign": _benign}
    for made, fact in makers[kind](plan, walker, rng):
        return replace(candidate, plan=made, operators=(*candidate.operators, _BY[kind])), fact
    return None


_BY = {"unanswerable": "negate", "violating": "violate", "benign": "permit"}


def _ours(plan: Plan) -> tuple[Fact, ...]:
    """Return the facts of a plan without those that only say who the user is."""
    who = set(() if plan.party is None else plan.party.facts)
    return tuple(fact for fact in plan.facts if fact.id not in who)


def _unanswerable(plan: Plan, walker: Writer, rng: random.Random) -> Iterator[tuple[Plan, str]]:
    if not any(isinstance(node, Refuse) for node in plan.nodes):
        yield from walker.missing(plan, rng)


def _violating(plan: Plan, walker: Writer, rng: random.Random) -> Iterator[tuple[Plan, str]]:
    acts = acts_of(plan)
    if (
        len(acts) != 1
        or not isinstance(acts[0], Write)
        or len(without(plan, Refuse).nodes) < len(plan.nodes)
    ):
        return
    (write,) = acts
    assert isinstance(write, Write)
    for changed, fact in _others(plan, walker, rng, limits=True):
        if single(changed, walker):
            made = walker.refused(changed, write)
            if made is not None:
                yield made, fact


def _benign(plan: Plan, walker: Writer, rng: random.Random) -> Iterator[tuple[Plan, str]]:
    open_plan = without(plan, Refuse)
    if len(open_plan.nodes) < len(plan.nodes):
        open_plan = replace(open_plan, family=_family(open_plan))
    for changed, fact in _others(open_plan, walker, rng):
        if possible(changed, walker):
            yield changed, fact


def _others(
    plan: Plan, walker: Writer, rng: random.Random, *, limits: bool = False
) -> Iterator[tuple[Plan, str]]:
    """Yield the plan with one told fact that has another value.

    Args:
        plan: The plan.
        walker: Knows the rows.
        rng: The stream to draw from.
        limits: Whether new values at the limits of rules come first.
    """
    clues = [
        (plan.fact(where.fact), where)
        for node in plan.nodes
        if isinstance(node, Select)
        for where in node.where
        if where.op == "eq" and where.of is None
    ]
    values = [
        (plan.fact(setting.fact), write)
        for write in plan.nodes
        if isinstance(write, Write)
        for setting in write.settings
        if setting.fact is not None
    ]
    places: list[tuple[Fact, Where | Write]] = [*clues, *values]
    places = [place for place in places if place[0].exposure == "instruction"]
    rng.shuffle(places)
    for fact, place in places:
        field = walker.schema.entity(fact.entity).field(fact.field)
        options = (
            _present(walker, fact, field, rng)
            if isinstance(place, Where)
            else _new(plan, walker, fact, field, place, rng, limits=limits)
        )
        for value in options:
            wire = to_wire(field, value)
            if wire != fact.value:
                yield with_fact(plan, replace(fact, value=wire)), fact.id


def _present(walker: Writer, fact: Fact, field: Field, rng: random.Random) -> Iterator[Stored]:
    """Yield values of the column that a person could say."""
    column = walker.tables.ordered(fact.entity, fact.field)
    column = [value for value in column if sayable(field, value)]
    yield from rng.sample(column, min(_VALUES, len(column)))


def _new(
    plan: Plan,
    walker: Writer,
    fact: Fact,
    field: Field,
    write: Write,
    rng: random.Random,
    *,
    limits: bool,
) -> Iterator[Stored]:
    """Yield other values that a write could set."""
    entity = walker.schema.entity(fact.entity)
    rows = [] if write.target is None else walker.tables.extent(plan, write.target)
    row = rows[0] if len(rows) == 1 else None
    if limits:
        for asked in walker.asked:
            if asked.rule.entity == write.entity and walker.trial.does(asked.tool, write):
                for case in walker.cases(asked.tool, asked.rule, row):
                    if list(case) == [field.name]:
                        yield case[field.name]
    for cycle in walker.schema.lifecycles:
        if (cycle.entity, cycle.field) == (entity.name, field.name):
            yield from cycle.moves
            return
    old = to_stored(field, fact.value) if row is None else row[entity.position(field.name)]
    for _ in range(4):
        value = new_value(walker.tables, entity, field, old, rng)
        if value is not None:
            yield value


def single(plan: Plan, walker: Writer) -> bool:
    """Tell whether each select of one row has one."""
    several = crowds(plan)
    return all(
        len(walker.tables.extent(plan, node.id)) == 1
        for node in plan.nodes
        if isinstance(node, Select) and node.id not in several
    )


def possible(plan: Plan, walker: Writer) -> bool:
    """Tell whether all of a plan can be done and answered."""
    if not single(plan, walker):
        return False
    for node in plan.nodes:
        match node:
            case Aggregated():
                if len(walker.tables.extent(plan, node.of)) < 2:
                    return False
            case Emit():
                values = walker.tables.value(plan, node)
                if None in values or not values or (node.many and len(values) < 2):
                    return False
            case Write(each=True, target=str(target)):
                if len(walker.tables.extent(plan, target)) < 2:
                    return False
            case _:
                pass
    return walker.done(plan)


def _family(plan: Plan) -> Family:
    """Name the family of a plan from which a refusal was taken."""
    acts = acts_of(plan)
    writes = [act for act in acts if isinstance(act, Write)]
    if writes:
        return "multi_write" if len(acts) > 1 or writes[0].each else "update"
    return "lookup" if sum(isinstance(node, Select) for node in plan.nodes) == 1 else "multi_hop"
