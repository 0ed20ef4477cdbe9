"""RDF with more statements: appended where the writing stays, else all written anew.

Statements come in, Turtle or N-Triples goes out, sorted. Next: `agentgym.sources.graph.rdf`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from rdflib.namespace import RDF, RDFS, XSD
from rdflib.term import BNode, Literal, Node, URIRef

from agentgym.sources.graph.blank import blank_names
from agentgym.sources.graph.facts import Facts, Value, local
from agentgym.sources.graph.grow.draw import Growth
from agentgym.sources.graph.lines import Triple
from agentgym.sources.graph.rdf import parse_rdf

__all__ = ["Statements"]

_PREFIX = re.compile(
    r"^\s*(?:@prefix|PREFIX)\s+([A-Za-z][\w-]*|):\s*<([^<>\s]+:[^<>\s]*)>",
    re.IGNORECASE | re.MULTILINE,
)
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_USUAL = {"rdf": str(RDF), "rdfs": str(RDFS), "xsd": str(XSD)}


class Statements:
    """A graph of RDF."""

    def __init__(self, text: str, form: str, facts: Facts, *, where: str, wanted: str) -> None:
        self.text, self.same = text, form == wanted
        self.turtle = wanted in ("turtle", "trig", "n3")
        self.triples = parse_rdf(text, form, where, Facts())
        self.facts = facts
        self.directed = True
        self.samples: dict[tuple[str, str, str], Node] = {}
        self.kinds: dict[tuple[str, str], Counter[URIRef | None]] = defaultdict(Counter)
        self.fixed: set[str] = set()
        known = {prop for said in facts.said.values() for prop in said}
        for _, predicate, value in sorted(self.triples, key=_value_order):
            name = str(predicate)
            if isinstance(value, Literal):
                language = value.language or ""
                self.samples.setdefault((name, str(value), language), value)
                self.kinds[name, language][value.datatype] += 1
            elif isinstance(value, URIRef) and name in known:
                self.fixed.add(name)
                self.samples.setdefault((name, local(str(value)), ""), value)

    def written(self, growth: Growth) -> str:
        """Return the text of the graph with what is added."""
        fresh: list[Triple] = []
        for new in growth.nodes:
            node = URIRef(new.id)
            fresh += [(node, RDF.type, URIRef(kind)) for kind in new.kinds]
            fresh += [
                (node, URIRef(prop), self._literal(prop, value)) for prop, value in new.values
            ]
        fresh += [
            (URIRef(edge.source), URIRef(edge.relation), URIRef(edge.target))
            for edge in growth.edges
        ]
        given = [] if self.same else self._named()
        start = (self.text if self.text.endswith("\n") else f"{self.text}\n") if self.same else ""
        if not self.turtle:
            return start + "".join(sorted(f"{_line(each)}\n" for each in [*given, *fresh]))
        prefixes = self._prefixes()
        return start + ("\n" if start else "") + _turtle([*given, *fresh], prefixes)

    def _literal(self, prop: str, value: Value) -> Node:
        found = self.samples.get((prop, value.text, value.language))
        if found is not None:
            return found
        if value.language:
            return Literal(value.text, lang=value.language)
        kinds = self.kinds[prop, ""]
        for kind in sorted(kinds, key=lambda kind: (-kinds[kind], str(kind))):
            if kind is None or str(kind) == str(XSD.string):
                return Literal(value.text, datatype=kind)
            made = Literal(value.text, datatype=kind, normalize=False)
            if not made.ill_typed:
                return made
        return Literal(value.text)

    def _named(self) -> list[Triple]:
        """Return the given statements with blank nodes named by what they say."""
        blank = {str(n) for s, _, o in self.triples for n in (s, o) if isinstance(n, BNode)}
        names = blank_names(
            (
                (str(s), str(p), o.n3() if isinstance(o, Literal) else str(o))
                for s, p, o in self.triples
            ),
            blank,
        )

        def called(node: Node) -> Node:
            return BNode(f"b{names[str(node)][2:]}") if isinstance(node, BNode) else node

        return [(called(s), p, called(o)) for s, p, o in self.triples]

    def _prefixes(self) -> dict[str, str]:
        """Return the prefixes of the text that are written out in it, and the usual ones."""
        return _USUAL | dict(_PREFIX.findall(self.text))


def _value_order(triple: Triple) -> tuple[str, str]:
    value = triple[2]
    return str(value), str(value.datatype) if isinstance(value, Literal) else ""


def _line(triple: Triple) -> str:
    return " ".join(_n3(node) for node in triple) + " ."


def _n3(node: Node) -> str:
    """Return a term as N-Triples write it."""
    if isinstance(node, BNode):
        return f"_:{node}"
    if isinstance(node, URIRef):
        return f"<{node}>"
    assert isinstance(node, Literal)
    text = "".join(_ESCAPES.get(mark, mark) for mark in str(node))
    if node.language:
        return f'"{text}"@{node.language}'
    return f'"{text}"' if node.datatype is None else f'"{text}"^^<{node.datatype}>'


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x00": "\\u0000"}


def _turtle(triples: Iterable[Triple], prefixes: dict[str, str]) -> str:
    """Write statements subject by subject."""
    used: set[str] = set()
    ends = sorted(prefixes.items(), key=lambda item: (-len(item[1]), item[0]))

    def short(node: Node) -> str:
        if isinstance(node, Literal) and node.datatype is not None:
            text, _, _ = _n3(node).rpartition("^^")
            return f"{text}^^{short(node.datatype)}"
        if isinstance(node, URIRef):
            for name, space in ends:
                rest = node[len(space) :] if node.startswith(space) else ""
                if _LOCAL.fullmatch(rest):
                    used.add(name)
                    return f"{name}:{rest}"
        return _n3(node)

    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for node, predicate, value in triples:
        verb = "a" if predicate == RDF.type else short(predicate)
        said[short(node)][verb].add(short(value))
    blocks = []
    for subject in sorted(said):
        order = sorted(said[subject], key=lambda predicate: (predicate != "a", predicate))
        lines = [f"{p} {', '.join(sorted(said[subject][p]))}" for p in order]
        blocks.append(f"{subject} " + " ;\n    ".join(lines) + " .\n")
    heads = [f"@prefix {name}: <{prefixes[name]}> .\n" for name in sorted(used)]
    return "".join(heads) + "\n" + "\n".join(blocks)
