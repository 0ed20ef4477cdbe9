"""`make bench`: our figures beside their floor or peer, all from one process.

F is the floor: one `SELECT` by primary key on 5,000 rows, on a bare cursor. Rates are
shares of F's rate, times are multiples of F. The bars are those that we hold ourselves
to; a figure that misses its bar is marked and the exit code says so. With the path of a source
as its argument, a domain is built of it and measured besides the committed ones.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import bench_resources
import bench_world
import msgspec
from bench_domains import Line, loading
from bench_domains import figures as of_domain
from bench_world import _each, _floor, _keys

from agentgym import domain as domain_room
from agentgym.build.one import build
from agentgym.env import ToolEnv
from agentgym.episode import Suite
from agentgym.formats import to_text
from agentgym.goals.goal import Branch, Change, Goal
from agentgym.plan import Plan
from agentgym.tasks import Certificate, Task, UserScript
from agentgym.tools.algebra import AskUser, Conclude, Tool

REPEATS = 7
EVERYTHING: dict[str, Any] = {
    "user": "difficult",
    "reward": {"success": 1.0, "progress": 0.3, "format": 0.1, "harm": -0.2, "cost": -0.1},
    "faults": "rough",
    "hints": "brief",
    "attempts": 2,
    "budget": {"calls": 10**9, "cost": 1e12},
}
"""Options of an environment in which everything that a step may carry is on."""
ROOT = Path(__file__).resolve().parent.parent


def suite(rows: int = bench_world.ROWS) -> Suite:
    """Make a suite of one task over the bench's shop of some orders."""
    domain = bench_world.domain(rows=rows)
    more = (
        Tool(name="ask_user", description="Ask.", term=AskUser()),
        Tool(name="conclude", description="End.", term=Conclude()),
    )
    domain = msgspec.structs.replace(domain, tools=(*domain.tools, *more))
    changes = tuple(
        Change(entity="order", kind="update", key=(key,), values={"quantity": 11})
        for key in _keys(rows)[:20]
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


def forked(shop: Suite, writes: list[dict[str, object]], count: int) -> tuple[float, float]:
    """Measure seconds and kB a fork, in a tree of which each writes one row more."""
    root = shop.episode("bench-v1/0001")
    for arguments in writes[:20]:
        root.call("update_order", **arguments)
    forks = [root]
    start = time.perf_counter()
    for _ in range(count):
        forks.append(root.fork())
    spent = (time.perf_counter() - start) / count
    del forks[1:]
    tracemalloc.start()
    for number in range(count):
        one = forks[number // 2].fork()
        one.call("update_order", **writes[20 + number % 900])
        forks.append(one)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for one in forks:
        one.close()
    return spent, size / count / 1_000


def figures() -> list[Line]:
    """Measure the episode's rooms; the first figure is the floor."""
    shop = suite()
    keys = _keys(5000)
    floor = _floor(5000)
    episode = shop.episode("bench-v1/0001")
    envs = {
        "env.step, JSON in, text out": ToolEnv(shop),
        "env.step, rewards, faults, user, hints, budget": ToolEnv(shop, **EVERYTHING),
    }
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
        fork, size = forked(shop, writes, 1_000)
        found.setdefault("fork as a handle, 20 changed rows", []).append(fork / unit)
        found.setdefault("kB per fork, a tree of 1,000 that each write", []).append(size)
        for name, one in envs.items():
            one.reset(seed=0)
            step = _each(lambda n: one.step(actions[n % 1000]), 5_000)  # noqa: B023
            found.setdefault(name, []).append(unit / step)
    bars: dict[str, tuple[str, float, bool]] = {
        "floor F": ("us", 0.0, False),
        "Episode.call, key look-up": ("F rate", 0.35, False),
        "Episode.call, write with guard, journal, digest": ("F rate", 0.14, False),
        "reset after 20 writes": ("F times", 20.0, True),
        "verdict, 20 writes, ms": ("ms", 1.0, True),
        "fork as a handle, 20 changed rows": ("F times", 10.0, True),
        "kB per fork, a tree of 1,000 that each write": ("kB", 20.0, True),
        "env.step, JSON in, text out": ("F rate", 0.18, False),
        "env.step, rewards, faults, user, hints, budget": ("F rate", 0.14, False),
    }
    return [Line(name, statistics.median(v), *bars[name]) for name, v in found.items()]


def process(code: str) -> float:
    """Return the median seconds that a fresh process needs for some code, start-up included."""
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def shown(line: Line, floor_us: float) -> bool:
    """Print a figure, with its absolute value beside; returns whether it reaches its bar."""
    name, value, unit, bar, ceiling = line
    good = bar == 0 or (value <= bar if ceiling else value >= bar)
    absolute = ""
    if unit == "F rate":
        absolute = f"{value / floor_us * 1e6:,.0f} a second"
    elif unit == "F times":
        absolute = f"{value * floor_us:.1f} us"
    limit = f"{'at most' if ceiling else 'at least'} {bar:g}" if bar else ""
    print(f"{name:50}{value:10.3f} {unit:9}{limit:17}{'' if good else 'MISSED  '}{absolute}")
    return good


def main(arguments: list[str]) -> int:
    """Print all figures; return 1 when a bar is missed."""
    lines, floor = figures(), _floor(bench_world.ROWS)
    rate = lines[0].value
    lines += loading(bench_world.domain(rows=15_000))
    bare = process("pass")
    ours, theirs = process("import agentgym"), process("import gymnasium")
    lines.append(Line("import agentgym / import gymnasium", ours / theirs, "ratio", 1.3))
    lines.append(Line("(a bare interpreter)", bare * 1e3, "ms"))
    good = [shown(line, rate) for line in lines]
    print("\nwhat episodes hold")
    good += [shown(line, rate) for line in bench_resources.figures(suite(1000), rate / 1e6)]
    for place in map(domain_room.find, domain_room.committed()):
        print(f"\nthe domain {place.name}")
        good += [shown(line, rate) for line in of_domain(place, floor)]
    with tempfile.TemporaryDirectory() as folder:
        for source in map(Path, arguments):
            print(f"\na domain of {source.name}")
            place = Path(folder) / "built"
            build(source, place, tasks=8, force=True)
            good += [shown(line, rate) for line in of_domain(place, floor)]
    print("\nthe world alone")
    for name, (value, bar) in bench_world.figures().items():
        print(f"{name:50}{value:10.3f} {'bar':9}{bar:g}")
    print("\nreading the arguments of one call")
    for name, (spent, times) in bench_world.validation().items():
        print(f"{name:50}{times:10.1f} times ours       {spent:.2f} us")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
