"""Three readings of one plan agree: the interpreter, SQL, and trying every row."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hard_plans import KINDS, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import tiny_domains

from agentgym.domain import Domain
from agentgym.plan import Emit, Guard, Plan, Select
from agentgym.plan.tables import Tables
from agentgym.prove import brute
from agentgym.prove.audit.sql import claims
from agentgym.world.claims import fits
from agentgym.world.compile import engine


def plans(domain: Domain, seed: int, each: int) -> list[tuple[str, Plan]]:
    draws = random.Random(seed)
    found = [(kind, drawn(domain, draws, kind)) for _ in range(each) for kind in KINDS]
    return [(kind, plan) for kind, plan in found if plan is not None]


def check_readings(domain: Domain, seed: int, each: int) -> Counter[str]:
    """Compare the rows of every select, and the values of every emit."""
    schema, tables = domain.schema, Tables(domain.schema, domain.rows)
    world = engine(domain).world()
    count: Counter[str] = Counter()
    for kind, plan in plans(domain, seed, each):
        truth = brute.extents(plan, schema, domain.rows)
        asked = fits(world, schema, claims(plan, schema))
        for node in plan.nodes:
            if isinstance(node, Select):
                entity = schema.entity(node.entity)
                keys = {tuple(r[entity.position(k)] for k in entity.key) for r in truth[node.id]}

                assert set(tables.extent(plan, node.id)) == truth[node.id], (node, plan)
                assert set(asked[node.id]) == keys, (node, plan)
                count["empty" if not keys else "one" if len(keys) == 1 else "several"] += 1
            elif isinstance(node, Guard):
                held = tables.holds(plan, node.test)
                could = brute.holds(plan, schema, node.test, truth)

                assert (could == {True, False}) if held is None else could == {held}, (node, plan)
        emits = [node for node in plan.nodes if isinstance(node, Emit)]
        for emit, values in zip(emits, brute.values(plan, schema, truth), strict=True):
            mine = sorted({str(v) for v in tables.value(plan, emit) if v not in (None, 0)})
            if emit.many:
                mine = [" | ".join(mine)] if mine else []
            if kind not in ("choose", "computed") and values != ["0"]:
                assert len(mine) == len(values), (emit, mine, values, plan)
        count[kind] += 1
    world.close()
    return count


@settings(max_examples=25)
@given(tiny_domains(size=5), st.integers(0, 10_000))
def test_three_readings_of_a_plan_agree(domain: Domain, seed: int) -> None:
    """Rows by bit sets, by SQL and by trying each are the same, whatever the nodes."""
    check_readings(domain, seed, each=2)


@pytest.mark.slow
def test_three_readings_of_many_plans_agree() -> None:
    """So they are in many worlds, of plans of every kind."""
    total: Counter[str] = Counter()

    @settings(max_examples=150, database=None)
    @given(tiny_domains(size=8), st.integers(0, 10_000))
    def collect(domain: Domain, seed: int) -> None:
        total.update(check_readings(domain, seed, each=4))

    collect()
    print(dict(total))

    assert min(total[kind] for kind in KINDS) > 100, total
    assert min(total["empty"], total["one"], total["several"]) > 500, total
