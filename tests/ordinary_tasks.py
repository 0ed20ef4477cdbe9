"""Which tasks are played by the agent's own calls alone, under the tools as they are."""

from __future__ import annotations

from agentgym.tasks import Task

__all__ = ["ordinary"]

_OTHERS = frozenset({"mixed", "guided", "proactive", "jargon", "underspecified"})
"""Families in which the user acts, wants more on the way, or nobody asks; words or tools differ."""


def ordinary(task: Task) -> bool:
    """Tell whether a task has one wish, told at the start or when asked for."""
    return task.family not in _OTHERS
