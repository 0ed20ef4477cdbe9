"""Plans with every kind of node, drawn over the rows of a tiny world: most of them make sense."""

from __future__ import annotations

import random
from collections.abc import Callable

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Limit,
    Link,
    Node,
    Pick,
    Plan,
    Refuse,
    Select,
    Test,
    Value,
    Where,
)
from agentgym.plan.measures import MEASURES, measured
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, to_wire

KINDS = (
    "emit",
    "pick",
    "many",
    "figure",
    "computed",
    "compare",
    "guard",
    "exists",
    "absent",
    "missing",
    "empty",
    "choose",
)
_SILENT = ("key", "reference", "secret")


class Drawing:
    """Draws one plan over the rows of a domain.

    Args:
        domain: The domain.
        draws: The stream to draw from.
    """

    def __init__(self, domain: Domain, draws: random.Random) -> None:
        self.domain, self.schema, self.draws = domain, domain.schema, draws
        self.facts: list[Fact] = []
        self.nodes: list[Node] = []

    def plan(self, kind: str) -> Plan:
        """Draw a plan of a kind; one whose clues may fit several rows, or none."""
        getattr(self, f"add_{kind}")()
        return Plan(family="multi_hop", facts=tuple(self.facts), nodes=tuple(self.nodes))

    # pieces

    def add(self, make: Callable[[str], Node]) -> str:
        node = make(f"n{len(self.nodes) + 1}")
        self.nodes.append(node)
        return node.id

    def fact(self, entity: str, field: str, value: Json) -> str:
        name = f"f{len(self.facts) + 1}"
        self.facts.append(Fact(id=name, entity=entity, field=field, value=value))
        return name

    def entity(self) -> Entity:
        full = [e for e in self.schema.entities if self.domain.rows[e.name] and self.said(e)]
        return self.draws.choice(full)

    def said(self, entity: Entity) -> list[Field]:
        return [field for field in entity.fields if field.role not in _SILENT]

    def row(self, entity: Entity) -> Row:
        return self.draws.choice(self.domain.rows[entity.name])

    def where(self, entity: Entity, row: Row) -> Where | None:
        """Draw a clue that holds of a row."""
        field = self.draws.choice(self.said(entity))
        place = entity.position(field.name)
        value, other = row[place], self.row(entity)[place]
        if value is None:
            return None
        told, op, of = to_wire(field, value), "eq", None
        turn = self.draws.randrange(6)
        if turn == 0 and MEASURES.get(field.type):
            of = self.draws.choice(MEASURES[field.type])
            told = measured(field, of, value)
            if of == "remainder":
                told = self.draws.choice((2, 3, 5))
            elif isinstance(told, int) and self.draws.random() < 0.5:
                op = self.draws.choice(("le", "ge"))
        elif turn == 1 and field.type == "text" and isinstance(value, str) and len(value) > 3:
            start = self.draws.randrange(len(value) - 2)
            told, op = value[start : start + 3].strip().upper() or value, "contains"
        elif turn == 2 and other is not None and other != value:
            told, op = to_wire(field, other), "ne"
        elif turn == 3 and other is not None and field.type in ("integer", "decimal", "date"):
            told, op = to_wire(field, other), "ge" if value >= other else "le"  # type: ignore[operator]
        if told is None:
            return None
        return Where(field=field.name, op=op, fact=self.fact(entity.name, field.name, told), of=of)  # type: ignore[arg-type]

    def select(self, entity: Entity, row: Row, hops: int, *, pick: bool = False) -> str:
        """Draw a select whose clues hold of a row."""
        links: list[Link] = []
        for relation in self.schema.parents(entity.name):
            if hops and len(links) < 2 and self.draws.random() < 0.5:
                parent = self.tied(
                    row, entity, relation.fields, relation.target, relation.target_fields
                )
                if parent is not None:
                    below = self.select(self.schema.entity(relation.target), parent, hops - 1)
                    links.append(Link(relation=relation.name, forward=True, node=below))
        for relation in self.schema.children(entity.name):
            if hops and not links and self.draws.random() < 0.5:
                child = self.tied(
                    row, entity, relation.target_fields, relation.entity, relation.fields
                )
                if child is not None:
                    below = self.select(self.schema.entity(relation.entity), child, hops - 1)
                    links.append(Link(relation=relation.name, forward=False, node=below))
        found: dict[str, Where] = {}
        for _ in range(self.draws.choice((1, 1, 2)) if self.said(entity) else 0):
            where = self.where(entity, row) if not links or self.draws.random() < 0.5 else None
            if where is not None:
                found.setdefault(where.field, where)
        ordered = [f for f in self.said(entity) if f.type in ("integer", "decimal", "date")]
        best = None
        if pick and ordered:
            best = Pick(field=self.draws.choice(ordered).name, largest=self.draws.random() < 0.5)
        wheres = tuple(found.values())
        return self.add(
            lambda name: Select(
                id=name, entity=entity.name, where=wheres, links=tuple(links), pick=best
            )
        )

    def tied(
        self, row: Row, entity: Entity, mine: tuple[str, ...], other: str, theirs: tuple[str, ...]
    ) -> Row | None:
        wanted = [row[entity.position(name)] for name in mine]
        kind = self.schema.entity(other)
        places = [kind.position(name) for name in theirs]
        rows = [r for r in self.domain.rows[other] if [r[p] for p in places] == wanted]
        return self.draws.choice(rows) if rows and None not in wanted else None

    def any_select(self, hops: int = 2, **how: bool) -> tuple[str, Entity, Row]:
        entity = self.entity()
        row = self.row(entity)
        return self.select(entity, row, hops, **how), entity, row

    def ask(self, node: str, entity: Entity, *, many: bool = False) -> str:
        field = self.draws.choice(self.said(entity))
        return self.add(lambda name: Emit(id=name, node=node, field=field.name, many=many))

    def number(self, entity: Entity) -> Field | None:
        found = [f for f in self.said(entity) if f.type in ("integer", "decimal")]
        return self.draws.choice(found) if found else None

    # kinds

    def add_emit(self) -> None:
        node, entity, _ = self.any_select()
        self.ask(node, entity)

    def add_pick(self) -> None:
        node, entity, _ = self.any_select(pick=True)
        self.ask(node, entity)

    def add_many(self) -> None:
        node, entity, _ = self.any_select(1)
        self.ask(node, entity, many=True)

    def figure(self, hops: int = 1) -> str:
        node, entity, _ = self.any_select(hops)
        field = self.number(entity)
        function = "count" if field is None else self.draws.choice(("count", "sum", "max", "avg"))
        name = None if function == "count" or field is None else field.name
        return self.add(lambda n: Aggregated(id=n, of=node, function=function, field=name))  # type: ignore[arg-type]

    def add_figure(self) -> None:
        node = self.figure()
        self.add(lambda name: Emit(id=name, node=node))

    def add_computed(self) -> None:
        parts: list[Value] = []
        for _ in range(2):
            node, entity, _ = self.any_select(1)
            field = self.number(entity)
            if field is None:
                parts.append(Value(node=self.figure(0)))
            else:
                parts.append(Value(node=node, field=field.name))
        function = self.draws.choice(("sum", "difference", "product", "share"))
        node = self.add(lambda name: Computed(id=name, function=function, of=tuple(parts)))  # type: ignore[arg-type]
        self.add(lambda name: Emit(id=name, node=node))

    def add_compare(self) -> None:
        entity = self.entity()
        among = tuple(self.select(entity, self.row(entity), 1) for _ in range(2))
        ordered = [f for f in self.said(entity) if f.type in ("integer", "decimal", "date")]
        pick = None
        if ordered:
            pick = Pick(field=self.draws.choice(ordered).name, largest=self.draws.random() < 0.5)
        node = self.add(lambda name: Select(id=name, entity=entity.name, among=among, pick=pick))
        self.ask(node, entity)

    def add_guard(self) -> None:
        node, entity, row = self.any_select(1)
        where = self.where(entity, row)
        field = self.draws.choice(self.said(entity))
        value = to_wire(field, self.row(entity)[entity.position(field.name)])
        del where
        told = Value(fact=self.fact(entity.name, field.name, value))
        other, kind, _ = self.any_select(1)
        then, otherwise = self.ask(other, kind), self.ask(node, entity)
        ops = (
            ("eq", "ne", "le", "gt")
            if field.type in ("integer", "decimal", "date")
            else ("eq", "ne")
        )
        test = Test(left=Value(node=node, field=field.name), op=self.draws.choice(ops), right=told)  # type: ignore[arg-type]
        self.add(lambda name: Guard(id=name, test=test, then=(then,), otherwise=(otherwise,)))

    def add_exists(self) -> None:
        node, entity, _ = self.any_select(1)
        if self.draws.random() < 0.5:
            self.spoil(node)
        other, kind, _ = self.any_select(1)
        then, otherwise = self.ask(node, entity), self.ask(other, kind)
        test = Test(left=Value(node=node), op="exists")
        self.add(lambda name: Guard(id=name, test=test, then=(then,), otherwise=(otherwise,)))

    def add_absent(self) -> None:
        parents = [e for e in self.schema.entities if self.schema.children(e.name) and self.said(e)]
        if not parents:
            return self.add_emit()
        entity = self.draws.choice(parents)
        relation = self.draws.choice(list(self.schema.children(entity.name)))
        child = self.schema.entity(relation.entity)
        if not self.domain.rows[child.name] or not self.domain.rows[entity.name]:
            return self.add_emit()
        below = self.select(child, self.row(child), 0)
        link = Link(relation=relation.name, forward=False, node=below, absent=True)
        where = self.where(entity, self.row(entity))
        wheres = () if where is None or self.draws.random() < 0.5 else (where,)
        node = self.add(
            lambda name: Select(id=name, entity=entity.name, where=wheres, links=(link,))
        )
        self.ask(node, entity, many=self.draws.random() < 0.5)
        return None

    def spoil(self, node: str) -> None:
        """Let one clue of a select tell of no row."""
        select = next(n for n in self.nodes if n.id == node)
        assert isinstance(select, Select)
        for where in select.where:
            fact = next(f for f in self.facts if f.id == where.fact)
            field = self.schema.entity(fact.entity).field(fact.field)
            if field.type == "text" and where.of is None and where.op == "eq":
                place = self.facts.index(fact)
                self.facts[place] = Fact(
                    id=fact.id, entity=fact.entity, field=fact.field, value="Nowhere Whatever"
                )

    def add_missing(self) -> None:
        node, entity, _ = self.any_select(1)
        self.spoil(node)
        act = self.ask(node, entity)
        self.add(lambda name: Refuse(id=name, act=act, because="no_row", node=node))

    def add_empty(self) -> None:
        node, entity, _ = self.any_select(1)
        field = self.draws.choice(self.said(entity))
        act = self.add(lambda name: Emit(id=name, node=node, field=field.name))
        self.add(
            lambda name: Refuse(id=name, act=act, because="no_value", node=node, field=field.name)
        )

    def add_choose(self) -> None:
        node, entity, _ = self.any_select(1)
        field = self.number(entity)
        limits: list[Limit] = []
        if field is not None:
            rows = [self.row(entity) for _ in range(2)]
            held = [to_wire(field, r[entity.position(field.name)]) for r in rows]
            if None not in held:
                told = self.fact(entity.name, field.name, held[0] + held[1])
                op = self.draws.choice(("le", "ge"))
                limits.append(Limit(kind="total", field=field.name, op=op, fact=told))  # type: ignore[arg-type]
        if self.draws.random() < 0.5:
            limits.append(Limit(kind="distinct", field=self.draws.choice(self.said(entity)).name))
        chosen = self.add(lambda n: Choose(id=n, of=node, count=2, limits=tuple(limits)))
        self.ask(chosen, entity)


def drawn(domain: Domain, draws: random.Random, kind: str) -> Plan | None:
    """Draw a plan of a kind; None where it came to nothing."""
    plan = Drawing(domain, draws).plan(kind)
    return plan if any(isinstance(node, Emit) for node in plan.nodes) else None
