"""From facts to raw tables: a class becomes a table, its values columns, its edges references.

A relation with one target a node is a reference, one with several a link table; edges with
attributes are rows of their own. Next: `assemble`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from agentgym.formats import Json
from agentgym.sources.graph.facts import (
    ALIASES,
    LABELS,
    Edge,
    Facts,
    Value,
    is_opaque,
    local,
    order,
)
from agentgym.sources.graph.relations import Pattern
from agentgym.sources.tables import Raw, RawColumn, RawReference, RawTable, declare

__all__ = ["shape"]

_MOST_PROPERTIES = 60
"""Properties of a class that are kept, the most frequent ones; names are kept besides."""
_DESCRIPTIONS = frozenset(("comment", "abstract"))


@dataclasses.dataclass(slots=True, kw_only=True)
class _Class:
    """One class on its way to a table, column by column."""

    table: RawTable
    members: Sequence[str]
    columns: list[list[Json]] = dataclasses.field(default_factory=list)
    titles: set[str] = dataclasses.field(default_factory=set)

    def title(self, wanted: str) -> str:
        """Return a title that no other column has."""
        title, number = wanted, 2
        while title.casefold() in self.titles:
            title, number = f"{wanted}_{number}", number + 1
        self.titles.add(title.casefold())
        return title

    def add(self, column: RawColumn, values: list[Json]) -> None:
        """Add a column."""
        column.nullable = any(value is None for value in values)
        self.table.columns.append(column)
        self.columns.append(values)


def shape(
    facts: Facts,
    classes: Mapping[str, str],
    patterns: Sequence[Pattern],
    labels: Mapping[str, str],
) -> Raw:
    """Make tables.

    Args:
        facts: Of the graph.
        classes: Node to class.
        patterns: The relations between classes.
        labels: Node to what people call it, where the graph itself does not say it.
    """
    return _Shape(facts, classes, labels).raw(patterns)


class _Shape:
    def __init__(self, facts: Facts, classes: Mapping[str, str], labels: Mapping[str, str]) -> None:
        self.facts = facts
        self.labels = labels
        self.out = Raw(skipped=facts.skipped, notes=facts.notes)
        members: dict[str, list[str]] = defaultdict(list)
        for node in sorted(classes, key=order):
            members[classes[node]].append(node)
        self.members = {kind: members[kind] for kind in sorted(members)}
        self.names = _distinct({kind: facts.name(kind) for kind in self.members})
        self.keys = {
            node: key for kind, nodes in self.members.items() for node, key in _keys(nodes).items()
        }
        self.made: dict[str, _Class] = {}
        self.tables: set[str] = {name.casefold() for name in self.names.values()}

    def raw(self, patterns: Sequence[Pattern]) -> Raw:
        """Return the tables of all classes, then those that join them."""
        for kind, nodes in self.members.items():
            self._table(kind, nodes)
        several = Counter((p.source, p.relation) for p in patterns)
        links: list[RawTable] = []
        for pattern in patterns:
            title = self.facts.name(pattern.relation)
            if several[pattern.source, pattern.relation] > 1:
                title = f"{title}_{self.names[pattern.target]}"
            bare = all(not edge.attributes for edge in pattern.edges)
            if bare and pattern.functional:
                self._reference(pattern, title)
            else:
                links.append(self._link(pattern, title))
        for made in self.made.values():
            made.table.rows = list(zip(*made.columns, strict=True))
        self.out.tables += links
        return self.out

    def _table(self, kind: str, nodes: list[str]) -> None:
        facts = self.facts
        table = RawTable(name=self.names[kind], comment=facts.comments.get(kind, ""))
        made = _Class(table=table, members=nodes)
        self.made[kind] = made
        self.out.tables.append(table)
        said = self._properties(kind, nodes)
        short = {prop: facts.name(prop) for prop in said}
        naming = sorted(
            (prop for prop in said if _plain(short[prop]) in LABELS),
            key=lambda prop: (LABELS.index(_plain(short[prop])), prop),
        )
        taken = {name.casefold() for prop, name in short.items() if prop not in naming}
        named = bool(naming) or any(node in self.labels for node in nodes)
        plain = [self.keys[node] for node in nodes]
        opaque = sum(is_opaque(node) for node in nodes) * 2 >= len(nodes)
        wanted = ["id", "iri", "node_id"]
        if not (named or opaque or any("://" in node for node in nodes)):
            wanted.insert(0, "name")
        key = RawColumn(name=made.title(next((w for w in wanted if w not in taken), "node_key")))
        declare(key, "text")
        made.add(key, list(plain))
        key.nullable = False
        table.key = (key.name,)
        if named:
            self._label(made, naming)
        for prop in said:
            if prop not in naming:
                title = "description" if _plain(short[prop]) in _DESCRIPTIONS else short[prop]
                found = {n: facts.said[n][prop] for n in nodes if prop in facts.said.get(n, ())}
                self._values(made, title, found, comment=facts.comments.get(prop, ""))

    def _properties(self, kind: str, nodes: Sequence[str]) -> list[str]:
        """Return the properties of a class that are kept; count the values of others."""
        counts = Counter(prop for node in nodes for prop in self.facts.said.get(node, ()))
        names = {prop for prop in counts if _plain(self.facts.name(prop)) in LABELS}
        ranked = sorted(counts, key=lambda prop: (prop not in names, -counts[prop], prop))
        most = len(names) + _MOST_PROPERTIES
        rare = sum(counts[prop] for prop in ranked[most:])
        if rare:
            self.out.skipped["value of a rare property"] += rare
            self.out.notes.append(
                f"{most} of {len(ranked)} properties of {self.facts.name(kind)} are "
                "kept, the most frequent ones."
            )
        return sorted(ranked[:most])

    def _label(self, made: _Class, naming: Sequence[str]) -> None:
        """Write the names of nodes: the best one as a column, all others as aliases."""
        names: list[Json] = []
        more: dict[str, set[Value]] = {}
        for node in made.members:
            said = self.facts.said.get(node, {})
            values = [v for prop in naming for v in _one_language(said.get(prop, ()))]
            given = self.labels.get(node)
            name = given or (values[0].text if values else None)
            names.append(name)
            rest = {Value(text=v.text, declared="text") for v in values if v.text != name}
            if rest:
                more[node] = rest
        column = RawColumn(name=made.title("name"))
        declare(column, "text")
        made.add(column, names)
        if more:
            self._values(made, "alias", more, comment="")

    def _values(
        self, made: _Class, title: str, found: Mapping[str, set[Value]], *, comment: str
    ) -> None:
        """Write a property: a column, or a table of its own where a node has several values."""
        if _plain(title) in ALIASES:
            title = "alias"
        kept = {node: _one_language(values) for node, values in found.items()}
        self.out.skipped["text in another language"] += sum(
            len(found[node]) - len(values) for node, values in kept.items()
        )
        kinds = {value.declared for values in kept.values() for value in values}
        declared = kinds.pop() if len(kinds) == 1 else ""
        if all(len(values) < 2 for values in kept.values()):
            column = RawColumn(name=made.title(title), comment=comment)
            declare(column, declared)
            made.add(column, [kept[n][0].text if n in kept else None for n in made.members])
            return
        own = made.table.name
        table = RawTable(name=self._free(f"{own}_{title}"))
        other = title if title.casefold() != own.casefold() else f"other_{title}"
        for name, kind, said in ((own, "text", ""), (other, declared, comment)):
            column = RawColumn(name=name, nullable=False, comment=said)
            declare(column, kind)
            table.columns.append(column)
        table.key = (own, other)
        table.references = [RawReference(columns=(own,), target=own)]
        table.rows = [
            (self.keys[node], text)
            for node in made.members
            for text in dict.fromkeys(value.text for value in kept.get(node, ()))
        ]
        self.out.tables.append(table)

    def _free(self, name: str) -> str:
        title, number = name, 2
        while title.casefold() in self.tables:
            title, number = f"{name}_{number}", number + 1
        self.tables.add(title.casefold())
        return title

    def _reference(self, pattern: Pattern, title: str) -> None:
        made = self.made[pattern.source]
        if title.casefold() in made.titles:
            title = f"{title}_{self.names[pattern.target]}"
        target = {edge.source: self.keys[edge.target] for edge in pattern.edges}
        comment = self.facts.comments.get(pattern.relation, "")
        column = RawColumn(name=made.title(title), comment=comment)
        declare(column, "text")
        made.add(column, [target.get(node) for node in made.members])
        made.table.references.append(
            RawReference(columns=(column.name,), target=self.names[pattern.target])
        )

    def _link(self, pattern: Pattern, title: str) -> RawTable:
        """Make the table of a relation with several targets, or with attributes."""
        own, target = self.names[pattern.source], self.names[pattern.target]
        other = target if target.casefold() != own.casefold() else f"other_{target}"
        table = RawTable(name=self._free(f"{own}_{title}"), link=True)
        pairs = {(edge.source, edge.target) for edge in pattern.edges}
        made = _Class(table=table, members=(), titles={own.casefold(), other.casefold()})
        comment = self.facts.comments.get(pattern.relation, "")
        for name, kind, ends in (
            (own, own, [edge.source for edge in pattern.edges]),
            (other, target, [edge.target for edge in pattern.edges]),
        ):
            column = RawColumn(name=name, comment=comment if name == other else "")
            declare(column, "text")
            made.add(column, [self.keys[node] for node in ends])
            table.references.append(RawReference(columns=(name,), target=kind))
        for name in sorted({name for edge in pattern.edges for name, _ in edge.attributes}):
            values = [_attribute(edge, name) for edge in pattern.edges]
            kinds = {value.declared for value in values if value}
            column = RawColumn(name=made.title(name))
            declare(column, kinds.pop() if len(kinds) == 1 else "")
            made.add(column, [value.text if value else None for value in values])
        if len(pairs) == len(pattern.edges):
            table.key = (own, other)
        else:
            key = RawColumn(name=made.title("id"))
            declare(key, "integer")
            made.add(key, list(range(1, len(pattern.edges) + 1)))
            table.key = (key.name,)
            table.link = False
        table.rows = list(zip(*made.columns, strict=True))
        return table


def _attribute(edge: Edge, name: str) -> Value | None:
    return next((value for each, value in edge.attributes if each == name), None)


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


def _distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Number the names that several classes share."""
    counts = Counter(name.casefold() for name in names.values())
    return {
        kind: name if counts[name.casefold()] == 1 else f"{name}_{place}"
        for place, (kind, name) in enumerate(names.items(), 1)
    }


def _keys(nodes: Sequence[str]) -> dict[str, str]:
    """Return the key of each node of a class: its last part, where no other has the same."""
    short = {node: _short(node) for node in nodes}
    counts = Counter(short.values())
    return {node: short[node] if counts[short[node]] == 1 else node for node in nodes}


def _short(node: str) -> str:
    if node.startswith("_:"):
        return f"node_{node[2:]}"
    if found := re.fullmatch(r"[A-Za-z_]\w*:(?!/)(\S.*)", node):
        return local(node) if " " not in node else found[1]
    return local(node)


def _one_language(values: Iterable[Value]) -> list[Value]:
    """Of texts in several languages keep the English ones, else the first language's."""
    ordered = sorted(values)
    languages = sorted({value.language for value in ordered})
    if len(languages) < 2:
        return ordered
    wanted = [tag for tag in languages if tag.casefold().partition("-")[0] == "en"]
    best = next((tag for tag in (*wanted, "") if tag in languages), languages[0])
    return [value for value in ordered if value.language == best]
