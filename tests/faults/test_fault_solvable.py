"""Tasks under faults can still be done: a policy that reacts rightly wins every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from talk_tasks import drawn, worded_domain

from agentgym.episode import Suite, load
from agentgym.episode.faults import PRESETS, FaultOptions
from agentgym.episode.faults.climate import _least
from agentgym.episode.faults.moves import movable, unspoken
from agentgym.errors import UsageError
from agentgym.policies import Noop
from agentgym.prove.weathered import Weathering, proved_under, under_faults
from agentgym.tasks import Notice
from agentgym.trajectory import NoticeEvent

DOMAINS = ("clinic", "harbour", "elements")
TINY = tiny.suite()
HARD = FaultOptions(
    timeout=0.2,
    rate_limit=0.1,
    error_before=0.1,
    error_after=0.5,
    stale=0.3,
    truncated_page=0.2,
    changed_format=0.1,
    renamed_field=0.9,
    change=0.5,
    policy=1.0,
    recoverable=3,
    wait=3,
)
VIEWS = (
    "granularity=narrow",
    "granularity=rich,rename=0.5",
    "page_size=5,detail=distilled",
    "detail=difference",
    "faces=names,locked=0.3",
)


def _check(found: Weathering) -> None:
    assert found.won, (found.task_id, found.faults, found.seed, found.failure, found.trouble)
    assert found.turns <= found.max_turns


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", DOMAINS)
def test_the_steadfast_wins_a_sample(name: str, preset: str) -> None:
    """Every seventh task of every committed domain, under every preset."""
    suite = load(name)
    for found in proved_under(suite, [preset], seeds=[5], tasks=suite.tasks[::7]):
        _check(found)


@pytest.mark.parametrize("name", DOMAINS)
def test_the_steadfast_wins_under_hard_faults(name: str) -> None:
    """Every fifth task where most calls are struck, and all kinds are met."""
    suite, met = load(name), set[str]()
    for found in proved_under(suite, [HARD], seeds=[1, 2, 3], tasks=suite.tasks[1::5]):
        _check(found)
        met.update(found.met)
    assert met >= {"timeout", "rate_limit", "error_before", "error_after", "truncated_page"}
    assert met >= {"renamed_field", "changed_format", "policy", "notices"}


@pytest.mark.slow
@pytest.mark.parametrize("preset", [*PRESETS, HARD])
@pytest.mark.parametrize("name", DOMAINS)
def test_the_steadfast_wins_all(name: str, preset: Any) -> None:
    """Every task of every committed domain, under every preset, with five seeds."""
    for found in proved_under(load(name), [preset], seeds=range(5)):
        _check(found)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", DOMAINS[:2])
def test_the_steadfast_wins_through_views(name: str, view: str) -> None:
    """Faults are mended in every view: through other names, pages, granularity and detail."""
    suite = load(name)
    for found in proved_under(suite, [HARD], seeds=[3], tasks=suite.tasks[::9], view=view):
        _check(found)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        FaultOptions,
        timeout=st.floats(0, 0.25),
        rate_limit=st.floats(0, 0.25),
        error_before=st.floats(0, 0.2),
        error_after=st.floats(0, 0.3),
        stale=st.floats(0, 0.1),
        truncated_page=st.floats(0, 0.1),
        changed_format=st.floats(0, 0.1),
        renamed_field=st.floats(0, 1),
        change=st.floats(0, 1),
        policy=st.floats(0, 1),
        recoverable=st.integers(1, 5),
        wait=st.integers(1, 5),
        lag=st.integers(1, 10),
    ),
    st.integers(0, 1000),
    st.sampled_from(TINY.tasks),
)
def test_any_options_leave_tasks_solvable(options: FaultOptions, seed: int, task: Any) -> None:
    """Whatever the shares, every task of a tiny domain is won within its turns."""
    _check(under_faults(TINY, task, options, seed=seed))


@pytest.mark.parametrize("extra", [0, 1, 3, 8])
@pytest.mark.parametrize("name", DOMAINS)
def test_fixed_turns_thin_the_faults(name: str, extra: int) -> None:
    """Where turns are fixed, faults are thinned until the gold run fits; the same for all seeds."""
    suite, thinned, partly = load(name), 0, 0
    for task in suite.tasks[::5]:
        turns = max(2, _least(task) + extra)
        found = under_faults(suite, task, HARD, seed=4, max_turns=turns)
        _check(found)
        assert found.max_turns == turns
        with suite.episode(task.id, faults=HARD, seed=4, max_turns=turns) as episode:
            weather = episode._weather
            thinned += weather is None or bool(weather.options.thinned)
            if weather is not None:
                partly += bool(weather.options.thinned)
                again = weather.options.text()
                with suite.episode(task.id, faults=again, seed=4) as other:
                    assert other._weather is not None
                    assert other._weather.state() == weather.state()
    assert thinned or extra == 8
    assert partly or extra != 3


def test_what_is_never_answered_is_told() -> None:
    """Proof tells of a policy that does not win how it failed."""
    found = under_faults(TINY, TINY.task("1"), "rough", policy=Noop())

    assert not found.won and found.failure is not None
    assert (found.failure.by, found.failure.code) == ("agent", "wrong_answer")


def test_unknown_faults_are_refused() -> None:
    """A suite refuses options that are none."""
    with pytest.raises(UsageError, match="did you mean 'rough'"):
        TINY.episode("1", faults="ruogh")


# what moves by itself


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in some records, and every part of a path."""
    if isinstance(value, str):
        yield from (value, *value.replace(":", ".").split("."))
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


