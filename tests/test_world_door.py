"""The one door, by example: what follows from a write, in which order, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import store
from hypothesis import given
from hypothesis import strategies as st
from store import arg, facts

from agentgym.errors import AgentGymError, DomainError
from agentgym.rules import (
    Add,
    Adjust,
    Assign,
    Compare,
    Confirmed,
    Count,
    Effect,
    In,
    Owner,
    Rule,
    Value,
)
from agentgym.schema import Product
from agentgym.tools.algebra import Create, Link, Sequence, Side, Step, Transfer, Unlink, Update
from agentgym.world.compile import Engine
from agentgym.world.rows import World

ITEM = {"sku": "A", "quantity": 1, "price": 2}


def play(**more: Any) -> tuple[Any, World]:
    """Return what calls a tool of the store, and the world that it changes."""
    engine = Engine(store.domain(**more))
    world = engine.world()
    return (lambda tool, /, **sent: engine.call(world, tool, sent)), world


def one(world: World, entity: str, key: Any) -> dict[str, Any]:
    """Return one row."""
    return next(row for row in facts(world, entity) if key in (row.get("id"), row.get("sku")))


def limit(**more: Any) -> Rule:
    """Make a rule of a desk."""
    made: dict[str, Any] = {"kind": "limit", "entity": "order", "on": ("create",)} | more
    return Rule(**made)


# derived values


def test_a_nested_create_shows_the_row_as_it_finally_is() -> None:
    """Totals in the result hold the lines; lines have keys, amounts and the order's number."""
    call, world = play()
    lines = [ITEM | {"quantity": 2}, ITEM | {"sku": "B", "rate": Decimal("0.25")}]
    data = call("create_order", shipping=Decimal("1.5"), items=lines).data

    assert (data["total"], data["lines"], data["cheapest"]) == (Decimal("7.50"), 2, Decimal("2.00"))
    assert data["fee"] == Decimal("-1.3"), "-1.25 is rounded half up, away from 0"
    assert [(i["id"], i["order_id"], i["amount"]) for i in data.pop("items")] == [
        (2, 3, Decimal("4.00")),
        (3, 3, Decimal("2.00")),
    ]
    assert data == one(world, "order", 3)


def test_a_child_that_moves_leaves_one_parent_and_joins_the_other() -> None:
    """Both parents follow; without a parent nothing does."""
    call, world = play()
    call("change_line", line_id=1, order_id=2)

    assert (one(world, "order", 1)["total"], one(world, "order", 2)["total"]) == (
        Decimal("0.50"),
        Decimal("2.50"),
    )
    assert one(world, "order", 1)["cheapest"] is None
    assert call("change_line", line_id=1, order_id=None).ok
    assert store.kept(world) == store.computed(world)


def test_a_row_that_refers_to_itself_counts_for_itself() -> None:
    """A circle of one follows its own writes, and can be deleted."""
    call, world = play()
    data = call("change_customer", customer_id=3, boss_id=3).data

    assert data["reports"] == 1
    assert one(world, "customer", 2)["reports"] == 0
    assert call("change_customer", customer_id=1, boss_id=2).ok, "a circle of two"
    assert call("delete_customer", customer_id=3).ok
    assert store.kept(world) == store.computed(world)


def test_an_extreme_that_leaves_is_looked_for() -> None:
    """The second cheapest takes its place."""
    call, world = play()
    for price in (1, 3):
        call("add_line", order_id=1, **ITEM | {"price": price})
    assert one(world, "order", 1)["cheapest"] == 1
    call("remove_line", line_id=2)

    assert one(world, "order", 1)["cheapest"] == Decimal("1.25")


def test_sums_of_floats_do_not_depend_on_the_order() -> None:
    """What cancels, cancels: the sum is exact and rounded once."""
    call, world = play()
    for weight in (1e16, 0.1, -1e16):
        call("add_line", order_id=1, weight=weight, **ITEM)

    assert one(world, "order", 1)["weight"] == 0.1


def test_sums_that_do_not_fit_are_refused() -> None:
    """64 bits are the limit of a derived value as of any other, and nothing is written."""
    call, world = play(effects=())
    result = call("add_line", sku="A", quantity=2**62, price=2**55)

    assert result.error.code == "limit_exceeded"
    assert not world.diff()


