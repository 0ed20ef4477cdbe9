"""Candidates and filling: every family, every length, the same tasks each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import OWN, own_domain, proved, tiny_domains

from agentgym import rng
from agentgym.build.fill import fill
from agentgym.domain import Domain
from agentgym.formats import encode, encode_lines, fingerprint
from agentgym.plan import Aggregated, Plan, Select, Write, told
from agentgym.plan.tables import Tables
from agentgym.schema.types import to_stored
from agentgym.tasks.clues import sayable
from agentgym.tasks.sample import FAMILIES, HOPS, Sampler

HERE = Path(__file__).resolve().parent


def downs(plan: Plan) -> list[Select]:
    """List the selects of one row that are reached from what they refer to."""
    sets = {node.of for node in plan.nodes if isinstance(node, Aggregated)}
    return [
        node
        for node in plan.nodes
        if isinstance(node, Select) and node.id not in sets and any(k.forward for k in node.links)
    ]


@pytest.mark.parametrize("name", OWN)
def test_all_families_are_admitted(name: str) -> None:
    """Each family gives tasks, about as many as its weight says."""
    _, filled = proved(name)
    families = Counter(task.family for task in filled.tasks)

    assert set(families) == set(FAMILIES)
    assert families["multi_hop"] == max(families.values())


@pytest.mark.parametrize("name", OWN)
def test_refusals_add_up(name: str) -> None:
    """Every draw gives a task or is counted once as refused."""
    _, filled = proved(name)

    assert len(filled.tasks) == 40
    assert filled.attempts == len(filled.tasks) + sum(filled.refused.values())
    gates = {reason.split(":")[0] for reason in filled.reasons}
    assert gates <= set(filled.refused)


@pytest.mark.parametrize("name", OWN)
def test_hops_are_spread(name: str) -> None:
    """Plans of several hops lead over two to five entities, each about as often."""
    _, filled = proved(name)
    hops = Counter(
        sum(isinstance(node, Select) for node in task.plan.nodes)
        for task in filled.tasks
        if task.family == "multi_hop"
    )

    assert set(hops) == set(HOPS)
    assert max(hops.values()) - min(hops.values()) <= 2


@pytest.mark.parametrize("name", OWN)
def test_extremes_are_common(name: str) -> None:
    """At least a third of the steps down say which of several: the latest, the largest."""
    _, filled = proved(name)
    steps = [step for task in filled.tasks for step in downs(task.plan)]

    assert steps
    assert sum(step.pick is not None for step in steps) * 3 >= len(steps)


@pytest.mark.parametrize("name", OWN)
def test_no_walk_turns_back(name: str) -> None:
    """No step undoes the one before it."""
    _, filled = proved(name)
    for task in filled.tasks:
        for node in task.plan.nodes:
            for link in node.links if isinstance(node, Select) else ():
                below = task.plan.node(link.node)
                assert isinstance(below, Select)
                back = [k for k in below.links if k.relation == link.relation]
                assert all(k.forward == link.forward for k in back)


def test_the_same_tasks_under_any_hash_seed() -> None:
    """Tasks depend on domain and seed alone, not on the process."""
    code = (
        "from strategies_tasks import proved; from agentgym.formats import *;"
        "print(fingerprint(encode_lines(proved('clinic', 12)[1].tasks)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=HERE,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{HERE.parent}:{HERE}"},
        ).stdout.strip()
        for seed in ("4242",)
    }

    assert found == {fingerprint(encode_lines(proved("clinic", 12)[1].tasks))}


def test_another_seed_gives_other_tasks() -> None:
    """The seed decides what is asked."""
    domain = own_domain("clinic")
    found = [
        fill(domain, count=6, seed=seed, max_tools=40, progress=lambda line: None).tasks
        for seed in (0, 1)
    ]

    assert {task.instruction for task in found[0]}.isdisjoint(t.instruction for t in found[1])


def test_fewer_tasks_are_the_first_ones_or_none_are_wanted() -> None:
    """No task is made when none is wanted; ids count from one."""
    nothing = fill(own_domain("clinic"), count=0, seed=0, max_tools=40, progress=lambda line: None)

    assert nothing.tasks == ()
    assert nothing.attempts == 0
    _, filled = proved("clinic")
    assert [task.id for task in filled.tasks] == [f"clinic-v1/{n:04d}" for n in range(1, 41)]


@settings(max_examples=25)
@given(tiny_domains(size=5), st.sampled_from(FAMILIES), st.integers(0, 9))
def test_candidates_speak_of_what_there_is(domain: Domain, family: str, seed: int) -> None:
    """Facts of clues stand in the rows, values of writes are legal, all can be said."""
    tables = Tables(domain.schema, domain.rows)
    plan = Sampler(tables, domain.tools).draw(family, rng.stream(seed))
    if plan is None:
        return
    new = {s.fact for node in plan.nodes if isinstance(node, Write) for s in node.settings}
    for fact in plan.facts:
        field = domain.schema.entity(fact.entity).field(fact.field)
        value = to_stored(field, fact.value)

        assert sayable(field, value)
        if fact.id not in new:
            assert value in tables.column(fact.entity, fact.field)
    for node in plan.nodes:
        if isinstance(node, Select):
            assert tables.extent(plan, node.id), "a walk stands on a row"
    assert encode(told(told(plan))) == encode(told(plan))
    assert Sampler(tables, domain.tools).draw(family, rng.stream(seed)) == plan


@settings(max_examples=25)
@given(tiny_domains(size=5), st.sampled_from(HOPS), st.integers(0, 9))
def test_walks_are_as_long_as_wanted(domain: Domain, entities: int, seed: int) -> None:
    """A plan of several hops leads over as many entities as asked for, or there is none."""
    sampler = Sampler(Tables(domain.schema, domain.rows), domain.tools)
    plan = sampler.draw("multi_hop", rng.stream(seed), entities=entities)
    if plan is not None:
        assert sum(isinstance(node, Select) for node in plan.nodes) == entities
