"""SQLite databases become drafts whose rows keep every promise of the schema."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, read
from agentgym.sources import database as database_room

REAL = Path(os.environ.get("AGENTGYM_DATA", "/nonexistent"))
FILES = sorted(p for p in REAL.rglob("*") if p.suffix in {".sqlite", ".sql", ".ttl"})


def make(path: Path, script: str, *many: tuple[str, list[Any]]) -> Path:
    """Write a database from a script and rows."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
        for statement, rows in many:
            db.executemany(statement, rows)
        db.commit()
    return path


def values(draft: Draft, entity: str, field: str) -> list[object]:
    """Return the values of one field."""
    place = draft.schema.entity(entity).position(field)
    return [row[place] for row in draft.rows.get(entity, ())]


CELLS = st.one_of(
    st.none(),
    st.integers(-3, 6),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.sampled_from(["", "1", "x", "2024-02-30", "2024-02-29", "2020-01-01 10:00", "Cafe\u0301"]),
    st.text(max_size=5)
    .filter(lambda text: "\x00" not in text)
    .map(lambda text: text.encode("utf-8", "ignore").decode()),
    st.binary(max_size=4),
)
TYPES = st.sampled_from(
    "INTEGER|TEXT|REAL|NUMERIC|DECIMAL(8,2)|DATE|DATETIME|BOOLEAN|BLOB|VARCHAR(3)|JSON||ODD".split(
        "|"
    )
)


@st.composite
def dirty_databases(draw: st.DrawFn) -> tuple[str, dict[str, list[tuple[object, ...]]]]:
    """Draw tables that refer to each other, also in circles, and rows that need not fit."""
    count = draw(st.integers(1, 4))
    tables, rows = [], {}
    for number in range(count):
        types = draw(st.lists(TYPES, min_size=1, max_size=4))
        columns = [f'"c{place} ü" {kind}' for place, kind in enumerate(types)]
        key = draw(st.sampled_from(["id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id INT"]))
        targets = draw(st.lists(st.integers(0, count - 1), max_size=2))
        refs = [
            f"r{place} {draw(st.sampled_from(['', 'INTEGER', 'TEXT']))}"
            f" {draw(st.sampled_from(['', 'NOT NULL']))} REFERENCES t{target}(id)"
            for place, target in enumerate(targets)
        ]
        tables.append(f"CREATE TABLE t{number} ({', '.join([key, *columns, *refs])});")
        width = 1 + len(columns) + len(refs)
        rows[f"t{number}"] = draw(st.lists(st.tuples(*[CELLS] * width), max_size=8))
    return "PRAGMA foreign_keys = OFF;" + "\n".join(tables), rows


@given(dirty_databases())
def test_any_dirty_database_becomes_a_draft_that_keeps_its_own_schema(drawn) -> None:
    """Wrong types, broken references and repeated keys are repaired, not passed on."""
    script, rows = drawn
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.db"
        with closing(sqlite3.connect(path)) as db:
            db.executescript(script)
            for table, listed in rows.items():
                for row in listed:
                    marks = ", ".join("?" * len(row))
                    try:
                        db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
                    except sqlite3.Error:
                        continue
            db.commit()
        draft = read(path)
        assert violations(draft.schema, draft.rows) == []
        assert read(path) == draft
        cut = read(path, rows=3, seed=1)
        assert violations(cut.schema, cut.rows) == []
        assert all(set(cut.rows[name]) <= set(draft.rows[name]) for name in cut.rows)


