"""Policies: the oracle wins by what it sees, the others lose, a stranger solves a share."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

import agentgym
from agentgym.env import ToolEnv
from agentgym.episode import Suite
from agentgym.errors import UsageError
from agentgym.policies import LADDER, NAMES, Noop, Oracle, RandomLegal, resolve
from agentgym.tasks import Step, Task

SUITE = tiny.suite()


def play(policy: Any, task_id: str, *, suite: Suite = SUITE) -> tuple[float, ToolEnv]:
    """Play one episode; return its reward and the environment at its end."""
    env = ToolEnv(suite)
    observation, info = env.reset(seed=0, options={"task_id": task_id})
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(policy(observation, info))
        total, over = total + reward, terminated or truncated
    return total, env


@pytest.mark.parametrize("task", SUITE.tasks, ids=lambda task: task.id)
def test_the_oracle_wins_and_the_noop_loses(task: Task) -> None:
    """The gold run succeeds through the public environment; doing nothing never does."""
    oracle = Oracle(task)
    for _ in range(2):
        reward, env = play(oracle, task.id)
        assert reward == 1.0, (oracle.trouble, env.verdict)
        assert env.episode is not None
        assert env.episode.errors == 0
        oracle.reset(seed=1)
    assert play(Noop(), task.id)[0] == 0.0


def test_the_oracle_asks_for_what_is_held_back() -> None:
    """Facts that the user holds back are asked for, once each, through the public tool."""
    for task_id, asks in (("1", 0), ("3", 1), ("4", 2)):
        _, env = play(Oracle(SUITE.task(task_id)), task_id)
        assert env.episode is not None
        names = [call.name for call, _ in env.episode.outputs()]
        assert names.count("ask_user") == asks


def changed(task: Task, **fields: Any) -> Task:
    """Return the task with other fields."""
    return Task(**{name: getattr(task, name) for name in Task.__struct_fields__} | fields)


def test_the_oracle_uses_only_what_it_sees() -> None:
    """Where a value was not seen, or a call is refused, it gives up and says why."""
    task = SUITE.task("2")
    second = task.gold[1]
    for origin, why in (
        ({"member_id": "call:0:nothing"}, "nothing at"),
        ({"member_id": "call:5:member_id"}, "nothing at"),
        ({"member_id": "fact:f9"}, "nothing at 'fact:f9'"),
    ):
        step = Step(tool=second.tool, arguments=second.arguments, origin=origin, node="n2")
        oracle = Oracle(changed(task, gold=(task.gold[0], step)))
        assert play(oracle, "2")[0] == 0.0
        assert why in oracle.trouble
    step = Step(tool="find_member", arguments={"name": "Nobody"}, origin={}, node="n1")
    oracle = Oracle(changed(task, gold=(step,)))
    assert play(oracle, "2")[0] == 0.0
    assert "refused" in oracle.trouble


def test_the_oracle_distrusts_a_silent_user() -> None:
    """A fact that the user does not tell is not used."""
    task = SUITE.task("3")
    oracle = Oracle(task)
    env = ToolEnv(SUITE)
    observation, info = env.reset(options={"task_id": task.id})
    while "ask_user" not in (action := oracle(observation, info)):
        observation, _, _, _, info = env.step(action)
    last = json.loads(oracle('{"reply": "I do not know."}', info))
    assert last["arguments"]["outcome"] == "impossible"
    assert "did not tell f2" in oracle.trouble


def test_the_oracle_asks_in_plain_text_without_the_tool() -> None:
    """Where no tool asks the user, the question is a message."""
    names = tuple(tool.name for tool in tiny.TOOLS if tool.name != "ask_user")
    task = changed(SUITE.task("3"), tools=names)
    suite = Suite(tiny.domain(), [task])
    assert play(Oracle(task), task.id, suite=suite)[0] == 1.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["1", "2", "3", "4", "5"]))
def test_random_calls_are_legal_and_seeded(seed: int, task_id: str) -> None:
    """The random policy names shown tools, fits their types, and follows its seed."""
    traces = []
    for policy in (RandomLegal(seed=seed), RandomLegal(seed=seed)):
        _, env = play(policy, task_id)
        assert env.episode is not None
        assert env.episode.malformed == 0
        codes = [result.error.code for _, result in env.episode.outputs() if result.error]
        assert "unknown_tool" not in codes
        assert "bad_arguments" not in codes or _only_without_a_change(env)
        traces.append(env.episode.trace())
    assert traces[0] == traces[1]


def _only_without_a_change(env: ToolEnv) -> bool:
    """Tell whether the only bad arguments are those of an update that changes nothing."""
    assert env.episode is not None
    return all(
        call.name == "update_member"
        for call, result in env.episode.outputs()
        if result.error and result.error.code == "bad_arguments"
    )


def test_policies_are_found_by_name() -> None:
    """Each name resolves; another is refused with the nearest."""
    task = SUITE.tasks[0]
    assert {"noop", "oracle", "random", "steadfast", *LADDER} == set(NAMES)
    for name in NAMES:
        assert callable(resolve(name)(task, 0))
    with pytest.raises(UsageError, match="did you mean 'oracle'"):
        resolve("orakle")


STRANGER = Path(__file__).parent.parent / "examples" / "stranger_policy.py"


@pytest.fixture(scope="module")
def stranger() -> ModuleType:
    """Return the example, imported as the file that it is."""
    spec = importlib.util.spec_from_file_location("stranger_policy", STRANGER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stranger_plays_to_the_end(stranger: ModuleType) -> None:
    """In a domain by hand, whose requests name nothing, it ends every episode in words."""
    policy = stranger.Stranger()
    for task in SUITE.tasks:
        reward, env = play(policy, task.id)
        assert 0.0 <= reward <= 1.0
        assert env.episode is not None
        assert env.episode.malformed == 0
        calls = [call for call, _ in env.episode.outputs()]
        assert calls[-1].name == "conclude"


@pytest.mark.parametrize("domain", ["clinic", "harbour"])
def test_a_stranger_solves_a_share(stranger: ModuleType, domain: str) -> None:
    """It solves some tasks of each domain and not all, and calls no tool that is not shown."""
    suite, policy = agentgym.load(domain), stranger.Stranger()
    won = 0.0
    for task in suite.tasks:
        reward, env = play(policy, task.id, suite=suite)
        won += reward
        assert env.episode is not None
        assert env.episode.malformed == 0
        codes = [result.error.code for _, result in env.episode.outputs() if result.error]
        assert "unknown_tool" not in codes
    assert 0.0 < won / len(suite.tasks) < 0.5


def test_a_stranger_gives_up_in_words(stranger: ModuleType) -> None:
    """Where it cannot follow, it concludes with a reason instead of an exception."""
    tools = SUITE.episode("1").tools
    for request in ("", "Please sing.", "What is the colour of the moon?", "«7» [ ( \\"):
        call = json.loads(stranger.Stranger()(request, {"turn": 0, "tools": tools}))
        assert call["name"] == "conclude"
        assert call["arguments"]["outcome"] == "impossible"
        assert call["arguments"]["reason"]


def test_a_stranger_uses_the_public_face(stranger: ModuleType, capsys: Any) -> None:
    """It imports gymnasium and agentgym alone; its policy touches neither, its summary `load`."""
    tree = ast.parse(STRANGER.read_text())
    imported = {name for node in ast.walk(tree) for name in _imported(node)}
    assert imported - sys.stdlib_module_names == {"gymnasium", "agentgym"}
    of_ours = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "agentgym"
    }
    assert of_ours == {"load"}
    policy = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    assert not {"agentgym", "gym"} & {n.id for n in ast.walk(policy) if isinstance(n, ast.Name)}
    stranger.main("clinic", 3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("/")[0] for line in lines[:3]] == ["clinic-v1"] * 3
    assert all(" of " in line for line in lines[3:])


def _imported(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [(node.module or "").split(".")[0]] if isinstance(node, ast.ImportFrom) else []
