"""A market with everything that a domain can have, for Hypothesis to put together.

Customers hold accounts and place orders with lines; lines take stock, totals follow them, a
history is written, tags are linked to products, stalls are booked. `choices` draws which
derived values, effects, rules and tools there are, and rows that satisfy them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym import rules as rule_room
from agentgym.domain import Clock, Domain, Source
from agentgym.rules import (
    Add,
    Adjust,
    All,
    AnyOf,
    Assign,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Effect,
    Elapsed,
    Holder,
    In,
    Not,
    Owner,
    Param,
    Rule,
    Value,
)
from agentgym.schema import (
    Check,
    Derived,
    Entity,
    Exclusive,
    Field,
    Lifecycle,
    Product,
    Relation,
    Schema,
)
from agentgym.schema.types import Row
from agentgym.testing.store import Store
from agentgym.tools.algebra import (
    Argument,
    AskUser,
    Create,
    Delete,
    Get,
    Identify,
    Link,
    ListRelated,
    Nested,
    Sequence,
    Side,
    Step,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    is_write,
    subject,
)
from agentgym.tools.parameters import parameters

__all__ = ["choices", "chosen", "market"]

NOW = "2026-03-01T12:00:00Z"


def _field(name: str, kind: str = "integer", **more: Any) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=kind, **more)  # type: ignore[arg-type]


def _entity(name: str, *fields: Field, **more: Any) -> Entity:
    key = more.pop("key", (f"{name}_id",))
    own = (_field(f"{name}_id", role="key"),) if key == (f"{name}_id",) else ()
    source = "counter" if own else "given"
    return Entity(
        name=name,
        label=name.replace("_", " "),
        plural=f"{name.replace('_', ' ')}s",
        key=key,
        key_source=source,  # type: ignore[arg-type]
        fields=(*own, *fields),
        **more,
    )


def _relation(entity: str, target: str) -> Relation:
    return Relation(
        name=f"{entity}_{target}",
        entity=entity,
        fields=(f"{target}_id",),
        target=target,
        target_fields=(f"{target}_id",),
        label=target,
        inverse=f"{entity}s",
    )


ENTITIES = (
    _entity(
        "customer",
        _field("email", "text", unique=True, max_length=20, role="contact"),
        _field("tier", "enum", values=("plain", "gold"), role="category"),
        _field("orders_made", role="quantity"),
        _field("last_order", "datetime", nullable=True, role="time"),
    ),
    _entity(
        "account",
        _field("customer_id", nullable=True, role="reference"),
        _field("currency", "enum", values=("EUR", "USD")),
        _field("balance", "decimal", scale=2, nullable=True, role="money"),
    ),
    _entity(
        "product",
        _field("price", "decimal", scale=2, role="money"),
        _field("stock", nullable=True, role="quantity"),
        _field("weight", "float", nullable=True),
        _field("parent_id", nullable=True, role="reference"),
        _field("parts", role="quantity"),
    ),
    _entity(
        "orders",
        _field("customer_id", role="reference"),
        _field(
            "status", "enum", values=("open", "paid", "cancelled"), default="open", role="status"
        ),
        _field("placed_at", "datetime", role="time"),
        _field("closed_on", "date", nullable=True, role="time"),
        _field("shipping", "decimal", scale=1, nullable=True, role="money"),
        _field("total", "decimal", scale=2, role="money"),
        _field("tax", "decimal", scale=1, role="money"),
        _field("lines", role="quantity"),
        _field("heaviest", "float", nullable=True),
        _field("updated_at", "datetime", nullable=True, role="audit"),
    ),
    _entity(
        "line",
        _field("orders_id", role="reference"),
        _field("product_id", nullable=True, role="reference"),
        _field("quantity", role="quantity"),
        _field("price", "decimal", scale=2, nullable=True, role="money"),
        _field("amount", "decimal", scale=2, role="money"),
        _field("rate", "decimal", scale=3, nullable=True),
        _field("state", "enum", values=("on", "off"), default="on"),
    ),
    _entity("tag", _field("name", "text", unique=True, max_length=10, role="label")),
    _entity(
        "product_tag",
        _field("product_id", role="reference"),
        _field("tag_id", role="reference"),
        _field("note", "text", nullable=True, max_length=10),
        key=("product_id", "tag_id"),
        kind="link",
    ),
    _entity(
        "history",
        _field("orders_id", role="reference"),
        _field("old", "text", nullable=True),
        _field("new", "text", nullable=True),
        _field("at", "datetime", role="time"),
        kind="log",
    ),
    _entity(
        "booking",
        _field("customer_id", nullable=True, role="reference"),
        _field("product_id", role="reference"),
        _field("start", "datetime", nullable=True, role="time"),
        _field("stop", "datetime", nullable=True, role="time"),
        _field("state", "enum", values=("held", "dropped"), default="held", role="status"),
    ),
)
RELATIONS = (
    _relation("account", "customer"),
    _relation("orders", "customer"),
    _relation("line", "orders"),
    _relation("line", "product"),
    _relation("product_tag", "product"),
    _relation("product_tag", "tag"),
    _relation("history", "orders"),
    _relation("booking", "customer"),
    _relation("booking", "product"),
    Relation(
        name="product_parent",
        entity="product",
        fields=("parent_id",),
        target="product",
        target_fields=("product_id",),
        label="parent",
        inverse="parts",
    ),
)
CYCLES = (
    Lifecycle(
        entity="orders",
        field="status",
        initial=("open",),
        moves={"open": ("paid", "cancelled"), "paid": ("cancelled",), "cancelled": ()},
    ),
)


def _product(*fields: str, sign: Any = 1) -> Product:
    return Product(fields=fields, sign=sign)


DERIVED = (
    Derived(id="amount", entity="line", field="amount", terms=(_product("quantity", "price"),)),
    Derived(
        id="total",
        entity="orders",
        field="total",
        relation="line_orders",
        terms=(_product("amount"),),
        own=(_product("shipping"),),
        where={"state": ("on",)},
    ),
    Derived(
        id="tax",
        entity="orders",
        field="tax",
        terms=(_product("total"), _product("shipping", sign=-1)),
    ),
    Derived(id="lines", entity="orders", field="lines", how="count", relation="line_orders"),
    Derived(
        id="heaviest",
        entity="orders",
        field="heaviest",
        how="max",
        relation="line_orders",
        terms=(_product("rate"),),
    ),
    Derived(
        id="made",
        entity="customer",
        field="orders_made",
        how="count",
        relation="orders_customer",
        where={"status": ("open", "paid")},
    ),
    Derived(
        id="last",
        entity="customer",
        field="last_order",
        how="max",
        relation="orders_customer",
        terms=(_product("placed_at"),),
    ),
    Derived(id="parts", entity="product", field="parts", how="count", relation="product_parent"),
)
EXCLUSIVES = (
    Exclusive(id="one_open", entity="orders", same=("customer_id",), where={"status": ("open",)}),
    Exclusive(
        id="no_overlap",
        entity="booking",
        same=("product_id",),
        where={"state": ("held",)},
        span=("start", "stop"),
    ),
)
CHECKS = (
    Check(id="stock_ge_0", entity="product", field="stock", op="ge", value=0),
    Check(id="balance_ge_0", entity="account", field="balance", op="ge", value=0),
    Check(id="total_le_9999", entity="orders", field="total", op="le", value=9999),
    Check(id="start_stop", entity="booking", field="start", op="lt", other="stop"),
)
EFFECTS = (
    Effect(
        id="stock_falls",
        entity="line",
        on=("create", "update", "delete"),
        do=Adjust(path=("line_product",), field="stock", by=_product("quantity", sign=-1)),
    ),
    Effect(
        id="stock_returns",
        entity="orders",
        on=("update",),
        each="line_orders",
        when=Compare(field="status", op="eq", value="cancelled"),
        do=Adjust(path=("line_product",), field="stock", by=_product("quantity")),
    ),
    Effect(
        id="closes",
        entity="orders",
        on=("update",),
        when=In(field="status", values=("paid", "cancelled")),
        do=Assign(field="closed_on", value=Value(now=True)),
    ),
    Effect(
        id="noted",
        entity="orders",
        on=("create", "update"),
        fields=("status",),
        lasting=True,
        do=Add(
            entity="history",
            values={
                "orders_id": Value(field="orders_id"),
                "old": Value(field="status", before=True),
                "new": Value(field="status"),
            },
        ),
    ),
    Effect(
        id="lines_off",
        entity="orders",
        on=("update",),
        each="line_orders",
        when=Compare(field="status", op="eq", value="cancelled"),
        do=Assign(field="state", value=Value(given="off")),
    ),
    Effect(
        id="promotes",
        entity="orders",
        on=("create", "update"),
        when=Compare(field="total", op="ge", value=50),
        do=Assign(path=("orders_customer",), field="tier", value=Value(given="gold")),
    ),
    Effect(
        id="priced",
        entity="line",
        on=("create",),
        when=Compare(field="quantity", op="ge", value=0),
        do=Assign(field="price", value=Value(field="price", path=("line_product",))),
    ),
)
RULES = (
    Rule(
        id="who",
        kind="authentication",
        entity="orders",
        on=("create", "update", "delete"),
        predicate=Authenticated(entity="customer"),
    ),
    Rule(
        id="own",
        kind="ownership",
        entity="orders",
        on=("create", "update", "delete", "read"),
        predicate=Owner(path=("orders_customer",)),
    ),
    Rule(
        id="line_open",
        kind="state",
        entity="line",
        on=("create", "update", "delete"),
        predicate=Compare(field="status", path=("line_orders",), op="eq", value="open"),
    ),
    Rule(
        id="few_lines",
        kind="limit",
        entity="line",
        on=("create",),
        predicate=Count(
            path=("line_orders",),
            relation="line_orders",
            where={"state": ("on",)},
            op="le",
            value=3,
        ),
    ),
    Rule(
        id="early",
        kind="time_window",
        entity="booking",
        on=("create", "update"),
        predicate=Elapsed(field="start", op="le", seconds=-86400),
    ),
    Rule(
        id="gold",
        kind="tier",
        entity="booking",
        on=("create",),
        predicate=Holder(entity="customer", field="tier", values=("gold",)),
    ),
    Rule(
        id="sure",
        kind="confirmation",
        entity="orders",
        on=("update",),
        fields=("status",),
        predicate=AnyOf(of=(Confirmed(), Compare(field="total", op="lt", value=5))),
    ),
    Rule(
        id="small",
        kind="limit",
        entity="account",
        on=("update",),
        predicate=Param(param="amount", op="le", value=10),
    ),
    Rule(
        id="seen",
        kind="order",
        entity="product",
        on=("update", "delete"),
        predicate=Calls(tool="get_product", same={"product_id": "product_id"}, op="ge", value=1),
    ),
    Rule(
        id="advice",
        kind="state",
        entity="orders",
        on=("update",),
        enforced=False,
        predicate=Not(
            of=All(
                of=(
                    Compare(field="lines", op="eq", value=0),
                    Compare(field="status", op="eq", value="paid"),
                )
            )
        ),
    ),
    Rule(
        id="whole",
        kind="limit",
        entity="orders",
        on=("create",),
        predicate=Compare(field="total", op="ge", value=1),
    ),
)


def _arg(param: str, field: str = "", *, required: bool = False) -> Argument:
    return Argument(param=param, field=field or param, description=param, required=required)


def _tools(schema: Schema) -> list[Tool]:
    made: list[tuple[str, Any]] = []
    for entity in schema.entities:
        key = tuple(_arg(name, required=True) for name in entity.key)
        free = [f for f in entity.fields if f.name not in entity.key]
        free = [
            f for f in free if (entity.name, f.name) not in schema.computed and f.role != "audit"
        ]
        values = tuple(_arg(f.name, required=not f.nullable and f.default is None) for f in free)
        made.append((f"get_{entity.name}", Get(entity=entity.name, key=key)))
        if entity.kind != "link":
            made.append((f"create_{entity.name}", Create(entity=entity.name, values=values)))
        if values:
            loose = tuple(_arg(f.name) for f in free if f.role != "status")
            made.append(
                (f"update_{entity.name}", Update(entity=entity.name, key=key, values=loose))
            )
        made.append((f"delete_{entity.name}", Delete(entity=entity.name, key=key)))
    ends = (_arg("product_id", required=True), _arg("tag_id", required=True))
    order_values = tuple(
        _arg(name, required=name == "customer_id")
        for name in ("customer_id", "placed_at", "shipping")
    )
    line_values = tuple(
        _arg(n, required=n == "quantity")
        for n in ("product_id", "quantity", "price", "amount", "rate", "state")
        if ("line", n) not in schema.computed
    )
    if ("line", "amount") not in schema.computed:
        line_values = tuple(
            _arg(a.param, required=a.param in ("quantity", "amount")) for a in line_values
        )
    for name in ("total", "tax", "lines"):
        if ("orders", name) not in schema.computed:
            order_values += (_arg(name, required=True),)
    place = Create(
        entity="orders",
        values=order_values,
        nested=(
            Nested(
                param="items",
                relation="line_orders",
                values=line_values,
                description="lines",
                least=0,
                most=4,
            ),
        ),
    )
    move = Transition(
        entity="orders", key=(_arg("orders_id", required=True),), to=_arg("status", required=True)
    )
    transfer = Transfer(
        source=Side(
            entity="account", key=(_arg("from_id", "account_id", required=True),), field="balance"
        ),
        target=Side(
            entity="account", key=(_arg("to_id", "account_id", required=True),), field="balance"
        ),
        amount=_arg("amount", "balance", required=True),
        same=(("currency", "currency"),),
    )
    link = Link(entity="product_tag", ends=ends, values=(_arg("note"),))
    unlink = Unlink(entity="product_tag", ends=ends)
    swap = Sequence(
        steps=(
            Step(
                term=Unlink(
                    entity="product_tag",
                    ends=(ends[0], _arg("old_tag_id", "tag_id", required=True)),
                )
            ),
            Step(
                term=Link(
                    entity="product_tag",
                    ends=(ends[0], _arg("new_tag_id", "tag_id", required=True)),
                )
            ),
        )
    )
    buy = Sequence(
        steps=(
            Step(term=Create(entity="orders", values=order_values)),
            Step(
                term=Create(entity="line", values=(_arg("orders_id", required=True), *line_values)),
                taken={"orders_id": "0.orders_id"},
            ),
            Step(term=move, given={"status": "paid"}, taken={"orders_id": "0.orders_id"}),
        )
    )
    made += [
        ("place_order", place),
        ("move_order", move),
        ("transfer_money", transfer),
        ("link_tag", link),
        ("unlink_tag", unlink),
        ("swap_tag", swap),
        ("buy", buy),
        ("identify_customer", Identify(entity="customer", by=(_arg("email", required=True),))),
        (
            "list_lines",
            ListRelated(
                relation="line_orders", key=(_arg("orders_id", required=True),), page_size=3
            ),
        ),
        ("ask_user", AskUser()),
    ]
    return [Tool(name=name, description=name, term=term) for name, term in made]


def _guarded(tool: Tool, found: tuple[Rule, ...], schema: Schema) -> Tool:
    """Name the rules that the tool could break."""
    named = []
    params = parameters(tool, schema)["properties"]
    for rule in found:
        if rule.kind == "invariant" or rule.entity not in _touched(tool.term, schema):
            continue
        predicate = rule.predicate
        if isinstance(predicate, Param) and predicate.param not in params:
            continue
        if isinstance(predicate, Calls) and not set(predicate.same) <= set(params):
            continue
        if is_write(tool) or (isinstance(tool.term, (Get, ListRelated)) and "read" in rule.on):
            named.append(rule.id)
    return Tool(name=tool.name, description=tool.description, term=tool.term, guards=tuple(named))


def _touched(term: Term, schema: Schema) -> set[str]:
    match term:
        case Sequence():
            return set().union(*(_touched(step.term, schema) for step in term.steps))
        case Create():
            return {term.entity, *(schema.relation(one.relation).entity for one in term.nested)}
        case ListRelated():
            return {schema.relation(term.relation).target}
        case _:
            return {str(subject(term, schema))}


def market(
    *,
    derived: tuple[Derived, ...] = DERIVED,
    exclusives: tuple[Exclusive, ...] = EXCLUSIVES,
    checks: tuple[Check, ...] = CHECKS,
    effects: tuple[Effect, ...] = EFFECTS,
    business: tuple[Rule, ...] = RULES,
    rows: dict[str, tuple[Row, ...]] | None = None,
) -> Domain:
    """Put a market together; rows are made fit by deriving what is derived."""
    schema = Schema(
        entities=ENTITIES,
        relations=RELATIONS,
        checks=checks,
        lifecycles=CYCLES,
        derived=derived,
        exclusives=exclusives,
    )
    found = (*rule_room.derive(schema), *business)
    tools = tuple(_guarded(tool, found, schema) for tool in _tools(schema))
    domain = Domain(
        name="market",
        title="Market",
        description="A market.",
        schema=schema,
        rules=found,
        effects=effects,
        tools=tools,
        clock=Clock(start=NOW),
        source=Source(kind="test", name="test", sha256=""),
        rows=ROWS if rows is None else rows,
    )
    return _settled(domain)


def _settled(domain: Domain) -> Domain:
    """Give every derived value its value."""
    store = Store(domain)
    for _ in range(4):
        for entity in domain.schema.entities:
            for row in store.tables[entity.name].values():
                store.derive(entity, row)
    return replace(domain, rows={e.name: tuple(store.rows(e.name)) for e in domain.schema.entities})


ROWS: dict[str, tuple[Row, ...]] = {
    "customer": (
        (1, "ada@x", "plain", 0, None),
        (2, "ben@x", "gold", 0, None),
        (3, "Ada@X2", "plain", 0, None),
    ),
    "account": ((1, 1, "EUR", 5000), (2, 2, "EUR", 100), (3, None, "USD", 70), (4, 2, "EUR", None)),
    "product": (
        (1, 250, 10, 1.5, None, 0),
        (2, 1999, 3, None, 1, 0),
        (3, 5, None, 0.25, 2, 0),
        (4, 100, 0, 2.0, 4, 0),
    ),
    "orders": (
        (1, 1, "open", "2026-02-01T10:00:00Z", None, 5, 0, 0, 0, None, None),
        (2, 2, "paid", "2026-02-02T10:00:00Z", "2026-02-03", None, 0, 0, 0, None, None),
        (
            3,
            2,
            "cancelled",
            "2026-01-02T10:00:00Z",
            None,
            10,
            0,
            0,
            0,
            None,
            "2026-01-05T00:00:00Z",
        ),
    ),
    "line": (
        (1, 1, 1, 2, 250, 500, 1250, "on"),
        (2, 1, 2, 1, 1999, 1999, None, "off"),
        (3, 2, 3, 4, None, 0, 500, "on"),
        (4, 3, None, 1, 7, 7, 125, "on"),
    ),
    "tag": ((1, "red"), (2, "green")),
    "product_tag": ((1, 1, None), (2, 1, "x"), (2, 2, None)),
    "history": ((1, 1, None, "open", "2026-02-01T10:00:00Z"),),
    "booking": (
        (1, 1, 1, "2026-03-05T10:00:00Z", "2026-03-05T12:00:00Z", "held"),
        (2, 2, 1, "2026-03-05T11:00:00Z", "2026-03-05T12:00:00Z", "dropped"),
        (3, None, 2, None, None, "held"),
    ),
}


PARTS: dict[str, tuple[Any, ...]] = {
    "derived": DERIVED,
    "exclusives": EXCLUSIVES,
    "checks": CHECKS,
    "effects": EFFECTS,
    "business": RULES,
}


def choices() -> st.SearchStrategy[dict[str, list[str]]]:
    """Draw the ids of what a market shall have: any part of all, in any order."""
    return st.fixed_dictionaries(
        {
            name: st.lists(st.sampled_from([one.id for one in whole]), unique=True)
            for name, whole in PARTS.items()
        }
    )


def chosen(ids: dict[str, list[str]]) -> Domain:
    """Put together the market of those parts."""
    parts: dict[str, Any] = {
        name: tuple(next(one for one in PARTS[name] if one.id == i) for i in found)
        for name, found in ids.items()
    }
    return market(**parts)
