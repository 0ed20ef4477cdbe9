"""What an environment says of its own: first messages, failed attempts, transcripts for people.

Next: `game`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.env.settings import Settings
from agentgym.episode import Episode
from agentgym.formats import Json
from agentgym.goals.verdict import Verdict
from agentgym.trajectory import AssistantEvent, Event, NoticeEvent, ToolEvent

__all__ = ["NOT_MADE", "again", "failed", "opening", "transcript"]

NOT_MADE = "The calls in that message were not made: it was the time to reflect."

_SHORT = {
    "state": "not all that was asked for was changed",
    "frame": "something was changed that nobody asked for",
    "answer": "the answer is not right",
    "evidence": "what the end rests on was not looked up",
    "policy": "a rule was broken, or the user was not who they were taken for",
    "outcome": "it was not ended in the right way, or for the right reason",
}
"""Terms of a verdict to what it means that one is not met."""


def opening(prompt: str, *, hint: str, history: str, header: str) -> str:
    """Write the first observation of an attempt.

    Args:
        prompt: What the user wants.
        hint: A plan in words; empty for none.
        history: What was done already; empty for nothing.
        header: Which attempt it is, and what came of those before; empty for a game of one.
    """
    done = f"This was done for you already:\n{history}" if history else ""
    return "\n\n".join(part for part in (prompt, header, hint, done) if part)


def again(attempt: int, most: int, reflections: Sequence[str]) -> str:
    """Say which attempt begins, and what the agent wrote of those before."""
    if most == 1:
        return ""
    lines = [f"This is attempt {attempt} of {most}."]
    if reflections:
        lines.append("What you wrote after the attempts that failed:")
        lines += [f"{number}. {text or '(nothing)'}" for number, text in enumerate(reflections, 1)]
    return "\n".join(lines)


def failed(verdict: Verdict, episode: Episode, settings: Settings, attempt: int) -> str:
    """Say that an attempt failed, as much of why as is told, and ask for a reflection.

    How it should have ended is never told.
    """
    most, level = settings.attempts.most, settings.tell(attempt)
    parts = [f"Attempt {attempt} of {most} has failed."]
    if level != "none":
        short = [text for name, text in _SHORT.items() if not verdict.terms.get(name, 1.0)]
        if episode.truncated:
            short.insert(0, "the turns were used up")
        if short:
            parts.append(f"What fell short: {'; '.join(short)}.")
    if level == "full":
        way = [
            _times(episode.errors - episode.malformed, "call was refused", "calls were refused"),
            _times(episode.malformed, "call could not be read", "calls could not be read"),
        ]
        if any(way):
            parts.append(f"On the way, {' and '.join(filter(None, way))}.")
    parts.append(
        "Say in one message, without a call, what went wrong and what you will do otherwise. "
        "Then everything is as it was at the start, and you try again."
    )
    return " ".join(parts)


def _times(count: int, one: str, many: str) -> str:
    return "" if count <= 0 else f"{count} {one if count == 1 else many}"


def transcript(title: str, events: Sequence[Event], *, given: int = 0) -> list[str]:
    """Write what happened for people: one line a message, call, answer or notice.

    Calls that the user makes with tools of their own stand under the user; what a fault of the
    world did to an answer stands behind it, though the agent is not told so.

    Args:
        title: The first line.
        events: What happened.
        given: Turns that were played before the agent's first.
    """
    lines, began = [title], not given
    for event in events:
        at = f"{event.turn:>3}"
        if not began and event.turn > given:
            began = True
            lines.append("    here the agent begins")
        if isinstance(event, AssistantEvent):
            if event.content:
                lines.append(f"{at} agent: {event.content}")
            for call in event.tool_calls:
                shown = call.raw if call.raw is not None else _arguments(call.arguments)
                lines.append(f"{at} agent> {call.name}({shown})")
            if event.flags:
                lines.append(f"{at}        [{', '.join(event.flags)}]")
        elif isinstance(event, ToolEvent):
            who = "  tool>" if event.requestor == "assistant" else " theirs>"
            fault = "" if event.fault is None else f" [fault: {event.fault}]"
            lines.append(f"{at}{who} {event.content}{fault}")
        elif isinstance(event, NoticeEvent):
            lines.append(f"{at} {event.kind:>5}: {event.content}")
        else:
            acts = ", ".join(act.kind for act in event.acts)
            lines.append(f"{at}  user: {event.content}{f' [{acts}]' if acts else ''}")
            lines += [
                f"{at}  user> {call.name}({_arguments(call.arguments)})"
                for call in event.tool_calls
            ]
    return lines


def _arguments(arguments: dict[str, Json]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())
