"""The simulated user: it tells what it is asked, and never what it should not."""

from __future__ import annotations

import msgspec
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.plan import Fact
from agentgym.tasks import Turn, UserScript
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
    assert user.answer("Which colour?").text == 'Perhaps this helps. The phone number is "555-1".'
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


HIDDEN = Fact(id="f1", entity="loan", field="due_on", value="2026-01-02", exposure="hidden")
TITLE = Fact(id="f2", entity="loan", field="title", value="Emma", exposure="hidden")
OTHER = Fact(id="f3", entity="member", field="fees", value=12.5, exposure="hidden")
TOLD = Fact(id="f4", entity="member", field="name", value="Ada")
NEW = held(5, "phone", "555-1")
TELLS = {"f1": "2026-01-02", "f2": "Emma", "f3": "12.5", "f4": "Ada", "f5": "555-1"}


def facts_in(text: str) -> set[str]:
    """Name the facts of the tables whose values a text holds."""
    return {fact_id for fact_id, value in TELLS.items() if value in text}


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("Which one?", "f1"),
        ("which one do you mean", "f1"),
        ("Which loan do you mean?", "f1"),
        ("I found two loans. Which one should I use?", "f1"),
        ("There are several loans: one due 2026-03-01, one due 2026-05-01.", "f1"),
        ("I see 2 loans for that member.", "f1"),
        ("Could you be more specific?", "f1"),
        ("Can you give me more details?", "f1"),
        ("Do you have any other details about it?", "f1"),
        ("Please clarify which of them you mean.", "f1"),
        ("Are you referring to the first or the second?", "f1"),
        ("It is not clear which loan this is about; please specify.", "f1"),
        ("Which of your loans would you like to extend?", "f1"),
        ("There appear to be 3 matching loans.", "f1"),
        ("More than one loan matches.", "f1"),
        ("Could you help me identify the right loan?", "f1"),
        ("Which is the correct one?", "f1"),
        ("Is it the one due in March or the one due in May?", "f1"),
        ("Please choose one: Emma or Persuasion.", "f1"),
        ("When is the loan due?", "f1"),
        ("What is the due date?", "f1"),
        ("What is the due date of the loan?", "f1"),
        ("Hello!", ""),
        ("Let me look that up.", ""),
        ("What is your favourite colour?", ""),
        ("Shall I go ahead?", ""),
        ("Is there anything else?", ""),
        ("Which room is free?", ""),
        ("I have returned the loan.", ""),
        ("What is the name of the member?", "f4"),
    ],
)
def test_what_is_hidden_is_told_to_who_asks_which(message: str, wanted: str) -> None:
    """It tells apart what is meant where somebody is unsure, and is never brought up."""
    user = agenda(TOLD, HIDDEN)
    reply = user.hear(message)
    assert facts_in(reply.text) == ({wanted} if wanted else set()), reply.text
    assert ("f1" in user.held_back) == (wanted != "f1")
    assert not (reply.ends and wanted)
    asked = agenda(TOLD, HIDDEN).answer(message)
    assert facts_in(asked.text) == ({wanted} if wanted else set()), asked.text
    assert not (wanted and asked.confirms)


def test_hidden_facts_are_told_by_what_they_are_about() -> None:
    """A question that names a thing gets what tells that thing apart; asked again, once more."""
    user = agenda(TOLD, HIDDEN, TITLE, OTHER, NEW)
    assert facts_in(user.hear("There are 3 members of that name. Which one?").text) == {"f3"}
    assert facts_in(user.hear("There are 3 members of that name. Which one?").text) == {"f3"}
    assert facts_in(user.hear("Which one is it?").text) == {"f1", "f2"}
    assert facts_in(user.answer("Which of the loans do you mean, and what is the phone?").text) == {
        "f1",
        "f2",
        "f5",
    }
    assert user.held_back == ()


def test_hidden_facts_keep_nobody_from_ending() -> None:
    """Who does not ask is not told: the last word is the last word."""
    user = agenda(TOLD, HIDDEN)
    assert user.hear("I have extended the loan that ends first.").ends
    assert user.held_back == ("f1",)
    ended = agenda(TOLD, held(5, "phone", "555-1"), HIDDEN)
    assert "have not told you yet" in ended.hear("All done.").text
    assert facts_in(ended.hear("All done. Anything else?").text) == {"f5"}
    assert ended.hear("All done. Anything else?").ends


