"""Other names for the same structure, and how those of a trade read."""

import re
from collections import Counter

import pytest
from compose.small import library
from compose.test_structure import EVERYTHING, blueprints
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym import rules as rule_room
from agentgym.domain.valid import check_parts
from agentgym.errors import SchemaError
from agentgym.rules import Compare, In, Rule
from agentgym.schema.canonical import structure
from agentgym.schema.types import to_stored
from agentgym.sources.compose import compose, glue, load
from agentgym.sources.compose.renaming import (
    EntityName,
    FieldName,
    Naming,
    RelationName,
    rename,
)
from agentgym.sources.compose.speech import field_label, inverse, reference_label


def naming_of(schema, rules, effects, mark):
    """Name everything by its old name and a mark."""
    ids = [one.id for one in (*schema.checks, *schema.derived, *schema.exclusives)]
    ids += [one.id for one in (*rules, *effects)]
    return Naming(
        entities={
            e.name: EntityName(name=e.name + mark, label=e.label, plural=e.plural)
            for e in schema.entities
        },
        fields={
            e.name: {f.name: FieldName(name=f.name + mark, label=f.label) for f in e.fields}
            for e in schema.entities
        },
        relations={
            r.name: RelationName(name=r.name + mark, label=r.label, inverse=r.inverse)
            for r in schema.relations
        },
        values={
            e.name: {f.name: {v: v + mark for v in f.values} for f in e.fields if f.values}
            for e in schema.entities
        },
        ids={one: one + mark for one in ids},
    )


def back(naming, mark):
    """Return the naming that undoes another one."""
    return Naming(
        entities={
            n.name: EntityName(name=old, label=n.label, plural=n.plural)
            for old, n in naming.entities.items()
        },
        fields={
            naming.entities[e].name: {
                n.name: FieldName(name=old, label=n.label) for old, n in found.items()
            }
            for e, found in naming.fields.items()
        },
        relations={
            n.name: RelationName(name=old, label=n.label, inverse=n.inverse)
            for old, n in naming.relations.items()
        },
        values={
            naming.entities[e].name: {
                naming.fields[e][f].name: {new: old for old, new in said.items()}
                for f, said in found.items()
            }
            for e, found in naming.values.items()
        },
        ids={new: old for old, new in naming.ids.items()},
    )


@settings(max_examples=25)
@given(blueprints(), st.sampled_from(["_x", "_zz"]))
def test_names_come_and_go_and_the_structure_stays(blueprint, mark):
    glued = glue(blueprint)
    before = glued.schema, glued.rules, glued.effects
    naming = naming_of(*before, mark)
    after = rename(*before, naming)
    assert structure(after[0]).digest == structure(before[0]).digest
    assert not {e.name for e in after[0].entities} & {e.name for e in before[0].entities}
    check_parts(after[0], (*rule_room.derive(after[0]), *after[1]), after[2], (), where="renamed")
    again = rename(*after, back(naming, mark))
    for mine, theirs in zip(again, before, strict=True):
        assert mine == theirs


def test_what_is_not_named_keeps_its_name():
    glued = glue(EVERYTHING, library())
    before = glued.schema, glued.rules, glued.effects
    assert rename(*before, Naming()) == before


def test_a_rule_about_nothing_is_told():
    glued = glue(EVERYTHING, library())
    rule = Rule(
        id="r", entity="order", on=("create",), predicate=Compare(field="totl", op="gt", value=0)
    )
    with pytest.raises(SchemaError, match="did you mean 'total'"):
        rename(glued.schema, (rule,), (), Naming())


