"""The reference of all tools over a dict of dicts: slow, short, and without SQL.

`Model.call` gives what the engine must give: the same data, or an error of the same code
and rule. `Model.rows` are the rows that the world must hold. Snapshots are copies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from agentgym.formats import Json
from agentgym.schema import Entity
from agentgym.schema.types import Stored, to_wire
from agentgym.testing.arithmetic import (
    No,
    key_of,
    passes,
    read_bound,
    read_free,
    refers,
    summary,
)
from agentgym.testing.books import Call
from agentgym.testing.deeds import Deeds, is_shown
from agentgym.testing.glossary import meaning
from agentgym.testing.truth import Values, fields_behind, measured, shown
from agentgym.testing.ways import Ways
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    CurrentTime,
    Find,
    Get,
    Identify,
    ListRelated,
    LookUpTerm,
    Path,
    Search,
    Tool,
    is_write,
    listed,
)
from agentgym.tools.parameters import bindings, parameters
from agentgym.trajectory import Fault, Result

__all__ = ["Model"]


class Model(Ways, Deeds):
    """One domain instance as plain dicts, with all its tools."""

    def call(self, name: str, arguments: object) -> Result:
        """Run one tool; a refused call leaves everything as it was."""
        tool = self.domain.tool_by_name.get(name) if isinstance(name, str) else None
        kept = self.snapshot()
        try:
            if tool is None:
                raise No("unknown_tool")
            given = self._read(tool, arguments)
            call = Call(tool, given, fields_behind(tool.term, self.schema))
            data = self._run(tool, given, call)
        except No as no:
            self.restore(kept)
            return Result(error=Fault(code=no.code, message="", rule=no.rule))
        self.confirmed -= call.yes
        self.calls = [*self.calls, (tool.name, measured(given, call.fields))]
        return Result(data=data, breaches=tuple(dict.fromkeys(call.breaches)))

    def agree(self) -> None:
        """Let the user say yes to going on."""
        self.confirmed += 1

    def _read(self, tool: Tool, arguments: object) -> dict[str, Any]:
        declared = parameters(tool, self.schema)
        return self._object("", declared, bindings(tool.term, self.schema), arguments)

    def _object(
        self,
        prefix: str,
        declared: dict[str, Json],
        bound: Mapping[str, tuple[str, str, str]],
        sent: object,
    ) -> dict[str, Any]:
        if not isinstance(sent, dict):
            raise No("bad_arguments")
        given: dict[str, Any] = {}
        for name, value in sent.items():
            if not isinstance(name, str) or name not in declared["properties"]:
                raise No("bad_arguments")
            kind, path = declared["properties"][name], f"{prefix}{name}"
            if kind.get("type") == "array":
                if not isinstance(value, list):
                    raise No("bad_arguments")
                if not kind["minItems"] <= len(value) <= kind["maxItems"]:
                    raise No("bad_arguments")
                given[name] = [
                    self._object(f"{path}[].", kind["items"], bound, one) for one in value
                ]
            elif path in bound:
                given[name] = self._bound(bound[path], value, required=name in declared["required"])
            else:
                given[name] = read_free(kind, value)
        if any(name not in given for name in declared["required"]):
            raise No("bad_arguments")
        return given

    def _bound(self, bound: tuple[str, str, str], value: Json, *, required: bool) -> Stored:
        entity, name, use = bound
        return read_bound(self.schema.entity(entity).field(name), use, value, required=required)

    def _run(self, tool: Tool, given: dict[str, Any], call: Call) -> Json:
        term = tool.term
        match term:
            case Get():
                entity = self.schema.entity(term.entity)
                return self._seen(entity, self._one(entity, term.key, given), call)
            case Find():
                entity = self.schema.entity(term.entity)
                return self._seen(entity, self._only(entity, term.by, given), call)
            case Identify():
                entity = self.schema.entity(term.entity)
                key = key_of(entity, self._only(entity, term.by, given))
                self.identity = term.entity, key
                fields = [(entity.field(n), v) for n, v in zip(entity.key, key, strict=True)]
                told = {f.name: to_wire(f, v) for f, v in fields if is_shown(f)}
                return {"identified": told}
            case Search():
                rows = self._filtered(tool, term.entity, self.tables[term.entity].values(), given)
                return self._page(term, self.schema.entity(term.entity), rows, given)
            case ListRelated():
                return self._related(tool, term, given, call)
            case Aggregate():
                return self._aggregate(tool, term, given)
            case Path():
                return self.path(term, given)
            case CurrentTime():
                return {"now": self.now}
            case LookUpTerm():
                return meaning(term, self.schema, given["term"])
            case _ if is_write(tool):
                return self.done(term, given, call)()
            case _:
                return given

    def _seen(self, entity: Entity, row: dict[str, Stored], call: Call) -> Json:
        self.check(entity, "read", row, row, call)
        return shown(entity, row)

    def _only(
        self, entity: Entity, by: Iterable[Argument], given: Mapping[str, Stored]
    ) -> dict[str, Stored]:
        rows = [
            row
            for row in self.tables[entity.name].values()
            if all(passes(entity.field(a.field), "eq", row, given[a.param]) for a in by)
        ]
        if len(rows) != 1:
            raise No("ambiguous" if rows else "not_found")
        return rows[0]

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

    def _related(
        self, tool: Tool, term: ListRelated, given: Mapping[str, Stored], call: Call
    ) -> Json:
        relation = self.schema.relation(term.relation)
        parent = self.schema.entity(relation.target)
        one = self._one(parent, term.key, given)
        self.check(parent, "read", one, one, call)
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
