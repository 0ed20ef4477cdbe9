"""Rollouts: records that load without an environment, resume, and play again alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny

from agentgym.errors import FormatError, TaskError, UsageError
from agentgym.formats import decode, encode
from agentgym.rollout import read_runs, replay, rollout
from agentgym.trajectory import AssistantEvent, ToolEvent, Trajectory

SUITE = tiny.suite()


def odd(observation: str, info: dict[str, Any]) -> Any:
    """Send one of every kind of action, good and bad."""
    actions: list[Any] = [
        '{"name": "find_member", "arguments": {"name": "Ada Byron"}}',
        "{broken",
        "",
        '<tool_call>{"name": "nope", "arguments": {"x": 1.50}}</tool_call>',
        '[{"name": "update_member", "arguments": {"member_id": 1, "fees": 1.25}}, 3]',
        {"content": "hm", "tool_calls": [{"function": {"name": "current_time"}}]},
        "What is the new phone number?",
        '{"name": "get_member", "arguments": "{bad"}',
        "Done.",
        '{"name": "delete_member", "arguments": {"member_id": 3}}',
    ]
    return actions[min(info["turn"], len(actions) - 1)]


@pytest.mark.parametrize("policy", ["oracle", "noop", "random", odd])
def test_records_are_complete_and_play_again(policy: Any) -> None:
    """Each record satisfies its invariants, and a replay reproduces answers and digests."""
    records = list(rollout(SUITE, policy, episodes=8, max_turns=12, seed=3))
    assert len({record.trajectory_id for record in records}) == 8
    assert records[0].group_id == records[5].group_id
    assert len({record.group_id for record in records}) == 5
    for record in records:
        again = decode(encode(record), Trajectory, where="record")
        assert encode(again) == encode(record)
        assert replay(record, SUITE) == replay(again, SUITE) == ()
        check(record)


def check(record: Trajectory) -> None:
    """Hold the invariants of the format."""
    names = {tool.name for tool in record.tools}
    open_calls: list[str] = []
    seen: set[str] = set()
    for place, event in enumerate(record.events):
        assert event.i == place
        if isinstance(event, AssistantEvent):
            assert not open_calls
            for call in event.tool_calls:
                assert call.id not in seen
                assert call.parse_error or call.name in names
                seen.add(call.id)
                open_calls.append(call.id)
        elif isinstance(event, ToolEvent):
            assert open_calls.pop(0) == event.call_id
            assert json.loads(event.content) == json.loads(encode(event.data))
            assert (event.error_type is not None) == event.is_error
    assert not open_calls
    assert record.outcome.reward == float(record.outcome.status == "success")
    assert record.outcome.components["success"] == record.outcome.reward
    assert bool(record.outcome.reasons) != (record.outcome.status == "success")
    assert len(record.outcome.final_state_sha256) == 32


def test_policies_get_what_they_deserve() -> None:
    """The oracle always succeeds, doing nothing never does, calls at random never do here."""
    for policy, reward in (("oracle", 1.0), ("noop", 0.0), ("random", 0.0)):
        rewards = [r.outcome.reward for r in rollout(SUITE, policy, episodes=20)]
        assert set(rewards) == {reward}


def test_runs_are_reproducible_files(tmp_path: Path) -> None:
    """Two runs give the same bytes; the run file reads back; durations stand beside it."""
    for name in ("a", "b"):
        list(rollout(SUITE, "random", episodes=7, out=tmp_path / name / "runs.jsonl", seed=1))
    first, second = (tmp_path / name / "runs.jsonl" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    records = list(read_runs(first))
    assert len(records) == 7
    for record in records:
        assert replay(record, SUITE) == ()
    timing = (tmp_path / "a" / "runs.timing.jsonl").read_text().splitlines()
    assert [json.loads(line)["trajectory_id"] for line in timing] == [
        record.trajectory_id for record in records
    ]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "runs.jsonl",
        "runs.timing.jsonl",
    ]
    other = list(rollout(SUITE, "random", episodes=7, seed=2))
    assert not {r.trajectory_id for r in other} & {r.trajectory_id for r in records}


@pytest.mark.parametrize("torn", [False, True])
def test_an_interrupted_run_goes_on(tmp_path: Path, *, torn: bool) -> None:
    """What was done is kept, a torn last line is dropped, the rest is played, once."""
    out = tmp_path / "runs.jsonl"
    whole = list(rollout(SUITE, "oracle", episodes=6))
    run = rollout(SUITE, "oracle", episodes=6, out=out)
    for _ in range(3):
        next(run)
    run.close()  # type: ignore[attr-defined]
    part = tmp_path / "runs.jsonl.part"
    assert not out.exists()
    assert len(part.read_bytes().splitlines()) == 3
    if torn:
        part.write_bytes(part.read_bytes()[:-20])
    records = list(rollout(SUITE, "oracle", episodes=6, out=out))
    played = [record.trajectory_id for record in records]
    assert played == [record.trajectory_id for record in whole]
    assert [encode(r) for r in read_runs(out)] == [encode(r) for r in whole]
    assert not part.exists()


def test_the_part_of_another_run_is_not_touched(tmp_path: Path) -> None:
    """A part with other settings is refused, and stays."""
    out = tmp_path / "runs.jsonl"
    run = rollout(SUITE, "oracle", episodes=6, out=out)
    next(run)
    run.close()  # type: ignore[attr-defined]
    before = (tmp_path / "runs.jsonl.part").read_bytes()
    with pytest.raises(UsageError, match="delete the part"):
        rollout(SUITE, "noop", episodes=6, out=out)
    assert (tmp_path / "runs.jsonl.part").read_bytes() == before


def test_a_failing_policy_leaves_what_was_done(tmp_path: Path) -> None:
    """A policy's own error comes through; the episodes before it can be gone on from."""
    out = tmp_path / "runs.jsonl"
    calls = 0

    def fragile(observation: str, info: dict[str, Any]) -> str:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("model gone")
        return "Done."

    with pytest.raises(RuntimeError, match="model gone"):
        list(rollout(SUITE, fragile, episodes=3, out=out))
    assert len((tmp_path / "runs.jsonl.part").read_bytes().splitlines()) >= 1
    assert len(list(rollout(SUITE, fragile, episodes=3, out=out))) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"schema": "agentgym.trajectory/9"}\n', "agentgym.trajectory/9"),
        (b'{"a": 1}\n', "without a schema"),
        (b"hello\n", "something else"),
        (b'{"schema": "agentgym.trajectory/1"}\n', "line 1"),
        (b"\xff\xfe\n", "something else"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """A run of another version, or no run at all, is told with the line and what to do."""
    path = tmp_path / "runs.jsonl"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=told):
        list(read_runs(path))
    with pytest.raises(FormatError, match="check the path"):
        list(read_runs(tmp_path / "none.jsonl"))
    with pytest.raises(FormatError, match="readable"):
        list(read_runs(tmp_path))


