"""What a derived field should hold, row by row; and the order in which they are computed.

A `Derived` and columns come in, stored values go out: exact integers, rounded once.
Next: `words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agentgym.schema import Derived, Field, Product, Relation, Schema
from agentgym.schema.discover.columns import Columns
from agentgym.schema.types import Stored

__all__ = ["acyclic", "compute", "needs", "ordered", "passing", "products", "rounded", "scale_of"]


def compute(schema: Schema, one: Derived, columns: Columns, *, shift: int = 0) -> list[Stored]:
    """Return what the derived field holds in each row of its entity.

    Args:
        schema: Of the rows.
        one: Over integers and decimals; `min` and `max` over any ordered type.
        columns: The rows.
        shift: Give each row the children of the one that many places before it instead.
    """
    size = columns.size(one.entity)
    target = schema.entity(one.entity).field(one.field)
    if one.relation is None:
        scale = max((scale_of(schema, one.entity, t) for t in one.terms), default=0)
        return [
            rounded(v, scale, target) for v in products(columns, one.entity, one.terms, scale, size)
        ]
    relation = schema.relation(one.relation)
    kept = passing(columns, relation, one.where)
    if shift:
        kept = {place: (parent + shift) % size for place, parent in kept.items()}
    if one.how in ("min", "max"):
        return _extremes(columns(relation.entity, one.terms[0].fields[0]), kept, size, one.how)
    if one.how == "count":
        counts = [0] * size
        for parent in kept.values():
            counts[parent] += 1
        return [rounded(count, 0, target) for count in counts]
    scale = max(
        (
            *(scale_of(schema, relation.entity, term) for term in one.terms),
            *(scale_of(schema, one.entity, term) for term in one.own),
        )
    )
    sums = products(columns, one.entity, one.own, scale, size)
    values = products(columns, relation.entity, one.terms, scale, columns.size(relation.entity))
    for place, parent in kept.items():
        sums[parent] += values[place]
    return [rounded(value, scale, target) for value in sums]


def passing(
    columns: Columns, relation: Relation, where: Mapping[str, Sequence[str]]
) -> dict[int, int]:
    """Return the places of the child rows that count, each to the place of its parent."""
    tests = [(columns(relation.entity, field), frozenset(legal)) for field, legal in where.items()]
    return {
        place: parent
        for place, parent in enumerate(columns.parents(relation))
        if parent >= 0 and all(column[place] in legal for column, legal in tests)
    }


def scale_of(schema: Schema, entity: str, term: Product) -> int:
    """Return how many digits after the point the product has."""
    return sum(schema.entity(entity).field(name).scale for name in term.fields)


def products(
    columns: Columns, entity: str, terms: Sequence[Product], scale: int, size: int
) -> list[int]:
    """Return the sum of the terms in each row, scaled by 10**scale; NULL makes a term 0."""
    sums = [0] * size
    for term in terms:
        up = term.sign * 10 ** (scale - scale_of(columns.schema, entity, term))
        for place, values in enumerate(
            zip(*(columns(entity, name) for name in term.fields), strict=True)
        ):
            product = up
            for value in values:
                if value is None:
                    break
                product *= int(value)
            else:
                sums[place] += product
    return sums


def rounded(value: int, scale: int, field: Field) -> int:
    """Return a number of that scale as the field stores it, rounded half up (away from 0)."""
    if scale <= field.scale:
        return value * int(10 ** (field.scale - scale))
    down = int(10 ** (scale - field.scale))
    whole = (2 * abs(value) + down) // (2 * down)
    return whole if value >= 0 else -whole


def _extremes(
    values: Sequence[Stored], kept: Mapping[int, int], size: int, how: str
) -> list[Stored]:
    found: list[Stored] = [None] * size
    for place, parent in kept.items():
        value, old = values[place], found[parent]
        if value is None:
            continue
        if old is None or (value > old if how == "max" else value < old):  # type: ignore[operator]
            found[parent] = value
    return found


def needs(schema: Schema, one: Derived) -> frozenset[tuple[str, str]]:
    """Return the (entity, field) pairs that the derived value is computed from."""
    child = one.entity if one.relation is None else schema.relation(one.relation).entity
    below = {(child, name) for term in one.terms for name in term.fields}
    below |= {(child, name) for name in one.where}
    return frozenset(below | {(one.entity, name) for term in one.own for name in term.fields})


def ordered(schema: Schema, found: Iterable[Derived]) -> list[Derived]:
    """Return the derived values so that each comes after those that it is computed from.

    Those in a circle, if any, come last in the order given.
    """
    left = list(found)
    done: list[Derived] = []
    while left:
        open_ = {(one.entity, one.field) for one in left}
        ready = [one for one in left if not needs(schema, one) & open_]
        done += ready or left
        left = [one for one in left if one not in ready] if ready else []
    return done


def acyclic(schema: Schema, found: Iterable[Derived]) -> tuple[Derived, ...]:
    """Return the derived values, each field once, without those that would close a circle."""
    kept: list[Derived] = []
    above: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
    for one in found:
        mark = (one.entity, one.field)
        if mark in above:
            continue
        reached, new = set[tuple[str, str]](), needs(schema, one)
        while new:
            reached |= new
            new = frozenset(m for n in new for m in above.get(n, ())) - reached
        if mark not in reached:
            above[mark] = needs(schema, one)
            kept.append(one)
    return tuple(kept)
