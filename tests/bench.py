"""`make bench`: our figures beside their floor or peer, all from one process.

F is the floor: one `SELECT` by primary key on 5,000 rows, on a bare cursor. Rates are
shares of F's rate, times are multiples of F. The bars are those that we hold ourselves
to; a figure that misses its bar is marked and the exit code says so.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bench_world
import msgspec
from bench_world import _each, _floor, _keys

from agentgym import domain as domain_room
from agentgym.domain import Domain
from agentgym.env import ToolEnv
from agentgym.episode import Suite
from agentgym.formats import to_text
from agentgym.goals.goal import Branch, Change, Goal
from agentgym.plan import Plan
from agentgym.tasks import Certificate, Task, UserScript
from agentgym.tools.algebra import AskUser, Conclude, Tool

REPEATS = 7
ROOT = Path(__file__).resolve().parent.parent


def suite() -> Suite:
    """Make a suite of one task over the bench's shop of 5,000 orders."""
    domain = bench_world.domain()
    more = (
        Tool(name="ask_user", description="Ask.", term=AskUser()),
        Tool(name="conclude", description="End.", term=Conclude()),
    )
    domain = msgspec.structs.replace(domain, tools=(*domain.tools, *more))
    changes = tuple(
        Change(entity="order", kind="update", key=(key,), values={"quantity": 11})
        for key in _keys(5000)[:20]
    )
    task = Task(
        id="bench-v1/0001",
        family="multi_write",
        instruction="Set the quantity of twenty orders to 11.",
        user=UserScript(opening="Set the quantity of twenty orders to 11."),
        tools=tuple(tool.name for tool in domain.tools),
        plan=Plan(family="multi_write", facts=(), nodes=()),
        goal=Goal(branches=(Branch(changes=changes),)),
        gold=(),
        certificate=Certificate(gates=(), mutants=0, start="", end=""),
    )
    return Suite(domain, [task], max_turns=10**9)


def figures() -> list[tuple[str, float, str, float, bool]]:
    """Measure the episode's rooms: name, value, unit, bar, whether the bar is a ceiling."""
    shop = suite()
    keys = _keys(5000)
    floor = _floor(5000)
    episode = shop.episode("bench-v1/0001")
    env = ToolEnv(shop)
    found: dict[str, list[float]] = {}
    actions = [to_text({"name": "get_order", "arguments": {"order_id": key}}) for key in keys]
    writes = [{"order_id": key, "quantity": 11} for key in keys]

    def fresh(count: int) -> float:
        spent = []
        for _ in range(count):
            one = shop.episode("bench-v1/0001")
            for arguments in writes[:20]:
                one.call("update_order", **arguments)
            start = time.perf_counter()
            one.close()
            again = shop.episode("bench-v1/0001")
            spent.append(time.perf_counter() - start)
            again.close()
        return statistics.median(spent)

    def judged(count: int) -> float:
        one = shop.episode("bench-v1/0001")
        for arguments in writes[:20]:
            one.call("update_order", **arguments)
        one.call("conclude", outcome="done")
        assert shop.verdict(one).success
        spent = _each(lambda _: shop.verdict(one), count)
        one.close()
        return spent

    for _ in range(REPEATS):
        unit = _each(floor, 20_000)
        episode = shop.episode("bench-v1/0001")
        call = _each(lambda n: episode.call("get_order", order_id=keys[n % 1000]), 10_000)  # noqa: B023
        episode.close()
        episode = shop.episode("bench-v1/0001")
        write = _each(
            lambda n: episode.call("update_order", order_id=keys[n % 1000], quantity=n % 7 + 1),  # noqa: B023
            5_000,
        )
        episode.close()
        for name, value in (
            ("floor F", unit * 1e6),
            ("Episode.call, key look-up", unit / call),
            ("Episode.call, write with guard, journal, digest", unit / write),
            ("reset after 20 writes", fresh(30) / unit),
            ("verdict, 20 writes, ms", judged(100) * 1e3),
        ):
            found.setdefault(name, []).append(value)
        env.reset(seed=0)
        step = _each(lambda n: env.step(actions[n % 1000]), 5_000)
        found.setdefault("env.step, JSON in, text out", []).append(unit / step)
    bars: dict[str, tuple[str, float, bool]] = {
        "floor F": ("us", 0.0, False),
        "Episode.call, key look-up": ("F rate", 0.35, False),
        "Episode.call, write with guard, journal, digest": ("F rate", 0.14, False),
        "reset after 20 writes": ("F times", 20.0, True),
        "verdict, 20 writes, ms": ("ms", 1.0, True),
        "env.step, JSON in, text out": ("F rate", 0.18, False),
    }
    return [(name, statistics.median(v), *bars[name]) for name, v in found.items()]


def process(code: str) -> float:
    """Return the median seconds that a fresh process needs for some code, start-up included."""
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def loading() -> tuple[float, float]:
    """Return the seconds that a domain of 15,000 rows and its first episode take."""
    domain: Domain = bench_world.domain(rows=15_000)
    with tempfile.TemporaryDirectory() as folder:
        content, lines = domain.to_json(), domain.rows_to_lines()
        start = time.perf_counter()
        loaded = domain_room.parse(content, lines, where=folder)
        made = Suite(loaded, ())
        made.engine.compile()
        made.engine.world()
        middle = time.perf_counter()
        made.engine.world().reset()
        return middle - start, time.perf_counter() - middle


def main() -> int:
    """Print all figures; return 1 when a bar is missed."""
    missed = 0
    lines: list[tuple[str, float, str, float, bool]] = list(figures())
    load, first = loading()
    lines.append(("load of a domain, 15,000 rows", load * 1e3, "ms", 300.0, True))
    lines.append(("first reset after it", first * 1e3, "ms", 2.0, True))
    bare = process("pass")
    ours, theirs = process("import agentgym"), process("import gymnasium")
    lines.append(("import agentgym / import gymnasium", ours / theirs, "ratio", 1.3, True))
    lines.append(("(a bare interpreter)", bare * 1e3, "ms", 0.0, False))
    rate = next(value for name, value, *_ in lines if name == "floor F")
    for name, value, unit, bar, ceiling in lines:
        good = bar == 0 or (value <= bar if ceiling else value >= bar)
        missed += not good
        absolute = ""
        if unit == "F rate":
            absolute = f"{value / rate * 1e6:,.0f} a second"
        elif unit == "F times":
            absolute = f"{value * rate:.1f} us"
        limit = f"{'at most' if ceiling else 'at least'} {bar:g}" if bar else ""
        print(f"{name:50}{value:10.3f} {unit:8}{limit:16}{'' if good else 'MISSED  '}{absolute}")
    world: Callable[[], dict[str, tuple[float, float]]] = bench_world.figures
    print("\nthe world alone")
    for name, (value, bar) in world().items():
        print(f"{name:50}{value:10.3f} {'bar':8}{bar:g}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
