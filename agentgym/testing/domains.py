"""What every domain folder must hold, whoever wrote it.

Files, rows, tools, tasks and the engine's behaviour are checked in this order, so that the first
sentence that fails is the nearest to the cause. Next: `honesty`, `environments`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentgym import domain as domain_room
from agentgym.build.one import check
from agentgym.domain import Domain
from agentgym.episode import Suite, load
from agentgym.formats import Json, to_text
from agentgym.goals.goal import Branch
from agentgym.plan import Shift
from agentgym.policies import Policy
from agentgym.policies.oracle import Oracle
from agentgym.policies.scripted import Noop
from agentgym.schema.holds import violations
from agentgym.tasks import Task
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
    """The oracle solves every task through the public episode, and whoever looks at nothing none.

    Neither does who does nothing, nor who says at once how it ends, with the right answer or the
    right reason; but for tasks in which there is nothing to look at: the request alone shows what
    the answer is, which rule bars it or that no tool can do it.
    """
    ids = [task.id for task in suite.tasks]
    assert len(set(ids)) == len(ids), f"{suite.domain.name}: two tasks share an id"
    for task in suite.tasks:
        known = {*suite.domain.tool_by_name, *(tool.name for tool in suite.view(task).added)}
        assert set(task.tools) <= known, f"{task.id}: an unknown tool"
        assert {step.tool for step in task.gold if step.by == "agent"} <= set(task.tools), (
            f"{task.id}: a needed tool is not shown"
        )
        assert _played(suite, task.id, Oracle(task, view=suite.view(task))), (
            f"{task.id}: the oracle does not solve it"
        )
        assert not _played(suite, task.id, Noop()), f"{task.id}: doing nothing solves it"
        plain = any(_plain(branch) for branch in task.goal.branches)
        assert plain or not _played(suite, task.id, _Hasty(task)), (
            f"{task.id}: who looks at nothing solves it"
        )
        check_wanted(suite, task)
        check_user(task)


def check_wanted(suite: Suite, task: Task) -> None:
    """Each end of a task asks for something, and the gold run ends as it says."""
    tools = suite.domain.tool_by_name
    writes = any(
        step.tool in tools and is_write(tools[step.tool]) and not step.fails for step in task.gold
    )
    assert writes == any(branch.changes for branch in task.goal.branches), (
        f"{task.id}: the gold run writes, or the goal wants changes, and the other does not"
    )
    for branch in task.goal.branches:
        done = branch.changes or branch.answers or branch.offers
        what = {"done": done, "refused": branch.rules}
        assert what.get(branch.outcome, branch.names), f"{task.id}: nothing is asked"
        assert branch.outcome != "done" or not (branch.rules or branch.names), (
            f"{task.id}: what is done needs no reason"
        )
    assert task.outcome in {branch.outcome for branch in task.goal.branches}, (
        f"{task.id}: the gold run ends {task.outcome}, which the goal does not have"
    )
    assert (task.outcome == "done") == (not task.reason), (
        f"{task.id}: a reason is there where something cannot be done, and only there"
    )


def check_user(task: Task) -> None:
    """The user knows what the plan says that they know, and what each of it is called."""
    user = task.user
    assert user.opening == task.instruction, f"{task.id}: the user opens with something else"
    known = {fact for fact in task.plan.facts if fact.exposure != "jargon"}
    assert set(user.facts) == known, f"{task.id}: the user knows other facts"
    held = {fact.id for fact in known if fact.exposure != "instruction"}
    held -= {fact for turn in user.later for fact in turn.facts}
    turned = [node for node in task.plan.nodes if isinstance(node, Shift)]
    asked = held - {node.then for node in turned}
    assert asked <= set(user.questions), f"{task.id}: a fact has no name to ask for it"
    said = () if user.shift is None else (*user.shift.replaces, *user.shift.facts)
    wanted = tuple(fact for node in turned for fact in (node.first, node.then))
    assert said == wanted, f"{task.id}: the user changes their mind about other facts"


def _plain(branch: Branch) -> bool:
    """Tell whether an end rests on the request alone."""
    return branch.idle or (branch.outcome != "done" and not branch.seen)


class _Hasty:
    """Says at once how a task ends.

    Args:
        task: The task.
    """

    def __init__(self, task: Task) -> None:
        told: dict[str, Json] = {"outcome": task.outcome}
        told |= {} if task.answer is None else {"answer": task.answer}
        told |= {"reason": task.reason} if task.reason else {}
        self._end = to_text({"name": "conclude", "arguments": told})

    def __call__(self, observation: str, info: dict[str, Any]) -> str:  # noqa: ARG002
        """Return the conclusion."""
        return self._end


def _played(suite: Suite, task_id: str, policy: Policy) -> bool:
    episode = suite.episode(task_id)
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        observation = episode.act(policy(observation, {"tools": episode.tools})).observation
    success = suite.verdict(episode).success
    episode.close()
    return success
