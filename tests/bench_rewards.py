"""A shop whose task is made by hand, without plan or gold run, and what a turn's reward costs.

`python tests/bench_rewards.py` prints microseconds a step beside the floor, one `SELECT` by key.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import cache

import bench_world
import msgspec
from bench_world import _each, _floor, _keys

from agentgym.episode import Suite
from agentgym.goals.goal import Branch, Change, Goal
from agentgym.goals.rewards import SPANS
from agentgym.plan import Plan
from agentgym.tasks import Certificate, Task, UserScript
from agentgym.tools.algebra import AskUser, Conclude, Tool

__all__ = ["shop"]


@cache
def shop(tools: Sequence[str] = ()) -> Suite:
    """Make a suite of one task: twenty orders are to hold another quantity.

    Args:
        tools: Names of those that are shown; all where there are none.
    """
    domain = bench_world.domain(rows=100)
    more = (
        Tool(name="ask_user", description="Ask.", term=AskUser()),
        Tool(name="conclude", description="End.", term=Conclude()),
    )
    domain = msgspec.structs.replace(domain, tools=(*domain.tools, *more))
    changes = tuple(
        Change(entity="order", kind="update", key=(key,), values={"quantity": 11})
        for key in _keys(100)[:20]
    )
    told = "Set the quantity of twenty orders to 11."
    task = Task(
        id="bench-v1/0001",
        family="multi_write",
        instruction=told,
        user=UserScript(opening=told),
        tools=tuple(tools) or tuple(tool.name for tool in domain.tools),
        plan=Plan(family="multi_write", facts=(), nodes=()),
        goal=Goal(branches=(Branch(changes=changes),)),
        gold=(),
        certificate=Certificate(gates=(), mutants=0, start="", end=""),
    )
    return Suite(domain, [task], max_turns=10**9)


def main() -> None:
    """Measure."""
    weights = dict.fromkeys(set(SPANS) - {"spent"}, 0.1) | {"success": 1.0}
    suite = shop()
    task = suite.tasks[0]
    floor = _each(_floor(5000), 20_000) * 1e6
    print(f"floor F                      {floor:6.2f} us", file=sys.stdout)
    for name, reward in (
        ("sparse", "sparse"),
        ("progress", "progress"),
        ("all weights", {"weights": weights, "unsafe": True}),
    ):
        for kind, tool in (("read", "get_order"), ("write", "update_order")):
            meter, episode = suite.meter(task, reward), suite.episode(task.id)
            keys, spent, count = _keys(100), 0.0, 4000
            for number in range(count):
                given: dict[str, object] = {"order_id": keys[number % 20]}
                if kind == "write":
                    given["quantity"] = 11 - number % 2
                turn = episode.act({"name": tool, "arguments": given})
                changes = episode.changes() if turn.wrote else None
                start = time.perf_counter()
                meter.step(done=turn.done, changes=changes, flags=turn.flags)
                spent += time.perf_counter() - start
            mean = spent / count * 1e6
            told = f"{name}, {kind}"
            print(f"{told:28} {mean:6.2f} us   {mean / floor:5.2f} F", file=sys.stdout)


if __name__ == "__main__":
    main()
