"""Every kind of node: the interpreter agrees with a reading row by row, and so do the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies_plans import CLINIC
from wide_plans import (
    TWO,
    combinations,
    joined,
    measure,
    naive,
    numbers,
    passes,
    shuffled,
    wide,
    worlds,
)

from agentgym.domain.patch import Patch, patched
from agentgym.formats import decode, encode
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Limit,
    Link,
    Pick,
    Plan,
    Refuse,
    Select,
    Shift,
    Value,
    Where,
    Write,
    told,
)
from agentgym.plan.labelling import Edge, labelled
from agentgym.plan.measures import measured
from agentgym.plan.shape import shape
from agentgym.plan.tables import Tables, compared, compute
from agentgym.schema import Schema
from agentgym.schema.types import Row, Rows, to_wire

Case = tuple[Schema, dict[str, tuple[Row, ...]], Plan]


def selects(plan: Plan) -> list[Select]:
    """List the selects of a plan."""
    return [node for node in plan.nodes if isinstance(node, Select)]


@given(wide())
@settings(max_examples=60)
def test_extents_are_those_of_a_reading_row_by_row(case: Case) -> None:
    """Measures, parts of texts, absence, unions, the user's own row; in the order of the rows."""
    schema, rows, plan = case
    seen, truth = Tables(schema, rows), naive(plan, schema, rows)
    for node in selects(plan):
        assert seen.extent(plan, node.id) == truth[node.id], node
        check_bits(seen, rows, plan, node)
    check_values(seen, truth, plan)


def check_bits(seen: Tables, rows: Rows, plan: Plan, node: Select) -> None:
    """Bit n is the n-th row, for every clue; also when it is asked for again."""
    one = seen.schema.entity(node.entity)
    for where in (*node.where, *node.where):
        value, kind = plan.fact(where.fact).value, one.field(where.field)
        bits = seen.bits(node.entity, where.field, where.op, where.of, value)
        for place, row in enumerate(rows[node.entity]):
            wire = to_wire(kind, row[one.position(where.field)])
            assert bool(bits >> place & 1) == passes(kind, where, value, wire)
        assert bits >> len(rows[node.entity]) == 0


def check_values(seen: Tables, extents: Mapping[str, Sequence[Row]], plan: Plan) -> None:
    """An emit has the value of every row; a set-valued one of each that is not empty there."""
    for emit in plan.nodes:
        node = plan.node(emit.node) if isinstance(emit, Emit) else None
        if isinstance(emit, Emit) and isinstance(node, Select):
            one = seen.schema.entity(node.entity)
            place = one.position(str(emit.field))
            values = [to_wire(one.field(str(emit.field)), r[place]) for r in extents[node.id]]
            if emit.many:
                values = [value for value in values if value is not None]
            found = seen.value(plan, emit)

            assert len(set(map(repr, found))) == len(found)
            assert set(map(repr, found)) == set(map(repr, values))


@given(wide(), st.data())
@settings(max_examples=40)
def test_what_is_assumed_takes_the_place_of_clues(case: Case, data: Any) -> None:
    """With selects taken to be other rows, everything that hangs on them follows."""
    schema, rows, plan = case
    assumed = {
        node.id: tuple(data.draw(st.lists(st.sampled_from(rows[node.entity]), unique=True)))
        for node in selects(plan)
        if rows[node.entity] and data.draw(st.booleans())
    }
    seen, truth = Tables(schema, rows), naive(plan, schema, rows, assumed)
    for node in selects(plan):
        assert seen.extent(plan, node.id, assumed) == truth[node.id]


@given(wide(), st.data())
@settings(max_examples=40)
def test_computed_numbers_are_worked_out_of_single_rows(case: Case, data: st.DataObject) -> None:
    """Whatever rows its selects are, a number is what its definition says."""
    schema, rows, plan = case
    taken: dict[str, Any] = {
        node.id: data.draw(st.sampled_from(rows[node.entity]))
        for node in selects(plan)
        if rows[node.entity]
    }
    if any(node.id not in taken for node in selects(plan)):
        return
    assumed = {name: (row,) for name, row in taken.items()}
    extents = naive(plan, schema, rows, assumed)
    whole = taken | {f"{n.id}:all": extents[n.of] for n in plan.nodes if isinstance(n, Aggregated)}
    seen = Tables(schema, rows)
    for node in plan.nodes:
        if isinstance(node, Computed):
            (found,) = seen.values(plan, Value(node=node.id), assumed)
            assert found == numbers(plan, schema, Value(node=node.id), whole)


