"""The judge of rows: derived values and exclusives, against the plainest reading of each."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agentgym.schema import Derived, Entity, Exclusive, Field, Product, Relation, Schema
from agentgym.schema.holds import breaches, violations
from agentgym.schema.types import Row

ORDER = Entity(
    name="order",
    label="order",
    plural="orders",
    key=("id",),
    fields=(
        Field(name="id", label="id", type="integer"),
        Field(name="total", label="total", type="decimal", scale=1, nullable=True),
        Field(name="lines", label="number of lines", type="integer"),
        Field(name="latest", label="latest day", type="date", nullable=True),
        Field(name="shipping", label="shipping", type="decimal", scale=2, nullable=True),
        Field(name="weight", label="weight", type="float"),
    ),
)
LINE = Entity(
    name="line",
    label="line",
    plural="lines",
    key=("id",),
    fields=(
        Field(name="id", label="id", type="integer"),
        Field(name="order_id", label="order id", type="integer", nullable=True),
        Field(name="quantity", label="quantity", type="integer", nullable=True),
        Field(name="price", label="price", type="decimal", scale=2),
        Field(name="kind", label="kind", type="enum", values=("a", "b")),
        Field(name="day", label="day", type="date", nullable=True),
        Field(name="until", label="end", type="datetime", nullable=True),
        Field(name="mass", label="mass", type="float"),
    ),
)
BELOW = Relation(
    name="line_order",
    entity="line",
    fields=("order_id",),
    target="order",
    target_fields=("id",),
    label="order",
    inverse="lines",
)
PLAIN = Schema(entities=(ORDER, LINE), relations=(BELOW,))
DERIVED = (
    Derived(
        id="order_total",
        entity="order",
        field="total",
        relation="line_order",
        terms=(Product(fields=("quantity", "price")),),
        where={"kind": ("a",)},
        own=(Product(fields=("shipping",)),),
    ),
    Derived(id="order_lines", entity="order", field="lines", how="count", relation="line_order"),
    Derived(
        id="order_latest",
        entity="order",
        field="latest",
        how="max",
        relation="line_order",
        terms=(Product(fields=("day",)),),
    ),
    Derived(
        id="order_weight",
        entity="order",
        field="weight",
        relation="line_order",
        terms=(Product(fields=("mass",)), Product(fields=("quantity",), sign=-1)),
    ),
)
DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")

lines = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, 0, 1, 3, -2]),
        st.integers(-99, 99),
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, *DAYS]),
        st.sampled_from([None, *(f"{day}T12:00:00Z" for day in DAYS)]),
        st.sampled_from([0.0, 0.1, 0.2, 1e16, -1e16]),
    ),
    max_size=7,
).map(lambda found: tuple((n, *line) for n, line in enumerate(found)))


def half_up(value: Fraction, scale: int) -> int:
    """Round to the nearest unit of the scale; of two, the one further from zero."""
    units = value * 10**scale
    candidates = sorted(
        (int(units) - 1, int(units), int(units) + 1), key=lambda c: (abs(c - units), -abs(c))
    )
    return candidates[0]


def expected(number: int, shipping: int | None, found: tuple[Row, ...]) -> Row:
    """Compute the order's row by hand."""
    mine: list[Any] = [line for line in found if line[1] == number]
    total = Fraction(shipping or 0, 100)
    for line in mine:
        if line[4] == "a" and line[2] is not None:
            total += line[2] * Fraction(line[3], 100)
    days = [line[5] for line in mine if line[5] is not None]
    weight = sum((Fraction(line[7]) - (line[2] or 0) for line in mine), Fraction(0))
    return number, half_up(total, 1), len(mine), max(days, default=None), shipping, float(weight)


