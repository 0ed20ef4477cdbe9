"""Numbered actions for classic learners: the calls that words allow, enumerated.

In order: `known`, `calls`, `wrapper`.
"""

from __future__ import annotations

from agentgym.env.discrete.wrapper import ACTION_FEATURES, DiscreteCalls

__all__ = ["ACTION_FEATURES", "DiscreteCalls"]
