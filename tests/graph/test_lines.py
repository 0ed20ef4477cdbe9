"""N-Triples and N-Quads read a line at a time say what rdflib's own parser says."""

from __future__ import annotations

import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from agentgym.sources.graph.lines import Lines

iris = st.sampled_from(
    ["<http://x/a>", "<http://x/A>", "<urn:b>", "<http://x/\\u00e9>", "<http://x/ü#1>"]
)
blanks = st.sampled_from(["_:a", "_:b.c", "_:7"])
texts = st.sampled_from(
    ["", "a", "é\\u00e9", 'say \\"no\\"', "a\\\\b", "tab\\t", "\\U0001F389", "a # b", "a . <b>"]
)
ends = st.sampled_from(
    ["", "@en", "@de-AT", "^^<http://www.w3.org/2001/XMLSchema#integer>", "^^<http://x/own>"]
)
literals = st.tuples(texts, ends).map(lambda pair: f'"{pair[0]}"{pair[1]}')
gaps = st.sampled_from([" ", "\t", "  "])
lines = st.tuples(
    iris | blanks,
    gaps,
    iris,
    gaps,
    iris | blanks | literals,
    st.sampled_from([" .", ".", " . # c"]),
).map("".join)


@given(st.lists(lines | st.sampled_from(["", "# nothing", "   "]), max_size=12))
def test_lines_are_read_as_rdflib_reads_them(found: list[str]) -> None:
    """The same statements, each once, whichever way a line goes."""
    text = "\n".join(found)
    mine = rdflib.Graph()
    read = Lines().read(text)
    for triple in read:
        mine.add(triple)
    assert len(read) == len(mine)
    assert isomorphic(mine, rdflib.Graph().parse(data=text, format="nt"))


def test_quads_and_their_graphs() -> None:
    """The fourth term is a graph: its name is noted, and a statement of two graphs is one."""
    reader = Lines()
    text = "<a:a> <a:b> <a:c> <g:1> .\n<a:a> <a:b> <a:c> _:g .\n<a:a> <a:b> <a:c>.\n"
    assert len(reader.read(text)) == 1
    assert len(reader.graphs) == 2


def test_a_fault_has_its_line() -> None:
    """Where a line is broken, the reader knows which."""
    reader = Lines()
    try:
        reader.read("<a:a> <a:b> <a:c> .\n\n<a:a> b .\n")
    except Exception:  # noqa: BLE001 - rdflib raises what it likes
        assert reader.number == 3
    else:
        raise AssertionError("read")
