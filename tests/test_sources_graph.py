"""Graphs of every writing become the same drafts; what they say is all there, or counted."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import msgspec
import networkx as nx
import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st

from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, read
from agentgym.sources.graph.blank import blank_names

HEAD = """
@prefix : <http://example.org/v#> . @prefix i: <http://example.org/i/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
TOWNS = (
    HEAD
    + """
:Town a owl:Class ; rdfs:comment "A place." .
:Port rdfs:subClassOf :Town .
:inside owl:inverseOf :holds .
i:rome a :Town ; rdfs:label "Roma"@it, "Rome"@en ; :inside i:italy ; :people 2800000 .
i:oslo a :Town, :Port ; rdfs:label "Oslo" ; :inside i:norway ; :people 700000 ;
    :founded "1040-01-01"^^xsd:date ; :twin i:rome, i:bari ; :hilly false .
i:bari a :Port, :Town ; rdfs:label "Bari" ; skos:altLabel "Barium", "Bare" ; :rated 4.5 .
i:trieste a :Port ; rdfs:label "Trieste"@sl ; :seen ( "a" "b" "c" ) ;
    :address [ :street "Via Roma" ; :number 3 ] .
i:italy a :Land ; rdfs:label "Italy" ; :holds i:rome, i:bari, i:trieste .
i:norway a :Land ; rdfs:label "Norway" ; :area "301340.5"^^xsd:decimal .
"""
)
WRITINGS = {
    "turtle": ".ttl",
    "nt": ".nt",
    "xml": ".rdf",
    "json-ld": ".jsonld",
    "nquads": ".nq",
    "trig": ".trig",
    "n3": ".n3",
}


def draft(folder: Path, name: str, text: str | bytes, **options: object) -> Draft:
    """Read a file of that name and content."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read(path, **options)  # type: ignore[arg-type]
    assert violations(found.schema, found.rows) == []
    return found


def table(found: Draft, entity: str) -> list[dict[str, object]]:
    """Return the rows of an entity by field."""
    names = [field.name for field in found.schema.entity(entity).fields]
    return [dict(zip(names, row, strict=True)) for row in found.rows.get(entity, ())]


def aims(found: Draft) -> set[tuple[str, str]]:
    """Return which entity refers to which."""
    return {(relation.entity, relation.target) for relation in found.schema.relations}


def content(found: Draft) -> Draft:
    """Return the draft without what the file's bytes alone decide."""
    return msgspec.structs.replace(found, sha256="", name="", dialect="", notes=())


def written(turtle: str, form: str) -> str:
    """Write a graph in another form."""
    data = rdflib.Dataset(default_union=True)
    data.default_graph.parse(data=turtle, format="turtle")
    graph = data if form in ("nquads", "trig") else rdflib.Graph().parse(data=turtle)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib's own writers use what it deprecates
        text = graph.serialize(format=form)
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("form", WRITINGS)
@pytest.mark.parametrize("named", [True, False])
def test_every_writing_of_rdf_says_the_same(tmp_path: Path, form: str, named: bool) -> None:
    """The draft is that of the Turtle, whether the extension tells the writing or the content."""
    text = written(TOWNS, form)
    expected = content(draft(tmp_path, "towns.ttl", TOWNS))
    suffix = WRITINGS[form] if named else ".ttl" if form == "n3" else ".txt"
    assert content(draft(tmp_path, f"towns{suffix}", text)) == expected


