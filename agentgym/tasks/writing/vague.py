"""What the user leaves open, and what they change their mind about.

Out come candidates of two families: `ambiguous`, where a hidden fact tells which of a few rows
is meant, and `shift`, where with the first answer another value or row is meant than was said.
Next: `long`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Emit, Fact, Link, Plan, Select, Shift, Where, Write
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_stored, to_wire
from agentgym.tasks.clues import Sketch, clue_fields, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.walks import At
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.plans import clue_facts, setting_facts, with_fact
from agentgym.tasks.writing.several import Several

__all__ = ["Vague"]

_TRIES = 10
_MEANT = (2, 5)
"""Fewest and most rows that what is said may leave."""
_ROWS = 6
_HINTS = ("time", "place", "code", "category", "status", "label", "person", "money", "contact")
"""Roles of what tells alike rows apart, the most natural first."""


class Vague(Several):
    """Draws requests that are told only in part, or told otherwise at first."""

    def ambiguous(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask of, or change, one of a few rows that are alike as told."""
        for _ in range(_TRIES):
            sketch = Sketch(self.schema)
            at = self.unsaid(sketch, rng, knobs)
            if at is None:
                continue
            if self.writers and rng.random() < 0.6:
                options = [one for one in self.near(at.entity) if one[1] is None]
                rng.shuffle(options)
                acted = any(
                    self.deed(sketch, at, option, rng, set(), ruled=knobs.ruled, plain=True)
                    for option in options[:6]
                )
            else:
                acted = self.tell(sketch, at, rng) is not None
            if not acted or not self.differs(sketch.plan("ambiguous")):
                continue
            found = self.candidate(sketch, "ambiguous", knobs, "seed", "hide")
            if found is not None:
                return found
        return None

    def unsaid(self, sketch: Sketch, rng: random.Random, knobs: Knobs) -> At | None:
        """Stand on a row that what is told leaves with one to four others."""
        if rng.random() < 0.6 or (knobs.entities or 0) > 1:
            return self._unsaid_child(sketch, rng, knobs)
        entity = rng.choice(self.entities)
        rows = self.tables.rows(entity.name)
        for row in rng.sample(list(rows), min(_ROWS, len(rows))):
            fields = [f for f in clue_fields(entity) if sayable(f, row[entity.position(f.name)])]
            rng.shuffle(fields)
            for field in fields:
                place = entity.position(field.name)
                left = [one for one in rows if one[place] == row[place]]
                if not _MEANT[0] <= len(left) <= _MEANT[1]:
                    continue
                clue = field.name, "eq", row[place]
                if not self.readable.finds(entity.name, [field.name]):
                    continue
                node = self._hidden(sketch, entity, [clue], (), row, left, rng)
                if node is not None:
                    return At(node=node, entity=entity.name, row=row)
        return None

    def _unsaid_child(self, sketch: Sketch, rng: random.Random, knobs: Knobs) -> At | None:
        """Stand on one of a few rows that refer to a described one."""
        relations = [
            relation
            for relation in self.schema.relations
            if relation.entity in self.spoken
            and relation.target in self.spoken
            and self.schema.entity(relation.entity).kind != "link"
            and self.leads(relation, up=False)
            and self.tables.rows(relation.entity)
        ]
        if not relations:
            return None
        relation = rng.choice(relations)
        hops = max(0, (knobs.entities or 2) - 2)
        least = knobs.least - 1

        def fits(row: Row) -> bool:
            return _MEANT[0] <= len(self.below(relation, row)) <= _MEANT[1]

        at = self.stand(sketch, relation.target, rng, hops=hops, least=least, fits=fits)
        if at is None:
            return None
        entity, left = self.schema.entity(relation.entity), self.below(relation, at.row)
        link = Link(relation=relation.name, forward=True, node=at.node)
        row = rng.choice(left)
        node = self._hidden(sketch, entity, [], (link,), row, left, rng)
        return None if node is None else At(node=node, entity=entity.name, row=row)

    def _hidden(
        self,
        sketch: Sketch,
        entity: Entity,
        clues: Sequence[tuple[str, str, Stored]],
        links: Sequence[Link],
        row: Row,
        left: Sequence[Row],
        rng: random.Random,
    ) -> str | None:
        """Add a select with a hidden clue that leaves the row alone of those that are left."""
        told = {name for name, _, _ in clues}
        fields = [
            field
            for field in clue_fields(entity)
            if field.name not in told
            and field.role in _HINTS
            and sayable(field, row[entity.position(field.name)])
            and sum(
                one[entity.position(field.name)] == row[entity.position(field.name)] for one in left
            )
            == 1
        ]
        if not fields:
            return None
        field = min(fields, key=lambda one: _HINTS.index(one.role) + 3 * rng.random())
        value = row[entity.position(field.name)]
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        node = sketch.select(entity.name, [*clues, (field.name, "eq", value)], links)
        if self.tables.extent(sketch.plan("ambiguous"), node) != [row]:
            del sketch.facts[facts:], sketch.nodes[nodes:]
            return None
        select = next(one for one in sketch.nodes if one.id == node)
        assert isinstance(select, Select)
        hidden = select.where[-1].fact
        sketch.facts[:] = [
            replace(fact, exposure="hidden") if fact.id == hidden else fact for fact in sketch.facts
        ]
        return node

    def differs(self, plan: Plan) -> bool:
        """Tell whether without the hidden facts some act has another target or answer."""
        hidden = {fact.id for fact in plan.facts if fact.exposure == "hidden"}
        if not hidden:
            return False
        open_plan = unhidden(plan)
        for node in open_plan.nodes:
            if isinstance(node, Emit) and len(self.tables.value(open_plan, node)) > 1:
                return True
            if isinstance(node, Write) and any(
                len(self.tables.extent(open_plan, name)) > 1
                for name in (node.target, *(one.node for one in node.settings))
                if name is not None and isinstance(open_plan.node(name), Select)
            ):
                return True
        return False

    # changes of mind

    def shift(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Say one value or row at first, and mean another with the first answer."""
        for _ in range(_TRIES):
            sketch = Sketch(self.schema)
            hops = max(0, knobs.entities - 1) if knobs.entities else rng.choice((0, 0, 1))
            kinds = ("update", "update", "update", "create", "transition")
            if not self.one_write(
                sketch, kinds, rng, hops=hops, least=knobs.least - 1, ruled=knobs.ruled
            ):
                continue
            plan = self.shifted(sketch.plan("shift"), rng)
            if plan is not None and fair(plan, self.tables) and self.done(plan):
                return Candidate(plan=plan, operators=("seed", "hide", "shift"), knobs=knobs)
        return None

    def shifted(self, plan: Plan, rng: random.Random) -> Plan | None:
        """Return the plan with a fact that is said otherwise at first, and one held back.

        The value of a write, or a clue of the row, is told later; another fact of the writes is
        held back, so that the agent has to ask. None where there are no two such facts.
        """
        values = [plan.fact(name) for name in setting_facts(plan)]
        held = [fact for fact in values if fact.exposure != "instruction"]
        clues = [
            plan.fact(name)
            for name in sorted(clue_facts(plan))
            if plan.fact(name).exposure == "instruction"
        ]
        later = [fact for fact in values if fact.exposure == "instruction"]
        rng.shuffle(later)
        rng.shuffle(clues)
        options = [*later, *clues] if rng.random() < 0.6 else [*clues, *later]
        for fact in options:
            others = [one for one in held or later if one.id != fact.id]
            if not others:
                continue
            first = self._said_first(plan, fact, rng)
            if first is None:
                continue
            back = rng.choice(others)
            said = with_fact(
                with_fact(plan, replace(fact, exposure="user")), replace(back, exposure="user")
            )
            new = Fact(
                id=f"f{_highest(plan) + 1}", entity=fact.entity, field=fact.field, value=first
            )
            node = Shift(id=f"n{len(plan.nodes) + 1}", first=new.id, then=fact.id)
            return replace(
                said, family="shift", facts=(*said.facts, new), nodes=(*plan.nodes, node)
            )
        return None

    def _said_first(self, plan: Plan, fact: Fact, rng: random.Random) -> Json:
        """Draw what is said at first in the place of a fact: a wire value that would do as well."""
        entity = self.schema.entity(fact.entity)
        field = entity.field(fact.field)
        stored = to_stored(field, fact.value)
        for node in plan.nodes:
            if isinstance(node, Select):
                for where in node.where:
                    if where.fact == fact.id:
                        return self._other_row(plan, node, where, rng)
            if isinstance(node, Write) and any(one.fact == fact.id for one in node.settings):
                if node.kind == "transition":
                    return self._other_state(plan, node, entity, field, rng)
                old = stored
                if node.target is not None:
                    rows = self.tables.extent(plan, node.target)
                    old = rows[0][entity.position(field.name)] if rows else stored
                value = self.another(entity, field, old, fact.value, rng)
                found = (
                    None
                    if value is None
                    else with_fact(plan, replace(fact, value=to_wire(field, value)))
                )
                if found is not None and self.done(found):
                    return to_wire(field, value)
        return None

    def _other_row(self, plan: Plan, node: Select, where: Where, rng: random.Random) -> Json:
        """Choose another value of a clue that leaves one other row, which could be written too."""
        if where.op != "eq" or where.of is not None:
            return None
        entity = self.schema.entity(node.entity)
        field = entity.field(where.field)
        fact = plan.fact(where.fact)
        here = self.tables.extent(plan, node.id)
        column = [
            one for one in self.tables.ordered(entity.name, field.name) if sayable(field, one)
        ]
        for value in rng.sample(column, min(24, len(column))):
            wire = to_wire(field, value)
            if wire == fact.value:
                continue
            other = with_fact(plan, replace(fact, value=wire))
            there = self.tables.extent(other, node.id)
            if len(there) == 1 and there != here and self.single(other) and self.done(other):
                return wire
        return None

    def _other_state(
        self, plan: Plan, node: Write, entity: Entity, field: Field, rng: random.Random
    ) -> Json:
        rows = self.tables.extent(plan, str(node.target))
        cycles = [
            c for c in self.schema.lifecycles if (c.entity, c.field) == (entity.name, field.name)
        ]
        if not rows or not cycles:
            return None
        said = {plan.fact(one.fact).value for one in node.settings if one.fact is not None}
        state = str(rows[0][entity.position(field.name)])
        options = [one for one in cycles[0].moves.get(state, ()) if one not in said]
        return rng.choice(options) if options else None

    def single(self, plan: Plan) -> bool:
        """Tell whether each select that acts rest on has one row."""
        wide = {node.target for node in plan.nodes if isinstance(node, Write) and node.each}
        return all(
            len(self.tables.extent(plan, node.id)) == 1
            for node in plan.nodes
            if isinstance(node, Select) and node.id not in wide
        )


def unhidden(plan: Plan) -> Plan:
    """Return the plan without the clues that are hidden: what is said, and announced."""
    hidden = {fact.id for fact in plan.facts if fact.exposure == "hidden"}
    nodes = tuple(
        replace(node, where=tuple(one for one in node.where if one.fact not in hidden))
        if isinstance(node, Select)
        else node
        for node in plan.nodes
    )
    return replace(plan, nodes=nodes)


def _highest(plan: Plan) -> int:
    return max((int(fact.id[1:]) for fact in plan.facts), default=0)
