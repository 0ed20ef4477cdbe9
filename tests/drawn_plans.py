"""Plans of one kind of node each, drawn over the rows of any domain: `KINDS` names them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

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
    Party,
    Pick,
    Plan,
    Refuse,
    Select,
    Setting,
    Shift,
    Test,
    Value,
    Where,
    Write,
)
from agentgym.plan.measures import MEASURES, measured
from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Field
from agentgym.schema.types import ORDERED, Row, to_wire
from agentgym.tools.algebra import Tool, Update, subject

_SILENT = ("key", "reference", "secret", "audit")


class Drawn:
    """One plan under construction, over the rows of a domain."""

    def __init__(self, tables: Tables, tools: Sequence[Tool], draws: random.Random) -> None:
        self.tables, self.schema, self.tools, self.draws = tables, tables.schema, tools, draws
        self.facts: list[Fact] = []
        self.nodes: list[Node] = []
        self.party: Party | None = None

    def plan(self) -> Plan:
        """Return the plan as it stands."""
        return Plan(
            family="planning",
            facts=tuple(self.facts),
            nodes=tuple(self.nodes),
            party=self.party,
        )

    def add(self, make: Callable[[str], Node]) -> str:
        """Add a node."""
        self.nodes.append(make(f"n{len(self.nodes) + 1}"))
        return self.nodes[-1].id

    def named(self, select: Select) -> str:
        """Add a select."""
        return self.add(lambda id_: _named(select, id_))

    def fact(self, entity: str, field: str, value: Json) -> str:
        """Add a fact."""
        name = f"f{len(self.facts) + 1}"
        self.facts.append(Fact(id=name, entity=entity, field=field, value=value))
        return name

    def fields(self, entity: Entity) -> list[Field]:
        """List the fields that people speak of."""
        return [f for f in entity.fields if f.role not in _SILENT and f.type != "json"]

    def numbers(self, entity: Entity) -> list[Field]:
        """List the fields of numbers."""
        return [f for f in self.fields(entity) if f.type in ("integer", "decimal", "float")]

    def entity(self, fits: Callable[[Entity], object] = bool) -> Entity:
        """Draw an entity that has rows."""
        found = [e for e in self.schema.entities if len(self.tables.rows(e.name)) > 3 and fits(e)]
        return self.draws.choice(found)

    def clue(self, entity: Entity, row: Row, how: str) -> Where | None:
        """Draw a clue that a row satisfies."""
        field = self.draws.choice(self.fields(entity))
        stored = row[entity.position(field.name)]
        if stored is None:
            return None
        value = to_wire(field, stored)
        if how == "measure":
            ways = [m for m in MEASURES.get(field.type, ()) if m != "remainder"]
            if not ways:
                return None
            of = self.draws.choice(ways)
            told = measured(field, of, stored)
            if told is None:
                return None
            ops: Any = ("eq", "le", "ge") if isinstance(told, int) else ("eq",)
            op = self.draws.choice(ops)
            return Where(
                field=field.name, op=op, fact=self.fact(entity.name, field.name, told), of=of
            )
        if how == "ne":
            others = [v for v in self.tables.column(entity.name, field.name) if v != stored]
            if not others or str(others[0]).casefold() == str(stored).casefold():
                return None
            fact = self.fact(entity.name, field.name, to_wire(field, self.draws.choice(others)))
            return Where(field=field.name, op="ne", fact=fact)
        if how == "contains":
            if field.type != "text" or not str(value).split():
                return None
            part = self.draws.choice(str(value).split())
            return Where(
                field=field.name, op="contains", fact=self.fact(entity.name, field.name, part)
            )
        if how == "range":
            if field.type not in ORDERED:
                return None
            end: Any = self.draws.choice(("le", "ge", "lt", "gt"))
            if end in ("lt", "gt"):
                column = sorted(self.tables.column(entity.name, field.name))  # type: ignore[type-var]
                place = column.index(stored) + (1 if end == "lt" else -1)
                if not 0 <= place < len(column):
                    return None
                value = to_wire(field, column[place])
            return Where(field=field.name, op=end, fact=self.fact(entity.name, field.name, value))
        return Where(field=field.name, fact=self.fact(entity.name, field.name, value))

    def one(
        self,
        entity: Entity,
        row: Row,
        how: Sequence[str] = ("eq",),
        links: tuple[Link, ...] = (),
        pick: Pick | None = None,
    ) -> str | None:
        """Describe one row by clues; None where they do not single it out."""
        where: list[Where] = []
        for _ in range(30):
            select = Select(id="", entity=entity.name, where=tuple(where), links=links, pick=pick)
            left = self.tables.fitting(self.plan(), select)
            if left == [row] and (where or links):
                return self.named(select)
            clue = self.clue(entity, row, self.draws.choice(how))
            if clue is not None and (clue.field, clue.op) not in {(w.field, w.op) for w in where}:
                where.append(clue)
        return None

    def some(
        self, entity: Entity, *, least: int = 2, most: int = 30, how: str = "eq"
    ) -> str | None:
        """Describe several rows."""
        for _ in range(20):
            row = self.draws.choice(self.tables.rows(entity.name))
            clue = self.clue(entity, row, how)
            if clue is None:
                continue
            select = Select(id="", entity=entity.name, where=(clue,))
            if least <= len(self.tables.fitting(self.plan(), select)) <= most:
                return self.named(select)
        return None

    def ask(self, node: str, row: Row | None = None, *, many: bool = False) -> bool:
        """Ask for a field of a row."""
        select = next(n for n in self.nodes if n.id == node)
        assert isinstance(select, Select)
        entity = self.schema.entity(select.entity)
        fields = self.fields(entity)
        if row is not None:
            fields = [f for f in fields if row[entity.position(f.name)] is not None]
        if not fields:
            return False
        field = self.draws.choice(fields)
        self.add(lambda id_: Emit(id=id_, node=node, field=field.name, many=many))
        return True

    def row(self, entity: Entity) -> Row:
        """Draw a row."""
        return self.draws.choice(self.tables.rows(entity.name))

    def change(self, entity: Entity) -> tuple[Field, Json] | None:
        """Draw a field that some tool sets, and a value that it has somewhere."""
        able = {
            one.field
            for tool in self.tools
            if isinstance(tool.term, Update) and tool.term.entity == entity.name
            for one in tool.term.values
        }
        found = [
            f
            for f in self.fields(entity)
            if f.name in able and f.type in ("text", "decimal", "integer")
        ]
        found = [f for f in found if not f.unique and f.role not in ("status", "code")]
        if not found:
            return None
        field = self.draws.choice(found)
        column = list(self.tables.column(entity.name, field.name))
        return (field, to_wire(field, self.draws.choice(column))) if column else None

    def write(self, entity: Entity, node: str, *, each: bool = False) -> str | None:
        """Change a field of a row."""
        change = self.change(entity)
        if change is None:
            return None
        field, value = change
        fact = self.fact(entity.name, field.name, value)
        return self.add(
            lambda id_: Write(
                id=id_,
                kind="update",
                entity=entity.name,
                target=node,
                settings=(Setting(field=field.name, fact=fact),),
                each=each,
            )
        )


def _named(select: Select, name: str) -> Select:
    return Select(
        id=name,
        entity=select.entity,
        where=select.where,
        links=select.links,
        pick=select.pick,
        among=select.among,
    )


def vague(d: Drawn) -> bool:
    """One row, told by measures, parts and what it is not."""
    entity = d.entity(lambda e: e.kind == "record")
    row = d.row(entity)
    node = d.one(entity, row, ("measure", "measure", "contains", "ne", "range"))
    return node is not None and d.ask(node, row)


def hops(d: Drawn) -> bool:
    """Over relations both ways, from a vague row."""
    entity = d.entity(lambda e: e.kind == "record")
    row = d.row(entity)
    node = d.one(entity, row, ("eq", "measure", "contains", "range"))
    for _ in range(d.draws.randint(1, 3)):
        if node is None:
            return False
        ways = [(r, True) for r in d.schema.children(entity.name)]
        ways += [(r, False) for r in d.schema.parents(entity.name)]
        if not ways:
            return False
        relation, forward = d.draws.choice(ways)
        bits = d.tables.reach(relation.name, forward, d.tables.bits_of(entity.name, [row]))
        entity = d.schema.entity(relation.entity if forward else relation.target)
        rows = d.tables.rows_at(entity.name, bits)
        if not rows:
            return False
        row = d.draws.choice(rows)
        link = Link(relation=relation.name, forward=forward, node=node)
        node = d.one(entity, row, ("eq", "range", "measure", "ne"), (link,))
    return node is not None and d.ask(node, row)


def best(d: Drawn) -> bool:
    """The row with the largest value among those that a vague clue leaves."""
    entity = d.entity(lambda e: d.numbers(e) and e.kind == "record")
    pick = Pick(field=d.draws.choice(d.numbers(entity)).name, largest=d.draws.random() < 0.5)
    some = d.some(entity, least=2, how=d.draws.choice(("eq", "measure", "ne")))
    if some is None:
        return False
    select = d.nodes.pop()
    assert isinstance(select, Select)
    node = d.add(lambda id_: Select(id=id_, entity=entity.name, where=select.where, pick=pick))
    rows = d.tables.extent(d.plan(), node)
    return len(rows) == 1 and d.ask(node, rows[0])


def compare(d: Drawn) -> bool:
    """Which of two rows has more."""
    entity = d.entity(lambda e: d.numbers(e) and e.kind == "record")
    nodes = [d.one(entity, d.row(entity)) for _ in range(2)]
    pick = Pick(field=d.draws.choice(d.numbers(entity)).name, largest=True)
    if None in nodes:
        return False
    node = d.add(
        lambda id_: Select(id=id_, entity=entity.name, among=tuple(map(str, nodes)), pick=pick)
    )
    rows = d.tables.extent(d.plan(), node)
    return len(rows) == 1 and d.ask(node, rows[0])


def absent(d: Drawn) -> bool:
    """Rows to which no row of some kind is related: one of them, or how many there are."""
    relation = d.draws.choice(d.schema.relations)
    forward = d.draws.random() < 0.4
    mine = d.schema.entity(relation.entity if forward else relation.target)
    other = d.schema.entity(relation.target if forward else relation.entity)
    if d.draws.random() < 0.5:
        below: str | None = d.add(lambda id_: Select(id=id_, entity=other.name))
    else:
        below = d.some(other, least=1, how=d.draws.choice(("eq", "ne", "measure")))
    if below is None:
        return False
    link = Link(relation=relation.name, forward=forward, node=below, absent=True)
    free = d.tables.fitting(d.plan(), Select(id="", entity=mine.name, links=(link,)))
    if not free:
        return False
    if d.draws.random() < 0.5:
        row = d.draws.choice(free)
        pick = None
        if d.numbers(mine) and d.draws.random() < 0.3:
            pick = Pick(field=d.numbers(mine)[0].name, largest=True)
        node = d.one(mine, row, ("eq", "range", "measure"), (link,), pick)
        return node is not None and d.ask(node, row)
    some = d.some(mine, least=2, how=d.draws.choice(("eq", "measure")))
    if some is None:
        return False
    select = d.nodes.pop()
    assert isinstance(select, Select)
    node = d.add(lambda id_: Select(id=id_, entity=mine.name, where=select.where, links=(link,)))
    if not d.tables.extent(d.plan(), node):
        return False
    number = d.add(lambda id_: Aggregated(id=id_, of=node, function="count"))
    d.add(lambda id_: Emit(id=id_, node=number))
    return True


def mine(d: Drawn) -> bool:
    """The user's own row, and what hangs on it."""
    people = [e.name for e in d.schema.entities if any(f.role == "contact" for f in e.fields)]
    if not people:
        return False
    entity = d.entity(lambda e: e.name in people)
    row = d.row(entity)
    fields = [f for f in entity.fields if f.role in ("person", "contact", "code")]
    fields = [f for f in fields if row[entity.position(f.name)] is not None]
    if not fields:
        return False
    facts = [d.fact(entity.name, f.name, to_wire(f, row[entity.position(f.name)])) for f in fields]
    d.party = Party(entity=entity.name, facts=tuple(facts))
    node = d.add(lambda id_: Select(id=id_, entity=entity.name, me=True))
    below = d.schema.children(entity.name)
    if d.tables.extent(d.plan(), node) != [row]:
        return False
    if not below or d.draws.random() < 0.4:
        return d.ask(node, row)
    relation = d.draws.choice(below)
    child = d.schema.entity(relation.entity)
    rows = d.tables.rows_at(
        child.name, d.tables.reach(relation.name, True, d.tables.bits_of(entity.name, [row]))
    )
    if not rows:
        return False
    link = Link(relation=relation.name, forward=True, node=node)
    found = d.one(child, d.draws.choice(rows), ("eq", "range"), (link,))
    return found is not None and d.ask(found, d.tables.extent(d.plan(), found)[0])


