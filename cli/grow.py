"""`agentgym grow`: a graph file made larger, and how it compares with what it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import counts, facts, narrator, say, table

if TYPE_CHECKING:
    from agentgym.sources.graph.grow import Measure

__all__ = ["grow"]


def grow(
    graph: Annotated[
        Path,
        typer.Argument(
            metavar="GRAPH",
            help="RDF (.ttl, .nt, .rdf, .jsonld ...), GraphML, node-link JSON, "
            "triples (.tsv, .csv).",
            show_default=False,
        ),
    ],
    nodes: Annotated[int, typer.Option(help="How many nodes to add.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(
            help="File to write, of the same family: .ttl or .nt, .graphml or .json, .tsv or .csv.",
            show_default=False,
        ),
    ],
    edges: Annotated[
        int | None,
        typer.Option(
            help="How many edges to add; as nodes of their kinds have, by default.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 0,
) -> None:
    """Add typed nodes and edges to a graph, with names, values and degrees like its own."""
    from agentgym.sources.graph import grow as room  # noqa: PLC0415 - networkx is slow to load

    tell = narrator()
    tell(f"reading {graph.name}")
    report = room.grow(graph, out, nodes=nodes, edges=edges, seed=seed)
    tell("done")
    say(f"{out} is written", style="bold")
    before, after = _lines(report.before), _lines(report.after)
    table(
        ("", "before", "after"),
        [(name, before[name], after[name]) for name in before],
        right=("before", "after"),
    )
    quantiles = [f"{percent}%" for percent in room.QUANTILES]
    say()
    table(
        ("edges of a node, at", *quantiles),
        [
            ("before", *map(str, report.before.degrees)),
            ("after", *map(str, report.after.degrees)),
        ],
        right=quantiles,
    )
    say()
    pairs: list[tuple[str, object]] = [
        ("hubs before", _hubs(report.before)),
        ("hubs after", _hubs(report.after)),
    ]
    if report.missed:
        pairs.append(("not added", counts(report.missed)))
    facts(pairs)
    say(f"Next: agentgym build {out} --out {out.stem.replace('.', '_')}")


def _lines(found: Measure) -> dict[str, str]:
    return {
        "nodes": f"{found.nodes:,}",
        "edges": f"{found.edges:,}",
        "values": f"{found.values:,}",
        "classes": f"{found.classes:,}",
        "predicates": f"{found.predicates:,}",
        "components": f"{found.components:,}",
        "bridges": f"{found.bridges:,}",
        "articulation points": f"{found.articulation_points:,}",
        "dead ends": f"{found.dead_ends:,}",
        "untyped nodes": f"{found.untyped:,}",
    }


def _hubs(found: Measure) -> str:
    return ", ".join(f"{node} ({degree:,})" for node, degree in found.hubs)
