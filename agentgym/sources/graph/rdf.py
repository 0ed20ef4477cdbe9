"""RDF in any of its writings, read by rdflib into `Facts`.

Named graphs are merged, lists and containers opened, definitions of classes and properties
used and left out. A context that would have to be fetched is refused: a build needs no
network. Next: `classes`.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections import defaultdict
from xml.sax import SAXParseException

import rdflib
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.namespace import OWL, RDF, RDFS, XSD
from rdflib.term import BNode, Literal, Node, URIRef

from agentgym.errors import SourceError
from agentgym.formats import Json
from agentgym.sources.graph.blank import blank_names
from agentgym.sources.graph.facts import Edge, Facts, Value, is_opaque, local, upwards
from agentgym.sources.graph.lines import Lines, Triple
from agentgym.sources.graph.markup import plain_markup

__all__ = ["TITLES", "parse_rdf", "read_rdf"]

TITLES = {
    "turtle": "Turtle",
    "nt": "N-Triples",
    "nquads": "N-Quads",
    "trig": "TriG",
    "xml": "RDF/XML",
    "json-ld": "JSON-LD",
    "n3": "Notation3",
}
"""What people call each writing."""
_TYPES = {
    XSD.integer: "bigint", XSD.int: "integer", XSD.long: "bigint", XSD.short: "integer",
    XSD.byte: "integer", XSD.nonNegativeInteger: "bigint", XSD.positiveInteger: "bigint",
    XSD.negativeInteger: "bigint", XSD.nonPositiveInteger: "bigint", XSD.unsignedByte: "integer",
    XSD.unsignedShort: "integer", XSD.unsignedInt: "bigint", XSD.unsignedLong: "bigint",
    XSD.gYear: "integer", XSD.decimal: "decimal", XSD.double: "real", XSD.float: "real",
    XSD.boolean: "boolean", XSD.date: "date", XSD.dateTime: "timestamp",
    XSD.dateTimeStamp: "timestamp",
}  # fmt: skip
_META = (str(OWL), str(RDFS), str(RDF))
_MEMBER = re.compile(re.escape(str(RDF)) + r"_\d+")
_TYPE, _PARENT, _NARROWER = str(RDF.type), str(RDFS.subClassOf), str(RDFS.subPropertyOf)
_LABEL, _COMMENT, _INVERSE = str(RDFS.label), str(RDFS.comment), str(OWL.inverseOf)
_STATEMENT = str(RDF.Statement)
_INDIVIDUAL = (str(OWL.Thing), str(OWL.NamedIndividual))
_LABEL_TERMS = {
    _LABEL,
    "http://purl.org/dc/elements/1.1/title",
    "http://purl.org/dc/terms/title",
}

_LOOSE = "context read as a plain vocabulary"
"""Its types of values are lost: they are told from the values."""


def read_rdf(text: str, *, form: str, where: str) -> Facts:
    """Read a graph.

    Args:
        text: The whole of it.
        form: The writing, a key of `TITLES`.
        where: The file, for errors.

    Raises:
        SourceError: It is not well formed, or needs a context from elsewhere.
    """
    facts = Facts()
    return _Reading(parse_rdf(text, form, where, facts), facts).facts


def parse_rdf(text: str, form: str, where: str, facts: Facts) -> list[Triple]:
    """Return the statements of all graphs of a file, each once, in no order.

    Args:
        text: The whole of it.
        form: The writing, a key of `TITLES`.
        where: The file, for errors.
        facts: Gets notes on what was read.

    Raises:
        SourceError: It is not well formed, or needs a context from elsewhere.
    """
    if form == "xml":
        text = plain_markup(text, where=where)
    elif form == "json-ld":
        text = _without_contexts(text, where, facts)
    lines = Lines()
    quiet = logging.getLogger("rdflib.term")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)  # a literal that is not of its type is counted later
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if form in ("nt", "nquads"):
                triples, named = lines.read(text), lines.graphs
            else:
                triples, named = _documents(text, form)
    except Exception as error:  # noqa: BLE001 - rdflib raises many kinds, some of them bare
        line = lines.number or _line(error)
        raise SourceError(
            f"a well-formed {TITLES[form]} graph",
            found=_found(error),
            where=where if line is None else f"{where} line {line}",
            hint="correct the line",
        ) from None
    finally:
        quiet.setLevel(level)
    if named and form in ("nquads", "trig", "json-ld"):
        facts.notes.append(f"Named graphs merged into one: {len(named)}.")
    return triples


def _documents(text: str, form: str) -> tuple[list[Triple], set[str]]:
    """Return the statements of a document, and the names of its graphs."""
    data = rdflib.Dataset(default_union=True)
    data.parse(data=text, format=form)
    quads = list(data.quads((None, None, None, None)))
    named = {str(graph) for *_, graph in quads if graph is not None}
    triples = {(subject, predicate, value) for subject, predicate, value, _ in quads}
    return list(triples), named - {str(DATASET_DEFAULT_GRAPH_ID)}


def _line(error: Exception) -> int | None:
    """Return the line that a parser complains of, from 1."""
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    if isinstance(error, SAXParseException):
        return error.getLineNumber()
    lines = getattr(error, "lines", None)
    return lines + 1 if isinstance(lines, int) else None


def _found(error: Exception) -> str:
    text = error.getMessage() if isinstance(error, SAXParseException) else str(error)
    return " ".join(text.split())[:120] or type(error).__name__


def _without_contexts(text: str, where: str, facts: Facts) -> str:
    """Replace the one context that is known, and refuse others that would be fetched."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = _line(error)
        raise SourceError(
            "a well-formed JSON-LD graph",
            found=_found(error),
            where=where if line is None else f"{where} line {line}",
            hint="correct the line",
        ) from None

    def context(value: Json) -> Json:
        if isinstance(value, list):
            return [context(part) for part in value]
        if not isinstance(value, str):
            return value
        if re.fullmatch(r"https?://(?:www\.)?schema\.org/?\S*", value):
            facts.skipped[_LOOSE] += 1
            return {"@vocab": "http://schema.org/"}
        raise SourceError(
            "a graph with its context inside",
            found=f"a context at {value}",
            where=f"{where} @context",
            hint="put the context's content in place of its address",
        )

    waiting: list[Json] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "@context" in part:
                part["@context"] = context(part["@context"])
            if "@import" in part:
                context(str(part["@import"]))
                del part["@import"]
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return json.dumps(document)


