"""Rollouts: a policy plays episodes one after the other, and each is recorded.

In come a suite and a policy; out come trajectories, and a run file if one is wanted.
Next: `files`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentgym.env.tool_env import ToolEnv
from agentgym.episode import Options, Suite, load, unfit
from agentgym.errors import UsageError
from agentgym.formats import Json, Record, encode, fingerprint
from agentgym.policies import Policy, resolve
from agentgym.rng import key
from agentgym.rollout.files import Stage
from agentgym.rollout.records import record
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import AgentFacts, Trajectory
from agentgym.version import VERSION

__all__ = ["rollout"]


class _Job(Record, kw_only=True):
    """One episode of a run, before it is played."""

    task_id: str
    attempt: int
    seed: int
    trajectory_id: str


def rollout(
    domain: Suite | str | Path,
    policy: str | Policy,
    *,
    episodes: int,
    out: Path | None = None,
    split: str | None = None,
    max_turns: int | None = None,
    view: Options = None,
    name: str | None = None,
    seed: int = 0,
) -> Iterator[Trajectory]:
    """Play episodes and yield the record of each.

    Tasks are taken in their order, again and again until there are enough episodes.

    Args:
        domain: What to play.
        policy: A name (`noop`, `oracle`, `random`) or any callable of observation and info.
        episodes: How many.
        out: The run file, replaced when the run is finished; until then `<out>.part` holds
            what is done, and the same run goes on from it. Durations go to
            `<run>.timing.jsonl` beside it.
        split: Which tasks; None for all.
        max_turns: Turns after which an episode is truncated; None for as many as a task needs.
        view: How the tools are shown, as `ViewOptions.of` takes it: what it names wins over the
            options that a task has of its own; None for as the tasks say.
        name: What the policy is called in the records; None for its own name.
        seed: Seeds the policy's chances.

    Raises:
        TaskError: The split has no tasks, or the view hides what one of them needs.
        UsageError: The policy or an option of the view is unknown, `out` cannot be written, or
            its part is of another run.
    """
    if episodes < 0:
        raise UsageError("a number of episodes", found=str(episodes), where="episodes")
    suite = domain if isinstance(domain, Suite) else load(domain)
    called = name or _name(policy)
    maker = resolve(policy) if isinstance(policy, str) else None
    config: dict[str, Json] = {
        "world": suite.domain.world_hash,
        "policy": called,
        "split": split,
        "max_turns": suite.max_turns if max_turns is None else max_turns,
        "seed": seed,
    }
    shown = ViewOptions.of(view)
    if shown.changed:
        config["view"] = shown.text()
    jobs = _jobs(suite, config, episodes, split, seed)
    for task_id in dict.fromkeys(job.task_id for job in jobs):
        task = suite.task(task_id)
        error = unfit(suite.domain, task, suite.options(task, view))
        if error is not None:
            raise error
    stage = None if out is None else Stage(out, [job.trajectory_id for job in jobs])
    return _play(suite, policy, maker, jobs, stage, config, view)


def _play(
    suite: Suite,
    policy: str | Policy,
    maker: Any,
    jobs: list[_Job],
    stage: Stage | None,
    config: dict[str, Json],
    view: Options,
) -> Iterator[Trajectory]:
    done = 0
    if stage is not None:
        for trajectory in stage.finished():
            done += 1
            yield trajectory
    env = ToolEnv(suite, max_turns=config["max_turns"], view=view)
    for job in jobs[done:]:
        began = time.perf_counter()
        task = suite.task(job.task_id)
        player = policy if maker is None else maker(task, job.seed, suite.view(task, view))
        trajectory = _episode(env, suite, player, job, config)
        if stage is not None:
            stage.append(trajectory, time.perf_counter() - began)
        yield trajectory
    env.close()
    if stage is not None:
        stage.publish()


def _jobs(
    suite: Suite, config: dict[str, Json], episodes: int, split: str | None, seed: int
) -> list[_Job]:
    tasks = suite.of_split(split)
    jobs = []
    for place in range(episodes):
        task, attempt = tasks[place % len(tasks)], place // len(tasks)
        identity = encode([config, task.id, attempt])
        jobs.append(
            _Job(
                task_id=task.id,
                attempt=attempt,
                seed=key(seed, task.id, attempt),
                trajectory_id=fingerprint(identity)[:32],
            )
        )
    return jobs


def _episode(
    env: ToolEnv, suite: Suite, policy: Any, job: _Job, config: dict[str, Json]
) -> Trajectory:
    reset = getattr(policy, "reset", None)
    if callable(reset):
        reset(seed=job.seed)
    observation, info = env.reset(seed=job.seed % 2**31, options={"task_id": job.task_id})
    over = False
    while not over:
        action = policy(observation, info)
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    episode, verdict = env.episode, env.verdict
    assert episode is not None and verdict is not None
    return record(
        suite,
        episode,
        verdict,
        trajectory_id=job.trajectory_id,
        agent=AgentFacts(name=config["policy"], version=VERSION),
        config_sha256=fingerprint(encode(config)),
        seed=config["seed"],
    )


def _name(policy: str | Policy) -> str:
    if isinstance(policy, str):
        return policy
    found = getattr(policy, "__name__", None) or type(policy).__name__
    return str(found)
