"""Operators by which ways meet: a second branch to a row, a second way from an earlier one.

A candidate comes in; the row where ways meet is told anew by what both leave open. Next: `reads`.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from agentgym.plan import Emit, Link, Plan, Select
from agentgym.schema.types import Row
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.operators.drafts import Draft
from agentgym.tasks.operators.growing import branch, kept, known, reader
from agentgym.tasks.reading.checks import rows_of, selects, upstream
from agentgym.tasks.reading.choice import Place
from agentgym.tasks.reading.knots import Knot
from agentgym.tasks.reads import Reader
from agentgym.tasks.walks import Walker

__all__ = ["cycle", "intersect"]


def _parents(
    ground: Reader, plan: Plan, rows: dict[str, Row], rng: random.Random
) -> list[tuple[Select, Row, str, str, Row]]:
    """List what refers to a parent that the plan does not speak of.

    Returns:
        Each select with its row, the name of the relation, entity and row of the parent.
    """
    spoken = {(node.entity, rows[node.id]) for node in selects(plan) if node.id in rows}
    found = []
    for node in selects(plan):
        told = node.where or any(link.forward for link in node.links)
        if node.id not in rows or node.among or node.me or not told:
            continue
        for relation in ground.trails.ups(node.entity):
            place = ground.masks.place(node.entity, rows[node.id])
            for number in ground.masks.related(relation.name, False, place):
                parent = ground.tables.rows(relation.target)[number]
                if (relation.target, parent) not in spoken:
                    found.append((node, rows[node.id], relation.name, relation.target, parent))
    rng.shuffle(found)
    return found


def _joined(
    ground: Reader,
    draft: Draft,
    node: Select,
    row: Row,
    link: Link,
    rng: random.Random,
    knobs: Knobs,
) -> bool:
    """Add a link to a select and tell its row anew by what both leave open; False if it cannot.

    No way to the row could be left out.
    """
    ways = [*(one for one in node.links if not one.absent), link]
    bare = replace(node, where=(), pick=None, links=tuple(ways))
    trial = draft.plan(draft.old.family)

    def left(select: Select) -> int:
        return ground.tables.bits_of(node.entity, ground.tables.fitting(trial, select))

    base = left(bare)
    suffixes = [
        left(replace(bare, links=tuple(other for other in ways if other is not one)))
        for one in ways
    ]
    asked = [n.field for n in draft.nodes if isinstance(n, Emit) and n.node == node.id and n.field]
    if any(bits.bit_count() < 2 for bits in suffixes):
        return False
    place = Place(node.entity, row, base, known(ground, trial, ways), tuple(suffixes))
    chosen = ground.choice.drawn(place, rng, fuzz=knobs.fuzz, support=knobs.clues, without=asked)
    if chosen is None:
        return False
    new = ground.pins.select(draft, Knot(node.entity, row), chosen, ways)
    made = next(one for one in draft.nodes if one.id == new)
    draft.nodes = [one for one in draft.nodes if one.id != new or one.id == node.id]
    draft.replaced(replace(made, id=node.id))
    return True


def intersect(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Let a second branch lead to a row: by another parent, in place of clues if that does."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    for node, row, relation, entity, parent in _parents(ground, plan, rows, rng) if rows else ():
        pinned = branch(ground, entity, parent, rng, candidate.knobs, rng.choice((0, 0, 1)))
        if pinned is None:
            continue
        draft = Draft(ground.tables, plan)
        end = ground.pins.lay(draft, pinned)[-1]
        link = Link(relation=relation, forward=True, node=end)
        if not _joined(ground, draft, node, row, link, rng, candidate.knobs):
            continue
        found = kept(ground, candidate, draft.done(), "intersect")
        if found is not None:
            return found
    return None


def cycle(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Let a second way lead from an earlier row of the plan to a later one."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    for node, row, relation, entity, parent in _parents(ground, plan, rows, rng) if rows else ():
        assert rows is not None
        for before in sorted(upstream(plan, node.id) - {node.id}):
            first = plan.node(before)
            assert isinstance(first, Select)
            if before not in rows:
                continue
            for up in ground.schema.parents(first.entity):
                place = ground.masks.place(first.entity, rows[before])
                tops = ground.masks.related(up.name, False, place)
                if up.target != entity or all(
                    ground.tables.rows(entity)[number] != parent for number in tops
                ):
                    continue
                draft = Draft(ground.tables, plan)
                top = draft.select(entity, (), [Link(relation=up.name, forward=False, node=before)])
                link = Link(relation=relation, forward=True, node=top)
                if not _joined(ground, draft, node, row, link, rng, candidate.knobs):
                    continue
                found = kept(ground, candidate, draft.done(), "cycle")
                if found is not None:
                    return found
    return None
