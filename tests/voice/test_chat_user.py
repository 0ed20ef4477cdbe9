"""The model user: other words, the same acts; nothing that the model says is taken on trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import running
from scripted_model import serving

from agentgym.env import ToolEnv
from agentgym.episode import Suite, load
from agentgym.errors import UnreachableError, UsageError
from agentgym.policies import resolve
from agentgym.tasks import Task
from agentgym.trajectory import UserEvent
from agentgym.users import Profile
from agentgym.users import chat as chat_room
from agentgym.users.voice import flaw

SAID = "My phone number is 555-1234."
KNOWN = ("555-1234", "Bob Stone", "2024-01-31")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep answers of this test to itself."""
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "answers"))
    chat_room.close()
    yield
    chat_room.close()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("It's 555-1234, that is my phone number.", None),
        ("555-1234", None),
        ("", "empty"),
        (" \n", "empty"),
        ("My phone number is the usual one.", "lost value"),
        ("My phone number is 555-12345.", "lost value"),
        ("It is 555-1234, and my name is Bob Stone.", "leak"),
        ("It is 555-1234 or 555-9999.", "new value"),
        ("It is 555-1234, ask for Alice.", "new name"),
        ("Yes, go ahead, it is 555-1234.", "yes"),
        ("It is not 555-1234.", "no"),
        ("Is it 555-1234?", "question"),
        ("Your phone number is 555-1234.", "person"),
        ("My phone number is 555-1234. " + "blah " * 100, "length"),
    ],
)
def test_a_wording_carries_what_is_due_and_no_more(found: str, reason: str | None) -> None:
    """What is lost, new, told too soon or said otherwise is named."""
    assert flaw(found, SAID, KNOWN) == reason


@given(st.text(max_size=80))
def test_whatever_a_model_says_is_judged(found: str) -> None:
    """No text breaks the judge; what it lets pass holds the value and no secret."""
    if flaw(found, SAID, KNOWN) is None:
        assert "555-1234" in found
        assert "Bob Stone" not in found


@given(st.sampled_from(["Yes, please go ahead.", "No, it is 12.", "I do not know that.", SAID]))
def test_the_users_own_words_always_stand(text: str) -> None:
    """A template is a wording of itself."""
    assert flaw(text, text, KNOWN) is None


def tasks_of(suite: Suite) -> list[Task]:
    """Return tasks in which somebody has to be asked."""
    return [
        task for task in suite.tasks if any(f.exposure != "instruction" for f in task.user.facts)
    ]


def played(suite: Suite, task: Task, user: Any) -> tuple[str, list[tuple[Any, ...]], list[str]]:
    """Let the oracle play a task; return the end, the user's acts and the user's words."""
    env = ToolEnv(suite, user=user)
    policy = resolve("oracle")(task, 0, suite.view(task))
    observation, info = env.reset(seed=0, options={"task_id": task.id})
    over = False
    while not over:
        observation, _, terminated, truncated, info = env.step(policy(observation, info))
        over = terminated or truncated
    assert env.episode is not None
    said = [event for event in env.episode.trace() if isinstance(event, UserEvent)]
    env.close()
    acts = [tuple((act.kind, act.facts) for act in event.acts) for event in said]
    return info["outcome"], acts, [event.content for event in said]


@pytest.mark.parametrize("name", ["clinic", "harbour"])
@pytest.mark.parametrize(
    "words",
    [
        lambda request: "Of course! " + _due(request),
        lambda request: "I will not tell you.",
        lambda request: "\x00" * 10,
        lambda request: "",
    ],
)
def test_the_same_episode_ends_the_same_with_both_users(name: str, words: Any) -> None:
    """Acts and verdict are those of the user without a model, whatever the model says."""
    suite = load(name)
    with serving(words) as model:
        for task in tasks_of(suite)[:5]:
            told = {"model": "m", "url": model.url}
            plain, modelled = played(suite, task, None), played(suite, task, told)
            assert modelled[:2] == plain[:2]
            assert plain[0] == "success"
        assert model.asked


def _due(request: dict[str, Any]) -> str:
    """Say what the model was asked to say, as a good model would."""
    prompt = request["messages"][0]["content"]
    text: str = prompt.split("would type it:\n", 1)[1].split("\n\nSay exactly", 1)[0]
    return text


def test_words_of_the_model_are_used_and_replayed_from_the_cache() -> None:
    """What is good is said; asked again, no server is needed."""
    suite = load("clinic")
    task = tasks_of(suite)[0]
    with serving(lambda request: "Well: " + _due(request)) as model:
        told = {"model": "m", "url": model.url}
        first = played(suite, task, told)
        asked = len(model.asked)
        again = played(suite, task, told)
        assert len(model.asked) == asked
    gone = played(suite, task, told)

    assert first == again == gone
    assert any(text.startswith("Well: ") for text in first[2])


def test_a_server_that_is_gone_is_the_environments_failure() -> None:
    """It is typed, costs the agent nothing, and is raised where one is strict."""
    suite = load("clinic")
    task = tasks_of(suite)[0]
    told = {"model": "m", "url": "http://127.0.0.1:9/v1"}
    env = ToolEnv(suite, user=told)
    env.reset(seed=0, options={"task_id": task.id})
    _, reward, _, truncated, info = env.step("What else do you need from me?")

    assert (reward, truncated, info["outcome"]) == (0.0, True, "error")
    assert (info["failure"]["by"], info["failure"]["code"]) == ("environment", "model")
    strict = ToolEnv(suite, user=told, strict=True)
    strict.reset(seed=0, options={"task_id": task.id})
    with pytest.raises(UnreachableError):
        strict.step("What else do you need from me?")


def test_options_of_the_model_are_checked_and_written() -> None:
    """The address is no part of what records hold."""
    profile = Profile.of("hurried,model=small,url=http://127.0.0.1:1/v1,candidates=2")

    assert (profile.model, profile.candidates, profile.register) == ("small", 2, "curt")
    assert Profile.of(profile.text()) == Profile.of("hurried,model=small,candidates=2")
    for wrong in ("url=http://127.0.0.1:1/v1", "model=m,candidates=0", "model=m,candidates=x"):
        with pytest.raises(UsageError):
            Profile.of(wrong)


@pytest.mark.slow
def test_a_real_model_speaks_and_the_verdict_stays() -> None:
    """A small real model behind a real server: the same acts, the same end."""
    suite = load("clinic")
    with running() as url:
        told = {"model": "smollm2", "url": url}
        for task in tasks_of(suite)[:6]:
            plain, modelled = played(suite, task, None), played(suite, task, told)
            assert modelled[:2] == plain[:2]
            print(json.dumps([plain[2], modelled[2]], indent=1))
