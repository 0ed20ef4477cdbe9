"""A store with derived values, effects and every term that writes; and its plain bookkeeping."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.rules import Add, Adjust, Assign, Compare, Effect, In, Rule, Value
from agentgym.schema import Check, Derived, Entity, Field, Lifecycle, Product, Relation, Schema
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Link,
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
)

__all__ = ["EFFECTS", "SCHEMA", "arg", "computed", "domain", "facts", "kept"]

_STATES = ("open", "sent", "returned")


def _field(name: str, kind: Any, **more: Any) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=kind, **more)


def _entity(name: str, *fields: Field, key: tuple[str, ...] = ("id",), **more: Any) -> Entity:
    return Entity(
        name=name,
        label=name,
        plural=f"{name}s",
        key=key,
        key_source=more.pop("key_source", "counter"),
        fields=fields,
        **more,
    )


def _relation(entity: str, field: str, target: str, theirs: str = "id") -> Relation:
    return Relation(
        name=f"{entity}_{field.removesuffix('_id')}",
        entity=entity,
        fields=(field,),
        target=target,
        target_fields=(theirs,),
        label=target,
        inverse=f"{entity}s",
    )


def _money(name: str, **more: Any) -> Field:
    return _field(name, "decimal", scale=2, role="money", **more)


SCHEMA = Schema(
    entities=(
        _entity(
            "customer",
            _field("id", "integer", role="key"),
            _field("name", "text", max_length=20),
            _money("spent"),
            _field("open_orders", "integer"),
            _field("last_order", "date", nullable=True),
            _field("boss_id", "integer", nullable=True, role="reference"),
            _field("reports", "integer"),
        ),
        _entity(
            "product",
            _field("sku", "text", role="key"),
            _field("stock", "integer", nullable=True),
            key=("sku",),
            key_source="given",
        ),
        _entity(
            "order",
            _field("id", "integer", role="key"),
            _field("customer_id", "integer", nullable=True, role="reference"),
            _field("status", "enum", values=_STATES, role="status"),
            _money("shipping", default=Decimal(0)),
            _money("subtotal"),
            _money("total"),
            _field("lines", "integer"),
            _field("fee", "decimal", scale=1),
            _field("weight", "float"),
            _money("cheapest", nullable=True),
            _field("placed_on", "date"),
            _field("sent_at", "datetime", nullable=True),
        ),
        _entity(
            "line",
            _field("id", "integer", role="key"),
            _field("order_id", "integer", nullable=True, role="reference"),
            _field("sku", "text", role="reference"),
            _field("quantity", "integer"),
            _money("price"),
            _money("amount"),
            _field("rate", "decimal", scale=3, nullable=True),
            _field("weight", "float", nullable=True),
        ),
        _entity(
            "account",
            _field("id", "integer", role="key"),
            _field("currency", "text"),
            _money("balance", nullable=True),
            key_source="given",
        ),
        _entity("tag", _field("id", "integer", role="key"), _field("word", "text", unique=True)),
        _entity(
            "order_tag",
            _field("order_id", "integer"),
            _field("tag_id", "integer"),
            _field("note", "text", nullable=True),
            key=("order_id", "tag_id"),
            key_source="given",
            kind="link",
        ),
        _entity(
            "history",
            _field("id", "integer", role="key"),
            _field("order_no", "integer"),
            _field("was", "text", nullable=True),
            _field("became", "text", nullable=True),
            _money("rise"),
            _field("at", "datetime"),
        ),
    ),
    relations=(
        _relation("customer", "boss_id", "customer"),
        _relation("order", "customer_id", "customer"),
        _relation("line", "order_id", "order"),
        _relation("line", "sku", "product", "sku"),
        _relation("order_tag", "order_id", "order"),
        _relation("order_tag", "tag_id", "tag"),
    ),
    checks=(
        Check(id="stock_least", entity="product", field="stock", op="ge", value=0),
        Check(id="balance_least", entity="account", field="balance", op="ge", value=0),
        Check(id="total_most", entity="order", field="total", op="le", value=100),
    ),
    lifecycles=(
        Lifecycle(
            entity="order",
            field="status",
            initial=("open",),
            moves={"open": ("sent",), "sent": ("returned",), "returned": ()},
        ),
    ),
    derived=(
        # Against the order in which they follow from each other.
        Derived(
            id="total",
            entity="order",
            field="total",
            terms=(Product(fields=("subtotal",)), Product(fields=("shipping",))),
        ),
        Derived(
            id="subtotal",
            entity="order",
            field="subtotal",
            relation="line_order",
            terms=(Product(fields=("amount",)),),
        ),
        Derived(
            id="amount",
            entity="line",
            field="amount",
            terms=(Product(fields=("quantity", "price")),),
        ),
        Derived(id="lines", entity="order", field="lines", how="count", relation="line_order"),
        Derived(
            id="fee",
            entity="order",
            field="fee",
            relation="line_order",
            terms=(Product(fields=("quantity", "rate")),),
            own=(Product(fields=("shipping",), sign=-1),),
        ),
        Derived(
            id="weight",
            entity="order",
            field="weight",
            relation="line_order",
            terms=(Product(fields=("weight",)),),
        ),
        Derived(
            id="cheapest",
            entity="order",
            field="cheapest",
            how="min",
            relation="line_order",
            terms=(Product(fields=("price",)),),
        ),
        Derived(
            id="spent",
            entity="customer",
            field="spent",
            relation="order_customer",
            terms=(Product(fields=("total",)),),
            where={"status": ("sent", "returned")},
        ),
        Derived(
            id="open_orders",
            entity="customer",
            field="open_orders",
            how="count",
            relation="order_customer",
            where={"status": ("open",)},
        ),
        Derived(
            id="last_order",
            entity="customer",
            field="last_order",
            how="max",
            relation="order_customer",
            terms=(Product(fields=("placed_on",)),),
        ),
        Derived(
            id="reports", entity="customer", field="reports", how="count", relation="customer_boss"
        ),
    ),
)

EFFECTS = (
    Effect(
        id="stock_follows",
        entity="line",
        on=("create", "update", "delete"),
        do=Adjust(path=("line_sku",), field="stock", by=Product(fields=("quantity",), sign=-1)),
    ),
    Effect(
        id="sending_is_timed",
        entity="order",
        on=("update",),
        when=In(field="status", values=("sent",)),
        do=Assign(field="sent_at", value=Value(now=True)),
    ),
    Effect(
        id="moves_are_logged",
        entity="order",
        on=("update",),
        fields=("status",),
        do=Add(
            entity="history",
            values={
                "order_no": Value(field="id"),
                "was": Value(field="status", before=True),
                "became": Value(field="status"),
                "rise": Value(change="total"),
            },
        ),
        lasting=True,
    ),
)


def arg(param: str, field: str = "", *, required: bool = False) -> Argument:
    """Make an argument."""
    return Argument(param=param, field=field or param, description=param, required=required)


def _need(param: str, field: str = "") -> Argument:
    return arg(param, field, required=True)


_LINE = (_need("sku"), _need("quantity"), _need("price"), arg("rate"), arg("weight"))
_PAY = Transfer(
    source=Side(entity="account", key=(_need("payer", "id"),), field="balance"),
    target=Side(entity="account", key=(_need("payee", "id"),), field="balance"),
    amount=_need("amount", "balance"),
    same=(("currency", "currency"),),
)
_TERMS: dict[str, Term] = {
    "create_order": Create(
        entity="order",
        values=(arg("customer_id"), arg("shipping"), arg("placed_on")),
        nested=(
            Nested(
                param="items", relation="line_order", values=_LINE, description="Lines.", most=4
            ),
        ),
    ),
    "add_line": Create(entity="line", values=(arg("order_id"), *_LINE)),
    "change_line": Update(
        entity="line",
        key=(_need("line_id", "id"),),
        values=(
            arg("order_id"),
            arg("sku"),
            arg("quantity"),
            arg("price"),
            arg("rate"),
            arg("weight"),
        ),
    ),
    "remove_line": Delete(entity="line", key=(_need("line_id", "id"),)),
    "set_status": Transition(entity="order", key=(_need("order_id", "id"),), to=_need("status")),
    "change_order": Update(
        entity="order",
        key=(_need("order_id", "id"),),
        values=(arg("customer_id"), arg("shipping"), arg("placed_on")),
    ),
    "delete_order": Delete(entity="order", key=(_need("order_id", "id"),)),
    "create_customer": Create(entity="customer", values=(_need("name"), arg("boss_id"))),
    "change_customer": Update(
        entity="customer",
        key=(_need("customer_id", "id"),),
        values=(arg("name"), arg("boss_id")),
    ),
    "delete_customer": Delete(entity="customer", key=(_need("customer_id", "id"),)),
    "pay": _PAY,
    "tag_order": Link(
        entity="order_tag", ends=(_need("order_id"), _need("tag_id")), values=(arg("note"),)
    ),
    "untag_order": Unlink(entity="order_tag", ends=(_need("order_id"), _need("tag_id"))),
    "pay_and_send": Sequence(
        steps=(
            Step(term=_PAY),
            Step(
                term=Transition(entity="order", key=(_need("order_id", "id"),), to=_need("status")),
                given={"status": "sent"},
            ),
        )
    ),
    "order_one": Sequence(
        steps=(
            Step(term=Create(entity="order", values=(arg("customer_id"),))),
            Step(
                term=Create(entity="line", values=(_need("order_id"), *_LINE[:3])),
                taken={"order_id": "0.id"},
            ),
        )
    ),
}


def domain(
    *,
    effects: tuple[Effect, ...] = EFFECTS,
    more: tuple[Rule, ...] = (),
    guards: dict[str, tuple[str, ...]] | None = None,
    terms: dict[str, Term] | None = None,
) -> Domain:
    """Make the store, with empty orders where nothing is said."""
    named = guards or {}
    return Domain(
        name="store",
        title="Store",
        description="A store.",
        schema=SCHEMA,
        rules=(*rules.derive(SCHEMA), *more),
        effects=effects,
        tools=tuple(
            Tool(name=name, description="T.", term=term, guards=named.get(name, ()))
            for name, term in (_TERMS | (terms or {})).items()
        ),
        clock=Clock(start="2026-01-01T00:00:00Z", step_s=3600),
        source=Source(kind="sql", name="store", sha256="0" * 64),
        rows={
            "customer": (
                (1, "Ada", 0, 1, "2025-05-01", None, 1),
                (2, "Ben", 0, 0, None, 1, 1),
                (3, "Cleo", 0, 0, None, 2, 0),
            ),
            "product": (("A", 10), ("B", 5), ("C", None)),
            "order": (
                (1, 1, "open", 50, 250, 300, 1, -5, 0.0, 125, "2025-05-01", None),
                (2, None, "open", 0, 0, 0, 0, 0, 0.0, None, "2025-06-01", None),
            ),
            "line": ((1, 1, "A", 2, 125, 250, None, None),),
            "account": ((1, "EUR", 1000), (2, "EUR", 0), (3, "USD", 500), (4, "EUR", None)),
            "tag": ((1, "gift"), (2, "late")),
            "order_tag": ((1, 1, None),),
        },
    )


def facts(world: Any, entity: str) -> list[dict[str, Any]]:
    """Return the rows as dicts of wire values."""
    fields = SCHEMA.entity(entity).fields
    return [
        {f.name: to_wire(f, v) for f, v in zip(fields, row, strict=True)}
        for row in world.rows(entity)
    ]


def computed(world: Any) -> dict[tuple[str, Any], dict[str, Any]]:
    """Work out by hand what every derived field must be, from the fields that are not."""
    found: dict[tuple[str, Any], dict[str, Any]] = {}
    lines, orders = facts(world, "line"), facts(world, "order")
    for line in lines:
        line["amount"] = line["quantity"] * line["price"]
        found["line", line["id"]] = {"amount": line["amount"]}
    for order in orders:
        below = [line for line in lines if line["order_id"] == order["id"]]
        order["subtotal"] = sum((line["amount"] for line in below), Decimal(0))
        order["total"] = order["subtotal"] + order["shipping"]
        fee = sum((Decimal(line["quantity"]) * (line["rate"] or 0) for line in below), Decimal(0))
        found["order", order["id"]] = {
            "subtotal": order["subtotal"],
            "total": order["total"],
            "lines": len(below),
            "fee": (fee - order["shipping"]).quantize(Decimal("0.1"), ROUND_HALF_UP),
            # Exact, then rounded once: the order of the lines has no say.
            "weight": float(sum(Decimal(line["weight"] or 0) for line in below)),
            "cheapest": min((line["price"] for line in below), default=None),
        }
    customers = facts(world, "customer")
    for customer in customers:
        below = [order for order in orders if order["customer_id"] == customer["id"]]
        found["customer", customer["id"]] = {
            "spent": sum((o["total"] for o in below if o["status"] != "open"), Decimal(0)),
            "open_orders": sum(o["status"] == "open" for o in below),
            "last_order": max((o["placed_on"] for o in below), default=None),
            "reports": sum(one["boss_id"] == customer["id"] for one in customers),
        }
    return found


def kept(world: Any) -> dict[tuple[str, Any], dict[str, Any]]:
    """Return the derived fields as the world holds them."""
    names: dict[str, list[str]] = {}
    for one in SCHEMA.derived:
        names.setdefault(one.entity, []).append(one.field)
    return {
        (entity, row["id"]): {name: row[name] for name in fields}
        for entity, fields in names.items()
        for row in facts(world, entity)
    }


LIMIT = Rule(
    id="small_orders",
    kind="limit",
    entity="order",
    on=("create",),
    predicate=Compare(field="total", op="le", value=20),
)
"""A rule of a desk: what its tools create costs at most 20."""
