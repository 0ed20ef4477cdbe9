"""Simulated users: they hold a task's facts, and tell what they are asked."""

from __future__ import annotations

from agentgym.schema import Schema
from agentgym.tasks import UserScript
from agentgym.users.agenda import Agenda
from agentgym.users.profile import PLAIN, Profile, UserOptions
from agentgym.users.user import Reply, Report, User

__all__ = ["PLAIN", "Agenda", "Profile", "Reply", "Report", "User", "UserOptions", "make"]


def make(script: UserScript, schema: Schema, given: UserOptions = None, *, seed: int = 0) -> User:
    """Make the user of a task.

    Args:
        script: What they know and want.
        schema: Where the labels of the facts stand.
        given: How they behave, as `Profile.of` takes it.
        seed: Of the chances of their behaviour.

    Raises:
        UsageError: There is no such profile or option.
    """
    Profile.of(given)
    return Agenda(script, schema)
