"""What an observation costs, and what a view saves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.episode import load
from agentgym.episode.tokens import counted, tokens


@given(st.text(), st.text())
def test_counts_add_up(one: str, other: str) -> None:
    """A text and another cost together what they cost alone, but for the rest of a token."""
    apart = tokens(one) + tokens(other)
    assert apart - 1 <= tokens(one + other) <= apart
    assert tokens(one) == -(-len(one.encode()) // 4)


@pytest.mark.parametrize(("detail", "least"), [("full", 0), ("distilled", 50), ("difference", 0)])
def test_what_is_left_out_is_saved(detail: str, least: int) -> None:
    """A list costs less where it is distilled; where all is shown nothing is saved."""
    with load("clinic").episode("1", view=f"detail={detail}") as episode:
        turn = episode.act('{"name": "search_supply_movements", "arguments": {}}')
        found = counted(turn)
        assert found["observation"] == tokens(turn.observation)
        assert found["saved"] >= least
        if detail == "full":
            assert found["saved"] == 0
        again = counted(episode.act('{"name": "search_supply_movements", "arguments": {}}'))
        assert again["saved"] > 100 if detail == "difference" else again == found


def test_whole_is_shown_and_saved_together() -> None:
    """What is shown and what is saved are as much as all of it."""
    call = '{"name": "search_supply_movements", "arguments": {}}'
    sums = set()
    for detail in ("full", "distilled"):
        with load("clinic").episode("1", view=f"detail={detail}") as episode:
            sums.add(sum(counted(episode.act(call)).values()))
    assert len(sums) == 1


def test_another_tokenizer_may_count() -> None:
    """Any callable from a text to a number."""
    with load("clinic").episode("1") as episode:
        turn = episode.act("Hello there, how are you?")
        assert counted(turn, lambda text: len(text.split())) == {
            "observation": len(turn.observation.split()),
            "saved": 0,
        }
