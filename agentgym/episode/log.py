"""The log of an episode: what was said and answered, kept so that nobody can change it.

`play` appends lines; `events` makes the records of a trace of them. Next: `play`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from agentgym.domain import Clock, later
from agentgym.formats import Json, Record, decode
from agentgym.trajectory import (
    Act,
    AssistantEvent,
    Call,
    Deed,
    ErrorCode,
    Event,
    NoticeEvent,
    Result,
    ToolEvent,
    UserEvent,
)

__all__ = [
    "MAX_SHOWN",
    "Answered",
    "Line",
    "Noticed",
    "Said",
    "Single",
    "cut",
    "deeds",
    "events",
    "outputs",
]

MAX_SHOWN = 200_000
"""Most characters that the results of one action show."""


class Said(Record, kw_only=True, gc=False):
    """A line of the log: the agent's action, or the user's message."""

    turn: int
    content: str
    reasoning: str | None = None
    calls: tuple[Call, ...] | None = None
    """None for the user who does nothing with a tool of their own."""
    user: bool = False
    acts: tuple[Act, ...] = ()
    """Of the user."""
    intent: tuple[str, ...] = ()
    """What the user wants from here on: ids of the plan's writes and emits."""
    flags: tuple[str, ...] = ()
    """Of the agent's turn."""


class Noticed(Record, kw_only=True):
    """A line of the log: something that happened of its own accord."""

    turn: int
    content: str
    kind: Literal["event", "change", "policy"] = "event"


class Answered(Record, kw_only=True, gc=False):
    """A line of the log: the answer to a call, kept as text so that nobody can change it."""

    turn: int
    call: Call
    text: str
    shown: int
    """How many of its characters the agent saw."""
    code: ErrorCode | None
    digest: str | None
    breaches: tuple[str, ...] = ()
    """Ids of the advisory rules that the call broke."""
    deed: Deed | None = None
    """Which tool of the domain was called, where a view shows it otherwise."""
    whole: str | None = None
    """All that it gave, where the view or a fault showed something else."""
    failed: bool = False
    """Whether `whole` is an error."""
    user: bool = False
    """Whether the user made it, with a tool of their own."""
    fault: str | None = None
    """Kind of the fault that the environment put into it."""


class Single(msgspec.Struct, frozen=True, gc=False):
    """A line of the log: one readable call, alone in its action, and its answer."""

    turn: int
    number: int
    name: str
    arguments: dict[str, Json]
    text: str
    code: ErrorCode | None
    digest: str | None
    breaches: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    whole: str | None = None
    """All that it gave, where a fault or a hint showed something else."""
    failed: bool = False
    """Whether `whole` is an error."""
    fault: str | None = None
    """Kind of the fault that the environment put into it."""

    def unfold(self) -> tuple[Said, Answered]:
        """Return the two lines that it stands for."""
        call = Call(id=f"call_{self.number}", name=self.name, arguments=self.arguments)
        answered = Answered(
            turn=self.turn,
            call=call,
            text=self.text,
            shown=min(len(self.text), MAX_SHOWN),
            code=self.code,
            digest=self.digest,
            breaches=self.breaches,
            whole=self.whole,
            failed=self.failed,
            fault=self.fault,
        )
        return Said(turn=self.turn, content="", calls=(call,), flags=self.flags), answered


Line = Said | Answered | Noticed | Single


def cut(text: str, shown: int) -> str:
    """Return the beginning of a text that is too long to be shown, and a note of the rest."""
    return f"{text[:shown]} [cut off: {len(text) - shown} more characters; ask for less at once]"


def _event(i: int, line: Said | Answered | Noticed, t: str, given: int) -> Event:
    if isinstance(line, Noticed):
        return NoticeEvent(i=i, t=t, turn=line.turn, content=line.content, kind=line.kind)
    if isinstance(line, Answered):
        whole = line.shown == len(line.text)
        content = decode(line.text.encode(), object, where=line.call.id)
        return ToolEvent(
            i=i,
            t=t,
            turn=line.turn,
            call_id=line.call.id,
            name=line.call.name,
            content=line.text if whole else cut(line.text, line.shown),
            data=content,
            is_error=line.code is not None,
            error_type=line.code,
            state_sha256_after=line.digest,
            deed=line.deed,
            requestor="user" if line.user else "assistant",
            fault=line.fault,
        )
    if line.user:
        return UserEvent(
            i=i,
            t=t,
            turn=line.turn,
            content=line.content,
            acts=line.acts,
            intent=line.intent,
            tool_calls=line.calls or (),
        )
    return AssistantEvent(
        i=i,
        t=t,
        turn=line.turn,
        content=line.content,
        reasoning=line.reasoning,
        tool_calls=line.calls or (),
        loss=line.turn > given,
        flags=line.flags,
    )


def events(log: Iterable[Line], clock: Clock, turns: int, given: int = 0) -> tuple[Event, ...]:
    """Return what happened, in order.

    Args:
        log: The lines.
        clock: The domain's clock; it moves once a turn.
        turns: How many turns have begun.
        given: How many of them were played on the agent's behalf: nothing is to be learnt from
            what is said in them.
    """
    moments = [later(clock.start, turn * clock.step_s) for turn in (0, *range(max(turns, 1)))]
    return tuple(
        _event(i, line, moments[line.turn], given) for i, line in enumerate(_unfolded(log))
    )


def outputs(log: Iterable[Line]) -> tuple[tuple[Call, Result], ...]:
    """Return the calls with what they gave, read from the log's own text."""
    found = []
    for line in _unfolded(log):
        if isinstance(line, Answered) and not line.user:
            data = decode(line.text.encode(), object, where=line.call.id)
            if line.code is None:
                found.append((line.call, Result(data=data)))
            else:
                found.append((line.call, msgspec.convert(data, Result)))
    return tuple(found)


def deeds(log: Iterable[Line]) -> tuple[tuple[Call, Result], ...]:
    """Return the calls as calls of the domain's own tools, with all that these gave.

    What a view renames, merges or leaves out makes no difference here, nor what a fault made of it.
    A call that came to none of the domain's tools stays as it was sent. The user's own calls are
    left out.
    """
    found = []
    for line in _unfolded(log):
        if isinstance(line, Answered) and not line.user:
            call, text = line.call, line.text if line.whole is None else line.whole
            failed = line.code is not None if line.whole is None else line.failed
            if line.deed is not None:
                call = Call(id=call.id, name=line.deed.tool, arguments=line.deed.arguments)
            data = decode(text.encode(), object, where=call.id)
            if not failed:
                found.append((call, Result(data=data, breaches=line.breaches)))
            else:
                found.append((call, msgspec.convert(data, Result)))
    return tuple(found)


def _unfolded(log: Iterable[Line]) -> Iterator[Said | Answered | Noticed]:
    for line in log:
        if isinstance(line, Single):
            yield from line.unfold()
        else:
            yield line
