"""What every environment of text and tools must hold, beyond Gymnasium's own checker.

In comes a function that makes an environment, as often as it is called.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

__all__ = ["check_env"]


class _Env(Protocol):
    def reset(self, *, seed: int | None = None) -> tuple[str, dict[str, Any]]: ...
    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]: ...
    def close(self) -> None: ...


NONSENSE: Sequence[str] = (
    "",
    "hello?",
    "{",
    '{"name": 5}',
    '{"name": "no_such_tool", "arguments": {}}',
    '{"name": "conclude", "arguments": {"outcome": "perhaps"}}',
    "<tool_call>not json</tool_call>",
    "```json\n[1, 2\n```",
    "\ud800",
    '{"name": "current_time", "arguments": {"surprise": NaN}}',
    '{"name": "current_time", "arguments": {"surprise": 1e400}}',
    '{"name": "current_time", "arguments": {"surprise": ' + "7" * 4_000 + "}}",
    '{"name": "current_time", "arguments": {"surprise": ' + "[" * 10_000 + "]" * 10_000 + "}}",
    '{"name": "\\u0000", "arguments": {"\\ud800": "\'; DROP TABLE x; --"}}',
    "[" * 10_000,
    "x" * 10_000_000,
)


def check_env(
    make: Callable[[], Any],
    *,
    checker: Callable[[Any], None],
    seed: int = 0,
    sparse: bool = True,
) -> None:
    """Check an environment against its contract.

    Args:
        make: Makes a fresh environment, wrapped as users get it.
        checker: Gymnasium's `gymnasium.utils.env_checker.check_env`.
        seed: Seed of the episodes that are compared.
        sparse: Whether nothing but success is rewarded, so that nonsense earns nothing.

    Raises:
        AssertionError: The contract is broken; the sentence says where.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checker(make().unwrapped)
    _check_lock_step(make(), make(), seed)
    _check_nonsense(make(), seed, sparse)
    _check_infos(make(), seed)
    _check_moments(make(), make(), seed)
    _check_global_randomness(make(), seed)


def _check_lock_step(one: _Env, other: _Env, seed: int) -> None:
    """Two instances with equal seeds and actions agree in everything, whatever ran before."""
    other.reset(seed=seed + 1)
    other.step("hello?")
    assert one.reset(seed=seed) == other.reset(seed=seed), "equal seeds begin differently"
    for action in NONSENSE:
        first, second = one.step(action), other.step(action)
        assert first == second, f"equal seeds and actions part after {action!r}"
        if first[2] or first[3]:
            break
    one.close()
    other.close()
    one.close()


def _check_nonsense(env: _Env, seed: int, sparse: bool) -> None:
    """Whatever an agent sends gets a text and no success, until the end, and after it."""
    env.reset(seed=seed)
    ended = False
    for turn in range(100):
        observation, reward, terminated, truncated, info = env.step(NONSENSE[turn % len(NONSENSE)])
        assert isinstance(observation, str), "an observation is no text"
        assert type(reward) is float, "a reward is no float"
        assert math.isfinite(reward), f"a reward is {reward}"
        assert reward == 0.0 or not sparse, f"nonsense earns {reward}"
        assert info.get("outcome") != "success", "nonsense succeeds"
        assert isinstance(info, dict), "info is no dict"
        assert type(terminated) is bool, "terminated is no bool"
        assert type(truncated) is bool, "truncated is no bool"
        ended = ended or terminated or truncated
    assert ended, "an episode of a hundred turns is not cut off"
    env.close()


def _check_infos(env: _Env, seed: int) -> None:
    """Each step tells the same keys, with values of the same types, in dicts of its own."""
    _, first = env.reset(seed=seed)
    shape, before = _shape(first), [first]
    for action in NONSENSE:
        *_, terminated, truncated, info = env.step(action)
        assert _shape(info) == shape, "info has other keys or types than before"
        for other in before:
            for key, value in info.items():
                assert not isinstance(value, dict) or value is not other[key], f"{key} is shared"
        before.append(info)
        if terminated or truncated:
            break
    env.close()


def _shape(value: Any) -> Any:
    """Return keys and types; why an episode failed is told at its end alone."""
    if isinstance(value, dict):
        return {key: _shape(part) for key, part in value.items() if key != "failure"}
    return type(value).__name__


def _check_moments(env: Any, other: Any, seed: int) -> None:
    """Where an environment keeps moments, what follows one is always the same."""
    env.reset(seed=seed)
    if not hasattr(env.unwrapped, "snapshot"):
        env.close()
        return
    env.step("hello?")
    moment, key = env.unwrapped.snapshot(), env.unwrapped.state_key()
    actions = ["{", "Why?", '{"name": "no_such_tool", "arguments": {}}']
    first = [env.step(action) for action in actions]
    fork = env.unwrapped.fork()
    fork.step("hello?")
    fork.close()
    env.unwrapped.restore(moment)
    assert env.unwrapped.state_key() == key, "a moment that was gone back to has another key"
    assert [env.step(action) for action in actions] == first, "it goes on differently"
    other.reset(seed=seed + 1)
    other.unwrapped.restore(moment)
    assert [other.step(action) for action in actions] == first, "elsewhere it goes on differently"
    env.close()
    other.close()


def _check_global_randomness(env: _Env, seed: int) -> None:
    """The process-wide generator is left alone."""
    before = random.getstate()
    env.reset(seed=seed)
    env.step("hello?")
    assert random.getstate() == before, "the process-wide random generator was used"
    env.close()
