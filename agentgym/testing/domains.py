"""What every domain folder must hold, whoever wrote it.

Files, rows, tools, tasks and the engine's behaviour are checked in this order, so that the first
sentence that fails is the nearest to the cause. Next: `honesty`, `environments`.
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
from agentgym.testing.atomic import check_atomic
from agentgym.testing.commuting import check_commuting
from agentgym.testing.gold import check_gold
from agentgym.testing.honesty import check_honesty
from agentgym.testing.hostile import check_total
from agentgym.testing.script import check_deterministic, check_moments
from agentgym.testing.states import smaller
from agentgym.testing.together import check_interleaved, check_threads
from agentgym.testing.walk import check_history
from agentgym.tools.algebra import is_write
from agentgym.tools.parameters import bindings

__all__ = ["check_behaviour", "check_domain"]

_ROWS = 30
"""Rows of an entity, and what they refer to, that the model is held beside."""


def check_domain(folder: Path | str, *, effort: int = 1, seed: int = 0) -> None:
    """Check a domain folder from its bytes to its tasks, and how its tools behave.

    Args:
        folder: The folder, or a committed domain's name.
        effort: How long it is tried: 1 takes seconds for a domain of a dozen entities.
        seed: Draws what is tried.

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
    check_gold(suite)
    report = check(place)
    assert report.ok, f"{domain.name}: {report.problems[0]} ({len(report.problems)} problems)"
    check_behaviour(domain, effort=effort, seed=seed)


def check_behaviour(domain: Domain, *, effort: int = 1, seed: int = 0) -> None:
    """Check how the tools of a domain behave, whatever is sent and in whatever order.

    Every call gives a typed answer; what fails or reads changes nothing; the same calls come to
    the same, in worlds side by side and in threads too; calls that do not touch the same rows
    may be made in any order; every moment can be gone back to; and after any history the world
    holds what the model holds. A domain with many rows is tried with few of them.

    Args:
        domain: The domain under test.
        effort: How long it is tried: every number of calls is multiplied by it.
        seed: Draws what is tried.

    Raises:
        AssertionError: Something does not hold; the sentence says what.
    """
    small = smaller(domain, _ROWS)
    check_total(small, seed=seed, thorough=effort > 4)
    check_history(small, seed=seed, calls=150 * effort)
    check_atomic(small, seed=seed, rounds=effort)
    check_deterministic(small, seed=seed, calls=40 * effort)
    check_moments(small, seed=seed, calls=40 * effort)
    check_commuting(small, seed=seed, states=6 * effort)
    check_interleaved(small, seed=seed, calls=20 * effort)
    check_threads(small, seed=seed, calls=10 * effort)


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
