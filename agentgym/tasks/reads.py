"""Candidates that only read: a field of a row, or a number over rows.

In come walks over the rows, out come plans of the families `lookup`, `multi_hop` and
`aggregate`. Next: `sample`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from agentgym.plan import Aggregated, Link, Plan
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import Row, Stored
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.walks import At, Walker
from agentgym.tools.algebra import Aggregate

__all__ = ["HOPS", "Reader"]

HOPS = (2, 3, 4, 5)
"""How many entities a plan of `multi_hop` may lead over."""
_TRIES = 3
"""Walks of one draw."""
_ANSWERS = (
    "money",
    "quantity",
    "measure",
    "time",
    "code",
    "contact",
    "place",
    "label",
    "person",
    "category",
    "other",
)


class Reader(Walker):
    """Draws plans that change nothing."""

    def lookup(self, sketch: Sketch, rng: random.Random) -> Plan | None:
        """Ask a field of a row that clues describe."""
        at = self.anchor(sketch, rng)
        return self.ask(sketch, at, rng, "lookup") if at else None

    def multi_hop(
        self, sketch: Sketch, rng: random.Random, *, entities: int | None = None, least: int = 0
    ) -> Plan | None:
        """Ask a field of a row at the end of 2 to 5 entities.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            entities: How many it shall be; drawn if not said.
            least: About how many calls the plan shall need.
        """
        wanted = rng.choice(HOPS) if entities is None else entities
        for _ in range(_TRIES):
            sketch.facts.clear()
            sketch.nodes.clear()
            at = (
                self.far(sketch, rng, nodes=wanted, least=least)
                if least
                else self.wander(sketch, rng, nodes=wanted)
            )
            plan = self.ask(sketch, at, rng, "multi_hop") if at else None
            if plan is not None:
                return plan
        return None

    def wander(self, sketch: Sketch, rng: random.Random, *, nodes: int) -> At | None:
        """Walk over that many entities, wherever it leads."""
        at = self.anchor(sketch, rng)
        for _ in range(nodes - 1):
            at = self.walk(sketch, at, rng) if at else None
        return at

    def far(self, sketch: Sketch, rng: random.Random, *, nodes: int, least: int) -> At | None:
        """Reach a row to be read over a route of that many entities that costs many calls."""
        end = rng.choice(self.entities).name
        route = self.routes.to(end, rng, nodes=nodes, least=least, shown=True)
        if route is None or self.routes.cost(route, shown=True) < least:
            return None
        return self.along(sketch, route, rng)

    def ask(self, sketch: Sketch, at: At, rng: random.Random, family: str) -> Plan | None:
        """Choose the field that is asked."""
        entity = self.schema.entity(at.entity)
        told = {fact.field for fact in sketch.facts if fact.entity == at.entity}
        fields = [
            field
            for field in entity.fields
            if field.role in _ANSWERS
            and field.type not in ("enum", "boolean", "json", "bytes")
            and field.name not in told
            and sayable(field, at.row[entity.position(field.name)])
        ]
        if not fields:
            return None
        sketch.emit(at.node, rng.choice(fields).name)
        return sketch.plan(family)

    def aggregate(self, sketch: Sketch, rng: random.Random, *, least: int = 0) -> Plan | None:
        """Ask one number over the rows that refer to a row, or that pass a filter.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            least: About how many calls the plan shall need.
        """
        terms = [t.term for t in self.tools if isinstance(t.term, Aggregate)]
        terms = [t for t in terms if t.entity in self.spoken and self.tables.rows(t.entity)]
        if not terms:
            return None
        term = rng.choice(terms)
        entity = self.schema.entity(term.entity)
        filters: set[tuple[str, str]] = {(one.field, one.op) for one in term.filters}
        relations = [
            r
            for r in self.schema.parents(entity.name)
            if r.target in self.spoken and all((name, "eq") in filters for name in r.fields)
        ]
        links: list[Link] = []
        rows: Sequence[Row] = self.tables.rows(entity.name)
        if relations and (least or rng.random() < 0.85):
            relation = rng.choice(relations)
            at = self.owner(sketch, relation, rng, least=least)
            if at is None:
                return None
            links = [Link(relation=relation.name, forward=True, node=at.node)]
            rows = self.children(at, relation)
        clues = self.filter(entity, rows, filters, rng) if not links or rng.random() < 0.4 else []
        if len(rows) < 2 or (not links and not clues):
            return None
        select = sketch.select(entity.name, clues, links)
        fields = [
            entity.field(name)
            for name in term.fields
            if entity.field(name).spoken
            and entity.field(name).role not in ("key", "reference", "audit", "code")
            and name not in {clue[0] for clue in clues}
        ]
        function, field = self.measure(term, fields, rng)
        node = sketch.next_id()
        sketch.nodes.append(Aggregated(id=node, of=select, function=function, field=field))  # type: ignore[arg-type]
        sketch.emit(node, None)
        return sketch.plan("aggregate")

    def owner(
        self, sketch: Sketch, relation: Relation, rng: random.Random, *, least: int
    ) -> At | None:
        """Reach the row over whose children a number is asked."""
        if least > 2:
            nodes = rng.choice((least - 1, least - 1, least))
            route = self.routes.to(relation.target, rng, nodes=nodes, least=least - 1, shown=False)
            return self.along(sketch, route, rng) if route else None
        at = self.anchor(sketch, rng, relation.target)
        if at is not None and rng.random() < 0.3:
            at = self.anchored_parent(sketch, relation, rng)
        return at

    def anchored_parent(self, sketch: Sketch, on: Relation, rng: random.Random) -> At | None:
        """Reach a row that others refer to from a described row one relation away."""
        sketch.facts.clear()
        sketch.nodes.clear()
        children = self.schema.children(on.target)
        options = [r for r in children if r.entity in self.spoken and r.name != on.name]
        if not options:
            return None
        relation = rng.choice(options)
        child = self.anchor(sketch, rng, relation.entity)
        return self.up(sketch, child, relation) if child else None

    def measure(
        self, term: Aggregate, fields: Sequence[Field], rng: random.Random
    ) -> tuple[str, str | None]:
        """Choose what is computed over the rows."""
        if not fields or ("count" in term.functions and rng.random() < 0.35):
            return "count", None
        field = rng.choice(fields)
        functions = [f for f in term.functions if f != "count"]
        if field.type in ("date", "datetime"):
            functions = [f for f in functions if f in ("min", "max")]
        if field.type == "float":
            functions = [f for f in functions if f != "sum"]
        return (rng.choice(functions), field.name) if functions else ("count", None)

    def filter(
        self, entity: Entity, rows: Sequence[Row], filters: set[tuple[str, str]], rng: random.Random
    ) -> list[tuple[str, str, Stored]]:
        """Choose a filter that keeps some of the rows, not all."""
        options = sorted(filters)
        rng.shuffle(options)
        for name, op in options:
            field = entity.field(name)
            if op == "contains" or field.role in ("key", "reference") or not rows:
                continue
            place = entity.position(name)
            value = rng.choice(rows)[place]
            if not sayable(field, value) or (op == "eq" and field.type in ("float", "datetime")):
                continue
            kept = [
                row for row in rows if row[place] is not None and _passes(row[place], op, value)
            ]
            if 2 <= len(kept) < len(rows):
                return [(name, op, value)]
        return []


def _passes(value: Stored, op: str, limit: Stored) -> bool:
    if op == "eq":
        return value == limit
    assert value is not None
    assert limit is not None
    if op in ("ge", "gt"):
        return value > limit or (op == "ge" and value == limit)  # type: ignore[operator]
    return value < limit or (op == "le" and value == limit)  # type: ignore[operator]
