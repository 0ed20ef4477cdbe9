"""What holds between rows, beyond keys, references and checks: derived values and exclusives.

Records only. The world keeps derived values with every write and refuses a second row where
one is exclusive; `holds` judges both in rows that stand still. Next: `types`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Record

__all__ = ["Derived", "Exclusive", "Product"]


class Product(Record, kw_only=True):
    """One summand of a derived value: fields of a row, multiplied, added or taken away."""

    fields: tuple[str, ...]
    """At least one numeric field; a NULL among them makes the summand 0."""
    sign: Literal[1, -1] = 1


class Derived(Record, kw_only=True):
    """A field that always equals an expression over its own row, or over the rows below it.

    Without `relation`: the sum of `terms` over the row itself (`amount = quantity * price`).
    With `relation`, whose target is the entity: `how` over the rows that refer to it and pass
    `where`; `sum` adds up `terms` of each such row and, besides, `own` terms of the row itself
    (`total = sum of lines + shipping`). Numbers are exact and rounded once, half up, to the
    scale of the field. `min` and `max` take the one field of the one term. Over no rows, `sum`
    and `count` are 0, `min` and `max` are NULL.
    """

    id: str
    entity: str
    field: str
    how: Literal["sum", "count", "min", "max"] = "sum"
    relation: str | None = None
    terms: tuple[Product, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    """Field of the referring row to the wire values (of an enum or text) that count."""
    own: tuple[Product, ...] = ()
    evidence: tuple[str, ...] = ()
    """`declared`, or what in the rows proves it."""


class Exclusive(Record, kw_only=True):
    """Of the rows with the same values in `same`, at most one passes `where` (at a time).

    With `span`, only rows whose half-open times [start, end) overlap exclude each other.
    A NULL in `same` or `span` excludes nothing.
    """

    id: str
    entity: str
    same: tuple[str, ...]
    where: dict[str, tuple[str, ...]] = {}
    """Field to the wire values (of an enum or text) for which it holds; empty: always."""
    span: tuple[str, str] | None = None
    """The fields of start and end."""
    evidence: tuple[str, ...] = ()
