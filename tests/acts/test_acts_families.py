"""Candidates that write or cannot be done: each is what its family promises."""

from __future__ import annotations

from collections import Counter

import pytest
from desks import DOMAINS, Desk, Judge, desks, own_writer, rows_of, writer_of
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import encode
from agentgym.plan import Computed, Emit, Guard, Plan, Refuse, Select, Shift, Write, told
from agentgym.rules import NoChildren
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.sample import Sampler
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.plans import acts_of, crowds, rests_on
from agentgym.tasks.writing.vague import unhidden

FAMILIES = (
    "update",
    "multi_write",
    "conditional",
    "policy_bound",
    "refusal",
    "unanswerable",
    "ambiguous",
    "shift",
    "long_horizon",
)
DONE = ("update", "multi_write", "policy_bound", "ambiguous", "shift", "long_horizon")


def writes(plan: Plan) -> list[Write]:
    return [node for node in plan.nodes if isinstance(node, Write)]


def check(domain: Domain, writer: Writer, judge: Judge, candidate: Candidate, family: str) -> None:
    """Hold a candidate to what its family promises."""
    plan = candidate.plan
    assert plan.family == family
    assert encode(told(told(plan))) == encode(told(plan))
    used = {fact for node in plan.nodes for fact in facts_of(node)}
    used |= set(plan.party.facts) if plan.party else set()
    assert {fact.id for fact in plan.facts} == used, "a fact is of no use"
    check_rows(domain, plan)
    check_settings(domain, writer, plan)
    if family in DONE:
        results = judge.play(plan, writes(plan))
        assert all(result.ok for result in results), [r.error for r in results]
        assert not any(result.breaches for result in results)
        assert judge.changes() or not writes(plan)
    if family == "refusal":
        check_refusal(domain, judge, plan)
    elif family == "unanswerable":
        check_unanswerable(domain, candidate)
    elif family == "ambiguous":
        check_ambiguous(domain, plan)
    elif family == "shift":
        check_shift(plan)
    elif family == "conditional":
        check_conditional(writer, judge, plan)
    elif family == "multi_write":
        assert len(writes(plan)) >= 2 or writes(plan)[0].each
    elif family == "long_horizon":
        assert 10 <= writer.cost(plan) <= 40
        assert len(acts_of(plan)) > 2


def facts_of(node: object) -> list[str]:
    match node:
        case Select():
            return [where.fact for where in node.where]
        case Write():
            return [one.fact for one in node.settings if one.fact is not None]
        case Computed():
            return [one.fact for one in node.of if one.fact is not None]
        case Guard():
            sides = (node.test.left, node.test.right)
            return [one.fact for one in sides if one is not None and one.fact is not None]
        case Shift():
            return [node.first, node.then]
        case _:
            return []


def check_rows(domain: Domain, plan: Plan) -> None:
    """Clues leave one row, where one is meant."""
    several, missing = crowds(plan), {n.node for n in plan.nodes if isinstance(n, Refuse)}
    if not any(isinstance(n, Refuse) and n.because == "no_row" for n in plan.nodes):
        missing = set()
    for node in plan.nodes:
        if not isinstance(node, Select) or rests_on(plan, node.id) & missing:
            continue
        found = rows_of(plan, domain, node.id)
        if node.id not in several:
            assert len(found) == 1, node
        elif any(w.target == node.id for w in writes(plan)):
            assert 2 <= len(found) <= 8


def check_settings(domain: Domain, writer: Writer, plan: Plan) -> None:
    """Nobody sets what the world computes or notes, and new values differ from the old ones."""
    for write in writes(plan):
        owner = domain.schema.entity(write.entity)
        assert owner.kind != "log"
        wished = any(isinstance(n, Refuse) and n.because != "no_row" for n in plan.nodes)
        for setting in write.settings:
            field = owner.field(setting.field)
            assert field.role not in ("audit", "key", "secret")
            if write.kind == "update" and not wished:
                assert (owner.name, field.name) not in domain.schema.computed
                if field.type in ("date", "datetime"):
                    assert writer.changeable.ahead(owner, field)


def check_refusal(domain: Domain, judge: Judge, plan: Plan) -> None:
    """Exactly the named rule bars the act: without it, it can be done."""
    (refuse,) = (node for node in plan.nodes if isinstance(node, Refuse))
    assert refuse.because == "rule"
    rule = domain.rule(str(refuse.rule))
    (write,) = writes(plan)
    results = judge.play(plan, [write])
    if rule.enforced:
        (result, *_) = [one for one in results if not one.ok]
        assert result.error is not None
        assert result.error.rule == rule.id
        assert not all(one.ok for one in results)
    else:
        assert all(result.ok for result in results)
        assert any(rule.id in result.breaches for result in results)
    if not isinstance(rule.predicate, NoChildren):
        freed = judge.without(rule.id)
        assert all(one.ok and not one.breaches for one in freed.play(plan, [write]))


