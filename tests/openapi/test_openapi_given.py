"""Tools that a source declares: what is legal of them, what guards them, what is added."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import shop

from agentgym import rules as rule_room
from agentgym import sources
from agentgym.build.mould import mould
from agentgym.rules import (
    Add,
    AnyOf,
    Compare,
    Count,
    Effect,
    Elapsed,
    In,
    Not,
    Param,
    Predicate,
    Rule,
)
from agentgym.schema import Schema, replace_entity
from agentgym.schema.roles import infer
from agentgym.sources import Draft
from agentgym.tools.algebra import (
    Argument,
    Create,
    Filter,
    Find,
    Get,
    Search,
    Sequence,
    Step,
    Tool,
    Transition,
    Update,
    subject,
)
from agentgym.tools.derive import derive
from agentgym.tools.derive.free import free_tools
from agentgym.tools.derive.given import given
from agentgym.tools.derive.guards import guard

HERE = Path(__file__).parent


def _or_lines(predicate: Predicate) -> Predicate:
    return AnyOf(of=(predicate, Count(relation="order_line_order", op="ge", value=1)))


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = shop.script(tmp_path_factory.mktemp("shop") / "shop.sql")
    return infer(sources.read(path).schema, {})


def arg(field: str, *, required: bool = False) -> Argument:
    return Argument(param=field, field=field, description=f"The {field}.", required=required)


def made(schema: Schema) -> list[Tool]:
    """Return the derived tools that are about rows, without guards."""
    tools = derive(schema, rule_room.derive(schema))
    return [
        msgspec.structs.replace(tool, guards=()) for tool in tools if subject(tool.term, schema)
    ]


def test_derived_tools_come_through_as_they_are(schema: Schema) -> None:
    """Given back, derived tools are kept, and guarded as they were; nothing is added."""
    invariants = rule_room.derive(schema)
    tools, counts = given(schema, made(schema), invariants)

    assert list(tools) == list(derive(schema, invariants))
    assert counts == {}


def test_without_tools_every_row_is_found_and_read(schema: Schema) -> None:
    """Nothing declared: each entity gets a way in; the domain-free tools are always there."""
    tools, _ = given(schema, (), ())
    kinds = {(subject(t.term, schema), type(t.term)) for t in tools}

    assert tools[-4:] == free_tools()
    for entity in schema.entities:
        if entity.kind != "link":
            assert {(entity.name, Find), (entity.name, Search)} & kinds, entity.name
        if schema.children(entity.name) and entity.kind != "link":
            assert (entity.name, Get) in kinds


def test_what_is_not_legal_is_left_out(schema: Schema) -> None:
    """Secret, unknown and computed fields, wrong keys, and the same thing twice."""
    customer = schema.entity("customer")
    hidden = replace_entity(
        schema,
        msgspec.structs.replace(
            customer,
            fields=tuple(
                msgspec.structs.replace(f, role="secret", nullable=True) if f.name == "email" else f
                for f in customer.fields
            ),
        ),
    )
    key = (arg("customer_id", required=True),)
    get = Tool(name="a", description="A.", term=Get(entity="customer", key=key))
    tools = [
        get,
        msgspec.structs.replace(get, name="b"),
        Tool(name="c", description="C.", term=Get(entity="customer", key=(arg("email"),))),
        Tool(name="d", description="D.", term=Find(entity="customer", by=(arg("email"),))),
        Tool(name="e", description="E.", term=Get(entity="nobody", key=key)),
        Tool(name="f", description="F.", term=Update(
            entity="customer", key=key, values=(arg("email"), arg("full_name"), arg("gone")))),
        Tool(name="g", description="G.", term=Search(entity="customer", filters=(
            Filter(param="email", field="email", op="eq", description="."),
            Filter(param="low", field="credit", op="ge", description="."),
            Filter(param="odd", field="full_name", op="ge", description="."),
            Filter(param="near", field="credit", op="contains", description=".")))),
        Tool(name="h", description="H.", term=Create(
            entity="customer", values=(arg("full_name"), arg("email")))),
        Tool(name="bash", description="I.", term=Get(entity="region", key=(arg("region_id"),))),
    ]  # fmt: skip
    found, counts = given(hidden, tools, ())
    kept = {tool.name: tool.term for tool in found}

    assert {"a", "f", "g"} <= set(kept)
    assert not {"b", "c", "d", "e", "h", "bash"} & set(kept)
    update, search = kept["f"], kept["g"]
    assert isinstance(update, Update)
    assert isinstance(search, Search)
    assert [one.field for one in update.values] == ["full_name"]
    assert [(one.param, one.op) for one in search.filters] == [("low", "ge"), ("near", "eq")]
    assert counts == {
        "declared tool that the schema does not allow": 4,
        "declared tool that is there twice": 2,
        "filter on what is not shown": 1,
        "filter that does not fit its field": 1,
        "value that nobody may set": 3,
    }


def test_guards_are_those_of_derived_tools(schema: Schema) -> None:
    """A declared write names the invariants that it can break, and no others."""
    invariants = rule_room.derive(schema)
    key = (arg("product_id", required=True),)
    tools = [
        Tool(name="reprice", description=".", term=Update(
            entity="product", key=key, values=(arg("price"),))),
        Tool(name="rename", description=".", term=Update(
            entity="product", key=key, values=(arg("title"),))),
    ]  # fmt: skip
    found = {tool.name: tool for tool in given(schema, tools, invariants)[0]}
    mine = [r.id for r in invariants if r.entity == "product" and "price" in r.id]

    assert list(found["reprice"].guards) == mine != []
    assert found["rename"].guards == ()


def test_declared_rules_guard_what_they_are_about(schema: Schema) -> None:
    """By entity, way of writing, fields, and the parameters of which they speak."""

    def rule(name: str, **more: object) -> Rule:
        said = {"kind": "limit", "entity": "product", "on": ("update",),
                "predicate": Compare(field="price", op="le", value=100), "level": 1}  # fmt: skip
        return Rule(id=name, **(said | more))  # type: ignore[arg-type]

    rules = [
        rule("any"),
        rule("price", fields=("price",)),
        rule("new", on=("create",)),
        rule("other", entity="customer"),
        rule("said", predicate=Param(param="reason", op="eq", value="x")),
        rule("kept", kind="invariant"),
    ]
    key = (arg("product_id", required=True),)
    tools = [
        Tool(name="reprice", description=".", guards=("any",), term=Update(
            entity="product", key=key, values=(arg("price"),))),
        Tool(name="rename", description=".", term=Update(
            entity="product", key=key, values=(arg("title"),))),
        Tool(name="see", description=".", term=Get(entity="product", key=key)),
    ]  # fmt: skip

    assert [tool.guards for tool in guard(schema, tools, rules)] == [
        ("any", "price"), ("any",), (),
    ]  # fmt: skip
    assert guard(schema, tools, ()) == tuple(tools)


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        # a shipped order has lines; an open one need not
        (_or_lines(In(field="status", values=("open", "cancelled"))), ["open_new", "list_new"]),
        (_or_lines(Compare(field="status", op="ne", value="shipped")), ["open_new", "list_new"]),
        # what is not known of a new row may hold
        (Compare(field="status", op="eq", value="shipped"), ["open_new", "new", "list_new"]),
        (Not(of=In(field="status", values=("open",), at="before")), ["open_new"]),
        (In(field="customer_id", values=(1,)), ["open_new", "new", "list_new"]),
        (Elapsed(field="ordered_at", op="le", seconds=0), ["open_new", "new", "list_new"]),
    ],
)  # fmt: skip
def test_what_no_call_gets_past_the_rules_is_left_out(
    schema: Schema, predicate: Predicate, left: list[str]
) -> None:
    """What makes a row and moves it on at once, where a rule wants more of what is moved on."""
    rule = Rule(
        id="whole", kind="state", entity="order", on=("update",), fields=("status",),
        predicate=predicate, level=1,
    )  # fmt: skip
    by = {tool.name: tool.term for tool in derive(schema, rule_room.derive(schema))}
    plain, lists, move = (
        by[name] for name in ("create_order", "create_order_with_lines", "change_order_status")
    )
    assert isinstance(plain, Create)
    assert isinstance(lists, Create)
    assert isinstance(move, Transition)
    taken, given_ = {"order_id": "0.order_id"}, {move.to.param: "shipped"}

    def both(first: Create) -> Sequence:
        return Sequence(steps=(Step(term=first), Step(term=move, given=given_, taken=taken)))

    tools = [
        Tool(name="open_new", description=".", term=plain),
        Tool(name="new", description=".", term=both(plain)),
        Tool(name="list_new", description=".", term=both(lists)),
    ]
    assert [tool.name for tool in guard(schema, tools, [rule])] == left


def test_a_rule_that_an_effect_fulfils_bars_nothing(schema: Schema) -> None:
    """Lines that appear by themselves count like those that are sent."""
    rule = Rule(
        id="whole", kind="state", entity="order", on=("update",), fields=("status",),
        predicate=Count(relation="order_line_order", op="ge", value=1), level=1,
    )  # fmt: skip
    by = {tool.name: tool.term for tool in derive(schema, rule_room.derive(schema))}
    create, move = by["create_order"], by["change_order_status"]
    assert isinstance(create, Create)
    assert isinstance(move, Transition)
    steps = (
        Step(term=create),
        Step(term=move, given={"status": "shipped"}, taken={"order_id": "0.order_id"}),
    )
    tools = [Tool(name="new", description=".", term=Sequence(steps=steps))]
    add = Effect(id="gift", entity="order", on=("create",), do=Add(entity="order_line", values={}))
    assert guard(schema, tools, [rule]) == ()
    assert [tool.name for tool in guard(schema, tools, [rule], [add])] == ["new"]


def _moulded(draft: Draft, rules: int) -> set[str]:
    domain = mould(draft, name="x", seed=0, rules=rules, options={})
    assert {name for tool in domain.tools for name in tool.guards} <= {r.id for r in domain.rules}
    return {rule.id for rule in domain.rules}


def test_rules_of_a_draft_are_kept_up_to_the_level() -> None:
    """A declared rule is a rule of the domain from its own level on."""
    draft = sources.read(HERE / "petstore.yaml")
    cheap = Rule(
        id="cheap_pets_only", kind="limit", entity="pet", on=("create", "update"),
        fields=("price",), predicate=Compare(field="price", op="le", value=900), level=3,
    )  # fmt: skip
    draft = msgspec.structs.replace(draft, rules=(cheap,))

    assert "cheap_pets_only" not in _moulded(draft, 2)
    assert "cheap_pets_only" in _moulded(draft, 3)


def test_what_was_added_is_said() -> None:
    """The notes of a domain name what can be found by tools that its source has not."""
    draft = sources.read(HERE / "petstore.yaml")
    domain = mould(draft, name="x", seed=0, options={})
    names = {tool.name for tool in draft.tools} | {tool.name for tool in free_tools()}
    added = [tool.name for tool in domain.tools if tool.name not in names]

    assert "search_visits" in added
    assert any("added so that" in note and "visits" in note for note in domain.source.notes)


def test_a_state_that_begins_by_itself_is_not_asked_for() -> None:
    """A parameter for a status that has one beginning falls away; an update of it stays."""
    domain = mould(sources.read(HERE / "petstore.yaml"), name="x", seed=0, options={})
    add = domain.tool_by_name["add_pet"].term
    assert isinstance(add, Create)

    assert [c.field for c in domain.schema.lifecycles if c.entity == "pet"] == ["status"]
    assert "status" not in {one.field for one in add.values}
    assert not any(isinstance(tool.term, Transition) for tool in domain.tools)
