"""Operators and neighbours: what they need, what they keep, what they make more of."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies_plans import entity, field, relation
from strategies_tasks import OWN, domain_of, own_domain, tiny_domains

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import Emit, Plan, Select, told
from agentgym.plan.shape import shape
from agentgym.plan.tables import Tables
from agentgym.schema import Schema
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.operators.neighbours import similar
from agentgym.tasks.operators.reads import OPERATORS
from agentgym.tasks.reading.checks import crowds, open_, rows_of, selects, sound
from agentgym.tasks.reads import READS, Reader
from agentgym.tasks.sample import Sampler

NAMES = [operator.name for operator in OPERATORS]
PRESERVING = [operator.name for operator in OPERATORS if operator.truth == "preserving"]


@cache
def sampler(name: str) -> Sampler:
    """Return what draws over one of our own domains."""
    domain = own_domain(name)
    return Sampler(Tables(domain.schema, domain.rows), domain.tools, domain.rules)


def applied(
    reader: Reader, name: str, candidate: Candidate, draws: random.Random
) -> Candidate | None:
    """Apply an operator by its name."""
    operator = next(one for one in OPERATORS if one.name == name)
    return operator.apply(reader, candidate, draws)


def values(tables: Tables, plan: Plan) -> list[list[Json]]:
    """Return the answers of a plan."""
    return [tables.value(plan, node) for node in plan.nodes if isinstance(node, Emit)]


def judged(tables: Tables, before: Candidate, after: Candidate, name: str) -> None:
    """Check what holds of every rewriting."""
    assert after.plan == told(after.plan)
    assert rows_of(after.plan, tables) is not None
    if name == "seed":
        assert after.operators == ("seed",) or after.operators[0] == "seed"
    else:
        assert after.operators == (*before.operators, name)
    if name in PRESERVING:
        assert values(tables, told(before.plan)) == values(tables, after.plan)
    if name not in ("hide", "mask"):
        assert sound(after.plan, tables)
    used = {where.fact for node in selects(after.plan) for where in node.where}
    assert used <= {fact.id for fact in after.plan.facts}


@settings(max_examples=60)
@given(
    tiny_domains(size=6),
    st.sampled_from(READS),
    st.sampled_from(NAMES),
    st.integers(0, 2),
    st.integers(0, 99),
)
def test_rewritings_of_any_small_world(
    domain: Domain, family: str, name: str, fuzz: int, seed: int
) -> None:
    """What an operator gives speaks of one row where it means one, and keeps what it says."""
    tables = Tables(domain.schema, domain.rows)
    reader = Sampler(tables, domain.tools, domain.rules)
    before = reader.draw(family, rng.stream(seed), Knobs(fuzz=fuzz))
    if before is not None:
        after = applied(reader, name, before, rng.stream(seed, name))
        assert after == applied(reader, name, before, rng.stream(seed, name))
        if after is not None:
            judged(tables, before, after, name)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "cycle"])
def test_every_operator_applies(name: str) -> None:
    """On a domain of our own each of them comes to something, and makes more of what it says."""
    reader = sampler("clinic")
    done = 0
    for seed in range(24):
        family = READS[seed % len(READS)] if name in ("hide", "mask") else "multi_hop"
        knobs = Knobs(entities=2 + seed % 3, shape="path", fuzz=seed % 3)
        before = reader.draw(family, rng.stream("op", seed), knobs)
        after = applied(reader, name, before, rng.stream(name, seed)) if before else None
        if before is None or after is None:
            continue
        done += 1
        judged(reader.tables, before, after, name)
        counts = [Counter(type(n) for n in one.plan.nodes) for one in (before, after)]
        held = [sum(f.exposure == "user" for f in one.plan.facts) for one in (before, after)]
        match name:
            case "deepen" | "intersect":
                assert counts[1][Select] > counts[0][Select]
            case "widen":
                assert counts[1][Emit] == counts[0][Emit] + 1
            case "fuzz":
                assert after.knobs.fuzz == before.knobs.fuzz + 1
            case "hide":
                assert held[1] == held[0] + 1
            case "aggregate" | "mask" if after.plan.family != before.plan.family:
                assert after.plan.family in ("aggregate", "mask_fill")
            case _:
                pass

    assert done >= 3


def hired() -> Domain:
    """Return cars of makers, painted in colours, of which each maker has one of its own."""
    schema = Schema(
        entities=(
            entity("colour", "colours", field("name", "text", "label")),
            entity(
                "maker",
                "makers",
                field("name", "text", "label"),
                field("founded_on", "date", "time"),
                references=("colour_id",),
            ),
            entity(
                "car",
                "cars",
                field("plate", "text", "label", unique=True),
                field("price", "integer", "money"),
                field("built_on", "date", "time"),
                references=("maker_id", "colour_id"),
            ),
        ),
        relations=(
            relation("maker", "colour_id", "colour"),
            relation("car", "maker_id", "maker"),
            relation("car", "colour_id", "colour"),
        ),
    )
    draws = rng.stream("hired")
    rows: dict[str, Any] = {
        "colour": [(n, f"Colour {'ABCDEF'[n]}") for n in range(6)],
        "maker": [
            (n, n % 6, f"{'ABCDEFGH'[n % 8]} and sons {n}", f"19{10 + n}-0{1 + n % 9}-01")
            for n in range(40)
        ],
        "car": [
            (
                n,
                draws.randrange(40),
                draws.randrange(6),
                f"Plate {n:03}",
                draws.randrange(100, 999),
                f"20{10 + draws.randrange(12)}-0{1 + draws.randrange(9)}-11",
            )
            for n in range(400)
        ],
    }
    return domain_of("hired", schema, rows)


def test_a_second_way_closes_a_cycle() -> None:
    """From a maker to a car of its own colour: the colour, which they share, is a second way."""
    domain = hired()
    tables = Tables(domain.schema, domain.rows)
    reader = Sampler(tables, domain.tools, domain.rules)
    done = 0
    for seed in range(400):
        before = reader.draw("multi_hop", rng.stream(seed), Knobs(entities=2, shape="path"))
        after = applied(reader, "cycle", before, rng.stream(seed)) if before else None
        if before is not None and after is not None:
            done += 1
            judged(tables, before, after, "cycle")
            meets = [node for node in selects(after.plan) if len(node.links) > 1]
            assert meets
            assert open_(after.plan, tables, [node.id for node in selects(after.plan)])

    assert done


def test_drawn_cycles_need_both_ways() -> None:
    """Of a cycle that is drawn, neither way to the row can be left out."""
    domain = hired()
    tables = Tables(domain.schema, domain.rows)
    reader = Reader(tables, domain.tools)
    found = 0
    for seed in range(30):
        candidate = reader.multi_hop(rng.stream(seed), Knobs(entities=4, shape="cycle"))
        for node in selects(candidate.plan) if candidate else ():
            if len(node.links) > 1:
                found += 1
                assert candidate is not None
                for link in node.links:
                    rest = tuple(one for one in node.links if one is not link)
                    assert len(tables.fitting(candidate.plan, replace(node, links=rest))) > 1

    assert found


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("family", [*READS, "update", "multi_write"])
def test_neighbours_have_the_same_shape(name: str, family: str) -> None:
    """A neighbour asks the same kind of thing with other constants about other rows."""
    reader = sampler(name)
    done = 0
    for seed in range(8):
        before = reader.draw(family, rng.stream("similar", seed), Knobs(fuzz=seed % 4))
        after = similar(reader, before, rng.stream("near", seed)) if before else None
        if before is None or after is None:
            continue
        done += 1
        assert after == similar(reader, before, rng.stream("near", seed))
        assert shape(after.plan) == shape(before.plan)
        facts = [[fact.value for fact in told(one.plan).facts] for one in (before, after)]
        assert facts[0] != facts[1]
        assert rows_of(after.plan, reader.tables) is not None
        for node in selects(after.plan):
            if node.id in crowds(after.plan):
                assert reader.tables.extent(after.plan, node.id) or family != "set_valued"

    assert done >= (2 if family in READS else 1)


def test_neighbours_of_what_has_none() -> None:
    """A row that shares its description with no other has no neighbour, and that is said."""
    domain = hired()
    one = {
        name: rows[:1] if name != "car" else tuple(r for r in rows if int(str(r[0])) < 1)
        for name, rows in domain.rows.items()
    }
    tables = Tables(domain.schema, one)
    reader = Reader(tables, domain.tools)
    full = Sampler(Tables(domain.schema, domain.rows), domain.tools, domain.rules)
    candidate = full.draw("lookup", rng.stream(1), Knobs())

    assert candidate is not None
    assert similar(reader, candidate, rng.stream(1)) is None
