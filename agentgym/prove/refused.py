"""Why a candidate is no task: the gate that does not hold, and what was found there."""

from __future__ import annotations

__all__ = ["RefusedError"]


class RefusedError(Exception):
    """A gate does not hold.

    Args:
        gate: Name of the gate.
        reason: What was found.
    """

    def __init__(self, gate: str, reason: str) -> None:
        self.gate, self.reason = gate, reason
        super().__init__(f"{gate}: {reason}")
