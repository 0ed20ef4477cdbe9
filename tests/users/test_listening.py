"""What the user makes of free English: values, labels, claims, and requests of any wording."""

from __future__ import annotations

import msgspec
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.plan import Fact
from agentgym.schema import Entity, Field, Schema
from agentgym.tasks import Turn, UserScript
from agentgym.users import Agenda, Reply, hearing

DESK = Schema(
    entities=(
        Entity(
            name="person",
            label="person",
            plural="people",
            key=("person_id",),
            fields=(
                Field(name="person_id", label="person ID", type="integer", role="key"),
                Field(name="name", label="full name", type="text", role="person"),
                Field(name="phone", label="phone number", type="text", role="contact"),
            ),
        ),
        Entity(
            name="invoice",
            label="invoice",
            plural="invoices",
            key=("invoice_id",),
            fields=(
                Field(name="invoice_id", label="invoice ID", type="integer", role="key"),
                Field(name="number", label="invoice number", type="text", role="code"),
                Field(name="billed_on", label="billing date", type="date", role="time"),
                Field(name="due_on", label="due date", type="date", role="time"),
                Field(name="quantity", label="quantity", type="integer", role="quantity"),
                Field(name="weight", label="weight", type="decimal", scale=1, unit="kg"),
                Field(name="price", label="price", type="decimal", scale=2, unit="EUR"),
                Field(
                    name="status",
                    label="status",
                    type="enum",
                    values=("open", "paid", "written_off"),
                    role="status",
                ),
            ),
        ),
    )
)


def fact(number: int, field: str, value: object, exposure: str = "user") -> Fact:
    """Return a fact about an invoice, or about a person."""
    entity = "person" if field in ("name", "phone") else "invoice"
    return Fact(id=f"f{number}", entity=entity, field=field, value=value, exposure=exposure)  # type: ignore[arg-type]


def user(*facts: Fact, questions: dict[str, str] | None = None, **more: object) -> Agenda:
    """Return a user who knows the facts."""
    opening = "Please help. Change it, or delete it."
    script = UserScript(opening=opening, facts=facts, questions=questions or {}, **more)  # type: ignore[arg-type]
    return Agenda(script, DESK)


def did(reply: Reply) -> list[str]:
    """Name the acts of a reply."""
    return [act.kind for act in reply.acts]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on Jan 9, 2025 at 11:45 UTC", [("time", "2025-01-09T11:45:00")]),
        ("the 20th of December 2024.", [("day", "2024-12-20")]),
        ("2025-01-02T10:00:00Z", [("time", "2025-01-02T10:00:00")]),
        ("2025-01-03 or 04", [("day", "2025-01-03"), ("number", "4")]),
        ("€1,234.50, 54 and 109 mg", [("number", "1234.5"), ("number", "54"), ("number", "109")]),
        ("#33a02c TRE-1311,", [("text", "#33a02c"), ("text", "tre-1311")]),
        ("zm@example.com.", [("text", "zm@example.com")]),
        ('called "Allergy  care"', [("text", "allergy care")]),
        ("nothing here", []),
    ],
)  # fmt: skip
def test_values_are_found_however_they_are_written(text: str, found: list[tuple[str, str]]) -> None:
    """Dates, times, numbers, codes and quoted texts come in one form."""
    said = hearing.values(hearing.ungrouped(text))
    assert [(one.kind, one.value) for one in said] == found


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    """No text is too strange to be looked through."""
    hearing.values(hearing.ungrouped(text))
    for look in (hearing.unsure, hearing.who, hearing.insults, hearing.what_to_do, hearing.refuses):
        assert look(text) in (True, False)
    assert all(one in text for one in hearing.sentences(text))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When was it billed?", "f1"),
        ("What is the bill date of the invoices?", "f1"),
        ("What qty would you like?", "f2"),
        ("How many items?", "f2"),
        ("How many kilograms is it?", "f3"),
        ("What does it weigh, in kilos? I mean the weight.", "f3"),
        ("Is it paid or still open?", "f4"),
        ("What state is it in?", "f4"),
        ("And the price?", "f5"),
        ("How much is it?", "f5"),
    ],
)
def test_the_words_of_the_domain_have_synonyms(question: str, wanted: str) -> None:
    """What happened stands for its name, short forms for long ones, units and values for fields."""
    one = user(
        fact(1, "billed_on", "2025-01-02"),
        fact(2, "quantity", 7),
        fact(3, "weight", 12.5),
        fact(4, "status", "paid"),
        fact(5, "price", 30),
    )
    reply = one.answer(question)
    assert wanted in {i for act in reply.acts for i in act.facts}, reply.text
    assert len(one.held_back) < 5
    assert wanted not in one.held_back


