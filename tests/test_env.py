"""The Gymnasium face: every trap of text environments, and that it behaves alike everywhere."""

from __future__ import annotations

import copy
import json
import pickle
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import tiny
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

import agentgym
from agentgym.env import ActionText, ToolEnv, ToolVectorEnv, Unicode, default_id, ids, registration
from agentgym.episode import load
from agentgym.errors import DomainError, TaskError, UsageError
from agentgym.goals.rewards import TERMS
from agentgym.policies import Oracle

ID = "agentgym/Domain-v0"

CALLS = [
    '{"name": "find_member", "arguments": {"name": "Zoë Müller"}}',
    '{"name": "list_member_loans", "arguments": {"member_id": 2}}',
    '{"name": "update_member", "arguments": {"member_id": 1, "phone": "🙂 — é"}}',
    "What is the new phone number?",
    "Thank you, done.",
    "{broken",
    "",
    '{"name": "conclude", "arguments": {"outcome": "done", "answer": 12.5}}',
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a saved domain."""
    return str(tiny.save(tmp_path_factory.mktemp("domains") / "tiny"))


@pytest.fixture
def env(folder: str) -> Iterator[gymnasium.Env[Any, Any]]:
    """Return an environment made as users make it."""
    made = gymnasium.make(ID, domain=folder)
    yield made
    made.close()


def committed_ids() -> list[str]:
    """Return the ids that can be made without arguments."""
    made = list(ids())
    return [*made, ID] if registration.DEFAULT in ids().values() else made


def test_check_env_is_silent(folder: str) -> None:
    """Gymnasium's own checker finds nothing to say, warnings being errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ID, domain=folder).unwrapped)
        check_env(gymnasium.make(ID, domain=folder, render_mode="ansi").unwrapped)


def test_check_env_is_silent_on_every_registered_id() -> None:
    """Each committed domain's environment is clean."""
    for env_id in committed_ids():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(gymnasium.make(env_id).unwrapped)


def test_ids_are_registered_once_and_named_by_domain_and_version() -> None:
    """Every committed domain has an id with its version; registering again is harmless."""
    before = dict(gymnasium.registry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agentgym.env.register()
    assert dict(gymnasium.registry) == before
    assert default_id() in gymnasium.registry
    for env_id, name in ids().items():
        version = load(name).domain.version
        assert env_id == f"agentgym/{name.title().replace('_', '')}-v{version}"
        assert gymnasium.registry[env_id].kwargs == {"domain": name}


def test_the_spec_survives_json_and_pickle(env: gymnasium.Env[Any, Any]) -> None:
    """An environment can be made again from its spec, written either way."""
    spec = env.spec
    assert spec is not None
    for other in (EnvSpec.from_json(spec.to_json()), pickle.loads(pickle.dumps(spec))):
        assert gymnasium.make(other).reset(seed=3)[0] == env.reset(seed=3)[0]
    assert gymnasium.make(f"agentgym:{ID}", **spec.kwargs).reset(seed=3)[0] == env.reset(seed=3)[0]


def test_an_episode_through_the_env(folder: str) -> None:
    """The right answer earns 1.0 at the end and 0.0 before; every key is there each time."""
    env = gymnasium.make(ID, domain=folder)
    observation, info = env.reset(seed=0, options={"task_id": "tiny_library-v1/0001"})
    assert observation == "What fees does Zoë Müller owe?"
    keys = set(info)
    assert isinstance(info["tools"], list)
    assert {tool["type"] for tool in info["tools"]} == {"function"}
    json.dumps(info)
    for action, expected in ((CALLS[0], 0.0), (CALLS[-1], 1.0)):
        observation, reward, terminated, truncated, info = env.step(action)
        assert set(info) == keys
        assert reward == expected
        assert set(info["reward_terms"]) == set(TERMS)
        assert all(type(value) is float for value in info["reward_terms"].values())
        json.dumps(info)
    assert (terminated, truncated) == (True, False)
    assert (info["outcome"], info["failure"]) == ("success", {})
    assert info["reward_terms"]["success"] == 1.0
    observation, reward, terminated, truncated, info = env.step(CALLS[0])
    assert "ended" in observation
    assert (reward, terminated, truncated) == (0.0, True, False)


def test_truncation_is_judged_and_told(folder: str) -> None:
    """At the end of its turns an episode is truncated, earns nothing, and says why."""
    env = gymnasium.make(ID, domain=folder, max_turns=2)
    env.reset(seed=0)
    _, _, terminated, truncated, info = env.step(CALLS[0])
    assert (terminated, truncated, info["outcome"]) == (False, False, "")
    _, reward, terminated, truncated, info = env.step("{broken")
    assert (reward, terminated, truncated, info["outcome"]) == (0.0, False, True, "truncated")
    assert truncated is True
    assert info["failure"]["by"] == "agent"
    assert info["failure"]["code"] == "max_turns"
    assert info["flags"]["void"]
    assert info["flags"]["malformed"]


def test_options_choose_the_task(env: gymnasium.Env[Any, Any]) -> None:
    """Task and split can be named; what is unknown is an author's mistake with a hint."""
    _, info = env.reset(options={"split": "test"})
    assert info["task_id"] == "tiny_library-v1/0005"
    _, info = env.reset(options={"task_id": "2"})
    assert info["task_id"] == "tiny_library-v1/0002"
    with pytest.raises(TaskError):
        env.reset(options={"task_id": "nope"})
    with pytest.raises(UsageError, match="did you mean 'task_id'"):
        env.reset(options={"taskid": "1"})
    with pytest.raises(DomainError, match="domain"):
        gymnasium.make(ID, domain="no_such_domain")


def test_the_seed_is_all_that_matters(folder: str) -> None:
    """Equal seeds give equal episodes, whatever ran before, beside or elsewhere."""
    one, two = gymnasium.make(ID, domain=folder), gymnasium.make(ID, domain=folder)
    for seed in range(5):
        two.reset(seed=seed + 100)
        two.step(CALLS[2])
        assert one.reset(seed=seed) == two.reset(seed=seed)
        for action in CALLS:
            assert one.step(action) == two.step(action)
    one.reset(seed=7)
    two.reset(seed=7)
    assert [one.reset()[1]["task_id"] for _ in range(9)] == [
        two.reset()[1]["task_id"] for _ in range(9)
    ]


def test_global_randomness_is_left_alone(env: gymnasium.Env[Any, Any]) -> None:
    """Neither Python's nor numpy's global generator is touched."""
    before = random.getstate(), np.random.get_state(legacy=True)[1].copy()  # type: ignore[index]  # noqa: NPY002
    env.reset(seed=1)
    for action in CALLS:
        env.step(action)
    assert random.getstate() == before[0]
    assert (np.random.get_state(legacy=True)[1] == before[1]).all()  # type: ignore[index]  # noqa: NPY002


def test_infos_share_nothing_that_can_change(env: gymnasium.Env[Any, Any]) -> None:
    """What is handed out twice cannot be changed; what can be changed is handed out once."""
    _, first = env.reset(seed=0)
    *_, second = env.step(CALLS[0])
    assert first["reward_terms"] is not second["reward_terms"]
    with pytest.raises(TypeError, match=r"copy\.deepcopy"):
        first["tools"][0]["function"]["name"] = "x"
    with pytest.raises(TypeError, match=r"copy\.deepcopy"):
        first["tools"].append({})
    mine = copy.deepcopy(first["tools"])
    mine[0]["function"]["name"] = "x"
    mine.append({})
    assert second["tools"][0]["function"]["name"] != "x"
    assert pickle.loads(pickle.dumps(second)) == second
    for change in ("clear", "pop", "sort", "reverse"):
        with pytest.raises(TypeError):
            getattr(first["tools"], change)()
    for change in ("clear", "popitem"):
        with pytest.raises(TypeError):
            getattr(first["tools"][0], change)()


def test_render_and_close(folder: str) -> None:
    """The transcript is text from the first moment on, and closing twice is allowed."""
    env = gymnasium.make(ID, domain=folder, render_mode="ansi")
    env.reset(seed=0, options={"task_id": "3"})
    first = env.render()
    assert isinstance(first, str)
    assert "change my phone number" in first
    for action in CALLS[:6]:
        env.step(action)
    whole = env.render()
    assert isinstance(whole, str)
    assert "find_member" in whole
    env.close()
    env.close()
    bare = ToolEnv(load(folder))
    for use in (lambda: bare.step("x"), ToolEnv(load(folder), render_mode="ansi").render):
        with pytest.raises(gymnasium.error.ResetNeeded):
            use()
    assert bare.render() is None
    with pytest.raises(UsageError):
        ToolEnv(load(folder), render_mode="human")
    with pytest.raises(UsageError):
        ToolEnv(load(folder), max_turns=1)


def play(vector: Any, actions: list[list[str]], seed: int) -> list[Any]:
    """Step a vector environment and return all that it gave, in plain form."""
    observations, infos = vector.reset(seed=seed)
    given: list[Any] = [plain([observations, infos])]
    for row in actions:
        given.append(plain(vector.step(tuple(row))))
    observations, infos = vector.reset(seed=seed + 1)
    given.append(plain([observations, infos]))
    given.append(plain(vector.step(tuple(actions[0]))))
    return given


def plain(value: Any) -> Any:
    """Turn arrays to lists, so that equality is simple; types are kept by name."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


ROWS = st.lists(st.lists(st.sampled_from(CALLS), min_size=3, max_size=3), min_size=1, max_size=6)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_async_equals_sync(folder: str, mode: AutoresetMode) -> None:
    """Processes with shared memory give, text for text, what one process gives."""
    makers = [lambda: ToolEnv(folder)] * 3
    async_env = AsyncVectorEnv(makers, autoreset_mode=mode, context="fork")
    sync_env = SyncVectorEnv(makers, autoreset_mode=mode)

    @settings(max_examples=12, deadline=None)
    @given(ROWS, st.integers(0, 1000))
    def equal(actions: list[list[str]], seed: int) -> None:
        assert play(async_env, actions, seed) == play(sync_env, actions, seed)

    equal()
    observations, _ = async_env.reset(seed=0)
    assert isinstance(observations, tuple)
    assert async_env.observation_space.contains(observations)
    async_env.close()
    sync_env.close()


@settings(max_examples=15, deadline=None)
@given(ROWS, st.integers(0, 1000))
def test_vector_equals_single(actions: list[list[str]], seed: int) -> None:
    """Each environment of a vector behaves as it does alone."""
    suite = tiny.suite()
    vector = ToolVectorEnv(3, domain=suite, autoreset_mode=AutoresetMode.DISABLED)
    alone = [ToolEnv(suite) for _ in range(3)]
    observations, _ = vector.reset(seed=seed)
    assert list(observations) == [
        env.reset(seed=seed + place)[0] for place, env in enumerate(alone)
    ]
    for row in actions:
        observations, rewards, terminated, truncated, infos = vector.step(tuple(row))
        for place, env in enumerate(alone):
            single = env.step(row[place])
            assert single[:4] == (
                observations[place],
                rewards[place],
                terminated[place],
                truncated[place],
            )
            assert infos["turn"][place] == single[4]["turn"]
            assert infos["tools"][place] == single[4]["tools"]
            assert infos["reward_terms"]["success"].dtype == np.float64
        if (terminated | truncated).any():
            with pytest.raises(UsageError, match="reset it first"):
                vector.step(tuple(row))
            break
    vector.close()


def test_make_vec_takes_ours(folder: str) -> None:
    """`gymnasium.make_vec` makes our vector environment, with its autoreset mode told."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = gymnasium.make_vec(ID, num_envs=2, domain=folder, autoreset_mode="Disabled")
    assert isinstance(made.unwrapped, ToolVectorEnv)
    assert made.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    observations, _ = made.reset(seed=4)
    made.step(("Thank you, done.", CALLS[0]))
    again, _ = made.reset(seed=9, options={"reset_mask": np.array([True, False])})
    assert again[0] != observations[0] or again[1] != observations[1]
    assert made.spec is not None
    made.close()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_the_text_space_holds_every_text(text: str) -> None:
    """Any text that UTF-8 can hold is in; it goes through shared memory unchanged."""
    from gymnasium.vector.utils import (  # noqa: PLC0415 - beside its only use
        create_shared_memory,
        read_from_shared_memory,
        write_to_shared_memory,
    )

    space = Unicode(30)
    assert space.contains(text)
    memory = create_shared_memory(space, n=2)
    texts = read_from_shared_memory(space, memory, n=2)
    write_to_shared_memory(space, 1, text, memory)  # type: ignore[arg-type]
    assert copy.deepcopy(texts) == ("", text)
    assert list(texts) == ["", text]
    assert texts == ("", text)
    assert (texts[1], texts[:], len(texts)) == (text, ("", text), 2)
    assert repr(texts).startswith("SharedTexts(")


def test_the_text_space_has_bounds() -> None:
    """Other types, lone surrogates and longer texts are out; equality is by kind and bound."""
    space = Unicode(3)
    assert "é🙂x" in space
    assert 3 not in space
    assert "xxxx" not in space
    assert "\ud800" not in space
    assert space == Unicode(3)
    assert space != Unicode(4)
    assert space != ActionText(3)
    assert hash(space) == hash(Unicode(3))
    assert repr(space) == "Unicode(3)"
    assert not space.is_np_flattenable
    assert pickle.loads(pickle.dumps(space)) == space


def test_samples_are_legal_and_seeded(env: gymnasium.Env[Any, Any]) -> None:
    """Sampled actions are in the space, are answered, and follow their seed."""
    space = env.action_space
    space.seed(1)
    first = [space.sample() for _ in range(50)]
    space.seed(1)
    assert first == [space.sample() for _ in range(50)]
    env.reset(seed=0)
    for action in first:
        assert space.contains(action)
        observation, _, terminated, truncated, _ = env.step(action)
        assert env.observation_space.contains(observation)
        if terminated or truncated:
            env.reset()
    assert sum(action.startswith("{") for action in first) > 20


def test_worlds_are_pooled(folder: str) -> None:
    """However many episodes are played one after the other, a few worlds serve them all."""
    suite = load(folder, max_turns=7)
    env = ToolEnv(suite)
    for seed in range(50):
        env.reset(seed=seed)
        env.step(CALLS[2])
    env.close()
    assert len(suite._pool) <= 3
    held = [suite.episode(seed=seed) for seed in range(4)]
    for episode in held:
        with episode:
            episode.call("current_time")
    assert len(suite._pool) == 4


def test_environments_interleave(folder: str) -> None:
    """Two oracles taking turns in one process both succeed."""
    pairs = []
    for task_id in ("3", "4"):
        env = gymnasium.make(ID, domain=folder)
        state = env.reset(options={"task_id": task_id})
        pairs.append((env, Oracle(load(folder).task(task_id)), state))
    rewards = [0.0, 0.0]
    for _ in range(8):
        for place, (env, oracle, state) in enumerate(pairs):
            if not state[1]["outcome"]:
                observation, reward, _, _, info = env.step(oracle(*state))
                rewards[place] += float(reward)
                pairs[place] = (env, oracle, (observation, info))
    assert rewards == [1.0, 1.0]


def test_importing_the_package_stays_light() -> None:
    """`import agentgym` registers the ids and loads none of the heavy libraries."""
    heavy = (
        "sqlalchemy faker hypothesis sqlglot jsonschema networkx rdflib typer rich openai ray "
        "inflect symspellpy anyascii"
    ).split()
    code = (
        "import sys, agentgym, gymnasium\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
        f"print({ID!r} in gymnasium.registry)\n"
        "print(callable(agentgym.load), agentgym.Suite.__name__, 'load' in dir(agentgym))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(agentgym.__file__).parent.parent,
    )
    assert done.stdout.split("\n")[:3] == ["[]", "True", "True Suite True"]
    with pytest.raises(AttributeError):
        _ = agentgym.nothing
    with pytest.raises(AttributeError):
        _ = agentgym.env.nothing
    for name in agentgym.__all__:
        assert getattr(agentgym, name) is not None
    for name in agentgym.env.__all__:
        assert getattr(agentgym.env, name) is not None
