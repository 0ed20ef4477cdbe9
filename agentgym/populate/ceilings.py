"""Sums and counts of made rows that may not pass a bound, brought below it.

Checks such as `paid <= total` or `taken <= capacity`, whose left side follows from the rows
below, would cost whole rows with all that hangs on them. Here the amounts below shrink instead,
and what is too much below is dropped. The stock is changed in place. Next: `settle`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.populate.settle import derive
from agentgym.rng import stream
from agentgym.schema import Check, Derived, Field, Relation
from agentgym.schema.types import Stored

__all__ = ["drop", "lower"]

Values = dict[str, Stored]
TURNS = 4
"""What shrinks lowers what is summed up above it, which may bound something else."""


def lower(stock: Stock, made: Collection[str], limits: Mapping[str, Limits]) -> None:
    """Bring what is summed or counted over made rows below the bounds of the checks.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
    """
    found = [
        (check, one)
        for check in stock.schema.checks
        if check.op in ("le", "lt") and check.entity in made
        for one in stock.schema.derived
        if (one.entity, one.field) == (check.entity, check.field)
    ]
    ways = [(check, way) for check, one in found if (way := _way(stock, one, made)) is not None]
    for _ in range(TURNS if ways else 0):
        derive(stock, made)
        changed = [_below(stock, check, way, limits) for check, way in ways]
        if True not in changed:
            break


def _way(stock: Stock, one: Derived, made: Collection[str]) -> list[Derived] | None:
    """Return the sums from a field down to one that may be set, or the one count; None: no way."""
    way: list[Derived] = []
    while one.relation is not None:
        below = stock.schema.relation(one.relation).entity
        if below not in made or below == one.entity or any(each.entity == below for each in way):
            return None
        way.append(one)
        if one.how == "count":
            return way if len(way) == 1 else None
        term = one.terms[0] if one.how == "sum" and len(one.terms) == 1 and not one.own else None
        if term is None or term.sign != 1 or len(term.fields) != 1:
            return None
        name = term.fields[0]
        if (below, name) not in stock.schema.computed:
            return way
        one = next(d for d in stock.schema.derived if (d.entity, d.field) == (below, name))
    return None


def _below(stock: Stock, check: Check, way: list[Derived], limits: Mapping[str, Limits]) -> bool:
    """Bring one derived field below its bound in every row; say whether any changed."""
    mine = stock.schema.entity(check.entity).field(check.field)
    index = [_children(stock, one) for one in way]
    lowest = _relation(stock, way[-1]).entity
    field = None
    if way[-1].how == "sum":
        field = stock.schema.entity(lowest).field(way[-1].terms[0].fields[0])
    rng = stream(stock.seed, "populate", "ceiling", check.id)
    gone: set[int] = set()
    changed = False
    for row in stock.rows[check.entity]:
        bound, found = _bound(stock, check, row), _exact(mine, row[mine.name])
        if bound is None or found is None or found < bound or (found == bound and check.op == "le"):
            continue
        rows = [row]
        for one, children in zip(way, index, strict=True):
            names = _relation(stock, one).target_fields
            rows = [low for high in rows for low in children.get(_mark(high, names), ())]
        changed = changed or bool(rows)
        if field is None:
            most = max(int(bound) - (check.op == "lt"), 0)
            gone |= {id(each) for each in rows[most:]}
        else:
            share = bound / found * rng.choice((Decimal("0.5"), Decimal("0.8"), Decimal("0.95")))
            gone |= {id(each) for each in rows if not _shrink(each, field, share, limits[lowest])}
    if gone:
        drop(stock, lowest, gone, limits)
    return changed


def drop(stock: Stock, entity: str, gone: Collection[int], made: Collection[str]) -> None:
    """Drop rows, and what cannot be without them: moved elsewhere it would pass other bounds."""
    stock.rows[entity] = [row for row in stock.rows[entity] if id(row) not in gone]
    for relation in stock.schema.children(entity):
        if relation.entity not in made:
            continue
        child = stock.schema.entity(relation.entity)
        known = {_mark(row, relation.target_fields) for row in stock.rows[entity]}
        lost: set[int] = set()
        for row in stock.rows.get(relation.entity, ()):
            mark = _mark(row, relation.fields)
            if None in mark or mark in known:
                continue
            if all(child.field(name).nullable for name in relation.fields):
                row.update(dict.fromkeys(relation.fields))
            else:
                lost.add(id(row))
        if lost:
            drop(stock, relation.entity, lost, made)


def _relation(stock: Stock, one: Derived) -> Relation:
    return stock.schema.relation(str(one.relation))


def _mark(row: Values, names: Sequence[str]) -> tuple[Stored, ...]:
    return tuple(row[name] for name in names)


def _children(stock: Stock, one: Derived) -> dict[tuple[Stored, ...], list[Values]]:
    """Return the rows that count for a derived field, by the row that they refer to."""
    relation = _relation(stock, one)
    found: dict[tuple[Stored, ...], list[Values]] = {}
    for row in stock.rows[relation.entity]:
        if all(row[name] in legal for name, legal in one.where.items()):
            found.setdefault(_mark(row, relation.fields), []).append(row)
    return found


def _bound(stock: Stock, check: Check, row: Values) -> Decimal | None:
    field = stock.schema.entity(check.entity).field(check.other or check.field)
    if check.other is not None:
        return _exact(field, row[field.name])
    known = isinstance(check.value, (int, float, Decimal)) and not isinstance(check.value, bool)
    return Decimal(str(check.value)) if known else None


def _shrink(row: Values, field: Field, share: Decimal, limits: Limits) -> bool:
    """Multiply the number of the row by the share; say whether that is legal."""
    found = _exact(field, row[field.name])
    if found is None or found <= 0:
        return True
    wanted = found * share
    digits = 0 if wanted >= 10 or field.type == "integer" else field.scale
    wanted = wanted.quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR)
    value: Stored = float(wanted) if field.type == "float" else int(wanted.scaleb(field.scale))
    if not limits.legal(field.name, value) or limits.broken(row | {field.name: value}) is not None:
        return False
    row[field.name] = value
    return True


def _exact(field: Field, value: Stored) -> Decimal | None:
    """Return a stored number as it is said; None where there is none."""
    if value is None or isinstance(value, str):
        return None
    number = Decimal(repr(value) if isinstance(value, float) else value)
    return number.scaleb(-field.scale) if field.type == "decimal" else number
