"""The gold run of a task, played once: what its calls gave, and what each of them changed.

The steps of the run and a world come in, out comes the run call by call. Next: `milestones`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from agentgym.plan.lower import Step
from agentgym.tools.algebra import AskUser
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.rows import RowChange, World

__all__ = ["Played", "play"]


class Played(NamedTuple):
    """A gold run, call by call."""

    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    changed: tuple[tuple[RowChange, ...], ...]
    """What each call changed."""
    after: tuple[tuple[RowChange, ...], ...]
    """Net changes since the start, after each call."""

    @property
    def net(self) -> tuple[RowChange, ...]:
        """Net changes of the whole run."""
        return self.after[-1] if self.after else ()


def play(engine: Engine, world: World, gold: Sequence[Step]) -> Played:
    """Play a gold run.

    Args:
        engine: Runs the tools.
        world: Stands where the task starts; it is moved.
        gold: The run. A user who is asked says yes.
    """
    asking = {tool.name for tool in engine.domain.tools if isinstance(tool.term, AskUser)}
    results: list[Result] = []
    changed: list[tuple[RowChange, ...]] = []
    after: list[tuple[RowChange, ...]] = []
    net: tuple[RowChange, ...] = ()
    for step in gold:
        revision = world.revision
        before = world.snapshot()
        result = engine.call(world, step.tool, dict(step.arguments))
        if step.tool in asking and result.ok:
            session = world.session
            world.session = replace(session, confirmed=session.confirmed + 1)
        moved: tuple[RowChange, ...] = ()
        if world.revision != revision:
            moved, net = world.diff(before), world.diff()
        results.append(result)
        changed.append(moved)
        after.append(net)
    return Played(tuple(gold), tuple(results), tuple(changed), tuple(after))
