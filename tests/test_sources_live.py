"""Live databases become drafts: structure kept, rows sampled by streams, nothing written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mariadb_server
import psycopg
import pytest
import sqlalchemy as sa
from databases import database
from hypothesis import given
from hypothesis import strategies as st

from agentgym.build.one import build, check
from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, called, live, read
from agentgym.sources.live import rows as rows_room
from agentgym.sources.live.connect import connected, parse
from agentgym.sources.live.faults import clean

MARK = f"agentgym_test_{os.getpid()}"
PASSWORD = "pa55@word/x"
SHOP = """
CREATE SCHEMA stock; CREATE SCHEMA secret;
CREATE TYPE tier AS ENUM ('bronze', 'silver', 'gold');
CREATE DOMAIN amount AS numeric(10, 2) CHECK (VALUE >= 0);
CREATE TABLE customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, full_name text NOT NULL,
    email text UNIQUE, tier tier NOT NULL DEFAULT 'bronze', born date, token uuid);
COMMENT ON TABLE customers IS 'People who buy';
COMMENT ON COLUMN customers.born IS 'Day of birth';
CREATE TABLE stock.products (
    sku varchar(12) PRIMARY KEY, title text NOT NULL, price amount NOT NULL, tags text[],
    attributes jsonb, due tsrange, taken interval);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
    placed_at timestamptz NOT NULL, status text NOT NULL DEFAULT 'open'
    CHECK (status IN ('open', 'paid', 'sent')), total amount NOT NULL,
    doubled numeric(12, 2) GENERATED ALWAYS AS (total * 2) STORED);
CREATE TABLE order_lines (
    order_id bigint NOT NULL REFERENCES orders, line_no smallint NOT NULL,
    sku varchar(12) NOT NULL REFERENCES stock.products,
    quantity integer NOT NULL CHECK (quantity > 0), PRIMARY KEY (order_id, line_no));
CREATE TABLE visits (
    id bigint NOT NULL, customer_id integer REFERENCES customers, seen_at timestamp NOT NULL,
    page text, PRIMARY KEY (id, seen_at)) PARTITION BY RANGE (seen_at);
CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2026-01-01');
CREATE TABLE secret.payrolls (
    id int PRIMARY KEY, customer_id integer REFERENCES customers, salary money);
CREATE VIEW rich AS SELECT * FROM customers WHERE tier = 'gold';
CREATE MATERIALIZED VIEW poor AS SELECT * FROM customers WHERE tier = 'bronze';
CREATE UNIQUE INDEX one_open ON orders (customer_id, placed_at) WHERE status = 'open';
INSERT INTO customers (full_name, email, tier, born, token)
    SELECT 'Person ' || n, 'p' || n || '@example.com',
    (ARRAY['bronze', 'silver', 'gold'])[1 + n % 3]::tier, date '1960-01-01' + n, md5(n::text)::uuid
    FROM generate_series(1, 60) n;
INSERT INTO stock.products SELECT 'SKU' || n, 'Thing ' || n, n * 1.25, ARRAY['a', 'b'],
    jsonb_build_object('n', n), '[2024-01-01,2024-01-02)', interval '1 day'
    FROM generate_series(1, 20) n;
INSERT INTO orders SELECT n, 1 + (n * 7) % 60, timestamptz '2024-01-01 12:00+02' + n * interval
    '1 hour', (ARRAY['open', 'paid', 'sent'])[1 + n % 3], 10 + n
    FROM generate_series(1, 150) n ORDER BY n {order};
INSERT INTO order_lines SELECT n, l, 'SKU' || (1 + (n * l) % 20), 1 + l
    FROM generate_series(1, 150) n, generate_series(1, 2) l ORDER BY n {order};
INSERT INTO visits SELECT n, 1 + n % 60, timestamp '2023-11-01' + n * interval '12 hours', 'home'
    FROM generate_series(1, 200) n;
