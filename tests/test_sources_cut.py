"""What a draft is cut to: a sample of rows, a focus, a readable part; and graphs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, read

SHOP = """
CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT);
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, country TEXT NOT NULL REFERENCES country,
    friend INTEGER REFERENCES customer);
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, best INTEGER REFERENCES sale(id));
CREATE TABLE sale (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer);
CREATE TABLE line (sale_id INTEGER REFERENCES sale, n INTEGER, product_id INTEGER NOT NULL
    REFERENCES product, PRIMARY KEY (sale_id, n));
CREATE TABLE wish (customer_id INTEGER REFERENCES customer, product_id INTEGER REFERENCES product,
    PRIMARY KEY (customer_id, product_id));
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """Write a shop with a circle of references and composite keys."""
    path: Path = tmp_path_factory.mktemp("shop") / "shop.db"
    rows: dict[str, list[Any]] = {
        "country": [(f"c{n}", f"Country {n}") for n in range(6)],
        "customer": [(n, f"p{n}", f"c{n % 6}", n // 2 or None) for n in range(1, 61)],
        "product": [(n, f"thing {n}", n * 3) for n in range(1, 41)],
        "sale": [(n, 1 + n * n % 60) for n in range(1, 201)],
        "line": [(1 + n // 3, n % 3, 1 + n * 7 % 40) for n in range(600)],
        "wish": [(1 + n % 60, 1 + n * 11 % 40) for n in range(60)],
    }
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SHOP)
        for table, listed in rows.items():
            db.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(listed[0]))})", listed
            )
        db.commit()
    return path


@given(st.integers(0, 1_100), st.integers(0, 3))
def test_a_sample_is_closed_about_as_large_as_asked_and_repeatable(shop, n_rows, seed) -> None:
    """Every reference of a kept row is kept, circles and composite keys included."""
    draft = read(shop, rows=n_rows, seed=seed)
    size = sum(map(len, draft.rows.values()))
    assert violations(draft.schema, draft.rows) == []
    assert min(n_rows, 967) * 0.6 - 5 <= size <= n_rows * 1.25 + 25
    assert draft == read(shop, rows=n_rows, seed=seed)


def test_a_sample_takes_children_with_their_parents(shop: Path) -> None:
    """Sales come with all their lines, small tables whole, and another seed chooses others."""
    draft = read(shop, rows=300)
    sales = {row[0] for row in draft.rows["sale"]}
    lines = [row[0] for row in draft.rows["line"]]
    assert sum(lines.count(sale) == 3 for sale in sales) > len(sales) / 2
    assert len(draft.rows["country"]) == 6
    assert draft.rows != read(shop, rows=300, seed=1).rows
    assert any("rows are kept" in note for note in draft.notes)


def names(draft: Draft) -> set[str]:
    """Return the entities of a draft."""
    return {entity.name for entity in draft.schema.entities}


def test_a_focus_keeps_what_its_tables_need(shop: Path) -> None:
    """Required parents come along; columns that point outside and mean nothing go."""
    draft = read(shop, focus=["LINE"])
    assert names(draft) == {"line", "sale", "product", "customer", "country"}
    draft = read(shop, focus=["product"])
    assert names(draft) == {"product"}
    assert [field.name for field in draft.schema.entity("product").fields] == ["id", "name"]
    assert "--focus" in draft.notes[0]
    with pytest.raises(SourceError, match="did you mean 'customer'"):
        read(shop, focus=["custmer"])


def test_a_large_schema_is_cut_to_a_connected_part(tmp_path: Path) -> None:
    """Of sixty tables the part around the hub is used; the note names the way to the rest."""
    tables = ["CREATE TABLE hub (id int primary key, title text);"]
    tables += [
        f"CREATE TABLE near_{n} (id int primary key, hub int not null references hub(id), a text);"
        for n in range(20)
    ]
    tables += [f"CREATE TABLE lone_{n} (id int primary key, b text);" for n in range(40)]
    path = tmp_path / "large.sql"
    path.write_text("\n".join(tables))
    draft = read(path)
    assert 12 <= len(draft.schema.entities) <= 40
    assert any(entity.source in {"hub", ""} for entity in draft.schema.entities)
    assert len(draft.schema.relations) == len(draft.schema.entities) - 1
    assert "--focus" in draft.notes[0] and "of 61 tables" in draft.notes[0]
    assert names(read(path, focus=["lone_3", "near_2"])) >= {"hub"}


TURTLE = """
@prefix : <http://example.org/v#> . @prefix i: <http://example.org/i/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
:City a owl:Class ; rdfs:comment "A place." .
i:rome a :City ; rdfs:label "Rome"@en, "Roma"@it ; :inCountry i:italy ; :people 2800000 .
i:oslo a :City ; rdfs:label "Oslo"@en ; :inCountry i:norway ; :people 700000 ;
    :founded "1040-01-01"^^xsd:date ; :twin i:rome, i:paris .
i:paris a :City ; rdfs:label "Paris" ; :inCountry i:france ; :alias "Paname", "Lutetia" .
i:italy a :Country ; rdfs:label "Italy" ; :area 301340.5 .
i:norway a :Country ; rdfs:label "Norway" . i:france a :Country ; rdfs:label "France" .
"""


def test_a_graph_becomes_tables(tmp_path: Path) -> None:
    """Classes, literals, single and many-valued properties find their place."""
    path = tmp_path / "world.ttl"
    path.write_text(TURTLE)
    draft = read(path)
    assert draft.kind == "graph"
    assert violations(draft.schema, draft.rows) == []
    city = draft.schema.entity("city")
    assert city.key == ("id",) and city.comment == "A place."
    kinds = {field.name: (field.type, field.nullable) for field in city.fields}
    assert kinds["name"] == ("text", False)
    assert kinds["people"] == ("integer", True)
    assert kinds["founded"] == ("date", True)
    assert {row[city.position("name")] for row in draft.rows["city"]} == {"Rome", "Oslo", "Paris"}
    assert ("city", "country") in {(r.entity, r.target) for r in draft.schema.relations}
    assert sorted(len(draft.rows[e.name]) for e in draft.schema.entities) == [2, 2, 3, 3]
    assert [e.kind for e in draft.schema.entities].count("link") == 1
    assert read(path) == draft


def test_a_broken_graph_says_where(tmp_path: Path) -> None:
    """A fault in Turtle is named with its line; a graph of nothing says so."""
    path = tmp_path / "bad.ttl"
    path.write_text("@prefix : <http://x/> .\n:a a :b ;; . oops")
    with pytest.raises(SourceError, match="Turtle"):
        read(path)
    path.write_text("@prefix : <http://x/> .\n:a :b :c .")
    with pytest.raises(SourceError, match="type"):
        read(path)
