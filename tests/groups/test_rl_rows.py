"""The export for reinforcement learning: rows as the agent saw them, advantages by brute force."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_trajectory import runs

from agentgym.env import ToolEnv
from agentgym.errors import UsageError
from agentgym.export import export
from agentgym.export.rl.dataset import GroupRow, ToolsRow, TrajectoryRow, TurnRow
from agentgym.export.rl.groups import returns, standing
from agentgym.export.rl.options import RLOptions
from agentgym.export.rl.turns import steps
from agentgym.formats import decode_lines, to_text
from agentgym.rollout import read_runs, rollout
from agentgym.trajectory import AssistantEvent, Failure, Trajectory

SUITE = tiny.suite(max_turns=8)
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))
KINDS: dict[str, Any] = {
    "turns.jsonl": TurnRow,
    "trajectories.jsonl": TrajectoryRow,
    "groups.jsonl": GroupRow,
    "tools.jsonl": ToolsRow,
}

RETURNS = st.lists(
    st.one_of(st.sampled_from([0.0, 1.0, 0.1, 0.3]), st.floats(-100, 100)), min_size=1, max_size=9
)


@given(RETURNS)
def test_leave_one_out_is_the_distance_from_the_others(values: list[float]) -> None:
    """R less the mean of the others; sums to nothing; lies between the ends of the range."""
    found = standing(values, 1e-6)
    count = len(values)
    for place, value in enumerate(values):
        others = values[:place] + values[place + 1 :]
        wanted = value - statistics.fmean(others) if others else 0.0
        assert found.leave_one_out[place] == pytest.approx(wanted, abs=1e-9)
        assert abs(found.leave_one_out[place]) <= max(values) - min(values) + 1e-12
    assert math.fsum(found.leave_one_out) == pytest.approx(0, abs=1e-9)
    if count > 1:
        assert found.deviation == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-12)
    if len(set(values)) == 1:
        assert set(found.leave_one_out) == set(found.normalised) == {0.0}


@given(RETURNS)
def test_normalised_advantages_keep_their_bounds(values: list[float]) -> None:
    """(R - mean) / (deviation + epsilon), never more than (K - 1) / sqrt(K)."""
    found, count = standing(values, 1e-6), len(values)
    bound = (count - 1) / math.sqrt(count)
    for value, advantage in zip(values, found.normalised, strict=True):
        wanted = (value - statistics.fmean(values)) / (found.deviation + 1e-6)
        assert advantage == pytest.approx(wanted, rel=1e-6, abs=1e-6) if count > 1 else True
        assert abs(advantage) <= bound + 1e-9


@given(st.lists(st.floats(-10, 10), max_size=8), st.floats(0, 1))
def test_returns_are_sums_of_what_follows(rewards: list[float], gamma: float) -> None:
    """Each is its own reward and the discounted ones after it."""
    for place, value in enumerate(returns(rewards, gamma)):
        after = sum(gamma**n * reward for n, reward in enumerate(rewards[place:]))
        assert value == pytest.approx(after, abs=1e-9)


def mixed(observation: str, info: dict[str, Any]) -> str:
    """Succeed at the first task, ask, write what is no call, or nothing, by what was seen."""
    number, turn = int(info["task_id"][-1]), int(info["turn"])
    if number == 2:
        return ["What is the phone number?", '{"name": "get_', "Done."][min(turn, 2)]
    if number == 3:
        return "" if turn == 1 else to_text({"name": "current_time", "arguments": {}})
    question: dict[str, Any] = {"name": "ask_user", "arguments": {"question": "Your phone number?"}}
    return to_text(question if turn == 0 else {"name": observation[:3], "arguments": {}})


def records() -> list[Trajectory]:
    """Return groups of several and of one, successes, failures, void turns, a broken world."""
    found = list(rollout(SUITE, "random", episodes=15, group=3, reward="progress", seed=2))
    found += rollout(SUITE, mixed, episodes=10, group=2)
    found += rollout(SUITE, "oracle", episodes=5, seed=9)
    failure = Failure(by="environment", code="backend", message="gone")
    outcome = msgspec.structs.replace(found[4].outcome, status="error", failure=failure)
    found[4] = msgspec.structs.replace(found[4], outcome=outcome)
    return found


RECORDS = records()


def rows(folder: Path) -> dict[str, list[Any]]:
    """Return all lines of an export."""
    return {
        name: list(decode_lines((folder / name).read_bytes(), kind, where=name))
        for name, kind in KINDS.items()
    }


def test_all_lines_fit_the_schema_that_is_told(tmp_path: Path) -> None:
    """Each line is what `schema.json` says, and nothing else."""
    report = export(RECORDS, "rl", tmp_path / "rl")
    schema = json.loads((tmp_path / "rl" / "schema.json").read_text())
    for name in KINDS:
        own = {**schema, **schema["properties"][name]}
        own.pop("properties")
        jsonschema.Draft202012Validator.check_schema(own)
        validator = jsonschema.Draft202012Validator(own)
        for line in (tmp_path / "rl" / name).read_text().splitlines():
            validator.validate(json.loads(line))
            assert not validator.is_valid({**json.loads(line), "more": 1})
    assert report.records == len(RECORDS) - 1
    assert report.left_out == {"error": 1}
    export(RECORDS, "rl", tmp_path / "again")
    for name in report.files:
        assert (tmp_path / "rl" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_rows_say_what_was_played(tmp_path: Path) -> None:
    """Turns, rewards, flags and advantages are those of the records, group by group."""
    report = export(RECORDS, "rl", tmp_path / "rl")
    found = rows(tmp_path / "rl")
    by_id = {one.trajectory_id: one for one in RECORDS}
    tools = {row.key: row.tools for row in found["tools.jsonl"]}
    lines = {row.trajectory_id: row for row in found["trajectories.jsonl"]}
    assert [row.trajectory_id for row in found["trajectories.jsonl"]] == list(by_id)
    for name, row in lines.items():
        one = by_id[name]
        said = [event for event in one.events if isinstance(event, AssistantEvent)]
        mine = [turn for turn in found["turns.jsonl"] if turn.trajectory_id == name]
        assert [tool["function"]["name"] for tool in tools[row.tools]] == [
            tool.name for tool in one.tools
        ]
        if not row.counted:
            assert (row.status, mine, row.advantage_leave_one_out) == ("error", [], 0.0)
            continue
        assert len(mine) == len(said) == row.turns
        assert [turn.flags for turn in mine] == [event.flags for event in said]
        assert [turn.done for turn in mine] == [False] * (len(mine) - 1) + [True]
        assert mine[-1].truncated == (one.outcome.termination == "max_turns")
        assert sum(turn.reward for turn in mine) == pytest.approx(one.outcome.reward)
        assert mine[0].to_go == pytest.approx(row.return_)
        void = any("void" in event.flags for event in said)
        assert row.masks == (("void",) if void else ())
        assert {turn.loss for turn in mine} == {not void}
        for turn in mine:
            assert turn.advantage_leave_one_out == row.advantage_leave_one_out
    counted = [row for row in lines.values() if row.counted]
    for group in found["groups.jsonl"]:
        members = [row for row in counted if row.group_id == group.group_id]
        values = [row.return_ for row in members]
        assert group.counted == len(members)
        assert group.mean == pytest.approx(statistics.fmean(values))
        stand = standing(values, 1e-6)
        assert [row.advantage_leave_one_out for row in members] == list(stand.leave_one_out)
        assert [row.advantage_normalised for row in members] == list(stand.normalised)
    assert any(row.masks for row in counted)
    alone = sum(group.alone for group in found["groups.jsonl"])
    assert alone == report.counts["alone"] == 5
    assert f"{alone} of them of one trajectory" in (tmp_path / "rl" / "README.md").read_text()


def test_messages_are_what_the_agent_saw(tmp_path: Path) -> None:
    """Each observation of the environment is the content of the new messages, and no more."""
    env = ToolEnv(SUITE)
    for policy, number in ((mixed, 1), (mixed, 2), (mixed, 3), ("random", 4)):
        task_id = SUITE.tasks[number - 1].id
        record = next(
            one
            for one in RECORDS
            if one.task.task_id == task_id and one.agent.name == getattr(policy, "__name__", policy)
        )
        observation, info = env.reset(seed=record.env.luck, options={"task_id": task_id})
        for place, step in enumerate(steps(record)):
            texts = [m["content"] for m in step.observation if m["role"] != "system"]
            shown = "\n".join(texts)
            if len(texts) > 1 and step.observation[0]["role"] == "tool":
                shown = f"[{','.join(texts)}]"
            assert shown == observation, (number, place)
            if place == 0:
                assert step.observation[0]["content"] == info["system"]
            action = step.action
            sent: Any = action["content"]
            if "tool_calls" in action:
                sent = [call["function"] for call in action["tool_calls"]]
                sent = sent[0] if len(sent) == 1 else sent
            observation, _, terminated, truncated, info = env.step(
                sent if isinstance(sent, str) else to_text(sent)
            )
            assert terminated or truncated or place + 1 < len(steps(record))
    export(RECORDS, "rl", tmp_path / "new")
    export(RECORDS, "rl", tmp_path / "all", options="messages=all")
    history: dict[str, list[Any]] = {}
    pairs = zip(
        rows(tmp_path / "new")["turns.jsonl"], rows(tmp_path / "all")["turns.jsonl"], strict=True
    )
    for new, whole in pairs:
        before = history.setdefault(new.trajectory_id, [])
        before += new.messages
        assert list(whole.messages) == before
        before.append(new.action)


def test_turns_of_one_state_are_compared(tmp_path: Path) -> None:
    """First turns share their state; the advantage there is that of the discounted returns."""
    export(RECORDS, "rl", tmp_path / "rl", options={"gamma": 0.5})
    found = rows(tmp_path / "rl")["turns.jsonl"]
    shared = 0
    for group_id in dict.fromkeys(row.group_id for row in found):
        mine = [row for row in found if row.group_id == group_id]
        values = {}
        for name in dict.fromkeys(row.trajectory_id for row in mine):
            own = [row for row in mine if row.trajectory_id == name]
            after = returns([row.reward for row in own], 0.5)
            values.update({(name, row.turn): value for row, value in zip(own, after, strict=True)})
        for state in {row.state for row in mine}:
            there = [row for row in mine if row.state == state]
            stand = standing([values[row.trajectory_id, row.turn] for row in there], 1e-6)
            assert [row.advantage_state for row in there] == list(stand.normalised)
            shared += len({row.trajectory_id for row in there}) > 1
        first = {row.state for row in mine if row.turn == 1}
        assert len(first) == 1
    assert shared


def test_masks_are_an_option(tmp_path: Path) -> None:
    """What is masked has no loss, and the figures of its group stay as they are."""
    kinds = {"none": "masks=", "some": "masks=void+overlong+malformed", "void": None}
    found = {}
    for name, options in kinds.items():
        export(RECORDS, "rl", tmp_path / name, options=options)
        found[name] = rows(tmp_path / name)
    assert all(row.loss for row in found["none"]["turns.jsonl"])
    masked = {
        name: {row.trajectory_id for row in kind["trajectories.jsonl"] if row.masks}
        for name, kind in found.items()
    }
    assert masked["none"] < masked["void"] < masked["some"]
    assert found["none"]["groups.jsonl"] == found["some"]["groups.jsonl"]
    reasons = {reason for row in found["some"]["trajectories.jsonl"] for reason in row.masks}
    assert reasons == {"void", "malformed", "overlong"}


def test_what_was_given_is_not_learnt(tmp_path: Path) -> None:
    """A turn that was played on the agent's behalf has no loss, and masks nothing."""
    (one,) = rollout(SUITE, "oracle", episodes=1)
    first = next(event for event in one.events if isinstance(event, AssistantEvent))
    events = tuple(
        msgspec.structs.replace(event, loss=False, flags=("void",)) if event is first else event
        for event in one.events
    )
    export([msgspec.structs.replace(one, events=events)], "rl", tmp_path / "rl")
    found = rows(tmp_path / "rl")
    assert [row.loss for row in found["turns.jsonl"]] == [False] + [True] * (
        len(found["turns.jsonl"]) - 1
    )
    assert found["trajectories.jsonl"][0].masks == ()


