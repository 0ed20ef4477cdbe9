"""The gate `no_shortcut`: no hop can be skipped, no guess is likely, no text tells.

A plan comes in and is looked at from four sides, cheapest first: `guess` (how likely the answer
is), `masks` (rows that need not be seen), `clues` (what is told too much, or for nothing), and for
a finished task `leaks` (texts that tell). Next: `certify`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import Plan
from agentgym.plan.tables import Tables
from agentgym.prove.shortcuts.clues import ALLOWED, SUPPORT, Clues, vague
from agentgym.prove.shortcuts.guess import ALTERNATIVES, MAX_DRAW, MAX_SHARE, MIN_VALUES, Guesses
from agentgym.prove.shortcuts.leaks import Leaks
from agentgym.prove.shortcuts.masks import MOST_TRIED, Masks
from agentgym.tasks import GateReport

__all__ = [
    "ALLOWED",
    "ALTERNATIVES",
    "MAX_DRAW",
    "MAX_SHARE",
    "MIN_VALUES",
    "MOST_TRIED",
    "SUPPORT",
    "Leaks",
    "Shortcuts",
    "vague",
]

FAR = 3
"""Calls from which on the answer's row may not carry most clues."""


class Shortcuts:
    """Looks for ways around the work, over one set of rows.

    Args:
        domain: The domain, with the rows as they are at the start.
        tables: Its rows.
        parameters: Tool name to its parameters as they are shown.
        known: What was proved of these rows before; added to.
    """

    def __init__(
        self,
        domain: Domain,
        tables: Tables,
        parameters: Mapping[str, dict[str, Json]],
        known: set[Hashable] | None = None,
    ) -> None:
        proved: set[Hashable] = set() if known is None else known
        self.tables = tables
        self.guesses = Guesses(tables)
        self.masks = Masks(tables, proved)
        self.clues = Clues(tables, self.masks, proved)
        self.leaks = Leaks(domain, parameters)

    def check(self, plan: Plan, *, least: int | None = None, calls: int = 0) -> GateReport:
        """Check that no hop of the plan can be skipped and its answer is no likely guess.

        Args:
            plan: The plan.
            least: Fewest rows that a clue of a vaguely told plan must leave; 3 if None.
            calls: How many it was proved to need.

        Raises:
            RefusedError: There is a way around.
        """
        wanted = self.wanted(plan)
        share = self.guesses.check(plan, wanted)
        if plan.family == "multi_hop" and calls >= FAR:
            self.clues.covered(plan, wanted)
        masked = self.masks.check(plan, wanted)
        support = self.clues.check(plan, wanted, least=least)
        detail: dict[str, Json] = {
            "masked": masked,
            "guess_share": Decimal(f"{share:.3f}"),
        }
        if support is not None:
            detail["support"] = support
        return GateReport(gate="no_shortcut", ok=True, detail=detail)

    def wanted(self, plan: Plan) -> list[str]:
        """Name the acts that are to be done, and the refusals that come to bear."""
        acts = [node.id for node in self.tables.wanted(plan)]
        return acts + [node.id for node in self.tables.barred(plan)]

    def trust(self, plan: Plan) -> None:
        """Take a plan's hops and clues as proved: those of a task of these rows that holds."""
        wanted = self.wanted(plan)
        self.masks.trusting = self.clues.trusting = True
        try:
            self.masks.check(plan, wanted)
            self.clues.check(plan, wanted)
        finally:
            self.masks.trusting = self.clues.trusting = False
