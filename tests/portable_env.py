"""What must hold under every Gymnasium: run as a script, with any interpreter that has it.

It needs no test runner: `gymnasium_matrix` runs it under the oldest and the newest Gymnasium
that we promise, `test_env_portable.py` under the one that is installed.
"""

from __future__ import annotations

import inspect
import json
import pickle
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.wrappers import RecordEpisodeStatistics

import agentgym.env
from agentgym.env import MixVectorEnv, ToolVectorEnv
from agentgym.env.frozen import FrozenList
from agentgym.env.registration import CREW, MIX
from agentgym.env.vector import AutoresetMode

DOMAIN = "agentgym/Domain-v0"

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "ansi": {"render_mode": "ansi"},
    "user": {"user": "sample"},
    "rewards": {"reward": "progress"},
    "weights": {"reward": {"success": 1.0, "progress": 0.3, "cost": -0.2}},
    "hints": {"hints": "full"},
    "faults": {"faults": "timeout=0.2"},
    "view": {"view": "granularity=narrow,rename=0.5,manual=true"},
    "view as a mapping": {"view": {"docs": "brief", "page_size": 3}},
    "observation": {"observation": "difference"},
    "distilled": {"observation": "distilled", "view": "rename=0.3"},
    "mind": {"intrinsic": True},
    "attempts": {"attempts": "most=3,reward=best,tell=full", "max_turns": 3},
    "warm": {"warm_start": 2, "plan_hint": "full"},
    "warm from the end": {"warm_start": -1, "plan_hint": "partial", "view": "rename=1"},
    "budget": {"budget": {"calls": 4, "tokens": 50_000, "cost": 30.0}},
    "split": {"split": "test"},
    "all": {
        "user": "sample",
        "reward": "staged",
        "hints": "brief",
        "faults": {"timeout": 0.1},
        "view": "rename=0.5",
        "observation": "difference",
        "intrinsic": "think+note",
        "max_turns": 9,
        "attempts": 2,
        "warm_start": 1,
        "plan_hint": "partial",
        "budget": "calls=40",
        "render_mode": "ansi",
    },
}
"""Combinations of options that are each checked."""

ACTIONS = (
    '{"name": "current_time", "arguments": {}}',
    "What else do you need from me?",
    "{broken",
    '{"name": "no_such_tool", "arguments": {"x": [1, "🙂 — é"]}}',
    "",
    '{"name": "conclude", "arguments": {"outcome": "done", "answer": 12.5}}',
    "I looked at the wrong row; I will ask first.",
    "Thank you, done.",
)


def plain(value: Any) -> Any:
    """Turn arrays to lists, so that equality is simple; types are kept by name."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), [plain(part) for part in value.tolist()]]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, FrozenList):
        return [plain(part) for part in value]
    return value


def every_id() -> list[str]:
    """Return the ids that can be made without arguments."""
    return [DOMAIN, MIX, CREW, *agentgym.env.ids()]


def check_silence() -> None:
    """Gymnasium's own checker has nothing to say of any id, warnings being errors."""
    for env_id in every_id():
        _silent(env_id, {})


def check_silence_of_options() -> None:
    """Nor of any combination of options, on one domain and on many."""
    for options in OPTIONS.values():
        _silent(DOMAIN, options)
    for name in ("all", "attempts", "warm"):
        _silent(MIX, OPTIONS[name])