"""


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> Iterator[str]:
    """A shop on PostgreSQL, and a user who may read all but the payrolls."""
    role = f"{MARK}_reader"
    with database(postgres_url, "shop", SHOP.format(order="ASC")) as url:
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(f"DROP ROLE IF EXISTS {role}")
            link.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            link.execute(f"GRANT USAGE ON SCHEMA public, stock, secret TO {role}")
            link.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public, stock TO {role}")
        yield url.replace("postgres@", f"{role}:pa55%40word%2Fx@")
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(f"DROP OWNED BY {role}")
            link.execute(f"DROP ROLE {role}")


def kinds(draft: Draft, entity: str) -> dict[str, str]:
    return {field.name: field.type for field in draft.schema.entity(entity).fields}


def test_structure(shop: str) -> None:
    """Schemas, enums, domains, arrays, identity, checks, comments, partitions and views."""
    draft = read(shop)
    schema = draft.schema
    names = {entity.name for entity in schema.entities}

    assert names == {"customer", "product", "order", "order_line", "visit"}
    assert draft.skipped["partition of a table"] == 2
    assert draft.skipped["view"] == draft.skipped["materialized view"] == 1
    assert draft.skipped["table that may not be read"] == 1
    customer = schema.entity("customer")
    assert (customer.comment, customer.field("born").comment) == ("People who buy", "Day of birth")
    assert customer.field("tier").values == ("bronze", "silver", "gold")
    assert customer.field("tier").default == "bronze"
    assert (customer.key_source, customer.field("email").unique) == ("counter", True)
    assert schema.entity("order").field("total").scale == 2
    assert schema.entity("order").field("status").values == ("open", "paid", "sent")
    assert schema.entity("order").field("doubled").generated
    assert kinds(draft, "product") == {
        "sku": "text",
        "title": "text",
        "price": "decimal",
        "tags": "json",
        "attributes": "json",
        "due": "text",
        "taken": "text",
    }
    checks = {(check.entity, check.field, check.op) for check in schema.checks}
    assert {("order_line", "quantity", "gt"), ("product", "price", "ge")} <= checks
    assert {(r.entity, r.target) for r in schema.relations} == {
        ("order", "customer"),
        ("order_line", "order"),
        ("order_line", "product"),
        ("visit", "customer"),
    }
    assert {name: len(rows) for name, rows in draft.rows.items()} == {
        "customer": 60,
        "product": 20,
        "order": 150,
        "order_line": 300,
        "visit": 200,
    }
    place = schema.entity("order").position("placed_at")
    assert draft.rows["order"][0][place] == "2024-01-01T11:00:00Z"
    assert violations(schema, draft.rows) == []


def test_name_holds_no_credentials(shop: str) -> None:
    """The name of the source is its URL without user and password."""
    draft = read(shop)

    assert draft.name == called(shop)
    assert draft.name.startswith("postgresql://127.0.0.1")
    assert "pa55" not in repr(draft) and "_reader" not in repr(draft)
    assert (draft.kind, draft.dialect) == ("database", "postgresql")


def test_same_content_same_draft(postgres_url: str, shop: str) -> None:
    """Rows stored in another order give the same draft; another seed chooses others."""
    with database(postgres_url, "turned", SHOP.format(order="DESC")) as url:
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("UPDATE customers SET full_name = full_name WHERE id % 3 = 0")
            link.execute("DROP TABLE secret.payrolls")
        one, other = read(shop, rows=60), read(url, rows=60)

    assert (one.schema, one.rows, one.sha256) == (other.schema, other.rows, other.sha256)
    assert one.rows != read(shop, rows=60, seed=1).rows


def test_focus(shop: str) -> None:
    """A schema, a table with its schema, and a table alone can be asked for."""
    for word, wanted in (
        ("stock", {"product"}),
        ("stock.products", {"product"}),
        ("orders", {"order", "customer"}),
        ("public.orders", {"order", "customer"}),
    ):
        draft = read(shop, focus=[word])
        assert {entity.name for entity in draft.schema.entities} == wanted, word
        assert all(draft.rows[name] for name in wanted)
    with pytest.raises(SourceError, match=r"'orderz'.*order"):
        read(shop, focus=["orderz"])


def test_nothing_can_be_written(shop: str) -> None:
    """The connection refuses every change."""
    with pytest.raises(SourceError, match="read-only"), connected(parse(shop)) as link:
        link.execute(sa.text("CREATE TABLE mine (id integer)"))


def test_build(shop: str, tmp_path: Path) -> None:
    """A live database becomes a domain that holds; personal values are replaced."""
    report = build(shop, tmp_path / "shop", tasks=6, rows=200)

    assert report.tasks == 6
    assert check(tmp_path / "shop").ok
    written = "".join(path.read_text() for path in (tmp_path / "shop").iterdir())
    assert "p7@example.com" not in written
    assert "pa55" not in written


def test_large_tables_are_read_in_part(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tables with many rows few are asked for, and all that these refer to are there."""
    seen: dict[str, int] = {}
    stream = rows_room._Source._rows

    def counted(self: Any, query: Any) -> Any:
        found = list(stream(self, query))
        seen[self._table.name] = seen.get(self._table.name, 0) + len(found)
        return found

    monkeypatch.setattr(rows_room, "_POOL", 100)
    monkeypatch.setattr(rows_room, "_RUN", 20)
    monkeypatch.setattr(rows_room._Source, "_rows", counted)
    with database(postgres_url, "large", large(4_000)) as url:
        draft = read(url)

    assert seen["event"] <= 100 + 100
    assert seen["owner"] <= 100 + 200
    assert seen["mark"] <= 100
    assert 100 <= len(draft.rows["event"]) <= 200
    assert violations(draft.schema, draft.rows) == []
    assert any("read in part" in note for note in draft.notes)
    relations = {(r.entity, r.target) for r in draft.schema.relations}
    assert relations == {("event", "owner"), ("mark", "event")}


