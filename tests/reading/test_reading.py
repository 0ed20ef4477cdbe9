"""Candidates that read, judged row by row: one answer, no way around, as vague as was asked."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import OWN, own_domain, tiny_domains

from agentgym import rng
from agentgym.domain import Domain
from agentgym.plan import (
    Choose,
    Computed,
    Emit,
    Plan,
    Select,
    Where,
    told,
)
from agentgym.plan.tables import Tables
from agentgym.schema.types import Row, fold, to_stored
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.coarse import FORMS, LEVELS
from agentgym.tasks.reading.several import MOST_SHARE
from agentgym.tasks.reads import READS, Reader
from agentgym.tasks.sample import Sampler

SUPPORT = 3


@cache
def sampler(name: str) -> Sampler:
    """Return what draws over one of our own domains."""
    domain = own_domain(name)
    return Sampler(Tables(domain.schema, domain.rows), domain.tools, domain.rules)


# a second opinion on clues, written apart from `plan`


def measured(value: Any, of: str) -> Any:
    """Measure a stored value."""
    text = str(value)
    letters = [c for c in text if c.isalpha()]
    return {
        "year": lambda: int(text[:4]),
        "month": lambda: int(text[5:7]),
        "decade": lambda: int(text[:3]) * 10,
        "initial": lambda: letters[0].upper() if letters else None,
        "ending": lambda: letters[-1].upper() if letters else None,
        "letters": lambda: len(letters),
        "words": lambda: len(text.split()),
        "digit_sum": lambda: sum(map(int, text.lstrip("-"))),
    }[of]()


def fits(domain: Domain, plan: Plan, entity: str, row: Row, where: Where) -> bool:
    """Tell whether a clue holds of a row."""
    owner = domain.schema.entity(entity)
    field = owner.field(where.field)
    value: Any = row[owner.position(where.field)]
    told_: Any = plan.fact(where.fact).value
    if value is None:
        return False
    if where.of == "remainder":
        return bool(value % told_ == 0)
    if where.of is not None:
        value = measured(value, where.of)
    else:
        told_ = to_stored(field, told_) if where.op != "contains" else told_
        if isinstance(value, str):
            value, told_ = fold(value), fold(told_)
    return bool(
        {
            "eq": lambda: value == told_,
            "ne": lambda: value != told_,
            "lt": lambda: value < told_,
            "le": lambda: value <= told_,
            "gt": lambda: value > told_,
            "ge": lambda: value >= told_,
            "contains": lambda: told_ in value,
        }[where.op]()
    )


def extent(domain: Domain, plan: Plan, name: str, masked: dict[str, list[Row]]) -> list[Row]:
    """Find the rows of a select by looking at every row."""
    node = plan.node(name)
    assert isinstance(node, Select)
    if name in masked:
        return masked[name]
    entity = domain.schema.entity(node.entity)
    rows = list(domain.rows[node.entity])
    if node.among:
        union = [row for one in node.among for row in extent(domain, plan, one, masked)]
        rows = [row for row in rows if row in union]
    for where in node.where:
        rows = [row for row in rows if fits(domain, plan, node.entity, row, where)]
    for link in node.links:
        relation = domain.schema.relation(link.relation)
        theirs = extent(domain, plan, link.node, masked)
        near, far = relation.fields, relation.target_fields
        if not link.forward:
            near, far = far, near
        other = domain.schema.entity(relation.target if link.forward else relation.entity)
        keys = {tuple(row[other.position(f)] for f in far) for row in theirs}
        keys = {key for key in keys if None not in key}
        rows = [
            row
            for row in rows
            if (tuple(row[entity.position(f)] for f in near) in keys) != link.absent
        ]
    if node.pick is not None:
        place = entity.position(node.pick.field)
        held: list[Any] = [row[place] for row in rows if row[place] is not None]
        best = (max if node.pick.largest else min)(held) if held else None
        rows = [row for row in rows if held and row[place] == best]
    return rows


def behind(plan: Plan, name: str) -> set[str]:
    """Name the selects on which a select rests, itself included."""
    node = plan.node(name)
    assert isinstance(node, Select)
    found = {name}
    for link in node.links:
        found |= set() if link.absent else behind(plan, link.node)
    for one in node.among:
        found |= behind(plan, one)
    return found


def answers(domain: Domain, plan: Plan, emit: Emit, masked: dict[str, list[Row]]) -> set[Any]:
    """Find the values that an answer could have."""
    node = plan.node(emit.node)
    assert isinstance(node, Select)
    place = domain.schema.entity(node.entity).position(str(emit.field))
    return {row[place] for row in extent(domain, plan, emit.node, masked)} - {None}


def judged(domain: Domain, candidate: Candidate) -> None:
    """Check a question for fields of one row by looking at every row."""
    plan = candidate.plan
    absent = {k.node for n in plan.nodes if isinstance(n, Select) for k in n.links if k.absent}
    for node in plan.nodes:
        if isinstance(node, Select) and node.id not in absent:
            assert len(extent(domain, plan, node.id, {})) == 1, node
    for emit in plan.nodes:
        if not isinstance(emit, Emit):
            continue
        (answer,) = answers(domain, plan, emit, {})
        select = plan.node(emit.node)
        assert isinstance(select, Select)
        column = Tables(domain.schema, domain.rows).column(select.entity, str(emit.field))
        assert column[answer] <= 0.25 * sum(column.values())
        assert len(column) >= 4
        assert all(fact.value != answer for fact in plan.facts)
        for name in behind(plan, emit.node) - {emit.node}:
            masked = plan.node(name)
            assert isinstance(masked, Select)
            seen: set[Any] = set()
            for row in domain.rows[masked.entity]:
                seen |= answers(domain, plan, emit, {name: [row]})
                if len(seen) > 1:
                    break
            assert len(seen) > 1, (name, plan)


def vague(domain: Domain, plan: Plan, node: Select, where: Where) -> bool:
    """Tell whether a clue says less than the value."""
    if where.op != "eq" or where.of is not None:
        return True
    field = domain.schema.entity(node.entity).field(where.field)
    return field.type == "enum" or field.role in ("category", "status", "place")


def judged_vague(domain: Domain, candidate: Candidate, fuzz: int) -> None:
    """Check that every clue leaves enough rows, and that they are as vague as was asked."""
    plan = candidate.plan
    parents = {
        link.node
        for node in plan.nodes
        if isinstance(node, Select)
        for link in node.links
        if link.forward
    }
    told_ = []
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        for where in node.where:
            alone = [
                row
                for row in domain.rows[node.entity]
                if fits(domain, plan, node.entity, row, where)
            ]
            named = (
                node.id in parents
                and len(node.where) == 1
                and not node.links
                and domain.schema.entity(node.entity).field(where.field).role == "label"
                and where.op == "eq"
                and where.of is None
            )
            if named:  # what kind of row it is, told by the name of its parent
                told_.append(True)
                continue
            assert len(alone) >= SUPPORT, where
            told_.append(vague(domain, plan, node, where))
    assert told_
    assert {1: any(told_), 2: 2 * sum(told_) >= len(told_), 3: all(told_)}[fuzz], plan


@settings(max_examples=60)
@given(
    tiny_domains(size=9),
    st.integers(0, 3),
    st.sampled_from(("path", "tree", "cycle", None)),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_one_answer_and_no_way_around(
    domain: Domain, fuzz: int, shape: Any, entities: int, seed: int
) -> None:
    """In any small world: every row is told alone, no hop can be skipped, no guess is likely."""
    reader = Reader(Tables(domain.schema, domain.rows), domain.tools)
    knobs = Knobs(fuzz=fuzz, shape=shape, entities=entities)
    found = reader.multi_hop(rng.stream(seed), knobs) if reader.entities else None
    if found is not None:
        judged(domain, found)
        assert told(told(found.plan)) == told(found.plan)
        if fuzz:
            judged_vague(domain, found, fuzz)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("fuzz", LEVELS)
def test_questions_of_our_own_domains(name: str, fuzz: int) -> None:
    """Most draws come to something, and what they come to is right."""
    domain, drawn = own_domain(name), 0
    for family, number in (("lookup", 1), *(("multi_hop", n) for n in (2, 3, 4))):
        for seed in range(4):
            knobs = Knobs(fuzz=fuzz, entities=number, shape="path")
            found = sampler(name).draw(family, rng.stream(family, number, seed), knobs)
            if found is not None:
                drawn += 1
                judged(domain, found)
                if fuzz:
                    judged_vague(domain, found, fuzz)

    assert drawn >= 11


@pytest.mark.parametrize("shape", ["tree", "cycle"])
def test_branches_meet(shape: Any) -> None:
    """In a tree two branches lead to one row; in a cycle they come from one row."""
    domain, found = own_domain("clinic"), 0
    for seed in range(16):
        knobs = Knobs(shape=shape, entities=4 + seed % 2, fuzz=seed % 4)
        candidate = sampler("clinic").multi_hop(rng.stream(shape, seed), knobs)
        if candidate is None:
            continue
        found += 1
        judged(domain, candidate)
        plan = candidate.plan
        meets = [
            n
            for n in plan.nodes
            if isinstance(n, Select) and len([k for k in n.links if not k.absent and k.forward]) > 1
        ]
        assert meets
        ways = [
            [behind(plan, link.node) for link in node.links if not link.absent] for node in meets
        ]
        if shape == "cycle":
            assert any(one & other for group in ways for one, other in combinations(group, 2))
            assert "cycle" in candidate.operators
        else:
            assert "intersect" in candidate.operators

    assert found >= 6


def test_extremes_are_no_shortcut() -> None:
    """The latest of one parent's rows is never the latest of all."""
    domain = own_domain("clinic")
    picks = 0
    for seed in range(80):
        found = sampler("clinic").multi_hop(
            rng.stream("pick", seed), Knobs(entities=3, shape="path")
        )
        for node in found.plan.nodes if found else ():
            if isinstance(node, Select) and node.pick is not None:
                picks += 1
                place = domain.schema.entity(node.entity).position(node.pick.field)
                held: list[Any] = [
                    r[place] for r in domain.rows[node.entity] if r[place] is not None
                ]
                best = (max if node.pick.largest else min)(held)
                assert found is not None
                (row,) = extent(domain, found.plan, node.id, {})
                assert row[place] != best or held.count(best) > 1

    assert picks > 10


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("family", READS)
def test_every_family_is_drawn(name: str, family: str) -> None:
    """Each family gives candidates that carry what was asked for, the same each time."""
    drawn = 0
    for seed in range(8):
        knobs = Knobs(fuzz=seed % 4)
        one = sampler(name).draw(family, rng.stream("family", seed), knobs)
        assert one == sampler(name).draw(family, rng.stream("family", seed), knobs)
        if one is not None:
            drawn += 1
            assert one.plan.family == family
            assert one.knobs == knobs
            assert one.operators[0] == "seed"

    assert drawn >= 3


