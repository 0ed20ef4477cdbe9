"""Mutants: wrong runs made from the right one, all of which a verdict must refuse.

Each is wrong by construction: what it changes, answers or leaves out differs from what
the task asks. `MAY_AGREE` names the kinds of which a run may come out as the right one does;
`undo_pair` must be accepted where it leaves nothing behind. Next: `certify`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.prove.mutants.acts import Acts
from agentgym.prove.mutants.answers import Answers
from agentgym.prove.mutants.deeds import Deeds
from agentgym.prove.mutants.endings import Endings
from agentgym.prove.run import Run
from agentgym.prove.stage import Stage
from agentgym.tasks import Task

__all__ = ["MAY_AGREE", "more_mutants", "mutants"]

MAY_AGREE = frozenset(
    "argument_changed argument_added wrong_entity done_twice extra_write undone wrong_order "
    "undo_pair other_branch first_value other_meaning both_deeds".split()
)
"""Kinds of which a run may come out as the right one does, and is then no wrong run."""


class _Maker(Answers, Acts, Endings, Deeds):
    """Makes wrong runs of every kind."""


def mutants(task: Task, stage: Stage) -> Iterator[tuple[str, Run]]:
    """Make wrong runs of a task.

    Args:
        task: The task with its gold run.
        stage: Where it starts.

    Yields:
        The name of the operator and the wrong run.
    """
    maker = _Maker(task, stage)
    yield from maker.endings()
    if task.goal.branches[0].answers:
        yield from maker.answers()
    yield from maker.acts()
    yield from maker.deeds()


def more_mutants(task: Task, stage: Stage) -> Iterator[tuple[str, Run]]:
    """Make further wrong runs, for tasks of which many others come out right or are refused.

    Takes and yields what `mutants` does; some of its runs may come again.
    """
    maker = _Maker(task, stage, more=True)
    if task.goal.branches[0].answers:
        yield from maker.other_truths()
    yield from maker.more_acts()
    yield from maker.early_ends()
    yield from maker.further_writes()
