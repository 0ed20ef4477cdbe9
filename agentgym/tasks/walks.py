"""Walks: from a row that a person can describe, along real relations, to other rows.

Where several rows are related, which one is meant is told by an extreme (the latest, the
largest) or by a clue. Links between entities are bookkeeping, and ways back lead nowhere
new: both are taken last. Next: `reads`, `writes`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.plan import Link, Pick
from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import ORDERED, Row
from agentgym.tasks.clues import Sketch, describe
from agentgym.tools.algebra import Tool

__all__ = ["At", "Walker"]

_TRIED = 4
"""Relations that are tried to go on from a row."""


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
        tools: Its tools.
    """

    def __init__(self, tables: Tables, tools: Sequence[Tool]) -> None:
        self.tables = tables
        self.schema: Schema = tables.schema
        self.tools = tools
        self.entities = [
            entity
            for entity in self.schema.entities
            if entity.spoken and entity.kind != "link" and self.tables.rows(entity.name)
        ]
        self.spoken = {entity.name for entity in self.schema.entities if entity.spoken}

    def anchor(self, sketch: Sketch, rng: random.Random, entity: str | None = None) -> At | None:
        """Describe a random row, of the entity if one is given."""
        owner = self.schema.entity(entity) if entity else rng.choice(self.entities)
        rows = self.tables.rows(owner.name)
        if not rows or not owner.spoken:
            return None
        for _ in range(3):
            row = rng.choice(rows)
            clues = describe(self.tables, owner, row, rng)
            if clues is not None:
                return At(node=sketch.select(owner.name, clues), entity=owner.name, row=row)
        return None

    def steps(self, at: At) -> list[tuple[Relation, bool]]:
        """List the relations that lead on, not straight back: (relation, towards the parent)."""
        up = [(r, True) for r in self.schema.parents(at.entity) if r.target in self.spoken]
        down = [(r, False) for r in self.schema.children(at.entity) if r.entity in self.spoken]
        back = (at.came[0], not at.came[1]) if at.came else None
        return [(r, parent) for r, parent in (*up, *down) if (r.name, parent) != back]

    def walk(self, sketch: Sketch, at: At, rng: random.Random) -> At | None:
        """Go one relation on from a row, describing which of several is meant."""
        options = [(self.dullness(at, *step) + rng.random(), step) for step in self.steps(at)]
        options.sort(key=lambda option: option[0])
        for _, (relation, parent) in options[:_TRIED]:
            found = (
                self.up(sketch, at, relation) if parent else self.down(sketch, at, relation, rng)
            )
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
            picked = self.pick(entity, rows, rng)
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
        self, entity: Entity, rows: Sequence[Row], rng: random.Random
    ) -> tuple[Pick, Row] | None:
        """Choose an extreme that one row alone holds."""
        fields = [
            field
            for field in entity.fields
            if field.spoken
            and field.type in ORDERED
            and field.role in ("time", "money", "quantity", "measure")
        ]
        rng.shuffle(fields)
        for field in fields:
            place = entity.position(field.name)
            largest = rng.random() < 0.7
            values = [row[place] for row in rows if row[place] is not None]
            if not values:
                continue
            best = (max if largest else min)(values)  # type: ignore[type-var]
            holders = [row for row in rows if row[place] == best]
            if len(holders) == 1:
                return Pick(field=field.name, largest=largest), holders[0]
        return None
