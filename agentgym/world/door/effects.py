"""Effects, compiled: what else is written when a row is written, through the same door.

An amount that is adjusted is rounded for each row, so that taking a row away undoes exactly
what its making did. A number that is NULL is unknown and stays so, however much is added.
Next: `doors`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.rules import Add, Adjust, Assign, Effect
from agentgym.schema import Entity
from agentgym.schema.types import Row
from agentgym.world.arguments import Given
from agentgym.world.door.derived import Follow
from agentgym.world.door.exact import NUMBERS, rounded, total
from agentgym.world.door.values import climb, source
from agentgym.world.guards import Kind, Setting, truth
from agentgym.world.refusals import refuse
from agentgym.world.rows import World
from agentgym.world.tables import picker, render

if TYPE_CHECKING:
    from agentgym.world.door.doors import Doors

__all__ = ["effects"]

_NOTHING: Given = {}


def effects(
    entity: Entity, kind: Kind, doors: Doors, written: Collection[str] | None
) -> list[Follow]:
    """Compile the effects of one kind of write of an entity, in the domain's order.

    Args:
        entity: Whose row was written.
        kind: How.
        doors: Through which effects write.
        written: Fields that may have changed; None where the row is new or gone.

    Raises:
        DomainError: An effect does not fit the schema.
    """
    return [
        _effect(effect, entity, kind, doors)
        for effect in doors.image.domain.effects
        if effect.entity == entity.name
        and kind in effect.on
        and (written is None or not effect.fields or set(effect.fields) & set(written))
    ]


def _effect(effect: Effect, entity: Entity, kind: Kind, doors: Doors) -> Follow:
    schema = doors.image.domain.schema
    start = entity
    if effect.each is not None:
        relation = schema.relation(effect.each)
        if relation.target != entity.name:
            raise DomainError(
                f"a relation that points to {entity.name}", found=effect.each, where=effect.id
            )
        start = schema.entity(relation.entity)
    do = _doing(effect, start, kind, doors)
    if effect.each is not None:
        do = _each(effect, do, doors)
    happens = _happens(effect, entity, kind, doors)
    if happens is None:
        return do

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        if happens(world, before, after):
            do(world, before, after)

    return follow


def _happens(
    effect: Effect, entity: Entity, kind: Kind, doors: Doors
) -> Callable[[World, Row | None, Row | None], bool] | None:
    """Return what tells whether a write counts; None where every one does."""
    watched = tuple(entity.position(name) for name in effect.fields) if kind == "update" else ()
    if effect.when is None:
        if not watched:
            return None
        return lambda _, before, after: any(before[p] != after[p] for p in watched)  # type: ignore[index]
    test = truth(effect.when, Setting(entity, doors.image, kind))

    def happens(world: World, before: Row | None, after: Row | None) -> bool:
        if after is None or before is None:
            # What is gone is judged as it was, what is new by itself.
            row = before if after is None else after
            assert row is not None
            return test(world, before, row, _NOTHING) is True
        if watched and all(before[p] == after[p] for p in watched):
            return False
        if test(world, before, after, _NOTHING) is not True:
            return False
        return test(world, before, before, _NOTHING) is not True

    return happens


def _each(effect: Effect, do: Follow, doors: Doors) -> Follow:
    image = doors.image
    assert effect.each is not None
    relation = image.domain.schema.relation(effect.each)
    child, parent = image.tables[relation.entity], image.tables[relation.target]
    theirs = picker(tuple(parent.positions[name] for name in relation.target_fields))
    wanted = [child.sql.c[n] == sa.bindparam(f"0r{i}") for i, n in enumerate(relation.fields)]
    sql, _ = render(sa.select(*child.whole).where(sa.and_(*wanted)).order_by(*child.key_order()))

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        row = before if after is None else after
        assert row is not None
        values = theirs(row)
        if None in values:
            return
        # The keys first: what is done to one row may change the next.
        for key in [child.key_of(one) for one in world.execute(sql, values).fetchall()]:
            one = world.get(child.entity.name, key)
            if one is not None:
                do(world, one, one)

    return follow


def _doing(effect: Effect, start: Entity, kind: Kind, doors: Doors) -> Follow:
    match effect.do:
        case Adjust():
            return _adjust(effect, effect.do, start, kind, doors)
        case Assign():
            return _assign(effect, effect.do, start, doors)
        case Add():
            return _add(effect, effect.do, start, doors)


def _adjust(effect: Effect, do: Adjust, start: Entity, kind: Kind, doors: Doors) -> Follow:
    if not do.path:
        raise DomainError("a path to the row that is adjusted", where=effect.id)
    reach, top = climb(do.path, start, doors.image, where=effect.id)
    field, place = top.field(do.field), top.position(do.field)
    if field.type not in NUMBERS:
        raise DomainError(
            "a field of numbers", found=f"{field.name} ({field.type})", where=effect.id
        )
    sums = total((do.by,), start, field)
    differs = kind == "update" and effect.when is None and effect.each is None
    mine = picker(
        tuple(start.position(n) for n in doors.image.domain.schema.relation(do.path[0]).fields)
    )

    def amount(row: Row) -> Any:
        return rounded(sums.of(row), field, whole=sums.whole)

    def move(world: World, row: Row, by: Any) -> None:
        there = reach(world, row) if by else None
        if there is None or there[place] is None:
            return
        held: Any = there[place]
        changed = list(there)
        changed[place] = rounded(held + by, field, whole=True)
        doors.change(top.name, do.field)(world, there, changed, [place], _NOTHING)

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        if kind == "delete":
            assert before is not None
            move(world, before, -amount(before))
            return
        assert after is not None
        if before is None or not differs:
            move(world, after, amount(after))
        elif mine(before) == mine(after):
            move(world, after, amount(after) - amount(before))
        else:
            move(world, before, -amount(before))
            move(world, after, amount(after))

    return follow


def _assign(effect: Effect, do: Assign, start: Entity, doors: Doors) -> Follow:
    reach, top = climb(do.path, start, doors.image, where=effect.id)
    place = top.position(do.field)
    if do.field in top.key:
        raise DomainError("no field of the key", found=do.field, where=effect.id)
    value = source(do.value, start, top.field(do.field), doors.image, where=effect.id)
    field = top.field(do.field)
    key_of = doors.image.tables[start.name].key_of
    itself = not do.path

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        row = before if after is None else after
        assert row is not None
        there = world.get(start.name, key_of(row)) if itself else reach(world, row)
        if there is None:
            return
        found = value(world, before, after)
        if found is None and not field.nullable:
            _empty(effect, top, field.name)
        if there[place] != found:
            changed = list(there)
            changed[place] = found
            doors.change(top.name, do.field)(world, there, changed, [place], _NOTHING)

    return follow


def _add(effect: Effect, do: Add, start: Entity, doors: Doors) -> Follow:
    image = doors.image
    entity = image.domain.schema.entity(do.entity)
    values = [
        (entity.position(name), source(value, start, entity.field(name), image, where=effect.id))
        for name, value in do.values.items()
    ]
    given = frozenset(do.values)

    def lacking(name: str) -> None:
        _empty(effect, entity, name)

    def follow(world: World, before: Row | None, after: Row | None) -> None:
        new = doors.added(do.entity)
        row = new.start()
        for place, value in values:
            row[place] = value(world, before, after)
        new.put(world, row, given, _NOTHING, lacking)

    return follow


def _empty(effect: Effect, entity: Entity, name: str) -> None:
    refuse(
        "conflict",
        f"This cannot be done: it would leave the {entity.field(name).label} of "
        f"{_a(entity)} empty ({effect.id}). Fill in what it is taken from first.",
    )


def _a(entity: Entity) -> str:
    return f"{'an' if entity.label[:1] in 'aeiou' else 'a'} {entity.label}"
