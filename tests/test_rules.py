"""Rules: what a schema implies, in English, at their limits, and in the desk manual."""

from __future__ import annotations

import operator
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import schemas

from agentgym import rules
from agentgym.errors import SchemaError
from agentgym.rules import (
    All,
    AnyOf,
    Compare,
    In,
    Move,
    NoChildren,
    Not,
    Rule,
    boundary,
    hint,
    policy_text,
    sentence,
)
from agentgym.rules.english import a, capital, clip, few, listing, of_the, plain
from agentgym.schema import Check, Entity, Field, Lifecycle, Relation, Schema
from agentgym.schema.types import to_stored
from agentgym.tools.derive import derive

SCHEMA = Schema(
    entities=(
        Entity(
            name="invoice",
            label="invoice",
            plural="invoices",
            key=("id",),
            fields=(
                Field(name="id", label="id", type="integer", role="key"),
                Field(
                    name="total", label="total", type="decimal", scale=2, unit="EUR", role="money"
                ),
                Field(name="paid", label="paid amount", type="decimal", scale=2, unit="EUR"),
                Field(name="weight", label="weight", type="float"),
                Field(name="issued_on", label="issue date", type="date"),
                Field(name="due_on", label="due date", type="date"),
                Field(name="sent_at", label="time of sending", type="datetime"),
                Field(name="copies", label="number of copies", type="integer"),
                Field(name="code", label="code", type="text"),
                Field(name="is_open", label="open", type="boolean"),
                Field(
                    name="status",
                    label="status",
                    type="enum",
                    values=("draft", "open", "paid"),
                    role="status",
                ),
                Field(name="owner_id", label="owner id", type="integer", nullable=True),
            ),
        ),
        Entity(
            name="employee",
            label="employee",
            plural="employees",
            key=("id",),
            fields=(Field(name="id", label="id", type="integer", role="key"),),
        ),
    ),
    relations=(
        Relation(
            name="invoice_owner",
            entity="invoice",
            fields=("owner_id",),
            target="employee",
            target_fields=("id",),
            label="owner",
            inverse="owned invoices",
        ),
    ),
    checks=(Check(id="total_least", entity="invoice", field="total", op="ge", value=0),),
    lifecycles=(
        Lifecycle(
            entity="invoice",
            field="status",
            initial=("draft",),
            moves={"draft": ("open",), "open": ("paid",), "paid": ()},
        ),
    ),
)


def rule(predicate: rules.Predicate, *on: str) -> Rule:
    return Rule(id="r", entity="invoice", on=on or ("create", "update"), predicate=predicate)  # type: ignore[arg-type]


def holds(predicate: rules.Predicate, row: dict[str, object]) -> bool:
    """Evaluate a predicate the plain way, over a row of wire values."""
    kind = SCHEMA.entity("invoice")
    match predicate:
        case Compare():
            left: Any = to_stored(kind.field(predicate.field), row[predicate.field])
            right: Any = (
                to_stored(kind.field(predicate.field), predicate.value)
                if predicate.other is None
                else to_stored(kind.field(predicate.other), row[predicate.other])
            )
            return bool(getattr(operator, predicate.op)(left, right))
        case In():
            return row[predicate.field] in predicate.values
        case Not():
            return not holds(predicate.of, row)
        case All():
            return all(holds(part, row) for part in predicate.of)
        case AnyOf():
            return any(holds(part, row) for part in predicate.of)
        case _:
            raise AssertionError(predicate)


OPS = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])


def compares() -> st.SearchStrategy[rules.Predicate]:
    """Draw comparisons over fields of one invoice."""
    return st.one_of(
        st.builds(Compare, field=st.just("total"), op=OPS, value=st.integers(-50, 50)),
        st.builds(Compare, field=st.just("weight"), op=OPS, value=st.floats(-9, 9)),
        st.builds(Compare, field=st.just("copies"), op=OPS, value=st.integers(-50, 50)),
        st.builds(
            Compare,
            field=st.just("issued_on"),
            op=OPS,
            value=st.dates().map(str).filter(lambda d: "0002" < d < "9998"),
        ),
        st.builds(Compare, field=st.just("due_on"), op=OPS, other=st.just("issued_on")),
        st.builds(Compare, field=st.just("paid"), op=OPS, other=st.just("total")),
        st.builds(
            In,
            field=st.just("copies"),
            values=st.lists(st.integers(1, 9), min_size=1, unique=True).map(tuple),
        ),
        st.builds(
            In,
            field=st.just("status"),
            values=st.lists(st.sampled_from(["draft", "open"]), min_size=1, unique=True).map(tuple),
        ),
    )


