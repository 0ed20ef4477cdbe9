"""Detail: how much of a result a view shows.

The whole result of one of the domain's tools comes in, what the agent is shown goes out; the
whole one is kept for the verdict. Next: `clerk`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from agentgym.formats import Json, Record
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row
from agentgym.tools.algebra import (
    Create,
    Find,
    Get,
    Link,
    ListRelated,
    Search,
    Term,
    Transfer,
    Transition,
    Update,
    listed,
)
from agentgym.tools.algebra import Sequence as Several
from agentgym.tools.derive.filters import called
from agentgym.world.rows import RowChange

__all__ = ["changed_rows", "difference", "distilled"]


class Fields(Record, kw_only=True, dict=True):
    """Which fields of an entity are told apart."""

    schema: Schema
    entity: Entity

    @cached_property
    def joining(self) -> frozenset[str]:
        """The key and whatever leads to other rows or from them."""
        name = self.entity.name
        parents = (field for r in self.schema.parents(name) for field in r.fields)
        children = (field for r in self.schema.children(name) for field in r.target_fields)
        return frozenset((*self.entity.key, *parents, *children))

    @cached_property
    def told(self) -> frozenset[str]:
        """What people speak of, and what joins rows."""
        return self.joining | {
            field.name for field in self.entity.fields if field.spoken and field.role != "audit"
        }

    @cached_property
    def naming(self) -> frozenset[str]:
        """What joins rows, and the label."""
        return self.joining | {field.name for field in called(self.entity)[:2]}


def distilled(
    schema: Schema, term: Term, arguments: Mapping[str, Json], data: Json, got: AbstractSet[str]
) -> Json:
    """Leave out what is empty or technical, and of the rows of a list all that can be got.

    Args:
        schema: Of the domain.
        term: Of the tool that was called.
        arguments: Its arguments.
        data: What it gave.
        got: Entities of which some shown tool gives whole rows to anybody.
    """
    match term:
        case Search() | ListRelated():
            name = listed(term, schema) if isinstance(term, ListRelated) else term.entity
            fields = Fields(schema=schema, entity=schema.entity(name))
            kept = fields.told
            if name in got:
                used = {f.field for f in term.filters if f.param in arguments}
                order = arguments.get("sort_by") or (term.order.field if term.order else None)
                kept = fields.naming | used | ({str(order)} if order else set())
            return data | {"items": [_kept(row, kept) for row in data["items"]]}
        case Get() | Find() | Create() | Update() | Transition() | Link():
            return _kept(data, Fields(schema=schema, entity=schema.entity(term.entity)).told)
        case Transfer():
            return {
                end: _kept(data[end], Fields(schema=schema, entity=schema.entity(side.entity)).told)
                for end, side in (("source", term.source), ("target", term.target))
            }
        case Several():
            steps = zip(term.steps, data["steps"], strict=True)
            return {"steps": [distilled(schema, s.term, {}, part, got) for s, part in steps]}
        case _:
            return data


def _kept(row: Json, fields: AbstractSet[str]) -> Json:
    """Keep those fields as far as they are not empty, and rows that are nested in the row."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and (name in fields or isinstance(value, list))
    }


Changed = dict[tuple[str, tuple[str, ...]], frozenset[str]]
"""(entity, key as text) to the names of the fields that a call changed."""


def changed_rows(schema: Schema, changes: Sequence[RowChange]) -> Changed:
    """Say which fields of which rows a call has changed, of rows that were there before."""
    found: Changed = {}
    for change in changes:
        if change.before is None or change.after is None:
            continue
        entity = schema.entity(change.entity)
        before: Row = change.before
        names = (
            f.name for f, a, b in zip(entity.fields, before, change.after, strict=True) if a != b
        )
        found[change.entity, tuple(str(part) for part in change.key)] = frozenset(names)
    return found


def difference(schema: Schema, term: Term, data: Json, before: Json, changed: Changed) -> Json:
    """Leave out what a write did not change, and what the same read has shown before.

    Args:
        schema: Of the domain.
        term: Of the tool that was called.
        data: What it gave.
        before: What the same read gave when it was last made; None at the first time.
        changed: What the call changed.
    """
    match term:
        case Update() | Transition():
            return _written(schema.entity(term.entity), data, changed)
        case Transfer():
            return {
                "source": _written(schema.entity(term.source.entity), data["source"], changed),
                "target": _written(schema.entity(term.target.entity), data["target"], changed),
            }
        case Several():
            steps = zip(term.steps, data["steps"], strict=True)
            return {
                "steps": [
                    difference(schema, step.term, part, None, changed) for step, part in steps
                ]
            }
        case Get() | Find() if before is not None:
            return _since(schema.entity(term.entity), data, before)
        case Search() | ListRelated() if before is not None:
            name = listed(term, schema) if isinstance(term, ListRelated) else term.entity
            entity = schema.entity(name)
            rows = {_key(entity, row): row for row in before["items"]}
            items = [
                _since(entity, row, rows[_key(entity, row)]) if _key(entity, row) in rows else row
                for row in data["items"]
            ]
            return data | {"items": items}
        case _:
            return data


def _key(entity: Entity, row: Mapping[str, Json]) -> tuple[Json, ...]:
    return tuple(row.get(name) for name in entity.key)


def _written(entity: Entity, row: Json, changed: Changed) -> Json:
    names = changed.get((entity.name, tuple(str(part) for part in _key(entity, row))), frozenset())
    return {name: value for name, value in row.items() if name in entity.key or name in names}


def _since(entity: Entity, row: Json, before: Json) -> Json:
    if any(name not in row for name in entity.key):
        return row
    return {
        name: value
        for name, value in row.items()
        if name in entity.key or name not in before or before[name] != value
    }
