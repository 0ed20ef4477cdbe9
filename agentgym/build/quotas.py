"""Quotas: how the tasks of one domain shall be, taken together.

Not too many that one call answers, enough long ones, enough whose writes are under a rule, and
many families. `Quotas` says what the next candidate should be and which ones are taken.
Next: `fill`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from agentgym.domain import Domain
from agentgym.formats import Record
from agentgym.plan import FAMILIES, Family
from agentgym.tasks import Task
from agentgym.tools.algebra import is_write

__all__ = ["LONG", "Quotas", "Wanted", "easy"]

LONG = 4
"""A task is long where so many calls are proved to be needed."""
_PACE = 0.3
"""Share of long tasks, and of those under a rule, that is aimed at until it proves too much."""
_CAN_BE_LONG = frozenset(
    "multi_hop aggregate compare set_valued update multi_write conditional long_horizon "
    "mixed".split()
)
"""Families in which a long task may be wished for."""
_WRITES = frozenset({"update", "multi_write", "policy_bound"})
"""Families in which writes under a rule may be wished for."""
_PLAIN = frozenset({"lookup", "multi_hop", "aggregate", "compare", "set_valued", "update"})
"""Families of which nothing else is hard where one call does it."""


class Wanted(Record, kw_only=True):
    """How a candidate should be."""

    least: int = 0
    """How many calls it should need; 0 for any number."""
    ruled: bool = False
    """Whether its writes should be under a rule."""


class Quotas:
    """The shares of a domain's tasks.

    Of every ten tasks: eight families (as far as the domain carries so many), at most three that
    one call answers (`lookup` among them), at least two whose writes are under a rule, at least
    two that are long.

    Args:
        count: How many tasks are wanted.
        carried: The families that the domain can carry.
    """

    def __init__(self, count: int, carried: Collection[str] = FAMILIES) -> None:
        self.count = count
        self.easy_most = -(-3 * count // 10)
        self.ruled_least = self.long_least = count // 5
        self.families_least = min(8 * count // 10, 8, len(carried))
        self.families: Counter[str] = Counter()
        self.easy = self.ruled = self.long = 0
        self.relaxed = False
        """Whether easy tasks are taken beyond their share, since there are no others."""

    @property
    def done(self) -> int:
        """How many tasks are admitted."""
        return self.families.total()

    def admit(self, task: Task) -> None:
        """Count an admitted task."""
        calls = task.measured["min_calls"]
        assert isinstance(calls, int)
        self.families[task.family] += 1
        self.easy += easy(task.family, calls)
        self.long += calls >= LONG
        self.ruled += bool(task.measured.get("rules"))

    def wanted(self, family: str) -> Wanted:
        """Say how the next candidate of a family should be."""
        pace = _PACE * (self.done + 1)
        return Wanted(
            least=LONG if family in _CAN_BE_LONG and self.long < pace else 0,
            ruled=family in _WRITES and self.ruled < pace,
        )

    def open(
        self, families: Collection[Family], hopeless: Collection[tuple[str, str]]
    ) -> list[Family]:
        """Return those of the families that may be drawn from, so that every share can be met.

        Args:
            families: That have not come to rest.
            hopeless: Pairs of a family and `least` or `ruled`, if that came to nothing.
        """
        left = self.count - self.done
        found = list(families)
        ruled = [f for f in found if f in _WRITES and (f, "ruled") not in hopeless]
        long = [f for f in found if f in _CAN_BE_LONG and (f, "least") not in hopeless]
        missing = (self.ruled_least - self.ruled if ruled else 0, self.long_least - self.long)
        fresh = [family for family in found if family not in self.families]
        if fresh and self.families_least - len(self.families) >= left:
            found = fresh
        elif missing[0] > 0 and sum(n for n in missing if n > 0) >= left:
            found = ruled
        elif long and missing[1] >= left:
            found = long
        if self.easy >= self.easy_most and not self.relaxed:
            found = [family for family in found if family != "lookup"] or found
        return found

    def needs_rule(self) -> bool:
        """Tell whether each of the places that are left must be for a task under a rule."""
        return 0 < self.count - self.done <= self.ruled_least - self.ruled

    def needs_long(self) -> bool:
        """Tell whether each of the places that are left must be for a long task."""
        return 0 < self.count - self.done <= self.long_least - self.long

    def takes(self, family: str, calls: int, wanted: Wanted) -> bool:
        """Tell whether a candidate that needs so many calls has a place.

        Args:
            family: Of the candidate.
            calls: The proved lower bound.
            wanted: How it should be.
        """
        if easy(family, calls) and self.easy >= self.easy_most and not self.relaxed:
            return False
        return calls >= wanted.least

    def shortfalls(self, tasks: Sequence[Task], domain: Domain) -> tuple[str, ...]:
        """Say which shares the tasks do not have, and why where that is plain.

        Args:
            tasks: The admitted tasks.
            domain: What they are of.
        """
        found = []
        if len(tasks) < self.count:
            found.append(f"tasks: {len(tasks)} of {self.count}")
        if len(self.families) < self.families_least:
            found.append(f"families of tasks: {len(self.families)}, not {self.families_least}")
        if self.easy > self.easy_most:
            found.append(f"tasks of one call: {self.easy}, more than {self.easy_most}")
        if self.ruled < self.ruled_least:
            found.append(
                f"tasks with writes under a rule: {self.ruled}, not {self.ruled_least}"
                + _unruled(domain)
            )
        if self.long < self.long_least:
            found.append(
                f"tasks that need {LONG} calls: {self.long}, not {self.long_least}" + _short(domain)
            )
        return tuple(found)


def easy(family: str, calls: int) -> bool:
    """Tell whether one call does it, and nothing else is hard about it."""
    return family == "lookup" or (calls <= 1 and family in _PLAIN)


def _unruled(domain: Domain) -> str:
    writes = [tool for tool in domain.tools if is_write(tool)]
    if not writes:
        return " (no tool writes)"
    if not any(tool.guards for tool in writes):
        return " (no tool that writes asks a rule)"
    return ""


def _short(domain: Domain) -> str:
    spoken = [entity for entity in domain.schema.entities if entity.spoken]
    return f" (there are {len(spoken)} kinds of rows)" if len(spoken) < LONG else ""
