"""Checks by other means, audits, and what takes the place of tasks that lapse."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from made_folders import COUNT, domain_folder, tasks_of
from strategies_tasks import own_domain, proved
from typer.testing import CliRunner

from agentgym.build.audits import audits
from agentgym.build.check import check, seal
from agentgym.build.folder import files
from agentgym.cli.app import app
from agentgym.errors import UsageError
from agentgym.formats import decode, replace_folder
from agentgym.plan import Select
from agentgym.prove.audit import brute_check
from agentgym.tasks import Task


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tasks."""
    return domain_folder(tmp_path_factory.mktemp("means"))


def said(*words: object) -> tuple[int, str]:
    """Run a command; return its exit code and what it prints."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout


def test_other_means_agree(clinic: Path) -> None:
    """Every certificate holds in SQL, family by family, and the command says so."""
    report = check(clinic, brute=True)

    assert report.ok
    assert report.brute is not None
    assert sum(one.tasks for one in report.brute.families.values()) == COUNT
    assert all(one.agreed == one.tasks for one in report.brute.families.values())
    assert check(clinic).brute is None
    code, printed = said("check", clinic, "--brute-force")
    assert code == 0
    assert "SQL agrees" in printed


def test_other_means_find_what_is_wrong() -> None:
    """A task whose clue fits several rows is named, whatever its certificate says."""
    _, filled = proved("clinic")
    task = next(task for task in filled.tasks if task.family == "lookup")
    nodes = tuple(
        msgspec.structs.replace(node, where=()) if isinstance(node, Select) else node
        for node in task.plan.nodes
    )
    wrong = msgspec.structs.replace(task, plan=msgspec.structs.replace(task.plan, nodes=nodes))
    found = brute_check(own_domain("clinic"), [wrong, *filled.tasks[:2]])

    assert [line.partition(":")[0] for line in found.wrong] == [task.id]
    assert found.families["lookup"].agreed < found.families["lookup"].tasks


def test_an_audit_finds_no_fault(clinic: Path, tmp_path: Path) -> None:
    """Wrong runs fail and right ones pass; the report adds up and is the same each time."""
    report = audits([clinic, clinic], mutants=300, alternatives=40)

    assert report.mutants >= 300
    assert report.alternatives >= 40
    assert report.killed == report.mutants
    assert report.kill_rate == 1
    assert report.false_rejections == 0
    assert sum(one["judged"] for one in report.operators.values()) == report.mutants
    assert sum(one["judged"] for one in report.kinds.values()) == report.alternatives
    assert len(report.operators) >= 8
    out = tmp_path / "audit.json"
    code, printed = said("audit", clinic, "--mutants", 100, "--alternatives", 10, "--out", out)
    first = out.read_bytes()
    assert code == 0
    assert "100.0000%" in printed
    assert decode(first, dict, where="audit")["seed"] == 1
    said("audit", clinic, "--mutants", 100, "--alternatives", 10, "--out", out)
    assert out.read_bytes() == first


def test_nothing_to_audit(tmp_path: Path) -> None:
    """A domain without tasks cannot be audited, and that is told."""
    replace_folder(tmp_path / "empty", files(own_domain("clinic"), ()))
    with pytest.raises(UsageError, match="domains with tasks"):
        audits([tmp_path / "empty"])


def test_dropped_tasks_are_made_up_for(tmp_path: Path) -> None:
    """With `refill` as many new tasks come as were dropped, and the folder holds."""
    folder = domain_folder(tmp_path)
    lines = (folder / "tasks.jsonl").read_bytes().splitlines(keepends=True)
    for place in (0, 3):
        task = decode(lines[place], Task, where="task")
        broken = msgspec.structs.replace(task, instruction="Do something.")
        lines[place] = msgspec.json.encode(broken) + b"\n"
    (folder / "tasks.jsonl").write_bytes(b"".join(lines))
    report = seal(folder, refill=True)

    assert len(report.dropped) == len(report.new) == 2
    assert len(tasks_of(folder)) == COUNT
    assert set(report.new) <= {task.id for task in tasks_of(folder)}
    assert check(folder).ok
    assert seal(folder, refill=True).new == ()
    code, printed = said("seal", folder, "--refill")
    assert code == 0
    assert "0 dropped" in printed
