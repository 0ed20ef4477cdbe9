"""Luck of faults: keyed by the event, whatever else is done; complete in forks and states."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.episode import Episode
from agentgym.episode.faults.luck import Luck, event

SUITE = tiny.suite()
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_member", {"member_id": 2}),
    ("list_member_loans", {"member_id": 2}),
    ("update_member", {"member_id": 1, "phone": "555-0155"}),
    ("create_loan", {"member_id": 3, "title": "Villette", "due_on": "2026-08-01"}),
    ("find_member", {"name": "Bo Li"}),
)
ALL = "timeout=0.2,error_before=0.15,error_after=0.3,truncated_page=0.3,changed_format=0.2"


def episode(faults: Any, seed: int = 0, **options: Any) -> Episode:
    """Start an episode that is not cut off soon."""
    return SUITE.episode("2", faults=faults, seed=seed, **options)


def faults_met(faults: str, seed: int, order: tuple[int, ...]) -> dict[int, list[str | None]]:
    """Make calls in an order; return for each call which faults its occurrences met."""
    found: dict[int, list[str | None]] = {}
    with episode(faults, seed) as playing:
        for place in order:
            name, arguments = CALLS[place]
            turn = playing.act({"name": name, "arguments": arguments})
            found.setdefault(place, []).append(turn.done[0].fault)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_order_of_calls_meets_the_same(seed: int) -> None:
    """The k-th identical call meets the same fault in all orders of five calls, one made thrice."""
    orders = sorted(set(permutations((0, 0, 0, 1, 2, 3))))
    met = [faults_met(ALL, seed, order) for order in orders]

    assert all(one == met[0] for one in met)
    assert len(orders) == 120


def test_luck_differs_by_seed_and_task() -> None:
    """Other seeds and other tasks have other luck; the same has the same."""
    order = (0, 1, 2, 0, 1, 2, 3, 4, 4)
    met = [str(faults_met(ALL, seed, order)) for seed in range(12)]

    assert len(set(met)) > 6
    assert str(faults_met(ALL, 3, order)) == met[3]
    assert str(faults_met(ALL + ",seed=1", 3, order)) != met[3]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(range(len(CALLS))), max_size=10),
    st.lists(st.sampled_from(range(len(CALLS))), min_size=1, max_size=10),
    st.integers(0, 99),
)
def test_members_of_a_group_meet_the_same(mine: list[int], theirs: list[int], seed: int) -> None:
    """Two that do different things meet the same on what both do."""
    one, other = faults_met(ALL, seed, tuple(mine)), faults_met(ALL, seed, tuple(theirs))

    for place in one.keys() & other.keys():
        shared = min(len(one[place]), len(other[place]))
        assert one[place][:shared] == other[place][:shared]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_retry_gets_through(most: int) -> None:
    """Where every call is struck, an identical one is struck so many times in a row at most."""
    options = f"timeout=1,recoverable={most}"
    with episode(options) as playing:
        met = [playing.call("get_member", member_id=1).ok for _ in range(4 * (most + 1))]

    assert met == ([False] * most + [True]) * 4


def test_a_rate_limit_ends_with_time() -> None:
    """It says after how many turns to come back; earlier calls are refused, other calls are not."""
    told = {"schedule": [{"kind": "rate_limit", "call": 1, "wait": 3}]}
    with episode(told) as playing:
        first = playing.call("get_member", member_id=1)
        again = playing.call("get_member", member_id=1)
        other = playing.call("get_member", member_id=2)
        third = playing.call("get_member", member_id=1)
    assert first.error is not None and again.error is not None
    assert first.error.code == again.error.code == "limit_exceeded"
    assert "after 3 turns" in first.error.message and "after 2 turns" in again.error.message
    assert other.ok and third.ok


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(range(len(CALLS))), max_size=8),
    st.lists(st.sampled_from(range(len(CALLS))), max_size=8),
    st.integers(0, 50),
)
def test_forks_are_whole(before: list[int], after: list[int], seed: int) -> None:
    """A fork goes on as its origin does, and neither disturbs the other."""
    with episode("rough,timeout=0.3", seed) as playing:
        for place in before:
            playing.act({"name": CALLS[place][0], "arguments": CALLS[place][1]})
        fork, still = playing.fork(), playing.fork()
        assert fork.state_key() == playing.state_key()
        mine = [
            playing.act({"name": CALLS[p][0], "arguments": CALLS[p][1]}).observation for p in after
        ]
        theirs = [
            fork.act({"name": CALLS[p][0], "arguments": CALLS[p][1]}).observation for p in after
        ]
        again = [
            still.act({"name": CALLS[p][0], "arguments": CALLS[p][1]}).observation for p in after
        ]
        assert mine == theirs == again
        assert fork.state_key() == playing.state_key()
        fork.close()
        still.close()


def test_the_state_holds_what_luck_depends_on() -> None:
    """An episode in which a call was struck is not in the state of one in which it never was."""
    with episode("timeout=1") as struck, episode("timeout=1") as fresh:
        assert struck.state_key() == fresh.state_key()
        struck.call("get_member", member_id=1)
        fresh.call("get_member", member_id=2)
        assert struck.state_key().full != fresh.state_key().full
    with episode("timeout=0.5") as one, episode("timeout=0.5", seed=1) as other:
        assert one.state_key().full != other.state_key().full


def test_off_is_off() -> None:
    """Without faults there is no weather, and nothing is different."""
    with episode(None) as plain, episode("none") as none, episode("timeout=1e-12") as calm:
        assert plain._weather is none._weather is None
        assert calm._weather is not None
        for name, arguments in CALLS:
            action = {"name": name, "arguments": arguments}
            assert plain.act(action) == none.act(action) == calm.act(action)
        assert plain.trace() == none.trace() == calm.trace()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_calls_are_told_apart(value: Any) -> None:
    """Equal calls are one event, however their names are ordered and their numbers are written."""
    one = event("t", {"a": value, "b": Decimal("1.50")})

    assert one == event("t", {"b": 1.5, "a": value})
    assert one != event("u", {"a": value, "b": 1.5}) != event("t", {"a": [value, 1], "b": 1.5})


def test_whatever_an_agent_sends_is_an_event() -> None:
    """Values that cannot be written down are events too."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (10**400, float("nan"), float("inf"), "\ud800", deep, {"": None}, b"\xff"):
        assert event("t", {"a": value}) == event("t", {"a": value})
        with episode("rough") as playing:
            assert not playing.call("get_member", member_id=value).ok


def test_draws_are_even() -> None:
    """Over many events a share strikes about that share of them."""
    luck, total = Luck("even"), 4000
    tens = Counter(luck.draw(b"%d" % n, 0) >> 124 for n in range(total))

    assert set(tens) == set(range(16))
    assert all(abs(count - total / 16) < 75 for count in tens.values())
