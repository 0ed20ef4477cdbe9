"""Writes under a rule: allowed on the right side of its limit, refused on the wrong one.

In come the rules of a domain, out come candidates of the families `policy_bound` and `refusal`.
Each was tried on a world: the one may be done once what the rules want first is done, the other
is barred by exactly the rule that it names. Next: `lacking`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import replace

from agentgym.plan import Fact, Party, Plan, Refuse, Write
from agentgym.plan.alone import alone
from agentgym.rules import In, NoChildren, Not, Rule, parts
from agentgym.schema.types import to_wire
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writing.changes import last_write
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.focus import SAID, Asked, Focus
from agentgym.tasks.writing.trial import identifying, served_by
from agentgym.tools.algebra import Create, Link

__all__ = ["Barred"]

_TALK = ("authentication", "confirmation", "order", "once")
"""Kinds of rules that a conversation can always meet, or that bar only a second time."""
_TRIES = 6
"""Pairs of a tool and a rule that one draw tries."""
_STRANGERS = 4
"""People who are tried as those to whom a row does not belong."""


class Barred(Focus):
    """Draws writes at the limits of rules."""

    @cached_property
    def bounds(self) -> dict[str, list[Asked]]:
        """What may be met, by a tool and a rule of the business, by the kind of the rule.

        Invariants stand in where the business has no rules.
        """
        found: dict[str, list[Asked]] = {}
        for one in self.asked:
            if one.rule.kind != "invariant":
                found.setdefault(one.rule.kind, []).append(one)
        return found or {
            "invariant": [
                one
                for one in self.asked
                if not any(isinstance(part, (NoChildren, In)) for part in parts(one.rule.predicate))
            ]
        }

    @cached_property
    def bars(self) -> dict[str, list[Asked]]:
        """What a rule may bar, by the kind of the rule; kept rows are a kind of their own."""
        found: dict[str, list[Asked]] = {}
        for one in self.asked:
            if one.rule.kind in _TALK:
                continue
            kept = isinstance(one.rule.predicate, NoChildren)
            found.setdefault("kept" if kept else one.rule.kind, []).append(one)
        return found

    def policy_bound(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Write what a rule allows, near its limit or once it is met."""
        for asked in self._drawn(self.bounds, rng):
            sketch = Sketch(self.schema)
            done = self.bound(sketch, asked, rng, knobs)
            if done:
                found = self.candidate(sketch, "policy_bound", knobs, "seed", "guard")
                if found is not None and self.is_bound(found.plan, asked.rule):
                    return found
        return None

    def bound(self, sketch: Sketch, asked: Asked, rng: random.Random, knobs: Knobs) -> bool:
        """Add a write that a rule is asked about and lets pass."""
        hops = _hops(rng, knobs)
        if not _said_only(asked.rule):
            return self.under(sketch, asked, rng, holds=True, hops=hops, least=knobs.least)
        tool = asked.tool
        return self.by_tool(sketch, tool, rng, hops=hops, least=knobs.least)

    def is_bound(self, plan: Plan, rule: Rule) -> bool:
        """Tell whether a rule is met by a plan, and would not be without more ado.

        What a conversation meets bars the write at its start; other rules must bar some row.
        """
        writes = [node for node in plan.nodes if isinstance(node, Write)]
        if any(isinstance(part, SAID) for part in parts(rule.predicate)):
            return any(rule.id in self.trial.bare(plan, write) for write in writes)
        return True

    def refusal(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask for what exactly one rule bars."""
        for asked in self._drawn(self.bars, rng):
            sketch = Sketch(self.schema)
            hops = _hops(rng, knobs)
            if asked.rule.kind == "ownership":
                plan = self.strange(sketch, asked, rng, hops=hops, least=knobs.least)
                if plan is not None:
                    return Candidate(plan=plan, operators=("seed", "violate"), knobs=knobs)
                continue
            if self.under(sketch, asked, rng, holds=False, hops=hops, least=knobs.least):
                plan = self.refused(sketch.plan("refusal"), last_write(sketch))
                if plan is not None:
                    return Candidate(plan=plan, operators=("seed", "violate"), knobs=knobs)
        return None

    def strange(
        self, sketch: Sketch, asked: Asked, rng: random.Random, *, hops: int, least: int
    ) -> Plan | None:
        """Let somebody ask for a change of what belongs to another."""
        tool = asked.tool
        term, _ = alone(tool.term)
        terms = identifying(self.tools)
        if isinstance(term, (Create, Link)) or not terms:
            return None
        if not self.by_tool(sketch, tool, rng, hops=hops, least=least):
            return None
        plan = sketch.plan("refusal")
        entity = self.schema.entity(terms[0].entity)
        rows = self.tables.rows(entity.name)
        for row in rng.sample(list(rows), min(_STRANGERS, len(rows))):
            facts = tuple(
                Fact(
                    id=f"f{len(plan.facts) + number}",
                    entity=entity.name,
                    field=one.field,
                    value=to_wire(entity.field(one.field), row[entity.position(one.field)]),
                    exposure="user",
                )
                for number, one in enumerate(terms[0].by, 1)
            )
            party = Party(entity=entity.name, facts=tuple(fact.id for fact in facts))
            theirs = replace(plan, facts=plan.facts + facts, party=party)
            told = all(fact.value not in (None, "") for fact in facts)
            if told and served_by(theirs, self.tables) == row:
                made = self.refused(theirs, last_write(sketch))
                if made is not None:
                    return made
        return None

    def refused(self, plan: Plan, write: Write) -> Plan | None:
        """Return the plan with the refusal of its only write; None where no one rule bars it."""
        if not fair(plan, self.tables):
            return None
        tried = self.attempts(plan)
        if tried is None or len(tried) != 1 or tried[0].write != write.id:
            return None
        rule = tried[0].barred_only
        if rule is None or self.trial.rules[rule].kind in _TALK:
            return None
        refuse = Refuse(id=f"n{len(plan.nodes) + 1}", act=write.id, because="rule", rule=rule)
        return Plan(
            family="refusal", facts=plan.facts, nodes=(*plan.nodes, refuse), party=plan.party
        )

    def _drawn(self, groups: dict[str, list[Asked]], rng: random.Random) -> Sequence[Asked]:
        """Draw pairs, each kind of rule about as often, each rule of a kind as well."""
        kinds = [kind for kind, found in groups.items() if found]
        found = []
        for _ in range(_TRIES if kinds else 0):
            options = groups[rng.choice(kinds)]
            rule = rng.choice(list(dict.fromkeys(one.rule.id for one in options)))
            found.append(rng.choice([one for one in options if one.rule.id == rule]))
        return found


def _hops(rng: random.Random, knobs: Knobs) -> int:
    if knobs.entities is not None:
        return max(0, knobs.entities - 1)
    return rng.choice((0, 0, 1))


def _said_only(rule: Rule) -> bool:
    """Tell whether a rule speaks of nothing but the conversation."""
    found = list(parts(rule.predicate))
    return all(isinstance(part, SAID) for part in found if not isinstance(part, Not))
