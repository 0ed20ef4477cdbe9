"""Retracing: an episode is played as a record says, and where it comes out differently is told.

In come a fresh episode and the events of a record; out go sentences, none where every text, flag
and digest is the same. Next: `suite`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from agentgym.episode.parse import Attempt, Parsed
from agentgym.episode.play import Episode
from agentgym.trajectory import AssistantEvent, Event, NoticeEvent, ToolEvent

__all__ = ["actions", "retrace"]


def actions(events: Iterable[Event]) -> Iterator[Parsed]:
    """Yield what the agent did, turn by turn, as `Episode.act` takes it."""
    for event in events:
        if isinstance(event, AssistantEvent):
            calls = tuple(
                Attempt(
                    name=call.name,
                    arguments=call.arguments,
                    raw=call.raw,
                    error=call.parse_error if call.raw is not None else None,
                )
                for call in event.tool_calls
            )
            yield Parsed(calls=calls, text=event.content, reasoning=event.reasoning)


def retrace(episode: Episode, events: Sequence[Event]) -> tuple[str, ...]:
    """Play an episode as a record says.

    What a run adds to a record is not compared: rewards, and which turns are to be learnt from.

    Args:
        episode: A fresh one, with the settings under which the record was made.
        events: Of the record.

    Returns:
        One sentence a difference.
    """
    for action in actions(events):
        episode.act(action)
    found = episode.trace()
    told = [
        f"event {old.i}: expected {_brief(old)}, found {_brief(new)}"
        for old, new in zip(events, found, strict=False)
        if _plain(old) != _plain(new)
    ]
    if len(events) != len(found):
        told.append(f"expected {len(events)} events, found {len(found)}")
    return tuple(told)


def _plain(event: Event) -> Event:
    if isinstance(event, AssistantEvent):
        return replace(event, loss=True, reward=None, terms={})
    return event


def _brief(event: Event) -> str:
    if isinstance(event, ToolEvent):
        return f"{event.content[:80]!r} with state {event.state_sha256_after or 'unchanged'}"
    told = repr(event.content[:80])
    if isinstance(event, NoticeEvent):
        return f"the {event.kind} {told}"
    if isinstance(event, AssistantEvent):
        return f"the action {told} with flags {', '.join(event.flags) or 'none'}"
    return f"{told} with acts {', '.join(act.kind for act in event.acts) or 'none'}"
