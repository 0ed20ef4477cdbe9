"""Paraphrases: what a model writes stands only where it says the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import model_server
import pytest
from said_plans import made
from scripted_model import Reply, Scripted, serving
from strategies_plans import CLINIC, MUSIC

from agentgym.client import Cache, Client
from agentgym.errors import UnreachableError
from agentgym.plan import Plan
from agentgym.schema import Schema
from agentgym.tasks.words import say
from agentgym.tasks.words.paraphrase import GRAMMAR, Paraphrased, faults, paraphrase
from agentgym.tasks.words.say import Wording

OPENED: list[Client] = []


def client(url: str, **options: Any) -> Client:
    """Return a client that does not wait, and is closed after the test."""
    OPENED.append(Client("scribe", base_url=url, **{"sleep": lambda seconds: None, **options}))
    return OPENED[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def model(written: str, right: str, *, votes: Callable[[int], bool] = lambda n: True) -> Any:
    """Make a model that writes one paraphrase, and picks the right request, or the next one."""
    asked = {"votes": 0}

    def answer(request: dict[str, Any]) -> Reply:
        prompt = str(request["messages"][0]["content"])
        if prompt.startswith("Rewrite"):
            return Reply(written)
        options = re.findall(r"^(\d+)\. (.*)$", prompt, re.MULTILINE)
        place = next(int(n) for n, text in options if text == right)
        asked["votes"] += 1
        chosen = place if votes(asked["votes"]) else place % len(options) + 1
        return Reply(f"Request {chosen}.")

    return answer


def bill() -> tuple[Plan, Schema, Wording]:
    """Return a plan about a bill, worded."""
    plan, schema = made("conditional")
    text = (
        "If the amount of the bill with the number 1042 is over €80, tell me its due date; "
        "otherwise, mark it as paid."
    )
    return plan, schema, Wording(text=text, phrasing="")


GOOD = (
    "Hey, would you have a look at bill number 1042? In the event that its amount is more than "
    "€80, I want to hear its due date; in the other event it should become marked as paid."
)


def tried(written: str, **options: Any) -> tuple[Paraphrased, Scripted]:
    """Let a model paraphrase the wording of the bill."""
    plan, schema, wording = bill()
    votes = options.pop("votes", lambda n: True)
    with serving(model(written, wording.text, votes=votes)) as script:
        return paraphrase(wording, plan, schema, client(script.url), **options), script


def test_good_paraphrase_is_taken() -> None:
    """It says who wrote it, after as many votes as asked for, each in an order of its own."""
    found, script = tried(GOOD, votes=lambda n: True)
    assert found == Paraphrased(text=GOOD, words="scribe")
    asked = [str(one["messages"][0]["content"]) for one in script.asked]
    assert len(asked) == 4
    assert len(set(asked[1:])) > 1
    assert all(len(re.findall(r"^\d+\. ", prompt, re.MULTILINE)) == 4 for prompt in asked[1:])


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        (GOOD.replace("1042", "1043"), "lost value"),
        (GOOD.replace("1042", "number"), "lost value"),
        (GOOD.replace("€80", "80 EUR").replace("EUR", "USD"), "lost value"),
        (GOOD + " Please do so before March 3, 2021.", "new value"),
        (GOOD + " It has 7 lines.", "new value"),
        (GOOD + " I think Maria Lopez asked for it.", "new name"),
        (GOOD.replace("due date", "due_on"), "identifier"),
        (GOOD + " " + "And so on and so forth. " * 30, "length"),
    ],
)
def test_bad_paraphrases_are_refused(written: str, reason: str) -> None:
    """The grammar's words stand, and the first reason is counted for every try."""
    found, _ = tried(written, tries=2)
    assert found.words == GRAMMAR
    assert found.text == bill()[2].text
    assert found.refused == {reason: 2}


def test_one_wrong_vote_refuses() -> None:
    """The right request has to be chosen every time."""
    found, _ = tried(GOOD, votes=lambda n: n != 3, tries=1)
    assert found.words == GRAMMAR
    assert found.refused == {"votes": 1}


