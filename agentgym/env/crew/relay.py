"""A crew played by one mind: the front thinks, the others do what they are told.

A policy for one agent comes in; out goes one for every role of a crew. What it cannot call itself
it passes on as JSON, and what comes back is handed to it as if it had called. It shows that
whatever one agent can do, a crew can do by telling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentgym.env.crew.roles import FRONT, TELL
from agentgym.episode import parse
from agentgym.errors import UsageError
from agentgym.formats import to_text

__all__ = ["Relay"]


class Relay:
    """Plays all roles with a policy that was made for one agent.

    Args:
        policy: Maps observation and info to an action; it is asked on behalf of the front.
        owners: Tool to the role that has it, for tools that the front has not.
    """

    def __init__(
        self, policy: Callable[[str, dict[str, Any]], str], owners: dict[str, str]
    ) -> None:
        self._policy, self._owners = policy, owners
        self._told: dict[str, str] = {}
        self._left: list[str] = []
        self._back: list[str] = []

    def reset(self, *, seed: int) -> None:
        """Start again."""
        self._told, self._left, self._back = {}, [], []
        reset = getattr(self._policy, "reset", None)
        if callable(reset):
            reset(seed=seed)

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the action of the role whose turn it is."""
        role = info["role"]
        if role != FRONT:
            return self._desk(role, observation)
        speaker, _, text = observation.partition(": ")
        if speaker in info["roles"] and speaker != FRONT:
            observation = text
        if self._left:
            self._back.append(observation)
            self._left.pop(0)
            if self._left:
                return self._left[0]
            observation = self._joined()
        action = self._policy(observation, info)
        calls = parse(action).calls
        foreign = [call for call in calls if call.name in self._owners]
        if not foreign:
            return action
        self._left, self._back = [], []
        for call in calls:
            sent = to_text({"name": call.name, "arguments": call.arguments})
            if call.name in self._owners:
                to = self._owners[call.name]
                sent = to_text({"name": TELL, "arguments": {"to": to, "text": sent}})
            self._left.append(sent)
        return self._left[0]

    def _joined(self) -> str:
        back, self._back = self._back, []
        return back[0] if len(back) == 1 else "[" + ",".join(back) + "]"

    def _desk(self, role: str, observation: str) -> str:
        """Make the call that the front asked for, then tell it what came of it."""
        if self._told.pop(role, None) is not None:
            # Not as a plain text: what looks like a call would be taken for one.
            return to_text({"name": TELL, "arguments": {"to": FRONT, "text": observation}})
        speaker, _, text = observation.partition(": ")
        if speaker != FRONT:
            raise UsageError("a message of the front", found=repr(observation[:80]), where=role)
        self._told[role] = text
        return text