def computed(d: Drawn) -> bool:
    """A number worked out of rows, numbers over rows, and facts; sometimes one that is written."""
    entity = d.entity(lambda e: d.numbers(e) and e.kind == "record")
    field = d.draws.choice(d.numbers(entity))
    values: list[Value] = []
    for _ in range(2):
        kind = d.draws.choice(("row", "row", "fact", "count", "avg"))
        if kind == "row":
            node = d.one(entity, d.row(entity), ("eq", "measure"))
            if node is None:
                return False
            values.append(Value(node=node, field=field.name))
        elif kind == "fact":
            values.append(Value(fact=d.fact(entity.name, field.name, d.draws.randint(1, 9))))
        else:
            of = d.some(entity, how=d.draws.choice(("eq", "ne", "measure")))
            if of is None:
                return False
            values.append(
                Value(
                    node=d.add(
                        lambda id_, of=of, kind=kind: Aggregated(  # type: ignore[misc]
                            id=id_,
                            of=of,
                            function=kind,
                            field=field.name if kind == "avg" else None,
                        )
                    )
                )
            )
    function: Any = d.draws.choice(("sum", "difference", "product", "share"))
    number = d.add(lambda id_: Computed(id=id_, function=function, of=tuple(values)))
    plan = d.plan()
    if None in d.tables.values(plan, Value(node=number)):
        return False
    d.add(lambda id_: Emit(id=id_, node=number))
    return True


