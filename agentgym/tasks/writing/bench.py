"""The bench: where plans that write are tried before they are handed on.

Rows, tools, rules and effects of a domain come in; a `Bench` tells of a plan whether its writes
can be done, and makes a candidate of it. Next: `copies`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property

from agentgym.domain import Clock, Domain, Source
from agentgym.plan import Plan
from agentgym.plan.alone import alone
from agentgym.plan.party import Parties
from agentgym.plan.remedies import NoLoweringError
from agentgym.plan.tables import Tables
from agentgym.rules import Effect, In, Move, NoChildren, Owner, Rule, fields_of, parts
from agentgym.schema import Relation
from agentgym.schema.types import Row
from agentgym.tasks.clues import Sketch
from agentgym.tasks.creates import Creator
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.fields import Changeable
from agentgym.tasks.writing.trial import Attempt, Trial, identifying
from agentgym.tools.algebra import Create, Delete, Link, Tool, Transition, Unlink, Update
from agentgym.tools.derive.rules.ground import Ground

__all__ = ["Bench"]


class Bench(Creator):
    """Tries the writes of plans over one domain.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools.
        rules: Its rules.
        effects: What else its writes do.
        now: Its clock at the start.
        domain: The domain, where the caller has it: made of the others if not.
    """

    def __init__(
        self,
        tables: Tables,
        tools: Sequence[Tool],
        rules: Sequence[Rule] = (),
        *,
        effects: Sequence[Effect] = (),
        now: str = "2024-01-01T00:00:00Z",
        domain: Domain | None = None,
    ) -> None:
        super().__init__(tables, tools)
        self.rules = rules
        self.effects = effects if domain is None else domain.effects
        self.now = now
        self._domain = domain
        self.changeable = Changeable(self.schema, self.effects, now=now)
        self.ruled = {tool.name: about for tool in tools if (about := _about(tool, rules))}
        """Tool to the fields of which it must set one to be under a rule; `*` stands for any."""
        self._passing: dict[str, set[Row]] = {}
        self._options: dict[str, list[tuple[Tool, Relation | None, bool]]] = {}

    @cached_property
    def rows_of(self) -> dict[str, Sequence[Row]]:
        """All rows by entity."""
        return {entity.name: self.tables.rows(entity.name) for entity in self.schema.entities}

    @cached_property
    def ground(self) -> Ground:
        """What predicates are judged on, row by row."""
        terms = identifying(self.tools)
        party = self.schema.entity(terms[0].entity) if terms else None
        paths = {
            rule.entity: part.path
            for rule in self.rules
            for part in parts(rule.predicate)
            if isinstance(part, Owner)
        }
        return Ground(
            self.schema, self.rows_of, self.tools, now=self.now, seed=0, party=party, paths=paths
        )

    @cached_property
    def domain(self) -> Domain:
        """The domain: the caller's, or one of what is known."""
        return self._domain or Domain(
            name="trial",
            title="Trial",
            description="",
            schema=self.schema,
            rules=tuple(self.rules),
            effects=tuple(self.effects),
            tools=tuple(self.tools),
            clock=Clock(start=self.now),
            source=Source(kind="trial", name="trial", sha256=""),
            rows={name: tuple(rows) for name, rows in self.rows_of.items()},
        )

    @cached_property
    def trial(self) -> Trial:
        """Where the writes of plans are tried."""
        return Trial(self.domain, self.tables)

    @cached_property
    def identifying(self) -> set[tuple[str, str]]:
        """(entity, field) pairs by which users are identified: the user tells them."""
        return {(term.entity, one.field) for term in identifying(self.tools) for one in term.by}

    @cached_property
    def parties(self) -> Parties:
        """Who the user of a plan has to be."""
        return Parties(self.tables, self.tools, self.rules)

    # candidates

    def attempts(self, plan: Plan, *, alone: bool = False) -> list[Attempt] | None:
        """Try the writes of a plan as the user for whom it is; None where nobody may ask it."""
        try:
            served = self.parties.served(plan, random.Random(0))
        except NoLoweringError:
            return None
        return self.trial.play(served, alone=alone)

    def done(self, plan: Plan) -> bool:
        """Tell whether every write of a plan can be done, and changes something."""
        tried = self.attempts(plan)
        return tried is not None and all(one.allowed and one.changes for one in tried)

    def candidate(
        self, sketch: Sketch, family: str, knobs: Knobs, *operators: str, tried: bool = True
    ) -> Candidate | None:
        """Finish a sketch; None where a write of it cannot be done, or it is not fair.

        Args:
            sketch: What was grown.
            family: Of the plan.
            knobs: What was asked for.
            operators: What it was grown by.
            tried: Whether its writes are tried first.
        """
        plan = sketch.plan(family)
        if not fair(plan, self.tables) or (tried and not self.done(plan)):
            return None
        return Candidate(plan=plan, operators=operators, knobs=knobs)


def _about(tool: Tool, rules: Sequence[Rule]) -> frozenset[str]:
    """Name the fields of which a tool must set one for a rule to be met; `*` for any."""
    term, _ = alone(tool.term)
    match term:
        case Create():
            kind, fields = "create", {a.field for a in term.values if a.required}
        case Link():
            kind, fields = "create", {a.field for a in (*term.ends, *term.values)}
        case Update():
            kind, fields = "update", {a.field for a in term.values}
        case Transition():
            kind, fields = "update", {term.to.field}
        case Delete() | Unlink():
            kind, fields = "delete", set[str]()
        case _:
            return frozenset()
    found: set[str] = set()
    for rule in rules:
        if rule.id not in tool.guards or rule.entity != term.entity or kind not in rule.on:
            continue
        if rule.kind != "invariant":
            found |= fields & set(rule.fields) if rule.fields and kind == "update" else {"*"}
            continue
        speaks = list(parts(rule.predicate))
        moves = any(isinstance(part, Move) for part in speaks)
        if not any(isinstance(part, (NoChildren, In)) for part in speaks) and not (
            moves and kind == "create"
        ):
            met = fields & fields_of(rule.predicate)
            found |= met if kind == "update" else {"*"} if met else set()
    return frozenset(found)
