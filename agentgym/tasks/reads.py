"""Candidates that only read: fields of rows, numbers over rows, sets, plans, reports.

In come walks over the rows and knobs, out come candidates of the families that change nothing;
`reading` holds what they are made of. Next: `sample`.
"""

from __future__ import annotations

from agentgym.plan import Family
from agentgym.tasks.reading.cells import Cells
from agentgym.tasks.reading.figures import Figures
from agentgym.tasks.reading.grounds import HOPS
from agentgym.tasks.reading.hops import Hops
from agentgym.tasks.reading.several import Several
from agentgym.tools.algebra import Aggregate

__all__ = ["HOPS", "READS", "Reader"]

READS: tuple[Family, ...] = (
    "lookup",
    "multi_hop",
    "aggregate",
    "compare",
    "set_valued",
    "planning",
    "mask_fill",
    "no_tool_needed",
)
"""The families that change nothing."""


class Reader(Hops, Figures, Several, Cells):
    """Draws plans that change nothing."""

    def reads(self) -> tuple[Family, ...]:
        """Return the families of which the schema, the rows and the tools allow some."""
        asked = [e for e in self.entities if self.answers.fields(e.name)]
        numbers = [e for e in self.entities if self.answers.numbers(e.name, times=True)]
        tied = any(
            r.entity in self.spoken and r.target in self.spoken for r in self.schema.relations
        )
        sums = any(
            isinstance(t.term, Aggregate) and t.term.entity in self.spoken for t in self.tools
        )
        can: dict[str, bool] = {
            "lookup": bool(asked),
            "multi_hop": bool(asked) and tied,
            "aggregate": sums,
            "compare": bool(numbers),
            "set_valued": bool(asked),
            "planning": any(self._plannable(e.name) for e in self.entities),
            "mask_fill": bool(asked),
            "no_tool_needed": bool(numbers),
        }
        return tuple(family for family in READS if can[family])
