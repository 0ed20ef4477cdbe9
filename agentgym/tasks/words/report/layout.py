"""What reports are made of: their rows, and the words around them. Next: `writing`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentgym.formats import Json

__all__ = ["AHEAD", "ASKS", "BARS", "BLANK", "OPENINGS", "Node"]

BLANK = re.compile(r"\[(\d{1,2})\]")
BARS = (" | ", " ; ")
OPENINGS: dict[str, tuple[str, ...]] = {
    "plain": ("Here is a record with gaps.", "This record is not complete.", ""),
    "polite": (
        "Good morning, I have a form here that is not complete.",
        "Hello, some cells of this report are missing.",
        "Hello, could you help me complete this form?",
    ),
    "terse": ("", "Form with gaps.", "This form is incomplete."),
    "busy": (
        "I'm preparing a report and some cells are missing.",
        "Part of this printout is unreadable.",
        "Someone spilled coffee on this form.",
    ),
    "rambling": (
        "Hi! I found this form on my desk, and of course half of it is smudged.",
        "Hey, so I started to fill this in and then could not find the rest.",
    ),
    "expert": ("", "This record has missing cells."),
    "learner": ("Hello, I have a form. It is not full.", "Hello, some places here are empty."),
}
ASKS: dict[str, tuple[str, ...]] = {
    "plain": (
        "Please fill in {blanks}.",
        "What belongs in {blanks}?",
        "Can you fill in {blanks}?",
    ),
    "polite": (
        "Could you please fill in {blanks}?",
        "Would you please tell me what belongs in {blanks}?",
        "I would be grateful if you could complete {blanks}.",
    ),
    "terse": ("Fill in {blanks}.", "Complete {blanks}.", "Needed: {blanks}."),
    "busy": ("I need {blanks} filled in.", "Please look up {blanks}.", "Please fill in {blanks}."),
    "rambling": (
        "Do you think you could find out what goes into {blanks}?",
        "If you could fill in {blanks} for me, that would be wonderful.",
    ),
    "expert": ("Supply {blanks}.", "Look up {blanks}.", "Resolve {blanks}."),
    "learner": (
        "Please write what must be in {blanks}.",
        "Please, what is in {blanks}?",
        "I need to know what is in {blanks}, please.",
    ),
}
"""What is asked after the form."""
AHEAD: dict[str, tuple[str, ...]] = {
    "plain": ("Please fill in {blanks}:", "Can you fill in {blanks} here?"),
    "polite": (
        "Could you please fill in {blanks} for me?",
        "Would you please complete {blanks} below?",
    ),
    "terse": ("Fill in {blanks}:", "Complete {blanks}:"),
    "busy": ("I need {blanks} filled in:", "Please fill in {blanks}:"),
    "rambling": ("Could you find out for me what goes into {blanks}?",),
    "expert": ("Fill in {blanks}:", "Resolve {blanks}:"),
    "learner": ("Please write what must be in {blanks}:", "Please help me with {blanks}:"),
}
"""What is asked before the form."""


@dataclass
class Node:
    """A row of a report: what it shows, its blanks, and the rows that it refers to."""

    entity: str
    cells: list[tuple[str, Json, bool]]
    """Field, value or number of the blank, whether it is a blank."""
    inside: list[tuple[str, Node]]
    """Relation, and the row that it leads to."""
