"""The simulated user: it tells what it is asked, and never what it should not."""

from __future__ import annotations

import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.plan import Fact
from agentgym.tasks import UserScript
from agentgym.users import Agenda


def agenda(*facts: Fact, questions: dict[str, str] | None = None) -> Agenda:
    """Return a user who knows the facts."""
    script = UserScript(opening="Please help.", facts=facts, questions=questions or {})
    return Agenda(script, tiny.SCHEMA)


def held(number: int, field: str, value: object, *, entity: str = "member") -> Fact:
    """Return a fact that is told only when asked."""
    return Fact(id=f"f{number}", entity=entity, field=field, value=value, exposure="user")


def test_the_user_answers_what_it_is_asked() -> None:
    """One question, one fact; two asked, two told; in other words too; others stay private."""
    user = agenda(held(1, "phone", "555-1"), held(2, "due_on", "2026-01-02", entity="loan"))
    assert user.answer("What is the phone number?").text == 'The phone number is "555-1".'
    assert user.held_back == ("f2",)
    assert "2026-01-02" in user.answer("When is the loan due?").text
    both = agenda(held(1, "phone", "555-1"), held(2, "due_on", "2026-01-02", entity="loan"))
    reply = both.answer("Please tell me the telephone number and the due date.")
    assert "555-1" in reply.text
    assert "2026-01-02" in reply.text
    assert not reply.ends


def test_the_user_tells_like_facts_apart() -> None:
    """Of two facts about like fields, the one that the question names is told."""
    user = agenda(
        held(1, "phone", "555-1"),
        held(2, "phone", "555-2"),
        questions={"f1": "the new phone number", "f2": "the old phone number"},
    )
    assert user.answer("What is the old phone number?").text == 'The old phone number is "555-2".'
    assert user.held_back == ("f1",)


def test_longer_names_explain_their_words() -> None:
    """A question for the last name does not ask for a name, and one for a name not for it."""
    facts = (held(1, "name", "Rock"), held(2, "phone", "Doe"), held(3, "fees", 3))
    questions = {"f1": "the name of the list", "f2": "the last name of the guest"}
    user = agenda(*facts, questions=questions)
    assert user.answer("What is the last name of the guest?").text.count(" is ") == 1
    assert user.held_back == ("f1", "f3")
    assert user.answer("What is the name of the list, and which fees?").text == (
        'The name of the list is "Rock". The fees are 3.'
    )


def test_the_user_confirms_and_never_invents() -> None:
    """Questions for consent are confirmed; unknown things are not known."""
    user = agenda()
    for question in ("Shall I proceed?", "Do you confirm?", "Is that correct?", "May I go ahead?"):
        assert user.answer(question).text == "Yes, please go ahead with what I asked for."
    assert "do not know" in user.answer("What is your favourite colour?").text
    assert user.answer("Anything else?").text == "No, thank you, that is all."


def test_a_question_that_fits_nothing_gets_the_next_fact() -> None:
    """So that a dialogue gets on, such a question, and only a question, draws out one fact."""
    user = agenda(held(1, "phone", "555-1"), held(2, "fees", 12.5))
    said = user.hear("I am done.")
    assert not said.ends
    assert "555-1" not in said.text
    assert user.answer("Which colour?").text == 'The phone number is "555-1".'
    assert user.held_back == ("f2",)
    assert "12.5" in user.hear("All done. Is there anything else I can do?").text
    assert user.hear("Then I am done. Can I help with anything else?").ends


def test_a_promise_is_no_last_word() -> None:
    """A message that only announces work keeps the conversation open."""
    user = agenda()
    assert not user.hear("Let me look that up.").ends
    assert not user.hear("Sure, one moment please.").ends
    assert user.hear("I have changed it. Let me know if you need more.").ends


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_the_user_is_deterministic_and_total(messages: list[str]) -> None:
    """Any words get a reply, the same one each time, and forks do not disturb each other."""
    one = agenda(held(1, "phone", "555-1"), held(2, "fees", 12.5))
    two = one.fork()
    replies = [one.hear(message) for message in messages]
    assert two.held_back == ("f1", "f2")
    assert [two.hear(message) for message in messages] == replies
    assert all(reply.text for reply in replies)


def test_a_greeting_is_no_last_word() -> None:
    """Greetings, promises and empty messages go on; what says something ends."""
    for message in ("hi", "Hello there!", "Good morning.", "", "...", "Let me check."):
        assert not agenda().hear(message).ends, message
    assert agenda().hear("Hi, the answer is 5.").ends