def test_no_change_writes_nothing() -> None:
    """An update to the values that are there is no write, and nothing follows."""
    call, world = play()

    assert call("change_line", line_id=1, quantity=2).ok
    assert world.revision == 0


def test_an_invariant_of_a_parent_refuses_the_child() -> None:
    """An order of more than 100 is none, whatever tool makes it so; nothing stays of it."""
    call, world = play()
    for name, sent in (
        ("add_line", {"order_id": 1, **ITEM, "price": 98}),
        ("create_order", {"items": [ITEM, ITEM | {"price": 99}]}),
        ("change_order", {"order_id": 1, "shipping": 98}),
    ):
        assert call(name, **sent).error.rule == "total_most", name
        assert not world.diff()


# rules of a desk


def test_a_rule_on_the_whole_order_is_asked_when_its_lines_are_there() -> None:
    """Totals and numbers of lines are judged as they will be; invariants of effects are not."""
    many = limit(id="few_lines", predicate=Count(relation="line_order", op="le", value=2))
    call, world = play(
        more=(store.LIMIT, many), guards={"create_order": ("small_orders", "few_lines")}
    )

    assert call("create_order", items=[ITEM, ITEM]).ok
    dear = call("create_order", items=[ITEM, ITEM | {"price": 19}])
    assert (dear.error.code, dear.error.rule) == ("rule_broken", "small_orders")
    assert call("create_order", items=[ITEM] * 3).error.rule == "few_lines"
    assert len(facts(world, "order")) == 3
    assert call("order_one", sku="A", quantity=1, price=50).ok, "which does not name the rule"


def test_rules_guard_nested_rows_and_steps() -> None:
    """A rule of the tool on the entity of its nested rows, or of a step, is asked of them."""
    few = limit(
        id="few_pieces", entity="line", predicate=Compare(field="quantity", op="le", value=2)
    )
    call, _ = play(
        more=(few,), guards={"create_order": ("few_pieces",), "order_one": ("few_pieces",)}
    )

    assert call("create_order", items=[ITEM, ITEM | {"quantity": 3}]).error.rule == "few_pieces"
    assert call("order_one", **ITEM | {"quantity": 3}).error.rule == "few_pieces"
    assert call("order_one", **ITEM).ok


def test_who_is_not_served_learns_nothing_of_the_lines() -> None:
    """Rules about who is served come before the nested rows are looked at."""
    mine = limit(id="own_orders", predicate=Owner(path=("order_customer",)))
    mine = msgspec.structs.replace(mine, kind="ownership")
    call, _ = play(more=(mine,), guards={"create_order": ("own_orders",)})

    assert (
        call("create_order", customer_id=1, items=[ITEM | {"sku": "?"}]).error.rule == "own_orders"
    )


def test_advice_is_noted_once_and_only_of_what_succeeds() -> None:
    """Breaches are of this call alone; a refused call has none."""
    advice = limit(
        id="advice",
        entity="line",
        enforced=False,
        predicate=Compare(field="price", op="ge", value=5),
    )
    call, _ = play(more=(advice,), guards={"create_order": ("advice",)})

    assert call("create_order", items=[ITEM, ITEM]).breaches == ("advice",)
    assert call("create_order", items=[ITEM, ITEM | {"sku": "?"}]).breaches == ()
    assert call("create_order", items=[ITEM | {"price": 6}]).breaches == ()


def test_a_yes_serves_one_write_and_survives_a_refused_one() -> None:
    """The session is taken back with the rows."""
    asked = limit(id="ask_first", predicate=Confirmed())
    call, world = play(more=(asked,), guards={"create_order": ("ask_first",)})
    world.session = msgspec.structs.replace(world.session, confirmed=1)

    assert call("create_order", items=[ITEM | {"sku": "?"}]).error.code == "not_found"
    assert world.session.confirmed == 1
    assert call("create_order", items=[ITEM]).ok
    assert world.session.confirmed == 0
    assert call("create_order", items=[ITEM]).error.rule == "ask_first"


# effects


