"""Numbered calls: what each number stands for, and that learning on them helps."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import gymnasium
import jsonschema
import numpy as np
import ppo_matrix
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.build.more import add
from agentgym.env import ACTION_FEATURES, DiscreteCalls
from agentgym.errors import UsageError
from agentgym.formats import to_text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))

import learn_discrete  # type: ignore[import-not-found]  # noqa: E402 - an example is no package


def wrapped(name: str = "harbour", *, variants: int = 4, **options: Any) -> DiscreteCalls:
    below = gymnasium.make("agentgym/Domain-v0", domain=name, **options)
    return DiscreteCalls(below, variants=variants)


ENVS = {name: wrapped(name, max_turns=6) for name in ("clinic", "harbour", "elements")}


@settings(max_examples=8)
@given(st.sampled_from(sorted(ENVS)), st.integers(0, 500), st.integers(0, 2**31))
def test_what_may_be_chosen_is_a_good_call(name: str, seed: int, luck: int) -> None:
    """Each candidate is of a shown tool, fits its schema, and is no other candidate's twin."""
    env, draws = ENVS[name], np.random.default_rng(luck)
    seen, info = env.reset(seed=seed)
    over = False
    while not over:
        assert env.observation_space.contains(seen)
        assert info["action_features"].shape == (
            len(env.tools) * env.variants,
            len(ACTION_FEATURES),
        )
        schemas = {t["function"]["name"]: t["function"]["parameters"] for t in info["tools"]}
        chosen = np.flatnonzero(info["action_mask"])
        assert set(chosen) == set(env.candidates)
        texts = [json.dumps([c.tool, c.arguments], default=str) for c in env.candidates.values()]
        assert len(set(texts)) == len(texts)
        for number, found in env.candidates.items():
            assert env.tools[number // env.variants] == found.tool
            jsonschema.validate(json.loads(to_text(found.arguments)), schemas[found.tool])
        assert np.all(info["action_features"][info["action_mask"] == 0] == 0)
        action = int(draws.choice(chosen))
        seen, _, terminated, truncated, info = env.step(action)
        assert not info["flags"]["malformed"]
        over = terminated or truncated


def test_equal_actions_give_equal_vectors() -> None:
    """A seed and a way to choose say all; another environment sees the same."""
    runs = []
    for _ in range(2):
        env, run = wrapped("clinic", max_turns=6), []
        for seed in range(5):
            seen, info = env.reset(seed=seed)
            over = False
            while not over:
                choices = np.flatnonzero(info["action_mask"])
                seen, reward, terminated, truncated, info = env.step(choices[len(choices) // 2])
                run.append((seen.tobytes(), reward, info["action_mask"].tobytes()))
                over = terminated or truncated
        runs.append(run)

    assert runs[0] == runs[1]


def test_a_number_that_stands_for_nothing_is_a_void_turn() -> None:
    """It costs a turn, says so, and changes nothing."""
    env = wrapped("harbour")
    _, info = env.reset(seed=0)
    nothing = int(np.flatnonzero(info["action_mask"] == 0)[0])
    _, reward, terminated, truncated, info = env.step(nothing)

    assert info["flags"]["void"]
    assert (reward, terminated, truncated, info["turn"]) == (0.0, False, False, 1)


def test_a_call_is_not_offered_twice() -> None:
    """What was tried gives its place to what was not."""
    env = wrapped("harbour")
    _, info = env.reset(seed=0)
    first = next(iter(env.candidates))
    tried = env.candidates[first]
    env.step(first)

    assert all(
        (found.tool, found.arguments) != (tried.tool, tried.arguments)
        for found in env.candidates.values()
    )
    assert info["action_mask"].sum() > 0


@pytest.mark.parametrize("variants", [0, 17, -1])
def test_bad_variants_are_refused(variants: int) -> None:
    """With the range."""
    with pytest.raises(UsageError, match="1 to 16"):
        wrapped("harbour", variants=variants)


def test_only_environments_of_tools_can_be_wrapped() -> None:
    """Others are refused by a sentence."""
    with pytest.raises(UsageError, match="names its tools"):
        DiscreteCalls(gymnasium.make("CartPole-v1"))


@pytest.mark.parametrize("name", ["clinic", "elements"])
def test_the_checker_is_silent(name: str, recwarn: pytest.WarningsRecorder) -> None:
    """Gymnasium's own checker has nothing to say but that it would rather see no wrapper."""
    check_env(wrapped(name), skip_render_check=True)
    said = [str(warning.message) for warning in recwarn]

    assert [text for text in said if "has a wrapper applied to it" not in text] == []


def test_a_linear_policy_learns_what_it_was_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On held-out tasks it wins far more than by chance, and the curve is written."""
    shutil.copytree(ROOT / "domains/clinic", tmp_path / "clinic")
    add(tmp_path / "clinic", count=70, families=("lookup",), seed=1)
    arguments = [str(tmp_path / "clinic"), "--updates", "14", "--out", str(tmp_path / "curve")]
    learn_discrete.main(arguments)
    curve = json.loads((tmp_path / "curve/curve.json").read_text())

    assert curve[-1]["test"] > curve[0]["test"] + 0.3, capsys.readouterr().out
    drawn = (tmp_path / "curve/curve.svg").read_bytes()
    learn_discrete.draw(curve, "lookup in clinic", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == drawn


def test_ppo_of_stable_baselines_trains() -> None:
    """A library that knows nothing of us checks the environment, trains on it, and gets better."""
    result = ppo_matrix.run()

    assert result.returncode == 0, result.stdout + result.stderr
    assert "after" in result.stdout