@given(compares())
def test_a_boundary_lies_on_both_sides(predicate: rules.Predicate) -> None:
    """Of the boundary values of a comparison some pass and some do not."""
    verdicts = {holds(predicate, row) for row in boundary(rule(predicate), SCHEMA)}
    assert verdicts == {True, False}


@given(
    st.recursive(
        compares(),
        lambda p: (
            st.builds(Not, of=p)
            | st.builds(All, of=st.lists(p, min_size=1, max_size=3).map(tuple))
            | st.builds(AnyOf, of=st.lists(p, min_size=1, max_size=3).map(tuple))
        ),
        max_leaves=4,
    )
)
def test_boundaries_of_any_predicate_are_legal_rows(predicate: rules.Predicate) -> None:
    """Boundary values are of their field's type, distinct, few, and decide the predicate."""
    rows = boundary(rule(predicate), SCHEMA)
    assert 0 < len(rows) <= 64
    kind = SCHEMA.entity("invoice")
    assert len({repr(sorted(row.items())) for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == set(rules.fields_of(predicate))
        for name, value in row.items():
            assert to_stored(kind.field(name), value) is not None
        holds(predicate, row)


def test_boundaries_at_the_end_of_a_type() -> None:
    """Where there is no neighbour, the value stands alone on that side."""
    last = rule(Compare(field="issued_on", op="le", value="9999-12-31"))
    assert [row["issued_on"] for row in boundary(last, SCHEMA)] == ["9999-12-30", "9999-12-31"]
    whole = rule(In(field="status", values=("draft", "open", "paid")))
    assert len(boundary(whole, SCHEMA)) == 3


def test_boundaries_of_life_cycles_and_children() -> None:
    """A life cycle gives its states; a rule about other rows has no boundary."""
    assert boundary(rule(Move(field="status")), SCHEMA) == (
        {"status": "draft"},
        {"status": "open"},
        {"status": "paid"},
    )
    deletion = Rule(
        id="d", entity="employee", on=("delete",), predicate=NoChildren(relation="invoice_owner")
    )
    assert boundary(deletion, SCHEMA) == ()


def test_a_boundary_of_a_wrong_value_is_refused() -> None:
    """A value that the field cannot hold is the author's mistake."""
    with pytest.raises(SchemaError):
        boundary(rule(Compare(field="copies", op="le", value="many")), SCHEMA)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            rule(Compare(field="total", op="ge", value=0)),
            "The total of an invoice must be at least 0 EUR.",
        ),
        (
            rule(Compare(field="due_on", op="ge", other="issued_on")),
            "The due date of an invoice must not be before its issue date.",
        ),
        (
            rule(In(field="status", values=("draft", "open"))),
            'The status of an invoice must be "draft" or "open".',
        ),
        (
            rule(Move(field="status")),
            (
                'The status of an invoice starts as "draft"; goes from "draft" to "open"; '
                'goes from "open" to "paid"; "paid" is final.'
            ),
        ),
        (
            rule(Not(of=Compare(field="copies", op="gt", value=3))),
            "For every invoice, its number of copies is at most 3.",
        ),
        (
            rule(
                AnyOf(
                    of=(
                        Compare(field="is_open", op="eq", value=True),
                        Compare(field="paid", op="eq", other="total"),
                    )
                )
            ),
            "For every invoice, either it is marked as open or its paid amount is its total.",
        ),
        (
            rule(Compare(field="copies", op="le", value=3), "create"),
            "The number of copies of a new invoice must be at most 3.",
        ),
        (
            rule(Not(of=In(field="code", values=("A", "B"))), "update"),
            'An invoice can be changed only if its code is neither "A" nor "B".',
        ),
        (
            Rule(
                id="d",
                entity="employee",
                on=("delete",),
                predicate=NoChildren(relation="invoice_owner"),
            ),
            "An employee can be deleted only while no invoice has it as owner.",
        ),
    ],
)
def test_sentences(made: Rule, said: str) -> None:
    """Rules read as a person would write them."""
    assert sentence(made, SCHEMA) == said


