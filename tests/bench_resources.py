"""What episodes cost besides time: memory, what is left of many, many at once, copies."""

from __future__ import annotations

import gc
import os
import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path

import bench_world
from bench_domains import Line
from bench_world import _each, _keys

from agentgym.domain import Domain
from agentgym.env import ToolEnv
from agentgym.env.vector import ToolVectorEnv
from agentgym.episode import Suite
from agentgym.formats import to_text
from agentgym.schema import Entity, Field, Schema
from agentgym.world.compile import Engine

__all__ = ["figures"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIVE, _RESETS, _ENVS = 200, 10_000, 64


def figures(small: Suite, unit: float) -> Iterator[Line]:
    """Measure memory, leaks, vectors and forks.

    Args:
        small: One task over 1,000 rows.
        unit: Seconds of the floor.
    """
    yield from _memory(small)
    yield from _leaks(small)
    yield from _vector(small)
    for tables in (1, 20):
        spent = _fork(tables)
        yield Line(
            f"fork of 0.8 MB, {tables} tables, 20 changed rows", spent / unit, "F times", 80.0
        )


def _resident() -> int:
    """Return the bytes of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _connections() -> int:
    gc.collect()
    return sum(isinstance(one, sqlite3.Connection) for one in gc.get_objects())


def _memory(suite: Suite) -> Iterator[Line]:
    task = suite.tasks[0].id
    keys = _keys(1000)
    suite.episode(task).close()
    gc.collect()
    before, episodes = _resident(), []
    for _ in range(_LIVE):
        episode = suite.episode(task)
        for key in keys[:20]:
            episode.call("update_order", order_id=key, quantity=11)
        episodes.append(episode)
    spent = (_resident() - before) / _LIVE
    yield Line("memory of a live episode, 1,000 rows, 20 writes", spent / 1e6, "MB", 2.0)
    for episode in episodes:
        episode.close()


def _leaks(suite: Suite) -> Iterator[Line]:
    task, keys = suite.tasks[0].id, _keys(1000)

    def episode(n: int) -> None:
        one = suite.episode(task)
        one.call("get_order", order_id=keys[n % 1000])
        one.call("update_order", order_id=keys[n % 1000], quantity=11)
        one.close()

    for n in range(500):
        episode(n)
    before, open_before = _resident(), _connections()
    for n in range(_RESETS):
        episode(n)
    gc.collect()
    yield Line(f"memory left by {_RESETS:,} episodes", (_resident() - before) / 1e6, "MB", 2.0)
    more = _connections() - open_before
    yield Line("connections left by them", more, "more", 0.5)


def _vector(suite: Suite) -> Iterator[Line]:
    actions = [to_text({"name": "get_order", "arguments": {"order_id": k}}) for k in _keys(1000)]
    env, many = ToolEnv(suite), ToolVectorEnv(_ENVS, domain=suite)
    env.reset(seed=0)
    many.reset(seed=0)
    ratios, rates = [], []
    for _ in range(15):
        single = _each(lambda n: env.step(actions[n % 1000]), 3_200)
        batch = _each(
            lambda n: many.step([actions[(n + place) % 1000] for place in range(_ENVS)]), 60
        )
        ratios.append(single * _ENVS / batch)
        rates.append(_ENVS / batch)
    many.close()
    name = f"make_vec of {_ENVS}, share of the single rate"
    yield Line(name, statistics.median(ratios), "ratio", 0.7, False)
    yield Line("steps a second in it", statistics.median(rates), "a second")


def _fork(tables: int) -> float:
    engine = Engine(_wide(tables))
    world = engine.world()
    for n in range(20):
        # What has not changed is not looked at, and a fork would put off what it costs.
        name = f"order_{n % tables}"
        row = world.rows(name)[n]
        world.update(name, row, (*row[:-1], "Elsewhere"))
    world.fork().close()
    return statistics.median(_each(lambda _: world.fork().close(), 40) for _ in range(7))


def _wide(tables: int) -> Domain:
    """Spread the rows of the bench's orders over some tables."""
    whole = bench_world.domain()
    order = whole.schema.entity("order")
    plain = tuple(
        Field(name=f.name, label=f.label, type=f.type, scale=f.scale, nullable=True)
        if f.name not in order.key
        else f
        for f in order.fields
        if f.type != "enum"
    )
    places = [order.position(field.name) for field in plain]
    rows = [tuple(row[place] for place in places) for row in whole.rows["order"]]
    entities = tuple(
        Entity(
            name=f"order_{n}",
            label=f"order {n}",
            plural=f"orders {n}",
            key=order.key,
            key_source=order.key_source,
            fields=plain,
        )
        for n in range(tables)
    )
    return Domain(
        name="wide",
        title="Wide",
        description="Orders.",
        schema=Schema(entities=entities),
        clock=whole.clock,
        source=whole.source,
        rows={entity.name: tuple(rows[n::tables]) for n, entity in enumerate(entities)},
    )
