"""Tasks of one family, made once a session from the committed domains, and ways to play them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from agentgym import domain as domain_room
from agentgym.build.fill import Asked, Filling
from agentgym.domain import Domain
from agentgym.episode import Episode, Suite
from agentgym.policies.oracle import Oracle
from agentgym.tasks import Task

DOMAINS = Path(__file__).resolve().parents[1] / "domains"
NAMES = ("clinic", "harbour")
Says = Callable[[str, dict[str, Any]], str]


@cache
def domain(name: str) -> Domain:
    return domain_room.load(DOMAINS / name)


@cache
def suite(name: str, family: str, count: int = 8, seed: int = 3) -> Suite:
    """Return a suite of so many tasks of one family."""
    asked = Asked(families=(family,), exact=True)
    filling = Filling(domain(name), count=count, seed=seed, max_tools=40, asked=asked)
    return Suite(domain(name), filling.run(lambda line: None).tasks)


def both(family: str) -> list[tuple[Suite, Task]]:
    """Return the tasks of a family of both domains, each with its suite."""
    return [
        (found, task) for name in NAMES for found in (suite(name, family),) for task in found.tasks
    ]


def play(episode: Episode, policy: Says) -> Episode:
    """Let a policy play an episode to its end."""
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        info = {"tools": episode.tools, "system": episode.system}
        observation = episode.act(policy(observation, info)).observation
    return episode


def won(where: Suite, task: Task, policy: Says | None = None, **options: Any) -> bool:
    """Tell whether a policy wins a task; the oracle if none is given."""
    with where.episode(task.id, **options) as episode:
        play(episode, policy or Oracle(task, view=episode.view))
        return where.verdict(episode).success
