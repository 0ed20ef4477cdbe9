"""Hidden: what the user leaves unsaid has to be asked for, and can be known to be missing.

A plan comes in. Without any one of its hidden facts the request could mean several things; the
rows show that, or the tools that need a value. Out goes how many things it could mean without all
of them. Next: `unique`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.plan import Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.plan.unsaid import changes, evident, hidden, without
from agentgym.prove.ends import ends
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortcuts.masks import Masks
from agentgym.tools.algebra import Tool

__all__ = ["FEWEST", "Hidden"]

FEWEST = 3
"""Fewest values that one may have which is not said: of two, every other guess is right."""
_MANY = 1000


class Hidden:
    """Weighs what is left unsaid, over one set of rows.

    Args:
        tables: The rows.
        masks: What ends come to.
        tools: Of the domain.
    """

    def __init__(self, tables: Tables, masks: Masks, tools: Sequence[Tool]) -> None:
        self.tables, self.schema, self.masks, self.tools = tables, tables.schema, masks, tools

    def check(self, plan: Plan, wanted: Sequence[str]) -> int:
        """Check that each hidden fact is missed, and makes a difference.

        Args:
            plan: The plan.
            wanted: Ids of the acts that are to be done.

        Returns:
            How many things the request could mean for one who does not ask, `_MANY` at most; 0
            where nothing is hidden.

        Raises:
            RefusedError: One could be left out, or nothing shows that it is missing.
        """
        names = hidden(plan)
        if not names:
            return 0
        for name in names:
            if not evident(plan, name, self.schema, self.tools):
                told = "nothing shows that something is missing"
                raise RefusedError("unique", "hidden_unseen", told)
            if self.readings(plan, [name], wanted) < 2:
                told = "the request is clear without what the user keeps back"
                raise RefusedError("unique", "hidden_idle", told)
        return self.readings(plan, names, wanted)

    def readings(self, plan: Plan, names: Sequence[str], wanted: Sequence[str]) -> int:
        """Count what a request could mean without some of its facts."""
        left = without(plan, names)
        open_ = [
            node.id
            for node in plan.nodes
            if isinstance(node, Select) and any(one.fact in names for one in node.where)
        ]
        total = 1
        for end in ends(plan, wanted):
            found = dict.fromkeys(self.masks.outcomes(left, end))
            for name in open_:
                for row in self.tables.extent(left, name)[:_MANY]:
                    found |= dict.fromkeys(self.masks.outcomes(left, end, {name: (row,)}))
            total = max(total, len(found))
        for node in plan.nodes:
            if isinstance(node, Write) and node.id in wanted:
                for one in node.settings:
                    if one.fact in names:
                        total *= self.values(node, one.field)
        return min(total, _MANY)

    def values(self, node: Write, name: str) -> int:
        """Count what could be written where it is not said what.

        Raises:
            RefusedError: There are so few that it could be guessed.
        """
        field = self.schema.entity(node.entity).field(name)
        if node.kind != "create":
            count = len({field for _, field in changes(node.entity, self.schema, self.tools)})
            return max(count, 2)
        count = _MANY
        if field.values:
            count = len(field.values)
        elif field.type == "boolean":
            count = 2
        if count < FEWEST:
            raise RefusedError("unique", "hidden_guess", f"{name} can be one of {count} values")
        return count
