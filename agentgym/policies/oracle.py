"""The oracle: plays a task's gold run through the public environment, dialogue included.

In come the task and what the environment shows; out go calls whose arguments are taken
from where the gold run says they come from: a fact that the user has told, a value in
an earlier answer, or what comes of several. What was not seen is not used: then it gives up.
A user who is yet to change their mind is asked something first. Next: `scripted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from agentgym.episode.view import View
from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.plan import Emit, Fact, Guard, Plan, Refuse
from agentgym.plan.origins import resolved, sources
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
        self._needs = _Needs(task.plan)
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
        """The fact that was asked for; empty where any answer will do."""
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
        if self.trouble:
            return self._conclude()
        if not self._settled():
            return self._ask(next(self._untold(*self._task.gold[len(self._outputs) :]), None), info)
        asked = next(self._untold() if step is None else self._untold(step), None)
        if asked is not None:
            return self._ask(asked, info)
        if step is None:
            return self._conclude()
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
            leaf.removeprefix(head)
            for step in self._task.gold
            for origin in step.origin.values()
            for leaf in sources(origin)
            if leaf.startswith(head)
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
            self._listen(self._asking, _reply(observation))
            self._asking = None
        elif self._calling:
            seen = _json(observation)
            if self._steps is not None:
                following = self._advance(seen)
                if following is not None:
                    return following
                seen = self._given
            self._calling = False
            refused = isinstance(seen, dict) and set(seen) == {"error"}
            if refused != self._task.gold[len(self._outputs)].fails:
                how = "refused" if refused else "not refused"
                self.trouble = f"call {len(self._outputs)} was {how}: {observation}"
            self._outputs.append(seen)
        return None

    def _next(self) -> Step | None:
        done = len(self._outputs)
        return self._task.gold[done] if done < len(self._task.gold) else None

    def _listen(self, asked: str, reply: str) -> None:
        """Learn from what the user says: what was asked, and a change of mind with it."""
        turn = self._task.user.shift
        if turn is not None and turn.text in reply:
            self._told.update(turn.facts)
        elif not self._settled():
            self.trouble = f"the user did not change their mind: {reply}"
        if asked and spoken(self._facts[asked].value) not in reply:
            self.trouble = f"the user did not tell {asked}: {reply}"
        told = [asked] if asked else []
        if asked and self._facts[asked].exposure == "hidden":
            # Who is asked which one is meant tells all that says so.
            told += [
                fact.id
                for fact in self._facts.values()
                if fact.exposure == "hidden" and spoken(fact.value) in reply
            ]
        self._told.update(told)

    def _settled(self) -> bool:
        """Tell whether the user has no change of mind in store."""
        turn = self._task.user.shift
        return turn is None or self._told.issuperset(turn.facts)

    def _untold(self, *steps: Step) -> Iterator[Fact]:
        """Yield what has to be asked for before these calls; without any, before the answer."""
        turn = self._task.user.shift
        later = () if turn is None else turn.facts
        for name in self._needs.of(steps) if steps else self._needs.answer():
            if name not in self._told and name in self._facts and name not in later:
                yield self._facts[name]

    def _ask(self, fact: Fact | None, info: dict[str, Any]) -> str:
        question = "Is there anything else that I should know?"
        if fact is not None:
            words = self._task.user.questions.get(fact.id) or f"the {fact.field.replace('_', ' ')}"
            words = f"your {words[3:]}" if words.startswith("my ") else words
            question = f"What is {words}?"
            if fact.exposure == "hidden":
                question = f"Which one do you mean? {question}"
        self._asking = "" if fact is None else fact.id
        if any(tool["function"]["name"] == "ask_user" for tool in info["tools"]):
            return to_text({"name": "ask_user", "arguments": {"question": question}})
        return question

    def _arguments(self, step: Step) -> dict[str, Json]:
        found: dict[str, Json] = {}
        facts = {name: self._facts[name].value for name in self._facts if name in self._told}
        for parameter, executed in step.arguments.items():
            origin = step.origin.get(parameter, "choice")
            if not origin.startswith(("fact:", "call:", "computed:")):
                found[parameter] = executed
                continue
            try:
                found[parameter] = resolved(origin, facts, self._outputs)
            except (LookupError, TypeError, ValueError, ArithmeticError):
                self.trouble = f"{parameter}: nothing at {origin!r} in what was told and seen"
                break
        return found

    def _conclude(self) -> str:
        if self.trouble:
            arguments: dict[str, Json] = {"outcome": "impossible", "reason": self.trouble}
        else:
            arguments = {"outcome": self._task.outcome}
            if self._task.answer is not None:
                arguments["answer"] = self._task.answer
            if self._task.reason:
                arguments["reason"] = self._task.reason
        return to_text({"name": "conclude", "arguments": arguments})


class _Needs:
    """Which facts calls and answers rest on, those by which rows are told apart included.

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._nodes = {node.id: node for node in plan.nodes}
        self._facts = {fact.id for fact in plan.facts}
        self._guards = [node for node in plan.nodes if isinstance(node, Guard)]

    def of(self, steps: Iterable[Step]) -> Iterator[str]:
        """Yield the ids of the facts that calls need."""
        for step in steps:
            for origin in step.origin.values():
                for leaf in sources(origin):
                    kind, _, name = leaf.partition(":")
                    if kind == "fact":
                        yield name
            yield from self._upstream(step.node)

    def answer(self) -> Iterator[str]:
        """Yield the ids of the facts that the answer needs."""
        refused = {node.act for node in self._plan.nodes if isinstance(node, Refuse)}
        for node in self._plan.nodes:
            if isinstance(node, Emit) and node.id not in refused:
                yield from self._upstream(node.id)

    def _upstream(self, name: str) -> Iterator[str]:
        """Yield the facts of a node, of those it is found by, and of what decides about it."""
        waiting, known = [name], {name}
        while waiting:
            node = self._nodes.get(waiting.pop(0))
            if node is None:
                continue
            tests = [g.test for g in self._guards if node.id in (*g.then, *g.otherwise)]
            for text in _texts(msgspec.to_builtins([node, *tests])):
                if text in self._facts:
                    yield text
                elif text in self._nodes and text not in known:
                    known.add(text)
                    waiting.append(text)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


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
