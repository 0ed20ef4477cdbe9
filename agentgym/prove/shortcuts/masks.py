"""Masks: a row that must be seen could be any row of its entity, and the end stays open.

A plan and one of its selects come in. Every row of the entity is taken for the select's own, one
at a time and all at once: where one value (or one target) is left for an end, the row need not be
looked up. Of the ways around a cycle, each edge is left out once. Next: `clues`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Plan,
    Refuse,
    Select,
    Value,
    Write,
)
from agentgym.plan.tables import Assumed, Tables
from agentgym.prove.ends import End, ends, form, inputs, many, rests_on, without
from agentgym.prove.needs import must_see
from agentgym.prove.refused import RefusedError
from agentgym.schema.types import Row

__all__ = ["MOST_TRIED", "Masks", "spread"]

MOST_TRIED = 2000
"""Rows that are tried in the place of a masked one; where they are not all, and make no
difference, it is not known that any does, and the plan is refused."""
_FIRST = 8
"""Rows that are tried before all are: two values mostly show at once."""


class Masks:
    """Looks for hops that can be skipped, over one set of rows.

    Args:
        tables: The rows.
        known: What was found open before: forms of a masked end.
    """

    def __init__(self, tables: Tables, known: set[Hashable]) -> None:
        self.tables, self.schema, self.known = tables, tables.schema, known
        self.trusting = False
        """Whether what is asked about is taken as proved."""

    def check(self, plan: Plan, wanted: Sequence[str]) -> int:
        """Mask each row that must be seen, and leave out each edge of a cycle.

        A row that several ends rest on need not matter to all of them: where it does to one, it
        has to be seen.

        Returns:
            How many pairs of a row and an end were found open.

        Raises:
            RefusedError: A hop can be skipped.
        """
        masked = 0
        found = list(ends(plan, wanted))
        behind = {end.used: rests_on(plan, end.used) for end in found}
        several = many(plan)
        done = [name for name in wanted if not isinstance(plan.node(name), Refuse)]
        for name in must_see(plan, self.schema, done):
            hanging = [e for e in found if name in behind[e.used] and not self.own(plan, name, e)]
            one = len(hanging) == 1
            closed = [
                refused for end in hanging if (refused := self.closed(plan, name, end, one=one))
            ]
            if hanging and len(closed) == len(hanging):
                raise closed[0]
            masked += len(hanging) - len(closed)
        for node in plan.nodes:
            if isinstance(node, Select) and len(node.links) > 1 and node.id not in several:
                hanging = [end for end in found if node.id in behind[end.used]]
                self.edges(plan, node, hanging)
        return masked

    def own(self, plan: Plan, name: str, end: End) -> bool:
        """Tell whether the rows are the answer itself, or those that a number is of.

        How likely that is to be guessed is asked by `guess`.
        """
        node = plan.node(end.node)
        if name == end.used and (
            isinstance(node, Emit) or (isinstance(node, Guard) and node.test.op == "exists")
        ):
            return True
        sets = (plan.node(other) for other in rests_on(plan, end.used))
        return any(isinstance(one, Aggregated | Choose) and one.of == name for one in sets)

    def closed(self, plan: Plan, name: str, end: End, *, one: bool = False) -> RefusedError | None:
        """Take every row for one select's own; return why the end does not depend on the row.

        Args:
            plan: The plan.
            name: The select.
            end: The end.
            one: Whether it is the only end that rests on the row: a plan that holds proves that
                it is open. Of several any one may be.
        """
        node = plan.node(name)
        assert isinstance(node, Select)
        plain, shared = _way(plan, name, end)
        truth = () if plain else tuple(self.outcomes(plan, end))
        key = ("mask", form(plan, end.used, cut=name), form(plan, end.node), end.field, truth)
        if self.trusting and one:
            self.known.add(key)
        if key in self.known:
            return None
        rows = self.tables.rows(node.entity)
        if not self.differ(plan, name, end, spread(rows, _FIRST)):
            if plain and not shared:
                differs = len(self.outcomes(plan, end, {name: rows})) > 1
            else:
                differs = self.differ(plan, name, end, spread(rows, MOST_TRIED))
            if not differs:
                code = "mask_unknown" if len(rows) > MOST_TRIED and not plain else "mask"
                return RefusedError("no_shortcut", code, f"the {node.entity} can be skipped")
        if not plain and truth and tuple(self.outcomes(plan, end, {name: rows})) == truth:
            told = f"without the {node.entity}, the rest leads to the same"
            return RefusedError("no_shortcut", "mask_all", told)
        self.known.add(key)
        return None

    def differ(self, plan: Plan, name: str, end: End, rows: Sequence[Row]) -> bool:
        """Tell whether an end comes to two things for two of these rows."""
        seen: Hashable = None
        for row in rows:
            for one in self.outcomes(plan, end, {name: (row,)}):
                if seen is None:
                    seen = one
                elif one != seen:
                    return True
        return False

    def edges(self, plan: Plan, node: Select, hanging: Sequence[End]) -> None:
        """Leave out each way to a row that is reached in several.

        Raises:
            RefusedError: Every end comes to the same without one.
        """
        if not hanging:
            return
        key = ("edges", form(plan, node.id), *(form(plan, end.used) for end in hanging))
        key = (*key, *(form(plan, end.node) for end in hanging), *(end.field for end in hanging))
        if self.trusting:
            self.known.add(key)
        if key in self.known:
            return
        for link in node.links:
            left = without(plan, node.id, link)
            if not _tied(left, node.id, link.node):
                continue  # no other way leads there: whether the row matters, its mask tells
            if all(self.outcomes(left, end) == self.outcomes(plan, end) for end in hanging):
                other = plan.node(link.node)
                assert isinstance(other, Select)
                told = f"how the {node.entity} and the {other.entity} are related can be skipped"
                raise RefusedError("no_shortcut", "edge", told)
        self.known.add(key)

    def outcomes(self, plan: Plan, end: End, assumed: Assumed | None = None) -> list[Hashable]:
        """Return what an end could come to: rows, values, or yes and no; nothing empty.

        Of a set, the whole of it is one outcome.
        """
        node = plan.node(end.node)
        if isinstance(node, Guard):
            held = self.tables.holds(plan, node.test, assumed)
            return [True, False] if held is None else [held]
        if end.what == "rows":
            rows = self.tables.extent(plan, end.used, assumed)
            if isinstance(node, Write) and not node.each:
                return list(rows)
            return [tuple(rows)] if rows else []
        if isinstance(node, Emit) and node.many:
            values = self.tables.value(plan, node, assumed)
            return [tuple(map(_plain, values))] if values else []
        source = plan.node(end.used)
        if end.what == "empty":
            assert isinstance(source, Select)
            place = self.schema.entity(source.entity).position(str(end.field))
            rows = self.tables.extent(plan, end.used, assumed)
            return list(dict.fromkeys(row[place] is None for row in rows))
        values = self.tables.values(plan, Value(node=end.used, field=end.field), assumed)
        none = (None, 0) if isinstance(source, Aggregated) else (None,)
        return [_plain(value) for value in values if value not in none]


def _plain(value: Json) -> Hashable:
    return value if isinstance(value, str | bool | int) or value is None else str(value)


def _way(plan: Plan, name: str, end: End) -> tuple[bool, bool]:
    """Say of the ways from a select to an end: are they plain, and is there more than one?

    Plain: what several rows lead to is what each of them leads to, together.
    """
    node = plan.node(end.node)
    plain = end.what != "test" and not (isinstance(node, Emit) and node.many)
    if end.what == "rows":
        plain = isinstance(node, Write) and not node.each
    paths = 0
    for other in sorted(rests_on(plan, end.used)):
        one = plan.node(other)
        here = [n for n in inputs(one) if name in rests_on(plan, n)]
        if not here:
            continue
        paths += len(here) - 1
        if other == name:
            continue
        if isinstance(one, Aggregated | Computed | Choose):
            plain = False
        elif isinstance(one, Select):
            absent = any(k.absent and k.node in here for k in one.links)
            if one.pick is not None or absent:
                plain = False
    return plain, paths > 0


def _tied(plan: Plan, one: str, other: str) -> bool:
    """Tell whether two selects hang together, along links and choices in either direction."""
    near: dict[str, set[str]] = {}
    for node in plan.nodes:
        if isinstance(node, Select):
            for below in inputs(node):
                near.setdefault(node.id, set()).add(below)
                near.setdefault(below, set()).add(node.id)
    found, waiting = {one}, [one]
    while waiting:
        new = near.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return other in found


def spread(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """Choose rows from all over a table."""
    if len(rows) <= most:
        return rows
    return [rows[place * len(rows) // most] for place in range(most)]
