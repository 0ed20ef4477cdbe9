"""What rules do to calls, class by class, as a desk would have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from desk import desk, world

from agentgym.errors import DomainError, SchemaError
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
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
)
from agentgym.trajectory import Fault
from agentgym.world.compile import Engine
from agentgym.world.rows import World

MEMBER = ("order_member",)
WRITES: Any = ("create", "update", "delete")


def rule(predicate: Predicate, kind: Any = "state", **more: Any) -> Rule:
    """Make a rule about orders, unless it says otherwise."""
    form: dict[str, Any] = {"id": "the_rule", "entity": "order", "on": ("update",)} | more
    return Rule(kind=kind, predicate=predicate, **form)


def refused(engine: Engine, here: World, name: str, /, **arguments: Any) -> Fault:
    """Call a tool that a rule must refuse: the fault, once it is sure that nothing changed."""
    digest, session = here.digest(), here.session
    error = engine.call(here, name, arguments).error
    assert error is not None, f"{name} was let through"
    assert error.code == "rule_broken"
    assert error.message.startswith(f"Rule {error.rule} does not allow this: ")
    assert (here.digest(), here.session) == (digest, session)
    assert not any(secret in error.message for secret in ("4711", "0815"))
    return error


def done(engine: Engine, here: World, name: str, /, **arguments: Any) -> Any:
    """Call a tool that must do it: what it gave."""
    result = engine.call(here, name, arguments)
    assert result.error is None, result.error
    return result.data


def agree(here: World) -> None:
    """Let the user say yes."""
    here.session = msgspec.structs.replace(here.session, confirmed=here.session.confirmed + 1)


# who is served


def test_nobody_is_served_unknown() -> None:
    """Authentication: refused until the user was identified; the message says by which tool."""
    engine = desk(rule(Authenticated(entity="member"), "authentication", on=WRITES))
    here = world(engine)
    error = refused(engine, here, "update_order", order_id=1, total=7)
    assert "call identify_member first" in error.message
    done(engine, here, "identify_member", email="ada@mail.test", name="Ada Byron")
    done(engine, here, "update_order", order_id=1, total=7)


def test_without_a_tool_to_identify_none_is_named() -> None:
    """A message never names a tool that the domain does not have."""
    engine = desk(
        rule(Authenticated(entity="member"), "authentication"),
        without=("identify_member", "identify_by_address"),
    )
    error = refused(engine, world(engine), "update_order", order_id=1, total=7)
    assert "call " not in error.message


def test_only_their_own_rows_are_served() -> None:
    """Ownership: of others nothing is changed, removed, made or handed over, and nothing told."""
    engine = desk(rule(Owner(path=MEMBER), "ownership", on=WRITES))
    here = world(engine, email="ada@mail.test")
    done(engine, here, "update_order", order_id=1, total=7)
    done(engine, here, "create_order", member_id=1)
    error = refused(engine, here, "update_order", order_id=2, total=7)
    assert "900" not in error.message
    refused(engine, here, "delete_order", order_id=2)
    refused(engine, here, "create_order", member_id=2)
    assert refused(engine, here, "create_order").rule == "the_rule"  # of nobody is not of Ada
    error = refused(engine, here, "update_order", order_id=1, member_id=2)
    assert error.parameter == "member_id"
    assert refused(engine, here, "update_order", order_id=4, total=7).parameter is None
    refused(engine, here, "update_order", order_id=2, member_id=1)
    refused(engine, world(engine), "update_order", order_id=1, total=7)


def test_ownership_follows_a_longer_path() -> None:
    """A line belongs to the member of its order."""
    engine = desk(
        rule(Owner(path=("line_order", "order_member")), "ownership", entity="line", on=WRITES)
    )
    here = world(engine, email="ada@mail.test")
    done(engine, here, "update_line", line_id=1, quantity=5)
    done(engine, here, "update_line", line_id=1, order_id=3)
    refused(engine, here, "update_line", line_id=1, order_id=2)
    refused(engine, here, "add_line", order_id=4, quantity=1)


def test_who_is_served_comes_before_what_is_asked() -> None:
    """A stranger learns nothing from the rules about the row itself."""
    engine = desk(
        rule(Compare(field="total", op="lt", value=100), "limit", id="small"),
        rule(Owner(path=MEMBER), "ownership", id="own"),
    )
    here = world(engine, email="ada@mail.test")
    assert refused(engine, here, "update_order", order_id=2, total=200).rule == "own"


def test_some_things_are_for_some_users() -> None:
    """Tier: by the row of the user as it is now; an empty tier is none of them."""
    engine = desk(rule(Holder(entity="member", field="tier", values=("gold",)), "tier"))
    for email, ok in (("ada@mail.test", True), ("ben@mail.test", False), ("cole@mail.test", False)):
        here = world(engine, email=email)
        assert engine.call(here, "update_order", {"order_id": 1, "total": 7}).ok == ok
    refused(engine, world(engine), "update_order", order_id=1, total=7)
    here = world(engine, email="ben@mail.test")
    row = here.get("member", (2,))
    assert row is not None
    here.update("member", row, (*row[:4], "gold", *row[5:]))
    done(engine, here, "update_order", order_id=1, total=7)
    here.reset()


# the row and those around it


def test_only_while_it_is_in_a_state() -> None:
    """State: as the row is before the write."""
    engine = desk(rule(In(field="state", values=("open",), at="before"), on=("update", "delete")))
    here = world(engine)
    done(engine, here, "move_order", order_id=1, state="paid")
    error = refused(engine, here, "move_order", order_id=1, state="shut")
    assert 'the state is "paid"' in error.message
    refused(engine, here, "delete_order", order_id=3)


def test_only_while_what_it_refers_to_is_in_a_state() -> None:
    """State: of a row above; without one it is unknown, and what is unknown passes."""
    engine = desk(rule(Compare(field="blocked", op="eq", value=False, path=MEMBER), on=WRITES))
    here = world(engine)
    done(engine, here, "update_order", order_id=1, total=7)
    done(engine, here, "update_order", order_id=4, total=7)
    error = refused(engine, here, "update_order", order_id=5, total=7)
    assert "its member is marked as blocked" in error.message
    error = refused(engine, here, "update_order", order_id=4, member_id=3)
    assert error.parameter == "member_id"


def test_only_so_long_after() -> None:
    """Time window: seconds since a time, by the logical clock, to the second."""
    engine = desk(rule(Elapsed(field="placed_at", op="le", seconds=10 * 86_400), "time_window"))
    here = world(engine)
    done(engine, here, "update_order", order_id=1, total=7)  # nine days
    refused(engine, here, "update_order", order_id=3, total=7)
    done(engine, here, "update_order", order_id=4, total=7)  # at no time: unknown
    here.tick()
    done(engine, here, "update_order", order_id=1, total=8)  # ten days exactly
    here.tick()
    error = refused(engine, here, "update_order", order_id=1, total=9)
    assert "2026-03-03T12:00:00Z" in error.message


def test_only_so_long_before() -> None:
    """Time window: a date begins at midnight; seconds are negative while it lies ahead."""
    ahead = Elapsed(field="starts_on", op="le", seconds=-86_400)
    engine = desk(rule(ahead, "time_window", entity="booking", on=("create",)))
    here = world(engine)
    done(engine, here, "book", room="red", starts_on="2026-03-03", ends_on="2026-03-04")
    refused(engine, here, "book", room="red", starts_on="2026-03-02", ends_on="2026-03-03")


def test_only_so_much() -> None:
    """Limit: of the row as it will be, or of the argument itself."""
    engine = desk(
        rule(Compare(field="total", op="le", value=500), "limit", on=("create", "update"))
    )
    here = world(engine)
    done(engine, here, "update_order", order_id=1, total=500)
    error = refused(engine, here, "update_order", order_id=1, total=500.01)
    assert error.parameter == "total"
    assert "the total is 500.01" in error.message
    engine = desk(rule(Param(param="total", op="le", value=500), "hand_over"))
    here = world(engine)
    done(engine, here, "update_order", order_id=2, placed_at="2026-02-01T00:00:00Z")
    error = refused(engine, here, "update_order", order_id=2, total=501)
    assert (error.parameter, "total is 501" in error.message) == ("total", True)


def test_only_so_many() -> None:
    """Limit: of rows that refer to one row, once the write is done."""
    few = Count(path=MEMBER, relation="order_member", where={"state": ("open",)}, op="le", value=1)
    engine = desk(rule(few, "limit", on=WRITES))
    here = world(engine)
    done(engine, here, "create_order")  # of nobody: unknown
    error = refused(engine, here, "create_order", member_id=1)
    assert "its member would have 2 orders" in error.message
    assert error.parameter == "member_id"
    done(engine, here, "update_order", order_id=1, total=7)  # itself is counted once
    refused(engine, here, "update_order", order_id=2, member_id=1)
    done(engine, here, "move_order", order_id=1, state="paid")
    done(engine, here, "create_order", member_id=1)
    done(engine, here, "delete_order", order_id=2)


def test_at_least_one_stays() -> None:
    """Limit: a deleted row no longer counts, a moved one counts where it goes."""
    some = Count(path=MEMBER, relation="order_member", op="ge", value=1)
    engine = desk(rule(some, "limit", on=("delete",)))
    here = world(engine)
    here.delete("line", (1, 1, 2))
    here.delete("line", (2, 1, 1))
    done(engine, here, "delete_order", order_id=1)
    refused(engine, here, "delete_order", order_id=3)
    here.reset()


def test_one_at_a_time() -> None:
    """An exclusive: of those that pass, no two overlap; the end is not part of the time."""
    engine = desk()
    here = world(engine)
    error = refused(engine, here, "book", room="blue", starts_on="2026-05-03", ends_on="2026-05-05")
    assert error.rule == "one_booking_a_room"
    assert "another booking" in error.message
    assert error.parameter == "room"
    done(engine, here, "book", room="blue", starts_on="2026-05-04", ends_on="2026-05-05")
    done(engine, here, "book", room="blue", starts_on="2026-05-02", ends_on="2026-05-02")
    done(engine, here, "book", room="red", starts_on="2026-05-03", ends_on="2026-05-05")
    done(engine, here, "book", room="blue", starts_on="2026-06-01", ends_on="2026-06-02")
    done(engine, here, "rebook", booking_id=1, ends_on="2026-05-03")  # itself is no other
    done(engine, here, "book", room="blue", starts_on=None, ends_on="2026-05-05")
    refused(engine, here, "rebook", booking_id=2, state="held")
    done(engine, here, "rebook", booking_id=2, state="held", room="green")


# the conversation


def test_not_a_second_time() -> None:
    """Once: the same call again is refused, another is not; failures do not count."""
    once = Calls(tool="update_order", same={"order_id": "order_id"}, op="eq", value=0)
    engine = desk(rule(once, "once"))
    here = world(engine)
    assert not engine.call(here, "update_order", {"order_id": 1, "total": -7}).ok
    done(engine, here, "update_order", order_id=1, total=7)
    error = refused(engine, here, "update_order", order_id=1, total=8)
    assert "update_order has been called once" in error.message
    done(engine, here, "update_order", order_id=2, total=8)


def test_only_after_another_call() -> None:
    """Order of calls: look before you change, at the same row."""
    seen = Calls(tool="get_order", same={"order_id": "order_id"}, op="ge", value=1)
    engine = desk(rule(seen, "order"))
    here = world(engine)
    refused(engine, here, "update_order", order_id=1, total=7)
    done(engine, here, "get_order", order_id=2)
    assert not engine.call(here, "get_order", {"order_id": 99}).ok
    refused(engine, here, "update_order", order_id=1, total=7)
    done(engine, here, "get_order", order_id=1)
    done(engine, here, "update_order", order_id=1, total=7)


def test_calls_agree_by_value() -> None:
    """A total of 12.5 is that of 12.50, and what is not sent agrees with what is not sent."""
    once = Calls(tool="create_order", same={"total": "total"}, op="eq", value=0)
    engine = desk(rule(once, "once"))
    here = world(engine)
    done(engine, here, "create_order", total=12.5)
    refused(engine, here, "update_order", order_id=1, total=12.50)
    done(engine, here, "update_order", order_id=1, placed_at="2026-02-02T00:00:00Z")
    done(engine, here, "create_order")
    refused(engine, here, "update_order", order_id=1, placed_at="2026-02-03T00:00:00Z")


def test_one_yes_serves_one_write() -> None:
    """Confirmation: asked for each write; a call that fails takes none away."""
    engine = desk(rule(Confirmed(), "confirmation"))
    here = world(engine)
    error = refused(engine, here, "update_order", order_id=1, total=7)
    assert "said yes" in error.message
    agree(here)
    assert not engine.call(here, "update_order", {"order_id": 99, "total": 7}).ok
    assert not engine.call(here, "update_order", {"order_id": 1, "total": -7}).ok
    assert here.session.confirmed == 1
    done(engine, here, "update_order", order_id=1, total=7)
    refused(engine, here, "update_order", order_id=1, total=8)


def test_a_yes_that_was_not_needed_is_kept() -> None:
    """Confirmation: of large amounts only; a small one in between leaves the yes for later."""
    large = AnyOf(of=(Compare(field="total", op="le", value=100), Confirmed()))
    engine = desk(rule(large, "confirmation"))
    here = world(engine)
    agree(here)
    done(engine, here, "update_order", order_id=1, total=100)
    assert here.session.confirmed == 1
    done(engine, here, "update_order", order_id=1, total=101)
    assert here.session.confirmed == 0
    refused(engine, here, "update_order", order_id=1, total=102)


def test_marks_and_confirmations_travel_with_the_moment() -> None:
    """Once is once, whichever way the world came here."""
    once = Calls(tool="update_order", op="lt", value=1)
    engine = desk(rule(All(of=(once, Confirmed())), "once"))
    here = world(engine)
    agree(here)
    start = here.snapshot()
    done(engine, here, "update_order", order_id=1, total=7)
    agree(here)
    after = here.snapshot()
    twin = here.fork()
    refused(engine, twin, "update_order", order_id=1, total=8)
    here.restore(start)
    done(engine, here, "update_order", order_id=1, total=7)
    here.restore(after)
    refused(engine, here, "update_order", order_id=1, total=8)
    here.reset()
    agree(here)
    done(engine, here, "update_order", order_id=1, total=7)


def test_only_what_a_rule_counts_leaves_a_mark() -> None:
    """A domain without such rules keeps its sessions as they are."""
    engine = desk()
    here = world(engine)
    session = here.session
    done(engine, here, "update_order", order_id=1, total=7)
    done(engine, here, "get_order", order_id=1)
    assert here.session is session


# how rules apply


def test_advice_is_noted_and_not_enforced() -> None:
    """An advisory rule lets the call through; the result holds its id, where the call succeeds."""
    small = Compare(field="total", op="le", value=100)
    engine = desk(
        rule(small, "limit", enforced=False), rule(Not(of=small), "limit", id="b", enforced=False)
    )
    here = world(engine)
    call: Callable[..., Any] = engine.call
    assert call(here, "update_order", {"order_id": 1, "total": 101}).breaches == ("the_rule",)
    assert call(here, "update_order", {"order_id": 1, "total": 100}).breaches == ("b",)
    assert call(here, "update_order", {"order_id": 1, "total": -1}).breaches == ()
    assert call(here, "get_order", {"order_id": 1}).breaches == ()


def test_updates_of_other_fields_are_not_guarded() -> None:
    """A rule about some fields asks only where one of them changes."""
    engine = desk(rule(Confirmed(), "confirmation", fields=("total",)))
    here = world(engine)
    done(engine, here, "update_order", order_id=1, placed_at="2026-02-02T00:00:00Z")
    done(engine, here, "update_order", order_id=1, total=50, placed_at=None)
    refused(engine, here, "update_order", order_id=1, total=51)


def test_reading_may_be_guarded() -> None:
    """Get, find and list give a row only to whom it may be shown; unknown rows are not found."""
    engine = desk(
        rule(Owner(path=MEMBER), "ownership", on=("read",)),
        rule(Owner(), "ownership", id="self", entity="member", on=("read",)),
    )
    here = world(engine, email="ada@mail.test")
    assert done(engine, here, "get_order", order_id=1)["total"] == 50
    assert done(engine, here, "find_member", email="ada@mail.test")["member_id"] == 1
    assert done(engine, here, "list_orders", member_id=1)["total"] == 2
    refused(engine, here, "get_order", order_id=2)
    error = refused(engine, here, "find_member", email="ben@mail.test")
    assert "Ben" not in error.message
    refused(engine, here, "list_orders", member_id=2)
    missing = engine.call(here, "get_order", {"order_id": 99}).error
    assert missing is not None
    assert missing.code == "not_found"


def test_invariants_hold_whatever_the_tool_says() -> None:
    """Rules that belong to the rows need not be named."""
    engine = desk()
    here = world(engine)
    assert refused(engine, here, "update_order", order_id=1, total=-1).rule == "order_total_least"
    assert refused(engine, here, "move_order", order_id=3, state="open").rule == "order_state_moves"
    assert refused(engine, here, "delete_order", order_id=1).rule == "order_keeps_line_order"


def test_what_is_told_is_no_secret() -> None:
    """Of secrets and of persons a message says nothing; the caller's own words it may repeat."""
    engine = desk(
        rule(Compare(field="pin", op="eq", value="0", path=MEMBER), id="a"),
        rule(
            Compare(field="email", op="eq", value="x@mail.test", path=MEMBER),
            id="b",
            on=("delete",),
        ),
        rule(
            Compare(field="email", op="eq", value="x@mail.test"),
            id="c",
            entity="member",
            on=("read",),
        ),
    )
    here = world(engine)
    assert (
        "the values do not fit"
        in refused(engine, here, "update_order", order_id=1, total=7).message
    )
    assert "@mail.test is" not in refused(engine, here, "delete_order", order_id=4 - 1).message
    assert "ada@" not in refused(engine, here, "delete_order", order_id=3).message
    assert "ada@" in refused(engine, here, "find_member", email="ada@mail.test").message


