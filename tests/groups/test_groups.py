"""Groups of a run: one task, one world, one luck, whatever each member does; records of it all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentgym.episode import load
from agentgym.errors import BackendError, UsageError
from agentgym.formats import decode, encode, to_text
from agentgym.rollout import read_runs, replay, rollout
from agentgym.trajectory import AssistantEvent, ToolEvent, Trajectory
from agentgym.world.compile import Engine

SUITE = tiny.suite(max_turns=12)
HARBOUR = load("harbour")
FAULTS = "timeout=0.3,stale=0.2,error_before=0.2,truncated_page=0.2"
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))

OPTIONS: list[dict[str, Any]] = [
    {},
    {"faults": FAULTS},
    {"user": "patience=3", "hints": "full"},
    {"reward": "progress", "hints": "brief", "faults": "mild", "user": "sample"},
    {"view": "rename=0.5,detail=difference", "faults": FAULTS, "reward": "staged"},
]


def groups(records: list[Trajectory]) -> list[list[Trajectory]]:
    """Return the records by group, in order."""
    found: dict[str, list[Trajectory]] = {}
    for one in records:
        found.setdefault(one.group_id, []).append(one)
    return list(found.values())


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("policy", ["random", "oracle"])
def test_members_share_all_but_their_own_chances(policy: str, options: dict[str, Any]) -> None:
    """Task, prompt, tools and luck are one; the first member is what a run without groups plays."""
    records = list(rollout(HARBOUR, policy, episodes=12, group=4, seed=5, **options))
    alone = list(rollout(HARBOUR, policy, episodes=3, seed=5, **options))
    found = groups(records)
    assert [len(group) for group in found] == [4, 4, 4]
    for group, single in zip(found, alone, strict=True):
        for facts in ("env", "task", "tools", "user"):
            assert len({encode(getattr(one, facts)) for one in group}) == 1
        assert group[0].events == single.events
        assert group[0].env == single.env
        assert (policy == "random") == (len({encode(one.events) for one in group}) > 1)
    assert len({one.trajectory_id for one in (*records, *alone)}) == 15
    for one in records:
        again = decode(encode(one), Trajectory, where="record")
        assert replay(again, HARBOUR) == ()


def test_rounds_of_a_task_are_groups_of_their_own() -> None:
    """When the tasks begin anew, so does the luck."""
    count = len(SUITE.tasks)
    records = list(rollout(SUITE, "random", episodes=4 * count, group=2, faults=FAULTS))
    found = groups(records)
    assert [len(group) for group in found] == [2] * (2 * count)
    first, second = found[0][0], found[count][0]
    assert first.task.task_id == second.task.task_id
    assert first.env.luck != second.env.luck


@settings(COMMON, max_examples=25)
@given(
    task=st.integers(0, 20),
    detours=st.lists(st.integers(0, 9), max_size=4),
    seed=st.integers(0, 5),
)
def test_a_detour_shifts_nobodys_luck(task: int, detours: list[int], seed: int) -> None:
    """Who makes other calls in between meets the same faults in the calls that both make."""
    ids = [one.id for one in HARBOUR.tasks]
    task_id = ids[task % len(ids)]
    options: dict[str, Any] = {"faults": "timeout=0.4,error_before=0.3", "seed": seed}
    reads = [
        (step.tool, step.arguments)
        for step in HARBOUR.task(task_id).gold
        if step.tool.startswith(("get", "find", "list", "search"))
    ] * 3

    def results(*, detour: bool) -> list[Any]:
        shown = []
        with HARBOUR.episode(task_id, max_turns=100, **options) as episode:
            for place, (tool, arguments) in enumerate(reads):
                if detour:
                    for _ in range(detours.count(place)):
                        episode.call("search_vessels", name="no such vessel")
                        episode.say("Hello.")
                shown.append(episode.call(tool, **arguments))
        return shown

    assert results(detour=True) == results(detour=False)


def scripted(observation: str, info: dict[str, Any]) -> str:
    """Do something of everything, and something void."""
    del observation
    actions = [
        {"name": "get_member", "arguments": {"member_id": 1}},
        {"name": "get_member", "arguments": {"member_id": 1}},
        {"name": "update_member", "arguments": {"member_id": 77, "phone": "4"}},
        {"name": "conclude", "arguments": {"outcome": "done", "answer": 1}},
    ]
    return "" if info["turn"] == 1 else to_text(actions[min(info["turn"], 3)])


@pytest.mark.parametrize("reward", [None, "progress", "staged", "weights=success:1+progress:0.3"])
def test_each_turn_has_its_reward_terms_and_flags(reward: str | None) -> None:
    """The rewards of the turns add up to the outcome's; flags and terms stand at their turns."""
    for policy in ("oracle", scripted):
        for record in rollout(SUITE, policy, episodes=5, reward=reward):
            said = [event for event in record.events if isinstance(event, AssistantEvent)]
            assert [event.turn for event in said] == list(range(1, len(said) + 1))
            assert all(event.reward is not None for event in said)
            earned = sum(event.reward or 0.0 for event in said)
            assert earned == pytest.approx(record.outcome.reward)
            assert said[-1].terms.get("success", 0.0) == record.outcome.components["success"]
            assert all(value for event in said for value in event.terms.values())
            if policy is scripted:
                assert "void" in said[1].flags
                assert record.outcome.failure is not None
                assert record.outcome.failure.by == "agent"
            else:
                assert record.outcome.failure is None


