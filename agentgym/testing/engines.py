"""Two engines as each other's judge: the same calls in SQLite and on a PostgreSQL server.

A domain and a URL come in; every result, row and digest must be the same on both, after any
history of calls, snapshots, restores, forks and resets. Next: nothing, this is the last word.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.testing.calls import calls
from agentgym.world import Snapshot
from agentgym.world.backends import postgres
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["check_engines", "compare"]

_STEPS = 20
"""Things that happen between two resets."""


def check_engines(domain: Domain, url: str, *, seed: int = 0, calls: int = 300) -> None:
    """Check that the domain behaves on PostgreSQL as it does in SQLite.

    Args:
        domain: The domain under test.
        url: A database, as `postgres` takes it.
        seed: Draws the calls; the same seed draws the same ones.
        calls: How many to make, roughly.

    Raises:
        AssertionError: A result, a row or a digest differs.
        BackendError: The server cannot be reached.
    """
    mine, other = Engine(domain), Engine(domain, postgres(url))

    @seeded(seed)
    @settings(
        max_examples=max(1, calls // _STEPS),
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        compare(data, mine, other, steps=_STEPS)

    try:
        run()
    finally:
        other.image.store.close()


def compare(
    data: st.DataObject,
    mine: Engine,
    other: Engine,
    *,
    steps: int,
    patch: Sequence[Patch] = (),
) -> None:
    """Let the same things happen to a world of each engine.

    Args:
        data: Draws what happens.
        mine: One engine.
        other: Another one of the same domain.
        steps: How many things.
        patch: With which both worlds start.

    Raises:
        AssertionError: A result, a row or a digest differs.
    """
    pair = (mine.world(mine.start(patch)), other.world(other.start(patch)))
    moments: list[tuple[Snapshot, Snapshot]] = []
    try:
        for _ in range(steps):
            pair = _step(data, (mine, other), pair, moments)
            one, two = pair
            assert one.digest() == two.digest(), "the digests differ"
            assert one.diff() == two.diff(), "the differences from the start differ"
        _same_rows(mine.domain, *pair)
    finally:
        for world in pair:
            world.close()


def _step(
    data: st.DataObject,
    engines: tuple[Engine, Engine],
    pair: tuple[World, World],
    moments: list[tuple[Snapshot, Snapshot]],
) -> tuple[World, World]:
    one, two = pair
    match data.draw(st.integers(0, 11)):
        case 7:
            moments.append((one.snapshot(), two.snapshot()))
            assert moments[-1][0] == moments[-1][1], "the snapshots differ"
        case 8 if moments:
            first, second = data.draw(st.sampled_from(moments))
            # A snapshot is of the domain, not of the database that it was taken in.
            one.restore(second)
            two.restore(first)
            _same_rows(engines[0].domain, one, two)
        case 9:
            twins = one.fork(), two.fork()
            one.close()
            two.close()
            return twins
        case 10 if data.draw(st.booleans()):
            one.reset()
            two.reset()
            _same_rows(engines[0].domain, one, two)
        case 11:
            one.tick()
            two.tick()
        case _:
            _call(data, engines, pair)
    return pair


def _call(data: st.DataObject, engines: tuple[Engine, Engine], pair: tuple[World, World]) -> None:
    name, sent = data.draw(calls(engines[0].domain, pair[0].rows))
    here, there = engines[0].call(pair[0], name, sent), engines[1].call(pair[1], name, sent)
    told = f"{name} gives {here} in SQLite and {there} on PostgreSQL"
    assert here == there, told
    assert repr(here) == repr(there), told
    assert pair[0].session == pair[1].session, f"{name} leaves different sessions"
    assert pair[0].counters == pair[1].counters, f"{name} leaves different counters"


def _same_rows(domain: Domain, one: World, two: World) -> None:
    for entity in domain.schema.entities:
        here, there = one.rows(entity.name), two.rows(entity.name)
        assert here == there, f"the rows of {entity.name} differ"
        kinds = [set(zip(*(map(type, row) for row in rows), strict=True)) for rows in (here, there)]
        assert kinds[0] == kinds[1], f"the rows of {entity.name} are of different types"
