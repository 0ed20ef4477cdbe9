"""Figures: numbers, answers and tests, from what calls show and what the agent works out itself.

Nodes of the plan come in; the rows that they rest on are found, and values with their origins go
out. Next: `acting`.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.plan.lower.finding import Finding
from agentgym.plan.lower.offers import choice, fills
from agentgym.plan.lower.records import key_of
from agentgym.plan.nodes import Aggregated, Choose, Computed, Emit, Select, Test, Value
from agentgym.plan.origins import origin_of, sources
from agentgym.plan.remedies import NoLoweringError, Operand
from agentgym.plan.tables import aggregate, compared, compute, equal
from agentgym.schema.types import to_stored
from agentgym.tools.algebra import Aggregate

__all__ = ["Figures"]


class Figures(Finding):
    """Works out what a plan asks for."""

    def value(self, value: Value, *, empty: bool = False) -> Operand:
        """Return a value with its origin.

        Args:
            value: A fact, a field of a row, or a number.
            empty: Whether an empty value will do.
        """
        if value.fact is not None:
            return self.told(value.fact)
        node = self.plan.node(str(value.node))
        if isinstance(node, Select):
            return self.operand(node.id, str(value.field), empty=empty)
        found = self.number(node.id)
        if found.value is None and not empty:
            raise NoLoweringError(f"{node.id} is empty")
        return found

    def number(self, node: str) -> Operand:
        """Return a number over rows, or one that is worked out of others; it may be empty."""
        one = self.plan.node(node)
        if isinstance(one, Aggregated):
            return self.aggregated(one)
        assert isinstance(one, Computed)
        parts = [self.value(value, empty=True) for value in one.of]
        return Operand(
            value=compute(one.function, [part.value for part in parts]),
            origin=origin_of(one.function, [part.origin for part in parts]),
            after=tuple(dict.fromkeys(number for part in parts for number in part.after)),
        )

    def aggregated(self, node: Aggregated) -> Operand:
        """Return a number over rows: from a tool that computes it, a total, or all of the rows."""
        if node.id not in self.figures:
            self.figures[node.id] = self._computed(node) or self._added(node)
        return self.figures[node.id]

    def _computed(self, node: Aggregated) -> Operand | None:
        """Ask a tool for the number; None where none takes all clues."""
        select = self.select(node.of)
        if select.among or select.me or select.pick or any(k.absent for k in select.links):
            return None
        cases = list(self.cases(select))
        if len(cases) != 1:
            return None
        (known,) = cases
        for tool in self.desk.tools:
            term = tool.term
            if not isinstance(term, Aggregate) or term.entity != select.entity:
                continue
            if node.function not in term.functions or (select.id, tool.name) in self.shunned:
                continue
            if node.field and node.field not in term.fields:
                continue
            arguments, checks = fills(term.filters, known)
            if checks:
                continue
            if len(term.functions) > 1:
                arguments["function"] = choice(node.function)
            if node.field is not None:
                arguments["field"] = choice(node.field)
            values = {name: operand.value for name, operand in arguments.items()}
            result, after = self.remedies.call(tool, values, arguments, node.id)
            if result.ok:
                number = self.remedies.note(tool.name, arguments, node.id, after)
                return Operand(value=result.data["value"], origin=f"call:{number}:value")
        if node.function == "count" and node.field is None:
            total = self.desk.total(select, known)
            if total is not None:
                return Operand(value=total[0], origin=f"call:{total[1]}:total")
        return None

    def _added(self, node: Aggregated) -> Operand:
        """List all rows and work the number out of them."""
        select = self.select(node.of)
        entity = self.schema.entity(select.entity)
        ats = self.rows(node.of)
        if node.field is not None and not all(node.field in at.row for at in ats):
            raise NoLoweringError(f"{node.field} is not shown")
        shown = [
            tuple(
                to_stored(field, at.row.get(field.name)) if field.name == node.field else None
                for field in entity.fields
            )
            for at in ats
        ]
        value = aggregate(entity, node.function, node.field, shown)
        name = node.field or entity.key[0]
        function: str = node.function
        if function == "avg":
            kind = entity.field(name)
            function = f"avg{4 if kind.type == 'float' else kind.scale + 2}"
        parts = [at.operand(name).origin for at in ats if at.row.get(name) is not None]
        return Operand(value=value, origin=origin_of(function, parts), after=self.basis[node.of])

    # answers

    def answer(self, emit: Emit) -> Json:
        """Return what an emit asks for, as the tools show it.

        Raises:
            NoLoweringError: It is empty, or not shown.
        """
        node = self.plan.node(emit.node)
        if isinstance(node, (Aggregated, Computed)):
            found = self.number(node.id).value
            if found is None:
                raise NoLoweringError(f"{node.id} is empty")
            return found
        field = str(emit.field)
        if isinstance(node, Choose):
            return self.chosen(node, field)
        if emit.many:
            return self.members(emit)
        at = self.row(emit.node)
        if at.row.get(field) is None:
            raise NoLoweringError(f"{field} is empty or not shown")
        return at.row[field]

    def members(self, emit: Emit) -> list[Json]:
        """Return the values of all rows, each once."""
        field, found = str(emit.field), list[Json]()
        for at in self.rows(emit.node):
            if field not in at.row:
                raise NoLoweringError(f"{field} is not shown")
            value = at.row[field]
            if value is not None and not any(equal(value, other) for other in found):
                found.append(value)
        if not found:
            raise NoLoweringError(f"no row has a {field}")
        return found

    def chosen(self, node: Choose, field: str) -> list[Json]:
        """Return a field of the rows that are chosen, after all candidates were seen."""
        first = self.tables.choices(self.plan, node, most=1).first
        if first is None:
            raise NoLoweringError("nothing can be chosen within the limits")
        select = self.select(node.of)
        entity = self.schema.entity(select.entity)
        needed = {field, *(limit.field for limit in node.limits)}
        shown = {
            tuple(at.row.get(name) for name in entity.key): at.row for at in self.rows(node.of)
        }
        if not all(needed <= row.keys() for row in shown.values()):
            raise NoLoweringError(f"not all that is asked of the {entity.name} is shown")
        found = [shown[key_of(entity, row)][field] for row in first]
        if None in found:
            raise NoLoweringError(f"{field} is empty")
        return found

    # tests

    def test(self, test: Test) -> tuple[bool, tuple[int, ...]]:
        """Answer a test by what calls show.

        Returns:
            The answer, and the calls that it rests on.

        Raises:
            NoLoweringError: It cannot be seen, or the tools say something else than the rows.
        """
        truth = self.tables.holds(self.plan, test)
        if test.op == "exists":
            node = str(test.left.node)
            if not truth:
                return False, self.nothing(node)
            self.exists(node)
            return True, self.basis[node]
        assert test.right is not None
        sides = [self.value(one, empty=True) for one in (test.left, test.right)]
        holds = compared(sides[0].value, test.op, sides[1].value)
        if holds is not truth:
            raise NoLoweringError("the tools answer a test otherwise than the rows")
        numbers = {number for side in sides for number in side.after}
        for side in sides:
            numbers |= {int(o.split(":")[1]) for o in sources(side.origin) if o[:5] == "call:"}
        return holds, tuple(sorted(numbers))

    def exists(self, node: str) -> None:
        """See that a select has a row."""
        if node in self.sets or node in self.found:
            return
        if len(self.tables.extent(self.plan, node)) == 1:
            self.row(node)
        else:
            self.rows(node)