def test_a_database_is_read_with_types_keys_and_references(tmp_path: Path) -> None:
    """Declared structure and values together give typed, keyed and linked entities."""
    path = make(
        tmp_path / "a.db",
        """
        CREATE TABLE "Customer" ("CustomerId" INTEGER PRIMARY KEY, "Name" VARCHAR(40) NOT NULL,
            "Since" DATETIME, "IsActive" INTEGER, "Balance" DECIMAL(10,2) DEFAULT 1.5,
            "Photo" BLOB, "Tier" TEXT CHECK ("Tier" IN ('gold', 'basic')));
        CREATE TABLE "Order" ("Id" INTEGER PRIMARY KEY, "CustomerId" INTEGER NOT NULL
            REFERENCES "Customer", "Total" REAL CHECK ("Total" >= 0), "Day" TEXT);
        CREATE TABLE "Line" ("OrderId" INTEGER, "No" INTEGER, "Double" GENERATED ALWAYS AS (No*2),
            PRIMARY KEY ("OrderId", "No"), FOREIGN KEY ("OrderId") REFERENCES "Order"("Id"))
            WITHOUT ROWID;
        CREATE VIEW v AS SELECT 1;
        CREATE TABLE schema_migrations (version TEXT);
        """,
        (
            'INSERT INTO "Customer" VALUES (?, ?, ?, ?, ?, ?, ?)',
            [
                (1, "Cafe\u0301", "2020-01-01 00:00:00", 1, 2.5, b"\x00\xff", "gold"),
                (2, "Bo", "2020-02-01 00:00:00", 0, 3, None, "basic"),
                (3, "Di", "2020-03-01 00:00:00", 1, None, None, None),
            ],
        ),
        (
            'INSERT INTO "Order" VALUES (?, ?, ?, ?)',
            [(1, 1, 1.25, "2021-01-01"), (2, 1, 2.5, "2021-01-02"), (3, 9, 1, "2021-01-03")],
        ),
        ('INSERT INTO "Line" VALUES (?, ?)', [(1, 1), (1, 2), (2, 1)]),
    )
    draft = read(path)
    customer = draft.schema.entity("customer")
    kinds = {field.name: field.type for field in customer.fields}
    assert kinds == {
        "customer_id": "integer",
        "name": "text",
        "since": "date",
        "is_active": "boolean",
        "balance": "decimal",
        "photo": "bytes",
        "tier": "enum",
    }
    assert customer.key_source == "counter"
    assert customer.field("balance").default == 1.5
    assert customer.field("tier").values == ("gold", "basic")
    assert values(draft, "customer", "name")[0] == "Café"
    assert values(draft, "customer", "balance") == [250, 300, None]
    assert values(draft, "customer", "photo")[0] == "AP8="
    assert draft.schema.entity("order").field("day").type == "date"
    assert len(draft.rows["order"]) == 2
    assert draft.skipped["row with a broken reference"] == 1
    assert draft.skipped["view"] == 1
    assert draft.skipped["bookkeeping table"] == 1
    line = draft.schema.entity("line")
    assert line.key == ("order_id", "no")
    assert line.field("double").generated
    assert [(r.entity, r.target) for r in draft.schema.relations] == [
        ("order", "customer"),
        ("line", "order"),
    ]
    assert [(c.field, c.op, c.value) for c in draft.schema.checks] == [("total", "ge", 0)]


