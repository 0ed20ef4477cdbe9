"""Moments of an episode: kept, gone back to, and told apart.

A `Moment` holds all that an episode is made of at one point, for good; a `StateKey` says in two
hashes what is known and what is so. In come the parts of a scene; nothing here changes them.
Next: `scene`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from agentgym.episode.log import MAX_SHOWN, Answered, Line, Noticed, Single, cut
from agentgym.episode.seen import Seen, digest
from agentgym.formats import encode
from agentgym.world.rows import Snapshot

__all__ = ["Moment", "StateKey", "deeds_key", "full", "seen"]


_PLAIN = frozenset({type(None), bool, int, float, str})


class Moment:
    """One moment of an episode; valid for good, in whatever order moments are gone back to.

    Made by `Episode.snapshot`; for `Episode.restore` of any episode of the same suite, and for
    `Episode.at`. Holds no world, and keeps none alive.
    """

    __slots__ = ("rows", "state")

    def __init__(self, rows: Snapshot, state: Mapping[str, Any]) -> None:
        self.rows = rows
        """The rows, with clock, counters and session."""
        self.state = state
        """Everything else by its name on the scene; to be read only."""

    def __repr__(self) -> str:
        return f"<Moment of {self.state['task_id']}: turn {self.state['turn']}>"


class StateKey(NamedTuple):
    """Where an episode stands, as two hashes of 32 hex digits."""

    seen: str
    """Of what the agent has been shown (see `Seen`), among episodes of one task and view."""
    full: str
    """Of all that matters from here on: two episodes of one task with the same hash answer the same
    actions with the same turns, and are judged alike. The way to it does not count, but for which
    calls were made and what they gave, since the verdict asks for evidence."""


def seen(log: Iterable[Line]) -> str:
    """Return the hash of what an agent has been shown."""
    found = Seen()
    for line in log:
        if isinstance(line, Single):
            text = line.text
            shown = text if len(text) <= MAX_SHOWN else cut(text, MAX_SHOWN)
            found.gave(line.name, line.arguments, None, shown)
        elif isinstance(line, Answered):
            if not line.user:
                text, call = line.text, line.call
                shown = text if line.shown == len(text) else cut(text, line.shown)
                found.gave(call.name, call.arguments, call.raw, shown)
        elif isinstance(line, Noticed):
            found.told(line.kind, line.content)
        elif line.user:
            found.told("user", line.content)
    return found.hash()


def deeds_key(log: Iterable[Line]) -> list[str]:
    """Return the calls with all that they gave, each once: what the verdict reads of a log."""
    found = set[bytes]()
    for line in log:
        if isinstance(line, Single):
            text, failed = line.text, line.code
            if line.whole is not None:
                text, failed = line.whole, None
            found.add(encode([line.name, line.arguments, text, failed, list(line.breaches)]))
        elif isinstance(line, Answered) and not line.user:
            tool, arguments = line.call.name, line.call.arguments
            if line.deed is not None:
                tool, arguments = line.deed.tool, line.deed.arguments
            text, failed = line.text, line.code
            if line.whole is not None:
                text, failed = line.whole, None
            found.add(encode([tool, arguments, text, failed, list(line.breaches)]))
    return sorted(call.decode() for call in found)


def _canonical(value: Any) -> Any:
    """Return a value as JSON that is the same for equal values, whatever order sets are in.

    Raises:
        TypeError: It is nothing that a state is made of.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in (tuple, list):
        return [one if type(one) in _PLAIN else _canonical(one) for one in value]
    if kind in (frozenset, set):
        if not all(type(one) is str for one in value):
            value = [encode(_canonical(one)).decode() for one in value]
        return ["set", *sorted(value)]
    if isinstance(value, Mapping):
        named = ((encode(_canonical(name)).decode(), one) for name, one in value.items())
        return ["map", *sorted((name, encode(_canonical(one)).decode()) for name, one in named)]
    if isinstance(value, msgspec.Struct):
        parts = (getattr(value, name) for name in value.__struct_fields__)
        return [kind.__name__, *map(_canonical, parts)]
    if isinstance(value, tuple):
        return [kind.__name__, *map(_canonical, value)]
    if isinstance(value, str | Decimal | bytes | date | Enum):
        return [kind.__name__, str(value)]
    raise TypeError(f"expected a value that a state is made of, found {kind.__name__}")


def full(parts: Sequence[object]) -> str:
    """Return the hash of the parts of a state."""
    return digest(encode(_canonical(parts)))
