"""Moments of an environment: kept, gone back to, forked, told apart and played again."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portable_env import ACTIONS, plain

from agentgym.env import MixEnv, ToolEnv
from agentgym.trajectory import AssistantEvent

FULL: dict[str, Any] = {
    "user": "difficult",
    "reward": "progress",
    "hints": "full",
    "faults": "timeout=0.2",
    "attempts": 3,
    "max_turns": 5,
    "budget": "calls=40",
    "intrinsic": True,
}
CALLS = (
    *ACTIONS,
    '{"name": "search_invoices", "arguments": {}}',
    '{"name": "find_patient_by_name", "arguments": {"first_name": "A", "last_name": "B"}}',
    "Could you tell me your date of birth?",
    "May I go on with this change?",
    "Please confirm. What is your insurance number?",
)
ROUTE = st.lists(st.sampled_from(CALLS), max_size=9)


def play(env: Any, actions: list[str]) -> list[Any]:
    """Step, and return all that was given, in plain form."""
    return [plain(env.step(action)) for action in actions]


@pytest.mark.parametrize("kind", [ToolEnv, MixEnv])
@settings(max_examples=15)
@given(ROUTE, ROUTE, ROUTE, st.integers(0, 50))
def test_a_moment_can_be_gone_back_to(
    kind: type[ToolEnv], before: list[str], one: list[str], other: list[str], seed: int
) -> None:
    """Whatever is done in between, what follows is what would have followed; also twice."""
    env = kind(**FULL)
    env.reset(seed=seed)
    play(env, before)
    moment, key = env.snapshot(), env.state_key()
    first = play(env, one)
    reached = env.state_key()
    env.restore(moment)
    assert env.state_key() == key
    play(env, other)
    env.reset(seed=seed + 1)
    env.restore(moment)
    assert play(env, one) == first
    assert env.state_key() == reached
    again = [env.reset() for _ in range(2)]
    env.restore(moment)
    assert [env.reset() for _ in range(2)] == again
    elsewhere = kind(**FULL)
    elsewhere.restore(moment)
    assert play(elsewhere, one) == first
    env.close()
    elsewhere.close()


@settings(max_examples=20)
@given(ROUTE, ROUTE, ROUTE, st.integers(0, 50))
def test_forks_do_not_disturb_each_other(
    before: list[str], one: list[str], other: list[str], seed: int
) -> None:
    """Step by step in turn, each goes its way as it would alone."""
    alone = []
    for route in (one, other):
        env = ToolEnv(**FULL)
        env.reset(seed=seed)
        play(env, before)
        alone.append(play(env, route))
    env = ToolEnv(**FULL)
    env.reset(seed=seed)
    play(env, before)
    fork = env.fork()
    assert fork.state_key() == env.state_key()
    assert fork.legal_tools() == env.legal_tools()
    found: list[list[Any]] = [[], []]
    for step in range(max(len(one), len(other))):
        for place, (who, route) in enumerate(((env, one), (fork, other))):
            if step < len(route):
                found[place].append(plain(who.step(route[step])))
    assert found == alone
    fork.close()
    env.step("hello?")
    env.close()


@settings(max_examples=20)
@given(ROUTE, st.integers(0, 50))
def test_a_trace_is_played_again(actions: list[str], seed: int) -> None:
    """Every text and digest comes out as it was; a trace that was changed is found out."""
    env = ToolEnv(**FULL | {"attempts": 1})
    env.reset(seed=seed)
    play(env, actions)
    assert env.episode is not None
    trace = env.episode.trace()
    key = env.state_key()
    assert env.replay(trace) == ()
    assert env.state_key() == key
    other = ToolEnv(**FULL | {"attempts": 1})
    other.reset(seed=seed)
    assert other.replay(trace) == ()
    if len(trace) > 1 and not isinstance(trace[-1], AssistantEvent):
        assert env.replay(trace[:-1]) != ()


def test_state_keys_tell_apart_what_differs() -> None:
    """What was shown and what is so: equal for equal ways, different where it matters."""
    env, other = ToolEnv("clinic"), ToolEnv("clinic")
    for one in (env, other):
        one.reset(seed=2)
    assert env.state_key() == other.state_key()
    env.step(CALLS[8])
    assert env.state_key() != other.state_key()
    other.step(CALLS[8])
    assert env.state_key() == other.state_key()
    assert ToolEnv("clinic", reward="progress").reset(seed=2)[0] == env.reset(seed=2)[0]
    tried = ToolEnv("clinic", attempts=2)
    tried.reset(seed=2)
    before = tried.state_key()
    tried.step('{"name": "conclude", "arguments": {"outcome": "impossible"}}')
    tried.step("I gave up too soon.")
    assert tried.state_key().seen != before.seen
    assert tried.state_key().full != before.full


def test_nothing_is_there_before_the_first_reset() -> None:
    """Whatever is asked of an environment without an episode says that a reset is due."""
    env = ToolEnv("clinic", render_mode="ansi")
    for use in (
        env.snapshot,
        env.fork,
        env.state_key,
        env.legal_tools,
        env.render,
        lambda: env.replay(()),
        lambda: env.step("x"),
    ):
        with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
            use()
    assert env.episode is None
    assert env.verdict is None