def drawn(name: str, family: str, count: int = 24, **knobs: Any) -> list[Plan]:
    """Draw plans of a family, as they come and vague."""
    found = [
        sampler(name).draw(family, rng.stream("plans", family, n), Knobs(fuzz=n % 4, **knobs))
        for n in range(count)
    ]
    assert any(found)
    return [one.plan for one in found if one is not None]


@pytest.mark.parametrize("name", OWN)
def test_sets_are_whole_and_no_tables(name: str) -> None:
    """A set has two to twelve rows with a value each, and is not every row there is."""
    domain = own_domain(name)
    for plan in drawn(name, "set_valued"):
        emit = next(node for node in plan.nodes if isinstance(node, Emit))
        select = plan.node(emit.node)
        assert isinstance(select, Select)
        rows = extent(domain, plan, emit.node, {})
        values = answers(domain, plan, emit, {})
        assert emit.many
        assert 2 <= len(rows) == len(values) <= 12
        assert len(rows) < len(domain.rows[select.entity])
        assert select.where or select.links
        assert not values & {fact.value for fact in plan.facts}


@pytest.mark.parametrize("name", OWN)
def test_plans_have_few_solutions(name: str) -> None:
    """Some choice keeps all limits, few do, and each limit rules something out."""
    domain = own_domain(name)
    tables = Tables(domain.schema, domain.rows)
    for plan in drawn(name, "planning"):
        choose = next(node for node in plan.nodes if isinstance(node, Choose))
        rows = tables.extent(plan, choose.of)
        ways = math.comb(len(rows), choose.count)
        found = tables.choices(plan, choose, most=ways + 1)
        assert 1 <= found.count <= MOST_SHARE * ways
        for limit in choose.limits:
            rest = tuple(one for one in choose.limits if one is not limit)
            looser = Choose(id=choose.id, of=choose.of, count=choose.count, limits=rest)
            assert tables.choices(plan, looser, most=ways + 1).count > found.count


