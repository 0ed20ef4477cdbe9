"""Several agents in one episode: each has tools of its own, all have one reward.

In order: `roles`, `crew`, `relay`.
"""

from __future__ import annotations

from agentgym.env.crew.crew import CrewEnv, CrewMoment
from agentgym.env.crew.relay import Relay
from agentgym.env.crew.roles import FRONT, Role, divide

__all__ = ["FRONT", "CrewEnv", "CrewMoment", "Relay", "Role", "divide"]
