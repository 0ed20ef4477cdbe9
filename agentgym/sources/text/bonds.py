"""What the rules of an outline are made of: names, values and ways found in the schema.

Next: `business`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal

from agentgym.errors import nearest
from agentgym.formats import Json
from agentgym.rules import Rule
from agentgym.schema import Check, Exclusive, Field, Relation
from agentgym.schema.types import to_stored
from agentgym.sources.text.problems import Report
from agentgym.sources.text.things import Column, Table, values_of
from agentgym.sources.text.translate import Key

__all__ = ["Bonds", "field_of", "picked", "way", "wire"]


@dataclasses.dataclass(slots=True)
class Bonds:
    """What holds besides references and life cycles, each with its place in the outline."""

    checks: list[tuple[str, Check]] = dataclasses.field(default_factory=list)
    exclusives: list[tuple[str, Exclusive]] = dataclasses.field(default_factory=list)
    uniques: list[tuple[str, tuple[str, ...]]] = dataclasses.field(default_factory=list)
    """Entity to fields."""
    rules: list[tuple[str, Rule]] = dataclasses.field(default_factory=list)
    taken: set[str] = dataclasses.field(default_factory=set)

    def id(self, *pieces: str) -> str:
        """Return an id of its own."""
        name = found = "_".join(pieces)[:60].rstrip("_")
        number = 2
        while found in self.taken:
            found, number = f"{name}_{number}", number + 1
        self.taken.add(found)
        return found


def wire(field: Field, column: Column, value: str | float | bool | None) -> Json:
    """Return the wire value that was meant; None where there is none of the field's type."""
    if value is None:
        return None
    if field.type == "boolean":
        said = str(value).lower()
        return {"true": True, "yes": True, "false": False, "no": False}.get(said)
    if field.type == "enum":
        found, _ = values_of(
            Table(name="", place=0, columns={column.name: column}), column.name, [str(value)]
        )
        return found[0] if found else None
    made: Json = value
    if field.type in ("integer", "decimal"):
        try:
            exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-field.scale))
        except ArithmeticError:
            return None
        if not isinstance(value, str) and exact != Decimal(str(value)):
            return None
        made = int(exact) if field.type == "integer" else exact
    try:
        to_stored(field, made)
    except ValueError:
        return None
    return made


def field_of(
    name: str | None, table: Table, key: Key, where: str, report: Report, part: str = "rule"
) -> Column | None:
    """Find a field; what is not there is reported."""
    column = key.column(table, name)
    if column is None:
        report.unknown(where, f"field of {table.name}", name, table.columns, part)
    return column


def picked(
    name: str | None,
    values: Sequence[str],
    table: Table,
    key: Key,
    where: str,
    report: Report,
) -> dict[str, tuple[str, ...]] | None:
    """Return which rows count; None where the outline does not make sense."""
    if name is None and not values:
        return {}
    column = field_of(name or "status", table, key, f"{where}.field", report)
    if column is None:
        return None
    if column.kind != "enum":
        report.fault(
            f"{where}.field", f"{column.name!r} ({column.kind}) has no states",
            hint="name a field of type enum", part="rule",
        )  # fmt: skip
        return None
    found, strange = values_of(table, column.name, values)
    if strange or not found:
        said = f"{strange[0]!r} is no value of {column.name!r}" if strange else "no value is named"
        hint = nearest(strange[0] if strange else "", column.values)
        report.fault(f"{where}.values", said, hint=hint, part="rule")
        return None
    return {key.fields[table.name, column.name]: tuple(found)}


def way(
    child: Table, to: str, key: Key, where: str, report: Report, part: str = "rule"
) -> Relation | None:
    """Find the reference of a table to another; where there is none, that is reported."""
    found = key.relation(child, to)
    if found is None:
        mine = [tie.role for tie in key.plan.ties if tie.child == child.name]
        report.fault(
            where, f"no reference leads from {child.name!r} to {to!r}", hint=nearest(to, mine),
            part=part,
        )  # fmt: skip
    return found
