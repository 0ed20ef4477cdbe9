"""Several roles in one episode: who may call what, who hears whom, one reward for all."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.env import CrewEnv
from agentgym.env.crew import FRONT, Relay, divide
from agentgym.env.crew.roles import TELL
from agentgym.episode import load
from agentgym.errors import UsageError
from agentgym.policies import resolve

NAMES = ("clinic", "harbour", "elements")


def tell(to: str, text: str) -> str:
    return json.dumps({"name": TELL, "arguments": {"to": to, "text": text}})


def call(name: str, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})


def names(info: dict[str, Any]) -> set[str]:
    return {tool["function"]["name"] for tool in info["tools"]}


@settings(max_examples=25)
@given(
    st.sampled_from(NAMES), st.integers(2, 8), st.integers(0, 50), st.sampled_from(["", "rename=1"])
)
def test_every_tool_has_somebody(name: str, number: int, seed: int, view: str) -> None:
    """The tools of a view are divided whole; who asks and concludes is the front alone."""
    suite = load(name)
    task = suite.tasks[seed % len(suite.tasks)]
    shown = suite.view(task, view or None)
    roles = divide(shown, number, seed=seed)

    assert roles[0].name == FRONT
    assert len(roles) == number
    assert {tool for role in roles for tool in role.tools} == set(shown.names)
    assert divide(shown, number, seed=seed) == roles
    counts = {tool: sum(tool in role.tools for role in roles) for tool in shown.names}
    assert all(count in (1, number) for count in counts.values())
    ends = [tool for tool, kind in shown.kinds.items() if kind in ("ask", "conclude")]
    assert all(tool in roles[0].tools and counts[tool] == 1 for tool in ends)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [2, 4])
def test_what_one_can_do_a_crew_can_do_by_telling(name: str, number: int) -> None:
    """Whoever plays all roles with the mind of one wins every task that the one wins."""
    suite, make = load(name), resolve("oracle")
    env = CrewEnv(suite, roles=number, max_messages=1000)
    lost = []
    for task in suite.tasks:
        observation, info = env.reset(seed=0, options={"task_id": task.id})
        front = set(env.roles[0].tools)
        owners = {
            tool: role.name for role in env.roles[1:] for tool in role.tools if tool not in front
        }
        relay = Relay(make(task, 0, suite.view(task)), owners)
        relay.reset(seed=0)
        over = False
        while not over:
            observation, reward, terminated, truncated, info = env.step(relay(observation, info))
            over = terminated or truncated
        if info["outcome"] != "success" or reward != 1.0:
            lost.append((task.id, info["failure"]))
    env.close()

    assert lost == []


def test_who_is_told_is_next_and_knows_no_more() -> None:
    """The front alone sees the request; a message passes the turn; a plain text answers it."""
    env = CrewEnv("harbour", roles=3, render_mode="ansi")
    request, info = env.reset(seed=3)
    assert info["role"] == FRONT
    assert info["roles"] == (FRONT, "desk_1", "desk_2")

    seen, reward, terminated, truncated, info = env.step(tell("desk_2", "Are you there?"))
    assert (info["role"], seen) == ("desk_2", "front: Are you there?")
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert request not in seen + info["system"]
    assert "conclude" not in names(info)

    seen, _, _, _, info = env.step(tell("desk_1", "Front is asking."))
    assert (info["role"], seen) == ("desk_1", "desk_2: Front is asking.")
    seen, _, _, _, info = env.step("Tell them yes.")
    assert (info["role"], seen) == ("desk_2", "desk_1: Tell them yes.")
    seen, _, _, _, info = env.step(tell("front", "Yes."))
    assert (info["role"], seen, info["messages"]) == (FRONT, "desk_2: Yes.", 4)
    assert "Are you there?" in (env.render() or "")
    env.close()


def test_a_colleagues_tool_is_refused_and_changes_nothing() -> None:
    """The refusal says whose it is; the world hears nothing of it; the turn is spent."""
    env = CrewEnv("harbour", roles=2)
    env.reset(seed=3)
    (desk,) = env.roles[1:]
    theirs = next(tool for tool in desk.tools if tool.startswith(("update", "delete", "create")))
    seen, _, _, _, info = env.step(call(theirs))
    error = json.loads(seen)["error"]

    assert error["code"] == "unknown_tool"
    assert "desk_1" in error["message"]
    assert info["calls"] == 0
    assert info["turn"] == 1
    env.close()


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (tell("nobody", "x"), "front"),
        (tell("front", "x"), "desk_1"),
        (tell("desk_1", "  "), "something to say"),
        (call(TELL), "colleague"),
        (call(TELL, to=["desk_1"], text="x"), "colleague"),
    ],
)
def test_a_message_that_reaches_nobody_is_told_so(action: str, told: str) -> None:
    """The sender keeps the turn."""
    env = CrewEnv("harbour", roles=2)
    env.reset(seed=3)
    seen, _, _, _, info = env.step(action)

    assert json.loads(seen)["error"]["code"] == "bad_arguments"
    assert info["role"] == FRONT
    assert told in seen or told == "front"
    env.close()


@pytest.mark.parametrize("seed", range(4))
def test_random_policies_finish(seed: int) -> None:
    """Two that know nothing come to an end, with one reward, and the episode is judged."""
    env = CrewEnv("clinic", roles=2, max_turns=10, max_messages=10)
    draws = random.Random(seed)
    _, info = env.reset(seed=seed)
    for _ in range(200):
        tool = draws.choice(sorted(names(info)))
        to = draws.choice([name for name in info["roles"] if name != info["role"]])
        action = tell(to, "?") if tool == TELL else call(tool)
        _, reward, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            break

    assert terminated or truncated
    assert info["outcome"] in ("failure", "truncated")
    assert reward == 0.0
    env.close()


def test_endless_talk_is_cut_off() -> None:
    """Colleagues who only talk to each other are stopped, and judged."""
    env = CrewEnv("clinic", roles=2, max_messages=6)
    env.reset(seed=1)
    for turn in range(20):
        _, _, terminated, truncated, info = env.step(
            tell("desk_1" if turn % 2 == 0 else "front", "And you?")
        )
        if truncated or terminated:
            break

    assert truncated
    assert turn == 6
    assert info["outcome"] == "truncated"
    assert info["failure"]["by"] == "agent"
    env.close()


def test_moments_and_forks_hold_what_was_said() -> None:
    """Whoever goes back finds role, messages and world as they were."""
    env = CrewEnv("harbour", roles=3)
    env.reset(seed=5)
    env.step(tell("desk_1", "First."))
    moment, twin = env.snapshot(), env.fork()
    one = env.step(tell("desk_2", "Second."))
    other = twin.step(tell("desk_2", "Second."))
    assert one[:4] == other[:4]
    env.step("Third.")
    env.restore(moment)
    again = env.step(tell("desk_2", "Second."))

    assert again[:4] == one[:4]
    assert (again[4]["role"], again[4]["messages"]) == (one[4]["role"], one[4]["messages"])
    env.close()


def test_given_records_are_a_roles_own() -> None:
    """A mapping says whose records are which; what nobody is given is the front's."""
    env = CrewEnv("harbour", roles={"quay": ["berth", "pilot"], "fleet": ["vessel"]})
    env.reset(seed=2)
    quay = next(role for role in env.roles if role.name == "quay")

    assert quay.entities == ("berths", "pilots")
    assert [role.name for role in env.roles] == [FRONT, "quay", "fleet"]
    assert any("charge" in tool for tool in env.roles[0].tools)
    env.close()


@pytest.mark.parametrize(
    "roles", [1, 9, True, 2.0, {}, {"a": ["no_such"]}, {"a": ["berth"], "b": ["berth"]}]
)
def test_bad_roles_are_refused(roles: object) -> None:
    """With what would do instead."""
    with pytest.raises(UsageError):
        CrewEnv("harbour", roles=roles)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["attempts", "warm_start", "plan_hint"])
def test_options_for_one_agent_are_refused(option: str) -> None:
    """They have no meaning for several."""
    with pytest.raises(UsageError, match=option):
        CrewEnv("harbour", **{option: 2})  # type: ignore[arg-type]


def test_the_checker_is_silent(recwarn: pytest.WarningsRecorder) -> None:
    """Gymnasium's own checker has nothing to say."""
    check_env(CrewEnv("harbour", roles=3), skip_render_check=True)

    assert [str(warning.message) for warning in recwarn] == []
