"""What is spoken of and asked for: what words are found for, no keys, sums of what adds up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agentgym.schema import Entity, Field, Schema
from agentgym.tasks.spoken import adds_up, asked_for, only_links, spoken


def field(name: str, kind: str = "integer", role: str = "quantity", **more: object) -> Field:
    label = name.replace("_", " ")
    return Field(name=name, label=label, type=kind, role=role, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (field("price", "decimal", "money"), True),
        (field("population"), True),
        (field("net_weight", role="measure"), True),
        (field("latitude", "decimal", "measure"), False),
        (field("reorder_level"), False),
        (field("interest_rate", "decimal", "money"), False),
        (field("hardness", role="measure"), False),
        (field("price", "float", "money"), False),
    ],
)
def test_only_what_adds_up_is_summed(one: Field, wanted: bool) -> None:
    assert adds_up(one) is wanted


def test_nobody_asks_for_keys() -> None:
    fields = (field("customer_id", "text", "code"), field("code", "text", "code"), field("number"))
    thing = Entity(name="thing", label="thing", plural="things", key=("number",), fields=fields)
    assert [asked_for(thing, one) for one in fields] == [False, True, False]
    assert not asked_for(replace(thing, kind="link"), fields[1])


def test_what_has_no_words_is_unspoken() -> None:
    fields = (field("id", role="key"), field("name", "text", "label"), field("discontinued"))
    thing = Entity(name="thing", label="thing", plural="things", key=("id",), fields=fields)
    schema = Schema(entities=(thing,))
    made = spoken(schema)
    assert made is spoken(schema)
    assert [one.spoken for one in made.entity("thing").fields] == [False, True, False]
    assert not only_links(made, "thing")
