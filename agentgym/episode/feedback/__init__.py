"""What an episode adds to the errors of calls, so that an agent can learn from them."""

from __future__ import annotations

from agentgym.episode.feedback.coach import Coach
from agentgym.episode.feedback.options import HintOptions, Hints, Level

__all__ = ["Coach", "HintOptions", "Hints", "Level"]
