"""`agentgym rollout`: a policy plays episodes, and they are recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from agentgym import rollout as rollout_room
from agentgym.policies import NAMES
from agentgym.trajectory import Trajectory

from .check import Folder
from .console import narrator, say, table
from .options import FAULTS_HELP, HINTS_HELP, REWARD_HELP, USER_HELP
from .tools import VIEW

__all__ = ["CIRCUMSTANCES", "rollout"]

CIRCUMSTANCES = "How it is played"


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
    group: Annotated[
        int, typer.Option(min=1, help="Episodes of one task, under the same luck, in a row.")
    ] = 1,
    user: Annotated[str, typer.Option(help=USER_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    faults: Annotated[str, typer.Option(help=FAULTS_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    hints: Annotated[str, typer.Option(help=HINTS_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    reward: Annotated[str, typer.Option(help=REWARD_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    view: Annotated[str, typer.Option(help=VIEW, rich_help_panel=CIRCUMSTANCES)] = "",
) -> None:
    """Play episodes with a policy, record them, and print how many succeed."""
    tell = narrator()
    played = []
    for trajectory in rollout_room.rollout(
        str(folder),
        policy,
        episodes=episodes,
        group=group,
        out=out,
        split=split,
        max_turns=max_turns,
        view=view,
        user=user or None,
        faults=faults or None,
        hints=hints or None,
        reward=reward or None,
        seed=seed,
    ):
        played.append(trajectory)
        if len(played) % 25 == 0:
            tell(f"{len(played):,} of {episodes:,} episodes")
    tell("done")
    say(f"{policy} on {folder}", style="bold")
    _print(played, rewarded=bool(reward))
    if out is not None:
        say(f"\nRecorded in {out}.")
        if any(one.outcome.status == "success" for one in played):
            say(f"Next: agentgym export {out} --format adp --out adp")


def _print(played: Sequence[Trajectory], *, rewarded: bool) -> None:
    groups: dict[str, list[Trajectory]] = defaultdict(list)
    for trajectory in played:
        groups[trajectory.task.family].append(trajectory)
    rows = [_row(family, group) for family, group in sorted(groups.items())]
    columns = ["family", "episodes", "success", "rate", "turns", "calls", "refused", "reward"]
    shown = [*rows, _row("all", played)]
    if not rewarded:
        columns, shown = columns[:-1], [row[:-1] for row in shown]
    table(columns, shown, right=columns[1:])
    broken = Counter(
        one.outcome.failure.code if one.outcome.failure else "unknown"
        for one in played
        if one.outcome.status == "error"
    )
    if broken:
        kinds = ", ".join(f"{code} {count:,}" for code, count in sorted(broken.items()))
        say(
            f"\nIn {broken.total():,} episodes the environment itself failed ({kinds}): "
            "they are in no rate and no mean."
        )


def _row(name: str, group: Sequence[Trajectory]) -> list[str]:
    whole = [one for one in group if one.outcome.status != "error"]
    won, counted = sum(one.outcome.status == "success" for one in whole), max(1, len(whole))

    def mean(metric: str) -> str:
        return f"{sum(one.outcome.metrics.get(metric, 0) for one in whole) / counted:.1f}"

    return [
        name.replace("_", " "),
        f"{len(group):,}",
        f"{won:,}",
        f"{100 * won / counted:.1f}%",
        mean("turns"),
        mean("calls"),
        mean("errors"),
        f"{sum(one.outcome.reward for one in whole) / counted:.3f}",
    ]
