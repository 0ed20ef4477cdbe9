"""What is wrong with a turn, seen while it is played: repeated calls, values from nowhere.

In come the calls and what was shown or told; out come the flags. Next: `feedback`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Self

from agentgym.formats import Json

__all__ = ["Watch"]


class Watch:
    """Knows what the agent has seen and done in one episode."""

    __slots__ = ()

    def told(self, text: str) -> None:
        """Note that the agent was told or shown a text."""

    def call(self, name: str, arguments: Mapping[str, Json], revision: int) -> tuple[bool, bool]:
        """Look at a call before it is made.

        Args:
            name: Of the shown tool.
            arguments: As the agent sent them.
            revision: Number of row writes so far.

        Returns:
            Whether it repeats a call since which nothing has changed, and whether it holds a value
            that nobody told or showed.
        """
        return False, False

    def fork(self) -> Self:
        """Return an independent copy in the same state."""
        return copy.copy(self)
