"""The families of numbers: `aggregate`, `compare`.

Over the rows that hang on a row, or between two or three rows that are told alike. Next: `several`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from agentgym.plan import Aggregated, Computed, Emit, Link, Pick, Plan, Select, Value
from agentgym.plan.tables import compute
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import Row
from agentgym.tasks.clues import Clue, Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import MAX_SHARE, leaked, wire
from agentgym.tasks.reading.checks import crowds, lean, selects
from agentgym.tasks.reading.grounds import Grown, grown_by
from agentgym.tasks.reading.sums import Function, Sums, worth
from agentgym.tasks.spoken import adds_up, asked_for, only_links
from agentgym.tasks.words.idiom import ranked
from agentgym.tools.algebra import Aggregate

__all__ = ["Figures"]

_TRIES = 12
"""Draws of one candidate."""
_OTHERS = 24
"""Rows that are tried in the place of one on the way to a number."""


class Figures(Sums):
    """Draws questions for numbers, and for the row that has the larger one."""

    # over many rows

    def aggregate(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask one number over the rows that refer to a row or pass a filter, or one of two such."""
        terms = [t.term for t in self.tools if isinstance(t.term, Aggregate)]
        terms = [
            t
            for t in terms
            if t.entity in self.spoken
            and self.tables.rows(t.entity)
            and not only_links(self.schema, t.entity)
        ]
        for _ in range(_TRIES if terms else 0):
            sketch = Sketch(self.schema)
            operators = self._aggregate(sketch, rng, knobs, rng.choice(terms))
            if operators:
                found = self.finished(sketch, "aggregate", knobs, operators)
                if self._rare(found.plan) and (not knobs.fuzz or lean(found.plan, self.tables)):
                    return found
        return None

    def _rare(self, plan: Plan) -> bool:
        """Tell whether other rows on the way would mostly give other numbers."""
        emit = next(node for node in plan.nodes if isinstance(node, Emit))
        (answer,) = self.tables.value(plan, emit) or [None]
        if answer is None or answer in (0, 1):
            return False
        alike = others = 0
        sets = crowds(plan)
        for node in selects(plan):
            rows = self.tables.rows(node.entity) if node.id not in sets else ()
            for row in rows[:: max(1, len(rows) // _OTHERS)]:
                for value in self.tables.value(plan, emit, {node.id: (row,)}):
                    others += value not in (None, 0)
                    alike += value == answer
        return alike <= MAX_SHARE * others if others else True

    def _aggregate(
        self, sketch: Sketch, rng: random.Random, knobs: Knobs, term: Aggregate
    ) -> list[str]:
        """Fill a sketch; returns the operators, none where the draw came to nothing."""
        entity = self.schema.entity(term.entity)
        filters: set[tuple[str, str]] = {(one.field, one.op) for one in term.filters}
        relations = [
            r
            for r in self.schema.parents(entity.name)
            if r.target in self.spoken and all((name, "eq") in filters for name in r.fields)
        ]
        grown, relation, links = None, None, []
        rows: Sequence[Row] = self.tables.rows(entity.name)
        if relations and (knobs.least or knobs.fuzz or rng.random() < 0.85):
            relation = rng.choice(relations)
            grown = self._owner(relation, rng, knobs)
            if grown is None:
                return []
            node = self.pins.lay(sketch, grown.pinned)[-1]
            links = [Link(relation=relation.name, forward=True, node=node)]
            rows = self._children(relation, grown.row)
        clues = self._filter(entity, rows, filters, rng) if not links or rng.random() < 0.4 else []
        kept = self._passing_rows(entity, rows, clues)
        if len(kept) < 2 or (not links and not clues):
            return []
        function, field = self.function_over(term, entity, clues, rng)
        select = sketch.select(entity.name, clues, links)
        number = self._number(sketch, select, function, field)
        operators = grown_by(grown.trail, knobs) if grown else ["seed"]
        if grown and relation and not clues and rng.random() < 0.3:
            other = self._other_owner(grown, relation, rng, knobs)
            if other is not None:
                node = self.pins.lay(sketch, other.pinned)[-1]
                link = Link(relation=relation.name, forward=True, node=node)
                second = sketch.select(entity.name, (), [link])
                more = self._number(sketch, second, function, field)
                kind = next((f for f in (field and entity.field(field),) if f), None)
                time = kind is not None and kind.type in ("date", "datetime")
                sums = function in ("count", "sum") and rng.random() < 0.5
                joint: Function = "days" if time else "sum" if sums else "difference"
                self._ask(sketch, joint, [Value(node=number), Value(node=more)])
                return [*operators, "aggregate", "widen", "aggregate"]
        if links and clues and function in ("count", "sum"):
            whole = self._number(sketch, sketch.select(entity.name, (), links), function, field)
            self._ask(sketch, "share", [Value(node=number), Value(node=whole)])
            return [*operators, "aggregate", "aggregate"]
        sketch.emit(number, None)
        return [*operators, "aggregate"]

    def _owner(self, relation: Relation, rng: random.Random, knobs: Knobs) -> Grown | None:
        """Reach a row over whose children a number is asked."""
        knots = rng.choice((1, 1, 2)) if knobs.entities is None else max(1, knobs.entities - 1)
        if knobs.least > 2:
            knots = max(knots, rng.choice((knobs.least - 1, knobs.least - 1, knobs.least)))
        least = max(0, knobs.least - 1)
        draw = self.path(rng, knots=knots, least=least, end=relation.target, shown=False)
        return self.grown(
            rng,
            knobs,
            draw,
            asks=False,
            opens=self.parents(relation),
            least=least,
            tries=_TRIES,
            fits=lambda row: len(self._children(relation, row)) > 1,
        )

    def _other_owner(
        self, grown: Grown, relation: Relation, rng: random.Random, knobs: Knobs
    ) -> Grown | None:
        return self.grown(
            rng,
            knobs,
            lambda: self.trails.again(grown.trail, rng),
            asks=False,
            opens=self.parents(relation),
            tries=_TRIES,
            fits=lambda row: row != grown.row and len(self._children(relation, row)) > 1,
        )

    def _children(self, relation: Relation, row: Row) -> Sequence[Row]:
        places = self.masks.related(relation.name, True, self.masks.place(relation.target, row))
        rows = self.tables.rows(relation.entity)
        return [rows[place] for place in places]

    def _passing_rows(
        self, entity: Entity, rows: Sequence[Row], clues: Sequence[Clue]
    ) -> list[Row]:
        left = self.tables.bits_of(entity.name, rows)
        for clue in clues:
            left &= self.masks.told(entity.name, clue)
        return self.masks.rows(entity.name, left)

    def _number(self, sketch: Sketch, select: str, function: str, field: str | None) -> str:
        node = sketch.next_id()
        sketch.nodes.append(Aggregated(id=node, of=select, function=function, field=field))  # type: ignore[arg-type]
        return node

    def function_over(
        self, term: Aggregate, entity: Entity, clues: Sequence[Clue], rng: random.Random
    ) -> tuple[str, str | None]:
        """Choose what is computed over the rows."""
        fields = [
            entity.field(name)
            for name in term.fields
            if entity.field(name).spoken
            and entity.field(name).role not in ("key", "reference", "audit", "code", "flag")
            and asked_for(entity, entity.field(name))
            and name not in {clue.field for clue in clues}
        ]
        if not fields or ("count" in term.functions and rng.random() < 0.35):
            return "count", None
        field = rng.choice(fields)
        functions = [f for f in term.functions if f != "count"]
        if field.type in ("date", "datetime"):
            functions = [f for f in functions if f in ("min", "max")]
        if not adds_up(field):
            functions = [f for f in functions if f != "sum"]
        return (rng.choice(functions), field.name) if functions else ("count", None)

    def _filter(
        self, entity: Entity, rows: Sequence[Row], filters: set[tuple[str, str]], rng: random.Random
    ) -> list[Clue]:
        """Choose a filter that keeps some of the rows, not all."""
        options = sorted(filters)
        rng.shuffle(options)
        for name, op in options:
            field = entity.field(name)
            if op == "contains" or field.role in ("key", "reference") or not rows:
                continue
            value = rng.choice(rows)[entity.position(name)]
            if not sayable(field, value) or (op == "eq" and field.type in ("float", "datetime")):
                continue
            clue = Clue(name, op, value)  # type: ignore[arg-type]
            if 2 <= len(self._passing_rows(entity, rows, [clue])) < len(rows):
                return [clue]
        return []

    # between rows

    def compare(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask which of two or three rows has more, or how far two are apart."""
        entities = [e.name for e in self.entities if self.answers.numbers(e.name, times=True)]
        for _ in range(_TRIES if entities else 0):
            found = self._compared(rng, knobs, rng.choice(entities))
            if found is not None and self.said(found.plan):
                return found
        return None

    def _compared(self, rng: random.Random, knobs: Knobs, name: str) -> Candidate | None:
        entity = self.schema.entity(name)
        picks = bool(self.answers.fields(name)) and rng.random() < 0.6
        fields = self.answers.numbers(name, times=True)
        fields = [one for one in fields if not picks or ranked(one.label)]
        if not fields:
            return None
        field = rng.choice(fields)
        place = entity.position(field.name)
        count = rng.choice((2, 2, 3)) if picks else 2
        knots = (
            rng.choice((1, 1, 1, 2)) if knobs.entities is None else max(1, knobs.entities // count)
        )
        knots = max(knots, knobs.least)
        strands: list[Grown] = []
        dated = not picks and field.role == "time"

        def fits(row: Row) -> bool:
            value = row[place]
            return value is not None and all(
                one.row != row and one.row[place] != value for one in strands
            )

        draw = self.path(rng, knots=knots, end=name, least=knobs.least)
        for _ in range(count):
            grown = self.grown(
                rng, knobs, draw, asks=picks, by=field, least=knobs.least, tries=_TRIES, fits=fits
            )
            if grown is None:
                return None
            strands.append(grown)
            first = strands[0].trail
            draw = lambda first=first: self.trails.again(first, rng)  # type: ignore[misc]  # noqa: E731
        if dated:
            strands.sort(key=lambda one: str(one.row[place]))
        sketch = Sketch(self.schema)
        nodes = [self.pins.lay(sketch, one.pinned)[-1] for one in strands]
        operators = [name for one in strands for name in grown_by(one.trail, knobs)]
        if len(set(nodes)) < count or field.name in _told_of(sketch, name):
            return None
        if picks:
            if not self._which(sketch, entity, field, strands, nodes, rng):
                return None
            found = self.finished(sketch, "compare", knobs, [*operators, "widen"])
            return found if not knobs.fuzz or lean(found.plan, self.tables) else None
        functions: tuple[Function, ...] = ("difference", "difference", "share")
        function = "days" if field.role == "time" else rng.choice(functions)
        values = [wire(entity, field, one.row) for one in strands]
        if not worth(function, values, compute(function, values)):
            return None
        self._ask(sketch, function, [Value(node=node, field=field.name) for node in nodes])
        found = self.finished(sketch, "compare", knobs, [*operators, "widen"])
        return replace(found, plan=self._dated(found.plan)) if dated else found

    def _dated(self, plan: Plan) -> Plan:
        """Return the plan with the earlier of two days first, as people tell them."""
        nodes = list(plan.nodes)
        for place, node in enumerate(nodes):
            if isinstance(node, Computed) and node.function == "days":
                nodes[place] = replace(
                    node, of=tuple(sorted(node.of, key=lambda one: self._day(plan, one)))
                )
        return replace(plan, nodes=tuple(nodes))

    def _day(self, plan: Plan, value: Value) -> str:
        (row,) = self.tables.extent(plan, str(value.node))
        select = plan.node(str(value.node))
        assert isinstance(select, Select)
        return str(row[self.schema.entity(select.entity).position(str(value.field))])

    def _which(
        self,
        sketch: Sketch,
        entity: Entity,
        field: Field,
        strands: Sequence[Grown],
        nodes: Sequence[str],
        rng: random.Random,
    ) -> bool:
        """Ask something of the one that has the most or least."""
        largest = rng.random() < 0.6
        place = entity.position(field.name)
        held: list[Any] = [one.row[place] for one in strands]
        best = strands[held.index((max if largest else min)(held))]
        told = {fact.field for fact in sketch.facts if fact.entity == entity.name}
        names = {one.name for one in self.answers.names(entity.name)}
        options = [
            one
            for one in self.answers.of(entity.name, best.row, rng, told=told)
            if one is not field
            and len({row.row[entity.position(one.name)] for row in strands}) == len(strands)
            and not leaked(wire(entity, one, best.row), sketch.facts)
        ]
        if not options:
            return False
        top = (max if largest else min)(self.tables.column(entity.name, field.name))  # type: ignore[type-var]
        if best.row[place] == top:
            return False  # who takes the extreme of all would be right without looking
        asked = min(options, key=lambda one: one.name not in names)
        pick = Pick(field=field.name, largest=largest)
        sketch.emit(sketch.select(entity.name, (), (), pick, among=nodes), asked.name)
        return True


def _told_of(sketch: Sketch, entity: str) -> set[str]:
    """Name the fields by which the rows of an entity are told."""
    return {fact.field for fact in sketch.facts if fact.entity == entity}
