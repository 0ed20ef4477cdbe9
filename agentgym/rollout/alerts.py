"""Precision and recall of who watches: which events they acted on or spoke of, against the due.

In come a task with a stream and what happened in an episode of it (a trajectory's events, or
`Episode.trace()`); out come counts that add up over episodes. Next: `files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agentgym.domain import Domain
from agentgym.errors import TaskError
from agentgym.formats import Json, Record
from agentgym.goals.offers import OFFER, WAIT, offered, row_name
from agentgym.tasks import Task
from agentgym.tools.algebra import is_write
from agentgym.tools.parameters import bindings
from agentgym.trajectory import AssistantEvent, Call, Event, Result, ToolEvent

__all__ = ["Alerts", "alerts"]


class Alerts(Record, kw_only=True):
    """What came of the events of a stream; of several episodes together, by `+`."""

    hits: int = 0
    """Due events on which the agent acted, or of which it spoke."""
    missed: int = 0
    """Due events at which it stayed silent, or which it did not wait for."""
    false_alarms: int = 0
    """Harmless events on which it acted or of which it spoke."""
    silent: int = 0
    """Harmless events at which it stayed silent."""
    strays: int = 0
    """Offers and writes about rows of which no event was told; wrong alarms too."""

    def __add__(self, other: Alerts) -> Alerts:
        return Alerts(
            hits=self.hits + other.hits,
            missed=self.missed + other.missed,
            false_alarms=self.false_alarms + other.false_alarms,
            silent=self.silent + other.silent,
            strays=self.strays + other.strays,
        )

    @property
    def precision(self) -> float:
        """Share of the alarms that were due; 0.0 without an alarm."""
        alarms = self.hits + self.false_alarms + self.strays
        return self.hits / alarms if alarms else 0.0

    @property
    def recall(self) -> float:
        """Share of the due events that were not missed; 0.0 where none was due."""
        due = self.hits + self.missed
        return self.hits / due if due else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        wrong = self.missed + self.false_alarms + self.strays
        return 2 * self.hits / (2 * self.hits + wrong) if self.hits else 0.0


def alerts(task: Task, events: Iterable[Event], domain: Domain) -> Alerts:
    """Count what an agent made of the events that it watched.

    Args:
        task: A task with a stream.
        events: What happened in an episode of it.
        domain: Of the task: says which calls write, and which row.

    Raises:
        TaskError: The task has no stream.
    """
    if not task.stream:
        raise TaskError("a task with a stream of events", found=task.family, where=task.id)
    names = {row_name(n.key or ()): n for n in task.stream}
    entity = domain.schema.entity(task.stream[0].entity)
    labels = (entity.label, entity.name, entity.name.replace("_", " "))
    alarmed: set[str] = set()
    strays: set[tuple[str, str]] = set()
    for turn, call in _calls(events):
        if call.name == WAIT:
            continue
        for kind, name in _about(call, domain, labels):
            notice = names.get(name) if kind in ("", entity.name) else None
            if notice is not None and notice.turn < turn:
                alarmed.add(name)
            else:
                strays.add((kind, name))
    due = {name for name, notice in names.items() if notice.due}
    return Alerts(
        hits=len(due & alarmed),
        missed=len(due - alarmed),
        false_alarms=len(alarmed - due),
        silent=len(names.keys() - due - alarmed),
        strays=len(strays),
    )


def _calls(events: Iterable[Event]) -> Iterator[tuple[int, Call]]:
    """Yield the agent's calls that succeeded as calls of the domain's own tools, with the turn."""
    sent: dict[str, Call] = {}
    for event in events:
        if isinstance(event, AssistantEvent):
            sent |= {call.id: call for call in event.tool_calls}
        elif isinstance(event, ToolEvent) and event.requestor == "assistant" and not event.is_error:
            call = sent.get(event.call_id)
            if event.deed is not None:
                yield (
                    event.turn,
                    Call(id=event.call_id, name=event.deed.tool, arguments=event.deed.arguments),
                )
            elif call is not None:
                yield event.turn, call


def _about(call: Call, domain: Domain, labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the rows that a call offers or writes: entity (empty for an offer) and key."""
    if call.name == OFFER:
        for name in offered([(call, Result(data=None))], labels):
            yield "", name
        return
    tool = domain.tool_by_name.get(call.name)
    if tool is None or not is_write(tool):
        return
    found: dict[str, list[Json]] = {}
    for param, (entity, _, use) in bindings(tool.term, domain.schema).items():
        if use in ("key", "end") and param in call.arguments:
            found.setdefault(entity, []).append(call.arguments[param])
    if not found:
        yield call.name, ""  # it makes rows, about which no event is
    for entity, key in found.items():
        yield entity, row_name(key)
