"""Policies: whatever maps an observation to an action, and some that need no model.

A policy sees the observation text and `info` of the environment, nothing else; only
the oracle is made from the task, to show that the task can be done. Next: `rollout`.
"""

from __future__ import annotations

from typing import Any, Protocol

from agentgym.episode.view import View
from agentgym.errors import UsageError, nearest
from agentgym.policies.oracle import Oracle
from agentgym.policies.scripted import Noop, RandomLegal
from agentgym.policies.seeker import Guesser, Seeker
from agentgym.policies.steadfast import Steadfast
from agentgym.tasks import Task

__all__ = [
    "LADDER",
    "NAMES",
    "Guesser",
    "Maker",
    "Noop",
    "Oracle",
    "Policy",
    "RandomLegal",
    "Seeker",
    "Steadfast",
    "resolve",
]


class Policy(Protocol):
    """Anything that can be called so; a plain function will do.

    A policy that keeps something between turns may have a method `reset(*, seed: int)`,
    which is called before each episode.
    """

    def __call__(self, observation: str, info: dict[str, Any], /) -> str:
        """Choose the next action.

        Args:
            observation: What the agent sees: at first the user's request.
            info: As `ToolEnv` gives it; `info["tools"]` are the tools, in OpenAI form.

        Returns:
            A call in any of the usual forms, several, or a message to the user.
        """
        ...


class Maker(Protocol):
    """Makes the policy for one episode."""

    def __call__(self, task: Task, seed: int, /, view: View | None = None) -> Policy:
        """Make it from the task, a seed and, where they are not as they are, the shown tools."""
        ...


_MAKERS: dict[str, Maker] = {
    "greedy": lambda _task, _seed, view=None: Seeker(calls=4),
    "guesser": lambda _task, _seed, view=None: Guesser(),
    "noop": lambda _task, _seed, view=None: Noop(),
    "oracle": lambda task, _seed, view=None: Oracle(task, view=view),
    "random": lambda _task, seed, view=None: RandomLegal(seed=seed),
    "search": lambda _task, _seed, view=None: Seeker(calls=24),
    "steadfast": lambda task, _seed, view=None: Steadfast(task, view=view),
}

LADDER = ("guesser", "random", "greedy", "search", "oracle")
"""Policies from the one that looks nothing up to the one that knows the way: what a task is
measured on."""
NAMES = tuple(sorted(_MAKERS))
"""The names that `resolve` knows."""


def resolve(name: str) -> Maker:
    """Return what makes the policies of that name, one of `NAMES`.

    Raises:
        UsageError: There is no such policy; says which was probably meant.
    """
    maker = _MAKERS.get(name)
    if maker is None:
        raise UsageError("a policy", found=repr(name), hint=nearest(name, NAMES))
    return maker
