"""Runs of agents, recorded once and measured under any reward: what tests of rewards share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from agentgym.episode import Suite, load
from agentgym.episode.play import Episode
from agentgym.formats import Json
from agentgym.goals.rewards import Meter, Rewards, Score
from agentgym.goals.verdict import Verdict
from agentgym.policies.oracle import Oracle
from agentgym.prove.run import Run
from agentgym.tasks import Task

__all__ = [
    "DOMAINS",
    "Played",
    "act",
    "committed",
    "concluding",
    "gold_actions",
    "oracle",
    "script",
    "settle",
]

DOMAINS = sorted(path.parent.name for path in Path("domains").glob("*/tasks.jsonl"))
Policy = Callable[[Episode, str], Any]


class Played(NamedTuple):
    """An episode, turn by turn."""

    suite: Suite
    task: Task
    turns: tuple[dict[str, Any], ...]
    """What each turn gives a meter."""
    verdict: Verdict
    actions: tuple[Any, ...]
    limit: int

    def measured(self, reward: Rewards = None) -> tuple[list[Score], Meter]:
        """Measure it."""
        meter = self.suite.meter(self.task, reward, max_turns=self.limit)
        return [meter.step(**turn) for turn in self.turns], meter

    def total(self, reward: Rewards = None, gamma: float = 1.0) -> float:
        """Return the sum of its rewards."""
        scores, _ = self.measured(reward)
        return sum(gamma**n * score.reward for n, score in enumerate(scores))

    @property
    def terms(self) -> dict[str, float]:
        """The terms after the last turn."""
        return self.measured()[0][-1].terms

    def term(self, name: str) -> list[float]:
        """Return a term after each turn."""
        return [score.terms[name] for score in self.measured()[0]]


@cache
def committed(name: str) -> Suite:
    """Return the suite of a committed domain."""
    return load(name)


def act(suite: Suite, task: Task, policy: Policy, *, max_turns: int | None = None) -> Played:
    """Let a policy act until the episode ends.

    Args:
        suite: Of the task.
        task: What is tried.
        policy: (episode, last observation) to the next action; None to stop there.
        max_turns: Turns after which it is cut off.
    """
    episode = suite.episode(task.id, max_turns=max_turns)
    seen = episode.prompt[-1]["content"]
    turns, actions = [], []
    with episode:
        while not episode.done:
            action = policy(episode, seen)
            if action is None:
                break
            actions.append(action)
            turn = episode.act(action)
            seen = turn.observation
            turns.append(
                {
                    "done": turn.done,
                    "changes": episode.changes() if turn.wrote else None,
                    "flags": turn.flags,
                    "acts": turn.acts,
                    "said": turn.said,
                    "verdict": suite.verdict(episode) if episode.done else None,
                }
            )
        verdict = suite.verdict(episode)
        limit = episode.max_turns
    return Played(suite, task, tuple(turns), verdict, tuple(actions), limit)


def script(
    suite: Suite, task: Task, actions: Iterable[Any], *, max_turns: int | None = None
) -> Played:
    """Do actions one after the other."""
    left = iter(actions)
    return act(suite, task, lambda _, __: next(left, None), max_turns=max_turns)


def oracle(suite: Suite, task: Task) -> Played:
    """Play the gold run, dialogue included."""
    policy = Oracle(task)
    return act(suite, task, lambda episode, seen: policy(seen, {"tools": episode.tools}))


def gold_actions(task: Task) -> list[dict[str, Json]]:
    """Return the calls of the gold run, without dialogue."""
    return [{"name": step.tool, "arguments": dict(step.arguments)} for step in task.gold]


def concluding(outcome: str, answer: Json = None, reason: str = "") -> dict[str, Json]:
    """Return the call that ends an episode."""
    given: dict[str, Json] = {"outcome": outcome}
    if answer is not None:
        given["answer"] = answer
    if reason:
        given["reason"] = reason
    return {"name": "conclude", "arguments": given}


def settle(suite: Suite, task: Task, run: Run, extra: Sequence[Any] = ()) -> Played:
    """Play a run of the room that proves: its calls and its conclusion."""
    actions: list[Any] = [{"name": name, "arguments": given} for name, given in run.calls]
    actions += extra
    if run.outcome is not None and not run.truncated:
        actions.append(concluding(run.outcome, run.answer, run.reason))
        return script(suite, task, actions, max_turns=max(len(actions), 2))
    actions += ["{"] * (2 - len(actions))
    return script(suite, task, actions, max_turns=len(actions))