def facts_only(d: Drawn) -> bool:
    """A number over facts alone."""
    entity = d.entity(d.numbers)
    field = d.numbers(entity)[0].name
    values = [
        Value(fact=d.fact(entity.name, field, Decimal(d.draws.randint(1, 999)) / 4)) for _ in "ab"
    ]
    number = d.add(lambda id_: Computed(id=id_, function="product", of=tuple(values)))
    d.add(lambda id_: Emit(id=id_, node=number))
    return True


def counted(d: Drawn) -> bool:
    """How many rows lie on one side of a value."""
    entity = d.entity(lambda e: d.numbers(e) and e.kind == "record")
    of = d.some(entity, how="range")
    if of is None:
        return False
    number = d.add(lambda id_: Aggregated(id=id_, of=of, function="count"))
    d.add(lambda id_: Emit(id=id_, node=number))
    return True


def figured(d: Drawn) -> bool:
    """A change to a number that is worked out of another row and a fact."""
    entity = d.entity(lambda e: d.change(e) and e.kind == "record")
    change = d.change(entity)
    nodes = [d.one(entity, d.row(entity), ("measure", "eq")) for _ in range(2)]
    if change is None or change[0].type == "text" or None in nodes:
        return False
    field, value = change
    of = (
        Value(node=nodes[1], field=field.name),
        Value(fact=d.fact(entity.name, field.name, value)),
    )
    number = d.add(lambda id_: Computed(id=id_, function="sum", of=of))
    if None in d.tables.values(d.plan(), Value(node=number)):
        return False
    d.add(
        lambda id_: Write(
            id=id_,
            kind="update",
            entity=entity.name,
            target=nodes[0],
            settings=(Setting(field=field.name, node=number),),
        )
    )
    return True


