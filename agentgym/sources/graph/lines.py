"""N-Triples and N-Quads, a statement a line.

A usual line is matched as a whole and each term of it made once; any other goes to rdflib's own
parser, which also knows what is wrong with it. Next: `rdf`.
"""

from __future__ import annotations

import re

from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.plugins.parsers.nquads import NQuadsParser
from rdflib.plugins.parsers.ntriples import unquote
from rdflib.term import BNode, Literal, Node, URIRef

__all__ = ["Lines", "Triple"]

Triple = tuple[Node, Node, Node]

_IRI = r"<([^:\s<>\"\\]+:[^\s<>\"\\]*)>"
_BLANK = r"_:([A-Za-z0-9_:](?:[-A-Za-z0-9_:.]*[-A-Za-z0-9_:])?)"
_TEXT = rf'"([^"\\]*(?:\\.[^"\\]*)*)"(?:@([a-zA-Z]+(?:-[a-zA-Z0-9]+)*)|\^\^{_IRI})?'
_LINE = re.compile(
    rf"[ \t]*(?:{_IRI}|{_BLANK})[ \t]*{_IRI}[ \t]*(?:{_IRI}|{_BLANK}|{_TEXT})"
    rf"(?:[ \t]*(?:{_IRI}|{_BLANK}))?[ \t]*\.[ \t]*(?:#.*)?"
)


class Lines(NQuadsParser):
    """Reads statements, and knows the line where it stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        """The line that is being read, from 1; 0 when done."""
        self.graphs: set[str] = set()
        """Names of the graphs that are not the default one."""
        self.skolemize = False
        self.sink: Lines = self  # type: ignore[assignment] # the slow way adds what it reads to a graph of the sink: here it is
        self.default_context = self
        self._found: list[Triple] = []
        self._iris: dict[str, URIRef] = {}
        self._texts: dict[tuple[str, str, str], Node] = {}
        self._same: dict[Node, Node] = {}

    def read(self, text: str) -> list[Triple]:
        """Return the statements of a text, each once.

        Raises:
            Exception: What rdflib raises of a line; `number` says which.
        """
        taken: set[tuple[int, int, int]] = set()
        kept: list[Triple] = []
        for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            self.number += 1
            found = self._line(line)
            if found is None:
                continue
            mark = (id(found[0]), id(found[1]), id(found[2]))  # every term is there once
            if mark not in taken:
                taken.add(mark)
                kept.append(found)
        self.number = 0
        return kept

    def get_context(self, name: Node) -> Lines:
        """Note the graph of a statement; all go to one."""
        if name != DATASET_DEFAULT_GRAPH_ID:
            self.graphs.add(f"_:{name}" if isinstance(name, BNode) else str(name))
        return self

    def add(self, triple: Triple) -> None:
        """Take a statement of the slow way."""
        self._found.append(triple)

    def _line(self, line: str) -> Triple | None:
        match = _LINE.fullmatch(line)
        if match is None:
            self.line = line
            self.parseline()
            if not self._found:
                return None
            slow = self._found.pop()
            return self._one(slow[0]), self._one(slow[1]), self._one(slow[2])
        iri, blank, predicate, to, to_blank, text, language, kind, graph, node = match.groups()
        subject = self._iri(iri) if iri is not None else self._blank(blank)
        value: Node
        if to is not None:
            value = self._iri(to)
        elif to_blank is not None:
            value = self._blank(to_blank)
        else:
            value = self._literal(text, language, kind)
        if graph is not None:
            self.get_context(self._iri(graph))
        elif node is not None:
            self.get_context(self._blank(node))
        return subject, self._iri(predicate), value

    def _iri(self, text: str) -> URIRef:
        found = self._iris.get(text)
        if found is None:
            found = self._iris[text] = URIRef(text)
        return found

    def _blank(self, name: str) -> Node:
        found = self._bnode_ids.get(name)
        if found is None:
            found = self._bnode_ids[name] = BNode()
        return self._same.setdefault(found, found)

    def _literal(self, text: str, language: str | None, kind: str | None) -> Node:
        slot = (text, language or "", kind or "")
        found = self._texts.get(slot)
        if found is None:
            made = Literal(unquote(text), language, None if kind is None else self._iri(kind))
            found = self._texts[slot] = self._same.setdefault(made, made)
        return found

    def _one(self, term: Node) -> Node:
        """Return the one term that is equal."""
        return (
            self._iri(str(term)) if isinstance(term, URIRef) else self._same.setdefault(term, term)
        )
