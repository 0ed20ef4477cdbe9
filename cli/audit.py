"""`agentgym audit`: the verifier itself is put to the test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import facts, heading, narrator, say, table

if TYPE_CHECKING:
    from agentgym.build.audits import AuditReport

__all__ = ["audit"]


def audit(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...",
            help="Domain folders, or names of committed domains.",
            show_default=False,
        ),
    ],
    mutants: Annotated[int, typer.Option(min=1, help="How many wrong runs.")] = 10_000,
    alternatives: Annotated[int, typer.Option(min=1, help="How many right runs.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Of the runs; never that of the tasks.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Also write the report, as JSON.")] = None,
) -> None:
    """Try wrong and right runs that no gate has seen; exit 1 when one is judged wrongly."""
    from agentgym.build.audits import audits  # noqa: PLC0415 - as in `check`
    from agentgym.formats import encode, write  # noqa: PLC0415 - as in `check`

    tell = narrator()
    report = audits(
        [str(folder) for folder in folders],
        seed=seed,
        mutants=mutants,
        alternatives=alternatives,
        progress=tell,
    )
    if out is not None:
        write(out, encode(report) + b"\n")
    tell("done")
    _print(report)
    if report.killed < report.mutants or report.false_rejections:
        raise typer.Exit(1)


def _print(report: AuditReport) -> None:
    say(f"{report.tasks:,} tasks of {len(report.domains):,} domains", style="bold")
    facts(
        [
            ("wrong runs", f"{report.mutants:,}, of which {report.killed:,} failed"),
            ("kill rate", f"{report.kill_rate:.4%}"),
            ("right runs", f"{report.alternatives:,}, of which {report.false_rejections:,} failed"),
            ("not wrong after all", f"{report.equivalent:,}, counted as right runs"),
            ("not settled", f"{report.unsettled:,}, counted as neither"),
        ]
    )
    heading("Wrong runs by operator")
    _table("operator", "failed", "killed", report.operators)
    heading("Right runs by kind")
    _table("kind", "passed", "accepted", report.kinds)
    for one in report.domains:
        for finding in (*one.survivors, *one.refused):
            why = "; ".join(finding.reasons) or "a wrong run that passed"
            say(f"{finding.task}: {finding.operator.replace('_', ' ')}: {why}")


def _table(first: str, last: str, key: str, rows: dict[str, dict[str, int]]) -> None:
    table(
        [first, "runs", last],
        [
            (name.replace("_", " "), f"{found['judged']:,}", f"{found.get(key, 0):,}")
            for name, found in rows.items()
        ],
        right=["runs", last],
    )