def _notices(suite: Suite, task_id: str, faults: Any, seed: int = 0) -> tuple[Notice, ...]:
    with suite.episode(task_id, faults=faults, seed=seed) as episode:
        assert episode._weather is not None
        return episode._weather.notices()


@pytest.mark.parametrize("name", DOMAINS)
def test_rows_that_move_are_none_of_the_task(name: str) -> None:
    """What changes by itself is a number that no task and no rule speaks of; every patch fits."""
    suite = load(name)
    fields = movable(suite.domain)
    assert fields
    moved = 0
    for task in suite.tasks[::3]:
        free = {(entity.name, field.name) for entity, field in unspoken(fields, task)}
        said = set(_texts(msgspec.to_builtins([task.plan, task.goal, task.gold])))
        for notice in _notices(suite, task.id, "change=1"):
            (patch,) = notice.patch
            ((field, _),) = (patch.values or {}).items()
            assert (patch.entity, field) in free
            assert field not in said
            assert notice.kind == "change" and notice.text
            suite.domain.patcher.differences([*task.patch, patch])
            moved += 1
    assert moved > 20


@pytest.mark.parametrize("name", DOMAINS)
def test_what_moves_by_itself_is_not_the_agents(name: str) -> None:
    """Rows do change, the agent reads so, and its own changes are still none."""
    suite = load(name)
    task = next(task for task in suite.tasks if "current_time" in task.tools)
    with suite.episode(task.id, faults="change=1") as episode:
        start = episode.digest()
        for _ in range(7):
            episode.call("current_time")
        assert episode.digest() != start
        assert not episode.changes()
        told = [event for event in episode.trace() if isinstance(event, NoticeEvent)]
        assert len(told) == 6 and all(event.kind == "change" for event in told)


@pytest.mark.parametrize("name", DOMAINS)
def test_moved_rows_keep_the_truth(name: str) -> None:
    """With all rows moved from the start, plan and goal are as certified: the gold run still wins.

    Each patch of an episode is put into the task's own: the world starts as it would end up.
    """
    suite = load(name)
    for task in suite.tasks[::6]:
        patches = {}
        for seed in range(4):
            for notice in _notices(suite, task.id, "change=1", seed):
                (patch,) = notice.patch
                patches[patch.entity, patch.key] = patch
        moved = replace(task, patch=(*task.patch, *patches.values()))
        _check(under_faults(Suite(suite.domain, [moved]), moved, None))


def test_a_suspended_tool_is_refused() -> None:
    """A tool that the task does not need is taken out of use, and the agent is told before."""
    suite = load("harbour")
    faults = {"schedule": [{"kind": "policy", "turn": 2}]}
    suspended = 0
    for task in suite.tasks[:12]:
        with suite.episode(task.id, faults=faults) as episode:
            weather = episode._weather
            assert weather is not None and weather._rule is not None
            rule = weather._rule
            if rule.kind != "suspend":
                continue
            suspended += 1
            assert rule.tool not in {step.tool for step in task.gold}
            before = episode.call(rule.tool)
            assert before.error is not None and before.error.code == "bad_arguments"
            notices = episode.act({"name": "current_time", "arguments": {}}).notices
            assert len(notices) == 1 and notices[0].startswith("Policy update: ")
            after = episode.call(rule.tool)
            assert after.error is not None and after.error.code == "rule_broken"
            assert episode.trace()[-1].fault == "policy"  # type: ignore[union-attr]
    assert suspended


