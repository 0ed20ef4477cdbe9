"""Candidates that write or cannot be done: each is what its family promises."""

from __future__ import annotations

from collections import Counter

import pytest
from acts_checks import FAMILIES, check, writes
from desks import DOMAINS, Desk, Judge, desks, own_writer, writer_of
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym import rng
from agentgym.plan import Guard, Refuse
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.writes import Writer


@settings(max_examples=30)
@given(desks(), st.sampled_from(FAMILIES), st.integers(0, 9))
def test_candidates_are_what_their_family_says(desk: Desk, family: str, seed: int) -> None:
    """On small worlds with any rules, a plan interprets as promised."""
    domain = desk.domain()
    writer = writer_of(domain)
    judge = Judge(domain, writer)
    for number in range(3):
        draws = rng.stream(seed, family, number)
        found: Candidate | None = getattr(writer, family)(draws, Knobs())
        assert found is None or writer.carries(family)
        if found is not None:
            check(domain, writer, judge, found, family)


@pytest.mark.parametrize("name", ["clinic", "harbour"])
@pytest.mark.parametrize("family", FAMILIES)
def test_our_own_domains_carry_all(name: str, family: str) -> None:
    """Domains that are well made give most draws of every family, each as promised."""
    assert (DOMAINS / name).exists()
    writer = own_writer(name)
    judge = Judge(writer.domain, writer)
    found = [getattr(writer, family)(rng.stream(1, family, n), Knobs()) for n in range(8)]
    assert sum(one is not None for one in found) >= 4
    for candidate in found:
        if candidate is not None:
            check(writer.domain, writer, judge, candidate, family)


@settings(max_examples=15)
@given(desks(), st.sampled_from((*FAMILIES, "backward")), st.integers(0, 9))
def test_the_same_stream_gives_the_same_candidate(desk: Desk, family: str, seed: int) -> None:
    """Candidates depend on domain and stream alone."""
    domain = desk.domain()
    found = [
        getattr(writer_of(domain), family)(rng.stream(seed, family), Knobs()) for _ in range(2)
    ]
    assert found[0] == found[1]


def test_both_outcomes_of_conditions_occur() -> None:
    """Conditions hold about as often as not."""
    writer = own_writer("clinic")
    held: Counter[bool | None] = Counter()
    for number in range(30):
        found = writer.conditional(rng.stream(2, number), Knobs())
        if found is not None:
            (guard,) = (node for node in found.plan.nodes if isinstance(node, Guard))
            held[writer.tables.holds(found.plan, guard.test)] += 1
    assert min(held[True], held[False]) >= 6


def test_many_kinds_of_rules_bar() -> None:
    """Refusals come of rules of several kinds, at their limits."""
    writer = own_writer("clinic")
    kinds = set()
    for number in range(60):
        found = writer.refusal(rng.stream(3, number), Knobs())
        if found is not None:
            (refuse,) = (node for node in found.plan.nodes if isinstance(node, Refuse))
            kinds.add(writer.trial.rules[str(refuse.rule)].kind)
    assert len(kinds) >= 4


def test_knobs_are_followed() -> None:
    """Values are held back, writes are so many, and under a rule, as asked."""
    writer = own_writer("clinic")
    for number in range(12):
        held = writer.update(rng.stream(4, number), Knobs(held=1))
        if held is not None and any(s.fact for w in writes(held.plan) for s in w.settings):
            assert any(fact.exposure == "user" for fact in held.plan.facts)
        ruled = writer.update(rng.stream(5, number), Knobs(ruled=True))
        if ruled is not None:
            (write,) = writes(ruled.plan)
            tools = [tool.name for tool, _ in writer.trial.calls(ruled.plan, write)]
            assert set(tools) & set(writer.ruled)
        three = writer.multi_write(rng.stream(6, number), Knobs(acts=3))
        assert three is None or 2 <= len(writes(three.plan)) <= 3


def test_a_domain_without_writes_gives_none() -> None:
    """Where no tool writes, families of writes say so at once."""
    domain = own_writer("clinic").domain
    tools = tuple(
        tool
        for tool in domain.tools
        if type(tool.term).__name__ in ("Get", "Find", "Search", "ListRelated", "Conclude")
    )
    writer = Writer(own_writer("clinic").tables, tools, ())
    for family in ("update", "multi_write", "conditional", "policy_bound", "refusal", "shift"):
        assert not writer.carries(family)
        assert getattr(writer, family)(rng.stream(0), Knobs()) is None
    assert writer.carries("unanswerable")