def test_what_a_graph_says(tmp_path: Path) -> None:
    """Classes, languages, aliases, lists, blank nodes, datatypes and inverses find their place."""
    found = draft(tmp_path, "towns.ttl", TOWNS)
    assert found.kind == "graph" and found.options == {}
    ports, lands = table(found, "port"), table(found, "land")
    assert {row["name"] for row in ports} == {"Oslo", "Bari", "Trieste"}  # the finest class
    assert {row["name"] for row in table(found, "town")} == {"Rome"}  # English, where there is
    assert {(row["id"], row["inside"]) for row in ports} == {
        ("oslo", "norway"),
        ("bari", "italy"),  # said by its inverse alone
        ("trieste", "italy"),
    }
    assert {"port", "town"} == {child for child, target in aims(found) if target == "land"}
    assert all("holds" not in row for row in lands)
    assert {row["alias"] for row in table(found, "port_alias")} == {"Barium", "Bare"}
    assert {row["seen"] for row in table(found, "port_seen")} == {"a", "b", "c"}
    types = {f.name: f.type for e in found.schema.entities for f in e.fields}
    assert types["founded"] == "date" and types["hilly"] == "boolean"
    assert types["people"] == "integer" and types["rated"] == types["area"] == "decimal"
    [street] = [e for e in found.schema.entities if any(f.name == "street" for f in e.fields)]
    assert street.name == "address" and ("port", "address") in aims(found)
    assert found.skipped["inverse of an edge that is there"] == 1
    assert found.skipped["order of a list"] == 1
    assert found.skipped["definition of a class or property"] >= 2
    assert found.schema.entity("town").comment == "A place."


def test_named_graphs_are_merged(tmp_path: Path) -> None:
    """The default graph and all named ones are read as one."""
    trig = HEAD + (
        'i:a a :Dog ; rdfs:label "Rex" .\n:one { i:b a :Dog ; rdfs:label "Ada" ; :owner i:o }\n'
        'GRAPH :two { i:o a :Man ; rdfs:label "Otto" . i:a :owner i:o . }\n'
    )
    found = draft(tmp_path, "dogs.trig", trig)
    assert {(row["name"], row["owner"]) for row in table(found, "dog")} == {
        ("Rex", "o"),
        ("Ada", "o"),
    }
    assert "Named graphs merged into one: 2." in found.notes


def test_wider_classes_that_a_reasoner_wrote_down_are_left(tmp_path: Path) -> None:
    """Where narrower classes fill a wider one, they are chosen; a rare second class is not."""
    lines = [HEAD]
    for n in range(12):
        kind = ":Dog" if n % 2 else ":Cat"
        odd = ", :Star" if n == 3 else ""
        lines.append(f'i:p{n} a :Animal, {kind}{odd} ; rdfs:label "Pet {n}" ; :age {n} .')
    found = draft(tmp_path, "pets.ttl", "\n".join(lines))
    assert {e.name: len(found.rows[e.name]) for e in found.schema.entities} == {"cat": 6, "dog": 6}
    assert found.skipped["further type of a resource"] == 1


def graph(kind: type = nx.DiGraph) -> nx.Graph:
    """Return people and firms."""
    made = kind()
    for n in range(6):
        made.add_node(f"p{n}", type="person", name=f"Person {n}", age=20 + n, tall=n % 2 == 0)
    for n in range(2):
        made.add_node(f"f{n}", type="firm", name=f"Firm {n}", worth=1.5 + n)
    for n in range(6):
        made.add_edge(f"p{n}", f"f{n % 2}", relation="works_for")
        made.add_edge(f"p{n}", f"p{(n + 1) % 6}", relation="knows", since=2000 + n)
    return made


@pytest.mark.parametrize("form", ["graphml", "links", "edges"])
@pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiDiGraph, nx.Graph, nx.MultiGraph])
def test_property_graphs(tmp_path: Path, form: str, kind: type) -> None:
    """Attributes say classes, relations and fields; an edge without direction is said once."""
    made = graph(kind)
    if form == "graphml":
        text, name = "\n".join(nx.generate_graphml(made)), "g.graphml"
    else:
        text, name = json.dumps(nx.node_link_data(made, edges=form)), "g.json"
    found = draft(tmp_path, name, text)
    person, firm = table(found, "person"), table(found, "firm")
    assert [(row["id"], row["name"], row["age"]) for row in person] == [
        (f"p{n}", f"Person {n}", 20 + n) for n in range(6)
    ]
    assert {f.name: f.type for f in found.schema.entity("person").fields}["tall"] == "boolean"
    assert len(firm) == 2
    assert all(row["works_for"] == f"f{n % 2}" for n, row in enumerate(person))
    assert ("person", "firm") in aims(found) and ("firm", "person") not in aims(found)
    knows = table(found, "person_know")
    pairs = {(f"p{n}", f"p{(n + 1) % 6}") for n in range(6)}
    both = pairs | {(b, a) for a, b in pairs}
    assert {(r["person"], r["other_person"]) for r in knows} == (
        pairs if made.is_directed() else both
    )
    assert {row["since"] for row in knows} == set(range(2000, 2006))


