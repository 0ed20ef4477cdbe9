"""Predicates over values: of the row, of those above it, of the arguments, of the clock.

NULL makes a comparison unknown, and what is unknown passes, as in SQL. Next: `rows`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from agentgym.errors import DomainError
from agentgym.rules import Compare, Elapsed, In, Move, Param
from agentgym.schema import Entity
from agentgym.schema.types import Row, Stored
from agentgym.world.arguments import Given
from agentgym.world.guards.measures import OPS, constant, midnight, scales
from agentgym.world.guards.paths import climb, summit
from agentgym.world.guards.setting import Setting, Test, behind
from agentgym.world.rows import World

__all__ = ["argument", "field", "move"]

_Judge = Callable[[World, Row], bool | None]


def field(predicate: Compare | In | Elapsed, setting: Setting) -> Test:
    """Compile what is asked of the fields of one row."""
    entity = summit(predicate.path, setting)
    match predicate:
        case Compare():
            judge = _compare(predicate, entity)
        case In():
            judge = _member(predicate, entity)
        case Elapsed():
            judge = _elapsed(predicate, entity)
    if not predicate.path and predicate.at == "after":
        return lambda world, _, after, __: judge(world, after)
    reach = climb(predicate.path, predicate.at, setting)

    def test(world: World, before: Row | None, after: Row, _: Given) -> bool | None:
        row = reach(world, before, after)
        return None if row is None else judge(world, row)

    return test


def _compare(predicate: Compare, entity: Entity) -> _Judge:
    place, compare = entity.position(predicate.field), OPS[predicate.op]
    mine_field = entity.fields[place]
    if predicate.other is None:
        limit = constant(mine_field, predicate.value, f"a rule on {entity.name}")

        def against_value(_: World, row: Row) -> bool | None:
            value = row[place]
            return None if value is None else compare(value, limit)

        return against_value
    other = entity.position(predicate.other)
    mine, theirs = scales(mine_field, entity.fields[other], entity)

    def against_field(_: World, row: Row) -> bool | None:
        left, right = row[place], row[other]
        if left is None or right is None:
            return None
        return compare(mine(left), theirs(right))

    return against_field


def _member(predicate: In, entity: Entity) -> _Judge:
    place = entity.position(predicate.field)
    mine = entity.fields[place]
    known = frozenset(constant(mine, v, f"a rule on {entity.name}") for v in predicate.values)

    def member(_: World, row: Row) -> bool | None:
        return None if row[place] is None else row[place] in known

    return member


def _elapsed(predicate: Elapsed, entity: Entity) -> _Judge:
    place, compare, limit = entity.position(predicate.field), OPS[predicate.op], predicate.seconds
    kind = entity.fields[place].type
    if kind not in ("date", "datetime"):
        raise DomainError(
            "a date or a datetime",
            found=f"{predicate.field} ({kind})",
            where=f"a rule on {entity.name}",
        )

    def elapsed(world: World, row: Row) -> bool | None:
        value = row[place]
        if value is None:
            return None
        then = midnight(str(value)) if kind == "date" else str(value)
        since = dt.datetime.fromisoformat(world.now) - dt.datetime.fromisoformat(then)
        return compare(since.days * 86_400 + since.seconds, limit)

    return elapsed


def move(predicate: Move, setting: Setting) -> Test:
    """Compile what may follow a state."""
    entity = setting.entity
    place = entity.position(predicate.field)
    for lifecycle in setting.schema.lifecycles:
        if (lifecycle.entity, lifecycle.field) == (entity.name, predicate.field):
            break
    else:
        raise DomainError("a life cycle", found="none", where=f"{entity.name}.{predicate.field}")
    initial, moves = frozenset(lifecycle.initial), lifecycle.moves

    def test(_: World, before: Row | None, after: Row, __: Given) -> bool | None:
        state = after[place]
        if state is None:
            return None
        if before is None or before[place] is None:
            return state in initial
        # An update that leaves the status alone is no move; a transition asks before.
        return before[place] == state or state in moves.get(str(before[place]), ())

    return test


def argument(predicate: Param, setting: Setting) -> Test:
    """Compile what is asked of an argument."""
    where = f"a rule on {setting.entity.name}"
    if setting.tool is None:
        raise DomainError("a rule of a tool", found=f"the argument {predicate.param}", where=where)
    name, compare = predicate.param, OPS[predicate.op]
    mine = behind(setting.tool, name, setting.schema, where=where)
    limit: Any = predicate.value if mine is None else constant(mine, predicate.value, where)

    def test(_: World, __: Row | None, ___: Row, given: Given) -> bool | None:
        value: Stored = given.get(name)
        return None if value is None else compare(value, limit)

    return test
