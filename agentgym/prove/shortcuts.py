"""The gate `no_shortcut`: no hop can be skipped, no guess is likely, no text tells.

A row that must be seen is masked: it could be any row of its entity, one at a time. If
what hangs on it has the same value whichever row it is, then it need not be looked up,
and the task is no better than a shorter one. Next: `certify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from agentgym.domain import Domain
from agentgym.formats import Json, to_text
from agentgym.goals.answers import normal
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.tables import Tables, equal
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortest import must_see
from agentgym.schema.types import Row, to_wire
from agentgym.tasks import GateReport, Task

__all__ = ["ALTERNATIVES", "MAX_SHARE", "MIN_VALUES", "Shortcuts"]

MAX_SHARE = 0.25
"""Largest share that the most frequent possible answer may have among all: a guesser's luck."""
MIN_VALUES = 4
"""Fewest distinct values that an asked field must have."""
ALTERNATIVES = 24
"""Rows that are tried in the place of a masked one, to weigh how likely a guess is."""
MOST_TRIED = 400
"""Rows that are tried in the place of a masked one, to find one that makes a difference."""


class Shortcuts:
    """Looks for ways around the work, over one domain.

    Args:
        domain: The domain.
        tables: Its rows.
        parameters: Tool name to its parameters as they are shown.
    """

    def __init__(
        self, domain: Domain, tables: Tables, parameters: Mapping[str, dict[str, Json]]
    ) -> None:
        self.domain, self.tables, self.parameters = domain, tables, parameters
        self.schema = domain.schema
        self._documents: dict[str, str] = {}

    def check(self, plan: Plan) -> GateReport:
        """Check that no hop of the plan can be skipped and its answer is no likely guess.

        Raises:
            RefusedError: There is a way around.
        """
        masked = 0
        for name in must_see(plan, self.schema):
            masked += self.check_mask(plan, name)
        share = 0.0
        for node in plan.nodes:
            if isinstance(node, Emit):
                share = max(share, self.check_guess(plan, node))
        return GateReport(
            gate="no_shortcut",
            ok=True,
            detail={"masked": masked, "guess_share": Decimal(f"{share:.3f}")},
        )

    def check_mask(self, plan: Plan, name: str) -> int:
        """Without its clues, a row that must be seen leaves what hangs on it open.

        Returns:
            How many ends of the plan were found to hang on it.
        """
        node = plan.node(name)
        assert isinstance(node, Select)
        hanging = 0
        for end, used, field in _ends(plan):
            if name not in _upstream(plan, used):
                continue
            if name == used and isinstance(end, Emit):
                continue  # the answer itself: how likely it is to be guessed is asked elsewhere
            hanging += 1
            if not self.matters(plan, name, end, used, field):
                raise RefusedError("no_shortcut", f"the {node.entity} can be skipped")
        return hanging

    def matters(
        self, plan: Plan, name: str, end: Emit | Write, used: str, field: str | None
    ) -> bool:
        """Tell whether what an end needs differs from row to row in the place of a masked one."""
        node = plan.node(name)
        assert isinstance(node, Select)
        seen: list[Json] = []
        for row in _spread(self.tables.rows(node.entity), MOST_TRIED):
            for value in self.needed(plan, end, used, field, {name: (row,)}):
                if value not in seen:
                    seen.append(value)
            if len(seen) > 1:
                return True
        return False

    def needed(
        self,
        plan: Plan,
        end: Emit | Write,
        used: str,
        field: str | None,
        assumed: Mapping[str, Sequence[Row]],
    ) -> list[Json]:
        """Return what an end could need of a select: answers, values of a field, or rows."""
        if isinstance(end, Emit):
            values = self.tables.value(plan, end, assumed)
            none = (None, 0) if isinstance(plan.node(end.node), Aggregated) else (None,)
            return [value for value in values if value not in none]
        rows = self.tables.extent(plan, used, assumed)
        if field is None:
            return list(rows)
        select = plan.node(used)
        assert isinstance(select, Select)
        place = self.schema.entity(select.entity).position(field)
        return [row[place] for row in rows if row[place] is not None]

    def check_guess(self, plan: Plan, end: Emit) -> float:
        """The value of the answer is not so frequent that a guess would do; returns its share."""
        (answer,) = self.tables.value(plan, end) or [None]
        node = plan.node(end.node)
        if isinstance(node, Select):
            assert end.field is not None
            field = self.schema.entity(node.entity).field(end.field)
            column = self.tables.column(node.entity, end.field)
            values = [str(to_wire(field, value)) for value in column]
            counts = dict(zip(values, column.values(), strict=True))
            if len(column) < MIN_VALUES:
                raise RefusedError("no_shortcut", f"{end.field} has {len(column)} values")
        else:
            assert isinstance(node, Aggregated)
            if answer is None or (isinstance(answer, int) and answer < 2):
                raise RefusedError("no_shortcut", f"the answer is {answer}")
            counts = self.aggregates_without(plan, end, node)
        share = counts.get(str(answer), 0) / max(sum(counts.values()), 1)
        if share > MAX_SHARE:
            raise RefusedError("no_shortcut", f"the answer is the right guess in {share:.0%}")
        return share

    def aggregates_without(self, plan: Plan, end: Emit, node: Aggregated) -> dict[str, int]:
        """Count the values that an aggregate could have for all that a guesser knows."""
        counts: dict[str, int] = {}
        for name in must_see(plan, self.schema):
            if name != node.of:
                masked = plan.node(name)
                assert isinstance(masked, Select)
                for row in _spread(self.tables.rows(masked.entity), ALTERNATIVES):
                    for value in self.needed(plan, end, node.of, None, {name: (row,)}):
                        counts[str(value)] = counts.get(str(value), 0) + 1
        select = plan.node(node.of)
        assert isinstance(select, Select)
        if not counts and node.field is not None and node.function in ("min", "max"):
            field = self.schema.entity(select.entity).field(node.field)
            column = self.tables.column(select.entity, node.field)
            counts = {str(to_wire(field, value)): count for value, count in column.items()}
        return counts

    def check_leaks(self, task: Task) -> None:
        """The answer stands neither in the instruction nor in what the tools say of themselves."""
        values = task.answer if isinstance(task.answer, list) else [task.answer]
        told = f" {normal(task.instruction)} "
        for value in values:
            if any(equal(fact.value, value) for fact in task.plan.facts):
                raise RefusedError("no_shortcut", "the answer is one of the facts")
            text = normal(str(value))
            if re.search(rf"(?<![\w.]){re.escape(text)}(?![\w]|\.\d)", told):
                raise RefusedError("no_shortcut", "the answer stands in the instruction")
            if isinstance(value, str) and any(
                f'"{text}"' in self.document(name) for name in task.tools
            ):
                raise RefusedError("no_shortcut", "the answer stands in a tool's description")

    def document(self, name: str) -> str:
        """Return what a tool says of itself, folded."""
        if name not in self._documents:
            tool = self.domain.tool_by_name[name]
            content = [tool.description, self.parameters[name]]
            self._documents[name] = to_text(content).casefold()
        return self._documents[name]


def _ends(plan: Plan) -> Iterator[tuple[Emit | Write, str, str | None]]:
    """Yield what is asked or written, the select that it needs, and the field, if one is named."""
    for node in plan.nodes:
        if isinstance(node, Emit):
            source = plan.node(node.node)
            yield node, source.of if isinstance(source, Aggregated) else node.node, node.field
        elif isinstance(node, Write):
            if node.target is not None:
                yield node, node.target, None
            for setting in node.settings:
                if setting.node is not None:
                    yield node, setting.node, setting.source


def _spread(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """Choose rows from all over a table."""
    if len(rows) <= most:
        return rows
    return [rows[place * len(rows) // most] for place in range(most)]


def _upstream(plan: Plan, name: str) -> set[str]:
    """Return the selects that a select rests on, itself included."""
    node = plan.node(name)
    assert isinstance(node, Select)
    found = {name}
    for link in node.links:
        found |= _upstream(plan, link.node)
    return found
