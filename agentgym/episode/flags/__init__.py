"""What is wrong with a turn, seen while it is played: repeated calls, values from nowhere."""

from __future__ import annotations

from agentgym.episode.flags.ground import Ground
from agentgym.episode.flags.seen import Seen
from agentgym.episode.flags.watch import Watch

__all__ = ["Ground", "Seen", "Watch"]
