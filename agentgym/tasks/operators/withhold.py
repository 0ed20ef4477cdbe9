"""The operator that leaves something unsaid: a clue of a row, or a new value, not even announced.

A candidate comes in; out goes one with a hidden fact more, without which the request could mean
several things, as the rows or the tools show. Next: `tasks.sample`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.plan import Emit, Fact, Plan, Refuse, Select, Shift, Where, Write, told
from agentgym.plan.intents import turns
from agentgym.plan.outline import below
from agentgym.plan.tables import Tables
from agentgym.plan.unsaid import evident, hidden, without
from agentgym.schema.types import to_wire
from agentgym.tasks.clues import clue_fields, sayable
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators import Operator
from agentgym.tasks.spoken import worded
from agentgym.tasks.walks import Walker
from agentgym.tasks.writing.plans import crowds, with_fact

__all__ = ["OPERATORS"]

_MOST = 40
"""Most rows that what is said may leave: nobody asks about more."""
_COARSE = ("status", "category", "place", "flag", "quantity", "time")
"""Roles of what describes a row among others, where what tells it alone is not said."""


def _withhold(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Leave one fact unsaid, so that it has to be asked for."""
    plan = candidate.plan
    if candidate.patch or any(isinstance(node, (Refuse, Shift)) for node in plan.nodes):
        return None
    options = list(_options(plan))
    rng.shuffle(options)
    for fact in options:
        bare = with_fact(plan, replace(fact, exposure="hidden"))
        if not evident(bare, fact.id, walker.schema, walker.tools):
            continue
        for made in (bare, *_described(walker, bare, fact, rng)):
            if _open(made, fact.id, walker.tables) and worded(made, walker.schema):
                return replace(
                    candidate,
                    plan=told(made),
                    operators=(*candidate.operators, "withhold"),
                    knobs=replace(candidate.knobs, hidden=len(hidden(made))),
                )
    return None


def _options(plan: Plan) -> Iterator[Fact]:
    """Yield the facts that could be left unsaid: told at once, each used in one place."""
    mine = {fact.id for fact in plan.who()}
    later = {name for turn in turns(plan) for name in turn.facts}
    uses: list[str] = []
    for node in plan.nodes:
        if isinstance(node, Select):
            uses += [where.fact for where in node.where]
        elif isinstance(node, Write):
            uses += [one.fact for one in node.settings if one.fact is not None]
    for fact in plan.facts:
        plain = fact.value is not None and not isinstance(fact.value, bool)
        if fact.exposure in ("instruction", "user") and uses.count(fact.id) == 1 and plain:
            if fact.id not in mine and fact.id not in later:
                yield fact


def _described(walker: Walker, plan: Plan, fact: Fact, rng: random.Random) -> Iterator[Plan]:
    """Yield the plan with another clue, which fits more rows, where one clue was all there was."""
    node = next(
        (n for n in plan.nodes if isinstance(n, Select) and [w.fact for w in n.where] == [fact.id]),
        None,
    )
    if node is None or node.links or node.me or node.pick is not None:
        return
    rows = walker.tables.extent(plan, node.id)
    if len(rows) != 1:
        return
    (row,), entity = rows, walker.schema.entity(node.entity)
    fields = [f for f in clue_fields(entity) if f.role in _COARSE and f.name != fact.field]
    asked = {(one.node, one.field) for one in plan.nodes if isinstance(one, Emit)}
    fields = [field for field in fields if (node.id, field.name) not in asked]
    for field in rng.sample(fields, len(fields)):
        value = row[entity.position(field.name)]
        if not sayable(field, value):
            continue
        if not 1 < walker.tables.column(entity.name, field.name)[value] <= _MOST:
            continue
        name = f"f{max(int(one.id[1:]) for one in plan.facts) + 1}"
        wire = to_wire(field, value)
        new = Fact(id=name, entity=entity.name, field=field.name, value=wire)
        clues = replace(node, where=(*node.where, Where(field=field.name, fact=name)))
        nodes = tuple(clues if one.id == node.id else one for one in plan.nodes)
        yield replace(plan, facts=(*plan.facts, new), nodes=nodes)


def _differs(plan: Plan, name: str, tables: Tables) -> bool:
    """Tell whether something that is wanted could be several things, by which row one is."""
    rows = tables.extent(plan, name)
    if len(rows) < 2:
        return False
    for node in tables.wanted(plan):
        if isinstance(node, Emit):
            values = [tables.value(plan, node, {name: (row,)}) for row in rows]
            if any(one != values[0] for one in values):
                return True
            continue
        ends = (node.target, *(one.node for one in node.settings))
        for end in ends:
            if end is not None and isinstance(plan.node(end), Select):
                if name in (end, *below(plan, end)) and len(tables.extent(plan, end)) > 1:
                    return True
    return False


def _open(plan: Plan, fact: str, tables: Tables) -> bool:
    """Tell whether a clue that is not said leaves more than one row, and not too many."""
    acts = [node for node in tables.wanted(plan) if isinstance(node, Write)]
    if any(one.fact == fact for act in acts for one in act.settings):
        return True
    several = crowds(plan)
    for node in plan.nodes:
        if isinstance(node, Select) and any(one.fact == fact for one in node.where):
            if node.id in several:
                return False
            left = without(plan, [*hidden(plan), fact])
            rest = next(n for n in left.nodes if n.id == node.id)
            assert isinstance(rest, Select)
            if not (rest.where or rest.links):
                return False
            alone = without(plan, [fact])
            return len(tables.extent(left, node.id)) <= _MOST and _differs(alone, node.id, tables)
    return False


OPERATORS: tuple[Operator, ...] = (
    Operator(name="withhold", truth="preserving", harder="hidden", apply=_withhold),
)
"""The operators of this file."""
