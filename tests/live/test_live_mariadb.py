"""What a real MariaDB database does to a reader. Slow: it starts servers of its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mariadb_server
import pytest
import sqlalchemy as sa

from agentgym.build.one import build, check
from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, read
from agentgym.sources.live import connect as connect_room
from agentgym.sources.live import rows as rows_room
from agentgym.sources.live.connect import connected, parse

pytestmark = pytest.mark.slow

WIDE = ", ".join(f"c{number} int" for number in range(199))
NASTY = f"""
CREATE TABLE kinds (id int unsigned AUTO_INCREMENT PRIMARY KEY, e enum('a','b''c','ü'),
    s set('x','y'), t1 tinyint(1), t4 tinyint(4), b1 bit(1), b8 bit(8), y year, d date,
    dt datetime(6), ts timestamp NULL, ti time(3), j json, big bigint unsigned, small mediumint,
    de decimal(30,10), du decimal(10,2) unsigned, f float, v varchar(300), lt longtext, bl blob,
    g point, gv int AS (t4 * 2) VIRTUAL, gs varchar(320) AS (concat(v, '!')) STORED, u uuid,
    ip inet6, zf int(8) zerofill, `na%me:x` int, `select` int, `日本` varchar(9),
    FULLTEXT KEY ft (v, lt)) COMMENT 'all % kinds: of ''things''';
INSERT INTO kinds (e, s, t1, t4, b1, b8, y, d, dt, ts, ti, j, big, small, de, du, f, v, lt, bl, g,
    u, ip, zf, `na%me:x`, `select`, `日本`)
    SELECT ELT(1 + seq % 3, 'a', 'b''c', 'ü'), 'x,y', seq % 2, seq, b'1', seq, 2000 + seq,
    DATE_ADD('2020-01-01', INTERVAL seq DAY), DATE_ADD('2020-01-01', INTERVAL seq HOUR),
    '2021-01-01 00:00:01', '-12:30:00.5', CONCAT('{{"n":', seq, '}}'), 18446744073709551615 - seq,
    -seq, seq / 4, seq / 4, seq / 4, CONCAT('emoji 😀 ', seq), REPEAT('x', 1000000), X'FF00',
    POINT(1, 2), UUID(), '::1', seq, seq, seq, '名' FROM seq_1_to_40;
SET SESSION sql_mode = '';
UPDATE kinds SET d = '0000-00-00', dt = '0000-00-00 00:00:00', y = '0000' WHERE id = 1;
UPDATE kinds SET d = '2020-02-00', dt = '9999-12-31 23:59:59.999999' WHERE id = 2;
CREATE TABLE countries (code char(2) PRIMARY KEY, name varchar(50));
CREATE TABLE regions (country char(2), no smallint unsigned, name varchar(50),
    PRIMARY KEY (country, no), FOREIGN KEY (country) REFERENCES countries(code));
CREATE TABLE shops (id int PRIMARY KEY, country char(2), region_no smallint unsigned,
    parent_id int, FOREIGN KEY (country, region_no) REFERENCES regions(country, no),
    FOREIGN KEY (parent_id) REFERENCES shops(id));
INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France');
INSERT INTO regions SELECT ELT(1 + seq % 2, 'DE', 'FR'), seq, CONCAT('R', seq) FROM seq_1_to_20;
INSERT INTO shops SELECT seq, ELT(1 + (1 + seq % 20) % 2, 'DE', 'FR'), 1 + seq % 20,
    NULLIF(seq DIV 2, 0) FROM seq_1_to_50;
CREATE TABLE authors (id int AUTO_INCREMENT PRIMARY KEY, name varchar(50)) ENGINE=MyISAM;
CREATE TABLE books (id int AUTO_INCREMENT PRIMARY KEY, author_id int, title varchar(50),
    FULLTEXT(title)) ENGINE=MyISAM;
