"""The agent's own mind, as tools: what it thinks, plans, notes and recalls.

A checked call of such a tool and the memory of the episode come in; what it gives and the memory to
go on with go out. Nothing of the world is read or changed. Next: `clerk`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from agentgym.episode.clerk import Handed, Memory
from agentgym.formats import Json
from agentgym.tools.algebra import MakePlan, RecallNotes, TakeNote, Term, ThinkAloud
from agentgym.trajectory import Fault, Result

__all__ = ["MAX_NOTES", "muse"]

MAX_NOTES = 200
"""Most notes that an episode keeps."""
_LONGEST = 50_000
"""Most characters of all notes together."""


def muse(term: Term, given: Mapping[str, Json], memory: Memory) -> Handed:
    """Answer a call of a tool that only thinks.

    Args:
        term: Which of `INTRINSIC`.
        given: Its arguments, checked.
        memory: Of the episode.
    """
    match term:
        case ThinkAloud():
            return _gave({"words": len(given["thought"].split())})
        case MakePlan():
            steps = tuple(given["steps"])
            return _gave({"steps": len(steps)}, replace(memory, plan=steps))
        case TakeNote():
            return _note(given["text"], memory)
        case RecallNotes():
            return _recall(given.get("word"), memory)
        case _:
            raise AssertionError(term)


def _gave(data: Json, memory: Memory | None = None) -> Handed:
    return Handed(result=Result(data=data), memory=memory)


def _note(text: str, memory: Memory) -> Handed:
    kept = (*memory.notes, text)
    if len(kept) > MAX_NOTES or sum(map(len, kept)) > _LONGEST:
        message = (
            f"Expected at most {MAX_NOTES} notes of {_LONGEST} characters together; this one was "
            "not kept. Go by those that are there."
        )
        return Handed(result=Result(error=Fault(code="limit_exceeded", message=message)))
    return _gave({"note": len(kept), "words": len(text.split())}, replace(memory, notes=kept))


def _recall(word: str | None, memory: Memory) -> Handed:
    wanted = "" if word is None else word.casefold()
    notes = [
        {"note": number, "text": text}
        for number, text in enumerate(memory.notes, 1)
        if wanted in text.casefold()
    ]
    plan = [step for step in memory.plan if wanted in step.casefold()]
    return _gave({"notes": notes, "plan": plan})
