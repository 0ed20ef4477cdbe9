"""Tasks under rules: who the user is, what is done first, and what happens when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import shop
from msgspec.structs import replace

from agentgym import domain as domain_room
from agentgym.build.fill import fill
from agentgym.build.one import build
from agentgym.domain import Domain
from agentgym.episode import load
from agentgym.episode.suite import Suite
from agentgym.plan import Refuse
from agentgym.prove import Prover
from agentgym.rollout import rollout
from agentgym.rules import Confirmed, Rule
from agentgym.tasks import Task
from agentgym.tools.algebra import AskUser, Identify, is_write, subject


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that knows whom it serves and asks before it acts."""
    folder = tmp_path_factory.mktemp("remedies")
    out = folder / "shop"
    build(shop.sqlite(folder / "shop.db"), out, tasks=40, seed=3, rules=4)
    return out


@pytest.fixture(scope="module")
def suite(place: Path) -> Suite:
    """The shop with its tasks, but for those in which nobody asks."""
    found = load(place)
    return Suite(found.domain, [task for task in found.tasks if not task.stream])


def served(suite: Suite) -> list[Task]:
    """The tasks in which somebody has to be identified.

    Who asks for what cannot be done is known as well, though the run may end before it matters.
    """
    return [task for task in suite.tasks if task.plan.party is not None and not refused(task)]


def refused(task: Task) -> bool:
    """Tell whether something is asked for that cannot be done."""
    return any(isinstance(node, Refuse) for node in task.plan.nodes)


def test_some_tasks_need_to_know_whom_they_serve(suite: Suite) -> None:
    """Identification stands before what is guarded, and its facts are held back."""
    assert served(suite)
    terms = {tool.name: tool.term for tool in suite.domain.tools}
    for task in served(suite):
        assert task.plan.party is not None
        first = [n for n, step in enumerate(task.gold) if isinstance(terms[step.tool], Identify)]
        assert len(first) == 1
        origins = set(task.gold[first[0]].origin.values())
        assert origins == {f"fact:{name}" for name in task.plan.party.facts}
        for name in task.plan.party.facts:
            assert task.plan.fact(name).exposure == "user"
            assert task.user.questions[name].startswith("my ")
        assert any(first[0] in step.after for step in task.gold)


def test_nobody_is_identified_where_no_rule_asks_for_it(suite: Suite) -> None:
    """A plan has a party exactly where its gold run identifies somebody."""
    terms = {tool.name: tool.term for tool in suite.domain.tools}
    for task in suite.tasks:
        if refused(task):
            continue
        known = any(isinstance(terms[step.tool], Identify) for step in task.gold)
        assert known == (task.plan.party is not None)


def without(suite: Suite, kind: type) -> int:
    """Play gold runs with calls left out; returns how many tasks that write lost their way."""
    tools = suite.domain.tool_by_name
    tried = 0
    for task in suite.tasks:
        if not any(isinstance(tools[step.tool].term, kind) for step in task.gold):
            continue
        episode = suite.episode(task.id)
        refused = False
        for step in task.gold:
            if not isinstance(tools[step.tool].term, kind):
                result = episode.call(step.tool, **dict(step.arguments))
                refused |= result.error is not None and is_write(tools[step.tool])
        if refused:
            tried += 1
            episode.call("conclude", outcome="done", answer=task.answer)
            assert not suite.verdict(episode).success
    return tried


def test_who_is_not_identified_is_not_served(suite: Suite) -> None:
    """Without identification the same writes are refused, and the task fails."""
    assert without(suite, Identify)


def test_a_yes_is_asked_for_and_needed(suite: Suite) -> None:
    """A write that wants a yes has a question before it; without it, the task fails."""
    domain = suite.domain
    rule = Rule(
        id="asked_first",
        kind="confirmation",
        entity="order_line",
        on=("create", "update", "delete"),
        predicate=Confirmed(),
    )
    tools = tuple(
        replace(tool, guards=(*tool.guards, rule.id))
        if is_write(tool) and subject(tool.term, domain.schema) == "order_line"
        else tool
        for tool in domain.tools
    )
    domain = replace(domain, rules=(*domain.rules, rule), tools=tools)
    made = fill(domain, count=40, seed=5, max_tools=40, progress=lambda line: None)
    asking = Suite(domain, [task for task in made.tasks if not task.stream])
    assert without(asking, AskUser)
    runs = list(rollout(asking, "oracle", episodes=len(asking.tasks)))
    assert all(run.outcome.status == "success" for run in runs)


def test_the_oracle_asks_for_what_it_needs(suite: Suite) -> None:
    """Facts by which the user is identified are asked for, and the run succeeds."""
    runs = list(rollout(suite, "oracle", episodes=len(suite.tasks)))
    assert len(runs) == len(suite.tasks)
    assert all(run.outcome.status == "success" for run in runs)


def test_another_customer_is_refused(suite: Suite) -> None:
    """What belongs to one customer is not changed for another."""
    domain = suite.domain
    term = next(t.term for t in domain.tools if isinstance(t.term, Identify))
    name = next(t.name for t in domain.tools if isinstance(t.term, Identify))
    entity = domain.schema.entity(term.entity)
    tried = 0
    for task in served(suite):
        facts = {task.plan.fact(f).field: task.plan.fact(f).value for f in task.plan.party.facts}  # type: ignore[union-attr]
        place = entity.position(term.by[0].field)
        other = next(r for r in domain.rows[entity.name] if r[place] != facts[term.by[0].field])
        episode = suite.episode(task.id)
        refused = False
        for step in task.gold:
            arguments = dict(step.arguments)
            if step.tool == name:
                arguments = {one.param: other[entity.position(one.field)] for one in term.by}
            result = episode.call(step.tool, **arguments)
            refused |= result.error is not None and result.error.code == "rule_broken"
        if any(is_write(domain.tool_by_name[step.tool]) for step in task.gold) and refused:
            tried += 1
            episode.call("conclude", outcome="done", answer=task.answer)
            assert not suite.verdict(episode).success
    assert tried


def test_certificates_hold_again(suite: Suite, place: Path) -> None:
    """Every gate is passed again by the tasks as they are stored."""
    domain: Domain = domain_room.load(place)
    prover = Prover(domain)
    for task in suite.tasks:
        assert prover.certify(task) == task.certificate