def _effects(*found: Effect) -> tuple[Any, World]:
    return play(effects=found)


def _stock(**more: Any) -> Effect:
    stock = Adjust(path=("line_sku",), field="stock", by=Product(fields=("quantity",), sign=-1))
    made: dict[str, Any] = {"id": "e", "entity": "line", "on": ("update",), "do": stock} | more
    return Effect(**made)


def test_adjust_moves_with_the_row() -> None:
    """A difference where the row stays, all of it where it goes elsewhere; NULL is left alone."""
    call, world = _effects(_stock(on=("create", "update", "delete")))

    def stock() -> list[int | None]:
        return [row["stock"] for row in facts(world, "product")]

    call("change_line", line_id=1, quantity=5)
    assert stock() == [7, 5, None]
    call("change_line", line_id=1, sku="B", quantity=4)
    assert stock() == [12, 1, None]
    call("change_line", line_id=1, sku="C")
    assert stock() == [12, 5, None]
    call("remove_line", line_id=1)
    call("add_line", order_id=1, sku="A", quantity=12, price=0)
    assert stock() == [0, 5, None]
    result = call("add_line", order_id=1, sku="A", quantity=1, price=0)
    assert result.error.rule == "stock_least"
    assert one(world, "order", 1)["lines"] == 1, "nothing of the refused line is left"


def test_when_counts_once_it_comes_to_hold() -> None:
    """With a condition the whole amount is moved, when it begins to hold and never again."""
    when = Compare(field="quantity", op="ge", value=4)
    call, world = _effects(_stock(on=("create", "update", "delete"), when=when))
    for quantity, left in ((3, 10), (4, 6), (5, 6), (1, 6), (6, 0)):
        call("change_line", line_id=1, quantity=quantity)
        assert one(world, "product", "A")["stock"] == left, quantity
    call("remove_line", line_id=1)
    assert one(world, "product", "A")["stock"] == 6, "what is gone is judged as it was"
    call("add_line", sku="A", quantity=3, price=0)
    assert one(world, "product", "A")["stock"] == 6


def test_fields_say_which_updates_count() -> None:
    """An update that leaves them alone is none for the effect."""
    log = Add(entity="history", values={"order_no": Value(given=7), "rise": Value(change="total")})
    effect = Effect(id="e", entity="order", on=("update",), fields=("total",), do=log)
    call, world = _effects(effect)
    call("change_order", order_id=2, placed_on="2025-07-01")
    assert facts(world, "history") == []
    call("add_line", order_id=2, **ITEM)

    assert facts(world, "history") == [
        {
            "id": 1,
            "order_no": 7,
            "was": None,
            "became": None,
            "rise": Decimal("2.00"),
            "at": "2026-01-01T00:00:00Z",
        }
    ]


def test_each_reaches_every_row_below() -> None:
    """Returned goods go back to the shelf, line by line, whole amounts."""
    back = Adjust(path=("line_sku",), field="stock", by=Product(fields=("quantity",)))
    effect = Effect(
        id="e",
        entity="order",
        on=("update",),
        when=In(field="status", values=("returned",)),
        each="line_order",
        do=back,
    )
    call, world = _effects(effect)
    call("add_line", order_id=1, sku="B", quantity=4, price=1)
    call("set_status", order_id=1, status="sent")
    call("set_status", order_id=1, status="returned")

    assert [row["stock"] for row in facts(world, "product")] == [12, 9, None]


def test_assign_writes_the_row_itself_and_the_result_shows_it() -> None:
    """A time is noted on the row that was moved."""
    call, world = play()
    world.tick()
    data = call("set_status", order_id=1, status="sent").data

    assert (data["status"], data["sent_at"]) == ("sent", "2026-01-01T01:00:00Z")
    (entry,) = facts(world, "history")
    assert (entry["was"], entry["became"], entry["at"]) == ("open", "sent", world.now)
    assert one(world, "customer", 1)["spent"] == Decimal("3.00")