def large(size: int) -> str:
    """Return the script of tables with whole, text and no keys."""
    return f"""
CREATE TABLE owner (id uuid PRIMARY KEY, title text NOT NULL);
CREATE TABLE event (id bigint PRIMARY KEY, owner_id uuid NOT NULL REFERENCES owner, at timestamp);
CREATE TABLE mark (event_id bigint REFERENCES event, word text);
INSERT INTO owner SELECT md5(n::text)::uuid, 'Owner ' || n FROM generate_series(1, {size // 2}) n;
INSERT INTO event SELECT n * 3, md5((1 + n % {size // 2})::text)::uuid,
    timestamp '2020-01-01' + n * interval '1 minute' FROM generate_series(1, {size}) n;
INSERT INTO mark SELECT n * 3, 'w' || n FROM generate_series(1, {size}) n;
"""


@pytest.mark.slow
def test_a_million_rows(postgres_url: str) -> None:
    """A large database gives a small closed sample."""
    with database(postgres_url, "million", large(1_000_000)) as url:
        draft = read(url, rows=2_000)

    assert 1_500 <= sum(map(len, draft.rows.values())) <= 2_500
    assert violations(draft.schema, draft.rows) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("_reader", "_nobody"), "a user and password"),
        (lambda url: url.replace("_shop", "_nothing"), "a database that is there"),
        (lambda url: url.rpartition(":")[0] + ":1/shop", "a server that answers"),
        (lambda url: url.replace("postgresql", "nosuch"), "a kind of database"),
        (lambda url: url + "?nonsense=1", "nonsense"),
        (lambda url: url.rpartition(":")[0] + ":port/shop", "the URL of a database"),
    ],
)
def test_what_cannot_be_reached(shop: str, change: Any, said: str) -> None:
    """Each failure says what is wrong and never the password."""
    with pytest.raises(SourceError, match=said) as caught:
        read(change(shop))
    assert "pa55" not in str(caught.value)
    assert caught.value.hint
    assert caught.value.__cause__ is None


def test_missing_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra that brings the driver."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(SourceError, match=r"agentgym-worlds\[mysql\]"):
        read("mysql://a:secret@localhost/x")


