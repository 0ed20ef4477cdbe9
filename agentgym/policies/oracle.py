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
from agentgym.plan.intents import turns
from agentgym.plan.origins import resolved, sources
from agentgym.policies.lens import Lens, Steps
from agentgym.tasks import Step, Task
from agentgym.tasks.deeds import request
from agentgym.users.agenda import agreed, confirming, spoken

__all__ = ["Needs", "Oracle"]

_PATIENCE = 4
"""How often the user is asked to go on before it gives up."""
_AGAIN = 8
"""How often something is asked again that the user does not tell, or agree to, at once."""


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
        self._needs = Needs(task.plan)
        self._turns = {
            node.id: turn for node, turn in zip(turns(task.plan), task.user.later, strict=True)
        }
        """What the user comes to want, by the node of the question that they say it with."""
        self.trouble = ""
        """Why it gave up; empty while all goes well."""
        self._start()

    def reset(self, *, seed: int) -> None:  # noqa: ARG002 - nothing is left to chance
        """Start again, for another episode of the same task."""
        self._start()

    def _start(self) -> None:
        self.trouble = ""
        told = ("instruction", "jargon")
        self._told = {f.id for f in self._facts.values() if f.exposure in told}
        self._outputs: list[Json] = []
        self._asking: str | None = None
        """The fact that was asked for; empty where any answer will do."""
        self._calling = False
        self._info: dict[str, Any] = {"tools": ()}
        """What the environment said last."""
        self._noticed: set[int] = set()
        """Numbers of the events of the stream that it was told of."""
        self._patience = _PATIENCE
        self._again = 0
        self._gone: set[str] = set()
        """The questions whose turns the user has said."""
        self._lens = None if self._view is None else Lens(self._view)
        self._steps: Steps | None = None
        self._given: Json = None

    @property
    def made(self) -> int:
        """How many calls of the gold run were made and answered, as far as it has heard."""
        return len(self._outputs)

    @property
    def lens(self) -> Lens | None:
        """Makes the calls of the domain through the view; None where tools are as they are."""
        return self._lens

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the next call of the gold run, or the question that it needs first."""
        self._info = info
        self.notice(observation)
        following = self._take(observation)
        if following is not None:
            return to_text(following)
        step = self._next()
        if self.trouble:
            return self._conclude()
        while step is not None and step.node in self._gone:
            self._outputs.append(None)  # they went on before they were asked to
            step = self._next()
        if step is not None and step.node in self._turns:
            return self._step(step, dict(step.arguments))
        if not self._settled():
            return self._ask(next(self._untold(*self._task.gold[len(self._outputs) :]), None))
        asked = next(self._untold() if step is None else self._untold(step), None)
        if asked is not None:
            return self._ask(asked)
        if step is None:
            return self._conclude()
        arguments = self._arguments(step)
        if self.trouble:
            return self._conclude()
        return self._step(step, arguments)

    def notice(self, observation: str) -> None:
        """Learn which events of the stream were told of; for whoever acts between its calls."""
        self._noticed |= {n for n, one in enumerate(self._task.stream) if one.text in observation}

    def _step(self, step: Step, arguments: dict[str, Json]) -> str:
        """Make the call of a step, or let the user make it."""
        self._calling = True
        if step.by == "user":
            return self._say(self._guide(step, arguments))
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
            done = self._task.gold[len(self._outputs)]
            if done.by == "user":
                self._outputs.append(None)
                return None
            node = done.node
            if node in self._turns:
                self._hear(_reply(observation))
                self._patience = _PATIENCE if node in self._gone else self._patience - 1
                if not self._patience:
                    self.trouble = f"the user did not go on: {observation}"
                self._calling = False
                return None
            if self._not_yet(done, seen):
                self._again += 1
                self._calling = True
                return {"name": done.tool, "arguments": dict(done.arguments)}
            self._again = 0
            refused = isinstance(seen, dict) and set(seen) == {"error"}
            if refused != self._task.gold[len(self._outputs)].fails:
                how = "refused" if refused else "not refused"
                self.trouble = f"call {len(self._outputs)} was {how}: {observation}"
            self._outputs.append(seen)
        return None

    def _not_yet(self, step: Step, seen: Json) -> bool:
        """Tell whether the user was asked for a yes, and wants to be asked again."""
        question = step.arguments.get("question")
        if self._again >= _AGAIN or not isinstance(question, str) or not confirming(question):
            return False
        return isinstance(seen, dict) and "reply" in seen and not agreed(str(seen["reply"]))

    def _hear(self, reply: str) -> None:
        """Learn what the user says of their own accord."""
        shift = self._task.user.shift
        if shift is not None and shift.text in reply:
            self._told.update(shift.facts)
        for node, turn in self._turns.items():
            if turn.text in reply:
                self._told.update(turn.facts)
                self._gone.add(node)

    def _next(self) -> Step | None:
        done = len(self._outputs)
        return self._task.gold[done] if done < len(self._task.gold) else None

    def _listen(self, asked: str, reply: str) -> None:
        """Learn from what the user says: what was asked, and a change of mind with it."""
        self._hear(reply)
        if not self._settled():
            self.trouble = f"the user did not change their mind: {reply}"
        if asked and spoken(self._facts[asked].value) not in reply:
            self._again += 1
            if self._again <= _AGAIN and "do not know" not in reply:
                return
            self.trouble = f"the user did not tell {asked}: {reply}"
        self._again = 0
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
        script = self._task.user
        turns_ = (*((script.shift,) if script.shift is not None else ()), *script.later)
        later = {fact for turn in turns_ for fact in turn.facts}
        for name in self._needs.of(steps) if steps else self._needs.answer():
            if name not in self._told and name in self._facts and name not in later:
                yield self._facts[name]

    def _ask(self, fact: Fact | None) -> str:
        question = "Is there anything else that I should know?"
        if fact is not None:
            words = self._task.user.questions.get(fact.id) or f"the {fact.field.replace('_', ' ')}"
            words = f"your {words[3:]}" if words.startswith("my ") else words
            question = f"What is {words}?"
            if fact.exposure == "hidden":
                question = f"Which one do you mean? {question}"
        self._asking = "" if fact is None else fact.id
        return self._say(question)

    def _say(self, text: str) -> str:
        if any(tool["function"]["name"] == "ask_user" for tool in self._info["tools"]):
            return to_text({"name": "ask_user", "arguments": {"question": text}})
        return text

    def _guide(self, step: Step, arguments: dict[str, Json]) -> str:
        """Write what the user is told so that they do a deed, with what was found out."""
        script = self._task.user
        deed = next(one for one in script.deeds if one.id == step.node)
        return request(deed, script, {name: arguments[param] for param, name in deed.takes.items()})

    def _arguments(self, step: Step) -> dict[str, Json]:
        found: dict[str, Json] = {}
        facts = {name: self._facts[name].value for name in self._facts if name in self._told}
        for parameter, executed in step.arguments.items():
            origin = step.origin.get(parameter, "choice")
            if origin.startswith("notice:") and int(origin[7:]) not in self._noticed:
                self.trouble = f"{parameter}: nothing was told of what it is about"
                break
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


class Needs:
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
        first, _, rest = observation.partition("\n")  # then come the notices
        return _json(first) if rest else observation


def _reply(observation: str) -> str:
    seen = _json(observation)
    if isinstance(seen, dict) and isinstance(seen.get("reply"), str):
        return str(seen["reply"])
    return observation
