"""Clues: none gives the row away alone, none is idle, and no one call checks them all.

A plan comes in. Of a plan that is told vaguely, each clue leaves at least a few rows; of what is
looked for over several rows, or is a set, no clue can be left out; the row that holds the answer
carries only so many of them itself. Next: `guess`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from agentgym.plan import Emit, Link, Plan, Select, Where, unsaid
from agentgym.plan.tables import Tables
from agentgym.prove.ends import End, ends, form, many, rests_on, without
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortcuts.masks import Masks

__all__ = ["ALLOWED", "SUPPORT", "Clues", "vague"]

SUPPORT = 3
"""Fewest rows that a clue of a vaguely told plan must leave by itself."""
ALLOWED = 1
"""Clues that one call may check on the row with the answer; two more are too many."""
_RIDDLES = frozenset({"multi_hop", "compare"})
"""Families in which every clue is a piece of work."""
_NAMES = frozenset({"label", "person", "code"})


def vague(plan: Plan) -> bool:
    """Tell whether a clue of some one row is told as less than its value."""
    several = many(plan)
    return any(
        where.op != "eq" or where.of is not None
        for node in plan.nodes
        if isinstance(node, Select) and node.id not in several
        for where in node.where
    )


class Clues:
    """Looks at the clues of plans, over one set of rows.

    Args:
        tables: The rows.
        masks: What ends come to.
        known: What was found in order before.
    """

    def __init__(self, tables: Tables, masks: Masks, known: set[Hashable]) -> None:
        self.tables, self.schema, self.masks, self.known = tables, tables.schema, masks, known
        self.trusting = False
        """Whether what is asked about is taken as proved."""

    def check(self, plan: Plan, wanted: Sequence[str], *, least: int | None = None) -> int | None:
        """Check support, need and spread of the clues.

        Args:
            plan: The plan.
            wanted: Ids of the emits and writes that are to be done.
            least: Fewest rows that a clue of a vague plan must leave.

        Returns:
            The fewest rows that a clue leaves; None where the plan is not vague.

        Raises:
            RefusedError: A clue gives too much away, or nothing.
        """
        found = list(ends(plan, wanted))
        behind = {end.used: rests_on(plan, end.used) for end in found}
        several = many(plan)
        selects = [
            node
            for node in plan.nodes
            if isinstance(node, Select) and any(node.id in names for names in behind.values())
        ]
        support = None
        if vague(plan):
            single = [node for node in selects if node.id not in several]
            support = self.support(plan, single, SUPPORT if least is None else least)
        riddle = support is not None or plan.family in _RIDDLES
        for node in selects:
            if not riddle and node.id not in several:
                continue
            mine = [end for end in found if node.id in behind[end.used]]
            clues: list[Where | Link] = [*node.where, *node.links]
            for clue in clues:
                if isinstance(clue, Link) or support is not None or not self.named(node, clue):
                    self.needed(plan, node, clue, mine)
        return support

    def support(self, plan: Plan, selects: Sequence[Select], least: int) -> int:
        """Count the rows that each clue leaves by itself.

        The name of a row from which the way starts may be told as it is.
        """
        fewest = least
        for node in selects:
            for where in node.where:
                if self.named(node, where):
                    continue
                alone = Select(id="", entity=node.entity, where=(where,))
                rows = len(self.tables.fitting(plan, alone))
                if rows < least:
                    told = f"a clue to the {node.entity} leaves {rows} rows"
                    raise RefusedError("no_shortcut", "support", told)
                fewest = min(fewest, rows)
        return fewest

    def named(self, node: Select, where: Where) -> bool:
        """Tell whether a clue names the row from which a way starts."""
        field = self.schema.entity(node.entity).field(where.field)
        plain = where.op == "eq" and where.of is None
        return plain and not node.links and (field.unique or field.role in _NAMES)

    def needed(self, plan: Plan, node: Select, clue: Where | Link, found: Sequence[End]) -> None:
        """Leave out a clue: some end must come to something else.

        Raises:
            RefusedError: It does not.
        """
        if isinstance(clue, Where):
            fact = plan.fact(clue.fact)
            if fact.exposure in ("hidden", "jargon"):
                return  # the gate `unique` asks what is left without it
            told: Hashable = (clue.field, clue.op, clue.of, str(fact.value))
        else:
            told = (clue.relation, clue.forward, form(plan, clue.node))
        hanging = tuple((form(plan, end.used), form(plan, end.node), end.field) for end in found)
        open_ = tuple(sorted(str(plan.fact(name).value) for name in unsaid.hidden(plan)))
        key: Hashable = ("clue", form(plan, node.id), told, hanging, open_)
        if self.trusting:
            self.known.add(key)
        if key in self.known:
            return
        base = unsaid.without(plan, unsaid.hidden(plan))  # as it is told
        left = without(base, node.id, clue)
        if all(self.masks.outcomes(left, end) == self.masks.outcomes(base, end) for end in found):
            name = clue.field if isinstance(clue, Where) else clue.relation
            raise RefusedError(
                "no_shortcut", "redundant", f"{node.entity}: {name} is told for nothing"
            )
        self.known.add(key)

    def covered(self, plan: Plan, wanted: Sequence[str]) -> None:
        """The call that shows the answer does not check most clues as well.

        Raises:
            RefusedError: The row with the answer carries too many of them itself.
        """
        for emit in plan.nodes:
            if isinstance(emit, Emit) and emit.id in wanted:
                node = plan.node(emit.node)
                if isinstance(node, Select) and len(node.where) >= ALLOWED + 2:
                    told = f"one call shows the answer and checks {len(node.where)} clues"
                    raise RefusedError("no_shortcut", "co_coverage", told)
