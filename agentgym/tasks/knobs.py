"""Knobs and candidates: what may be asked of the generator, and what it hands to `prove`."""

from __future__ import annotations

from typing import Literal

from agentgym.domain.patch import Patch
from agentgym.formats import Json, Record
from agentgym.plan import Plan
from agentgym.tasks import Notice

__all__ = ["Candidate", "Knobs"]


class Knobs(Record, kw_only=True):
    """How hard a candidate should be, dimension by dimension; a family ignores what it lacks.

    `prove` measures what came of each.
    """

    entities: int | None = None
    """How many rows the clues lead over; drawn if not said."""
    least: int = 0
    """Fewest calls that it should be proved to need."""
    most: int | None = None
    """Most calls that it should be proved to need."""
    fuzz: int = 0
    """How vaguely the clues are told, 0 (as they are) to 3: `tasks.operators` has the levels."""
    shape: Literal["path", "tree", "cycle"] | None = None
    """How the rows hang together; drawn if not said."""
    clues: int | None = None
    """Fewest rows that any one clue must leave (support); 3 if not said and `fuzz` is not 0."""
    ruled: bool = False
    """Write only by tools that ask a rule."""
    acts: int | None = None
    """How many things are asked for: writes, answers, rows chosen, cells hidden."""
    limits: int | None = None
    """How many hard constraints hold for what is chosen."""
    held: int = 0
    """How many facts the user tells only when asked."""
    hidden: int = 0
    """How many facts the user neither tells nor announces, so that the request is open."""
    decoy_rows: int = 0
    """How many rows are added that fit all clues but one."""
    decoy_tools: int = 0
    """How many tools are shown that look like those needed."""


class Candidate(Record, kw_only=True):
    """A plan that may become a task."""

    plan: Plan
    operators: tuple[str, ...] = ()
    """What it was grown by, in order."""
    patch: tuple[Patch, ...] = ()
    view: dict[str, Json] = {}
    stream: tuple[Notice, ...] = ()
    """What happens while the agent watches, where nobody asks for anything."""
    knobs: Knobs = Knobs()
    """What was asked for."""
    parent: str | None = None
    """Id of the task that it was made from."""
