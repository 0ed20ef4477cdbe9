"""Warm starts and plans in words: what is done and told before an agent's first turn."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from agentgym.env import ToolEnv
from agentgym.env.hint import plan_hint
from agentgym.env.warm import MAX_HISTORY, _whole, steps_of
from agentgym.episode import Suite, load
from agentgym.errors import TaskError
from agentgym.formats import to_text
from agentgym.policies import Oracle
from agentgym.tasks import Task
from agentgym.trajectory import AssistantEvent, ToolEvent
from agentgym.users.agenda import spoken

DOMAINS = ("clinic", "harbour", "elements")
"""Or the path of any other domain."""
VIEWS = (None, "rename=1", "granularity=narrow", "granularity=rich,detail=difference", "locked=1")


def agents(task: Task) -> int:
    """Count the calls of a gold run."""
    return len(task.gold)


def oracle_from(env: ToolEnv, task: Task, seed: int) -> float:
    """Let an oracle that has read the history go on from a warm start; return what it earns."""
    game = env.game
    assert game is not None
    # It hears what was done by playing it on an environment of its own.
    own = ToolEnv(env.suite, view=env.settings.view)
    observation, info = own.reset(seed=seed, options={"task_id": task.id})
    oracle = Oracle(task, view=own.episode.view if own.episode is not None else None)
    for _ in range(game.warm.turns):
        observation, _, _, _, info = own.step(oracle(observation, info))
    earned = 0.0
    for _ in range(60):
        observation, reward, over, cut, info = env.step(oracle(observation, info))
        earned += reward
        if over or cut:
            break
    own.close()
    return earned


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", DOMAINS)
def test_a_warm_start_is_a_beginning_of_the_gold_run(name: str, view: str | None) -> None:
    """Whatever the view: as many gold calls are made as were wished, and the rest still wins."""
    suite = load(name)
    checked = 0
    for number, task in enumerate(suite.tasks[:: 5 if view is None else 9]):
        env = ToolEnv(suite, view=view)
        steps = number % (agents(task) + 1)
        try:
            observation, info = env.reset(seed=1, options={"task_id": task.id, "warm_start": steps})
        except TaskError:  # a view that cannot serve the task
            continue
        assert info["warm_start"] == steps, task.id
        assert (info["turn"], info["calls"], info["cost"]) == (0, 0, 0.0)
        assert observation.startswith(task.instruction[:20])
        assert ("This was done for you already:" in observation) == (steps > 0)
        assert oracle_from(env, task, 1) == 1.0, task.id
        checked += 1
        env.close()
    assert checked > 3


def test_the_history_is_what_was_done() -> None:
    """Each action stands there with what came of it; the trace says that it was not the agent's."""
    env = ToolEnv("clinic", warm_start=-1)
    env.reset(seed=3)
    episode = env.episode
    assert episode is not None
    observation, _ = env.reset(seed=3)
    episode = env.episode
    assert episode is not None
    events = episode.trace()
    assert episode.given > 0
    for event in events:
        if isinstance(event, AssistantEvent):
            assert not event.loss
            for call in event.tool_calls:
                assert call.name in observation
        elif isinstance(event, ToolEvent):
            assert event.content in observation
    env.step("What else do you need from me?")
    assert [e.loss for e in episode.trace() if isinstance(e, AssistantEvent)][-1] is True


def test_warm_turns_are_not_the_agents() -> None:
    """It has all its turns, and is paid for nothing that was done before."""
    env = ToolEnv("clinic", warm_start=-1, max_turns=3, reward="progress")
    for seed in range(8):
        _, info = env.reset(seed=seed)
        assert info["reward_terms"]["progress"] >= 0
        rewards = []
        for turn in range(1, 4):
            *_, reward, over, cut, info = env.step("{broken")
            rewards.append(reward)
            assert (info["turn"], over, cut) == (turn, False, turn == 3)
        assert sum(rewards) <= 0.5


