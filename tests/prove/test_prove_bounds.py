"""Bounds and gates against exhaustive search, on plans with every kind of node in tiny worlds."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hard_plans import KINDS, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import tiny_domains

from agentgym.domain import Domain
from agentgym.plan import Plan, Select
from agentgym.prove import Prover, RefusedError, brute, lower_bound
from agentgym.prove.needs import must_see


def passing(prover: Prover, seed: int, each: int) -> list[tuple[str, Plan]]:
    """Draw plans that the gates on plans let pass."""
    draws = random.Random(seed)
    found = []
    for kind in KINDS * each:
        plan = drawn(prover.domain, draws, kind)
        if plan is None:
            continue
        try:
            prover.stage.unique.check(plan)
            prover.stage.shortcuts.check(plan)
        except RefusedError:
            continue
        found.append((kind, plan))
    return found


def check_bounds(domain: Domain, seed: int, each: int, cap: int) -> Counter[str]:
    """Compare the lower bound with the fewest calls, found by trying all."""
    prover, count = Prover(domain), Counter[str]()
    for kind, plan in passing(prover, seed, each):
        low = lower_bound(plan, domain.schema, domain.tools, prover.tables)
        exact = brute.shortest(plan, domain, cap=cap)
        count[kind] += 1
        count["exact"] += low == exact
        count["open"] += exact is None

        assert low > 0, plan
        assert exact is None or low <= exact, (low, exact, plan)
    return count


@settings(max_examples=10)
@given(tiny_domains(size=4), st.integers(0, 10_000))
def test_no_agent_undercuts_the_bound_whatever_the_nodes(domain: Domain, seed: int) -> None:
    """Exhaustive search finds no fewer calls for sets, conditions, figures and what is missing."""
    check_bounds(domain, seed, each=1, cap=2)


@pytest.mark.slow
def test_bounds_of_many_plans() -> None:
    """So it is in many worlds, with short pages."""
    total: Counter[str] = Counter()

    @settings(max_examples=60, database=None)
    @given(tiny_domains(size=5) | tiny_domains(size=5, page=2), st.integers(0, 10_000))
    def collect(domain: Domain, seed: int) -> None:
        total.update(check_bounds(domain, seed, each=4, cap=3))

    collect()
    print(dict(total))

    assert total["exact"] > 200, total


# gates


def skippable(plan: Plan, domain: Domain, name: str) -> bool:
    """Tell by enumeration if the answers are the same whichever row a select is."""
    node = plan.node(name)
    assert isinstance(node, Select)
    left: set[tuple[str, ...]] = set()
    for row in domain.rows[node.entity]:
        found = brute.extents(plan, domain.schema, domain.rows, {name: row})
        for acts in brute.wanted(plan, domain.schema, found):
            parts = list(brute.values(plan, domain.schema, found))
            if all(parts):
                left |= {(*sorted(acts), *one) for one in itertools.product(*parts)}
    return len(left) < 2


def own(plan: Plan) -> set[str]:
    """Name the selects that answers are values of, or numbers are of."""
    found = {str(getattr(node, "node", None)) for node in plan.nodes}
    return found | {str(getattr(node, "of", None)) for node in plan.nodes}


def check_gates(domain: Domain, seed: int, each: int) -> Counter[str]:
    """Compare the gates `unique` and `no_shortcut` with enumeration."""
    prover, count = Prover(domain), Counter[str]()
    draws = random.Random(seed)
    schema = domain.schema
    for kind in [kind for kind in KINDS * each if kind in ("emit", "pick")]:
        plan = drawn(domain, draws, kind)
        if plan is None:
            continue
        truth = brute.extents(plan, schema, domain.rows)
        single = all(len(rows) == 1 for rows in truth.values())
        try:
            prover.stage.unique.check(plan)
        except RefusedError as error:
            count["unique: refused"] += 1
            count["unique: refused wrongly"] += single or error.code not in ("none", "several")
            continue
        assert single, plan
        wanted = [node.id for node in prover.tables.wanted(plan)]
        open_ = [
            not skippable(plan, domain, name)
            for name in must_see(plan, schema)
            if name not in own(plan)
        ]
        try:
            prover.stage.shortcuts.masks.check(plan, wanted)
        except RefusedError as error:
            count[f"{error.code}: refused"] += 1
            count["mask: refused wrongly"] += error.code == "mask" and all(open_)
        else:
            count["passed"] += 1
            count["passed hops"] += len(open_)
            assert all(open_), plan
    return count


@settings(max_examples=25)
@given(tiny_domains(size=6), st.integers(0, 10_000))
def test_no_gate_passes_what_enumeration_refutes(domain: Domain, seed: int) -> None:
    """Every row for each clue, and every row in the place of each hop, tried one by one."""
    count = check_gates(domain, seed, each=6)

    assert count["unique: refused wrongly"] == 0


@pytest.mark.slow
def test_share_of_plans_that_gates_refuse_wrongly() -> None:
    """Measured and printed: what the gates refuse although enumeration finds nothing."""
    total: Counter[str] = Counter()

    @settings(max_examples=150, database=None)
    @given(tiny_domains(size=8), st.integers(0, 10_000))
    def collect(domain: Domain, seed: int) -> None:
        total.update(check_gates(domain, seed, each=20))

    collect()
    print(dict(total))

    assert total["passed hops"] > 200, total
    assert total["unique: refused wrongly"] == 0
    assert total["mask: refused wrongly"] <= total["mask: refused"] / 20
