"""Many games at once in one process: what `gymnasium.make_vec` makes of our ids.

A step of a game costs microseconds, so that processes would only slow it down; `AsyncVectorEnv`
works too, text for text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any

import numpy as np
from gymnasium import vector as gymnasium_vector
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from agentgym.env.columns import Columns
from agentgym.env.mix import MixEnv
from agentgym.env.tool_env import ToolEnv
from agentgym.errors import UsageError, nearest

__all__ = ["AutoresetMode", "MixVectorEnv", "ToolVectorEnv"]


class _Mode(Enum):
    """The modes, for a Gymnasium that does not name them yet."""

    NEXT_STEP = "NextStep"
    SAME_STEP = "SameStep"
    DISABLED = "Disabled"


AutoresetMode: Any = getattr(gymnasium_vector, "AutoresetMode", _Mode)
"""Gymnasium's modes of autoreset (1.1 and later), or ours, called and valued alike."""

Told = tuple[int, dict[str, Any]]
Arrays = NDArray[np.float64]


class ToolVectorEnv(VectorEnv[tuple[str, ...], Sequence[str], Any]):
    """Environments of one kind, stepped in turn.

    Observations are tuples of texts, one for each environment; rewards are float64 and ends bool_
    arrays of shape `(num_envs,)`; infos are as those of Gymnasium's vector environments, put
    together when they are read (`Columns`). Each environment plays as it does alone.

    Args:
        num_envs: How many, at least 1.
        autoreset_mode: When an environment whose episode has ended starts the next one:
            `NextStep` (the action after an end is left out), `SameStep` (the last observation and
            info stand in `infos["final_obs"]` and `infos["final_info"]`), or `Disabled`: reset
            then by `reset(options={"reset_mask": array of bool_})`, which wastes no action.
        **kwargs: For each `ToolEnv`.

    Raises:
        UsageError: There is no environment, or no such mode.
    """

    make: Callable[..., ToolEnv] = ToolEnv
    """Makes one environment."""

    def __init__(
        self, num_envs: int = 1, *, autoreset_mode: Any = AutoresetMode.NEXT_STEP, **kwargs: Any
    ) -> None:
        if type(num_envs) is not int or num_envs < 1:
            raise UsageError("at least 1 environment", found=repr(num_envs), where="num_envs")
        super().__init__()
        self.autoreset_mode = _mode(autoreset_mode)
        self.num_envs = num_envs
        self.envs: tuple[ToolEnv, ...] = tuple(type(self).make(**kwargs) for _ in range(num_envs))
        """The environments; they may be asked, and are to be stepped here alone."""
        first = self.envs[0]
        self.metadata = {**first.metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = first.render_mode
        self.single_action_space = first.action_space
        self.single_observation_space = first.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._seen: list[str] = [""] * num_envs
        self._ended: list[bool] = [False] * num_envs
        """Whether the episode of an environment is over."""

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generators of the environments."""
        return tuple(env.np_random for env in self.envs)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """What they were seeded with."""
        return tuple(env.np_random_seed for env in self.envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Start episodes.

        Args:
            seed: Of the first environment, the next one has the next; or one for each; None draws
                them.
            options: For each environment (see `ToolEnv.reset`); `reset_mask`, a bool_ array of
                shape `(num_envs,)`, names those that are reset, and the others go on.

        Returns:
            All observations, and the infos of those that were reset.

        Raises:
            TypeError: The mask is no array of bool_.
            UsageError: An option is unknown, or there is not one seed for each.
            ValueError: The mask is of another shape, or names none.
        """
        number = self.num_envs
        if seed is None or isinstance(seed, (int, np.integer)):
            seeds = [None if seed is None else int(seed) + place for place in range(number)]
        else:
            seeds = list(seed)
        if len(seeds) != number:
            raise ValueError(f"expected {number} seeds, found {len(seeds)}")
        given = dict(options or {})
        places = range(number) if "reset_mask" not in given else _masked(given, number)
        told: list[Told] = []
        for place in places:
            self._seen[place], info = self.envs[place].reset(
                seed=seeds[place], options=dict(given) if options is not None else None
            )
            self._ended[place] = False
            told.append((place, info))
        return tuple(self._seen), Columns(told, number)

    def step(
        self, actions: Sequence[str]
    ) -> tuple[tuple[str, ...], Arrays, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step each environment.

        Args:
            actions: One for each.

        Returns:
            Observations, rewards, terminated, truncated and infos.

        Raises:
            ResetNeeded: They were not reset yet.
            UsageError: There is not one action for each, or without autoreset an environment whose
                episode has ended was not reset.
        """
        number, mode, ended, seen = self.num_envs, self.autoreset_mode, self._ended, self._seen
        if len(actions) != number:
            raise UsageError(f"{number} actions", found=str(len(actions)), where="actions")
        if mode is AutoresetMode.DISABLED and True in ended:
            raise UsageError(
                "environments whose episodes go on",
                found=f"the episode of number {ended.index(True)} has ended",
                hint='reset it first: reset(options={"reset_mask": terminated | truncated})',
            )
        rewards = [0.0] * number
        terminated, truncated = [False] * number, [False] * number
        told: list[Told] = []
        for place, env in enumerate(self.envs):
            if ended[place]:  # by the step before; no step was made since
                seen[place], info = env.reset()
                ended[place] = False
            else:
                seen[place], rewards[place], over, cut, info = env.step(actions[place])
                if over or cut:
                    terminated[place], truncated[place] = over, cut
                    if mode is AutoresetMode.SAME_STEP:
                        told.append((place, {"final_obs": seen[place], "final_info": info}))
                        seen[place], info = env.reset()
                    else:
                        ended[place] = True
            told.append((place, info))
        return (
            tuple(seen),
            np.array(rewards, dtype=np.float64),
            np.array(terminated, dtype=np.bool_),
            np.array(truncated, dtype=np.bool_),
            Columns(told, number),
        )

    def render(self) -> tuple[str | None, ...]:  # type: ignore[override]
        """Return the transcript of each environment, in the mode `ansi`."""
        return tuple(env.render() for env in self.envs)

    def close_extras(self, **_: Any) -> None:
        """Close the environments."""
        for env in self.envs:
            env.close()

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of each environment, or return an attribute of each."""
        found = [env.get_wrapper_attr(name) for env in self.envs]
        return tuple(one(*args, **kwargs) if callable(one) else one for one in found)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each environment."""
        return tuple(env.get_wrapper_attr(name) for env in self.envs)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of each environment: to one value each, or all to the same.

        Raises:
            ValueError: There is not one value for each.
        """
        each = list(values) if isinstance(values, (list, tuple)) else [values] * self.num_envs
        if len(each) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} values, found {len(each)}")
        for env, value in zip(self.envs, each, strict=True):
            setattr(env, name, value)


class MixVectorEnv(ToolVectorEnv):
    """`MixEnv`s, stepped in turn; all of a process share the domains that are open."""

    make = MixEnv


def _mode(given: Any) -> Any:
    if isinstance(given, AutoresetMode):
        return given
    words = {mode.value: mode for mode in AutoresetMode}
    found = words.get(given) if isinstance(given, str) else None
    if found is None:
        raise UsageError(
            "a mode of autoreset",
            found=repr(given),
            where="autoreset_mode",
            hint=nearest(str(given), words),
        )
    return found


def _masked(given: dict[str, Any], number: int) -> Iterator[int]:
    """Take the mask out of the options of a reset, and name the environments that it names."""
    mask = given.pop("reset_mask")
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        found = f"{mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"reset_mask: expected a numpy array of bool_, found {found}")
    if mask.shape != (number,):
        raise ValueError(f"reset_mask: expected the shape ({number},), found {mask.shape}")
    if not mask.any():
        raise ValueError("reset_mask: expected at least one that is named, found none")
    return (place for place in range(number) if mask[place])