def test_a_yes_serves_one_change() -> None:
    """From the update on each change needs a yes of its own."""
    task = TINY.task("3")
    for seed in range(9):
        faults = {"schedule": [{"kind": "policy", "turn": 1}], "seed": seed}
        with TINY.episode("3", faults=faults) as episode:
            assert episode._weather is not None and episode._weather._rule is not None
            if episode._weather._rule.kind != "confirm":
                continue
            write = task.gold[-1]
            other = write.arguments | {"phone": "555-0000"}
            episode.call("ask_user", question="What is the new phone number?")
            refused = episode.call(write.tool, **write.arguments)
            assert refused.error is not None and refused.error.code == "rule_broken"
            episode.call("ask_user", question="Do you confirm this change?")
            bad = episode.call(write.tool, member_id=77, phone="1")
            assert bad.error is not None and bad.error.code == "not_found"
            assert episode.call(write.tool, **write.arguments).ok
            assert not episode.call(write.tool, **other).ok
            return
    raise AssertionError("no seed asks for a yes")


# what is scheduled


@pytest.mark.parametrize(
    ("trigger", "struck"),
    [
        ({"turn": 3}, [3]),
        ({"call": 2}, [2]),
        ({"tool": "find_member"}, [4]),
        ({"act": "inform"}, []),
        ({"row": {"entity": "member", "key": [1], "field": "phone", "value": "555-0155"}}, [4]),
        ({"row": {"entity": "member", "key": [9], "field": "phone"}}, []),
        ({"row": {"entity": "nobody", "key": [9], "field": "phone"}}, []),
        ({"row": {"entity": "member", "key": ["x"], "field": "phone"}}, []),
        ({"turn": 2, "times": 2}, [2, 3]),
        ({"turn": 4, "call": 1, "tool": "find_member"}, [4]),
    ],
)
def test_triggers(trigger: dict[str, Any], struck: list[int]) -> None:
    """A scheduled fault strikes the first calls that it fits, once all its triggers hold."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("get_member", {"member_id": 1}),
        ("get_member", {"member_id": 2}),
        ("update_member", {"member_id": 1, "phone": "555-0155"}),
        ("find_member", {"name": "Bo Li"}),
    )
    with TINY.episode("3", faults={"schedule": [{"kind": "error_before", **trigger}]}) as episode:
        met = [episode.act({"name": n, "arguments": a}).done[0].fault for n, a in calls]

    assert [place for place, fault in enumerate(met, 1) if fault] == struck


def test_a_strike_waits_for_an_act_of_the_user() -> None:
    """What is scheduled for an act comes after it."""
    with TINY.episode("3", faults={"schedule": [{"kind": "timeout", "act": "inform"}]}) as episode:
        assert episode.call("get_member", member_id=1).ok
        turn = episode.act(
            {"name": "ask_user", "arguments": {"question": "What is the new phone number?"}}
        )
        assert "inform" in {act.kind for act in turn.acts}
        assert not episode.call("get_member", member_id=2).ok


def test_a_strike_that_fits_nothing_never_comes() -> None:
    """A list is cut and a write left in doubt where there is one; other calls are let be."""
    schedule = [
        {"kind": "truncated_page", "turn": 1, "keep": 1},
        {"kind": "error_after", "turn": 1},
        {"kind": "renamed_field", "turn": 1, "field": "phone"},
    ]
    with TINY.episode("3", faults={"schedule": schedule}) as episode:
        assert episode.call("current_time").ok
        renamed = episode.act({"name": "get_member", "arguments": {"member_id": 1}}).results[0]
        assert "phone" not in renamed.data and renamed.data["member_id"] == 1
        assert len(episode.call("list_member_loans", member_id=2).data["items"]) == 1
        assert not episode.call("update_member", member_id=1, phone="5").ok
        assert episode.call("update_member", member_id=1, phone="5").ok


def test_what_is_told_between_two_tries_is_heard() -> None:
    """An event that comes with an answer which is asked for again counts for what follows."""
    tasks, _ = drawn("clinic", "proactive", 16)
    assert tasks
    suite = Suite(worded_domain("clinic"), tasks)
    for preset in ("rate_limits", "stale_reads", "rough"):
        for found in proved_under(suite, [preset], seeds=range(6), tasks=suite.tasks):
            _check(found)
