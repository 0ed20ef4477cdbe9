"""The tools that a source declares, taken into a domain: legal, guarded, and completed.

A schema with roles, the tools of a `Draft` and the invariants come in. What a tool may not set or
show is taken out of it; a tool of which nothing useful is left is dropped; where no tool leads
to the rows of an entity, those that do are added. Next: `tools.views`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from agentgym.rules import Rule
from agentgym.schema import Entity, Lifecycle, Schema
from agentgym.schema.types import ORDERED
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    Delete,
    Filter,
    Find,
    Get,
    Identify,
    Link,
    ListRelated,
    Nested,
    Search,
    Step,
    Term,
    Tool,
    Transition,
    Unlink,
    Update,
    listed,
    subject,
)
from agentgym.tools.algebra import Sequence as Steps
from agentgym.tools.derive import filters as choice
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.free import free_tools
from agentgym.tools.derive.guards import guarded
from agentgym.tools.derive.naming import MANUAL, RESERVED_TOOLS
from agentgym.tools.derive.reads import reads
from agentgym.tools.derive.writes.settable import lives, settable

__all__ = ["given"]

_FEW = 3
"""Entities up to which each is given tools that search and sum it up."""
_CLUES = ("label", "person", "code", "contact", "category", "status", "time", "place")


def given(
    schema: Schema, tools: Sequence[Tool], rules: Sequence[Rule]
) -> tuple[tuple[Tool, ...], dict[str, int]]:
    """Take the tools that a source declares into a domain.

    Args:
        schema: With the roles of its fields.
        tools: As the source declares them; their entities and fields are the schema's.
        rules: What guards the writes; of them the tools name the invariants that they can
            break.

    Returns:
        The tools in their order, then those that were added, then those that belong to no
        entity; and counts of what was left out, by kind.
    """
    desk = Desk(schema)
    counts: Counter[str] = Counter()
    kept: dict[str, Tool] = {}
    seen: list[Term] = []
    for tool in tools:
        term = _Fitting(desk, counts).term(tool.term)
        if isinstance(tool.term, (Calculate, CurrentTime, AskUser, Conclude)):
            continue
        if term is None:
            counts["declared tool that the schema does not allow"] += 1
        elif term in seen or tool.name in kept or tool.name in RESERVED_TOOLS:
            counts["declared tool that is there twice"] += 1
        else:
            seen.append(term)
            named = msgspec.structs.replace(tool, term=term)
            kept[tool.name] = guarded(desk, named, rules)
    made = tuple(kept.values())
    more = tuple(_missing(desk, made, {*kept, *MANUAL}))
    return (*made, *more, *free_tools()), dict(counts)


class _Fitting:
    """Fits a term into a schema."""

    def __init__(self, desk: Desk, counts: Counter[str]) -> None:
        self.desk, self.schema, self.counts = desk, desk.schema, counts

    def term(self, term: Term) -> Term | None:
        """Return the term without what it may not do; None where nothing useful is left."""
        match term:
            case Get() | Delete():
                entity = self._entity(term.entity)
                return term if entity is not None and self._keyed(term.key, entity) else None
            case Find() | Identify():
                entity = self._entity(term.entity)
                return term if entity is not None and self._shown(term.by, entity) else None
            case Search():
                return self._search(term)
            case ListRelated():
                return self._related(term)
            case Aggregate():
                return self._aggregate(term)
            case Create():
                return self._create(term)
            case Update():
                return self._update(term)
            case Transition():
                return self._transition(term)
            case Link():
                entity = self._entity(term.entity)
                if entity is None or not self._shown(term.ends, entity):
                    return None
                return msgspec.structs.replace(term, values=self._settable(term.values, entity))
            case Unlink():
                entity = self._entity(term.entity)
                return term if entity is not None and self._shown(term.ends, entity) else None
            case Steps():
                return self._steps(term)
            case _:
                return term

    def _entity(self, name: str) -> Entity | None:
        return self.schema.by_name.get(name)

    def _keyed(self, key: Sequence[Argument], entity: Entity) -> bool:
        fits = sorted(one.field for one in key) == sorted(entity.key)
        return fits and self._shown(key, entity)

    def _shown(self, arguments: Sequence[Argument], entity: Entity) -> bool:
        """Tell whether all the fields are there and may be spoken of."""
        known = {field.name: field for field in entity.fields}
        return bool(arguments) and all(
            one.field in known and choice.visible(known[one.field]) for one in arguments
        )

    def _filters(self, filters: Sequence[Filter], entity: Entity) -> tuple[Filter, ...]:
        known = {field.name: field for field in entity.fields}
        found: list[Filter] = []
        for one in filters:
            field = known.get(one.field)
            if field is None or not choice.visible(field):
                self.counts["filter on what is not shown"] += 1
                continue
            if one.op not in ("eq", "contains") and field.type not in ORDERED:
                self.counts["filter that does not fit its field"] += 1
                continue
            loose = one.op == "contains" and field.type not in ("text", "enum")
            kept = msgspec.structs.replace(one, op="eq") if loose else one
            if (kept.field, kept.op) not in {(other.field, other.op) for other in found}:
                found.append(kept)
        return tuple(found)

    def _search(self, term: Search) -> Search | None:
        entity = self._entity(term.entity)
        if entity is None:
            return None
        return msgspec.structs.replace(
            term,
            filters=self._filters(term.filters, entity),
            sorts=_sorts(term.sorts, entity),
            order=term.order or choice.order(entity),
        )

    def _related(self, term: ListRelated) -> ListRelated | None:
        relation = self.schema.relation_by_name.get(term.relation)
        if relation is None or not self._keyed(term.key, self.schema.entity(relation.target)):
            return None
        through = self.schema.relation_by_name.get(term.through) if term.through else relation
        if through is None or through.entity != relation.entity:
            return None
        entity = self.schema.entity(listed(term, self.schema))
        return msgspec.structs.replace(
            term,
            filters=self._filters(term.filters, entity),
            sorts=_sorts(term.sorts, entity),
            order=term.order or choice.order(entity),
        )

    def _aggregate(self, term: Aggregate) -> Aggregate | None:
        entity = self._entity(term.entity)
        if entity is None:
            return None
        known = {field.name: field for field in entity.fields}
        fields = tuple(n for n in term.fields if n in known and known[n].role != "secret")
        functions = term.functions if fields else ("count",)
        return msgspec.structs.replace(
            term, functions=functions, fields=fields, filters=self._filters(term.filters, entity)
        )

    def _settable(
        self, values: Sequence[Argument], entity: Entity, *, new: bool = True
    ) -> tuple[Argument, ...]:
        """Keep the values that a caller may give."""
        known = {field.name: field for field in entity.fields}
        cycles = lives(self.desk, entity)
        filled = set(entity.key) if entity.key_source != "given" else set()
        found = []
        for one in values:
            field = known.get(one.field)
            if field is None or not settable(self.desk, entity, field):
                self.counts["value that nobody may set"] += 1
            elif new and (field.name in filled or _begins(cycles, field.name)):
                self.counts["value that is set by itself"] += 1
            else:
                needed = new and not field.nullable and field.default is None
                found.append(
                    msgspec.structs.replace(one, required=one.required or needed) if new else one
                )
        return tuple(found)

    def _complete(self, values: Sequence[Argument], entity: Entity, more: Sequence[str]) -> bool:
        """Tell whether a new row with these values has all that it needs."""
        given_ = {one.field for one in values} | set(more)
        given_ |= set(entity.key) if entity.key_source != "given" else set()
        cycles = lives(self.desk, entity)
        return all(
            field.name in given_
            or field.nullable
            or field.default is not None
            or _begins(cycles, field.name)
            or (field.role == "audit" and field.type in ("date", "datetime"))
            or (entity.name, field.name) in self.schema.computed
            for field in entity.fields
        )

    def _create(self, term: Create) -> Create | None:
        entity = self._entity(term.entity)
        if entity is None:
            return None
        values = self._settable(term.values, entity)
        if not values or not self._complete(values, entity, ()):
            return None
        nested: list[Nested] = []
        for one in term.nested:
            relation = self.schema.relation_by_name.get(one.relation)
            if relation is None or relation.target != entity.name:
                self.counts["list of rows that the schema does not allow"] += 1
                continue
            child = self.schema.entity(relation.entity)
            inner = self._settable(one.values, child)
            if not inner or not self._complete(inner, child, relation.fields):
                self.counts["list of rows that the schema does not allow"] += 1
                continue
            nested.append(msgspec.structs.replace(one, values=inner))
        return msgspec.structs.replace(term, values=values, nested=tuple(nested))

    def _update(self, term: Update) -> Update | Transition | None:
        entity = self._entity(term.entity)
        if entity is None or not self._keyed(term.key, entity):
            return None
        values = self._settable(term.values, entity, new=False)
        values = tuple(one for one in values if one.field not in entity.key)
        if not values:
            return None
        if len(values) == 1 and values[0].field in lives(self.desk, entity):
            to = msgspec.structs.replace(values[0], required=True)
            return Transition(entity=entity.name, key=term.key, to=to)
        return msgspec.structs.replace(term, values=values)

    def _transition(self, term: Transition) -> Transition | None:
        entity = self._entity(term.entity)
        if entity is None or not self._keyed(term.key, entity):
            return None
        if term.to.field not in lives(self.desk, entity):
            return None
        return term if settable(self.desk, entity, entity.field(term.to.field)) else None

    def _steps(self, term: Steps) -> Steps | None:
        found: list[Step] = []
        for step in term.steps:
            inner = self.term(step.term)
            if inner is None or type(inner) is not type(step.term):
                return None
            found.append(msgspec.structs.replace(step, term=inner))
        return msgspec.structs.replace(term, steps=tuple(found))


def _begins(cycles: Mapping[str, Lifecycle], name: str) -> bool:
    """Tell whether a status has but one value to begin with."""
    life = cycles.get(name)
    return life is not None and len(life.initial) == 1


def _sorts(names: Sequence[str], entity: Entity) -> tuple[str, ...]:
    known = {field.name: field for field in entity.fields}
    able = [n for n in names if n in known and choice.visible(known[n])]
    return tuple(dict.fromkeys(able))


def _missing(desk: Desk, tools: Sequence[Tool], taken: set[str]) -> Iterator[Tool]:
    """Make the reading tools without which no call would lead to the rows of an entity."""
    for entity in desk.schema.entities:
        if entity.kind == "link":
            continue
        own = [tool.term for tool in tools if subject(tool.term, desk.schema) == entity.name]
        named = any(_finds(term, entity) for term in own)
        by_key = any(isinstance(term, Get) for term in own)
        wanted: list[type] = []
        if not by_key and desk.schema.children(entity.name):
            wanted.append(Get)
        if not named:
            wanted.append(Find if desk.finds[entity.name] else Search)
        if len(desk.schema.entities) <= _FEW:
            # of a handful of things more is asked than where one of them is
            wanted += [Search] if Search not in wanted and not any(map(_filtered, own)) else []
            wanted += [] if any(isinstance(term, Aggregate) for term in own) else [Aggregate]
        if not wanted:
            continue
        for tool in reads(desk, entity):
            kind = type(tool.term)
            if kind in wanted:
                wanted.remove(kind)
                name, number = tool.name, 2
                while name in taken:
                    name, number = f"{tool.name}_{number}", number + 1
                taken.add(name)
                yield msgspec.structs.replace(tool, name=name)


def _filtered(term: Term) -> bool:
    return isinstance(term, Search) and bool(term.filters)


def _finds(term: Term, entity: Entity) -> bool:
    """Tell whether a tool leads to a row by something that people say."""
    match term:
        case Find():
            return any(entity.field(one.field).role in _CLUES for one in term.by)
        case Get():
            return all(entity.field(name).role in ("code", "label") for name in entity.key)
        case Search():
            called = {field.name for field in choice.called(entity)}
            filtered = {one.field for one in term.filters if one.op in ("eq", "contains")}
            return bool(filtered & called) if called else len(filtered) > 1
        case _:
            return False
