"""Failures are typed: what the agent did wrong, and what the environment did."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
import tiny

from agentgym.episode import Episode, Suite
from agentgym.episode.failing import BROKEN, CODES, of_exception, why
from agentgym.errors import (
    AgentGymError,
    BackendError,
    NoAnswerError,
    TaskError,
    UnreachableError,
)
from agentgym.trajectory import AssistantEvent, Failure, ToolEvent

SUITE = tiny.suite()
FIND = ("find_member", {"name": "Zoë Müller"})
ADA = ("find_member", {"name": "Ada Byron"})
PHONE = ("update_member", {"member_id": 1, "phone": "555-0199"})


def end(**arguments: Any) -> tuple[str, dict[str, Any]]:
    """Return a conclusion."""
    return "conclude", arguments


RUNS: dict[str, tuple[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "wrong_state": ("3", (ADA, end(outcome="done"))),
    "collateral": (
        "3",
        (ADA, PHONE, ("update_member", {"member_id": 3, "fees": 9}), end(outcome="done")),
    ),
    "wrong_outcome": ("3", (ADA, PHONE, end(outcome="impossible", reason="no"))),
    "wrong_answer": ("1", (FIND, end(outcome="done", answer=13))),
    "no_evidence": ("1", (end(outcome="done", answer=12.5),)),
    "max_turns": ("1", (FIND,) * 30),
}


def play(code: str) -> Episode:
    """Play the run that fails in a way."""
    task, calls = RUNS[code]
    episode = SUITE.episode(task)
    for name, arguments in calls:
        episode.call(name, **arguments)
    return episode


@pytest.mark.parametrize("code", RUNS)
def test_the_agents_failures(code: str) -> None:
    """Each kind of bad run is typed by its own code, and is the agent's."""
    with play(code) as episode:
        verdict = SUITE.verdict(episode)
        found = why(episode, verdict)
    assert found is not None
    assert (found.by, found.code) == ("agent", code)
    assert found.message
    assert code in CODES["agent"]


def test_success_is_no_failure() -> None:
    """There is no failure of what succeeded, or of what goes on."""
    with SUITE.episode("1") as episode:
        episode.call(*FIND[:1], **FIND[1])
        assert why(episode, None) is None
        episode.call("conclude", outcome="done", answer=12.5)
        assert why(episode, SUITE.verdict(episode)) is None


@pytest.mark.parametrize("termination", ["user_stop", "budget"])
def test_ends_that_are_failures(termination: Any) -> None:
    """An episode that the user left, or that spent its budget, says so."""
    with SUITE.episode("1") as episode:
        episode.stop(termination)
        found = why(episode, SUITE.verdict(episode))
    assert found is not None
    assert found.code == {"user_stop": "user_left", "budget": "budget"}[termination]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BackendError("a server", found="none"), "backend"),
        (sqlite3.OperationalError("disk I/O error"), "backend"),
        (ConnectionResetError("gone"), "backend"),
        (UnreachableError("a model"), "model"),
        (NoAnswerError("an answer"), "model"),
        (TaskError("a task"), "unsolvable"),
        (ZeroDivisionError("division by zero"), "bug"),
        (AssertionError(), "bug"),
        (AgentGymError("x"), "bug"),
    ],
)
def test_the_environments_failures(error: Exception, code: str) -> None:
    """Whatever comes out of a turn is the environment's doing, and says what it was."""
    found = of_exception(error)

    assert (found.by, found.code) == ("environment", code)
    assert found.message.startswith(type(error).__name__)
    assert code in CODES["environment"]
    assert "\n" not in of_exception(ValueError("a\nb")).message
    assert len(of_exception(ValueError("a" * 9999)).message) < 600


@pytest.mark.parametrize(
    "action",
    [
        {"name": "get_member", "arguments": {"member_id": 1}},
        [
            {"name": "current_time", "arguments": {}},
            {"name": "get_member", "arguments": {"member_id": 1}},
            {"name": "count_loans", "arguments": {}},
        ],
    ],
)
def test_an_environment_that_breaks_ends_the_episode(
    action: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in a tool is raised; whoever catches it ends the episode with a typed failure.

    Every call in the trace has an answer, and the world is not touched any more.
    """
    suite = Suite(tiny.domain(), tiny.tasks())
    with suite.episode("2") as episode:
        episode.call("find_member", name="Ada Byron")
        engine = suite.engine
        whole = engine.call

        def broken(world: Any, name: str, arguments: Any) -> Any:
            if name == "get_member":
                raise ZeroDivisionError("division by zero")
            return whole(world, name, arguments)

        monkeypatch.setattr(engine, "call", broken)
        with pytest.raises(ZeroDivisionError) as caught:
            episode.act(action)
        turn = episode.fail(caught.value, action)
        assert turn.results == (BROKEN,)
        assert episode.done and episode.truncated
        assert episode.termination == "exception"
        assert (
            why(episode, None)
            == episode.failure
            == Failure(by="environment", code="bug", message="ZeroDivisionError: division by zero")
        )
        trace = episode.trace()
        calls = [call.id for e in trace if isinstance(e, AssistantEvent) for call in e.tool_calls]
        answers = [event.call_id for event in trace if isinstance(event, ToolEvent)]
        assert calls == answers and len(set(calls)) == len(calls)
        assert trace[-1].error_type == "unavailable"  # type: ignore[union-attr]
        assert episode.fail(ValueError("again")).results == (BROKEN,)
        assert episode.failure is not None and episode.failure.message.startswith("ZeroDivision")
        assert episode.trace() == trace
        assert not episode.call("current_time").ok


def test_an_action_that_nobody_knows() -> None:
    """Without the action, and after a message, the trace still loads."""
    with SUITE.episode("2") as episode:
        episode.say("One moment please.")
        before = episode.trace()
        episode.fail(ValueError("x"))
        assert episode.trace() == before