def test_like_labels_of_one_schema_are_told_apart() -> None:
    """An invoice number is no quantity, though a number is one elsewhere."""
    one = user(fact(1, "number", "INV-1"), fact(2, "quantity", 7))
    assert one.answer("What is the invoice number?").text == 'The invoice number is "INV-1".'
    assert one.answer("What is the quantity?").text == "The quantity is 7."


CLAIMS = (
    ("So your phone number is 555-9?", "f1"),
    ("Your phone is 555-9, is that correct?", "f1"),
    ("Just to confirm: phone number 555-9.", "f1"),
    ("I will set the due date to 2025-03-05. Shall I proceed?", "f2"),
    ("I am going to change the due date from 2024-01-01 to March 5, 2025. Is that okay?", "f2"),
    ("The due date will be set to 5 March 2025, right?", "f2"),
    ("Shall I set the quantity to 8?", "f3"),
    ("Do you want me to change the quantity of the invoice to 8?", "f3"),
    ("Should I mark it with the status paid?", "f4"),
    ("Is the status written off?", "f4"),
)


def holder() -> Agenda:
    """Return a user who has told everything in the opening."""
    return user(
        fact(1, "phone", "555-1", "instruction"),
        fact(2, "due_on", "2025-03-04", "instruction"),
        fact(3, "quantity", 7, "instruction"),
        fact(4, "status", "open", "instruction"),
        questions={"f1": "my phone number"},
    )


@pytest.mark.parametrize(("question", "wrong"), CLAIMS)
def test_what_is_false_is_put_right(question: str, wrong: str) -> None:
    """Who is about to do something else than what was asked gets no yes, and the right value."""
    for reply in (holder().answer(question), holder().hear(question)):
        assert did(reply)[:2] == ["deny", "correct"], reply.text
        assert reply.acts[1].facts == (wrong,)
        assert not reply.confirms
        assert not reply.ends
        assert {"f1": "555-1", "f2": "2025-03-04", "f3": "7", "f4": "open"}[wrong] in reply.text


@pytest.mark.parametrize(("question", "wrong"), CLAIMS)
def test_what_is_right_is_agreed_to(question: str, wrong: str) -> None:
    """The same with the right values is confirmed, or agreed to."""
    for old, new in (
        ("555-9", "555-1"), ("2025-03-05", "2025-03-04"), ("March 5, 2025", "March 4, 2025"),
        ("5 March 2025", "4 March 2025"), ("to 8", "to 7"), ("paid", "open"),
        ("written off", "open"),
    ):  # fmt: skip
        question = question.replace(old, new)
    reply = holder().answer(question)
    assert "deny" not in did(reply), reply.text
    assert did(reply)[0] in ("confirm", "inform"), (reply.text, wrong)


@pytest.mark.parametrize(
    "question",
    [
        "The due date is currently 2024-01-01. Shall I change it to 2025-03-04?",
        "Invoice 17 of January 3, 2024 has the quantity 3. I will set the quantity to 7, okay?",
        "Shall I go ahead and update the invoice?",
        "There is an invoice with 12 lines. Shall I proceed?",
        "Is that correct?",
        "I will change the status from paid to open. Do you confirm?",
    ],
)
def test_other_values_contradict_nothing(question: str) -> None:
    """What stands beside the right value, or is nothing of the user's, is no reason for a no."""
    reply = holder().answer(question)
    assert reply.confirms, reply.text
    assert reply.text.startswith("Yes")


def test_a_statement_about_the_user_is_corrected_once() -> None:
    """A false last word is put right once; then it is the agent's own affair."""
    one = holder()
    first = one.hear("I have set the due date to 2025-03-05.")
    assert (did(first), first.ends) == (["deny", "correct"], False)
    assert one.hear("I have set the due date to 2025-03-05.").ends
    assert holder().hear("The due date of the other one is 2023-01-01.").ends


