"""Turns: what an agent saw before each of its actions, and the action, as messages.

A trajectory comes in; out goes one `Step` for each turn of the agent, with exactly what it was
shown. Next: `dataset`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from agentgym.episode.seen import digest, seen_before
from agentgym.trajectory import (
    AssistantEvent,
    NoticeEvent,
    ToolEvent,
    Trajectory,
    UserEvent,
)

__all__ = ["Message", "Step", "steps"]

Message = dict[str, Any]
"""A chat message in the shape that OpenAI gives it, with arguments as objects."""


class Step(NamedTuple):
    """One turn of the agent."""

    event: AssistantEvent
    observation: tuple[Message, ...]
    """What it was shown since its action before; at first system text and request."""
    action: Message
    state: str
    """Hash of all that it had been shown before, in any order, and of the rows as far as known."""
    reward: float


def steps(trajectory: Trajectory) -> list[Step]:
    """Return the turns of the agent, in order."""
    events = trajectory.events
    known, rows = seen_before(events), ""
    found = list[Step]()
    shown: list[Message] = []
    if trajectory.task.system:
        shown.append({"role": "system", "content": trajectory.task.system})
    last: AssistantEvent | None = None
    for event in events:
        if isinstance(event, AssistantEvent):
            reward = 0.0 if event.reward is None else event.reward
            state = digest(f"{next(known)} {rows}".encode())
            found.append(Step(event, tuple(shown), _action(event), state, reward))
            shown, last = [], event
        else:
            rows = getattr(event, "state_sha256_after", None) or rows
            shown += _shown(event, last)
    if found and all(step.event.reward is None for step in found):
        # A record without rewards by turn: what it earned, it earned at the end.
        found[-1] = found[-1]._replace(reward=trajectory.outcome.reward)
    return found


def _action(event: AssistantEvent) -> Message:
    """Return an action; what could not be read as a call is a part of its text."""
    texts = [event.content, *(call.raw for call in event.tool_calls if call.raw is not None)]
    message: Message = {"role": "assistant", "content": "\n\n".join(filter(None, texts))}
    if event.reasoning is not None:
        message["reasoning_content"] = event.reasoning
    calls = [call for call in event.tool_calls if call.raw is None]
    if calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in calls
        ]
    return message


def _shown(
    event: UserEvent | ToolEvent | NoticeEvent, last: AssistantEvent | None
) -> Iterator[Message]:
    """Yield what the agent sees of an event.

    What a user answers to a question that was put by a tool is seen as the result of that call.
    """
    if isinstance(event, NoticeEvent):
        yield {"role": "user", "name": "notice", "content": event.content}
    elif isinstance(event, UserEvent):
        if last is None or not last.tool_calls:
            yield {"role": "user", "content": event.content}
    elif event.requestor == "assistant":
        call = next((c for c in (last.tool_calls if last else ()) if c.id == event.call_id), None)
        if call is None or call.raw is not None:
            yield {"role": "user", "content": event.content}
        else:
            yield {
                "role": "tool",
                "tool_call_id": event.call_id,
                "name": event.name,
                "content": event.content,
            }