class _Reading:
    """Statements on their way to facts."""

    def __init__(self, triples: list[Triple], facts: Facts) -> None:
        self.facts = facts
        self.plain = "" if facts.skipped[_LOOSE] else "text"
        blank = {str(n) for s, _, o in triples for n in (s, o) if isinstance(n, BNode)}
        names = blank_names(
            (
                (str(s), str(p), o.n3() if isinstance(o, Literal) else str(o))
                for s, p, o in triples
                if isinstance(s, BNode) or isinstance(o, BNode)
            ),
            blank,
        )
        self.said: dict[str, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
        self.names = names
        self.texts: dict[Node, str] = {}
        for subject, predicate, value in triples:
            self.said[self.id(subject)][self.id(predicate)].append(value)
        self._open_lists()
        defined = self._definitions()
        for resource in list(self.said):
            if resource not in defined:
                self._subject(resource)

    def id(self, node: Node) -> str:
        """Return the text that stands for a resource: the same one each time."""
        found = self.texts.get(node)
        if found is None:
            found = self.names[str(node)] if isinstance(node, BNode) else str(node)
            self.texts[node] = found
        return found

    def _open_lists(self) -> None:
        """Put the members of lists and containers in the place of their nodes."""
        lists: dict[str, list[Node]] = {}
        first, rest = str(RDF.first), str(RDF.rest)
        for subject, said in self.said.items():
            if first in said or rest in said:
                lists[subject] = []
                place: str | None = subject
                seen: set[str] = set()
                while place is not None and place not in seen and place in self.said:
                    seen.add(place)
                    lists[subject] += self.said[place].get(first, [])
                    after = self.said[place].get(rest, [])
                    place = self.id(after[0]) if after else None
            elif any(_MEMBER.fullmatch(predicate) for predicate in said):
                lists[subject] = [
                    value
                    for predicate, values in said.items()
                    if _MEMBER.fullmatch(predicate)
                    for value in values
                ]
        if not lists:
            return
        for subject in lists:
            del self.said[subject]
        nil = str(RDF.nil)
        for said in self.said.values():
            for predicate, values in said.items():
                opened: list[Node] = []
                for value in values:
                    name = "" if isinstance(value, Literal) else self.id(value)
                    if name in lists:
                        inner = self._members(lists, name)
                        self.facts.skipped["order of a list"] += len(inner) > 1
                        opened += inner
                    else:
                        opened.append(value)
                said[predicate] = [each for each in dict.fromkeys(opened) if str(each) != nil]

    def _members(self, lists: dict[str, list[Node]], subject: str) -> list[Node]:
        """Return the members of a list and of the lists in it."""
        found: list[Node] = []
        seen, waiting = {subject}, [subject]
        while waiting:
            for value in lists[waiting.pop()]:
                name = "" if isinstance(value, Literal) else self.id(value)
                if name not in lists:
                    found.append(value)
                elif name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return found

    def _definitions(self) -> set[str]:
        """Use what is said about classes and properties; return those that are no rows."""
        facts, defined = self.facts, set()
        kind, parent = _TYPE, _PARENT
        parents: dict[str, set[str]] = {}
        used = {str(k) for said in self.said.values() for k in said.get(kind, ())}
        used |= {predicate for said in self.said.values() for predicate in said}
        for subject, said in self.said.items():
            if comments := sorted(str(v) for v in said.get(_COMMENT, ())):
                facts.comments[subject] = comments[0]
            types = [str(k) for k in said.get(kind, ())]
            if _STATEMENT in types:
                defined.add(subject)
                facts.skipped["statement about a statement"] += 1
                continue
            meta = bool(types) and all(k.startswith(_META) for k in types)
            meta &= not any(k in _INDIVIDUAL for k in types)
            if parent in said or _NARROWER in said or meta:
                parents[subject] = {self.id(v) for v in said.get(parent, ())}
                defined.add(subject)
                facts.skipped["definition of a class or property"] += 1
            for other in said.get(_INVERSE, ()):
                facts.inverses[subject] = self.id(other)
                defined.add(subject)
            if subject in used and is_opaque(subject):
                labels = [v for v in said.get(_LABEL, ()) if isinstance(v, Literal)]
                labels = sorted(labels, key=lambda v: (not (v.language or "").startswith("en"), v))
                if labels:
                    facts.words[subject] = str(labels[0])
        facts.above = upwards(parents)
        return defined

    def _subject(self, subject: str) -> None:
        facts = self.facts
        facts.nodes.add(subject)
        for predicate, values in self.said[subject].items():
            if predicate == _TYPE:
                kinds = {self.id(v) for v in values if not isinstance(v, Literal)}
                kinds = {k for k in kinds if not k.startswith((*_META, "_:"))}
                if kinds:
                    facts.kinds[subject] = kinds
                continue
            if predicate in _LABEL_TERMS:
                facts.words[predicate] = "label"
            for value in values:
                if isinstance(value, Literal):
                    facts.said[subject][predicate].add(_value(value, self.plain))
                elif (target := self.id(value)) in self.said:
                    facts.edges.add(Edge(subject, predicate, target))
                elif isinstance(value, URIRef):
                    said = Value(text=local(target), declared="text")
                    facts.said[subject][predicate].add(said)
                    facts.skipped["link to a resource that is not described"] += 1
                else:
                    facts.skipped["statement about a node of which nothing is said"] += 1


def _value(literal: Literal, plain: str) -> Value:
    if literal.language:
        return Value(text=str(literal), declared="text", language=literal.language)
    if literal.datatype is None:
        return Value(text=str(literal), declared=plain)
    return Value(text=str(literal), declared=_TYPES.get(literal.datatype, "text"))
