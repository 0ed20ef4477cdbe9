"""GraphML and node-link JSON, read by networkx into `Facts`.

An attribute of nodes says their classes, one of edges their relation; all others are
fields. An edge without direction is said both ways. Next: `classes`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from agentgym.errors import SourceError
from agentgym.formats import Json
from agentgym.sources.graph.facts import UNNAMED, Edge, Facts, Value
from agentgym.sources.graph.markup import plain_markup

__all__ = ["load_graphml", "load_links", "read_graphml", "read_links", "telling"]

_CLASSES = ("type", "labels", "class", "kind", "category", "label")
_RELATIONS = ("relation", "relationship", "predicate", *_CLASSES, "name", "key")
_DECLARED = {bool: "boolean", int: "bigint", float: "real"}


def read_graphml(text: str, *, where: str) -> Facts:
    """Read GraphML.

    Raises:
        SourceError: It is not well formed.
    """
    return _facts(load_graphml(text, where=where), where)


def load_graphml(text: str, *, where: str) -> Any:
    """Read GraphML into a graph of networkx.

    Raises:
        SourceError: It is not well formed.
    """
    text = plain_markup(text, where=where)
    text = re.sub(r"\A(\s*)<\?xml[^>]*\?>", r"\1", text)
    try:
        return nx.parse_graphml(text)
    except ParseError as error:
        raise _broken("GraphML", str(error), f"{where} line {error.position[0]}") from None
    except Exception as error:  # noqa: BLE001 - networkx raises whatever a value raises
        raise _broken("GraphML", _said(error), where) from None


def read_links(text: str, *, where: str) -> Facts:
    """Read node-link JSON: a list of nodes, and one of links (or edges).

    Raises:
        SourceError: It is not well formed.
    """
    return _facts(load_links(text, where=where), where)


def load_links(text: str, *, where: str) -> Any:
    """Read node-link JSON into a graph of networkx.

    Raises:
        SourceError: It is not well formed.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken("node-link JSON", error.msg, f"{where} line {error.lineno}") from None
    except RecursionError:
        raise _broken("node-link JSON", "lists in lists without end", where) from None
    edges = "links" if "links" in document else "edges"
    nodes = document.get("nodes")
    key = next((k for k in ("id", "key", "name") if _all_have(nodes, k)), "id")
    for part, wanted in (("nodes", (key,)), (edges, ("source", "target"))):
        listed = document.get(part)
        if not isinstance(listed, list):
            raise _broken("node-link JSON", f"no list of {part}", f"{where} $.{part}")
        for place, each in enumerate(listed):
            for name in wanted:
                found = each.get(name) if isinstance(each, dict) else None
                if found is None or isinstance(found, (dict, float)):
                    here = f"{where} $.{part}[{place}]"
                    raise _broken("node-link JSON", f"no {name!r}", here)
    try:
        return nx.node_link_graph(
            {
                **document,
                "directed": document.get("directed", True),
                "multigraph": document.get("multigraph", True),
            },
            edges=edges,
            name=key,
        )
    except Exception as error:  # noqa: BLE001 - networkx raises whatever a value raises
        raise _broken("node-link JSON", _said(error), where) from None


def _all_have(nodes: Json, key: str) -> bool:
    return isinstance(nodes, list) and all(isinstance(n, dict) and key in n for n in nodes)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"


def _broken(what: str, found: str, where: str) -> SourceError:
    return SourceError(f"well-formed {what}", found=found, where=where, hint="correct the file")


def _facts(graph: Any, where: str) -> Facts:
    if not graph:
        raise SourceError("a graph with nodes", found="none", where=where, hint="give nodes")
    facts = Facts()
    ids = {node: _text(node) for node in graph}
    attributes = {ids[node]: dict(found) for node, found in graph.nodes(data=True)}
    typed = _chosen(list(attributes.values()), _CLASSES)
    for node, found in attributes.items():
        facts.nodes.add(node)
        kinds = _split(found.pop(typed, None)) if typed else set()
        if kinds:
            facts.kinds[node] = kinds
        for name, value in found.items():
            if values := _values(value):
                facts.said[node][str(name)].update(values)
    edges = [(ids[source], ids[target], found) for source, target, found in _edges(graph)]
    named = _chosen([found for *_, found in edges], _RELATIONS)
    _drop_counters(edges, facts, named)
    for source, target, found in edges:
        relation = str(found.pop(named, None) or UNNAMED) if named else UNNAMED
        more = tuple(
            sorted((str(name), value) for name, each in found.items() for value in _values(each))
        )
        facts.edges.add(Edge(source, relation, target, more))
        if not graph.is_directed():
            facts.edges.add(Edge(target, relation, source, more))
    return facts


def telling(graph: Any) -> tuple[str | None, str | None]:
    """Return the attribute of nodes that says their class, and that of edges their relation."""
    edges = _edges(graph)
    return (
        _chosen([found for _, found in graph.nodes(data=True)], _CLASSES),
        _chosen([found for *_, found in edges], _RELATIONS),
    )


def _edges(graph: Any) -> list[tuple[Any, Any, dict[str, Any]]]:
    """Return the ends of each edge and its attributes, with its key where that is a text."""
    return [
        (source, target, {**found, **({"key": key} if isinstance(key, str) else {})})
        for source, target, key, found in (
            graph.edges(keys=True, data=True)
            if graph.is_multigraph()
            else ((s, t, None, d) for s, t, d in graph.edges(data=True))
        )
    ]


def _chosen(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str | None:
    """Return the attribute that sorts: there on half of all, with values that come again."""
    spelled = {str(key).casefold(): key for each in found for key in sorted(each, key=str)}
    for name in names:
        key = spelled.get(name)
        if key is None:
            continue
        values = [str(each[key]) for each in found if each.get(key) not in (None, "", [])]
        many = len(values) >= 4 and len(set(values)) > len(values) / 2
        if 2 * len(values) >= len(found) and not many:
            return str(key)
    return None


def _split(value: Any) -> set[str]:
    """Return the classes of a node: one, a list, or `:Person:Actor`."""
    if isinstance(value, (list, tuple)):
        return {str(each) for each in value if each not in (None, "")}
    text = "" if value is None else str(value).strip()
    return {part for part in text.split(":") if part} if text.startswith(":") else {text} - {""}


def _drop_counters(
    edges: Sequence[tuple[str, str, dict[str, Any]]], facts: Facts, named: str | None
) -> None:
    """Take away `id`, `key` and `weight` of edges where they say nothing."""
    for name in ("id", "key", "weight"):
        values = Counter(str(found.get(name)) for *_, found in edges)
        numbered = all(re.fullmatch(r"e?\d+|None", value) for value in values)
        if name != named and (len(values) == 1 or (name != "weight" and numbered)):
            gone = sum(found.pop(name, None) is not None for *_, found in edges)
            facts.skipped["number of an edge"] += gone


def _values(value: Any) -> list[Value]:
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)) and all(not isinstance(v, (list, dict)) for v in value):
        return [each for part in value for each in _values(part)]
    if isinstance(value, (list, tuple, dict)):
        return [Value(text=json.dumps(value, sort_keys=True), declared="json")]
    return [Value(text=_text(value), declared=_DECLARED.get(type(value), ""))]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
