"""A grown graph is larger and true to what it was: classes, names, relations, bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.errors import AgentGymError, SourceError, UsageError
from agentgym.schema.holds import violations
from agentgym.sources import read
from agentgym.sources.graph import read_facts
from agentgym.sources.graph.facts import Edge, Facts, Value
from agentgym.sources.graph.grow import grow
from agentgym.sources.graph.grow.draw import grow_facts

HEAD = """@prefix : <http://example.org/v#> . @prefix i: <http://example.org/i/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
NAMES = "Roma Oslo Bari Trieste Genova Palermo Verona Bergen Tromso Ancona Parma Modena".split()


def towns() -> str:
    """Return towns in lands: a hub, a tree, a symmetric and two inverse relations."""
    lines = [HEAD, ":rules owl:inverseOf :ruledBy .", ":holds owl:inverseOf :inside ."]
    for n in range(3):
        lines.append(
            f'i:land_{n} a :Land ; rdfs:label "{("Italy", "Norway", "Malta")[n]}" ;'
            f" :capital i:town_{n} ; :rules i:town_{n} . i:town_{n} :ruledBy i:land_{n} ."
        )
    for n, name in enumerate(NAMES):
        land = 0 if n > 2 else n
        up = f" ; :part i:town_{n // 2}" if n else ""
        lines.append(
            f'i:town_{n} a :Town ; rdfs:label "{name}"@en, "{name} (IT)"@it ;'
            f" :inside i:land_{land} ;"
            f' :code "{name[:3].upper()}" ; :people {1000 * n + 17} ;'
            f" :hilly {str(n % 2 == 0).lower()} ;"
            f' :founded "1{n:03d}-05-0{1 + n % 9}"^^xsd:date ; :twin i:town_{n ^ 1}{up} .'
        )
    return "\n".join(lines)


def facts_of(path: Path) -> Facts:
    """Read what a Turtle file says."""
    return read_facts(path.read_text(), "turtle", path.name)


def pairs(facts: Facts, name: str) -> set[tuple[str, str]]:
    """Return the edges of a relation."""
    return {(e.source, e.target) for e in facts.edges if e.relation.endswith(f"#{name}")}


@pytest.mark.parametrize("seed", range(2))
def test_a_grown_graph_keeps_what_held(tmp_path: Path, seed: int) -> None:
    """Functional, inverse, symmetric and acyclic relations stay so; names and codes are new."""
    given_, out = tmp_path / "towns.ttl", tmp_path / "more.ttl"
    given_.write_text(towns())
    report = grow(given_, out, nodes=60, seed=seed)
    assert out.read_text().startswith(towns())
    before, after = facts_of(given_), facts_of(out)
    assert before.nodes < after.nodes and before.edges < after.edges
    assert report.after.nodes == report.before.nodes + 60 == len(after.nodes)
    assert report.after.classes == 2 and report.after.untyped == 0
    assert report.after.predicates == report.before.predicates
    for name in ("capital", "rules", "part", "inside", "twin"):
        targets = Counter(source for source, _ in pairs(after, name))
        assert max(targets.values()) == 1, name
    for name in ("capital", "rules"):
        assert max(Counter(target for _, target in pairs(after, name)).values()) == 1
    assert pairs(after, "rules") == {(t, s) for s, t in pairs(after, "ruledBy")}
    assert pairs(after, "twin") == {(t, s) for s, t in pairs(after, "twin")}
    assert nx.is_directed_acyclic_graph(nx.DiGraph(list(pairs(after, "part"))))
    for ending in ("label", "code"):
        values = [
            value
            for said in after.said.values()
            for prop, found in said.items()
            if prop.endswith(ending)
            for value in found
        ]
        assert len({value.text.casefold() for value in values}) == len(values)
    hubs = Counter(target for _, target in pairs(after, "inside"))
    assert hubs.most_common(1)[0][0].endswith("land_0")
    for node in after.nodes - before.nodes:
        kinds = {kind.rpartition("#")[2] for kind in after.kinds[node]}
        assert kinds in ({"Land"}, {"Town"})
        for prop, found in after.said[node].items():
            if prop.endswith("people"):
                assert all(0 <= int(value.text) <= 11_017 for value in found)
    drawn = read(out)
    assert violations(drawn.schema, drawn.rows) == []
    assert sum(map(len, drawn.rows.values())) > sum(map(len, read(given_).rows.values()))


