"""Rows as columns, and which parent each child row has.

Rows come in, in stored form; lists of values and of places go out, each made once.
Next: `compute`.
"""

from __future__ import annotations

from agentgym.schema import Relation, Schema
from agentgym.schema.types import Rows, Stored

__all__ = ["Columns"]

_EXCERPT = 30


class Columns:
    """The rows of a schema, field by field.

    Args:
        schema: What the rows are like.
        rows: Entity to rows in stored form; an entity that is absent has none.
    """

    def __init__(self, schema: Schema, rows: Rows) -> None:
        self.schema = schema
        self._rows = rows
        self._columns: dict[str, list[tuple[Stored, ...]]] = {}
        self._parents: dict[str, list[int]] = {}
        self._excerpts: dict[str, Columns] = {}

    def size(self, entity: str) -> int:
        """Return how many rows the entity has."""
        return len(self._rows.get(entity, ()))

    def __call__(self, entity: str, field: str) -> tuple[Stored, ...]:
        """Return the values of a field, in the order of the rows."""
        if entity not in self._columns:
            own = self._rows.get(entity, ())
            width = len(self.schema.entity(entity).fields)
            self._columns[entity] = list(zip(*own, strict=True)) if own else [()] * width
        return self._columns[entity][self.schema.entity(entity).position(field)]

    def parents(self, relation: Relation) -> list[int]:
        """Return for each child row the place of its parent row; -1 where it has none."""
        if relation.name not in self._parents:
            theirs = zip(*(self(relation.target, f) for f in relation.target_fields), strict=True)
            places = {mark: place for place, mark in enumerate(theirs) if None not in mark}
            mine = zip(*(self(relation.entity, f) for f in relation.fields), strict=True)
            self._parents[relation.name] = [places.get(mark, -1) for mark in mine]
        return self._parents[relation.name]

    def excerpt(self, relation: Relation) -> Columns:
        """Return a few of the rows with children, and these: what fails there fails at all."""
        if relation.name not in self._excerpts:
            parents = self.parents(relation)
            few = sorted(dict.fromkeys(place for place in parents[:_EXCERPT] if place >= 0))
            chosen = frozenset(few)
            own, other = self._rows[relation.target], self._rows[relation.entity]
            rows = {
                relation.target: [own[place] for place in few],
                relation.entity: [
                    row for row, place in zip(other, parents, strict=True) if place in chosen
                ],
            }
            self._excerpts[relation.name] = Columns(self.schema, rows)
        return self._excerpts[relation.name]
