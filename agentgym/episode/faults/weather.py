"""The weather of one episode: what goes wrong with a call, though the agent did nothing wrong.

In comes a call; out comes what the agent is shown of it, and what truly came of it.
Next: `happenings`.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping
from typing import Self

from agentgym.episode.faults.options import FaultOptions
from agentgym.formats import Json, Record
from agentgym.tasks import Notice, Task
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["Weather", "Weathered"]


class Weathered(Record, kw_only=True):
    """What came of a call."""

    result: Result
    """As it is shown."""
    whole: Result | None = None
    """What truly came of it, for trace and verdict, where that is something else."""
    fault: str | None = None
    """Kind of the fault, if there was one."""


class Weather:
    """Faults, by seed and event: the k-th identical call meets the same in every episode.

    Args:
        options: Which faults, and how often.
        task: What is played.
        seed: Of the faults.
    """

    def __init__(self, options: FaultOptions, task: Task, seed: int) -> None:
        self._options, self._task, self._seed = options, task, seed

    def notices(self) -> tuple[Notice, ...]:
        """Return what happens to the rows and rules mid-way; drawn once an episode."""
        return ()

    def call(
        self, engine: Engine, world: World, name: str, arguments: Mapping[str, Json]
    ) -> Weathered:
        """Make a call of one of the domain's tools, in this weather."""
        return Weathered(result=engine.call(world, name, arguments))

    def fork(self) -> Self:
        """Return an independent copy in the same state."""
        return copy.copy(self)

    def state(self) -> Hashable:
        """Return all that the faults from here on depend on."""
        return None
