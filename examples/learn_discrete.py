"""A linear policy learns to use tools: REINFORCE over numbered calls, judged on held-out tasks.

The policy scores each call that may be chosen by a weighted sum of `info["action_features"]` and
draws one by softmax. Each update plays a few tasks of the training split several times, and moves
the weights along the group-normalised policy gradient (Williams 1992; the group's mean as the
baseline, as GRPO has it, Shao et al. 2024). Success on the test split, without chance, is printed
as it goes, written as JSON, and drawn.

    python examples/learn_discrete.py clinic --families lookup --out build/learn/clinic
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

import agentgym
from agentgym.env import DiscreteCalls
from agentgym.episode import load

Weights = NDArray[np.float64]


def play(
    env: DiscreteCalls, task: str, weights: Weights, draws: np.random.Generator | None
) -> tuple[float, bool, Weights]:
    """Play one task: by chance, or without it where there are no draws.

    Returns:
        The sum of rewards, whether it succeeded, and the gradient of the log-probability of what
        was chosen.
    """
    _, info = env.reset(seed=0, options={"task_id": task})
    total, gradient = 0.0, np.zeros_like(weights)
    over = False
    while not over:
        choices = np.flatnonzero(info["action_mask"])
        looks = info["action_features"][choices].astype(np.float64)
        scores = looks @ weights
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        if draws is None:
            picked = int(np.argmax(scores))
        else:
            picked = int(draws.choice(len(choices), p=shares))
        gradient += looks[picked] - shares @ looks
        _, reward, terminated, truncated, info = env.step(int(choices[picked]))
        total += reward
        over = terminated or truncated
    return total, info["outcome"] == "success", gradient


def success(env: DiscreteCalls, tasks: Sequence[str], weights: Weights) -> float:
    """Return the share of tasks that the policy wins when it takes the likeliest call."""
    return float(np.mean([play(env, task, weights, None)[1] for task in tasks]))


def chance(env: DiscreteCalls, tasks: Sequence[str], seed: int) -> float:
    """Return the share of tasks that are won by drawing among what may be chosen."""
    draws, none = np.random.default_rng(seed), np.zeros(len(agentgym.env.ACTION_FEATURES))
    return float(np.mean([play(env, task, none, draws)[1] for task in tasks for _ in range(3)]))


def learn(
    env: DiscreteCalls,
    train: Sequence[str],
    test: Sequence[str],
    *,
    updates: int,
    tasks: int = 8,
    group: int = 6,
    rate: float = 0.6,
    every: int = 3,
    seed: int = 0,
) -> tuple[Weights, list[dict[str, Any]]]:
    """Train a policy and say how it does on the way.

    Args:
        env: What to play.
        train: Ids of the tasks to learn from.
        test: Ids of the tasks that it is judged by; never learned from.
        updates: How often the weights move.
        tasks: Tasks an update.
        group: Episodes of each task.
        rate: How far the weights move.
        every: After how many updates it is judged.
        seed: Of all that is drawn.

    Returns:
        The weights, and a point of the curve for each time it was judged.
    """
    draws = np.random.default_rng(seed)
    weights = np.zeros(len(agentgym.env.ACTION_FEATURES))
    curve = [{"episodes": 0, "train": 0.0, "test": chance(env, test, seed)}]
    print(f"{'episodes':>9}  {'train':>6}  {'test':>6}")
    print(f"{0:>9}  {'':>6}  {curve[0]['test']:6.1%}  by chance")
    recent: list[bool] = []
    for update in range(1, updates + 1):
        step = np.zeros_like(weights)
        for task in draws.choice(train, min(tasks, len(train)), replace=False):
            runs = [play(env, str(task), weights, draws) for _ in range(group)]
            rewards = np.array([reward for reward, _, _ in runs])
            recent += [won for _, won, _ in runs]
            spread = rewards.std()
            if spread > 0:
                advantages = (rewards - rewards.mean()) / spread
                step += sum(a * run[2] for a, run in zip(advantages, runs, strict=True)) / group
        weights = weights + rate * step
        if update % every == 0 or update == updates:
            point = {
                "episodes": update * tasks * group,
                "train": float(np.mean(recent)),
                "test": success(env, test, weights),
            }
            recent.clear()
            curve.append(point)
            print(
                f"{point['episodes']:>9}  {point['train']:6.1%}  {point['test']:6.1%}", flush=True
            )
    return weights, curve


def draw(curve: Sequence[dict[str, Any]], title: str, path: Path) -> None:
    """Draw the curve as an SVG, the same bytes for the same curve."""
    import matplotlib as mpl  # noqa: PLC0415 - only who draws needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "agentgym"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 4))
    x = [point["episodes"] for point in curve]
    axes.plot(
        x,
        [100 * point["test"] for point in curve],
        marker="o",
        label="held-out tasks, likeliest call",
    )
    axes.plot(
        x[1:],
        [100 * p["train"] for p in curve[1:]],
        linestyle="--",
        label="training tasks, drawn calls",
    )
    axes.axhline(100 * curve[0]["test"], color="grey", linewidth=0.8, label="by chance")
    axes.set(xlabel="episodes", ylabel="success (%)", ylim=(-3, 103), title=title)
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and write `curve.json`, `weights.json` and `curve.svg`."""
    told = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("domain", help="a domain folder, or the name of a committed domain")
    parser.add_argument("--families", default="lookup", help="families of tasks, by commas")
    parser.add_argument("--updates", type=int, default=60, help="how often the weights move")
    parser.add_argument("--reward", default="sparse", help="preset of the reward")
    parser.add_argument("--max-turns", type=int, default=8, help="turns of an episode")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn")
    parser.add_argument("--out", type=Path, help="folder for curve and weights")
    given = parser.parse_args(arguments)
    below = gymnasium.make(
        "agentgym/Domain-v0", domain=given.domain, max_turns=given.max_turns, reward=given.reward
    )
    env = DiscreteCalls(below)
    wanted = set(given.families.split(","))
    chosen = [task for task in load(given.domain).tasks if task.family in wanted]
    train = [task.id for task in chosen if task.split == "train"]
    test = [task.id for task in chosen if task.split == "test"]
    if not train or not test:
        parser.error(f"expected tasks of {given.families} in both splits, found {len(chosen)}")
    actions = len(env.tools) * env.variants
    print(f"{len(train)} training tasks, {len(test)} held-out ones, {actions} actions")
    weights, curve = learn(env, train, test, updates=given.updates, seed=given.seed)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        named = dict(zip(agentgym.env.ACTION_FEATURES, map(float, weights), strict=True))
        (given.out / "weights.json").write_text(json.dumps(named, indent=1) + "\n")
        (given.out / "curve.json").write_text(json.dumps(curve, indent=1) + "\n")
        draw(curve, f"{given.families} in {Path(given.domain).name}", given.out / "curve.svg")
        print(f"wrote {given.out}/curve.json, weights.json and curve.svg")


if __name__ == "__main__":
    main()
