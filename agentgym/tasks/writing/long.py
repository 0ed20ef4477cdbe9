"""Long chains: many acts around one row, played as one plan on one state.

Acts are drawn one by one around a principal row and the rows beside it, writes and questions
mixed, and each is kept only where it disturbs no other: all can be done in either order with
one end, and every clue and answer is the same before and after. Next: `tasks.writes`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.goals.equivalence import compare, effects
from agentgym.plan import Emit, Guard, Plan, Refuse, Select, Write
from agentgym.plan.remedies import NoLoweringError
from agentgym.plan.tables import Tables
from agentgym.rules import Calls, Confirmed
from agentgym.schema.types import Row, Stored
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.walks import At
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.plans import cut, rests_on
from agentgym.tasks.writing.several import Several
from agentgym.world.journal import RowChange

__all__ = ["LONG", "Long"]

LONG = (10, 40)
"""Fewest and most calls of a long chain."""
_DRAWS = 40
"""Acts that are drawn for one chain."""
_TRIES = 2


class Long(Several):
    """Draws long chains of acts."""

    def long_horizon(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask for many things at once, around one row."""
        most = min(LONG[1], knobs.most or LONG[1])
        least = min(max(LONG[0], knobs.least), most)
        hubs = {entity.name: len(self.near(entity.name)) for entity in self.entities}
        names = [name for name, ways in hubs.items() if ways > 2]
        party = self.ground.party
        for _ in range(_TRIES if names else 0):
            hub = rng.choices(names, [hubs[name] for name in names])[0]
            if party is not None and party.name in names and rng.random() < 0.6:
                hub = party.name
            sketch = Sketch(self.schema)
            at = self.anchor(sketch, rng, hub)
            if at is None:
                continue
            acts = self.chain(sketch, at, rng, least=least, most=most, acts=knobs.acts)
            plan = sketch.plan("long_horizon")
            if acts > 2 and self.cost(plan) >= least and self.worded(plan):
                operators = ("seed", *("recombine" for _ in range(acts - 1)))
                return Candidate(plan=plan, operators=operators, knobs=knobs)
        return None

    def chain(
        self,
        sketch: Sketch,
        at: At,
        rng: random.Random,
        *,
        least: int,
        most: int,
        acts: int | None = None,
    ) -> int:
        """Add acts around a row until about so many calls are needed; returns how many."""
        written: set[tuple[str, Row]] = set()
        done, target = 0, rng.randint(least, min(most, least + 6))
        for _ in range(_DRAWS):
            before = len(sketch.facts), len(sketch.nodes), set(written)
            added = self.act(sketch, at, rng, written)
            plan = sketch.plan("long_horizon")
            added = added and fair(plan, self.tables) and self.alone(plan, before[1])
            added = added and self.calm(plan)
            cost = self.cost(sketch.plan("long_horizon")) if added else 0
            if not added or cost > most:
                del sketch.facts[before[0] :], sketch.nodes[before[1] :]
                written.clear()
                written |= before[2]
                continue
            done += 1
            if cost >= target and (acts is None or done >= acts):
                break
        return done

    def alone(self, plan: Plan, first: int) -> bool:
        """Tell whether there are words for what was added last, as the only wish.

        Args:
            plan: The plan.
            first: How many nodes it had before.
        """
        acts = [node for node in plan.nodes[first:] if isinstance(node, (Write, Emit))]
        earlier = {node.id for node in plan.nodes[:first] if isinstance(node, (Write, Emit))}
        nodes = tuple(node for node in plan.nodes if node.id not in earlier)
        return bool(acts) and self.worded(cut(replace(plan, nodes=nodes)))

    def act(
        self, sketch: Sketch, at: At, rng: random.Random, written: set[tuple[str, Row]]
    ) -> bool:
        """Add one act to the row or somewhere near it; the sketch may be left half grown."""
        here = at
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            there = self.walk(sketch, here, rng)
            if there is None:
                return False
            here = there
        if rng.random() < 0.3:
            return self.tell(sketch, here, rng) is not None
        options = self.near(here.entity)
        if not options:
            return False
        return self.deed(sketch, here, rng.choice(options), rng, written)

    def cost(self, plan: Plan) -> int:
        """Count about how many calls a plan takes: rows that are read, writes, what they ask."""
        emitted = {node.node for node in plan.nodes if isinstance(node, Emit)}
        total = 0
        for node in plan.nodes:
            if isinstance(node, Select):
                passed = not node.where and node.pick is None and len(node.links) == 1
                passed = passed and not node.links[0].forward and node.id not in emitted
                total += not passed
            elif isinstance(node, Write):
                rows = len(self.tables.extent(plan, str(node.target))) if node.each else 1
                asked = any(
                    self.trial.asks(tool, Confirmed, Calls)
                    for tool, _ in self.trial.calls(plan, node)
                )
                total += rows * (1 + asked)
        return total

    # acts that do not disturb each other

    def calm(self, plan: Plan) -> bool:
        """Tell whether the acts of a plan can be done in either order, and nothing in it moves."""
        writes = [node.id for node in plan.nodes if isinstance(node, Write)]
        if any(isinstance(node, (Guard, Refuse)) for node in plan.nodes):
            return False
        try:
            served = self.parties.served(plan, random.Random(0))
        except NoLoweringError:
            return False
        there = self._end(served, writes)
        if there is None:
            return False
        if len(writes) > 1:
            back = self._end(served, writes[::-1])
            if back is None or any(compare(effects(there, self.schema), back, self.schema)):
                return False
        return self.settled(plan, there)

    def _end(self, plan: Plan, writes: Sequence[str]) -> tuple[RowChange, ...] | None:
        """Play the writes in an order; None where one cannot be done, or does nothing."""
        tried = self.trial.play(plan, writes)
        if not all(one.allowed and one.changes for one in tried):
            return None
        return self.trial.world.diff()

    def settled(self, plan: Plan, changes: Sequence[RowChange]) -> bool:
        """Tell whether each clue finds the same rows, and each answer is the same, after changes.

        A row that is deleted may be found by the select of that write alone.
        """
        touched = {change.entity for change in changes}
        rows = dict(self.rows_of)
        for name in touched:
            rows[name] = self.trial.world.rows(name)
        after = Tables(self.schema, rows)
        gone = {(one.entity, one.key) for one in changes if one.after is None}
        for node in plan.nodes:
            if isinstance(node, Select):
                start = self._keys(node.entity, self.tables.extent(plan, node.id))
                end = self._keys(node.entity, after.extent(plan, node.id))
                lost = {key for key in start if (node.entity, key) in gone}
                if start - lost != end or (lost and self._shared(plan, node.id)):
                    return False
            elif isinstance(node, Emit):
                if self.tables.value(plan, node) != after.value(plan, node):
                    return False
        return True

    def _keys(self, entity: str, rows: Sequence[Row]) -> set[tuple[Stored, ...]]:
        owner = self.schema.entity(entity)
        places = [owner.position(name) for name in owner.key]
        return {tuple(row[place] for place in places) for row in rows}

    def _shared(self, plan: Plan, name: str) -> bool:
        """Tell whether more than one act rests on a select."""
        acts = [node.id for node in plan.nodes if isinstance(node, (Write, Emit))]
        return sum(name in rests_on(plan, act) for act in acts) > 1
