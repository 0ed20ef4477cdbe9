"""A learner of someone else's trains on our numbered calls: stable-baselines3's PPO.

Run by `make matrix` and by a test, in an interpreter of its own (`tests/ppo_matrix.py`). Prints the
mean reward by chance and after training, and fails where the checker of stable-baselines3 has
something to say or training did not help.
"""

from __future__ import annotations

import sys
import warnings

import gymnasium
import numpy as np
from stable_baselines3 import PPO  # type: ignore[import-not-found]
from stable_baselines3.common.env_checker import check_env  # type: ignore[import-not-found]

import agentgym  # noqa: F401 - registers the ids
from agentgym.env import DiscreteCalls
from agentgym.episode import load


class Held(gymnasium.Wrapper):
    """Plays a few tasks in turn, so that a minute is enough to learn something."""

    def __init__(self, env, tasks):
        super().__init__(env)
        self.tasks, self.turn = tasks, 0

    def reset(self, *, seed=None, options=None):
        self.turn += 1
        task = self.tasks[self.turn % len(self.tasks)]
        return self.env.reset(seed=seed, options={"task_id": task, **(options or {})})


def rate(env, choose, episodes):
    """Return the mean reward of a way to choose."""
    total = 0.0
    for seed in range(episodes):
        seen, info = env.reset(seed=seed)
        over = False
        while not over:
            seen, reward, terminated, truncated, info = env.step(choose(seen, info))
            total += reward
            over = terminated or truncated
    return total / episodes


def main(steps: int = 3000) -> None:
    below = gymnasium.make("agentgym/Clinic-v1", max_turns=4, reward="format_first")
    tasks = [t.id for t in load("clinic").tasks if t.family == "lookup"]
    calls = DiscreteCalls(below)
    env = Held(calls, tasks)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(DiscreteCalls(gymnasium.make("agentgym/Domain-v0", domain="clinic")))
    draws = np.random.default_rng(0)
    before = rate(env, lambda *_: draws.integers(len(calls.tools) * calls.variants), 40)
    model = PPO(
        "MlpPolicy",
        env,
        n_steps=256,
        batch_size=64,
        gamma=0.9,
        ent_coef=0.005,
        seed=0,
        device="cpu",
    )
    model.learn(steps)
    after = rate(env, lambda seen, _: model.predict(seen, deterministic=True)[0], 10)
    print(f"mean reward by chance {before:.3f}, after {steps} steps of PPO {after:.3f}")
    sys.exit(0 if after > before else 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