@given(st.data())
def test_choices_are_those_of_enumeration(data: Any) -> None:
    """The first combination and the number of all of them, within limits of all kinds."""
    values = st.sampled_from((None, -150, 0, 100, 110, 250, 300))
    rows = tuple(
        (n, None, data.draw(st.sampled_from((None, "a", "A", "b", "c"))), data.draw(values))
        for n in range(data.draw(st.integers(0, 8)))
    )
    totals = st.sampled_from((Decimal("1.00"), Decimal("2.1"), Decimal(-1), 4, Decimal("3.5")))
    limits: list[Limit] = []
    facts: list[Fact] = []
    for op in data.draw(st.lists(st.sampled_from(("le", "ge")), max_size=2)):
        facts.append(Fact(id=f"f{len(facts)}", entity="pet", field="cost", value=data.draw(totals)))
        limits.append(Limit(kind="total", field="cost", op=op, fact=facts[-1].id))
    if data.draw(st.booleans()):
        limits.append(Limit(kind="distinct", field=data.draw(st.sampled_from(("name", "cost")))))
    count = data.draw(st.integers(1, 4))
    choose = Choose(id="n2", of="n1", count=count, limits=tuple(limits))
    emit = Emit(id="n3", node="n2", field="id")
    nodes = (Select(id="n1", entity="pet"), choose, emit)
    plan = Plan(family="planning", facts=tuple(facts), nodes=nodes)
    every = combinations(plan, TWO, choose, rows)
    seen = Tables(TWO, {"pet": rows})
    found = seen.choices(plan, choose)

    assert found.whole
    assert found.count == len(every)
    assert found.first == (every[0] if every else None)
    assert seen.choices(plan, choose, most=1).count == min(1, len(every))
    assert seen.value(plan, emit) == [row[0] for row in (every[0] if every else ())]


def test_a_search_that_is_too_long_says_so() -> None:
    """Too many combinations, none of which is right: no proof that there is none."""
    rows = tuple((n, None, str(n), 2**n) for n in range(40))
    limits = (
        Limit(kind="total", field="cost", op="le", fact="f1"),
        Limit(kind="total", field="cost", op="ge", fact="f1"),
    )
    facts = (Fact(id="f1", entity="pet", field="cost", value=Decimal("13333333.33")),)
    choose = Choose(id="n2", of="n1", count=20, limits=limits)
    plan = Plan(family="planning", facts=facts, nodes=(Select(id="n1", entity="pet"), choose))
    found = Tables(TWO, {"pet": rows}).choices(plan, choose)

    assert (found.first, found.whole) == (None, False)


@given(wide())
@settings(max_examples=40)
def test_what_is_wanted_follows_the_rows(case: Case) -> None:
    """Acts of the branch that is not taken, and refused ones, are left out; the rest keep order."""
    schema, rows, plan = case
    seen, extents = Tables(schema, rows), naive(plan, schema, rows)
    off: set[str] = set()
    for node in plan.nodes:
        if isinstance(node, Guard):
            if node.test.op == "exists":
                holds: bool | None = bool(extents[str(node.test.left.node)])
                assert seen.holds(plan, node.test) == holds
            else:
                left, right = (
                    seen.values(plan, one) for one in (node.test.left, node.test.right) if one
                )
                every = {compared(a, node.test.op, b) for a in left for b in right} or {False}
                holds = every.pop() if len(every) == 1 else None
                assert seen.holds(plan, node.test) is holds
            off |= set(node.otherwise if holds else node.then)
    barred = [n for n in plan.nodes if isinstance(n, Refuse) and n.act not in off]
    off |= {n.act for n in plan.nodes if isinstance(n, Refuse)}
    acts = [n for n in plan.nodes if isinstance(n, (Write, Emit)) and n.id not in off]

    assert seen.wanted(plan) == acts
    assert seen.barred(plan) == barred


# bits


