"""Caps: no structure, fact or answer comes too often among the tasks of a domain."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import own_domain, proved

from agentgym.build.caps import Caps
from agentgym.build.fill import Asked, Filling
from agentgym.build.quotas import LONG
from agentgym.formats import encode
from agentgym.plan import FAMILIES, told
from agentgym.plan.shape import shape
from agentgym.tasks.knobs import Knobs


def test_a_plan_comes_once() -> None:
    """What was admitted is refused; the same plan of another task, too."""
    _, filled = proved("clinic")
    caps = Caps(40, filled.tasks[:10])

    for task in filled.tasks[:10]:
        assert caps.refusal(task.plan) == "the same plan"


@settings(max_examples=40)
@given(st.integers(1, 400), st.integers(0, 39), st.integers(1, 60))
def test_an_answer_comes_so_often(count: int, place: int, times: int) -> None:
    """Of ten tasks one may share an answer, and two always may."""
    _, filled = proved("clinic")
    task = filled.tasks[place]
    if task.answer is None:
        return
    caps = Caps(count)
    for _ in range(times):
        caps.admit(task)

    assert bool(caps.repeats(task)) == (times >= max(2, count // 10))
    other = msgspec.structs.replace(task, answer="something else")
    assert not caps.repeats(other)
    assert not caps.repeats(msgspec.structs.replace(task, answer=None))


def test_filled_domains_are_within_the_caps() -> None:
    """Among forty tasks of all families no plan is twice, no structure or answer too often."""
    for name in ("clinic", "harbour"):
        _, filled = proved(name)
        plans = Counter(encode(told(task.plan)) for task in filled.tasks)
        shapes = Counter(shape(task.plan) for task in filled.tasks)
        answers = Counter(encode(task.answer) for task in filled.tasks if task.answer is not None)
        assert max(plans.values()) == 1
        assert max(shapes.values()) <= 40 // 8
        assert max(answers.values()) <= max(2, 40 // 10)


def test_ten_tasks_are_spread() -> None:
    """Ten tasks are of eight families or more, two proved long, at most three easy ones."""
    for name in ("clinic", "harbour"):
        found = Filling(own_domain(name), count=10, seed=0, max_tools=40).run(lambda line: None)
        calls = [task.measured["min_calls"] for task in found.tasks]
        assert len({task.family for task in found.tasks}) >= 8
        assert sum(isinstance(low, int) and low >= LONG for low in calls) >= 2
        assert sum(task.family == "lookup" for task in found.tasks) <= 3
        assert sum(bool(task.measured["rules"]) for task in found.tasks) >= 2 or any(
            "under a rule" in told_ for told_ in found.shortfalls
        )


def test_families_take_turns_in_an_order_of_the_domain() -> None:
    """Two domains begin with other families; one domain always with the same."""
    orders = []
    for name in ("clinic", "harbour", "clinic"):
        orders.append(Filling(own_domain(name), count=1, seed=0, max_tools=40).families)

    assert orders[0] == orders[2]
    assert orders[0] != orders[1]
    assert set(orders[0]) <= set(FAMILIES)


def test_a_range_of_calls_bounds_what_is_proved() -> None:
    """The most that is asked for bounds the proved bound, and no task is beyond it."""
    asked = Asked(families=("multi_hop",), knobs=Knobs(least=2, most=2), exact=True)
    found = Filling(own_domain("clinic"), count=5, seed=1, max_tools=40, asked=asked).run(
        lambda line: None
    )

    assert [task.measured["min_calls"] for task in found.tasks] == [2] * 5
