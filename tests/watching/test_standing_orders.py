"""Proactive episodes: nobody asks, and some events are due and others are not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace
from watched_tasks import NAMES, both, suite, won

from agentgym.episode import Episode, Suite
from agentgym.formats import encode
from agentgym.goals.goal import Offered
from agentgym.plan import Emit, Write
from agentgym.policies import resolve
from agentgym.prove import Prover, RefusedError
from agentgym.prove.audit import audit
from agentgym.prove.audit.watched import Watched
from agentgym.prove.standing.runs import gold_of
from agentgym.rng import stream
from agentgym.rollout import Alerts, alerts, rollout
from agentgym.tasks import Notice, Task
from agentgym.tasks.orders import due_of
from agentgym.tasks.words.watching import key_text

PLAYED = both("proactive")
MANY = pytest.mark.parametrize(("where", "task"), PLAYED, ids=[task.id for _, task in PLAYED])


def step_through(where: Suite, task: Task, due: Iterable[tuple[str, ...]]) -> Episode:
    """Play as one who takes other events for due, and conclude; the caller closes it."""
    other = tuple(replace(one, due=acts) for one, acts in zip(task.stream, due, strict=True))
    episode = where.episode(task.id)
    for step in gold_of(task.plan, other, where.domain):
        episode.call(step.tool, **step.arguments)
    episode.call("conclude", outcome="done")
    return episode


def judged(where: Suite, task: Task, due: Iterable[tuple[str, ...]]) -> tuple[bool, Alerts]:
    with step_through(where, task, due) as episode:
        return where.verdict(episode).success, alerts(task, episode.trace(), where.domain)


def harmless(task: Task) -> Notice:
    return next(one for one in task.stream if not one.due)


def due(task: Task) -> Notice:
    return next(one for one in task.stream if one.due)


def test_there_are_orders_of_every_kind() -> None:
    tasks = [task for _, task in PLAYED]
    kinds = {tuple(type(n).__name__ for n in task.plan.nodes[1:]) for task in tasks}
    assert kinds >= {("Emit",), ("Write", "Emit")}
    texts = [notice.text for task in tasks for notice in task.stream]
    assert any("is now" in text for text in texts)
    assert any(text.endswith("has changed.") for text in texts)


@MANY
def test_the_oracle_wins_and_nobody_else(where: Suite, task: Task) -> None:
    assert won(where, task)
    assert won(where, task, view="granularity=rich,distractors=5")
    for name in ("noop", "random"):
        with where.episode(task.id) as episode:
            assert not won(where, task, resolve(name)(task, 5, episode.view)), name


@MANY
def test_one_answer_fits_no_stream(where: Suite, task: Task) -> None:
    acts, count = due_of(task.plan), len(task.stream)
    total = sum(bool(one.due) for one in task.stream)
    assert 0 < total < count
    always = judged(where, task, [acts] * count)
    assert not always[0]
    assert always[1] == Alerts(hits=total, false_alarms=count - total)
    assert always[1].recall == 1.0
    assert always[1].precision == total / count
    never = judged(where, task, [()] * count)
    assert not never[0]
    assert never[1] == Alerts(missed=total, silent=count - total)
    assert (never[1].precision, never[1].recall, never[1].f1) == (0.0, 0.0, 0.0)
    right = judged(where, task, [one.due for one in task.stream])
    assert right == (True, Alerts(hits=total, silent=count - total))
    assert right[1].f1 == 1.0


@MANY
def test_each_single_mistake_fails(where: Suite, task: Task) -> None:
    acts, right = due_of(task.plan), [one.due for one in task.stream]
    for place, notice in enumerate(task.stream):
        other = list(right)
        other[place] = () if notice.due else acts
        success, found = judged(where, task, other)
        assert not success, place
        assert (found.missed, found.false_alarms) == ((1, 0) if notice.due else (0, 1))
        for act in acts if len(acts) > 1 else ():
            if notice.due:
                other[place] = (act,)
                assert not judged(where, task, other)[0], (place, act)


@MANY
def test_labels_are_what_the_rows_say(where: Suite, task: Task) -> None:
    scene = Watched(task, where.domain, stream("labels"))
    assert scene.due == [bool(notice.due) for notice in task.stream]


@MANY
def test_events_come_in_their_turns_and_change_rows(where: Suite, task: Task) -> None:
    with where.episode(task.id) as episode:
        assert task.instruction in episode.prompt[-1]["content"]
        seen = [n.text for n in task.stream if n.text in episode.prompt[-1]["content"]]
        while len(seen) < len(task.stream):
            turn = episode.act({"name": "wait", "arguments": {}})
            seen += turn.notices
            due_now = [n.text for n in task.stream if n.turn == episode.turn]
            assert list(turn.notices) == due_now
            assert episode.turn <= 60
        assert seen == [notice.text for notice in task.stream]
        assert episode.changes() == (), "what happens of its own accord is not the agent's doing"
        assert episode.digest() != task.certificate.start


@MANY
def test_late_is_not_wrong_but_too_early_an_end_is(where: Suite, task: Task) -> None:
    acts = [step for step in task.gold if step.node != "n1"]
    with where.episode(task.id) as episode:
        for _ in range(max(one.turn for one in task.stream) + 1):
            episode.call("wait")
        for step in reversed(acts):
            assert episode.call(step.tool, **step.arguments).ok
        episode.call("conclude", outcome="done")
        assert where.verdict(episode).success
    with where.episode(task.id) as episode:
        for step in task.gold[: task.gold.index(acts[-1])]:
            episode.call(step.tool, **step.arguments)
        episode.call("conclude", outcome="done")
        assert not where.verdict(episode).success


@MANY
def test_messages_neither_end_it_nor_count(where: Suite, task: Task) -> None:
    with where.episode(task.id) as episode:
        names = {tool["function"]["name"] for tool in episode.tools}
        assert {"offer", "wait", "conclude"} <= names
        assert "ask_user" not in names
        for text in ("Nothing yet.", f"About {key_text(harmless(task).key or ())}: it changed."):
            episode.say(text)
            assert not episode.done
        told = f"Something is due with {key_text(due(task).key or ())}."
        episode.say(told)
        while not episode.done:
            episode.act({"name": "wait", "arguments": {}})
        verdict = where.verdict(episode)
        assert not verdict.success
        assert alerts(task, episode.trace(), where.domain).hits == 0


def offering() -> tuple[Suite, Task]:
    return next(
        (where, task)
        for where, task in PLAYED
        if any(isinstance(n, Emit) for n in task.plan.nodes)
        and not any(isinstance(n, Write) for n in task.plan.nodes)
    )


@pytest.mark.parametrize(
    ("form", "success"),
    [
        ("{key}", True),
        ("#{key}", True),
        ("{label} {key}", True),
        ("{Label} {key}.", True),
        ("{key} or so", False),
        ("{label}", False),
        ("0{key}", False),
    ],
)
def test_an_offer_names_its_row(form: str, success: bool) -> None:
    where, task = offering()
    label = where.domain.schema.entity(task.stream[0].entity).label
    with where.episode(task.id) as episode:
        for step in task.gold:
            given: dict[str, Any] = dict(step.arguments)
            if step.tool == "offer":
                given["about"] = form.format(
                    key=given["about"], label=label, Label=label.capitalize()
                )
            episode.call(step.tool, **given)
        episode.call("conclude", outcome="done")
        assert where.verdict(episode).success == success


def test_twice_is_once_too_often() -> None:
    where, task = offering()
    with where.episode(task.id) as episode:
        for step in task.gold:
            for _ in range(1 + (step.tool == "offer")):
                episode.call(step.tool, **step.arguments)
        episode.call("conclude", outcome="done")
        verdict = where.verdict(episode)
        assert not verdict.success
        assert "times" in verdict.reasons[0]


def test_what_is_no_offer_is_refused() -> None:
    where, task = offering()
    with where.episode(task.id) as episode:
        for bad in ({}, {"about": ""}, {"about": 17}, {"about": "1", "loud": True}):
            result = episode.call("offer", **bad)
            assert result.error is not None, bad
            assert result.error.code == "bad_arguments"
        assert episode.call("wait", long=True).error is not None
        assert alerts(task, episode.trace(), where.domain).strays == 0


@MANY
def test_forks_hear_the_same_events(where: Suite, task: Task) -> None:
    with where.episode(task.id) as episode:
        middle = len(task.gold) // 2
        for step in task.gold[:middle]:
            episode.call(step.tool, **step.arguments)
        twin = episode.fork()
        for one in (episode, twin):
            for step in task.gold[middle:]:
                assert one.call(step.tool, **step.arguments).ok
            one.call("conclude", outcome="done")
        assert encode(episode.trace()) == encode(twin.trace())
        assert episode.digest() == twin.digest() == task.certificate.end
        assert where.verdict(twin).success
        twin.close()


def refused(prover: Prover, task: Task) -> bool:
    try:
        prover.certify(task)
    except RefusedError:
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_certificates_hold_and_what_is_tampered_with_does_not(name: str) -> None:
    where = suite(name, "proactive")
    prover = Prover(where.domain)
    for task in where.tasks:
        assert encode(prover.certify(task)) == encode(task.certificate), task.id
        (branch,) = task.goal.branches
        first, *rest = task.stream
        patch = first.patch[0]
        other = Offered(entity=first.entity, key=harmless(task).key or ())
        wrong = {
            "label": replace(
                task,
                stream=(replace(first, due=() if first.due else due_of(task.plan)), *rest),
            ),
            "text": replace(task, stream=(replace(first, text="Look!"), *rest)),
            "key": replace(task, stream=(replace(first, key=rest[0].key), *rest)),
            "patch": replace(
                task, stream=(replace(first, patch=(replace(patch, values={"no": 1}),)), *rest)
            ),
            "all_due": replace(task, stream=tuple(one for one in task.stream if one.due)),
            "turns": replace(task, stream=(replace(first, turn=99), *rest)),
            "offers": replace(
                task,
                goal=replace(
                    task.goal,
                    branches=(replace(branch, offers=(*(branch.offers or ()), other)),),
                ),
            ),
            "unwatched": replace(
                task, goal=replace(task.goal, branches=(replace(branch, offers=None),))
            ),
            "gold": replace(task, gold=task.gold[1:]),
            "tools": replace(task, tools=tuple(one for one in task.tools if one != "wait")),
            "asking": replace(task, tools=(*task.tools, "ask_user")),
            "order": replace(task, instruction=task.instruction.replace("changes", "moves")),
            "ending": replace(task, user=replace(task.user, standing=False)),
            "calls": replace(task, measured={**task.measured, "min_calls": 0}),
        }
        for kind, one in wrong.items():
            assert refused(prover, one), (task.id, kind)


@pytest.mark.parametrize("name", NAMES)
def test_an_audit_finds_nothing(name: str) -> None:
    where = suite(name, "proactive")
    found = audit(where.domain, where.tasks, mutants=300, alternatives=40)
    assert found.survivors == ()
    assert found.refused == ()
    assert found.mutants >= 300


def test_counts_of_a_run_add_up() -> None:
    where = suite("clinic", "proactive")
    total = Alerts()
    for trajectory in rollout(where, "oracle", episodes=len(where.tasks)):
        task = where.task(trajectory.task.task_id)
        total += alerts(task, trajectory.events, where.domain)
    due_ones = sum(bool(one.due) for task in where.tasks for one in task.stream)
    others = sum(not one.due for task in where.tasks for one in task.stream)
    assert total == Alerts(hits=due_ones, silent=others)
    mixed = total + Alerts(hits=0, missed=due_ones, false_alarms=due_ones)
    assert mixed.precision == mixed.recall == mixed.f1 == 0.5
