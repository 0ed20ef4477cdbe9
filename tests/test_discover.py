"""What holds in rows is found, with evidence; what only seems to hold is not."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.schema import Derived, Entity, Field, Product, Relation, Schema
from agentgym.schema.discover import Columns, compute, discover, needs, ordered
from agentgym.schema.holds import violations
from agentgym.schema.roles import infer
from agentgym.schema.types import Row
from agentgym.sources import read

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("AGENTGYM_DATA", ROOT / "schemas")).rglob("*.sql*")
REAL = sorted(path for path in DATA if path.suffix in (".sql", ".sqlite"))

Table = dict[str, tuple[Row, ...]]


def field(name: str, kind: str = "integer", role: str = "other", **more: Any) -> Field:
    """A field whose label is its name in words."""
    return Field(name=name, label=name.replace("_", " "), type=kind, role=role, **more)  # type: ignore[arg-type]


def money(name: str, scale: int = 2, **more: Any) -> Field:
    """An amount of money."""
    return field(name, "decimal", "money", scale=scale, **more)


def entity(name: str, *fields: Field) -> Entity:
    """An entity with a counted key."""
    key = field("id", role="key")
    return Entity(
        name=name, label=name.replace("_", " "), plural=f"{name.replace('_', ' ')}s",
        key=("id",), key_source="counter", fields=(key, *fields),
    )  # fmt: skip


def below(child: str, target: str) -> Relation:
    """The reference of a child to its parent."""
    return Relation(
        name=f"{child}_{target}", entity=child, fields=(f"{target}_id",), target=target,
        target_fields=("id",), label=target.replace("_", " "),
        inverse=f"{child.replace('_', ' ')}s",
    )  # fmt: skip


def reference(name: str) -> Field:
    """The field of a reference."""
    return field(f"{name}_id", role="reference")


SHOP = Schema(
    entities=(
        entity("order", money("shipping"), money("total"), field("line_count", role="quantity"),
               field("last_shipped_at", "datetime", "time", nullable=True),
               field("open_count", role="quantity")),
        entity("order_line", reference("order"), field("quantity", role="quantity"),
               money("unit_price", 3), money("amount"),
               field("status", "enum", "status", values=("open", "shipped", "cancelled")),
               field("shipped_at", "datetime", "time", nullable=True)),
    ),
    relations=(below("order_line", "order"),),
)  # fmt: skip


def half_up(value: Decimal) -> int:
    """An amount in cents."""
    return int(value.quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))


def shop(seed: int, *, orders: int = 40) -> Table:
    """Orders whose totals, counts and latest times follow from their lines."""
    rng = random.Random(seed)
    lines: list[Row] = []
    heads: list[Row] = []
    for order in range(1, orders + 1):
        own: list[tuple[Any, ...]] = []
        for _ in range(rng.randint(0, 6)):
            quantity, price = rng.randint(1, 9), rng.randint(1, 99_999)
            amount = half_up(Decimal(quantity) * Decimal(price).scaleb(-3))
            state = rng.choice(("open", "shipped", "cancelled"))
            time = f"2024-0{rng.randint(1, 9)}-{rng.randint(10, 28)}T08:00:00Z"
            own.append((amount, state, time if rng.random() < 0.8 else None))
            lines.append((len(lines) + 1, order, quantity, price, amount, state, own[-1][2]))
        shipping = rng.randint(0, 3) * 495
        times = [time for _, _, time in own if time]
        heads.append((
            order, shipping, shipping + sum(a for a, _, _ in own), len(own),
            max(times, default=None), sum(s == "open" for _, s, _ in own),
        ))  # fmt: skip
    return {"order": tuple(heads), "order_line": tuple(lines)}


def by_field(schema: Schema) -> dict[str, Derived]:
    """The derived fields by name."""
    return {f"{one.entity}.{one.field}": one for one in schema.derived}


@given(seed=st.integers(0, 10_000))
def test_what_follows_is_found_and_nothing_else(seed: int) -> None:
    """Line amounts, totals with shipping, counts with a condition and latest times are found."""
    rows = shop(seed)

    found = by_field(discover(SHOP, rows))

    assert set(found) == {
        "order_line.amount", "order.total", "order.line_count", "order.open_count",
        "order.last_shipped_at",
    }  # fmt: skip
    assert found["order_line.amount"].terms == (Product(fields=("quantity", "unit_price")),)
    total = found["order.total"]
    assert total.terms == (Product(fields=("amount",)),)
    assert total.own == (Product(fields=("shipping",)),)
    assert found["order.open_count"].where == {"status": ("open",)}
    assert (found["order.line_count"].how, found["order.line_count"].where) == ("count", {})
    assert found["order.last_shipped_at"].how == "max"
    assert all("holds for all" in one.evidence[0] for one in found.values())


@given(
    seed=st.integers(0, 500),
    place=st.sampled_from([("order", 2), ("order", 3), ("order", 5), ("order_line", 4)]),
    row=st.integers(0, 30),
    by=st.sampled_from([-1, 1, 100]),
)
def test_one_row_that_differs_is_enough(
    seed: int, place: tuple[str, int], row: int, by: int
) -> None:
    """A cent more in one row, or one too many, and the field is not derived."""
    rows = shop(seed)
    name, column = place
    old = list(rows[name][row])
    old[column] += by  # type: ignore[operator]
    rows[name] = (*rows[name][:row], tuple(old), *rows[name][row + 1 :])

    found = by_field(discover(SHOP, rows))

    assert f"{name}.{SHOP.entity(name).fields[column].name}" not in found


@given(seed=st.integers(0, 10_000))
def test_chance_proves_nothing(seed: int) -> None:
    """Columns with the right names and numbers of their own are left as they are."""
    rng = random.Random(seed)
    rows = shop(seed)
    heads = [(*row[:2], rng.randint(1, 99_999), rng.randint(0, 6), None, rng.randint(0, 6))
             for row in rows["order"]]  # fmt: skip
    lines = [(*row[:4], rng.randint(1, 99_999), *row[5:]) for row in rows["order_line"]]

    found = discover(SHOP, {"order": tuple(heads), "order_line": tuple(lines)})

    assert found.derived == ()


@pytest.mark.parametrize("constant", [0, 1])
def test_constant_columns_prove_nothing(constant: int) -> None:
    """Where every order has one line, or none counts, a count of 1 or 0 is no evidence."""
    lines = tuple((n, n, 1, 1000, 100, "shipped", None) for n in range(1, 41))
    heads = tuple((n, 0, 100, constant, None, 0) for n in range(1, 41))

    assert discover(SHOP, {"order": heads, "order_line": lines}).derived == ()


def test_few_rows_prove_nothing() -> None:
    """Nineteen rows are too few."""
    rows = shop(1, orders=19)

    assert not {"order.total", "order.line_count"} & set(by_field(discover(SHOP, rows)))


@pytest.mark.parametrize(
    ("whole", "parts", "make"),
    [
        ("total", ("net", "tax"), lambda a, b: a + b),
        ("net_total", ("subtotal", "discount"), lambda a, b: a - b),
        ("margin", ("revenue", "cost"), lambda a, b: a - b),
    ],
)
def test_sums_in_a_row(whole: str, parts: tuple[str, str], make: Callable[[int, int], int]) -> None:
    """Net and tax, subtotal and discount, revenue and cost give their whole."""
    rng = random.Random(7)
    schema = Schema(entities=(entity("bill", *map(money, parts), money(whole)),))
    pairs = [(rng.randint(500, 9999), rng.randint(1, 499)) for _ in range(60)]
    rows = {"bill": tuple((n, a, b, make(a, b)) for n, (a, b) in enumerate(pairs))}

    (found,) = discover(schema, rows).derived

    assert (found.field, {name for t in found.terms for name in t.fields}) == (whole, set(parts))
    assert violations(discover(schema, rows), rows) == []


@given(
    values=st.lists(
        st.tuples(st.integers(-999, 999), st.none() | st.integers(-999, 999)), max_size=20
    ),
    scale=st.integers(0, 4),
    sign=st.sampled_from([1, -1]),
)
def test_computed_values_are_those_of_the_judge(
    values: list[tuple[int, int | None]], scale: int, sign: Any
) -> None:
    """Products are exact, rounded once, half up, and NULL makes a summand nothing."""
    first, second = money("a", 2, nullable=True), money("b", 2, nullable=True)
    schema = Schema(
        entities=(entity("x", first, second, money("c", scale)),),
        derived=(Derived(id="c", entity="x", field="c", terms=(
            Product(fields=("a", "b"), sign=sign), Product(fields=("a",)))),),
    )  # fmt: skip
    rows: Table = {"x": tuple((n, a, b, 0) for n, (a, b) in enumerate(values))}

    made = compute(schema, schema.derived[0], Columns(schema, rows))

    filled = tuple((*row[:3], value) for row, value in zip(rows["x"], made, strict=True))
    assert violations(schema, {"x": filled}) == []
    for (a, b), value in zip(values, made, strict=True):
        exact = Decimal(sign * a * (b or 0)).scaleb(-4) + Decimal(a).scaleb(-2)
        assert value == int(exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP).scaleb(scale))


def test_names_alone_prove_what_is_yet_to_be_made() -> None:
    """Without rows there is one reading of these names, and none of others."""
    found = by_field(discover(SHOP, {}))

    assert set(found) == {"order_line.amount", "order.total", "order.line_count"}
    assert found["order.total"].own == (Product(fields=("shipping",)),)
    assert all("by name" in one.evidence[0] for one in found.values())


def test_nothing_is_computed_from_itself() -> None:
    """Of two amounts that follow from each other only one does."""
    schema = Schema(entities=(entity("bill", money("net"), money("tax"), money("total")),))
    rng = random.Random(3)
    pairs = [(rng.randint(500, 9999), rng.randint(1, 499)) for _ in range(60)]
    rows = {"bill": tuple((n, a, b, a + b) for n, (a, b) in enumerate(pairs))}

    found = discover(schema, rows)

    done: set[tuple[str, str]] = set()
    for one in ordered(found, found.derived):
        assert (one.entity, one.field) not in needs(found, one) | done
        done.add((one.entity, one.field))
    assert len(found.derived) == 1


LIBRARY = Schema(
    entities=(
        entity("room"),
        entity("booking", reference("room"),
               field("starts_at", "datetime", "time"), field("ends_at", "datetime", "time"),
               field("status", "enum", "status", values=("open", "done", "cancelled"))),
    ),
    relations=(below("booking", "room"),),
)  # fmt: skip


def bookings(seed: int, *, apart: bool, rooms: int = 4, count: int = 160) -> Table:
    """Bookings of few rooms within a few days: by plan, or wherever chance has them."""
    rng = random.Random(seed)
    rows: list[Row] = []
    free = dict.fromkeys(range(1, rooms + 1), 0)
    for number in range(1, count + 1):
        room = rng.randint(1, rooms)
        start = free[room] if apart else rng.randint(0, 500)
        length = rng.randint(1, 4)
        state = "done"
        if apart and rng.random() < 0.2:
            state = "cancelled"
        else:
            free[room] = start + length
        times = [f"2024-{1 + t // 672:02}-{1 + t // 24 % 28:02}T{t % 24:02}:00:00Z"
                 for t in (start, start + length)]  # fmt: skip
        rows.append((number, room, *times, state))
    opened: set[int] = set()
    for place in reversed(range(len(rows))):
        room = int(rows[place][1] or 0)
        if apart and room not in opened:
            opened.add(room)
    return {"room": tuple((n,) for n in range(1, rooms + 1)), "booking": tuple(rows)}


@given(seed=st.integers(0, 1000))
def test_spans_that_never_overlap(seed: int) -> None:
    """A plan shows that a room is booked once at a time, cancelled bookings aside."""
    rows = bookings(seed, apart=True)

    found = discover(LIBRARY, rows)

    (one,) = found.exclusives
    assert (one.same, one.span) == (("room_id",), ("starts_at", "ends_at"))
    assert one.where in ({"status": ("open", "done")}, {})
    assert violations(found, rows) == []


@given(seed=st.integers(0, 1000))
def test_spans_that_overlap_exclude_nothing(seed: int) -> None:
    """Bookings as chance has them prove nothing; nor do few rows of many rooms."""
    assert discover(LIBRARY, bookings(seed, apart=False)).exclusives == ()
    assert discover(LIBRARY, bookings(seed, apart=True, rooms=90, count=40)).exclusives == ()


@given(seed=st.integers(0, 1000), double=st.booleans())
def test_one_open_at_a_time(seed: int, double: bool) -> None:
    """One open booking in each room among hundreds is no accident; a second one refutes it."""
    rng = random.Random(seed)
    rows = [(n, 1 + n % 20, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "done")
            for n in range(400)]  # fmt: skip
    for room in range(20):
        place = rng.randrange(20) * 20 + room
        rows[place] = (*rows[place][:4], "open")
    if double:
        place = next(n for n, row in enumerate(rows) if row[4] == "done")
        rows[place] = (*rows[place][:4], "open")
    table: Table = {"room": tuple((n,) for n in range(1, 21)), "booking": tuple(rows)}

    found = discover(LIBRARY, table).exclusives

    assert [one.where for one in found] == ([] if double else [{"status": ("open",)}])


STOCK = Schema(
    entities=(
        entity("product", field("units_in_stock", role="quantity"), field("age", role="measure"),
               money("balance"), field("discount_percent", "decimal", "measure", scale=2),
               field("valid_from", "date", "time"), field("valid_until", "date", "time"),
               field("min_quantity", role="quantity"), field("max_quantity", role="quantity")),
    )
)  # fmt: skip


@given(seed=st.integers(0, 1000))
def test_checks_that_names_lead_one_to_expect(seed: int) -> None:
    """Never negative, in order, percent; never that all ages lie above 23."""
    rng = random.Random(seed)
    rows: Table = {"product": tuple(
        (n, rng.randint(0, 90), rng.randint(24, 80), rng.randint(1, 9999), rng.randint(0, 4000),
         f"2023-0{rng.randint(1, 9)}-10", f"2024-0{rng.randint(1, 9)}-10", rng.randint(0, 5),
         rng.randint(6, 90))
        for n in range(50)
    )}  # fmt: skip

    found = {(c.field, c.op, c.other or str(c.value)) for c in discover(STOCK, rows).checks}

    assert found == {
        ("units_in_stock", "ge", "0"), ("discount_percent", "ge", "0"),
        ("discount_percent", "le", "100"), ("valid_from", "le", "valid_until"),
        ("min_quantity", "le", "max_quantity"), ("min_quantity", "ge", "0"),
        ("max_quantity", "ge", "0"),
    }  # fmt: skip


def test_checks_that_one_row_breaks() -> None:
    """A negative stock, or an end before its start, in one row of fifty refutes the check."""
    rows = [(n, n, 30, 1, 10, f"2023-01-{1 + n % 28:02}", "2024-01-01", n % 5, 9)
            for n in range(50)]  # fmt: skip
    rows[7] = (7, -1, 30, 1, 101_00, "2024-02-01", "2024-01-01", 9, 8)

    found = {c.field for c in discover(STOCK, {"product": tuple(rows)}).checks}

    assert not found & {"units_in_stock", "discount_percent", "valid_from"}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_schemas(path: Path) -> None:
    """Whatever is found in a real source holds in its rows, twice the same, and is legal."""
    draft = read(path)
    schema = infer(draft.schema, draft.rows)
    before = set(violations(schema, draft.rows))

    found = discover(schema, draft.rows)

    found.validate()
    assert set(violations(found, draft.rows)) == before
    assert discover(schema, draft.rows) == found
    for items in (found.derived, found.exclusives, found.checks):
        names = [one.id for one in items]
        assert len(names) == len(set(names))
        assert all(one.evidence for one in items)


SCRIPT = """
CREATE TYPE state AS ENUM ('open', 'done', 'cancelled');
CREATE TABLE rooms (id serial PRIMARY KEY, name text);
CREATE TABLE bookings (
  id serial PRIMARY KEY, room_id integer REFERENCES rooms (id),
  start_at timestamp, end_at timestamp, status state,
  CONSTRAINT apart EXCLUDE USING gist (room_id WITH =, tsrange(start_at, end_at) WITH &&)
    WHERE (status <> 'cancelled')
);
CREATE UNIQUE INDEX one_open ON bookings (room_id) WHERE ((status)::text = 'open'::text);
CREATE UNIQUE INDEX not_said ON bookings (room_id) WHERE end_at > now();
CREATE TABLE lines (
  id serial PRIMARY KEY, quantity integer NOT NULL, unit_price numeric(10,2) NOT NULL,
  discount numeric(4,2),
  amount numeric(12,2) GENERATED ALWAYS AS
    (round(quantity * unit_price * (1 - coalesce(discount, 0)), 2)) STORED,
  odd numeric(12,2) GENERATED ALWAYS AS (quantity * 1.19) STORED
);
INSERT INTO lines (id, quantity, unit_price, discount) VALUES (1, 3, 3.35, 0.15), (2, 1, 2, NULL);
CREATE FUNCTION stamp() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER touch BEFORE UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION stamp();
"""


def test_what_a_script_declares(tmp_path: Path) -> None:
    """Partial unique indexes, exclusions and generated columns are kept; triggers are named."""
    path = tmp_path / "declared.sql"
    path.write_text(SCRIPT)

    draft = read(path)

    apart, one_open = draft.schema.exclusives
    assert (apart.same, apart.where, apart.span) == (
        ("room_id",), {"status": ("open", "done")}, ("start_at", "end_at"),
    )  # fmt: skip
    assert (one_open.where, one_open.span) == ({"status": ("open",)}, None)
    (amount,) = draft.schema.derived
    assert {t.fields: t.sign for t in amount.terms} == {
        ("quantity", "unit_price"): 1, ("quantity", "unit_price", "discount"): -1,
    }  # fmt: skip
    (name,) = (e.name for e in draft.schema.entities if e.name.startswith("line"))
    assert [row[4] for row in draft.rows[name]] == [854, 200]
    assert draft.skipped["partial index"] == 1
    assert any("function stamp, trigger touch" in note for note in draft.notes)
    assert violations(draft.schema, draft.rows) == []


def test_rows_without_a_parent_belong_to_none() -> None:
    """A NULL refers to nothing, though the field that is referred to may be NULL as well."""
    shop = entity("shop", field("code", "text", nullable=True, unique=True), field("visits"))
    visit = entity("visit", field("shop_id", "text", "reference", nullable=True))
    relation = Relation(
        name="visit_shop", entity="visit", fields=("shop_id",), target="shop",
        target_fields=("code",), label="shop", inverse="visits",
    )  # fmt: skip
    schema = Schema(entities=(shop, visit), relations=(relation,))
    rows = {"shop": ((1, "a", 0), (2, None, 0)), "visit": ((1, "a"), (2, None), (3, None))}
    count = Derived(id="visits", entity="shop", field="visits", how="count", relation="visit_shop")
    assert compute(schema, count, Columns(schema, rows)) == [1, 0]