def test_parallel_edges_with_attributes_are_rows(tmp_path: Path) -> None:
    """Two flights between the same towns are two rows with a number of their own."""
    made = nx.MultiDiGraph()
    for town in ("Rome", "Oslo", "Bari"):
        made.add_node(town, labels=":Town:Place")
    for n in range(6):
        made.add_edge("Rome", "Oslo", type="flight", departs=f"{n + 10}:15")
        made.add_edge("Oslo", "Bari", type="flight", departs=f"{n + 10}:45")
    found = draft(tmp_path, "flights.graphml", "\n".join(nx.generate_graphml(made)))
    [flight] = [e for e in found.schema.entities if e.kind == "record" and len(e.fields) > 2]
    assert len(found.rows[flight.name]) == 12


TRIPLES = [
    *((f"Worker {n}", "lives_in", f"Town {n % 3}") for n in range(9)),
    *((f"Worker {n}", "age", str(30 + n)) for n in range(9)),
    *((f"Worker {n}", "speaks", f"Tongue {k}") for n in range(9) for k in (n % 2, 2)),
    *((f"Town {n}", "has_mayor", f"Worker {n}") for n in range(3)),
]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("comma", [True, False])
def test_tables_of_triples(tmp_path: Path, header: bool, comma: bool) -> None:
    """Untyped nodes are grouped by the relations that they take part in, and counted."""
    rows = [("Subject", "Predicate", "Object")] * header + TRIPLES
    lines = [",".join(f'"{c}"' for c in row) if comma else "\t".join(row) for row in rows]
    found = draft(tmp_path, "t.csv" if comma else "t.tsv", "\r\n".join(lines))
    sizes = {e.name: len(found.rows[e.name]) for e in found.schema.entities}
    assert sorted(sizes.values()) == [3, 3, 9, 18]
    [worker] = [e for e in found.schema.entities if sizes[e.name] == 9]
    assert {f.name: f.type for f in worker.fields}["age"] == "integer"
    assert {row["name"] for row in table(found, worker.name)} == {f"Worker {n}" for n in range(9)}
    assert found.skipped["untyped node: grouped by its relations"] == 15
    assert found.options == {}


def test_untyped_nodes_take_the_class_of_their_like(tmp_path: Path) -> None:
    """A node where all others are of one class is of it as well."""
    lines = [f"p{n}\tinstance of\tperson" for n in range(8)]
    lines += [f"f{n}\tinstance of\tfirm" for n in range(3)]
    lines += [f"p{n}\tworks for\tf{n % 4}" for n in range(9)]
    lines += [f"{n}\tlabel\tThe {n} one" for n in ("p0", "p8", "f0", "f3")]
    found = draft(tmp_path, "t.tsv", "\n".join(lines))
    assert {e.name: len(found.rows[e.name]) for e in found.schema.entities} == {
        "person": 9,
        "firm": 4,
    }
    assert found.skipped["untyped node: class taken from its relations"] == 2


