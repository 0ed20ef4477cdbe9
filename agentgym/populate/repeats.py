"""What rows repeat of the rows that they refer to: the price of a line is that of its product.

The stock and what a source says of its fields come in; rows are changed in place. `Ways` leads
from a row up to those that it refers to. Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.rng import stream
from agentgym.schema import Relation
from agentgym.schema.types import Stored
from agentgym.sources import Values as Declared

__all__ = ["Ways", "repeat"]

Row = dict[str, Stored]


class Ways:
    """Ways up from rows, over references; rows that come later are not known to it."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self._index: dict[str, tuple[Relation, dict[tuple[Stored, ...], Row]]] = {}

    def up(self, row: Row, path: Sequence[str]) -> Row | None:
        """Return the row that relations lead to; None where one is empty.

        Raises:
            SchemaError: The schema does not have such a relation.
        """
        found: Row | None = row
        for name in path:
            relation, rows = self._rows(name)
            mark = tuple(found[field] for field in relation.fields) if found else ()
            found = rows.get(mark)
        return found

    def _rows(self, name: str) -> tuple[Relation, dict[tuple[Stored, ...], Row]]:
        if name not in self._index:
            relation = self.stock.schema.relation(name)
            self._index[name] = (
                relation,
                {
                    tuple(row[field] for field in relation.target_fields): row
                    for row in self.stock.rows[relation.target]
                },
            )
        return self._index[name]


def repeat(
    stock: Stock, made: Collection[str], limits: Mapping[str, Limits], values: Sequence[Declared]
) -> None:
    """Set the fields of which the source says what they repeat, or do not pass.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        values: What the source says of fields.

    Raises:
        SchemaError: The schema does not have a relation that a field repeats over.
    """
    ways = Ways(stock)
    for one in values:
        if one.entity not in made or not (one.repeats or one.within):
            continue
        *path, field = one.repeats or one.within
        rng = stream(stock.seed, "populate", "within", one.entity, one.field)
        for row in stock.rows[one.entity]:
            found = ways.up(row, path)
            value = None if found is None else found[field]
            if one.within and not one.repeats:
                value = _below(row[one.field], value, rng.random())
            if value is None or not limits[one.entity].legal(one.field, value):
                continue
            if limits[one.entity].broken(row | {one.field: value}) is None:
                row[one.field] = value


def _below(mine: Stored, most: Stored, luck: float) -> Stored:
    """Return a number that does not pass the other; None where it does not already."""
    if not isinstance(mine, (int, float)) or not isinstance(most, (int, float)) or mine <= most:
        return None
    return type(mine)(most * (0.5 + 0.5 * luck)) or most
