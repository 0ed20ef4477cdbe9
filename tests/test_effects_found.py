"""Effects are found where names and rows leave one reading, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentgym.populate import fill
from agentgym.rules import Add, Adjust, Assign, Effect, In
from agentgym.schema import Schema
from agentgym.schema.discover import discover, needs
from agentgym.schema.holds import violations
from agentgym.schema.roles import infer
from agentgym.schema.types import Rows
from agentgym.sources import read
from agentgym.tools.derive.effects import find_effects, written

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("AGENTGYM_DATA", ROOT / "schemas")).rglob("*.sql*")
REAL = sorted(path for path in DATA if path.suffix in (".sql", ".sqlite"))


def understood(tmp_path: Path, script: str) -> tuple[Schema, Rows, tuple[Effect, ...]]:
    """Read a script as a build does."""
    path = tmp_path / "x.sql"
    path.write_text(script)
    draft = read(path)
    schema = discover(infer(draft.schema, draft.rows), draft.rows)
    return schema, draft.rows, find_effects(schema, draft.rows)


PRODUCTS = """
CREATE TABLE products (product_id INTEGER PRIMARY KEY, name TEXT NOT NULL,
  units_in_stock INTEGER NOT NULL, reorder_level INTEGER NOT NULL);
"""
ORDERS = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, ordered_at DATETIME NOT NULL,
  shipped_at DATETIME, cancelled_at DATETIME, due_at DATETIME,
  status TEXT NOT NULL DEFAULT 'placed'
    CHECK (status IN ('placed', 'shipped', 'delivered', 'cancelled')));
"""
LINES = """
CREATE TABLE order_lines (line_id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (order_id),
  product_id INTEGER NOT NULL REFERENCES products (product_id),
  quantity INTEGER NOT NULL CHECK (quantity > 0));
"""
MOVEMENTS = """
CREATE TABLE stock_movements (movement_id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (product_id),
  type TEXT NOT NULL CHECK (type IN ({types})), quantity INTEGER NOT NULL CHECK (quantity > 0),
  moved_at DATETIME NOT NULL);
"""


def test_stock_falls_with_an_order_line(tmp_path: Path) -> None:
    """A line takes from the stock, a cancelled order gives back, states note their times."""
    _, _, effects = understood(tmp_path, PRODUCTS + ORDERS + LINES)

    found = {effect.id: effect for effect in effects}
    sold = found["order_line_moves_units_in_stock"]
    assert sold.on == ("create", "update", "delete")
    assert isinstance(sold.do, Adjust)
    assert (sold.do.by.fields, sold.do.by.sign) == (("quantity",), -1)
    assert found["order_cancelled_returns_units_in_stock"].each == "order_line_order"
    noted = {e.do.field: e.when for e in effects if isinstance(e.do, Assign)}
    assert set(noted) == {"shipped_at", "cancelled_at"}
    assert noted["shipped_at"] == In(field="status", values=("shipped",))
    assert len(found) == 4


@pytest.mark.parametrize(
    ("types", "sides"),
    [
        ("'in', 'out'", {1: ("in",), -1: ("out",)}),
        ("'received', 'sold', 'wasted'", {1: ("received",), -1: ("sold", "wasted")}),
        ("'in', 'out', 'transfer'", {}),
        ("'in', 'received'", {}),
    ],
)
def test_movements_do_it_instead(
    tmp_path: Path, types: str, sides: dict[int, tuple[str, ...]]
) -> None:
    """Where stock has movements, order lines leave it alone; unknown types say nothing."""
    _, _, effects = understood(tmp_path, PRODUCTS + ORDERS + LINES + MOVEMENTS.format(types=types))

    moved = [effect for effect in effects if isinstance(effect.do, Adjust)]
    assert {e.entity for e in moved} <= {"stock_movement"}
    assert {
        e.do.by.sign: e.when.values for e in moved
        if isinstance(e.do, Adjust) and isinstance(e.when, In)
    } == sides  # fmt: skip


@pytest.mark.parametrize("order", ["baskets", "purchase_orders", "quotes", "wishlists"])
def test_what_is_not_sold_takes_nothing(tmp_path: Path, order: str) -> None:
    """Baskets, quotes and purchases leave the stock alone."""
    script = PRODUCTS + (ORDERS + LINES).replace("orders", order).replace("order_lines", "items")

    _, _, effects = understood(tmp_path, script)

    assert not [effect for effect in effects if isinstance(effect.do, Adjust)]


def test_a_derived_field_is_never_adjusted(tmp_path: Path) -> None:
    """A stock that equals the sum of its movements in all rows is computed, not adjusted."""
    script = """
    CREATE TABLE products (product_id INTEGER PRIMARY KEY, quantity_in_stock INTEGER NOT NULL);
    CREATE TABLE stock_movements (movement_id INTEGER PRIMARY KEY, quantity_change INTEGER NOT NULL,
      product_id INTEGER NOT NULL REFERENCES products (product_id), moved_at DATETIME NOT NULL);
    """
    moves = [(n, 5 + n * 7 % 23 - (n % 3), 1 + n % 30) for n in range(1, 121)]
    stock = [(p, sum(q for _, q, of in moves if of == p)) for p in range(1, 31)]
    rows = "".join(f"INSERT INTO products VALUES {row};" for row in stock)
    rows += "".join(
        f"INSERT INTO stock_movements VALUES ({n}, {q}, {p}, '2024-01-01');" for n, q, p in moves
    )

    schema, _, effects = understood(tmp_path, script + rows)

    assert ("product", "quantity_in_stock") in schema.computed
    assert effects == ()


