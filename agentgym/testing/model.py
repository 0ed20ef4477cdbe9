"""The reference of all tools over a dict of dicts: slow, short, and without SQL.

`Model.call` gives what the engine must give: the same data, or an error of the same code
and rule. `Model.rows` are the rows that the world must hold. Snapshots are copies.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from agentgym.domain import Domain, later
from agentgym.formats import Json
from agentgym.rules import Move
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.testing.arithmetic import (
    Key,
    No,
    is_written,
    key_of,
    passes,
    read_bound,
    read_free,
    refers,
    summary,
)
from agentgym.testing.truth import Values, shown, truth
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    Delete,
    Find,
    Get,
    ListRelated,
    Search,
    Tool,
    Transition,
    Update,
    listed,
)
from agentgym.tools.parameters import bindings, parameters
from agentgym.trajectory import Fault, Result
from agentgym.world.creates import WRITTEN
from agentgym.world.keys import pattern, spell
from agentgym.world.writes import UPDATED

__all__ = ["Model"]

Table = dict[Key, dict[str, Stored]]


class Model:
    """One domain instance as plain dicts."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.schema = domain.schema
        self.turns = 0
        self.tables: dict[str, Table] = {}
        for entity in self.schema.entities:
            names = [field.name for field in entity.fields]
            rows = (dict(zip(names, row, strict=True)) for row in domain.rows.get(entity.name, ()))
            self.tables[entity.name] = {key_of(entity, row): row for row in rows}
        self.counters: dict[tuple[str, str], int] = {}
        self._start = copy.deepcopy(self.tables)

    def rows(self, entity: str) -> list[Row]:
        """Return all rows in key order, in stored form."""
        table = self.tables[entity]
        return [tuple(table[key].values()) for key in sorted(table)]

    def snapshot(self) -> object:
        """Keep this moment."""
        return copy.deepcopy((self.tables, self.counters, self.turns))

    def restore(self, snapshot: Any) -> None:
        """Go to that moment."""
        self.tables, self.counters, self.turns = copy.deepcopy(snapshot)

    def reset(self) -> None:
        """Go back to the start."""
        self.restore((self._start, {}, 0))

    def call(self, name: str, arguments: object) -> Result:
        """Run one tool."""
        tool = self.domain.tool_by_name.get(name) if isinstance(name, str) else None
        try:
            if tool is None:
                raise No("unknown_tool")
            return Result(data=self._run(tool, self._read(tool, arguments)))
        except No as no:
            return Result(error=Fault(code=no.code, message="", rule=no.rule))

    def _read(self, tool: Tool, arguments: object) -> dict[str, Any]:
        if not isinstance(arguments, dict):
            raise No("bad_arguments")
        declared = parameters(tool, self.schema)
        bound = bindings(tool.term, self.schema)
        given: dict[str, Any] = {}
        for name, value in arguments.items():
            if not isinstance(name, str) or name not in declared["properties"]:
                raise No("bad_arguments")
            kind = declared["properties"][name]
            if name in bound:
                given[name] = self._bound(bound[name], value, required=name in declared["required"])
            else:
                given[name] = read_free(kind, value)
        if any(name not in given for name in declared["required"]):
            raise No("bad_arguments")
        return given

    def _bound(self, bound: tuple[str, str, str], value: Json, *, required: bool) -> Stored:
        entity, name, use = bound
        return read_bound(self.schema.entity(entity).field(name), use, value, required=required)

    def _run(self, tool: Tool, given: dict[str, Any]) -> Json:
        term = tool.term
        match term:
            case Get():
                entity = self.schema.entity(term.entity)
                return shown(entity, self._one(entity, term.key, given))
            case Find():
                return self._find(term, given)
            case Search():
                rows = self._filtered(tool, term.entity, self.tables[term.entity].values(), given)
                return self._page(term, self.schema.entity(term.entity), rows, given)
            case ListRelated():
                return self._related(tool, term, given)
            case Aggregate():
                return self._aggregate(tool, term, given)
            case Create():
                return self._create(tool, term, given)
            case Update():
                values = {a.field: given[a.param] for a in term.values if a.param in given}
                if not values:
                    raise No("bad_arguments")
                return self._change(tool, term, values, given)
            case Transition():
                return self._change(tool, term, {term.to.field: given[term.to.param]}, given)
            case Delete():
                return self._delete(tool, term, given)
            case CurrentTime():
                return {"now": self.now}
            case Calculate() | AskUser() | Conclude():
                return given

    @property
    def now(self) -> str:
        """The logical time."""
        return later(self.domain.clock.start, self.turns * self.domain.clock.step_s)

    def _one(
        self, entity: Entity, arguments: Iterable[Argument], given: Mapping[str, Stored]
    ) -> dict[str, Stored]:
        by_field = {one.field: given[one.param] for one in arguments}
        row = self.tables[entity.name].get(tuple(by_field[name] for name in entity.key))
        if row is None:
            raise No("not_found")
        return row

    def _find(self, term: Find, given: Mapping[str, Stored]) -> Json:
        entity = self.schema.entity(term.entity)
        rows = [
            row
            for row in self.tables[term.entity].values()
            if all(passes(entity.field(a.field), "eq", row, given[a.param]) for a in term.by)
        ]
        if len(rows) != 1:
            raise No("ambiguous" if rows else "not_found")
        return shown(entity, rows[0])

    def _filtered(
        self, tool: Tool, entity: str, rows: Iterable[Values], given: Mapping[str, Stored]
    ) -> list[Values]:
        owner = self.schema.entity(entity)
        tests = [
            (owner.field(one.field), one.op, given[one.param])
            for one in tool.term.filters  # type: ignore[union-attr]
            if one.param in given
        ]
        return [r for r in rows if all(passes(field, op, r, v) for field, op, v in tests)]

    def _page(
        self,
        term: Search | ListRelated,
        entity: Entity,
        rows: Iterable[Values],
        given: Mapping[str, Any],
    ) -> Json:
        by, descending = given.get("sort_by"), bool(given.get("descending"))
        if descending and by is None:
            raise No("bad_arguments")
        if by is None and term.order is not None:
            by, descending = term.order.field, term.order.descending
        ordered = sorted(rows, key=lambda row: key_of(entity, row))
        if by is not None:
            filled = [row for row in ordered if row[by] is not None]
            filled.sort(key=lambda row: row[by], reverse=descending)  # type: ignore[arg-type,return-value]
            ordered = filled + [row for row in ordered if row[by] is None]
        page, size = given.get("page", 1), term.page_size
        return {
            "items": [shown(entity, row) for row in ordered[(page - 1) * size : page * size]],
            "total": len(ordered),
            "page": page,
            "pages": math.ceil(len(ordered) / size),
        }

    def _related(self, tool: Tool, term: ListRelated, given: Mapping[str, Stored]) -> Json:
        relation = self.schema.relation(term.relation)
        one = self._one(self.schema.entity(relation.target), term.key, given)
        near = [row for row in self.tables[relation.entity].values() if refers(relation, row, one)]
        entity = self.schema.entity(listed(term, self.schema))
        rows: Iterable[Values] = near
        if term.through is not None:
            further = self.schema.relation(term.through)
            rows = [
                row
                for row in self.tables[entity.name].values()
                if any(refers(further, link, row) for link in near)
            ]
        return self._page(term, entity, self._filtered(tool, entity.name, rows, given), given)

    def _aggregate(self, tool: Tool, term: Aggregate, given: Mapping[str, Any]) -> Json:
        rows = self._filtered(tool, term.entity, self.tables[term.entity].values(), given)
        function, name = given.get("function", term.functions[0]), given.get("field")
        if name is None:
            if function != "count":
                raise No("bad_arguments")
            return {"value": len(rows), "rows": len(rows)}
        field = self.schema.entity(term.entity).field(name)
        numeric = field.type in ("integer", "decimal", "float")
        if function in ("sum", "avg") and not numeric:
            raise No("bad_arguments")
        values: list[Any] = [row[name] for row in rows if row[name] is not None]
        return {"value": summary(function, field, values), "rows": len(rows)}

    def children(self, name: str, row: Values) -> int:
        """Count the rows, other than the row itself, that refer to it through the relation."""
        relation = self.schema.relation(name)
        own = relation.entity == relation.target and refers(relation, row, row)
        found = self.tables[relation.entity].values()
        return sum(refers(relation, one, row) for one in found) - own

    def _guard(self, tool: Tool, kind: str, entity: Entity, before: Any, after: Values) -> None:
        for name in tool.guards:
            rule = self.domain.rule(name)
            if kind in rule.on:
                holds = truth(
                    rule.predicate,
                    entity,
                    self.schema,
                    before=before,
                    after=after,
                    children=self.children,
                )
                if holds is False:
                    raise No("rule_broken", name)

    def _references(self, entity: Entity, before: Values | None, after: Values) -> None:
        for relation in self.schema.parents(entity.name):
            now = [after[name] for name in relation.fields]
            same = before is not None and now == [before[name] for name in relation.fields]
            own = relation.target == entity.name and refers(relation, after, after)
            parents = self.tables[relation.target].values()
            if None in now or same or own:
                continue
            if not any(refers(relation, after, parent) for parent in parents):
                raise No("not_found")

    def _unique(self, entity: Entity, old: Key | None, after: Values) -> None:
        sets = [entity.key, *((f.name,) for f in entity.fields if f.unique), *entity.uniques]
        for names in sets:
            values = [after[name] for name in names]
            for key, row in self.tables[entity.name].items():
                if key != old and None not in values and values == [row[n] for n in names]:
                    raise No("conflict")

    def _change(
        self,
        tool: Tool,
        term: Update | Transition,
        values: Mapping[str, Stored],
        given: Mapping[str, Stored],
    ) -> Json:
        entity = self.schema.entity(term.entity)
        before = self._one(entity, term.key, given)
        if isinstance(term, Transition) and before[term.to.field] == values[term.to.field]:
            for name in tool.guards:
                predicate = self.domain.rule(name).predicate
                if isinstance(predicate, Move) and predicate.field == term.to.field:
                    raise No("rule_broken", name)
        after = before | dict(values)
        if after == before:
            return shown(entity, before)
        settable = {one.field for one in term.values} if isinstance(term, Update) else set(values)
        for field in entity.fields:
            if is_written(field, UPDATED) and field.name not in settable:
                after[field.name] = self._time(field)
        self._references(entity, before, after)
        for relation in self.schema.children(entity.name):
            changed = any(before[n] != after[n] for n in relation.target_fields)
            if changed and self.children(relation.name, before):
                raise No("conflict")
        self._guard(tool, "update", entity, before, after)
        self._unique(entity, key_of(entity, before), after)
        self.tables[entity.name][key_of(entity, before)] = after
        return shown(entity, after)

    def _delete(self, tool: Tool, term: Delete, given: Mapping[str, Stored]) -> Json:
        entity = self.schema.entity(term.entity)
        row = self._one(entity, term.key, given)
        self._guard(tool, "delete", entity, row, row)
        if any(self.children(r.name, row) for r in self.schema.children(entity.name)):
            raise No("conflict")
        del self.tables[entity.name][key_of(entity, row)]
        gone = shown(entity, row)
        return {"deleted": {name: gone[name] for name in entity.key if name in gone}}

    def _create(self, tool: Tool, term: Create, given: Mapping[str, Stored]) -> Json:
        entity = self.schema.entity(term.entity)
        sent = {one.field: given[one.param] for one in term.values if one.param in given}
        row: dict[str, Stored] = {}
        raised: dict[tuple[str, str], int] = {}
        for field in entity.fields:
            if field.name in sent:
                row[field.name] = sent[field.name]
            elif field.name in entity.key and entity.key_source != "given":
                row[field.name], count = self._new_key(entity, field)
                raised[entity.name, field.name] = count
            else:
                row[field.name] = self._unsaid(entity, field)
        for field in entity.fields:
            need = field.name in entity.key or not (field.nullable or field.generated)
            if need and row[field.name] is None:
                raise No("bad_arguments")
        self._references(entity, None, row)
        self._guard(tool, "create", entity, None, row)
        self._unique(entity, None, row)
        self.tables[entity.name][key_of(entity, row)] = row
        for name in entity.key:
            if entity.field(name).type == "integer":
                raised[entity.name, name] = max(self._counter(entity, name), int(row[name] or 0))
        self.counters |= raised
        return shown(entity, row)

    def _unsaid(self, entity: Entity, field: Field) -> Stored:
        if field.default is not None:
            with suppress(ValueError):
                return to_stored(field, field.default)
        for cycle in self.schema.lifecycles:
            if (cycle.entity, cycle.field) == (entity.name, field.name) and cycle.initial:
                return cycle.initial[0]
        clocked = field.type in ("date", "datetime") and field.name not in entity.key
        if clocked and not field.generated and (is_written(field, WRITTEN) or not field.nullable):
            return self._time(field)
        return None

    def _time(self, field: Field) -> str:
        return self.now[:10] if field.type == "date" else self.now

    def _counter(self, entity: Entity, name: str) -> int:
        start = [row[name] for row in self._start[entity.name].values()]
        return self.counters.get(
            (entity.name, name), max([0, *(v for v in start if isinstance(v, int))])
        )

    def _new_key(self, entity: Entity, field: Field) -> tuple[Stored, int]:
        count = self._counter(entity, field.name) + 1
        if field.type == "integer":
            if count >= 2**63:
                raise No("limit_exceeded")
            return count, count
        if field.type != "text":
            return None, count
        known = [str(row[field.name]) for row in self._start[entity.name].values()]
        form, longest = pattern(known, longest=field.max_length), field.max_length
        spelled: Callable[[int], str] = lambda n: spell(  # noqa: E731
            form, entity.name, n + form.highest, longest=longest
        )
        first = count
        while len(entity.key) == 1 and (spelled(count),) in self.tables[entity.name]:
            count += 1
            if count >= first + 10_000:
                raise No("limit_exceeded")
        return spelled(count), count
