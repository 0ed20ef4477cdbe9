"""Jobs: which episodes a run plays, in which groups, with whose luck.

In come the tasks and how many episodes; out goes one `Job` an episode, in order. All members of
a group play one task in one world with one luck of user and faults, whatever they do; only the
seed of the policy is each one's own. Next: `records`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.errors import UsageError
from agentgym.formats import Json, Record, encode, fingerprint
from agentgym.rng import key
from agentgym.tasks import Task

__all__ = ["Job", "jobs"]


class Job(Record, kw_only=True):
    """One episode of a run, before it is played."""

    task_id: str
    seed: int
    """Of the policy's chances."""
    luck: int
    """Of the episode: of user and faults."""
    trajectory_id: str


def jobs(
    tasks: Sequence[Task], config: Mapping[str, Json], *, episodes: int, group: int, seed: int
) -> list[Job]:
    """Return the jobs of a run.

    Tasks are taken in their order, a group of episodes each, again and again until there are
    enough. What the n-th group of a task is like does not depend on how large groups are: its
    first member is the n-th episode of the task in a run without groups.

    Args:
        tasks: What is played.
        config: The settings of the run; ids are made from them.
        episodes: How many in all: whole groups.
        group: Members of a group.
        seed: Of the run.

    Raises:
        UsageError: There are fewer than 0 episodes or no members, or a group would be broken off.
    """
    if episodes < 0:
        raise UsageError("a number of episodes", found=str(episodes), where="episodes")
    if group < 1:
        raise UsageError("at least 1 member", found=str(group), where="group")
    if episodes % group:
        lower = episodes - episodes % group
        raise UsageError(
            f"whole groups: a multiple of {group}",
            found=str(episodes),
            where="episodes",
            hint=f"use {lower} or {lower + group}" if lower else f"use {group}",
        )
    found = []
    for place in range(episodes):
        number, member = divmod(place, group)
        task, attempt = tasks[number % len(tasks)], number // len(tasks)
        luck = key(seed, task.id, attempt)
        names = [task.id, attempt, member] if group > 1 else [task.id, attempt]
        found.append(
            Job(
                task_id=task.id,
                seed=key(seed, task.id, attempt, member) if member else luck,
                luck=luck % 2**31,
                trajectory_id=fingerprint(encode([config, *names]))[:32],
            )
        )
    return found
