"""Values of a row that follow from the rows below it: totals, counts, balances, latest times.

A relation comes in, with rows on both sides or on none; derived fields of its target go out.
From rows only what holds in every one of them and would not hold if the children were dealt
out otherwise; from names alone only where there is one reading. Next: `exclusives`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from agentgym.schema import Derived, Entity, Field, Product, Relation, Schema
from agentgym.schema.discover.amounts import ENOUGH, line_terms
from agentgym.schema.discover.columns import Columns
from agentgym.schema.discover.compute import compute, passing
from agentgym.schema.discover.words import (
    COUNTS,
    FIRST,
    GONE,
    LAST,
    amount_like,
    called,
    free,
    is_number,
    part_sign,
    price_like,
    quantity_like,
    rate_like,
    stem,
    unit_words,
    words,
)
from agentgym.schema.types import Stored

__all__ = ["found_totals", "named_totals"]

_MOST_OWN = 4
_FEWEST_MISSES = 5
"""How many rows must be wrong once each has the children of its neighbour."""


def found_totals(schema: Schema, entity: Entity, columns: Columns) -> Iterator[Derived]:
    """Find the fields of an entity that every one of its rows shows to follow from its children."""
    size = columns.size(entity.name)
    relations = [
        r
        for r in schema.children(entity.name)
        if r.entity != entity.name and columns.size(r.entity) >= ENOUGH and not r.one_to_one
    ]
    if size < ENOUGH or not relations:
        return
    open_ = free(schema, entity)
    for field in entity.fields:
        if field.name not in open_:
            continue
        values = columns(entity.name, field.name)
        if len(set(values)) < 3:
            continue
        readings = _candidates(schema, entity, field, relations, columns)
        for tried, one in enumerate(readings, 1):
            if _fits(schema, one, values, columns):
                said = f"holds for all {size} rows; {tried} readings tried"
                yield msgspec.structs.replace(one, evidence=(said,))
                break


def _candidates(
    schema: Schema,
    entity: Entity,
    field: Field,
    relations: Sequence[Relation],
    columns: Columns,
) -> Iterator[Derived]:
    """Yield what the field may be, the likeliest and simplest first."""
    named = sorted(
        relations, key=lambda r: -len(_child_words(schema, r) & set(map(stem, words(field))))
    )
    for relation in named:
        child = schema.entity(relation.entity)
        if field.type in ("date", "datetime"):
            yield from _extremes(entity, field, relation, child)
        if not is_number(field) or None in columns(entity.name, field.name):
            continue
        if _counts(field, child, _child_words(schema, relation)):
            for where in _filters(child):
                yield _derived(entity, field, relation, "count", where=where)
        if amount_like(field) or field.role in ("money", "quantity"):
            owns = _extras(entity, field)
            for terms in _terms(child, field):
                for where in _filters(child):
                    for own in owns:
                        yield _derived(entity, field, relation, terms=terms, where=where, own=own)


def _derived(
    entity: Entity,
    field: Field,
    relation: Relation,
    how: str = "sum",
    *,
    terms: Sequence[Product] = (),
    where: dict[str, tuple[str, ...]] | None = None,
    own: Sequence[Product] = (),
    evidence: str = "",
) -> Derived:
    return Derived(
        id=f"{entity.name}_{field.name}_follows",
        entity=entity.name,
        field=field.name,
        how=how,  # type: ignore[arg-type]
        relation=relation.name,
        terms=tuple(terms),
        where=where or {},
        own=tuple(own),
        evidence=(evidence,) if evidence else (),
    )


def _child_words(schema: Schema, relation: Relation) -> frozenset[str]:
    child = schema.entity(relation.entity)
    return unit_words(child.label) | unit_words(relation.inverse)


def _counts(field: Field, child: Entity, called_: frozenset[str]) -> bool:
    """Tell whether the name says a count: of the children, of those in a state, of nothing else."""
    own = {stem(word) for word in words(field)}
    plain = {stem(word) for word in COUNTS}
    if field.type != "integer" or not own & (plain | called_):
        return False
    states = {w for f in child.fields for v in f.values or () for w in unit_words(v)}
    told = bool(own & called_) or own <= plain | states
    return field.role in ("quantity", "other", "measure") and told


def _extremes(entity: Entity, field: Field, relation: Relation, child: Entity) -> Iterator[Derived]:
    found = words(field)
    how = "max" if found & LAST else "min" if found & FIRST else ""
    if not how:
        return
    times = [f for f in child.fields if f.type == field.type and f.role in ("time", "audit")]
    for time in sorted(times, key=lambda f: (f.role == "audit", -len(words(f) & found))):
        yield _derived(entity, field, relation, how, terms=(Product(fields=(time.name,)),))


def _filters(child: Entity) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield which children may count: all, those not cancelled, those of one state."""
    yield {}
    for field in child.fields:
        if field.type != "enum" or not field.values or len(field.values) > 8:
            continue
        kept = tuple(v for v in field.values if v.casefold() not in GONE)
        if 0 < len(kept) < len(field.values):
            yield {field.name: kept}
        for value in field.values:
            yield {field.name: (value,)}


