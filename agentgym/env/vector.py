"""Many episodes at once in one process: what `gymnasium.make_vec` makes of our ids.

Episodes cost microseconds a step, so that processes would only slow them down;
`AsyncVectorEnv` works too, text for text.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gymnasium.vector import AutoresetMode, SyncVectorEnv

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
