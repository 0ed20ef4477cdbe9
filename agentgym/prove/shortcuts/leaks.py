"""Leaks: the answer, and the keys of the rows on the way, stand in no text that is shown.

A task comes in. What is looked for: each value of the answer, in the forms in which people and
tools write it, in the instruction and in what the tools say of themselves; in the instruction also
each key that the gold run takes from a result. Next: `certify`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from agentgym.domain import Domain
from agentgym.formats import Json, to_text
from agentgym.goals.answers import normal
from agentgym.plan import Choose, Emit, Plan, Select
from agentgym.plan.tables import equal
from agentgym.prove.refused import RefusedError
from agentgym.tasks import Task

__all__ = ["Leaks", "forms"]

_SMALL = 20
"""Numbers below it may be told of one thing and asked of another."""
_SHORT = 4
"""Letters that a text must have at least for its parts to tell it."""
_MADE = 0.7
"""Share of an answer's letters which, found in words of the instruction, gives it away."""
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONG = 1000
"""Smallest number of a key that stands in a text for no other reason."""


class Leaks:
    """Looks for answers in texts, over one domain.

    Args:
        domain: The domain.
        parameters: Tool name to its parameters as they are shown.
    """

    def __init__(self, domain: Domain, parameters: Mapping[str, dict[str, Json]]) -> None:
        self.domain, self.parameters = domain, parameters
        self._documents: dict[str, str] = {}

    def check(self, task: Task) -> None:
        """Check that no text gives the answer away.

        Raises:
            RefusedError: One does.
        """
        told = f" {normal(' '.join(spoken(task)))} "
        facts = [fact.value for fact in task.plan.facts]
        for value in looked_up(task):
            if any(equal(fact, value) for fact in facts) and not _common(value):
                raise RefusedError("no_shortcut", "leak_fact", "the answer is one of the facts")
            for text in forms(value):
                if _stands(text, told):
                    found = "the answer stands in the instruction"
                    raise RefusedError("no_shortcut", "leak_prompt", found)
                if isinstance(value, str) and any(
                    f'"{text}"' in self.document(name) for name in task.tools
                ):
                    found = "the answer stands in a tool's description"
                    raise RefusedError("no_shortcut", "leak_docs", found)
            if isinstance(value, str) and made_of(value, told):
                found = "the answer is made of what the instruction tells"
                raise RefusedError("no_shortcut", "leak_made", found)
        for key in found_keys(task):
            if not any(equal(fact, key) for fact in facts) and _stands(normal(str(key)), told):
                found = "a key that is to be found stands in the instruction"
                raise RefusedError("no_shortcut", "leak_key", found)

    def document(self, name: str) -> str:
        """Return what a tool says of itself, folded."""
        if name not in self._documents:
            tool = self.domain.tool_by_name[name]
            content = [tool.description, self.parameters[name]]
            self._documents[name] = to_text(content).casefold()
        return self._documents[name]


def spoken(task: Task) -> list[str]:
    """Return what the user says without being asked."""
    shift = task.user.shift
    return [task.instruction] + ([] if shift is None else [shift.text])


def looked_up(task: Task) -> Iterator[Json]:
    """Yield the values of the answer that the request does not itself name.

    Of what is compared or chosen from, the names are told.
    """
    values = values_of(task)
    emits = [node for node in task.plan.nodes if isinstance(node, Emit)]
    named = {
        str(value)
        for emit, value in zip(emits, values, strict=False)
        if _named(task.plan, emit)
        for value in (value if isinstance(value, list) else [value])
    }
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            if one is not None and str(one) not in named:
                yield one


def values_of(task: Task) -> list[Json]:
    """Return the gold answers, one for each slot; a set is a list."""
    slots = task.goal.branches[0].answers
    if not slots:
        return []
    if len(slots) == 1:
        return [task.answer]
    return list(task.answer) if isinstance(task.answer, list) else [task.answer]


def _named(plan: Plan, emit: Emit) -> bool:
    node = plan.node(emit.node)
    select = plan.node(node.of) if isinstance(node, Choose) else node
    if not isinstance(select, Select) or not select.among:
        return False
    rows = [plan.node(name) for name in select.among]
    return all(isinstance(row, Select) and row.where for row in rows)


def found_keys(task: Task) -> Iterator[Json]:
    """Yield what the gold run takes from results, where it could not stand in a text by chance."""
    for step in task.gold:
        for name, origin in step.origin.items():
            value = step.arguments.get(name)
            if not origin.startswith("call:") or isinstance(value, bool):
                continue
            if isinstance(value, int) and abs(value) < _LONG:
                continue
            if isinstance(value, int) or (isinstance(value, str) and any(map(str.isdigit, value))):
                yield value


def forms(value: Json) -> list[str]:
    """Return the ways in which a value is written, folded."""
    found = [str(value)]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(str(value))
        plain = f"{exact:f}"
        found.append(plain.rstrip("0").rstrip(".") if "." in plain else plain)
        found += [f"{exact:,}", f"{exact:,.2f}", f"{exact:.2f}"]
    elif isinstance(value, str):
        found.append(value.replace("_", " "))
        found += _days(value)
    return list(dict.fromkeys(normal(text) for text in found if normal(text)))


def made_of(value: str, told: str) -> bool:
    """Tell whether a text can be put together from words of another: an address from a name.

    Args:
        value: The text; of an electronic address the part before the `@` counts.
        told: The other one, folded.
    """
    local = normal(value.partition("@")[0] if "@" in value else value)
    whole = re.sub(r"[^\w]|_", "", local)
    if len(whole) < _SHORT or _DATED.match(value):
        return False
    left = whole
    for word in sorted(set(re.findall(r"[^\W_]{3,}", told)), key=lambda word: (-len(word), word)):
        left = left.replace(word, " ")
    return len(left.replace(" ", "")) <= len(whole) * (1 - _MADE)


def _days(value: str) -> list[str]:
    if not re.match(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$", value):
        return []
    try:
        day = dt.date.fromisoformat(value[:10])
    except ValueError:
        return []
    names = [f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%B} {day.year}"]
    names += [f"{day:%b} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}"]
    if len(value) == 10:
        return [*names, value]
    return [f"{name}{and_} {value[11:16]}" for name in names for and_ in ("", " at", ",", ", at")]


def _common(value: Json) -> bool:
    """Tell whether a value is a number so small that two things have it by chance."""
    number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return number and abs(Decimal(str(value))) < _SMALL


def _stands(text: str, told: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(text)}(?![\w]|\.\d)", told) is not None
