"""A task's gold plan in words, for the first message: which calls, in which order, with what.

In come a task and how its tools are shown; out go numbered steps. A value that has to be found or
asked for is named by where it comes from, never given. Next: `warm`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.env.settings import PlanHint
from agentgym.episode.view import View
from agentgym.formats import Json, to_text
from agentgym.plan import Fact
from agentgym.plan.origins import sources
from agentgym.policies.oracle import Needs
from agentgym.tasks import Step, Task
from agentgym.tools.views import Way

__all__ = ["plan_hint"]


def plan_hint(task: Task, view: View, level: PlanHint, *, done: int = 0) -> str:
    """Put the gold plan of a task into words.

    Args:
        task: The task.
        view: How its tools are shown: they are called so here.
        level: `full` for all steps, `partial` for the first half of them.
        done: How many calls of the gold run are done already, and left out.

    Returns:
        A heading and the steps, one a line.
    """
    steps = list(_Words(task, view).steps(done))
    if not steps:
        return f"No {'further ' if done else ''}call is needed: say what comes of it, and end."
    if level == "partial":
        steps = steps[: (len(steps) + 1) // 2]
        heading, end = "A way to begin:", "Go on from there by yourself."
    else:
        heading, end = "A way to do it:", "Then say what came of it, and end."
    lines = [f"{number}. {text}" for number, text in enumerate(steps, 1)]
    return "\n".join([heading, *lines, end])


_ASKED = frozenset({"user", "hidden"})
"""Exposures of facts that the user tells when asked."""


class _Words:
    """Puts the steps of one task into words.

    Args:
        task: The task.
        view: How its tools are shown.
    """

    def __init__(self, task: Task, view: View) -> None:
        self._task, self._view = task, view
        self._facts = {fact.id: fact for fact in (*task.plan.facts, *task.user.facts)}
        self._needs = Needs(task.plan)
        turns = (task.user.shift, *task.user.later)
        self._unasked = {name for turn in turns if turn is not None for name in turn.facts}
        """Facts that the user brings up unasked."""
        self._at: dict[int, int] = {}
        """Number of a call of the gold run to that of the step which makes it."""

    def steps(self, done: int) -> Iterator[str]:
        """Yield the steps that are left after some calls of the gold run."""
        gold = self._task.gold
        known = {name for name, fact in self._facts.items() if fact.exposure not in _ASKED}
        known.update(self._needs.of(gold[:done]))
        number = 0
        for place, step in enumerate(gold):
            if place < done:
                continue
            for text in self._asked(self._needs.of([step]), known):
                number += 1
                yield text
            number += 1
            self._at[place] = number
            yield self._call(step)
        yield from self._asked(self._needs.answer(), known)

    def _asked(self, needed: Iterator[str], known: set[str]) -> Iterator[str]:
        """Yield the questions that the user has to be asked."""
        for name in needed:
            fact = self._facts.get(name)
            if fact is None or name in known or name in self._unasked:
                continue
            known.add(name)
            yield f"Ask the user for {self._named(fact)}."

    def _named(self, fact: Fact) -> str:
        words = self._task.user.questions.get(fact.id) or f"the {fact.field.replace('_', ' ')}"
        return f"their {words[3:]}" if words.startswith("my ") else words

    def _call(self, step: Step) -> str:
        if step.by == "user":
            return self._deed(step)
        calls = [
            f"{name} ({', '.join(given)})" if given else name
            for name, given in self._shown(step.tool, dict(step.arguments), step)
        ]
        text = f"Call {' and '.join(calls)}"
        return (
            f"{text}; it will be refused, which tells what you need." if step.fails else text + "."
        )

    def _deed(self, step: Step) -> str:
        """Say what the user has to be asked to do."""
        deed = next((deed for deed in self._task.user.deeds if deed.id == step.node), None)
        if deed is None:
            return "Ask the user to do their part."
        told = [self._task.user.questions.get(need, "what they need") for need in deed.needs]
        telling = f", and tell them {' and '.join(told)}" if told else ""
        return f"Ask the user to {deed.words}{telling}."

    def _shown(
        self, tool: str, arguments: dict[str, Json], step: Step
    ) -> list[tuple[str, list[str]]]:
        """Return the shown tools that a call comes by, each with its arguments in words."""
        surface = self._view.surface
        if surface is None:
            return [(tool, [self._argument(name, name, step) for name in arguments])]
        left, found = dict(arguments), list[tuple[str, list[str]]]()
        ways = list(surface.routes.get(tool, ()))
        while ways:
            shown, way = max(ways, key=lambda one: _covered(one[1], left, arguments))
            if _covered(way, left, arguments) < 0 or (found and not _covered(way, left, arguments)):
                break
            words = [] if shown.selector is None else [f"{shown.selector}: {to_text(way.action)}"]
            for param, own in way.params.items():
                if own in arguments:
                    words.append(self._argument(param, own, step))
                    left.pop(own, None)
            for own in way.fixed:
                left.pop(own, None)
            found.append((shown.name, words))
            ways.remove((shown, way))
            if not left:
                break
        return found or [(surface.say(tool), [])]

    def _argument(self, param: str, own: str, step: Step) -> str:
        """Say where the value of a parameter comes from."""
        origin = step.origin.get(own, "choice")
        if origin == "choice":
            return f"{param}: {to_text(step.arguments[own])}"
        places: list[str] = []
        for leaf in sources(origin):
            text = self._place(leaf)
            if text not in places:
                places.append(text)
        worked = "worked out of" if origin.startswith("computed:") else "from"
        return f"{param} {worked} {' and '.join(places)}"

    def _place(self, leaf: str) -> str:
        kind, _, rest = leaf.partition(":")
        if kind == "fact":
            return "what the user says"
        if kind == "notice":
            return f"event {int(rest) + 1}"
        if kind == "call":
            place, _, path = rest.partition(":")
            field = next((part for part in reversed(path.split(".")) if not part.isdecimal()), "")
            number = self._at.get(int(place))
            where = "what was found before" if number is None else f"step {number}"
            return f"the {field.replace('_', ' ')} in {where}" if field else where
        return "your own choice"


def _covered(way: Way, left: dict[str, Json], arguments: dict[str, Json]) -> int:
    """Count the arguments left that a way takes; below 0 where it sets something else."""
    if any(own not in arguments or arguments[own] != value for own, value in way.fixed.items()):
        return -1
    return sum(own in left for own in (*way.params.values(), *way.fixed))
