"""Dual control: a part of the job is the user's, with a tool that the agent does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from watched_tasks import NAMES, both, suite, won

from agentgym.episode import Episode, Suite
from agentgym.formats import encode
from agentgym.plan import Guard
from agentgym.policies import resolve
from agentgym.policies.oracle import Oracle
from agentgym.prove import Prover, RefusedError
from agentgym.prove.audit import audit
from agentgym.tasks import Task
from agentgym.tasks.deeds import own_tools, request
from agentgym.tools.algebra import Identify, is_write
from agentgym.trajectory import ToolEvent, UserEvent

PLAYED = both("guided")
MANY = pytest.mark.parametrize(("where", "task"), PLAYED, ids=[task.id for _, task in PLAYED])


def guides(task: Task) -> list[int]:
    return [place for place, step in enumerate(task.gold) if step.by == "user"]


def needy(task: Task) -> int | None:
    """Return the place of a step for which the user has to be told something."""
    told = {deed.id for deed in task.user.deeds if deed.needs}
    return next((place for place in guides(task) if task.gold[place].node in told), None)


class Wayward(Oracle):
    """Plays the gold run, but says something else when it comes to guiding."""

    def __init__(self, task: Task, says: dict[int, str | None]) -> None:
        super().__init__(task)
        self.says = says

    def _guide(self, step: Any, arguments: Any) -> str:  # noqa: ARG002 - as the oracle's
        place = next(n for n, one in enumerate(self._task.gold) if one is step)
        text = self.says.get(place, step.words)
        return "Thank you, one moment." if text is None else text


def state(where: Suite, task: Task, says: dict[int, str | None]) -> tuple[bool, dict[str, float]]:
    with where.episode(task.id) as episode:
        policy = Wayward(task, says)
        observation = episode.prompt[-1]["content"]
        while not episode.done:
            info = {"tools": episode.tools, "system": episode.system}
            observation = episode.act(policy(observation, info)).observation
        verdict = where.verdict(episode)
        return verdict.success, verdict.terms


def test_there_are_enough_of_several_kinds() -> None:
    tasks = [task for _, task in PLAYED]
    assert len(tasks) == 16
    assert sum(needy(task) is not None for task in tasks) >= 10
    assert any(len(task.user.deeds) > len(guides(task)) for task in tasks), "no wrong deed at hand"
    plain = [t for t in tasks if not any(isinstance(node, Guard) for node in t.plan.nodes)]
    assert len(plain) >= 3
    assert all(task.goal.branches[0].seen for task in tasks), "nothing need be found out"


@MANY
def test_whoever_guides_wins_and_nobody_else(where: Suite, task: Task) -> None:
    assert won(where, task)
    for name in ("noop", "random"):
        with where.episode(task.id) as episode:
            assert not won(where, task, resolve(name)(task, 7, episode.view)), name


@MANY
def test_the_agent_has_no_tool_for_it(where: Suite, task: Task) -> None:
    own = own_tools(task.user.deeds, where.domain)
    assert {deed.tool for deed in task.user.deeds} <= own
    assert all(is_write(where.domain.tool_by_name[name]) for name in own)
    for view in (None, "distractors=12", "granularity=rich", "granularity=narrow"):
        with where.episode(task.id, view=view) as episode:
            assert not own & set(episode.view.tools), view
            assert not own & {tool["function"]["name"] for tool in episode.tools}, view
    with where.episode(task.id) as episode:
        step = task.gold[guides(task)[0]]
        result = episode.call(step.tool, **step.arguments)
        assert result.error is not None
        assert result.error.code == "unknown_tool"
        assert episode.changes() == ()


@MANY
def test_without_the_guiding_it_is_not_done(where: Suite, task: Task) -> None:
    for place in guides(task):
        success, terms = state(where, task, {place: None})
        assert not success
        assert terms["state"] == 0.0


@MANY
def test_who_is_told_something_wrong_does_something_wrong(where: Suite, task: Task) -> None:
    place = needy(task)
    if place is None:
        return
    step = task.gold[place]
    deed = next(one for one in task.user.deeds if one.id == step.node)
    right = {name: step.arguments[param] for param, name in deed.takes.items()}
    for param, name in deed.takes.items():
        value = step.arguments[param]
        wrong = value + 1 if isinstance(value, int) else f"{value}9"
        success, terms = state(
            where, task, {place: request(deed, task.user, {**right, name: wrong})}
        )
        assert not success, param
        assert terms["state"] == 0.0 or terms["frame"] == 0.0, param


@MANY
def test_who_is_not_told_what_it_takes_asks_and_does_nothing(where: Suite, task: Task) -> None:
    place = needy(task)
    if place is None:
        return
    deed = next(one for one in task.user.deeds if one.id == task.gold[place].node)
    with where.episode(task.id) as episode:
        for told in (
            episode.call("ask_user", question=f"Please {deed.words}.").data["reply"],
            episode.say(f"Could you please {deed.words}?"),
        ):
            assert episode.changes() == ()
            assert not episode.done
            assert not any(isinstance(e, UserEvent) and e.tool_calls for e in episode.trace())
            label = task.user.questions[deed.needs[0]].split(" of ")[0].split()[-1]
            assert label.lower() in told.lower()


@MANY
def test_guiding_without_a_look_fails(where: Suite, task: Task) -> None:
    reads = [step for step in task.gold if step.by == "agent" and _shows(where, step.tool)]
    assert reads, "nothing has to be found out"
    with where.episode(task.id) as episode:
        _identify(episode, task)
        for step in task.gold:
            if step.by == "user":
                episode.say(step.words)
            elif is_write(where.domain.tool_by_name[step.tool]):
                episode.call(step.tool, **step.arguments)
        if not episode.done:
            episode.call("conclude", outcome="done", answer=task.answer)
        verdict = where.verdict(episode)
        assert not verdict.success
        assert verdict.terms["evidence"] == 0.0 or verdict.terms["state"] == 0.0


def _shows(where: Suite, name: str) -> bool:
    tool = where.domain.tool_by_name[name]
    return not is_write(tool) and not isinstance(tool.term, Identify) and name != "ask_user"


def _identify(episode: Episode, task: Task) -> None:
    for step in task.gold:
        if step.by == "agent" and "identify" in step.tool:
            episode.call(step.tool, **step.arguments)


def test_the_other_deed_is_wrong() -> None:
    tried = 0
    for where, task in PLAYED:
        done = {task.gold[place].node for place in guides(task)}
        for deed in task.user.deeds:
            if deed.id in done:
                continue
            values = {name: deed.arguments[param] for param, name in deed.takes.items()}
            place = guides(task)[0] if guides(task) else None
            if place is not None:
                tried += 1
                assert not state(where, task, {place: request(deed, task.user, values)})[0]
    assert tried


@MANY
def test_the_calls_of_the_user_are_in_the_trace_as_theirs(where: Suite, task: Task) -> None:
    with where.episode(task.id) as episode:
        policy = Oracle(task)
        observation = episode.prompt[-1]["content"]
        while not episode.done:
            info = {"tools": episode.tools, "system": episode.system}
            observation = episode.act(policy(observation, info)).observation
        events = episode.trace()
        asked = [call for e in events if isinstance(e, UserEvent) for call in e.tool_calls]
        answered = [e for e in events if isinstance(e, ToolEvent) and e.requestor == "user"]
        assert [(c.name, dict(c.arguments)) for c in asked] == [
            (task.gold[place].tool, task.gold[place].arguments) for place in guides(task)
        ]
        assert [e.call_id for e in answered] == [call.id for call in asked]
        assert not any(e.is_error for e in answered)
        own = own_tools(task.user.deeds, where.domain)
        assert not own & {call.name for call, _ in episode.deeds()}


def test_rules_hold_for_the_user_as_well() -> None:
    tried = 0
    for where, task in PLAYED:
        place = needy(task)
        first = next((n for n, s in enumerate(task.gold) if "identify" in s.tool), None)
        if place is None or first is None or first not in task.gold[place].after:
            continue
        tried += 1
        with where.episode(task.id) as episode:
            reply = json.loads(
                episode.act(
                    {"name": "ask_user", "arguments": {"question": task.gold[place].words}}
                ).observation
            )
            assert episode.changes() == (), task.id
            errors = [
                e.error_type
                for e in episode.trace()
                if isinstance(e, ToolEvent) and e.requestor == "user"
            ]
            assert errors == ["rule_broken"], (task.id, reply)
    assert tried


def refused(prover: Prover, task: Task) -> bool:
    try:
        prover.certify(task)
    except RefusedError:
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_certificates_hold_and_what_is_tampered_with_does_not(name: str) -> None:
    where = suite(name, "guided")
    prover = Prover(where.domain)
    for task in where.tasks:
        assert encode(prover.certify(task)) == encode(task.certificate), task.id
        place = guides(task)[0]
        step, user = task.gold[place], task.user
        deed = next(one for one in user.deeds if one.id == step.node)
        gold = list(task.gold)
        gold[place] = replace(step, words=step.words + " Please.")
        tampered = {
            "tools": replace(task, tools=(*task.tools, deed.tool)),
            "deeds": replace(task, user=replace(user, deeds=())),
            "words": replace(task, gold=tuple(gold)),
            "agent": replace(task, gold=tuple(replace(s, by="agent", words="") for s in task.gold)),
            "deed": replace(
                task, user=replace(user, deeds=(replace(deed, words="do it"), *user.deeds[1:]))
            ),
            "note": replace(
                task,
                instruction=task.knobs.get("wording", task.instruction).rpartition(". ")[0] + ".",
            ),
            "plan": replace(
                task,
                plan=replace(
                    task.plan,
                    nodes=tuple(
                        replace(n, by="agent") if hasattr(n, "by") else n for n in task.plan.nodes
                    ),
                ),
            ),
        }
        if user.unknown:
            first, *rest = user.unknown
            other = (replace(first, value=None), *rest)
            tampered["unknown"] = replace(task, user=replace(user, unknown=other))
        for kind, wrong in tampered.items():
            assert refused(prover, wrong), (task.id, kind)


def test_an_audit_finds_nothing() -> None:
    where = suite("clinic", "guided")
    found = audit(where.domain, where.tasks, mutants=300, alternatives=40)
    assert found.survivors == ()
    assert found.refused == ()
    assert found.mutants >= 300
