"""What every domain folder must hold, whoever wrote it.

Files, rows, tools and tasks are checked in this order, so that the first sentence that
fails is the nearest to the cause. Next: `honesty`, `environments`.
"""

from __future__ import annotations

from pathlib import Path

from agentgym import domain as domain_room
from agentgym.build.one import check
from agentgym.domain import Domain
from agentgym.episode import Suite, load
from agentgym.policies.oracle import Oracle
from agentgym.policies.scripted import Noop
from agentgym.schema.holds import violations
from agentgym.testing.honesty import check_honesty
from agentgym.tools.algebra import is_write
from agentgym.tools.parameters import bindings

__all__ = ["check_domain"]


def check_domain(folder: Path | str) -> None:
    """Check a domain folder from its bytes to its tasks.

    Args:
        folder: The folder, or a committed domain's name.

    Raises:
        AssertionError: Something does not hold; the sentence says what and where.
        AgentGymError: A file cannot be read as what it is.
    """
    place = domain_room.find(folder)
    domain = domain_room.load(place)
    check_files(place, domain)
    check_rows(domain)
    check_tools(domain)
    suite = load(place)
    check_tasks(suite)
    report = check(place)
    assert report.ok, f"{domain.name}: {report.problems[0]} ({len(report.problems)} problems)"


def check_files(place: Path, domain: Domain) -> None:
    """The files are what the records render to, byte for byte."""
    assert (place / "domain.json").read_bytes() == domain.to_json(), (
        f"{place}/domain.json is not in canonical form; run `agentgym seal {place}`"
    )
    assert (place / "rows.jsonl").read_bytes() == domain.rows_to_lines(), (
        f"{place}/rows.jsonl is not in canonical form; run `agentgym seal {place}`"
    )
    for name in ("policy.md", "tasks.jsonl", "golden.trace", "manifest.json"):
        assert (place / name).is_file(), f"{place} has no {name}"


def check_rows(domain: Domain) -> None:
    """Keys are unique, references resolve, checks hold."""
    found = violations(domain.schema, domain.rows)
    assert not found, f"{domain.name}: {found[0]} ({len(found)} violations)"


def check_tools(domain: Domain) -> None:
    """No secret is shown or asked for, and no tool ignores a declared argument."""
    for tool in domain.tools:
        for param, (entity, field, _) in bindings(tool.term, domain.schema).items():
            role = domain.schema.entity(entity).field(field).role
            assert role != "secret", f"{tool.name}.{param} is a secret"
    check_honesty(domain)


def check_tasks(suite: Suite) -> None:
    """The oracle solves every task through the public episode, doing nothing solves none."""
    ids = [task.id for task in suite.tasks]
    assert len(set(ids)) == len(ids), f"{suite.domain.name}: two tasks share an id"
    for task in suite.tasks:
        shown = set(task.tools)
        assert {step.tool for step in task.gold} <= shown, f"{task.id}: a needed tool is not shown"
        assert _played(suite, task.id, Oracle(task)), f"{task.id}: the oracle does not solve it"
        assert not _played(suite, task.id, Noop()), f"{task.id}: doing nothing solves it"
        writes = sum(is_write(suite.domain.tool_by_name[step.tool]) for step in task.gold)
        answers = task.goal.branches[0].answers
        assert writes or answers, f"{task.id}: nothing is asked"


def _played(suite: Suite, task_id: str, policy: Oracle | Noop) -> bool:
    episode = suite.episode(task_id)
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        observation = episode.act(policy(observation, {"tools": episode.tools})).observation
    success = suite.verdict(episode).success
    episode.close()
    return success
