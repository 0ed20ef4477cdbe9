"""Names for blank nodes that depend on what is said of them, never on where it is said.

Colours are refined along statements until they stand still; nodes that then look alike
are told apart one at a time. Next: `rdf`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

__all__ = ["blank_names"]

Triple = tuple[str, str, str]

_TIES = 64
"""Ties between linked blank nodes that are broken with a refinement after each."""


def blank_names(triples: Iterable[Triple], blank: set[str]) -> dict[str, str]:
    """Number the blank nodes of a graph.

    Args:
        triples: Subject, predicate, object as texts.
        blank: The subjects and objects that are blank.

    Returns:
        Blank node to `_:1`, `_:2`, ...
    """
    about: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for subject, predicate, value in triples:
        if subject in blank:
            about[subject].append((">", predicate, value))
        if value in blank:
            about[value].append(("<", predicate, subject))
    colours = _refine(dict.fromkeys(blank, ""), about)
    for _ in range(_TIES):
        groups: dict[str, list[str]] = defaultdict(list)
        for node, colour in colours.items():
            groups[colour].append(node)
        tied = [
            (colour, nodes)
            for colour, nodes in groups.items()
            if len(nodes) > 1 and any(other in blank for _, _, other in about[nodes[0]])
        ]
        if not tied:
            break
        colour, nodes = min(tied)
        colours[min(nodes)] = _digest(colour, "first")
        colours = _refine(colours, about)
    ranked = sorted(blank, key=lambda node: (colours[node], node))
    return {node: f"_:{number}" for number, node in enumerate(ranked, 1)}


def _refine(
    colours: dict[str, str], about: dict[str, list[tuple[str, str, str]]]
) -> dict[str, str]:
    """Refine colours until their number no longer grows."""
    number = 0
    while colours:
        fresh = {
            node: _digest(
                colour,
                *sorted(
                    f"{way}\0{predicate}\0{colours[other] if other in colours else '=' + other}"
                    for way, predicate, other in about[node]
                ),
            )
            for node, colour in colours.items()
        }
        found = len(set(fresh.values()))
        if found <= number:
            break
        colours, number = fresh, found
    return colours


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
