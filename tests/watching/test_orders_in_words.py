"""Standing orders in words: whatever can be said reads back as the same order, and as no other."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from watched_tasks import domain

from agentgym.formats import Json
from agentgym.plan import Emit, Fact, Op, Plan, Select, Setting, Where, Write
from agentgym.schema import Entity
from agentgym.schema.types import to_wire
from agentgym.tasks.words.lexicon import lexicon
from agentgym.tasks.words.watching import (
    order_of,
    read_watch,
    same_order,
    say_notice,
    say_watch,
    watchable,
)

DOMAINS = ("clinic", "harbour", "elements")
WATCH = "Please watch the rooms for me."
ELSE = "Otherwise stay quiet and change nothing."
OPS: tuple[Op, ...] = ("eq", "ne", "lt", "le", "gt", "ge")


def orders(draw: st.DrawFn, name: str) -> Plan:
    """Draw a standing order about rows that there are."""
    found = domain(name)
    words = lexicon(found.schema)
    able = [
        entity
        for entity in found.schema.entities
        if entity.name in words.entities and found.rows.get(entity.name)
    ]
    entity = draw(st.sampled_from(able))
    fields = list(words.fields(entity.name))
    facts: list[Fact] = []

    def fact(field_name: str, op: Op) -> str | None:
        field = entity.field(field_name)
        row = draw(st.sampled_from(found.rows[entity.name][:50]))
        value = to_wire(field, row[entity.position(field_name)])
        if not watchable(words.field(entity.name, field_name) or field, op, value):
            return None
        facts.append(
            Fact(id=f"f{len(facts) + 1}", entity=entity.name, field=field_name, value=value)
        )
        return facts[-1].id

    drawn = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3, unique=True))
    where = []
    for field in drawn:
        op = draw(st.sampled_from(OPS))
        told = fact(field.name, op)
        if told is not None:
            where.append(Where(field=field.name, op=op, fact=told))
    assume(where)
    nodes: list[Select | Write | Emit] = [Select(id="n1", entity=entity.name, where=tuple(where))]
    put = draw(st.sampled_from(fields))
    told = fact(put.name, "eq") if draw(st.booleans()) else None
    if told is not None:
        setting = Setting(field=put.name, fact=told)
        nodes.append(
            Write(
                id="n2",
                kind="update",
                entity=entity.name,
                target="n1",
                settings=(setting,),
                each=True,
            )
        )
    if told is None or draw(st.booleans()):
        nodes.append(Emit(id="n3", node="n1", field=entity.key[0], many=True))
    return Plan(family="proactive", facts=tuple(facts), nodes=tuple(nodes))


@pytest.mark.parametrize("name", DOMAINS)
@settings(max_examples=120, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_what_is_said_is_what_is_read(name: str, data: st.DataObject, seed: int) -> None:
    plan = data.draw(st.composite(lambda draw: orders(draw, name))())
    schema = domain(name).schema
    text, order = say_watch(plan, schema, seed=seed), order_of(plan)
    assert order is not None
    if text is None:  # it reads in two ways, or not at all
        return
    readings = read_watch(text, schema)
    assert len(readings) == 1
    assert same_order(readings[0], order)
    assert say_watch(plan, schema, seed=seed) == text
    other = data.draw(st.composite(lambda draw: orders(draw, name))())
    meant = order_of(other)
    assert meant is not None
    if not same_order(meant, order):
        assert say_watch(other, schema, seed=seed) != text


def test_most_orders_can_be_said() -> None:
    said: list[bool] = []

    @settings(max_examples=150, deadline=None, database=None)
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        plan = data.draw(st.composite(lambda draw: orders(draw, "clinic"))())
        said.append(say_watch(plan, domain("clinic").schema, seed=1) is not None)

    run()
    assert sum(said) > 0.9 * len(said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please watch the rooms for me.",
        f"{WATCH} Whenever a room changes so that its floor is high, let me know. {ELSE}",
        f"{WATCH} Whenever a patient changes so that its floor is above 2, let me know. {ELSE}",
        f"{WATCH} Whenever a room changes so that its floor is above 2, tell Bob. {ELSE}",
        f"{WATCH} Whenever a room changes so that its floor is above 2, let me know. {ELSE} Bye.",
    ],
)
def test_what_is_no_order_is_not_read(text: str) -> None:
    right = f"{WATCH} Whenever a room changes so that its floor is above 2, let me know. {ELSE}"
    assert len(read_watch(right, domain("clinic").schema)) == 1
    assert read_watch(text, domain("clinic").schema) == []


def test_other_plans_are_no_orders() -> None:
    select = Select(id="n1", entity="room", where=(Where(field="floor", fact="f1"),))
    fact = Fact(id="f1", entity="room", field="floor", value=2)
    emit = Emit(id="n2", node="n1", field="room_id", many=True)
    assert order_of(Plan(family="proactive", facts=(fact,), nodes=(select, emit))) is not None
    for nodes in ((select,), (select, select, emit), (emit, Select(id="n1", entity="room"))):
        assert order_of(Plan(family="proactive", facts=(fact,), nodes=nodes)) is None
    held = Fact(id="f1", entity="room", field="floor", value=2, exposure="user")
    assert order_of(Plan(family="proactive", facts=(held,), nodes=(select, emit))) is None


def test_an_event_is_told_in_full_or_in_brief() -> None:
    schema = domain("clinic").schema
    entity: Entity = schema.entity("room")
    values: dict[str, Json] = {"floor": 3}
    assert say_notice(schema, entity, (54,), None) == "Room 54 has changed."
    assert say_notice(schema, entity, (54,), values) == "Room 54 has changed: the floor is now 3."
    empty: dict[str, Json] = {"floor": None}
    assert say_notice(schema, entity, (54,), empty).endswith(": the floor is now empty.")
