"""Dials and the ladder: what is measured when a knob is turned, and who passes which tasks.

In come a domain and its tasks, out go labels alone: the mean figure of fresh tasks for each value
of a knob, and the share of tasks that each policy of the ladder passes. Nothing is admitted,
dropped or written. Next: `cli.ladder`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from agentgym import rng
from agentgym.build.fill import Asked, Filling
from agentgym.build.making import max_tools
from agentgym.domain import Domain
from agentgym.formats import Record
from agentgym.plan import Family
from agentgym.policies import LADDER
from agentgym.prove import Prover
from agentgym.prove.ladder import Rungs, climb
from agentgym.tasks import Task
from agentgym.tasks.knobs import Knobs

__all__ = ["DIALS", "FIGURES", "Dial", "Ladder", "Share", "Turned", "dials", "ladder"]

Progress = Callable[[str], None]


class Dial(Record, kw_only=True):
    """A knob, and the figure that has to follow it."""

    knob: str
    values: tuple[int, ...]
    figure: str
    families: tuple[Family, ...]
    """Of which the tasks are, where the domain carries them."""


DIALS = (
    Dial(knob="entities", values=(2, 3, 4, 5), figure="min_calls", families=("multi_hop",)),
    Dial(knob="fuzz", values=(0, 1, 2, 3), figure="vagueness", families=("multi_hop",)),
    Dial(knob="held", values=(0, 1, 2), figure="held", families=("multi_hop", "update")),
    Dial(knob="hidden", values=(0, 1, 2), figure="hidden", families=("multi_hop", "multi_write")),
    Dial(knob="acts", values=(2, 3, 4), figure="writes", families=("multi_write",)),
    Dial(knob="limits", values=(1, 2, 3), figure="bounds", families=("planning",)),
    Dial(knob="decoy_rows", values=(0, 1, 2), figure="alike", families=("lookup", "update")),
    Dial(knob="decoy_tools", values=(0, 2, 4), figure="alike", families=("lookup", "update")),
)
"""The knobs that are turned, one at a time."""

FIGURES = ("min_calls", "entities", "vagueness", "held", "cases", "visible")
"""The figures by which the ladder is shown."""


class Turned(Record, kw_only=True):
    """Tasks that were made with one value of one knob."""

    knob: str
    value: int
    figure: str
    tasks: int
    mean: Decimal | None
    """The mean of the figure over them; None where there are none."""


class Share(Record, kw_only=True):
    """How many of some tasks each policy passes."""

    tasks: int
    passed: dict[str, int]
    """Name of the policy, one of `policies.LADDER`, to how many."""


class Ladder(Record, kw_only=True):
    """Who passes which tasks of a domain."""

    tasks: dict[str, Rungs]
    """Id to its vector."""
    families: dict[str, Share]
    figures: dict[str, dict[int, Share]]
    """Measured figure to its values to how many of those tasks are passed."""


def dials(
    domain: Domain,
    *,
    count: int = 10,
    seed: int = 0,
    chosen: Sequence[Dial] = DIALS,
    progress: Progress = lambda line: None,
) -> tuple[Turned, ...]:
    """Turn each knob, and measure tasks that are made so; none of them is kept.

    Args:
        domain: The domain.
        count: How many tasks are made for each value.
        seed: Decides all draws.
        chosen: The knobs.
        progress: Told a line a knob.
    """
    prover = Prover(domain, max_tools=max_tools(domain))
    found = []
    for dial in chosen:
        for value in dial.values:
            knobs = replace(Knobs(), **{dial.knob: value})
            filling = Filling(
                domain,
                count=count,
                seed=rng.key(seed, "dials", dial.knob, value) % 2**32,
                max_tools=prover.max_tools,
                asked=Asked(families=dial.families, knobs=knobs, exact=True),
                prover=prover,
            )
            if not filling.families:
                break
            values = [_number(task, dial.figure) for task in filling.run(lambda line: None).tasks]
            mean = Decimal(sum(values)) / len(values) if values else None
            found.append(
                Turned(
                    knob=dial.knob,
                    value=value,
                    figure=dial.figure,
                    tasks=len(values),
                    mean=None if mean is None else mean.quantize(Decimal("0.01")),
                )
            )
        progress(f"turned {dial.knob}")
    return tuple(found)


def ladder(
    domain: Domain,
    tasks: Sequence[Task],
    *,
    seed: int = 0,
    progress: Progress = lambda line: None,
) -> Ladder:
    """Let every policy of the ladder try every task.

    Args:
        domain: The domain.
        tasks: Its tasks.
        seed: Decides what the random policy does.
        progress: Told a line now and then.
    """
    rungs = {}
    for number, one in enumerate(climb(domain, tasks, seed=seed), 1):
        rungs[one.task] = one
        if number % 25 == 0:
            progress(f"{number} of {len(tasks)} tasks climbed")
    families = {task.family for task in tasks}
    figures: dict[str, dict[int, Share]] = {}
    for name in FIGURES:
        values = sorted({_number(task, name) for task in tasks if _known(task, name)})
        figures[name] = {
            value: _share(
                [t for t in tasks if _known(t, name) and _number(t, name) == value], rungs
            )
            for value in values
        }
    return Ladder(
        tasks=rungs,
        families={
            name: _share([task for task in tasks if task.family == name], rungs)
            for name in sorted(families)
        },
        figures=figures,
    )


def _share(tasks: Sequence[Task], rungs: dict[str, Rungs]) -> Share:
    return Share(
        tasks=len(tasks),
        passed={name: sum(rungs[task.id].passed[name] for task in tasks) for name in LADDER},
    )


def _known(task: Task, figure: str) -> bool:
    return isinstance(task.measured.get(figure), int)


def _number(task: Task, figure: str) -> int:
    value = task.measured.get(figure)
    return value if isinstance(value, int) else 0
