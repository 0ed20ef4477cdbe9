"""How rows are written: one door per entity, the same for tools, nested rows and effects.

What a call writes goes in; rows, derived values, effects or a `Refusal` come out. Next:
`fresh`, `exact`, `protect`, `derived`, `values`, `effects`, `doors`; then `deeds`.
"""

from __future__ import annotations

from agentgym.world.door.doors import Doors, Entry, Exit, Inlet
from agentgym.world.door.fresh import UPDATED, WRITTEN

__all__ = ["UPDATED", "WRITTEN", "Doors", "Entry", "Exit", "Inlet"]
