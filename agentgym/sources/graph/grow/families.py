"""What a graph gets, written beside what it has, in a writing of the same family.

Where the writing stays the same, RDF and tables of triples begin with the given text, letter
for letter. Next: `rdf`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import networkx as nx

from agentgym.errors import UsageError
from agentgym.formats import Json
from agentgym.sources.graph.facts import UNNAMED, Edge, Facts, Value
from agentgym.sources.graph.grow.draw import Growth
from agentgym.sources.graph.kind import EXTENSIONS
from agentgym.sources.graph.network import load_graphml, load_links, telling
from agentgym.sources.graph.triples import typing_predicate, written_rows

__all__ = ["Family", "family"]

_RDF = {"turtle", "nt", "nquads", "trig", "n3", "xml", "json-ld"}
_WRITTEN = {
    "rdf": (".ttl", ".nt"),
    "network": (".graphml", ".json"),
    "table": (".tsv", ".csv"),
}
"""Family to the endings that are written; besides, that of the source, where it can be added to."""


class Family(Protocol):
    """A graph in its own form, ready to be written with more."""

    fixed: set[str]
    """Properties of which no new value can be made."""
    directed: bool

    def written(self, growth: Growth) -> str:
        """Return the text of the graph with what is added."""


def family(text: str, form: str, facts: Facts, *, where: str, out: Path) -> Family:
    """Return the form in which a graph is written.

    Args:
        text: Of the source.
        form: Its writing.
        facts: Of the source.
        where: The source, for errors.
        out: The file to be written.

    Raises:
        UsageError: The ending of `out` names no writing of the family.
    """
    name = "rdf" if form in _RDF else "table" if form in ("tsv", "csv") else "network"
    suffix = out.suffix.casefold()
    wanted = "links" if suffix == ".json" else EXTENSIONS.get(suffix, "")
    added = wanted == form and form not in ("xml", "json-ld")
    if suffix not in _WRITTEN[name] and not added:
        raise UsageError(
            f"a file that ends with {' or '.join(_WRITTEN[name])}",
            found=suffix or "no ending",
            where=f"--out {out.name}",
            hint="a graph is written in the family of writings that it came in",
        )
    if name == "rdf":
        from agentgym.sources.graph.grow.rdf import Statements  # noqa: PLC0415 - rdflib is slow

        return Statements(text, form, facts, where=where, wanted=wanted)
    if name == "table":
        return _Table(text, form, facts, where=where, wanted=wanted)
    return _Network(text, form, where=where, wanted=wanted)


class _Table:
    """Triples in columns."""

    def __init__(self, text: str, form: str, facts: Facts, *, where: str, wanted: str) -> None:
        self.text, self.same, self.wanted = text, form == wanted, wanted
        self.typed = typing_predicate(text, tab=form == "tsv", where=where) or "type"
        self.facts = facts
        self.fixed: set[str] = set()
        self.directed = True

    def written(self, growth: Growth) -> str:
        tab = self.wanted == "tsv"
        rows = [] if self.same else _rows_of(self.facts, self.typed)
        for new in growth.nodes:
            rows += [(new.id, self.typed, kind) for kind in new.kinds]
            rows += [(new.id, prop, value.text) for prop, value in new.values]
        rows += [(edge.source, edge.relation, edge.target) for edge in growth.edges]
        start = self.text if self.same else ""
        return _ended(start) + written_rows(rows, start, tab=tab)


def _rows_of(facts: Facts, typed: str) -> list[tuple[str, str, str]]:
    rows = [(node, typed, kind) for node, kinds in facts.kinds.items() for kind in kinds]
    rows += [(kind, "subclass of", up) for kind, wider in facts.above.items() for up in wider]
    rows += [(edge.source, edge.relation, edge.target) for edge in facts.edges]
    rows += [
        (node, prop, value.text)
        for node, said in facts.said.items()
        for prop, values in said.items()
        for value in values
    ]
    return sorted(rows)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


class _Network:
    """A graph of networkx: GraphML, or node-link JSON."""

    def __init__(self, text: str, form: str, *, where: str, wanted: str) -> None:
        load = load_graphml if form == "graphml" else load_links
        self.graph = load(text, where=where)
        self.wanted = wanted
        self.document: dict[str, Json] | None = None
        if form == wanted == "links":
            self.document = json.loads(text)
        self.typed, self.named = telling(self.graph)
        self.fixed: set[str] = set()
        self.directed = bool(self.graph.is_directed())

    def written(self, growth: Growth) -> str:
        ids = {_plain(node): node for node in self.graph}
        whole = all(isinstance(node, int) for node in ids.values())
        shared = self._shared()
        nodes: list[tuple[Any, dict[str, Any]]] = []
        for new in growth.nodes:
            ids[new.id] = int(new.id) if whole else new.id
            said: dict[str, Any] = {}
            if self.typed is not None:
                said[self.typed] = self.graph.nodes[ids[new.like]][self.typed]
            for prop, value in new.values:
                said[prop] = [*said[prop], _typed(value)] if prop in said else [_typed(value)]
            many = {
                p for p, found in self.graph.nodes[ids[new.like]].items() if type(found) is list
            }
            nodes.append(
                (
                    ids[new.id],
                    {
                        prop: found[0]
                        if isinstance(found, list) and prop != self.typed and prop not in many
                        else found
                        for prop, found in said.items()
                    },
                )
            )
        edges: list[tuple[Any, Any, dict[str, Any]]] = []
        taken: set[tuple[str, frozenset[str]]] = set()
        for edge in growth.edges:
            if not self.directed:
                slot = (edge.relation, frozenset((edge.source, edge.target)))
                if slot in taken:
                    continue
                taken.add(slot)
            edges.append((ids[edge.source], ids[edge.target], shared | self._said(edge)))
        if self.document is not None:
            return self._listed(nodes, edges)
        for node, said in nodes:
            self.graph.add_node(node, **said)
        for source, target, said in edges:
            key = {"key": said.pop("key")} if self.named == "key" and "key" in said else {}
            self.graph.add_edge(source, target, **key)
            last = self.graph[source][target]
            if self.graph.is_multigraph():
                last = last[key.get("key", list(last)[-1])]
            last.update(said)
        if self.wanted == "links":
            return _json(nx.node_link_data(self.graph, edges="links"))
        return "\n".join(nx.generate_graphml(_flat(self.graph))) + "\n"

    def _listed(
        self,
        nodes: list[tuple[Any, dict[str, Any]]],
        edges: list[tuple[Any, Any, dict[str, Any]]],
    ) -> str:
        """Add to the lists of the document itself."""
        document = self.document
        assert document is not None
        there = document["nodes"]
        key = next(k for k in ("id", "key", "name") if all(k in node for node in there))
        there += [{key: node, **said} for node, said in nodes]
        document["links" if "links" in document else "edges"] += [
            {"source": source, "target": target, **said} for source, target, said in edges
        ]
        return _json(document)

    def _shared(self) -> dict[str, Any]:
        """Return what every edge says, as a weight of 1."""
        counts: Counter[tuple[str, str]] = Counter()
        values: dict[str, Any] = {}
        for *_, said in self.graph.edges(data=True):
            for name, value in said.items():
                counts[name, repr(value)] += 1
                values[name] = value
        number = self.graph.number_of_edges()
        return {
            name: values[name] for (name, _), n in sorted(counts.items()) if n == number and n > 1
        }

    def _said(self, edge: Edge) -> dict[str, Any]:
        said = {name: _typed(value) for name, value in edge.attributes}
        if self.named is not None and edge.relation != UNNAMED:
            said[self.named] = edge.relation
        return said


def _plain(node: Any) -> str:
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)


def _typed(value: Value) -> Any:
    match value.declared:
        case "boolean":
            return value.text == "true"
        case "bigint":
            return int(value.text)
        case "real":
            return float(value.text)
        case "json":
            return json.loads(value.text)
        case _:
            return value.text


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _flat(graph: Any) -> Any:
    """Return the graph with what GraphML cannot hold written as text."""
    for _, said in graph.nodes(data=True):
        _flatten(said)
    for *_, said in graph.edges(data=True):
        _flatten(said)
    return graph


def _flatten(said: dict[str, Any]) -> None:
    for name, value in list(said.items()):
        if value is None:
            del said[name]
        elif isinstance(value, (list, tuple, dict)):
            said[name] = json.dumps(value, ensure_ascii=False)
