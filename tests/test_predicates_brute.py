"""Predicates compiled to statements, against the reference that looks at every row."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import msgspec
import pytest
from desk import desk
from hypothesis import given
from hypothesis import strategies as st
from strategies_rules import Case, scenes

from agentgym.rules import Count, Holder, Rule, parts
from agentgym.schema.types import Row
from agentgym.testing.truth import needs_yes
from agentgym.testing.truth import truth as reference
from agentgym.world.guards import Setting, guards, noted, truth
from agentgym.world.journal import Session
from agentgym.world.refusals import Refusal
from agentgym.world.rows import Image, RowChange, World


def _world(case: Case) -> World:
    """Return the world of the case, with the calls made and the user known."""
    world = World(Image(case.domain))
    world.session = Session(identity=case.identity, confirmed=case.confirmed)
    for tool, given_ in case.calls:
        note = noted(tool, world.image)
        if note is not None:
            note(world, given_)
    return world


@given(case=scenes())
def test_compiled_predicates_agree_with_the_reference(case: Case) -> None:
    """Whatever is asked of whatever write: true, false and unknown alike."""
    world, scene = _world(case), case.scene()
    before, after = case.named(case.before), case.named(case.after)
    assert after is not None
    setting = Setting(case.entity, world.image, case.kind, case.tool)
    for rule in case.domain.rules:
        test = truth(rule.predicate, setting)
        expected = reference(rule.predicate, case.entity, scene, before=before, after=after)
        assert test(world, case.before, case.after, case.given) is expected, rule.predicate


@given(case=scenes(most=1))
def test_guards_refuse_what_the_reference_calls_false(case: Case) -> None:
    """A guard refuses or notes just that, takes the user's yes where it was needed, and no more."""
    world, scene = _world(case), case.scene()
    before, after = case.named(case.before), case.named(case.after)
    assert after is not None
    (rule,) = case.domain.rules
    held = reference(rule.predicate, case.entity, scene, before=before, after=after)
    tool = msgspec.structs.replace(case.tool, guards=(rule.id,))
    (check,) = guards(tool, case.kind, world.image, {}, case.entity.name)
    session = world.session
    if held is False:
        with pytest.raises(Refusal) as refused:
            check(world, case.before, case.after, case.given)
        assert refused.value.fault.rule == rule.id
    else:
        check(world, case.before, case.after, case.given)
        yes = needs_yes(rule.predicate, case.entity, scene, before=before, after=after)
        assert world.spends == yes
    assert world.session == session
    assert not world.breaches


@given(case=scenes())
def test_the_answer_is_the_same_once_the_row_is_written(case: Case) -> None:
    """What happens besides is asked after the write, in the same words."""
    world, name = _world(case), case.entity.name
    codes = [row[1] for row in case.domain.rows["client"] if row != case.before]
    if name == "client" and case.after[1] in codes:
        return  # such a row is never written
    setting = Setting(case.entity, world.image, case.kind, case.tool)
    asked = [
        truth(rule.predicate, setting)
        for rule in case.domain.rules
        if not any(isinstance(part, Holder) for part in parts(rule.predicate))
    ]
    found = [test(world, case.before, case.after, case.given) for test in asked]
    if case.before is None:
        world.insert(name, case.after)
    elif case.kind == "delete":
        world.delete(name, case.before)
    else:
        world.update(name, case.before, case.after)
    assert found == [test(world, case.before, case.after, case.given) for test in asked]


LIMIT = Rule(
    id="two_open",
    kind="limit",
    entity="order",
    on=("create", "update"),
    predicate=Count(
        path=("order_member",),
        relation="order_member",
        where={"state": ("open",)},
        op="le",
        value=2,
    ),
)
DESK, FREE = desk(LIMIT), desk(lifted=("one_booking_a_room",))
_DAYS = st.integers(0, 6).map(lambda day: f"2026-05-0{day}" if day else None)
_NUMBERS = st.integers(1, 8)
_MEMBERS = st.none() | st.integers(1, 3)
_ROOMS = st.sampled_from(["blue", "blue", "red"])
CALLS: Any = st.one_of(
    st.tuples(
        st.just("book"),
        st.fixed_dictionaries({"room": _ROOMS, "starts_on": _DAYS, "ends_on": _DAYS}),
    ),
    st.tuples(
        st.just("rebook"),
        st.fixed_dictionaries(
            {"booking_id": _NUMBERS},
            optional={
                "room": _ROOMS,
                "starts_on": _DAYS,
                "ends_on": _DAYS,
                "state": st.sampled_from(["held", "void"]),
            },
        ),
    ),
    st.tuples(st.just("create_order"), st.fixed_dictionaries({"member_id": _MEMBERS})),
    st.tuples(
        st.just("update_order"),
        st.fixed_dictionaries({"order_id": _NUMBERS, "member_id": _MEMBERS}),
    ),
    st.tuples(
        st.just("move_order"),
        st.fixed_dictionaries({"order_id": _NUMBERS, "state": st.sampled_from(["paid", "shut"])}),
    ),
    st.tuples(st.just("delete_order"), st.fixed_dictionaries({"order_id": _NUMBERS})),
)


def _overlapping(bookings: list[Row]) -> list[tuple[Any, Any]]:
    """Find the pairs of held bookings of one room that share a day, by going through the days."""

    def days(row: Row) -> set[str]:
        start, end = row[3], row[4]
        if row[5] != "held" or start is None or end is None:
            return set()
        return {
            f"2026-05-{n:02d}" for n in range(32) if str(start) <= f"2026-05-{n:02d}" < str(end)
        }

    return [
        (one[0], two[0])
        for one, two in itertools.combinations(bookings, 2)
        if one[1] == two[1] and days(one) & days(two)
    ]


def _open(orders: list[Row]) -> Counter[Any]:
    return Counter(row[1] for row in orders if row[1] is not None and row[2] == "open")


@given(history=st.lists(CALLS, min_size=5, max_size=25))
def test_counts_and_exclusives_hold_after_any_history(history: list[tuple[str, Any]]) -> None:
    """What was let through breaks neither; what was refused would have broken the one named."""
    here = DESK.world()
    for name, arguments in history:
        twin = FREE.world()
        for change in here.diff():
            _put(twin, change)
        twin.counters = here.counters
        error = DESK.call(here, name, arguments).error
        assert not _overlapping(here.rows("booking"))
        assert max(_open(here.rows("order")).values(), default=0) <= 2
        if error is not None and error.code == "rule_broken":
            if error.rule in ("one_booking_a_room", "two_open"):
                assert FREE.call(twin, name, arguments).ok
                overlaps = bool(_overlapping(twin.rows("booking")))
                crowded = max(_open(twin.rows("order")).values(), default=0) > 2
                assert (overlaps, crowded) == (error.rule[0] == "o", error.rule[0] == "t")


def _put(world: World, change: RowChange) -> None:
    if change.before is not None:
        world.delete(change.entity, change.before)
    if change.after is not None:
        world.insert(change.entity, change.after)