@given(wide(), st.data())
@settings(max_examples=40)
def test_reach_gives_the_rows_that_are_related(case: Case, data: Any) -> None:
    """Both ways over every relation, from any set of rows."""
    schema, rows, _ = case
    seen = Tables(schema, rows)
    for tie in schema.relations:
        for forward in (True, False):
            near, far = (tie.target, tie.entity) if forward else (tie.entity, tie.target)
            bits = data.draw(st.integers(0, seen.all_bits(near)))
            start = [row for n, row in enumerate(rows[near]) if bits >> n & 1]
            link = Link(relation=tie.name, forward=forward, node="")
            found = seen.reach(tie.name, forward, bits)

            assert start == seen.rows_at(near, bits)
            assert seen.bits_of(near, start) == bits
            assert seen.rows_at(far, found) == [
                row for row in rows[far] if any(joined(schema, link, row, other) for other in start)
            ]


def test_sets_of_many_rows_are_sets_of_few() -> None:
    """Ranges, parts and neighbours over thousands of rows, where sets are made block by block."""
    count = 3000
    rows = {
        "owner": tuple((n, f"name {n % 7}", n * 37 % 1009) for n in range(count)),
        "pet": tuple((n, None if n % 5 else f"pet {n}", n, n * 13 % count) for n in range(count)),
    }
    seen = Tables(TWO, rows)  # id, owner_id, name, cost: references come first
    rows = {
        "owner": rows["owner"],
        "pet": tuple((n, n * 13 % count, None, n) for n in range(count)),
    }
    seen = Tables(TWO, rows)
    for op, value in (("lt", 500), ("ge", 500), ("le", 0), ("gt", 1008), ("ne", 3)):
        found = seen.rows_at("owner", seen.bits("owner", "age", op, None, value))  # type: ignore[arg-type]
        where = Where(field="age", op=op, fact="")  # type: ignore[arg-type]
        kind = TWO.entity("owner").field("age")
        assert found == [row for row in rows["owner"] if passes(kind, where, value, row[2])]
    half = seen.bits("owner", "age", "lt", None, 500)
    owners = {row[0] for row in seen.rows_at("owner", half)}
    pets = seen.rows_at("pet", seen.reach("pet_owner", True, half))
    assert pets == [row for row in rows["pet"] if row[1] in owners]


# measures


@pytest.mark.parametrize(
    ("kind", "stored", "told"),
    [
        ("datetime", "2024-02-29T23:59:59Z", {"year": 2024, "month": 2, "decade": 2020}),
        ("date", "0099-12-31", {"year": 99, "month": 12, "decade": 90}),
        ("text", "7 Samurai!", {"initial": "S", "ending": "I", "letters": 7, "words": 2}),
        ("text", "42", {"initial": None, "ending": None, "letters": 0, "words": 1}),
        ("text", "", {"initial": None, "ending": None, "letters": 0, "words": 0}),
        ("integer", -1090, {"digit_sum": 10, "remainder": -1090, "year": None}),
    ],
)
def test_measures_are_as_documented(kind: str, stored: Any, told: dict[str, Any]) -> None:
    """Each measure of some values."""
    one = replace(CLINIC.entity("doctor").field("name"), type=kind)
    for of, value in told.items():
        assert measured(one, of, stored) == value  # type: ignore[arg-type]
        assert measured(one, of, None) is None  # type: ignore[arg-type]
        if of != "remainder":
            assert measure(one, of, stored) == value


@pytest.mark.parametrize(
    ("function", "values", "number"),
    [
        ("sum", [1, 2, 3], "6"),
        ("sum", ["1.10", 2, "0.005"], "3.105"),
        ("difference", [3, "10.50"], "7.50"),
        ("product", ["1.25", "0.30"], "0.3750"),
        ("share", [1, 3], "33.33"),
        ("share", [1, 800], "0.13"),
        ("share", [5, 0], None),
        ("sum", [0.1, 0.2], "0.3"),
        ("sum", [None, 1], None),
    ],
)
def test_numbers_are_rounded_as_documented(function: str, values: list[Any], number: Any) -> None:
    """Exact, but for a share."""
    exact = [Decimal(v) if isinstance(v, str) else v for v in values]

    assert str(compute(function, exact)) == str(number)


def test_days_are_whole() -> None:
    """Whole days lie between two moments, whichever comes first."""
    assert compute("days", ["2024-03-01", "2024-02-28"]) == 2
    assert compute("days", ["2024-01-01T23:00:00Z", "2024-01-02T22:59:59Z"]) == 0
    assert compute("days", ["2024-01-02", "2024-01-01T12:00:00Z"]) == 0
    assert compute("days", ["soon", "2024-01-01"]) is None


