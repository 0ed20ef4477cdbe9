"""Tools that only think: they change nothing, and are remembered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.episode import Episode, Suite, load
from agentgym.episode.mind import MAX_NOTES
from agentgym.errors import UsageError
from agentgym.formats import decode, encode, to_text
from agentgym.policies import Oracle
from agentgym.testing.calls import nonsense
from agentgym.testing.honesty import dishonest
from agentgym.tools.derive import INTRINSIC_NAMES, RESERVED_TOOLS, intrinsic_tools
from agentgym.tools.views import ViewOptions

ALL = ("think", "plan", "note", "recall")


def call(episode: Episode, name: str, **arguments: Any) -> Any:
    text = episode.act(to_text({"name": name, "arguments": arguments})).observation
    return decode(text.encode(), object, where="observation")


def test_names_are_free() -> None:
    """None of them is a name that frameworks take for themselves."""
    assert not INTRINSIC_NAMES & RESERVED_TOOLS
    assert {tool.name for tool in intrinsic_tools()} < INTRINSIC_NAMES


def test_what_was_noted_and_planned_is_recalled() -> None:
    """All of it, or what holds a word, whatever its case."""
    with load("clinic").episode("1", view="intrinsic=true") as episode:
        assert call(episode, "think_aloud", thought="let me see") == {"words": 3}
        assert call(episode, "make_plan", steps=["find it", "Change it"]) == {"steps": 2}
        assert call(episode, "take_note", text="Quantity is 7") == {"note": 1, "words": 3}
        assert call(episode, "take_note", text="ask first") == {"note": 2, "words": 2}
        whole = call(episode, "recall_notes")
        assert whole["notes"] == [
            {"note": 1, "text": "Quantity is 7"},
            {"note": 2, "text": "ask first"},
        ]
        assert whole["plan"] == ["find it", "Change it"]
        assert call(episode, "recall_notes", word="CHANGE")["plan"] == ["Change it"]
        assert call(episode, "recall_notes", word="first")["notes"] == [
            {"note": 2, "text": "ask first"}
        ]
        assert call(episode, "make_plan", steps=["ask"]) == {"steps": 1}
        assert call(episode, "recall_notes", word="zzz") == {"notes": [], "plan": []}
        assert call(episode, "recall_notes")["plan"] == ["ask"]
        assert episode.turn == 10
        assert episode.changes() == ()
        assert not episode.errors


def test_forks_have_minds_of_their_own() -> None:
    """What one notes, the other does not know; what was noted before, both do."""
    with load("clinic").episode("1", view="intrinsic=note+recall") as one:
        call(one, "take_note", text="before")
        other = one.fork()
        call(one, "take_note", text="mine")
        call(other, "take_note", text="yours")
        texts = [[note["text"] for note in call(e, "recall_notes")["notes"]] for e in (one, other)]
        assert texts == [["before", "mine"], ["before", "yours"]]


def test_memory_has_an_end() -> None:
    """A full notebook refuses, and keeps what it has."""
    with load("clinic").episode("1", view="intrinsic=true", max_turns=1000) as episode:
        for number in range(MAX_NOTES):
            assert call(episode, "take_note", text=f"n{number}")["note"] == number + 1
        assert call(episode, "take_note", text="more")["error"]["code"] == "limit_exceeded"
        assert len(call(episode, "recall_notes")["notes"]) == MAX_NOTES


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([tool.name for tool in intrinsic_tools()]),
    st.lists(
        st.tuples(st.sampled_from(["thought", "steps", "text", "word", "x"]), nonsense), max_size=2
    ),
)
def test_any_arguments_are_answered(name: str, pairs: list[tuple[str, Any]]) -> None:
    """Whatever is sent, a result comes and no row changes."""
    with load("clinic").episode("1", view="intrinsic=true") as episode:
        before = episode.digest()
        result = episode.call_json([{"name": name, "arguments": dict(pairs)}])
        assert not isinstance(result, list)
        assert result.ok or result.error is not None
        assert episode.digest() == before


@pytest.mark.parametrize(
    "view",
    ["intrinsic=true", "intrinsic=true,faces=names", "intrinsic=recall+think,granularity=rich"],
)
def test_the_oracle_wins_beside_them(view: str) -> None:
    """The tools of the domain are as they were."""
    suite = load("clinic")
    for task in suite.tasks[:5]:
        with suite.episode(task.id, view=view, max_turns=200) as episode:
            shown = {tool["function"]["name"] for tool in episode.tools}
            assert "think_aloud" in shown
            oracle = Oracle(task, view=episode.view)
            oracle.reset(seed=0)
            text = episode.prompt[-1]["content"]
            while not episode.done:
                text = episode.act(oracle(text, {"tools": episode.tools})).observation
            assert suite.verdict(episode).success, suite.verdict(episode).reasons


def test_a_domain_may_have_them_of_its_own() -> None:
    """As tools of a domain they are valid, honest, and answered in a plain view too."""
    suite = load("elements")
    tools = (*suite.domain.tools, *intrinsic_tools())
    domain: Domain = replace(suite.domain, tools=tools)
    few = replace(domain, tools=(*suite.domain.tools[:2], *intrinsic_tools()))
    assert not [one for one in dishonest(few) if one.split(".")[0] in INTRINSIC_NAMES]
    task = replace(suite.tasks[0], tools=tuple(tool.name for tool in tools))
    with Suite(domain, [task]).episode(task.id) as episode:
        assert call(episode, "take_note", text="here")["note"] == 1
        assert call(episode, "recall_notes")["notes"] == [{"note": 1, "text": "here"}]


@given(st.sets(st.sampled_from(ALL)))
def test_the_option_has_every_form(names: set[str]) -> None:
    """A list in any order, a text, true and false."""
    wanted = tuple(name for name in ALL if name in names)
    for given_ in (list(names), names, wanted):
        options = ViewOptions.of({"intrinsic": given_})
        assert options.intrinsic == wanted
        assert ViewOptions.of(options.text()) == options
    assert encode(ViewOptions.of({"intrinsic": True})) == encode(ViewOptions.of("intrinsic=true"))
    assert ViewOptions.of("intrinsic=false") == ViewOptions.of(None)
    assert ViewOptions.of({"intrinsic": "think"}).intrinsic == ("think",)


@pytest.mark.parametrize("wrong", ["thnk", 3, ["note", "nite"], None])
def test_other_thoughts_are_refused(wrong: Any) -> None:
    """With the legal ones."""
    with pytest.raises(UsageError, match="some of think, plan, note, recall"):
        ViewOptions.of({"intrinsic": wrong})