def _terms(child: Entity, whole: Field) -> Iterator[tuple[Product, ...]]:
    """Yield what of a child may be added up: its amount, quantity times price, its quantity."""
    numbers = [f for f in child.fields if is_number(f)]
    money = whole.role == "money" or bool(words(whole) & {"balance", "revenue"})
    if money:
        quantities = [f for f in numbers if quantity_like(f)]
        for quantity in quantities:
            for price in (f for f in numbers if price_like(f)):
                line = Product(fields=(quantity.name, price.name))
                yield (line,)
                for less in (f for f in numbers if rate_like(f)):
                    yield line, Product(fields=(*line.fields, less.name), sign=-1)
        amounts = [f for f in numbers if f.role == "money" or amount_like(f)]
        amounts = [f for f in amounts if not quantity_like(f)]
        for amount in amounts[:6]:
            yield (Product(fields=(amount.name,)),)
        pairs = _sides(amounts)
        if pairs:
            yield pairs
    else:
        for quantity in [f for f in numbers if f.role in ("quantity", "measure")][:4]:
            yield (Product(fields=(quantity.name,)),)


def _sides(amounts: Sequence[Field]) -> tuple[Product, ...]:
    """Return credit less debit, where a row has both."""
    plus = [f for f in amounts if words(f) & {"credit", "deposit", "inflow"}]
    minus = [f for f in amounts if words(f) & {"debit", "withdrawal", "outflow"}]
    if len(plus) != 1 or len(minus) != 1:
        return ()
    return Product(fields=(plus[0].name,)), Product(fields=(minus[0].name,), sign=-1)


def _extras(entity: Entity, whole: Field) -> list[tuple[Product, ...]]:
    """Return what of the row itself may be added: nothing, shipping, tax less discount."""
    found = [
        f
        for f in entity.fields
        if f.name != whole.name and f.role == "money" == whole.role and is_number(f)
    ][:_MOST_OWN]
    signed = [Product(fields=(f.name,), sign=part_sign(f)) for f in found]
    return [pick for many in range(3) for pick in combinations(signed, many)]


