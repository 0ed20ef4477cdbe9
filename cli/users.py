"""`agentgym users`: the profiles of simulated users, and populations of them."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from agentgym.users import POPULATIONS, PRESETS, Profile, sample

from .console import facts, say, table

__all__ = ["users"]


def users(
    sampled: Annotated[
        int | None,
        typer.Option("--sample", "-n", min=0, help="Draw a population of so many.", metavar="N"),
    ] = None,
    population: Annotated[
        str, typer.Option(help=f"Of which shares: {', '.join(POPULATIONS)}.")
    ] = "everyday",
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Show how simulated users may behave, or draw a population of them, one a line."""
    if sampled is None:
        table(["profile", "how they behave"], [(one.name, _told(one)) for one in PRESETS.values()])
        say("\nIn a population:")
        facts(
            (
                name,
                ", ".join(
                    f"{one} {share / sum(shares.values()):.0%}" for one, share in shares.items()
                ),
            )
            for name, shares in POPULATIONS.items()
        )
        say("\nNext: agentgym play clinic --user difficult")
        return
    found = sample(sampled, shares=population, seed=seed)
    for profile in found:
        say(profile.text() or profile.name)
    counts = Counter(profile.name for profile in found)
    if counts:
        told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        say(f"\n{sampled} users: {told}", style="bold")


def _told(profile: Profile) -> str:
    parts = [f"{profile.register} words"]
    if profile.behaviours:
        parts.append(" ".join(profile.behaviours))
    if profile.disclosure is not None:
        parts.append(f"{profile.disclosure} fact a reply")
    if profile.confirm != "ready":
        parts.append(f"{profile.confirm} to say yes")
    parts.append("never leaves" if profile.patience is None else f"patience {profile.patience}")
    return ", ".join(parts)
