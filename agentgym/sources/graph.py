"""Knowledge graphs in Turtle, turned into the same raw tables as databases.

A class becomes a table, a literal a column, a property with one object a reference, one
with several a link table; local names of IRIs are the keys. Next: `assemble`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS, XSD
from rdflib.term import BNode, Literal, Node, URIRef

from agentgym.errors import SourceError
from agentgym.formats import Json
from agentgym.sources.tables import Raw, RawColumn, RawReference, RawTable, declare

__all__ = ["is_turtle", "read_graph"]

_SIGN = re.compile(
    r"\A(?:\s+|\#[^\n]*\n)*(?:@(?:prefix|base)\s|(?:PREFIX|BASE)\s+[\w-]*:?\s*<|"
    r"<[^<>\s]+>\s+(?:a|<[^<>\s]+>)\s)",
    re.IGNORECASE,
)
_TYPES = {
    XSD.integer: "bigint", XSD.int: "integer", XSD.long: "bigint", XSD.short: "integer",
    XSD.byte: "integer", XSD.nonNegativeInteger: "bigint", XSD.positiveInteger: "bigint",
    XSD.unsignedInt: "bigint", XSD.unsignedLong: "bigint", XSD.gYear: "integer",
    XSD.decimal: "decimal", XSD.double: "real", XSD.float: "real", XSD.boolean: "boolean",
    XSD.date: "date", XSD.dateTime: "timestamp", XSD.dateTimeStamp: "timestamp",
    XSD.base64Binary: "text", XSD.hexBinary: "text",
}  # fmt: skip
_NAMES = {RDFS.label: "name", SKOS.prefLabel: "name", RDFS.comment: "description"}
_META = (str(OWL), str(RDFS), str(RDF))
_THING = URIRef("urn:thing")


def is_turtle(text: str) -> bool:
    """Tell whether a text is a Turtle graph, from how it begins."""
    return _SIGN.match(text) is not None


def read_graph(text: str, *, where: str) -> Raw:
    """Read a Turtle graph.

    Args:
        text: The whole of it.
        where: The file, for errors.

    Raises:
        SourceError: It is not well formed, or nothing in it has a type or a property.
    """
    graph = rdflib.Graph()
    try:
        graph.parse(data=text, format="turtle")
    except Exception as error:  # noqa: BLE001 - rdflib raises many kinds, some of them bare
        line = getattr(error, "lines", None)
        found = " ".join(str(error).split())[:120]
        raise SourceError(
            "a well-formed Turtle graph",
            found=found,
            where=f"{where} line {line + 1}" if isinstance(line, int) else where,
            hint="correct the line",
        ) from None
    return _Reading(graph, where).raw()


def _order(node: Node) -> tuple[int, int, str]:
    """Order nodes alike in every run: blank ones by when they were met."""
    number = re.search(r"(\d+)\Z", str(node)) if isinstance(node, BNode) else None
    return (isinstance(node, BNode), int(number[1]) if number else 0, "" if number else str(node))


def _local(node: Node) -> str:
    text = unquote(str(node))
    return re.split(r"[#/:]", text.rstrip("#/"))[-1] or text


@dataclasses.dataclass(slots=True, kw_only=True)
class _Class:
    """One class on its way to a table, column by column."""

    table: RawTable
    members: Sequence[Node]
    columns: list[list[Json]] = dataclasses.field(default_factory=list)


class _Reading:
    """One graph on its way to tables."""

    def __init__(self, graph: rdflib.Graph, where: str) -> None:
        self.graph = graph
        self.where = where
        self.out = Raw()
        self.said: dict[Node, dict[Node, list[Node]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, value in graph:
            self.said[subject][predicate].append(value)
        self.subjects = sorted(self.said, key=_order)
        self.classes = self._classes()
        self.keys = self._keys()

    def raw(self) -> Raw:
        """Return the tables."""
        members: dict[Node, list[Node]] = defaultdict(list)
        for subject, kind in self.classes.items():
            members[kind].append(subject)
        if not members:
            raise SourceError(
                "a graph of things with a type",
                found=f"{len(self.graph)} statements, none of that kind",
                where=self.where,
                hint="give the resources an rdf:type",
            )
        names = self._names(members)
        for kind in sorted(members, key=_order):
            self._table(kind, members[kind], names)
        return self.out

    def _classes(self) -> dict[Node, Node]:
        """Return the class of each resource: the rarest, of those that no other refines."""
        kinds: dict[Node, list[Node]] = {}
        for subject in self.subjects:
            found = [k for k in self.said[subject][RDF.type] if not str(k).startswith(_META)]
            if not found and RDF.type in self.said[subject] and self.said[subject][RDF.type]:
                self.out.skipped["definition of a class or property"] += 1
                continue
            if found or any(
                isinstance(v, Literal) for vs in self.said[subject].values() for v in vs
            ):
                kinds[subject] = found or [_THING]
        sizes = Counter(kind for found in kinds.values() for kind in found)
        above = {
            kind: {
                parent
                for k in [kind]
                for parent in self.graph.transitive_objects(k, RDFS.subClassOf)
            }
            - {kind}
            for kind in sizes
        }
        chosen: dict[Node, Node] = {}
        for subject, found in kinds.items():
            general = {parent for kind in found for parent in above[kind]}
            fine = [kind for kind in found if kind not in general] or found
            self.out.skipped["further type of a resource"] += len(fine) - 1
            chosen[subject] = min(fine, key=lambda kind: (sizes[kind], str(kind)))
        return chosen

    def _keys(self) -> dict[Node, str]:
        """Return the key of each resource: its local name, where no other of its class has it."""
        counts = Counter((kind, self._short(node)) for node, kind in self.classes.items())
        return {
            node: self._short(node) if counts[kind, self._short(node)] == 1 else str(node)
            for node, kind in self.classes.items()
        }

    def _short(self, node: Node) -> str:
        if isinstance(node, BNode):
            return f"node_{_order(node)[1]}"
        return _local(node)

    def _names(self, kinds: Iterable[Node]) -> dict[Node, str]:
        ordered = sorted(kinds, key=_order)
        counts = Counter(_local(kind).casefold() for kind in ordered)
        return {
            kind: _local(kind)
            if counts[_local(kind).casefold()] == 1
            else f"{_local(kind)}_{place}"
            for place, kind in enumerate(ordered, 1)
        }

    def _table(self, kind: Node, members: Sequence[Node], names: Mapping[Node, str]) -> None:
        said = {p for member in members for p in self.said[member]} - {RDF.type}
        predicates = sorted(said, key=lambda p: (p not in _NAMES, _order(p)))
        titles = self._titles(predicates)
        title = "id" if "id" not in {t.casefold() for t in titles.values()} else "iri"
        key = RawColumn(name=title, nullable=False)
        declare(key, "text")
        table = RawTable(name=names[kind], comment=self._comment(kind))
        table.columns, table.key = [key], (title,)
        class_ = _Class(table=table, members=members)
        class_.columns = [[self.keys[member] for member in members]]
        self.out.tables.append(table)
        for predicate in predicates:
            self._property(class_, predicate, titles[predicate], names)
        table.rows = list(zip(*class_.columns, strict=True))

    def _titles(self, predicates: Sequence[Node]) -> dict[Node, str]:
        titles: dict[Node, str] = {}
        for predicate in predicates:
            title = _NAMES.get(predicate, _local(predicate))  # type: ignore[call-overload]
            base, number = title, 2
            while title.casefold() in {t.casefold() for t in titles.values()}:
                title, number = f"{base}_{number}", number + 1
            titles[predicate] = title
        return titles

    def _comment(self, node: Node) -> str:
        found = sorted(str(v) for v in self.said.get(node, {}).get(RDFS.comment, ()))
        return found[0] if found else ""

    def _property(
        self, class_: _Class, predicate: Node, title: str, names: Mapping[Node, str]
    ) -> None:
        """Write what a property says of the members of a class."""
        literals: dict[Node, list[Literal]] = {}
        targets: dict[Node, dict[Node, list[Json]]] = defaultdict(dict)
        loose: dict[Node, list[Json]] = {}
        for member in class_.members:
            values = sorted(self.said[member].get(predicate, ()), key=_order)
            said = _one_language([value for value in values if isinstance(value, Literal)])
            if said:
                literals[member] = said
            for value in values:
                if value in self.classes:
                    aims = targets[self.classes[value]]
                    aims.setdefault(member, []).append(self.keys[value])
                elif isinstance(value, URIRef):
                    loose.setdefault(member, []).append(_local(value))
                elif isinstance(value, BNode):
                    self.out.skipped["statement about a node without a type"] += 1
        comment = self._comment(predicate)
        alone = (bool(literals) + bool(loose) + len(targets)) == 1
        if literals:
            found: dict[Node, list[Json]] = {m: [str(v) for v in vs] for m, vs in literals.items()}
            self._add(class_, title, found, comment=comment, declared=_declared(literals.values()))
        if loose:
            self._add(class_, title if alone else f"{title}_name", loose, comment=comment)
        for kind in sorted(targets, key=_order):
            name = title if alone else f"{title}_{names[kind]}"
            self._add(class_, name, targets[kind], comment=comment, target=names[kind])

    def _add(
        self,
        class_: _Class,
        title: str,
        found: Mapping[Node, Sequence[Json]],
        *,
        comment: str,
        target: str | None = None,
        declared: str = "text",
    ) -> None:
        """Add a column, or a table of its own where a member has several values."""
        table = class_.table
        if any(len(values) > 1 for values in found.values()):
            self._add_table(class_, title, found, comment=comment, target=target, declared=declared)
            return
        column = RawColumn(name=title, nullable=len(found) < len(class_.members), comment=comment)
        declare(column, declared)
        table.columns.append(column)
        class_.columns.append([(found.get(member) or [None])[0] for member in class_.members])
        if target is not None:
            table.references.append(RawReference(columns=(title,), target=target))

    def _add_table(
        self,
        class_: _Class,
        title: str,
        found: Mapping[Node, Sequence[Json]],
        *,
        comment: str,
        target: str | None,
        declared: str,
    ) -> None:
        own, other = class_.table.name, target or title
        if own.casefold() == other.casefold():
            other = f"other_{own}"
        link = RawTable(name=f"{own}_{title}", key=(own, other), link=target is not None)
        for name, kind in ((own, "text"), (other, declared)):
            column = RawColumn(name=name, nullable=False)
            declare(column, kind)
            link.columns.append(column)
        link.columns[1].comment = comment
        link.references = [RawReference(columns=(own,), target=own)]
        if target is not None:
            link.references.append(RawReference(columns=(other,), target=target))
        link.rows = [
            (self.keys[member], value)
            for member in class_.members
            for value in dict.fromkeys(found.get(member, ()))
        ]
        self.out.tables.append(link)


def _declared(literals: Iterable[Sequence[Literal]]) -> str:
    """Return the one declared type of literals; empty where they are of several."""
    kinds = {value.datatype for values in literals for value in values}
    if len(kinds) != 1:
        return ""
    kind = kinds.pop()
    return _TYPES.get(kind, "text") if kind is not None else "text"


def _one_language(values: list[Literal]) -> list[Literal]:
    """Of texts in several languages keep the English ones, else the first language's."""
    languages = sorted({value.language or "" for value in values})
    if len(languages) < 2:
        return values
    best = next((tag for tag in ("en", "en-us", "en-gb", "") if tag in languages), languages[0])
    return [value for value in values if (value.language or "") == best]
