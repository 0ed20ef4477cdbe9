"""Requests to the user: what is written is heard again, and little else is heard."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watched_tasks import domain

from agentgym.formats import Json
from agentgym.plan import Fact, Plan, Select, Write
from agentgym.tasks import UserDeed, UserScript
from agentgym.tasks.deeds import arguments, hear, request, say
from agentgym.tasks.words.guiding import read_guiding, say_guiding

DEED = UserDeed(
    id="n3",
    tool="update_appointment",
    arguments={"appointment_id": 17, "status": "confirmed"},
    words='set the status of the appointment to "confirmed"',
    needs=("u1",),
    takes={"appointment_id": "u1"},
)
OTHER = UserDeed(
    id="n4",
    tool="update_appointment",
    arguments={"appointment_id": 17, "status": "cancelled"},
    words='set the status of the appointment to "cancelled"',
    needs=("u2",),
    takes={"appointment_id": "u2"},
)


def script(*deeds: UserDeed) -> UserScript:
    facts = [
        Fact(id=name, entity="appointment", field="appointment_id", value=17)
        for deed in deeds
        for name in deed.needs
    ]
    return UserScript(
        opening="",
        deeds=deeds,
        unknown=tuple(facts),
        questions={fact.id: "the appointment ID of the appointment" for fact in facts},
    )


@pytest.mark.parametrize(
    ("text", "deeds", "told"),
    [
        (
            'Please set the status of the appointment to "confirmed". The appointment ID is 18.',
            ("n3",),
            "18",
        ),
        ("Could you mark the status of the appointment as confirmed? Its ID is 18.", ("n3",), "18"),
        (
            "You need to change the appointment status to confirmed (appointment ID 18).",
            ("n3",),
            "18",
        ),
        ("Now cancel it: please set the status of appointment 18 to cancelled.", ("n4",), "18"),
        ("I will set the status of the appointment to confirmed, ID 18.", (), ""),
        ('Shall I set the status of the appointment to "confirmed"?', (), ""),
        ("What is the status of the appointment?", (), ""),
        ("Everything is confirmed now.", (), ""),
    ],
)
def test_a_request_is_heard_in_other_words(text: str, deeds: tuple[str, ...], told: str) -> None:
    heard = hear(text, script(DEED, OTHER))
    assert heard.deeds == deeds
    assert [value for _, value in heard.told] == ([told] if told else [])


def test_what_is_missing_is_named() -> None:
    heard = hear('Please set the status of the appointment to "confirmed".', script(DEED, OTHER))
    assert (heard.deeds, heard.missing) == ((), ("u1",))


def test_two_deeds_in_one_message_take_what_stands_with_each() -> None:
    user = script(DEED, OTHER)
    text = f"{request(DEED, user, {'u1': 5})} {request(OTHER, user, {'u2': 6})}"
    heard = hear(text, user)
    assert heard.deeds == ("n3", "n4")
    assert heard.told == (("u1", "5"), ("u2", "6"))


NAMES = st.sampled_from(("appointment", "invoice line", "room"))
TEXT = st.text(
    st.characters(whitelist_categories=("L", "N", "P", "Zs"), blacklist_characters='"“”'),
    min_size=1,
).filter(lambda text: text == " ".join(text.split()))
VALUES = st.one_of(
    st.integers(-(10**9), 10**9),
    st.decimals(-1000, 1000, places=2, allow_nan=False),
    st.dates().map(lambda day: day.isoformat()),
    TEXT,
)


@settings(max_examples=300)
@given(first=VALUES, second=VALUES, kind=NAMES)
def test_whatever_is_told_is_heard_as_it_was_said(first: Json, second: Json, kind: str) -> None:
    deed = UserDeed(
        id="n1",
        tool="t",
        arguments={},
        words=f"change the fee and the note of the {kind}",
        needs=("u1", "u2"),
        takes={"a": "u1", "b": "u2"},
    )
    facts = (
        Fact(id="u1", entity="x", field="fee", value=first),
        Fact(id="u2", entity="x", field="note", value=second),
    )
    user = UserScript(
        opening="",
        deeds=(deed,),
        unknown=facts,
        questions={"u1": f"the new fee of the {kind}", "u2": f"the new note of the {kind}"},
    )
    heard = hear(request(deed, user, {"u1": first, "u2": second}), user)
    assert heard.deeds == ("n1",)
    said = dict(heard.told)
    for name, value in (("u1", first), ("u2", second)):
        assert said[name] in (str(value), say(value), say(value).strip('"“”')), value


def test_what_was_said_becomes_values_of_the_fields() -> None:
    clinic = domain("clinic")
    deed = UserDeed(
        id="n1",
        tool="update_practitioner",
        arguments={"practitioner_id": 1, "hourly_rate_eur": Decimal("1.00")},
        words="",
        needs=("u1", "u2"),
        takes={"practitioner_id": "u1", "hourly_rate_eur": "u2"},
    )
    found = arguments(deed, [("u1", "1,017"), ("u2", "68.50")], clinic)
    assert found == {"practitioner_id": 1017, "hourly_rate_eur": Decimal("68.50")}
    assert isinstance(found["practitioner_id"], int)
    wrong = arguments(deed, [("u1", "Don"), ("u2", "68.50")], clinic)
    assert wrong is not None
    assert wrong["practitioner_id"] == "Don", "what is no number stays what it is"
    assert arguments(deed, [("u1", "17")], clinic) is None


@settings(max_examples=60)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_the_users_own_part_reads_back(data: st.DataObject, seed: int) -> None:
    schema = domain("harbour").schema
    names = [entity.name for entity in schema.entities if entity.spoken]
    kinds = st.sampled_from(("update", "transition", "create", "delete"))
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(names), kinds), min_size=1, max_size=4))
    nodes: list[Select | Write] = []
    for number, (name, kind) in enumerate(drawn):
        nodes.append(Select(id=f"s{number}", entity=name))
        nodes.append(
            Write(id=f"w{number}", kind=kind, entity=name, target=f"s{number}", by="user")  # type: ignore[arg-type]
        )
    plan = Plan(family="guided", facts=(), nodes=tuple(nodes))
    text = say_guiding(plan, schema, seed=seed)
    assert text
    verbs = {"update": "change", "transition": "change", "create": "add", "delete": "remove"}
    wanted = tuple(dict.fromkeys((verbs[kind], name) for name, kind in drawn))
    assert read_guiding(f"Do it. {text}", schema) == [("Do it.", wanted)]
    assert read_guiding("Do it.", schema) == []