def network() -> nx.MultiDiGraph:
    """Return people in firms."""
    made = nx.MultiDiGraph()
    for n in range(12):
        made.add_node(f"p{n}", type="person", name=f"{NAMES[n]} Holm", age=20 + n, tall=n % 2 == 0)
    for n in range(3):
        made.add_node(f"f{n}", type="firm", name=f"{NAMES[n]} Works", worth=1.5 + n)
    for n in range(12):
        made.add_edge(f"p{n}", f"f{n % 3}", relation="works_for", weight=1)
        for step in (1, 4):
            other = f"p{(n * 5 + step) % 12}"
            made.add_edge(f"p{n}", other, relation="knows", since=2000 + n, weight=1)
    return made


def sources(folder: Path) -> dict[str, Path]:
    """Write one graph in every family."""
    text = towns()
    triples = "\n".join(
        f"{name}\t{p}\t{o}"
        for n, name in enumerate(NAMES)
        for p, o in (("instance of", "town"), ("in", f"Land {n % 3}"), ("size", str(n)))
    )
    undirected = nx.Graph(network())
    files = {
        "a.ttl": text,
        "a.graphml": "\n".join(nx.generate_graphml(network())),
        "u.graphml": "\n".join(nx.generate_graphml(undirected)),
        "a.json": json.dumps(nx.node_link_data(network(), edges="links")),
        "a.tsv": triples + "\n" + "\n".join(f"Land {n}\ttype\tland" for n in range(3)),
        "a.csv": triples.replace("\t", ","),
    }
    found = {}
    for name, content in files.items():
        found[name] = folder / name
        found[name].write_text(content)
    return found


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("a.ttl", "b.ttl"),
        ("a.ttl", "b.nt"),
        ("a.graphml", "b.graphml"),
        ("a.graphml", "b.json"),
        ("u.graphml", "b.graphml"),
        ("a.json", "b.json"),
        ("a.json", "b.graphml"),
        ("a.tsv", "b.tsv"),
        ("a.tsv", "b.csv"),
        ("a.csv", "b.csv"),
    ],
)
def test_every_family_grows(tmp_path: Path, name: str, out: str) -> None:
    """Each writing has as many nodes more as were asked for, no new class, no new predicate."""
    source = sources(tmp_path)[name]
    report = grow(source, tmp_path / out, nodes=20, seed=1)
    assert report.after.nodes == report.before.nodes + 20
    assert report.after.edges > report.before.edges
    assert (report.after.classes, report.after.predicates) == (
        report.before.classes,
        report.before.predicates,
    )
    one, two = read(source), read(tmp_path / out)
    assert violations(two.schema, two.rows) == []
    assert {e.name for e in two.schema.entities} == {e.name for e in one.schema.entities}
    assert sum(map(len, two.rows.values())) > sum(map(len, one.rows.values()))


@pytest.mark.parametrize("name", ["a.ttl", "a.graphml", "a.tsv"])
def test_the_same_bytes_in_another_process(tmp_path: Path, name: str) -> None:
    """Order of sets and dicts does not reach the file."""
    source = sources(tmp_path)[name]
    code = (
        "import sys; from pathlib import Path; from agentgym.sources.graph.grow import grow; "
        "grow(Path(sys.argv[1]), Path(sys.argv[2]), nodes=15, edges=40, seed=3)"
    )
    texts = set()
    for number in ("1", "2"):
        out = tmp_path / f"out{number}{source.suffix}"
        subprocess.run(
            [sys.executable, "-c", code, str(source), str(out)],
            check=True,
            env={"PYTHONHASHSEED": number, "PATH": ""},
        )
        texts.add(out.read_bytes())
    assert len(texts) == 1
    other = tmp_path / f"other{source.suffix}"
    grow(source, other, nodes=15, edges=40, seed=4)
    assert other.read_bytes() not in texts


def test_as_many_edges_as_asked_for(tmp_path: Path) -> None:
    """--edges is exact where there is room: fewer or more than nodes of a kind have."""
    source = sources(tmp_path)["a.graphml"]
    for wanted in (0, 7, 90):
        report = grow(source, tmp_path / "b.graphml", nodes=20, edges=wanted, seed=2)
        assert report.after.edges - report.before.edges == wanted


