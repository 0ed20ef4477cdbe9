"""More tasks for a domain: what was asked for comes, the same each time, interrupted or not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_folders import COUNT, domain_folder, tasks_of

from agentgym.build import more
from agentgym.build.check import check
from agentgym.errors import TaskError, UsageError
from agentgym.plan import Plan
from agentgym.plan.shape import shape
from agentgym.tasks import Task
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.twins import TWINS


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tasks; tests copy it."""
    return domain_folder(tmp_path_factory.mktemp("more"))


def copy(folder: Path, to: Path) -> Path:
    """Copy a folder, under its name."""
    shutil.copytree(folder, to / folder.name)
    return to / folder.name


def files_of(folder: Path) -> dict[str, bytes]:
    """Return name and content of each file."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def told_values(plan: Plan) -> list[object]:
    """Return the values of the facts, those of the user's person aside."""
    who = {fact.id for fact in plan.who()}
    return [fact.value for fact in plan.facts if fact.id not in who]


# asked for


def test_what_was_asked_for_comes(clinic: Path, tmp_path: Path) -> None:
    """Tasks of the family, whose proved bound is in the range; those that were there stay."""
    folder = copy(clinic, tmp_path)
    before = tasks_of(folder)
    added = more.add(
        folder, count=4, families=("multi_hop",), knobs=Knobs(least=3, most=4, fuzz=2), seed=5
    )
    tasks = tasks_of(folder)

    assert tasks[:COUNT] == before
    assert tuple(task.id for task in tasks[COUNT:]) == added.tasks
    assert len(added.tasks) == 4
    for task in tasks[COUNT:]:
        low, fuzzy = task.measured["min_calls"], task.measured["vagueness"]
        assert isinstance(low, int)
        assert isinstance(fuzzy, int)
        assert task.family == "multi_hop"
        assert 3 <= low <= 4
        assert fuzzy > 0
    assert check(folder).ok


def test_every_draw_is_accounted_for(clinic: Path, tmp_path: Path) -> None:
    """Candidates are accepted or refused by one gate, family by family."""
    added = more.add(
        copy(clinic, tmp_path), count=6, families=("update", "refusal", "multi_hop"), seed=2
    )
    filled = added.filled

    assert filled.attempts == len(filled.tasks) + sum(filled.refused.values())
    assert sum(one.candidates for one in filled.families.values()) == filled.attempts
    for one in (*filled.families.values(), *filled.operators.values()):
        assert one.candidates == one.accepted + sum(one.refused.values())
    for name in set().union(*(task.operators for task in filled.tasks)):
        mine = sum(name in task.operators for task in filled.tasks)
        assert filled.operators[name].accepted == mine
    assert filled.mutants["tried"] >= len(filled.tasks)


def test_knobs_hold_whatever_the_family(clinic: Path, tmp_path: Path) -> None:
    """Facts held back, decoy rows and decoy tools come in families that know nothing of them."""
    folder = copy(clinic, tmp_path)
    knobs = Knobs(held=1, decoy_rows=1, decoy_tools=2, entities=3)
    more.add(folder, count=4, families=("multi_hop",), knobs=knobs)
    for task in tasks_of(folder)[COUNT:]:
        held, same = task.measured["held"], task.measured["alike"]
        assert isinstance(held, int)
        assert isinstance(same, int)
        assert same >= 2
        assert task.view["near_duplicates"] == 2
    assert any(task.patch for task in tasks_of(folder)[COUNT:])
    assert any(task.measured["held"] == 1 for task in tasks_of(folder)[COUNT:])


def test_mistakes_are_told_with_what_was_meant(clinic: Path, tmp_path: Path) -> None:
    """A family, a task, an operator or a range that is none: nothing is written."""
    folder = copy(clinic, tmp_path)
    before = files_of(folder)
    with pytest.raises(UsageError, match="did you mean 'multi_hop'"):
        more.add(folder, count=1, families=("multihop",))
    with pytest.raises(UsageError, match=r"found 5\.\.2"):
        more.add(folder, count=1, knobs=Knobs(least=5, most=2))
    with pytest.raises(TaskError, match="did you mean '0039'"):
        more.like(folder, "0099", count=1)
    with pytest.raises(TaskError, match="did you mean 'clinic-v1/0039'"):
        more.evolve(folder, "clinic-v1/0099")
    with pytest.raises(UsageError, match="did you mean 'deepen'"):
        more.evolve(folder, "0002", operators=("deepn",))
    with pytest.raises(UsageError, match="makes something harder"):
        more.evolve(folder, "0002", operators=("seed",))

    assert files_of(folder) == before
    assert list(tmp_path.glob(".*.part")) == []


# the same each time

RUN = """
import sys
from agentgym.build import more
from agentgym.tasks.knobs import Knobs
more.add(sys.argv[1], count=12, families=("multi_hop", "update"), knobs=Knobs(fuzz=1), seed=3,
         progress=lambda line: print(line, flush=True))
"""


