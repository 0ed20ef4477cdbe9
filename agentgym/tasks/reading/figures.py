"""The families of numbers: `aggregate`, `compare`, `no_tool_needed`.

Over the rows that hang on a row, between two or three rows that are told alike, or of values that
are all told. Next: `several`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Literal

from agentgym.formats import Json
from agentgym.plan import Aggregated, Computed, Emit, Link, Pick, Plan, Value
from agentgym.plan.tables import compute
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tasks.clues import Clue, Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import MAX_SHARE, leaked, wire
from agentgym.tasks.reading.checks import crowds, lean, selects
from agentgym.tasks.reading.grounds import Grounds, Grown, grown_by
from agentgym.tools.algebra import Aggregate

__all__ = ["Figures"]

_Function = Literal["sum", "difference", "product", "share", "days"]
_TRIES = 12
"""Draws of one candidate."""
_OTHERS = 24
"""Rows that are tried in the place of one on the way to a number."""


class Figures(Grounds):
    """Draws questions for numbers, and for the row that has the larger one."""

    # over many rows

    def aggregate(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask one number over the rows that refer to a row or pass a filter, or one of two such."""
        terms = [t.term for t in self.tools if isinstance(t.term, Aggregate)]
        terms = [t for t in terms if t.entity in self.spoken and self.tables.rows(t.entity)]
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
                joint: _Function = "days" if time else rng.choice(("sum", "difference"))
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
            and entity.field(name).role not in ("key", "reference", "audit", "code")
            and name not in {clue.field for clue in clues}
        ]
        if not fields or ("count" in term.functions and rng.random() < 0.35):
            return "count", None
        field = rng.choice(fields)
        functions = [f for f in term.functions if f != "count"]
        if field.type in ("date", "datetime"):
            functions = [f for f in functions if f in ("min", "max")]
        if field.type == "float":
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
            if found is not None:
                return found
        return None

    def _compared(self, rng: random.Random, knobs: Knobs, name: str) -> Candidate | None:
        entity = self.schema.entity(name)
        field = rng.choice(self.answers.numbers(name, times=True))
        place = entity.position(field.name)
        picks = bool(self.answers.fields(name)) and rng.random() < 0.6
        count = rng.choice((2, 2, 3)) if picks else 2
        knots = rng.choice((1, 1, 2)) if knobs.entities is None else max(1, knobs.entities // count)
        knots = max(knots, knobs.least)
        strands: list[Grown] = []

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
        sketch = Sketch(self.schema)
        nodes = [self.pins.lay(sketch, one.pinned)[-1] for one in strands]
        operators = [name for one in strands for name in grown_by(one.trail, knobs)]
        if len(set(nodes)) < count:
            return None
        if picks:
            if not self._which(sketch, entity, field, strands, nodes, rng):
                return None
            found = self.finished(sketch, "compare", knobs, [*operators, "widen"])
            return found if not knobs.fuzz or lean(found.plan, self.tables) else None
        functions: tuple[_Function, ...] = ("difference", "difference", "share")
        function = "days" if field.role == "time" else rng.choice(functions)
        values = [wire(entity, field, one.row) for one in strands]
        if not _worth(function, values, compute(function, values)):
            return None
        self._ask(sketch, function, [Value(node=node, field=field.name) for node in nodes])
        return self.finished(sketch, "compare", knobs, [*operators, "widen"])

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

    # over what is told

    def no_tool_needed(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask a number that follows from what is told."""
        makers: list[Callable[[Sketch, random.Random, int | None], bool]] = [
            self._total,
            *(() if (knobs.acts or 2) > 2 else (self._apart, self._product)),
        ]
        for _ in range(_TRIES):
            sketch = Sketch(self.schema)
            if rng.choice(makers)(sketch, rng, knobs.acts):
                return self.finished(sketch, "no_tool_needed", knobs, ["seed"])
        return None

    def _told(self, entity: str, field: Field, rng: random.Random) -> Stored:
        """Draw a value of a field that a person could say; None where there is none."""
        values = [
            value for value in self.tables.ordered(entity, field.name) if sayable(field, value)
        ]
        return rng.choice(values) if values else None

    def _arithmetic(
        self,
        sketch: Sketch,
        function: _Function,
        told: Sequence[tuple[str, Field, Stored]],
    ) -> bool:
        """Ask one number of values that are told; False where that is no question."""
        values = [to_wire(field, value) for _, field, value in told]
        if None in values or not _worth(function, values, compute(function, values)):
            return False
        if any(not isinstance(v, str) and not _EVERYDAY[0] <= v <= _EVERYDAY[1] for v in values):
            return False
        facts = [sketch.fact(entity, field.name, value) for entity, field, value in told]
        self._ask(sketch, function, [Value(fact=fact) for fact in facts])
        return True

    def _total(self, sketch: Sketch, rng: random.Random, count: int | None) -> bool:
        options = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role in ("money", "quantity")
        ]
        if not options:
            return False
        entity, field = rng.choice(options)
        number = max(2, count or rng.choice((2, 3, 3, 4)))
        told = [(entity, field, self._told(entity, field, rng)) for _ in range(number)]
        return self._arithmetic(sketch, "sum", told)

    def _apart(self, sketch: Sketch, rng: random.Random, _: int | None) -> bool:
        options = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name, times=True)
            if f.type == "date" or f.role in ("money", "quantity")
        ]
        if not options:
            return False
        entity, field = rng.choice(options)
        functions: tuple[_Function, ...] = ("difference", "difference", "share")
        function = "days" if field.role == "time" else rng.choice(functions)
        told = [(entity, field, self._told(entity, field, rng)) for _ in range(2)]
        if function == "days":
            told.sort(key=lambda one: str(one[2]))
        return self._arithmetic(sketch, function, told)

    def _product(self, sketch: Sketch, rng: random.Random, _: int | None) -> bool:
        prices = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role == "money"
        ]
        counts = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role == "quantity" and f.type == "integer"
        ]
        if not prices or not counts:
            return False
        price = rng.choice(prices)
        count = rng.choice([one for one in counts if one[0] == price[0]] or counts)
        told = [(entity, field, self._told(entity, field, rng)) for entity, field in (price, count)]
        return self._arithmetic(sketch, "product", told)

    def _ask(self, sketch: Sketch, function: _Function, of: Sequence[Value]) -> None:
        node = sketch.next_id()
        sketch.nodes.append(Computed(id=node, function=function, of=tuple(of)))
        sketch.emit(node, None)


_EVERYDAY = (4, 100_000)
"""The smallest and the largest number that people work out in a message."""


def _worth(function: str, values: Sequence[Json], result: Json) -> bool:
    """Tell whether a computed number is worth asking: no operand of it, nor 0 or 1 or 100%."""
    if result is None or isinstance(result, str) or result in values or result <= 1:
        return False
    if any(not isinstance(value, str) and abs(value) <= 1 for value in values):
        return False
    return function != "share" or 1 < result < 100