def _silent(env_id: str, options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(env_id, **options)
        check_env(env.unwrapped)
        env.close()


def check_specs() -> None:
    """A spec survives JSON and pickling with its options, and makes the same environment."""
    for name, options in OPTIONS.items():
        env = gymnasium.make(DOMAIN, **options)
        spec = env.spec
        assert spec is not None
        for other in (EnvSpec.from_json(spec.to_json()), pickle.loads(pickle.dumps(spec))):
            made = gymnasium.make(other)
            assert made.reset(seed=3) == env.reset(seed=3), name
            assert made.step(ACTIONS[1]) == env.step(ACTIONS[1]), name
            made.close()
        env.close()


def _run(env: Any, seed: int) -> list[Any]:
    given: list[Any] = [plain(env.reset(seed=seed))]
    for action in ACTIONS:
        given.append(plain(env.step(action)))
        if given[-1][2] or given[-1][3]:
            break
    return given


def check_seeds() -> None:
    """Equal seeds and actions give equal episodes, whatever ran before or runs in between."""
    for options in (OPTIONS["plain"], OPTIONS["all"], OPTIONS["attempts"]):
        for env_id in (DOMAIN, MIX):
            one, two = (gymnasium.make(env_id, **options) for _ in range(2))
            alone = [_run(one, seed) for seed in range(3)]
            two.reset(seed=99)
            two.step(ACTIONS[1])
            for seed in (2, 0, 1):
                one.reset(seed=seed + 7)
                found: list[Any] = [plain(two.reset(seed=seed))]
                for action in ACTIONS:
                    one.step(ACTIONS[2])
                    found.append(plain(two.step(action)))
                    if found[-1][2] or found[-1][3]:
                        break
                assert found == alone[seed], (env_id, options, seed)
            one.close()
            two.close()


def check_unseeded() -> None:
    """Resets without a seed follow the last seed that was given."""
    one, two = gymnasium.make(DOMAIN), gymnasium.make(DOMAIN)
    one.reset(seed=7)
    two.reset(seed=7)
    assert [one.reset() for _ in range(9)] == [two.reset() for _ in range(9)]


def check_global_randomness() -> None:
    """Neither Python's nor numpy's global generator is touched."""
    env = gymnasium.make(MIX, **OPTIONS["all"])
    before = random.getstate(), np.random.get_state(legacy=True)[1].copy()  # type: ignore[index]  # noqa: NPY002
    _run(env, 1)
    env.action_space.sample()
    assert random.getstate() == before[0]
    assert (np.random.get_state(legacy=True)[1] == before[1]).all()  # type: ignore[index]  # noqa: NPY002
    env.close()


def check_infos() -> None:
    """Each step tells the same keys with values of the same types, as JSON, shared with nobody."""
    for name in ("plain", "all", "attempts", "weights"):
        env = gymnasium.make(DOMAIN, **OPTIONS[name])
        _, first = env.reset(seed=5)
        shapes, seen = _shape(first), [first]
        for action in ACTIONS:
            *_, over, cut, info = env.step(action)
            assert _shape(info) == shapes, name
            json.dumps(info)
            for other in seen:
                for key, value in info.items():
                    assert not isinstance(value, dict) or value is not other[key], key
            seen.append(info)
            if over or cut:
                assert set(info["failure"]) == {"by", "code", "message"}
                break
        env.close()


def _shape(info: Any) -> Any:
    """Return keys and types; what went wrong is told at the end alone, how tools look is theirs."""
    if isinstance(info, dict):
        return {key: _shape(value) for key, value in info.items() if key != "failure"}
    return type(info).__name__


def check_wrappers() -> None:
    """Gymnasium's statistics take our infos as they are."""
    env = RecordEpisodeStatistics(gymnasium.make(DOMAIN))
    env.reset(seed=0)
    *_, over, _, info = env.step(ACTIONS[5])
    assert over
    assert info["episode"]["l"] == 1
    env.close()


def check_vector_is_taken() -> None:
    """`make_vec` makes ours, and does not complain."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for env_id, kind in ((DOMAIN, ToolVectorEnv), (MIX, MixVectorEnv)):
            made = gymnasium.make_vec(
                env_id, num_envs=2, autoreset_mode="Disabled", reward="progress"
            )
            assert type(made.unwrapped) is kind
            assert made.metadata["autoreset_mode"] is AutoresetMode.DISABLED
            assert made.spec is not None
            made.spec.to_json()
            made.close()


def _modes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the modes of autoreset that this Gymnasium's own vectors have, and how to ask."""
    if "autoreset_mode" in inspect.signature(SyncVectorEnv.__init__).parameters:
        for mode in AutoresetMode:
            yield mode.value, {"autoreset_mode": mode}
    else:
        yield "NextStep", {}


def _rows(number: int, length: int) -> list[tuple[str, ...]]:
    return [
        tuple(ACTIONS[(step * (place + 1) + place) % len(ACTIONS)] for place in range(number))
        for step in range(length)
    ]


def _play(vector: Any, rows: Sequence[tuple[str, ...]], seed: int) -> list[Any]:
    """Play through a vector; where nothing resets of itself, reset what has ended."""
    disabled = vector.metadata.get("autoreset_mode") is AutoresetMode.DISABLED
    given: list[Any] = [plain(list(vector.reset(seed=seed)))]
    for row in rows:
        found = vector.step(row)
        given.append(plain([tuple(found[0]), *found[1:]]))
        over = np.logical_or(found[2], found[3])
        if disabled and over.any():
            seeds = [seed + 50 + place for place in range(len(over))]
            observations, infos = vector.reset(seed=seeds, options={"reset_mask": over})
            given.append(plain([tuple(observations), infos]))
    return given


def _same(
    ours: Any, theirs: Any, rows: Sequence[tuple[str, ...]], seed: int, *, order: bool = True
) -> None:
    first, second = _play(ours, rows, seed), _play(theirs, rows, seed)
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        assert one == other, f"step {place} differs"
        assert not order or list(one[-1]) == list(other[-1]), f"another order in step {place}"


def check_vectors_agree() -> None:
    """Ours gives what Gymnasium's gives, in every mode: texts, numbers, infos and their types."""
    rows = _rows(3, 14)
    for env_id, kind, name in (
        (DOMAIN, ToolVectorEnv, "plain"),
        (DOMAIN, ToolVectorEnv, "attempts"),
        (MIX, MixVectorEnv, "all"),
    ):
        options = OPTIONS[name]
        makers = [lambda e=env_id, o=options: gymnasium.make(e, **o).unwrapped] * 3
        for mode, more in _modes():
            ours = kind(3, autoreset_mode=mode, **options)
            _same(ours, SyncVectorEnv(makers, **more), rows, 11)
            ours.close()


def check_processes_agree() -> None:
    """Processes, with shared memory and without, give what one process gives."""
    rows = _rows(2, 10)
    options = OPTIONS["all"]
    makers = [lambda: gymnasium.make(DOMAIN, **options).unwrapped] * 2
    for mode, more in _modes():
        for shared in (True, False):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking itself
                theirs = AsyncVectorEnv(makers, shared_memory=shared, context="fork", **more)
            ours = ToolVectorEnv(2, autoreset_mode=mode, **options)
            _same(ours, theirs, rows, 23, order=False)
            theirs.close()
            ours.close()


CHECKS: tuple[Callable[[], None], ...] = (
    check_silence,
    check_silence_of_options,
    check_specs,
    check_seeds,
    check_unseeded,
    check_global_randomness,
    check_infos,
    check_wrappers,
    check_vector_is_taken,
    check_vectors_agree,
    check_processes_agree,
)


def main() -> int:
    """Run every check; say which Gymnasium it was."""
    print(f"gymnasium {gymnasium.__version__}, numpy {np.__version__}, python {sys.version[:6]}")
    for check in CHECKS:
        begin = time.perf_counter()
        check()
        print(f"  {check.__name__:28}{time.perf_counter() - begin:6.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
