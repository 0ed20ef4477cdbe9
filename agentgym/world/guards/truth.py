"""Any predicate, compiled to true, false or unknown.

Next: `facts`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
)
from agentgym.schema.types import Row
from agentgym.world.arguments import Given
from agentgym.world.guards.rows import alone, count, counter
from agentgym.world.guards.session import authenticated, calls, confirmed, holder, owner
from agentgym.world.guards.setting import Setting, Test
from agentgym.world.guards.values import argument, field, move
from agentgym.world.rows import World

__all__ = ["truth"]


def truth(predicate: Predicate, setting: Setting) -> Test:
    """Compile a predicate.

    The test costs no statement for the row's own fields, arguments and session, and one for each
    step of a path, each count, each exclusive, and the row of a holder. It may be asked before
    the row is written or after.

    Raises:
        DomainError: The predicate does not fit the schema, or the tool.
    """
    match predicate:
        case Compare() | In() | Elapsed():
            return field(predicate, setting)
        case Move():
            return move(predicate, setting)
        case NoChildren():
            referring = counter(setting.schema.relation(predicate.relation), setting.image)
            return lambda world, _, after, __: referring(world, after) == 0
        case Alone():
            return alone(predicate, setting)
        case Count():
            return count(predicate, setting)
        case Param():
            return argument(predicate, setting)
        case Authenticated():
            return authenticated(setting.schema.entity(predicate.entity).name)
        case Owner():
            return owner(predicate, setting)
        case Holder():
            return holder(predicate, setting)
        case Confirmed():
            return confirmed
        case Calls():
            return calls(predicate, setting)
        case Not():
            inner = truth(predicate.of, setting)
            return lambda *scene: None if (found := inner(*scene)) is None else not found
        case All():
            return _all([truth(part, setting) for part in predicate.of])
        case AnyOf():
            return _any([truth(part, setting) for part in predicate.of])


def _all(tests: Sequence[Test]) -> Test:
    def test(world: World, before: Row | None, after: Row, given: Given) -> bool | None:
        found: bool | None = True
        for one in tests:
            held = one(world, before, after, given)
            if held is False:
                return False
            if held is None:
                found = None
        return found

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(world: World, before: Row | None, after: Row, given: Given) -> bool | None:
        found: bool | None = False
        for one in tests:
            held = one(world, before, after, given)
            if held is True:
                return True
            if held is None:
                found = None
        return found

    return test
