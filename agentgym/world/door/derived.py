"""Derived values, kept with every write: of the written row itself, and of the rows above it.

Sums and counts follow by exact differences of stored integers where no digit is lost on the
way. Otherwise they are made anew from the rows below: sums that must be rounded, and floats,
whose exact sum is rounded once, so that the order of the rows has no say. An extreme moves
when a value goes beyond it and is looked for when it leaves. Next: `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.rules import Add, Effect
from agentgym.schema import Derived, Entity, Schema
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.world.door.exact import NUMBERS, Total, exactly, rounded, total
from agentgym.world.door.protect import found_by
from agentgym.world.rows import Image, World
from agentgym.world.tables import picker, render

if TYPE_CHECKING:
    from agentgym.world.door.doors import Doors

__all__ = ["Change", "Follow", "Step", "followers", "steps"]

Change = Mapping[int, tuple[Any, Any]]
"""Place of a derived value in the schema to what a row below it no longer adds, and now adds."""

Step = Callable[[World, Row | None, list[Stored], Change], None]
"""(world, row before or None, row as it will be, changes below): sets one derived field."""

Follow = Callable[[World, Row | None, Row | None], None]
"""(world, row before, row after): does what follows from a row that was written."""

_Part = Callable[[Row], Any]
"""What a row adds to a derived value; None where it does not count."""


def steps(
    entity: Entity, image: Image, fields: Collection[str] | None, fed: Collection[int] = ()
) -> tuple[list[Step], set[str]]:
    """Compile what sets the derived fields of a row before it is written.

    Args:
        entity: Whose row it is.
        image: What the worlds are made of.
        fields: Fields that may change; None for a new row, where all do.
        fed: Places of the derived values that rows below may change.

    Returns:
        The steps, in an order in which each finds what it needs, and the fields that may change.
    """
    changing = set(fields or ())
    found: list[Step] = []
    for place, one in _ordered(entity, image):
        if fields is None or place in fed or changing & _inputs(one):
            found.append(_step(place, one, entity, image))
            changing.add(one.field)
    return found, changing


def _inputs(one: Derived) -> set[str]:
    """Name the fields of its own row on which a derived value depends."""
    terms = one.own if one.relation is not None else one.terms
    return {name for term in terms for name in term.fields}


def _ordered(entity: Entity, image: Image) -> list[tuple[int, Derived]]:
    left = [
        (place, one)
        for place, one in enumerate(image.domain.schema.derived)
        if one.entity == entity.name
    ]
    found: list[tuple[int, Derived]] = []
    while left:
        waiting = {one.field for _, one in left}
        ready = [pair for pair in left if not _inputs(pair[1]) & waiting]
        if not ready:
            raise DomainError(
                "derived values that do not depend on themselves",
                found=", ".join(one.id for _, one in left),
                where=entity.name,
            )
        found += ready
        left = [pair for pair in left if pair not in ready]
    return found


def _step(place: int, one: Derived, entity: Entity, image: Image) -> Step:
    target, spot = entity.field(one.field), entity.position(one.field)
    if one.relation is None:
        sums = total(one.terms, entity, target)

        def own(_: World, __: Row | None, row: list[Stored], ___: Change) -> None:
            row[spot] = rounded(sums.of(tuple(row)), target, whole=sums.whole)

        return own
    if one.how in ("min", "max"):
        return _extreme(place, one, entity, image)
    below, mine = _totals(one, image)
    again = _again(one, image, below, mine)
    adds = bool(one.own)

    def kept(world: World, before: Row | None, row: list[Stored], change: Change) -> None:
        if before is None:
            row[spot] = rounded(mine.of(tuple(row)), target, whole=mine.whole)
            return
        gone, come = change.get(place, (None, None))
        rise: Any = (come or 0) - (gone or 0)
        if adds:
            rise += mine.of(tuple(row)) - mine.of(before)
        if not rise:
            return
        held: Any = row[spot]
        if below.whole and held is not None:
            row[spot] = rounded(held + rise, target, whole=True)
        else:
            row[spot] = again(world, row)

    return kept


def _totals(one: Derived, image: Image) -> tuple[Total, Total]:
    """Compile what rows below add, and what the row itself adds, in one measure."""
    schema = image.domain.schema
    assert one.relation is not None
    child, entity = schema.entity(schema.relation(one.relation).entity), schema.entity(one.entity)
    target = entity.field(one.field)
    if one.how == "count":
        units = 10**target.scale
        if target.type == "float":
            raise DomainError("a field of whole numbers", found=target.name, where=one.id)
        return Total(lambda _: units, whole=True), Total(lambda _: 0, whole=True)
    both = [total(one.terms, child, target), total(one.own, entity, target)]
    if both[0].whole != both[1].whole:
        both = [
            total(one.terms, child, target, whole=False),
            total(one.own, entity, target, whole=False),
        ]
    return both[0], both[1]


def _again(
    one: Derived, image: Image, below: Total, mine: Total
) -> Callable[[World, list[Stored]], Stored]:
    """Return what makes a sum or count anew from the rows below, in the order of their keys."""
    target = image.domain.schema.entity(one.entity).field(one.field)
    children, counts = _children(one, image), _where(one, image)

    def again(world: World, row: list[Stored]) -> Stored:
        found = mine.of(tuple(row))
        for child in children(world, row):
            if counts(child):
                found += below.of(child)
        return rounded(found, target, whole=below.whole)

    return again


def _extreme(place: int, one: Derived, entity: Entity, image: Image) -> Step:
    spot = entity.position(one.field)
    part, children = _part(one, image), _children(one, image)
    best: Callable[..., Any] = min if one.how == "min" else max
    unsure = _unsure(one, image)

    def kept(world: World, before: Row | None, row: list[Stored], change: Change) -> None:
        if before is None:
            row[spot] = None
        elif place in change:
            gone, come = change[place]
            held = row[spot]
            if not unsure and held is not None and gone != held:
                if come is not None:
                    row[spot] = best(held, come)
            else:
                found = [
                    value for child in children(world, row) if (value := part(child)) is not None
                ]
                row[spot] = best(found) if found else None

    return kept


def _unsure(one: Derived, image: Image) -> bool:
    """Tell whether a row below may have changed again before what it adds is looked at."""
    schema, effects = image.domain.schema, image.domain.effects
    assert one.relation is not None
    child = schema.relation(one.relation).entity
    looked = {*one.where, *(name for term in one.terms for name in term.fields)}
    return any(_changed(effect, schema) == child for effect in effects) or any(
        other.entity == child and other.relation is not None and other.field in looked
        for other in schema.derived
    )


def _changed(effect: Effect, schema: Schema) -> str | None:
    """Name the entity whose present rows an effect changes; None where it only adds rows."""
    if isinstance(effect.do, Add):
        return None
    if effect.do.path:
        return schema.relation(effect.do.path[-1]).target
    return effect.entity if effect.each is None else schema.relation(effect.each).entity


def _children(one: Derived, image: Image) -> Callable[[World, list[Stored]], list[Row]]:
    """Return what reads the rows that refer to a row, in the order of their keys."""
    assert one.relation is not None
    relation = image.domain.schema.relation(one.relation)
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    wanted = [child.sql.c[n] == sa.bindparam(f"0r{i}") for i, n in enumerate(relation.fields)]
    sql, _ = render(sa.select(*child.whole).where(sa.and_(*wanted)).order_by(*child.key_order()))

    def children(world: World, row: list[Stored]) -> list[Row]:
        values = theirs(tuple(row))
        found: list[Row] = [] if None in values else world.execute(sql, values).fetchall()
        return found

    return children


def _where(one: Derived, image: Image) -> Callable[[Row], bool]:
    assert one.relation is not None
    child = image.domain.schema.entity(image.domain.schema.relation(one.relation).entity)
    wanted = [
        (child.position(name), frozenset(to_stored(child.field(name), v) for v in values))
        for name, values in one.where.items()
    ]
    if not wanted:
        return lambda _: True
    if len(wanted) == 1:
        ((place, known),) = wanted
        return lambda row: row[place] in known
    return lambda row: all(row[place] in known for place, known in wanted)


def _part(one: Derived, image: Image) -> _Part:
    """Return what a row below adds: an amount, or the value that may be the extreme."""
    schema, counts = image.domain.schema, _where(one, image)
    assert one.relation is not None
    child = schema.entity(schema.relation(one.relation).entity)
    of: Callable[[Row], Any]
    if one.how in ("sum", "count"):
        of = _totals(one, image)[0].of
    else:
        if len(one.terms) != 1 or len(one.terms[0].fields) != 1:
            raise DomainError("one field to take the extreme of", where=one.id)
        name = one.terms[0].fields[0]
        of = partial(
            _same if _alike(one, child, schema.entity(one.entity)) else _rescaled,
            child.position(name),
            child.field(name),
            schema.entity(one.entity).field(one.field),
        )
    if not one.where:
        return of
    return lambda row: of(row) if counts(row) else None


def _alike(one: Derived, child: Entity, entity: Entity) -> bool:
    here, there = entity.field(one.field), child.field(one.terms[0].fields[0])
    numbers = set(NUMBERS)
    if here.type != there.type and not {here.type, there.type} <= numbers:
        raise DomainError(
            f"a field of type {there.type}", found=f"{here.name} ({here.type})", where=one.id
        )
    return (here.type, here.scale) == (there.type, there.scale)


def _same(place: int, _: Any, __: Any, row: Row) -> Stored:
    return row[place]


def _rescaled(place: int, field: Any, target: Any, row: Row) -> Stored:
    value = row[place]
    return None if value is None else rounded(exactly(value, field), target)


def followers(entity: Entity, doors: Doors, written: Collection[str] | None) -> list[Follow]:
    """Compile what keeps the derived values of the rows above, one function a relation.

    Args:
        entity: Whose row was written.
        doors: Through which the rows above are written.
        written: Fields that may have changed; None where the row is new or gone.
    """
    schema = doors.image.domain.schema
    found = []
    for relation in schema.parents(entity.name):
        group = [
            (place, one)
            for place, one in enumerate(schema.derived)
            if one.relation == relation.name
            and (written is None or _depends(one, doors) & set(written))
        ]
        if group:
            found.append(_follower(relation.name, group, doors))
    return found


def _depends(one: Derived, doors: Doors) -> set[str]:
    assert one.relation is not None
    relation = doors.image.domain.schema.relation(one.relation)
    return {*relation.fields, *one.where, *(name for term in one.terms for name in term.fields)}


def _follower(name: str, group: list[tuple[int, Derived]], doors: Doors) -> Follow:
    image = doors.image
    relation = image.domain.schema.relation(name)
    child = image.tables[relation.entity]
    mine = picker(tuple(child.positions[n] for n in relation.fields))
    parts = [(place, _part(one, image)) for place, one in group]
    select, fed = found_by(relation, image), frozenset(place for place, _ in group)

    def feed(world: World, values: Row, change: Change) -> None:
        row: Row | None = world.execute(select, values).fetchone()
        # A row that referred to itself is gone with what it referred to.
        if row is not None:
            doors.feed(relation.target, fed)(world, row, list(row), [], {}, change)

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        old = None if before is None else mine(before)
        new = None if after is None else mine(after)
        if before is not None and after is not None and old == new:
            if old is not None and None not in old:
                change = {
                    place: (gone, come)
                    for place, part in parts
                    if (gone := part(before)) != (come := part(after))
                }
                if change:
                    feed(world, old, change)
            return
        if before is not None and old is not None and None not in old:
            left = {p: (gone, None) for p, part in parts if (gone := part(before)) is not None}
            if left:
                feed(world, old, left)
        if after is not None and new is not None and None not in new:
            more = {p: (None, come) for p, part in parts if (come := part(after)) is not None}
            if more:
                feed(world, new, more)

    return follow
