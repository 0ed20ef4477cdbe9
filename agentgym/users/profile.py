"""How a user behaves, apart from what they know: mood, patience, habits.

In comes a profile in any form; out goes the record. Next: `hearing`, `agenda`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agentgym.formats import Json, Record

__all__ = ["PLAIN", "Profile", "UserOptions"]

Behaviour = Literal["vague_first"]
"""A habit: a module over dialogue acts."""


class Profile(Record, kw_only=True):
    """How a user behaves. Two users of one task know and want the same, whatever their profiles."""

    name: str = "plain"
    behaviours: tuple[Behaviour, ...] = ()
    patience: int | None = None
    """Wasted messages after which the user leaves; None: never."""

    @classmethod
    def of(cls, given: UserOptions) -> Profile:
        """Read a profile.

        Args:
            given: A profile; the name of one; a text like `patience=4,vague_first`; a mapping; None
                for the plain one.

        Raises:
            UsageError: There is no such profile or option.
        """
        if isinstance(given, Profile):
            return given
        assert given is None
        return PLAIN

    def text(self) -> str:
        """Write it as a text that `of` reads; empty for the plain one."""
        return ""


UserOptions = Profile | Mapping[str, Json] | str | None
"""How the user behaves, in any form that `Profile.of` takes."""

PLAIN = Profile()
"""Who answers what is asked, at once and in full."""
