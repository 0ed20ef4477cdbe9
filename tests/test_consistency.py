"""Rules that contradict each other: never reported where a row satisfies them, mostly found."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from agentgym.rules import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
)
from agentgym.rules.consistency import callable_tools, circle, contradictions
from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema

STATES = ("new", "open", "shut")
THING = Entity(
    name="thing",
    label="thing",
    plural="things",
    key=("id",),
    fields=(
        Field(name="id", label="id", type="integer"),
        Field(name="x", label="x", type="integer"),
        Field(name="y", label="y", type="integer"),
        Field(name="z", label="z", type="decimal", scale=0),
        Field(name="state", label="state", type="enum", values=STATES),
        Field(name="old", label="old state", type="enum", values=STATES),
        Field(name="price", label="price", type="decimal", scale=2),
        Field(name="ratio", label="ratio", type="float"),
        Field(name="day", label="day", type="date"),
        Field(name="at", label="time", type="datetime"),
        Field(name="code", label="code", type="text"),
        Field(name="is_on", label="on", type="boolean"),
        Field(name="box_id", label="box id", type="integer"),
    ),
)
BOX = Entity(
    name="box",
    label="box",
    plural="boxes",
    key=("id",),
    fields=(
        Field(name="id", label="id", type="integer"),
        Field(name="tier", label="tier", type="enum", values=("gold", "tin")),
    ),
)
IN_BOX = Relation(
    name="thing_box",
    entity="thing",
    fields=("box_id",),
    target="box",
    target_fields=("id",),
    label="box",
    inverse="things",
)
SCHEMA = Schema(
    entities=(THING, BOX),
    relations=(IN_BOX,),
    lifecycles=(
        Lifecycle(
            entity="thing",
            field="state",
            initial=("new",),
            moves={"new": ("open",), "open": ("shut",), "shut": ()},
        ),
    ),
)
NUMBERS = ("x", "y", "z")
GRID = range(-3, 8)
CASES = [
    dict(zip((*NUMBERS, "state", "old"), row, strict=True))
    for row in itertools.product(GRID, GRID, GRID, STATES, STATES)
]


def rule(predicate: Predicate, number: int = 0, **changes: Any) -> Rule:
    given_: dict[str, Any] = {"on": ("create", "update"), "kind": "invariant"}
    return Rule(id=f"r{number}", entity="thing", predicate=predicate, **(given_ | changes))


def found(*predicates: Predicate, **changes: Any) -> list[tuple[str, ...]]:
    made = [rule(one, number, **changes) for number, one in enumerate(predicates)]
    return [one.rules for one in contradictions(made, SCHEMA, [{r.id for r in made}])]


def holds(predicate: Predicate, row: dict[str, Any]) -> bool:
    match predicate:
        case Compare():
            right = predicate.value if predicate.other is None else row[predicate.other]
            return bool(getattr(operator, predicate.op)(row[predicate.field], right))
        case In():
            return row[predicate.field] in predicate.values
        case Not():
            return not holds(predicate.of, row)
        case All():
            return all(holds(part, row) for part in predicate.of)
        case AnyOf():
            return any(holds(part, row) for part in predicate.of)
        case _:
            raise AssertionError(predicate)


OPS = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
field = st.sampled_from(NUMBERS)
small = st.integers(0, 4)
states = st.lists(st.sampled_from(STATES), min_size=1, max_size=2, unique=True).map(tuple)
atoms: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Compare, field=field, op=OPS, value=small),
    st.tuples(field, OPS, field)
    .filter(lambda t: t[0] != t[2])
    .map(lambda t: Compare(field=t[0], op=t[1], other=t[2])),  # type: ignore[arg-type]
    st.builds(In, field=field, values=st.lists(small, min_size=1, max_size=3).map(tuple)),
    st.builds(In, field=st.sampled_from(["state", "old"]), values=states),
    st.builds(
        Compare,
        field=st.just("state"),
        op=st.sampled_from(["eq", "ne", "lt", "ge"]),
        other=st.just("old"),
    ),
)
predicates = st.recursive(
    atoms,
    lambda p: (
        st.builds(Not, of=p)
        | st.builds(All, of=st.lists(p, min_size=1, max_size=2).map(tuple))
        | st.builds(AnyOf, of=st.lists(p, min_size=1, max_size=2).map(tuple))
    ),
    max_leaves=3,
)


@given(st.lists(predicates, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_some_row_satisfies_is_never_reported(drawn: list[Predicate]) -> None:
    """Brute force over small rows is the judge; each core is as small as it can be."""
    satisfied = any(all(holds(one, row) for one in drawn) for row in CASES)
    cores = found(*drawn)
    event(f"satisfied {satisfied}, reported {bool(cores)}")
    if satisfied:
        assert cores == []
    for core in cores:
        parts = [drawn[int(name[1:])] for name in core]
        assert not any(all(holds(one, row) for one in parts) for row in CASES)


def test_most_of_what_none_satisfies_is_found() -> None:
    """Of small sets of comparisons that no row satisfies, at least 98 in 100 are reported."""
    seen: Counter[bool] = Counter()

    @given(st.lists(atoms | st.builds(Not, of=atoms), min_size=2, max_size=5))
    @settings(
        max_examples=300,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def draw(drawn: list[Predicate]) -> None:
        if not any(all(holds(one, row) for one in drawn) for row in CASES):
            seen[bool(found(*drawn))] += 1

    draw()
    assert seen.total() > 30
    assert seen[True] >= 0.98 * seen.total(), seen


def test_a_core_is_as_small_as_can_be() -> None:
    """Only the rules that are needed for the contradiction are named."""
    assert found(
        Compare(field="x", op="lt", other="y"),
        Compare(field="price", op="ge", value=0),
        Compare(field="y", op="lt", other="z"),
        In(field="state", values=("new", "open")),
        Compare(field="z", op="lt", other="x"),
    ) == [("r0", "r2", "r4")]


ALONE: dict[str, Predicate] = {
    "never": AnyOf(of=()),
    "fewer than none": Count(relation="thing_box", path=("thing_box",), op="lt", value=0),
    "a state that is none of its own": Not(of=In(field="state", values=STATES)),
    "more than is allowed of it": All(
        of=(Compare(field="x", op="gt", value=5), Compare(field="x", op="lt", value=3))
    ),
    "between neighbours": All(
        of=(Compare(field="x", op="gt", value=3), Compare(field="x", op="lt", value=4))
    ),
    "between cents": All(
        of=(Compare(field="price", op="gt", value=1), Compare(field="price", op="lt", value=1.01))
    ),
    "between days": All(
        of=(
            Compare(field="day", op="gt", value="2024-02-28"),
            Compare(field="day", op="lt", value="2024-02-29"),
        )
    ),
    "before the day and after its noon": All(
        of=(
            Compare(field="at", op="lt", other="day"),
            Compare(field="at", op="ge", value="2024-01-02T12:00:00Z"),
            Compare(field="day", op="le", value="2024-01-02"),
        )
    ),
    "neither yes nor no": All(
        of=(
            Compare(field="is_on", op="ne", value=True),
            Compare(field="is_on", op="ne", value=False),
        )
    ),
    "before a and after b": All(
        of=(Compare(field="code", op="lt", value="a"), Compare(field="code", op="gt", value="b"))
    ),
    "itself and not": All(of=(Compare(field="x", op="lt", other="x"),)),
}
SATISFIABLE: dict[str, Predicate] = {
    "between floats": All(
        of=(
            Compare(field="ratio", op="gt", value=1.0),
            Compare(field="ratio", op="lt", value=1.0000001),
        )
    ),
    "between texts": All(
        of=(Compare(field="code", op="gt", value="a"), Compare(field="code", op="lt", value="ab"))
    ),
    "a move": Move(field="state"),
    "a day and its noon": All(
        of=(
            Compare(field="at", op="gt", other="day"),
            Compare(field="day", op="ge", value="2024-01-02"),
            Compare(field="at", op="le", value="2024-01-02T00:00:01Z"),
        )
    ),
}


@pytest.mark.parametrize("case", ALONE)
def test_a_rule_that_can_never_hold(case: str) -> None:
    """A rule that forbids every row is reported alone."""
    assert found(ALONE[case]) == [("r0",)]


@pytest.mark.parametrize("case", SATISFIABLE)
def test_a_rule_that_can_hold(case: str) -> None:
    """Between two floats and two texts there is always another."""
    assert found(SATISFIABLE[case]) == []


DAY = 86_400
CALLS: list[tuple[bool, tuple[Predicate, ...]]] = [
    (True, (Confirmed(), Not(of=Confirmed()))),
    (True, (Authenticated(entity="box"), Not(of=Authenticated(entity="box")))),
    (True, (Authenticated(entity="box"), Authenticated(entity="thing"))),
    (True, (Owner(path=("thing_box",)), Not(of=Authenticated(entity="box")))),
    (True, (Holder(entity="box", field="tier", values=("gold",)), Authenticated(entity="thing"))),
    (
        True,
        tuple(Holder(entity="box", field="tier", values=(tier,)) for tier in ("gold", "tin")),
    ),
    (
        False,
        tuple(
            Not(of=Holder(entity="box", field="tier", values=(tier,))) for tier in ("gold", "tin")
        ),
    ),
    (True, (Param(param="n", op="gt", value=3), Param(param="n", op="le", value=3))),
    (False, (Param(param="n", op="ge", value=3), Param(param="m", op="lt", value=3))),
    (
        True,
        (
            Elapsed(field="at", op="le", seconds=-DAY),
            Elapsed(field="at", op="ge", seconds=DAY),
        ),
    ),
    (
        False,
        (
            Elapsed(field="at", op="le", seconds=DAY),
            Elapsed(field="day", op="ge", seconds=2 * DAY),
        ),
    ),
    (True, (Calls(tool="a", op="ge", value=1), Calls(tool="a", op="lt", value=1))),
    (False, (Calls(tool="a", op="ge", value=1), Calls(tool="b", op="lt", value=1))),
    (True, (Alone(exclusive="e"), Not(of=Alone(exclusive="e")))),
    (
        True,
        (
            Count(path=("thing_box",), relation="thing_box", op="le", value=2),
            Count(path=("thing_box",), relation="thing_box", op="ge", value=3),
        ),
    ),
    (
        False,
        (
            Count(path=("thing_box",), relation="thing_box", op="le", value=2),
            Count(
                path=("thing_box",),
                relation="thing_box",
                where={"state": ("new",)},
                op="ge",
                value=3,
            ),
        ),
    ),
]


@pytest.mark.parametrize(("clash", "asked"), CALLS)
def test_what_is_asked_of_calls(clash: bool, asked: tuple[Predicate, ...]) -> None:
    """Rules on who is served, on arguments, on counts and on time are reasoned about too."""
    cores = found(*asked, kind="state", on=("update",))
    assert cores == ([tuple(f"r{n}" for n in range(len(asked)))] if clash else [])


def test_rules_meet_only_where_both_are_asked() -> None:
    """Other writes, other tools and changes of other fields keep rules apart."""
    low, high = Compare(field="x", op="lt", value=1), Compare(field="x", op="gt", value=1)
    apart = [rule(low, 0, on=("create",)), rule(high, 1, on=("update",))]
    assert contradictions(apart, SCHEMA) == ()
    tools = [rule(low, 0, kind="limit"), rule(high, 1, kind="limit")]
    assert contradictions(tools, SCHEMA, [{"r0"}, {"r1"}]) == ()
    assert [c.rules for c in contradictions(tools, SCHEMA, [{"r0", "r1"}])] == [("r0", "r1")]
    one = [rule(low, 0, on=("update",), fields=("x",)), rule(high, 1, on=("update",))]
    (told,) = contradictions(one, SCHEMA)
    assert (told.rules, told.kind, told.field) == (("r0", "r1"), "update", "x")
    other = [
        rule(low, 0, on=("update",), fields=("x",)),
        rule(high, 1, on=("update",), fields=("y",)),
    ]
    assert contradictions(other, SCHEMA) == ()


def test_before_is_not_after() -> None:
    """What is, and what will be, are two things; before a creation there is nothing."""
    was = Compare(field="state", op="eq", value="open", at="before")
    will = Compare(field="state", op="eq", value="shut")
    assert found(was, will, kind="state", on=("update",)) == []
    assert found(was, Not(of=was), kind="state", on=("create",)) == []
    assert found(was, Not(of=was), kind="state", on=("update",)) == [("r0", "r1")]


def test_a_new_row_starts_where_its_life_does() -> None:
    """A rule that wants new rows elsewhere than where they may begin is reported."""
    late = In(field="state", values=("open", "shut"))
    assert found(Move(field="state"), late, on=("create",)) == [("r0", "r1")]
    assert found(Move(field="state"), late, on=("update",)) == []


def test_what_is_handed_over_is_meant_so() -> None:
    """A rule that refuses everything, to hand it over, is no contradiction."""
    refuse = rule(AnyOf(of=()), kind="hand_over", on=("delete",))
    assert contradictions([refuse], SCHEMA, [{"r0"}]) == ()
    none = NoChildren(relation="thing_box")
    children = Rule(id="c", entity="box", on=("delete",), predicate=none)
    assert contradictions([children], SCHEMA) == ()


NAMES = "abcdef"


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)))
def test_circles(follows: dict[str, list[str]]) -> None:
    """A circle is found exactly where one can come back, and it is one of the shortest."""

    def ways(start: str, length: int) -> list[tuple[str, ...]]:
        if length == 1:
            return [(start,)]
        return [
            (start, *rest) for there in follows.get(start, []) for rest in ways(there, length - 1)
        ]

    shortest = 0
    for length in range(1, len(NAMES) + 1):
        if any(way[0] in follows.get(way[-1], []) for n in NAMES for way in ways(n, length)):
            shortest = length
            break
    way = circle(follows)
    assert len(way) == shortest
    for here, there in zip(way, (*way[1:], *way[:1]), strict=True):
        assert there in follows[here]


needs: st.SearchStrategy[Predicate] = st.recursive(
    st.builds(
        Calls,
        tool=st.sampled_from(NAMES),
        op=st.sampled_from(["ge", "gt", "lt"]),
        value=st.just(1),
    ),
    lambda p: (
        st.builds(All, of=st.lists(p, min_size=1, max_size=2).map(tuple))
        | st.builds(AnyOf, of=st.lists(p, min_size=1, max_size=2).map(tuple))
    ),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(needs, max_size=2)))
def test_tools_that_can_be_called(guards: dict[str, list[Predicate]]) -> None:
    """A tool can be called where some order of calls leads to it: tried by calling."""

    def open_(predicate: Predicate, called: set[str]) -> bool:
        match predicate:
            case Calls():
                # What must not have been called may be called later.
                return predicate.op == "lt" or predicate.tool in called
            case All():
                return all(open_(part, called) for part in predicate.of)
            case AnyOf():
                return any(open_(part, called) for part in predicate.of)
            case _:
                raise AssertionError(predicate)

    called: set[str] = set()
    for _ in NAMES:
        called |= {
            name for name, asked in guards.items() if all(open_(one, called) for one in asked)
        }
    assert callable_tools(guards) == called
