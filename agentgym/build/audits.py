"""Audits: how the verifier does on runs that no gate has seen, over several domains at once.

Domain folders come in, one report goes out: the share of wrong runs that fail, the right runs that
were refused, operator by operator. Next: `cli.audit`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from agentgym import domain as domain_room
from agentgym.errors import UsageError
from agentgym.formats import Record, decode_lines, read
from agentgym.prove.audit import Audit, audit
from agentgym.tasks import Task

__all__ = ["AuditReport", "audits"]


class AuditReport(Record, kw_only=True):
    """What the verifier did with the runs of all domains."""

    seed: int
    tasks: int
    mutants: int
    """Wrong runs that were judged."""
    killed: int
    kill_rate: Decimal
    """Share of the wrong runs that failed, to six decimals, rounded down."""
    equivalent: int
    """Runs that were meant to be wrong and came to the right end: they count as right ones."""
    unsettled: int
    """Runs of which brute force could not say if they are right; they count for nothing."""
    alternatives: int
    """Right runs that are not the gold one."""
    false_rejections: int
    operators: dict[str, dict[str, int]]
    """Operator to how many of its wrong runs were judged, and how many failed."""
    kinds: dict[str, dict[str, int]]
    """Kind of right run to how many were judged, and how many were accepted."""
    domains: tuple[Audit, ...]


def audits(
    folders: Sequence[Path | str],
    *,
    seed: int = 1,
    mutants: int = 10_000,
    alternatives: int = 1_000,
    progress: Callable[[str], None] = lambda line: None,
) -> AuditReport:
    """Audit the verifier over domain folders.

    Args:
        folders: Domain folders, or names of committed domains; those without tasks are left out.
        seed: Of the runs that are drawn.
        mutants: How many wrong runs are wanted, in all.
        alternatives: How many right ones, in all.
        progress: Told a line a domain.

    Raises:
        UsageError: No folder has a task.
    """
    found: list[Audit] = []
    read_in = [(place, _tasks(place)) for place in map(domain_room.find, folders)]
    full = [(place, tasks) for place, tasks in read_in if tasks]
    if not full:
        raise UsageError("domains with tasks", found="none", where="audit")
    total = sum(len(tasks) for _, tasks in full)
    left, judged, accepted = total, 0, 0
    for place, tasks in full:
        share = Decimal(len(tasks)) / left
        found.append(
            audit(
                domain_room.load(place),
                tasks,
                seed=seed,
                mutants=_part(mutants - judged, share),
                alternatives=_part(alternatives - accepted, share),
            )
        )
        left -= len(tasks)
        judged += found[-1].mutants
        accepted += found[-1].alternatives
        progress(f"{found[-1].domain}: {judged} wrong and {accepted} right runs so far")
    return _report(found, seed)


def _tasks(place: Path) -> list[Task]:
    return list(decode_lines(read(place / "tasks.jsonl"), Task, where=f"{place}/tasks.jsonl"))


def _part(number: int, share: Decimal) -> int:
    return max(0, -int(-number * share // 1))


def _report(found: Sequence[Audit], seed: int) -> AuditReport:
    mutants = sum(one.mutants for one in found)
    killed = sum(one.killed for one in found)
    rate = Decimal(killed * 10**6 // mutants) / 10**6 if mutants else Decimal(1)
    return AuditReport(
        seed=seed,
        tasks=sum(one.tasks for one in found),
        mutants=mutants,
        killed=killed,
        kill_rate=rate,
        equivalent=sum(one.equivalent for one in found),
        unsettled=sum(one.unsettled for one in found),
        alternatives=sum(one.alternatives for one in found),
        false_rejections=sum(one.false_rejections for one in found),
        operators=_summed([one.operators for one in found]),
        kinds=_summed([one.kinds for one in found]),
        domains=tuple(found),
    )


def _summed(parts: Sequence[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for part in parts:
        for name, counts in part.items():
            found.setdefault(name, Counter()).update(counts)
    return {name: dict(counts) for name, counts in sorted(found.items())}
