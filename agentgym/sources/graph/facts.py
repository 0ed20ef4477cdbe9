"""What any graph says, in one form: nodes with classes, values and edges.

A reader (`rdf`, `network`, `triples`) fills `Facts`; `classes` settles what each node is,
`relations` what each edge is, `shape` makes tables of it. Nothing here depends on the order
in which a file says things. Next: `classes`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from urllib.parse import unquote

__all__ = [
    "ALIASES",
    "LABELS",
    "UNNAMED",
    "Edge",
    "Facts",
    "Value",
    "is_opaque",
    "local",
    "order",
    "upwards",
]

LABELS = ("preflabel", "label", "name", "has name", "full name")
"""Properties that say what people call a node, best first."""
UNNAMED = "connected to"
"""The relation of an edge that has no name."""
ALIASES = frozenset(
    "altlabel alternatename alternativename hiddenlabel alias aliases nick nickname".split()
) | {"also known as", "alternative name", "other name"}
_OPAQUE = re.compile(
    r"/[mg]/\w+|[0-9a-f]{16,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|_:\d+"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Value:
    """One literal."""

    text: str
    """As written, or JSON where `declared` is `json`."""
    declared: str = ""
    """The type as a column would declare it; empty where only the values can tell."""
    language: str = ""


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One statement that joins two nodes."""

    source: str
    relation: str
    target: str
    attributes: tuple[tuple[str, Value], ...] = ()


@dataclasses.dataclass(slots=True, kw_only=True)
class Facts:
    """All that a graph says."""

    nodes: set[str] = dataclasses.field(default_factory=set)
    """The nodes that become rows."""
    kinds: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    """Node to its classes; an untyped node is absent."""
    above: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    """Class to all classes that it refines, by declaration."""
    said: dict[str, dict[str, set[Value]]] = dataclasses.field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    """Node and property to the literals."""
    edges: set[Edge] = dataclasses.field(default_factory=set)
    inverses: dict[str, str] = dataclasses.field(default_factory=dict)
    """Relation to the one that is declared its inverse."""
    words: dict[str, str] = dataclasses.field(default_factory=dict)
    """Class, property or relation to its name, where its identifier does not tell."""
    comments: dict[str, str] = dataclasses.field(default_factory=dict)
    skipped: Counter[str] = dataclasses.field(default_factory=Counter)
    notes: list[str] = dataclasses.field(default_factory=list)

    def name(self, term: str) -> str:
        """Return what a class, property or relation is called."""
        return self.words.get(term) or local(term)


def upwards(direct: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return for each class all that it refines, at any distance, itself aside."""
    above: dict[str, set[str]] = {}
    for kind, parents in direct.items():
        waiting, seen = list(parents), set[str]()
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += direct.get(each, ())
        above[kind] = seen - {kind}
    return above


def local(term: str) -> str:
    """Return the last part of an IRI, or a text as it is."""
    if not re.match(r"\A\w[\w.+-]*:\S+\Z|\A/\w+/", term):
        return term
    text = unquote(term)
    return re.split(r"[#/:]", text.rstrip("#/:"))[-1] or text


def order(node: str) -> tuple[bool, int, str]:
    """Order nodes alike in every run: blank ones last, by number."""
    blank = node.startswith("_:")
    number = re.search(r"\d+\Z", node) if blank else None
    return blank, int(number[0]) if number else 0, node


def is_opaque(node: str) -> bool:
    """Tell whether an identifier says nothing to people: `Q42`, `/m/0x1`, `a7-09`, `_:7`."""
    if _OPAQUE.fullmatch(node):
        return True
    text = local(node)
    runs = re.findall(r"[^\W\d_]+", text)
    few = max(map(len, runs), default=0) < 3
    return _OPAQUE.fullmatch(text) is not None or (few and re.search(r"\d", text) is not None)