def years(d: Drawn) -> bool:
    """Whole days between the times of two rows."""

    def dated(e: Entity) -> list[Field]:
        return [f for f in d.fields(e) if f.type in ("date", "datetime")]

    entity = d.entity(lambda e: dated(e) and e.kind == "record")
    field = d.draws.choice(dated(entity)).name
    nodes = [d.one(entity, d.row(entity), ("eq", "measure")) for _ in range(2)]
    if None in nodes:
        return False
    of = tuple(Value(node=node, field=field) for node in nodes)
    number = d.add(lambda id_: Computed(id=id_, function="days", of=of))
    if None in d.tables.values(d.plan(), Value(node=number)):
        return False
    d.add(lambda id_: Emit(id=id_, node=number))
    return True


def chosen(d: Drawn) -> bool:
    """Some rows within a total, no two alike."""
    entity = d.entity(lambda e: d.numbers(e) and e.kind == "record")
    of = d.some(entity, least=3, most=20, how=d.draws.choice(("eq", "measure", "range")))
    if of is None:
        return False
    field = d.draws.choice(d.numbers(entity))
    rows = d.tables.extent(d.plan(), of)
    values = [row[entity.position(field.name)] for row in rows]
    if None in values:
        return False
    total = sum(Decimal(str(to_wire(field, value))) for value in values[-2:])
    limits = (
        Limit(kind="total", field=field.name, fact=d.fact(entity.name, field.name, total)),
        Limit(kind="distinct", field=d.draws.choice(d.fields(entity)).name),
    )
    choose = Choose(id=f"n{len(d.nodes) + 1}", of=of, count=2, limits=limits)
    d.add(lambda _: choose)
    first = d.tables.choices(d.plan(), choose).first
    if first is None:
        return False
    names = [
        f for f in d.fields(entity) if all(r[entity.position(f.name)] is not None for r in rows)
    ]
    if not names:
        return False
    d.add(lambda id_: Emit(id=id_, node=choose.id, field=names[0].name))
    return True


