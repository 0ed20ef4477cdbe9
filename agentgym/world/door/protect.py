"""What protects references and uniques, whoever writes: checks before a row is written.

Next: `exact`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Never

import sqlalchemy as sa

from agentgym.schema import Relation
from agentgym.schema.types import Row, to_wire
from agentgym.world.arguments import Given
from agentgym.world.backends import TakenError
from agentgym.world.guards import Guard, counter
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import Image, World
from agentgym.world.tables import Table, hidden, picker, render

__all__ = ["anchors", "conflict", "found_by", "orphans", "references"]


def found_by(relation: Relation, image: Image) -> str:
    """Return the statement that gives the whole row which a relation leads to."""
    parent = image.tables[relation.target]
    if relation.target_fields == parent.entity.key:
        return parent.select
    wanted = [
        parent.sql.c[name] == sa.bindparam(f"0r{i}")
        for i, name in enumerate(relation.target_fields)
    ]
    return render(sa.select(*parent.whole).where(sa.and_(*wanted)))[0]


def references(
    table: Table, image: Image, parameters: Mapping[str, str], *, written: Collection[str] | None
) -> list[Guard]:
    """Compile the checks that what the row refers to is there.

    Args:
        table: Of the written rows.
        image: What the worlds are made of.
        parameters: Field to the parameter that sets it.
        written: Fields that may change; None for all.
    """
    return [
        _reference(relation, image, parameters)
        for relation in image.domain.schema.parents(table.entity.name)
        if written is None or set(written) & set(relation.fields)
    ]


def _reference(relation: Relation, image: Image, parameters: Mapping[str, str]) -> Guard:
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    mine = picker(tuple(child.positions[name] for name in relation.fields))
    theirs = None
    if relation.entity == relation.target:
        theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    wanted = [
        parent.sql.c[name] == sa.bindparam(f"0r{i}")
        for i, name in enumerate(relation.target_fields)
    ]
    sql, _ = render(
        sa.select(sa.literal_column("1")).select_from(parent.sql).where(sa.and_(*wanted))
    )
    named = [parameters[name] for name in relation.fields if name in parameters]
    fields = [child.entity.field(name) for name in relation.fields]

    def check(world: World, before: Row | None, after: Row, _: Given) -> None:
        values = mine(after)
        if None in values:
            return
        if before is not None and values == mine(before):
            return
        if theirs is not None and values == theirs(after):
            return
        if world.execute(sql, values).fetchone() is None:
            told = " and ".join(show(to_wire(f, v)) for f, v in zip(fields, values, strict=True))
            refuse(
                "not_found",
                f"{', '.join(relation.fields)}: no {parent.entity.label} has "
                f"{', '.join(relation.target_fields)} {told}. Use one that exists.",
                parameter=named[0] if named else None,
            )

    return check


def anchors(
    table: Table, image: Image, parameters: Mapping[str, str], *, written: Collection[str]
) -> list[Guard]:
    """Compile the checks that no row loses what it refers to when a unique field changes."""
    return [
        _anchor(relation, image, parameters)
        for relation in image.domain.schema.children(table.entity.name)
        if set(relation.target_fields) & set(written)
    ]


def _anchor(relation: Relation, image: Image, parameters: Mapping[str, str]) -> Guard:
    parent = image.tables[relation.target]
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    named = [parameters[n] for n in relation.target_fields if n in parameters]
    count = counter(relation, image)

    def check(world: World, before: Row | None, after: Row, _: Given) -> None:
        assert before is not None
        if theirs(before) != theirs(after) and (number := count(world, before)):
            refuse(
                "conflict",
                f"{', '.join(relation.target_fields)}: {number} {relation.inverse} refer to the "
                "present value. Change what refers to it first.",
                parameter=named[0] if named else None,
            )

    return check


def orphans(table: Table, image: Image) -> list[Guard]:
    """Compile the checks that no row is left to refer to nothing when one is deleted."""
    return [
        _orphan(relation, image) for relation in image.domain.schema.children(table.entity.name)
    ]


def _orphan(relation: Relation, image: Image) -> Guard:
    count, label = counter(relation, image), image.tables[relation.target].entity.label

    def check(world: World, before: Row | None, after: Row, _: Given) -> None:
        del before
        if number := count(world, after):
            refuse(
                "conflict",
                f"{number} {relation.inverse} refer to this {label}. Delete or change them first.",
            )

    return check


def conflict(error: TakenError, row: Row, parameters: Mapping[str, str]) -> Never:
    """Refuse a write whose key or unique value is taken.

    Raises:
        Refusal: Always.
    """
    table = error.table
    told = " and ".join(
        name
        if hidden(field := table.entity.field(name))
        else f"{name} {show(to_wire(field, row[table.positions[name]]))}"
        for name in error.fields
    )
    blamed = [parameters[name] for name in error.fields if name in parameters]
    refuse(
        "conflict",
        f"Another {table.entity.label} has {told} already. Use another value.",
        parameter=blamed[0] if blamed else None,
    )
