"""Whether tasks fit their domain: told when a suite is made, not when it is played.

In come a domain and tasks; out go the view options of those that have some. Next: `suite`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.domain import Domain
from agentgym.episode.view import unfit
from agentgym.errors import TaskError, UsageError, nearest
from agentgym.formats import FORMAT
from agentgym.tasks import Task
from agentgym.tools.derive import watch_tools
from agentgym.tools.views import ViewOptions
from agentgym.world.rows import Start

__all__ = ["check_stream", "own_options"]


def own_options(domain: Domain, tasks: Sequence[Task], where: str) -> dict[str, ViewOptions]:
    """Return the view options that tasks have of their own, by id, and see that all tasks fit.

    Args:
        domain: What they are played in.
        tasks: All tasks of a suite.
        where: Where they stand, for messages.

    Raises:
        TaskError: Two tasks share an id, one shows a tool that the domain lacks, hides one that
            it needs, or has a view that cannot serve it.
    """
    found: dict[str, ViewOptions] = {}
    seen: set[str] = set()
    watching = {tool.name for tool in watch_tools()}
    for task in tasks:
        here = f"{where} {task.id}"
        if task.id in seen:
            raise TaskError("each task once", found=f"{task.id!r} twice", where=where)
        seen.add(task.id)
        if task.format != FORMAT:
            raise TaskError(
                f"format {FORMAT}",
                found=str(task.format),
                where=here,
                hint="build the domain again",
            )
        for name in task.tools:
            if name not in domain.tool_by_name and name not in watching:
                raise TaskError(
                    f"a tool of {domain.id}",
                    found=repr(name),
                    where=f"{here} $.tools",
                    hint=nearest(name, domain.tool_by_name),
                )
        for step in task.gold:
            if step.by == "agent" and step.tool not in task.tools:
                raise TaskError(
                    f"a view that shows {step.tool}, which the task needs",
                    found="one that hides it",
                    where=f"{here} $.tools",
                    hint="show it, or build the domain again",
                )
        if task.view:
            found[task.id] = _options(domain, task, f"{here} $.view")
    return found


def _options(domain: Domain, task: Task, where: str) -> ViewOptions:
    """Return a task's own options."""
    try:
        options = ViewOptions.of(task.view)
    except UsageError as error:
        raise TaskError(
            error.expected, found=error.found, where=f"{where} ({error.where})", hint=error.hint
        ) from None
    unfitting = unfit(domain, task, options)
    if unfitting is not None:
        raise unfitting
    return options


def check_stream(domain: Domain, task: Task, start: Start) -> None:
    """See that what happens in a task of its own accord can happen, one after the other.

    Args:
        domain: What the task is played in.
        task: The task.
        start: Its rows at the start.

    Raises:
        TaskError: Rows of a notice do not fit those that are there when nobody does anything.
    """
    patcher, now = domain.patcher, start.delta
    by_turn = sorted(enumerate(task.stream), key=lambda pair: pair[1].turn)
    for place, notice in by_turn:
        if notice.patch:
            where = f"{task.id} $.stream[{place}].patch"
            told = patcher.read(notice.patch, where=where)
            now = patcher.later(now, told, where=where)