def members(d: Drawn) -> bool:
    """The values of all rows that fit."""
    entity = d.entity()
    of = d.some(entity, how=d.draws.choice(("eq", "measure", "ne", "range")))
    if of is None or not d.ask(of, many=True):
        return False
    (emit,) = (n for n in d.nodes if isinstance(n, Emit))
    return bool(d.tables.value(d.plan(), emit))


def every(d: Drawn) -> bool:
    """A change of every row that fits."""
    entity = d.entity(d.change)
    of = d.some(entity, most=8, how=d.draws.choice(("eq", "measure", "range")))
    return of is not None and d.write(entity, of, each=True) is not None


def guarded(d: Drawn) -> bool:
    """One act or another, as a row or a number has it."""
    entity = d.entity(lambda e: d.numbers(e) and d.change(e))
    field = d.draws.choice(d.numbers(entity))
    node = d.one(entity, d.row(entity), ("eq", "measure"))
    other = d.one(entity, d.row(entity))
    if node is None or other is None:
        return False
    then = d.write(entity, other)
    if then is None or not d.ask(node, d.tables.extent(d.plan(), node)[0]):
        return False
    bound = d.draws.choice(list(d.tables.column(entity.name, field.name)))
    test = Test(
        left=Value(node=node, field=field.name),
        op=d.draws.choice(("lt", "ge", "eq", "ne")),
        right=Value(fact=d.fact(entity.name, field.name, to_wire(field, bound))),
    )
    otherwise = d.nodes[-1].id
    d.add(lambda id_: Guard(id=id_, test=test, then=(then,), otherwise=(otherwise,)))
    return True


def existing(d: Drawn) -> bool:
    """One act or another, as some row is there or not."""
    entity = d.entity(d.change)
    node = d.one(entity, d.row(entity))
    if node is None:
        return False
    then = d.write(entity, node)
    ways = d.schema.children(entity.name)
    if then is None or not ways or not d.ask(node, d.tables.extent(d.plan(), node)[0]):
        return False
    otherwise = d.nodes[-1].id
    relation = d.draws.choice(list(ways))
    child = d.schema.entity(relation.entity)
    clue = d.clue(child, d.row(child), d.draws.choice(("eq", "measure", "ne")))
    if clue is None:
        return False
    link = Link(relation=relation.name, forward=True, node=node)
    below = d.add(lambda id_: Select(id=id_, entity=child.name, where=(clue,), links=(link,)))
    test = Test(left=Value(node=below), op="exists")
    d.add(lambda id_: Guard(id=id_, test=test, then=(then,), otherwise=(otherwise,)))
    return True


