"""What an episode adds to the errors of calls, so that an agent can learn from them.

In comes why a call was refused; out goes the same with legal values and the tool that repairs it,
as far as the level of help goes. Next: `faults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agentgym.episode.view import View
from agentgym.formats import Json
from agentgym.trajectory import Fault
from agentgym.world.rows import World

__all__ = ["Coach", "Hints"]


Hints = Literal["none", "brief", "full"] | None
"""How far an episode explains errors; None: as they are."""


class Coach:
    """Explains errors, at one level of help."""

    @classmethod
    def of(cls, given: Hints) -> Coach | None:
        """Return the coach of a level; None for the errors as they are.

        Raises:
            UsageError: There is no such level.
        """
        return None if given is None else cls()

    def tell(
        self, fault: Fault, name: str, arguments: Mapping[str, Json], view: View, world: World
    ) -> Fault:
        """Return what the agent is told of an error.

        Args:
            fault: Why the call was refused.
            name: Of the shown tool that was called, or what was taken for one.
            arguments: As the agent sent them.
            view: The tools that are shown.
            world: The state, for legal values; only read.
        """
        return fault