@given(st.integers(0, 9), st.integers(-12, 12))
def test_steps_are_counted_from_either_end(length: int, wanted: int) -> None:
    """As a slice of the gold run is."""
    task: Any = type("T", (), {"gold": tuple(range(length))})
    assert steps_of(task, wanted) == len(range(length)[:wanted])


@given(st.lists(st.integers(0, 60_000), max_size=12))
def test_a_long_history_is_cut_where_it_is_long(lengths: list[int]) -> None:
    """It stays within bounds, and what is short stays whole."""
    lines = ["x" * length for length in lengths]
    text = _whole(lines)
    assert len(text) <= MAX_HISTORY
    if sum(lengths) + len(lengths) <= MAX_HISTORY:
        assert text == "\n".join(lines)
    for line in lines:
        if len(line) * max(len(lines), 1) * 2 < MAX_HISTORY:
            assert line in text


def secret(task: Task, suite: Suite) -> set[str]:
    """Return what a gold run finds or asks for: values that no hint may tell."""
    told = {
        spoken(fact.value).casefold()
        for fact in (*task.plan.facts, *task.user.facts)
        if fact.exposure == "instruction"
    }
    found = {
        to_text(value).strip('"')
        for step in task.gold
        for own, value in step.arguments.items()
        if step.origin.get(own, "choice") != "choice" and not isinstance(value, (bool, list))
    }
    answer = task.answer if isinstance(task.answer, list) else [task.answer]
    found |= {str(value) for value in answer if isinstance(value, (str, Decimal))}
    names = " ".join([*suite.domain.tool_by_name, task.instruction]).casefold()
    return {text for text in found if text.casefold() not in told and text.casefold() not in names}


@pytest.mark.parametrize("view", [None, "rename=1,seed=4", "granularity=narrow"])
@pytest.mark.parametrize("name", DOMAINS)
def test_a_plan_in_words_tells_the_way_and_no_value(name: str, view: str | None) -> None:
    """Every shown tool of the way is named, steps are numbered, and nothing found is told."""
    suite = load(name)
    for task in suite.tasks[::3]:
        try:
            shown = suite.view(task, view)
        except TaskError:  # a view that cannot serve the task
            continue
        text = plan_hint(task, shown, "full")
        numbers = [int(found) for found in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert text.count("Call ") == sum(step.by == "agent" for step in task.gold)
        words = set(re.findall(r"\w+", text))
        for step in task.gold:
            if step.by == "user":
                assert "Ask the user to " in text
                continue
            routes = (
                {step.tool}
                if shown.surface is None
                else {one.name for one, _ in shown.surface.routes[step.tool]}
            )
            assert routes & words, (task.id, step.tool, text)
        told = re.sub(r"^\d+\. |\b(step|event) \d+", "", text, flags=re.MULTILINE)
        for value in secret(task, suite):
            assert not re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", told), (value, text)
        half = plan_hint(task, shown, "partial")
        kept = len(re.findall(r"^\d+\. ", half, re.MULTILINE))
        assert kept == (len(numbers) + 1) // 2
        rest = plan_hint(task, shown, "full", done=len(task.gold))
        assert "Call " not in rest


def test_a_hint_goes_on_from_a_warm_start() -> None:
    """What is done already is no step any more."""
    env = ToolEnv(tiny.suite(), plan_hint="full")
    whole, _ = env.reset(seed=0, options={"task_id": "1"})
    assert "1. Call find_member (name from what the user says)." in whole
    warm, info = env.reset(seed=0, options={"task_id": "1", "warm_start": 1})
    assert info["warm_start"] == 1
    assert "No further call is needed" in warm
    assert "find_member" in warm.partition("This was done for you already:")[2]
    none, _ = env.reset(seed=0, options={"task_id": "1", "plan_hint": None})
    assert none == "What fees does Zoë Müller owe?"
