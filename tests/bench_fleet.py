"""Measure fleets: domains from nothing, from a pool of API descriptions, from a large database.

    python tests/bench_fleet.py [--count 1000] [--pool FOLDER] [--domains 1000] [--checked 40]

Prints each figure beside its bar, with the memory; exits 1 where a bar is missed. What is not
there (a pool, a PostgreSQL server) is named and left out.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from agentgym.build import one
from agentgym.build.fleet.composed import make_composed
from agentgym.build.fleet.engine import Report, Shift
from agentgym.build.fleet.pooled import make_pool
from agentgym.build.fleet.portrait import Portrait
from agentgym.build.fleet.summary import summarise, survey
from agentgym.rng import stream
from agentgym.scale import cores

MISSED: list[str] = []


def line(what: str, found: float, bar: float, unit: str, *, most: bool = False) -> None:
    """Print a figure beside its bar, and note where it is missed."""
    good = found <= bar if most else found >= bar
    sign = "at most" if most else "at least"
    print(f"  {what:<52}{found:>12,.2f} {unit:<8} {sign} {bar:>9,.2f}  {'' if good else 'MISSED'}")
    if not good:
        MISSED.append(what)


def memory() -> tuple[float, float]:
    """Return the largest memory of this process and of one of its workers so far, in GB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return own / 1e6, workers / 1e6


def composed(out: Path, count: int, checked: int) -> None:
    """Compose a fleet and hold it against what is promised of 1,000 domains."""
    print(f"\ncompose: {count:,} domains of 10 tasks, {cores()} cores")
    report, shift = make_composed(out, count=count, tasks=10, seed=7)
    _made(report, shift, count)
    line("seconds", shift.seconds, 600 * count / 1000, "s", most=True)
    found = survey(out)
    summary = summarise(found)
    portraits = [one for one in found.portraits if one.health == "sound"]
    distances = summary.nearest
    line("structurally distinct", summary.structures, count, "domains")
    line("edits to the nearest, median", distances.median if distances else 0, 3, "edits")
    combinations = Counter(one.tags.get("patterns", "") for one in portraits)
    share = 100 * max(combinations.values()) / len(portraits)
    line("share of the most frequent combination", share, max(2.0, 200 / count), "%", most=True)
    for name, bar in (("tools", 30), ("entities", 8), ("rows", 300)):
        mean = statistics.fmean(one.sizes[name] for one in portraits)
        line(f"{name} of a domain, mean", mean, bar, "")
    few = [one for one in portraits if len({task.family for task in one.tasks}) < 5]
    line("domains with fewer than 5 families", len(few), 0, "", most=True)
    easy = [one for one in portraits if sum(t.family == "lookup" for t in one.tasks) > 3]
    line("domains with more than 3 look-ups", len(easy), 0, "", most=True)
    short = [one for one in portraits if sum(task.length >= 4 for task in one.tasks) < 2]
    line("domains with fewer than 2 tasks of 4 calls", len(short), 0, "", most=True)
    line(
        "domains with fewer than 2 writes under a rule", _unruled(out, portraits), 0, "", most=True
    )
    names = sorted(one.folder for one in portraits)
    sample = stream("bench", count).sample(names, min(checked, len(names)))
    failed = [name for name in sample if not one.check(out / name).ok]
    line(f"domains of {len(sample)} that fail `check`", len(failed), 0, "", most=True)


def _unruled(out: Path, portraits: list[Portrait]) -> int:
    found = 0
    for portrait in portraits:
        lines = (out / portrait.folder / "tasks.jsonl").read_bytes().splitlines()
        tasks = [msgspec.json.decode(each) for each in lines]
        found += sum(bool(task["measured"].get("rules")) for task in tasks) < 2
    return found


def _made(report: Report, shift: Shift, wanted: int) -> None:
    line("domains made", report.made, wanted, "domains")
    tasks = sum(sizes["tasks"] for sizes in report.domains.values())
    print(f"  {tasks:,} tasks; {report.drawn:,} tried; rejected {report.rejected}")
    own, worker = memory()
    print(f"  memory: {own:.2f} GB, and {worker:.2f} GB the largest worker")
    print(f"  slowest: {', '.join(f'{name} {seconds:.1f} s' for name, seconds in shift.slowest)}")


def pooled(specs: Path, out: Path, domains: int) -> None:
    """Make domains of a pool of API descriptions."""
    print(f"\npool: {specs}, {cores()} cores")
    began = time.perf_counter()
    report, shift = make_pool(
        specs, out, count=domains, tasks=10, seed=7,
        tell=lambda text: print(f"  [{time.perf_counter() - began:6.1f} s] {text}", flush=True),
    )  # fmt: skip
    _made(report.fleet, shift, domains)
    line("operations in the graph", report.in_graph, 30_000, "")
    line("seconds", time.perf_counter() - began, 1800, "s", most=True)
    own, worker = memory()
    line("memory with two workers", own + cores() * worker, 8, "GB", most=True)
    for name, counted in (("edges", report.edges), ("unread", report.unread)):
        print(f"  {name}: {counted}")
    print(f"  communities {report.communities:,}, modularity {report.modularity}")


def wide_database(out: Path) -> None:
    """Build a domain of a PostgreSQL database with 300 tables."""
    import psycopg  # noqa: PLC0415
    from postgres_server import lease, release  # noqa: PLC0415

    print("\na PostgreSQL database with 300 tables")
    try:
        url = lease()
    except RuntimeError as error:
        print(f"  left out: {error}")
        return
    tables = ["create table wide_0 (id int primary key, name text not null)"]
    tables += [
        f"create table wide_{n} (id int primary key, name text not null, amount numeric(9,2),"
        f" wide_{n // 3}_id int references wide_{n // 3}(id))"
        for n in range(1, 300)
    ]
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("drop schema if exists bench_wide cascade")
        link.execute("create schema bench_wide")
        link.execute("set search_path to bench_wide")
        for n, statement in enumerate(tables):
            link.execute(statement)
            parent = ", g * 1.5, 1 + g % 50" if n else ""
            link.execute(
                f"insert into wide_{n} select g, 'name ' || g{parent} from generate_series(1, 50) g"
            )
    began = time.perf_counter()
    try:
        report = one.build(url, out, rows=2000, tasks=10, force=True)
    finally:
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("drop schema bench_wide cascade")
        release()
    line("seconds", time.perf_counter() - began, 60, "s", most=True)
    print(f"  {report.entities} entities, {report.rows:,} rows, {report.tasks} tasks")
    line("tasks", report.tasks, 10, "")


def main() -> None:
    """Measure what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--pool", type=Path, default=Path("build/pool/package"))
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--checked", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agentgym-bench-") as place:
        folder = Path(os.environ.get("BENCH_FLEET_OUT", place))
        if asked.count:
            composed(folder / "composed", asked.count, asked.checked)
        if asked.pool.is_dir() and asked.domains:
            pooled(asked.pool, folder / "pooled", asked.domains)
        else:
            print(f"\npool left out: no {asked.pool}; `make pool` fetches one")
        wide_database(folder / "wide")
    print(f"\nmissed: {', '.join(MISSED)}" if MISSED else "\nall bars are held")
    sys.exit(bool(MISSED))


if __name__ == "__main__":
    main()
