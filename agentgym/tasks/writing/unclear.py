"""Requests that say to what something shall be done, and not what: several tools would fit.

A row is described, a change of it is drawn, and what it is stays unsaid until the user is asked;
the tools are shown so that there is one for each thing that could be meant. Out come candidates of
the family `underspecified`. Next: `tasks.writes`.
"""

from __future__ import annotations

import random
from functools import partial

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Write, told
from agentgym.plan.alone import alone
from agentgym.plan.unsaid import evident
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writing.bench import Bench
from agentgym.tasks.writing.changes import Changes
from agentgym.tasks.writing.plans import with_fact
from agentgym.tools.algebra import Transition, Update

__all__ = ["Unclear"]

_TRIES = 10
_DUPLICATES = (0, 0, 2, 4)
"""How many more tools stand beside those that they resemble."""


class Unclear(Changes, Bench):
    """Draws changes of which only the row is told."""

    def underspecified(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Change a row in a way that is not said."""
        kinds = ("update", "update", "transition")
        for _ in range(_TRIES if self.writers else 0):
            tools = self.writing(rng.choice(kinds), ruled=knobs.ruled)
            if not tools:
                continue
            tool = rng.choice(tools)
            term, fixed = alone(tool.term)
            if fixed or not isinstance(term, (Update, Transition)):
                continue
            sketch = Sketch(self.schema)
            hops = max(0, knobs.entities - 1) if knobs.entities else rng.choice((0, 0, 1))
            at = self.stand(
                sketch,
                term.entity,
                rng,
                hops=hops,
                least=knobs.least - 1,
                fits=partial(self.passes, tool),
            )
            if at is None:
                continue
            if isinstance(term, Transition):
                done = self.move(sketch, term, at, rng)
            else:
                about = self.ruled.get(tool.name, frozenset()) if knobs.ruled else frozenset()
                done = self.renew(sketch, term, at, rng, about=about, plain=True, wanted=1)
            if not done:
                continue
            found = self.candidate(sketch, "underspecified", knobs, "seed", "withhold")
            made = None if found is None else self._unsaid(found, rng)
            if made is not None:
                return made
        return None

    def _unsaid(self, candidate: Candidate, rng: random.Random) -> Candidate | None:
        """Leave the one new value unsaid, and show a tool for each thing that could be meant."""
        plan = candidate.plan
        write = next(node for node in plan.nodes if isinstance(node, Write))
        if len(write.settings) != 1 or write.settings[0].fact is None:
            return None
        fact = plan.fact(write.settings[0].fact)
        if fact.value is None or isinstance(fact.value, bool):
            return None
        plan = with_fact(plan, replace(fact, exposure="hidden"))
        if not evident(plan, fact.id, self.schema, self.tools):
            return None
        view: dict[str, Json] = {"granularity": "narrow", "seed": rng.randrange(10**6)}
        more = candidate.knobs.decoy_tools or rng.choice(_DUPLICATES)
        if more:
            view["near_duplicates"] = more
        knobs = replace(candidate.knobs, hidden=max(1, candidate.knobs.hidden))
        return replace(candidate, plan=told(plan), view=view, knobs=knobs)
