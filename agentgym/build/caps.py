"""Caps: how often structures, facts and answers may come again among the tasks of one domain.

In come candidates and admitted tasks; out goes why one is too much like others. Next: `fill`.
"""

from __future__ import annotations

from collections import Counter

from agentgym.formats import encode
from agentgym.plan import Plan, told
from agentgym.plan.shape import shape
from agentgym.tasks import Task

__all__ = ["Caps"]

_OF_SHAPE = 8
_OF_ANSWER = 10
_OF_FACT = 8
"""One in so many tasks may share a structure, an answer, a fact that the user tells; two always."""


class Caps:
    """What was admitted, as far as it bounds what comes next.

    Args:
        count: How many tasks there shall be in all.
        tasks: Those that are there.
    """

    def __init__(self, count: int, tasks: tuple[Task, ...] = ()) -> None:
        self.count = count
        self.seen: set[bytes] = set()
        self.pairs: set[tuple[str, bytes]] = set()
        self.shapes: Counter[str] = Counter()
        self.answers: Counter[bytes] = Counter()
        self.facts: Counter[bytes] = Counter()
        for task in tasks:
            self.admit(task)

    def refusal(self, plan: Plan) -> str:
        """Say why a candidate is too much like what is there; empty where it is not."""
        form = shape(plan)
        if encode(told(plan)) in self.seen:
            return "the same plan"
        if self.shapes[form] >= self.most(_OF_SHAPE):
            return "a structure that came too often"
        facts = _facts(plan)
        if facts and any((form, fact) in self.pairs for fact in facts):
            return "the same structure about the same thing"
        if any(self.facts[fact] >= self.most(_OF_FACT) for fact in facts):
            return "a fact that came too often"
        return ""

    def repeats(self, task: Task) -> str:
        """Say why a proved task's answer is one too many; empty where it is not."""
        answer = _answer(task)
        if answer and self.answers[answer] >= self.most(_OF_ANSWER):
            return "an answer that came too often"
        return ""

    def admit(self, task: Task) -> None:
        """Count an admitted task."""
        form = shape(task.plan)
        self.seen.add(encode(told(task.plan)))
        self.shapes[form] += 1
        for fact in _facts(task.plan):
            self.pairs.add((form, fact))
            self.facts[fact] += 1
        answer = _answer(task)
        if answer:
            self.answers[answer] += 1

    def most(self, one_in: int) -> int:
        """Return how many tasks may share something."""
        return max(2, self.count // one_in)


def _answer(task: Task) -> bytes:
    return b"" if task.answer is None else encode(task.answer)


def _facts(plan: Plan) -> list[bytes]:
    """List the facts that name what a plan is about: texts of more than a word of an enum."""
    return [
        encode((fact.entity, fact.field, fact.value))
        for fact in plan.facts
        if isinstance(fact.value, str) and _names(plan, fact.id)
    ]


def _names(plan: Plan, fact: str) -> bool:
    """Tell whether a fact is what a row is told by, whole and equal."""
    return any(
        where.fact == fact and where.op == "eq" and where.of is None
        for node in plan.nodes
        if hasattr(node, "where")
        for where in node.where
    )
