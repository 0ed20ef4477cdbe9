"""Dual control: requests of which only the user can do a part, with a tool of their own.

A candidate that writes comes in; out goes the same in which the writes of one kind of row are the
user's. What they have to be told must be found out first: which row, which value, or which of two
things. Next: `sample`.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from agentgym.plan import Guard, Plan, Select, Write
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writes import Writer
from agentgym.tools.algebra import AskUser

__all__ = ["Guided", "handed_over", "looked_up"]

_FROM = ("update", "update", "multi_write", "conditional", "conditional")
"""Families that such requests are made of, the likely ones several times."""
_TRIES = 4


class Guided(Writer):
    """Draws requests that the user must be guided through."""

    def carries(self, family: str) -> bool:
        """Tell whether the domain can have tasks of a family; see `Writer.carries`."""
        if family != "guided":
            return super().carries(family)
        asks = any(isinstance(tool.term, AskUser) for tool in self.tools)
        return asks and super().carries("update")

    def guided(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Do something of which a part is the user's own."""
        for _ in range(_TRIES):
            made: Candidate | None = getattr(self, rng.choice(_FROM))(rng, replace(knobs, held=0))
            if made is None:
                continue
            plan = handed_over(made.plan, rng)
            if plan is not None:
                operators = (*made.operators, "hand_over")
                return replace(made, plan=plan, operators=operators, knobs=knobs)
        return None


def handed_over(plan: Plan, rng: random.Random) -> Plan | None:
    """Leave all writes of one kind of row to the user; None where nothing fits.

    Args:
        plan: What is asked.
        rng: Chooses the kind of row.
    """
    writes = [node for node in plan.nodes if isinstance(node, Write)]
    kinds = dict.fromkeys(node.entity for node in writes)
    able = [
        name
        for name in kinds
        if not any(node.each for node in writes if node.entity == name)
        and any(looked_up(plan, node) for node in writes if node.entity == name)
    ]
    if not able:
        return None
    entity = rng.choice(able)
    nodes = tuple(
        replace(node, by="user") if isinstance(node, Write) and node.entity == entity else node
        for node in plan.nodes
    )
    theirs = {
        setting.fact
        for node in nodes
        if isinstance(node, Write) and node.by == "user"
        for setting in node.settings
    }
    facts = tuple(
        replace(fact, exposure="instruction") if fact.id in theirs else fact for fact in plan.facts
    )
    return replace(plan, family="guided", nodes=nodes, facts=facts)


def looked_up(plan: Plan, write: Write) -> bool:
    """Tell whether a write rests on what has to be found out: a row, a value, or a condition."""
    if any(
        isinstance(node, Guard) and write.id in (*node.then, *node.otherwise) for node in plan.nodes
    ):
        return True
    if any(setting.node is not None for setting in write.settings):
        return True
    if write.target is None:
        return False
    target = plan.node(write.target)
    return isinstance(target, Select) and not target.me