def _fits(schema: Schema, one: Derived, values: Sequence[Stored], columns: Columns) -> bool:
    """Tell whether the hypothesis holds in every row, and not by chance.

    It must fail once each row gets the children of the next, and every part must matter.
    """
    relation = schema.relation(str(one.relation))
    few = columns.excerpt(relation)
    if compute(schema, one, few) != list(few(one.entity, one.field)):
        return False
    if len(passing(columns, relation, one.where)) < ENOUGH:
        return False
    if not all(_matters(columns, one.entity, term) for term in one.own):
        return False
    if compute(schema, one, columns) != list(values):
        return False
    moved = compute(schema, one, columns, shift=1)
    misses = sum(a != b for a, b in zip(moved, values, strict=True))
    return misses >= max(_FEWEST_MISSES, len(values) // 10)


def _matters(columns: Columns, entity: str, term: Product) -> bool:
    values = [v for v in columns(entity, term.fields[0]) if v]
    return len(values) >= 3 and len(set(values)) >= 2


def named_totals(schema: Schema, entity: Entity) -> Iterator[Derived]:
    """Find what names alone prove of an entity whose rows, and its children's, are yet to be made.

    Returns:
        The one total of its lines, counts of children (`review_count`), latest times
        (`last_order_at`).
    """
    relations = [r for r in schema.children(entity.name) if r.entity != entity.name]
    open_ = free(schema, entity)
    fields = [f for f in entity.fields if f.name in open_ and not f.generated]
    yield from _named_sum(schema, entity, fields, relations)
    for field in fields:
        yield from _named_count(schema, entity, field, relations)
        yield from _named_latest(schema, entity, field, relations)


def _named_sum(
    schema: Schema, entity: Entity, fields: Sequence[Field], relations: Sequence[Relation]
) -> Iterator[Derived]:
    totals = [f for f in fields if amount_like(f) and not quantity_like(f) and f.role == "money"]
    inner = [f for f in totals if set(called(f)) & {"sub", "subtotal", "net"}]
    totals = inner or [f for f in totals if set(called(f)) & {"total", "amount", "sum"}]
    lines = [(r, line) for r in relations if (line := line_terms(schema.entity(r.entity)))]
    if len(totals) != 1 or len(lines) != 1 or line_terms(entity):
        return
    relation, terms = lines[0]
    child = schema.entity(relation.entity)
    kept = [
        f
        for f in child.fields
        if f.name in free(schema, child) and f.role == "money" and amount_like(f)
    ]
    if kept:
        if len(kept) > 1:
            return
        terms = (Product(fields=(kept[0].name,)),)
    own = [] if inner else _named_extras(entity, totals[0])
    yield _derived(
        entity, totals[0], relation, terms=terms, own=own,
        evidence=f"by name: the total of its {relation.inverse}",
    )  # fmt: skip


def _named_extras(entity: Entity, total: Field) -> list[Product]:
    """Return the extras that a total without a subtotal includes: shipping, not tax in prices."""
    if not set(called(total)) & {"total"}:
        return []
    found = [
        f
        for f in entity.fields
        if f.role == "money"
        and is_number(f)
        and set(called(f)) & {"shipping", "freight", "delivery", "postage"}
        and not words(f) & {"rate", "percent"}
    ]
    return [Product(fields=(f.name,)) for f in found] if len(found) == 1 else []


def _named_count(
    schema: Schema, entity: Entity, field: Field, relations: Sequence[Relation]
) -> Iterator[Derived]:
    label = [stem(word) for word in called(field)]
    marks = [w for w in label if w in {"count", "number", "num", "total", "counter"}]
    rest = [w for w in label if w not in marks and w not in ("of", "the")]
    if field.type != "integer" or not is_number(field) or not marks or not rest:
        return
    found = [r for r in relations if _is_called(schema, r, rest)]
    if len(found) == 1:
        yield _derived(
            entity, field, found[0], "count",
            evidence=f"by name: how many {found[0].inverse} it has",
        )  # fmt: skip


def _is_called(schema: Schema, relation: Relation, rest: Sequence[str]) -> bool:
    """Tell whether these words are the children's name, or its end (`order line`: lines)."""
    for name in (relation.inverse, schema.entity(relation.entity).label):
        said = [stem(word) for word in name.casefold().replace("-", " ").split()]
        if said[-len(rest) :] == list(rest):
            return True
    return False


def _named_latest(
    schema: Schema, entity: Entity, field: Field, relations: Sequence[Relation]
) -> Iterator[Derived]:
    label = [stem(word) for word in called(field)]
    how = "max" if set(label) & {"last", "latest"} else "min" if "first" in label else ""
    noise = {"at", "on", "date", "time", "datetime", "timestamp"}
    rest = [w for w in label if w not in LAST | FIRST and w not in noise]
    if field.type not in ("date", "datetime") or not how or not rest or not field.nullable:
        return
    found = [r for r in relations if _is_called(schema, r, rest)]
    if len(found) != 1:
        return
    child = schema.entity(found[0].entity)
    times = [f for f in child.fields if f.type == field.type and f.role in ("time", "audit")]
    times = [f for f in times if f.role == "time"] or times
    if len(times) == 1:
        word = "latest" if how == "max" else "first"
        yield _derived(
            entity, field, found[0], how, terms=(Product(fields=(times[0].name,)),),
            evidence=f"by name: the {word} of its {found[0].inverse}",
        )  # fmt: skip
