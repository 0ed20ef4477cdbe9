"""Writes in bad weather: what is said of them is true, and who goes on blindly is judged by it."""

from __future__ import annotations

from typing import Any

import pytest
import tiny
from msgspec.structs import replace
from ordinary_tasks import ordinary

from agentgym.episode import Episode, Suite, load
from agentgym.episode.faults import words
from agentgym.policies import Oracle, Steadfast
from agentgym.tasks import Task
from agentgym.tools.algebra import WRITES, Create

SUITE = tiny.suite()
CREATE = {"member_id": 3, "title": "Villette", "due_on": "2026-08-01"}
WRITE_CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("update_member", {"member_id": 1, "phone": "555-0155"}),
    ("create_loan", CREATE),
)


def scheduled(kind: str, tool: str, **more: Any) -> dict[str, Any]:
    """Return faults of one kind that strike the next call of a tool."""
    return {"schedule": [{"kind": kind, "tool": tool, **more}]}


def playing(faults: Any, task_id: str = "2") -> Episode:
    """Start an episode of the tiny library, with a member who has no loans."""
    return SUITE.episode(task_id, faults=faults)


class Blind:
    """The oracle, who makes every call again that is not answered, without a look."""

    def __init__(self, task: Task, suite: Suite) -> None:
        self._oracle = Oracle(task, view=suite.view(task))
        self._action = ""

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the last action once more, or the oracle's next."""
        observation = observation.partition("\n")[0]
        if '"code":"unavailable"' not in observation:
            self._action = self._oracle(observation, info)
        return self._action


def play(policy: Any, suite: Suite, task: Task, faults: Any) -> tuple[Episode, Any]:
    """Play one episode; return it with its verdict."""
    episode = suite.episode(task.id, faults=faults)
    info, observation = {"tools": episode.tools}, episode.prompt[-1]["content"]
    while not episode.done:
        observation = episode.act(policy(observation, info)).observation
    return episode, suite.verdict(episode)


@pytest.mark.parametrize(("tool", "arguments"), WRITE_CALLS)
def test_a_lost_answer_is_of_a_write_that_was_made(tool: str, arguments: dict[str, Any]) -> None:
    """After `error_after` the rows are as after the call; after `timeout` as before it.

    The agent reads the same of both; trace and verdict hold what truly came of the call.
    """
    with playing(None) as plain:
        start, result = plain.digest(), plain.call(tool, **arguments)
        after = plain.digest()
    told = []
    for kind, digest in (("error_after", after), ("timeout", start)):
        with playing(scheduled(kind, tool)) as episode:
            turn = episode.act({"name": tool, "arguments": arguments})
            (done,) = turn.done
            told.append(turn.observation)
            assert episode.digest() == digest != (start if kind == "error_after" else after)
            assert done.fault == kind
            assert turn.wrote == (kind == "error_after")
            assert turn.results == (words.UNKNOWN,)
            ((_, deed),) = episode.deeds()
            assert deed.ok == done.result.ok == (kind == "error_after")
            if kind == "error_after":
                assert done.result.data == deed.data == result.data
            event = episode.trace()[-1]
            assert event.fault == kind  # type: ignore[union-attr]
    assert told[0] == told[1]
    assert "not known" in told[0]


@pytest.mark.parametrize("kind", ["timeout", "rate_limit", "error_before"])
def test_what_did_not_happen_is_said(kind: str) -> None:
    """Of a read it is said that it was not made, with a code that a real service gives."""
    with playing(scheduled(kind, "get_member")) as episode:
        start = episode.digest()
        result = episode.call("get_member", member_id=1)
        assert result.error is not None
        assert result.error.code == ("limit_exceeded" if kind == "rate_limit" else "unavailable")
        for word in ("inject", "fault", "simulat", "test", "random"):
            assert word not in result.error.message.lower()
        assert episode.digest() == start
        assert not episode.changes()


def test_a_write_that_is_refused_is_refused() -> None:
    """An answer is never lost of a write that a rule refuses: nothing is in doubt."""
    with playing(scheduled("error_after", "return_loan")) as episode:
        result = episode.call("return_loan", loan_id=2, state="out")
        assert result.error is not None
        assert result.error.code == "rule_broken"


