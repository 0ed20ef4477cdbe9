"""Candidates: plans drawn from the rows, one family at a time.

A plan is grown from what the user knows (an anchor that can be described in words)
along real relations to what is asked. Nothing here is admitted: `prove` decides.
"""

from __future__ import annotations

import random

from agentgym.plan import Plan
from agentgym.tasks.clues import Sketch
from agentgym.tasks.reads import HOPS, Reader
from agentgym.tasks.writes import Writer

__all__ = ["FAMILIES", "HOPS", "Sampler"]


class Sampler(Reader, Writer):
    """Draws candidate plans over one domain.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools; reads and writes are drawn only where a tool can do them.
        rules: Its rules, for writes that are wanted under one.
    """

    def draw(
        self,
        family: str,
        rng: random.Random,
        *,
        entities: int | None = None,
        least: int = 0,
        ruled: bool = False,
    ) -> Plan | None:
        """Draw one candidate of a family; None where the draw came to nothing.

        Args:
            family: One of `FAMILIES`.
            rng: The stream to draw from.
            entities: How many entities a plan of `multi_hop` shall lead over.
            least: About how many calls the plan shall need; `prove.shortest` has the last word.
                Ignored by `lookup`, which is short by nature.
            ruled: Write only by tools that ask a rule.
        """
        if not self.entities:
            return None
        sketch = Sketch(self.schema)
        match family:
            case "lookup":
                return self.lookup(sketch, rng)
            case "multi_hop":
                return self.multi_hop(sketch, rng, entities=entities, least=least)
            case "aggregate":
                return self.aggregate(sketch, rng, least=least)
            case "update":
                if least <= 1 and rng.random() < 0.4:
                    return self.single_write(sketch, rng, ruled=ruled)
                return self.read_write(sketch, rng, least=least, ruled=ruled)
            case "multi_write":
                return self.multi_write(sketch, rng, least=least, ruled=ruled)
            case _:
                raise AssertionError(family)


FAMILIES = ("lookup", "multi_hop", "aggregate", "update", "multi_write")
"""The families of tasks, in the order in which they take turns."""
