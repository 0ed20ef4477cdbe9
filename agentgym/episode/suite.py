"""A suite: a domain with its tasks, loaded once a process; it starts and judges episodes.

In comes the name of a domain or its folder; out go episodes, and verdicts on them. The
verdict is here, not on the episode, so that an agent that holds one cannot reach the
goal. Next: `env`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from agentgym import domain as domain_room
from agentgym.domain import Domain
from agentgym.episode.play import Episode
from agentgym.episode.view import View, unfit
from agentgym.errors import TaskError, UsageError, nearest
from agentgym.formats import FORMAT, Json, decode_lines, fingerprint, read
from agentgym.goals.verdict import Ending, Judge, Verdict
from agentgym.rng import key
from agentgym.tasks import Task
from agentgym.tools.views import AS_IS, ViewOptions
from agentgym.users.agenda import Agenda
from agentgym.world.compile import Engine, engine
from agentgym.world.rows import World

__all__ = ["MAX_TURNS", "Options", "Suite", "load"]

Options = ViewOptions | Mapping[str, Json] | str | None
"""How tools are shown, in any form that `ViewOptions.of` takes."""

MAX_TURNS = 30
"""Turns after which an episode is cut off, unless a suite says otherwise."""


class Suite:
    """A domain and its tasks, ready to be played.

    Args:
        domain: The world.
        tasks: What can be tried in it.
        folder: Where both were loaded from, if they were.
        max_turns: Turns after which an episode is cut off, at least 2.

    Raises:
        TaskError: Two tasks share an id, one shows a tool that the domain lacks, or hides one
            that it needs.
        UsageError: There are fewer than 2 turns.
    """

    def __init__(
        self,
        domain: Domain,
        tasks: Sequence[Task],
        *,
        folder: Path | None = None,
        max_turns: int = MAX_TURNS,
    ) -> None:
        if max_turns < 2:
            raise UsageError("at least 2 turns", found=str(max_turns), where="max_turns")
        self.domain = domain
        self.tasks = tuple(tasks)
        self.folder = folder
        self.max_turns = max_turns
        self._by_id = {task.id: task for task in self.tasks}
        self._views: dict[tuple[tuple[str, ...], ViewOptions], View] = {}
        self._engines: dict[tuple[int | None, tuple[str, ...]], Engine] = {}
        self._pool: list[World] = []
        self._check(folder)

    def __repr__(self) -> str:
        return f"<Suite {self.domain.id}: {len(self.tasks)} tasks>"

    @cached_property
    def engine(self) -> Engine:
        """What runs the domain's tools."""
        return engine(self.domain)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.domain)

    def task(self, task_id: str) -> Task:
        """Return the task of that id; a bare number like `0001` or `1` will do.

        Raises:
            TaskError: There is none.
        """
        found = self._by_id.get(task_id)
        if found is None and task_id.isdecimal():
            found = self._by_id.get(f"{self.domain.id}/{int(task_id):04d}")
        if found is None:
            raise TaskError(
                f"a task of {self.domain.id}",
                found=repr(task_id),
                hint=nearest(task_id, self._by_id) or "it has no tasks",
            )
        return found

    def of_split(self, split: str | None) -> tuple[Task, ...]:
        """Return the tasks of a split; all of them for None.

        Raises:
            TaskError: There are none.
        """
        found = tuple(task for task in self.tasks if split is None or task.split == split)
        if not found:
            splits = sorted({task.split for task in self.tasks})
            raise TaskError(
                f"a split of {self.domain.id} that has tasks",
                found=repr(split) if split is not None else "no tasks at all",
                hint=nearest(split, splits) if split is not None else "build more of them",
            )
        return found

    def choose(self, *, split: str | None = None, seed: int) -> Task:
        """Return the task that a seed stands for: a pure function of its arguments.

        Raises:
            TaskError: The split has no tasks.
        """
        tasks = self.of_split(split)
        return tasks[key(seed, "task") % len(tasks)]

    def episode(
        self,
        task_id: str | None = None,
        *,
        split: str | None = None,
        max_turns: int | None = None,
        view: Options = None,
        seed: int = 0,
    ) -> Episode:
        """Start an episode.

        Args:
            task_id: Which task; None to let the seed choose.
            split: Where the seed chooses from; None for all tasks.
            max_turns: Turns after which it is cut off; None for the suite's own.
            view: How the tools are shown; None for as they are.
            seed: Chooses the task where no id is given.

        Raises:
            TaskError: There is no such task or split, or the view hides what the task needs.
            UsageError: There are fewer than 2 turns, or the view has no such option.
        """
        turns = self.max_turns if max_turns is None else max_turns
        if turns < 2:
            raise UsageError("at least 2 turns", found=str(turns), where="max_turns")
        task = self.choose(split=split, seed=seed) if task_id is None else self.task(task_id)
        shown = self.view(task, view)
        try:
            world = self._pool.pop()
            world.reset()
        except IndexError:
            world = self.engine.world()
        return Episode(
            task_id=task.id,
            view=shown,
            user=Agenda(task.user, self.domain.schema),
            engine=self._engine(shown),
            world=world,
            max_turns=turns,
            pool=self._pool,
        )

    def view(self, task: Task, options: Options = None) -> View:
        """Return what an episode of the task shows.

        Raises:
            TaskError: The view hides what the task needs; names the task and the tool.
            UsageError: The view has no such option.
        """
        chosen = AS_IS if options is None else ViewOptions.of(options)
        slot = task.tools, chosen
        view = self._views.get(slot)
        if chosen.absent:
            error = unfit(self.domain, task, chosen)
            if error is not None:
                raise error
        if view is None:
            view = self._views[slot] = View(self.domain, task.tools, chosen)
        return view

    def _engine(self, view: View) -> Engine:
        """Return what runs the tools of a view, made once for all views with the same tools."""
        surface = view.surface
        if surface is None or not surface.rebuilt:
            return self.engine
        added = tuple(tool.name for tool in surface.run[len(self.domain.tools) :])
        slot = view.options.page_size, added
        found = self._engines.get(slot)
        if found is None:
            found = self._engines[slot] = self.engine.with_tools(surface.run)
        return found

    def ending(self, episode: Episode) -> Ending:
        """Return how an episode stands: all that the verdict looks at.

        Raises:
            ValueError: The episode is closed.
        """
        return Ending(
            outcome=episode.outcome,
            answer=episode.answer,
            message=episode.message,
            changes=episode.changes(),
            calls=episode.deeds(),
            truncated=episode.truncated,
        )

    def verdict(self, episode: Episode) -> Verdict:
        """Judge an episode as it stands now; one that goes on has not been concluded.

        Raises:
            TaskError: The episode is of another suite.
            ValueError: The episode is closed.
        """
        task = self.task(episode.task_id)
        return self._judge.verdict(
            task.goal,
            self.ending(episode),
            instruction=task.instruction,
            party=task.plan.who(),
        )

    def digest(self, episode: Episode) -> str:
        """Return the digest of an episode's rows.

        Raises:
            ValueError: The episode is closed.
        """
        return episode.digest()

    def _check(self, folder: Path | None) -> None:
        where = str(folder / "tasks.jsonl") if folder else self.domain.id
        if len(self._by_id) != len(self.tasks):
            seen: set[str] = set()
            twice = next(t.id for t in self.tasks if t.id in seen or seen.add(t.id))  # type: ignore[func-returns-value]
            raise TaskError("each task once", found=f"{twice!r} twice", where=where)
        for task in self.tasks:
            if task.format != FORMAT:
                raise TaskError(
                    f"format {FORMAT}",
                    found=str(task.format),
                    where=f"{where} {task.id}",
                    hint="build the domain again",
                )
            for name in task.tools:
                if name not in self.domain.tool_by_name:
                    raise TaskError(
                        f"a tool of {self.domain.id}",
                        found=repr(name),
                        where=f"{where} {task.id} $.tools",
                        hint=nearest(name, self.domain.tool_by_name),
                    )
            for step in task.gold:
                if step.tool not in task.tools:
                    raise TaskError(
                        f"a view that shows {step.tool}, which the task needs",
                        found="one that hides it",
                        where=f"{where} {task.id} $.tools",
                        hint="show it, or build the domain again",
                    )


_LOADED: dict[tuple[str, str, int], Suite] = {}
_LOCK = threading.Lock()


def load(name: str | Path, *, max_turns: int = MAX_TURNS) -> Suite:
    """Load a domain with its tasks; the same folder is loaded once a process.

    Args:
        name: A folder, or the name of a committed domain.
        max_turns: Turns after which an episode is cut off.

    Raises:
        DomainError: There is none, its parts do not fit, or it was changed behind its manifest.
        FormatError: A file is not in our format.
        TaskError: A task does not fit the domain.
        UsageError: There are fewer than 2 turns.
    """
    folder = domain_room.find(name).resolve()
    here = str(folder), fingerprint(read(folder / "manifest.json")), max_turns
    with _LOCK:
        suite = _LOADED.get(here)
        if suite is None:
            domain = domain_room.load(folder)
            lines = read(folder / "tasks.jsonl")
            tasks = tuple(decode_lines(lines, Task, where=str(folder / "tasks.jsonl")))
            suite = _LOADED[here] = Suite(domain, tasks, folder=folder, max_turns=max_turns)
    return suite