@settings(max_examples=40)
@given(blueprints(), st.integers(0, 9))
def test_drafts_are_valid_and_read_well(blueprint, seed):
    draft = compose(blueprint, seed)
    schema = draft.schema
    invariants = rule_room.derive(schema)
    check_parts(schema, (*invariants, *draft.rules), draft.effects, (), where=draft.name)
    assert structure(schema).digest == structure(glue(blueprint).schema).digest
    for words in (
        _twice(e.label for e in schema.entities),
        _twice(e.plural for e in schema.entities),
    ):
        assert not words
    for entity in schema.entities:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", entity.name)
        assert not _twice(field.label for field in entity.fields)
        for field in entity.fields:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)
            assert "_" not in field.label
            assert not any("_" in value for value in field.values or ())
        labels = [relation.label for relation in schema.parents(entity.name)]
        assert not _twice(labels)
        assert not any("_" in label for label in labels)
    assert draft.title in load().industries[blueprint.industry].firms
    assert draft.title in draft.description
    for one in draft.values:
        field = schema.entity(one.entity).field(one.field)
        if one.after:
            above = schema.relation(one.along[-1]).target if one.along else one.entity
            schema.entity(above).field(one.after)
            continue
        for value in (*one.values, one.least, one.most, one.step):
            to_stored(field, value)
    for name, rows in draft.partial.items():
        entity = schema.entity(name)
        for row in rows:
            for key, value in row.items():
                if key in schema.relation_by_name:
                    relation = schema.relation(key)
                    assert relation.entity == name
                    assert any(value in other.values() for other in draft.partial[relation.target])
                else:
                    to_stored(entity.field(key), value)


def _twice(words):
    return [word for word, count in Counter(words).items() if count > 1]


def test_a_trade_clothes_what_it_knows():
    draft = compose(EVERYTHING, 1, library=library())
    schema = draft.schema
    assert [e.name for e in schema.entities] == [
        "customer", "bread", "flavour", "bread_flavour", "tasting",
        "bread_order", "order_line", "order_event",
    ]  # fmt: skip
    customer, order = schema.entity("customer"), schema.entity("bread_order")
    assert customer.field("name").role == "person"
    assert customer.field("referrer_id").label == "referrer ID"
    assert schema.lifecycles[0].initial == ("regular",)
    assert order.key == ("bread_order_number",)
    assert order.field("ordered_on").label == "order date"
    assert order.field("total").unit == "EUR"
    assert schema.entity("order_line").field("bread_order_number").label == "bread order number"
    rule = next(r for r in draft.rules if r.id == "bread_order_for_live_customer")
    assert isinstance(rule.predicate, In)
    assert rule.predicate.values == ("regular",)
    assert draft.partial["bread"][0]["name"] == "Rye"
    after = next(one for one in draft.values if one.field == "ready_on")
    assert (after.after, after.least, after.most) == ("ordered_on", 1, 9)
    codes = next(one for one in draft.values if one.field == "bread_order_number")
    assert codes.values[0].startswith("BO-")
    assert draft.tags["patterns"] == "people+sales+things"
    assert draft.description.startswith(f"You work at the counter of {draft.title}, which keeps")


@pytest.mark.parametrize(
    ("words", "kind", "label"),
    [
        ("check in at", "datetime", "check-in time"),
        ("starts at", "datetime", "start time"),
        ("ordered on", "date", "order date"),
        ("applied on", "date", "date applied"),
        ("picked up on", "date", "date picked up"),
        ("departs at", "datetime", "departure time"),
        ("from on", "date", "start date"),
        ("client since", "date", "client since date"),
        ("first box on", "date", "first box date"),
        ("paid", "decimal", "amount paid"),
        ("phone", "text", "phone number"),
        ("room number", "text", "room number"),
    ],
)
def test_labels_can_stand_after_the(words, kind, label):
    assert field_label(words, kind, "stay") == (label, True)


def test_references_are_nouns():
    assert reference_label("approved by", "employee") == "approver"
    assert reference_label("recommended by", "guest") == "recommending guest"
    assert reference_label("earlier_version", "quote") == "earlier version"


@pytest.mark.parametrize(
    ("given_", "label", "alone", "own", "said"),
    [
        ("orders taken", "clerk", False, False, "tickets taken"),
        ("introduced", "introducer", False, True, "introduced tickets"),
        ("children", "parent", False, True, "child tickets"),
        ("", "clerk", True, False, "tickets"),
        ("", "clerk", False, False, "tickets as clerk"),
    ],
)
def test_what_rows_are_to_their_target(given_, label, alone, own, said):
    found = inverse(
        given_, label=label, slot="order", noun="waiter", several="tickets", alone=alone, own=own
    )
    assert found == said
