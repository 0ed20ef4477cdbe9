"""Rules, effects and derived values in English, for any rule over any schema."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from market import market
from strategies import schemas

from agentgym.rules import (
    CLASSES,
    Add,
    Adjust,
    All,
    Alone,
    AnyOf,
    Assign,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Effect,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
    Value,
    boundary,
    derive,
    derived_sentence,
    effect_sentence,
    hint,
    policy_text,
    sections,
    sentence,
)
from agentgym.rules.english import duration
from agentgym.schema import (
    Derived,
    Entity,
    Exclusive,
    Field,
    Lifecycle,
    Product,
    Relation,
    Schema,
)


def field(name: str, label: str, kind: Any = "text", **more: Any) -> Field:
    return Field(name=name, label=label, type=kind, **more)


def entity(name: str, *fields: Field, plural: str = "") -> Entity:
    return Entity(
        name=name,
        label=name,
        plural=plural or f"{name}s",
        key=("id",),
        fields=(field("id", "id", "integer"), *fields),
    )


def relation(child: str, parent: str, label: str = "") -> Relation:
    return Relation(
        name=f"{child}_{parent}",
        entity=child,
        fields=(f"{parent}_id",),
        target=parent,
        target_fields=("id",),
        label=label or parent,
        inverse=f"{child}s",
    )


VISIT_STATES = ("requested", "confirmed", "done", "cancelled")
DESK = Schema(
    entities=(
        entity(
            "patient",
            field("name", "name"),
            field("tier", "tier", "enum", values=("gold", "silver", "none")),
            field("doctor_id", "family doctor id", "integer"),
        ),
        entity("doctor", field("name", "name")),
        entity(
            "visit",
            field("patient_id", "patient id", "integer"),
            field("doctor_id", "doctor id", "integer"),
            field("starts_at", "start", "datetime"),
            field("ends_at", "end", "datetime"),
            field("status", "status", "enum", values=VISIT_STATES),
            field("closed_at", "closing time", "datetime", nullable=True),
        ),
        entity(
            "invoice",
            field("patient_id", "patient id", "integer"),
            field("total", "total", "decimal", scale=2, unit="EUR"),
            field("shipping", "shipping", "decimal", scale=2, unit="EUR"),
            field("issued_on", "issue date", "date"),
            field("is_open", "open", "boolean"),
            field("has_discount", "has discount", "boolean"),
        ),
        entity(
            "line",
            field("invoice_id", "invoice id", "integer"),
            field("quantity", "quantity", "integer"),
            field("price", "unit price", "decimal", scale=2, unit="EUR"),
        ),
    ),
    relations=(
        relation("patient", "doctor", "family doctor"),
        relation("visit", "patient"),
        relation("visit", "doctor"),
        relation("invoice", "patient"),
        relation("line", "invoice"),
    ),
    lifecycles=(
        Lifecycle(
            entity="visit",
            field="status",
            initial=("requested",),
            moves={
                "requested": ("confirmed", "cancelled"),
                "confirmed": ("done", "cancelled"),
                "done": (),
                "cancelled": (),
            },
        ),
    ),
    exclusives=(
        Exclusive(
            id="one_visit",
            entity="visit",
            same=("doctor_id",),
            where={"status": ("requested", "confirmed", "done")},
            span=("starts_at", "ends_at"),
        ),
    ),
)
HOUR, DAY = 3_600, 86_400


def rule(kind: str, about: str, on: str, predicate: Predicate, **more: Any) -> Rule:
    made: Any = {"id": "r", "kind": kind, "entity": about, "on": tuple(on.split())}
    return Rule(predicate=predicate, **(made | more))


OPEN = In(field="status", values=("requested", "confirmed"), at="before")
SAID: list[tuple[Rule, str, str]] = [
    (
        rule("state", "visit", "update", OPEN),
        'A visit can be changed only while its status is "requested" or "confirmed".',
        'It can be changed only while the status is "requested" or "confirmed".',
    ),
    (
        rule(
            "state",
            "line",
            "delete",
            Compare(field="is_open", op="eq", value=True, path=("line_invoice",)),
        ),
        "A line can be deleted only while its invoice is marked as open.",
        "It can be deleted only while the invoice is marked as open.",
    ),
    (
        rule("state", "invoice", "delete", Compare(field="has_discount", op="eq", value=False)),
        "An invoice can be deleted only while it does not have discount.",
        "It can be deleted only while it does not have discount.",
    ),
    (
        rule(
            "time_window",
            "visit",
            "update",
            Elapsed(field="starts_at", op="le", seconds=-DAY, at="before"),
            fields=("starts_at", "ends_at"),
        ),
        "The start or end of a visit can be changed only until 24 hours before its start.",
        "It can be changed only until 24 hours before the start.",
    ),
    (
        rule(
            "time_window",
            "invoice",
            "delete",
            Elapsed(field="issued_on", op="le", seconds=30 * DAY),
        ),
        "An invoice can be deleted only within 30 days of its issue date.",
        "It can be deleted only within 30 days of the issue date.",
    ),
    (
        rule(
            "time_window",
            "visit",
            "update",
            AnyOf(
                of=(
                    Not(of=Compare(field="status", op="eq", value="cancelled")),
                    Elapsed(field="starts_at", op="le", seconds=-2 * HOUR),
                )
            ),
            fields=("status",),
        ),
        'A visit can be given the status "cancelled" only until 2 hours before its start.',
        'If the status is "cancelled": it can be changed only until 2 hours before the start.',
    ),
    (
        rule("authentication", "invoice", "read update", Authenticated(entity="patient")),
        "Before an invoice is shown or changed, the user must have been identified as a patient.",
        "First identify the user as a patient.",
    ),
    (
        rule("ownership", "invoice", "read update", Owner(path=("invoice_patient",))),
        (
            "Serve only the patient who has been identified: an invoice is shown and changed only "
            "for the patient to whom it belongs."
        ),
        (
            "It is only for the patient to whom it belongs: identify the user first, where that "
            "has not been done, and refuse what others ask for."
        ),
    ),
    (
        rule(
            "limit",
            "visit",
            "create update",
            Count(
                path=("visit_patient",),
                relation="visit_patient",
                where={"status": ("requested", "confirmed")},
                op="le",
                value=3,
            ),
        ),
        'A patient may have at most 3 visits whose status is "requested" or "confirmed".',
        (
            'The patient may have at most 3 visits whose status is "requested" or "confirmed": '
            "refuse what goes beyond."
        ),
    ),
    (
        rule("invariant", "visit", "create update", Alone(exclusive="one_visit")),
        (
            "A doctor has at most one visit at a time (from start to end), those whose status is "
            '"cancelled" aside.'
        ),
        "There is another visit already: choose another time or another doctor.",
    ),
    (
        rule("confirmation", "visit", "delete", Confirmed()),
        "Before a visit is deleted, say what will be done and get the user's yes.",
        "Say what will be done, ask the user whether to go on, and call again after a yes.",
    ),
    (
        rule(
            "confirmation",
            "invoice",
            "create",
            AnyOf(of=(Compare(field="total", op="le", value=500), Confirmed())),
        ),
        (
            "Before an invoice is created, if its total is more than 500 EUR, say what will be "
            "done and get the user's yes."
        ),
        (
            "If the total is more than 500 EUR: say what will be done, ask the user whether to go "
            "on, and call again after a yes."
        ),
    ),
    (
        rule("hand_over", "invoice", "create", Compare(field="total", op="le", value=500)),
        (
            "If the total of an invoice is more than 500 EUR, that invoice is not created at this "
            "desk: refuse it, and hand the user over to a colleague."
        ),
        "This is not done at this desk: refuse it, and hand the user over to a colleague.",
    ),
    (
        rule("hand_over", "patient", "delete", AnyOf(of=())),
        "A patient is not deleted at this desk: refuse it, and hand the user over to a colleague.",
        "This is not done at this desk: refuse it, and hand the user over to a colleague.",
    ),
    (
        rule("tier", "visit", "create", Holder(entity="patient", field="tier", values=("gold",))),
        'A visit can be created only for patients whose tier is "gold".',
        'It can be created only for patients whose tier is "gold": refuse it.',
    ),
    (
        rule(
            "tier",
            "visit",
            "create",
            AnyOf(
                of=(
                    Elapsed(field="starts_at", op="le", seconds=-14 * DAY),
                    Holder(entity="patient", field="tier", values=("gold", "silver")),
                )
            ),
        ),
        (
            "A visit can be created only until 2 weeks before its start, unless the user is a "
            'patient whose tier is "gold" or "silver".'
        ),
        (
            "It can be created only until 2 weeks before the start, unless the user is a patient "
            'whose tier is "gold" or "silver".'
        ),
    ),
    (
        rule(
            "order",
            "visit",
            "create",
            Calls(tool="get_patient", same={"patient_id": "patient_id"}, op="ge", value=1),
        ),
        "A visit can be created only after `get_patient` has been called for the same patient id.",
        "First call `get_patient` for the same patient id.",
    ),
    (
        rule("once", "visit", "update", Calls(tool="update_visit", op="lt", value=1)),
        "A visit can be changed only if `update_visit` has not been called before.",
        "`update_visit` has been called already: do not do this again.",
    ),
    (
        rule(
            "limit", "invoice", "create", Param(param="total", op="le", value=500), enforced=False
        ),
        "An invoice should be created only if the given total is at most 500.",
        "Call it so that the given total is at most 500.",
    ),
]


@pytest.mark.parametrize("case", range(len(SAID)))
def test_every_class_is_said_as_a_desk_manual_would(case: int) -> None:
    """Rules of each class read as a person would write them; so do their hints."""
    made, said, advice = SAID[case]
    assert sentence(made, DESK) == said
    assert hint(made, DESK) == advice


def test_every_class_has_an_example() -> None:
    """No class of rules is left without a sentence to compare with."""
    assert {made.kind for made, _, _ in SAID} == set(CLASSES)


LINES = (Product(fields=("quantity", "price")),)
DERIVED: list[tuple[dict[str, Any], str]] = [
    (
        {"relation": "line_invoice", "terms": LINES},
        (
            "The total of an invoice is always the sum of quantity times unit price over its "
            "lines; it cannot be set by hand."
        ),
    ),
    (
        {
            "relation": "line_invoice",
            "terms": LINES,
            "own": (Product(fields=("shipping",)), Product(fields=("id",), sign=-1)),
        },
        (
            "The total of an invoice is always the sum of quantity times unit price over its "
            "lines, plus its shipping, less its id; it cannot be set by hand."
        ),
    ),
    (
        {"relation": "line_invoice", "how": "count"},
        "The total of an invoice is always the number of its lines; it cannot be set by hand.",
    ),
    (
        {"relation": "line_invoice", "how": "max", "terms": (Product(fields=("price",)),)},
        (
            "The total of an invoice is always the largest unit price of its lines, empty where "
            "there are none; it cannot be set by hand."
        ),
    ),
]


@pytest.mark.parametrize(("made", "said"), DERIVED)
def test_derived_values_are_said(made: dict[str, Any], said: str) -> None:
    """What a computed field is, and that nobody sets it."""
    one = Derived(id="d", entity="invoice", field="total", **made)
    assert derived_sentence(one, DESK) == said


EFFECTS: list[tuple[Effect, str]] = [
    (
        Effect(
            id="e",
            entity="line",
            on=("create", "update", "delete"),
            do=Adjust(
                path=("line_invoice",),
                field="shipping",
                by=Product(fields=("quantity",), sign=-1),
            ),
        ),
        (
            "When a line is created, the shipping of its invoice falls by its quantity; when it is "
            "changed, by the difference; when it is deleted, that is taken back."
        ),
    ),
    (
        Effect(
            id="e",
            entity="visit",
            on=("update",),
            fields=("status",),
            when=Compare(field="status", op="eq", value="done"),
            do=Assign(field="closed_at", value=Value(now=True)),
        ),
        (
            'When the status of a visit is changed and from then on its status is "done", its '
            "closing time is set to the present time."
        ),
    ),
    (
        Effect(
            id="e",
            entity="visit",
            on=("create",),
            do=Add(
                entity="invoice",
                values={"patient_id": Value(field="patient_id"), "is_open": Value(given=True)},
            ),
            lasting=True,
        ),
        (
            "When a visit is created, an invoice is added, with its patient id set to its patient "
            "id and open set to yes; this stays even if the write is taken back."
        ),
    ),
]


@pytest.mark.parametrize(("effect", "said"), EFFECTS)
def test_effects_are_said(effect: Effect, said: str) -> None:
    """When something happens besides, and what."""
    assert effect_sentence(effect, DESK) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "no time"),
        (1, "1 second"),
        (90 * 60, "90 minutes"),
        (2 * HOUR, "2 hours"),
        (DAY, "24 hours"),
        (2 * DAY, "48 hours"),
        (3 * DAY, "3 days"),
        (7 * DAY, "1 week"),
        (30 * DAY, "30 days"),
        (365 * DAY, "365 days"),
        (DAY + HOUR + 1, "1 day, 1 hour and 1 second"),
    ],
)
def test_durations(seconds: int, said: str) -> None:
    """Times are said in the unit in which people count them."""
    assert duration(seconds) == said


# any rule over any schema


@st.composite
def predicates(draw: st.DrawFn, schema: Schema, one: Entity) -> Predicate:
    """Draw a legal predicate over rows of the entity."""
    path: tuple[str, ...] = ()
    top = one
    while schema.parents(top.name) and len(path) < 2 and draw(st.integers(0, 2)) == 0:
        step = draw(st.sampled_from(schema.parents(top.name)))
        path, top = (*path, step.name), schema.entity(step.target)
    named = draw(st.sampled_from(top.fields))
    at: Any = draw(st.sampled_from(["after", "before"]))
    op: Any = draw(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]))
    number = draw(st.integers(0, 9))
    value: Any = {
        "boolean": bool(number % 2),
        "text": f"{number}",
        "enum": (named.values or ("",))[number % len(named.values or ("",))],
        "date": f"2024-01-0{number + 1}"[:10] if number < 9 else "2024-02-01",
        "datetime": f"2024-01-0{number % 9 + 1}T00:00:00Z",
    }.get(named.type, number)
    people = draw(st.sampled_from(schema.entities))
    choices: list[Predicate] = [
        Authenticated(entity=people.name),
        Owner(path=path),
        Confirmed(),
        Calls(tool="get_it", op=op, value=number % 4, same={"key": "key"} if number % 2 else {}),
        Param(param="amount_due", op=op, value=number),
        Count(path=path, relation=c[0].name, op=op, value=number)
        if (c := schema.children(top.name))
        else Confirmed(),
    ]
    if named.type not in ("json", "bytes"):
        choices += [
            Compare(field=named.name, op=op, value=value, path=path, at=at),
            In(field=named.name, values=(value,), path=path, at=at),
            Holder(entity=top.name, field=named.name, values=(value,)),
        ]
    if named.type in ("date", "datetime"):
        seconds = draw(st.sampled_from([-DAY, 0, 30 * DAY]))
        limit: Any = op if op not in ("eq", "ne") else "le"
        choices.append(Elapsed(field=named.name, op=limit, seconds=seconds, path=path, at=at))
    children = schema.children(one.name)
    if children:
        choices.append(NoChildren(relation=children[0].name))
    choices += [Move(field=c.field) for c in schema.lifecycles if c.entity == one.name]
    return draw(st.sampled_from(choices))


@st.composite
def desks(draw: st.DrawFn) -> tuple[Schema, list[Rule]]:
    """Draw a schema and rules of every class over it."""
    schema = draw(schemas(most=4))
    made = []
    for number in range(draw(st.integers(1, 5))):
        one = draw(st.sampled_from(schema.entities))
        base = predicates(schema, one)
        shape = draw(st.integers(0, 5))
        first, second = draw(base), draw(base)
        shapes: dict[int, Predicate] = {
            0: Not(of=first),
            1: All(of=(first, second)),
            2: AnyOf(of=(first, second)),
            3: AnyOf(of=(Not(of=first), second)),
        }
        predicate = shapes.get(shape, first)
        on: Any = draw(
            st.lists(
                st.sampled_from(["create", "update", "delete", "read"]), min_size=1, unique=True
            )
        )
        kind: Any = draw(st.sampled_from(CLASSES))
        fields = (
            (draw(st.sampled_from(one.fields)).name,) if on == ["update"] and number % 2 else ()
        )
        made.append(
            Rule(
                id=f"rule_{number}",
                kind=kind,
                entity=one.name,
                on=tuple(on),
                fields=fields,
                predicate=predicate,
                enforced=draw(st.booleans()),
            )
        )
    return schema, made


def labels(schema: Schema) -> set[str]:
    return {
        word
        for one in schema.entities
        for text in (one.label, one.plural, *(f.label for f in one.fields))
        for word in text.split()
    } | {word for r in schema.relations for word in (*r.label.split(), *r.inverse.split())}


def twice(text: str, schema: Schema) -> Iterable[str]:
    """Find words that are said twice in a row, those aside that stand so in names."""
    known = labels(schema)
    for word in re.findall(r"\b([a-z]+) \1\b", re.sub(r'"[^"]*"|`[^`]*`', "", text)):
        if word not in known:
            yield word


@given(desks())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_rule_is_said_in_one_good_sentence(drawn: tuple[Schema, list[Rule]]) -> None:
    """It begins with a capital, ends with a full stop, and names nothing by its identifier."""
    schema, made = drawn
    hidden = {word for word in labels(schema) if "_" in word}
    for one in made:
        for said in (sentence(one, schema), hint(one, schema)):
            assert said[0] == said[0].upper()
            assert said.endswith(".") and not said.endswith("..")
            assert "  " not in said and " ," not in said and "if if" not in said
            assert not list(twice(said, schema)), said
            plain = re.sub(r'"[^"]*"|`[^`]*`', "", said)
            assert not [w for w in re.findall(r"\w*_\w*", plain) if w not in hidden], said
        boundary(one, schema, now="2025-01-01T00:00:00Z")


def meaning(one: Rule) -> object:
    """Return what two rules must share to be said alike."""

    def same(predicate: Predicate) -> object:
        match predicate:
            case Not():
                inner = predicate.of
                if isinstance(inner, Not):
                    return same(inner.of)
                if isinstance(inner, (Compare, Count, Param, Calls, Elapsed)):
                    turn: dict[str, Any] = {
                        "eq": "ne",
                        "ne": "eq",
                        "lt": "ge",
                        "ge": "lt",
                        "gt": "le",
                        "le": "gt",
                    }
                    if not (isinstance(inner, Elapsed) and inner.op in ("eq", "ne")):
                        return same(msgspec.structs.replace(inner, op=turn[inner.op]))
                return ("not", same(inner))
            case _:
                return predicate

    return (one.entity, one.on, one.fields, one.enforced, same(one.predicate))


FORMS: list[Predicate] = [
    Compare(field="total", op="le", value=5),
    Compare(field="total", op="lt", value=5),
    Compare(field="total", op="le", value=6),
    Compare(field="total", op="le", other="shipping"),
    Compare(field="shipping", op="le", value=5),
    Compare(field="is_open", op="eq", value=True),
    Compare(field="is_open", op="eq", value=False),
    In(field="total", values=(1, 2)),
    In(field="id", values=(1, 2), path=("invoice_patient",)),
    Not(of=In(field="total", values=(1, 2))),
    *(
        Elapsed(field="issued_on", op=op, seconds=seconds)
        for op in ("lt", "le", "gt", "ge")
        for seconds in (-DAY, 0, DAY)
    ),
    Count(relation="line_invoice", op="le", value=5),
    Count(relation="line_invoice", op="ge", value=5),
    Count(relation="invoice_patient", path=("invoice_patient",), op="le", value=5),
    NoChildren(relation="line_invoice"),
    Not(of=NoChildren(relation="line_invoice")),
    Param(param="total", op="le", value=5),
    Authenticated(entity="patient"),
    Not(of=Authenticated(entity="patient")),
    Owner(path=("invoice_patient",)),
    Owner(),
    Holder(entity="patient", field="tier", values=("gold",)),
    Holder(entity="patient", field="tier", values=("gold", "silver")),
    Confirmed(),
    Calls(tool="a", op="ge", value=1),
    Calls(tool="a", op="lt", value=1),
    Calls(tool="a", op="ge", value=2),
    Calls(tool="b", op="ge", value=1),
    AnyOf(of=()),
    AnyOf(of=(Confirmed(), Authenticated(entity="patient"))),
    AnyOf(of=(Not(of=Confirmed()), Authenticated(entity="patient"))),
    All(of=(Confirmed(), Authenticated(entity="patient"))),
]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("on", ["create", "update", "delete", "read update", "create update"])
def test_different_rules_are_said_differently(kind: str, on: str) -> None:
    """No two conditions share a sentence, and advice never reads like a rule that is enforced."""
    said: dict[str, object] = {}
    for predicate in FORMS:
        for enforced in (True, False):
            made = rule(kind, "invoice", on, predicate, enforced=enforced)
            text = sentence(made, DESK)
            assert said.setdefault(text, meaning(made)) == meaning(made), text


@given(desks())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_manual_tells_every_rule_once(drawn: tuple[Schema, list[Rule]]) -> None:
    """Each rule stands in one section, with its id, whatever its class; sections are told apart."""
    schema, made = drawn
    made = [
        *(r for r in derive(schema) if not isinstance(r.predicate, NoChildren)),
        *(r for r in made if r.kind != "invariant" or not isinstance(r.predicate, NoChildren)),
    ]
    text = policy_text("Drawn", schema, made, [])
    told = [
        n for group in re.findall(r"\[([\w, ]+)\]$", text, re.MULTILINE) for n in group.split(", ")
    ]
    assert sorted(told) == sorted(r.id for r in made)
    found = sections(text)
    assert [title for title, _ in found] == re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert all(body and body == body.strip("\n") for _, body in found)
    assert (
        "\n\n".join(["# Drawn: desk manual", *(f"## {t}\n\n{b}" for t, b in found)]) + "\n" == text
    )
    advice = dict(found).get("Good practice", "")
    assert {r.id for r in made if not r.enforced} == {n for n in told if f"[{n}]" in advice}


def test_the_manual_says_together_what_is_the_same() -> None:
    """Rules that differ in their entity alone are told in one sentence, with all their ids."""
    both = [
        rule("confirmation", "visit", "delete", Confirmed(), id="a"),
        rule("confirmation", "invoice", "delete", Confirmed(), id="b"),
        rule("ownership", "visit", "read", Owner(path=("visit_patient",)), id="c"),
        rule("ownership", "invoice", "read", Owner(path=("invoice_patient",)), id="d"),
        rule("authentication", "invoice", "read", Authenticated(entity="patient"), id="e"),
        rule("authentication", "visit", "read", Authenticated(entity="patient"), id="f"),
    ]
    found = dict(sections(policy_text("Desk", DESK, both, [])))
    assert found["Confirmation"].endswith(
        "- Before a visit or an invoice is deleted, say what will be done and get the user's yes. "
        "[a, b]"
    )
    assert (
        "- Serve only the patient who has been identified: a visit or an invoice is shown only for "
        "the patient to whom it belongs. [c, d]"
    ) in found["Who is served"]
    assert (
        "- Before an invoice or a visit is shown, the user must have been identified as a patient. "
        "[e, f]"
    ) in found["Who is served"]


def test_the_manual_tells_what_happens_by_itself() -> None:
    """Derived values and effects have a section, each with its id."""
    one = Derived(id="sum", entity="invoice", field="total", relation="line_invoice", terms=LINES)
    schema = msgspec.structs.replace(DESK, derived=(one,))
    effects = [msgspec.structs.replace(e, id=f"e{n}") for n, (e, _) in enumerate(EFFECTS)]
    body = dict(sections(policy_text("Desk", schema, [], [], effects)))
    told = re.findall(r"\[(\w+)\]$", body["What the system does by itself"], re.MULTILINE)
    assert told == ["sum", "e0", "e1", "e2"]


def test_sections_of_an_edited_manual() -> None:
    """Text before the first section, deeper headings and empty sections do no harm."""
    text = "# T\n\nlead\n\n## One\n\na\n### deep\nb\n\n##Two\n## Three\n"
    assert sections(text) == [("One", "a\n### deep\nb\n\n##Two"), ("Three", "")]
    assert sections("") == []


@pytest.mark.parametrize(
    ("predicate", "cases"),
    [
        (
            Elapsed(field="starts_at", op="le", seconds=-DAY),
            [
                {"starts_at": f"2025-01-0{d}T{t}Z"}
                for d, t in ((1, "23:59:59"), (2, "00:00:00"), (2, "00:00:01"))
            ],
        ),
        (Elapsed(field="starts_at", op="le", seconds=10**15), []),
        (
            Count(path=("visit_patient",), relation="visit_patient", op="le", value=0),
            [{"visit_patient.count(visit_patient)": 0}, {"visit_patient.count(visit_patient)": 1}],
        ),
        (Calls(tool="x", op="ge", value=1), [{"calls(x)": n} for n in (0, 1, 2)]),
        (Param(param="n", op="le", value=3), [{"arguments.n": n} for n in (2, 3, 4)]),
        (
            Param(param="day", op="le", value="2024-02-28"),
            [{"arguments.day": f"2024-02-{d}"} for d in (27, 28, 29)],
        ),
        (
            In(field="tier", values=("gold",), path=("visit_patient",), at="before"),
            [{"before.visit_patient.tier": t} for t in ("gold", "silver")],
        ),
        (
            Holder(entity="patient", field="tier", values=("gold",)),
            [{"user.tier": t} for t in ("gold", "silver")],
        ),
        (Confirmed(), []),
        (Owner(), []),
    ],
)
def test_boundaries_beyond_the_row(predicate: Predicate, cases: list[dict[str, Any]]) -> None:
    """Time, rows above, counts, arguments and the user have limits too, by their names."""
    found = boundary(rule("state", "visit", "update", predicate), DESK, now="2025-01-01T00:00:00Z")
    assert list(found) == cases


@given(
    st.sampled_from(["starts_at", "issued_on"]),
    st.sampled_from(["lt", "le", "gt", "ge"]),
    st.integers(-100 * DAY, 100 * DAY),
    st.datetimes(),
)
def test_the_limit_of_a_time_has_two_sides(name: str, op: Any, seconds: int, now: Any) -> None:
    """Of the times around the limit some pass and some do not."""
    now = now.replace(year=2024, microsecond=0)
    about = "visit" if name == "starts_at" else "invoice"
    made = rule("time_window", about, "update", Elapsed(field=name, op=op, seconds=seconds))
    rows = boundary(made, DESK, now=f"{now.isoformat()}Z")
    assert len(rows) == 3
    passed = [
        (now - dt.datetime.fromisoformat(str(row[name]).replace("Z", ""))).total_seconds()
        for row in rows
    ]
    verdicts = {
        {"lt": p < seconds, "le": p <= seconds, "gt": p > seconds, "ge": p >= seconds}[op]
        for p in passed
    }
    assert verdicts == {True, False}


def test_a_choice_of_nothing_is_said() -> None:
    """A list without values is never met, its negation always; both can be said."""
    schema = market().schema
    nothing = In(field="status", values=())
    told = []
    for predicate in (nothing, Not(of=nothing)):
        rule = Rule(id="r", kind="state", entity="orders", on=("update",), predicate=predicate)
        told.append(sentence(rule, schema))
    assert told[0] != told[1]
    assert all(one.endswith(".") for one in told)