def check_unanswerable(domain: Domain, candidate: Candidate) -> None:
    """What is missing is missing, and by one thing only."""
    plan = candidate.plan
    refusals = [node for node in plan.nodes if isinstance(node, Refuse)]
    assert {one.act for one in refusals} == {act.id for act in acts_of(plan)}
    for one in refusals:
        match one.because:
            case "no_row":
                node = plan.node(str(one.node))
                assert isinstance(node, Select)
                assert rows_of(plan, domain, node.id) == []
                for link in node.links:
                    assert rows_of(plan, domain, link.node)
            case "no_value":
                (row,) = rows_of(plan, domain, str(one.node))
                act = plan.node(one.act)
                assert isinstance(act, Emit)
                owner = domain.schema.entity(plan.node(act.node).entity)  # type: ignore[union-attr]
                assert row[owner.position(str(one.field))] is None
            case "no_tool":
                act = plan.node(one.act)
                assert isinstance(act, Write)
                absent = candidate.view.get("absent", ())
                for tool in domain.tools:
                    if tool.name not in absent:
                        assert not can(tool, act)
            case other:
                raise AssertionError(other)


def can(tool: object, act: Write) -> bool:
    """Tell whether a tool's own term names what a write wants."""
    term = tool.term  # type: ignore[attr-defined]
    steps = [step.term for step in getattr(term, "steps", ())] or [term]
    for step in steps:
        if getattr(step, "entity", None) != act.entity:
            continue
        kind = type(step).__name__.lower()
        if act.kind == "delete" and kind in ("delete", "unlink"):
            return True
        if act.kind == "update" and kind == "update":
            if {a.field for a in step.values} & {s.field for s in act.settings}:
                return True
    return False


def check_ambiguous(domain: Domain, plan: Plan) -> None:
    """Without the hidden fact, two to five rows are left."""
    hidden = [fact for fact in plan.facts if fact.exposure == "hidden"]
    assert len(hidden) == 1
    (node,) = (
        node
        for node in plan.nodes
        if isinstance(node, Select) and hidden[0].id in {w.fact for w in node.where}
    )
    left = rows_of(unhidden(plan), domain, node.id)
    assert 2 <= len(left) <= 5
    for act in acts_of(plan):
        if isinstance(act, Emit) and act.node == node.id:
            place = domain.schema.entity(node.entity).position(str(act.field))
            assert len({row[place] for row in left}) > 1


def check_shift(plan: Plan) -> None:
    """What is said first is of no use, differs, and some other fact is held back."""
    (node,) = (node for node in plan.nodes if isinstance(node, Shift))
    first, then = plan.fact(node.first), plan.fact(node.then)
    assert first.value != then.value
    assert (first.entity, first.field) == (then.entity, then.field)
    assert (first.exposure, then.exposure) == ("instruction", "user")
    others = [one for one in plan.facts if one.exposure == "user" and one.id != then.id]
    assert others


def check_conditional(writer: Writer, judge: Judge, plan: Plan) -> None:
    """The rows decide, either act could be done, and they do not come to the same."""
    (guard,) = (node for node in plan.nodes if isinstance(node, Guard))
    assert writer.tables.holds(plan, guard.test) is not None
    assert set(guard.then).isdisjoint(guard.otherwise)
    assert {*guard.then, *guard.otherwise} == {act.id for act in acts_of(plan)}
    tested = guard.test.left
    if tested.node is not None and tested.field is not None:
        node = plan.node(tested.node)
        assert isinstance(node, Select)
        assert tested.field not in {where.field for where in node.where}, "the clue tells it"
    ends = []
    for act in acts_of(plan):
        if isinstance(act, Write):
            assert all(result.ok for result in judge.play(plan, [act]))
            ends.append(judge.changes())
            assert ends[-1]
    assert len(ends) < 2 or ends[0] != ends[1]


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


def test_parts_of_the_sampler_do_not_collide() -> None:
    """No class that the sampler is made of hides a method of another."""
    seen: dict[str, str] = {}
    for kind in Sampler.__mro__:
        for name in vars(kind):
            if not name.startswith("__"):
                assert name not in seen, f"{kind.__name__} and {seen.get(name)} have {name}"
                seen[name] = kind.__name__


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