@pytest.mark.parametrize("options", OPTIONS[1:])
def test_runs_with_options_resume_to_the_same_bytes(
    options: dict[str, Any], tmp_path: Path
) -> None:
    """A group that was broken off in its middle is finished as if it never was."""
    whole = tmp_path / "whole.jsonl"
    list(rollout(SUITE, "random", episodes=8, group=4, out=whole, **options))
    for done in (1, 3, 6):
        out = tmp_path / f"part{done}.jsonl"
        run = rollout(SUITE, "random", episodes=8, group=4, out=out, **options)
        for _ in range(done):
            next(run)
        run.close()  # type: ignore[attr-defined]
        list(rollout(SUITE, "random", episodes=8, group=4, out=out, **options))
        assert out.read_bytes() == whole.read_bytes()
        assert "wall_s" not in out.read_text()
        timing = out.with_name(f"part{done}.timing.jsonl").read_text().splitlines()
        assert [json.loads(line)["trajectory_id"] for line in timing] == [
            one.trajectory_id for one in read_runs(out)
        ]


def test_every_option_makes_another_run(tmp_path: Path) -> None:
    """No two settings share ids or the hash of their settings; a part of one is none of another."""
    kinds: list[dict[str, Any]] = [
        {},
        {"group": 2},
        {"group": 4},
        {"faults": "mild"},
        {"user": "patience=3"},
        {"hints": "full"},
        {"reward": "progress"},
        {"view": "rename=0.5"},
        {"max_turns": 7},
        {"seed": 1},
    ]
    found = [list(rollout(SUITE, "noop", episodes=4, **kind)) for kind in kinds]
    ids = Counter(one.trajectory_id for records in found for one in records)
    assert set(ids.values()) == {1}
    assert len({records[0].provenance.config_sha256 for records in found}) == len(kinds)
    run = rollout(SUITE, "noop", episodes=4, out=tmp_path / "runs.jsonl")
    next(run)
    run.close()  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="found one of other settings"):
        rollout(SUITE, "noop", episodes=4, group=2, out=tmp_path / "runs.jsonl")


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"episodes": 10, "group": 4}, "use 8 or 12"),
        ({"episodes": 3, "group": 4}, "use 4"),
        ({"episodes": 4, "group": 0}, "at least 1 member"),
        ({"episodes": 4, "faults": "stormy"}, "faults|preset"),
        ({"episodes": 4, "user": "rude-ish"}, "profile|user"),
        ({"episodes": 4, "reward": "progres"}, "did you mean"),
        ({"episodes": 4, "hints": "ful"}, "did you mean"),
    ],
)
def test_bad_orders_are_refused_before_anything_is_played(order: dict[str, Any], told: str) -> None:
    """The error says what would do."""
    with pytest.raises(UsageError, match=told):
        rollout(SUITE, "noop", **order)


def test_what_broke_is_no_failure_of_the_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An episode in which the environment fails is recorded so, and replays up to there."""
    real = Engine.call

    def call(self: Engine, world: Any, name: str, arguments: Any) -> Any:
        if name == "list_member_loans":
            raise BackendError("a server", found="none")
        return real(self, world, name, arguments)

    actions = [
        {"name": "update_member", "arguments": {"member_id": 1, "phone": "4"}},
        {"name": "list_member_loans", "arguments": {"member_id": 1}},
    ]
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "call", call)
        (record,) = rollout(
            SUITE, lambda _seen, info: to_text(actions[info["turn"]]), name="breaks", episodes=1
        )
    outcome = record.outcome
    assert (outcome.status, outcome.termination, outcome.reward) == ("error", "exception", 0.0)
    assert outcome.failure is not None
    assert (outcome.failure.by, outcome.failure.code) == ("environment", "backend")
    assert outcome.final_state_sha256 == ""
    assert isinstance(record.events[-1], ToolEvent)
    assert record.events[-1].error_type == "unavailable"
    assert replay(record, SUITE) == ()
    first = next(event for event in record.events if isinstance(event, ToolEvent))
    other = tuple(
        msgspec.structs.replace(event, content="{}") if event is first else event
        for event in record.events
    )
    assert len(replay(msgspec.structs.replace(record, events=other), SUITE)) == 1