@settings(COMMON, max_examples=15)
@given(given_=runs())
def test_any_records_are_exported(given_: list[Trajectory], tmp_path_factory: Any) -> None:
    """Whatever is in a record, its rows are whole and fit the schema; no turn is lost."""
    folder = tmp_path_factory.mktemp("rl") / "out"
    export(given_, "rl", folder)
    found = rows(folder)
    assert [row.trajectory_id for row in found["trajectories.jsonl"]] == [
        one.trajectory_id for one in given_
    ]
    said = sum(
        isinstance(event, AssistantEvent)
        for one in given_
        if one.outcome.status != "error"
        for event in one.events
    )
    assert len(found["turns.jsonl"]) == said


def test_a_run_file_is_enough(tmp_path: Path) -> None:
    """What comes from a file gives the same rows as what was just played."""
    out = tmp_path / "runs.jsonl"
    played = list(rollout(SUITE, "random", episodes=6, group=3, reward="progress", out=out))
    export(played, "rl", tmp_path / "a")
    export(read_runs(out), "rl", tmp_path / "b")
    for name in KINDS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ("mask=void", "did you mean 'masks'"),
        ("masks=voyd", "did you mean 'void'"),
        ("gamma=2", "a number from 0 to 1"),
        ("gamma=x", "a number"),
        ({"messages": "old"}, "new or all"),
        (3, "a text, a mapping or options"),
        ("masks=void,epsilon=0", "a number from 1e-12"),
    ],
)
def test_bad_options_are_refused(given_: Any, told: str, tmp_path: Path) -> None:
    """The error names the option and what would do."""
    with pytest.raises(UsageError, match=told):
        export(RECORDS, "rl", tmp_path / "rl", options=given_)
    assert not (tmp_path / "rl").exists()


def test_options_in_all_forms() -> None:
    """Text, mapping and record say the same; other formats have none, and nothing is no export."""
    one = RLOptions.of("masks=void+overlong, messages=all, gamma=0.9")
    assert one == RLOptions.of({"masks": ["void", "overlong"], "messages": "all", "gamma": 0.9})
    assert RLOptions.of(one) is one
    with pytest.raises(UsageError, match="no options"):
        export(RECORDS, "adp", Path("nowhere"), options="masks=")
    with pytest.raises(UsageError, match="at least one episode"):
        export([], "rl", Path("nowhere"))
