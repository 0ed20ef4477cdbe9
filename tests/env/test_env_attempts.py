"""Several attempts: an end that fails begins anew, with what the agent wrote of it, and no more."""

from __future__ import annotations

import re
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.env import ToolEnv
from agentgym.env.game import MAX_REFLECTION
from agentgym.episode.retrace import actions as doings

GOOD = '{"name": "conclude", "arguments": {"outcome": "done", "answer": 12.5}}'
BAD = '{"name": "conclude", "arguments": {"outcome": "done", "answer": 99}}'
FIND = '{"name": "find_member", "arguments": {"name": "Zoë Müller"}}'
WRITE = '{"name": "update_member", "arguments": {"member_id": 1, "phone": "1"}}'


def made(**options: Any) -> ToolEnv:
    """Return an environment whose task is to tell fees of 12.5."""
    env = ToolEnv(tiny.suite(), **options)
    env.reset(seed=0, options={"task_id": "1"})
    return env


def test_a_failed_attempt_begins_anew() -> None:
    """The world is as at the start, the reflection stands in view, and success ends it."""
    env = made(attempts=3)
    first, info = env.reset(seed=0, options={"task_id": "1"})
    start = env.episode.digest() if env.episode is not None else ""
    assert "attempt 1 of 3" in first
    env.step(WRITE)
    observation, reward, over, cut, info = env.step(BAD)
    assert (reward, over, cut, info["attempt"], info["failure"]) == (0.0, False, False, 1, {})
    assert info["outcome"] == ""
    assert env.legal_tools() == ()
    assert "Attempt 1 of 3 has failed." in observation
    observation, reward, over, cut, info = env.step("I changed a phone number. — Next time: look.")
    assert (reward, over, cut, info["attempt"], info["turn"]) == (0.0, False, False, 2, 0)
    assert observation.startswith("What fees does Zoë Müller owe?")
    assert "attempt 2 of 3" in observation
    assert "1. I changed a phone number. — Next time: look." in observation
    assert info["reflections"] == ("I changed a phone number. — Next time: look.",)
    assert env.episode is not None
    assert env.episode.digest() == start
    env.step(FIND)
    observation, reward, over, cut, info = env.step(GOOD)
    assert (reward, over, cut, info["outcome"]) == (1.0, True, False, "success")
    assert env.step(FIND)[1:4] == (0.0, True, False)
    assert env.game is not None
    assert [len(past.trace) for past in env.game.past] == [5]


@pytest.mark.parametrize("end", [BAD, "Thank you, done."])
def test_the_last_attempt_is_the_last(end: str) -> None:
    """After as many as there are, the episode is over as any other."""
    env = made(attempts=2)
    env.step(end)
    env.step("Hm.")
    observation, reward, over, _, info = env.step(end)
    assert (reward, over) == (0.0, True)
    assert info["outcome"] == "failure"
    assert info["failure"]["by"] == "agent"
    assert "has failed" not in observation


def test_running_out_of_turns_is_a_failed_attempt() -> None:
    """Each attempt has its turns; the last one that runs out is truncated, and judged."""
    env = made(attempts=2, max_turns=2)
    env.step(FIND)
    *_, over, cut, info = env.step(FIND)
    assert (over, cut) == (False, False)
    env.step("Too slow.")
    assert env.step(FIND)[2:4] == (False, False)
    *_, over, cut, info = env.step(FIND)
    assert (over, cut, info["outcome"]) == (False, True, "truncated")
    assert info["failure"]["code"] == "max_turns"


@pytest.mark.parametrize(
    ("tell", "hints", "said", "unsaid"),
    [
        ("none", None, [], ["fell short", "On the way"]),
        ("brief", None, ["What fell short", "the answer is not right"], ["On the way"]),
        ("full", None, ["the answer is not right", "1 call could not be read"], []),
        (None, None, [], ["fell short", "On the way"]),
        (None, "brief", ["What fell short"], ["On the way"]),
        (None, "full", ["What fell short", "On the way"], []),
    ],
)
def test_how_much_is_told(
    tell: str | None, hints: str | None, said: list[str], unsaid: list[str]
) -> None:
    """As `tell` says, or as `hints` do; the answer is never among it."""
    env = made(attempts={"most": 2, "tell": tell}, hints=hints)
    env.step("{broken")
    observation, *_ = env.step(BAD)
    told = observation.partition("Attempt 1 of 2")[2]
    assert told
    assert all(part in told for part in said)
    assert not any(part in told for part in unsaid)
    assert "12.5" not in observation
    assert "12.5" not in env.step("I see.")[0]


def test_calls_are_not_made_while_it_reflects() -> None:
    """A reflection is words: what it holds of calls is left out, and that is said."""
    env = made(attempts=2)
    env.step(BAD)
    observation, _, _, _, info = env.step(WRITE)
    assert observation.startswith("The calls in that message were not made")
    assert info["reflections"] == ("",)
    assert info["flags"]["void"]
    assert env.episode is not None
    assert env.episode.changes() == ()
    assert "(nothing)" in observation


def test_a_reflection_is_kept_as_far_as_it_may_be_long() -> None:
    """Its beginning is kept."""
    env = made(attempts=2)
    env.step(BAD)
    *_, info = env.step("é" * 10_000)
    assert info["reflections"] == ("é" * MAX_REFLECTION,)


SHAPED = ("format_first", "partial_tests", "hierarchical", {"success": 1.0, "executed": 0.2})
PARTS = st.sampled_from([FIND, WRITE, BAD, GOOD, "Thank you, done.", "{broken", "Why?"])


@settings(max_examples=30)
@given(
    st.lists(PARTS, min_size=1, max_size=14),
    st.sampled_from(["last", "best"]),
    st.sampled_from(SHAPED),
)
def test_rewards_add_up_to_what_counts(actions: list[str], counted: str, shaped: Any) -> None:
    """Over the episode they come to the reward of its last attempt, or of its best."""
    env = made(attempts={"most": 3, "reward": counted}, reward=shaped, max_turns=4)
    paid, over = 0.0, False
    for action in [*actions, *["{broken"] * 20]:
        _, reward, over, cut, _ = env.step(action)
        paid += reward
        over = over or cut
        if over:
            break
    assert over
    game = env.game
    assert game is not None
    alone = []
    for past in [*game.past, None]:
        trace = game.episode.trace() if past is None else past.trace
        one = ToolEnv(env.suite, reward=shaped, max_turns=4)
        one.reset(seed=0, options={"task_id": "1"})
        worth = 0.0
        for doing in doings(trace):
            worth += float(one.step(doing)[1])  # type: ignore[arg-type]
        alone.append(worth)
    assert paid == pytest.approx(alone[-1] if counted == "last" else max(alone))


def test_attempts_share_their_luck() -> None:
    """User and faults meet the same actions with the same words in each attempt."""
    env = made(attempts=3, user="difficult", faults="timeout=0.5", max_turns=6)
    told = []
    for _ in range(2):
        told.append([env.step(action)[0] for action in [FIND, "What is it about?", FIND, WRITE]])
        while env.game is not None and not env.game.reflecting:
            env.step("{broken")
        env.step("Again.")
    assert told[0] == told[1]
    assert not re.search("attempt", " ".join(told[0]))
