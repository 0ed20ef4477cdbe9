"""Look-alikes: of the tools that a task shows, those that fit what is said, and the right ones.

A task comes in whose user says to what something shall be done, and not what; out go the tools that
change such a row as they are shown, those that lead to the gold call, and the facts that have to be
asked for before it. Next: `certify`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import Write
from agentgym.plan.alone import alone
from agentgym.plan.lower import Step
from agentgym.plan.unsaid import hidden
from agentgym.prove.refused import RefusedError
from agentgym.tasks import Task
from agentgym.tools.algebra import Transition, Update, is_write
from agentgym.tools.views import Shown, ViewOptions, Way, arrange

__all__ = ["check", "choices"]


def choices(task: Task, domain: Domain) -> Iterator[dict[str, Json]]:
    """Yield for each change of which it is not said what it is, what has to be decided.

    Yields:
        `node`: the write. `among`: names of the shown tools that change such a row. `right`: those
        of them that do what is wanted. `tool`: the domain's tool that the gold run calls. `ask`:
        ids of the facts that the user is to be asked for first.
    """
    unsaid = {*hidden(task.plan)}
    surface = arrange(
        domain.name, domain.schema, domain.tools, task.tools, ViewOptions.of(task.view)
    )
    for node in task.plan.nodes:
        if not isinstance(node, Write) or node.kind not in ("update", "transition"):
            continue
        ask = [one.fact for one in node.settings if one.fact in unsaid]
        step = next((s for s in task.gold if s.node == node.id and _writes(s, domain)), None)
        if not ask or step is None:
            continue
        among = [one for one in surface.tools if any(_fits(w, node, domain) for w in one.ways)]
        right = [one for one in among if any(_does(one, way, step) for way in one.ways)]
        yield {
            "node": node.id,
            "among": [one.name for one in among],
            "right": [one.name for one in right],
            "tool": step.tool,
            "ask": list(ask),
        }


def check(task: Task, domain: Domain) -> None:
    """Check that somebody who does not ask would have to choose among several tools.

    Raises:
        RefusedError: One tool is all that fits.
    """
    if task.family != "underspecified":
        return
    found = list(choices(task, domain))
    if not found:
        raise RefusedError("no_shortcut", "one_tool", "it is said what is to be done")
    for one in found:
        if not one["right"] or len(one["among"]) == len(one["right"]):
            raise RefusedError(
                "no_shortcut", "one_tool", "every tool that fits does what is wanted"
            )


def _writes(step: Step, domain: Domain) -> bool:
    return is_write(domain.tool_by_name[step.tool]) and not step.fails


def _fits(way: Way, node: Write, domain: Domain) -> bool:
    """Tell whether a way of a shown tool changes a row of the kind."""
    tool = domain.tool_by_name.get(way.tool)
    if tool is None:
        return False
    term, _ = alone(tool.term)
    return isinstance(term, (Update, Transition)) and term.entity == node.entity


def _does(shown: Shown, way: Way, step: Step) -> bool:
    """Tell whether a way of a shown tool can make a call of the gold run."""
    if way.tool != step.tool:
        return False
    taken = {*way.params.values(), *way.fixed}
    fixed = all(step.arguments.get(name) == value for name, value in way.fixed.items())
    needed = {*shown.face.parameters["required"]} - {shown.selector}
    whole = all(way.params[param] in step.arguments for param in needed)
    return fixed and {*step.arguments} <= taken and whole
