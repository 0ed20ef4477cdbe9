"""Walks: from a row that a person can describe, along real relations, to other rows.

Where several rows are related, which one is meant is told by an extreme (the latest, the
largest) or by a clue. Links between entities are bookkeeping, and ways back lead nowhere
new: both are taken last. Next: `reads`, `writes`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from agentgym.formats import Record
from agentgym.plan import Link, Pick, Plan
from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import ORDERED, Row
from agentgym.tasks.clues import FIGURES, Sketch, describe
from agentgym.tasks.readable import Readable
from agentgym.tasks.routes import Route, Routes
from agentgym.tasks.spoken import spoken, worded
from agentgym.tasks.words import say
from agentgym.tasks.words.idiom import ranked
from agentgym.tools.algebra import Tool

__all__ = ["At", "Fits", "Walker"]

_TRIED = 4
"""Relations that are tried to go on from a row."""
_STARTS = 6
"""Rows that are tried as the start of a route."""
Fits = Callable[[Row], bool]
"""Tells whether a row will do as the one on which a walk ends."""


class At(Record, kw_only=True):
    """Where a walk stands: a node of the sketch, its row, and how it was reached."""

    node: str
    entity: str
    row: Row
    came: tuple[str, bool] | None = None
    """The relation that was taken last, and whether towards the parent."""
    passed: tuple[str, ...] = ()
    """The entities before this one."""


class Walker:
    """Walks over the rows of one domain.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools; walks go only where they can read.
    """

    def __init__(self, tables: Tables, tools: Sequence[Tool]) -> None:
        self._labels = tables.schema
        self.schema: Schema = spoken(tables.schema)
        self.tables = tables.under(self.schema)
        self.tools = tools
        self.entities = [
            entity
            for entity in self.schema.entities
            if entity.spoken and entity.kind != "link" and self.tables.rows(entity.name)
        ]
        self.spoken = {entity.name for entity in self.schema.entities if entity.spoken}
        self.readable = Readable(self.schema, tools)
        self.routes = Routes(
            self.schema,
            self.readable,
            [e.name for e in self.schema.entities if e.spoken and self.tables.rows(e.name)],
        )

    def anchor(
        self,
        sketch: Sketch,
        rng: random.Random,
        entity: str | None = None,
        *,
        fits: Fits | None = None,
    ) -> At | None:
        """Describe a random row, of the entity if one is given, one that fits."""
        owner = self.schema.entity(entity) if entity else rng.choice(self.entities)
        rows = self.tables.rows(owner.name)
        if fits is not None:
            rows = [row for row in rows if fits(row)]
        if not rows or not owner.spoken:
            return None
        for _ in range(3):
            row = rng.choice(rows)
            clues = describe(self.tables, owner, row, rng)
            if (
                clues
                and self.schema.parents(owner.name)
                and all(owner.field(name).role in FIGURES for name, _, _ in clues)
            ):
                continue
            if clues and self.readable.finds(owner.name, [field for field, _, _ in clues]):
                return At(node=sketch.select(owner.name, clues), entity=owner.name, row=row)
        return None

    def said(self, plan: Plan) -> bool:
        """Tell whether there are words for a plan."""
        return say(plan, self._labels, seed=0) is not None

    def worded(self, plan: Plan) -> bool:
        """Tell whether there are phrases for a plan: most of what cannot be said has none."""
        return worded(plan, self._labels)

    def steps(self, at: At) -> list[tuple[Relation, bool]]:
        """List the relations that lead on, not straight back: (relation, towards the parent)."""
        up = [(r, True) for r in self.schema.parents(at.entity) if r.target in self.spoken]
        down = [(r, False) for r in self.schema.children(at.entity) if r.entity in self.spoken]
        back = (at.came[0], not at.came[1]) if at.came else None
        return [
            (relation, parent)
            for relation, parent in (*up, *down)
            if (relation.name, parent) != back and self.leads(relation, up=parent)
        ]

    def leads(self, relation: Relation, *, up: bool) -> bool:
        """Tell whether some tool shows what a relation leads to."""
        if up:
            return self.readable.finds(relation.target, relation.target_fields)
        return self.readable.finds(relation.entity, relation.fields)

    def along(
        self, sketch: Sketch, route: Route, rng: random.Random, *, fits: Fits | None = None
    ) -> At | None:
        """Follow a route from some row that can be described to one that fits.

        Returns:
            Where it ends; None where it leads nowhere, and the sketch is as it was.
        """
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        for _ in range(_STARTS):
            at = self.anchor(sketch, rng, route[0].start)
            for step in route:
                if at is not None:
                    at = self.take(sketch, at, step.relation, rng, up=step.up)
            if at is not None and (fits is None or fits(at.row)):
                return at
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def take(
        self, sketch: Sketch, at: At, relation: Relation, rng: random.Random, *, up: bool
    ) -> At | None:
        """Go over one relation."""
        return self.up(sketch, at, relation) if up else self.down(sketch, at, relation, rng)

    def walk(self, sketch: Sketch, at: At, rng: random.Random) -> At | None:
        """Go one relation on from a row, describing which of several is meant."""
        options = [(self.dullness(at, *step) + rng.random(), step) for step in self.steps(at)]
        options.sort(key=lambda option: option[0])
        for _, (relation, parent) in options[:_TRIED]:
            found = self.take(sketch, at, relation, rng, up=parent)
            if found is not None:
                return found
        return None

    def dullness(self, at: At, relation: Relation, parent: bool) -> float:
        """Say how little a person would care to go there."""
        target = relation.target if parent else relation.entity
        dull = 1.0 if self.schema.entity(target).kind == "link" else 0.0
        dull += 0.6 if target in (at.entity, *at.passed) else 0.0
        if not parent:
            dull += 0.4 if len(self.children(at, relation)) == 1 else -0.2
        return dull

    def reached(self, at: At, node: str, row: Row, relation: Relation, *, parent: bool) -> At:
        """Stand on the next row."""
        return At(
            node=node,
            entity=relation.target if parent else relation.entity,
            row=row,
            came=(relation.name, parent),
            passed=(*at.passed, at.entity),
        )

    def up(self, sketch: Sketch, at: At, relation: Relation) -> At | None:
        """Go to the row that this one refers to."""
        entity = self.schema.entity(relation.entity)
        key = tuple(at.row[entity.position(name)] for name in relation.fields)
        if None in key:
            return None
        rows = self.tables.lookup(relation.target, relation.target_fields, key)
        if len(rows) != 1:
            return None
        link = Link(relation=relation.name, forward=False, node=at.node)
        node = sketch.select(relation.target, (), [link])
        return self.reached(at, node, rows[0], relation, parent=True)

    def children(self, at: At, relation: Relation) -> list[Row]:
        """Return the rows that refer to this one."""
        entity = self.schema.entity(relation.target)
        key = tuple(at.row[entity.position(name)] for name in relation.target_fields)
        return self.tables.lookup(relation.entity, relation.fields, key) if None not in key else []

    def down(self, sketch: Sketch, at: At, relation: Relation, rng: random.Random) -> At | None:
        """Go to one of the rows that refer to this one."""
        rows = self.children(at, relation)
        if not rows:
            return None
        entity = self.schema.entity(relation.entity)
        link = Link(relation=relation.name, forward=True, node=at.node)
        if len(rows) == 1:
            node = sketch.select(entity.name, (), [link])
            return self.reached(at, node, rows[0], relation, parent=False)
        if rng.random() < 0.75:
            picked = self.pick(entity, rows, rng, known=relation.fields)
            if picked is not None:
                pick, row = picked
                node = sketch.select(entity.name, (), [link], pick)
                return self.reached(at, node, row, relation, parent=False)
        row = rng.choice(rows)
        clues = describe(self.tables, entity, row, rng, among=rows, most=2)
        if clues is None:
            return None
        node = sketch.select(entity.name, clues, [link])
        return self.reached(at, node, row, relation, parent=False)

    def pick(
        self, entity: Entity, rows: Sequence[Row], rng: random.Random, *, known: Sequence[str]
    ) -> tuple[Pick, Row] | None:
        """Choose an extreme that one row alone holds, and by which tools can sort.

        Args:
            entity: What the rows are of.
            rows: The rows to choose among.
            rng: The stream to draw from.
            known: The fields by which they are found.
        """
        fields = [
            field
            for field in entity.fields
            if field.spoken
            and field.type in ORDERED
            and field.role in ("time", "money", "quantity", "measure")
            and ranked(field.label)
        ]
        rng.shuffle(fields)
        for field in fields:
            place = entity.position(field.name)
            largest = rng.random() < 0.7
            if not self.readable.sorts(entity.name, known, field.name, largest=largest):
                continue
            values = [row[place] for row in rows if row[place] is not None]
            if not values:
                continue
            best = (max if largest else min)(values)  # type: ignore[type-var]
            holders = [row for row in rows if row[place] == best]
            if len(holders) == 1:
                return Pick(field=field.name, largest=largest), holders[0]
        return None