# forms


@given(wide(), st.data())
@settings(max_examples=40, deadline=None)
def test_forms_forget_ids_and_orders(case: Case, data: st.DataObject) -> None:
    """The same plan said otherwise is told alike and has the same shape."""
    _, _, plan = case
    other = shuffled(plan, data.draw)

    assert told(other) == told(plan)
    assert shape(other) == shape(plan)


@given(wide())
@settings(max_examples=40)
def test_the_told_plan_asks_the_same(case: Case) -> None:
    """It is its own told form, every node comes after what it rests on, and values stay."""
    schema, rows, plan = case
    again, seen = told(plan), Tables(schema, rows)
    ids = [node.id for node in again.nodes]

    assert told(again) == again
    assert shape(again) == shape(plan)
    assert ids == [f"n{n + 1}" for n in range(len(ids))]
    assert [f.id for f in again.facts] == [f"f{n + 1}" for n in range(len(again.facts))]
    for place, node in enumerate(again.nodes):
        names = decode(encode(node), dict, where="")
        used = [n for n in ids if f'"{n}"' in encode(names).decode() and n != node.id]
        assert set(used) <= set(ids[:place])
    kinds = [isinstance(n, (Guard, Refuse, Shift)) for n in again.nodes]
    acts = [n for n in range(len(ids)) if isinstance(again.nodes[n], (Write, Emit))]
    assert not any(kinds[: acts[-1]])
    assert [_asked(seen, plan, a) for a in seen.wanted(plan)] == [
        _asked(seen, again, a) for a in seen.wanted(again)
    ]


def _asked(seen: Tables, plan: Plan, act: Write | Emit) -> Any:
    if isinstance(act, Emit):
        return repr(seen.value(plan, act))
    return act.kind, seen.extent(plan, str(act.target)), sorted(s.field for s in act.settings)


@given(wide(), st.data())
@settings(max_examples=40)
def test_forms_remember_all_else(case: Case, data: st.DataObject) -> None:
    """Another op, link, measure or pick is another shape; another value another plan alone."""
    _, _, plan = case
    plan = told(plan)
    options: list[tuple[int, Any]] = []
    for place, node in enumerate(plan.nodes):
        if isinstance(node, Select):
            for number, where in enumerate(node.where):
                for other in ("eq", "ne", "ge"):
                    if other != where.op:
                        clue = replace(where, op=other)
                        options.append(
                            (place, replace(node, where=_with(node.where, number, clue)))
                        )
                clue = replace(where, of="letters" if where.of is None else None)
                options.append((place, replace(node, where=_with(node.where, number, clue))))
            for number, link in enumerate(node.links):
                turned = replace(link, absent=not link.absent)
                options.append((place, replace(node, links=_with(node.links, number, turned))))
            pick = Pick(field="id", largest=not (node.pick and node.pick.largest))
            options.append((place, replace(node, pick=pick)))
        elif isinstance(node, Emit):
            options.append((place, replace(node, many=not node.many)))
        elif isinstance(node, Computed):
            other = "product" if node.function == "sum" else "sum"
            options.append((place, replace(node, function=other)))
        elif isinstance(node, Choose):
            options.append((place, replace(node, count=node.count + 1)))
        elif isinstance(node, Guard) and node.then != node.otherwise:
            options.append((place, replace(node, then=node.otherwise, otherwise=node.then)))
        elif isinstance(node, Shift):
            options.append((place, replace(node, first=node.then, then=node.first)))
    if plan.facts:
        one = data.draw(st.sampled_from(plan.facts))
        facts = tuple(replace(f, value="else") if f.id == one.id else f for f in plan.facts)
        assert shape(replace(plan, facts=facts)) == shape(plan)
        assert told(replace(plan, facts=facts)) != plan
    place, node = data.draw(st.sampled_from(options))
    other_plan = replace(plan, nodes=_with(plan.nodes, place, node))

    assert told(other_plan) != plan
    assert shape(other_plan) != shape(plan)


def _with(parts: tuple[Any, ...], place: int, part: Any) -> tuple[Any, ...]:
    return (*parts[:place], part, *parts[place + 1 :])


