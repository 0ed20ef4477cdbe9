"""What rows repeat of the rows that they refer to: the price of a line is that of its product.

The stock and what a source says of its fields come in; rows are changed in place. Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.schema.types import Stored
from agentgym.sources import Values as Declared

__all__ = ["repeat"]

Row = dict[str, Stored]


def repeat(
    stock: Stock, made: Collection[str], limits: Mapping[str, Limits], values: Sequence[Declared]
) -> None:
    """Set the fields of which the source says what they repeat.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        values: What the source says of fields.

    Raises:
        SchemaError: The schema does not have a relation that a field repeats over.
    """
    index: dict[str, dict[tuple[Stored, ...], Row]] = {}
    for one in values:
        if not one.repeats or one.entity not in made:
            continue
        path, field = one.repeats[:-1], one.repeats[-1]
        relations = [stock.schema.relation(name) for name in path]
        for relation in relations:
            if relation.name not in index:
                index[relation.name] = {
                    tuple(row[name] for name in relation.target_fields): row
                    for row in stock.rows[relation.target]
                }
        for row in stock.rows[one.entity]:
            found: Row | None = row
            for relation in relations:
                mark = tuple(found[name] for name in relation.fields) if found else ()
                found = index[relation.name].get(mark)
            value = None if found is None else found[field]
            if value is None or not limits[one.entity].legal(one.field, value):
                continue
            if limits[one.entity].broken(row | {one.field: value}) is None:
                row[one.field] = value
