"""The gate `unique`: the clues, as they are told, leave one thing for each that is spoken of.

A plan and the rows that tools can see come in. A select of one row has exactly one; a set has two
rows or more; what does not exist has none; of two branches, both are as clear as the other; a
fact that the user keeps to themselves leaves the request open until it is told; a change of mind
makes a difference. Next: `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Emit,
    Guard,
    Node,
    Plan,
    Refuse,
    Select,
    Shift,
    Write,
)
from agentgym.plan.tables import Tables
from agentgym.prove import intent
from agentgym.prove.coded import Coded
from agentgym.prove.ends import ends, many, rests_on
from agentgym.prove.hidden import Hidden
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortcuts.masks import Masks
from agentgym.schema.types import Row
from agentgym.tasks import GateReport
from agentgym.tools.algebra import Tool

__all__ = ["Unique"]


class Unique:
    """Counts what fits, over one set of rows.

    Args:
        tables: The rows.
        masks: What ends come to.
        tools: Of the domain.
    """

    def __init__(self, tables: Tables, masks: Masks, tools: Sequence[Tool] = ()) -> None:
        self.tables, self.schema, self.masks = tables, tables.schema, masks
        self.hidden = Hidden(tables, masks, tools)
        self.coded = Coded(tables, masks, tools)

    def check(self, plan: Plan) -> GateReport:
        """Check that a plan speaks clearly.

        Raises:
            RefusedError: Something that it speaks of could be several things, or nothing.
        """
        nowhere = self.nowhere(plan)
        several = many(plan)
        rows: dict[str, list[Row]] = {}
        for node in plan.nodes:
            match node:
                case Select():
                    rows[node.id] = self.tables.extent(plan, node.id)
                    if node.id not in nowhere and node.id not in several:
                        self.one(node, rows[node.id])
                case Guard() if self.tables.holds(plan, node.test) is None:
                    raise RefusedError("unique", "open", "whether the condition holds is open")
                case _:
                    pass
        for node in plan.nodes:
            if node.id not in nowhere:
                self.several(plan, node, rows)
        self.writes(plan, rows)
        wanted = [node.id for node in self.tables.wanted(plan)]
        open_ = self.hidden.check(plan, wanted)
        coded = self.coded.check(plan, wanted)
        for node in plan.nodes:
            if isinstance(node, Shift):
                self.shift(plan, node, wanted)
        intent.check(plan)
        detail: dict[str, Json] = {"selects": len(rows)}
        if open_:
            detail["unsaid"] = open_
        if coded:
            detail["coded"] = coded
        return GateReport(gate="unique", ok=True, detail=detail)

    def nowhere(self, plan: Plan) -> set[str]:
        """Name what rests on rows that are said not to exist, or that a condition found missing.

        Raises:
            RefusedError: They are there.
        """
        missing = []
        for node in plan.nodes:
            match node:
                case Refuse(because="no_row"):
                    name = str(node.node)
                    found = self.tables.extent(plan, name)
                    if found:
                        told = f"{len(found)} rows fit what should not exist"
                        raise RefusedError("unique", "row_there", told)
                    missing.append(name)
                    self.reachable(plan, name)
                case Guard() if node.test.op == "exists":
                    if not self.tables.holds(plan, node.test):
                        missing.append(str(node.test.left.node))
                case _:
                    pass
        return {n.id for n in plan.nodes if rests_on(plan, n.id) & set(missing)}

    def reachable(self, plan: Plan, name: str) -> None:
        """What a missing row would be related to is there itself."""
        for other in rests_on(plan, name) - {name}:
            if not self.tables.extent(plan, other):
                told = "what the missing row is related to is missing as well"
                raise RefusedError("unique", "none", told)

    def one(self, node: Select, rows: list[Row]) -> None:
        """One row fits.

        Raises:
            RefusedError: Another number does.
        """
        if len(rows) != 1:
            code = "several" if rows else "none"
            raise RefusedError("unique", code, f"{len(rows)} rows fit the {node.entity}")

    def several(self, plan: Plan, node: Node, rows: dict[str, list[Row]]) -> None:
        """Count the rows of what is taken together.

        Raises:
            RefusedError: There are too few.
        """
        match node:
            case Aggregated() if len(rows[node.of]) < 2:
                raise RefusedError("unique", "few", f"{len(rows[node.of])} rows to aggregate")
            case Emit(many=True):
                values = self.tables.value(plan, node)
                if len(values) < 2:
                    raise RefusedError("unique", "few", f"a set of {len(values)} values")
            case Write(each=True) if len(rows[str(node.target)]) < 2:
                told = f"{len(rows[str(node.target)])} rows to change"
                raise RefusedError("unique", "few", told)
            case Choose():
                found = self.tables.choices(plan, node, most=1)
                if found.first is None:
                    code = "none" if found.whole else "choices_unknown"
                    raise RefusedError("unique", code, "no choice within the limits is known")
                if len(rows[node.of]) <= node.count:
                    raise RefusedError("unique", "few", "there is nothing to choose from")
                if not self.binding(plan, node):
                    raise RefusedError("unique", "idle_limit", "a limit leaves every choice")
            case Select() if node.among:
                if not all(rows[name] for name in node.among):
                    raise RefusedError("unique", "none", f"no row fits a {node.entity}")
                if len({row for name in node.among for row in rows[name]}) < 2:
                    raise RefusedError("unique", "few", "one row to compare")
            case Refuse(because="no_value"):
                self.empty(plan, node)
            case _:
                pass

    def binding(self, plan: Plan, node: Choose) -> bool:
        """Tell whether each limit rules out some choice that the others leave."""
        known = self.tables.choices(plan, node)
        if not known.whole:
            return True  # more than are counted: `guess` weighs how many of all they are
        for limit in node.limits:
            rest = tuple(one for one in node.limits if one is not limit)
            freer = self.tables.choices(plan, replace(node, limits=rest))
            if freer.whole and freer.count <= known.count:
                return False
        return True

    def empty(self, plan: Plan, node: Refuse) -> None:
        """What is said to have no value has none.

        Raises:
            RefusedError: It has one.
        """
        select = plan.node(str(node.node))
        assert isinstance(select, Select)
        entity = self.schema.entity(select.entity)
        (row,) = self.tables.extent(plan, select.id)
        if row[entity.position(str(node.field))] is not None:
            raise RefusedError("unique", "value_there", f"{node.field} is not empty")

    def writes(self, plan: Plan, rows: dict[str, list[Row]]) -> None:
        """No two writes that come together change one row."""
        targets: list[tuple[str, str, set[Row]]] = []
        for node in plan.nodes:
            if not isinstance(node, Write) or node.target is None:
                continue
            mine = set(rows[node.target])
            for other, entity, theirs in targets:
                if entity == node.entity and mine & theirs and not _apart(plan, other, node.id):
                    raise RefusedError("unique", "twice", "two writes to one row")
            targets.append((node.id, node.entity, mine))

    def shift(self, plan: Plan, node: Shift, wanted: list[str]) -> None:
        """What the user says first, and what later, lead to different ends.

        Raises:
            RefusedError: They do not, or the first is used all the same.
        """
        if node.first in _facts(plan):
            raise RefusedError("unique", "shift_used", "what was taken back is still used")
        first, then = plan.fact(node.first), plan.fact(node.then)
        if first.value == then.value:
            raise RefusedError("unique", "shift_same", "the change of mind changes nothing")
        if any(
            setting.fact == node.then
            for write in plan.nodes
            if isinstance(write, Write)
            for setting in write.settings
        ):
            return
        facts = tuple(
            replace(fact, value=first.value) if fact.id == node.then else fact
            for fact in plan.facts
        )
        before = replace(plan, facts=facts)
        if all(
            self.masks.outcomes(before, end) == self.masks.outcomes(plan, end)
            for end in ends(plan, wanted)
        ):
            raise RefusedError("unique", "shift_same", "the change of mind changes nothing")


def _apart(plan: Plan, one: str, other: str) -> bool:
    """Tell whether two acts stand in the two branches of a guard."""
    for node in plan.nodes:
        if isinstance(node, Guard):
            for first, second in ((node.then, node.otherwise), (node.otherwise, node.then)):
                if one in first and other in second:
                    return True
    return False


def _facts(plan: Plan) -> Iterator[str]:
    """Yield the facts that nodes other than a change of mind use."""
    for node in plan.nodes:
        match node:
            case Select():
                yield from (where.fact for where in node.where)
            case Write():
                yield from (one.fact for one in node.settings if one.fact is not None)
            case Choose():
                yield from (one.fact for one in node.limits if one.fact is not None)
            case Guard():
                sides = (node.test.left, node.test.right)
                yield from (one.fact for one in sides if one is not None and one.fact is not None)
            case _:
                values = getattr(node, "of", ())
                if isinstance(values, tuple):
                    yield from (one.fact for one in values if one.fact is not None)
