"""Figures of one domain folder, from its text to its verdicts, beside the floor.

The calls are those of its own tools on its own rows; what a domain does not offer (no tool that
gives a row to anybody, no field that can be changed back and forth) is left out and named.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from bench_world import _each
from ordinary_tasks import ordinary

from agentgym import domain as domain_room
from agentgym.domain import Domain
from agentgym.env import ToolEnv
from agentgym.episode import Suite, load
from agentgym.formats import Json, to_text
from agentgym.prove.run import gold_run
from agentgym.schema.types import to_wire
from agentgym.testing.honesty.values import candidates
from agentgym.tools.algebra import Get, Tool, Update, is_write
from agentgym.world.compile import Engine

__all__ = ["Line", "figures", "loading"]

_REPEATS = 5
_FORK_F, _FORK_TABLE_US, _TABLES = 80.0, 30.0, 20
Calls = list[tuple[str, dict[str, Json]]]


class Line(NamedTuple):
    """One figure."""

    name: str
    value: float
    unit: str
    """`F rate`: share of the floor's rate; `F times`: floor times; else as it says."""
    bar: float = 0.0
    """0 where there is none."""
    ceiling: bool = True
    """Whether the bar is the most, and not the least."""


def figures(place: Path, floor: Callable[[int], object]) -> Iterator[Line]:
    """Measure a domain; the floor is measured anew beside each of its figures.

    Args:
        place: Its folder.
        floor: One step of the floor.
    """

    def unit() -> float:
        return statistics.median(_each(floor, 10_000) for _ in range(3))

    kept = load(place)
    suite = Suite(kept.domain, kept.tasks, max_turns=10**9)
    domain = suite.domain
    yield from loading(domain, kept.tasks)
    reads, writes = _reads(domain, suite), _writes(domain)
    task = next((t for t in suite.tasks if reads and reads[0][0] in t.tools), None)
    if reads and task is not None:
        yield Line(
            "Episode.call, key look-up",
            unit() / _calls(suite, task.id, reads),
            "F rate",
            0.35,
            False,
        )
        yield Line(
            "env.step, JSON in, text out",
            unit() / _steps(suite, task.id, reads),
            "F rate",
            0.18,
            False,
        )
    else:
        yield Line("no key look-up for anybody", 0, "")
    shown = next((t for t in suite.tasks if writes and writes[0][0] in t.tools), None)
    if writes and shown is not None:
        rate = unit() / _calls(suite, shown.id, writes)
        yield Line("Episode.call, write with journal and digest", rate, "F rate", 0.14, False)
        yield Line(
            "reset after 20 writes", _resets(suite, shown.id, writes) / unit(), "F times", 20.0
        )
    else:
        yield Line("no write back and forth for anybody", 0, "")
    tables = len(domain.schema.entities)
    most = _FORK_F + max(0, tables - _TABLES) * _FORK_TABLE_US / unit() / 1e6
    yield Line(
        f"fork, {tables} tables", _forks(suite.engine, writes) / unit(), "F times", round(most, 1)
    )
    if suite.tasks:
        yield Line("verdict of the longest gold run", _verdict(suite) * 1e3, "ms", 1.0)


def loading(domain: Domain, tasks: Sequence[Any] = ()) -> Iterator[Line]:
    """Measure how long a domain takes from its text to its first episode."""
    content, lines = domain.to_json(), domain.rows_to_lines()
    rows, tables = sum(map(len, domain.rows.values())), len(domain.schema.entities)
    loads, firsts = [], []
    for _ in range(3):
        start = time.perf_counter()
        made = Suite(domain_room.parse(content, lines, where=domain.name), tasks)
        engine = Engine(made.domain)
        engine.compile()
        world = engine.world()
        middle = time.perf_counter()
        other = engine.world()
        other.reset()
        firsts.append(time.perf_counter() - middle)
        loads.append(middle - start)
        world.close()
        other.close()
    bar = 300.0 * max(1.0, rows / 15_000)
    yield Line(f"load, {rows} rows, {len(domain.tools)} tools", min(loads) * 1e3, "ms", bar)
    least = 2.0 + max(0, tables - _TABLES) * 8.0 / 212
    yield Line(f"first reset after it, {tables} tables", min(firsts) * 1e3, "ms", round(least, 2))


