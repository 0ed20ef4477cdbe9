"""Knowing: what a plan says of the rows of a select, in the form in which tools take it.

A select comes in; values, bounds, parts of texts and what can only be checked on the rows go out,
each with its origin. Next: `finding`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.plan.lower.looking import Looking
from agentgym.plan.lower.records import At, Known, Ways
from agentgym.plan.measures import told_measure
from agentgym.plan.nodes import Plan, Select, Where
from agentgym.plan.origins import moment, origin_of
from agentgym.plan.remedies import Operand, Remedies
from agentgym.plan.tables import Tables
from agentgym.schema import Relation
from agentgym.tools.algebra import Tool

__all__ = ["Knowing", "pairs"]

_BOUNDS = {
    "eq": (("ge", "first"), ("le", "last")),
    "ge": (("ge", "first"),),
    "gt": (("ge", "after"),),
    "le": (("le", "last"),),
    "lt": (("le", "before"),),
}
"""How a year compares, to the bounds of its moments."""


class Knowing:
    """Says what is known of rows before they are seen.

    Args:
        plan: The plan whose selects are looked for.
        tables: The rows at the start.
        tools: The tools to choose from.
        remedies: Makes the calls, and notes them.
        ways: What is done otherwise than the cheapest.
    """

    def __init__(
        self,
        plan: Plan,
        tables: Tables,
        tools: Sequence[Tool],
        remedies: Remedies,
        ways: Ways,
    ) -> None:
        self.plan, self.tables, self.remedies = plan, tables, remedies
        self.schema = tables.schema
        self.desk = Looking(tables, tools, remedies, ways)
        self.ways, self.shunned = ways, ways.shunned
        self.figures: dict[str, Operand] = {}
        """Aggregated to its number."""
        self.found: dict[str, At] = {}
        """Select to its one row."""
        self.sets: dict[str, list[At]] = {}
        """Select to all of its rows, each as it was shown."""
        self.basis: dict[str, tuple[int, ...]] = {}
        """Select to the calls by which it is known which rows are its."""

    def select(self, node: str) -> Select:
        """Return a select of the plan."""
        found = self.plan.node(node)
        assert isinstance(found, Select)
        return found

    def told(self, fact: str) -> Operand:
        """Return the value of a fact; of one in a word of the trade, as the glossary has it."""
        if self.plan.fact(fact).exposure == "jargon":
            return self.remedies.meaning(self.plan.fact(fact))
        return Operand(value=self.plan.fact(fact).value, origin=f"fact:{fact}")

    def who(self) -> Known:
        """Return what is known of the user's own row."""
        equal = {fact.field: self.told(fact.id) for fact in self.plan.who()}
        return Known(equal, [], [], frozenset())

    def clues(self, select: Select) -> Known:
        """Return what the clues say of the rows; what links say is left out."""
        equal: dict[str, Operand] = {}
        compared: list[tuple[str, str, Operand]] = []
        parts: list[tuple[str, Operand]] = []
        loose: set[str] = set()
        entity = self.schema.entity(select.entity)
        for where in select.where:
            bounds = self._bounds(where, entity.field(where.field).type)
            if bounds:
                compared += bounds
            elif where.of is not None or where.op == "ne":
                loose.add(where.field)
            elif where.op == "contains":
                parts.append((where.field, self.told(where.fact)))
            elif where.op != "eq":
                compared.append((where.field, where.op, self.told(where.fact)))
            elif where.field in equal:
                loose.add(where.field)
            else:
                equal[where.field] = self.told(where.fact)
        for link in select.links:
            if link.absent:
                relation = self.schema.relation(link.relation)
                loose |= set(relation.fields if link.forward else relation.target_fields)
        return Known(equal, compared, parts, frozenset(loose))

    def _bounds(self, where: Where, kind: str) -> list[tuple[str, str, Operand]]:
        """Say of a year or decade within which moments the value lies; nothing of other clues."""
        if where.of not in ("year", "decade") or kind not in ("date", "datetime"):
            return []
        told, found = self.told(where.fact), []
        number = told_measure(where.of, told.value)
        if not isinstance(number, int) or not 20 < number < 9980:
            return []
        if where.of == "decade" and number % 10:
            return []
        for op, end in _BOUNDS.get(where.op, ()):
            function = f"{end}_{kind}_of_{where.of}"
            value = moment(function, told.value)
            found.append(
                (where.field, op, Operand(value=value, origin=origin_of(function, [told.origin])))
            )
        return found


def pairs(relation: Relation, *, forward: bool) -> list[tuple[str, str]]:
    """Pair the fields of a row with those of what a link leads to."""
    found = list(zip(relation.fields, relation.target_fields, strict=True))
    return found if forward else [(theirs, mine) for mine, theirs in found]
