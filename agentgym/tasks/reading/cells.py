"""The family `mask_fill`: a report of a row in which some cells are hidden.

The cells that are shown identify the row; those that are hidden are its own or its parents', and
no likely guess. Next: `tasks.reads`.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from agentgym.plan import Link
from agentgym.schema import Field, Relation
from agentgym.schema.types import Row
from agentgym.tasks.clues import Clue, Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import leaked, wire
from agentgym.tasks.reading.choice import Place
from agentgym.tasks.reading.grounds import Grounds
from agentgym.tasks.reading.hints import Hint

__all__ = ["Cells"]

_TRIES = 24
"""Draws of one candidate."""
_SHOWN = 5
"""Most cells that are shown."""


class _Cell(NamedTuple):
    """A cell that may be hidden."""

    field: Field
    row: Row
    entity: str
    relation: Relation | None
    """To the parent whose cell it is; None for the row's own."""


class Cells(Grounds):
    """Draws reports with gaps."""

    def mask_fill(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Hide some cells of a report of a row and its parents, of which others are shown."""
        for _ in range(_TRIES if self.entities else 0):
            name = rng.choice(self.entities).name
            found = self.report(name, rng.choice(self.tables.rows(name)), rng, knobs)
            if found is not None:
                return found
        return None

    def report(self, name: str, row: Row, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Hide cells of a row and its parents; None where the draw came to nothing."""
        cells = [_Cell(f, row, name, None) for f in self.answers.of(name, row, rng)]
        above = self._above(name, row, rng)
        hidden = self._gaps(cells, above, rng, knobs)
        if not hidden or len({cell.entity for cell in hidden} | {name}) < knobs.least:
            return None
        without = {cell.field.name for cell in hidden if cell.relation is None}
        without |= {f for cell in hidden if cell.relation for f in cell.relation.fields}
        pool = self.hints.of(
            name, row, levels=(0,), support=knobs.clues or 1, rng=rng, without=without
        )
        place = Place(name, row, self.masks.all(name))
        shown = self.choice.of(place, pool, rng, most=_SHOWN)
        if shown is None:
            return None
        more = [hint for hint in pool if hint not in shown]
        rng.shuffle(more)
        shown = self._padded(shown, more)
        sketch = Sketch(self.schema)
        clues = [clue for hint in shown for clue in hint.clues]
        if not len(clues) >= 2:
            return None
        node = sketch.select(
            name, _ordered(clues, [f.name for f in self.schema.entity(name).fields])
        )
        operators = ["seed", *("mask" for _ in hidden)]
        for cell in hidden:
            entity = self.schema.entity(cell.entity)
            if leaked(wire(entity, cell.field, cell.row), sketch.facts):
                return None
            where = node
            if cell.relation is not None:
                link = Link(relation=cell.relation.name, forward=False, node=node)
                where = sketch.select(cell.entity, (), [link])
                operators.append("deepen")
            sketch.emit(where, cell.field.name)
        return self.finished(sketch, "mask_fill", knobs, operators)

    def _above(self, name: str, row: Row, rng: random.Random) -> list[_Cell]:
        """List the cells of the parents of a row."""
        found: list[_Cell] = []
        for relation in self.schema.parents(name):
            if relation.target in self.spoken and self.leads(relation, up=True):
                place = self.masks.place(name, row)
                for number in self.masks.related(relation.name, False, place):
                    parent = self.tables.rows(relation.target)[number]
                    if (relation.target, parent) != (name, row):
                        found += [
                            _Cell(field, parent, relation.target, relation)
                            for field in self.answers.of(relation.target, parent, rng)
                        ]
        rng.shuffle(found)
        return found

    def _gaps(
        self, cells: list[_Cell], above: list[_Cell], rng: random.Random, knobs: Knobs
    ) -> list[_Cell]:
        """Choose the cells that are hidden, their values all different."""
        wanted = knobs.acts or rng.choice((1, 2, 2, 3))
        far = min(len(above), rng.choice((0, 1, 1)) if knobs.least < 2 else knobs.least - 1)
        found: list[_Cell] = []
        for cell in (*above[:far], *cells, *above[far:]):
            value = cell.row[self.schema.entity(cell.entity).position(cell.field.name)]
            known = [
                other.row[self.schema.entity(other.entity).position(other.field.name)]
                for other in found
            ]
            if value not in known and len(found) < wanted:
                found.append(cell)
        return found if len(found) == wanted else []

    def _padded(self, shown: tuple[Hint, ...], more: list[Hint]) -> tuple[Hint, ...]:
        """Show some more cells."""
        found = list(shown)
        for hint in more:
            told = {clue.field for one in found for clue in one.clues}
            if len(told) >= 3 and len(found) > len(shown):
                break
            if hint.side is None and not told & hint.fields and len(told) < _SHOWN:
                found.append(hint)
        return tuple(found)


def _ordered(clues: list[Clue], fields: list[str]) -> list[Clue]:
    return sorted(clues, key=lambda clue: fields.index(clue.field))
