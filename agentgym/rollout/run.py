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
from agentgym.episode.faults import Faults
from agentgym.episode.feedback import HintOptions, Hints
from agentgym.formats import Json, encode, fingerprint
from agentgym.goals.rewards import Rewards
from agentgym.policies import Policy, resolve
from agentgym.rollout.files import Stage
from agentgym.rollout.jobs import Job, jobs
from agentgym.rollout.records import Played, record
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import AgentFacts, Trajectory
from agentgym.users import Profile, UserOptions
from agentgym.version import VERSION

__all__ = ["rollout"]


def rollout(
    domain: Suite | str | Path,
    policy: str | Policy,
    *,
    episodes: int,
    group: int = 1,
    out: Path | None = None,
    split: str | None = None,
    max_turns: int | None = None,
    view: Options = None,
    user: UserOptions = None,
    faults: Faults = None,
    hints: Hints = None,
    reward: Rewards = None,
    name: str | None = None,
    seed: int = 0,
) -> Iterator[Trajectory]:
    """Play episodes and yield the record of each.

    Tasks are taken in their order, a group of episodes each, again and again until there are
    enough. The members of a group meet the same world and the same luck of user and faults,
    whatever they do, and have a `group_id` of their own; each has its own seed of the policy.

    Args:
        domain: What to play.
        policy: A name (`noop`, `oracle`, `random`) or any callable of observation and info.
        episodes: How many in all: whole groups.
        group: How many episodes make a group.
        out: The run file, replaced when the run is finished; until then `<out>.part` holds
            what is done, and the same run goes on from it. Durations go to
            `<run>.timing.jsonl` beside it.
        split: Which tasks; None for all.
        max_turns: Turns after which an episode is truncated; None for as many as a task needs.
        view: How the tools are shown, as `ViewOptions.of` takes it: what it names wins over the
            options that a task has of its own; None for as the tasks say.
        user: How the user behaves, as `users.Profile.of` takes it, or `sample`, as `ToolEnv` does.
        faults: What goes wrong with the world, as `FaultOptions.of` takes it.
        hints: How far errors are explained.
        reward: What is rewarded, as `RewardOptions.of` takes it; None for success alone.
        name: What the policy is called in the records; None for its own name.
        seed: Of the policy's chances, and of the luck of user and faults.

    Raises:
        TaskError: The split has no tasks, or the view hides what one of them needs.
        UsageError: The policy or an option is unknown, the episodes are no whole groups, `out`
            cannot be written, or its part is of another run.
    """
    suite = domain if isinstance(domain, Suite) else load(domain)
    called = name or _name(policy)
    maker = resolve(policy) if isinstance(policy, str) else None
    env = ToolEnv(
        suite,
        max_turns=max_turns,
        view=view,
        user=user,
        faults=faults,
        hints=hints,
        reward=reward,
    )
    config = _config(env, user, group=group, split=split, policy=called, seed=seed)
    work = jobs(suite.of_split(split), config, episodes=episodes, group=group, seed=seed)
    for task_id in dict.fromkeys(job.task_id for job in work):
        task = suite.task(task_id)
        error = unfit(suite.domain, task, suite.options(task, view))
        if error is not None:
            raise error
    stage = None if out is None else Stage(out, [job.trajectory_id for job in work])
    return _play(env, policy, maker, work, stage, config, view)


def _config(
    env: ToolEnv,
    user: UserOptions,
    *,
    group: int,
    split: str | None,
    policy: str,
    seed: int,
) -> dict[str, Json]:
    """Return the settings of a run, by which it is told from others; what is not said is not in."""
    suite, settings = env.suite, env.settings
    shown, hints = ViewOptions.of(settings.view), HintOptions.of(settings.hints)
    profile = settings.user
    given: dict[str, Json] = {
        "view": shown.text() if shown.changed else "",
        "user": str(user).strip() if settings.people else "" if profile is None else profile.text(),
        "faults": settings.faults.text(),
        "hints": "" if hints is None else hints.text(),
        "reward": settings.reward.text(),
        "group": group if group > 1 else "",
    }
    return {
        "world": suite.domain.world_hash,
        "policy": policy,
        "split": split,
        "max_turns": suite.max_turns if settings.max_turns is None else settings.max_turns,
        "seed": seed,
        **{name: value for name, value in given.items() if value},
    }


def _play(
    env: ToolEnv,
    policy: str | Policy,
    maker: Any,
    work: list[Job],
    stage: Stage | None,
    config: dict[str, Json],
    view: Options,
) -> Iterator[Trajectory]:
    done = 0
    if stage is not None:
        for trajectory in stage.finished():
            done += 1
            yield trajectory
    try:
        for job in work[done:]:
            began = time.perf_counter()
            task = env.suite.task(job.task_id)
            player = policy if maker is None else maker(task, job.seed, env.suite.view(task, view))
            trajectory = _episode(env, player, job, config)
            if stage is not None:
                stage.append(trajectory, time.perf_counter() - began)
            yield trajectory
    finally:
        env.close()
    if stage is not None:
        stage.publish()


def _episode(env: ToolEnv, policy: Any, job: Job, config: dict[str, Json]) -> Trajectory:
    reset = getattr(policy, "reset", None)
    if callable(reset):
        reset(seed=job.seed)
    observation, info = env.reset(seed=job.luck, options={"task_id": job.task_id})
    scores, over = [], False
    while not over:
        observation, reward, terminated, truncated, info = env.step(policy(observation, info))
        scores.append((float(reward), info["reward_terms"]))
        over = terminated or truncated
    game = env.game
    assert game is not None
    profile: Profile | None = game.profile
    return record(
        env.suite,
        game.episode,
        game.verdict,
        trajectory_id=job.trajectory_id,
        agent=AgentFacts(name=config["policy"], version=VERSION),
        config_sha256=fingerprint(encode(config)),
        played=Played(
            seed=config["seed"],
            luck=job.luck,
            grouped="group" in config,
            user="" if profile is None else profile.text(),
            hints=config.get("hints", ""),
            reward=config.get("reward", ""),
            scores=tuple(scores),
        ),
    )


def _name(policy: str | Policy) -> str:
    if isinstance(policy, str):
        return policy
    found = getattr(policy, "__name__", None) or type(policy).__name__
    return str(found)
