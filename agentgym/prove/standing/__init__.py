"""Proofs of standing orders: tasks in which nobody asks, and events come turn by turn.

A candidate with a stream comes in, out goes a task, or why not. In the order of the files: `runs`
turn by turn, wrong ones (`strays`), the `gates`. Next: `admit`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agentgym import rng
from agentgym.errors import TaskError
from agentgym.formats import decode, encode
from agentgym.goals.offers import OFFER, WAIT
from agentgym.plan import Write
from agentgym.plan.shape import shape
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Run
from agentgym.prove.standing.gates import Gates
from agentgym.prove.standing.runs import goal_of, gold_of, relabelled
from agentgym.tasks import Certificate, Task, UserScript
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.words.watching import say_watch
from agentgym.tools.algebra import AskUser
from agentgym.tools.views import view

__all__ = ["Standing"]


class Standing(Gates):
    """Proves tasks with a stream, over one stage; see `Gates`."""

    def admit(
        self, candidate: Candidate, *, task_id: str, seed: int, split: str, max_tools: int
    ) -> Task:
        """Turn a candidate into a certified task.

        Raises:
            RefusedError: A gate does not hold.
        """
        plan, costs = candidate.plan, self.costs
        if candidate.patch:
            raise RefusedError("executes", "patch", "a watched world has no patch of its own")
        with costs.gate("unique"):
            stream = relabelled(plan, candidate.stream, self.due(plan, candidate.stream))
        with costs.gate("text"):
            text = say_watch(plan, self.schema, seed=rng.key(seed, "words", task_id))
            if text is None:
                raise RefusedError("text", "not_said", "the plan cannot be said in words")
        with costs.gate("executes"):
            gold = gold_of(plan, stream, self.domain)
            calls = tuple((step.tool, dict(step.arguments)) for step in gold)
            still = self.player.play(Run(calls=calls), stream, ticks=False)
            goal = goal_of(plan, stream, still.ending.changes, self.domain, still.now)
            tools = self.tools(calls, seed=rng.key(seed, "view", task_id), max_tools=max_tools)
        low = self.least(plan, stream)
        task = Task(
            id=task_id,
            family=plan.family,
            split=split,  # type: ignore[arg-type]
            instruction=text,
            user=UserScript(opening=text, facts=plan.facts, standing=True),
            tools=tools,
            view=candidate.view,
            stream=stream,
            plan=plan,
            shape=shape(plan),
            goal=goal,
            gold=gold,
            operators=candidate.operators,
            parent=candidate.parent,
            knobs={"family": plan.family, "seed": seed},
            measured={
                "min_calls": low,
                "max_calls": len(gold),
                "exact": low == len(gold),
                "entities": 1,
                "writes": sum(isinstance(node, Write) for node in plan.nodes),
                "answers": 0,
                "asks": 0,
                "events": len(stream),
                "due": sum(bool(notice.due) for notice in stream),
                "rules": [],
            },
            certificate=Certificate(gates=(), mutants=0, start="", end=""),
        )
        task = decode(encode(task), Task, where=task_id)
        certificate, figures = self.measure(task)
        return replace(task, certificate=certificate, measured={**task.measured, **figures})

    def tools(
        self, calls: Sequence[tuple[str, object]], *, seed: int, max_tools: int
    ) -> tuple[str, ...]:
        """Choose the tools that are shown: nobody is there to be asked."""
        known = self.domain.tool_by_name
        needed = list(dict.fromkeys(name for name, _ in calls if name in known))
        try:
            shown = view(
                self.domain.name,
                self.schema,
                self.domain.tools,
                needed,
                seed=seed,
                max_tools=max_tools,
            )
        except TaskError:
            told = f"needs more than {max_tools} tools"
            raise RefusedError("executes", "many_tools", told) from None
        silent = [name for name in shown if not isinstance(known[name].term, AskUser)]
        return (*silent, OFFER, WAIT)
