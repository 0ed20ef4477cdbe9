"""Calling: whether the right tool was called with the right arguments, after the right questions.

In come the decisions that a task leaves open until the user is asked (`Task.measured["choices"]`)
and the trace of an episode; out come three answers for each, by the first write that an agent made
to such a row. Next: `results`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.formats import Json, Record
from agentgym.trajectory import AssistantEvent, Event, ToolEvent, UserEvent

__all__ = ["Calling", "callings"]


class Calling(Record, kw_only=True):
    """How one decision was taken; all False where no look-alike was called."""

    node: str
    """The write of the plan that is decided about."""
    asked: bool = False
    """Whether the user had told what decides before the first call."""
    tool: bool = False
    """Whether the first call was of a right tool."""
    arguments: bool = False
    """Whether it was, and its arguments were those of the gold run."""


def callings(
    choices: Sequence[Mapping[str, Json]],
    gold: Mapping[str, Mapping[str, Json]],
    trace: Sequence[Event],
) -> tuple[Calling, ...]:
    """Tell how each decision of a task was taken.

    Args:
        choices: Of the task: `node`, `among`, `right`, `tool`, `ask` for each.
        gold: Node to the arguments of its gold call, by the domain's own parameters.
        trace: Of an episode.
    """
    return tuple(_calling(one, gold.get(str(one["node"]), {}), trace) for one in choices)


def _calling(
    choice: Mapping[str, Json], gold: Mapping[str, Json], trace: Sequence[Event]
) -> Calling:
    node = str(choice["node"])
    told: set[str] = set()
    calls: dict[str, tuple[str, Mapping[str, Json]]] = {}
    for event in trace:
        match event:
            case UserEvent():
                told |= {name for act in event.acts for name in act.facts}
            case AssistantEvent():
                calls |= {call.id: (call.name, call.arguments) for call in event.tool_calls}
            case ToolEvent() if event.requestor == "assistant":
                name, sent = calls.get(event.call_id, (event.name, {}))
                if name in choice["among"]:
                    made = sent if event.deed is None else event.deed.arguments
                    right = name in choice["right"]
                    return Calling(
                        node=node,
                        asked={*choice["ask"]} <= told,
                        tool=right,
                        arguments=right and dict(made) == dict(gold),
                    )
            case _:
                pass
    return Calling(node=node)
