"""How two rows are connected, found by trying every way: the reference of `Path`.

Rows as dicts come in, what the tool gives goes out. Next: `model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.testing.arithmetic import No, read_bound, refers
from agentgym.testing.books import Books
from agentgym.testing.truth import Values
from agentgym.tools.algebra import Path

__all__ = ["Ways"]

Node = tuple[str, Any]
Hop = tuple[int, str, Any]
"""Order of the relation, forward before backward; entity and key that it leads to."""

_KEY = Field(name="key", label="key", type="text")


class Ways(Books):
    """The rows of a domain, with the ways between them."""

    def path(self, term: Path, given: Mapping[str, Json]) -> Json:
        """Give what the tool gives.

        Raises:
            No: A row is not there, or there is no way.
        """
        most = int(given.get("max_steps") or term.most)
        ends: list[Node] = []
        keys = [given[f"{end}_key"] for end in ("from", "to")]
        if isinstance(keys[0], str):
            keys = [read_bound(_KEY, "by", key, required=True) for key in keys]
        for end, key in zip(("from", "to"), keys, strict=True):
            ends.append((str(given[f"{end}_entity"]), key))
        for entity, key in ends:
            if (key,) not in self.tables[entity]:
                raise No("not_found")
        hops = sorted(set(self._hops(term)))
        best = {ends[0]: [()]}  # type: dict[Node, list[tuple[Hop, ...]]]
        for length in range(most + 1):
            reached = [way for way in best.get(ends[1], ()) if len(way) == length]
            if reached:
                return {"steps": [self._said(term, hop) for hop in min(reached)], "length": length}
            longer: dict[Node, list[tuple[Hop, ...]]] = {}
            for node, ways in best.items():
                for source, hop in hops:
                    if source == node:
                        longer.setdefault(hop[1:], []).append((*min(ways), hop))
            best = longer
        raise No("not_found")

    def _hops(self, term: Path) -> Iterator[tuple[Node, Hop]]:
        """Yield every step of one relation between two rows."""
        for number, name in enumerate(term.relations):
            relation = self.schema.relation(name)
            for child in self.tables[relation.entity].values():
                for parent in self.tables[relation.target].values():
                    if refers(relation, child, parent):
                        below, above = (
                            self._node(relation.entity, child),
                            self._node(relation.target, parent),
                        )
                        yield below, (2 * number, *above)
                        yield above, (2 * number + 1, *below)
        for number, pair in enumerate(term.joints, len(term.relations)):
            one, other = (self.schema.relation(name) for name in pair)
            for row in self.tables[one.entity].values():
                for left in self.tables[one.target].values():
                    for right in self.tables[other.target].values():
                        if refers(one, row, left) and refers(other, row, right):
                            first, last = (
                                self._node(one.target, left),
                                self._node(other.target, right),
                            )
                            yield first, (2 * number, *last)
                            yield last, (2 * number + 1, *first)

    def _node(self, entity: str, row: Values) -> Node:
        return entity, row[self.schema.entity(entity).key[0]]

    def _said(self, term: Path, hop: Hop) -> Json:
        number, back = divmod(hop[0], 2)
        if number < len(term.relations):
            relation = self.schema.relation(term.relations[number])
            label = relation.inverse if back else relation.label
        else:
            first = self.schema.relation(term.joints[number - len(term.relations)][0])
            label = self.schema.entity(first.entity).label
        return {"relation": label, "entity": hop[1], "key": hop[2]}
