"""Tasks of every family, drawn and proved in one of our own domains."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from strategies_tasks import own_domain

from agentgym import rng
from agentgym.plan import FAMILIES
from agentgym.prove import Prover, RefusedError
from agentgym.tasks import Task
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.sample import Sampler


def candidates(prover: Prover, family: str, most: int) -> Iterator[Candidate]:
    """Draw candidates of a family."""
    sampler = Sampler(prover.tables, prover.domain.tools, prover.domain.rules)
    for number in range(most):
        found = sampler.draw(family, rng.stream("test", family, number))
        if found is not None:
            yield found


@cache
def sampled(name: str, each: int = 2) -> tuple[Prover, dict[str, tuple[Task, ...]]]:
    """Prove a few tasks of each family that the domain can carry."""
    prover = Prover(own_domain(name))
    made: dict[str, tuple[Task, ...]] = {}
    for family in FAMILIES:
        found: list[Task] = []
        for candidate in candidates(prover, family, 24):
            if len(found) == each:
                break
            try:
                task = prover.admit(candidate, task_id=f"{family}/{len(found)}", seed=0)
            except RefusedError:
                continue
            found.append(task)
        made[family] = tuple(found)
    return prover, made


def every(name: str) -> tuple[Prover, list[Task]]:
    """Return the tasks of all families together, but for those in which nobody asks.

    These are played turn by turn, and have gates of their own: see tests/watching.
    """
    prover, made = sampled(name)
    return prover, [task for tasks in made.values() for task in tasks if not task.stream]