INSERT INTO authors (name) SELECT CONCAT('Author ', seq) FROM seq_1_to_20;
INSERT INTO books (author_id, title) SELECT 1 + seq % 20, CONCAT('Book ', seq) FROM seq_1_to_60;
CREATE TABLE logs (id int, at date, x varchar(10), PRIMARY KEY (id, at))
    PARTITION BY RANGE (YEAR(at))
    (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE);
INSERT INTO logs SELECT seq, DATE_ADD('2019-06-01', INTERVAL seq DAY), 'x' FROM seq_1_to_400;
CREATE TABLE no_key (a int, b varchar(10));
INSERT INTO no_key SELECT seq % 50, CONCAT('q', seq % 3) FROM seq_1_to_25000;
CREATE TABLE visits (id bigint PRIMARY KEY, country char(2), shop_id int,
    FOREIGN KEY (country) REFERENCES countries(code), FOREIGN KEY (shop_id) REFERENCES shops(id));
INSERT INTO visits SELECT seq * 5, 'DE', 1 + seq % 50 FROM seq_1_to_100000;
CREATE VIEW v AS SELECT * FROM shops;
CREATE SEQUENCE counter;
CREATE TABLE wide (id int PRIMARY KEY, {WIDE});
INSERT INTO wide (id) SELECT seq FROM seq_1_to_10;
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """A server with a database of all that is odd."""
    with mariadb_server.running(NASTY) as url:
        yield url


@pytest.fixture(scope="module")
def draft(shop: str) -> Draft:
    return read(shop, rows=20_000)


def root_of(url: str) -> str:
    return url.replace("mysql://reader:pa55%40word", "mysql+pymysql://root")


def test_structure(draft: Draft) -> None:
    """Types, references and partitions; without foreign keys references come from names."""
    assert {(r.entity, r.fields, r.target) for r in draft.schema.relations} == {
        ("region", ("country",), "country"),
        ("shop", ("country", "region_no"), "region"),
        ("shop", ("parent_id",), "shop"),
        ("book", ("author_id",), "author"),
        ("visit", ("country",), "country"),
        ("visit", ("shop_id",), "shop"),
    }
    kinds = next(e for e in draft.schema.entities if e.name.startswith("kind"))
    types = {field.name: field.type for field in kinds.fields}
    wanted = {
        "integer": "id t4 y gv zf",
        "boolean": "t1 b1",
        "text": "b8 ti big v g gs u ip",
        "date": "d",
        "datetime": "dt ts",
        "decimal": "de",
        "json": "j",
        "bytes": "bl",
        "enum": "e",
    }
    for kind, names in wanted.items():
        assert {types[name] for name in names.split()} == {kind}
    assert kinds.field("gv").generated and kinds.field("gs").generated
    assert kinds.comment == "all % kinds: of 'things'"
    assert len(draft.schema.entity("wide").fields) == 200
    assert draft.skipped["view"] == 1
    assert violations(draft.schema, draft.rows) == []


def test_values(draft: Draft) -> None:
    """Zero dates are none; texts are cut; shapes and numbers are what they say."""
    kinds = next(e for e in draft.schema.entities if e.name.startswith("kind"))
    rows = {
        row[0]: {f.name: row[place] for place, f in enumerate(kinds.fields)}
        for row in draft.rows[kinds.name]
    }
    assert (rows[1]["d"], rows[1]["dt"]) == (None, None)
    assert rows[2]["dt"] == "9999-12-31T23:59:59Z"
    assert (rows[3]["g"], rows[3]["big"]) == ("POINT(1 2)", "18446744073709551612")
    assert (rows[3]["gv"], rows[3]["v"]) == (6, "emoji 😀 3")
    assert all(len(str(row["lt"])) <= 2_000 for row in rows.values())