def test_assign_writes_what_a_path_leads_to() -> None:
    """Also through two relations, with a value from further up; nothing where there is none."""
    effect = Effect(
        id="e",
        entity="line",
        on=("create", "delete"),
        do=Assign(
            path=("line_order", "order_customer"),
            field="name",
            value=Value(field="sku", path=("line_sku",)),
        ),
    )
    call, world = _effects(effect)
    call("add_line", order_id=1, **ITEM | {"sku": "B"})
    assert one(world, "customer", 1)["name"] == "B"
    call("remove_line", line_id=1)
    assert one(world, "customer", 1)["name"] == "A"
    assert call("add_line", order_id=2, **ITEM).ok, "an order of nobody"


def test_an_effect_that_cannot_be_done_undoes_the_call() -> None:
    """A value that must not be empty, and one that does not fit."""
    for value, entity in ((Value(field="sent_at"), "order"), (Value(field="boss_id"), "customer")):
        field = "placed_on" if entity == "order" else "reports"
        effect = Effect(id="e", entity=entity, on=("update",), do=Assign(field=field, value=value))
        call, world = _effects(effect)
        name = "change_order" if entity == "order" else "change_customer"
        sent = {"shipping": 1} if entity == "order" else {"name": "Zoe"}
        result = call(name, **{f"{entity}_id": 1}, **sent)
        assert result.error.code == "conflict", entity
        assert not world.diff()


def test_an_added_row_that_lacks_a_value_undoes_the_call() -> None:
    """What an effect leaves out is filled as in a created row, or it cannot be done."""
    effect = Effect(id="e", entity="line", on=("create",), do=Add(entity="history", values={}))
    call, world = _effects(effect)

    assert call("add_line", **ITEM).error.code == "conflict"
    assert not world.diff()
    assert world.counters == {}


def test_a_circle_of_effects_is_our_bug() -> None:
    """Domains with circles are not loaded; one that slips in is stopped, and undone."""
    effects = [
        Effect(
            id=f"e{n}",
            entity="order",
            on=("update",),
            do=Add(
                entity="line",
                values={
                    "sku": Value(given="A"),
                    "order_id": Value(field="id"),
                    "quantity": Value(given=0),
                    "price": Value(given=0),
                },
            ),
        )
        for n in range(1)
    ]
    call, world = _effects(*effects)
    with pytest.raises(AssertionError, match="circle"):
        call("change_order", order_id=1, shipping=2)

    assert not world.diff()


@pytest.mark.parametrize(
    "do",
    [
        Adjust(path=(), field="stock", by=Product(fields=("quantity",))),
        Adjust(path=("line_sku",), field="sku", by=Product(fields=("quantity",))),
        Adjust(path=("order_customer",), field="spent", by=Product(fields=("quantity",))),
        Assign(field="id", value=Value(given=1)),
        Assign(field="quantity", value=Value(now=True)),
        Assign(field="quantity", value=Value(given="many")),
        Assign(field="quantity", value=Value(field="sku")),
        Assign(field="sku", value=Value(change="quantity")),
    ],
)
def test_effects_that_do_not_fit_are_named(do: Any) -> None:
    """Compiling says what is wrong."""
    engine = Engine(store.domain(effects=(_stock(do=do),)))

    with pytest.raises(DomainError):
        engine.compile()


# several rows


def test_a_transfer_moves_an_amount() -> None:
    """The source first; the result has both."""
    call, world = play()
    data = call("pay", payer=1, payee=2, amount=Decimal("2.5")).data

    assert (data["source"]["balance"], data["target"]["balance"]) == (
        Decimal("7.50"),
        Decimal("2.50"),
    )
    assert len(world.diff()) == 2


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"payer": 1, "payee": 1, "amount": 1}, "bad_arguments"),
        ({"payer": 1, "payee": 2, "amount": 0}, "bad_arguments"),
        ({"payer": 1, "payee": 2, "amount": -1}, "bad_arguments"),
        ({"payer": 1, "payee": 9, "amount": 1}, "not_found"),
        ({"payer": 9, "payee": 1, "amount": 1}, "not_found"),
        ({"payer": 1, "payee": 3, "amount": 1}, "conflict"),
        ({"payer": 1, "payee": 4, "amount": 1}, "conflict"),
        ({"payer": 1, "payee": 2, "amount": 11}, "rule_broken"),
    ],
)
def test_a_transfer_that_cannot_be_leaves_both_rows(sent: dict[str, Any], code: str) -> None:
    """To itself, of nothing, to nobody, in another currency, of more than there is."""
    call, world = play()
    result = call("pay", **sent)

    assert result.error.code == code
    assert not world.diff()


