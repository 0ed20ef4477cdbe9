"""Episodes: one task, tried by one agent against a world and a simulated user.

A `Suite` (a domain with its tasks, loaded once a process) hands out each `Episode`, which
knows nothing of goal, gold or verifier; the verdict is at the suite's door. `parse` reads
whatever an agent sends. Next: `env`.
"""

from __future__ import annotations

from agentgym.episode.loading import load
from agentgym.episode.parse import Attempt, Parsed, parse
from agentgym.episode.play import Episode, Turn
from agentgym.episode.suite import MAX_TURNS, Options, Suite
from agentgym.episode.view import unfit

__all__ = [
    "MAX_TURNS",
    "Attempt",
    "Episode",
    "Options",
    "Parsed",
    "Suite",
    "Turn",
    "load",
    "parse",
    "unfit",
]
