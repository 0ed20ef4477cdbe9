"""Operators: rewritings of a candidate, each with what it needs and what it keeps.

`apply` gives None where its precondition does not hold or its own cheap check of the increment
fails; what it gives is proved by `prove` like any other candidate. Names after METHODS in the
literature: deepen and widen (TaskCraft), fuzz (FORT), recombine (APIGen-MT), relabel
(Learn-by-interact).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal

from agentgym.formats import Record
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.walks import Walker

__all__ = ["Apply", "Figure", "Operator"]

Apply = Callable[[Walker, Candidate, random.Random], Candidate | None]
"""(where rows can be walked, what is rewritten, the stream to draw from) -> what came of it."""

Figure = Literal["min_calls", "answers", "vagueness", "held", "hidden", "alike", "altered", "cases"]


class Operator(Record, kw_only=True):
    """One rewriting."""

    name: str
    truth: Literal["preserving", "changing"]
    """Whether the answer and the wanted changes stay what they are."""
    harder: Figure | None
    """The figure of `Task.measured` that it raises; None where it makes nothing harder."""
    apply: Apply
