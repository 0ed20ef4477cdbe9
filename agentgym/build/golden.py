"""The golden trace: one replayed episode as text that a reviewer can read.

A header (domain, hash, tools), then each turn with its calls, results and the rows that
changed, then the verdict. A change in behaviour is a visible difference in this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.episode import Episode, Suite
from agentgym.formats import to_text
from agentgym.goals.equivalence import describe, effects
from agentgym.policies.oracle import Oracle
from agentgym.tasks import Task
from agentgym.tools.algebra import is_write

__all__ = ["golden"]

WIDTH = 400
"""Longest result that is shown whole, in characters."""


def golden(domain: Domain, tasks: Sequence[Task]) -> bytes:
    """Replay the task that shows most, and render what happened.

    Args:
        domain: The domain.
        tasks: Its tasks; the one with most writes and calls is played, the first of equals.

    Returns:
        The content of `golden.trace`; without tasks, the header alone.
    """
    return ("\n".join(_lines(domain, tasks)) + "\n").encode()


def _lines(domain: Domain, tasks: Sequence[Task]) -> Iterator[str]:
    reads = sum(not is_write(tool) for tool in domain.tools)
    yield f"domain   {domain.id}"
    yield f"world    {domain.world_hash}"
    yield f"rows     {sum(len(rows) for rows in domain.rows.values())}"
    yield f"tools    {reads} read, {len(domain.tools) - reads} write"
    if not tasks:
        return
    task = max(
        tasks,
        key=lambda t: (
            not t.stream and not t.user.deeds,
            sum(is_write(domain.tool_by_name[s.tool]) for s in t.gold if not t.stream),
            len(t.gold),
        ),
    )
    suite = Suite(domain, tasks)
    episode = suite.episode(task.id)
    yield f"task     {task.id} ({task.family})"
    yield f"shown    {', '.join(episode.view.names)}"
    for one in task.patch:
        yield f"patch    {_patched(one)}"
    yield f"start    {suite.digest(episode)}"
    yield ""
    yield f"user     {task.instruction}"
    yield from _turns(episode, Oracle(task, view=episode.view))
    yield ""
    for change in effects(suite.ending(episode).changes, domain.schema):
        yield f"changed  {describe(change, domain.schema)}"
    yield f"end      {suite.digest(episode)}"
    verdict = suite.verdict(episode)
    yield f"verdict  {'success' if verdict.success else 'failure'}"
    for name, value in sorted(verdict.terms.items()):
        yield f"  {name:<9}{value:g}"
    for reason in verdict.reasons:
        yield f"  because {reason}"


def _patched(one: Patch) -> str:
    """Say in which row the world of the task differs."""
    row = f"{one.entity} {', '.join(map(to_text, one.key))}"
    return f"{row} taken away" if one.values is None else f"{row} with {to_text(one.values)}"


def _turns(episode: Episode, oracle: Oracle) -> Iterator[str]:
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        action = oracle(observation, {"tools": episode.tools})
        observation = episode.act(action).observation
        shown = (
            observation
            if len(observation) <= WIDTH
            else f"{observation[:WIDTH]}... ({len(observation)} characters)"
        )
        yield ""
        yield f"agent    {action}"
        yield f"gets     {shown}"
