"""The independent check of certificates: uniqueness in SQL, bounds by exhaustive search.

A domain and its tasks come in, what does not hold goes out. Every select of every task is asked of
the database; where the world is small enough and nothing is written, the least number of calls is
searched for through real calls. Next: `build.check`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from agentgym.domain import Domain
from agentgym.formats import Record
from agentgym.plan import Select, Write
from agentgym.plan.tables import Tables
from agentgym.prove import brute
from agentgym.prove.audit.sql import differences
from agentgym.tasks import Task
from agentgym.world.compile import engine

__all__ = ["Checked", "brute_check"]

SMALL = 60
"""Most rows of a world in which calls are searched exhaustively."""
SHORT = 3
"""Most calls that are tried one after another."""


class Family(Record, kw_only=True):
    """What an independent check found of the tasks of one family."""

    tasks: int
    """Certificates that were compared."""
    agreed: int
    """Those on whose rows the interpreter and SQL agree."""
    searched: int
    """Those whose least number of calls was searched for exhaustively, to the end."""
    open: int
    """Those of which the search came to its cap."""


class Checked(Record, kw_only=True):
    """What an independent check found."""

    tasks: int
    selects: int
    """Selects whose rows were counted in SQL."""
    searched: int
    """Tasks of which the bounds were searched for exhaustively."""
    open: int
    """Tasks of which the search came to its cap: nothing is said about their bounds."""
    wrong: tuple[str, ...] = ()
    """Certificates that do not hold: a sentence each."""
    families: dict[str, Family] = {}
    """Family to what was found of its tasks."""


def brute_check(
    domain: Domain, tasks: Sequence[Task], progress: Callable[[str], None] = lambda line: None
) -> Checked:
    """Check the certificates of tasks by other means than those that gave them.

    Args:
        domain: The domain as every episode without a patch starts.
        tasks: Its tasks.
        progress: Told a line now and then.
    """
    machine = engine(domain)
    world = machine.world()
    plain = Tables(domain.schema, domain.rows)
    wrong: list[str] = []
    selects = searched = unknown = 0
    families: dict[str, Counter[str]] = {}
    for number, task in enumerate(tasks, 1):
        mine = families.setdefault(task.family, Counter())
        patch = (*task.patch, *(one for notice in task.stream for one in notice.patch))
        start = domain.patched(patch)
        tables = Tables(domain.schema, start.rows) if patch else plain
        world.rebase(machine.start(patch))
        selects += sum(isinstance(node, Select) for node in task.plan.nodes)
        apart = [f"{task.id}: {told}" for told in differences(task.plan, tables, world)]
        wrong += apart
        mine.update(tasks=1, agreed=not apart)
        if _searchable(task, start):
            searched += 1
            told = _bounds(task, start)
            unknown += told is None
            mine.update(searched=told is not None, open=told is None)
            wrong += [f"{task.id}: {told}"] if told else []
        if number % 25 == 0:
            progress(f"{number} of {len(tasks)} tasks checked by other means")
    world.close()
    return Checked(
        tasks=len(tasks),
        selects=selects,
        searched=searched,
        open=unknown,
        wrong=tuple(wrong),
        families={
            name: Family(
                tasks=found["tasks"],
                agreed=found["agreed"],
                searched=found["searched"],
                open=found["open"],
            )
            for name, found in sorted(families.items())
        },
    )


def _searchable(task: Task, start: Domain) -> bool:
    rows = sum(len(found) for found in start.rows.values())
    if rows > SMALL or task.stream:
        return False
    return not any(isinstance(node, Write) for node in task.plan.nodes)


def _bounds(task: Task, start: Domain) -> str | None:
    """Say how the bounds differ from an exhaustive search; "" where not, None where unknown."""
    low, high = task.measured.get("min_calls"), len(task.gold)
    exact = brute.shortest(task.plan, start, cap=min(high, SHORT))
    if exact is None:
        return None if high > SHORT else f"{high} calls are not enough by exhaustive search"
    if not isinstance(low, int) or not low <= exact <= high:
        return f"{exact} calls by exhaustive search, {low} to {high} by the certificate"
    return ""