def test_mirrored_relations_are_folded(tmp_path: Path) -> None:
    """Of two relations that mirror each other that with single targets is kept."""
    lines = [f"Child {n}\thas parent\tParent {n % 3}" for n in range(9)]
    lines += [f"Parent {n % 3}\tparent of\tChild {n}" for n in range(9)]
    lines += [f"{k} {n}\ttype\t{k}" for k, m in (("Child", 9), ("Parent", 3)) for n in range(m)]
    found = draft(tmp_path, "t.tsv", "\n".join(lines))
    assert [(r.entity, r.target) for r in found.schema.relations] == [("child", "parent")]
    assert found.skipped["inverse of an edge that is there"] == 9


CODES = [
    *((f"Q{n}", "instance of", "human" if n < 20 else "city") for n in range(26)),
    *((f"Q{n}", "born in", f"Q{20 + n % 6}") for n in range(20)),
]


def test_labels(tmp_path: Path) -> None:
    """Without labels names are made and marked; with a file of them they are real."""
    text = "\n".join("\t".join(row) for row in CODES)
    bare = draft(tmp_path, "codes.tsv", text)
    assert bare.options == {"synthetic_labels": True}
    assert any("synthetic for 26 of 26" in note and "--labels" in note for note in bare.notes)
    assert {row["name"] for row in table(bare, "city")} == {f"City Q{n}" for n in range(20, 26)}
    labels = tmp_path / "labels.tsv"
    labels.write_text("".join(f"Q{n}\tOne of {n}\n" for n in range(26)) + "Q99\tNobody\n")
    named = draft(tmp_path, "codes.tsv", text, labels=labels)
    assert named.options == {}
    assert {row["name"] for row in table(named, "city")} == {f"One of {n}" for n in range(20, 26)}
    labels.write_text("Q20\tRome\n")
    half = draft(tmp_path, "codes.tsv", text, labels=labels)
    assert half.options == {"synthetic_labels": True}
    assert "Rome" in {row["name"] for row in table(half, "city")}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Q20 Rome\n", r"labels.tsv line 1: expected an identifier, a tab and a label"),
        ("Q20\tRome\nQ20\tRoma\n", "line 2: expected one label"),
        ("X1\tRome\n", "--labels: expected labels of nodes of the graph"),
        ("", "labels.tsv"),
    ],
)
def test_broken_labels_say_where(tmp_path: Path, text: str, match: str) -> None:
    """A line without a label, two labels for one node, labels of another graph."""
    labels = tmp_path / "labels.tsv"
    labels.write_text(text)
    with pytest.raises(SourceError, match=match):
        draft(tmp_path, "codes.tsv", "\n".join("\t".join(r) for r in CODES), labels=labels)


def test_labels_are_for_graphs(tmp_path: Path) -> None:
    """A script takes no labels."""
    labels = tmp_path / "labels.tsv"
    labels.write_text("a\tb\n")
    with pytest.raises(SourceError, match="--labels"):
        draft(tmp_path, "a.sql", "CREATE TABLE a (id int primary key);", labels=labels)