def test_of_several_conditions_the_broken_one_is_told() -> None:
    """All names the first that fails, any of names each, whoever is served first."""
    state, small = In(field="state", values=("open",)), Compare(field="total", op="lt", value=9)
    engine = desk(rule(All(of=(state, small, Authenticated(entity="member")))))
    here = world(engine)
    assert "identified" in refused(engine, here, "update_order", order_id=1, total=10).message
    here = world(engine, email="ada@mail.test")
    message = refused(engine, here, "update_order", order_id=1, total=10).message
    assert "the total is 10.00" in message.partition(". ")[0]
    engine = desk(rule(AnyOf(of=(Not(of=state), small))))
    message = refused(engine, world(engine), "update_order", order_id=1, total=10).message
    assert 'the state is "open" and the total is 10.00' in message


def _costs(*rules: Rule, email: str | None = None, **arguments: Any) -> int:
    """Count the statements of one update of an order."""
    engine = desk(*rules)
    here = world(engine, email=email)
    arguments = {"order_id": 1, "total": 7} | arguments
    assert engine.call(here, "update_order", arguments).ok
    here.reset()
    if email:
        here = world(engine, email=email)
    seen: list[str] = []
    execute = here.execute

    def counting(sql: str, *values: Any) -> Any:
        seen.append(sql)
        return execute(sql, *values)

    here.execute = counting
    assert engine.call(here, "update_order", arguments).ok
    return len(seen)


