"""How varied wordings are: distinct patterns, their entropy, and how much they repeat each other.

Texts and their patterns come in, figures for reports come out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agentgym.formats import Record
from agentgym.plan import Plan
from agentgym.schema import Schema
from agentgym.tasks.words.say import Wording, say

__all__ = ["Variety", "variety", "wordings"]

_WORD = re.compile(r"<[\w ]+>|\w+|[^\w\s]")
_LENGTH = 4


class Variety(Record, kw_only=True):
    """Figures about some wordings."""

    count: int
    patterns: int
    """Distinct patterns: texts with their labels and values masked."""
    entropy: float
    """Of the patterns, in bits; log2 of the count when no two are alike."""
    repetition: float
    """Mean share of a pattern's runs of four words that some other pattern has, too, weighted by
    how many have it: 0 when none is shared, 1 when all are the same."""
    registers: dict[str, int]
    """Register to how many wordings are in it."""


def wordings(plan: Plan, schema: Schema, seeds: Iterable[int]) -> list[Wording]:
    """Word a plan with many seeds; what has no words is left out."""
    found = (say(plan, schema, seed=seed) for seed in seeds)
    return [wording for wording in found if wording is not None]


def variety(said: Sequence[Wording]) -> Variety:
    """Measure how varied wordings are."""
    patterns = Counter(wording.phrasing for wording in said)
    return Variety(
        count=len(said),
        patterns=len(patterns),
        entropy=round(_entropy(patterns), 3),
        repetition=round(_repetition([wording.phrasing for wording in said]), 3),
        registers=dict(sorted(Counter(wording.register for wording in said).items())),
    )


def _entropy(counts: Counter[str]) -> float:
    whole = sum(counts.values())
    return -sum(n / whole * math.log2(n / whole) for n in counts.values()) if whole else 0.0


def _repetition(texts: Sequence[str]) -> float:
    """Return the mean share of other texts that hold a run of words of a text."""
    if len(texts) < 2:
        return 0.0
    runs = [_runs(text) for text in texts]
    holders = Counter(run for found in runs for run in found)
    shares = [
        sum((holders[run] - 1) / (len(texts) - 1) for run in found) / len(found)
        for found in runs
        if found
    ]
    return sum(shares) / len(shares) if shares else 0.0


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text)
    size = min(_LENGTH, len(words))
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)} if words else set()