BROKEN = [
    ("a.ttl", "@prefix : <http://x/> .\n:a :b :c .\n:a :b ;; . oops", "Turtle.*line 3|line 3.*Tur"),
    ("a.nt", "<http://a> <http://b> <http://c> .\n<http://a> <http://b> .\n", "line 2.*N-Triples"),
    ("a.nq", "<a:a> <a:b> <a:c> <a:g> .\n\n<a:a> <a:b> <a:c> <a:d> <a:e> .", "line 3.*N-Quads"),
    ("a.rdf", "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<a>", "line 2"),
    ("a.jsonld", '{"@context": {},\n "@id": ', "line 2.*JSON-LD"),
    ("a.jsonld", '{"@context": "http://elsewhere.example/c", "@id": "a:b"}', "context inside"),
    ("a.jsonld", '{"@context": {"@import": "http://elsewhere.example/c"}}', "context inside"),
    ("a.jsonld", '{"@context": {"k": {"@context": "http://other.example/c"}}}', "context inside"),
    ("a.graphml", "<graphml>\n<graph>\n</grap>", "line 3.*GraphML"),
    ("a.graphml", "<graphml><graph edgedefault='directed'/></graphml>", "a graph with nodes"),
    ("a.json", '{"nodes": [{"id": 1}, {}], "links": []}', r"nodes\[1\]"),
    ("a.json", '{"nodes": [{"id": 1}], "links": [{"source": 1}]}', r"links\[0\]"),
    ("a.json", '{"nodes": [],\n "links": [}', "line 2"),
    ("a.json", '{"links": [], "nodes": ' + "[" * 100_000, "node-link JSON"),
    ("a.rdf", '<!DOCTYPE r [\n<!ENTITY a "b">\n<!ENTITY c "&a;&a;">]><r/>', "line 3: .*entities"),
    ("a.graphml", '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///x">]><graphml/>', "line 1: .*entities"),
    ("a.tsv", "a\tb\tc\na\tb\n", "line 2.*three columns"),
    ("a.csv", 'a,b,"c\n', "quotes"),
    ("a.csv", "a,b,\n", "an empty one"),
    ("a.tsv", "a\tb\tc\n", "a type|well"),
    ("a.ttl", "@prefix : <http://x/> .\n:a :b :c .", "type"),
    ("a.ttl", '@prefix : <http://x/> .\n:a :b "c" .', "type"),
    ("a.ttl", "@prefix : <http://x/> .", "type"),
    ("a.nt", "# nothing\n", "type"),
    ("a.nt", b'<a:a> <a:b> "\x00\x01\x02" .', "binary"),
]


@pytest.mark.parametrize(("name", "text", "match"), BROKEN)
def test_broken_graphs_say_where(tmp_path: Path, name: str, text: str | bytes, match: str) -> None:
    """A fault is named with its place; a graph of nothing says so."""
    with pytest.raises(SourceError, match=f"(?s){match}") as error:
        draft(tmp_path, name, text)
    assert name in str(error.value) or "--labels" in str(error.value)


def test_a_very_long_line(tmp_path: Path) -> None:
    """A literal of ten million letters is cut and counted, in every writing that has lines."""
    long = "x" * 10_000_000
    for name, line in (
        ("a.nt", '<a:b{n}> <a:text> "{t}" .\n<a:b{n}> <a:next> <a:b0> .\n'),
        ("a.tsv", "b{n}\ttext\t{t}\nb{n}\tnext\tb0\n"),
    ):
        text = line.format(n=0, t=long) + line.format(n=1, t="short")
        found = draft(tmp_path, name, text)
        assert found.skipped["end of a long text"] == 1


def test_values_that_say_nothing(tmp_path: Path) -> None:
    """Empty attributes are as if they were not there."""
    nodes: list[dict[str, Any]] = [
        {"id": n, "name": f"Node {n}", "word": "" if n else None, "list": []} for n in (0, 1)
    ]
    text = json.dumps({"nodes": nodes, "links": [{"source": 0, "target": 1, "why": ""}]})
    found = draft(tmp_path, "a.json", text)
    assert [row["name"] for row in table(found, "thing")] == ["Node 0", "Node 1"]
    assert all("word" not in row and "list" not in row for row in table(found, "thing"))


def test_encodings(tmp_path: Path) -> None:
    """A graph in another encoding is read, and a note says how."""
    text = HEAD + 'i:a a :T ; rdfs:label "Café" . i:b a :T ; rdfs:label "Ærø" .'
    for encoding, noted in (("utf-8-sig", False), ("utf-16", False), ("latin-1", True)):
        found = draft(tmp_path, "a.ttl", text.encode(encoding))
        assert {row["name"] for row in table(found, "t")} == {"Café", "Ærø"}
        assert any("Latin-1" in note for note in found.notes) == noted


nodes = st.integers(0, 7)
statements = st.lists(
    st.one_of(
        st.tuples(nodes, st.sampled_from(["p", "q", "r"]), nodes),
        st.tuples(nodes, st.just("kind"), st.sampled_from(["A", "B", "C"])),
        st.tuples(nodes, st.sampled_from(["size", "word", "label"]), st.integers(0, 3).map(str)),
    ),
    min_size=6,
    max_size=40,
    unique=True,
)


