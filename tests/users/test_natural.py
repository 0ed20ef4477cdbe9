"""What users make of messages as people write them: lists, chat, capitals, offers, small talk."""

from __future__ import annotations

import pytest
import tiny

from agentgym.plan import Fact
from agentgym.tasks import UserDeed, UserScript
from agentgym.trajectory import Result
from agentgym.users import PRESETS, Agenda, Reply

OPENING = "Please set the fees of my loan of July 3 to 12."
PHONE, NAME = "+44 29 555 0161", "Ann Otter"


def user(profile: str = "plain", *, opening: str = OPENING, **more: object) -> Agenda:
    """Return somebody who tells their phone number and their name when asked."""
    script = UserScript(
        opening=opening,
        facts=(
            Fact(id="f1", entity="member", field="phone", value=PHONE, exposure="user"),
            Fact(id="f2", entity="member", field="name", value=NAME, exposure="user"),
            Fact(id="f3", entity="member", field="fees", value=12, exposure="instruction"),
        ),
        questions={"f1": "my phone number", "f2": "my name"},
        **more,  # type: ignore[arg-type]
    )
    return Agenda(script, tiny.SCHEMA, PRESETS[profile], seed=3)


def told(reply: Reply) -> list[str]:
    """Name the facts that a reply tells."""
    telling = ("inform", "correct", "confirm")
    return sorted({i for act in reply.acts if act.kind in telling for i in act.facts})


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("In order to proceed I would kindly ask you to provide me with your phone number.", "f1"),
        ("To help you, I need the following:\n1. Your phone number\n2. Your name", "f1 f2"),
        ("## Needed\n\n* **Your name**\n\nPlease provide the above so I can continue.", "f2"),
        ("cud u pls tel me ur phone number thx", "f1"),
        ("Please you give me your name, I need for make the work.", "f2"),
        ("WHAT IS YOUR PHONE NUMBER?", "f1"),
        ("need phone number", "f1"),
        ("Please identify yourself.", "f1 f2"),
        ("Kindly furnish your name at your earliest convenience.", "f2"),
        ('The value of "phone number" is missing. Can you supply it?', "f1"),
        ("I will need a little more information from you.", "f1"),
        ('{"message": "What is your name?"}', "f2"),
    ],
)
def test_a_request_in_any_form_is_answered(message: str, facts: str) -> None:
    """With what it names, and nothing else, whether it is a question by its form or not."""
    assert told(user().hear(message)) == facts.split()


@pytest.mark.parametrize(
    "message",
    [
        "Would you like me to send you a confirmation email as well?",
        "Would you also like to sign up for our newsletter?",
        "I'm going to delete all of your records now, is that okay?",
        "Shall I cancel everything and close your account?",
        "Do you want me to remove the loan?",
        "We also offer a premium plan, would you be interested?",
        "Can I interest you in our loyalty card?",
        "In order to proceed, I would ask you to provide me with your name.",
        "Before I proceed, please tell me the phone number.",
        "How can I help you today?",
        "Why do you want this?",
        "Which loan should I change?",
    ],
)
@pytest.mark.parametrize("profile", ["plain", "courteous", "chatty"])
def test_nothing_else_gets_a_yes(message: str, profile: str) -> None:
    """No yes to what was not asked for, or to a question that is none of yes or no."""
    for one in (user(profile), user(profile)):
        one.hear("What are your phone number and your name?")
        reply = one.hear(message)
        assert not reply.confirms
        assert "confirm" not in [act.kind for act in reply.acts], reply.text


def test_what_was_asked_for_gets_a_yes() -> None:
    """Also where it is to throw something away, if that is what they want."""
    assert user().hear("Shall I set the fees of the loan to 12?").confirms
    assert user().hear("What is your name? Also, shall I go ahead once I have it?").acts
    assert not any(a.kind == "deny" for a in user().hear("Also, shall I go ahead then?").acts)
    for opening in ("Cancel my loan, please.", "Please delete my loan."):
        assert user(opening=opening).hear("Do you want me to remove the loan?").confirms
        assert user(opening=opening).hear("I will delete it now. Is that okay?").confirms
        assert not user(opening=opening).hear("Shall I delete all your members?").confirms


@pytest.mark.parametrize(
    "message",
    [
        "Hi! Sure, let me look into that for you.",
        "Good morning! Thank you for reaching out to us today.",
        "I am more than happy to help you with your request.",
        "Before I can get started, I will need a little more information from you.",
        "helo, wich one do u mean plz",
        "I will find out what is needed. One moment please.",
        "I should be obliged if you could indicate whether I may proceed.",
        "\x1b[31mred\x1b[0m",
        '{"status": "need_confirmation", "message": "Is it okay to continue?"}',
    ],
)
def test_small_talk_is_no_last_word(message: str) -> None:
    """Whoever greets, promises or asks has not taken leave, even where nothing is left to tell."""
    deed = UserDeed(id="n1", tool="x", arguments={}, words="confirm the loan")
    one = user(deeds=(deed,))
    one.hear("What are your phone number and your name?")
    assert not one.hear(message).ends


def test_a_message_that_breaks_off_ends_there() -> None:
    """Nothing is said after it in the same breath."""
    for seed in range(40):
        one = Agenda(user()._known.script, tiny.SCHEMA, PRESETS["scattered"], seed=seed)
        for _ in range(4):
            reply = one.hear("What else do you need from me?")
            cut = one._place.owed
            assert not cut or reply.text.endswith(("My phone numb", "My na")), reply.text


def test_who_did_a_deed_says_so() -> None:
    """Asked whether it worked, and only after it did."""
    deed = UserDeed(id="n1", tool="x", arguments={}, words="confirm the loan")
    one = user(deeds=(deed,))
    assert one.hear("Please confirm the loan.").deeds == ("n1",)
    one.did("n1", Result(data=None))
    for question in ("Did that work?", "Have you done it yet?"):
        assert one.hear(question).text == "I have done that already."


def test_a_polite_way_to_ask_is_no_offer() -> None:
    """Words around a request for a yes are not about anything else."""
    for polite in (
        "I should be obliged if you could indicate whether I may proceed.",
        "Before touching anything important here, may I proceed?",
    ):
        reply = user().hear(polite)
        assert "deny" not in [act.kind for act in reply.acts], reply.text


def test_private_facts_are_ones_own() -> None:
    """They are called so, and withheld in one sentence."""
    private = (Fact(id="p1", entity="member", field="phone", value=PHONE),)
    script = UserScript(opening=OPENING, private=private, record=("member", (1,)))
    reply = Agenda(script, tiny.SCHEMA).hear("What is your phone number?")
    assert reply.text == "I would rather keep my phone number to myself."


def test_a_phone_number_is_no_insurance_number() -> None:
    """A question for something else of the same kind does not draw out what was told."""
    one = user()
    one.hear("What are your phone number and your name?")
    assert told(one.hear("What is your insurance number?")) == []
    assert told(one.hear("What is your number?")) == ["f1"]