def no_row(d: Drawn) -> bool:
    """A row that is not there."""
    entity = d.entity(lambda e: e.kind == "record")
    clues = [
        d.clue(entity, d.row(entity), h)
        for h in d.draws.sample(("eq", "measure", "range", "eq"), 3)
    ]
    where = tuple(clue for clue in clues if clue is not None)
    if d.tables.fitting(d.plan(), Select(id="", entity=entity.name, where=where)):
        return False
    node = d.add(lambda id_: Select(id=id_, entity=entity.name, where=where))
    emit = d.add(lambda id_: Emit(id=id_, node=node, field=d.fields(entity)[0].name))
    d.add(lambda id_: Refuse(id=id_, act=emit, because="no_row", node=node))
    return True


def no_value(d: Drawn) -> bool:
    """A field that is empty."""
    entity = d.entity(lambda e: e.kind == "record")
    row = d.row(entity)
    empty = [f for f in d.fields(entity) if row[entity.position(f.name)] is None]
    node = d.one(entity, row, ("eq", "measure"))
    if not empty or node is None:
        return False
    emit = d.add(lambda id_: Emit(id=id_, node=node, field=empty[0].name))
    d.add(lambda id_: Refuse(id=id_, act=emit, because="no_value", node=node, field=empty[0].name))
    return True


def no_tool(d: Drawn) -> bool:
    """A change that no tool makes."""
    writable = {subject(t.term, d.schema) for t in d.tools if isinstance(t.term, Update)}
    entity = d.entity()
    node = d.one(entity, d.row(entity))
    field = d.draws.choice(d.fields(entity))
    if node is None or entity.name in writable:
        return False
    fact = d.fact(entity.name, field.name, "x")
    act = d.add(
        lambda id_: Write(
            id=id_,
            kind="update",
            entity=entity.name,
            target=node,
            settings=(Setting(field=field.name, fact=fact),),
        )
    )
    d.add(lambda id_: Refuse(id=id_, act=act, because="no_tool"))
    return True


def kept(d: Drawn) -> bool:
    """A row that may not go, since others refer to it."""
    relation = d.draws.choice(d.schema.relations)
    entity = d.schema.entity(relation.target)
    row = d.row(entity)
    node = d.one(entity, row, ("eq", "measure"))
    bits = d.tables.reach(relation.name, True, d.tables.bits_of(entity.name, [row]))
    guards = {g for t in d.tools for g in t.guards}
    rule = f"{entity.name}_keeps_{relation.name}"
    if node is None or not bits or rule not in guards:
        return False
    act = d.add(lambda id_: Write(id=id_, kind="delete", entity=entity.name, target=node))
    d.add(lambda id_: Refuse(id=id_, act=act, because="rule", rule=rule))
    return True


def shifted(d: Drawn) -> bool:
    """A change whose value the user thinks better of."""
    entity = d.entity(d.change)
    node = d.one(entity, d.row(entity))
    if node is None or d.write(entity, node) is None:
        return False
    (write,) = (n for n in d.nodes if isinstance(n, Write))
    old = d.change(entity)
    then = write.settings[0].fact
    if old is None or then is None:
        return False
    first = d.fact(entity.name, write.settings[0].field, old[1])
    d.add(lambda id_: Shift(id=id_, first=first, then=then))
    return True


def several(d: Drawn) -> bool:
    """Changes of several rows, and an answer, one after the other."""
    entity = d.entity(d.change)
    rows = d.draws.sample(list(d.tables.rows(entity.name)), 3)
    for row in rows[:2]:
        node = d.one(entity, row)
        if node is None or d.write(entity, node) is None:
            return False
    node = d.one(entity, rows[2], ("eq", "contains", "range"))
    return node is not None and d.ask(node, rows[2])


KINDS: dict[str, Callable[[Drawn], bool]] = {
    one.__name__: one
    for one in (
        vague, hops, best, compare, absent, mine, computed, facts_only, counted, figured, years,
        chosen, members, every, guarded, existing, no_row, no_value, no_tool, kept, shifted,
        several,
    )
}  # fmt: skip


def draw_plan(
    tables: Tables, tools: Sequence[Tool], kind: str, draws: random.Random
) -> Plan | None:
    """Draw a plan of a kind; None where it did not come about."""
    d = Drawn(tables, tools, draws)
    try:
        return d.plan() if KINDS[kind](d) else None
    except IndexError:  # nothing to choose from
        return None
