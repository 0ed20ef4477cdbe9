"""Amounts that follow from their own row: quantity times price, net plus tax less discount.

An entity comes in, with rows or without; derived fields go out, each with its evidence. From
rows only what holds in every one of them, among few hypotheses that the names allow; from names
alone only where there is one reading. Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

from agentgym.schema import Derived, Entity, Field, Product, Schema
from agentgym.schema.discover.columns import Columns
from agentgym.schema.discover.compute import compute
from agentgym.schema.discover.words import (
    amount_like,
    called,
    free,
    is_number,
    part_sign,
    price_like,
    quantity_like,
    rate_like,
    words,
)

__all__ = ["ENOUGH", "found_amounts", "line_terms", "named_amounts"]

ENOUGH = 20
"""Fewest rows that prove anything."""
_MOST_PARTS = 8
_FEWEST_VALUES = 5

_LINE = frozenset("line total subtotal amount sum extended price unit net value gross item".split())


def found_amounts(schema: Schema, entity: Entity, columns: Columns) -> Iterator[Derived]:
    """Find the amounts that every row of the entity proves."""
    size = columns.size(entity.name)
    if size < ENOUGH:
        return
    open_ = free(schema, entity)
    taken: set[str] = set()
    for field in entity.fields:
        if field.name not in open_ or not amount_like(field):
            continue
        values = columns(entity.name, field.name)
        if None in values or len(set(values)) < _FEWEST_VALUES:
            continue
        for tried, terms in enumerate(_hypotheses(entity, field), 1):
            if any(name in taken for term in terms for name in term.fields):
                continue
            one = _derived(entity, field, terms)
            if all(_varies(columns, entity, term) for term in terms) and (
                compute(schema, one, columns) == list(values)
            ):
                taken.add(field.name)
                yield _derived(
                    entity, field, terms, f"holds for all {size} rows; {tried} readings tried"
                )
                break


def _varies(columns: Columns, entity: Entity, term: Product) -> bool:
    """Tell whether the term is there in several rows and changes: what is constant proves little.

    A part that is 0 nearly everywhere may be missing without notice; so it counts for nothing.
    """
    values = list(zip(*(columns(entity.name, name) for name in term.fields), strict=True))
    some = [row for row in values if None not in row and 0 not in row]
    return len(some) >= 3 and len(set(some)) >= 3


def _derived(entity: Entity, field: Field, terms: Sequence[Product], *evidence: str) -> Derived:
    return Derived(
        id=f"{entity.name}_{field.name}_follows",
        entity=entity.name,
        field=field.name,
        terms=tuple(terms),
        evidence=evidence,
    )


def _hypotheses(entity: Entity, field: Field) -> Iterator[tuple[Product, ...]]:
    """Yield what the field may be, the simplest first."""
    others = [f for f in entity.fields if f.name != field.name and is_number(f)]
    for quantity in others:
        for price in others:
            if quantity.name != price.name and quantity_like(quantity) and price_like(price):
                yield from _lines(quantity, price, others)
    # A field that is itself a whole may be a part only of a wider one: total = subtotal + tax.
    parts = [f for f in others if _part_of(f, field)][:_MOST_PARTS]
    for many in range(2, min(5, len(parts)) + 1):
        for chosen in combinations(parts, many):
            terms = tuple(Product(fields=(f.name,), sign=_sign(f, field)) for f in chosen)
            if sum(term.sign for term in terms) > -many:
                yield terms


def _lines(quantity: Field, price: Field, others: Sequence[Field]) -> Iterator[tuple[Product, ...]]:
    whole = Product(fields=(quantity.name, price.name))
    yield (whole,)
    for less in others:
        if less.name in (quantity.name, price.name) or "discount" not in words(less):
            continue
        if rate_like(less):
            share = Product(fields=(quantity.name, price.name, less.name), sign=-1)
            yield whole, share
        if less.role == "money" or not rate_like(less):
            yield whole, Product(fields=(less.name,), sign=-1)
    for more in others:
        if more.name not in (quantity.name, price.name) and "tax" in words(more):
            yield whole, Product(fields=(more.name,))


def _part_of(part: Field, whole: Field) -> bool:
    money = whole.role == "money"
    if money and part.role not in ("money", "other", "measure"):
        return False
    if not money and part.role == "money":
        return False
    return part.unit == whole.unit or None in (part.unit, whole.unit)


def _sign(part: Field, whole: Field) -> Literal[1, -1]:
    """Return the sign of a part; in a margin or a balance what was spent or paid goes off."""
    if words(whole) & {"cost", "costs", "paid", "spent"}:
        return 1
    return part_sign(part)


def line_terms(entity: Entity) -> tuple[Product, ...]:
    """Read from the names alone what a line amounts to; empty where there is no one reading.

    Either the one quantity times the one unit price, less a discount that is a share of it; or
    the one amount that the row holds.
    """
    numbers = [f for f in entity.fields if is_number(f)]
    quantities = [f for f in numbers if quantity_like(f)]
    prices = [f for f in numbers if price_like(f)]
    prices = [f for f in prices if "unit" in words(f)] or prices
    if len(quantities) != 1 or len(prices) != 1:
        return ()
    discounts = [f for f in numbers if "discount" in words(f)]
    whole = Product(fields=(quantities[0].name, prices[0].name))
    if not discounts:
        return (whole,)
    if len(discounts) > 1:
        return ()
    less = discounts[0]
    if rate_like(less) and less.role != "money":
        return whole, Product(fields=(*whole.fields, less.name), sign=-1)
    return (whole, Product(fields=(less.name,), sign=-1)) if less.role == "money" else ()


def named_amounts(schema: Schema, entity: Entity) -> Iterator[Derived]:
    """Find the amounts that names alone prove, in an entity whose rows are yet to be made."""
    open_ = free(schema, entity)
    numbers = [f for f in entity.fields if f.name in open_ and not f.generated]
    amounts = [f for f in numbers if amount_like(f) and not quantity_like(f) and f.role == "money"]
    terms = line_terms(entity)
    if terms:
        own = [f for f in amounts if set(called(f)) - set(called(entity)) <= _LINE]
        used = {name for term in terms for name in term.fields}
        own = [f for f in own if f.name not in used]
        if len(own) == 1:
            yield _derived(entity, own[0], terms, "by name: quantity times price in one row")
        return
    for field in amounts:
        parts = _grand(entity, field)
        if parts:
            yield _derived(entity, field, parts, "by name: the subtotal and what is added to it")


def _grand(entity: Entity, field: Field) -> tuple[Product, ...]:
    """Return what a grand total is made of: the subtotal (or net) and the extras beside it."""
    if not set(called(field)) & {"total", "gross"} or set(called(field)) & {"sub", "subtotal"}:
        return ()
    money = [f for f in entity.fields if f.role == "money" and is_number(f) and f != field]
    inner = [f for f in money if set(called(f)) & {"subtotal", "sub", "net"}]
    totals = [f for f in entity.fields if amount_like(f) and f.role == "money" and f not in inner]
    extras = [
        f
        for f in money
        if f not in inner
        and (set(called(f)) & {"tax", "vat", "shipping", "freight", "discount", "tip", "delivery"})
        and not words(f) & {"rate", "percent"}
    ]
    named = {f.name for f in (*inner, *extras)}
    if (
        len(inner) != 1
        or not extras
        or [f.name for f in totals if f.name not in named] != [field.name]
    ):
        return ()
    return (
        Product(fields=(inner[0].name,)),
        *(Product(fields=(f.name,), sign=part_sign(f)) for f in extras),
    )
