"""Which faults the world has, and how often.

Next: `weather`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.formats import Json, Record

__all__ = ["CALM", "FaultOptions", "Faults"]


class FaultOptions(Record, kw_only=True):
    """How often each kind of fault strikes: a share of calls, 0.0 to 1.0."""

    timeout: float = 0.0

    @classmethod
    def of(cls, given: Faults) -> FaultOptions:
        """Read options.

        Args:
            given: Options; the name of a preset; a text like `timeout=0.05,stale=0.1`; a mapping;
                None for no faults.

        Raises:
            UsageError: There is no such preset or kind, or a share is out of range.
        """
        if isinstance(given, FaultOptions):
            return given
        assert given is None
        return CALM

    def __bool__(self) -> bool:
        """Whether there are any faults."""
        return self.timeout > 0

    def text(self) -> str:
        """Write them as a text that `of` reads; empty for none."""
        return ""


Faults = FaultOptions | Mapping[str, Json] | str | None
"""Which faults there are, in any form that `FaultOptions.of` takes."""

CALM = FaultOptions()
"""No faults."""
