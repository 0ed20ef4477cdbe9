"""Order-independence: calls whose footprints are disjoint come to the same in either order.

A domain comes in; pairs of calls are drawn, and those that cannot notice each other are made in
both orders. Next: `gold`.
"""

from __future__ import annotations

from typing import NamedTuple

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.testing.chance import Chance
from agentgym.testing.footprints import Footprint, disjoint, footprint
from agentgym.testing.standing import stand
from agentgym.testing.states import apart, state
from agentgym.tools.algebra import is_write
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["check_commuting"]

_AT_ONCE = 8
"""Calls that are drawn in one state; every two of them are a pair."""


class _Made(NamedTuple):
    """A call that was made alone."""

    name: str
    sent: dict[str, Json]
    result: Result
    footprint: Footprint
    writes: bool


def check_commuting(domain: Domain, *, seed: int = 0, states: int = 12) -> int:
    """Check that calls which cannot notice each other may be made in any order.

    Args:
        domain: The domain under test.
        seed: Draws the calls.
        states: In how many states pairs are drawn.

    Returns:
        How many pairs, of which at least one call wrote, were made in both orders.

    Raises:
        AssertionError: A result or what is left differs from the other order, or from alone.
    """
    if not domain.tools:
        return 0
    engine = Engine(domain)
    draws = stream("commuting", domain.name, seed)
    chance, world, tried = Chance(domain, draws), engine.world(), 0
    for _ in range(states):
        first = chance.tool()
        stand(engine, world, first.name, chance.arguments(first, world.rows))
        made = [_alone(engine, world, chance) for _ in range(_AT_ONCE)]
        for place, one in enumerate(made):
            for other in made[place + 1 :]:
                if (one.writes or other.writes) and disjoint(one.footprint, other.footprint):
                    tried += 1
                    _both_ways(engine, world, one, other)
        for one in made:
            if one.writes and draws.random() < 0.5:
                engine.call(world, one.name, one.sent)
    return tried


def _alone(engine: Engine, world: World, chance: Chance) -> _Made:
    tool = chance.tool()
    sent = chance.arguments(tool, world.rows)
    before = world.snapshot()
    kept = {name: world.rows(name) for name in world.image.tables}
    result = engine.call(world, tool.name, sent)
    seen = footprint(
        engine.domain,
        tool,
        sent,
        result,
        world.diff(before),
        (before.session, world.session),
        (before.counters, dict(world.counters)),
        kept.__getitem__,
    )
    world.restore(before)
    return _Made(tool.name, sent, result, seen, result.ok and is_write(tool))


def _both_ways(engine: Engine, world: World, one: _Made, other: _Made) -> None:
    start = world.snapshot()
    ends = []
    for order in ((one, other), (other, one)):
        for call in order:
            result = engine.call(world, call.name, call.sent)
            assert repr(result) == repr(call.result), (
                f"{call.name} {call.sent} gives {result} beside "
                f"{' and '.join(c.name for c in order if c is not call)}, and {call.result} alone"
            )
        ends.append(state(world))
        world.restore(start)
    differing = apart(ends[0], ends[1])
    assert not differing, f"{one.name} and {other.name} in the other order differ in {differing}"