MINE = (
    held(1, "name", "Zadie Moon"),
    held(2, "phone", "555-7"),
    held(3, "birth", "1990-02-03"),
    held(4, "email", "zm@example.com"),
)
MY = {
    "f1": "my full name",
    "f2": "my phone number",
    "f3": "my date of birth",
    "f4": "my email address",
}
WORDS = dict(zip(MY, ("Zadie Moon", "555-7", "1990-02-03", "zm@example.com"), strict=True))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is your email?", {"f4"}),
        ("What is your e-mail address, please?", {"f4"}),
        ("May I have your full name and date of birth?", {"f1", "f3"}),
        ("Could you tell me your date of birth and phone number?", {"f2", "f3"}),
        ("What is your birthday?", {"f3"}),
        ("What's your phone number and email address?", {"f2", "f4"}),
        ("Who am I talking to?", {"f1", "f2", "f3", "f4"}),
        ("Who are you?", {"f1", "f2", "f3", "f4"}),
        ("I need to verify your identity first.", {"f1", "f2", "f3", "f4"}),
        ("Please identify yourself.", {"f1", "f2", "f3", "f4"}),
    ],
)
def test_the_user_says_who_they_are(question: str, wanted: set[str]) -> None:
    """Each fact that identifies them is told when it is asked for, several at once, or all."""
    user = agenda(*MINE, questions=MY)
    reply = user.answer(question)
    assert {f for f, value in WORDS.items() if value in reply.text} == wanted, reply.text
    assert not reply.confirms
    assert set(user.held_back) == set(MY) - wanted


FIRST = Fact(id="f1", entity="loan", field="due_on", value="2026-01-02")
THEN = Fact(id="f2", entity="loan", field="due_on", value="2026-03-04", exposure="user")
TURN = Turn(text="Actually, make that March 4.", facts=("f2",), replaces=("f1",))


def shifting(*more: Fact) -> Agenda:
    """Return a user who is going to change their mind."""
    script = UserScript(opening="Please help.", facts=(FIRST, THEN, *more), shift=TURN)
    return Agenda(script, tiny.SCHEMA)


@pytest.mark.parametrize(
    "question",
    ["What is the phone number?", "Which colour?", "Shall I go ahead?", "Anything else?", "And?"],
)
def test_the_first_answer_brings_the_change_of_mind(question: str) -> None:
    """Whatever is asked, the first answer ends with it, once, and says no yes to anything."""
    user = shifting(held(3, "phone", "555-1"))
    reply = user.answer(question)
    assert reply.text.endswith(TURN.text)
    assert not reply.confirms
    assert not reply.ends
    assert "f2" in user.told
    again = user.answer(question)
    assert TURN.text not in again.text


def test_after_the_change_the_later_fact_holds() -> None:
    """Before it the first value holds, after it the later one; a yes names it."""
    user = shifting()
    assert user.fork().answer("What is the due date?").text == TURN.text
    before = user.fork()
    before.answer("Which colour?")
    assert before.answer("What is the due date?").text == "The due date is 2026-03-04."
    agreed = before.answer("Shall I proceed?")
    assert agreed.confirms
    assert "2026-03-04" in agreed.text
    assert "2026-01-02" not in agreed.text
    assert user.held_back == ("f2",)


def test_nobody_is_left_without_the_change() -> None:
    """The user does not let the conversation end before it was said; greetings wait."""
    user = shifting()
    assert TURN.text not in user.hear("Hello!").text
    assert TURN.text not in user.hear("Let me check.").text
    last = user.hear("I have set the due date to January 2.")
    assert (last.text, last.ends) == (TURN.text, False)
    assert user.hear("I have set the due date to March 4.").ends


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.text(max_size=60)
            | st.sampled_from(
                [
                    "Which one?",
                    "Shall I?",
                    "Done.",
                    "What is the phone number?",
                    "hi",
                    "Who are you?",
                ]
            ),
        ),
        max_size=6,
    )
)
def test_a_user_with_everything_is_deterministic(said: list[tuple[bool, str]]) -> None:
    """Hidden facts and a change of mind are part of what forks take along."""
    one = shifting(held(3, "phone", "555-1"), msgspec.structs.replace(TITLE, id="f4"))
    forks, replies = [], []
    for asks, text in said:
        forks.append(one.fork())
        replies.append(one.answer(text) if asks else one.hear(text))
        assert replies[-1].text
    for fork, (asks, text), reply in zip(forks, said, replies, strict=True):
        assert (fork.answer(text) if asks else fork.hear(text)) == reply
    assert sum(TURN.text in reply.text for reply in replies) <= 1
    assert not any(
        reply.ends and "f2" in fork.held_back for reply, fork in zip(replies, forks, strict=True)
    )
