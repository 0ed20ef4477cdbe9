"""`agentgym rollout`: a policy plays episodes, and they are recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from agentgym import rollout as rollout_room
from agentgym.policies import NAMES
from agentgym.trajectory import Trajectory

from .check import Folder
from .console import narrator, say, table
from .tools import VIEW

__all__ = ["rollout"]


def rollout(
    folder: Folder,
    policy: Annotated[
        str, typer.Option(help=f"Who plays: {', '.join(NAMES)}.", show_default=False)
    ],
    episodes: Annotated[int, typer.Option(min=1, help="How many episodes.")] = 50,
    seed: Annotated[int, typer.Option(help="Seeds the policy's chances.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Run file to write, one episode a line.", show_default=False)
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only tasks of this split: train or test.")
    ] = None,
    max_turns: Annotated[
        int | None, typer.Option(min=2, help="Turns after which an episode is cut off.")
    ] = None,
    view: Annotated[str, typer.Option(help=VIEW)] = "",
) -> None:
    """Play episodes with a policy, record them, and print how many succeed."""
    tell = narrator()
    played = []
    for trajectory in rollout_room.rollout(
        str(folder),
        policy,
        episodes=episodes,
        out=out,
        split=split,
        max_turns=max_turns,
        view=view,
        seed=seed,
    ):
        played.append(trajectory)
        if len(played) % 25 == 0:
            tell(f"{len(played):,} of {episodes:,} episodes")
    tell("done")
    say(f"{policy} on {folder}", style="bold")
    _print(played)
    if out is not None:
        say(f"\nRecorded in {out}.")
        if any(one.outcome.status == "success" for one in played):
            say(f"Next: agentgym export {out} --format adp --out adp")


def _print(played: Sequence[Trajectory]) -> None:
    groups: dict[str, list[Trajectory]] = defaultdict(list)
    for trajectory in played:
        groups[trajectory.task.family].append(trajectory)
    rows = [_row(family, group) for family, group in sorted(groups.items())]
    table(
        ["family", "episodes", "success", "rate", "turns", "calls", "refused"],
        [*rows, _row("all", played)],
        right=["episodes", "success", "rate", "turns", "calls", "refused"],
    )


def _row(name: str, group: Sequence[Trajectory]) -> list[str]:
    won = sum(one.outcome.status == "success" for one in group)

    def mean(metric: str) -> str:
        return f"{sum(one.outcome.metrics.get(metric, 0) for one in group) / len(group):.1f}"

    return [
        name.replace("_", " "),
        f"{len(group):,}",
        f"{won:,}",
        f"{100 * won / len(group):.1f}%",
        mean("turns"),
        mean("calls"),
        mean("errors"),
    ]
