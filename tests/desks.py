"""Small domains with rules, and a judge of plans that plays them where rules are enforced."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace
from strategies_plans import entity, field, relation

from agentgym import domain as domain_room
from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.formats import Json
from agentgym.plan import Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.populate import fill as populate
from agentgym.rules import Calls, parts
from agentgym.schema import Check, Derived, Lifecycle, Product, Schema
from agentgym.schema.types import Row, fold, to_stored
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.trial import served_by
from agentgym.tools.derive import derive
from agentgym.tools.derive.rules import synthesize
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.journal import RowChange, Session

NOW = "2026-01-01T09:00:00Z"
DOMAINS = Path(__file__).resolve().parents[1] / "domains"

CUSTOMER = (
    field("first_name", "text", "person"),
    field("last_name", "text", "person"),
    field("email", "text", "contact", unique=True),
    field("city", "text", "place", nullable=True),
    field("joined_on", "date", "time"),
)
ORDER = (
    field("number", "text", "code", unique=True),
    field("status", "enum", "status", values=("open", "paid", "shipped", "cancelled")),
    field("due_on", "date", "time", nullable=True),
    field("total", "decimal", "money", scale=2),
    field("written_at", "datetime", "audit"),
)
PRODUCT = (
    field("name", "text", "label"),
    field("grade", "enum", "category", values=("plain", "fine", "rare")),
    field("price", "decimal", "money", scale=2),
    field("in_stock", "integer", "quantity"),
)
LINE = (
    field("quantity", "integer", "quantity"),
    field("unit_price", "decimal", "money", scale=2),
    field("note", "text", "other", nullable=True),
)
MOVES = {
    "open": ("paid", "cancelled"),
    "paid": ("shipped", "cancelled"),
    "shipped": (),
    "cancelled": (),
}


def schema_of(*, cycle: bool, checked: bool, summed: bool, products: bool) -> Schema:
    """Make a shop's schema: customers, orders, their lines, and products if wanted."""
    lines = ("order_id", "product_id") if products else ("order_id",)
    made = [
        entity("customer", "customers", *CUSTOMER),
        entity("order", "orders", *ORDER, references=("customer_id",)),
        entity("line", "lines", *LINE, references=lines),
    ]
    relations = [
        relation("order", "customer_id", "customer"),
        relation("line", "order_id", "order"),
    ]
    if products:
        made.append(entity("product", "products", *PRODUCT))
        relations.append(relation("line", "product_id", "product"))
    checks = [Check(id="line_quantity_positive", entity="line", field="quantity", op="ge", value=1)]
    derived = [
        Derived(
            id="order_total",
            entity="order",
            field="total",
            relation="line_order",
            how="sum",
            terms=(Product(fields=("quantity", "unit_price")),),
        )
    ]
    cycles = [Lifecycle(entity="order", field="status", initial=("open",), moves=MOVES)]
    schema = Schema(
        entities=tuple(made),
        relations=tuple(relations),
        checks=tuple(checks) if checked else (),
        lifecycles=tuple(cycles) if cycle else (),
        derived=tuple(derived) if summed else (),
    )
    schema.validate()
    return schema


def domain_of(schema: Schema, *, seed: int, size: int, level: int) -> Domain:
    """Make a domain with every tool and rules of a level."""
    rows = populate(schema, {}, seed=seed, size=size)
    kept = rules.derive(schema)
    tools = derive(schema, kept)
    found = synthesize(schema, rows, tools, level=level, seed=seed, now=NOW, rules=kept)
    made = Domain(
        name="shop",
        title="shop",
        description="You work at the shop.",
        schema=schema,
        rules=(*kept, *found.rules),
        tools=found.tools,
        clock=Clock(start=NOW),
        source=Source(kind="sql", name="shop", sha256="0" * 64),
        rows={one.name: tuple(rows.get(one.name, ())) for one in schema.entities},
    )
    made.validate()
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where="shop")


class Desk(NamedTuple):
    """A small domain, told by what it is made with."""

    cycle: bool
    checked: bool
    summed: bool
    products: bool
    seed: int
    size: int
    level: int

    def domain(self) -> Domain:
        """Make it."""
        schema = schema_of(
            cycle=self.cycle, checked=self.checked, summed=self.summed, products=self.products
        )
        return domain_of(schema, seed=self.seed, size=self.size, level=self.level)


def desks() -> st.SearchStrategy[Desk]:
    """Draw a small domain with rules of some level."""
    return st.builds(
        Desk,
        cycle=st.booleans(),
        checked=st.booleans(),
        summed=st.booleans(),
        products=st.booleans(),
        seed=st.integers(0, 99),
        size=st.integers(3, 9),
        level=st.integers(0, 4),
    )


