"""Proof under faults: a task is played by a policy that reacts rightly, and has to be won.

In come a suite, a task and faults; out goes what was met on the way and whether the task was won.
Episodes start no task that faults make unsolvable, by construction (`episode.faults.climate`);
here that is executed. Next: `audit`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from agentgym.episode import Options, Suite
from agentgym.episode.failing import of_exception, why
from agentgym.episode.faults import FaultOptions, Faults
from agentgym.formats import Record
from agentgym.policies import Policy, Steadfast
from agentgym.tasks import Task
from agentgym.trajectory import Failure, NoticeEvent, ToolEvent

__all__ = ["Weathering", "proved_under", "under_faults"]


class Weathering(Record, kw_only=True):
    """How a task went under faults."""

    task_id: str
    faults: str
    """As `FaultOptions.of` takes them."""
    seed: int
    won: bool
    turns: int
    max_turns: int
    met: dict[str, int] = {}
    """Kind of fault to how many calls it struck; `notices` that something happened by itself."""
    failure: Failure | None = None
    """Why it was not won."""
    trouble: str = ""
    """Where the policy gave up."""


def under_faults(
    suite: Suite,
    task: Task,
    faults: Faults,
    *,
    seed: int = 0,
    view: Options = None,
    max_turns: int | None = None,
    policy: Policy | None = None,
) -> Weathering:
    """Play a task under faults and say whether it was won.

    Args:
        suite: Where the task is from.
        task: The task.
        faults: What goes wrong.
        seed: Of the episode.
        view: How the tools are shown.
        max_turns: After how many turns it is cut off; None for as many as it needs.
        policy: Who plays; None for the reference, `policies.Steadfast`.
    """
    player: Any = policy or Steadfast(task, view=suite.view(task, view))
    episode = suite.episode(task.id, faults=faults, seed=seed, view=view, max_turns=max_turns)
    with episode:
        info, observation = {"tools": episode.tools}, episode.prompt[-1]["content"]
        failure = None
        try:
            while not episode.done:
                observation = episode.act(player(observation, info)).observation
            failure = why(episode, suite.verdict(episode))
        except Exception as error:  # noqa: BLE001 - whatever it is, the task was not won
            failure = of_exception(error)
        met = Counter(
            event.fault if isinstance(event, ToolEvent) else "notices"
            for event in episode.trace()
            if isinstance(event, NoticeEvent) or (isinstance(event, ToolEvent) and event.fault)
        )
        return Weathering(
            task_id=task.id,
            faults=_text(faults),
            seed=seed,
            won=failure is None,
            turns=episode.turn,
            max_turns=episode.max_turns,
            met={str(kind): met[kind] for kind in sorted(met, key=str)},
            failure=failure,
            trouble=getattr(player, "trouble", ""),
        )


def proved_under(
    suite: Suite,
    faults: Iterable[Faults],
    *,
    seeds: Iterable[int] = (0,),
    tasks: Iterable[Task] | None = None,
    view: Options = None,
) -> Iterator[Weathering]:
    """Play tasks under each of some faults with each of some seeds; yield how each went.

    Args:
        suite: Where the tasks are from.
        faults: What goes wrong.
        seeds: Of the episodes.
        tasks: Which; None for all.
        view: How the tools are shown.
    """
    chosen, seeded = tuple(suite.tasks if tasks is None else tasks), tuple(seeds)
    for each in faults:
        for seed in seeded:
            for task in chosen:
                yield under_faults(suite, task, each, seed=seed, view=view)


def _text(faults: Faults) -> str:
    return faults if isinstance(faults, str) else FaultOptions.of(faults).text()
