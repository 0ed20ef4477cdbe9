"""What operators on reads have in common: the ground they draw on, and the check of an increment.

Next: `joining`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.plan import Link, Plan
from agentgym.schema.types import Row
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.checks import open_, selects, sound
from agentgym.tasks.reading.pages import Related
from agentgym.tasks.reading.pins import Pinned
from agentgym.tasks.reads import Reader
from agentgym.tasks.walks import Walker

__all__ = ["TRIES", "branch", "kept", "known", "reader", "rewritten"]

TRIES = 8
"""Rows or fields that are tried at one place."""


def reader(walker: Walker) -> Reader:
    """Return what draws trails where a walker walks: itself, if it can."""
    return walker if isinstance(walker, Reader) else Reader(walker.tables, walker.tools)


def rewritten(candidate: Candidate, plan: Plan, name: str, knobs: Knobs | None = None) -> Candidate:
    """Return a candidate with another plan, and the name of what made it."""
    return replace(
        candidate,
        plan=plan,
        operators=(*candidate.operators, name),
        knobs=knobs or candidate.knobs,
    )


def kept(ground: Reader, candidate: Candidate, plan: Plan, name: str) -> Candidate | None:
    """Return what came of a rewriting whose every row must matter, if it holds."""
    names = [node.id for node in selects(plan)]
    tables = ground.tables
    if plan == candidate.plan or not sound(plan, tables) or not open_(plan, tables, names):
        return None
    return rewritten(candidate, plan, name)


def branch(
    ground: Reader, entity: str, row: Row, rng: random.Random, knobs: Knobs, more: int
) -> Pinned | None:
    """Draw a pinned trail that ends on a row, over that many others."""
    for _ in range(TRIES):
        trail = ground.trails.to(rng, entity, row, more)
        if trail is None:
            return None
        pinned = ground.pins.pin(trail, rng, fuzz=knobs.fuzz, support=knobs.clues)
        if pinned is not None:
            return pinned
    return None


def known(ground: Reader, plan: Plan, links: Sequence[Link]) -> Related:
    """Return what is known of a row by its links: fields, and the rows that have their values."""
    found = []
    for link in links:
        relation = ground.schema.relation(link.relation)
        fields = relation.fields if link.forward else relation.target_fields
        end = relation.target if link.forward else relation.entity
        theirs = ground.tables.bits_of(end, ground.tables.extent(plan, link.node))
        found.append((frozenset(fields), ground.masks.reach(link.relation, link.forward, theirs)))
    return found
