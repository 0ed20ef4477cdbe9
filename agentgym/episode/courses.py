"""Courses: what the rewards of each task rest on, found out once a task.

A task comes in with a world that stands at its start; its course goes out. Next: `suite`.
"""

from __future__ import annotations

from functools import cached_property

from agentgym.domain import Domain
from agentgym.goals.rewards import Course, Ground, play
from agentgym.goals.verdict import Judge
from agentgym.tasks import Task
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["Courses"]

_KEPT = 512
"""Courses that are kept, the latest made."""


class Courses:
    """The courses of the tasks of a domain.

    Args:
        domain: The domain.
    """

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._made: dict[str, Course] = {}

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self._domain)

    def known(self, task: Task) -> Course | None:
        """Return the course of a task, if it was made and kept."""
        return self._made.get(task.id)

    def make(self, task: Task, engine: Engine, world: World, judge: Judge) -> Course:
        """Play the gold run of a task, and make its course of that.

        Args:
            task: The task.
            engine: Runs the tools.
            world: Stands where the task starts; it is moved.
            judge: Of the task.
        """
        script, least = task.user, task.measured.get("min_calls")
        later = (*(() if script.shift is None else (script.shift,)), *script.later)
        course = Course(
            judge,
            self._ground,
            plan=task.plan,
            goal=task.goal,
            played=play(engine, world, task.gold),
            facts=script.facts or task.plan.facts,
            instruction=task.instruction,
            tools=task.tools,
            turns=(script.wants, *(turn.wants for turn in later)),
            least=least if isinstance(least, int) else None,
            moving=bool(task.stream),
        )
        while len(self._made) >= _KEPT:
            self._made.pop(next(iter(self._made)), None)
        self._made[task.id] = course
        return course