def started(folder: Path, hashes: str) -> subprocess.Popen[str]:
    """Add tasks in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_run_goes_on_where_it_was(clinic: Path, tmp_path: Path) -> None:
    """Killed in the middle and run again: the bytes of a run that nobody disturbed.

    The two runs have other seeds for the hashes of texts, too.
    """
    whole = copy(clinic, tmp_path / "whole")
    with started(whole, "1") as run:
        run.communicate()
    assert run.returncode == 0

    folder = copy(clinic, tmp_path / "cut")
    before, part = files_of(folder), folder.with_name(f".{folder.name}.part")
    deadline = time.monotonic() + 60
    with started(folder, "2") as first:
        while first.poll() is None and time.monotonic() < deadline:
            if part.exists() and part.read_bytes().count(b"\n") >= 4:
                first.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
    assert first.returncode == -signal.SIGKILL
    assert files_of(folder) == before
    with part.open("ab") as stream:
        stream.write(b'{"family":"upda')  # the line that was being written
    with started(folder, "3") as second:
        told, _ = second.communicate()

    assert second.returncode == 0
    assert "going on after" in told
    assert not part.exists()
    assert files_of(folder) == files_of(whole)


def test_the_part_of_another_run_is_not_used(clinic: Path, tmp_path: Path) -> None:
    """What another seed left behind is forgotten."""
    folder, other = copy(clinic, tmp_path / "a"), copy(clinic, tmp_path / "b")
    more.add(other, count=2, families=("update",), seed=1)
    part = folder.with_name(f".{folder.name}.part")
    part.write_bytes(b'{"run":"another"}\n{"family":"update"}\n')
    told: list[str] = []
    more.add(folder, count=2, families=("update",), seed=1, progress=told.append)

    assert not any("going on" in line for line in told)
    assert files_of(folder) == files_of(other)


# from tasks that are there


def of_family(folder: Path, family: str) -> list[Task]:
    """List the tasks of a family that are twins of none."""
    return [task for task in tasks_of(folder) if task.family == family and not task.twin]


@pytest.mark.parametrize("family", ["lookup", "multi_hop", "update", "refusal", "shift"])
def test_neighbours_have_the_same_shape(clinic: Path, tmp_path: Path, family: str) -> None:
    """A neighbour asks the same of other rows, and is proved like any task."""
    folder = copy(clinic, tmp_path)
    more.add(folder, count=4, families=(family,), seed=1)  # of some tasks there is but one
    made = 0
    for parent in of_family(folder, family):
        added = more.like(folder, parent.id, count=1)
        for task in (one for one in tasks_of(folder) if one.id in added.tasks):
            assert (task.family, task.parent, task.shape) == (family, parent.id, parent.shape)
            assert shape(task.plan) == parent.shape
            assert told_values(task.plan) != told_values(parent.plan)
            assert task.certificate.gates
            made += 1
        if made:
            break

    assert made


def test_evolved_tasks_are_harder(clinic: Path, tmp_path: Path) -> None:
    """Each variant has a figure that is higher than its parent's, and names it."""
    folder = copy(clinic, tmp_path)
    parent = of_family(folder, "multi_hop")[0]
    added = more.evolve(folder, parent.id, count=3)
    by_id = {task.id: task for task in tasks_of(folder)}

    assert len(added.tasks) == 3
    for name in added.tasks:
        figure, before, after = added.moved[name]
        assert before < after
        assert by_id[name].measured[figure] == after
        assert by_id[name].parent == parent.id
        assert len(by_id[name].operators) > len(parent.operators)
    assert check(folder).ok


def test_twins_differ_in_one_fact_and_keep_the_words(clinic: Path, tmp_path: Path) -> None:
    """A twin ends otherwise; nothing but one fact of it is another, and most words stay."""
    folder = copy(clinic, tmp_path)
    parents = {task.id: task for task in tasks_of(folder)}
    added = more.twins(folder)
    twins = [task for task in tasks_of(folder) if task.twin is not None]
    kept = 0
    for task in twins:
        assert task.twin is not None
        parent = next(one for one in tasks_of(folder) if one.id == task.twin.of)
        assert parent.twins[task.twin.kind] == task.id
        old, new = (told_values(one.plan) for one in (parents[parent.id], task))
        assert len(old) == len(new)
        assert sum(one != other for one, other in zip(old, new, strict=True)) == 1
        expected = {"unanswerable": "impossible", "violating": "refused", "benign": "done"}
        assert task.outcome == expected[task.twin.kind]
        kept += task.knobs["phrasing"] == parent.knobs["phrasing"]
    found = {kind: sum(task.twin.kind == kind for task in twins if task.twin) for kind in TWINS}

    assert {kind: number for kind, (_, number) in added.twins.items()} == found
    assert found["unanswerable"] > 0
    assert found["benign"] > 0
    assert kept >= 0.7 * len(twins)
    assert check(folder).ok
    assert more.twins(folder, kinds=("benign",)).twins["benign"][0] < COUNT