def test_a_transfer_that_overflows_is_refused_whole() -> None:
    """The source has paid already when the target turns out to be full."""
    engine = Engine(
        msgspec.structs.replace(
            store.domain(),
            rows=store.domain().rows | {"account": ((1, "E", 9), (2, "E", 2**63 - 1))},
        )
    )
    world = engine.world()
    result = engine.call(world, "pay", {"payer": 1, "payee": 2, "amount": Decimal("0.01")})

    assert result.error is not None
    assert result.error.code == "limit_exceeded"
    assert not world.diff()


def test_a_transfer_between_unlike_numbers_is_no_tool() -> None:
    """Type, scale and unit must agree."""
    term = Transfer(
        source=Side(entity="account", key=(arg("a", "id"),), field="balance"),
        target=Side(entity="product", key=(arg("sku"),), field="stock"),
        amount=arg("amount", "balance"),
    )
    with pytest.raises(DomainError, match="one type"):
        Engine(store.domain(terms={"odd": term})).compile()


def test_links_are_made_once_and_removed_once() -> None:
    """A second link is a conflict; a link that is not there is not found."""
    call, _ = play()

    assert call("tag_order", order_id=1, tag_id=2, note="x").data == {
        "order_id": 1,
        "tag_id": 2,
        "note": "x",
    }
    assert call("tag_order", order_id=1, tag_id=2).error.code == "conflict"
    assert call("tag_order", order_id=1, tag_id=3).error.code == "not_found"
    assert call("untag_order", order_id=1, tag_id=2).data == {
        "removed": {"order_id": 1, "tag_id": 2}
    }
    assert call("untag_order", order_id=1, tag_id=2).error.code == "not_found"


def test_links_with_a_key_of_their_own_can_be_ambiguous() -> None:
    """A link entity without uniques is still linked once, and not removed by guess."""
    ends = (arg("order_id", required=True), arg("sku", required=True))
    call, world = play(
        terms={
            "put": Link(
                entity="line",
                ends=ends,
                values=(arg("quantity", required=True), arg("price", required=True)),
            ),
            "take": Unlink(entity="line", ends=ends),
        }
    )

    assert call("put", order_id=1, **ITEM).error.code == "conflict"
    assert call("put", order_id=2, **ITEM).ok
    assert one(world, "order", 2)["lines"] == 1
    call("add_line", order_id=2, **ITEM)
    assert call("take", order_id=2, sku="A").error.code == "ambiguous"
    assert call("take", order_id=1, sku="A").ok
    assert store.kept(world) == store.computed(world)


def test_a_sequence_is_all_or_nothing() -> None:
    """The money comes back when the order cannot be sent."""
    call, world = play()
    sent = {"payer": 1, "payee": 2, "amount": 3, "order_id": 1}
    first = call("pay_and_send", **sent)
    assert [sorted(step)[:2] for step in first.data["steps"]] == [
        ["source", "target"],
        ["cheapest", "customer_id"],
    ]
    state = world.snapshot()
    again = call("pay_and_send", **sent)

    assert again.error.rule == "order_status_moves"
    assert world.snapshot() == state
    assert one(world, "account", 1)["balance"] == 7


def test_a_sequence_takes_from_its_steps_and_shows_the_end() -> None:
    """The order of the first step is shown with the line of the second."""
    call, world = play()
    order, line = call("order_one", customer_id=3, **ITEM).data["steps"]

    assert (order["lines"], order["total"], line["order_id"]) == (1, 2, order["id"])
    assert order == one(world, "order", order["id"])
    assert one(world, "customer", 3)["open_orders"] == 1


def test_a_shared_parameter_fits_every_step() -> None:
    """Read for the first step, it must be a value of the later one too."""
    steps = (
        Step(term=Create(entity="tag", values=(arg("name", "word", required=True),))),
        Step(
            term=Update(entity="customer", key=(arg("id"),), values=(arg("name"),)), given={"id": 1}
        ),
    )
    call, world = play(terms={"both": Sequence(steps=steps)})

    assert call("both", name="Zoe").ok
    assert call("both", name="x" * 21).error.parameter == "name"
    assert [tag["word"] for tag in facts(world, "tag")] == ["gift", "late", "Zoe"]


