"""Tasks in which the user has to be asked, looked up or listened to, drawn and proved."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace
from strategies_tasks import own_domain

from agentgym import rng
from agentgym.domain import Domain
from agentgym.episode import Episode, Suite
from agentgym.policies import resolve
from agentgym.prove import Prover, RefusedError
from agentgym.tasks import Task
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.sample import Sampler
from agentgym.tools.algebra import LookUpTerm
from agentgym.tools.derive import glossary_tool


@cache
def worded_domain(name: str) -> Domain:
    """Return one of our own domains, with a glossary."""
    domain = own_domain(name)
    words = glossary_tool(domain.schema, domain.rows)
    there = any(isinstance(tool.term, LookUpTerm) for tool in domain.tools)
    if words is None or there:
        return domain
    return replace(domain, tools=(*domain.tools, words))


@cache
def prover_of(name: str) -> Prover:
    """Return what proves tasks of a domain with a glossary."""
    return Prover(worded_domain(name))


@cache
def drawn(
    name: str, family: str, count: int = 24, knobs: Knobs | None = None
) -> tuple[tuple[Task, ...], int]:
    """Draw candidates of a family; returns the tasks that hold, and how many were drawn."""
    prover = prover_of(name)
    domain = prover.domain
    sampler = Sampler(
        prover.tables, domain.tools, domain.rules, now=domain.clock.start, domain=domain
    )
    found: list[Task] = []
    candidates = 0
    for number in range(count):
        candidate = sampler.draw(family, rng.stream("talk", family, number), knobs)
        if candidate is None:
            continue
        candidates += 1
        try:
            found.append(
                prover.admit(candidate, task_id=f"{domain.id}/{number + 1:04d}", seed=number)
            )
        except RefusedError:
            continue
    return tuple(found), candidates


def played(suite: Suite, task: Task, name: str, seed: int = 0) -> Episode:
    """Play a task to its end with a policy that has a name."""
    episode = suite.episode(task.id, seed=seed)
    policy = resolve(name)(task, seed, view=episode.view)
    if hasattr(policy, "reset"):
        policy.reset(seed=seed)
    seen, info = episode.prompt[-1]["content"], {"tools": episode.tools}
    while not episode.done:
        seen = policy(seen, info) if not episode.done else ""
        seen = episode.act(seen).observation
    return episode


def shares(name: str, tasks: tuple[Task, ...]) -> dict[str, int]:
    """Count the tasks that each of three policies passes."""
    suite = Suite(worded_domain(name), tasks)
    return {
        policy: sum(suite.verdict(played(suite, task, policy)).success for task in tasks)
        for policy in ("oracle", "noop", "random")
    }
