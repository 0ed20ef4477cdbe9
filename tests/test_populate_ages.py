"""Rows that are made are of their age: what is past is over, what is to come has not begun."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.populate import PRESENT, fill
from agentgym.rules import Assign, Effect, In, Rule, Value
from agentgym.schema import Entity, Exclusive, Field, Lifecycle, Relation, Schema, ValueType
from agentgym.schema.holds import violations
from agentgym.schema.types import Rows
from agentgym.sources import Values

TODAY = PRESENT[:10]
FLOWS = {
    "show": (
        {"planned": ("on sale", "dropped"), "on sale": ("running", "dropped"),
         "running": ("held",), "held": (), "dropped": ()},
        ("planned", "on sale"), ("running",), ("held",),
    ),
    "ticket": (
        {"sold": ("used", "refunded"), "used": (), "refunded": ()}, ("sold",), (), ("used",),
    ),
    "order": (
        {"placed": ("packed", "cancelled"), "packed": ("sent",), "sent": (), "cancelled": ()},
        ("placed", "packed"), (), ("sent",),
    ),
    "remark": ({"open": ("closed",), "closed": ()}, ("open",), (), ("closed",)),
}  # fmt: skip
"""Entity to its moves, its states before, its states meanwhile, and those of a good end."""


def time(name: str, kind: ValueType = "date", **options) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=kind, role="time", **options)


def number(name: str, **options) -> Field:
    return Field(name=name, label=name.replace("_", " "), type="integer", role="measure", **options)


def entity(name: str, *fields: Field, parents: tuple[str, ...] = ()) -> Entity:
    key = Field(name=f"{name}_id", label=f"{name} ID", type="integer", role="key")
    above = [
        Field(name=f"{one}_id", label=f"{one} ID", type="integer", role="reference")
        for one in parents
    ]
    state: tuple[Field, ...] = ()
    if name in FLOWS:
        moves = FLOWS[name][0]
        state = (
            Field(name="status", label="status", type="enum", values=tuple(moves), role="status"),
        )
    return Entity(
        name=name, label=name, plural=f"{name}s", key=(key.name,), key_source="counter",
        fields=(key, *above, *fields, *state),
    )  # fmt: skip


def relation(child: str, parent: str) -> Relation:
    return Relation(
        name=f"{child}_{parent}", entity=child, fields=(f"{parent}_id",), target=parent,
        target_fields=(f"{parent}_id",), label=parent, inverse=f"{child}s",
    )  # fmt: skip


def states(name: str) -> Values:
    moves, ahead, meanwhile, done = FLOWS[name]
    listed = [state for state in moves for _ in range(6 if state in done else 2)]
    return Values(
        entity=name, field="status", values=tuple(listed), late=(*ahead, *meanwhile),
        ahead=ahead if meanwhile else (),
    )  # fmt: skip


HALL = entity("hall", Field(name="name", label="name", type="text", role="label"), number("seats"))
SHOW = entity(
    "show", time("starts_at", "datetime"), time("ends_at", "datetime"), number("places"),
    parents=("hall",),
)  # fmt: skip
TICKET = entity("ticket", time("bought_on"), parents=("show",))
REPORT = entity("report", time("written_at", "datetime"), parents=("show",))
ORDER = entity(
    "order", time("placed_at", "datetime"), time("sent_on", nullable=True),
    number("rating", nullable=True), parents=("hall",),
)  # fmt: skip
REMARK = entity("remark", parents=("order",))
SCHEMA = Schema(
    entities=(HALL, SHOW, TICKET, REPORT, ORDER, REMARK),
    relations=(
        relation("show", "hall"), relation("ticket", "show"), relation("report", "show"),
        relation("order", "hall"), relation("remark", "order"),
    ),
    lifecycles=tuple(
        Lifecycle(entity=name, field="status", initial=(next(iter(flow[0])),), moves=flow[0])
        for name, flow in FLOWS.items()
    ),
    exclusives=(
        Exclusive(
            id="one_show", entity="show", same=("hall_id",), span=("starts_at", "ends_at"),
            where={"status": ("planned", "on sale", "running")},
        ),
    ),
)  # fmt: skip
SENT = Effect(
    id="sent_on_noted", entity="order", on=("update",), fields=("status",),
    when=In(field="status", values=("sent",)), do=Assign(field="sent_on", value=Value(now=True)),
)  # fmt: skip
RULES = (
    Rule(
        id="rated_once_sent", kind="state", entity="order", on=("update",), fields=("rating",),
        predicate=In(field="status", values=("sent",)), level=1,
    ),
    Rule(
        id="reported_once_held", kind="state", entity="report", on=("create",),
        predicate=In(path=("report_show",), field="status", values=("held",)), level=1,
    ),
)  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[Values, ...], int, int]:
    """What a source may say of these fields, how far times are apart, a seed and a size."""
    hours = draw(st.integers(1, 4))
    early = draw(st.integers(-60, -1))
    values = (
        *(states(name) for name in FLOWS),
        Values(entity="show", field="ends_at", after="starts_at", least=1, most=hours, step=0.5),
        Values(entity="show", field="places", least=50, most=900, within=("show_hall", "seats")),
        Values(entity="hall", field="seats", least=20, most=300),
        Values(
            entity="ticket", field="bought_on", after="starts_at", along=("ticket_show",),
            least=early, most=draw(st.integers(early, 0)),
        ),
        Values(
            entity="report", field="written_at", after="starts_at", along=("report_show",),
            least=0, most=draw(st.integers(0, 20)),
        ),
        Values(entity="order", field="sent_on", after="placed_at", least=1, most=12),
    )  # fmt: skip
    return values, draw(st.integers(0, 10**6)), draw(st.sampled_from([20, 40, 80]))


def made(case: tuple[tuple[Values, ...], int, int], schema: Schema = SCHEMA) -> Rows:
    values, seed, size = case
    return fill(schema, {}, seed=seed, size=size, values=values, effects=(SENT,), rules=RULES)


def named(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    return {
        one.name: [
            dict(zip([f.name for f in one.fields], row, strict=True)) for row in rows[one.name]
        ]
        for one in SCHEMA.entities
    }


@settings(max_examples=12)
@given(cases())
def test_what_is_planned_is_in_the_state_of_its_time(case) -> None:
    """What ended is over, what lies ahead has not begun, and both kinds are there."""
    rows = made(case)
    assert violations(SCHEMA, rows) == []
    shows = named(rows)["show"]

    for row in shows:
        if row["ends_at"] < PRESENT:
            assert row["status"] in ("held", "dropped")
        elif row["starts_at"] > PRESENT:
            assert row["status"] in ("planned", "on sale", "dropped")
        else:
            assert row["status"] in ("running", "dropped")
        assert row["starts_at"][14:] in ("00:00Z", "15:00Z", "30:00Z", "45:00Z")
    assert any(row["starts_at"] > PRESENT for row in shows)
    assert sum(row["status"] == "held" for row in shows) > len(shows) / 3


@settings(max_examples=12)
@given(cases())
def test_what_hangs_on_a_planned_day_goes_with_it(case) -> None:
    """Tickets are bought before the show and used at it; reports follow shows that were held."""
    values = {(one.entity, one.field): one for one in case[0]}
    rows = named(made(case))
    shows = {row["show_id"]: row for row in rows["show"]}

    for row in rows["ticket"]:
        show = shows[row["show_id"]]
        assert row["bought_on"] <= min(show["starts_at"][:10], TODAY)
        if show["starts_at"] < PRESENT:
            starts = dt.date.fromisoformat(show["starts_at"][:10])
            days = (starts - dt.date.fromisoformat(row["bought_on"])).days
            assert -values["ticket", "bought_on"].most <= days
            assert days <= -values["ticket", "bought_on"].least + 1
            running = show["status"] == "running"
            assert row["status"] in (("sold", "refunded") if running else ("used", "refunded"))
        else:
            assert row["status"] in ("sold", "refunded")
        if show["status"] == "dropped":
            assert row["status"] == "refunded"
    for row in rows["report"]:
        show = shows[row["show_id"]]
        assert show["status"] == "held"
        assert show["starts_at"] <= row["written_at"] <= PRESENT
    assert rows["ticket"]
    assert rows["report"]


@settings(max_examples=12)
@given(cases())
def test_only_late_rows_are_open(case) -> None:
    """Open orders began lately, mostly; each state occurs, and what is noted goes with it."""
    rows = named(made(case))
    orders = sorted(rows["order"], key=lambda row: row["placed_at"])
    open_ = [row["status"] in ("placed", "packed") for row in orders]

    assert {row["status"] for row in orders} == set(FLOWS["order"][0])
    assert 0.08 < sum(open_) / len(open_) < 0.5
    half = len(open_) // 2
    assert sum(open_[:half]) <= 0.15 * half
    for row in orders:
        assert (row["sent_on"] is not None) == (row["status"] == "sent")
        assert (row["rating"] is not None) == (row["status"] == "sent")
        assert row["placed_at"] <= PRESENT
        if row["sent_on"] is not None:
            assert row["placed_at"][:10] <= row["sent_on"] <= TODAY
    placed = {row["order_id"]: row["placed_at"] for row in orders}
    old = [row for row in rows["remark"] if placed[row["order_id"]] < "2024-06-01"]
    assert sum(row["status"] == "open" for row in old) <= max(0.2 * len(old), 3)


@settings(max_examples=12)
@given(cases())
def test_a_number_stays_within_that_of_another_row(case) -> None:
    """No show has more places than its hall has seats."""
    rows = named(made(case))
    seats = {row["hall_id"]: row["seats"] for row in rows["hall"]}

    assert all(1 <= row["places"] <= seats[row["hall_id"]] for row in rows["show"])
    assert any(row["places"] < seats[row["hall_id"]] for row in rows["show"])


@settings(max_examples=6)
@given(cases(), st.permutations(SCHEMA.entities), st.permutations(SCHEMA.relations))
def test_the_order_of_the_schema_does_not_matter(case, entities, relations) -> None:
    """The same rows come of a schema that names its parts in another order."""
    other = msgspec.structs.replace(
        SCHEMA, entities=tuple(entities), relations=tuple(relations),
        lifecycles=SCHEMA.lifecycles[::-1],
    )  # fmt: skip
    values, seed, size = case
    assert dict(made(case)) == dict(made((values[::-1], seed, size), other))


def test_rows_that_exist_keep_their_states() -> None:
    """What came with a source is as it was, and what is made for it is of the same time."""
    rows = made(((states("show"), states("order")), 3, 20))
    halls, shows = rows["hall"], rows["show"]
    again = fill(SCHEMA, {"hall": halls, "show": shows}, seed=4, size=20, rules=RULES)

    assert (again["hall"], again["show"]) == (halls, shows)
    assert violations(SCHEMA, again) == []
    assert again["order"]
