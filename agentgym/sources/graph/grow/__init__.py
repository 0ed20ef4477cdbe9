"""A graph file made larger, true to itself: more nodes and edges of the kinds that it has.

Graph files come in and go out; a build does not know that a graph was grown. `measure` counts,
`links` says what relations keep to, `draw` makes edges and `likeness` nodes, `families` writes.
Next: `draw`.
"""

from __future__ import annotations

from pathlib import Path

from agentgym.errors import SourceError, UsageError
from agentgym.formats import Record, write
from agentgym.sources.graph import graph_form, read_facts
from agentgym.sources.graph.grow.draw import grow_facts
from agentgym.sources.graph.grow.families import family
from agentgym.sources.graph.grow.measure import QUANTILES, Measure, measure
from agentgym.sources.read import text_of

__all__ = ["QUANTILES", "GrowthReport", "Measure", "grow"]


class GrowthReport(Record, kw_only=True):
    """What a graph was, and what it is."""

    before: Measure
    after: Measure
    missed: dict[str, int]
    """Edges that found no place, by reason."""


def grow(
    source: Path, out: Path, *, nodes: int, edges: int | None = None, seed: int = 0
) -> GrowthReport:
    """Write a graph with more nodes and edges.

    Each new node is of the classes of one that is there, has values as they have, a name of
    its own, and edges as they have. Same source, numbers and seed, same bytes.

    Args:
        source: A graph in any writing that can be built from.
        out: The file to write; its ending tells the writing, one of the same family.
        nodes: How many nodes are added, 1 or more.
        edges: How many edges are added, statements of an inverse included; None for as many as
            nodes of their kinds have. Fewer where relations have no more room.
        seed: Decides everything that is drawn.

    Raises:
        UsageError: A number is too small, or the ending of `out` cannot be written.
        SourceError: The source is no graph, or no node of it has a class.
    """
    if nodes < 1:
        raise UsageError("1 or more nodes to add", found=str(nodes), where="--nodes")
    if edges is not None and edges < 0:
        raise UsageError("0 or more edges to add", found=str(edges), where="--edges")
    text = text_of(source)
    form = graph_form(text, source.suffix)
    if form is None:
        raise SourceError(
            "a graph: RDF, GraphML, node-link JSON, a table of triples",
            found="another text",
            where=str(source),
            hint="its ending may tell the writing, as .ttl, .graphml or .tsv",
        )
    if out.exists() and out.samefile(source):
        raise UsageError("another file than the source", found=out.name, where="--out")
    facts = read_facts(text, form, str(source))
    writer = family(text, form, facts, where=str(source), out=out)
    before = measure(facts, directed=writer.directed)
    growth = grow_facts(
        facts,
        nodes=nodes,
        edges=edges,
        seed=seed,
        where=str(source),
        fixed=writer.fixed,
        halves=not writer.directed,
    )
    grown = writer.written(growth)
    read = read_facts(grown, graph_form(grown, out.suffix) or form, str(out))
    after = measure(read, directed=writer.directed)
    write(out, grown.encode())
    return GrowthReport(before=before, after=after, missed=dict(sorted(growth.missed.items())))
