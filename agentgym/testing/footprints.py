"""The footprint of a call: which rows it wrote, which it may have looked at.

Written rows are observed as differences. What was looked at follows from the data of the domain:
the rows that the arguments name and all that these refer to, one by one; and wherever a term, a
rule, a derived value or an effect looks among rows, the entity with the fields that matter.
Next: `commuting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rules import (
    Add,
    Adjust,
    Alone,
    Assign,
    Authenticated,
    Calls,
    Confirmed,
    Count,
    Effect,
    Holder,
    NoChildren,
    Owner,
    Predicate,
    parts,
)
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row, Stored
from agentgym.testing.arithmetic import Key
from agentgym.testing.standing import Known, named
from agentgym.tools.algebra import (
    Aggregate,
    Find,
    Identify,
    Link,
    ListRelated,
    Path,
    Search,
    Sequence,
    Term,
    Tool,
    Unlink,
    is_write,
    listed,
    touched,
)
from agentgym.trajectory import Result
from agentgym.world.journal import Session
from agentgym.world.rows import RowChange

__all__ = ["Footprint", "disjoint", "footprint"]

_Slot = tuple[str, Key]


class Footprint(NamedTuple):
    """What one call wrote, and what it may have looked at."""

    written: Mapping[_Slot, frozenset[str]]
    """Rows to the fields that changed: all of a row that is new or gone."""
    seen: frozenset[_Slot]
    """Rows that were looked at one by one, whether they are there or not."""
    scanned: Mapping[str, frozenset[str]]
    """Entities among whose rows was looked, to the fields that mattered."""
    counters: frozenset[str]
    """Key fields that were counted on."""
    asks: bool
    """Whether the conversation was looked at."""
    tells: bool
    """Whether it was changed."""
    names: bool
    """Whether who is served was changed."""


def disjoint(one: Footprint, other: Footprint) -> bool:
    """Tell whether neither call could notice the other."""
    return _blind(one, other) and _blind(other, one)


def _blind(one: Footprint, other: Footprint) -> bool:
    """Tell whether the one could not notice that the other was made before it."""
    if (other.tells and one.asks) or (other.names and one.names):
        return False
    if one.counters & other.counters:
        return False
    for slot, fields in other.written.items():
        if slot in one.written or slot in one.seen:
            return False
        if fields & one.scanned.get(slot[0], frozenset()):
            return False
    return True


def footprint(
    domain: Domain,
    tool: Tool,
    sent: Mapping[str, Json],
    result: Result,
    changes: Iterable[RowChange],
    sessions: tuple[Session, Session],
    counters: tuple[Mapping[str, int], Mapping[str, int]],
    rows: Known,
) -> Footprint:
    """Work out the footprint of a call that was made.

    Args:
        domain: Whose tools.
        tool: What was called.
        sent: Its arguments.
        result: What came of it.
        changes: What it wrote.
        sessions: The conversation before and after.
        counters: Those of the world, before and after.
        rows: The rows before it.
    """
    changes, schema = tuple(changes), domain.schema
    looks = _Looks(domain)
    written: dict[_Slot, frozenset[str]] = {}
    seen: set[_Slot] = set()
    for change in changes:
        entity = schema.entity(change.entity)
        written[change.entity, change.key] = _changed(entity, change)
        for row in (change.before, change.after):
            if row is not None:
                seen |= set(_above(schema, entity, row, rows))
        looks.written(entity)
    for name, values in named(domain, rows, tool, sent).items():
        seen |= set(_told(schema, schema.entity(name), values, rows))
    looks.term(tool.term)
    for rule in (domain.rule(name) for name in tool.guards):
        looks.predicate(rule.entity, rule.predicate)
    if is_write(tool) and not result.ok:
        for name in touched(tool.term, schema):
            looks.everything(name, set())
    before, after = sessions
    if before.identity is not None:
        seen.add(before.identity)
    raised = {name for name in counters[1] if counters[1][name] != counters[0].get(name)}
    return Footprint(
        written,
        frozenset(seen - written.keys()),
        {name: frozenset(fields) for name, fields in looks.scanned.items()},
        frozenset(raised),
        asks=looks.asks,
        tells=before != after,
        names=before.identity != after.identity,
    )


def _changed(entity: Entity, change: RowChange) -> frozenset[str]:
    names = [field.name for field in entity.fields]
    if change.before is None or change.after is None:
        return frozenset(names)
    pairs = zip(names, change.before, change.after, strict=True)
    return frozenset(name for name, old, new in pairs if old != new)


def _told(
    schema: Schema, entity: Entity, values: Mapping[str, Stored], rows: Known
) -> Iterator[_Slot]:
    """Yield the row that some values speak of, and all above it."""
    yield from _above(schema, entity, tuple(values.get(f.name) for f in entity.fields), rows)


def _above(schema: Schema, entity: Entity, row: Row, rows: Known) -> Iterator[_Slot]:
    """Yield a row and all that it refers to, over any number of relations."""
    waiting: list[tuple[Entity, Row]] = [(entity, row)]
    known: set[_Slot] = set()
    while waiting:
        entity, row = waiting.pop()
        slot = entity.name, tuple(row[entity.position(name)] for name in entity.key)
        if slot in known:
            continue
        known.add(slot)
        yield slot
        for relation in schema.parents(entity.name):
            target = schema.entity(relation.target)
            wanted = [row[entity.position(name)] for name in relation.fields]
            if relation.target_fields == target.key and None not in wanted:
                yield target.name, tuple(wanted)
            for other in rows(target.name) if None not in wanted else ():
                if [other[target.position(name)] for name in relation.target_fields] == wanted:
                    waiting.append((target, other))


class _Looks:
    """Where a call may look among rows."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.schema = domain, domain.schema
        self.scanned: dict[str, set[str]] = {}
        self.asks = False

    def _scan(self, name: str, fields: Iterable[str] | None = None) -> None:
        entity = self.schema.entity(name)
        every = [field.name for field in entity.fields]
        self.scanned.setdefault(name, set()).update(every if fields is None else fields)

    def term(self, term: Term) -> None:
        """Note what the term itself looks through."""
        match term:
            case Search() | Aggregate() | Find() | Identify():
                self._scan(term.entity)
            case ListRelated():
                self._scan(self.schema.relation(term.relation).entity)
                self._scan(listed(term, self.schema))
            case Path():
                for name in term.entities:
                    self._scan(name)
                for name in (name for pair in term.joints for name in pair):
                    self._scan(self.schema.relation(name).entity)
            case Link() | Unlink():
                self._scan(term.entity)
            case Sequence():
                for step in term.steps:
                    self.term(step.term)
            case _:
                pass

    def written(self, entity: Entity) -> None:
        """Note what the write of a row of the entity looks through, by itself."""
        schema, domain = self.schema, self.domain
        unique = {field.name for field in entity.fields if field.unique}
        self._scan(entity.name, {*entity.key, *unique, *(n for s in entity.uniques for n in s)})
        for relation in schema.children(entity.name):
            self._scan(relation.entity, relation.fields)
        for relation in schema.parents(entity.name):
            if any(one.relation == relation.name for one in schema.derived):
                self._scan(entity.name)
        for one in schema.derived:
            if one.entity == entity.name and one.relation is not None:
                self._scan(schema.relation(one.relation).entity)
        for rule in domain.rules:
            if rule.kind == "invariant" and rule.entity == entity.name:
                self.predicate(rule.entity, rule.predicate)
        for effect in domain.effects:
            if effect.entity == entity.name:
                self._effect(effect)

    def _effect(self, effect: Effect) -> None:
        if effect.when is not None:
            self.predicate(effect.entity, effect.when)
        if effect.each is not None:
            for name in self._reached(effect):
                self._scan(name)

    def predicate(self, name: str, predicate: Predicate) -> None:
        """Note what a predicate looks through."""
        for part in parts(predicate):
            match part:
                case Count():
                    relation = self.schema.relation(part.relation)
                    self._scan(relation.entity, {*relation.fields, *part.where})
                case NoChildren():
                    relation = self.schema.relation(part.relation)
                    self._scan(relation.entity, relation.fields)
                case Alone():
                    one = next(e for e in self.schema.exclusives if e.id == part.exclusive)
                    self._scan(name, {*one.same, *one.where, *(one.span or ())})
                case Authenticated() | Owner() | Holder() | Confirmed() | Calls():
                    self.asks = True
                case _:
                    pass

    def everything(self, name: str, known: set[str]) -> None:
        """Note all that writes of the entity, and what follows from them, may look at."""
        if name in known:
            return
        known.add(name)
        self._scan(name)
        self.written(self.schema.entity(name))
        for relation in self.schema.parents(name):
            self.everything(relation.target, known)
        for effect in self.domain.effects:
            if effect.entity == name:
                for other in self._reached(effect):
                    self.everything(other, known)

    def _reached(self, effect: Effect) -> Iterator[str]:
        if effect.each is not None:
            yield self.schema.relation(effect.each).entity
        match effect.do:
            case Adjust(path=path) | Assign(path=path):
                yield from (self.schema.relation(one).target for one in path)
            case Add(entity=entity):
                yield entity