@cache
def committed(name: str) -> Domain:
    """Load one of our own domains."""
    return domain_room.load(DOMAINS / name)


@cache
def _writer(name: str) -> Writer:
    return writer_of(committed(name))


def own_writer(name: str) -> Writer:
    """Return the writer of one of our own domains."""
    return _writer(name)


def writer_of(domain: Domain) -> Writer:
    """Return what draws candidates over a domain."""
    tables = Tables(domain.schema, domain.rows)
    return Writer(tables, domain.tools, domain.rules, domain=domain, now=domain.clock.start)


class Judge:
    """Plays the writes of plans where rules are enforced.

    Args:
        domain: The domain.
        writer: Says which calls a write is; what they come to is not its to say.
    """

    def __init__(self, domain: Domain, writer: Writer) -> None:
        self.domain, self.writer = domain, writer
        self.tables = Tables(domain.schema, domain.rows)
        self.engine = Engine(domain)
        self.world = self.engine.world()

    def served(self, plan: Plan) -> Plan:
        """Say who the user is."""
        return self.writer.parties.served(plan, random.Random(0))

    def play(self, plan: Plan, writes: list[Write]) -> list[Result]:
        """Play writes from the start, saying and looking first at what rules want."""
        self.world.reset()
        served = self.served(plan)
        results = []
        for write in writes:
            way = next(iter(self.writer.trial.calls(served, write)), None)
            assert way is not None, "no tool does the write"
            for arguments in way[1]:
                results.append(self.call(served, way[0].name, dict(arguments)))
        return results

    def call(self, plan: Plan, name: str, arguments: dict[str, Json]) -> Result:
        """Make one call after what a conversation can do for it."""
        tool = self.domain.tool_by_name[name]
        row = served_by(plan, self.tables)
        identity = None
        if row is not None and plan.party is not None:
            owner = self.domain.schema.entity(plan.party.entity)
            identity = owner.name, tuple(row[owner.position(one)] for one in owner.key)
        session = Session(identity=identity, confirmed=1, marks=self.world.session.marks)
        self.world.session = session
        for rule in tool.guards:
            for part in parts(self.domain.rule(rule).predicate):
                if isinstance(part, Calls) and part.op == "ge":
                    look = {b: arguments[a] for a, b in part.same.items() if a in arguments}
                    self.engine.call(self.world, part.tool, look)
        return self.engine.call(self.world, name, arguments)

    def changes(self) -> tuple[RowChange, ...]:
        """Return what differs from the start."""
        return self.world.diff()

    def without(self, rule: str) -> Judge:
        """Return the judge of the domain that does not have a rule."""
        tools = tuple(
            replace(tool, guards=tuple(one for one in tool.guards if one != rule))
            for tool in self.domain.tools
        )
        kept = tuple(one for one in self.domain.rules if one.id != rule)
        return Judge(replace(self.domain, rules=kept, tools=tools), self.writer)


def rows_of(plan: Plan, domain: Domain, name: str) -> list[Row]:
    """Find the rows of a select by looking at every row: equal clues, links and picks only."""
    node = plan.node(name)
    assert isinstance(node, Select)
    owner = domain.schema.entity(node.entity)
    found = []
    below = {link.node: rows_of(plan, domain, link.node) for link in node.links}
    for row in domain.rows[owner.name]:
        fits = True
        for where in node.where:
            assert where.op == "eq" and where.of is None
            value = row[owner.position(where.field)]
            told = to_stored(owner.field(where.field), plan.fact(where.fact).value)
            same = fold(str(value)) == fold(str(told)) if isinstance(told, str) else value == told
            fits = fits and value is not None and same
        for link in node.links:
            tie = domain.schema.relation(link.relation)
            child, parent = domain.schema.entity(tie.entity), domain.schema.entity(tie.target)

            def joined(one: Row, other: Row) -> bool:
                first, second = (one, other) if link.forward else (other, one)  # noqa: B023
                pairs = zip(tie.fields, tie.target_fields, strict=True)  # noqa: B023
                return all(
                    first[child.position(a)] is not None  # noqa: B023
                    and first[child.position(a)] == second[parent.position(b)]  # noqa: B023
                    for a, b in pairs
                )

            fits = fits and any(joined(row, other) for other in below[link.node])
        if fits:
            found.append(row)
    if node.pick is not None:
        place = owner.position(node.pick.field)
        values = [row[place] for row in found if row[place] is not None]
        best = (max if node.pick.largest else min)(values, default=None)  # type: ignore[type-var]
        found = [row for row in found if row[place] == best and best is not None]
    return found
