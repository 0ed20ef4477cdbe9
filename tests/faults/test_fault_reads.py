"""Reads in bad weather: stale, cut short, renamed or in another format, and never for long."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.episode import Episode, Suite, load
from agentgym.episode.faults import FaultOptions
from agentgym.episode.faults.dress import formats_of, other_name
from agentgym.tools.algebra import Create, Get, ListRelated, Search

SUITE = tiny.suite()
READS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_member", {"member_id": 1}),
    ("find_member", {"name": "Ada Byron"}),
    ("list_member_loans", {"member_id": 1}),
    ("count_loans", {}),
)
WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("update_member", {"member_id": 1, "phone": "555-0155"}),
    ("update_member", {"member_id": 1, "phone": "555-0166"}),
    ("update_member", {"member_id": 1, "fees": 7}),
    ("create_loan", {"member_id": 1, "title": "Villette", "due_on": "2026-08-01"}),
    ("return_loan", {"loan_id": 1, "state": "back"}),
)


def send(episode: Episode, call: tuple[str, dict[str, Any]]) -> Any:
    """Make a call as one turn; return what is seen of it."""
    return json.loads(
        episode.act({"name": call[0], "arguments": call[1]}).observation.split("\n")[0]
    )


def truth(call: tuple[str, dict[str, Any]], episode: Episode) -> Any:
    """Return what a call would give, asked of the world itself."""
    result = episode._engine.call(episode._open_world(), call[0], call[1])
    assert result.ok
    return json.loads(json.dumps(result.data, default=float))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=14
    ),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_stale_rows_were_true_not_long_ago(
    acts: list[tuple[bool, int, int]], most: int, lag: int
) -> None:
    """A stale read shows what was true at most `lag` turns ago, says so, and soon tells the truth.

    The judge keeps what each read would have given after every turn.
    """
    options = FaultOptions(stale=1.0, recoverable=most, lag=lag)
    with SUITE.episode("2", faults=options, max_turns=None) as episode:
        history = [[truth(call, episode) for call in READS]]
        in_a_row = dict.fromkeys(range(len(READS)), 0)
        for writes, which, place in acts:
            if episode.done:
                break
            if writes:
                send(episode, WRITES[which])
            else:
                seen = send(episode, READS[place])
                if "as_of" in seen:
                    in_a_row[place] += 1
                    assert in_a_row[place] <= most
                    del seen["as_of"]
                    assert seen != history[-1][place]
                    assert seen in [moment[place] for moment in history[-1 - lag :]]
                else:
                    in_a_row[place] = 0
                    assert seen == history[-1][place]
            history.append([truth(call, episode) for call in READS])


def test_stale_reads_end() -> None:
    """Nobody reads the old row for ever: not by one call, and not by many."""
    with SUITE.episode("2", faults="stale=1,recoverable=2,lag=3") as episode:
        send(episode, WRITES[0])
        phones = [send(episode, READS[0])["phone"] for _ in range(4)]
    assert phones[:2] == ["555-0101", "555-0101"]
    assert phones[2:] == ["555-0155", "555-0155"]
    with SUITE.episode("2", faults="stale=1,recoverable=5,lag=2") as episode:
        send(episode, WRITES[0])
        seen = [send(episode, call) for call in (READS[0], READS[1], READS[0], READS[1])]
    assert ["as_of" in one for one in seen] == [True, True, False, False]


def test_a_stale_list_says_so() -> None:
    """A row that was just made may not be on a list yet; it tells as of when it is."""
    with SUITE.episode("2", faults="stale=1,recoverable=1") as episode:
        made = send(episode, WRITES[3])
        seen = send(episode, ("list_member_loans", {"member_id": 1}))
        assert made["loan_id"] not in [row["loan_id"] for row in seen["items"]]
        assert seen["as_of"].endswith("Z")
        trace = episode.trace()[-1]
        assert trace.fault == "stale"  # type: ignore[union-attr]


def test_a_stale_read_changes_nothing() -> None:
    """Rows, clock, counters and session are after it as after a plain one."""
    with SUITE.episode("2", faults="stale=1") as bad, SUITE.episode("2") as good:
        for call in (WRITES[0], READS[0], READS[2], WRITES[3], READS[2]):
            send(bad, call)
            send(good, call)
            one, other = bad._open_world(), good._open_world()
            assert (one.digest(), one.revision, one.now) == (
                other.digest(),
                other.revision,
                other.now,
            )
            assert (one.session, one.counters) == (other.session, other.counters)


def test_a_page_that_is_cut_says_so() -> None:
    """A cut page holds the first rows and says how many there are; asked for again it is whole."""
    call = ("list_member_loans", {"member_id": 2})
    with SUITE.episode("2", faults="truncated_page=1,recoverable=1") as episode:
        cut, whole = send(episode, call), send(episode, call)
        (_, deed), _ = episode.deeds()
    assert len(cut["items"]) == 1 and cut["items"] == whole["items"][:1]
    assert {**cut, "items": whole["items"]} == {**whole, "note": cut["note"]}
    assert "first 1 of the 2" in cut["note"]
    assert [row["loan_id"] for row in deed.rows] == [2]


@pytest.mark.parametrize("name", ["clinic", "harbour", "elements"])
def test_other_names_can_be_told(name: str) -> None:
    """Another name of a field holds the field's own, and that of no other field of the row."""
    renamed = 0
    for entity in load(name).domain.schema.entities:
        own = {field.name for field in entity.fields}
        for field in entity.fields:
            for luck in range(5):
                other = other_name(entity, field.name, luck)
                if other:
                    renamed += 1
                    plain = other.replace("_", "").casefold()
                    fitting = [n for n in own if n.replace("_", "").casefold() in plain]
                    assert other not in own
                    assert max(fitting, key=len) == field.name
    assert renamed


