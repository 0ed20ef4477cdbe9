"""What writing a graph is in: told by its extension, else by how it begins.

A text comes in; a key of `FORMS`, or None for what is no graph, goes out. Next: `rdf`,
`network`, `triples`.
"""

from __future__ import annotations

import json
import re

__all__ = ["EXTENSIONS", "graph_form", "is_turtle"]

EXTENSIONS = {
    ".ttl": "turtle",
    ".turtle": "turtle",
    ".n3": "n3",
    ".nt": "nt",
    ".ntriples": "nt",
    ".nq": "nquads",
    ".nquads": "nquads",
    ".trig": "trig",
    ".rdf": "xml",
    ".owl": "xml",
    ".rdfs": "xml",
    ".jsonld": "json-ld",
    ".graphml": "graphml",
    ".tsv": "tsv",
    ".csv": "csv",
}
"""What an extension promises; `.xml` and `.json` may be anything and are looked into."""
_SIGN = re.compile(
    r"\A(?:\s+|\#[^\n]*\n)*(?:@(?:prefix|base)\s|(?:PREFIX|BASE)\s+[\w-]*:?\s*<|"
    r"<[^<>\s]+>\s+(?:a|<[^<>\s]+>)\s|_:\S+\s+(?:a|<[^<>\s]+>)\s)",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"^[ \t]*(?:GRAPH[ \t]+)?(?:<[^<>\s]*>|[\w.-]*:[\w.-]*)?[ \t]*\{", re.MULTILINE | re.IGNORECASE
)
_QUAD = re.compile(
    r"\A(?:\s+|\#[^\n]*\n)*(?:<[^<>\s]+>|_:\S+)\s+<[^<>\s]+>\s+"
    r"(?:<[^<>\s]+>|_:\S+|\"(?:[^\"\\\n]|\\.)*\"(?:@[\w-]+|\^\^<[^<>\s]+>)?)\s+"
    r"(?:<[^<>\s]+>|_:\S+)\s*\.",
)
_LOOK = 20_000


def is_turtle(text: str) -> bool:
    """Tell whether a text is a Turtle graph, from how it begins."""
    return _SIGN.match(text) is not None


def graph_form(text: str, extension: str) -> str | None:
    """Return the writing of a graph; None where the text is none.

    Args:
        text: The whole of it.
        extension: Of the file, with its dot.
    """
    head = text[:_LOOK]
    if _BLOCK.search(head) and is_turtle(head) and extension.casefold() != ".n3":
        return "trig"
    if extension.casefold() in EXTENSIONS:
        return EXTENSIONS[extension.casefold()]
    start = head.lstrip()[:1]
    if start == "<" and re.search(r"<graphml[\s>]", head):
        return "graphml"
    if start == "<" and re.search(r"<(?:\w+:)?RDF[\s>]", head):
        return "xml"
    if _QUAD.match(head):
        return "nquads"
    if is_turtle(head):
        return "turtle"
    if start in ("{", "["):
        return _json(text)
    lines = [line for line in head.splitlines()[:50] if line.strip()][:-1] or head.splitlines()
    if len(lines) > 1 and all(line.count("\t") == 2 for line in lines):
        return "tsv"
    return None


def _json(text: str) -> str | None:
    """Tell the two graphs in JSON from everything else in JSON."""
    keys = set(re.findall(r'"(@context|@graph|@id|nodes|links|edges)"\s*:', text))
    linked = keys & {"@context", "@graph", "@id"}
    listed = "nodes" in keys and keys & {"links", "edges"}
    if not (linked or listed):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "json-ld" if linked else "links" if '"openapi"' not in text else None
    for each in document[:1] if isinstance(document, list) else [document]:
        if not isinstance(each, dict):
            return None
        if each.keys() & {"@context", "@graph", "@id"}:
            return "json-ld"
        if isinstance(each.get("nodes"), list) and each is document:
            return "links"
    return None
