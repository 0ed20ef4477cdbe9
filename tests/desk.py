"""A desk that rents rooms, made by hand: members, orders with lines, bookings, and their tools.

`desk` gives its engine with the rules that a test is about; every tool names those that fit it.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym import rules as rule_room
from agentgym.domain import Clock, Domain, Source
from agentgym.rules import Rule
from agentgym.schema import Check, Entity, Exclusive, Field, Lifecycle, Relation, Schema
from agentgym.schema.types import Row
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Find,
    Get,
    Identify,
    ListRelated,
    Term,
    Tool,
    Transition,
    Update,
    is_write,
)
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["NOW", "desk", "world"]

NOW = "2026-03-01T12:00:00Z"


def _field(name: str, kind: str, **more: object) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=kind, **more)  # type: ignore[arg-type]


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


def _entity(name: str, *fields: Field) -> Entity:
    key = _field(f"{name}_id", "integer", role="key")
    return Entity(
        name=name,
        label=name,
        plural=f"{name}s",
        key=(key.name,),
        key_source="counter",
        fields=(key, *fields),
    )


SCHEMA = Schema(
    entities=(
        _entity(
            "member",
            _field("name", "text", role="person"),
            _field("email", "text", role="contact", unique=True),
            _field("postcode", "text", role="contact", nullable=True),
            _field("tier", "enum", values=("plain", "gold"), nullable=True, role="category"),
            _field("blocked", "boolean", role="flag"),
            _field("pin", "text", role="secret", nullable=True),
        ),
        _entity(
            "order",
            _field("member_id", "integer", role="reference", nullable=True),
            _field("state", "enum", values=("open", "paid", "shut"), default="open", role="status"),
            _field("placed_at", "datetime", role="time", nullable=True),
            _field("total", "decimal", scale=2, role="money", default=0),
        ),
        _entity(
            "line",
            _field("order_id", "integer", role="reference"),
            _field("quantity", "integer", role="quantity"),
        ),
        _entity(
            "booking",
            _field("room", "text", role="code"),
            _field("member_id", "integer", role="reference", nullable=True),
            _field("starts_on", "date", role="time", nullable=True),
            _field("ends_on", "date", role="time", nullable=True),
            _field("state", "enum", values=("held", "void"), default="held", role="status"),
        ),
    ),
    relations=(
        _relation("order", "member"),
        _relation("line", "order"),
        _relation("booking", "member"),
    ),
    checks=(Check(id="order_total_least", entity="order", field="total", op="ge", value=0),),
    lifecycles=(
        Lifecycle(
            entity="order",
            field="state",
            initial=("open",),
            moves={"open": ("paid", "shut"), "paid": ("shut",), "shut": ()},
        ),
    ),
    exclusives=(
        Exclusive(
            id="one_booking_a_room",
            entity="booking",
            same=("room",),
            where={"state": ("held",)},
            span=("starts_on", "ends_on"),
        ),
    ),
)

ROWS: dict[str, tuple[Row, ...]] = {
    "member": (
        (1, "Ada Byron", "ada@mail.test", "N1", "gold", 0, "4711"),
        (2, "Ben Cole", "ben@mail.test", "N1", "plain", 0, "0815"),
        (3, "Ben Cole", "cole@mail.test", None, None, 1, None),
    ),
    "order": (
        (1, 1, "open", "2026-02-20T12:00:00Z", 5000),
        (2, 2, "open", "2026-01-01T00:00:00Z", 90000),
        (3, 1, "paid", "2026-02-01T00:00:00Z", 1000),
        (4, None, "open", None, 0),
        (5, 3, "open", "2026-02-28T00:00:00Z", 2000),
    ),
    "line": ((1, 1, 2), (2, 1, 1)),
    "booking": (
        (1, "blue", 1, "2026-05-01", "2026-05-04", "held"),
        (2, "blue", 2, "2026-06-01", "2026-06-04", "void"),
    ),
}


def _args(entity: str, *names: str, need: bool = False) -> tuple[Argument, ...]:
    SCHEMA.entity(entity).field(names[0])
    return tuple(Argument(param=n, field=n, description="It.", required=need) for n in names)


_ORDER = _args("order", "order_id", need=True)
_TERMS: dict[str, Term] = {
    "identify_member": Identify(entity="member", by=_args("member", "email", "name", need=True)),
    "identify_by_address": Identify(
        entity="member", by=_args("member", "name", "postcode", need=True)
    ),
    "get_order": Get(entity="order", key=_ORDER),
    "find_member": Find(entity="member", by=_args("member", "email", need=True)),
    "list_orders": ListRelated(
        relation="order_member", key=_args("member", "member_id", need=True)
    ),
    "create_order": Create(entity="order", values=_args("order", "member_id", "total")),
    "update_order": Update(
        entity="order", key=_ORDER, values=_args("order", "member_id", "total", "placed_at")
    ),
    "move_order": Transition(entity="order", key=_ORDER, to=_args("order", "state", need=True)[0]),
    "delete_order": Delete(entity="order", key=_ORDER),
    "add_line": Create(entity="line", values=_args("line", "order_id", "quantity", need=True)),
    "update_line": Update(
        entity="line",
        key=_args("line", "line_id", need=True),
        values=_args("line", "order_id", "quantity"),
    ),
    "book": Create(
        entity="booking", values=_args("booking", "room", "member_id", "starts_on", "ends_on")
    ),
    "rebook": Update(
        entity="booking",
        key=_args("booking", "booking_id", need=True),
        values=_args("booking", "room", "starts_on", "ends_on", "state"),
    ),
}


def _fits(name: str, rule: Rule) -> bool:
    term = _TERMS[name]
    if isinstance(term, ListRelated):
        return rule.entity == "member" and "read" in rule.on
    if isinstance(term, Identify):
        return False
    kind = {Create: "create", Delete: "delete", Update: "update", Transition: "update"}
    return rule.entity == term.entity and kind.get(type(term), "read") in rule.on  # type: ignore[union-attr]


def desk(*rules: Rule, without: Sequence[str] = (), lifted: Sequence[str] = ()) -> Engine:
    """Return the engine of a desk with these rules besides its invariants.

    Args:
        rules: What the tools that fit them shall ask.
        without: Names of tools that the desk does not have.
        lifted: Ids of invariants that it does not keep.
    """
    tools = [
        Tool(
            name=name,
            description="Do it.",
            term=term,
            guards=tuple(rule.id for rule in rules if _fits(name, rule)),
        )
        for name, term in _TERMS.items()
        if name not in without
    ]
    assert any(is_write(tool) for tool in tools)
    return Engine(
        Domain(
            name="desk",
            title="Desk",
            description="A desk.",
            schema=SCHEMA,
            rules=(*(r for r in rule_room.derive(SCHEMA) if r.id not in lifted), *rules),
            tools=tuple(tools),
            clock=Clock(start=NOW, step_s=86_400),
            source=Source(kind="sql", name="desk", sha256="0" * 64),
            rows=ROWS,
        )
    )


def world(engine: Engine, *, email: str | None = None) -> World:
    """Return a world of the desk, in which the member of that address was identified."""
    made = engine.world()
    if email is not None:
        name = next(row[1] for row in ROWS["member"] if row[2] == email)
        assert engine.call(made, "identify_member", {"email": email, "name": name}).ok
    return made
