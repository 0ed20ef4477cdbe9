"""Candidates: plans drawn from the rows, one family at a time.

A plan is grown from what the user knows (an anchor that can be described in words)
along real relations to what is asked. Nothing here is admitted: `prove` decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from agentgym.plan import Plan
from agentgym.tasks.clues import Sketch
from agentgym.tasks.reads import HOPS, Reader
from agentgym.tasks.writes import Writer

__all__ = ["FAMILIES", "HOPS", "Sampler"]


class Sampler(Reader, Writer):
    """Draws candidate plans over one domain.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools; writes are drawn only where a tool can do them.
    """

    def draw(self, family: str, rng: random.Random, *, entities: int | None = None) -> Plan | None:
        """Draw one candidate of a family; None where the draw came to nothing.

        Args:
            family: One of `FAMILIES`.
            rng: The stream to draw from.
            entities: How many entities a plan of `multi_hop` shall lead over.
        """
        if not self.entities:
            return None
        sketch = Sketch(self.schema)
        if family == "multi_hop":
            return self.multi_hop(sketch, rng, entities=entities)
        return _DRAWS[family](self, sketch, rng)


_DRAWS: dict[str, Callable[[Sampler, Sketch, random.Random], Plan | None]] = {
    "lookup": Sampler.lookup,
    "multi_hop": Sampler.multi_hop,
    "aggregate": Sampler.aggregate,
    "single_write": Sampler.single_write,
    "multi_write": Sampler.multi_write,
    "read_write": Sampler.read_write,
}

FAMILIES = tuple(_DRAWS)
"""The families of tasks, in the order in which they take turns."""