def test_a_field_has_another_name_for_a_while() -> None:
    """One field of an entity has the same other name in all results, and then its own again."""
    with SUITE.episode("2", faults="renamed_field=1", seed=3) as episode:
        names = [frozenset(send(episode, READS[0])) for _ in range(20)]
        found = frozenset(send(episode, READS[1]))
        (_, deed), *_ = episode.deeds()
    own = frozenset(deed.data)
    changed = [names_ != own for names_ in names]
    assert 3 <= sum(changed) <= 8
    assert changed == sorted(changed[: changed.index(True)]) + sorted(
        changed[changed.index(True) :], reverse=True
    )
    assert found == own
    assert len({names_ for names_ in names if names_ != own}) == 1


def test_another_format_is_announced() -> None:
    """A decimal in hundredths, a date with the day first: the note names the field."""
    with SUITE.episode("2", faults="changed_format=1,recoverable=1") as episode:
        member, again = send(episode, ("get_member", {"member_id": 2})), None
        again = send(episode, ("get_member", {"member_id": 2}))
        loans = send(episode, ("list_member_loans", {"member_id": 2}))
    assert (member["fees"], again["fees"]) == (1250, 12.5)
    assert member["note"].startswith("fees is given in hundredths")
    assert [row["due_on"] for row in loans["items"]] == ["15/01/2026", "01/03/2026"]
    assert loans["note"].startswith("due_on is given as day/month/year")
    assert "note" not in again


@pytest.mark.parametrize("name", ["clinic", "harbour", "elements"])
@pytest.mark.parametrize("view", [None, "detail=distilled", "detail=difference", "rename=1"])
def test_verdict_and_trace_hold_the_rows_as_they_are(name: str, view: str | None) -> None:
    """Whatever a read is dressed as, in whatever view, deeds hold rows under their own names."""
    suite = load(name)
    task = max(suite.tasks, key=lambda task: len(task.tools))
    schema, found = suite.domain.schema, 0
    shown = suite.view(task, view)
    with suite.episode(task.id, faults="renamed_field=1,changed_format=0.5", view=view) as episode:
        for tool, term in shown.terms.items():
            if isinstance(term, Search) and not episode.done:
                turn = episode.act({"name": tool, "arguments": {}})
                fields = {field.name for field in schema.entity(term.entity).fields}
                for done in turn.done:
                    assert all(row.keys() <= fields for row in done.result.rows)
                found += any(done.fault is not None for done in turn.done)
        for call, result in episode.deeds():
            term = suite.domain.tool_by_name[call.name].term
            assert isinstance(term, (Search, ListRelated)) and result.ok
    assert found


def test_formats_are_of_what_is_there() -> None:
    """Only decimals of two digits and times have another format; keys and secrets have none."""
    for entity in tiny.SCHEMA.entities:
        for field in formats_of(entity):
            assert field.name not in entity.key
            assert field.type in ("decimal", "date", "datetime")


def test_suites_of_any_page_size_are_struck_alike() -> None:
    """A view that pages otherwise is struck too, and a page of one row is never cut."""
    suite = Suite(tiny.domain(), tiny.tasks())
    with suite.episode("2", faults="truncated_page=1", view="page_size=1") as episode:
        seen = send(episode, ("list_member_loans", {"member_id": 2}))
    assert "note" not in seen and len(seen["items"]) == 1


def test_a_stale_refusal_says_so() -> None:
    """A row that was just made is not found by who asks an old copy, and the refusal tells so."""
    suite = load("harbour")
    tools = suite.domain.tool_by_name
    task, step, get, term = next(
        (task, step, get, shown)
        for task in suite.tasks
        for step in task.gold
        for get in task.tools
        for made, shown in [(tools[step.tool].term, tools[get].term)]
        if isinstance(made, Create) and isinstance(shown, Get) and shown.entity == made.entity
    )
    with suite.episode(task.id, faults="stale=1,recoverable=1", max_turns=200) as episode:
        for each in task.gold[: task.gold.index(step)]:
            while "as_of" in (send(episode, (each.tool, each.arguments))):
                pass
        row = send(episode, (step.tool, step.arguments))
        call = get, {one.param: row[one.field] for one in term.key}
        first, second = send(episode, call), send(episode, call)
    assert first["error"]["code"] == "not_found" and "(as of " in first["error"]["message"]
    assert second == row


def test_a_scheduled_stale_read_waits_until_it_shows() -> None:
    """What is scheduled is not spent on a call in which it makes no difference."""
    told = {"schedule": [{"kind": "stale", "turn": 1}, {"kind": "truncated_page", "turn": 1}]}
    with SUITE.episode("2", faults=told) as episode:
        one = [send(episode, READS[0]), send(episode, READS[2])]
        send(episode, WRITES[0])
        other = [send(episode, call) for call in (READS[1], READS[1])]
        lists = [send(episode, ("list_member_loans", {"member_id": 2})) for _ in range(2)]
    assert not any("as_of" in seen or "note" in seen for seen in one)
    assert ["as_of" in seen for seen in other] == [True, False]
    assert ["note" in seen for seen in lists] == [True, False]
