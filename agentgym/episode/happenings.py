"""What happens of its own accord while an episode goes on: a watched stream, rows that move.

In comes the number of a turn; out come the notices that are due after it. Next: `scene`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.episode.seen import digest
from agentgym.formats import encode
from agentgym.tasks import Notice

__all__ = ["NOTHING", "Happenings"]


class Happenings:
    """All that will happen in one episode, by turn; shared by its forks, never changed."""

    def __init__(self, notices: Sequence[Notice] = ()) -> None:
        self._due: dict[int, list[Notice]] = {}
        for notice in notices:
            self._due.setdefault(notice.turn, []).append(notice)
        self._keys: dict[int, str] = {}

    def due(self, turn: int) -> Sequence[Notice]:
        """Return what comes after a turn; 0 for what comes with the first observation."""
        return self._due.get(turn, ())

    def to_come(self, turn: int) -> str:
        """Return a hash of what comes after later turns than this one; empty for nothing."""
        if all(due <= turn for due in self._due):
            return ""
        if turn not in self._keys:
            left = sorted((due, found) for due, found in self._due.items() if due > turn)
            self._keys[turn] = digest(encode(left))
        return self._keys[turn]


NOTHING = Happenings()
"""Nothing happens of its own accord."""
