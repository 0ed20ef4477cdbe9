"""Many schemas in one file become one draft each: keys, references and names hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.build.one import build, check
from agentgym.errors import SourceError, UsageError
from agentgym.sources import Draft, listed, read
from agentgym.sources.spider import _initials

REAL = Path(os.environ.get("AGENTGYM_DATA", "/nonexistent"))
FILES = sorted(REAL.rglob("*tables.json"))


def entry(name: str = "library", **changes: Any) -> dict[str, Any]:
    """Return a schema of readers, books and loans, as such files write it."""
    columns = [
        (-1, "*", "*", "text"),
        (0, "Rdr_ID", "reader id", "number"),
        (0, "Nm", "name", "text"),
        (0, "Joined", "date joined", "time"),
        (1, "ISBN", "isbn", "text"),
        (1, "Ttl", "title", "text"),
        (1, "Price", "price", "number"),
        (1, "Pgs", "pages", "number"),
        (2, "Rdr", "reader id", "text"),
        (2, "Book", "book", "text"),
        (2, "Lent_Time", "lent time", "time"),
        (2, "Back", "is returned", "boolean"),
        (2, "Blurb", "", "others"),
    ]
    return {
        "db_id": name,
        "table_names_original": ["Rdrs", "Books", "Loans"],
        "table_names": ["readers", "books", "loans"],
        "column_names_original": [[table, original] for table, original, _, _ in columns],
        "column_names": [[table, readable] for table, _, readable, _ in columns],
        "column_types": [kind for *_, kind in columns],
        "primary_keys": [1, 4],
        "foreign_keys": [[8, 1], [9, 4]],
        **changes,
    }


def draft(tmp_path: Path, *entries: dict[str, Any], only: str | None = None) -> Draft:
    path = tmp_path / "tables.json"
    path.write_text(json.dumps(list(entries)))
    return read(path, only=only)


def test_types_names_and_references(tmp_path: Path) -> None:
    """Readable names are what people say; types follow names where the file is vague."""
    found = draft(tmp_path, entry())
    schema = found.schema

    reader, book, loan = (schema.entity(name) for name in ("reader", "book", "loan"))
    assert (reader.key, book.key) == (("reader_id",), ("isbn",))
    assert {f.name: f.type for f in reader.fields} == {
        "reader_id": "integer",
        "name": "text",
        "date_joined": "date",
    }
    assert {f.name: (f.type, f.scale) for f in book.fields if f.name in ("price", "pages")} == {
        "price": ("decimal", 2),
        "pages": ("integer", 0),
    }
    assert next(f for f in reader.fields if f.name == "name").comment == "Called Nm in the source."
    kinds = {f.name: f.type for f in loan.fields}
    assert kinds["lent_time"] == "datetime"
    assert kinds["reader_id"] == "integer"  # it was said to be text; its target is a number
    assert {kinds[name] for name in kinds if "blurb" in name} == {"text"}
    assert {(r.entity, r.target) for r in schema.relations} == {
        ("loan", "reader"),
        ("loan", "book"),
    }
    assert found.skipped == {"type that a referring column does not share": 1}
    assert (found.kind, found.name) == ("spider", "tables.json: library")


def test_reference_to_what_is_no_key(tmp_path: Path) -> None:
    """What is referred to is unique; a chain of references ends at a key."""
    plain = draft(tmp_path, entry(primary_keys=[1]))
    assert plain.schema.entity("book").key == ("isbn",)

    beside = draft(tmp_path, entry(primary_keys=[1, 5]))
    assert beside.schema.entity("book").field("isbn").unique
    assert not beside.schema.entity("book").field("isbn").nullable

    chained = draft(tmp_path, entry(foreign_keys=[[8, 1], [7, 8]]))
    assert {(r.entity, r.target) for r in chained.schema.relations} >= {("book", "reader")}

    part = draft(tmp_path, entry(primary_keys=[1, [4, 5]], foreign_keys=[[9, 4]]))
    assert part.skipped["reference to a part of a key"] == 1

    whole = draft(tmp_path, entry(primary_keys=[1, [4, 5]], foreign_keys=[[9, 4], [12, 5]]))
    assert any(len(r.fields) == 2 for r in whole.schema.relations)

    star = draft(tmp_path, entry(foreign_keys=[[0, 1], [8, 1]]))
    assert star.skipped["reference of no column"] == 1


def test_one_of_many(tmp_path: Path) -> None:
    """Of several schemas one must be named; a wrong name is answered by the nearest."""
    many = [entry(name) for name in ("library", "museum", "clinic")]

    with pytest.raises(SourceError, match=r"3 schemas \(library, museum, clinic\).*--only"):
        draft(tmp_path, *many)
    with pytest.raises(SourceError, match=r"'librari'.*library"):
        draft(tmp_path, *many, only="librari")
    assert draft(tmp_path, *many, only="museum").name == "tables.json: museum"
    with pytest.raises(SourceError, match="twice"):
        draft(tmp_path, entry(), entry(), only="library")


def test_names_of_many(tmp_path: Path) -> None:
    """The schemas of a file are listed; another file has none to list."""
    many = tmp_path / "tables.json"
    many.write_text(json.dumps([entry(name) for name in ("museum", "library")]))
    script = tmp_path / "one.sql"
    script.write_text("CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);")

    assert listed(many) == ("museum", "library")
    with pytest.raises(SourceError, match="--all"):
        listed(script)
    with pytest.raises(SourceError, match="nothing"):
        listed(tmp_path / "no.json")


def test_initials(tmp_path: Path) -> None:
    """Initials of another table's long name are spelled out, unless they are a word."""
    found = draft(
        tmp_path,
        entry(table_names=["customer master index", "cmi references", "cat reviews"]),
    )
    assert [e.label for e in found.schema.entities] == [
        "customer master index",
        "customer master index reference",
        "cat review",
    ]
    assert _initials(["central art trust", "cat rooms"]) == {}
    assert _initials(["new business unit", "net blue use", "nbu codes"]) == {}
    assert _initials(["new business unit", "old units"]) == {"nbu": "new business unit"}