def test_rules_cost_only_the_statements_that_they_need() -> None:
    """None for fields, arguments, clock and session; one a step, a count, a holder."""
    free = _costs()
    free_of_charge: tuple[Predicate, ...] = (
        Authenticated(entity="member"),
        Owner(path=MEMBER),
        Calls(tool="book", op="eq", value=0),
        Compare(field="total", op="lt", value=100),
        In(field="state", values=("open",), at="before"),
        Elapsed(field="placed_at", op="gt", seconds=0),
        Param(param="total", op="lt", value=100),
    )
    for predicate in free_of_charge:
        assert _costs(rule(predicate), email="ada@mail.test") == free, predicate
    one_each: tuple[Predicate, ...] = (
        Compare(field="tier", op="eq", value="gold", path=MEMBER),
        Count(relation="line_order", op="le", value=2),
        Holder(entity="member", field="tier", values=("gold",)),
    )
    for predicate in one_each:
        assert _costs(rule(predicate), email="ada@mail.test") == free + 1, predicate


@pytest.mark.parametrize(
    "wrong",
    [
        rule(Compare(field="tier", op="eq", value="gold")),
        rule(Compare(field="tier", op="eq", value="silver", path=MEMBER)),
        rule(Compare(field="total", op="lt", other="placed_at")),
        rule(Compare(field="total", op="lt", value=1, path=("line_order",))),
        rule(Elapsed(field="total", op="lt", seconds=1)),
        rule(Count(relation="order_member", op="lt", value=1)),
        rule(Count(relation="line_order", where={"quantity": ("many",)}, op="lt", value=1)),
        rule(Alone(exclusive="one_booking_a_room")),
        rule(Param(param="page", op="lt", value=1)),
        rule(Param(param="total", op="lt", value="much")),
        rule(Calls(tool="fly", op="lt", value=1)),
        rule(Calls(tool="get_order", same={"order_id": "id"}, op="lt", value=1)),
        rule(Calls(tool="get_order", same={"id": "order_id"}, op="lt", value=1)),
        rule(Owner(path=("order_member", "order_member"))),
        rule(Holder(entity="member", field="tier", values=("silver",))),
    ],
)
def test_rules_that_do_not_fit_are_authors_mistakes(wrong: Rule) -> None:
    """They are refused when a tool that names them is compiled, with their place."""
    with pytest.raises((DomainError, SchemaError)):
        desk(wrong).compile()
