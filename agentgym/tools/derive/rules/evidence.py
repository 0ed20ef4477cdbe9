"""Why a rule was made: of how many rows it holds, in words.

Next: `states`.
"""

from __future__ import annotations

from agentgym.rules import Predicate
from agentgym.schema import Entity
from agentgym.tools.derive.rules.ground import Ground

__all__ = ["counted"]


def counted(ground: Ground, predicate: Predicate, entity: Entity) -> tuple[str, ...]:
    """Say of how many rows of the entity the predicate holds, and of how many it does not."""
    held, failed = ground.share(predicate, entity.name)
    return (f"of {held + failed} {entity.plural}, {held} pass and {failed} do not",)
