"""Totals that follow from other values, where the names leave no doubt.

In a row: amount = quantity x unit price, less a discount. Across rows: an order's total
is the sum of its lines. Next: `synthesis`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from agentgym.formats import Record
from agentgym.populate.limits import Limits
from agentgym.populate.meaning import split
from agentgym.populate.parents import Stock, unique_sets
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Stored

__all__ = ["LineTotal", "add_up", "line_total", "tax_in", "tax_pairs"]

_NUMBERS = ("integer", "decimal", "float")
_QUANTITY = frozenset("quantity qty units count".split())
_PRICE = frozenset("price cost rate".split())
_WHOLE = frozenset(
    ("total", "subtotal", "amount", "sum", "extended")  # the words of a line's or an order's sum
)
_EXTRA = frozenset("tax vat freight shipping delivery handling".split())


class LineTotal(Record, kw_only=True):
    """How the amount of a line is computed."""

    quantity: str
    price: str
    discount: str | None = None
    """A share of 1; None where there is none."""
    field: str = ""
    """Where the amount stands; empty where the row does not hold it."""

    def amount(self, row: Mapping[str, Stored], entity: Entity) -> Decimal | None:
        """Return the exact amount of a row, or None where a part is NULL."""
        parts = [_exact(entity.field(name), row[name]) for name in (self.quantity, self.price)]
        if parts[0] is None or parts[1] is None:
            return None
        less = _exact(entity.field(self.discount), row[self.discount]) if self.discount else None
        return parts[0] * parts[1] * (1 - (less or Decimal(0)))

    def value(self, row: Mapping[str, Stored], entity: Entity) -> Stored:
        """Return the amount as its field stores it, or what stands there where it is unknown."""
        amount = self.amount(row, entity)
        return row[self.field] if amount is None else _store(entity.field(self.field), amount)


def line_total(entity: Entity) -> LineTotal | None:
    """Read from the names how the amount of a row is computed, if at all."""
    numbers = [
        f for f in entity.fields if f.type in _NUMBERS and f.role not in ("key", "reference")
    ]
    amounts = [f for f in numbers if _is_whole(f)]
    quantities = [f for f in numbers if set(split(f.label)) & _QUANTITY and f not in amounts]
    prices = [f for f in numbers if set(split(f.label)) & _PRICE and f not in amounts]
    prices = [f for f in prices if "unit" in split(f.label)] or prices
    if len(quantities) != 1 or len(prices) != 1:
        return None
    discounts = [f for f in numbers if split(f.label) in (("discount",), ("discount", "rate"))]
    fraction = [f for f in discounts if f.type == "float" or f.scale >= 2]
    if len(amounts) > 1 or (discounts and not fraction):
        amounts = []
    return LineTotal(
        quantity=quantities[0].name,
        price=prices[0].name,
        discount=fraction[0].name if fraction and fraction[0].role != "money" else None,
        field=amounts[0].name if amounts else "",
    )


def tax_pairs(entity: Entity) -> list[tuple[str, str]]:
    """Find amounts that stand both without and with tax: names of net and gross field."""
    found: dict[tuple[str, ...], dict[str, Field]] = {}
    for field in entity.fields:
        for mark, sides in (("net", _NET), ("gross", _GROSS)):
            own = split(field.label)
            if field.type in _NUMBERS and set(own) & sides:
                rest = tuple(word for word in own if word not in sides)
                found.setdefault(rest, {})[mark] = field
    return [
        (pair["net"].name, pair["gross"].name)
        for pair in found.values()
        if len(pair) == 2 and pair["net"].scale == pair["gross"].scale
    ]


_NET = frozenset("excl excluding exclusive net before".split())
_GROSS = frozenset("incl including inclusive gross after".split())


def tax_in(row: dict[str, Stored], net: str, gross: str) -> None:
    """Set the gross amount to a fifth more than the net one."""
    value = row[net]
    if isinstance(value, (int, float)) and row[gross] is not None:
        more = round(value * 1.2, 4)
        row[gross] = more if isinstance(row[gross], float) else round(more)


def _is_whole(field: Field) -> bool:
    found = set(split(field.label))
    return bool(found & _WHOLE) and not found & (
        _EXTRA | _QUANTITY | {"discount", "number", "paid"}
    )


def _exact(field: Field, value: Stored) -> Decimal | None:
    if value is None or isinstance(value, str):
        return None
    return Decimal(str(value)).scaleb(-field.scale)


def _store(field: Field, amount: Decimal) -> Stored:
    if field.type == "float":
        return float(round(amount, 4))
    return int(amount.scaleb(field.scale).to_integral_value(rounding=ROUND_HALF_EVEN))


def add_up(stock: Stock, made: set[str], limits: Mapping[str, Limits]) -> None:
    """Set the totals of rows that were made to the sums of their lines.

    Args:
        stock: All rows; changed in place.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
    """
    for entity in stock.schema.entities:
        found = _lines(stock.schema, entity) if entity.name in made else None
        if found is None:
            continue
        field, relation, line = found
        child = stock.schema.entity(relation.entity)
        sums: dict[tuple[Stored, ...], Decimal] = {}
        for row in stock.rows.get(child.name, []):
            amount = line.amount(row, child)
            mark = tuple(row[name] for name in relation.fields)
            sums[mark] = sums.get(mark, Decimal(0)) + (amount or Decimal(0))
        for row in stock.rows[entity.name]:
            mark = tuple(row[name] for name in relation.target_fields)
            if mark in sums:
                _set_total(entity, field, row, sums[mark], limits[entity.name])


def _lines(schema: Schema, entity: Entity) -> tuple[Field, Relation, LineTotal] | None:
    """Find the one total of an entity and the one kind of line that it sums up."""
    unique = {name for fields in unique_sets(schema, entity) for name in fields}
    numbers = [f for f in entity.fields if f.type in _NUMBERS and f.name not in unique]
    totals = [f for f in numbers if _is_whole(f) and f.role in ("money", "other")]
    inner = [f for f in totals if split(f.label)[-1:] == ("subtotal",) or "sub" in split(f.label)]
    totals = inner or totals
    found = [
        (relation, line)
        for relation in schema.children(entity.name)
        if relation.entity != entity.name
        and (line := line_total(schema.entity(relation.entity))) is not None
    ]
    if len(totals) != 1 or len(found) != 1 or line_total(entity) is not None:
        return None
    return totals[0], *found[0]


def _set_total(
    entity: Entity, field: Field, row: dict[str, Stored], amount: Decimal, limits: Limits
) -> None:
    """Write a sum into its row, and what is added to it into the grand total, if checks allow."""
    after = dict(row)
    after[field.name] = _store(field, amount)
    if "sub" in field.label:
        grand = [f for f in entity.fields if _is_whole(f) and f.name != field.name]
        if len(grand) == 1 and grand[0].type in _NUMBERS and grand[0].name in limits.fields:
            extra = [
                f
                for f in entity.fields
                if set(split(f.label)) & _EXTRA and f.type in ("decimal", "float")
            ]
            extra = [f for f in extra if f.role == "money" and "rate" not in split(f.label)]
            parts = [_exact(f, row[f.name]) or Decimal(0) for f in extra]
            after[grand[0].name] = _store(grand[0], amount + sum(parts, Decimal(0)))
    changed = [name for name in after if after[name] != row[name]]
    if all(limits.legal(name, after[name]) for name in changed) and limits.broken(after) is None:
        row.update(after)
