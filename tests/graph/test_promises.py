"""What graphs say that is rare: nested lists, reification, thousands of properties, odd classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.errors import SourceError
from agentgym.schema.holds import violations
from agentgym.sources import Draft, read
from agentgym.tools.algebra import Path as PathTerm
from agentgym.tools.derive import derive

HEAD = """@prefix : <http://example.org/v#> . @prefix i: <http://example.org/i/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
PEOPLE = HEAD + "\n".join(
    f'i:p{n} a :Person ; rdfs:label "Person {n}" ; :age {20 + n} ; :knows i:p{(n * 3 + 1) % 9} .'
    for n in range(9)
)


def draft(folder: Path, text: str, name: str = "a.ttl") -> Draft:
    """Read a text as a file."""
    (folder / name).write_text(text)
    found = read(folder / name)
    assert violations(found.schema, found.rows) == []
    return found


def column(found: Draft, entity: str, field: str) -> list[object]:
    """Return the values of a field."""
    place = found.schema.entity(entity).position(field)
    return [row[place] for row in found.rows[entity]]


def test_lists_in_lists(tmp_path: Path) -> None:
    """The members of inner lists are there, each once; lists that hold each other end."""
    found = draft(tmp_path, PEOPLE + ' i:p0 :likes ( ( "tea" "jam" ) "nuts" () ( ( "tea" ) ) ) .')
    assert set(column(found, "person_like", "likes")) == {"tea", "jam", "nuts"}
    loop = " i:p0 :likes _:a . _:a rdf:first _:b ; rdf:rest rdf:nil . _:b rdf:first _:a, 7 ."
    assert 7 in column(draft(tmp_path, PEOPLE + loop), "person", "likes")


def test_a_very_deep_list(tmp_path: Path) -> None:
    """A thousand lists in each other, each twice in the next, are read in no time."""
    deep = "\n".join(
        f"_:l{n} rdf:first _:l{n + 1} ; rdf:rest _:r{n} . _:r{n} rdf:first _:l{n + 1} ."
        for n in range(1000)
    )
    found = draft(tmp_path, PEOPLE + f' i:p0 :likes _:l0 . {deep} _:l1000 rdf:first "tea" .')
    assert "tea" in column(found, "person", "likes")


def test_statements_about_statements_are_counted(tmp_path: Path) -> None:
    """A reified statement is no row and no definition."""
    more = " _:s a rdf:Statement ; rdf:subject i:p0 ; rdf:predicate :knows ; rdf:object i:p1 ."
    found = draft(tmp_path, PEOPLE + more)
    assert found.skipped["statement about a statement"] == 1
    assert found.skipped.get("definition of a class or property", 0) == 0
    assert [e.name for e in found.schema.entities if e.kind == "record"] == ["person"]


def test_thousands_of_properties(tmp_path: Path) -> None:
    """The most frequent ones are kept; the values of others are counted, and a note says so."""
    more = "\n".join(f"i:p{n % 9} :odd{n} {n} ." for n in range(3000))
    found = draft(tmp_path, PEOPLE + more)
    assert len(found.schema.entity("person").fields) < 80
    assert "age" in {field.name for field in found.schema.entity("person").fields}
    assert found.skipped["value of a rare property"] == 3000 - 59
    assert any("3001 properties" in note or "3002 properties" in note for note in found.notes)


def test_a_predicate_with_literals_and_nodes(tmp_path: Path) -> None:
    """Both are there, under names that tell them apart."""
    more = "\n".join(
        f"i:p{n} :home {f'i:t{n % 3}' if n % 2 else f'{chr(34)}Road {n}{chr(34)}'} ."
        for n in range(9)
    )
    towns = "\n".join(f'i:t{n} a :Town ; rdfs:label "Town {n}" .' for n in range(3))
    found = draft(tmp_path, PEOPLE + more + towns)
    assert sum(value is not None for value in column(found, "person", "home")) == 5
    assert sum(value is not None for value in column(found, "person", "home_town")) == 4


def test_classes_in_a_circle(tmp_path: Path) -> None:
    """Classes that refine each other do no harm."""
    found = draft(
        tmp_path,
        PEOPLE + ":Person rdfs:subClassOf :Agent . :Agent rdfs:subClassOf :Person, :Agent .",
    )
    assert len(found.rows["person"]) == 9


def test_names_that_differ_in_case(tmp_path: Path) -> None:
    """Nodes and classes that differ in case alone are different."""
    more = "\n".join(f'i:P{n} a :person ; rdfs:label "Other {n}" .' for n in range(4))
    found = draft(tmp_path, PEOPLE + more)
    assert sorted(len(rows) for rows in found.rows.values())[:2] == [4, 9]


VALUES = [
    ('"1999"^^xsd:gYear', "integer", 1999),
    ('"P1Y2M"^^xsd:duration', "text", "P1Y2M"),
    (f'"{"1" * 10}.{"5" * 5}"^^xsd:decimal', "decimal", None),
    ('"true"^^xsd:boolean', "boolean", True),
    ('"2020-05-06"^^xsd:date', "date", "2020-05-06"),
    ('"10:30:00"^^xsd:time', "text", "10:30:00"),
    ('"own"^^<http://example.org/own>', "text", "own"),
]


@pytest.mark.parametrize(("literal", "kind", "value"), VALUES)
def test_datatypes(tmp_path: Path, literal: str, kind: str, value: object) -> None:
    """A value has the type that its datatype stands for."""
    found = draft(tmp_path, PEOPLE + f" i:p0 :odd {literal} . i:p1 :odd {literal} .")
    field = found.schema.entity("person").field("odd")
    stored = [each for each in column(found, "person", "odd") if each is not None]
    assert field.type == kind or (kind == "text" and field.type == "enum")
    assert len(stored) == 2 and (value is None or stored[0] in (value, int(value == True)))  # noqa: E712


def test_what_is_not_of_its_type_is_counted(tmp_path: Path) -> None:
    """One date that is none is left out; very many digits are no number that can be kept."""
    more = "\n".join(
        f'i:q{n} a :Person ; rdfs:label "Quint {n}" ; :exact "{"7" * 40}.{n}"^^xsd:decimal ;'
        f' :born "{1950 + n}-02-{30 if n == 3 else 11}"^^xsd:date .'
        for n in range(60)
    )
    found = draft(tmp_path, PEOPLE + more)
    assert found.schema.entity("person").field("born").type == "date"
    assert column(found, "person", "born").count(None) == 10
    assert sum(found.skipped.values()) >= 1


@pytest.mark.parametrize(
    "text",
    [
        ":A a owl:Class . :B rdfs:subClassOf :A . :p a owl:ObjectProperty ; rdfs:domain :A .",
        ":A a rdfs:Class . :B a rdfs:Class . :p a rdf:Property ; rdfs:range :B .",
    ],
)
def test_a_vocabulary_alone_is_no_graph_of_things(tmp_path: Path, text: str) -> None:
    """The error says what was found instead."""
    with pytest.raises(SourceError, match="3 definitions of classes or properties"):
        draft(tmp_path, HEAD + text)


def test_graphs_alone_get_the_tool_for_ways(tmp_path: Path) -> None:
    """It is derived for a graph, once, and for nothing else."""
    found = draft(tmp_path, PEOPLE)
    assert found.paths
    tools = derive(found.schema, (), paths=found.paths)
    assert [t.name for t in tools if isinstance(t.term, PathTerm)] == ["find_path"]
    assert not any(isinstance(t.term, PathTerm) for t in derive(found.schema, ()))
    script = "CREATE TABLE a (id int primary key, b text);"
    assert not draft(tmp_path, script, "a.sql").paths
