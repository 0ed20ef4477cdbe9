"""Derived values, effects and atomicity after any history of writes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import store
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agentgym.schema.holds import violations
from agentgym.testing.model import Model
from agentgym.world.compile import Engine
from agentgym.world.rows import World

ENGINE = Engine(store.domain())

_money = st.integers(-100, 3000).map(lambda n: Decimal(n).scaleb(-2))
_id = st.integers(1, 5)
_line = {
    "sku": st.sampled_from("ABCX"),
    "quantity": st.integers(-1, 6),
    "price": _money,
    "rate": st.none() | st.integers(-2000, 2000).map(lambda n: Decimal(n).scaleb(-3)),
    "weight": st.none() | st.sampled_from([0.1, 0.2, 0.3, 1e16, -1e16]),
}
_VALUES: dict[str, st.SearchStrategy[Any]] = _line | {
    "order_id": _id,
    "customer_id": _id,
    "line_id": _id,
    "boss_id": st.none() | _id,
    "shipping": _money,
    "placed_on": st.sampled_from(["2025-01-01", "2025-05-01", "2026-02-28"]),
    "status": st.sampled_from(["open", "sent", "returned"]),
    "name": st.sampled_from(["Dev", "Eli", "x" * 30, "\x00", "\ud800", "'); DROP TABLE line;--"]),
    "payer": st.sampled_from([1, 1, 1, 2, 3, 4, 5]),
    "payee": st.sampled_from([1, 2, 2, 2, 3, 4, 5]),
    "amount": st.sampled_from([Decimal("0.01"), Decimal(3), Decimal(8), Decimal(0), Decimal(-1)]),
    "tag_id": _id,
    "note": st.none() | st.just("n"),
    "items": st.lists(
        st.fixed_dictionaries(
            {name: _line[name] for name in ("sku", "quantity", "price")},
            optional={name: _line[name] for name in ("rate", "weight")},
        ),
        min_size=0,
        max_size=3,
    ),
}


@st.composite
def _calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(sorted(ENGINE.parameters)))
    kind: Any = ENGINE.parameters[name]
    sent = {}
    for param in kind["properties"]:
        nullable = param in ("order_id", "customer_id") and param not in kind["required"]
        if param in kind["required"] or draw(st.booleans()):
            sent[param] = draw(st.none() | _VALUES[param] if nullable else _VALUES[param])
    return name, sent


def _state(world: World) -> Any:
    rows = {name: world.rows(name) for name in store.SCHEMA.by_name}
    return rows, dict(world.counters), world.session, world.revision, world.digest(), world.diff()


class History(RuleBasedStateMachine):
    """Any calls on one world, beside what bookkeeping by hand says."""

    @initialize()
    def begin(self) -> None:
        """Make the world."""
        self.world = ENGINE.world()
        self.moves = 0
        self.kept: list[tuple[Any, Any, int]] = []

    @rule(call=_calls())
    def call(self, call: tuple[str, dict[str, Any]]) -> None:
        """A failing call changes nothing; a successful one shows the rows as they are."""
        name, sent = call
        before = _state(self.world)
        stati = {o["id"]: o["status"] for o in store.facts(self.world, "order")}
        result = ENGINE.call(self.world, name, sent)
        if not result.ok:
            assert _state(self.world) == before
            return
        for order in store.facts(self.world, "order"):
            self.moves += stati.get(order["id"], "open") != order["status"]
        self._shown(name, msgspec.to_builtins(result.data, builtin_types=(Decimal,)))

    def _shown(self, name: str, data: Any) -> None:
        steps = data["steps"] if name in ("pay_and_send", "order_one") else [data]
        for step in steps:
            for row in (step.get("source"), step.get("target")):
                assert row is None or row in store.facts(self.world, "account")
            if "items" in step:
                lines = store.facts(self.world, "line")
                assert all(item in lines for item in step.pop("items"))
            if "subtotal" in step:
                assert step in store.facts(self.world, "order")
            if "quantity" in step:
                assert step in store.facts(self.world, "line")

    @rule()
    def keep(self) -> None:
        """Remember this moment."""
        self.kept.append((self.world.snapshot(), _state(self.world), self.moves))

    @rule(which=st.integers(0, 9))
    def go_back(self, which: int) -> None:
        """Restore a moment, whatever happened since."""
        if self.kept:
            snapshot, state, moves = self.kept[which % len(self.kept)]
            self.world.restore(snapshot)
            self.moves = moves
            assert _state(self.world) == state

    @rule()
    def tick(self) -> None:
        """Let time pass."""
        self.world.tick()

    @invariant()
    def derived_values_are_right(self) -> None:
        """Every derived field is what its rows say."""
        assert store.kept(self.world) == store.computed(self.world)

    @invariant()
    def the_schema_holds(self) -> None:
        """Types, keys, references and checks hold."""
        rows = {name: self.world.rows(name) for name in store.SCHEMA.by_name}
        assert violations(store.SCHEMA, rows) == []

    @invariant()
    def effects_balance(self) -> None:
        """What is in stock and in lines stays the same; each move of a status left one entry."""
        lines = store.facts(self.world, "line")
        for sku, whole in (("A", 12), ("B", 5)):
            stock = next(p["stock"] for p in store.facts(self.world, "product") if p["sku"] == sku)
            assert stock + sum(line["quantity"] for line in lines if line["sku"] == sku) == whole
        assert len(store.facts(self.world, "history")) == self.moves
        assert sum(a["balance"] or 0 for a in store.facts(self.world, "account")) == 15

    def teardown(self) -> None:
        """Give the world back."""
        if hasattr(self, "world"):
            self.world.close()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=25, stateful_step_count=25)


@given(st.lists(_calls(), max_size=20))
def test_the_reference_says_the_same(calls: list[tuple[str, dict[str, Any]]]) -> None:
    """Data, error codes, rules and rows are those of a model that shares no code with the door."""
    world, model = ENGINE.world(), Model(ENGINE.domain)
    for name, sent in calls:
        got, expected = ENGINE.call(world, name, sent), model.call(name, sent)
        assert got.ok == expected.ok, (name, sent, got, expected)
        if got.error is None or expected.error is None:
            assert msgspec.json.encode(got.data) == msgspec.json.encode(expected.data)
        else:
            assert (got.error.code, got.error.rule) == (expected.error.code, expected.error.rule)
        assert [world.rows(n) for n in store.SCHEMA.by_name] == [
            model.rows(n) for n in store.SCHEMA.by_name
        ]
    world.close()