@pytest.mark.parametrize(
    "changes",
    [
        {"foreign_keys": [[8, 99]]},
        {"primary_keys": [-7]},
        {"column_types": ["text"]},
        {"column_names_original": [[7, "x"]], "column_names": [[7, "x"]], "column_types": ["text"]},
        {"table_names": ["one"]},
        {"foreign_keys": [[1, 2, 3]]},
        {"column_names_original": None},
    ],
)
def test_damaged(tmp_path: Path, changes: dict[str, Any]) -> None:
    """An entry that does not fit together is an error that names it."""
    with pytest.raises(SourceError, match="library"):
        draft(tmp_path, entry(**changes))


def test_only_needs_many(tmp_path: Path) -> None:
    """Where a source has one schema there is nothing to choose."""
    script = tmp_path / "one.sql"
    script.write_text("CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);")

    with pytest.raises(SourceError, match="--only"):
        read(script, only="a")
    cut = tmp_path / "cut.json"
    cut.write_text(json.dumps([entry()])[:-20])
    with pytest.raises(SourceError, match="JSON"):
        read(cut)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw schemas whose references go anywhere: to themselves, in circles, to the `*`."""
    tables = draw(st.integers(1, 4))
    kinds = st.sampled_from(["text", "number", "time", "boolean", "others"])
    names = st.sampled_from(["id", "name", "a b", "A_B", "*", "", "date", "price", "ü", "1"])
    columns = [(-1, "*", "text")]
    for table in range(tables):
        for _ in range(draw(st.integers(1, 4))):
            columns.append((table, draw(names), draw(kinds)))
    numbers = st.integers(0, len(columns) - 1)
    return {
        "db_id": "drawn",
        "table_names_original": [f"t{draw(st.integers(0, 1))}" for _ in range(tables)],
        "column_names_original": [[table, f"{name}"] for table, name, _ in columns],
        "column_types": [kind for *_, kind in columns],
        "primary_keys": draw(st.lists(numbers, max_size=4)),
        "foreign_keys": draw(st.lists(st.tuples(numbers, numbers), max_size=6)),
    }


@given(entries())
def test_any_entry(tmp_path_factory: pytest.TempPathFactory, one: dict[str, Any]) -> None:
    """Whatever is drawn becomes a schema without contradiction in which each table has a key."""
    schema = draft(tmp_path_factory.mktemp("drawn"), one).schema

    assert len(schema.entities) == len(one["table_names_original"])
    for relation in schema.relations:
        target = schema.entity(relation.target)
        keys = [set(target.key), *map(set, target.uniques)]
        keys += [{field.name} for field in target.fields if field.unique]
        assert set(relation.target_fields) in keys


def test_build(tmp_path: Path) -> None:
    """A schema without rows becomes a domain with proved tasks."""
    path = tmp_path / "tables.json"
    path.write_text(json.dumps([entry(), entry("museum")]))

    report = build(path, tmp_path / "library", only="library", tasks=8)

    assert report.tasks == 8
    assert check(tmp_path / "library").ok
    with pytest.raises(UsageError):
        build(path, tmp_path / "library", only="library", tasks=8)


@pytest.mark.slow
def test_whole_files(tmp_path: Path) -> None:
    """Every schema of a file becomes a draft; more files lie in AGENTGYM_DATA."""
    made = tmp_path / "tables.json"
    made.write_text(json.dumps([entry(), entry("museum")]))
    for path in (made, *FILES):
        whole(path)


def whole(path: Path) -> None:
    """Read every schema of a file."""
    for one in json.loads(path.read_text()):
        found = read(path, only=one["db_id"])
        assert len(found.schema.entities) <= len(one["table_names_original"])
        assert found.schema.entities