def test_ties_are_settled_by_the_whole_plan() -> None:
    """Two equal selects, of which one is used again, are no symmetry."""
    facts = (
        Fact(id="f1", entity="owner", field="age", value=3),
        Fact(id="f2", entity="owner", field="age", value=3),
    )
    clue = Where(field="age", fact="f1")
    one = Select(id="n1", entity="owner", where=(clue,))
    two = Select(id="n2", entity="owner", where=(Where(field="age", fact="f2"),))
    union = Select(id="n3", entity="owner", among=("n1", "n2"))
    ends = (Emit(id="n4", node="n3", field="name"), Emit(id="n5", node="n2", field="name"))
    plan = Plan(family="compare", facts=facts, nodes=(one, two, union, *ends))
    other = replace(
        plan,
        nodes=(two, one, replace(union, among=("n2", "n1")), ends[0], replace(ends[1], node="n1")),
    )

    assert told(plan) == told(other)
    assert shape(plan) == shape(other)


@given(st.integers(2, 4), st.data())
@settings(max_examples=40, deadline=None)
def test_labels_of_graphs_full_of_symmetry(size: int, data: st.DataObject) -> None:
    """Rings, where refinement sees nothing, are told apart; a ring beside two smaller ones is one.

    In the latter, vertices that look alike are not.
    """
    names = [f"v{n}" for n in range(2 * size + 2)]
    one = data.draw(st.permutations(names))
    ring = [Edge(one[n], "", one[(n + 1) % len(one)]) for n in range(len(one))]
    half = len(one) // 2
    two = [Edge(one[n], "", one[(n + 1) % half]) for n in range(half)]
    two += [Edge(one[half + n], "", one[half + (n + 1) % half]) for n in range(half)]

    def form(edges: list[Edge], vertices: list[str] = names) -> list[tuple[int, int]]:
        place = labelled(data.draw(st.permutations([(v, "") for v in vertices]).map(dict)), edges)
        assert sorted(place.values()) == list(range(len(vertices)))
        return sorted((place[a], place[b]) for a, _, b in edges)

    far = [f"w{n}" for n in range(len(one))]
    both = [*two, *(Edge(far[n], "", far[(n + 1) % len(far)]) for n in range(len(far)))]
    whole = [*names, *far]
    other = dict(zip(whole, data.draw(st.permutations(whole)), strict=True))
    assert form(both, whole) == form([Edge(other[a], "", other[b]) for a, _, b in both], whole)
    mixed = data.draw(st.permutations(ring))
    renamed = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    assert form(mixed) == form(ring)
    assert form([Edge(renamed[a], "", renamed[b]) for a, _, b in ring]) == form(ring)
    assert form(two) != form(ring)


# patches


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_patched_tables_are_those_of_patched_rows(data: Any) -> None:
    """Indexes that are shared do not show what was; those of changed rows are made anew."""
    rows = data.draw(worlds(TWO))
    rows = {"owner": tuple((i, n or "x", a or 0) for i, n, a in rows["owner"]), "pet": rows["pet"]}
    known = {row[0] for row in rows["owner"]}
    rows["pet"] = tuple((i, o if o in known else None, n, c) for i, o, n, c in rows["pet"])
    seen = Tables(TWO, rows)
    plan = Plan(
        family="lookup",
        facts=(Fact(id="f1", entity="owner", field="age", value=2),),
        nodes=(
            Select(id="n1", entity="owner", where=(Where(field="age", op="ge", fact="f1"),)),
            Select(
                id="n2", entity="pet", links=(Link(relation="pet_owner", forward=True, node="n1"),)
            ),
        ),
    )
    seen.extent(plan, "n2")
    seen.lookup("owner", ("age",), (2,))
    values = {"name": "new", "age": 2}
    patch = [Patch(entity="owner", key=(9,), values=values)]
    if known:
        patch.append(Patch(entity="owner", key=(min(known),), values={"age": 300}))
    other = seen.patched(patch)
    truth = Tables(TWO, patched(rows, TWO, patch))

    for table in ("owner", "pet"):
        assert other.rows(table) == truth.rows(table)
    for name in ("n1", "n2"):
        assert other.extent(plan, name) == truth.extent(plan, name)
    assert other.lookup("owner", ("age",), (2,)) == truth.lookup("owner", ("age",), (2,))
    assert other.column("owner", "age") == truth.column("owner", "age")
    assert seen.rows("owner") == rows["owner"]
