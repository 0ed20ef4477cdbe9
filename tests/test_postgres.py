"""PostgreSQL as the second judge: the same calls give the same results, rows and digests."""

from __future__ import annotations

import math
import sys
import threading
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import bench_world
import msgspec
import psycopg
import pytest
import tiny
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strategies_world import domains

import agentgym
from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.errors import BackendError, DomainError, UsageError
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import fold
from agentgym.testing import check_engines
from agentgym.testing.engines import compare
from agentgym.tools.derive import derive
from agentgym.world.backends import TakenError, postgres
from agentgym.world.compile import Engine
from agentgym.world.rows import World

COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(COMMON, max_examples=max(10, settings().max_examples // 3))


@pytest.fixture(scope="module")
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def library(url: str) -> Iterator[Engine]:
    engine = Engine(tiny.domain(), postgres(url))
    yield engine
    engine.image.store.close()


@pytest.mark.parametrize("name", ["clinic", "harbour", "elements"])
def test_committed_domains_behave_the_same(url: str, name: str) -> None:
    """Tools of every committed domain give the same on both, after any history."""
    check_engines(agentgym.load(name).domain, url, calls=100)


def test_the_library_behaves_the_same(url: str) -> None:
    """So do those of the small domain that has every kind of field."""
    check_engines(tiny.domain(), url, seed=1, calls=600)


@FEW
@given(data=st.data(), domain=domains(most=3))
def test_drawn_domains_behave_the_same(url: str, data: st.DataObject, domain: Domain) -> None:
    """Whatever the schema is, and whatever is sent, results, rows and digests are the same."""
    other = Engine(domain, postgres(url))
    try:
        compare(data, Engine(domain), other, steps=30)
    finally:
        other.image.store.close()


def text_domain(*, schema_name: str = "note", field: str = "text") -> Domain:
    """Make a domain of texts: a key, a unique text, a number and a measure."""
    fields = (
        Field(name="code", label="code", type="text", role="key"),
        Field(name=field, label="text", type="text", nullable=True, role="text"),
        Field(name="alias", label="alias", type="text", nullable=True, unique=True, role="text"),
        Field(name="size", label="size", type="integer", nullable=True, role="quantity"),
        Field(name="weight", label="weight", type="float", nullable=True, role="measure"),
        Field(name="parent", label="parent", type="text", nullable=True, role="reference"),
    )
    entity = Entity(
        name=schema_name,
        label="note",
        plural="notes",
        key=("code",),
        key_source="given",
        fields=fields,
    )
    schema = Schema(
        entities=(entity,),
        relations=(
            Relation(
                name="note_parent",
                entity=schema_name,
                fields=("parent",),
                target=schema_name,
                target_fields=("code",),
                label="parent",
                inverse="children",
            ),
        ),
    )
    found = rules.derive(schema)
    return Domain(
        name="notes",
        title="Notes",
        description="Notes.",
        schema=schema,
        rules=found,
        tools=derive(schema, found),
        clock=Clock(start="2026-01-01T00:00:00Z"),
        source=Source(kind="sql", name="notes", sha256="0" * 64),
        rows={schema_name: ()},
    )


NOTES = text_domain()
LETTERS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        st.sampled_from("ßẞİıſKÅ\u0307\u0301\u0345ﬁﬆΣςσǅŉΐ%_\\'\"\t\n\r\x7f\ufffe\U0001f600"),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def notes(url: str) -> Iterator[tuple[Engine, Engine, World, World]]:
    mine, other = Engine(NOTES), Engine(NOTES, postgres(url))
    pair = mine.world(), other.world()
    yield mine, other, *pair
    for world in pair:
        world.close()
    other.image.store.close()


@settings(COMMON, max_examples=3 * settings().max_examples)
@given(texts=st.lists(LETTERS, min_size=1, max_size=5, unique=True), data=st.data())
@example(texts=["straße", "STRASSE", "İ", "i\u0307", "ﬁ", "fi", "e\u0301", "é"], data=None)
def test_texts_compare_the_same(
    notes: tuple[Engine, Engine, World, World], texts: list[str], data: st.DataObject | None
) -> None:
    """Order, equality and containment of texts are the same for all of Unicode."""
    mine, other, here, there = notes
    here.reset()
    there.reset()
    for number, text in enumerate(texts):
        stored = unicodedata.normalize("NFC", text)
        row = (f"{number}", stored, None, number, None, None)
        for world in (here, there):
            world.insert("note", row)
    wanted = texts if data is None else [data.draw(st.sampled_from(texts)), data.draw(LETTERS)]
    for text in [*wanted, *(t.upper() for t in wanted), *(t[:1] for t in wanted)]:
        for sql in ("instr(fold(text), ?) > 0", "fold(text) = ?"):
            found = here.execute(f"SELECT code FROM note WHERE {sql}", (fold(text),)).fetchall()
            again = sql.replace("instr", "strpos").replace("fold(text)", '".1"')
            again = again.replace("?", "%s")
            same = there.execute(f"SELECT code FROM note WHERE {again}", (fold(text),)).fetchall()
            assert sorted(found) == sorted(same)
    for tool in ("search_notes", "list_notes"):
        if tool in mine.domain.tool_by_name:
            names = mine.parameters[tool]["properties"]
            for text in wanted:
                sent: dict[str, Any] = {"sort_by": "text"} if "sort_by" in names else {}
                sent |= {name: text for name in names if name.startswith("text")}
                assert mine.call(here, tool, sent) == other.call(there, tool, sent)
    order = "SELECT code FROM note ORDER BY text, code"
    assert here.execute(order).fetchall() == there.execute(order).fetchall()
    assert here.rows("note") == there.rows("note")
    assert here.digest() == there.digest()


def test_folded_texts_follow_every_write(url: str) -> None:
    """Insert, update, undo, restore and reset leave the folded form beside its text."""
    engine = Engine(NOTES, postgres(url))
    world = engine.world()

    def check() -> None:
        for text, folded in world.execute('SELECT text, ".1" FROM note').fetchall():
            assert folded == fold(text)

    row = ("a", "STRASSE", "Alias", 1, 0.5, None)
    world.insert("note", row)
    check()
    kept = world.snapshot()
    after = ("a", "straße", None, 2, None, "a")
    world.begin()
    world.update("note", row, after)
    check()
    world.undo()
    assert world.rows("note") == [row]
    check()
    world.update("note", row, after)
    world.insert("note", ("b", None, "Alias", None, None, None))
    world.restore(kept)
    check()
    assert world.rows("note") == [row]
    world.reset()
    assert world.rows("note") == []
    world.close()
    engine.image.store.close()


@pytest.mark.parametrize("size", [3_000, 90_000])
def test_texts_of_any_length_can_be_keys_and_unique(url: str, size: int) -> None:
    """A text too long for a B-tree is a key, a unique value, a reference and a filter."""
    noise = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(size))
    for engine in (Engine(NOTES), Engine(NOTES, postgres(url))):
        world = engine.world()
        world.insert("note", (noise, noise, noise, 1, None, noise))
        assert world.get("note", (noise,)) is not None
        for row, fields in (
            ((noise, None, None, 1, None, None), ("code",)),
            (("x", None, noise, 1, None, None), ("alias",)),
        ):
            with pytest.raises(TakenError) as caught:
                world.insert("note", row)
            assert caught.value.fields == fields
        assert len(world.rows("note")) == 1
        world.close()
        engine.image.store.close()


def test_a_taken_value_leaves_the_world_as_it_was(library: Engine) -> None:
    """A refused write names what is taken, the same on both, and the world goes on."""
    reports = []
    for engine in (Engine(NOTES), Engine(NOTES, library.image.backend)):
        world = engine.world()
        world.insert("note", ("a", "t", "one", 1, None, None))
        world.insert("note", ("b", "t", "two", 1, None, None))
        report: list[object] = []
        for before, after in (
            (None, ("a", None, "two", 1, None, None)),
            (None, ("c", None, "two", 1, None, None)),
            (world.get("note", ("b",)), ("b", "u", "one", 9, None, None)),
            (world.get("note", ("b",)), ("b", "u", None, 9, None, None)),
            (("b", "u", None, 9, None, None), ("b", "u", "two", 9, None, "a")),
        ):
            try:
                if before is None:
                    world.insert("note", after)
                else:
                    world.update("note", before, after)
            except TakenError as error:
                report.append(error.fields)
            report.append(world.digest())
        reports.append((report, world.rows("note")))
        world.close()
        engine.image.store.close()

    assert reports[0] == reports[1]
    assert [fields for fields in reports[0][0] if not isinstance(fields, str)] == [
        ("code",),
        ("alias",),
        ("alias",),
    ]


def test_sums_are_exact(url: str) -> None:
    """Sums beyond 64 bits and sums of floats are the same on both."""
    floats = [0.1] * 10 + [1e16, 1.0, -1e16, 1e-300, 5e-324, 1.7976931348623157e308]
    large = 2**62
    rows = tuple(
        (f"{n}", None, None, large - n if n < 3 else n, value, None)
        for n, value in enumerate(floats)
    )
    domain = msgspec.structs.replace(NOTES, rows={"note": rows})
    name = next(t.name for t in domain.tools if type(t.term).__name__ == "Aggregate")
    mine, other = Engine(domain), Engine(domain, postgres(url))
    here, there = mine.world(), other.world()
    found = []
    for field in ("size", "weight"):
        for function in ("sum", "avg", "min", "max", "count"):
            sent = {"function": function, "field": field}
            result = mine.call(here, name, sent)
            assert repr(result) == repr(other.call(there, name, sent))
            found.append(result.data and result.data["value"])
    assert Decimal(str(found[1])) > 0
    assert found[5] == math.fsum(floats)
    here.close()
    there.close()
    other.image.store.close()


def test_worlds_do_not_wait_for_each_other(url: str) -> None:
    """Two worlds write the same row and make the same key; neither sees the other."""
    engine = Engine(bench_world.domain(rows=50), postgres(url))
    one, two = engine.world(), engine.world()
    start = one.digest()
    for quantity, world in ((21, one), (22, two)):
        sent = {"order_id": "O000001", "quantity": quantity}
        assert engine.call(world, "update_order", sent).ok
    row = ("NEW", 1, "new", 1, 1, "2026-01-01", None, "City")
    one.insert("order", row)
    two.insert("order", row)
    assert one.digest() != two.digest()
    one.reset()
    assert one.digest() == start
    assert two.get("order", ("NEW",)) == row
    for world in (one, two):
        world.close()
    engine.image.store.close()


def test_eight_threads_behave_like_one(url: str) -> None:
    """Worlds of one engine run in threads of their own, each as if it were alone."""
    engine = Engine(bench_world.domain(rows=50), postgres(url))
    found: dict[int, list[str]] = {}

    def work(thread: int) -> None:
        world = engine.world()
        seen = []
        for n in range(30):
            sent = {"order_id": f"O{n % 7 + 1:06d}", "quantity": n % 5 + 1}
            engine.call(world, "update_order", sent)
            seen.append(world.digest())
        found[thread] = seen
        world.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(seen == found[0] for seen in found.values())
    engine.image.store.close()


def test_a_failing_statement_costs_nothing(library: Engine) -> None:
    """A statement that the server refuses leaves the world with its changes, in order."""
    world = library.world()
    member = world.rows("member")[0]
    fresh = (999, *member[1:])
    unique = {f for (f,) in library.image.tables["member"].uniques}
    fresh = tuple(
        None if field.name in unique else value
        for field, value in zip(library.domain.schema.entity("member").fields, fresh, strict=True)
    )
    world.insert("member", fresh)
    rows, digest = world.rows("member"), world.digest()
    with pytest.raises(OverflowError):
        world.execute("SELECT 1 / 0")
    with pytest.raises(psycopg.errors.SyntaxError):
        world.execute("SELEC")
    assert (world.rows("member"), world.digest()) == (rows, digest)
    connection: Any = vars(world._link)["_connection"]
    connection.pgconn.exec_(b"SELECT 1 / 0")  # as an interruption would leave it
    assert (world.rows("member"), world.digest()) == (rows, digest)
    world.reset()
    assert fresh not in world.rows("member")
    world.close()


def test_a_closed_world_cannot_touch_the_next_one(library: Engine) -> None:
    """The connection of a closed world serves the next one, and only that."""
    first = library.world()
    start = first.digest()
    row = first.rows("loan")[0]
    first.delete("loan", row)
    first.close()
    first.close()
    second = library.world()
    with pytest.raises(UsageError):
        first.rows("loan")
    del first
    assert second.get("loan", (row[0],)) == row
    assert second.digest() == start
    second.close()


def test_resets_give_room_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of a world that is reset again and again stays about as large as its rows."""
    from agentgym.world.backends.postgresql import link as links  # noqa: PLC0415 - its limit

    monkeypatch.setattr(links, "_DEAD", 100)
    engine = Engine(bench_world.domain(rows=50), postgres(url))
    sizes = []
    for _ in range(2):
        world = engine.world()
        start = world.rows("order")
        for n in range(150):
            for key in range(1, 11):
                sent = {"order_id": f"O{key:06d}", "quantity": 20 + n}
                assert engine.call(world, "update_order", sent).ok
            world.reset()
        assert world.rows("order") == start
        size = world.execute("SELECT pg_relation_size('\"order\"')").fetchone()[0]
        sizes.append(size)
        world.close()
    engine.image.store.close()
    assert max(sizes) < 100_000, sizes


def sessions(url: str) -> int:
    """Count the other connections to the database."""
    with psycopg.connect(url) as own:
        sql = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = %s"
        )
        found = own.execute(sql, ("left",)).fetchone()
        assert found is not None
        return int(found[0])


def test_nothing_is_left_behind(url: str) -> None:
    """After the last world is closed the server holds no table, schema or connection of ours."""
    named = psycopg.conninfo.make_conninfo(url, application_name="left")
    engine = Engine(tiny.domain(), postgres(named))
    worlds = [engine.world() for _ in range(3)]
    worlds[0].delete("loan", worlds[0].rows("loan")[0])
    assert sessions(url) == 3
    for world in worlds:
        world.close()
    engine.image.store.close()
    with psycopg.connect(url, autocommit=True) as own:
        for _ in range(1000):  # a server ends a session a moment after the client
            if sessions(url) == 0:
                break
        own.execute("ANALYZE pg_class")
        found = own.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        ).fetchall()
    assert sessions(url) == 0
    assert found == []


def test_a_vanished_server_is_named(url: str) -> None:
    """A connection that the server ended raises an error of ours, not a fault of the agent."""
    named = psycopg.conninfo.make_conninfo(url, application_name="vanished")
    engine = Engine(tiny.domain(), postgres(named))
    world = engine.world()
    with psycopg.connect(url, autocommit=True) as own:
        own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'vanished'"
        )
    with pytest.raises(BackendError, match=r"127\.0\.0\.1"):
        engine.call(world, "get_member", {"member_id": 1})
    with pytest.raises(BackendError):
        world.rows("member")
    world.close()
    again = engine.world()
    assert engine.call(again, "get_member", {"member_id": 1}).ok
    again.close()
    engine.image.store.close()


def test_wrong_urls_are_named() -> None:
    """A URL that is none, and one where nobody answers, are errors that say what to do."""
    for wrong in ("http://a/b", "no url", "postgresql://[::1", 7):
        with pytest.raises(UsageError, match="postgresql://user@host:port/database"):
            postgres(wrong)  # type: ignore[arg-type]
    nobody = Engine(tiny.domain(), postgres("postgresql://u:secret@127.0.0.1:1/x"))
    with pytest.raises(BackendError, match="make postgres") as caught:
        nobody.world()
    assert "127.0.0.1:1/x" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "psycopg.conninfo", None)
    with pytest.raises(BackendError, match=r"agentgym-worlds\[postgres\]"):
        postgres("postgresql://localhost/x")


def test_a_database_of_another_encoding_is_refused(url: str) -> None:
    """A database that cannot hold every text is no place for worlds."""
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("DROP DATABASE IF EXISTS narrow")
        own.execute(
            "CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0"
            " LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        narrow = psycopg.conninfo.make_conninfo(url, dbname="narrow")
        with pytest.raises(BackendError, match="UTF8"):
            Engine(NOTES, postgres(narrow)).world()
        own.execute("DROP DATABASE narrow WITH (FORCE)")


def test_bad_rows_are_refused_on_both(url: str) -> None:
    """Keys that are there twice, and texts that PostgreSQL cannot hold, are named at load."""
    twice = ("a", "t", None, 1, None, None)
    same = ((*twice[:2], "x", 1, None, None), ("b", "t", "x", 1, None, None))
    for rows in ((twice, twice), same):
        domain = msgspec.structs.replace(NOTES, rows={"note": rows})
        for engine in (Engine(domain), Engine(domain, postgres(url))):
            with pytest.raises(DomainError, match="keys and uniques"):
                engine.world()
    for text in ("a\0b", "\ud800"):
        domain = msgspec.structs.replace(NOTES, rows={"note": (("a", text, *twice[2:]),)})
        with pytest.raises(DomainError):
            Engine(domain, postgres(url)).world()


def test_names_that_postgres_keeps_for_itself(url: str) -> None:
    """Names of its system columns, of more than 63 characters or of its keywords will do."""
    long = "a" * 60
    for name, field in (("select", "ctid"), (long + "_first", long + "_text"), ("new", "xmin")):
        domain = text_domain(schema_name=name, field=field)
        mine, other = Engine(domain), Engine(domain, postgres(url))
        pair = mine.world(), other.world()
        row = ("a", "T", "x", 1, 2.5, None)
        for world in pair:
            world.insert(name, row)
            world.update(name, row, ("a", "U", "y", 2, None, "a"))
            with pytest.raises(TakenError):
                world.insert(name, ("b", None, "y", 1, None, None))
        assert pair[0].rows(name) == pair[1].rows(name)
        for world in pair:
            world.close()
        other.image.store.close()
