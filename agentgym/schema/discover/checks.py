"""Comparisons that every row satisfies and that its names lead one to expect.

An entity comes in, with rows or without; checks go out: never negative, start before end,
smallest before largest, percent. Nothing that only these rows show (never `age >= 23`).
Next: `discover`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.schema import Check, Entity, Field, Schema
from agentgym.schema.discover.columns import Columns
from agentgym.schema.discover.exclusives import span_pairs
from agentgym.schema.discover.words import called, words

__all__ = ["found_checks"]

_ENOUGH = 20
_COUNTED = frozenset("quantity qty stock price amount total count subtotal copies units".split())
_SIGNED = frozenset(
    """balance change delta adjustment difference diff margin profit movement movements net
    variance offset temperature votes correction transaction entry refund result""".split()
)
_PERCENT = frozenset("percent percentage pct".split())
_LEAST = frozenset("min minimum lower lowest".split())
_MOST = frozenset("max maximum upper highest".split())


def found_checks(schema: Schema, entity: Entity, columns: Columns) -> Iterator[Check]:
    """Find the checks of an entity.

    With at least 20 rows they must all agree; without rows names alone decide, and the rows
    that are made will satisfy them. Fields that already have a lower bound get no other.
    """
    size = columns.size(entity.name)
    if 0 < size < _ENOUGH:
        return
    bound = {c.field for c in schema.checks if c.entity == entity.name}
    bound |= {str(c.other) for c in schema.checks if c.entity == entity.name}
    computed = {one.field for one in schema.derived if one.entity == entity.name}
    tied = {f for r in schema.parents(entity.name) for f in r.fields} | set(entity.key)
    fields = [f for f in entity.fields if f.name not in bound | tied | computed]
    for field in fields:
        if field.type in ("integer", "decimal"):
            yield from _sizes(entity, field, columns)
    for start, end in (*span_pairs(entity), *_limits(fields)):
        if {start.name, end.name} <= {f.name for f in fields}:
            yield from _in_order(entity, start, end, columns)


def _sizes(entity: Entity, field: Field, columns: Columns) -> Iterator[Check]:
    found = words(field)
    if found & _SIGNED or words(entity) & _SIGNED:
        return
    values = [v for v in columns(entity.name, field.name) if isinstance(v, int)]
    size = columns.size(entity.name)
    said = f"the name, and all {len(values)} rows" if size else "the name"
    if size and len(set(values)) < 3:
        return
    if found & _PERCENT:
        unit = 10**field.scale
        if not size or min(values) < 0 or max(values) > 100 * unit:
            return
        top = 1 if max(values) <= unit and field.scale >= 2 else 100
        yield _check(entity, field, "low", "ge", 0, said)
        yield _check(entity, field, "high", "le", top, said)
    elif field.role in ("money", "quantity") and found & _COUNTED:
        if not size or min(values) >= 0:
            yield _check(entity, field, "not_negative", "ge", 0, said)


def _check(entity: Entity, field: Field, name: str, op: str, value: int, said: str) -> Check:
    return Check(
        id=f"{entity.name}_{field.name}_{name}",
        entity=entity.name,
        field=field.name,
        op=op,  # type: ignore[arg-type]
        value=value,
        evidence=(said,),
    )


def _limits(fields: Sequence[Field]) -> Iterator[tuple[Field, Field]]:
    """Yield the numbers that are called the least and the most of the same thing."""
    numbers = [f for f in fields if f.type in ("integer", "decimal")]
    for low in (f for f in numbers if words(f) & _LEAST):
        rest = [w for w in called(low) if w not in _LEAST]
        for high in (f for f in numbers if words(f) & _MOST):
            if rest == [w for w in called(high) if w not in _MOST] and low.role == high.role:
                yield low, high


def _in_order(entity: Entity, low: Field, high: Field, columns: Columns) -> Iterator[Check]:
    pairs = [
        (a, b)
        for a, b in zip(
            columns(entity.name, low.name), columns(entity.name, high.name), strict=True
        )
        if a is not None and b is not None
    ]
    if columns.size(entity.name):
        tens = 10 ** (high.scale - low.scale)
        if len(pairs) < _ENOUGH or len({a for a, _ in pairs}) < 5:
            return
        if (
            not all(a * tens <= b for a, b in pairs)
            if isinstance(pairs[0][0], int)
            else any(str(a) > str(b) for a, b in pairs)
        ):
            return
    yield Check(
        id=f"{entity.name}_{low.name}_in_order",
        entity=entity.name,
        field=low.name,
        op="le",
        other=high.name,
        evidence=(f"the names, and all {len(pairs)} rows" if pairs else "the names",),
    )