LIBRARY = """
CREATE TABLE book_copies (copy_id INTEGER PRIMARY KEY, barcode TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'on_loan', 'lost')));
CREATE TABLE loans (loan_id INTEGER PRIMARY KEY,
  copy_id INTEGER NOT NULL REFERENCES book_copies (copy_id),
  lent_at DATETIME NOT NULL, due_at DATETIME NOT NULL, returned_at DATETIME);
"""


def test_a_copy_is_out_from_its_loan_to_its_return(tmp_path: Path) -> None:
    """Lending and returning set the state of the copy, and rows that are made agree."""
    schema, rows, effects = understood(tmp_path, LIBRARY)

    out, back = (effect.do for effect in effects)
    assert isinstance(out, Assign)
    assert isinstance(back, Assign)
    assert (out.value.given, back.value.given) == ("on_loan", "available")
    made = fill(schema, rows, seed=0, effects=effects)
    assert violations(schema, made) == []
    lent = {row[1] for row in made["loan"] if row[4] is None}
    assert lent
    assert {row[0] for row in made["book_copy"] if row[2] == "on_loan"} == lent


def test_rows_that_contradict_leave_no_effect(tmp_path: Path) -> None:
    """Where copies with an open loan are said to be there, nothing is found."""
    rows = "".join(
        f"INSERT INTO book_copies VALUES ({n}, 'B{n}', '{('available', 'on_loan')[n % 2]}');"
        f"INSERT INTO loans VALUES ({n}, {n}, '2024-01-01', '2024-02-01', NULL);"
        for n in range(1, 40)
    )

    assert understood(tmp_path, LIBRARY + rows)[2] == ()


@pytest.mark.parametrize("agree", [True, False])
def test_times_of_states_need_rows_that_agree(tmp_path: Path, agree: bool) -> None:
    """A time that rows hold in states that cannot have been reached is of something else."""
    states = ("placed", "shipped", "delivered")
    rows = "".join(
        "INSERT INTO orders VALUES ({}, '2024-01-01', {}, NULL, NULL, '{}');".format(
            n, "'2024-01-02'" if n % 3 or not agree else "NULL", states[n % 3]
        )
        for n in range(1, 61)
    )

    _, _, effects = understood(tmp_path, ORDERS + rows)

    assert [e.do.field for e in effects if isinstance(e.do, Assign)] == ["shipped_at"] * agree


HISTORY = """
CREATE TABLE order_status_history (history_id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (order_id), {more}
  old_status TEXT, status TEXT NOT NULL, changed_at DATETIME NOT NULL);
"""


@pytest.mark.parametrize("more", ["", "note TEXT,", "changed_by TEXT NOT NULL,"])
def test_a_history_keeps_every_status(tmp_path: Path, more: str) -> None:
    """A row of history appears and stays; none where it needs what nobody knows."""
    _, _, effects = understood(tmp_path, ORDERS + HISTORY.format(more=more))

    kept = [effect for effect in effects if isinstance(effect.do, Add)]
    if "NOT NULL" in more:
        assert kept == []
        return
    (effect,) = kept
    assert isinstance(effect.do, Add)
    assert effect.lasting
    assert effect.on == ("create", "update")
    assert effect.do.values["old_status"].before
    assert effect.do.values["status"].field == "status"
    assert effect.do.values["changed_at"].now
    assert set(effect.do.values) == {"order_id", "old_status", "status", "changed_at"}


def test_committed_sources_have_every_occasion() -> None:
    """Clinic and harbour show a total, a count, stock, history, exclusives and a noted time."""
    derived, spans, states, effects = set(), set(), set(), set()
    for name in ("clinic", "harbour"):
        draft = read(ROOT / "schemas" / "sources" / f"{name}.sql")
        schema = discover(infer(draft.schema, draft.rows), draft.rows)
        derived |= {one.how for one in schema.derived}
        spans |= {one.span for one in schema.exclusives if one.span}
        states |= {one.id for one in schema.exclusives if not one.span}
        effects |= {type(e.do) for e in find_effects(schema, draft.rows)}

    assert {"sum", "count"} <= derived
    assert spans == {("arrival_at", "departure_at")}
    assert len(states) == 1
    assert effects == {Add, Adjust, Assign}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_schemas(path: Path) -> None:
    """Effects of real sources name what is there, write nothing derived, and run in no circle."""
    draft = read(path)
    schema = discover(infer(draft.schema, draft.rows), draft.rows)

    effects = find_effects(schema, draft.rows)

    assert find_effects(schema, draft.rows) == effects
    assert len({effect.id for effect in effects}) == len(effects)
    for effect in effects:
        entity = schema.entity(effect.entity)
        assert all(entity.field(name) for name in effect.fields)
        assert not written(schema, effect) & schema.computed
        below = {m for one in schema.derived for m in needs(schema, one)}
        assert isinstance(effect.do, Add) or not written(schema, effect) & below
    made = fill(schema, draft.rows, seed=0, effects=effects)
    assert violations(schema, made) == []
