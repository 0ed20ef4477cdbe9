"""What an agent has been shown, as a hash: equal where it knows the same.

In come results of calls and words of user and world, from an episode or from its record; out goes
the hash. Next: `moment`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from agentgym.formats import Json, encode
from agentgym.trajectory import AssistantEvent, Call, Event, ToolEvent, UserEvent

__all__ = ["Seen", "digest", "seen_before"]


class Seen:
    """Collects what an agent is shown.

    What different calls gave may have come in any order; what one call gave counts each time that
    it was something else than the time before. What the agent itself said is left out.
    """

    __slots__ = ("_given", "_told")

    def __init__(self) -> None:
        self._given: dict[bytes, list[str]] = {}
        self._told: list[tuple[str, str]] = []

    def gave(self, name: str, arguments: Mapping[str, Json], raw: str | None, text: str) -> None:
        """Note what a call gave.

        Args:
            name: Of the shown tool.
            arguments: As sent.
            raw: The unread text, where it was no call.
            text: As shown.
        """
        found = self._given.setdefault(encode([name, arguments, raw]), [])
        if not found or found[-1] != text:
            found.append(text)

    def told(self, kind: str, text: str) -> None:
        """Note what somebody said: `user`, or the kind of a notice."""
        self._told.append((kind, text))

    def hash(self) -> str:
        """Return the hash of it all: 32 hex digits."""
        given = [[call.decode(), texts] for call, texts in sorted(self._given.items())]
        return digest(encode([given, self._told]))


def digest(content: bytes) -> str:
    """Return a hash of bytes: 32 hex digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def seen_before(events: Iterable[Event]) -> Iterator[str]:
    """Yield the hash of what the agent had been shown, once for each `AssistantEvent`.

    Args:
        events: Of one record.
    """
    found, calls = Seen(), dict[str, Call]()
    for event in events:
        if isinstance(event, AssistantEvent):
            yield found.hash()
            calls.update((call.id, call) for call in event.tool_calls)
        elif isinstance(event, ToolEvent):
            call = calls.get(event.call_id)
            if event.requestor == "assistant" and call is not None:
                found.gave(call.name, call.arguments, call.raw, event.content)
        elif isinstance(event, UserEvent):
            found.told("user", event.content)
        else:
            found.told(event.kind, event.content)
