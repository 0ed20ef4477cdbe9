"""What a source says of rows that are made: values, ranges, rows known in part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies

from agentgym.errors import SchemaError
from agentgym.populate import fill
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.holds import violations
from agentgym.sources import Values

GROUP = Entity(
    name="group", label="group", plural="groups", key=("id",), key_source="counter", kind="lookup",
    fields=(
        Field(name="id", label="id", type="integer", role="key"),
        Field(name="name", label="name", type="text", role="label", unique=True),
        Field(name="parent_id", label="parent", type="integer", nullable=True, role="reference"),
    ),
)  # fmt: skip
ITEM = Entity(
    name="item", label="item", plural="items", key=("id",), key_source="counter",
    fields=(
        Field(name="id", label="id", type="integer", role="key"),
        Field(name="name", label="name", type="text", role="label", unique=True),
        Field(name="group_id", label="group", type="integer", role="reference"),
        Field(name="price", label="price", type="decimal", scale=2, unit="EUR", role="money"),
        Field(name="weight", label="weight", type="float", unit="kg", role="measure"),
        Field(name="roast", label="roast", type="text", role="category", nullable=True),
    ),
)  # fmt: skip
SCHEMA = Schema(
    entities=(GROUP, ITEM),
    relations=(
        Relation(
            name="item_group", entity="item", fields=("group_id",), target="group",
            target_fields=("id",), label="group", inverse="items",
        ),
        Relation(
            name="group_parent", entity="group", fields=("parent_id",), target="group",
            target_fields=("id",), label="parent", inverse="subgroups",
        ),
    ),
)  # fmt: skip
GROUPS = ({"name": "Drinks"}, {"name": "Coffee", "group_parent": "Drinks"}, {"name": "Tea"})
ITEMS = (
    {"name": "Espresso", "item_group": "Coffee", "price": 2.4},
    {"name": "Flat white", "item_group": "Coffee"},
    {"name": "Assam", "item_group": "Tea", "roast": "none"},
)


def made(**options) -> dict[str, list[dict[str, Any]]]:
    rows = fill(SCHEMA, {}, **options)
    assert violations(SCHEMA, rows) == []
    return {
        entity.name: [
            dict(zip([f.name for f in entity.fields], row, strict=True))
            for row in rows[entity.name]
        ]
        for entity in SCHEMA.entities
    }


@given(strategies.integers(0, 10**6))
def test_rows_known_in_part_are_completed_and_alone(seed: int) -> None:
    """Each known row is there as said, its references lead where said, and no other row is."""
    rows = made(seed=seed, partial={"group": GROUPS, "item": ITEMS})

    groups = {row["id"]: row for row in rows["group"]}
    assert sorted(g["name"] for g in groups.values()) == ["Coffee", "Drinks", "Tea"]
    parents = {g["name"]: groups.get(g["parent_id"], {}).get("name") for g in groups.values()}
    assert parents == {"Drinks": None, "Coffee": "Drinks", "Tea": None}
    assert {row["name"]: groups[row["group_id"]]["name"] for row in rows["item"]} == {
        "Espresso": "Coffee", "Flat white": "Coffee", "Assam": "Tea",
    }  # fmt: skip
    assert next(row for row in rows["item"] if row["name"] == "Espresso")["price"] == 240
    assert next(row for row in rows["item"] if row["name"] == "Assam")["roast"] == "none"


@given(
    strategies.integers(0, 10**6),
    strategies.integers(1, 500),
    strategies.integers(0, 500),
    strategies.lists(strategies.text("abcdefg", min_size=1, max_size=6), min_size=1, unique=True),
)
def test_made_values_are_those_said(seed: int, low: int, wide: int, roasts: list[str]) -> None:
    """Listed values alone occur, and numbers stay in their range, on their step."""
    values = (
        Values(entity="item", field="roast", values=tuple(roasts)),
        Values(entity="item", field="price", least=low, most=low + wide, step=Decimal("0.5")),
        Values(entity="item", field="weight", least=low, most=low + wide),
    )
    for row in made(seed=seed, values=values)["item"]:
        assert row["roast"] in [*roasts, None]
        assert low * 100 <= row["price"] <= (low + wide) * 100
        assert row["price"] % 50 == 0
        assert low <= row["weight"] <= low + wide


def test_a_factor_changes_how_many_rows_there_are() -> None:
    plain, many = made(seed=1), made(seed=1, many={"item": 0.5})

    assert len(many["item"]) == pytest.approx(len(plain["item"]) / 2, abs=1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"values": (Values(entity="item", field="prise", values=("a",)),)}, "price"),
        ({"values": (Values(entity="thing", field="price", values=("a",)),)}, "thing"),
        ({"values": (Values(entity="item", field="price", values=("a",)),)}, "item.price"),
        ({"partial": {"group": GROUPS, "item": ({"item_group": "Cofee"},)}}, "Coffee"),
        ({"partial": {"item": ({"nam": "x"},)}}, "name"),
        ({"many": {"items": 2.0}}, "item"),
    ],
)
def test_what_the_schema_does_not_have_is_named(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(SchemaError, match=expected):
        fill(SCHEMA, {}, seed=1, **options)