HIDDEN = (fact(1, "number", "INV-1311", "hidden"), fact(2, "billed_on", "2024-11-22", "hidden"))


@pytest.mark.parametrize(
    "guess",
    [
        "Shall I delete the invoice INV-1315?",
        "I will delete the one that was billed on 2024-11-28. Is that right?",
        "Do you want me to delete the invoice of November 28, 2024?",
        "Shall I go ahead and delete invoice 17?",
        "I would delete invoice number 17. Okay to proceed?",
        "Should I delete INV-1315?",
    ],
)
def test_a_guess_gets_no_yes(guess: str) -> None:
    """Who names another one than the one that is meant is told which one it is."""
    for reply in (user(*HIDDEN).answer(guess), user(*HIDDEN).hear(guess)):
        assert not reply.confirms, reply.text
        assert "INV-1311" in reply.text
        assert did(reply)[:2] == ["deny", "correct"]


def test_the_right_one_gets_a_yes() -> None:
    """Who names the one that is meant, or was told and names its ID, may go on."""
    assert user(*HIDDEN).answer("Shall I delete the invoice INV-1311?").confirms
    one = user(*HIDDEN)
    assert "INV-1311" in one.answer("Which one do you mean?").text
    assert one.answer("Shall I go ahead and delete invoice 17?").confirms
    assert user(*HIDDEN).answer("Shall I go ahead?").confirms


def test_what_no_longer_holds_gets_no_yes() -> None:
    """After a change of mind the old value is a false one."""
    one = user(
        fact(1, "due_on", "2025-01-02", "instruction"),
        fact(2, "due_on", "2025-03-04"),
        shift=Turn(text="Make that March 4, 2025.", facts=("f2",), replaces=("f1",)),
    )
    assert "Make that" in one.answer("Shall I?").text
    reply = one.answer("So I go for January 2, 2025. Shall I proceed?")
    assert did(reply)[:2] == ["deny", "correct"]
    assert "2025-03-04" in reply.text
    assert one.answer("So I go for March 4, 2025. Shall I proceed?").confirms


SETTINGS = (
    fact(1, "number", "INV-1", "instruction"),
    fact(2, "status", "paid", "hidden"),
    fact(3, "price", 30, "hidden"),
)


@pytest.mark.parametrize(
    "question",
    [
        "What would you like me to change?",
        "What should be changed?",
        "What should be updated?",
        "What exactly do you want done?",
        "To what?",
        "What should I set?",
        "Which fields should I update?",
        "What changes would you like?",
    ],
)
def test_what_is_to_be_done_is_told_to_who_asks(question: str) -> None:
    """Hidden settings come all at once where somebody asks what is to be done."""
    for reply in (user(*SETTINGS).answer(question), user(*SETTINGS).hear(question)):
        assert "paid" in reply.text
        assert "30" in reply.text
        assert not reply.confirms
    assert user(*SETTINGS).hear("I have changed it.").ends


def test_jargon_is_told_as_it_was_said() -> None:
    """Who speaks in the words of a trade does not know what stands behind them."""
    told_as = msgspec.structs.replace(
        fact(1, "status", "written_off", "jargon"),
        term="bad paper",
    )
    one = user(told_as)
    assert one.held_back == ()
    assert "look it up" in one.answer('What do you mean by "bad paper"?').text
    told = one.answer("What is the status?").text
    assert "bad paper" in told
    assert "written" not in told


def test_short_talk_of_other_schemas() -> None:
    """Facts whose field no schema knows are told by their names."""
    odd = Fact(id="f1", entity="nothing", field="odd_one", value=3, exposure="user")
    one = Agenda(UserScript(opening="Hi.", facts=(odd,)), tiny.SCHEMA)
    assert one.answer("What is the odd one?").text == "The odd one is 3."


def test_an_offer_of_more_is_no_plan() -> None:
    """Who only asks if there is more gets no leave to go on; who asks for that too does."""
    for offer in ("Do you want anything else?", "Would you like me to do anything else?"):
        reply = holder().answer(offer)
        assert not reply.confirms
        assert did(reply) == ["acknowledge"], reply.text
    assert holder().answer("Shall I go ahead, or is there anything else?").confirms