@given(lines, st.sampled_from([None, 0, 5, -5, 1234]))
def test_derived_values_are_judged_exactly(found: tuple[Row, ...], shipping: int | None) -> None:
    """Rows that are as they are computed pass; each that is not is named with its field."""
    schema = msgspec.structs.replace(PLAIN, derived=DERIVED)
    rows = {"line": found, "order": tuple(expected(n, shipping, found) for n in (1, 2))}
    assert violations(schema, rows) == []
    for place, one in ((1, "order_total"), (2, "order_lines"), (5, "order_weight")):
        wrong = list(rows["order"][1])
        wrong[place] = wrong[place] + 1  # type: ignore[operator]
        if wrong[place] == rows["order"][1][place]:
            continue  # a float so large that one more is the same
        (said,) = violations(schema, rows | {"order": (rows["order"][0], tuple(wrong))})
        assert (
            said.startswith("order[1].")
            and one in said
            and f"found {shown(place, wrong[place])}" in said
        )
    empty = (*rows["order"][0][:1], None, *rows["order"][0][2:])
    (said,) = violations(schema, rows | {"order": (empty, rows["order"][1])})
    assert "order_total" in said and "found None" in said


def shown(place: int, value: Any) -> str:
    """Say a stored value as people write it."""
    return f"{value / 10:.1f}" if place == 1 else repr(value)


def test_a_value_of_its_own_row() -> None:
    """A field computed from its own row is judged by that row, a NULL making the summand 0."""
    one = Derived(
        id="sum",
        entity="line",
        field="price",
        terms=(Product(fields=("quantity", "id")), Product(fields=("id",), sign=-1)),
    )
    schema = msgspec.structs.replace(PLAIN, derived=(one,))
    row = (4, None, 3, 800, "a", None, None, 0.0)
    assert violations(schema, {"line": (row,)}) == []
    assert violations(schema, {"line": ((4, None, None, -400, "a", None, None, 0.0),)}) == []
    (said,) = violations(schema, {"line": ((*row[:3], 801, *row[4:]),)})
    assert said == "line[0].price: sum makes it 8.00, found 8.01"


SPANS = (
    None,
    ("day", "until"),
)


@given(
    lines,
    st.sampled_from(SPANS),
    st.booleans(),
    st.sampled_from([(), ("order_id",), ("kind", "order_id")]),
)
def test_exclusives_are_judged_as_pairs_would_be(
    found: tuple[Row, ...], span: tuple[str, str] | None, some: bool, same: tuple[str, ...]
) -> None:
    """There is a breach exactly where two rows exclude each other, and the others are free."""
    one = Exclusive(
        id="alone", entity="line", same=same, span=span, where={"kind": ("a",)} if some else {}
    )
    schema = msgspec.structs.replace(PLAIN, exclusives=(one,))
    pairs = [{a[0], b[0]} for a, b in itertools.combinations(found, 2) if _exclude(one, a, b)]
    told = {
        breach.row
        for breach in breaches(schema, {"line": found, "order": _orders()})
        if "alone" in str(breach)
    }
    assert bool(told) == bool(pairs)
    for row in told:
        assert any(row in pair for pair in pairs)
    # Without the rows that are told, nothing excludes anything.
    assert all(pair & told for pair in pairs)


def _orders() -> tuple[Row, ...]:
    return tuple((n, 0, 0, None, None, 0.0) for n in (1, 2))


def _exclude(one: Exclusive, a: Any, b: Any) -> bool:
    for name in one.same:
        place = LINE.position(name)
        if a[place] is None or a[place] != b[place]:
            return False
    if one.where and (a[4] != "a" or b[4] != "a"):
        return False
    if one.span is None:
        return True
    ends = []
    for row in (a, b):
        if row[5] is None or row[6] is None:
            return False
        ends.append((f"{row[5]}T00:00:00Z", row[6]))
    (s, e), (t, f) = ends
    return bool(max(s, t) < min(e, f))


def test_rows_that_are_no_rows_are_told_and_do_no_harm() -> None:
    """What is not of its type is told once; nothing is computed of it."""
    schema = msgspec.structs.replace(
        PLAIN, derived=DERIVED, exclusives=(Exclusive(id="one", entity="line", same=("kind",)),)
    )
    rows = {"line": ((1, 1, "x", 5, "a", None, None, 0.0), (2, 1)), "order": _orders()}
    said = violations(schema, rows)
    assert any("stored as int" in one for one in said)
    assert not any("makes it" in one for one in said)
