"""Backward: an instruction for what a run did, whatever it was meant to do.

Calls and results of any segment of a trajectory come in, with the net row changes that it left.
What it wrote and what it saw last become the acts of a plan: writes that cancelled out are
dropped, each row is described by clues that are true at the start, and no write is left that
the changes can do without. `segments` plays runs of its own where there are no others.
Next: `writes`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.goals.equivalence import compare, effects
from agentgym.plan import Emit, Plan, Write
from agentgym.plan.tables import Tables
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writing.plans import cut
from agentgym.tasks.writing.runs import Runs, Segment
from agentgym.tasks.writing.seen import Seen
from agentgym.tools.algebra import Tool
from agentgym.trajectory import Call, Result
from agentgym.world.journal import RowChange

__all__ = ["Backward", "Segment", "relabel", "segments"]

_TRIES = 5


def relabel(
    tables: Tables,
    tools: Sequence[Tool],
    calls: Sequence[Call],
    results: Sequence[Result],
    changes: Sequence[RowChange],
    rng: random.Random,
    *,
    domain: Domain | None = None,
) -> Candidate | None:
    """Describe what a segment of a run did as a task of its own.

    Args:
        tables: The rows as they were when it began.
        tools: Of the domain.
        calls: What was called.
        results: What each call gave; failed ones count for nothing.
        changes: Net row changes over the segment.
        rng: The stream to draw from.
        domain: The domain; without it no rules and effects are known.

    Returns:
        A candidate of the family `backward`; None where nothing came of the segment, or it did
        what no plan can tell (a row that refers to one made in it, several rows at a time).
    """
    rules = () if domain is None else domain.rules
    walker = Backward(tables, tools, rules, domain=domain)
    return walker.relabelled(Segment(tuple(calls), tuple(results), tuple(changes)), rng)


def segments(
    walker: Backward, rng: random.Random, *, count: int, length: int = 6
) -> Iterator[Segment]:
    """Play random calls that a domain allows, and yield them as segments that begin at its start.

    Args:
        walker: Knows the rows and tools.
        rng: The stream to draw from.
        count: How many segments.
        length: About how many calls each has; some fail.
    """
    for _ in range(count):
        yield walker.wandered(rng, length)


class Backward(Runs):
    """Reads tasks off runs."""

    def backward(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Play a random run, and ask for what it did."""
        length = max(4, knobs.least + 1)
        for segment in segments(self, rng, count=_TRIES, length=length):
            found = self.relabelled(segment, rng)
            if found is not None:
                return replace(found, knobs=knobs)
        return None

    def relabelled(self, segment: Segment, rng: random.Random) -> Candidate | None:
        """Describe what a segment did; see `relabel`."""
        reading = Seen(self, segment, rng)
        plan = reading.plan()
        if plan is None:
            return None
        plan = self._least(plan, segment)
        if plan is None or not any(isinstance(node, (Write, Emit)) for node in plan.nodes):
            return None
        return Candidate(plan=plan, operators=("relabel",))

    def _least(self, plan: Plan, segment: Segment) -> Plan | None:
        """Drop every write without which the changes come out alike; None where they do not."""
        wanted = effects(segment.changes, self.schema)
        names = [node.id for node in plan.nodes if isinstance(node, Write)]
        if not names:
            return None if wanted else plan

        def does(kept: Sequence[str]) -> bool:
            part = replace(
                plan,
                nodes=tuple(n for n in plan.nodes if not isinstance(n, Write) or n.id in kept),
            )
            tried = self.attempts(part)
            if tried is None or not all(one.allowed for one in tried):
                return False
            return not any(compare(wanted, self.trial.world.diff(), self.schema))

        if not does(names):
            return None
        for name in tuple(names):
            fewer = [other for other in names if other != name]
            if does(fewer):
                names = fewer
        nodes = tuple(n for n in plan.nodes if not isinstance(n, Write) or n.id in names)
        return cut(replace(plan, nodes=nodes))
