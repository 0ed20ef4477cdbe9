"""The oracle: plays a task's gold run through the public environment, dialogue included.

In come the task and what the environment shows; out go calls whose arguments are taken
from where the gold run says they come from: a fact that the user has told, a value in
an earlier answer. What was not seen is not used: then it gives up. Next: `scripted`.
"""

from __future__ import annotations

from typing import Any

from agentgym.episode.view import View
from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.plan import Fact
from agentgym.policies.lens import Lens, Steps
from agentgym.tasks import Step, Task
from agentgym.users.agenda import spoken

__all__ = ["Oracle"]


class Oracle:
    """Plays one episode of one task.

    Args:
        task: The task; its gold run is followed.
        view: How the episode shows the tools; None for as they are.
    """

    def __init__(self, task: Task, *, view: View | None = None) -> None:
        self._task = task
        self._view = None if view is None or view.surface is None else view
        self._facts = {fact.id: fact for fact in (*task.plan.facts, *task.user.facts)}
        self.trouble = ""
        """Why it gave up; empty while all goes well."""
        self._start()

    def reset(self, *, seed: int) -> None:  # noqa: ARG002 - nothing is left to chance
        """Start again, for another episode of the same task."""
        self._start()

    def _start(self) -> None:
        self.trouble = ""
        self._told = {f.id for f in self._facts.values() if f.exposure == "instruction"}
        self._outputs: list[Json] = []
        self._asking: str | None = None
        self._calling = False
        self._lens = None if self._view is None else Lens(self._view)
        self._steps: Steps | None = None
        self._given: Json = None

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the next call of the gold run, or the question that it needs first."""
        following = self._take(observation)
        if following is not None:
            return to_text(following)
        step = self._next()
        if step is None or self.trouble:
            return self._conclude()
        asked = self._first_untold(step)
        if asked is not None:
            return self._ask(asked, info)
        arguments = self._arguments(step)
        if self.trouble:
            return self._conclude()
        self._calling = True
        if self._lens is None:
            return to_text({"name": step.tool, "arguments": arguments})
        self._steps = self._lens.call(step.tool, arguments, self._wanted())
        first = self._advance(None)
        if first is None:
            self.trouble = f"no shown tool comes to {step.tool} with {', '.join(arguments)}"
            return self._conclude()
        return to_text(first)

    def _wanted(self) -> list[str]:
        """List the paths into the next call's result that later calls take values from."""
        head = f"call:{len(self._outputs)}:"
        return [
            origin.removeprefix(head)
            for step in self._task.gold
            for origin in step.origin.values()
            if origin.startswith(head)
        ]

    def _advance(self, seen: Json) -> dict[str, Json] | None:
        """Return the next call that a step takes in this view; None when it is done."""
        assert self._steps is not None
        try:
            return self._steps.send(seen)
        except StopIteration as end:
            self._steps, self._given = None, end.value
            return None

    def _take(self, observation: str) -> dict[str, Json] | None:
        """Learn from what came of the last action; return the next call of the same step."""
        if self._asking is not None:
            fact, self._asking = self._facts[self._asking], None
            if spoken(fact.value) not in _reply(observation):
                self.trouble = f"the user did not tell {fact.id}: {observation}"
            self._told.add(fact.id)
        elif self._calling:
            seen = _json(observation)
            if self._steps is not None:
                following = self._advance(seen)
                if following is not None:
                    return following
                seen = self._given
            self._calling = False
            if isinstance(seen, dict) and set(seen) == {"error"}:
                self.trouble = f"call {len(self._outputs)} was refused: {observation}"
            self._outputs.append(seen)
        return None

    def _next(self) -> Step | None:
        done = len(self._outputs)
        return self._task.gold[done] if done < len(self._task.gold) else None

    def _first_untold(self, step: Step) -> Fact | None:
        for parameter in step.arguments:
            kind, _, fact_id = step.origin.get(parameter, "default").partition(":")
            if kind == "fact" and fact_id not in self._told and fact_id in self._facts:
                return self._facts[fact_id]
        return None

    def _ask(self, fact: Fact, info: dict[str, Any]) -> str:
        self._asking = fact.id
        words = self._task.user.questions.get(fact.id) or f"the {fact.field.replace('_', ' ')}"
        question = f"What is {words}?"
        if any(tool["function"]["name"] == "ask_user" for tool in info["tools"]):
            return to_text({"name": "ask_user", "arguments": {"question": question}})
        return question

    def _arguments(self, step: Step) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for parameter, executed in step.arguments.items():
            kind, _, rest = step.origin.get(parameter, "default").partition(":")
            if kind == "fact":
                if rest not in self._facts:
                    self.trouble = f"{parameter}: there is no fact {rest!r}"
                    break
                found[parameter] = self._facts[rest].value
            elif kind == "call":
                try:
                    found[parameter] = self._follow(rest)
                except (LookupError, TypeError, ValueError):
                    self.trouble = f"{parameter}: nothing at {rest!r} in what was seen"
                    break
            else:
                found[parameter] = executed
        return found

    def _follow(self, path: str) -> Json:
        number, _, inner = path.partition(":")
        value = self._outputs[int(number)]
        for part in inner.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
        return value

    def _conclude(self) -> str:
        if self.trouble:
            arguments: dict[str, Json] = {"outcome": "impossible", "reason": self.trouble}
        else:
            arguments = {"outcome": self._task.goal.branches[0].outcome}
            if self._task.answer is not None:
                arguments["answer"] = self._task.answer
        return to_text({"name": "conclude", "arguments": arguments})


def _json(observation: str) -> Json:
    try:
        return decode(observation.encode(), object, where="observation")
    except FormatError:
        return observation


def _reply(observation: str) -> str:
    seen = _json(observation)
    if isinstance(seen, dict) and isinstance(seen.get("reply"), str):
        return str(seen["reply"])
    return observation
