"""Requests in the words of the trade: rows that only the glossary tells apart from others.

A word of the glossary is drawn, and rows for which it stands; a relation, another clue or a
superlative leaves one of them, or all of them are asked about. Out come candidates of the family
`jargon`. Next: `tasks.writes`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import replace

from agentgym.plan import Aggregated, Emit, Fact, Link, Pick, Plan, Select, told
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored
from agentgym.tasks.clues import Clue, Sketch, clue_fields, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.walks import At
from agentgym.tasks.words.idiom import ranked
from agentgym.tasks.writing.several import Several
from agentgym.tools.algebra import Aggregate, LookUpTerm, Meaning
from agentgym.tools.derive.glossary import holds

__all__ = ["Jargon"]

_TRIES = 12
_ROLES = ("status", "category", "place", "time", "flag")


class Jargon(Several):
    """Draws requests in words whose meaning has to be looked up."""

    @cached_property
    def meanings(self) -> tuple[Meaning, ...]:
        """The words of the domain's glossary whose rows can be spoken of."""
        entries = [
            one
            for tool in self.tools
            if isinstance(tool.term, LookUpTerm)
            for one in tool.term.entries
        ]
        return tuple(one for one in entries if one.entity in self.spoken)

    def jargon(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask of, or change, rows that a word of the trade stands for."""
        for _ in range(_TRIES if self.meanings else 0):
            one = rng.choice(self.meanings)
            entity = self.schema.entity(one.entity)
            rows = [r for r in self.tables.rows(entity.name) if holds(entity, r, one.where)]
            sketch = Sketch(self.schema)
            ways = [self._coded_one, self._coded_one, self._coded_all, self._coded_number]
            found = rng.choice(ways)(sketch, one, entity, rows, rng, knobs)
            if not found:
                continue
            made = self.candidate(sketch, "jargon", knobs, "seed", "code")
            if made is not None:
                return replace(made, plan=_coded(made.plan, one))
        return None

    # which rows

    def _coded_clues(self, one: Meaning, entity: Entity) -> list[Clue]:
        return [Clue(c.field, c.op, to_stored(entity.field(c.field), c.value)) for c in one.where]

    def _coded_one(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> bool:
        """Tell one of the rows, and ask something of it or change it."""
        ways = [self._coded_child, self._coded_beside, self._coded_best]
        rng.shuffle(ways)
        for way in ways:
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            at = way(sketch, one, entity, rows, rng, knobs)
            if at is not None and self._coded_act(sketch, at, one, rng, knobs):
                return True
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return False

    def _coded_child(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> At | None:
        """Go down from a described row to the one of its rows for which the word stands."""
        parent = self._coded_parent(sketch, entity, rows, rng, knobs, least=1, most=1)
        if parent is None:
            return None
        link, mine = parent
        node = sketch.select(entity.name, self._coded_clues(one, entity), [link])
        return At(node=node, entity=entity.name, row=mine[0])

    def _coded_parent(
        self,
        sketch: Sketch,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
        *,
        least: int,
        most: int,
    ) -> tuple[Link, list[Row]] | None:
        """Describe a row to which some rows refer, so many of them with the word, others without.

        Returns:
            The link to it, and the rows with the word.
        """
        relations = [
            relation
            for relation in self.schema.relations
            if relation.entity == entity.name
            and relation.target in self.spoken
            and self.leads(relation, up=False)
        ]
        if not relations:
            return None
        relation = rng.choice(relations)
        known = set(rows)

        def mine(row: Row) -> list[Row]:
            return [child for child in self.below(relation, row) if child in known]

        def fits(row: Row) -> bool:
            count = len(mine(row))
            return least <= count <= most and count < len(self.below(relation, row))

        hops = max(0, (knobs.entities or 2) - 2)
        at = self.stand(sketch, relation.target, rng, hops=hops, least=knobs.least - 2, fits=fits)
        if at is None:
            return None
        return Link(relation=relation.name, forward=True, node=at.node), mine(at.row)

    def _coded_beside(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> At | None:
        """Tell a row by the word and a clue that rows without the word fit as well."""
        del knobs
        told_ = {c.field for c in one.where}
        fields = [f for f in clue_fields(entity) if f.role in _ROLES and f.name not in told_]
        rng.shuffle(fields)
        every = self.tables.rows(entity.name)
        for field in fields:
            place = entity.position(field.name)
            for row in rng.sample(list(rows), min(6, len(rows))):
                value = row[place]
                if not sayable(field, value):
                    continue
                alike = sum(other[place] == value for other in every)
                if sum(other[place] == value for other in rows) == 1 < alike:
                    clues = [Clue(field.name, "eq", value), *self._coded_clues(one, entity)]
                    node = sketch.select(entity.name, clues)
                    return At(node=node, entity=entity.name, row=row)
        return None

    def _coded_best(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> At | None:
        """Tell the row that has most or least of something, of those with the word."""
        del knobs
        told_ = {c.field for c in one.where}
        fields = [
            field
            for field in clue_fields(entity)
            if field.role in ("money", "quantity", "measure", "time")
            and field.name not in told_
            and ranked(field.label)
        ]
        rng.shuffle(fields)
        every = self.tables.rows(entity.name)
        for field in fields:
            largest = rng.random() < 0.5
            best = self._extreme(entity, field.name, rows, largest=largest)
            overall = self._extreme(entity, field.name, every, largest=largest)
            if len(best) == 1 and best != overall:
                pick = Pick(field=field.name, largest=largest)
                node = sketch.select(entity.name, self._coded_clues(one, entity), (), pick)
                return At(node=node, entity=entity.name, row=best[0])
        return None

    def _extreme(
        self, entity: Entity, field: str, rows: Sequence[Row], *, largest: bool
    ) -> list[Row]:
        place = entity.position(field)
        values = [row[place] for row in rows if row[place] is not None]
        if not values:
            return []
        best = max(values) if largest else min(values)  # type: ignore[type-var]
        return [row for row in rows if row[place] == best]

    # what is wanted

    def _coded_act(
        self, sketch: Sketch, at: At, one: Meaning, rng: random.Random, knobs: Knobs
    ) -> bool:
        """Ask something of the row, or change it; never what the word speaks of."""
        told_ = {c.field for c in one.where}
        if self.writers and rng.random() < 0.5:
            options = [option for option in self.near(at.entity) if option[1] is None]
            rng.shuffle(options)
            return any(
                self.deed(sketch, at, option, rng, set(), ruled=knobs.ruled, plain=True)
                for option in options[:6]
            )
        if self.tell(sketch, at, rng) is None:
            return False
        last = sketch.nodes[-1]
        return not (isinstance(last, Emit) and last.node == at.node and last.field in told_)

    def _coded_all(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> bool:
        """Ask a field of all the rows for which the word stands, of a described one."""
        parent = self._coded_parent(sketch, entity, rows, rng, knobs, least=2, most=12)
        if parent is None:
            return False
        told_ = {c.field for c in one.where}
        fields = [
            f
            for f in clue_fields(entity)
            if f.role in ("label", "person", "code", "time") and f.name not in told_
        ]
        if not fields:
            return False
        node = sketch.select(entity.name, self._coded_clues(one, entity), [parent[0]])
        sketch.nodes.append(
            Emit(id=sketch.next_id(), node=node, field=rng.choice(fields).name, many=True)
        )
        return True

    def _coded_number(
        self,
        sketch: Sketch,
        one: Meaning,
        entity: Entity,
        rows: Sequence[Row],
        rng: random.Random,
        knobs: Knobs,
    ) -> bool:
        """Ask how many there are, or a figure over them; of all, or of a described row's."""
        del knobs
        terms = [
            tool.term
            for tool in self.tools
            if isinstance(tool.term, Aggregate) and tool.term.entity == entity.name
        ]
        if not terms:
            return False
        term = rng.choice(terms)
        told_ = {c.field for c in one.where}
        options: list[tuple[str, str | None]] = [("count", None)] * ("count" in term.functions)
        for field in term.fields:
            fits = entity.field(field).role in ("money", "quantity") and field not in told_
            if fits and entity.field(field).spoken:
                options += [(name, field) for name in term.functions if name in ("sum", "max")]
        if not options or len(rows) < 2:
            return False
        function, name = rng.choice(options)
        of = sketch.select(entity.name, self._coded_clues(one, entity))
        number = sketch.next_id()
        sketch.nodes.append(Aggregated(id=number, of=of, function=function, field=name))  # type: ignore[arg-type]
        sketch.emit(number, None)
        return True


def _coded(plan: Plan, one: Meaning) -> Plan:
    """Let the clues of a word be told by the word."""
    wanted = {(c.field, c.op) for c in one.where}
    names = [
        where.fact
        for node in plan.nodes
        if isinstance(node, Select) and node.entity == one.entity
        if wanted <= {(where.field, where.op) for where in node.where}
        for where in node.where
        if (where.field, where.op) in wanted
    ]

    def coded(fact: Fact) -> Fact:
        return replace(fact, exposure="jargon", term=one.term)

    facts = tuple(coded(fact) if fact.id in names else fact for fact in plan.facts)
    return told(replace(plan, facts=facts))
