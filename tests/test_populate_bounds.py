"""Rows that are made keep bounds on sums and counts, last as long as said, and tell their past."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from agentgym.populate import fill
from agentgym.rules import Add, Effect, Value
from agentgym.schema import (
    Check,
    Derived,
    Entity,
    Field,
    Lifecycle,
    Product,
    Relation,
    Schema,
)
from agentgym.schema.holds import violations
from agentgym.sources import Values

STATES = ("draft", "sent", "paid", "cancelled")
MOVES = {"draft": ("sent", "cancelled"), "sent": ("paid", "cancelled"), "paid": (), "cancelled": ()}


def entity(name: str, *fields: Field, **options) -> Entity:
    key = Field(name=f"{name}_id", label=f"{name} ID", type="integer", role="key")
    return Entity(
        name=name, label=name, plural=f"{name}s", key=(key.name,), key_source="counter",
        fields=(key, *fields), **options,
    )  # fmt: skip


def parent() -> Field:
    return Field(name="bill_id", label="bill ID", type="integer", role="reference")


def money(name: str) -> Field:
    return Field(name=name, label=name, type="decimal", scale=2, unit="EUR", role="money")


def state(name: str, **options) -> Field:
    return Field(name=name, label=name.replace("_", " "), type="enum", values=STATES, **options)


BILL = entity(
    "bill",
    Field(name="issued_on", label="issue date", type="date", role="time"),
    Field(name="due_on", label="due date", type="date", role="time"),
    money("total"),
    money("paid"),
    money("used"),
    Field(name="places", label="places", type="integer", role="measure"),
    Field(name="taken", label="places taken", type="integer", role="measure"),
    state("status", role="status"),
)
LINE = entity("line", parent(), money("amount"))
RECEIPT = entity("receipt", parent(), money("amount"), money("parts"))
PART = entity(
    "part",
    Field(name="receipt_id", label="receipt ID", type="integer", role="reference"),
    money("amount"),
)
SEAT = entity("seat", parent(), state("kind", role="category"))
CHANGE = entity(
    "change",
    parent(),
    Field(name="happened_at", label="time", type="datetime", role="time"),
    state("old_status", role="category", nullable=True),
    state("new_status", role="category"),
    kind="log",
)


def relation(child: str) -> Relation:
    return Relation(
        name=f"{child}_bill", entity=child, fields=("bill_id",), target="bill",
        target_fields=("bill_id",), label="bill", inverse=f"{child}s",
    )  # fmt: skip


SCHEMA = Schema(
    entities=(BILL, LINE, RECEIPT, PART, SEAT, CHANGE),
    relations=(
        *map(relation, ("line", "receipt", "seat", "change")),
        Relation(
            name="part_receipt", entity="part", fields=("receipt_id",), target="receipt",
            target_fields=("receipt_id",), label="receipt", inverse="parts",
        ),
    ),
    checks=(
        Check(id="paid_le_total", entity="bill", field="paid", op="le", other="total"),
        Check(id="used_at_most_20", entity="bill", field="used", op="le", value=20),
        Check(id="part_positive", entity="part", field="amount", op="gt", value=0),
        Check(id="taken_lt_places", entity="bill", field="taken", op="lt", other="places"),
        Check(id="due_later", entity="bill", field="due_on", op="ge", other="issued_on"),
        Check(id="receipt_positive", entity="receipt", field="amount", op="gt", value=0),
        Check(id="places_few", entity="bill", field="places", op="in", value=[2, 3]),
    ),
    lifecycles=(Lifecycle(entity="bill", field="status", initial=("draft",), moves=MOVES),),
    derived=(
        Derived(
            id="total_follows", entity="bill", field="total", relation="line_bill",
            terms=(Product(fields=("amount",)),),
        ),
        Derived(
            id="paid_follows", entity="bill", field="paid", relation="receipt_bill",
            terms=(Product(fields=("amount",)),),
        ),
        Derived(
            id="parts_follow", entity="receipt", field="parts", relation="part_receipt",
            terms=(Product(fields=("amount",)),),
        ),
        Derived(
            id="used_follows", entity="bill", field="used", relation="receipt_bill",
            terms=(Product(fields=("parts",)),),
        ),
        Derived(
            id="taken_follows", entity="bill", field="taken", relation="seat_bill", how="count",
            where={"kind": ("sent", "paid")},
        ),
    ),
)  # fmt: skip
RECORDED = Effect(
    id="status_recorded",
    entity="bill",
    on=("create", "update"),
    fields=("status",),
    lasting=True,
    do=Add(
        entity="change",
        values={
            "bill_id": Value(field="bill_id"),
            "happened_at": Value(now=True),
            "old_status": Value(field="status", before=True),
            "new_status": Value(field="status"),
        },
    ),
)
DUE = Values(entity="bill", field="due_on", after="issued_on", least=7, most=42, step=7)


def made(seed: int) -> dict[str, list[dict[str, Any]]]:
    rows = fill(SCHEMA, {}, seed=seed, effects=(RECORDED,), values=(DUE,))
    assert violations(SCHEMA, rows) == []
    return {
        one.name: [
            dict(zip([f.name for f in one.fields], row, strict=True)) for row in rows[one.name]
        ]
        for one in SCHEMA.entities
    }


@settings(max_examples=10)
@given(strategies.integers(0, 10**6))
def test_what_is_bounded_costs_no_parent(seed: int) -> None:
    """Amounts below shrink until the checks on their sums hold, and the parents stay."""
    rows = made(seed)

    assert len(rows["bill"]) >= 40
    assert any(row["paid"] for row in rows["bill"])
    assert len(rows["receipt"]) >= 20
    assert all(row["amount"] > 0 for row in rows["receipt"])
    assert all(row["taken"] < row["places"] for row in rows["bill"])
    assert any(row["used"] for row in rows["bill"])
    assert all(row["used"] <= 2000 for row in rows["bill"])


@settings(max_examples=10)
@given(strategies.integers(0, 10**6))
def test_a_span_lasts_as_long_as_said(seed: int) -> None:
    """The second time is a legal number of days after the first."""
    days = {
        (dt.date.fromisoformat(row["due_on"]) - dt.date.fromisoformat(row["issued_on"])).days
        for row in made(seed)["bill"]
    }

    assert days <= {7, 14, 21, 28, 35, 42}
    assert len(days) > 3


@settings(max_examples=10)
@given(strategies.integers(0, 10**6))
def test_a_log_of_states_tells_how_a_row_got_where_it_is(seed: int) -> None:
    """Each row's log begins with nothing, moves along the life cycle, and ends in its state."""
    rows = made(seed)
    told = defaultdict(list)
    for row in rows["change"]:
        told[row["bill_id"]].append(row)
    states = {row["bill_id"]: row["status"] for row in rows["bill"]}

    assert len(told) >= 20
    assert [row["change_id"] for row in rows["change"]] == list(range(1, len(rows["change"]) + 1))
    for bill, log in told.items():
        assert [row["happened_at"] for row in log] == sorted(row["happened_at"] for row in log)
        assert log[0]["old_status"] is None
        assert log[0]["new_status"] == "draft"
        assert log[-1]["new_status"] == states[bill]
        for before, after in pairwise(log):
            assert after["old_status"] == before["new_status"]
            assert after["new_status"] in MOVES[after["old_status"]]


@pytest.mark.parametrize("effects", [(), (RECORDED,)])
def test_the_same_seed_gives_the_same_rows(effects: tuple[Effect, ...]) -> None:
    """Rows are a function of the seed."""
    first, second = (fill(SCHEMA, {}, seed=3, effects=effects, values=(DUE,)) for _ in range(2))

    assert first == second
