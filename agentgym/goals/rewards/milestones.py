"""Milestones: what a run passes on its way to the goal, found out from the gold run.

One for each fact that must be asked for, for a yes that must be had, for each bridge value (shown
in a result and used in a later call), for each effect of the plan (judged on the net changes, so
that what is undone is lost again), for what a refusal rests on, for each row of which the user is
to be told unasked (lost again where they are told of others), for each slot of the answer, and one
for having concluded as expected. One counts only while all before it do: a call whose arguments
were guessed, or a conclusion that comes first of all, is none.

What is reached for good is kept as bits of one number. Next: `course`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agentgym.goals.goal import Branch, Goal, Seen
from agentgym.goals.matcher import Matched, Matcher
from agentgym.goals.offers import row_name
from agentgym.goals.rewards.bridges import Bridge, Place
from agentgym.goals.rewards.golden import Played
from agentgym.plan import Emit, Fact, Guard, Plan, Shift
from agentgym.plan.origins import sources
from agentgym.plan.outline import below
from agentgym.schema import Schema

__all__ = ["Effect", "Milestones", "Way", "needed"]


class Effect(NamedTuple):
    """What one write of the plan comes to."""

    bit: int
    places: frozenset[int]
    """Of the required changes that are its doing."""


class Way(NamedTuple):
    """The milestones of one branch of the goal."""

    branch: Branch
    matcher: Matcher
    effects: tuple[Effect, ...]
    seen: tuple[tuple[int, Seen], ...]
    """What a conclusion rests on, each with its bit."""
    offers: tuple[tuple[int, str], ...]
    """Of what the user is to be told unasked: bit, and the row as it is named."""
    slots: tuple[int, ...]
    """Bits of the slots of the answer, in order."""
    concluded: int
    order: tuple[tuple[int, int], ...]
    """Each bit with those of all that comes right before it; later ones come later."""

    def made(self, matched: Matched) -> int:
        """Return the bits of the effects that are there."""
        bits = 0
        for effect in self.effects:
            if effect.places <= matched.pairs.keys():
                bits |= effect.bit
        return bits

    def told(self, offered: Sequence[str]) -> int:
        """Return the bits of the offers that were made; none where one was made that is not due."""
        due = {name for _, name in self.offers}
        if len(set(offered)) < len(offered) or not due.issuperset(offered):
            return 0
        return sum(bit for bit, name in self.offers if name in offered)

    def share(self, reached: int) -> float:
        """Return Phi: the share of milestones that are reached, with all before them."""
        counted = 0
        number = 0
        for bit, before in self.order:
            if reached & bit and before & counted == before:
                counted |= bit
                number += 1
        return number / len(self.order)


class Milestones:
    """The milestones of a task.

    Args:
        plan: Of the task.
        goal: Of the task.
        played: Its gold run.
        used: Number of a call of it to the bridge values that its arguments hold.
        schema: What the rows are of.
        facts: All that the user can tell.
    """

    def __init__(
        self,
        plan: Plan,
        goal: Goal,
        played: Played,
        used: Mapping[int, Sequence[Bridge]],
        schema: Schema,
        facts: Sequence[Fact],
        asking: Iterable[str],
    ) -> None:
        self._next = 0
        order: list[tuple[int, int]] = []
        self.asks = {fact_id: self._bit(order, 0) for fact_id in needed(plan, goal, played, facts)}
        """Fact to its bit."""
        names = frozenset(asking)
        asked = any(step.tool in names for step in played.steps)
        self.yes = self._bit(order, 0) if asked else 0
        """Bit of a yes that must be had; 0 where none must."""
        self.bridges: dict[tuple[Place, object], int] = {}
        """Kind and value to its bit."""
        rests = {n: self._facts(step.origin) for n, step in enumerate(played.steps)}
        found = {bridge: None for number in sorted(used) for bridge in used[number]}
        for bridge in sorted(found, key=lambda one: one.call):
            before = rests.get(bridge.call, 0) | self._uses(used.get(bridge.call, ()))
            self.bridges[bridge.kind, bridge.value] = self._bit(order, before)
        writes: dict[str, int] = {}
        for number, step in enumerate(played.steps):
            if played.changed[number]:
                before = rests[number] | self._uses(used.get(number, ()))
                writes[step.node] = writes.get(step.node, 0) | before
        self.ways = tuple(self._way(one, played, schema, order, writes) for one in goal.branches)

    def _bit(self, order: list[tuple[int, int]], before: int) -> int:
        bit = 1 << self._next
        self._next += 1
        order.append((bit, before))
        return bit

    def _facts(self, origins: Mapping[str, str]) -> int:
        """Return the bits of the facts that a call takes."""
        bits = 0
        for origin in origins.values():
            for leaf in sources(origin):
                kind, _, rest = leaf.partition(":")
                if kind == "fact":
                    bits |= self.asks.get(rest, 0)
        return bits

    def _uses(self, used: Iterable[Bridge]) -> int:
        bits = 0
        for bridge in used:
            bits |= self.bridges.get((bridge.kind, bridge.value), 0)
        return bits

    def _way(
        self,
        branch: Branch,
        played: Played,
        schema: Schema,
        shared: Sequence[tuple[int, int]],
        writes: Mapping[str, int],
    ) -> Way:
        order = list(shared)
        matcher = Matcher(branch.changes, schema)
        effects = []
        for node, places in _grouped(branch, matcher, played).items():
            before = writes.get(node, 0)
            effects.append(Effect(self._bit(order, before), frozenset(places)))
        seen = []
        if branch.outcome != "done" or not played.steps:
            seen = [(self._bit(order, 0), one) for one in branch.seen]
        due = dict.fromkeys(row_name(one.key) for one in branch.offers or ())
        offers = tuple((self._bit(order, 0), name) for name in due)
        slots = tuple(self._bit(order, 0) for _ in branch.answers)
        before = 0
        for bit, _ in order:
            before |= bit
        concluded = self._bit(order, before)
        return Way(
            branch, matcher, tuple(effects), tuple(seen), offers, slots, concluded, tuple(order)
        )


def _grouped(branch: Branch, matcher: Matcher, played: Played) -> dict[str, list[int]]:
    """Put the required changes together that are the doing of one write of the plan."""
    doing = {
        (change.entity, change.key): step.node
        for step, changed in zip(played.steps, played.changed, strict=True)
        for change in changed
    }
    pairs = matcher.match(played.net).pairs
    groups: dict[str, list[int]] = {}
    for place in range(len(branch.changes)):
        change = pairs.get(place)
        node = None if change is None else doing.get((change.entity, change.key))
        groups.setdefault(f"change {place}" if node is None else node, []).append(place)
    return groups


def needed(plan: Plan, goal: Goal, played: Played, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Name the facts that an agent has to ask for, in order.

    Those that are not told at once, and that the gold run takes or a clue of what it does names;
    what is told at once under another name need not be asked for.
    """
    told = {
        (fact.entity, fact.field, str(fact.value))
        for fact in facts
        if fact.exposure not in ("user", "hidden")
    }
    taken = {
        leaf.partition(":")[2]
        for step in played.steps
        for origin in step.origin.values()
        for leaf in sources(origin)
        if leaf.startswith("fact:")
    }
    if any(branch.outcome == "done" for branch in goal.branches):
        taken |= _clues(plan, played)
    return tuple(
        fact.id
        for fact in facts
        if fact.exposure in ("user", "hidden")
        and fact.id in taken
        and (fact.entity, fact.field, str(fact.value)) not in told
    )


def _clues(plan: Plan, played: Played) -> set[str]:
    """Name the facts that what is done rests on, whether or not a call takes them."""
    nodes = {node.id: node for node in plan.nodes}
    guarded = {
        name
        for node in plan.nodes
        if isinstance(node, Guard)
        for name in (*node.then, *node.otherwise)
    }
    acts = {step.node for step in played.steps if step.node in nodes}
    acts |= {n.id for n in plan.nodes if isinstance(n, Emit) and n.id not in guarded}
    found = {node.then for node in plan.nodes if isinstance(node, Shift)}
    for act in acts:
        for name in (act, *below(plan, act)):
            found |= _named(nodes[name])
    return found


def _named(node: object) -> set[str]:
    """Return the ids of the facts that the clues, limits or settings of a node name."""
    found: set[str] = set()
    for part in ("where", "settings", "limits", "of"):
        for one in getattr(node, part, None) or ():
            fact = getattr(one, "fact", None)
            if isinstance(fact, str):
                found.add(fact)
    return found
