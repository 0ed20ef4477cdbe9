"""Replay: a record is played again, and where it comes out differently is told."""

from __future__ import annotations

from agentgym.episode import Suite
from agentgym.episode.retrace import retrace
from agentgym.errors import TaskError
from agentgym.trajectory import Trajectory

__all__ = ["replay"]


def replay(trajectory: Trajectory, suite: Suite) -> tuple[str, ...]:
    """Play a record again and say where it comes out differently.

    Args:
        trajectory: The record.
        suite: What it was recorded in.

    Returns:
        One sentence a difference; none when every answer and every digest is the same.

    Raises:
        TaskError: The record is of another world, or of a task that is gone.
    """
    if trajectory.env.spec_sha256 != suite.domain.world_hash:
        raise TaskError(
            "a record of this world",
            found=f"one of {trajectory.env.domain}",
            where=trajectory.trajectory_id,
            hint="load the domain with which it was recorded",
        )
    events, outcome, facts = trajectory.events, trajectory.outcome, trajectory.env
    turns = max((event.turn for event in events), default=0)
    most = facts.max_turns or (turns if outcome.termination == "max_turns" else turns + 1)
    broken = outcome.failure is not None and outcome.failure.by == "environment"
    if broken:
        # What broke need not break again: the turns before it are compared.
        events = tuple(event for event in events if event.turn < turns)
    episode = suite.episode(
        trajectory.task.task_id,
        max_turns=max(2, most),
        view=facts.view,
        user=facts.user or None,
        faults=facts.faults or None,
        hints=facts.hints or None,
        seed=facts.luck,
    )
    with episode:
        found = list(retrace(episode, events))
        digest = episode.digest()
    if not broken and digest != outcome.final_state_sha256:
        found.append(f"expected digest {outcome.final_state_sha256}, found {digest}")
    return tuple(found)
