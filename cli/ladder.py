"""`agentgym ladder`: how hard the tasks of a domain are for policies that need no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .check import Folder
from .console import heading, narrator, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgym.build.dials import Share

__all__ = ["ladder"]


def ladder(
    folder: Folder,
    knobs: Annotated[
        bool, typer.Option("--knobs", help="Also make tasks for each value of each knob.")
    ] = False,
    count: Annotated[int, typer.Option(min=1, help="How many tasks for each value.")] = 10,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
) -> None:
    """Show which scripted policies pass which tasks, and what each knob moves; keep nothing."""
    from agentgym.build import dials  # noqa: PLC0415 - as in `check`
    from agentgym.episode import load  # noqa: PLC0415 - as in `check`
    from agentgym.policies import LADDER  # noqa: PLC0415 - as in `check`

    tell = narrator()
    suite = load(str(folder))
    tell(f"{len(suite.tasks):,} tasks, {len(LADDER)} policies")
    found = dials.ladder(suite.domain, suite.tasks, seed=seed, progress=tell)
    turned = dials.dials(suite.domain, count=count, seed=seed, progress=tell) if knobs else ()
    tell("done")
    say(f"{suite.domain.name}: share of its {len(found.tasks):,} tasks that each policy passes")
    say("guesser looks nothing up; random calls anything; greedy makes 4 calls that the words")
    say("suggest, search 24; oracle knows the way.")
    _shares("By family", "family", found.families)
    for name, by_value in found.figures.items():
        if len(by_value) > 1:
            shares = {str(value): share for value, share in by_value.items()}
            _shares(f"By {name.replace('_', ' ')}", name.replace("_", " "), shares)
    if turned:
        heading("What a knob moves")
        table(
            ["knob", "value", "tasks", "figure", "mean"],
            [
                (
                    one.knob.replace("_", " "),
                    one.value,
                    one.tasks,
                    one.figure.replace("_", " "),
                    "none" if one.mean is None else one.mean,
                )
                for one in turned
            ],
            right=["value", "tasks", "mean"],
        )


def _shares(title: str, column: str, shares: Mapping[str, Share]) -> None:
    """Print pass rates, a row for each value."""
    heading(title)
    policies = list(next(iter(shares.values())).passed) if shares else []
    table(
        [column, "tasks", *policies],
        [
            (
                name.replace("_", " "),
                f"{share.tasks:,}",
                *(f"{share.passed[one] / share.tasks:.0%}" for one in policies),
            )
            for name, share in shares.items()
        ],
        right=["tasks", *policies],
    )