def test_vanished_server(shop: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is cut in the middle is an error of the source."""
    load = rows_room.load

    def cut(link: sa.Connection, *rest: Any) -> None:
        number = link.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (number,))
        load(link, *rest)

    monkeypatch.setattr(live, "load", cut)
    with pytest.raises(SourceError, match="a server that stays"):
        read(shop)


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=4))
def test_no_message_shows_a_password(password: str) -> None:
    """However a driver spells the password, it is taken out."""
    url = sa.URL.create("postgresql+psycopg", "ann", password, "host", 1, "shop")
    whole = url.render_as_string(hide_password=False)
    hidden = clean(f"no {whole} or '{password}'", url)

    assert f"'{password}'" not in hidden
    assert "***" in hidden


def test_sqlite(tmp_path: Path) -> None:
    """The URL of a SQLite file reads as the file."""
    script = "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO a VALUES (1, 'x');"
    path = tmp_path / "a.db"
    import sqlite3  # noqa: PLC0415 - this test alone

    with sqlite3.connect(path) as link:
        link.executescript(script)
    link.close()

    assert read(f"sqlite:///{path}") == read(path)
    assert read(f"sqlite+pysqlite:///file:{path}?mode=ro&uri=true") == read(path)
    with pytest.raises(SourceError, match="in memory"):
        read("sqlite://")


MARIA = """
CREATE TABLE customers (id int unsigned AUTO_INCREMENT PRIMARY KEY, full_name varchar(80) NOT NULL,
    email varchar(120) UNIQUE, tier enum('bronze','silver','gold') NOT NULL DEFAULT 'bronze',
    born date COMMENT 'Day of birth', active tinyint(1) NOT NULL DEFAULT 1, flag bit(1),
    wants set('a','b'), extra json) COMMENT 'People who buy';
CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, customer_id int unsigned NOT NULL,
    placed_at datetime NOT NULL, total decimal(10,2) NOT NULL CHECK (total >= 0), took time,
    FOREIGN KEY (customer_id) REFERENCES customers(id));
CREATE VIEW rich AS SELECT * FROM customers;
INSERT INTO customers (full_name, email, tier, born, flag, wants, extra)
    SELECT CONCAT('Person ', seq), CONCAT('p', seq, '@example.com'),
    ELT(1 + seq % 3, 'bronze', 'silver', 'gold'), DATE_ADD('1960-01-01', INTERVAL seq DAY),
    seq % 2, 'a,b', '{"n": 1}' FROM seq_1_to_300;
INSERT INTO orders (customer_id, placed_at, total, took) SELECT 1 + seq % 300,
    DATE_ADD('2024-01-01 10:00:00', INTERVAL seq HOUR), seq * 1.5, '10:00:00' FROM seq_1_to_900;
"""


@pytest.mark.slow
def test_mariadb(tmp_path: Path) -> None:
    """MariaDB: its types, its checks, its errors."""
    with mariadb_server.running(MARIA) as url:
        draft = read(url)
        schema = draft.schema
        assert draft.dialect == "mysql"
        assert kinds(draft, "customer") == {
            "id": "integer",
            "full_name": "text",
            "email": "text",
            "tier": "enum",
            "born": "date",
            "active": "boolean",
            "flag": "boolean",
            "wants": "text",
            "extra": "json",
        }
        assert schema.entity("customer").comment == "People who buy"
        assert [(c.entity, c.field, c.op) for c in schema.checks] == [("order", "total", "ge")]
        assert {(r.entity, r.target) for r in schema.relations} == {("order", "customer")}
        assert {name: len(rows) for name, rows in draft.rows.items()} == {
            "customer": 300,
            "order": 900,
        }
        assert draft.skipped["view"] == 1
        assert read(url.replace("mysql://", "mariadb://")).rows == draft.rows
        with pytest.raises(SourceError, match="a user and password") as caught:
            read(url.replace("pa55", "wr0ng"))
        assert "wr0ng" not in str(caught.value)
        report = build(url, tmp_path / "shop", tasks=6, rows=300)
    assert report.tasks == 6
    assert check(tmp_path / "shop").ok
