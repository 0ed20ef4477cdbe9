"""Why a candidate is no task: the gate that does not hold, a code for it, and what was found."""

from __future__ import annotations

__all__ = ["RefusedError"]


class RefusedError(Exception):
    """A gate does not hold.

    Args:
        gate: Name of the gate.
        code: One or two words with `_`, the same for all refusals of one kind; reports count it.
        reason: What was found, in a few words.
    """

    def __init__(self, gate: str, code: str, reason: str) -> None:
        self.gate, self.code, self.reason = gate, code, reason
        super().__init__(f"{gate}: {reason}")

    @property
    def name(self) -> str:
        """Gate and code: `unique.several`."""
        return f"{self.gate}.{self.code}"
