"""Watching: nobody asks, and the agent acts, speaks or stays silent as events come in.

What `orders` draws becomes the family `proactive`. Next: `sample`.
"""

from __future__ import annotations

import random
from functools import cached_property

from agentgym.tasks.guided import Guided
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.orders import Orders

__all__ = ["Watching"]


class Watching(Guided):
    """Draws standing orders with a stream of events."""

    def carries(self, family: str) -> bool:
        """Tell whether the domain can have tasks of a family; see `Writer.carries`."""
        if family != "proactive":
            return super().carries(family)
        return bool(self.orders.watched)

    @cached_property
    def orders(self) -> Orders:
        """What draws standing orders."""
        return Orders(self)

    def proactive(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Leave a standing order, and let things happen."""
        return self.orders.draw(rng, knobs)
