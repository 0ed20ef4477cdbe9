"""Whether two writes may change places: from what each wrote, and what it may have looked at.

The changes of one call come in (the journal's, between two snapshots) with the call itself; what
it looked at follows from the rules, effects and derived values of what it wrote. Apart footprints
commute, which is sufficient and not necessary; whoever is told `execute` runs both orders and
compares the ends by `equivalence`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.goals.changes import generated, references
from agentgym.rules import (
    Add,
    Adjust,
    Alone,
    Assign,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Effect,
    Elapsed,
    Holder,
    In,
    NoChildren,
    Owner,
    Predicate,
    parts,
)
from agentgym.schema.types import Stored, to_stored
from agentgym.tools.algebra import Tool, touched
from agentgym.tools.parameters import bindings
from agentgym.world import RowChange

__all__ = ["Footprint", "Slot", "commute", "footprint"]

Slot = tuple[str, tuple[Stored, ...]]
"""Entity and key: a row."""


class Footprint(NamedTuple):
    """What one write wrote, and what it may have looked at."""

    written: Mapping[Slot, frozenset[str]]
    """Rows to the fields that changed: all of a row that is new or gone."""
    created: frozenset[Slot]
    """Of these, new rows whose key the world made: another key would do."""
    given: Mapping[tuple[Slot, str], Stored]
    """Fields of the rows that the arguments name, to what the arguments set them to."""
    rows: frozenset[Slot]
    """Rows that were looked at one by one: those named or written, and what these refer to."""
    looked: Mapping[str, frozenset[str]]
    """Entities among all of whose rows was looked, to the fields that mattered."""
    asks: bool
    """Whether the conversation was looked at."""
    tells: bool
    """Whether it was changed."""


def commute(one: Footprint, other: Footprint) -> Literal["commute", "conflict", "execute"]:
    """Tell whether two writes that were made one after another may change places.

    Returns:
        `commute`: neither can notice the other. `conflict`: the order shows, because both set
        one field to different values, or one refers to a row that the other makes. `execute`:
        footprints do not tell.
    """
    for first, second in ((one, other), (other, one)):
        if first.created & (second.rows | second.written.keys()):
            return "conflict"
    shared = one.given.keys() & other.given.keys()
    if any(one.given[field] != other.given[field] for field in shared):
        return "conflict"
    return "commute" if _blind(one, other) and _blind(other, one) else "execute"


def _blind(one: Footprint, other: Footprint) -> bool:
    """Tell whether the one could not notice that the other was made before it."""
    if other.tells and one.asks:
        return False
    return not any(
        slot in one.rows or slot in one.written or fields & one.looked.get(slot[0], frozenset())
        for slot, fields in other.written.items()
    )


def footprint(
    domain: Domain, tool: Tool, arguments: Mapping[str, Json], changes: Sequence[RowChange]
) -> Footprint:
    """Work out the footprint of a write that went through.

    Args:
        domain: Whose tool it is.
        tool: What was called.
        arguments: With what.
        changes: The net changes of this call alone.
    """
    schema = domain.schema
    looks = _Looks(domain)
    written: dict[Slot, frozenset[str]] = {}
    created: set[Slot] = set()
    rows: set[Slot] = set()
    for change in changes:
        entity = schema.entity(change.entity)
        slot = entity.name, change.key
        changed = _changed([field.name for field in entity.fields], change)
        written[slot] = changed
        if change.before is None and generated(entity):
            created.add(slot)
        for row in (change.before, change.after):
            if row is not None:
                rows.update((name, key) for name, key, _ in references(schema, entity, row))
        looks.write(change, changed)
    for name in touched(tool.term, schema):
        # An update that changed nothing looked all the same.
        looks.rules(name, "update")
    for rule in map(domain.rule, tool.guards):
        looks.predicate(rule.entity, rule.predicate)
    named, given = _told(domain, tool, arguments, changes)
    return Footprint(
        written,
        frozenset(created),
        given,
        frozenset(rows | named | (written.keys() - created)),
        {name: frozenset(fields) for name, fields in looks.found.items()},
        looks.asks,
        looks.tells,
    )


def _changed(names: Sequence[str], change: RowChange) -> frozenset[str]:
    if change.before is None or change.after is None:
        return frozenset(names)
    pairs = zip(names, change.before, change.after, strict=True)
    return frozenset(name for name, old, new in pairs if old != new)


def _told(
    domain: Domain, tool: Tool, arguments: Mapping[str, Json], changes: Iterable[RowChange]
) -> tuple[set[Slot], dict[tuple[Slot, str], Stored]]:
    """Return the rows that the arguments name, and what they set in them, as it came out.

    A value that was there already is set all the same, and is no change.
    """
    schema = domain.schema
    keys: dict[str, dict[str, Stored]] = {}
    values: dict[str, dict[str, Stored]] = {}
    for param, (name, field, use) in bindings(tool.term, schema).items():
        value = arguments.get(param)
        if value is None or use not in ("key", "value", "to"):
            continue
        try:
            stored = to_stored(schema.entity(name).field(field), value)
        except ValueError:
            continue
        (keys if use == "key" else values).setdefault(name, {})[field] = stored
    after = {(change.entity, change.key): change.after for change in changes}
    named: set[Slot] = set()
    given: dict[tuple[Slot, str], Stored] = {}
    for name, told in keys.items():
        entity = schema.entity(name)
        if told.keys() != set(entity.key):
            continue
        slot = name, tuple(told[part] for part in entity.key)
        named.add(slot)
        row = after.get(slot)
        for field, stored in values.get(name, {}).items():
            if slot not in after or (row is not None and row[entity.position(field)] == stored):
                given[slot, field] = stored
    return named, given


class _Looks:
    """Where a write looks beyond the rows that it writes and those they refer to."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.schema = domain, domain.schema
        self.found: dict[str, set[str]] = {}
        self.asks = self.tells = False

    def _look(self, name: str, fields: Iterable[str]) -> None:
        self.found.setdefault(name, set()).update(fields)

    def write(self, change: RowChange, changed: Collection[str]) -> None:
        """Note what the write of one row looks through, by itself."""
        entity = self.schema.entity(change.entity)
        own = set() if not generated(entity) else set(entity.key)
        unique = {field.name for field in entity.fields if field.unique} | set(entity.key)
        for names in ({one} for one in unique - own):
            if names & set(changed):
                self._look(entity.name, names)
        for several in entity.uniques:
            if set(several) & set(changed):
                self._look(entity.name, several)
        if change.after is None:
            for relation in self.schema.children(entity.name):
                self._look(relation.entity, relation.fields)
        for derived in self.schema.derived:
            if derived.relation is None:
                continue
            relation = self.schema.relation(derived.relation)
            if entity.name in (relation.entity, derived.entity):
                used = (name for term in (*derived.terms, *derived.own) for name in term.fields)
                mine = {field.name for field in self.schema.entity(relation.entity).fields}
                self._look(relation.entity, {*relation.fields, *derived.where, *(mine & set(used))})
        kind = "create" if change.before is None else "update"
        self.rules(entity.name, "delete" if change.after is None else kind)

    def rules(self, name: str, on: str) -> None:
        """Note what the invariants and effects of one kind of write of an entity look through."""
        for rule in self.domain.rules:
            if rule.kind == "invariant" and rule.entity == name and on in rule.on:
                self.predicate(name, rule.predicate)
        for effect in self.domain.effects:
            if effect.entity == name and on in effect.on:
                self._effect(effect)

    def _effect(self, effect: Effect) -> None:
        start = effect.entity
        if effect.when is not None:
            self.predicate(start, effect.when)
        if effect.each is not None:
            start = self.schema.relation(effect.each).entity
            self._look(start, (field.name for field in self.schema.entity(start).fields))
        match effect.do:
            case Adjust():
                self._climb(start, effect.do.path, (effect.do.field,))
            case Assign():
                self._climb(start, effect.do.path, ())
                self._climb(start, effect.do.value.path, (effect.do.value.field,))
            case Add():
                for value in effect.do.values.values():
                    self._climb(start, value.path, (value.field,))

    def _climb(self, name: str, path: Sequence[str], fields: Iterable[str | None]) -> None:
        """Note a way upwards: its first step is a row that the written one refers to."""
        for place, step in enumerate(path):
            relation = self.schema.relation(step)
            if place:
                self._look(relation.entity, relation.fields)
            name = relation.target
        if len(path) > 1 or (path and not self._by_key(path[0])):
            self._look(name, (field for field in fields if field is not None))

    def _by_key(self, step: str) -> bool:
        relation = self.schema.relation(step)
        return set(relation.target_fields) == set(self.schema.entity(relation.target).key)

    def predicate(self, name: str, predicate: Predicate) -> None:
        """Note what a predicate about rows of an entity looks through."""
        for part in parts(predicate):
            match part:
                case Compare():
                    self._climb(name, part.path, (part.field, part.other))
                case In() | Elapsed():
                    self._climb(name, part.path, (part.field,))
                case Count():
                    self._climb(name, part.path, ())
                    relation = self.schema.relation(part.relation)
                    self._look(relation.entity, {*relation.fields, *part.where})
                case NoChildren():
                    relation = self.schema.relation(part.relation)
                    self._look(relation.entity, relation.fields)
                case Alone():
                    one = next(e for e in self.schema.exclusives if e.id == part.exclusive)
                    self._look(name, {*one.same, *one.where, *(one.span or ())})
                case Holder():
                    self.asks = True
                    self._look(part.entity, (part.field,))
                case Owner():
                    self.asks = True
                    self._climb(name, part.path, ())
                case Confirmed() | Calls():
                    self.asks = self.tells = True
                case Authenticated():
                    self.asks = True
                case _:
                    pass
