"""A tiny schema of orders, lines and notes, and all bijections as the judge of created rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Row, Stored
from agentgym.world import RowChange

__all__ = ["GENERATED", "SCHEMA", "made", "renamed", "same", "small"]


def _field(name: str, type_: Any = "integer", **more: Any) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=type_, **more)


def _entity(name: str, *fields: Field, **more: Any) -> Entity:
    more = {"key": ("id",), "key_source": "counter"} | more
    return Entity(name=name, label=name, plural=f"{name}s", fields=fields, **more)


def _relation(child: str, field: str, parent: str) -> Relation:
    return Relation(
        name=f"{child}_{field}",
        entity=child,
        fields=(field,),
        target=parent,
        target_fields=("id",),
        label=parent,
        inverse=f"{child}s",
    )


SCHEMA = Schema(
    entities=(
        _entity(
            "order",
            _field("id", role="key"),
            _field("tag", "text"),
            _field("twin_id", role="reference", nullable=True),
            _field("first_line_id", role="reference", nullable=True),
            _field("written_at", "datetime", role="audit"),
        ),
        _entity(
            "line",
            _field("id", role="key"),
            _field("order_id", role="reference", nullable=True),
            _field("quantity"),
        ),
        _entity(
            "pair",
            _field("left_id", role="reference"),
            _field("right_id", role="reference"),
            key=("left_id", "right_id"),
            key_source="given",
            kind="link",
        ),
        _entity("history", _field("id", role="key"), _field("order_id", role="reference")),
    ),
    relations=(
        _relation("order", "twin_id", "order"),
        _relation("order", "first_line_id", "line"),
        _relation("line", "order_id", "order"),
        _relation("pair", "left_id", "order"),
        _relation("pair", "right_id", "order"),
        _relation("history", "order_id", "order"),
    ),
)
"""Orders refer to one another and to lines, lines to orders; pairs join two orders."""
GENERATED = ("order", "line", "history")
_REFERENCES = {
    ("order", 2): "order",
    ("order", 3): "line",
    ("line", 1): "order",
    ("pair", 0): "order",
    ("pair", 1): "order",
    ("history", 1): "order",
}


def made(entity: str, *values: Stored) -> RowChange:
    """Return the change that creates a row."""
    row = (*values, "2026-01-01T00:00:00Z") if entity == "order" else values
    key = tuple(values[:2]) if entity == "pair" else (values[0],)
    return RowChange(entity=entity, key=key, before=None, after=row)


@st.composite
def small(draw: st.DrawFn, *, most: int = 5) -> list[RowChange]:
    """Draw created rows that refer to one another and to old rows, and updates that do."""
    orders = [100 + n for n in range(draw(st.integers(0, most)))]
    lines = [200 + n for n in range(draw(st.integers(0, 3)))]
    some = st.sampled_from([None, 1, 2, *orders])
    some_line = st.sampled_from([None, 1, *lines])
    found = [
        made("order", n, draw(st.sampled_from("ab")), draw(some), draw(some_line)) for n in orders
    ]
    found += [made("line", n, draw(some), draw(st.integers(1, 2))) for n in lines]
    ends = st.sampled_from([1, 2, *orders])
    pairs = draw(st.lists(st.tuples(ends, ends), unique=True, max_size=2))
    found += [made("pair", *ends) for ends in pairs]
    for key in draw(st.lists(st.integers(1, 2), unique=True)):
        before = (key, "a", None, None, "2025-01-01T00:00:00Z")
        after = (key, draw(st.sampled_from("ab")), draw(some), draw(some_line), before[-1])
        if before != after:
            found.append(RowChange(entity="order", key=(key,), before=before, after=after))
    return found


def renamed(
    changes: Sequence[RowChange], names: dict[tuple[str, Stored], Stored]
) -> list[RowChange]:
    """Give created rows other keys, in every reference to them too."""

    def row(entity: str, values: Row | None) -> Row | None:
        if values is None:
            return None
        given = list(values)
        for place in range(len(given)):
            target = _REFERENCES.get((entity, place))
            if target is not None:
                given[place] = names.get((target, given[place]), given[place])
        if entity in GENERATED:
            given[0] = names.get((entity, given[0]), given[0])
        return tuple(given)

    found = []
    for change in changes:
        after, before = row(change.entity, change.after), change.before
        key = change.key
        if before is None and after is not None:
            key = after[:2] if change.entity == "pair" else after[:1]
        found.append(RowChange(entity=change.entity, key=key, before=before, after=after))
    return found


def _plain(changes: Sequence[RowChange]) -> set[tuple[Any, ...]]:
    """Return the changes without what is volatile."""
    found = set()
    for change in changes:
        cut = slice(0, -1) if change.entity == "order" else slice(None)
        before, after = change.before, change.after
        told = (None if before is None else before[cut], None if after is None else after[cut])
        if told[0] != told[1]:
            found.add((change.entity, change.key, *told))
    return found


def same(one: Sequence[RowChange], other: Sequence[RowChange]) -> bool:
    """Tell whether some renaming of the generated keys makes one of the other: tries them all."""

    def keys(changes: Sequence[RowChange], entity: str) -> list[Stored]:
        return [c.key[0] for c in changes if c.entity == entity and c.before is None]

    mine, theirs = _plain(one), _plain(other)
    if len(mine) != len(theirs):
        return False
    ways = []
    for entity in GENERATED:
        ours, yours = keys(one, entity), keys(other, entity)
        if len(ours) != len(yours):
            return False
        ways.append(
            [
                {(entity, a): b for a, b in zip(ours, order, strict=True)}
                for order in itertools.permutations(yours)
            ]
        )
    for parts in itertools.product(*ways):
        names: dict[tuple[str, Stored], Stored] = {}
        for part in parts:
            names |= part
        if _plain(renamed(one, names)) == theirs:
            return True
    return False
