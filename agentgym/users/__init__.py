"""Simulated users: they hold a task's facts, and tell what they are asked.

In come a script, a schema and a profile; out comes a `User`. Next: `user`, `profile`, `agenda`.
"""

from __future__ import annotations

from agentgym.schema import Schema
from agentgym.tasks import UserScript
from agentgym.users.agenda import Agenda, Knowledge
from agentgym.users.profile import PLAIN, PRESETS, Profile, UserOptions
from agentgym.users.sample import POPULATIONS, draw, sample
from agentgym.users.user import Reply, Report, User

_WHO = {
    "plain": "a customer",
    "polite": "a courteous customer",
    "casual": "a chatty customer",
    "curt": "a customer of few words, in a hurry",
}
"""Register to who a model is to speak as."""

__all__ = [
    "PLAIN",
    "POPULATIONS",
    "PRESETS",
    "Agenda",
    "Knowledge",
    "Profile",
    "Reply",
    "Report",
    "User",
    "UserOptions",
    "draw",
    "make",
    "sample",
]


def make(
    script: UserScript,
    schema: Schema,
    given: UserOptions = None,
    *,
    seed: int = 0,
    knowledge: Knowledge | None = None,
) -> User:
    """Make the user of a task.

    Args:
        script: What they know and want.
        schema: Where the labels of the facts stand.
        given: How they behave, as `Profile.of` takes it.
        seed: Of their words, and of the chances of their behaviour.
        knowledge: The same of this script and schema, prepared before: many users share one.

    Raises:
        UsageError: There is no such profile or option.
    """
    profile = Profile.of(given)
    agenda = Agenda(script, schema, profile, seed=seed, knowledge=knowledge)
    if not profile.model:
        return agenda
    # Only who has a model speak loads what reaches one.
    from agentgym.users.chat import ChatUser, client  # noqa: PLC0415
    from agentgym.users.voice import Voice  # noqa: PLC0415

    voice = Voice(
        client(profile.model, profile.url),
        script,
        schema,
        who=_WHO[profile.register],
        candidates=profile.candidates,
        seed=seed,
    )
    return ChatUser(agenda, voice)
