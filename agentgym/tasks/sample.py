"""Candidates: plans drawn from the rows, one family at a time.

A plan is grown from what the user knows (a row that can be described in words)
along real relations to what is asked. Nothing here is admitted: `prove` decides.
"""

from __future__ import annotations

import random
from functools import cached_property

from msgspec.structs import replace

from agentgym.plan import FAMILIES, Family
from agentgym.plan.unsaid import hidden
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.operators.acts import dressed
from agentgym.tasks.operators.reads import OPERATORS
from agentgym.tasks.operators.withhold import OPERATORS as UNSAID
from agentgym.tasks.reads import HOPS, READS, Reader
from agentgym.tasks.watching import Watching

__all__ = ["FAMILIES", "HOPS", "Sampler"]

WITHHOLD = next(one for one in UNSAID if one.name == "withhold")
HIDE = next(one for one in OPERATORS if one.name == "hide")


class Sampler(Reader, Watching):
    """Draws candidate plans over one domain.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools; reads and writes are drawn only where a tool can do them.
        rules: Its rules, for writes that are wanted under one.
    """

    @cached_property
    def _families(self) -> tuple[Family, ...]:
        reads = self.reads() if self.entities else ()
        return tuple(
            family
            for family in FAMILIES
            if (family in reads if family in READS else self._writes(family))
        )

    def _writes(self, family: Family) -> bool:
        return callable(getattr(self, family, None)) and self.carries(family)

    def families(self) -> tuple[Family, ...]:
        """Return the families that the domain can carry, as far as is plain, in their order."""
        return self._families

    def draw(
        self, family: Family | str, rng: random.Random, knobs: Knobs | None = None
    ) -> Candidate | None:
        """Draw one candidate of a family; None where the draw came to nothing.

        Args:
            family: One of `FAMILIES`.
            rng: The stream to draw from.
            knobs: How hard it should be; as it comes if not said.
        """
        if family not in self.families():
            return None
        made: Candidate | None = getattr(self, family)(rng, knobs or Knobs())
        return made if made is None or made.stream else self._dressed(made, rng)

    def _dressed(self, made: Candidate, rng: random.Random) -> Candidate:
        """Add what the knobs ask for whatever the family: facts held back, decoys.

        What cannot be had is left out.
        """
        for _ in range(made.knobs.hidden - len(hidden(made.plan))):
            made = replace(WITHHOLD.apply(self, made, rng) or made, knobs=made.knobs)
        wanted = made.knobs
        held = sum(fact.exposure == "user" for fact in made.plan.facts)
        for _ in range(wanted.held - held):
            made = HIDE.apply(self, made, rng) or made
        return dressed(self, replace(made, knobs=wanted), rng)