@pytest.mark.parametrize("count", [1, 2])
def test_as_many_limits_as_wanted(count: int) -> None:
    """The number of limits and of rows that are chosen can be said; no field has two limits."""
    for plan in drawn("harbour", "planning", limits=count, acts=2):
        choose = next(node for node in plan.nodes if isinstance(node, Choose))
        assert (len(choose.limits), choose.count) == (count, 2)
        assert len({limit.field for limit in choose.limits}) == count
        assert any(limit.kind == "total" for limit in choose.limits)


@pytest.mark.parametrize("name", OWN)
def test_comparisons_are_between_rows_that_differ(name: str) -> None:
    """What is compared is of different rows with different values."""
    domain = own_domain(name)
    tables = Tables(domain.schema, domain.rows)
    kinds = Counter[str]()
    for plan in drawn(name, "compare"):
        emit = next(node for node in plan.nodes if isinstance(node, Emit))
        node = plan.node(emit.node)
        (value,) = tables.value(plan, emit)
        assert value not in (None, 0)
        if isinstance(node, Select):
            kinds["pick"] += 1
            assert node.pick is not None
            rows = [tables.extent(plan, one) for one in node.among]
            assert all(len(one) == 1 for one in rows)
            place = domain.schema.entity(node.entity).position(node.pick.field)
            assert len({one[0][place] for one in rows}) == len(rows) > 1
        else:
            assert isinstance(node, Computed)
            kinds[node.function] += 1
            assert len({value.node for value in node.of}) == 2

    assert len(kinds) > 1


