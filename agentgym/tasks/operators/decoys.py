"""Decoy rows: rows that fit every clue but one, and answer otherwise.

A candidate comes in, its patch goes out with a few rows more. Each is a copy of a row that is
meant, with another value in one clue and in what is asked or changed; it satisfies the schema,
and every clue finds what it found and every answer is what it was. Next: `acts`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.domain.patch import Patch
from agentgym.errors import AgentGymError
from agentgym.formats import Json
from agentgym.plan import Emit, Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.schema import Entity
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tasks.clues import sayable
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import Walker

__all__ = ["decoy_rows"]

_COUNT = 2
"""Decoys where the knobs do not say how many."""
_TRIES = 6
"""Copies that are tried for one decoy."""


def decoy_rows(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Add rows that fit all clues of a row that is meant but one; None where there are none."""
    wanted = candidate.knobs.decoy_rows or _COUNT
    maker = _Decoys(walker.tables, candidate, rng)
    patch = maker.made(wanted)
    if not patch:
        return None
    return replace(
        candidate,
        patch=(*candidate.patch, *patch),
        operators=(*candidate.operators, "decoy_rows"),
    )


class _Decoys:
    """The decoys of one candidate.

    Args:
        tables: The rows of the domain.
        candidate: Whose clues they fit, all but one.
        rng: The stream to draw from.
    """

    def __init__(self, tables: Tables, candidate: Candidate, rng: random.Random) -> None:
        self.base, self.schema, self.rng = tables, tables.schema, rng
        self.candidate, self.plan = candidate, candidate.plan
        self.tables = tables.patched(candidate.patch) if candidate.patch else tables
        self.truth = _truth(self.plan, self.tables)

    def made(self, wanted: int) -> list[Patch]:
        """Return so many decoys, or as many as can be had."""
        found: list[Patch] = []
        places = list(self._places())
        if not places:
            return found
        for number in range(wanted):
            for _ in range(_TRIES):
                select, field = places[number % len(places)]
                one = self._decoy(select, field)
                if one is not None and self._harmless([*found, one]):
                    found.append(one)
                    break
                self.rng.shuffle(places)
        return found

    def _places(self) -> Iterator[tuple[Select, str]]:
        """Yield the clues of which one may fail, with the select of one row that they are of."""
        found = []
        for node in self.plan.nodes:
            if not isinstance(node, Select) or node.me or node.among:
                continue
            clues = len(node.where) + len(node.links) + (node.pick is not None)
            entity = self.schema.entity(node.entity)
            alike = clues == 1 and any(entity.field(w.field).type == "text" for w in node.where)
            if (clues < 2 and not alike) or entity.kind == "link":
                continue
            if len(self.tables.extent(self.plan, node.id)) == 1:
                names = [where.field for where in node.where]
                names += [] if node.pick is None else [node.pick.field]
                made = {name for name in names if (entity.name, name) in self.schema.computed}
                found += [(node, name) for name in names if made <= {name}]
        self.rng.shuffle(found)
        yield from found

    def _decoy(self, select: Select, changed: str) -> Patch | None:
        """Copy the row of a select with another value in one of its fields."""
        entity = self.schema.entity(select.entity)
        (row,) = self.tables.extent(self.plan, select.id)
        told = {where.field for where in select.where}
        told |= {
            name
            for link in select.links
            if link.forward
            for name in self.schema.relation(link.relation).fields
        }
        if select.pick is not None:
            told.add(select.pick.field)
        key = self._key(entity, row)
        if key is None or changed in entity.key:
            return None
        values: dict[str, Stored] = dict(zip([f.name for f in entity.fields], row, strict=True))
        values |= dict(zip(entity.key, key, strict=True))
        varied = select.pick is not None or len(select.where) + len(select.links) == 1
        other = self._other(entity, changed, row, varied=varied)
        if other is None:
            return None
        values[changed] = other
        acted = self._acted(select)
        for field in entity.fields:
            if field.name in told or field.name in entity.key or field.role == "reference":
                continue
            vary = field.unique or field.name in acted
            vary = vary or field.role in ("contact", "label", "person", "code")
            if vary and values[field.name] is not None:
                new = new_value(
                    self.tables, entity, field, row[entity.position(field.name)], self.rng
                )
                if new is None and field.unique and not field.nullable:
                    return None
                if new is not None or field.unique:
                    values[field.name] = new
        for relation in self.schema.parents(entity.name):
            if relation.one_to_one:
                for name in relation.fields:
                    if name in told or not entity.field(name).nullable:
                        return None
                    values[name] = None
        wire: dict[str, Json] = {
            name: to_wire(entity.field(name), value)
            for name, value in values.items()
            if (entity.name, name) not in self.schema.computed
        }
        return Patch(
            entity=entity.name,
            key=tuple(to_wire(entity.field(n), v) for n, v in zip(entity.key, key, strict=True)),
            values=wire,
        )

    def _acted(self, select: Select) -> set[str]:
        """Name the fields of a select's row that are asked or set."""
        found: set[str] = set()
        for node in self.plan.nodes:
            if isinstance(node, Emit) and node.node == select.id and node.field is not None:
                found.add(node.field)
            elif isinstance(node, Write) and node.target == select.id:
                found |= {one.field for one in node.settings if node.kind == "update"}
        return found

    def _other(self, entity: Entity, name: str, row: Row, *, varied: bool) -> Stored:
        """Draw another value of a field: of its column, or near the old one."""
        field, place = entity.field(name), entity.position(name)
        old = row[place]
        if field.unique or varied or self.rng.random() < 0.4:
            return new_value(self.tables, entity, field, old, self.rng)
        column = [
            value
            for value in self.tables.ordered(entity.name, name)
            if value != old and sayable(field, value)
        ]
        if column:
            return self.rng.choice(column)
        return new_value(self.tables, entity, field, old, self.rng)

    def _key(self, entity: Entity, row: Row) -> tuple[Stored, ...] | None:
        """Make a key that no row has, near those that there are."""
        if len(entity.key) != 1:
            return None
        field = entity.field(entity.key[0])
        column = self.tables.column(entity.name, field.name)
        old = row[entity.position(field.name)]
        if any(field.name in relation.fields for relation in self.schema.parents(entity.name)):
            return None
        if isinstance(old, int):
            highest = max(one for one in column if isinstance(one, int))
            return (highest + self.rng.randrange(1, 40),)
        for _ in range(_TRIES):
            value = new_value(self.tables, entity, replace(field, role="code"), old, self.rng)
            if value is not None and value not in column:
                return (value,)
        return None

    def _harmless(self, patch: list[Patch]) -> bool:
        """Tell whether rows satisfy the schema, and leave every clue and answer as it is."""
        try:
            tables = self.base.patched((*self.candidate.patch, *patch))
        except AgentGymError:
            return False
        return _truth(self.plan, tables) == self.truth


def _truth(plan: Plan, tables: Tables) -> list[object]:
    """Return the keys of the rows that each select finds, and what each answer is."""
    found: list[object] = []
    for node in plan.nodes:
        if isinstance(node, Select):
            entity = tables.schema.entity(node.entity)
            places = [entity.position(name) for name in entity.key]
            rows = tables.extent(plan, node.id)
            found.append(sorted(repr([row[place] for place in places]) for row in rows))
        elif isinstance(node, Emit):
            found.append(tables.value(plan, node))
    found.append([node.id for node in tables.wanted(plan)])
    return found
