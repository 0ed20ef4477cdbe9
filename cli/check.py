"""`agentgym check`: every claim of a domain folder is computed again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import heading, narrator, say, table

if TYPE_CHECKING:
    from agentgym.prove.audit import Checked

__all__ = ["Folder", "check"]

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="A domain folder, or a committed domain's name.", show_default=False
    ),
]


def check(
    folder: Folder,
    view: Annotated[
        str,
        typer.Option(
            help="Also name the tasks that a view cannot serve; as in `agentgym play --view`."
        ),
    ] = "",
    faults: Annotated[
        str,
        typer.Option(
            help="Also win every task under faults of the world, with three seeds; as in "
            "`agentgym rollout --faults`."
        ),
    ] = "",
    brute_force: Annotated[
        bool,
        typer.Option(
            "--brute-force",
            help="Also check each certificate by other means: uniqueness in SQL, and the fewest "
            "calls by exhaustive search where the world is small.",
        ),
    ] = False,
) -> None:
    """Recompute every certificate and hash of a domain; exit 0 when all hold, else 1."""
    from agentgym.build import one  # noqa: PLC0415 - its word lists take seconds, and other commands do not need it

    tell = narrator()
    report = one.check(str(folder), view=view, brute=brute_force, progress=tell)
    tell("done")
    if not report.problems:
        say(f"{report.name}: all {report.tasks:,} tasks hold, no file is stale")
    else:
        say(f"{report.name}: {len(report.problems):,} problems", style="bold")
        for problem in report.problems:
            say(f"  {problem}")
    if report.brute is not None:
        _print(report.brute)
    if report.unserved:
        say(f"The view cannot serve {len(report.unserved):,} of {report.tasks:,} tasks:")
        for lost in report.unserved:
            say(f"  {lost}")
    elif view:
        say(f"The view serves all {report.tasks:,} tasks.")
    if report.problems:
        say(f"After an edit that was meant, run: agentgym seal {folder}")
    weathered = not faults or not report.ok or _weathered(folder, faults, view)
    if not report.ok or not weathered:
        raise typer.Exit(1)


def _weathered(folder: Path, faults: str, view: str) -> bool:
    """Win each task under faults, print what it met, and say whether all were won."""
    from agentgym.episode import load  # noqa: PLC0415 - as above
    from agentgym.prove.weathered import proved_under  # noqa: PLC0415 - as above

    suite = load(str(folder))
    played = list(proved_under(suite, [faults], seeds=range(3), view=view or None))
    lost = [one for one in played if not one.won]
    met: Counter[str] = Counter()
    for one in played:
        met.update(one.met)
    struck = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in sorted(met.items()))
    say(
        f"Under {faults}: {len(played) - len(lost):,} of {len(played):,} episodes won "
        f"by who retries, waits and reads back; met: {struck or 'nothing'}."
    )
    for one in lost:
        why = one.failure.message if one.failure is not None else one.trouble
        say(f"  {one.task_id} with seed {one.seed}: {why}")
    return not lost


def _print(found: Checked) -> None:
    """Print what other means than the gates found, a row for each family."""
    heading("By other means")
    columns = ["family", "certificates", "SQL agrees", "calls searched", "unknown", "too large"]
    table(
        columns,
        [
            (
                name.replace("_", " "),
                f"{one.tasks:,}",
                f"{one.agreed:,}",
                f"{one.searched:,}",
                f"{one.open:,}",
                f"{one.tasks - one.searched - one.open:,}",
            )
            for name, one in found.families.items()
        ],
        right=columns[1:],
    )
    say(f"{found.selects:,} sets of rows were counted in SQL, {len(found.wrong):,} certificates")
    say("do not hold. Unknown: the search came to its cap. Too large: there are too many rows to")
    say("search, or the task writes.")