@pytest.mark.parametrize(
    ("name", "text", "out", "nodes", "edges", "match"),
    [
        ("a.ttl", "", "b.ttl", 1, None, "empty"),
        ("a.ttl", "@prefix : <http://x/> .", "b.ttl", 1, None, "of which nodes have a class"),
        ("a.ttl", "<a:a> <a:b> <a:c> .", "b.ttl", 1, None, "of which nodes have a class"),
        ("a.ttl", towns(), "b.ttl", 0, None, "1 or more nodes"),
        ("a.ttl", towns(), "b.ttl", 1, -1, "0 or more edges"),
        ("a.ttl", towns(), "b.xlsx", 1, None, r"\.ttl or \.nt"),
        ("a.ttl", towns(), "b.graphml", 1, None, r"\.ttl or \.nt"),
        ("a.ttl", towns(), "b", 1, None, "no ending"),
        ("a.ttl", towns(), "a.ttl", 1, None, "another file"),
        ("a.ttl", "oops", "b.ttl", 1, None, "well-formed Turtle"),
        ("a.txt", "just words", "b.ttl", 1, None, "a graph: RDF"),
    ],
)
def test_bad_input(
    tmp_path: Path, name: str, text: str, out: str, nodes: int, edges: int | None, match: str
) -> None:
    """What cannot be grown is said, and nothing is written."""
    (tmp_path / name).write_text(text)
    with pytest.raises(AgentGymError, match=match) as error:
        grow(tmp_path / name, tmp_path / out, nodes=nodes, edges=edges)
    assert isinstance(error.value, UsageError | SourceError)
    assert {path.name for path in tmp_path.iterdir()} == {name}


members = st.integers(0, 6)


@settings(max_examples=60)
@given(
    kinds=st.lists(st.sampled_from(["A", "B", ""]), min_size=7, max_size=7),
    edges=st.sets(st.tuples(members, st.sampled_from("pqr"), members), max_size=25),
    inverse=st.booleans(),
    seed=st.integers(0, 9),
)
def test_what_held_of_any_graph_holds(
    kinds: list[str], edges: set[tuple[int, str, int]], inverse: bool, seed: int
) -> None:
    """Of random graphs: new nodes have old classes, single ends stay single, no edge twice."""
    facts = Facts(nodes={f"n{n}" for n in range(7)})
    facts.kinds = {f"n{n}": {kind} for n, kind in enumerate(kinds) if kind}
    facts.edges = {Edge(f"n{s}", p, f"n{t}") for s, p, t in edges}
    facts.inverses = {"p": "q"} if inverse else {}
    for n in range(7):
        facts.said[f"n{n}"]["label"].add(Value(text=f"Node {n}"))
    if not facts.kinds:
        with pytest.raises(SourceError):
            grow_facts(facts, nodes=5, edges=None, seed=seed, where="x")
        return
    made = grow_facts(facts, nodes=9, edges=None, seed=seed, where="x")
    assert len({new.id for new in made.nodes} - facts.nodes) == 9
    assert {kind for new in made.nodes for kind in new.kinds} <= {"A", "B"}
    assert len(set(made.edges)) == len(made.edges) and not set(made.edges) & facts.edges
    known = facts.nodes | {new.id for new in made.nodes}
    back = {"p": "q", "q": "p"} if inverse else {}

    def said(name: str, found: set[Edge]) -> set[tuple[str, str]]:
        """Return the pairs of a relation, also those said under its inverse."""
        pairs = {(e.source, e.target) for e in found if e.relation == name}
        return pairs | {(e.target, e.source) for e in found if e.relation == back.get(name)}

    for name in "pqr":
        old = said(name, facts.edges)
        new = old | said(name, set(made.edges))
        assert {node for pair in new for node in pair} <= known
        for place in (0, 1):
            if len({pair[place] for pair in old}) == len(old):
                assert len({pair[place] for pair in new}) == len(new), name
        if nx.is_directed_acyclic_graph(nx.DiGraph(sorted(old))):
            assert nx.is_directed_acyclic_graph(nx.DiGraph(sorted(new)))
