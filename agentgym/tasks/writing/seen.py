"""What a run saw last, asked for: a value, a number over rows, a value of each of some rows.

A sketch of what a segment wrote comes in, with what its calls gave; the plan goes out.
Next: `tasks.backward`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agentgym.formats import Json
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan import Link as Related
from agentgym.plan.tables import equal
from agentgym.schema import Entity
from agentgym.schema.types import Stored, to_stored, to_wire
from agentgym.tasks.clues import sayable
from agentgym.tasks.writing.hindsight import Hindsight
from agentgym.tools.algebra import (
    Aggregate,
    Filter,
    Find,
    Get,
    ListRelated,
    Search,
    is_write,
    listed,
    subject,
)
from agentgym.trajectory import Call, Result

__all__ = ["Seen"]

_MANY = (2, 12)
"""Fewest and most values of a set that is asked for."""


class Seen(Hindsight):
    """One segment while it is read."""

    def plan(self) -> Plan | None:
        """Return what the segment did and saw; None where it cannot be told."""
        if not self.writes():
            return None
        writes = any(isinstance(node, Write) for node in self.sketch.nodes)
        if not writes or self.rng.random() < 0.5:
            facts, nodes = len(self.sketch.facts), len(self.sketch.nodes)
            if not self._answers():
                del self.sketch.facts[facts:], self.sketch.nodes[nodes:]
        return self.sketch.plan("backward")

    def _answers(self) -> bool:
        """Ask for what the last read that showed something showed."""
        pairs = list(zip(self.segment.calls, self.segment.results, strict=True))
        for call, result in reversed(pairs):
            tool = self.tools.get(call.name)
            if tool is None or not result.ok or is_write(tool):
                continue
            match tool.term:
                case Aggregate() as term:
                    return self._number(term, call, result)
                case Get() | Find() | Search() | ListRelated() as term:
                    entity = subject(term, self.schema)
                    assert entity is not None
                    if len(result.rows) == 1 and (not result.paged or result.data["total"] == 1):
                        return self._value(self.schema.entity(entity), result.rows[0])
                    if isinstance(term, (Search, ListRelated)):
                        return self._set(term, call, result)
                case _:
                    continue
        return False

    def _value(self, entity: Entity, shown: Mapping[str, Json]) -> bool:
        """Ask for a value of the one row that was shown, as it is at the start."""
        if not all(name in shown for name in entity.key):
            return False
        key = tuple(to_stored(entity.field(name), shown[name]) for name in entity.key)
        change = self.net.get((entity.name, key))
        rows = self.tables.lookup(entity.name, entity.key, key)
        at = self.point(entity.name, rows[0]) if len(rows) == 1 and change is None else None
        if at is None:
            return False
        row = at.row
        return (
            self.walker.tell(
                self.sketch,
                at,
                self.rng,
                fits=lambda field: (
                    field.name in shown
                    and equal(shown[field.name], to_wire(field, row[entity.position(field.name)]))
                ),
            )
            is not None
        )

    def _number(self, term: Aggregate, call: Call, result: Result) -> bool:
        """Ask for the number that was worked out."""
        node = self._filtered(term.entity, term.filters, call.arguments)
        if node is None:
            return False
        function = call.arguments.get("function", term.functions[0])
        name = self.sketch.next_id()
        self.sketch.nodes.append(
            Aggregated(id=name, of=node, function=function, field=call.arguments.get("field"))
        )
        self.sketch.emit(name, None)
        emit = self.sketch.nodes[-1]
        assert isinstance(emit, Emit)
        plan = self.sketch.plan("backward")
        values = self.tables.value(plan, emit)
        shown = result.data["value"]
        return (
            shown is not None
            and len(self.tables.extent(plan, node)) > 1
            and len(values) == 1
            and equal(values[0], shown)
        )

    def _set(self, term: Search | ListRelated, call: Call, result: Result) -> bool:
        """Ask for a value of each of the rows that were listed."""
        if not result.paged or result.data["pages"] != 1:
            return False
        name = subject(term, self.schema)
        assert name is not None
        entity = self.schema.entity(name)
        node = self._filtered(name, term.filters, call.arguments, term)
        if node is None:
            return False
        rows = self.tables.extent(self.sketch.plan("backward"), node)
        if not _MANY[0] <= len(rows) <= _MANY[1] or len(rows) != result.data["total"]:
            return False
        told = {call_field for call_field, _ in _used(term.filters, call.arguments)}
        fields = [
            field
            for field in entity.fields
            if self.walker.changeable.asked(entity, field)
            and field.name not in told
            and all(sayable(field, row[entity.position(field.name)]) for row in rows)
            and len({row[entity.position(field.name)] for row in rows}) > 1
        ]
        if not fields:
            return False
        field = self.rng.choice(fields)
        shown = [one.get(field.name) for one in result.rows]
        start = [to_wire(field, row[entity.position(field.name)]) for row in rows]
        if sorted(map(str, shown)) != sorted(map(str, start)):
            return False
        emit = Emit(id=self.sketch.next_id(), node=node, field=field.name, many=True)
        self.sketch.nodes.append(emit)
        return True

    def _filtered(
        self,
        entity: str,
        filters: Sequence[Filter],
        given: Mapping[str, Json],
        term: Search | ListRelated | None = None,
    ) -> str | None:
        """Add the rows that a call asked for; None where they cannot be told."""
        owner = self.schema.entity(entity)
        links: list[Related] = []
        clues: list[tuple[str, str, Stored]] = []
        used: list[tuple[str, tuple[str, Json]]] = [
            (field, pair) for field, pair in _used(filters, given)
        ]
        if isinstance(term, ListRelated):
            relation = self.schema.relation(term.relation)
            if term.through is not None or listed(term, self.schema) != entity:
                return None
            mine = dict(zip(relation.target_fields, relation.fields, strict=True))
            used += [(mine[one.field], ("eq", given.get(one.param))) for one in term.key]
        referred = {
            name: r for r in self.schema.parents(entity) for name in r.fields if len(r.fields) == 1
        }
        for name, (op, value) in used:
            field = owner.field(name)
            try:
                stored = to_stored(field, value)
            except ValueError:
                return None
            if name in referred and op == "eq":
                relation = referred[name]
                rows = self.tables.lookup(relation.target, relation.target_fields, (stored,))
                there = self.point(relation.target, rows[0]) if len(rows) == 1 else None
                if there is None:
                    return None
                links.append(Related(relation=relation.name, forward=True, node=there.node))
            elif op == "contains" or not sayable(field, stored) or not field.spoken:
                return None
            else:
                clues.append((name, op, stored))
        if not links and not clues:
            return None
        node = self.sketch.select(entity, clues, links)
        assert isinstance(self.sketch.nodes[-1], Select)
        return node


def _used(
    filters: Sequence[Filter], given: Mapping[str, Json]
) -> Iterator[tuple[str, tuple[str, Json]]]:
    """Yield the field, op and value of each filter that a call sent."""
    for one in filters:
        if given.get(one.param) is not None:
            yield one.field, (one.op, given[one.param])
