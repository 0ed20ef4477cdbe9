"""Difficulty, as it is measured on the gold run and on the plan as it is told.

In come a task and what its gold run showed, out go figures, each of which follows a knob:
`vagueness` follows `fuzz`, `clues` and `entities` follow `entities`, `held` follows `held`,
`alike` follows `decoy_tools` and `decoy_rows`, `bounds` follows `limits`. They are stored in
`Task.measured` and compared by every check. Next: `admit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from agentgym.formats import Json
from agentgym.plan import Choose, Emit, Guard, Later, Plan, Refuse, Select, Shift, Write
from agentgym.plan.intents import turns
from agentgym.plan.tables import equal
from agentgym.tasks import Task
from agentgym.trajectory import Result

__all__ = ["difficulty", "traits"]

_ADDED = ("near_duplicates", "distractors")
"""Options of a view that add tools."""


def difficulty(
    task: Task, results: Sequence[Result], parameters: Mapping[str, dict[str, Json]]
) -> dict[str, Json]:
    """Measure a task.

    Args:
        task: The task.
        results: What the calls of its gold run gave.
        parameters: Tool name to its parameters as they are shown.

    Returns:
        `clues`: comparisons and relations that describe the rows.
        `vagueness`: how vague they are together: 1 for each range bound, exclusion or part of a
        text, 2 for each measure of a value or absent relation.
        `held`: facts that the user tells only when asked, who they are and what they tell of their
        own accord when more comes up aside.
        `bounds`: hard constraints on what is chosen.
        `branching`: tools that could be called at a step for all that is known there, on average
        over the gold run, to one decimal; 0 without a call.
        `visible`: number of the first call after which every part of the answer was shown; None
        where the answer is shown nowhere (it is worked out, or there is none).
        `alike`: tools and rows that were added because they look like those that are needed.
        `altered`: in how many other ways the tools are shown otherwise than the domain has them.
        `cases`: conditions on which it depends what is wanted, and acts that cannot be done.
        `tools`: how many tools are shown.
        `hidden`: facts that are not even announced. `terms`: words of the trade.
        `turns`: how often something comes to be wanted or is given up.
        `traits`: see `traits`.
    """
    selects = [node for node in task.plan.nodes if isinstance(node, Select)]
    facts = task.plan.facts
    mine = {fact.id for fact in task.plan.who()}
    told = {name for turn in turns(task.plan) for name in turn.facts}
    return {
        "clues": sum(len(node.where) + len(node.links) for node in selects),
        "vagueness": sum(map(_vagueness, selects)),
        "held": sum(f.exposure in ("user", "hidden") and f.id not in mine | told for f in facts),
        "bounds": sum(len(n.limits) for n in task.plan.nodes if isinstance(n, Choose)),
        "branching": _branching(task, results, parameters),
        "visible": _visible(task, results),
        "alike": len(task.patch) + _added(task),
        "altered": len(task.view.keys() - {"seed", *_ADDED}),
        "cases": sum(isinstance(n, (Guard, Refuse, Shift, Later)) for n in task.plan.nodes),
        "tools": len(task.tools),
        "hidden": sum(fact.exposure == "hidden" for fact in facts),
        "terms": len({fact.term for fact in facts if fact.term}),
        "turns": len(turns(task.plan)),
        "traits": traits(task.plan),
    }


def traits(plan: Plan) -> list[str]:
    """Name what makes a request hard to plan for, as far as the words of the user do.

    `shifted`: a value or a wish is taken back. `noisy`: something is told vaguely, or in a word of
    the trade. `underspecified`: something has to be asked. `multiple`: several things are wanted.
    Who the user is makes none of these.
    """
    coming, mine = turns(plan), {fact.id for fact in plan.who()}
    told = {name for turn in coming for name in turn.facts}
    told |= {node.then for node in plan.nodes if isinstance(node, Shift)}
    held = [
        fact
        for fact in plan.facts
        if fact.exposure in ("user", "hidden") and fact.id not in mine | told
    ]
    shifted = any(isinstance(node, Shift) for node in plan.nodes)
    vague = any(_vagueness(node) for node in plan.nodes if isinstance(node, Select))
    found = {
        "shifted": shifted or any(turn.drops for turn in coming),
        "noisy": vague or any(fact.term for fact in plan.facts),
        "underspecified": bool(held),
        "multiple": sum(isinstance(node, (Write, Emit)) for node in plan.nodes) > 1,
    }
    return [name for name, holds in found.items() if holds]


def _vagueness(node: Select) -> int:
    total = sum(2 for link in node.links if link.absent)
    for where in node.where:
        total += 2 if where.of is not None else int(where.op != "eq")
    return total


def _added(task: Task) -> int:
    counts = (task.view.get(name, 0) for name in _ADDED)
    return sum(count for count in counts if isinstance(count, int))


def _branching(
    task: Task, results: Sequence[Result], parameters: Mapping[str, dict[str, Json]]
) -> Json:
    if not task.gold:
        return 0
    known = _kinds([fact.value for fact in task.plan.facts])
    could = 0
    for number in range(len(task.gold)):
        for name in task.tools:
            shown: dict[str, Any] = parameters.get(name, {})
            properties = shown.get("properties", {})
            needed = (properties.get(one, {}) for one in shown.get("required", ()))
            could += all("enum" in kind or known & _takes(kind) for kind in needed)
        if number < len(results):
            known |= _kinds(_leaves(results[number].data))
    return Decimal(could / len(task.gold)).quantize(Decimal("0.1"))


def _takes(kind: Mapping[str, Any]) -> set[str]:
    types = kind.get("type", "string")
    found = {types} if isinstance(types, str) else set(types)
    return {"integer", "number"} if "number" in found else found


def _kinds(values: Sequence[Json]) -> set[str]:
    found = set()
    for value in values:
        if isinstance(value, bool):
            found.add("boolean")
        elif isinstance(value, int):
            found.add("integer")
        elif isinstance(value, (float, Decimal)):
            found.add("number")
        elif isinstance(value, str):
            found.add("string")
    return found


def _visible(task: Task, results: Sequence[Result]) -> Json:
    if task.answer is None or task.outcome != "done":
        return None
    wanted = task.answer if isinstance(task.answer, list) else [task.answer]
    for number, result in enumerate(results, 1):
        shown = _leaves(result.data)
        wanted = [value for value in wanted if not any(equal(value, one) for one in shown)]
        if not wanted:
            return number
    return None


def _leaves(data: Json) -> list[Json]:
    return list(_walk(data))


def _walk(data: Json) -> Iterator[Json]:
    if isinstance(data, dict):
        for value in data.values():
            yield from _walk(value)
    elif isinstance(data, list):
        for value in data:
            yield from _walk(value)
    elif data is not None:
        yield data
