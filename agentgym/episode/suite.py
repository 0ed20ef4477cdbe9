"""A suite: a domain with its tasks; it starts and judges episodes.

In come a domain and tasks; out go episodes, and verdicts on them. The verdict is here, not on the
episode, so that an agent that holds one cannot reach the goal. Next: `loading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from agentgym.domain import Domain
from agentgym.episode.courses import Courses
from agentgym.episode.faults import FaultOptions, Faults
from agentgym.episode.faults.climate import Climate
from agentgym.episode.feedback import Coach, Hints
from agentgym.episode.fitting import check_stream, own_options
from agentgym.episode.flags import Watch
from agentgym.episode.happenings import Happenings
from agentgym.episode.play import NOTHING, Episode
from agentgym.episode.view import View, unfit
from agentgym.errors import TaskError, UsageError, nearest
from agentgym.formats import Json
from agentgym.goals.rewards import Course, Meter, RewardOptions, Rewards
from agentgym.goals.verdict import Ending, Judge, Verdict
from agentgym.rng import key
from agentgym.tasks import Task
from agentgym.tasks.deeds import own_tools
from agentgym.tools.algebra import Tool
from agentgym.tools.views import AS_IS, ViewOptions
from agentgym.users import Knowledge, User, UserOptions, make
from agentgym.world.compile import Engine, engine
from agentgym.world.rows import Start, World

__all__ = ["MAX_TURNS", "Options", "Suite"]

Options = ViewOptions | Mapping[str, Json] | str | None
"""How tools are shown, in any form that `ViewOptions.of` takes."""

_JUDGES = 32
"""Judges of tasks with a patch that a suite keeps, the latest made."""

_CLIMATES = 32
"""Climates that a suite keeps, the latest made."""

MAX_TURNS = 30
"""Turns after which an episode is cut off, unless a suite says otherwise or its task needs more."""


class Suite:
    """A domain and its tasks, ready to be played.

    Args:
        domain: The world.
        tasks: What can be tried in it.
        folder: Where both were loaded from, if they were.
        max_turns: Turns after which an episode is cut off, at least 2; None for 30, and for a
            task whose gold run is long, twice what that takes.

    Raises:
        TaskError: Two tasks share an id, one shows a tool that the domain lacks, hides one that
            it needs, or has a view that cannot serve it.
        UsageError: There are fewer than 2 turns.
    """

    def __init__(
        self,
        domain: Domain,
        tasks: Sequence[Task],
        *,
        folder: Path | None = None,
        max_turns: int | None = None,
    ) -> None:
        if max_turns is not None and max_turns < 2:
            raise UsageError("at least 2 turns", found=str(max_turns), where="max_turns")
        self.domain = domain
        self.tasks = tuple(tasks)
        self.folder = folder
        self.max_turns = max_turns
        """Turns after which every episode is cut off; None where each task says how many."""
        where = str(folder / "tasks.jsonl") if folder else domain.id
        self._options = own_options(domain, self.tasks, where)
        self._by_id = {task.id: task for task in self.tasks}
        self._streams: set[str] = set()
        """Ids of tasks whose stream was found to fit."""
        self._views: dict[tuple[tuple[str, ...], ViewOptions, frozenset[str]], View] = {}
        self._engines: dict[tuple[int | None, tuple[str, ...]], Engine] = {}
        self._judges: dict[str, Judge] = {}
        self._known: dict[str, Knowledge] = {}
        self._climates: dict[FaultOptions, Climate] = {}
        self._pool: list[World] = []

    def __repr__(self) -> str:
        return f"<Suite {self.domain.id}: {len(self.tasks)} tasks>"

    @cached_property
    def engine(self) -> Engine:
        """What runs the domain's tools."""
        return engine(self.domain)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.domain)

    def _judge_of(self, task: Task) -> Judge:
        """Return who judges episodes of a task: knows the rows with which they start."""
        if not task.patch:
            return self._judge
        found = self._judges.get(task.id)
        if found is None:
            domain = self.domain.patched(task.patch, where=f"{task.id} $.patch")
            while len(self._judges) >= _JUDGES:
                self._judges.pop(next(iter(self._judges)), None)
            found = self._judges[task.id] = Judge(domain, plain=self._judge)
        return found

    def _user(self, task: Task, given: UserOptions, seed: int) -> User:
        """Return a user of the task to whom nobody has spoken."""
        known = self._known.get(task.id)
        if known is None:
            known = self._known[task.id] = Knowledge(task.user, self.domain.schema)
        return make(task.user, self.domain.schema, given, seed=seed, knowledge=known)

    def start(self, task: Task) -> Start:
        """Return the rows with which episodes of a task start.

        Raises:
            TaskError: Its patch does not fit the domain; says which row and why.
        """
        if not task.patch:
            return self.engine.image.start
        return self.engine.start(task.patch, where=f"{task.id} $.patch")

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
        user: UserOptions = None,
        faults: Faults = None,
        hints: Hints = None,
        seed: int = 0,
        user_seed: int | None = None,
        fault_seed: int | None = None,
    ) -> Episode:
        """Start an episode.

        Args:
            task_id: Which task; None to let the seed choose.
            split: Where the seed chooses from; None for all tasks.
            max_turns: Turns after which it is cut off; None for what `turns` says, and under faults
                for what reacting to them takes besides. Where it is given, faults are thinned until
                the gold run fits.
            view: How the tools are shown: every option that it names wins over that of the task
                (`ViewOptions.over`); None for as the task says.
            user: How the user behaves, as `Profile.of` takes it.
            faults: What goes wrong with the world, as `FaultOptions.of` takes it.
            hints: How far errors are explained.
            seed: Chooses the task where no id is given; of the luck of user and faults.
            user_seed: Luck of the user; None for `seed`.
            fault_seed: Luck of the faults; None for `seed`.

        Raises:
            TaskError: There is no such task or split, the view hides what the task needs, or its
                patch does not fit the domain.
            UsageError: There are fewer than 2 turns, or the view has no such option.
        """
        if max_turns is not None and max_turns < 2:
            raise UsageError("at least 2 turns", found=str(max_turns), where="max_turns")
        task = self.choose(split=split, seed=seed) if task_id is None else self.task(task_id)
        turns = self.turns(task) if max_turns is None else max_turns
        shown, start = self.view(task, view), self.start(task)
        bad = FaultOptions.of(faults)
        storm = seed if fault_seed is None else fault_seed
        weather = None
        if bad:
            fixed = max_turns is not None or self.max_turns is not None
            weather, turns = self._climate(bad).weather(
                task, storm, engine=self._engine(shown), view=shown, turns=turns, fixed=fixed
            )
        if task.stream and task.id not in self._streams:
            check_stream(self.domain, task, start)
            self._streams.add(task.id)
        due = (*task.stream, *(() if weather is None else weather.notices()))
        try:
            world = self._pool.pop()
            world.rebase(start)
        except IndexError:
            world = self.engine.world(start)
        return Episode(
            task_id=task.id,
            view=shown,
            user=self._user(task, user, seed if user_seed is None else user_seed),
            engine=self._engine(shown),
            world=world,
            max_turns=turns,
            pool=self._pool,
            happenings=Happenings(due) if due else NOTHING,
            weather=weather,
            coach=Coach.of(hints),
            watch=Watch(shown.ground),
            deeds=task.user.deeds,
        )

    def _climate(self, bad: FaultOptions) -> Climate:
        """Return what makes the weather of episodes under some options."""
        found = self._climates.get(bad)
        if found is None:
            while len(self._climates) >= _CLIMATES:
                self._climates.pop(next(iter(self._climates)), None)
            found = self._climates[bad] = Climate(bad, self.domain)
        return found

    def turns(self, task: Task) -> int:
        """Return after how many turns an episode of the task is cut off."""
        if self.max_turns is not None:
            return self.max_turns
        asked = sum(fact.exposure != "instruction" for fact in task.plan.facts)
        return max(MAX_TURNS, 2 * (len(task.gold) + asked + 1))

    def options(self, task: Task, given: Options = None) -> ViewOptions:
        """Return how an episode of the task shows its tools: its own options under those given.

        Raises:
            UsageError: There is no such option.
        """
        if not task.view:
            return AS_IS if given is None else ViewOptions.of(given)
        if given is None:
            return self._options[task.id]
        return ViewOptions.over(task.view, given)

    def view(self, task: Task, options: Options = None) -> View:
        """Return what an episode of the task shows.

        Args:
            task: One of the suite's.
            options: What wins over the task's own options; see `options`.

        Raises:
            TaskError: The view hides what the task needs; names the task and the tool.
            UsageError: The view has no such option.
        """
        chosen = self.options(task, options)
        hidden = own_tools(task.user.deeds, self.domain) if task.user.deeds else frozenset()
        slot = task.tools, chosen, hidden
        view = self._views.get(slot)
        if chosen.absent:
            error = unfit(self.domain, task, chosen)
            if error is not None:
                raise error
        if view is None:
            view = self._views[slot] = View(self.domain, task.tools, chosen, hidden=hidden)
        return view

    def _engine(self, view: View) -> Engine:
        """Return what runs the tools of a view, made once for all views with the same tools."""
        surface = view.surface
        if surface is None or not surface.rebuilt:
            return self._watching(view.added) if view.added else self.engine
        added = tuple(tool.name for tool in surface.run[len(self.domain.tools) :])
        slot = view.options.page_size, added
        found = self._engines.get(slot)
        if found is None:
            found = self._engines[slot] = self.engine.with_tools(surface.run)
        return found

    def _watching(self, added: Sequence[Tool]) -> Engine:
        """Return what runs the domain's tools and those of one who watches."""
        slot = None, tuple(tool.name for tool in added)
        found = self._engines.get(slot)
        if found is None:
            tools = (*self.domain.tools, *added)
            found = self._engines[slot] = self.engine.with_tools(tools)
        return found

    def ending(self, episode: Episode) -> Ending:
        """Return how an episode stands: all that the verdict looks at.

        Raises:
            ValueError: The episode is closed.
        """
        return Ending(
            outcome=episode.outcome,
            answer=episode.answer,
            reason=episode.reason,
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
        return self._judge_of(task).verdict(
            task.goal,
            self.ending(episode),
            instruction=task.instruction,
            party=task.plan.who(),
        )

    def meter(self, task: Task, options: Rewards = None, *, max_turns: int | None = None) -> Meter:
        """Return what measures a new episode of a task, turn by turn.

        Args:
            task: One of the suite's.
            options: What is rewarded, as `RewardOptions.of` takes it.
            max_turns: Turns after which the episode is cut off; None for what `turns` says.

        Raises:
            TaskError: The task's patch does not fit the domain.
            UsageError: There is no such reward, or it lets a failing run outscore a passing one.
        """
        turns = self.turns(task) if max_turns is None else max_turns
        return Meter(lambda: self._course(task), RewardOptions.of(options), turns)

    @cached_property
    def _courses(self) -> Courses:
        return Courses(self.domain)

    def _course(self, task: Task) -> Course:
        """Return what the rewards of a task rest on; its gold run is played for it, once."""
        found = self._courses.known(task)
        if found is None:
            start = self.start(task)
            try:
                world = self._pool.pop()
                world.rebase(start)
            except IndexError:
                world = self.engine.world(start)
            found = self._courses.make(task, self.engine, world, self._judge_of(task))
            self._pool.append(world)
        return found

    def digest(self, episode: Episode) -> str:
        """Return the digest of an episode's rows.

        Raises:
            ValueError: The episode is closed.
        """
        return episode.digest()
