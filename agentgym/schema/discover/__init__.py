"""What holds in any schema and its rows, found: derived fields, exclusives, checks.

A schema with roles and its rows come in; the schema with more of each goes out, every one with
its evidence. Rows prove what names make plausible; where rows are yet to be made, names alone
may do, since the rows will be made so. In order: `columns`, `compute`, `words`, `amounts`,
`totals`, `exclusives`, `checks`, here. Next: `rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TypeVar

import msgspec

from agentgym.schema import Check, Derived, Exclusive, Schema
from agentgym.schema.discover.amounts import found_amounts, named_amounts
from agentgym.schema.discover.checks import found_checks
from agentgym.schema.discover.columns import Columns
from agentgym.schema.discover.compute import acyclic, compute, needs, ordered
from agentgym.schema.discover.exclusives import found_exclusives
from agentgym.schema.discover.totals import found_totals, named_totals
from agentgym.schema.types import Rows

__all__ = ["Columns", "compute", "discover", "needs", "ordered"]

_T = TypeVar("_T", Check, Derived, Exclusive)


def discover(schema: Schema, rows: Rows) -> Schema:
    """Find what the rows prove, and of entities without rows what their names prove.

    Args:
        schema: With roles; what it declares stays and comes first.
        rows: Entity to rows in stored form. An entity that is absent, or empty, has none:
            its rows will be made so that they satisfy what is found here.

    Returns:
        The schema with more `derived`, `exclusives` and `checks`. No derived field depends on
        itself, and none is found twice.
    """
    columns = Columns(schema, rows)
    full = [e for e in schema.entities if columns.size(e.name)]
    bare = [e for e in schema.entities if not columns.size(e.name)]
    without = {e.name for e in bare}
    found: list[Derived] = list(schema.derived)
    # Wide before narrow: a total of lines is a stronger reading than a sum within the row.
    for entity in full:
        found += found_totals(schema, entity, columns)
        found += found_amounts(schema, entity, columns)
    for entity in bare:
        found += named_amounts(schema, entity)
        found += (
            one
            for one in named_totals(schema, entity)
            if one.relation is None or schema.relation(one.relation).entity in without
        )
    schema = msgspec.structs.replace(schema, derived=_told_apart(acyclic(schema, found)))
    exclusives = chain.from_iterable(found_exclusives(schema, e, columns) for e in full)
    schema = msgspec.structs.replace(
        schema, exclusives=_told_apart((*schema.exclusives, *exclusives))
    )
    checks = chain.from_iterable(found_checks(schema, e, columns) for e in schema.entities)
    return msgspec.structs.replace(schema, checks=_told_apart((*schema.checks, *checks)))


def _told_apart(found: Iterable[_T]) -> tuple[_T, ...]:
    """Return them with ids of their own: the second of a name gets a number."""
    kept: dict[str, _T] = {}
    for one in found:
        name, number = one.id, 2
        while name in kept:
            name, number = f"{one.id}_{number}", number + 1
        kept[name] = one if name == one.id else msgspec.structs.replace(one, id=name)
    return tuple(kept.values())
