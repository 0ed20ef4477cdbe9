"""How a row and what belongs to it are called in one sentence.

The row is named once (`the status of an order`) and is `it` from then on (`its total`).
Next: `clauses`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.rules.english import a, listing, own, value
from agentgym.schema import Entity, Field, Schema

__all__ = ["Speaker", "counted", "pick"]


class Speaker:
    """One sentence in the making, about a row of an entity.

    Args:
        schema: Where the entity stands.
        entity: Whose row it is.
        named: Whether the row has been named before, so that it is `it`.
        called: What the row is called when it is named: `new invoice`; its label when empty.
        fresh: Fields that the write sets: of them it is said that they are new.
        my: How what belongs to it is said, once it has been named: `its`, or `the`.
        then: Whether what the row will be is to be told from what it is.
    """

    def __init__(
        self,
        schema: Schema,
        entity: Entity,
        *,
        named: bool = False,
        called: str = "",
        fresh: Sequence[str] = (),
        my: str = "its",
        then: bool = False,
    ) -> None:
        self.schema = schema
        self.entity = entity
        self.named = named
        self.called = called or entity.label
        self.fresh = frozenset(fresh)
        self.my = my
        self.then = then

    def it(self) -> str:
        """Name the row: `an invoice` at first, then `it`."""
        if self.named:
            return "it"
        self.named = True
        return a(self.called)

    def its(self, noun: str) -> str:
        """Name something of the row: `the total of an invoice` at first, then `its total`."""
        if self.named:
            return f"{self.my} {noun}"
        self.named = True
        return f"the {noun} of {a(self.called)}"

    def reached(self, path: Sequence[str]) -> Entity:
        """Return the entity at the end of a path of relations.

        Raises:
            SchemaError: The schema does not have one of them.
        """
        entity = self.entity
        for name in path:
            entity = self.schema.entity(self.schema.relation(name).target)
        return entity

    def whom(self, path: Sequence[str]) -> str:
        """Name the row at the end of a path: `it`, `its patient`, `the patient of its invoice`."""
        if not path:
            return self.it()
        labels = [self.schema.relation(name).label for name in path]
        said = self.its(labels[0])
        for label in labels[1:]:
            said = f"the {label} of {said}"
        return said

    def of(self, name: str, path: Sequence[str] = (), *, new: bool = False) -> str:
        """Name a field of the row, or of the one at the end of the path.

        Args:
            name: Name of the field.
            path: Relations, upwards.
            new: Whether its value after the write is meant.

        Raises:
            SchemaError: There is no such relation or field.
        """
        field = self.field(name, path)
        if path:
            last = self.schema.relation(path[-1]).label
            return f"the {own(field.label, last)} of {self.whom(path)}"
        label = own(field.label, self.entity.label)
        return self.its(f"new {label}" if new and name in self.fresh else label)

    def field(self, name: str, path: Sequence[str] = ()) -> Field:
        """Return the field of the row at the end of the path."""
        return self.reached(path).field(name)


def pick(entity: Entity, where: Mapping[str, Sequence[str]]) -> str:
    """Say which rows count: ` whose status is "open" or "late"`; nothing where all do."""
    parts = []
    for name, values in where.items():
        field = entity.field(name)
        said = listing((value(field, one) for one in values), "or")
        parts.append(f"{own(field.label, entity.label)} is {said}")
    return f" whose {listing(parts)}" if parts else ""


def counted(entity: Entity, number: int, *, singular: bool) -> str:
    """Say so many rows: `one loan`, `3 loans`."""
    return f"{number} {entity.label if singular and number == 1 else entity.plural}"
