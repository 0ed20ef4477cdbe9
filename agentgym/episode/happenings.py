"""What happens of its own accord while an episode goes on: a watched stream, rows that move.

In comes the number of a turn; out come the notices that are due after it. Next: `play`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.tasks import Notice

__all__ = ["Happenings"]


class Happenings:
    """All that will happen in one episode, by turn; shared by its forks, never changed."""

    def __init__(self, notices: Sequence[Notice] = ()) -> None:
        self._due: dict[int, list[Notice]] = {}
        for notice in notices:
            self._due.setdefault(notice.turn, []).append(notice)

    def due(self, turn: int) -> Sequence[Notice]:
        """Return what comes after a turn; 0 for what comes with the first observation."""
        return self._due.get(turn, ())