def test_hints_say_what_to_do() -> None:
    """A refusal ends in advice."""
    least, moves, keeps = rules.derive(SCHEMA)
    assert hint(least, SCHEMA) == "Choose values so that the total is at least 0 EUR."
    assert hint(moves, SCHEMA).endswith("Choose a state that may follow the present one.")
    assert hint(keeps, SCHEMA) == (
        "First delete the invoices that refer to it, or let them refer elsewhere."
    )


@pytest.mark.parametrize(
    "predicate",
    [
        Compare(field="nothing", op="eq", value=1),
        Compare(field="total", op="le", other="nothing"),
        Move(field="total"),
        NoChildren(relation="nothing"),
        All(of=(In(field="nothing", values=(1,)),)),
    ],
)
def test_rules_over_unknown_things_are_refused(predicate: rules.Predicate) -> None:
    """A rule that names what the schema does not have cannot be said."""
    with pytest.raises(SchemaError):
        sentence(rule(predicate), SCHEMA)


@given(schemas())
def test_derived_rules_have_unique_ids_and_can_be_said(schema: Schema) -> None:
    """Each rule of a schema has an id of its own, a sentence and a hint."""
    made = rules.derive(schema)
    assert len({one.id for one in made}) == len(made)
    for one in made:
        for said in (sentence(one, schema), hint(one, schema)):
            assert said[0].isupper() or not said[0].isalpha()
            assert said.endswith(".")
            assert "  " not in said
        boundary(one, schema)


@given(schemas())
def test_the_manual_tells_every_rule_once(schema: Schema) -> None:
    """Each rule that a tool obeys stands in the manual once, with its id in brackets."""
    made = rules.derive(schema)
    tools = derive(schema, made)
    text = policy_text("Drawn", schema, made, tools)
    assert text.startswith("# Drawn: desk manual\n\n## What this desk does\n")
    assert text.endswith(".\n")
    assert text == policy_text("Drawn", schema, made, tools)
    told = [name for found in re.findall(r"\[([\w, ]+)\]", text) for name in found.split(", ")]
    assert len(told) == len(set(told))
    assert {guard for tool in tools for guard in tool.guards} <= set(told)
    assert set(re.findall(r"`(\w+)`", text)) <= {tool.name for tool in tools} | {
        "done",
        "refused",
        "impossible",
    }


def test_the_manual_of_a_desk_without_writes() -> None:
    """Where nothing can be changed, the manual says so and tells no more of it."""
    text = policy_text("Archive", SCHEMA, rules.derive(SCHEMA), [])
    assert "no record can be changed" in text
    assert "## When a record may be deleted" not in text


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("invoice", "an invoice"),
        ("customer", "a customer"),
        ("user", "a user"),
        ("hour", "an hour"),
        ("unit", "a unit"),
        ("unidentified object", "an unidentified object"),
        ("one-way trip", "a one-way trip"),
        ("SKU", "an SKU"),
        ("URL", "a URL"),
        ("European office", "a European office"),
        ("x", "an x"),
    ],
)
def test_articles(noun: str, said: str) -> None:
    """The article follows the sound, not the letter."""
    assert a(noun) == said


def test_turns_of_phrase() -> None:
    """Lists, owners and cuts read well."""
    assert listing(["x", "y", "z"], "or") == "x, y or z"
    assert few(["a", "b", "c", "d"]) == "a, b, c and more"
    assert of_the("customer id", "customer") == "id of the customer"
    assert of_the("country", "country") == "country of the country"
    assert capital("iPod") == "IPod"
    assert plain("a <think>\n b") == "a (think) b"
    assert clip("one two three", 11) == "one two..."
    assert clip("short", 11) == "short"