def _reads(domain: Domain, suite: Suite) -> Calls:
    """Choose a tool that gives rows by key to anybody, of the largest entity; and keys."""
    shown = {name for task in suite.tasks for name in task.tools}
    found: list[tuple[int, Tool]] = [
        (len(domain.rows.get(tool.term.entity, ())), tool)
        for tool in domain.tools
        if isinstance(tool.term, Get) and tool.name in shown
        if not any(domain.rule(name).kind != "invariant" for name in tool.guards)
    ]
    if not found:
        return []
    _, tool = max(found, key=lambda one: (one[0], one[1].name))
    assert isinstance(tool.term, Get)
    entity = domain.schema.entity(tool.term.entity)
    rows = domain.rows.get(entity.name, ())
    return [
        (
            tool.name,
            {
                a.param: to_wire(entity.field(a.field), row[entity.position(a.field)])
                for a in tool.term.key
            },
        )
        for row in rows[:: max(1, len(rows) // 1000)]
    ]


def _writes(domain: Domain) -> Calls:
    """Choose a field that can be changed back and forth on many rows by anybody."""
    engine = Engine(domain)
    world = engine.world()
    best: Calls = []
    for tool in domain.tools:
        if not isinstance(tool.term, Update):
            continue
        for argument in tool.term.values:
            world.reset()
            found: Calls = []
            for sent in _keys(domain, tool.term):
                values = candidates(domain, tool, argument.param, {}, world.rows)
                pair = [v for v in islice(values, 6) if v is not None]
                if len(pair) < 2:
                    break
                two = [(tool.name, sent | {argument.param: value}) for value in pair[:2]]
                if not all(engine.call(world, *call).ok for call in (*two, *two)):
                    break
                found += two
            if len(found) > len(best):
                best = found
        if len(best) >= 2 * _MANY:
            break
    world.close()
    return [best[n] for half in (0, 1) for n in range(half, len(best), 2)]


_MANY = 40


def _keys(domain: Domain, term: Update) -> Iterator[dict[str, Json]]:
    entity = domain.schema.entity(term.entity)
    for row in domain.rows.get(entity.name, ())[:_MANY]:
        yield {
            a.param: to_wire(entity.field(a.field), row[entity.position(a.field)]) for a in term.key
        }


def _calls(suite: Suite, task: str, calls: Calls) -> float:
    episode, count = suite.episode(task), len(calls)

    def call(n: int) -> object:
        name, sent = calls[n % count]
        return episode.call(name, **sent)

    assert call(0).ok  # type: ignore[attr-defined]
    spent = statistics.median(_each(call, 4_000) for _ in range(_REPEATS))
    episode.close()
    return spent


def _steps(suite: Suite, task: str, calls: Calls) -> float:
    env = ToolEnv(suite)
    env.reset(seed=0, options={"task_id": task})
    actions = [to_text({"name": name, "arguments": sent}) for name, sent in calls]
    return statistics.median(
        _each(lambda n: env.step(actions[n % len(actions)]), 4_000) for _ in range(_REPEATS)
    )


def _resets(suite: Suite, task: str, writes: Calls) -> float:
    spent = []
    for _ in range(40):
        episode = suite.episode(task)
        for name, sent in writes[:20]:
            episode.call(name, **sent)
        start = time.perf_counter()
        episode.close()
        again = suite.episode(task)
        spent.append(time.perf_counter() - start)
        again.close()
    return statistics.median(spent)


def _forks(engine: Engine, writes: Calls) -> float:
    world = engine.world()
    for name, sent in writes[:20]:
        engine.call(world, name, sent)
    world.fork().close()
    spent = statistics.median(_each(lambda _: world.fork().close(), 30) for _ in range(_REPEATS))
    world.close()
    return spent


def _verdict(suite: Suite) -> float:
    tools = suite.domain.tool_by_name
    task = max(
        filter(ordinary, suite.tasks), key=lambda t: sum(is_write(tools[s.tool]) for s in t.gold)
    )
    episode = suite.episode(task.id)
    for name, sent in gold_run(task).calls:
        episode.call(name, **sent)
    spent = statistics.median(_each(lambda _: suite.verdict(episode), 50) for _ in range(_REPEATS))
    episode.close()
    return spent
