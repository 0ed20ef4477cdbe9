"""A user without a language model: an agenda of facts and goals, and rules for when to tell them.

In comes what the agent says; out goes a `Reply`. `knowledge` is what a task's user knows, prepared
once; `decide` says what to do about a message (`asking`: what it asks for, `claims`: what it says
about the facts); `behaviours` are the habits of a profile; `speech` puts moves into words;
`alignment` checks every reply. Next: `agent`.
"""

from __future__ import annotations

from agentgym.users.agenda.agent import Agenda, agreed
from agentgym.users.agenda.knowledge import Knowledge
from agentgym.users.hearing import confirming
from agentgym.users.spoken import spoken

__all__ = ["Agenda", "Knowledge", "agreed", "confirming", "spoken"]
