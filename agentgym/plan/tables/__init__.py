"""The interpreter of plans: straight over the rows, without SQL and without tools.

It is the second opinion on everything that tools answer, and what decides whether
clues, as they are told, leave one row. Selects are read as sets: a link holds when
*some* row of the other node is related. Sets of rows are integers, see `indexed`. Next: `lower`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.formats import Json
from agentgym.plan.nodes import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Later,
    Pick,
    Plan,
    Refuse,
    Select,
    Test,
    Value,
    Write,
)
from agentgym.plan.tables.bits import gathered, spread
from agentgym.plan.tables.choosing import Choices, choices
from agentgym.plan.tables.figures import aggregate, compared, compute, equal
from agentgym.plan.tables.indexed import Indexed
from agentgym.schema.types import Row, to_wire

__all__ = ["Assumed", "Choices", "Tables", "aggregate", "compared", "compute", "equal"]

Assumed = Mapping[str, Sequence[Row]]
"""Id of a select to the rows that it shall stand for, whatever its clues say."""

_JOINT = 50_000
"""Combinations of rows that are looked at for one computed number."""


class Tables(Indexed):
    """The rows of a domain as a plan sees them, indexed as they are asked for.

    Args:
        schema: What the rows are of.
        rows: Entity name to rows in stored form; never mutated.
    """

    # selects

    def extent(self, plan: Plan, node: str, assumed: Assumed | None = None) -> list[Row]:
        """Return every row that satisfies the clues of a select.

        Args:
            plan: The plan that the node is of.
            node: Id of a select.
            assumed: Selects whose clues are taken away, with the rows that they could be.

        Returns:
            The rows in the order of the domain; after a pick, all that tie for it.
        """
        select = plan.node(node)
        assert isinstance(select, Select)
        if assumed and node in assumed:
            return list(assumed[node])
        return self.fitting(plan, select, assumed)

    def fitting(self, plan: Plan, select: Select, assumed: Assumed | None = None) -> list[Row]:
        """Return every row that satisfies the clues of a select, which need not be of the plan.

        As `extent`; the select's links and what it is among name nodes of the plan.
        """
        return self.rows_at(select.entity, self._fitting(plan, select, assumed or {}, {}))

    def _extent(self, plan: Plan, node: str, assumed: Assumed, known: dict[str, int]) -> int:
        if node not in known:
            select = plan.node(node)
            assert isinstance(select, Select)
            known[node] = (
                self.bits_of(select.entity, assumed[node])
                if node in assumed
                else self._fitting(plan, select, assumed, known)
            )
        return known[node]

    def _fitting(self, plan: Plan, select: Select, assumed: Assumed, known: dict[str, int]) -> int:
        entity, found = select.entity, self.all_bits(select.entity)
        if select.me:
            party = plan.party
            if party is None or party.entity != entity:
                return 0
            for fact in plan.who():
                found &= self.bits(entity, fact.field, "eq", None, fact.value)
        for where in select.where:
            value = plan.fact(where.fact).value
            found &= self.bits(entity, where.field, where.op, where.of, value)
        for link in select.links:
            if link.node in assumed:
                related = self._related(link.relation, assumed[link.node], forward=link.forward)
            else:
                theirs = self._extent(plan, link.node, assumed, known)
                related = self.reach(link.relation, link.forward, theirs)
            found &= ~related if link.absent else related
        if select.among:
            union = 0
            for name in select.among:
                union |= self._extent(plan, name, assumed, known)
            found &= union
        return found if select.pick is None else self._best(entity, select.pick, found)

    def _best(self, entity: str, pick: Pick, found: int) -> int:
        """Return the rows of a set that tie for the largest or smallest value."""
        rows, place = self.rows(entity), self.schema.entity(entity).position(pick.field)
        values = [(rows[n][place], n) for n in spread(found) if rows[n][place] is not None]
        if not values:
            return 0
        best: Any = (max if pick.largest else min)(value for value, _ in values)  # type: ignore[type-var]
        return gathered([n for value, n in values if value == best], len(rows))

    # values

    def value(self, plan: Plan, emit: Emit, assumed: Assumed | None = None) -> list[Json]:
        """Return the distinct wire values that an emit could have, in the order of the rows.

        One that takes `many`, or the rows of a choose, has them all at once: each value that is
        there once; of a choose, that of each row of its first combination.
        """
        node = plan.node(emit.node)
        if isinstance(node, (Aggregated, Computed)):
            return self.values(plan, Value(node=node.id), assumed)
        assert emit.field is not None
        of = plan.node(node.of) if isinstance(node, Choose) else node
        assert isinstance(of, Select)
        entity = self.schema.entity(of.entity)
        place, field = entity.position(emit.field), entity.field(emit.field)
        if isinstance(node, Choose):
            first = self.choices(plan, node, assumed, most=1).first or ()
            return [to_wire(field, row[place]) for row in first]
        found = dict.fromkeys(row[place] for row in self.extent(plan, node.id, assumed))
        if emit.many:
            found.pop(None, None)
        return [to_wire(field, value) for value in found]

    def values(self, plan: Plan, value: Value, assumed: Assumed | None = None) -> list[Json]:
        """Return the distinct wire values that a value could have, in the order of the rows.

        Where selects have several rows, operands that are of one select are taken of one row;
        operands of different selects are combined in every way (in the first 50,000 of them).
        """
        if value.fact is not None:
            return [plan.fact(value.fact).value]
        node = plan.node(str(value.node))
        match node:
            case Select():
                return self.value(plan, Emit(id="", node=node.id, field=value.field), assumed)
            case Aggregated():
                select = plan.node(node.of)
                assert isinstance(select, Select)
                entity = self.schema.entity(select.entity)
                rows = self.extent(plan, node.of, assumed)
                return [aggregate(entity, node.function, node.field, rows)]
            case Computed():
                return self._computed(plan, node, assumed)
        raise TypeError(f"{value.node} has no value")

    def _computed(self, plan: Plan, node: Computed, assumed: Assumed | None) -> list[Json]:
        leaves: dict[str, dict[str, None]] = {}
        known: dict[str, Json] = {}

        def gather(one: Computed) -> None:
            for value in one.of:
                source = None if value.node is None else plan.node(value.node)
                if isinstance(source, Computed):
                    gather(source)
                elif isinstance(source, Select):
                    leaves.setdefault(source.id, {})[str(value.field)] = None
                elif isinstance(source, Aggregated):
                    (known[source.id],) = self.values(plan, value, assumed)

        def number(one: Computed, taken: Mapping[str, Mapping[str, Json]]) -> Json:
            return compute(one.function, [operand(value, taken) for value in one.of])

        def operand(value: Value, taken: Mapping[str, Mapping[str, Json]]) -> Json:
            if value.fact is not None:
                return plan.fact(value.fact).value
            name = str(value.node)
            if name in taken:
                return taken[name][str(value.field)]
            source = plan.node(name)
            return number(source, taken) if isinstance(source, Computed) else known[name]

        gather(node)
        parts: list[list[dict[str, Json]]] = []
        for name, fields in leaves.items():
            select = plan.node(name)
            assert isinstance(select, Select)
            entity = self.schema.entity(select.entity)
            places = [entity.position(field) for field in fields]
            rows = self.extent(plan, name, assumed)
            distinct = dict.fromkeys(tuple(row[place] for place in places) for row in rows)
            parts.append(
                [
                    {f: to_wire(entity.field(f), v) for f, v in zip(fields, one, strict=True)}
                    for one in distinct
                ]
            )
        found: list[Json] = []
        for taken in itertools.islice(itertools.product(*parts), _JOINT):
            result = number(node, dict(zip(leaves, taken, strict=True)))
            if result not in found:
                found.append(result)
        return found

    def choices(
        self, plan: Plan, choose: Choose, assumed: Assumed | None = None, *, most: int = 1000
    ) -> Choices:
        """Search for combinations of rows that meet the limits of a choose.

        Args:
            plan: The plan that it is of.
            choose: What is chosen.
            assumed: As of `extent`.
            most: Combinations after which counting ends.
        """
        select = plan.node(choose.of)
        assert isinstance(select, Select)
        return choices(
            self.schema.entity(select.entity),
            self.extent(plan, choose.of, assumed),
            choose.count,
            [(one, plan.fact(one.fact).value if one.fact else None) for one in choose.limits],
            most,
        )

    # control

    def holds(self, plan: Plan, test: Test, assumed: Assumed | None = None) -> bool | None:
        """Answer a test; None where the values that its parts could have leave it open.

        An empty value compares with nothing, so that no comparison with it holds.
        """
        if test.op == "exists":
            return bool(self.extent(plan, str(test.left.node), assumed))
        assert test.right is not None
        left, right = (self.values(plan, one, assumed) for one in (test.left, test.right))
        found = {compared(one, test.op, other) for one in left for other in right}
        return found.pop() if len(found) == 1 else None if found else False

    def barred(self, plan: Plan) -> list[Refuse]:
        """Return the refusals that come to bear: their acts are asked for as the rows are."""
        off = self._unwanted(plan)
        return [one for one in plan.nodes if isinstance(one, Refuse) and one.act not in off]

    def wanted(self, plan: Plan) -> list[Write | Emit]:
        """Return the acts that are to be done, in order: what no guard and no refusal rules out.

        What the user comes to want is among them, what they give up is not.

        A test that is open counts as one that does not hold.
        """
        off = self._unwanted(plan)
        off |= {one.act for one in plan.nodes if isinstance(one, Refuse)}
        return [one for one in plan.nodes if isinstance(one, (Write, Emit)) and one.id not in off]

    def _unwanted(self, plan: Plan) -> set[str]:
        off: set[str] = set()
        for one in plan.nodes:
            if isinstance(one, Guard):
                off |= {*(one.otherwise if self.holds(plan, one.test) else one.then)}
            elif isinstance(one, Later):
                off = (off - {*one.adds}) | {*one.drops}
        return off
