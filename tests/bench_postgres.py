"""Figures of worlds on PostgreSQL beside those in SQLite: calls, writes, resets, worlds.

`python tests/bench_postgres.py` starts the server of the tests where it does not run, and prints
one line a figure: microseconds, and calls per second where that says more. The floor of
PostgreSQL is one empty round trip to the server.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import bench_world
import postgres_server
import psycopg

from agentgym.world.backends import postgres
from agentgym.world.compile import Engine

__all__ = ["figures"]

_WRITES = 20


def figures(engine: Engine) -> dict[str, float]:
    """Measure one engine: name to seconds, the median of a few runs."""
    start = time.perf_counter()
    world = engine.world()
    first = time.perf_counter() - start
    keys = [f"O{n * 7919 % bench_world.ROWS + 1:06d}" for n in range(1000)]

    def get(n: int) -> None:
        assert engine.call(world, "get_order", {"order_id": keys[n % 1000]}).ok

    def write(n: int) -> None:
        sent = {"order_id": keys[n % 1000], "quantity": 11 + n // 1000 % 2}
        assert engine.call(world, "update_order", sent).ok

    def reset(_: int) -> float:
        for n in range(_WRITES):
            write(n)
        begun = time.perf_counter()
        world.reset()
        return time.perf_counter() - begun

    def fork(_: int) -> None:
        world.fork().close()

    found = {"first world": first, "key look-up": _each(get, 2000), "write": _each(write, 2000)}
    world.reset()
    found[f"reset after {_WRITES} writes"] = statistics.median(reset(n) for n in range(50))
    fork(0)
    found["fork, the connection known"] = _each(fork, 50)
    world.close()
    engine.image.store.close()
    return found


def _each(work: Callable[[int], object], count: int) -> float:
    """Return seconds per call, the best of a few runs."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for number in range(count):
            work(number)
        best = min(best, (time.perf_counter() - start) / count)
    return best


def _round_trip(url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        return _each(lambda _: connection.pgconn.exec_(b""), 2000)


def _print(url: str) -> None:
    domain = bench_world.domain()
    here, there = figures(Engine(domain)), figures(Engine(domain, postgres(url)))
    print(f"{'microseconds':30}{'SQLite':>12}{'PostgreSQL':>12}")
    print(f"{'empty round trip':30}{'':>12}{_round_trip(url) * 1e6:12.1f}")
    for name, spent in here.items():
        print(f"{name:30}{spent * 1e6:12.1f}{there[name] * 1e6:12.1f}")
    for name in ("key look-up", "write"):
        print(f"{name + 's a second':30}{1 / here[name]:12,.0f}{1 / there[name]:12,.0f}")


if __name__ == "__main__":
    try:
        _print(postgres_server.lease())
    finally:
        postgres_server.release()
