"""Candidates that write, or that ask for what cannot be: all families that are drawn from acts.

In come rows, tools, rules and effects of a domain, out come candidates of the families `update`,
`multi_write`, `conditional`, `policy_bound`, `refusal`, `unanswerable`, `ambiguous`, `shift`,
`long_horizon`, `mixed`, `underspecified`, `jargon` and `backward`; `writing` has the parts. Each
was tried on a world. Next: `sample`.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from agentgym.plan import Plan
from agentgym.tasks.backward import Backward
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writing.barred import Barred
from agentgym.tasks.writing.conditional import Conditional
from agentgym.tasks.writing.jargon import Jargon
from agentgym.tasks.writing.lacking import Lacking
from agentgym.tasks.writing.mixed import Mixed
from agentgym.tasks.writing.plans import setting_facts, with_fact
from agentgym.tasks.writing.unclear import Unclear

__all__ = ["Writer"]

_KINDS = ("update", "update", "transition", "create", "create", "delete")
_TRIES = 6


class Writer(Barred, Conditional, Lacking, Mixed, Unclear, Jargon, Backward):
    """Draws candidates that change rows, or that ask for what cannot be done or had."""

    def carries(self, family: str) -> bool:
        """Tell whether the domain can have tasks of a family of this class, as far as is plain.

        Args:
            family: Any family; of those of other classes it says yes.
        """
        match family:
            case "update" | "multi_write" | "conditional" | "shift" | "long_horizon" | "mixed":
                return bool(self.writers and self.entities)
            case "jargon":
                return bool(self.meanings)
            case "underspecified":
                return bool(self.writers and self.entities)
            case "policy_bound":
                return any(self.bounds.values())
            case "refusal":
                return any(self.bars.values())
            case "unanswerable" | "ambiguous":
                return bool(self.entities)
            case "backward":
                return bool(self.entities and self.tools)
            case _:
                return True

    def update(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Change, move, create, link or delete one row."""
        for _ in range(_TRIES if self.writers else 0):
            sketch = Sketch(self.schema)
            hops = rng.choice((0, 0, 1, 1, 2)) if knobs.least <= 1 else rng.choice((1, 1, 2))
            if knobs.entities is not None:
                hops = max(0, knobs.entities - 1)
            if self.one_write(sketch, _KINDS, rng, hops=hops, least=knobs.least, ruled=knobs.ruled):
                grown = ("deepen",) if hops or knobs.least > 2 else ()
                found = self.candidate(sketch, "update", knobs, "seed", *grown)
                if found is not None:
                    return self.holding(found, rng)
        return None

    def multi_write(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Two to six writes in one request, or one for each of two to eight rows."""
        for _ in range(_TRIES if self.writers else 0):
            sketch = Sketch(self.schema)
            wanted = knobs.acts or rng.choice((3, 3, 4, 5, 6) if knobs.least > 3 else (2, 2, 3, 4))
            drawn = rng.random()
            if drawn < 0.3 and knobs.acts is None:
                done = self.each(sketch, rng, ruled=knobs.ruled)
            elif drawn < 0.75:
                done = self.around(sketch, rng, max(2, wanted), ruled=knobs.ruled)
            else:
                done = self.scattered(sketch, rng, max(2, wanted), ruled=knobs.ruled)
            if done and self.calm(sketch.plan("multi_write")):
                found = self.candidate(sketch, "multi_write", knobs, "seed", "widen", tried=False)
                if found is not None:
                    return self.holding(found, rng)
        return None

    def holding(self, candidate: Candidate, rng: random.Random) -> Candidate:
        """Hold back as many new values as its knobs say, where there are so many."""
        plan: Plan = candidate.plan
        told = [
            plan.fact(name)
            for name in setting_facts(plan)
            if plan.fact(name).exposure == "instruction"
        ]
        held = len(setting_facts(plan)) - len(told)
        missing = max(0, candidate.knobs.held - held)
        for fact in rng.sample(told, min(missing, len(told))):
            plan = with_fact(plan, replace(fact, exposure="user"))
        return replace(candidate, plan=plan)
