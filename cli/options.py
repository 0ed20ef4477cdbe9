"""What options of several commands say of themselves: users, faults, hints, rewards.

Next: `rollout`, `play`.
"""

from __future__ import annotations

from agentgym.episode.faults import PRESETS as FAULTS
from agentgym.goals.rewards import PRESETS as REWARDS
from agentgym.users import PRESETS as USERS

__all__ = ["FAULTS_HELP", "HINTS_HELP", "REWARD_HELP", "USER_HELP"]

USER_HELP = (
    "How the user behaves: a profile, with changes, as hurried,patience=3,vague_first. Profiles: "
    f"{', '.join(USERS)}. With model=NAME,url=URL a language model puts the words."
)
FAULTS_HELP = (
    "What goes wrong with the world: a preset, or shares of calls, as timeout=0.05,stale=0.1. "
    f"Presets: {', '.join(FAULTS)}."
)
HINTS_HELP = (
    "How far errors are explained: none, brief, full, or as they fade: full:3,brief:3,none."
)
REWARD_HELP = (
    "What is rewarded: a preset, with changes, or weights, as success=1,progress=0.3. Presets: "
    f"{', '.join(REWARDS)}."
)