def line_of(statement: tuple[int, str, int | str], blank: set[int]) -> str:
    """Write a statement as N-Triples."""
    subject, predicate, value = statement

    def node(n: int) -> str:
        return f"_:n{n}" if n in blank else f"<http://x.org/n{n}>"

    if predicate == "kind":
        kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        return f"{node(subject)} {kind} <http://x.org/{value}> ."
    object_ = node(value) if isinstance(value, int) else f'"{value}"'
    return f"{node(subject)} <http://x.org/{predicate}> {object_} ."


@given(said=statements, blank=st.sets(nodes), seed=st.integers(0, 99))
@example(said=[(0, "p", 1), (1, "p", 0), (2, "p", 3), (3, "p", 2)], blank={0, 1, 2, 3}, seed=1)
def test_the_order_of_statements_changes_nothing(
    said: list[tuple[int, str, int | str]], blank: set[int], seed: int
) -> None:
    """Shuffled lines give the same draft but for the fingerprint of the file."""
    lines = [line_of(each, blank) for each in said]
    again = random.Random(seed).sample(lines, len(lines))
    with tempfile.TemporaryDirectory() as folder:
        drafts = []
        for text in (lines, again):
            try:
                found = draft(Path(folder), "g.nt", "\n".join(text))
            except SourceError as error:
                drafts.append(str(error))
            else:
                drafts.append(repr(msgspec.structs.replace(found, sha256="")))
    assert drafts[0] == drafts[1]


@given(said=statements)
def test_every_statement_is_there_or_counted(said: list[tuple[int, str, int | str]]) -> None:
    """Each node is one row; each edge a reference or a row that joins two, unless counted."""
    edges = {(s, p, o) for s, p, o in said if isinstance(o, int)}
    there = {s for s, *_ in said} | {o for *_, o in edges}
    text = "\n".join(line_of(each, set()) for each in said)
    lines = [f'<http://x.org/n{n}> <http://x.org/mark> "m{n}" .' for n in sorted(there)]
    if len(there) < 2:
        return
    with tempfile.TemporaryDirectory() as folder:
        found = draft(Path(folder), "g.nt", text + "\n" + "\n".join(lines))
    marked = [
        row["mark"]
        for entity in found.schema.entities
        if any(field.name == "mark" for field in entity.fields)
        for row in table(found, entity.name)
    ]
    assert sorted(map(str, marked)) == sorted(f"m{n}" for n in there)
    stored = 0
    for entity in found.schema.entities:
        leaving = found.schema.parents(entity.name)
        rows = table(found, entity.name)
        if entity.kind == "link":
            stored += len(rows)
        elif any(field.name == "mark" for field in entity.fields):
            stored += sum(row[r.fields[0]] is not None for r in leaving for row in rows)
    assert stored + found.skipped.get("inverse of an edge that is there", 0) == len(edges)


@given(
    edges=st.sets(st.tuples(st.integers(0, 6), st.sampled_from("pq"), st.integers(0, 6))),
    order=st.permutations(range(7)),
)
def test_blank_nodes_are_named_by_what_is_said(
    edges: set[tuple[int, str, int]], order: list[int]
) -> None:
    """However blank nodes are called in a file, the statements under their new names are alike."""

    def canonical(call: list[int]) -> set[tuple[str, str, str]]:
        triples = [(f"b{call[s]}", p, f"b{call[o]}") for s, p, o in edges]
        names = blank_names(triples, {n for s, _, o in triples for n in (s, o)})
        return {(names[s], p, names[o]) for s, p, o in triples}

    assert canonical(list(range(7))) == canonical(order)


def test_graph_libraries_load_when_a_graph_is_read() -> None:
    """The room of sources can be imported without rdflib and networkx."""
    code = (
        "import sys, agentgym, agentgym.sources.graph; "
        "print([m for m in ('rdflib', 'networkx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
