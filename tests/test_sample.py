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
from agentgym.plan import Aggregated, Plan, Refuse, Select, told
from agentgym.plan.tables import Tables
from agentgym.schema.types import to_stored
from agentgym.tasks.clues import sayable
from agentgym.tasks.knobs import Knobs
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
    """Most families give tasks, those with more weight more of them."""
    _, filled = proved(name)
    families = Counter(task.family for task in filled.tasks)

    assert len(families) >= 8
    assert set(families) <= set(FAMILIES)


@pytest.mark.parametrize("name", OWN)
def test_refusals_add_up(name: str) -> None:
    """Every draw gives a task or is counted once as refused."""
    _, filled = proved(name)

    assert len(filled.tasks) == 40
    assert filled.attempts == len(filled.tasks) + sum(filled.refused.values())
    gates = {reason.split(":")[0] for reason in filled.reasons}
    repeated = {reason for reason in filled.reasons if ":" not in reason}
    assert gates - repeated <= set(filled.refused)


def hops(name: str, count: int = 60) -> list[Plan]:
    """Draw plans of several hops."""
    domain = own_domain(name)
    sampler = Sampler(Tables(domain.schema, domain.rows), domain.tools)
    found = [sampler.draw("multi_hop", rng.stream("hops", n)) for n in range(count)]
    return [one.plan for one in found if one is not None]


@pytest.mark.parametrize("name", OWN)
def test_hops_are_spread(name: str) -> None:
    """Plans of several hops lead over two to five entities, none of them rarely."""
    plans = hops(name)
    counts = Counter(sum(isinstance(node, Select) for node in plan.nodes) for plan in plans)

    assert len(plans) >= 45
    assert set(counts) == set(HOPS)
    assert min(counts.values()) * 6 >= len(plans) // 2


@pytest.mark.parametrize("name", OWN)
def test_extremes_are_common(name: str) -> None:
    """Every fifth step down, and more, says which of several: the latest, the largest."""
    steps = [
        step
        for plan in hops(name)
        for step in downs(plan)
        if sum(link.forward for link in step.links) == 1
    ]

    assert steps
    assert sum(step.pick is not None for step in steps) * 5 >= len(steps)


@pytest.mark.parametrize("name", OWN)
def test_no_walk_turns_back(name: str) -> None:
    """No step undoes the one before it, but for the second ways of cycles."""
    for plan in hops(name):
        for node in plan.nodes:
            if not isinstance(node, Select) or len(node.links) > 1:
                continue
            for link in node.links:
                below = plan.node(link.node)
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
    """Facts that clues tell as they are stand in the rows, and all can be said."""
    tables = Tables(domain.schema, domain.rows)
    sampler = Sampler(tables, domain.tools, domain.rules)
    candidate = sampler.draw(family, rng.stream(seed))
    assert (candidate is not None) <= (family in sampler.families())
    if candidate is None:
        return
    plan = candidate.plan
    absent = {k.node for n in plan.nodes if isinstance(n, Select) for k in n.links if k.absent}
    barred = any(isinstance(node, Refuse) for node in plan.nodes)
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        assert tables.extent(plan, node.id) or node.id in absent or barred or candidate.patch
        for where in node.where:
            fact = plan.fact(where.fact)
            field = domain.schema.entity(fact.entity).field(fact.field)
            if where.op == "eq" and where.of is None and not barred and not candidate.patch:
                value = to_stored(field, fact.value)
                assert sayable(field, value)
                assert value in tables.column(fact.entity, fact.field)
    assert encode(told(told(plan))) == encode(told(plan))
    assert Sampler(tables, domain.tools, domain.rules).draw(family, rng.stream(seed)) == candidate


@settings(max_examples=25)
@given(tiny_domains(size=5), st.sampled_from(HOPS), st.integers(0, 9))
def test_walks_are_as_long_as_wanted(domain: Domain, entities: int, seed: int) -> None:
    """A plan of several hops leads over as many entities as asked for, or there is none."""
    sampler = Sampler(Tables(domain.schema, domain.rows), domain.tools)
    found = sampler.draw("multi_hop", rng.stream(seed), Knobs(entities=entities))
    if found is not None:
        assert sum(isinstance(node, Select) for node in found.plan.nodes) == entities


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("least", [2, 3, 4])
def test_long_ones_read_as_many_entities(name: str, least: int) -> None:
    """What shall need many calls leads over rows of that many entities."""
    domain = own_domain(name)
    sampler = Sampler(Tables(domain.schema, domain.rows), domain.tools)
    found = 0
    for seed in range(12):
        candidate = sampler.draw("multi_hop", rng.stream(seed), Knobs(least=least))
        if candidate is not None:
            found += 1
            nodes = [node for node in candidate.plan.nodes if isinstance(node, Select)]
            assert len({node.entity for node in nodes}) >= least

    assert found >= 6