def test_only_what_can_be_read_back_is_left_in_doubt() -> None:
    """Without a tool that shows the row, a write is never left in doubt."""
    task = SUITE.task("4")
    tools = tuple(name for name in task.tools if name != "list_member_loans")
    suite = Suite(tiny.domain(), [replace(task, tools=tools)])
    with suite.episode("4", faults="timeout=1,recoverable=1") as episode:
        assert episode.call("create_loan", **CREATE) == words.LATE
    with suite.episode("4", faults="error_after=1") as episode:
        assert episode.call("create_loan", **CREATE).ok
    with SUITE.episode("4", faults="timeout=1,recoverable=1") as episode:
        assert episode.call("create_loan", **CREATE) == words.UNKNOWN
    changed = SUITE.task("3")
    tools = tuple(name for name in changed.tools if name != "get_member")
    blind = Suite(tiny.domain(), [replace(changed, tools=tools)])
    for suite, told in ((SUITE, words.UNKNOWN), (blind, words.LATE)):
        with suite.episode("3", faults="timeout=1") as episode:
            assert episode.call("update_member", member_id=1, phone="5") == told


def test_a_row_that_could_be_another_is_not_left_in_doubt() -> None:
    """Where the task makes a row like one that is there, nobody could tell the two apart."""
    rows = dict(tiny.ROWS)
    rows["loan"] = (*rows["loan"], (5, 2, "Ulysses", "2026-07-01", "out"))
    task, domain = SUITE.task("4"), replace(tiny.domain(), rows=rows)
    suite, made = Suite(domain, [task]), task.gold[-1]
    for faults in ("error_after=1", scheduled("error_after", made.tool)):
        with suite.episode("4", faults=faults) as episode:
            assert episode.call(made.tool, **made.arguments).ok
    with suite.episode("4", faults="timeout=1") as episode:
        assert episode.call(made.tool, **made.arguments) == words.LATE


def test_a_blind_retry_is_judged_by_what_it_does() -> None:
    """To make a row again doubles it and fails; to change one again does no harm."""
    made, changed = SUITE.task("4"), SUITE.task("3")
    lost = scheduled("error_after", made.gold[-1].tool)
    episode, verdict = play(Blind(made, SUITE), SUITE, made, lost)
    assert not verdict.success and verdict.terms["frame"] == 0.0
    assert len(episode.changes()) == 2
    for policy in (Blind(changed, SUITE), Steadfast(changed, view=SUITE.view(changed))):
        _, verdict = play(policy, SUITE, changed, scheduled("error_after", "update_member"))
        assert verdict.success
    steadfast = Steadfast(made, view=SUITE.view(made))
    episode, verdict = play(steadfast, SUITE, made, lost)
    assert verdict.success and len(episode.changes()) == 1


@pytest.mark.parametrize("name", ["clinic", "harbour"])
def test_blind_retries_of_creates_fail_in_committed_domains(name: str) -> None:
    """Whoever makes a row again whose answer was lost fails the task; who looks first wins it."""
    suite = load(name)
    creating = [
        (task, step)
        for task in filter(ordinary, suite.tasks)
        for step in task.gold
        if isinstance(suite.domain.tool_by_name[step.tool].term, Create)
    ]
    lost = 0
    for task, step in creating:
        faults = scheduled("error_after", step.tool)
        _, verdict = play(Steadfast(task, view=suite.view(task)), suite, task, faults)
        assert verdict.success, (task.id, verdict.reasons)
        episode, verdict = play(Blind(task, suite), suite, task, faults)
        doubtful = any(getattr(event, "fault", None) for event in episode.trace())
        refused = any(
            result.error is not None and result.error.code != "unavailable"
            for _, result in episode.outputs()
        )
        assert verdict.success is not doubtful or refused, (task.id, verdict.reasons)
        lost += doubtful
    assert lost


@pytest.mark.parametrize("name", ["clinic", "harbour", "elements"])
def test_every_write_of_a_gold_run_tells_the_truth(name: str) -> None:
    """Each write of a gold run whose answer is lost leaves the rows that the plain one leaves."""
    suite, seen = load(name), 0
    for task in list(filter(ordinary, suite.tasks))[::3]:
        for number, step in enumerate(task.gold):
            if not isinstance(suite.domain.tool_by_name[step.tool].term, WRITES) or step.fails:
                continue
            digests = []
            for faults in (None, {"schedule": [{"kind": "error_after", "call": number + 1}]}):
                with suite.episode(task.id, faults=faults, max_turns=200) as episode:
                    for each in task.gold[:number]:
                        episode.call(each.tool, **each.arguments)
                    turn = episode.act({"name": step.tool, "arguments": step.arguments})
                    digests.append(episode.digest())
                    struck = turn.done[0].fault == "error_after"
                    assert struck != turn.results[0].ok or step.fails
            assert digests[0] == digests[1]
            seen += struck
    assert seen