@pytest.mark.parametrize(
    ("given_", "taken"),
    [
        ({"nothing": 1}, {}),
        ({"order_id": "x"}, {}),
        ({"order_id": 1}, {"order_id": "0.id"}),
        ({}, {"order_id": "1.id"}),
        ({}, {"order_id": "0.nothing"}),
        ({}, {"order_id": "id"}),
    ],
)
def test_steps_that_do_not_fit_are_named(given_: Any, taken: Any) -> None:
    """Compiling says which step is wrong."""
    first = Create(entity="order", values=())
    second = Create(entity="line", values=(arg("order_id", required=True), arg("sku")))
    steps = (Step(term=first), Step(term=second, given=given_, taken=taken))
    with pytest.raises(AgentGymError):
        Engine(store.domain(terms={"odd": Sequence(steps=steps)})).compile()


# bad arguments


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (7, "items: expected a list of 1 to 4 objects, found 7."),
        ([], "items: expected a list of 1 to 4 objects, found an empty list."),
        ([ITEM] * 5, "items: expected a list of 1 to 4 objects, found a list of 5."),
        ([ITEM, 3], "items[1]: expected an object, found 3."),
        (
            [ITEM, ITEM | {"quantity": "two"}],
            'items[1].quantity: expected an integer, found "two".',
        ),
        ([ITEM, ITEM | {"quantity": None}], "items[1].quantity: expected an integer, found null."),
        ([{"sku": "A"}], "items[0] needs quantity: expected an integer, found nothing."),
        ([ITEM | {"prise": 2}], "items[0] has no parameter \"prise\"; did you mean 'price'?"),
    ],
)
def test_nested_arguments_are_named_by_their_place(items: Any, told: str) -> None:
    """A message says which item, which field, what was expected and what was found."""
    call, _ = play()
    error = call("create_order", items=items).error

    assert (error.code, error.parameter, error.message) == ("bad_arguments", "items", told)


def _deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


_AWFUL = [
    "x" * 10_000_000,
    "\x00",
    "\ud800",
    float("inf"),
    float("nan"),
    Decimal("1e400"),
    Decimal("1e999999999"),
    Decimal("NaN"),
    10**4000,
    -(10**4000),
    1 << 40_000_000,
    _deep(10_000),
    [ITEM] * 1_000_000,
    {"a": {}} | {str(n): n for n in range(100_000)},
    "1; DROP TABLE line",
    "' OR 1=1 --",
    True,
    None,
    object(),
    b"x",
]


@pytest.mark.parametrize("place", range(len(_AWFUL)))
def test_awful_values_are_refused_wherever_they_are_sent(place: int) -> None:
    """In every parameter of every tool: a result, no exception, and nothing changed."""
    value = _AWFUL[place]
    engine = Engine(store.domain())
    world = engine.world()

    def sound(tool: str, arguments: object) -> bool:
        result = engine.call(world, tool, arguments)
        if result.error is None:
            # NULL, or SQL in a name: nothing but a value.
            world.reset()
            return value is None or type(value) is str
        return not world.diff() and not world.counters and len(result.error.message) < 1000

    for name, kind in engine.parameters.items():
        properties: Any = kind["properties"]
        fine = {"items": [ITEM], "sku": "A"}
        for param in properties:
            sent = {k: fine.get(k, 1) for k in properties} | {param: value}
            assert sound(name, sent), (name, param)
        for inner in ITEM:
            if "items" in properties:
                assert sound(name, {"items": [ITEM | {inner: value}]}), (name, inner)
        assert sound(name, value), name
        if isinstance(value, (str, int, bytes)):
            assert sound(name, {value: 1}), name


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5))
def test_anything_as_items_gives_a_result(items: Any) -> None:
    """Whatever is nested, the call is total and atomic."""
    call, world = play()
    result = call("create_order", items=items)

    assert not result.ok
    assert not world.diff()
