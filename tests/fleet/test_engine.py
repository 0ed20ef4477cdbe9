"""Many jobs into one folder: the same bytes with any number of workers, after any death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies

from agentgym.build.fleet.engine import Job, Order, Outcome, produce
from agentgym.errors import SourceError, UsageError
from agentgym.formats import replace_folder
from agentgym.scale import Ended, each


def toy(task: tuple[Job, Order, Path]) -> Outcome:
    """Make a folder of one file; some jobs are rejected, fail, raise, kill themselves or hang."""
    job, order, out = task
    act = str(job.load)
    if act == "reject":
        return Outcome(index=job.index, name=job.name, rejected="too small", detail="no rows")
    if act == "author":
        raise SourceError("a table", found="none", where=job.name)
    if act == "bug":
        raise ZeroDivisionError("oops")
    if act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "hang":
        time.sleep(60)
    if act.startswith("slow"):
        time.sleep(float(act[4:]))
    replace_folder(out / job.name, {"manifest.json": f"{job.name} {order.seed}\n".encode()})
    return Outcome(index=job.index, name=job.name, sizes={"tasks": order.tasks})


def order(count: int, seed: int = 7) -> Order:
    return Order(kind="toy", count=count, seed=seed, tasks=3)


def jobs(acts: list[str]) -> Iterator[Job]:
    for index, act in enumerate(acts):
        yield Job(index=index, name=f"toy_{index:03d}", load=act)


def content(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".fleet" not in path.parts
    }


def first(acts: list[str], count: int) -> list[str]:
    """Name the first jobs that make a domain: what a fleet must hold."""
    good = [n for n, act in enumerate(acts) if act in ("make", "slow0.05")]
    return [f"toy_{n:03d}" for n in good[:count]]


ACTS = strategies.lists(strategies.sampled_from(["make", "reject", "author", "bug"]), max_size=12)


@given(ACTS, strategies.integers(0, 8))
def test_a_fleet_holds_the_first_domains_that_can_be_made(tmp_path_factory, acts, count) -> None:
    """Neither more nor less than wanted, and every other job is counted by its reason."""
    out = tmp_path_factory.mktemp("fleet") / "worlds"
    report, _ = produce(order(count), lambda: jobs(acts), toy, out, workers=1)

    assert list(report.domains) == first(acts, count)
    assert sorted(p.name for p in out.iterdir() if p.name.startswith("toy")) == list(report.domains)
    assert report.made == len(report.domains)
    assert report.drawn == report.made + sum(report.rejected.values())
    assert (report.short != "") == (report.made < count)


@pytest.mark.parametrize(
    "acts",
    [["make", "slow0.05", "reject", "make", "bug", "slow0.05", "make"], ["slow0.05", "reject"] * 5],
)
def test_eight_workers_leave_what_one_leaves(tmp_path_factory, acts) -> None:
    """The bytes do not tell how many processes there were."""
    folder = tmp_path_factory.mktemp("fleet")
    for workers in (1, 8):
        produce(order(4), lambda: jobs(acts), toy, folder / str(workers), workers=workers)

    assert content(folder / "1") == content(folder / "8")


def test_a_process_that_dies_or_hangs_takes_only_its_own_job_with_it(tmp_path) -> None:
    acts = ["make", "die", "make", "hang", "make"]
    report, _ = produce(
        order(5), lambda: jobs(acts), toy, tmp_path / "worlds", workers=2, limit_s=3
    )

    assert list(report.domains) == ["toy_000", "toy_002", "toy_004"]
    assert "SIGKILL" in report.rejections["toy_001"]
    assert "more than 3 s" in report.rejections["toy_003"]


def test_an_interrupted_fleet_goes_on_where_it_was(tmp_path) -> None:
    """A killed run leaves whole domains only; the next one keeps them and ends the same."""
    out, whole = tmp_path / "worlds", tmp_path / "whole"
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from test_engine import order, jobs, toy\n"
        "from agentgym.build.fleet.engine import produce\n"
        "if __name__ == '__main__':\n"
        "    slow = ['slow0.1'] * 30\n"
        "    produce(order(30), lambda: jobs(slow), toy, Path(sys.argv[2]), workers=2)\n"
    )
    program = tmp_path / "run.py"
    program.write_text(script)
    with subprocess.Popen([sys.executable, program, Path(__file__).parent, out]) as run:
        until = time.monotonic() + 60
        while time.monotonic() < until and len(list(tmp_path.glob("worlds/toy_*"))) < 4:
            time.sleep(0.02)
        run.kill()
    (out / ".toy_009.abcd" / "new").mkdir(parents=True)  # what a death amid a write leaves
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("toy_*/manifest.json")}
    ready = {path.parent.name: path.stat().st_mtime_ns for path in out.glob("toy_*/manifest.json")}
    kept = {path.stem for path in (out / ".fleet" / "outcomes").glob("toy_*.json")}
    assert len(before) == 1
    assert 4 <= len(ready) < 30

    acts = ["make"] * 30
    report, shift = produce(order(30), lambda: jobs(acts), toy, out, workers=2)
    produce(order(30), lambda: jobs(acts), toy, whole, workers=1)

    assert content(out) == content(whole)
    assert report.made == 30
    assert shift.began_with == len(kept)
    for name in kept:
        assert (out / name / "manifest.json").stat().st_mtime_ns == ready[name]
    assert not [p for p in out.iterdir() if p.name.startswith(".toy")]


def test_a_fleet_may_grow_but_not_change(tmp_path) -> None:
    """More domains are added to those there are; another seed needs force, and starts anew."""
    out = tmp_path / "worlds"
    acts = ["make"] * 9
    produce(order(2), lambda: jobs(acts), toy, out, workers=1)
    _, shift = produce(order(5), lambda: jobs(acts), toy, out, workers=1)
    assert shift.began_with == 2
    with pytest.raises(UsageError, match="seed 7 instead of 8"):
        produce(order(5, seed=8), lambda: jobs(acts), toy, out, workers=1)
    with pytest.raises(UsageError, match="count 5 instead of 3"):
        produce(order(3), lambda: jobs(acts), toy, out, workers=1)
    report, shift = produce(order(1, seed=8), lambda: jobs(acts), toy, out, workers=1, force=True)
    assert (report.made, shift.began_with) == (1, 0)
    assert len(list(out.glob("toy_*"))) == 1


def test_other_peoples_folders_are_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        produce(order(1), lambda: jobs(["make"]), toy, tmp_path, workers=1, force=True)
    with pytest.raises(UsageError, match="a file"):
        produce(order(1), lambda: jobs(["make"]), toy, tmp_path / "thesis.txt", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_bug_is_tried_again_by_the_next_run(tmp_path) -> None:
    """What an author cannot help is told with its traceback and not held against the job."""
    report, _ = produce(order(1), lambda: jobs(["bug"]), toy, tmp_path / "w", workers=1)
    assert report.rejected == {"a bug": 1}
    assert "ZeroDivisionError" in (tmp_path / "w/.fleet/faults/toy_000.txt").read_text()
    report, _ = produce(order(1), lambda: jobs(["make"]), toy, tmp_path / "w", workers=1)
    assert report.made == 1


def test_what_fails_every_time_is_not_tried_a_thousand_times(tmp_path) -> None:
    acts = ["bug"] * 100
    report, _ = produce(order(90), lambda: jobs(acts), toy, tmp_path / "w", workers=1)

    assert report.drawn == 20
    assert "first 20 all failed" in report.short


def double(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_each_does_every_job_once(workers: int) -> None:
    numbers = list(range(20))
    found: list[Ended[int, int]] = list(each(double, iter(numbers), workers=workers))

    assert Counter(ended.value for ended in found) == Counter(2 * number for number in numbers)