def test_bad_orders_are_refused(tmp_path: Path) -> None:
    """Unknown policies, splits, places and numbers are told before anything is played."""
    with pytest.raises(UsageError, match="did you mean 'noop'"):
        rollout(SUITE, "nop", episodes=1)
    with pytest.raises(TaskError):
        rollout(SUITE, "noop", episodes=1, split="dev")
    with pytest.raises(UsageError, match="number of episodes"):
        rollout(SUITE, "noop", episodes=-1)
    with pytest.raises(UsageError, match="a folder"):
        rollout(SUITE, "noop", episodes=1, out=tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(UsageError, match="a place to write"):
        rollout(SUITE, "noop", episodes=1, out=blocked / "runs.jsonl")


def test_a_record_of_another_world_is_not_replayed() -> None:
    """Replaying needs the world that was recorded; a forged record is found out."""
    (record,) = rollout(SUITE, "oracle", episodes=1)
    facts = msgspec.structs.replace(record.env, spec_sha256="0" * 64)
    with pytest.raises(TaskError, match="a record of this world"):
        replay(msgspec.structs.replace(record, env=facts), SUITE)
    outcome = msgspec.structs.replace(record.outcome, final_state_sha256="0" * 32)
    assert "digest" in replay(msgspec.structs.replace(record, outcome=outcome), SUITE)[0]
    events = list(record.events)
    tool = next(i for i, event in enumerate(events) if isinstance(event, ToolEvent))
    events[tool] = msgspec.structs.replace(events[tool], content="forged")
    forged = msgspec.structs.replace(record, events=tuple(events))
    assert "forged" in replay(forged, SUITE)[0]


def test_a_resettable_policy_is_reset_with_its_seed() -> None:
    """A policy with `reset` is told the seed of each episode, the same in every run."""
    seeds: list[int] = []

    class Counting:
        def reset(self, *, seed: int) -> None:
            seeds.append(seed)

        def __call__(self, *_: object) -> str:
            return "Done."

    records = list(rollout(SUITE, Counting(), episodes=4))
    assert {record.agent.name for record in records} == {"Counting"}
    list(rollout(SUITE, Counting(), episodes=4))
    assert seeds[:4] == seeds[4:]
    assert len(set(seeds)) == 4
