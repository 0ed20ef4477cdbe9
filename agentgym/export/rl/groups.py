"""Advantages: what each trajectory earned beside the others of its group.

In come returns; out go mean, deviation and advantages, computed in fractions so that equal returns
give exactly nothing. Next: `turns`.

Sources: leave-one-out: Kool et al. 2019, RLOO (arXiv 2402.14740), LOOP (arXiv 2502.01600);
normalised: GRPO (arXiv 2402.03300); by state: GiGPO (arXiv 2505.10978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Standing", "returns", "standing", "total"]


class Standing(NamedTuple):
    """How the members of a group stand."""

    mean: float
    deviation: float
    """Standard deviation of the sample (divided by K - 1); 0.0 for one."""
    leave_one_out: tuple[float, ...]
    """K / (K - 1) (R - mean), which is R less the mean of the others; 0.0 for one."""
    normalised: tuple[float, ...]
    """(R - mean) / (deviation + epsilon); 0.0 for one."""


def standing(values: Sequence[float], epsilon: float) -> Standing:
    """Compare the members of a group.

    Args:
        values: What each of them earned.
        epsilon: Added to the deviation before it divides.
    """
    count = len(values)
    if not count:
        return Standing(0.0, 0.0, (), ())
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / count
    if count == 1:
        return Standing(float(mean), 0.0, (0.0,), (0.0,))
    above = [value - mean for value in exact]
    deviation = math.sqrt(sum(each * each for each in above) / (count - 1))
    return Standing(
        float(mean),
        deviation,
        tuple(float(each * count / (count - 1)) for each in above),
        tuple(float(each) / (deviation + epsilon) for each in above),
    )


def total(rewards: Sequence[float]) -> float:
    """Return what rewards add up to, rounded once."""
    return math.fsum(rewards)


def returns(rewards: Sequence[float], gamma: float) -> list[float]:
    """Return what follows from each turn on, discounted: r + gamma r' + gamma^2 r'' ..."""
    found, after = list[float](), 0.0
    for reward in reversed(rewards):
        after = reward + gamma * after
        found.append(after)
    return found[::-1]
