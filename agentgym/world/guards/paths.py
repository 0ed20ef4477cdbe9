"""Paths: from a row over relations upwards, with one prepared statement a step.

The written row counts as it will be (or as it was), also where a path comes back to it.
Next: `values`, `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.schema import Entity, Relation
from agentgym.schema.types import Row
from agentgym.world.guards.setting import Setting
from agentgym.world.rows import World
from agentgym.world.tables import picker, render

__all__ = ["Reach", "climb", "summit"]

Reach = Callable[[World, Row | None, Row], Row | None]
"""(world, row before or None, row after) to the row that is reached; None where there is none."""

_Step = Callable[[World, Row, Row], Row | None]
"""(world, the written row, the child) to the parent."""


def summit(path: Sequence[str], setting: Setting) -> Entity:
    """Return the entity of the rows to which a path leads.

    Raises:
        DomainError: A relation does not start where the one before it ends.
    """
    entity = setting.entity
    for name in path:
        relation = setting.schema.relation(name)
        if relation.entity != entity.name:
            raise DomainError(
                f"a relation of {entity.name}",
                found=f"{name!r}, which starts at {relation.entity}",
                where=f"a rule on {setting.entity.name}",
            )
        entity = setting.schema.entity(relation.target)
    return entity


def climb(path: Sequence[str], at: Literal["after", "before"], setting: Setting) -> Reach:
    """Compile a path.

    Raises:
        DomainError: A relation does not start where the one before it ends.
    """
    summit(path, setting)
    earlier = at == "before"
    steps = tuple(_step(setting.schema.relation(name), setting) for name in path)
    if not steps:
        return _before if earlier else _after

    def reach(world: World, before: Row | None, after: Row) -> Row | None:
        written = before if earlier else after
        if written is None:
            return None
        row: Row | None = written
        for step in steps:
            if row is None:
                return None
            row = step(world, written, row)
        return row

    return reach


def _before(_: World, before: Row | None, __: Row) -> Row | None:
    return before


def _after(_: World, __: Row | None, after: Row) -> Row | None:
    return after


def _step(relation: Relation, setting: Setting) -> _Step:
    tables = setting.image.tables
    child, parent = tables[relation.entity], tables[relation.target]
    mine = picker(tuple(child.positions[name] for name in relation.fields))
    if relation.target_fields == parent.entity.key:
        sql = parent.select
    else:
        wanted = [
            parent.sql.c[name] == sa.bindparam(f"0r{i}")
            for i, name in enumerate(relation.target_fields)
        ]
        sql, _ = render(sa.select(*parent.whole).where(sa.and_(*wanted)))

    def up(world: World, _: Row, row: Row) -> Row | None:
        values = mine(row)
        if None in values:
            return None
        found: Row | None = world.execute(sql, values).fetchone()
        return found

    if relation.target != setting.entity.name:
        return up
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    key_of = parent.key_of

    def around(world: World, written: Row, row: Row) -> Row | None:
        if mine(row) == theirs(written) and None not in mine(row):
            return written
        found = up(world, written, row)
        # What the database still holds of the written row is not what it will be.
        return None if found is not None and key_of(found) == key_of(written) else found

    return around
