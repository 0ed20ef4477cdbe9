"""Graphs of every usual writing, turned into the same raw tables as databases.

RDF (`rdf`), GraphML and node-link JSON (`network`) and tables of triples (`triples`) are
read into `facts`; `classes`, `relations` and `shape` make tables of them: a class becomes a
table, a literal a column, a relation with one target a reference, one with several a link
table. rdflib and networkx are loaded when a graph is read. Next: `assemble`.
"""

from __future__ import annotations

from agentgym.errors import SourceError
from agentgym.sources.graph.classes import settle
from agentgym.sources.graph.facts import Facts
from agentgym.sources.graph.kind import graph_form, is_turtle
from agentgym.sources.graph.labels import give_labels, parse_labels
from agentgym.sources.graph.relations import gather, hubs
from agentgym.sources.graph.shape import shape
from agentgym.sources.tables import Raw

__all__ = ["graph_form", "is_turtle", "parse_labels", "read_facts", "read_graph"]


def read_graph(
    text: str, *, where: str, form: str = "turtle", labels: dict[str, str] | None = None
) -> Raw:
    """Read a graph.

    Args:
        text: The whole of it.
        where: The file, for errors.
        form: The writing, as `graph_form` tells it.
        labels: Node to what people call it, from a file of labels.

    Raises:
        SourceError: It is not well formed, or says too little to ask about.
    """
    facts = read_facts(text, form, where)
    if len(facts.nodes) < 2 or not (facts.edges or facts.said):
        meta = facts.skipped["definition of a class or property"]
        raise SourceError(
            "a graph of things with a type or relations",
            found=f"{len(facts.nodes)} described nodes, {len(facts.edges)} edges"
            + (f", {meta} definitions of classes or properties" if meta else ""),
            where=where,
            hint="give the resources an rdf:type, values and relations",
        )
    classes = settle(facts)
    hubs(facts)
    called, synthetic = give_labels(facts, classes, labels, where="--labels")
    raw = shape(facts, classes, gather(facts, classes), called)
    if synthetic:
        raw.options["synthetic_labels"] = True
    return raw


def read_facts(text: str, form: str, where: str) -> Facts:
    """Read what a graph says, before anything is made of it.

    Args:
        text: The whole of it.
        form: The writing, as `graph_form` tells it.
        where: The file, for errors.

    Raises:
        SourceError: It is not well formed.
    """
    if form in ("tsv", "csv"):
        from agentgym.sources.graph.triples import read_triples  # noqa: PLC0415 - as it is needed

        return read_triples(text, tab=form == "tsv", where=where)
    if form in ("graphml", "links"):
        from agentgym.sources.graph import network  # noqa: PLC0415 - networkx is slow to load

        read = network.read_graphml if form == "graphml" else network.read_links
        return read(text, where=where)
    from agentgym.sources.graph.rdf import read_rdf  # noqa: PLC0415 - rdflib is slow to load

    return read_rdf(text, form=form, where=where)
