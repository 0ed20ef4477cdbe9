"""Many domains into one folder: on all cores, resumed after any death, the same bytes always.

An `Order` says what is wanted, `Job`s are drawn one after the other, and each gives a domain
folder or a reason why it does not. Which jobs are drawn follows from the outcomes of those
before, never from when they end; so the domains are the same with 1 worker or 8. Next:
`portrait`, what is known of a domain that is there.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agentgym.errors import FormatError, UsageError
from agentgym.formats import (
    FORMAT,
    Json,
    Record,
    check_writable,
    convert,
    decode,
    encode,
    read,
    write,
)
from agentgym.scale import Ended, each
from agentgym.version import VERSION

if TYPE_CHECKING:
    from agentgym.build.one import Report as Built

__all__ = [
    "SIDE",
    "Job",
    "Made",
    "Order",
    "Outcome",
    "Report",
    "Shift",
    "outcome",
    "prepare",
    "produce",
]

ORDER, REPORT = "fleet.json", "report.json"
HOPELESS = 20
"""Jobs that end in a bug before any domain was made, after which no more are tried."""
SIDE = ".fleet"
"""Folder in that of the fleet for what only resuming needs."""


class Order(Record, kw_only=True):
    """What a fleet is made of; stands in its folder as `fleet.json`."""

    format: int = FORMAT
    generator_version: str = VERSION
    kind: str
    """`compose`, `pool`, `words`, `spider`."""
    count: int
    """How many domains are wanted."""
    seed: int
    tasks: int
    """Proved tasks of each."""
    rules: int | None = None
    """Level of the rules, 0 to 4; None: drawn for each domain."""
    options: dict[str, Json] = {}
    """What else decides the bytes: hashes of the source, thresholds."""


class Job(Record, kw_only=True):
    """One domain to be made."""

    index: int
    """From 0, in the order in which jobs are drawn."""
    name: str
    """Of the domain and its folder."""
    load: Any = None
    """What the work is done from; can be pickled."""


class Outcome(Record, kw_only=True):
    """What came of a job."""

    index: int
    name: str
    rejected: str = ""
    """Why there is no domain, one of few reasons; empty where it was made."""
    detail: str = ""
    """What a person needs to know of the rejection."""
    sizes: dict[str, int] = {}
    """`entities`, `tools`, `rows`, `rules`, `tasks`."""
    notes: tuple[str, ...] = ()
    yields: dict[str, dict[str, int]] = {}
    """As of the report, of this job."""


class Made(Record, kw_only=True):
    """Told after each job: where the work stands."""

    wanted: int
    made: int
    rejected: int
    name: str
    """The job that has just ended."""
    kept: int
    """How many of those made were there before this run."""


class Report(Record, kw_only=True):
    """What a fleet came to; stands in its folder as `report.json`."""

    format: int = FORMAT
    wanted: int
    made: int
    drawn: int
    """How many jobs there were."""
    rejected: dict[str, int] = {}
    """Reason to how many."""
    refused: dict[str, int] = {}
    """What was not even tried, by reason: structures like others, ..."""
    domains: dict[str, dict[str, int]] = {}
    """Name to sizes."""
    rejections: dict[str, str] = {}
    """Name of a rejected job to its reason and detail."""
    yields: dict[str, dict[str, int]] = {}
    """Family of tasks to how many `candidates` there were, and how many were `accepted`."""
    short: str = ""
    """Why fewer were made than wanted; empty otherwise."""


class Shift(Record, kw_only=True):
    """What only this run knows; in no file that a hash covers."""

    seconds: float
    began_with: int
    """Domains that were there before."""
    slowest: tuple[tuple[str, float], ...] = ()


def produce(
    order: Order,
    draw: Callable[[], Iterator[Job]],
    work: Callable[[tuple[Job, Order, Path]], Outcome],
    out: Path,
    *,
    workers: int,
    force: bool = False,
    prepared: bool = False,
    refused: Callable[[], dict[str, int]] = dict,
    limit_s: float | None = None,
    progress: Callable[[Made], None] = lambda made: None,
) -> tuple[Report, Shift]:
    """Make the domains of an order, or those that are still missing.

    Args:
        order: What is wanted.
        draw: Gives the jobs from the first; their names are unique and depend on the order alone.
        work: Makes the folder of one job, whole or not at all; a function at the top of a module.
        out: The folder of folders. What an earlier run of the same order left is kept.
        workers: Processes.
        force: Throw away what another order left there.
        prepared: Whether `prepare` has been called.
        refused: What was not even tried, asked once all is drawn.
        limit_s: Seconds after which one domain is given up.
        progress: Told after each job.

    Returns:
        The report, which is written too, and what only this run knows.

    Raises:
        UsageError: The folder holds something else, or a fleet of another order.
    """
    began = time.perf_counter()
    if not prepared:
        prepare(order, out, force=force)
    known = _known(out)
    shift = _Shift(order, out, known, progress)
    pending = shift.jobs(draw())
    for ended in each(work, ((job, order, out) if job else None for job in pending),
                      workers=workers, limit_s=limit_s):  # fmt: skip
        shift.end(ended)
    report = shift.report(refused())
    write(out / REPORT, msgspec.json.format(encode(report), indent=1) + b"\n")
    slowest = sorted(shift.seconds.items(), key=lambda item: (-item[1], item[0]))[:5]
    return report, Shift(
        seconds=time.perf_counter() - began, began_with=shift.kept, slowest=tuple(slowest)
    )


class _Shift:
    """One run over the jobs of an order."""

    def __init__(
        self, order: Order, out: Path, known: dict[str, Outcome], progress: Callable[[Made], None]
    ) -> None:
        self.order, self.out, self.known, self.progress = order, out, known, progress
        self.outcomes: dict[int, Outcome] = {}
        self.made = self.rejected = self.waiting = self.drawn = self.kept = 0
        self.seconds: dict[str, float] = {}
        self.short = ""
        self.bugs = 0

    def jobs(self, drawn: Iterator[Job]) -> Iterator[Job | None]:
        """Yield the jobs that are to be done; None while all that are wanted may be on the way."""
        while True:
            while self.made + self.waiting < self.order.count:
                if self.bugs >= HOPELESS and not self.made:
                    self.short = f"the first {HOPELESS} all failed, see {SIDE}/faults"
                    return
                job = next(drawn, None)
                if job is None:
                    self.short = "there is nothing left to make domains of"
                    return
                self.drawn += 1
                found = self.known.get(job.name)
                if found is not None and self._stands(found):
                    self.kept += not found.rejected
                    self._note(found)
                    continue
                self.waiting += 1
                yield job
            if not self.waiting:
                return
            yield None

    def _stands(self, outcome: Outcome) -> bool:
        return bool(outcome.rejected) or (self.out / outcome.name / "manifest.json").is_file()

    def _note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.index] = outcome
        if outcome.rejected:
            self.rejected += 1
        else:
            self.made += 1
        self.progress(
            Made(
                wanted=self.order.count, made=self.made, rejected=self.rejected,
                name=outcome.name, kept=self.kept,
            )
        )  # fmt: skip

    def end(self, ended: Ended[tuple[Job, Order, Path], Outcome]) -> None:
        """Note what came of a job, and keep it for a later run."""
        job = ended.job[0]
        self.waiting -= 1
        self.seconds[job.name] = round(ended.seconds, 3)
        outcome = ended.value
        if ended.error is not None:
            outcome = Outcome(
                index=job.index, name=job.name, rejected=f"{type(ended.error).__name__}",
                detail=str(ended.error),
            )  # fmt: skip
        elif outcome is None:
            last = ended.fault.strip().splitlines()[-1]
            self.bugs += 1
            outcome = Outcome(index=job.index, name=job.name, rejected="a bug", detail=last)
            write(self.out / SIDE / "faults" / f"{job.name}.txt", ended.fault.encode())
        write(self.out / SIDE / "outcomes" / f"{job.name}.json", encode(outcome))
        self._note(outcome)

    def report(self, refused: dict[str, int]) -> Report:
        """Say what the fleet came to."""
        listed = [self.outcomes[index] for index in sorted(self.outcomes)]
        lost = [one for one in listed if one.rejected]
        yields: dict[str, Counter[str]] = {}
        for one in listed:
            for family, counts in one.yields.items():
                yields.setdefault(family, Counter()).update(counts)
        return Report(
            wanted=self.order.count,
            made=self.made,
            drawn=self.drawn,
            rejected=dict(sorted(Counter(one.rejected for one in lost).items())),
            refused=dict(sorted(refused.items())),
            domains={one.name: one.sizes for one in listed if not one.rejected},
            rejections={one.name: f"{one.rejected}: {one.detail}" for one in lost},
            yields={family: dict(counts) for family, counts in sorted(yields.items())},
            short=self.short,
        )


def outcome(job: Job, report: Built) -> Outcome:
    """Return what came of a job, from the report of its build."""
    sizes = {
        "entities": report.entities,
        "tools": report.tools,
        "rows": report.rows,
        "rules": report.rules,
        "tasks": report.tasks,
    }
    reason, _, detail = report.rejected.partition(": ")
    return Outcome(
        index=job.index,
        name=job.name,
        rejected=reason,
        detail=detail,
        sizes=sizes,
        notes=report.shortfalls,
        yields={
            name: {"candidates": one.candidates, "accepted": one.accepted}
            for name, one in report.yields.items()
        },
    )


def prepare(order: Order, out: Path, *, force: bool) -> None:
    """Make the folder ready: empty, or holding what an earlier run of this order left.

    Raises:
        UsageError: The folder holds something else, or a fleet of another order.
    """
    if out.exists() and not out.is_dir():
        raise UsageError("a folder", found="a file", where=str(out), hint="choose another --out")
    check_writable(out / "fleet")
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if there and ORDER not in there:
        raise UsageError(
            "an empty folder, or that of a fleet",
            found=f"other files ({there[0]!r})",
            where=str(out),
            hint="choose another --out",
        )
    if there:
        differing = _differing(order, out)
        if differing and not force:
            raise UsageError(
                "the order that this fleet was begun with",
                found=differing,
                where=str(out / ORDER),
                hint="repeat its options to resume it, choose another --out, or start anew "
                "with --force",
            )
        if differing or force:
            for path in out.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in out.glob(".*"):  # what a death left half written
            if path.name != SIDE and path.is_dir():
                shutil.rmtree(path)
    write(out / ORDER, msgspec.json.format(encode(order), indent=1) + b"\n")


def _differing(order: Order, out: Path) -> str:
    """Say in what the order of the folder differs; empty where it does not."""
    try:
        old = decode(read(out / ORDER), dict[str, Json], where=str(out / ORDER))
    except FormatError as error:
        return f"a file that cannot be read ({error.found or error.expected})"
    new = decode(encode(order), dict[str, Json], where=ORDER)
    counts = old.get("count"), new.get("count")
    if isinstance(counts[0], int) and isinstance(counts[1], int) and counts[0] < counts[1]:
        old["count"] = new["count"]  # a fleet may grow: its first domains are the same
    told = [
        f"{name} {_short(old.get(name))} instead of {_short(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    return ", ".join(told)


def _short(value: Json) -> str:
    text = encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."


def _known(out: Path) -> dict[str, Outcome]:
    """Read the outcomes of earlier runs; one that cannot be read is made again."""
    found = {}
    for path in sorted((out / SIDE / "outcomes").glob("*.json")):
        try:
            value = convert(decode(read(path), Any, where=str(path)), Outcome, where=str(path))
        except FormatError:
            path.unlink()
            continue
        if not value.rejected.startswith("a bug"):
            found[value.name] = value
    return found
