"""Proof against brute force: bounds, uniqueness and ways around, in worlds small enough."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
import tiny
from hypothesis import given, settings
from strategies_plans import entity, field, relation
from strategies_tasks import OWN, domain_of, proved, tiny_domains

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Emit,
    Fact,
    Guard,
    Link,
    Plan,
    Refuse,
    Select,
    Setting,
    Where,
    Write,
    told,
)
from agentgym.plan.lower import Lowered
from agentgym.prove import Prover, RefusedError, brute
from agentgym.prove.ends import many, rests_on
from agentgym.prove.run import Run
from agentgym.prove.shortest import lower_bound, must_see
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row
from agentgym.tasks.sample import Sampler
from agentgym.tools.algebra import ListRelated

READS = ("lookup", "multi_hop", "aggregate")
Calls = list[tuple[str, dict[str, Json]]]


def candidates(
    prover: Prover, draws: int
) -> Iterator[tuple[Plan, RefusedError | None, Lowered | None]]:
    """Draw plans that read, with what the cheap gates say of them."""
    sampler = Sampler(prover.tables, prover.domain.tools)
    for number, family in itertools.product(range(draws), READS):
        drawn = sampler.draw(family, rng.stream("test", family, number))
        if drawn is None:
            continue
        plan = told(drawn.plan)
        try:
            prover.stage.unique.check(plan)
            prover.stage.shortcuts.check(plan)
            yield plan, None, prover.lowered(plan)
        except RefusedError as error:
            yield plan, error, None


# bounds


def check_bounds(domain: Domain, draws: int, cap: int) -> Counter[tuple[int, int | None, int]]:
    """Compare the bounds of candidates with exhaustive search."""
    prover = Prover(domain)
    found: Counter[tuple[int, int | None, int]] = Counter()
    for plan, _, lowered in candidates(prover, draws):
        if lowered is not None:
            low, high = lower_bound(plan, domain.schema), len(lowered.steps)
            exact = brute.shortest(plan, domain, cap=min(high, cap))
            found[low, exact, high] += 1

            assert low <= high, plan
            assert exact is not None or high > cap, plan
            assert exact is None or low <= exact <= high, plan
    return found


@settings(max_examples=12)
@given(tiny_domains(size=4))
def test_no_agent_needs_fewer_calls_than_the_lower_bound(domain: Domain) -> None:
    """Exhaustive search through real calls confirms both bounds of the shortest number."""
    check_bounds(domain, draws=3, cap=2)


@pytest.mark.slow
@settings(max_examples=60)
@given(tiny_domains(size=5) | tiny_domains(size=5, page=3))
def test_bounds_in_many_worlds(domain: Domain) -> None:
    """So it is with longer walks and short pages."""
    check_bounds(domain, draws=12, cap=3)


@pytest.mark.parametrize("told_key", [False, True])
def test_what_a_write_shows_needs_no_reading(told_key: bool) -> None:
    """Who is told a key, or has read a reference, need not read the row that a write shows."""
    domain = tiny.domain()
    name = Fact(id="f1", entity="member", field="name", value="Ada Byron")
    key = Fact(id="f1", entity="member", field="member_id", value=1)
    fees = Fact(id="f2", entity="member", field="fees", value=Decimal("3.00"))
    fact = key if told_key else name
    plan = Plan(
        family="update",
        facts=(fact, fees),
        nodes=(
            Select(id="n1", entity="member", where=(Where(field=fact.field, fact="f1"),)),
            Write(
                id="n2",
                kind="update",
                entity="member",
                target="n1",
                settings=(Setting(field="fees", fact="f2"),),
            ),
            Emit(id="n3", node="n1", field="phone"),
        ),
    )
    calls: Calls = [] if told_key else [("find_member", {"name": "Ada Byron"})]
    calls += [("update_member", {"member_id": 1, "fees": 3.0})]
    ending = Prover(domain).runner.play(Run(calls=tuple(calls), answer="555-0101"))

    assert all(result.ok for _, result in ending.calls)
    assert ending.calls[-1][1].data["phone"] == "555-0101"
    assert lower_bound(plan, domain.schema) == len(calls)


def test_the_bound_of_a_reference_to_a_written_row() -> None:
    """The row that a loan refers to is changed and shown without being read before."""
    domain = tiny.domain()
    title = Fact(id="f1", entity="loan", field="title", value="Emma")
    fees = Fact(id="f2", entity="member", field="fees", value=Decimal("3.00"))
    link = Link(relation="loan_member", forward=False, node="n1")
    plan = Plan(
        family="update",
        facts=(title, fees),
        nodes=(
            Select(id="n1", entity="loan", where=(Where(field="title", fact="f1"),)),
            Select(id="n2", entity="member", links=(link,)),
            Write(
                id="n3",
                kind="update",
                entity="member",
                target="n2",
                settings=(Setting(field="fees", fact="f2"),),
            ),
            Emit(id="n4", node="n2", field="phone"),
        ),
    )

    assert lower_bound(plan, domain.schema) == 2


def test_what_carries_a_reference_must_be_seen() -> None:
    """To follow a reference, the row that holds it is read, and so is the row with the answer."""
    domain = tiny.domain()
    link = Link(relation="loan_member", forward=False, node="n1")
    plan = Plan(
        family="multi_hop",
        facts=(Fact(id="f1", entity="loan", field="title", value="Emma"),),
        nodes=(
            Select(id="n1", entity="loan", where=(Where(field="title", fact="f1"),)),
            Select(id="n2", entity="member", links=(link,)),
            Emit(id="n3", node="n2", field="phone"),
        ),
    )

    assert must_see(plan, domain.schema) == {"n1": "reference", "n2": "answer"}
    assert lower_bound(plan, domain.schema) == 2


def test_a_list_of_linked_rows_skips_the_link() -> None:
    """A link between two rows need not be seen where a tool lists what it joins."""
    ends = [entity(name, f"{name}s", field("title", "text", "label")) for name in ("tag", "page")]
    tie = Entity(
        name="tie",
        label="tie",
        plural="ties",
        kind="link",
        key=("tag_id", "page_id"),
        fields=tuple(field(f"{e.name}_id", "integer", "reference") for e in ends),
    )
    schema = Schema(
        entities=(*ends, tie),
        relations=tuple(relation("tie", f"{e.name}_id", e.name) for e in ends),
    )
    rows: dict[str, tuple[Row, ...]] = {
        "tag": ((1, "Red"), (2, "Blue"), (3, "Green"), (4, "Grey")),
        "page": ((1, "One"), (2, "Two"), (3, "Three"), (4, "Four")),
        "tie": ((1, 2), (2, 1), (3, 4), (4, 3)),
    }
    domain = domain_of("pages", schema, rows)
    plan = Plan(
        family="multi_hop",
        facts=(Fact(id="f1", entity="tag", field="title", value="Red"),),
        nodes=(
            Select(id="n1", entity="tag", where=(Where(field="title", fact="f1"),)),
            Select(
                id="n2", entity="tie", links=(Link(relation="tie_tag", forward=True, node="n1"),)
            ),
            Select(
                id="n3", entity="page", links=(Link(relation="tie_page", forward=False, node="n2"),)
            ),
            Emit(id="n4", node="n3", field="title"),
        ),
    )
    (listing,) = [
        t.name
        for t in domain.tools
        if isinstance(t.term, ListRelated) and t.name == "list_pages_of_tag"
    ]
    calls: Calls = [("find_tag_by_title", {"title": "red"}), (listing, {"tag_id": 1})]
    ending = Prover(domain).runner.play(Run(calls=tuple(calls), answer="Two"))

    assert [page["title"] for page in ending.calls[-1][1].data["items"]] == ["Two"]
    assert lower_bound(plan, schema) == len(calls)


# uniqueness and shortcuts


def masked_answers(plan: Plan, domain: Domain, name: str) -> set[tuple[str, ...]]:
    """Enumerate the answers when one select could be every row of its entity."""
    node = plan.node(name)
    assert isinstance(node, Select)
    found: set[tuple[str, ...]] = set()
    for row in domain.rows[node.entity]:
        left = brute.extents(plan, domain.schema, domain.rows, {name: row})
        found |= set(itertools.product(*brute.values(plan, domain.schema, left)))
    return found


def ends(plan: Plan) -> set[str]:
    """Name the selects of which something is asked."""
    asked = {node.node for node in plan.nodes if isinstance(node, Emit)}
    return asked | {node.of for node in plan.nodes if isinstance(node, Aggregated)}


def check_gates(domain: Domain, draws: int) -> Counter[str]:
    """Compare the gates `unique` and `no_shortcut` with enumeration; count what they do."""
    prover = Prover(domain)
    found: Counter[str] = Counter()
    for plan, error, lowered in candidates(prover, draws):
        truth = brute.extents(plan, domain.schema, domain.rows)
        sets = {node.of for node in plan.nodes if isinstance(node, Aggregated)}
        single = all(len(rows) == 1 for name, rows in truth.items() if name not in sets)
        open_ = {
            name: len(masked_answers(plan, domain, name)) > 1
            for name in must_see(plan, domain.schema)
            if name not in ends(plan)
        }
        if lowered is not None:
            found["admitted"] += 1

            assert single, plan
            assert all(open_.values()), (plan, open_)
        elif error is not None and error.gate == "unique" and "aggregate" not in str(error):
            found["refused: unique"] += 1
            found["refused wrongly: unique"] += single
        elif error is not None and "skipped" in str(error):
            found["refused: skipped"] += 1
            found["refused wrongly: skipped"] += all(open_.values())
    return found


@settings(max_examples=15)
@given(tiny_domains(size=5))
def test_admitted_plans_have_one_answer_and_no_way_around(domain: Domain) -> None:
    """Enumeration finds one row for each clue, and no hop whose row does not matter."""
    found = check_gates(domain, draws=6)

    assert found["refused wrongly: unique"] == 0
    assert found["refused wrongly: skipped"] == 0


@pytest.mark.slow
def test_share_of_wrong_refusals() -> None:
    """In many small worlds, the two gates refuse what they should and nothing else."""
    total: Counter[str] = Counter()

    @settings(max_examples=80, database=None)
    @given(tiny_domains(size=6))
    def collect(domain: Domain) -> None:
        total.update(check_gates(domain, draws=10))

    collect()
    print(dict(total))

    assert total["admitted"] > 500, total
    assert total["refused wrongly: unique"] + total["refused wrongly: skipped"] == 0, total


@pytest.mark.parametrize("name", OWN)
def test_writes_have_one_target(name: str) -> None:
    """In whole domains too, each row that is spoken of is one row, by enumeration."""
    prover, filled = proved(name)
    for task in filled.tasks[::3]:
        domain = prover.domain.patched(task.patch)
        truth = brute.extents(task.plan, prover.schema, domain.rows)
        open_ = many(task.plan)
        for node in task.plan.nodes:
            if isinstance(node, Refuse) and node.because == "no_row":
                assert truth.pop(str(node.node)) == set()
            if isinstance(node, Guard) and node.test.op == "exists":
                asked = str(node.test.left.node)
                open_ |= {n.id for n in task.plan.nodes if asked in rests_on(task.plan, n.id)}

        assert all(len(rows) == 1 for name, rows in truth.items() if name not in open_), task.id
