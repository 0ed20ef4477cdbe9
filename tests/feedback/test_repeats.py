"""Repeated calls: the same again, and nothing has changed since."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentgym.episode import load
from agentgym.episode.flags import Watch
from agentgym.formats import to_text
from agentgym.trajectory import Fault

GET = ("get_supply", {"supply_id": 3})


def repeated(watch: Watch, name: str, arguments: dict[str, Any], revision: int = 0) -> bool:
    again, _ = watch.call(name, arguments, revision)
    watch.came("{}", None, None)
    return again


def watch() -> Watch:
    one = load("clinic")
    return Watch(one.view(one.tasks[0]).ground)


@given(st.permutations([("a", 1), ("b", "x"), ("c", [1, {"d": 2, "e": 3}]), ("f", None)]))
def test_the_order_of_arguments_makes_no_difference(mixed: list[tuple[str, Any]]) -> None:
    """The same arguments in any order are the same call; other ones are another."""
    one = watch()
    assert not repeated(
        one, "get_supply", {"a": 1, "b": "x", "c": [1, {"e": 3, "d": 2}], "f": None}
    )
    assert repeated(one, "get_supply", dict(mixed))
    assert not repeated(one, "get_supply", dict(mixed[1:]))
    assert not repeated(one, "search_supplies", dict(mixed))


def test_a_write_makes_every_call_a_new_one() -> None:
    """What was read before a row was written may have changed."""
    one = watch()
    assert [repeated(one, *GET, revision) for revision in (0, 0, 1, 1, 2)] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_time_and_talk_may_be_asked_again() -> None:
    """The clock moves, users answer anew, and thinking is free."""
    episode = load("clinic").episode("1", view="intrinsic=true")
    for name, arguments in (
        ("current_time", {}),
        ("ask_user", {"question": "Anything else?"}),
        ("recall_notes", {}),
        ("think_aloud", {"thought": "hm"}),
        ("make_plan", {"steps": ["look"]}),
    ):
        for _ in range(3):
            turn = episode.act(to_text({"name": name, "arguments": arguments}))
            assert not turn.flags.names, name


def test_a_refused_call_is_new_once_something_was_learned() -> None:
    """The user's words, or a call that was answered, may have mended it."""
    one, fault = watch(), Fault(code="rule_broken", message="No.", rule="some")

    def refused() -> bool:
        again, _ = one.call("delete_supply_movement", {"movement_id": 1}, 0)
        one.came("{}", fault, None)
        return again

    assert [refused(), refused()] == [False, True]
    one.told("Yes, go on.")
    assert [refused(), refused()] == [False, True]
    assert not repeated(one, *GET)
    assert [refused(), refused()] == [False, True]
    assert repeated(one, *GET)  # it told nothing new
    assert refused()


def test_what_time_or_the_world_may_mend_is_no_repetition() -> None:
    """To try again after an injected fault, or a rule that waits, is what one should do."""
    one = watch()
    for _ in range(3):
        assert not one.call(*GET, 0)[0]
        one.came("{}", Fault(code="unavailable", message="Timed out."), "timeout")
    waiting = sorted(one.ground.mending) if one.ground is not None else []
    assert waiting
    for _ in range(3):
        assert not one.call("update_invoice", {"invoice_id": 1}, 0)[0]
        one.came("{}", Fault(code="rule_broken", message="Not yet.", rule=waiting[0]), None)


def test_forks_remember_and_stay_apart() -> None:
    """A fork knows the calls before it; what it does itself is its own."""
    one = watch()
    repeated(one, *GET)
    other = one.fork()
    assert repeated(other, *GET)
    assert not repeated(other, "get_supply", {"supply_id": 4})
    assert not repeated(one, "get_supply", {"supply_id": 4})
    assert one.state() == other.state()


def test_an_episode_raises_the_flag_and_writes_it_down() -> None:
    """A call of a list in one action, and one alone, are the same call."""
    with load("clinic").episode("1") as episode:
        call = {"name": "search_supplies", "arguments": {"page": 1}}
        assert not episode.act(to_text(call)).flags
        assert episode.act(to_text([call])).flags.names == ("repeated",)
        assert episode.act(to_text(call)).flags.names == ("repeated",)
        events = [event for event in episode.trace() if hasattr(event, "flags")]
        assert [event.flags for event in events] == [(), ("repeated",), ("repeated",)]
