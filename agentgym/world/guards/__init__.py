"""Rules, compiled: predicates to functions of a world, a row before and after, and arguments.

`guards` and `invariants` give what a write (or a read) asks before it goes on, `noted` what a
successful call leaves in the session, `truth` a predicate by itself. Statements are prepared
once. Next: `setting`, `guard`.
"""

from __future__ import annotations

from agentgym.world.guards.guard import Guard, first_served, guard, guards, invariants
from agentgym.world.guards.rows import counter
from agentgym.world.guards.session import noted, remembered
from agentgym.world.guards.setting import Kind, Setting, Test
from agentgym.world.guards.truth import truth

__all__ = [
    "Guard",
    "Kind",
    "Setting",
    "Test",
    "counter",
    "first_served",
    "guard",
    "guards",
    "invariants",
    "noted",
    "remembered",
    "truth",
]
