"""What is asked later in a conversation, in words: one thing more, and one thing less.

`say_opening` words what is asked at first, and says where more may come; `say_later` words a turn.
`read_opening` and `read_later` understand both without the plan. What is asked in a turn is worded
as any request; a lead says whether it comes on top or is given up. Next: `paraphrase`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.formats import Record
from agentgym.plan import Later, Plan
from agentgym.plan.intents import added, dropped, opening, turns
from agentgym.rng import key, stream
from agentgym.schema import Schema
from agentgym.tasks.words.plans import same
from agentgym.tasks.words.read import read
from agentgym.tasks.words.say import Wording, say

__all__ = ["Wish", "read_later", "read_opening", "reads_as", "say_later", "say_opening"]

_COMING = (
    "Check with me before you finish, there may be more.",
    "Please ask me at the end whether there is anything else.",
    "I may want something else after that, so please ask before you close this.",
    "Don't close this without asking me; more may come up.",
    "When that is done, ask me what else there is.",
    "I might think of something else, so do ask me before you finish.",
    "Let me know when you have done that, I may have another request.",
    "There may be another thing afterwards, please ask.",
)
"""What says that more may come: an agent that asks for nothing else would miss it."""
_MORE = (
    "One more thing.",
    "There is something else.",
    "While you are at it, another thing.",
    "Something else has come up.",
    "I have another request.",
    "That reminds me of something else.",
    "And now for the next thing.",
    "Oh, I nearly forgot something.",
    "I need something further.",
    "Next, please take care of this as well.",
)
_LESS = (
    "There is one thing that you need not do any more:",
    "Please drop this part of what I asked for:",
    "I have changed my mind about one thing and no longer want this:",
    "Please forget this request of mine:",
    "One thing has settled itself, so leave it as it is. I mean this:",
    "Scratch this one:",
    "You can skip this, it is no longer needed:",
    "Please do not do this after all:",
    "I take this one back:",
    "This one is off the table:",
)
_TRIES = 4
_GREETING = re.compile(
    r"(hi|hello|hey|dear|greetings|good (morning|afternoon|evening|day)|i('m| am) cleaning|i've "
    r"been meaning|i looked everywhere|i hope|i have a)\b",
    re.IGNORECASE,
)
"""How only a first message begins."""


class Wish(Record, kw_only=True):
    """What a turn can mean."""

    less: Plan | None = None
    """What is given up."""
    more: Plan | None = None
    """What is wanted besides."""


def say_opening(plan: Plan, schema: Schema, *, seed: int) -> Wording | None:
    """Put into words what a plan asks for at first, and whether more may come.

    Args:
        plan: The plan.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.
    """
    wording = say(opening(plan), schema, seed=seed)
    if wording is None or not _announced(plan):
        return wording
    coming = stream(seed, "words", "coming").choice(_COMING)
    parted = "\n\n" if "\n" in wording.text else " "
    text = f"{wording.text}{parted}{coming}"
    return replace(wording, text=text, phrasing=f"{wording.phrasing}{parted}{coming}")


def read_opening(text: str, schema: Schema, *, me: str | None = None) -> tuple[list[Plan], bool]:
    """Read an instruction; returns its readings, and whether it says that more may come."""
    for coming in _COMING:
        if text.endswith(coming) and text != coming:
            return read(text.removesuffix(coming).rstrip(), schema, me=me), True
    return read(text, schema, me=me), False


def say_later(plan: Plan, turn: Later, schema: Schema, *, seed: int) -> str | None:
    """Put a turn into words: what is given up, then what is wanted besides.

    Args:
        plan: The plan that it is of.
        turn: The turn.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.

    Returns:
        Sentences that `read_later` understands in exactly one way; None where there are none.
    """
    less, more = dropped(plan, turn), added(plan, turn)
    for attempt in range(_TRIES):
        rng = stream(seed, "words", "later", attempt)
        parts: list[str] = []
        for part, leads in ((less, _LESS), (more, _MORE)):
            if part is None:
                continue
            found = _ungreeted(part, schema, key(seed, "words", "later", attempt, leads[0]))
            if found is None:
                return None
            parts.append(f"{rng.choice(leads)} {found.text}")
        text = " ".join(parts)
        if reads_as(text, plan, turn, schema):
            return text
    return None


def _ungreeted(part: Plan, schema: Schema, seed: int) -> Wording | None:
    """Word a request without a greeting, if some wording has none: the talk is under way."""
    found: Wording | None = None
    for attempt in range(_TRIES):
        wording = say(part, schema, seed=key(seed, "words", attempt))
        if wording is not None and not _GREETING.match(wording.text):
            return wording
        found = found or wording
    return found


def reads_as(text: str, plan: Plan, turn: Later, schema: Schema) -> bool:
    """Tell whether a text reads as a turn of a plan and as nothing else."""
    me = None if plan.party is None else plan.party.entity
    readings = read_later(text, schema, me=me)
    if len(readings) != 1:
        return False
    (wish,) = readings
    less, more = dropped(plan, turn), added(plan, turn)
    return _alike(wish.less, less) and _alike(wish.more, more)


def _alike(one: Plan | None, other: Plan | None) -> bool:
    if one is None or other is None:
        return one is other
    return same(one, other)


def read_later(text: str, schema: Schema, *, me: str | None = None) -> list[Wish]:
    """Read a turn: every way in which it can be understood."""
    found: list[Wish] = []
    for less, more in _halves(text):
        lesser: list[Plan] = [] if less is None else read(less, schema, me=me)
        further: list[Plan] = [] if more is None else read(more, schema, me=me)
        if (less is None or lesser) and (more is None or further):
            found += [
                Wish(less=one, more=other)
                for one in (lesser or [None])  # type: ignore[list-item]
                for other in (further or [None])  # type: ignore[list-item]
            ]
    return found


def _halves(text: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the requests that are given up and added, as a text can be cut."""
    for lead in _MORE:
        if text.startswith(f"{lead} "):
            yield None, text[len(lead) + 1 :]
    for lead in _LESS:
        if not text.startswith(f"{lead} "):
            continue
        rest = text[len(lead) + 1 :]
        yield rest, None
        for other in _MORE:
            at = rest.find(f" {other} ")
            while at >= 0:
                yield rest[:at], rest[at + len(other) + 2 :]
                at = rest.find(f" {other} ", at + 1)


def _announced(plan: Plan) -> bool:
    """Tell whether something comes only when the user is asked if there is more."""
    return any(turn.when == "close" for turn in turns(plan))
