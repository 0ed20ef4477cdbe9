"""How far a failing run can come, and how little a passing one may get, under given weights.

The weights of terms come in; both totals go out, worked out of the bounds of the terms alone. A
run that lasts t turns earns the weighted terms as they are after the last one; discounted, it earns
the mean of what they were after each turn, in which the last one weighs gamma^(t-1).
Next: `options`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from agentgym.goals.rewards.terms import PARTS, SPANS

__all__ = ["Bounds", "bounds"]

_ENDS = frozenset({"success", "claims", *PARTS})
"""Terms that are 0 until the end."""


class Bounds(NamedTuple):
    """What totals can come to; discounted ones, where rewards are discounted."""

    failing: float
    """The most that a failing run can get."""
    passing: float
    """The least that a passing run can get."""

    @property
    def margin(self) -> float:
        """By how much every passing run outscores every failing one; negative where not all do."""
        return self.passing - self.failing


def bounds(weights: Mapping[str, float], *, turns: int, gamma: float = 1.0) -> Bounds:
    """Work out both bounds.

    Args:
        weights: Name of a term to its weight; those paid as a potential left out, since they come
            to nothing.
        turns: Turns after which an episode is cut off.
        gamma: By how much a reward counts less a turn later.
    """
    passing = sum(_within(name, w, "passing", turns)[0] for name, w in weights.items())
    failing = sum(
        _within(name, w, "failing", turns)[1] for name, w in weights.items() if name not in PARTS
    )
    parts = [weights.get(name, 0.0) for name in PARTS]
    # A run that fails misses one part at least: the one that costs it the least.
    failing += sum(max(w, 0.0) for w in parts) - max(0.0, min(parts))
    if gamma == 1.0:
        return Bounds(failing, passing)
    last: float = gamma ** (turns - 1)
    early = [_within(name, w, "whole", turns) for name, w in weights.items() if name not in _ENDS]
    low, high = sum(one[0] for one in early), sum(one[1] for one in early)
    return Bounds(
        max(failing, last * failing + (1 - last) * high),
        min(passing, last * passing + (1 - last) * low),
    )


def _within(
    name: str, weight: float, which: Literal["passing", "failing", "whole"], turns: int
) -> tuple[float, float]:
    """Return the least and the most that a weighted term comes to."""
    span = SPANS[name]
    if not weight:
        return 0.0, 0.0
    if span.counts == "open":
        endless = math.copysign(math.inf, weight)
        return min(0.0, endless), max(0.0, endless)
    times = turns if span.counts == "turns" else 1
    one, other = (weight * times * bound for bound in getattr(span, which))
    return min(one, other), max(one, other)
