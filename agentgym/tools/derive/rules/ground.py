"""The ground on which rules are chosen: rows that can be asked, tools by what they write.

Schema, rows, tools and clock come in. `Ground.judge` says of a present row whether a predicate
holds there, so that no rule is made that always holds or never does. Next: `states`.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from agentgym.formats import Json
from agentgym.rules import (
    All,
    AnyOf,
    Authenticated,
    Compare,
    Count,
    Elapsed,
    Holder,
    In,
    Not,
    Owner,
    Predicate,
)
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Row, Rows, Stored, to_stored
from agentgym.tools.algebra import (
    Create,
    Delete,
    Get,
    Link,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
)
from agentgym.tools.algebra import (
    Sequence as Several,
)
from agentgym.tools.derive.filters import visible

__all__ = ["Ground", "Kind", "Written", "listed", "technical", "written"]

Kind = Literal["create", "update", "delete", "read"]

_TECHNICAL = frozenset(
    "log history snapshot token notification login reset statistic statistics stat balance price "
    "setting settings preference preferences config configuration parameter permission metadata "
    "audit cache queue job activity reminder transition restriction attribute topology version "
    "synonym ancestor mapping map action association principal endpoint".split()
)
"""Heads of names of what a system notes, and nobody transacts."""
_SESSIONS = frozenset("user login web api auth browser visitor".split())
_CATALOGUE = frozenset(
    "product film movie book track album artist song category tag label offer model part "
    "material service plan type class code unit country city state region language currency "
    "fare ticker stock dish menu ingredient recipe software platform manufacturer concept".split()
)
"""Heads of names of what is listed, and does not happen."""

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Written(NamedTuple):
    """What a tool does to rows of one entity by its own term."""

    entity: str
    kind: Kind
    fields: frozenset[str]
    """What it may set; of a delete or a read, nothing."""


def written(term: Term, schema: Schema) -> Iterator[Written]:
    """Yield what the term writes, or reads by its key."""
    match term:
        case Get():
            yield Written(term.entity, "read", frozenset())
        case Create():
            yield Written(term.entity, "create", frozenset(a.field for a in term.values))
            for nested in term.nested:
                relation = schema.relation(nested.relation)
                fields = {*relation.fields, *(a.field for a in nested.values)}
                yield Written(relation.entity, "create", frozenset(fields))
        case Link():
            fields = {a.field for a in (*term.ends, *term.values)}
            yield Written(term.entity, "create", frozenset(fields))
        case Update():
            yield Written(term.entity, "update", frozenset(a.field for a in term.values))
        case Transition():
            yield Written(term.entity, "update", frozenset({term.to.field}))
        case Delete() | Unlink():
            yield Written(term.entity, "delete", frozenset())
        case Transfer():
            for side in (term.source, term.target):
                yield Written(side.entity, "update", frozenset({side.field}))
        case Several():
            for step in term.steps:
                yield from written(step.term, schema)
        case _:
            pass


def technical(entity: Entity) -> bool:
    """Tell whether rows of the entity are notes of a system: a log, a login, a setting."""
    words = entity.name.split("_")
    return words[-1] in _TECHNICAL or (words[-1] == "session" and bool(_SESSIONS & set(words)))


def listed(entity: Entity) -> bool:
    """Tell whether rows of the entity are what a catalogue lists: a product, a city."""
    return entity.name.split("_")[-1] in _CATALOGUE


class Ground:
    """What the makers of rules look at, worked out once.

    Args:
        schema: The schema.
        rows: Its rows, as stored values.
        tools: The tools that rules may guard.
        now: The clock of the domain at the start.
        seed: Decides what is drawn.
        paths: Whose rows they are: entity to the path to its person; empty where nobody is.
        party: The person's entity.
    """

    def __init__(
        self,
        schema: Schema,
        rows: Rows,
        tools: Sequence[Tool],
        *,
        now: str,
        seed: int,
        party: Entity | None = None,
        paths: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.schema, self.rows, self.tools = schema, rows, tools
        self.now, self.seed = dt.datetime.fromisoformat(now), seed
        self.party, self.paths = party, paths or {}
        self.writes = [(tool, one) for tool in tools for one in written(tool.term, schema)]
        self._held: dict[tuple[str, str], list[bool]] = {}
        self._ages: dict[str, int] = {}
        self._parents: dict[tuple[str, tuple[str, ...]], dict[tuple[Stored, ...], Row]] = {}
        self._counts: dict[tuple[str, str], Counter[tuple[Stored, ...]]] = {}

    # what there is

    def entities(self) -> list[Entity]:
        """Return the entities that have something to protect, in the schema's order.

        They are records that people speak of, with rows, and some tool writes them; what a
        system notes by itself (logs, snapshots, settings) is not among them.
        """
        changed = {one.entity for _, one in self.writes if one.kind != "read"}
        return [
            entity
            for entity in self.schema.entities
            if entity.name in changed
            and entity.spoken
            and entity.kind == "record"
            and not technical(entity)
            and self.rows.get(entity.name)
        ]

    def fields(self, entity: Entity) -> list[Field]:
        """Return the fields of the entity that a manual may speak of."""
        pointing = {name for r in self.schema.parents(entity.name) for name in r.fields}
        return [f for f in entity.fields if f.spoken and visible(f) and f.name not in pointing]

    def does(self, entity: str, *kinds: Kind) -> bool:
        """Tell whether some tool writes rows of the entity in one of these ways."""
        return any(one.entity == entity and one.kind in kinds for _, one in self.writes)

    def sets(self, entity: str, names: Iterable[str], kind: Kind) -> bool:
        """Tell whether some tool of that kind sets one of the fields."""
        wanted = frozenset(names)
        return any(
            one.entity == entity and one.kind == kind and one.fields & wanted
            for _, one in self.writes
        )

    def kinds(self, entity: str, *wanted: Kind) -> tuple[Kind, ...]:
        """Return those of the kinds in which some tool writes the entity, in that order."""
        return tuple(kind for kind in wanted if self.does(entity, kind))

    def weight(self, entity: Entity) -> int:
        """Return how much there is to protect: a life, money, times, a person, what hangs on it."""
        fields = self.fields(entity)
        lives = any(cycle.entity == entity.name for cycle in self.schema.lifecycles)
        return (
            3 * lives
            + 2 * any(f.role == "money" for f in fields)
            + any(f.role == "time" for f in fields)
            + 2 * (entity.name in self.paths)
            + min(2, len(self.schema.children(entity.name)))
        )

    # what holds

    def judge(self, predicate: Predicate, entity: str, row: Row) -> bool | None:
        """Tell whether a predicate holds for a present row and its own person.

        What a conversation can bring about (a yes, a call made before) counts as done, and the
        user as the one to whom the row belongs. None: unknown, which passes.
        """
        match predicate:
            case Compare() | In() | Elapsed():
                found = self.climb(entity, row, predicate.path)
                return None if found is None else self._value(predicate, *found)
            case Count():
                found = self.climb(entity, row, predicate.path)
                if found is None:
                    return None
                number = self.count(predicate.relation, predicate.where, found[1])
                return _OPS[predicate.op](number, predicate.value)
            case Owner():
                return self.climb(entity, row, predicate.path) is not None
            case Authenticated():
                return entity not in self.paths or self.person(entity, row) is not None
            case Holder():
                person = self.person(entity, row)
                if person is None:
                    return entity not in self.paths and None
                said = In(field=predicate.field, values=predicate.values)
                return self._value(said, predicate.entity, person) is True
            case Not():
                held = self.judge(predicate.of, entity, row)
                return None if held is None else not held
            case All() | AnyOf():
                return self._several(predicate, entity, row)
            case _:
                return True

    def _several(self, predicate: All | AnyOf, entity: str, row: Row) -> bool | None:
        held = [self.judge(part, entity, row) for part in predicate.of]
        decisive = isinstance(predicate, AnyOf)
        if decisive in held:
            return decisive
        return None if None in held else not decisive

    def share(self, predicate: Predicate, entity: str) -> tuple[int, int]:
        """Count the rows for which the predicate holds or is unknown, and those where it fails."""
        held = self.held(predicate, entity)
        return sum(held), len(held) - sum(held)

    def held(self, predicate: Predicate, entity: str) -> list[bool]:
        """Tell of each row, in order, whether the predicate holds or is unknown."""
        place = entity, repr(predicate)
        if place not in self._held:
            if isinstance(predicate, (Compare, In, Elapsed)):
                self._held[place] = self._held_by_value(predicate, entity)
            else:
                self._held[place] = [
                    self.judge(predicate, entity, row) is not False for row in self.rows[entity]
                ]
        return self._held[place]

    def _held_by_value(self, predicate: Compare | In | Elapsed, entity: str) -> list[bool]:
        """Tell of each row whether a condition on one row above it, or on itself, holds."""
        owner = self.schema.entity(entity)
        for name in predicate.path:
            owner = self.schema.entity(self.schema.relation(name).target)
        other = predicate.other if isinstance(predicate, Compare) else None
        places = [owner.position(name) for name in (predicate.field, other) if name is not None]
        known: dict[tuple[Stored, ...], bool] = {}
        held: list[bool] = []
        for row in self.rows[entity]:
            found = self.climb(entity, row, predicate.path)
            if found is None:
                held.append(True)
                continue
            values = tuple([found[1][place] for place in places])
            if values not in known:
                known[values] = self._value(predicate, *found) is not False
            held.append(known[values])
        return held

    def free(self, entity: str) -> list[bool]:
        """Tell of each row, in order, whether nothing refers to it, so that it can be deleted."""
        relations = [relation.name for relation in self.schema.children(entity)]
        return [
            not any(self.count(name, {}, row) for name in relations) for row in self.rows[entity]
        ]

    def person(self, entity: str, row: Row) -> Row | None:
        """Return the person to whom the row belongs."""
        if entity not in self.paths:
            return None
        found = self.climb(entity, row, self.paths[entity])
        return None if found is None else found[1]

    def climb(self, entity: str, row: Row, path: Iterable[str]) -> tuple[str, Row] | None:
        """Follow a path upwards; None where it ends at nothing."""
        for name in path:
            relation = self.schema.relation(name)
            child = self.schema.entity(entity)
            key = tuple(row[child.position(field)] for field in relation.fields)
            found = self._index(relation).get(key)
            if found is None:
                return None
            entity, row = relation.target, found
        return entity, row

    def _index(self, relation: Relation) -> dict[tuple[Stored, ...], Row]:
        place = relation.target, relation.target_fields
        if place not in self._parents:
            parent = self.schema.entity(relation.target)
            spots = [parent.position(name) for name in relation.target_fields]
            self._parents[place] = {
                tuple(row[spot] for spot in spots): row
                for row in self.rows.get(relation.target, ())
            }
        return self._parents[place]

    def count(self, name: str, where: Mapping[str, tuple[str, ...]], parent: Row) -> int:
        """Count the rows that refer to the parent through a relation and pass `where`."""
        relation = self.schema.relation(name)
        place = name, repr(sorted(where.items()))
        if place not in self._counts:
            child = self.schema.entity(relation.entity)
            spots = [child.position(field) for field in relation.fields]
            tests = [(child.position(field), frozenset(found)) for field, found in where.items()]
            self._counts[place] = Counter(
                tuple(row[spot] for spot in spots)
                for row in self.rows.get(child.name, ())
                if all(row[spot] in legal for spot, legal in tests)
            )
        entity = self.schema.entity(relation.target)
        key = tuple(parent[entity.position(field)] for field in relation.target_fields)
        return self._counts[place][key]

    def _value(self, predicate: Compare | In | Elapsed, entity: str, row: Row) -> bool | None:
        owner = self.schema.entity(entity)
        field = owner.field(predicate.field)
        value: Any = row[owner.position(field.name)]
        if value is None:
            return None
        match predicate:
            case In():
                return value in [to_stored(field, one) for one in predicate.values]
            case Elapsed():
                return _OPS[predicate.op](self.age(value), predicate.seconds)
            case Compare(other=None):
                return _OPS[predicate.op](value, to_stored(field, predicate.value))
            case Compare():
                other: Any = row[owner.position(str(predicate.other))]
                return None if other is None else _OPS[predicate.op](value, other)

    def age(self, value: Json) -> int:
        """Return the seconds from a stored date or datetime to now; negative if it lies ahead."""
        text = str(value)
        if text not in self._ages:
            then = dt.datetime.fromisoformat(f"{text}T00:00:00Z" if len(text) == 10 else text)
            since = self.now - then
            self._ages[text] = since.days * 86_400 + since.seconds
        return self._ages[text]

    def values(self, entity: Entity, field: Field) -> list[Any]:
        """Return the stored values of a field, sorted, without the empty ones."""
        place = entity.position(field.name)
        return sorted(row[place] for row in self.rows[entity.name] if row[place] is not None)
