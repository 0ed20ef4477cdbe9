"""Many episodes at once in one process: what `gymnasium.make_vec` makes of our ids.

Episodes cost microseconds a step, so that processes would only slow them down;
`AsyncVectorEnv` works too, text for text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import concatenate, iterate

from agentgym.env.tool_env import ToolEnv

__all__ = ["ToolVectorEnv"]


class ToolVectorEnv(SyncVectorEnv):
    """Environments of one domain, stepped in turn.

    Args:
        num_envs: How many.
        autoreset_mode: When an environment whose episode has ended starts the next one.
            `AutoresetMode.DISABLED` wastes no action; reset then by
            `reset(options={"reset_mask": ...})`.
        copy: Whether observations are copied before they are handed out.
        **kwargs: For each `ToolEnv`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            [partial(ToolEnv, **kwargs)] * num_envs, copy=copy, autoreset_mode=autoreset_mode
        )
        # Texts cannot be changed: a deep copy of them is the same texts, and takes its time.
        self.copy = False
        self._told: list[tuple[dict[str, Any], int]] | None = None

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Reset as Gymnasium does; what the environments tell is put together at once."""
        self._told = []
        observations, _ = super().reset(**kwargs)
        return observations, self._together()

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step as Gymnasium does; what the environments tell is put together at once."""
        if self.autoreset_mode == AutoresetMode.SAME_STEP or self._autoreset_envs.any():
            self._told = []
            *given, _ = super().step(actions)
            observations, rewards, terminated, truncated = given
            return observations, rewards, terminated, truncated, self._together()
        turns = zip(self.envs, iterate(self.action_space, actions), strict=True)
        seen, rewards, terminated, truncated, infos = zip(
            *[env.step(action) for env, action in turns], strict=True
        )
        self._env_obs[:] = seen
        self._rewards[:], self._terminations[:], self._truncations[:] = (
            rewards,
            terminated,
            truncated,
        )
        self._observations = concatenate(
            self.single_observation_space, self._env_obs, self._observations
        )
        self._autoreset_envs = np.logical_or(self._terminations, self._truncations)
        self._told = list(zip(infos, range(self.num_envs), strict=True))
        return (
            self._observations,
            np.copy(self._rewards),
            np.copy(self._terminations),
            np.copy(self._truncations),
            self._together(),
        )

    def _add_info(
        self, vector_infos: dict[str, Any], env_info: dict[str, Any], env_num: int
    ) -> dict[str, Any]:
        if self._told is None:
            return super()._add_info(vector_infos, env_info, env_num)
        self._told.append((env_info, env_num))
        return vector_infos

    def _together(self) -> dict[str, Any]:
        """Put together what was told: the same as one by one, which costs more than the steps."""
        told, self._told = self._told or [], None
        if [number for _, number in told] == list(range(self.num_envs)):
            found = _columns([info for info, _ in told])
            if found is not None:
                return found
        infos: dict[str, Any] = {}
        for info, number in told:
            infos = self._add_info(infos, info, number)
        return infos


def _columns(infos: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Turn dicts into a dict of arrays with their masks; None where their keys differ."""
    first, found, number = infos[0], dict[str, Any](), len(infos)
    if set(map(len, infos)) != {len(first)} or len(first) < 2:
        return None
    try:
        columns = zip(*map(itemgetter(*first), infos), strict=True)
    except KeyError:
        return None
    masks = np.ones((len(first), number), dtype=np.bool_)
    for (key, value), values, mask in zip(first.items(), columns, masks, strict=True):
        kind: type = type(value)
        column: Any
        if kind is dict:
            column = _columns(values)
            if column is None:
                return None
        elif kind in (bool, int, float):
            column = np.array(values, dtype=kind)
        elif kind in (list, tuple):
            column = np.fromiter(values, dtype=object, count=number)
        else:
            column = np.empty(number, dtype=object)
            column[:] = values
        found[key], found[f"_{key}"] = column, mask
    return found
