"""What people call the nodes of a graph that does not say it.

A file of labels, or names made of class and identifier, which are marked as synthetic.
Next: `shape`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from agentgym.errors import SourceError
from agentgym.schema.names import christen
from agentgym.sources.graph.facts import LABELS, Facts, is_opaque, local

__all__ = ["give_labels", "parse_labels"]


def parse_labels(text: str, *, where: str) -> dict[str, str]:
    """Read lines of identifier, tab, label.

    Raises:
        SourceError: A line has no tab, or an identifier has two labels.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        node, tab, label = line.partition("\t")
        node, label = node.strip(), label.strip()
        here = f"{where} line {number}"
        if not tab or not node or not label or "\t" in label:
            raise SourceError("an identifier, a tab and a label", found=repr(line[:60]), where=here)
        if found.setdefault(node.strip("<>"), label) != label:
            raise SourceError("one label for each node", found=f"two for {node}", where=here)
    return found


def give_labels(
    facts: Facts, classes: Mapping[str, str], given: Mapping[str, str] | None, *, where: str
) -> tuple[dict[str, str], bool]:
    """Return the labels of nodes that have none, and whether any is synthetic.

    Raises:
        SourceError: The file of labels names no node of the graph.
    """
    found: dict[str, str] = {}
    if given is not None:
        for node in facts.nodes:
            label = given.get(node, given.get(local(node)))
            if label is not None:
                found[node] = label
        if not found:
            raise SourceError(
                "labels of nodes of the graph",
                found=f"{len(given)} labels of others",
                where=where,
                hint="write the identifiers as the graph does",
            )
        facts.notes.append(f"Labels given: {len(found):,} of {len(facts.nodes):,} nodes.")
    naming = {
        prop
        for said in facts.said.values()
        for prop in said
        if facts.name(prop).casefold().replace("_", " ") in LABELS
    }
    bare = [
        node
        for node in sorted(facts.nodes)
        if node not in found and is_opaque(node) and not naming & set(facts.said.get(node, ()))
    ]
    if 2 * len(bare) < len(facts.nodes) and not (found and bare):
        return found, False
    if not bare:
        return found, False
    names = christen({facts.name(kind): ["id"] for kind in sorted(set(classes.values()))})
    words = {
        kind: names.entities[facts.name(kind)].label.capitalize() for kind in set(classes.values())
    }
    short = Counter((classes[node], local(node)) for node in bare)
    for node in bare:
        name = local(node) if short[classes[node], local(node)] == 1 else node
        found[node] = f"{words[classes[node]]} {name.removeprefix('_:')}"
    facts.notes.append(
        f"Labels are synthetic for {len(bare):,} of {len(facts.nodes):,} nodes: the graph gives "
        "them none; --labels FILE (identifier, tab, label) names them."
    )
    return found, True
