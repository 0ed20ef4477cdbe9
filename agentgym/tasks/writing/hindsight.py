"""What a run did, told as writes: those that are left at the end, each row by clues.

A segment of a run comes in; a sketch of the writes that its net changes still show goes out.
Next: `seen`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from agentgym.formats import Json
from agentgym.plan import Link as Related
from agentgym.plan import Setting
from agentgym.plan.alone import alone
from agentgym.schema import Entity
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.tasks.clues import Sketch, describe, sayable
from agentgym.tasks.walks import At
from agentgym.tasks.writing.runs import Segment
from agentgym.tasks.writing.several import Several
from agentgym.tasks.writing.trial import ONE
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Link,
    Transition,
    Unlink,
    Update,
    is_write,
)
from agentgym.trajectory import Result
from agentgym.world.journal import RowChange

__all__ = ["Hindsight"]


class Hindsight:
    """One segment while its writes are read.

    Args:
        walker: Describes rows.
        segment: The segment.
        rng: The stream to draw from.
    """

    def __init__(self, walker: Several, segment: Segment, rng: random.Random) -> None:
        self.walker, self.segment, self.rng = walker, segment, rng
        self.schema, self.tables = walker.schema, walker.tables
        self.sketch = Sketch(self.schema)
        self.net = {(one.entity, one.key): one for one in segment.changes}
        self.told: dict[tuple[str, Row], At | None] = {}
        self.tools = {tool.name: tool for tool in walker.tools}

    # what was written

    def writes(self) -> bool:
        """Add the writes that are left in the net changes; False where one cannot be told."""
        found: dict[tuple[str, tuple[Stored, ...], str], dict[str, Stored]] = {}
        for call, result in zip(self.segment.calls, self.segment.results, strict=True):
            tool = self.tools.get(call.name)
            if tool is None or not result.ok or not is_write(tool):
                continue
            term, fixed = alone(tool.term)
            if not isinstance(term, ONE):
                return False
            entity = self.schema.entity(term.entity)
            given = {**call.arguments, **fixed}
            key = self._key(term, entity, given, result)
            change = self.net.get((entity.name, key)) if key is not None else None
            if key is None or change is None:
                continue
            kind = _kind(term)
            if change.before is None:
                kind = "create"
            elif change.after is None:
                kind = "delete"
            values = found.setdefault((entity.name, key, kind), {})
            values |= self._left(term, entity, given, change)
        for (name, key, kind), values in found.items():
            if not self._write(self.schema.entity(name), self.net[name, key], kind, values):
                return False
        return True

    def _key(
        self, term: object, entity: Entity, given: Mapping[str, Json], result: Result
    ) -> tuple[Stored, ...] | None:
        """Return the key of the row that a call wrote."""
        if isinstance(term, (Update, Transition, Delete)):
            by = {one.field: given.get(one.param) for one in term.key}
            if set(by) != set(entity.key):
                return None
            return tuple(to_stored(entity.field(name), by[name]) for name in entity.key)
        if isinstance(term, Unlink):
            ends = {
                one.field: to_stored(entity.field(one.field), given.get(one.param))
                for one in term.ends
            }
            for change in self.segment.changes:
                row = change.before
                if change.entity == entity.name and change.after is None and row is not None:
                    if all(row[entity.position(name)] == value for name, value in ends.items()):
                        return change.key
            return None
        data = result.data if isinstance(result.data, dict) else {}
        if not all(name in data for name in entity.key):
            return None
        return tuple(to_stored(entity.field(name), data[name]) for name in entity.key)

    def _left(
        self, term: object, entity: Entity, given: Mapping[str, Json], change: RowChange
    ) -> dict[str, Stored]:
        """Return the values of a call that are left at the end, and were not there before."""
        arguments: tuple[Argument, ...] = ()
        match term:
            case Update() | Create():
                arguments = term.values
            case Transition():
                arguments = (term.to,)
            case Link():
                arguments = term.ends + term.values
            case _:
                pass
        found: dict[str, Stored] = {}
        for one in arguments:
            if one.param not in given or change.after is None:
                continue
            place = entity.position(one.field)
            try:
                value = to_stored(entity.field(one.field), given[one.param])
            except ValueError:
                continue
            before = None if change.before is None else change.before[place]
            if change.after[place] == value and value != before:
                found[one.field] = value
        return found

    def _write(
        self, entity: Entity, change: RowChange, kind: str, values: Mapping[str, Stored]
    ) -> bool:
        target: At | None = None
        if kind != "create":
            assert change.before is not None
            target = self.point(entity.name, change.before)
            if target is None:
                return False
        if kind in ("update", "transition") and not values:
            return True
        settings = []
        referred = {
            name: relation
            for relation in self.schema.parents(entity.name)
            for name in relation.fields
        }
        for name, value in values.items():
            relation = referred.get(name)
            if relation is not None:
                assert change.after is not None
                key = tuple(change.after[entity.position(one)] for one in relation.fields)
                rows = self.tables.lookup(relation.target, relation.target_fields, key)
                there = self.point(relation.target, rows[0]) if len(rows) == 1 else None
                if there is None:
                    return False
                source = relation.target_fields[relation.fields.index(name)]
                settings.append(Setting(field=name, node=there.node, source=source))
                continue
            if not sayable(entity.field(name), value):
                return False
            fact = self.sketch.fact(entity.name, name, value)
            settings.append(Setting(field=name, fact=fact))
        self.sketch.write(kind, entity.name, None if target is None else target.node, settings)
        return True

    # how rows are described

    def point(self, entity: str, row: Row) -> At | None:
        """Describe a row that was there at the start, alone or below one that it refers to."""
        slot = entity, row
        if slot not in self.told:
            self.told[slot] = self._point(entity, row)
        return self.told[slot]

    def _point(self, entity: str, row: Row, *, deep: bool = True) -> At | None:
        walker, owner = self.walker, self.schema.entity(entity)
        key = tuple(row[owner.position(name)] for name in owner.key)
        if not owner.spoken or row not in self.tables.lookup(entity, owner.key, key):
            return None
        clues = describe(self.tables, owner, row, self.rng)
        if clues and walker.readable.finds(entity, [clue[0] for clue in clues]):
            return At(node=self.sketch.select(entity, clues), entity=entity, row=row)
        if not deep:
            return None
        for relation in self.schema.parents(entity):
            if relation.target not in walker.spoken or not walker.leads(relation, up=False):
                continue
            key = tuple(row[owner.position(name)] for name in relation.fields)
            above = (
                []
                if None in key
                else self.tables.lookup(relation.target, relation.target_fields, key)
            )
            facts, nodes = len(self.sketch.facts), len(self.sketch.nodes)
            there = self._point(relation.target, above[0], deep=False) if above else None
            if there is None:
                continue
            rows = walker.below(relation, above[0])
            link = Related(relation=relation.name, forward=True, node=there.node)
            more = (
                []
                if len(rows) == 1
                else describe(self.tables, owner, row, self.rng, among=rows, most=2)
            )
            if more is not None:
                node = self.sketch.select(entity, more, [link])
                return At(node=node, entity=entity, row=row)
            del self.sketch.facts[facts:], self.sketch.nodes[nodes:]
        return None


def _kind(term: object) -> str:
    match term:
        case Update():
            return "update"
        case Transition():
            return "transition"
        case Delete() | Unlink():
            return "delete"
        case _:
            return "create"