def test_references_are_inferred_where_names_and_values_prove_them(tmp_path: Path) -> None:
    """A column called after a table refers to it if, and only if, its values are there."""
    script = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, shop_id INTEGER);
        CREATE TABLE shops (id INTEGER PRIMARY KEY, name TEXT);
    """
    path = make(
        tmp_path / "a.db",
        script,
        ("INSERT INTO customers VALUES (?, ?)", [(n, f"c{n}") for n in range(1, 6)]),
        ("INSERT INTO shops VALUES (?, ?)", [(n, f"s{n}") for n in range(1, 6)]),
        ("INSERT INTO orders VALUES (?, ?, ?)", [(n, 1 + n % 5, 50 + n) for n in range(1, 9)]),
    )
    (relation,) = read(path).schema.relations
    assert (relation.entity, relation.fields, relation.target) == (
        "order",
        ("customer_id",),
        "customer",
    )
    assert relation.inferred and relation.evidence
    empty = read(make(tmp_path / "empty.db", script)).schema.relations
    assert {(r.entity, r.target) for r in empty} == {("order", "customer"), ("order", "shop")}
    assert all(r.inferred for r in empty)


def test_tables_without_a_key_get_one(tmp_path: Path) -> None:
    """A key is proved by rows, or rows are numbered."""
    path = make(
        tmp_path / "a.db",
        """
        CREATE TABLE airport (airport_code TEXT, city TEXT);
        CREATE TABLE reading (sensor TEXT, day TEXT, level REAL);
        CREATE TABLE remark (author TEXT, said TEXT);
        """,
        ("INSERT INTO airport VALUES (?, ?)", [("AMS", "A"), ("BRU", "B"), ("CDG", "B")]),
        (
            "INSERT INTO reading VALUES (?, ?, ?)",
            [(f"s{n % 3}", f"2024-01-0{1 + n // 3}", 1.5) for n in range(9)],
        ),
        ("INSERT INTO remark VALUES (?, ?)", [("a", "x"), ("a", "x"), ("b", "y")]),
    )
    schema = read(path).schema
    assert schema.entity("airport").key == ("airport_code",)
    assert schema.entity("reading").key == ("sensor", "day")
    assert schema.entity("remark").key_source == "row_number"
    assert schema.entity("remark").key == ("remark_id",)
    assert schema.entity("remark").evidence


def test_few_values_that_repeat_become_an_enum_but_open_ones_do_not(tmp_path: Path) -> None:
    """A status is an enum by its rows; a city, whose next value may be new, is not."""
    rows = [(n, ["new", "sent", "paid"][n % 3], ["Rome", "Oslo"][n % 2]) for n in range(30)]
    path = make(
        tmp_path / "a.db",
        "CREATE TABLE parcel (id INTEGER PRIMARY KEY, state TEXT, city TEXT)",
        ("INSERT INTO parcel VALUES (?, ?, ?)", rows),
    )
    parcel = read(path).schema.entity("parcel")
    assert parcel.field("state").values == ("new", "paid", "sent")
    assert parcel.field("state").evidence
    assert parcel.field("city").type == "text"


def test_a_large_table_is_read_in_part_and_stays_closed(tmp_path: Path, monkeypatch) -> None:
    """Of very many rows some are taken, with the rows that they refer to, by any kind of key."""
    monkeypatch.setattr(database_room, "_POOL", 100)
    monkeypatch.setattr(database_room, "_RUN", 20)
    path = make(
        tmp_path / "a.db",
        """
        CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE article (shop_id INTEGER, code TEXT, PRIMARY KEY (shop_id, code))
            WITHOUT ROWID;
        CREATE TABLE sale (id INTEGER PRIMARY KEY, shop INTEGER, code TEXT, boss INTEGER
            REFERENCES sale(id), FOREIGN KEY (shop, code) REFERENCES article);
        """,
        ("INSERT INTO shop VALUES (?, ?)", [(n, f"s{n}") for n in range(500)]),
        ("INSERT INTO article VALUES (?, ?)", [(n % 500, f"a{n}") for n in range(2_000)]),
        (
            "INSERT INTO sale VALUES (?, ?, ?, ?)",
            [(n, n * 7 % 500, f"a{n * 7 % 500}", n // 2 or None) for n in range(1, 3_000)],
        ),
    )
    draft = read(path)
    assert violations(draft.schema, draft.rows) == []
    assert not {"broken reference", "row with a broken reference"} & set(draft.skipped)
    assert 100 <= len(draft.rows["sale"]) < 2_999
    assert {(r.entity, r.target) for r in draft.schema.relations} == {
        ("sale", "sale"),
        ("sale", "article"),
        ("article", "shop"),
    }
    assert any("rows are kept" in note for note in draft.notes)
    assert read(path) == draft


def test_reading_leaves_the_database_and_its_folder_alone(tmp_path: Path) -> None:
    """A database with a write-ahead log is read without a trace."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = wal")
        db.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        db.commit()
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    read(path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def _database(script: str, path: Path) -> bytes:
    return make(path, script).read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", b""),
        ("blank", b" \n"),
        ("junk", bytes(range(256)) * 9),
        ("header", b"SQLite format 3\x00" + bytes(90)),
        ("cut", None),
        ("tableless", None),
    ],
)
def test_a_file_that_is_no_database_says_so(
    name: str, content: bytes | None, tmp_path: Path
) -> None:
    """Each bad file gets one message: what was expected, what was found, where, what to do."""
    path = tmp_path / "bad.db"
    if name == "cut":
        rows = "INSERT INTO a VALUES " + ", ".join(f"({n}, '{'x' * 90}')" for n in range(900))
        whole = _database(f"CREATE TABLE a (id INTEGER PRIMARY KEY, t); {rows};", tmp_path / "w.db")
        content = whole[: len(whole) // 2]
    elif name == "tableless":
        content = _database("CREATE VIEW v AS SELECT 1;", tmp_path / "v.db")
    path.write_bytes(content or b"")
    with pytest.raises(SourceError) as caught:
        read(path)
    fault = caught.value
    assert all((fault.expected, fault.found, fault.hint)) and "bad.db" in fault.where


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    """The path itself may be wrong."""
    for path, found in ((tmp_path / "none", "nothing"), (tmp_path, "a folder")):
        with pytest.raises(SourceError, match=found):
            read(path)
    with pytest.raises(SourceError, match="0 or more"):
        read(make(tmp_path / "a.db", "CREATE TABLE a (id INTEGER PRIMARY KEY)"), rows=-1)


@pytest.mark.parametrize("path", [None, *FILES], ids=lambda path: path.name if path else "made")
def test_real_sources_become_sound_drafts(path: Path | None, tmp_path: Path) -> None:
    """Whatever lies in the folder of further inputs is read, and its rows keep their schema."""
    made = "CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a);"
    draft = read(path or make(tmp_path / "a.db", made), rows=2_000)
    assert draft.schema.entities and len(draft.schema.entities) <= 40
    assert violations(draft.schema, draft.rows) == []
    assert sum(map(len, draft.rows.values())) <= 2_500
