"""Sets of rows as walks need them: what a clue leaves, where one row leads, who is the extreme.

Tables come in, sets of rows (`plan.tables.bits`) and places of rows go out. Next: `coarse`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.plan import Pick
from agentgym.plan.tables import Tables
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tasks.clues import Clue

__all__ = ["Masks"]


class Masks:
    """Sets over the rows of one domain.

    Args:
        tables: The rows.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables, self.schema = tables, tables.schema
        self._ways: dict[tuple[str, bool], list[list[int]]] = {}
        self._best: dict[tuple[str, Pick], int] = {}

    def all(self, entity: str) -> int:
        """Return every row of an entity."""
        return self.tables.all_bits(entity)

    def one(self, entity: str, row: Row) -> int:
        """Return a set of one row."""
        return self.tables.bits_of(entity, (row,))

    def place(self, entity: str, row: Row) -> int:
        """Return the place of a row."""
        return self.one(entity, row).bit_length() - 1

    def rows(self, entity: str, bits: int) -> list[Row]:
        """Return the rows of a set."""
        return self.tables.rows_at(entity, bits)

    def told(self, entity: str, clue: Clue) -> int:
        """Return the rows of which a clue holds."""
        value = clue.value
        if clue.of is None:
            value = to_wire(self.schema.entity(entity).field(clue.field), value)
        return self.tables.bits(entity, clue.field, clue.op, clue.of, value)

    def values(self, entity: str, field: str, bits: int, most: int = 2) -> set[Stored]:
        """Return distinct values of a field in a set of rows, NULL aside, `most` at most."""
        place = self.schema.entity(entity).position(field)
        rows: Sequence[Row] = self.tables.rows(entity)
        found: set[Stored] = set()
        while bits:
            low = bits & -bits
            value = rows[low.bit_length() - 1][place]
            if value is not None:
                found.add(value)
                if len(found) >= most:
                    break
            bits ^= low
        return found

    def reach(self, relation: str, forward: bool, bits: int) -> int:
        """Return the rows that are related to some row of a set, as a `Link` says it."""
        return self.tables.reach(relation, forward, bits)

    def related(self, relation: str, forward: bool, place: int) -> list[int]:
        """List the places of the rows to which the row of a place leads."""
        name = relation, forward
        if name not in self._ways:
            self._index(relation)
        return self._ways[name][place]

    def _index(self, relation: str) -> None:
        one = self.schema.relation(relation)
        child, parent = self.schema.entity(one.entity), self.schema.entity(one.target)
        places = [parent.position(field) for field in one.target_fields]
        keys = {
            tuple(row[place] for place in places): number
            for number, row in enumerate(self.tables.rows(parent.name))
        }
        down: list[list[int]] = [[] for _ in self.tables.rows(parent.name)]
        up: list[list[int]] = [[] for _ in self.tables.rows(child.name)]
        places = [child.position(field) for field in one.fields]
        for number, row in enumerate(self.tables.rows(child.name)):
            key = tuple(row[place] for place in places)
            above = keys.get(key) if None not in key else None
            if above is not None:
                down[above].append(number)
                up[number].append(above)
        self._ways[relation, True], self._ways[relation, False] = down, up

    def best(self, relation: str, pick: Pick) -> int:
        """Return the children that hold the extreme among those of their parent."""
        name = relation, pick
        if name not in self._best:
            one = self.schema.relation(relation)
            rows = self.tables.rows(one.entity)
            place = self.schema.entity(one.entity).position(pick.field)
            found = 0
            for number in range(len(self.tables.rows(one.target))):
                children = self.related(relation, True, number)
                values = [rows[n][place] for n in children if rows[n][place] is not None]
                if values:
                    extreme = (max if pick.largest else min)(values)  # type: ignore[type-var]
                    for child in children:
                        if rows[child][place] == extreme:
                            found |= 1 << child
            self._best[name] = found
        return self._best[name]