def test_same_content_same_draft(shop: str, draft: Draft) -> None:
    """Rebuilt tables give the same draft; large ones are read in part."""
    root = sa.create_engine(root_of(shop), isolation_level="AUTOCOMMIT")
    with root.connect() as link:
        link.exec_driver_sql("CREATE TABLE moved AS SELECT * FROM no_key ORDER BY b DESC, a DESC")
        link.exec_driver_sql("TRUNCATE no_key")
        link.exec_driver_sql("INSERT INTO no_key SELECT * FROM moved")
        link.exec_driver_sql("DROP TABLE moved")
        link.exec_driver_sql("ALTER TABLE shops FORCE")
    root.dispose()

    assert read(shop, rows=20_000) == draft
    assert any("no_key, visits" in note for note in draft.notes)


def test_builds(shop: str, tmp_path: Path) -> None:
    """It becomes a domain that holds."""
    report = build(shop, tmp_path / "shop", tasks=4, rows=400)

    assert report.tasks == 4
    assert check(tmp_path / "shop").ok


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.rpartition("/")[0], r"the name of a database.*there are: shop"),
        (lambda url: url + "x", "a user that may read the database"),
        (lambda url: url.replace("reader", "nobody"), "a user and password"),
        (lambda url: url.replace("pa55", "wr0ng"), "a user and password"),
        (lambda url: url + "?charset=nosuch", "a URL and options"),
        (lambda url: url + "?nonsense=1", "nonsense"),
        (lambda url: url.rpartition(":")[0] + ":1049/shop", "a server that answers"),
    ],
)
def test_refused(shop: str, change: Any, said: str) -> None:
    """Each failure says what is wrong and never the password."""
    with pytest.raises(SourceError, match=said) as caught:
        read(change(shop))
    assert not any(word in str(caught.value) for word in ("pa55", "wr0ng"))
    assert caught.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "DROP TABLE no_key",
        "INSERT INTO countries VALUES ('IT', 'Italy')",
        "INSERT INTO authors (name) VALUES ('x')",
    ],
)
def test_nothing_can_be_written(shop: str, statement: str) -> None:
    """Even root's connection refuses every change, of transactional tables and of others."""
    with pytest.raises(SourceError, match="READ ONLY"), connected(parse(root_of(shop))) as link:
        link.exec_driver_sql(statement)


def test_a_table_that_somebody_holds(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is waited for a while, then named."""
    monkeypatch.setitem(
        connect_room._BEGIN,
        "mysql",
        ("SET SESSION lock_wait_timeout = 1", "START TRANSACTION READ ONLY"),
    )
    root = sa.create_engine(root_of(shop))
    with root.connect() as link:
        link.exec_driver_sql("LOCK TABLES shops WRITE")
        with pytest.raises(SourceError, match="tables that nobody holds locked"):
            read(shop)
        link.exec_driver_sql("UNLOCK TABLES")
    root.dispose()


def test_a_statement_that_takes_too_long(shop: str) -> None:
    """The limit is set, and its end is said."""
    with connected(parse(shop)) as link:
        assert link.exec_driver_sql("SELECT @@max_statement_time").scalar_one() == 180
    slow = (
        "SET STATEMENT max_statement_time = 0.1 FOR "
        "SELECT count(*) FROM visits AS a, visits AS b WHERE a.id < b.id"
    )
    with pytest.raises(SourceError, match="ends in time"), connected(parse(shop)) as link:
        link.exec_driver_sql(slow)


def test_a_server_that_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that dies while it is read is an error of the source, at once."""
    load = rows_room._Source.load
    script = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)"
    with mariadb_server.running(script) as url:
        root = sa.create_engine(root_of(url))
        with root.connect() as link:
            number = int(Path(link.exec_driver_sql("SELECT @@pid_file").scalar_one()).read_text())
        root.dispose()

        def kill(self: Any, most: int) -> bool:
            if self._table.name == "b":
                os.kill(number, signal.SIGKILL)
                time.sleep(0.2)
            return load(self, most)

        monkeypatch.setattr(rows_room._Source, "load", kill)
        with pytest.raises(SourceError, match="a server that stays while it is read"):
            read(url)
