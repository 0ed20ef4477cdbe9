"""Answers: which fields may be asked, so that the value is no likely guess and not told already.

Rows come in, fields go out. Next: `arithmetic`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from agentgym.formats import Json
from agentgym.plan import Fact
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, fold, to_wire
from agentgym.tasks.clues import sayable
from agentgym.tasks.reading.masks import Masks
from agentgym.tasks.spoken import asked_for

__all__ = ["ASKED", "MAX_SHARE", "MIN_VALUES", "NUMBERS", "Answers", "leaked", "wire"]

MAX_SHARE = 0.25
"""Largest share of rows that may hold the value of an answer: a guesser's luck."""
MIN_VALUES = 4
"""Fewest distinct values of a field that is asked."""
ASKED = (
    "money",
    "quantity",
    "measure",
    "time",
    "code",
    "contact",
    "place",
    "label",
    "person",
    "category",
    "other",
)
"""Roles of fields that may be asked."""
NUMBERS = ("money", "quantity", "measure")
"""Roles of numbers that people compute with."""


class Answers:
    """What may be asked of the rows of one domain.

    Args:
        masks: The rows.
    """

    def __init__(self, masks: Masks) -> None:
        self.masks, self.tables, self.schema = masks, masks.tables, masks.schema
        self._fields: dict[str, list[Field]] = {}

    def fields(self, entity: str) -> list[Field]:
        """List the fields of an entity that may be asked, whatever the row."""
        if entity not in self._fields:
            self._fields[entity] = [
                field
                for field in self.schema.entity(entity).fields
                if field.spoken
                and field.role in ASKED
                and asked_for(self.schema.entity(entity), field)
                and field.type not in ("enum", "boolean", "json", "bytes")
                and len(self.tables.column(entity, field.name)) >= MIN_VALUES
            ]
        return self._fields[entity]

    def rare(self, entity: Entity, field: Field, row: Row) -> bool:
        """Tell whether the value of a row can be said and is no likely guess."""
        value = row[entity.position(field.name)]
        if not sayable(field, value):
            return False
        column = self.tables.column(entity.name, field.name)
        return column[value] <= MAX_SHARE * sum(column.values())

    def of(
        self, entity: str, row: Row, rng: random.Random, *, told: Collection[str] = ()
    ) -> list[Field]:
        """List the fields of a row that may be asked, shuffled.

        Args:
            entity: What the row is of.
            row: The row.
            rng: The stream to draw from.
            told: Fields of which something is told.
        """
        owner = self.schema.entity(entity)
        found = [
            field
            for field in self.fields(entity)
            if field.name not in told and self.rare(owner, field, row)
        ]
        rng.shuffle(found)
        return found

    def numbers(self, entity: str, *, times: bool = False) -> list[Field]:
        """List the fields whose values people compare by size: numbers, and times if wanted."""
        return [
            field
            for field in self.schema.entity(entity).fields
            if field.spoken
            and (
                (field.role in NUMBERS and field.type in ("integer", "decimal", "float"))
                or (times and field.role == "time" and field.type in ("date", "datetime"))
            )
        ]

    def names(self, entity: str) -> list[Field]:
        """List the fields that tell which row is meant: labels, codes and persons' names."""
        return [f for f in self.fields(entity) if f.role in ("label", "code", "person")]


def leaked(value: Json, facts: Sequence[Fact]) -> bool:
    """Tell whether a value is one of the facts, or stands in one."""
    text = fold(str(value)) or ""
    return any(
        fact.value == value or (isinstance(fact.value, str) and text in (fold(fact.value) or ""))
        for fact in facts
    )


def wire(entity: Entity, field: Field, row: Row) -> Json:
    """Return the wire value of a field of a row."""
    return to_wire(field, row[entity.position(field.name)])
