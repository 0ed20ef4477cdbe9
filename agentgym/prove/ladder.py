"""The ladder: scripted policies try a task, from one that looks nothing up to the oracle.

In come a domain and its tasks, out goes for each a vector of who passes. It labels tasks and
admits or drops none: a task that a weak policy passes is easy, one that the oracle fails is
broken. Next: `build.report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agentgym.domain import Domain
from agentgym.episode import Suite
from agentgym.formats import Record
from agentgym.policies import LADDER, resolve
from agentgym.rng import key
from agentgym.tasks import Task

__all__ = ["Rungs", "climb"]

_TURNS = 12
"""Turns that a policy has beyond those of the gold run and the longest search."""


class Rungs(Record, kw_only=True):
    """Which policies pass a task."""

    task: str
    passed: dict[str, bool]
    """Name of the policy, one of `policies.LADDER`, to whether it passed."""

    @property
    def rung(self) -> int:
        """How many rungs one has to climb: 0 where the lowest passes, `len(LADDER)` where none."""
        return next((n for n, name in enumerate(LADDER) if self.passed[name]), len(LADDER))


def climb(domain: Domain, tasks: Sequence[Task], *, seed: int = 0) -> Iterator[Rungs]:
    """Let every policy of the ladder try every task.

    Args:
        domain: The domain.
        tasks: Its tasks.
        seed: Decides what the random policy does.

    Yields:
        A vector a task, in order; the same for the same arguments.
    """
    suite = Suite(domain, tasks)
    for task in tasks:
        passed = {name: _passes(suite, task, name, seed) for name in LADDER}
        yield Rungs(task=task.id, passed=passed)


def _passes(suite: Suite, task: Task, name: str, seed: int) -> bool:
    episode = suite.episode(task.id, max_turns=3 * len(task.gold) + 24 + _TURNS)
    policy: Any = resolve(name)(task, key(seed, task.id, name), suite.view(task))
    observation = episode.prompt[-1]["content"]
    info: dict[str, Any] = {"tools": episode.tools, "turn": 0}
    while not episode.done:
        observation = episode.act(policy(observation, info)).observation
        info = info | {"turn": info["turn"] + 1}
    success = suite.verdict(episode).success
    episode.close()
    return success
