"""Replay: a record is played again, and where it comes out differently is told."""

from __future__ import annotations

from agentgym.episode import Attempt, Parsed, Suite
from agentgym.errors import TaskError
from agentgym.trajectory import AssistantEvent, Event, ToolEvent, Trajectory

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
    events = trajectory.events
    turns = max((event.turn for event in events), default=0)
    cut = trajectory.outcome.termination == "max_turns"
    episode = suite.episode(
        trajectory.task.task_id,
        max_turns=max(2, turns) if cut else max(2, turns + 1),
        view=trajectory.env.view,
    )
    for event in events:
        if isinstance(event, AssistantEvent):
            episode.act(_action(event))
    found = [
        f"event {old.i}: expected {_brief(old)}, found {_brief(new)}"
        for old, new in zip(events, episode.trace(), strict=False)
        if old != new
    ]
    if len(events) != len(episode.trace()):
        found.append(f"expected {len(events)} events, found {len(episode.trace())}")
    digest = episode.digest()
    if digest != trajectory.outcome.final_state_sha256:
        found.append(f"expected digest {trajectory.outcome.final_state_sha256}, found {digest}")
    episode.close()
    return tuple(found)


def _action(event: AssistantEvent) -> Parsed:
    calls = tuple(
        Attempt(
            name=call.name,
            arguments=call.arguments,
            raw=call.raw,
            error=call.parse_error if call.raw is not None else None,
        )
        for call in event.tool_calls
    )
    return Parsed(calls=calls, text=event.content, reasoning=event.reasoning)


def _brief(event: Event) -> str:
    if isinstance(event, ToolEvent):
        return f"{event.content[:80]!r} with state {event.state_sha256_after or 'unchanged'}"
    return repr(event.content[:80])
