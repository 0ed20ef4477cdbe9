"""Values that come out of rows: answers, copies, sums.

In comes a sketch and the row on which a walk stands; out comes what is asked of it, or where a
new value of it is taken from. Next: `changes`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from agentgym.formats import Json
from agentgym.plan import Computed, Emit, Select, Setting, Value
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.reading.answers import MAX_SHARE, MIN_VALUES
from agentgym.tasks.spoken import adds_up
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import At
from agentgym.tasks.writing.bench import Bench

__all__ = ["Copies", "clue_fields_of"]


class Copies(Bench):
    """Takes values from rows."""

    def rare(self, entity: Entity, field: Field, row: Row) -> bool:
        """Tell whether the value of a field in a row is no likely guess."""
        column = self.tables.column(entity.name, field.name)
        held = column.get(row[entity.position(field.name)], 0)
        return len(column) >= MIN_VALUES and held <= MAX_SHARE * sum(column.values())

    def copied(
        self, sketch: Sketch, at: At, entity: Entity, field: Field, rng: random.Random
    ) -> Setting | None:
        """Take a new value from another row, or work it out of the old one.

        Returns:
            None where there is no such value; then the sketch is as it was.
        """
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        ways = [self._from_parent, self._from_alike]
        if adds_up(field):
            ways.append(self._raised)
        rng.shuffle(ways)
        for way in ways:
            setting = way(sketch, at, entity, field, rng)
            if setting is not None:
                return setting
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def another(
        self, entity: Entity, field: Field, old: Stored, given: Json, rng: random.Random
    ) -> Stored:
        """Draw a new value that is neither the old one nor one that is given already."""
        for _ in range(4):
            value = new_value(self.tables, entity, field, old, rng)
            if value is not None and value != old and to_wire(field, value) != given:
                return value
        return None

    def _from_parent(
        self, sketch: Sketch, at: At, entity: Entity, field: Field, rng: random.Random
    ) -> Setting | None:
        """Take the value of a like field of a row that this one refers to."""
        options = [
            (relation, source)
            for relation in self.schema.parents(at.entity)
            if relation.target in self.spoken
            and self.leads(relation, up=True)
            and at.came != (relation.name, False)
            for source in self.schema.entity(relation.target).fields
            if _alike(source, field) and source.spoken
        ]
        if not options:
            return None
        relation, source = rng.choice(options)
        there = self.up(sketch, at, relation)
        if there is None:
            return None
        value = there.row[self.schema.entity(there.entity).position(source.name)]
        if not sayable(source, value) or value == at.row[entity.position(field.name)]:
            return None
        return Setting(field=field.name, node=there.node, source=source.name)

    def _from_alike(
        self, sketch: Sketch, at: At, entity: Entity, field: Field, rng: random.Random
    ) -> Setting | None:
        """Take the value of the same field of another row that can be described."""
        place = entity.position(field.name)
        old = at.row[place]
        if field.unique or field.role not in ("place", "money"):
            return None
        there = self.anchor(
            sketch,
            rng,
            entity.name,
            fits=lambda row: row != at.row and row[place] != old and sayable(field, row[place]),
        )
        if there is None or field.name in clue_fields_of(sketch, entity.name):
            return None
        return Setting(field=field.name, node=there.node, source=field.name)

    def _raised(
        self, sketch: Sketch, at: At, entity: Entity, field: Field, rng: random.Random
    ) -> Setting | None:
        """Let a number rise by an amount that is told."""
        old = at.row[entity.position(field.name)]
        if not isinstance(old, int) or old <= 0:
            return None
        unit = 10**field.scale
        step = rng.choice((1, 2, 3, 5, 10)) * unit
        if step > max(old, 2 * unit):
            step = unit
        fact = sketch.fact(entity.name, field.name, step)
        node = sketch.next_id()
        sketch.nodes.append(
            Computed(
                id=node,
                function="sum",
                of=(Value(node=at.node, field=field.name), Value(fact=fact)),
            )
        )
        return Setting(field=field.name, node=node)

    def tell(
        self,
        sketch: Sketch,
        at: At,
        rng: random.Random,
        *,
        fits: Callable[[Field], bool] | None = None,
    ) -> str | None:
        """Ask a field of the row on which a walk stands.

        Args:
            sketch: What is grown.
            at: Where the walk stands.
            rng: The stream to draw from.
            fits: Which fields will do.

        Returns:
            The name of the field; None where there is none to ask for.
        """
        entity = self.schema.entity(at.entity)
        told = clue_fields_of(sketch, entity.name)
        asked = {node.field for node in sketch.nodes if isinstance(node, Emit)}
        fields = [
            field
            for field in entity.fields
            if self.changeable.asked(entity, field)
            and field.name not in told | asked
            and self.rare(entity, field, at.row)
            and (entity.name, field.name) not in self.identifying
            and sayable(field, at.row[entity.position(field.name)])
            and (fits is None or fits(field))
        ]
        if not fields:
            return None
        field = rng.choice(fields)
        sketch.emit(at.node, field.name)
        return field.name


def clue_fields_of(sketch: Sketch, entity: str) -> set[str | None]:
    """Name the fields by which rows of an entity are told in a sketch, or picked."""
    found: set[str | None] = set()
    for node in sketch.nodes:
        if isinstance(node, Select) and node.entity == entity:
            found |= {where.field for where in node.where}
            if node.pick is not None:
                found.add(node.pick.field)
    return found


def _alike(one: Field, other: Field) -> bool:
    """Tell whether a value of one field could be a value of the other."""
    mine = (one.type, one.role, one.scale, one.unit)
    if mine != (other.type, other.role, other.scale, other.unit) or other.unique:
        return False
    if one.role not in ("contact", "place", "money"):
        return False
    return one.label.casefold() == other.label.casefold()