def test_what_our_grammar_reads_otherwise_is_refused() -> None:
    """A paraphrase that reads as another plan is not put to the vote; one that reads right is."""
    plan, schema, wording = bill()
    opposite = wording.text.replace("over", "under")
    assert opposite != wording.text
    found, script = tried(opposite, tries=1)
    assert found.refused == {"misread": 1}
    assert len(script.asked) == 1
    other = say(plan, schema, seed=5)
    assert other is not None
    found, script = tried(other.text, tries=1)
    assert found == Paraphrased(text=other.text, words="scribe")
    assert len(script.asked) == 1
    found, _ = tried(wording.text, tries=1)
    assert found.refused == {"unchanged": 1}


def test_what_the_user_holds_back_is_not_told() -> None:
    """A value that is told only when asked may not come in."""
    plan, schema = made("shift")
    wording = say(plan, schema, seed=3)
    assert wording is not None
    assert "leak" in faults(wording.text + " It is bring the card.", wording.text, plan, schema)
    assert "new value" in faults(wording.text + " Or April 2, 2021?", wording.text, plan, schema)
    hidden, _ = made("ambiguous")
    said = say(hidden, CLINIC, seed=1)
    assert said is not None
    late = said.text + " It is the one on March 5, 2021 at 10:15."
    assert "new value" in faults(late, said.text, hidden, CLINIC)


def test_names_and_states_have_to_be_there() -> None:
    """A person's name or a state that the wording tells may not be lost."""
    plan, schema = made("multi_write")
    wording = say(plan, schema, seed=1)
    assert wording is not None
    assert "lost value" in faults("Cancel all of Ana's visits, please.", wording.text, plan, schema)
    kept = "For Ana Reyes, whatever is booked should be cancelled among the appointments."
    assert faults(kept, wording.text, plan, schema) == []


def test_the_same_is_answered_from_the_cache(tmp_path: Path) -> None:
    """With a cache, nothing is asked twice, and the result is the same."""
    plan, schema, wording = bill()
    cache = Cache(tmp_path)
    with serving(model(GOOD, wording.text)) as script:
        first = paraphrase(wording, plan, schema, client(script.url, cache=cache))
        count = len(script.asked)
        again = paraphrase(wording, plan, schema, client(script.url, cache=cache))
        assert first == again
        assert len(script.asked) == count


def test_quotes_around_the_answer_are_no_part_of_it() -> None:
    """Models like to put quotation marks around what they write."""
    assert tried(f'"{GOOD}"')[0].text == GOOD
    assert tried(f"Message: {GOOD}")[0].text == GOOD


def test_server_that_is_not_there() -> None:
    """What cannot be reached is an error, not a refusal."""
    plan, schema, wording = bill()
    with pytest.raises(UnreachableError):
        paraphrase(wording, plan, schema, client("http://127.0.0.1:9/v1", retries=0))


def test_unusable_answers_leave_the_grammar() -> None:
    """A model that calls tools or says nothing changes nothing."""
    plan, schema, wording = bill()
    with serving(Reply(None, finish="length")) as script:
        found = paraphrase(wording, plan, schema, client(script.url), tries=2)
    assert found == Paraphrased(text=wording.text, refused={"empty": 2})


@pytest.mark.slow
def test_a_real_model(tmp_path: Path) -> None:
    """A small real model writes poorly: whatever stands keeps every value, twice the same."""
    cache = Cache(tmp_path)
    with model_server.running() as url:
        one = Client(model_server.MODEL, base_url=url, cache=cache)
        OPENED.append(one)
        for name in ("lookup", "policy_bound"):
            plan, schema = made(name)
            wording = say(plan, schema, seed=2)
            assert wording is not None
            found = paraphrase(wording, plan, schema, one, tries=2)
            assert found == paraphrase(wording, plan, schema, one, tries=2)
            if found.words == GRAMMAR:
                assert found.text == wording.text
                assert sum(found.refused.values()) == 2
            else:
                assert faults(found.text, wording.text, plan, schema) == []
    assert MUSIC is not CLINIC
