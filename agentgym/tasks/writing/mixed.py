"""Conversations in which what is wanted changes: more comes up, something is given up, or shifts.

Acts that disturb each other nowhere are drawn around one row; some are asked at first, some come
up when the user is asked for more, one is given up with the first answer. Out come candidates of
the family `mixed`. Next: `tasks.writes`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from agentgym.plan import Emit, Later, Plan, Shift, Write, told
from agentgym.plan.intents import added, dropped, opening, turns, used
from agentgym.plan.outline import below
from agentgym.schema.types import Row
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.walks import At
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.long import Long
from agentgym.tasks.writing.plans import with_fact
from agentgym.tasks.writing.vague import Vague

__all__ = ["Mixed", "mixed_of"]

_TRIES = 4
_DRAWS = 16
_WAYS = ("more", "more", "more", "less", "both", "both", "shift")
"""How a conversation goes: more is wanted, something is given up, both, or a value shifts first."""
_FEWEST = {"more": 2, "less": 2, "both": 3, "shift": 2}


class Mixed(Vague, Long):
    """Draws conversations in which what is wanted changes."""

    def mixed(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Want some things at first, others later, and some no longer."""
        hubs = {entity.name: len(self.near(entity.name)) for entity in self.entities}
        names = [name for name, ways in hubs.items() if ways]
        for _ in range(_TRIES if names else 0):
            way = rng.choice(_WAYS)
            wanted = max(_FEWEST[way], knobs.acts or rng.choice((2, 3, 3, 4)))
            sketch = Sketch(self.schema)
            at = self.anchor(sketch, rng, rng.choices(names, [hubs[name] for name in names])[0])
            if at is None or self.several(sketch, at, rng, wanted) < _FEWEST[way]:
                continue
            plan = self.turned(sketch.plan("mixed"), way, rng)
            if plan is not None and fair(plan, self.tables) and self.tellable(plan):
                grown = (*("recombine" for _ in turns(plan)),)
                grown = (*grown, "shift") if way == "shift" else grown
                return Candidate(plan=plan, operators=("seed", *grown), knobs=knobs)
        return None

    def several(self, sketch: Sketch, at: At, rng: random.Random, wanted: int) -> int:
        """Add so many acts that disturb no other, as far as they come; returns how many."""
        written: set[tuple[str, Row]] = set()
        done = 0
        for _ in range(_DRAWS):
            before = len(sketch.facts), len(sketch.nodes), set(written)
            added_ = self.act(sketch, at, rng, written)
            plan = sketch.plan("mixed")
            added_ = added_ and fair(plan, self.tables) and self.alone(plan, before[1])
            if not added_ or not self.calm(plan):
                del sketch.facts[before[0] :], sketch.nodes[before[1] :]
                written.clear()
                written |= before[2]
                continue
            done += 1
            if done == wanted:
                break
        return done

    def turned(self, plan: Plan, way: str, rng: random.Random) -> Plan | None:
        """Say when each act of a plan is wanted; None where it cannot go that way."""
        acts = [node for node in plan.nodes if isinstance(node, (Write, Emit))]
        nodes: list[Later] = []
        last: Sequence[Write | Emit] = ()
        if way != "less":
            most = len(acts) - (2 if way == "both" else 1)
            last = acts[len(acts) - rng.randint(1, max(1, min(2, most))) :]
        first = acts[: len(acts) - len(last)]
        if way in ("less", "both"):
            found = self._given_up(plan, first, rng)
            if found is None:
                return None
            plan, gone = found
            nodes.append(Later(id="later1", drops=(gone.id,), when="answer"))
        for act in [last] if len(last) < 2 or rng.random() < 0.5 else [[one] for one in last]:
            if act:
                nodes.append(Later(id=f"later{len(nodes) + 1}", adds=tuple(one.id for one in act)))
        plan = mixed_of(plan, nodes)
        if way == "shift":
            shifted = self._shifted_first(plan, rng)
            if shifted is None:
                return None
            plan = shifted
        return told(plan)

    def _given_up(
        self, plan: Plan, acts: Sequence[Write | Emit], rng: random.Random
    ) -> tuple[Plan, Write] | None:
        """Choose a write that cannot be done before the user was asked: its value is held back."""
        others = {name: _facts(plan, [a.id for a in _acts(plan) if a.id != name]) for name in
                  (act.id for act in acts)}  # fmt: skip
        options = [
            (act, plan.fact(one.fact))
            for act in acts
            if isinstance(act, Write) and not act.each
            for one in act.settings
            if one.fact is not None and one.fact not in others[act.id]
        ]
        options = [
            (act, fact)
            for act, fact in options
            if fact.value is not None and not isinstance(fact.value, bool)
        ]
        if not options or len(acts) < 2:
            return None
        act, fact = rng.choice(options)
        return with_fact(plan, replace(fact, exposure="user")), act

    def _shifted_first(self, plan: Plan, rng: random.Random) -> Plan | None:
        """Let a fact of what is asked first be said otherwise at first, if nothing else uses it."""
        part = opening(plan)
        found = self.shifted(replace(part, family="shift"), rng)
        if found is None:
            return None
        node = next(one for one in found.nodes if isinstance(one, Shift))
        later = _facts(plan, [name for turn in turns(plan) for name in turn.adds])
        changed = {f.id: f for f in found.facts if f.id != node.first and f not in part.facts}
        if later & changed.keys():
            return None
        first = replace(found.fact(node.first), id=f"f{_highest(plan) + 1}")
        for fact in changed.values():
            plan = with_fact(plan, fact)
        shift = Shift(id="shifted", first=first.id, then=node.then)
        at = next(place for place, one in enumerate(plan.nodes) if isinstance(one, Later))
        nodes = (*plan.nodes[:at], shift, *plan.nodes[at:])
        return replace(plan, facts=(*plan.facts, first), nodes=nodes)

    def tellable(self, plan: Plan) -> bool:
        """Tell whether there are words for each part of the conversation."""
        parts = [opening(plan)]
        for turn in turns(plan):
            parts += [part for part in (dropped(plan, turn), added(plan, turn)) if part is not None]
        return all(map(self.worded, parts))


def mixed_of(plan: Plan, later: Sequence[Later]) -> Plan:
    """Add turns to a plan: the facts that what they add alone uses are told with them.

    Args:
        plan: The plan, all of whose facts are told at once or held back.
        later: The turns in order, without their facts.
    """
    coming = {name for turn in later for name in turn.adds}
    known = _facts(plan, [act.id for act in _acts(plan) if act.id not in coming])
    nodes = []
    for turn in later:
        mine = [f.id for f in plan.facts if f.id in _facts(plan, turn.adds) - known]
        known |= {*mine}
        nodes.append(replace(turn, facts=tuple(mine)))
    telling = {name for turn in nodes for name in turn.facts}
    facts = tuple(replace(f, exposure="user") if f.id in telling else f for f in plan.facts)
    return replace(plan, facts=facts, nodes=(*plan.nodes, *nodes))


def _acts(plan: Plan) -> list[Write | Emit]:
    return [node for node in plan.nodes if isinstance(node, (Write, Emit))]


def _facts(plan: Plan, acts: Collection[str]) -> set[str]:
    """Name the facts that some acts rest on."""
    needed = {*acts, *(name for act in acts for name in below(plan, act))}
    return used([node for node in plan.nodes if node.id in needed])


def _highest(plan: Plan) -> int:
    return max((int(fact.id[1:]) for fact in plan.facts), default=0)