@pytest.mark.parametrize("name", OWN)
def test_reports_identify_their_row(name: str) -> None:
    """Shown cells leave one row; hidden ones stand nowhere else and are no likely guess."""
    domain = own_domain(name)
    for plan in drawn(name, "mask_fill"):
        emits = [node for node in plan.nodes if isinstance(node, Emit)]
        shown = {str(fact.value).casefold() for fact in plan.facts}
        judged_rows = [extent(domain, plan, emit.node, {}) for emit in emits]
        assert all(len(rows) == 1 for rows in judged_rows)
        values = [next(iter(answers(domain, plan, emit, {}))) for emit in emits]
        assert len(set(values)) == len(values)
        assert not {str(value).casefold() for value in values} & shown


@pytest.mark.parametrize("acts", [1, 2, 3])
def test_as_many_cells_as_wanted(acts: int) -> None:
    """The number of hidden cells can be said."""
    for plan in drawn("clinic", "mask_fill", acts=acts):
        assert sum(isinstance(node, Emit) for node in plan.nodes) == acts


@pytest.mark.parametrize("name", OWN)
def test_what_needs_no_tool_rests_on_facts(name: str) -> None:
    """All operands are told, and the answer is none of them."""
    domain = own_domain(name)
    tables = Tables(domain.schema, domain.rows)
    for plan in drawn(name, "no_tool_needed"):
        assert not any(isinstance(node, Select) for node in plan.nodes)
        emit = next(node for node in plan.nodes if isinstance(node, Emit))
        (value,) = tables.value(plan, emit)
        assert value is not None
        assert value not in [fact.value for fact in plan.facts]


def test_parts_of_the_sampler_do_not_hide_each_other() -> None:
    """No two classes of which it is made define the same name, unless one asks the next."""
    owners: dict[str, list[str]] = {}
    for part in Sampler.__mro__[:-1]:
        for name, found in vars(part).items():
            asks = "super" in getattr(getattr(found, "__code__", None), "co_names", ())
            if not name.startswith("__") and not asks:
                owners.setdefault(name, []).append(part.__qualname__)
    assert {name: parts for name, parts in owners.items() if len(parts) > 1} == {}


def test_the_table_of_forms_has_every_kind_and_level() -> None:
    """There are ways to be vague at each level, of each kind but those about other values."""
    assert {form.kind for form in FORMS} == {"category", "range", "meta", "arithmetic"}
    for kind in ("range", "meta"):
        assert {form.level for form in FORMS if form.kind == kind} == {1, 2, 3}


def test_a_domain_without_words_carries_nothing() -> None:
    """Where nothing can be spoken of, there are no families, and no draw fails."""
    domain = own_domain("clinic")
    nothing = Sampler(Tables(domain.schema, {}), domain.tools, domain.rules)

    assert not set(nothing.families()) & set(READS)
    assert nothing.draw("multi_hop", rng.stream(0)) is None
