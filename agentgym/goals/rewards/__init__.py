"""Rewards: what a turn earns, and how every fault of a run is called.

What is rewarded (`options`, of `presets` or weights of `terms`, safe within `bounds`) and what the
task rests on (`course`: its `golden` run, `bridges` and `milestones`) come in; a `Meter` measures
turns. Next: `terms`.
"""

from __future__ import annotations

from agentgym.goals.rewards.bounds import Bounds
from agentgym.goals.rewards.claims import Claims
from agentgym.goals.rewards.course import Course, Ground
from agentgym.goals.rewards.golden import play
from agentgym.goals.rewards.meter import Meter
from agentgym.goals.rewards.options import PRICES, RewardOptions, Rewards
from agentgym.goals.rewards.presets import PRESETS
from agentgym.goals.rewards.terms import SPANS, TERMS
from agentgym.goals.rewards.turns import Score

__all__ = [
    "PRESETS",
    "PRICES",
    "SPANS",
    "TERMS",
    "Bounds",
    "Claims",
    "Course",
    "Ground",
    "Meter",
    "RewardOptions",
    "Rewards",
    "Score",
    "play",
]
