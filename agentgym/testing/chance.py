"""Seeded sensible calls: most of them succeed, because their values come from rows that are there.

A domain and a stream come in; tools and arguments as a careful agent would send them go out.
Next: `walk`, `script`.
"""

from __future__ import annotations

import random
from decimal import Decimal

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import Row, to_wire
from agentgym.testing.standing import Known
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.parameters import bindings, parameters

__all__ = ["Chance"]


class Chance:
    """Draws calls of a domain's tools.

    Args:
        domain: Whose tools.
        draws: Where the luck comes from; the same stream gives the same calls on the same rows.
    """

    def __init__(self, domain: Domain, draws: random.Random) -> None:
        self.domain, self.draws = domain, draws
        self._tools = [tool for tool in domain.tools if is_write(tool)] * 3 + list(domain.tools)

    def tool(self) -> Tool:
        """Draw a tool: writes more often than reads."""
        return self.draws.choice(self._tools)

    def arguments(self, tool: Tool, rows: Known) -> dict[str, Json]:
        """Draw the arguments of a tool."""
        return _Hand(self, tool, rows).sent()


class _Hand:
    """The arguments of one call: those that speak of one entity come from one row."""

    def __init__(self, chance: Chance, tool: Tool, rows: Known) -> None:
        self._schema, self._draws = chance.domain.schema, chance.draws
        self._declared = parameters(tool, self._schema)
        self._bound = bindings(tool.term, self._schema)
        self._rows = rows
        self._copies = self._draws.random() < 0.5
        """Whether most values of a new row are taken from one that is there."""

    def sent(self) -> dict[str, Json]:
        return self._object("", self._declared)

    def _object(self, prefix: str, declared: dict[str, Json]) -> dict[str, Json]:
        sent: dict[str, Json] = {}
        chosen: dict[str, tuple[Row, set[str]]] = {}
        for name, kind in declared["properties"].items():
            need = name in declared["required"]
            if not need and self._draws.random() < 0.5:
                continue
            if kind.get("type") == "array":
                count = self._draws.randint(kind["minItems"], max(kind["minItems"], 3))
                sent[name] = [
                    self._object(f"{prefix}{name}[].", kind["items"])
                    for _ in range(min(count, kind["maxItems"]))
                ]
            elif f"{prefix}{name}" in self._bound:
                bound = self._bound[f"{prefix}{name}"]
                value = self._value(bound, chosen)
                if value is None and (need or self._draws.random() < 0.7):
                    value = self._made(self._schema.entity(bound[0]).field(bound[1]))
                sent[name] = value
            else:
                sent[name] = self._free(kind)
        return sent

    def _value(self, bound: tuple[str, str, str], chosen: dict[str, tuple[Row, set[str]]]) -> Json:
        """Take a value of a row that is there: of the parent for a reference."""
        entity, name, use = bound
        luck = self._draws.random()
        usual = 0.97 if use not in ("value", "amount", "to") else 0.9 if self._copies else 0.3
        for relation in self._schema.parents(entity):
            if name in relation.fields and use in ("value", "end") and luck < 0.95:
                name = relation.target_fields[relation.fields.index(name)]
                entity, luck = relation.target, 0.0
                break
        owner = self._schema.entity(entity)
        rows = self._rows(entity)
        if not rows or luck > usual:
            return self._made(owner.field(name))
        row, taken = chosen.get(entity, ((), set()))
        if not row or name in taken:
            # The same field a second time: another row is meant.
            row, taken = chosen[entity] = self._draws.choice(rows), set()
        taken.add(name)
        return to_wire(owner.field(name), row[owner.position(name)])

    def _made(self, field: Field) -> Json:
        draws = self._draws
        match field.type:
            case "integer":
                return draws.choice((0, 1, 1, 2, 2, 3, 5, 8, 40, -1))
            case "decimal":
                number = draws.choice((0, 1, 5, 50, 125, 999, 2500, -5))
                return Decimal(number).scaleb(-field.scale)
            case "float":
                return draws.choice((0.0, 0.5, 1.25, 3.0, 12.75, -2.5))
            case "boolean":
                return draws.random() < 0.5
            case "date":
                year, month = draws.randint(2020, 2029), draws.randint(1, 12)
                return f"{year}-{month:02d}-{draws.randint(1, 28):02d}"
            case "datetime":
                day = f"2026-{draws.randint(1, 12):02d}-{draws.randint(1, 28):02d}"
                return f"{day}T{draws.randint(0, 23):02d}:00:00Z"
            case "enum":
                return draws.choice(field.values or ("",))
            case "json":
                return draws.choice(({}, [1], "x", {"a": [None]}))
            case "bytes":
                return draws.choice(("", "QQ=="))
            case _:
                text = draws.choice(("a", "bee", "Cé", "42", "x y")) + str(draws.randrange(30))
                return text if field.max_length is None else text[: field.max_length]

    def _free(self, kind: dict[str, Json]) -> Json:
        if "enum" in kind:
            return self._draws.choice(kind["enum"])
        if kind.get("type") == "boolean":
            return self._draws.random() < 0.5
        if kind.get("type") == "integer":
            return self._draws.randint(1, 3)
        return self._draws.choice(("1 + 2", "what is it", "tools"))
