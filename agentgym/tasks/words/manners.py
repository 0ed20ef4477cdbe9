"""Manners: registers, openers and closers, and the persons who speak.

Next: `tones`.
"""

from __future__ import annotations

import random

from agentgym.formats import Record
from agentgym.tasks.words.grammar import Filler, Symbol
from agentgym.tasks.words.values import Style

__all__ = ["MANNERS", "REGISTERS", "Persona", "persona"]

REGISTERS = ("plain", "polite", "terse", "busy", "rambling", "expert", "learner")
"""The tones of a message: as most people write; with courtesies; as few words as do; between two
other things; with more words than needed; as one writes to a machine that one knows well; and as
someone writes whose first language is another one: simple sentences, none that misleads."""


class Persona(Record, kw_only=True):
    """Who writes a message."""

    register: str
    role: str = ""
    """A line in which they say who they are; empty where they do not."""
    quirks: tuple[str, ...] = ()
    """Habits of writing: `curly` quotes, `iso` dates, `European` dates (day first), `short`
    months, money in `words`."""

    def style(self) -> Style:
        """Return how the person writes values."""
        dates = 1
        for quirk, kind in (("iso", 0), ("european", 2)):
            dates = kind if quirk in self.quirks else dates
        if "short" in self.quirks and dates:
            dates += 2
        return Style(
            curly="curly" in self.quirks,
            dates=dates,
            words="words" in self.quirks,
        )


_ROLES = (
    "I'm new here.",
    "I'm with the back office.",
    "I'm from the front desk.",
    "It's me again.",
    "I'm covering for a colleague today.",
    "I'm on the late shift.",
    "I'm writing on behalf of my manager.",
)
_TALKS = {"polite": 0.15, "busy": 0.35, "rambling": 0.5, "learner": 0.2, "plain": 0.1}
"""How often a person of that register says who they are."""


def persona(rng: random.Random, *, mine: bool = False) -> Persona:
    """Draw who writes.

    Args:
        rng: Draws.
        mine: Whether the matter is the person's own, so that they do not speak as staff.
    """
    register = rng.choice(REGISTERS)
    quirks = []
    if rng.random() < 0.2:
        quirks.append("curly")
    roll = rng.random()
    if register in ("terse", "expert") and roll < 0.4:
        quirks.append("iso")
    elif roll < (0.7 if register == "learner" else 0.25):
        quirks.append("european")
    if rng.random() < 0.35:
        quirks.append("short")
    if rng.random() < 0.3:
        quirks.append("words")
    talks = rng.random() < _TALKS.get(register, 0)
    role = rng.choice(_ROLES)
    return Persona(register=register, role=role if talks and not mine else "", quirks=tuple(quirks))


_GREETINGS: dict[str, tuple[str, ...]] = {
    "plain": ("", "", "Hi, ", "Hello, ", "Hi. "),
    "polite": ("", "Hello, ", "Good morning, ", "Good afternoon. ", "Hello! ", "Good evening. "),
    "terse": ("",),
    "busy": ("", "Hi, ", "I'm in a bit of a hurry. "),
    "rambling": (
        "Hi there! ",
        "Hey, ",
        "Hi, hope you're well. ",
        "Hi! ",
        "Hello there! ",
    ),
    "expert": ("",),
    "learner": (
        "Hello, ",
        "Good day. ",
        "Hello, sorry for my English. ",
        "Hi, I have a request. ",
    ),
}


def _with(more: dict[str, tuple[str, ...]]) -> Filler:
    found = {key: (*_GREETINGS[key], *more.get(key, ())) for key in REGISTERS}
    return Filler(options=found, lines=tuple(f"{role} " for role in _ROLES))


MANNERS: dict[str, Symbol] = {
    "opener": _with(
        {
            "plain": ("I have a quick question. ", "I have a question. "),
            "busy": (
                "I'm going through our records. ",
                "I'm going through our files. ",
                "I'm putting a report together. ",
                "I have someone on the phone. ",
            ),
            "rambling": (
                "I've been going through some papers here. ",
                "Bear with me, this is for a report that I should have finished yesterday. ",
                "I looked everywhere and could not find this myself. ",
            ),
            "learner": ("I have a question. ",),
        }
    ),
    "wish opener": _with(
        {
            "busy": (
                "I'm cleaning up our records. ",
                "We need a correction. ",
                "I have someone on the phone. ",
                "Something has to change in our files. ",
            ),
            "rambling": (
                "I just noticed that something needs to be put right. ",
                "Sorry to bother you again, there is something to sort out. ",
            ),
            "learner": ("I need your help. ",),
        }
    ),
    "own opener": _with(
        {
            "polite": ("I hope you can help me. ",),
            "rambling": (
                "I hope this is the right place to ask. ",
                "I've been meaning to write for a while. ",
            ),
            "learner": ("I need your help. ",),
        }
    ),
    "calm opener": _with(
        {
            "polite": ("I hope you can help me. ",),
            "rambling": ("I hope this is the right place to ask. ",),
            "learner": ("I need your help. ",),
        }
    ),
    "list opener": Filler(
        options={
            "plain": ("", "Hi, a few things:", "Here is what I need:"),
            "polite": (
                "Hello, could you please take care of the following:",
                "Good morning. I would be grateful for the following:",
            ),
            "terse": ("", "To do:", "Please do:"),
            "busy": ("Long list today:", "In this order, please:", "I need all of this today:"),
            "rambling": (
                "Hi there! It has been one of those days, so there is quite a list:",
                "Hey, sorry, there are several things that have piled up:",
            ),
            "expert": ("Steps:", "Tasks, in order:", ""),
            "learner": (
                "Hello, I have more than one request:",
                "Please help me with these things:",
            ),
        }
    ),
    "closer": Filler(
        options={
            "plain": ("", "", "", " Thanks."),
            "polite": ("", " Thank you.", " Thank you very much."),
            "busy": ("", "", " Thanks."),
            "rambling": (
                "",
                " Thanks a lot!",
                " Thanks in advance!",
                " Anyway, that's all.",
            ),
            "learner": ("", " Thank you.", " Thank you for your help."),
        }
    ),
    "list closer": Filler(
        options={
            "polite": ("", "\nThank you very much."),
            "plain": ("", "\nThanks."),
            "rambling": ("", "\nThat should be all, thanks a lot!"),
            "learner": ("", "\nThank you."),
        }
    ),
}
"""Words around the matter that mean nothing, by register."""
