"""Kinds of things and their fields, from the outline: named apart, typed, keyed.

An `Outline` comes in; a `Plan` of tables goes out, with what was wrong in a `Report`. Next: `ties`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from agentgym.schema import ValueType
from agentgym.sources.text.names import Directory, bare, identifier, one_of
from agentgym.sources.text.outline import (
    MOST_FIELDS,
    TYPES,
    Count,
    Outline,
    OutlineEntity,
    OutlineField,
    Sum,
)
from agentgym.sources.text.problems import Report

__all__ = ["Column", "Cycle", "Plan", "Table", "Tie", "lay_out"]

_WORDS: dict[ValueType, str] = {
    "text": "string str varchar char character email url uri phone uuid name longtext textarea "
    "address json object array list file image",
    "integer": "int integer bigint smallint whole count id key reference quantity serial year "
    "duration",
    "decimal": "float double real number numeric money currency price amount percent percentage "
    "rate measure measurement",
    "boolean": "bool boolean flag yes_no yesno",
    "datetime": "timestamp date_time time moment instant",
    "date": "day dateonly date_only",
    "enum": "choice status category enumeration select option state",
}
_SYNONYMS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
"""What models call our types."""
_WHOLE = 10**9
_LONGEST_VALUE = 60
_LONGEST_UNIT = 12
_ID_WORDS = ("id", "identifier", "key", "uuid")


@dataclasses.dataclass(slots=True, kw_only=True)
class Column:
    """One field on its way."""

    name: str
    kind: ValueType = "text"
    unit: str | None = None
    nullable: bool = False
    unique: bool = False
    values: list[str] = dataclasses.field(default_factory=list)
    """Of an enum, the legal ones; of a text, usual ones."""
    least: float | None = None
    most: float | None = None
    tied: bool = False
    """Whether it is a reference."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Table:
    """One entity on its way."""

    name: str
    place: int
    """In the outline."""
    about: str = ""
    columns: dict[str, Column] = dataclasses.field(default_factory=dict)
    fields: Directory = dataclasses.field(default_factory=Directory)
    key: str = ""

    def add(self, column: Column, *others: str) -> None:
        """Enter a field."""
        self.columns[column.name] = column
        self.fields.add(column.name, *others)


@dataclasses.dataclass(slots=True, kw_only=True)
class Tie:
    """One reference on its way."""

    child: str
    column: str
    target: str
    role: str
    one_to_one: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class Cycle:
    """One life cycle on its way."""

    table: str
    column: str
    initial: list[str]
    moves: dict[str, list[str]]


@dataclasses.dataclass(slots=True, kw_only=True)
class Plan:
    """The parts of a schema, in names of the outline that are identifiers and unique."""

    tables: dict[str, Table] = dataclasses.field(default_factory=dict)
    names: Directory = dataclasses.field(default_factory=Directory)
    ties: list[Tie] = dataclasses.field(default_factory=list)
    cycles: list[Cycle] = dataclasses.field(default_factory=list)

    def table(self, name: str | None) -> Table | None:
        """Find a table by any writing of its name."""
        found = self.names.find(name)
        return None if found is None else self.tables.get(found)


def lay_out(outline: Outline, most: int, report: Report) -> Plan:
    """Name the entities and fields of an outline, and type them.

    Args:
        outline: What the model wrote.
        most: Most entities that are taken.
        report: Gets what is wrong.
    """
    plan = Plan()
    for place, entity in enumerate(outline.entities):
        where = f"entities[{place}]"
        name = one_of(identifier(entity.name) or identifier(entity.plural))
        if not name or not name[0].isalpha():
            said = f"{entity.name!r} is no name" if entity.name else "the entity has no name"
            report.fault(where, said, hint="use a noun in snake_case", part="entity")
            continue
        known = plan.table(name)
        if known is not None:
            report.mend("entity named twice")
        elif len(plan.tables) >= most:
            report.mend("entity beyond the most that are taken")
            continue
        else:
            known = Table(name=name, place=place, about=entity.about)
            plan.tables[name] = known
            plan.names.add(name, entity.plural)
        _fill(known, entity, where, report)
    for table in plan.tables.values():
        _give_key(table, report)
    _give_totals(plan, outline, report)
    return plan


def _fill(table: Table, entity: OutlineEntity, where: str, report: Report) -> None:
    for place, field in enumerate(entity.fields):
        name = identifier(field.name)
        if not name:
            report.mend("field without a name")
        elif table.fields.find(name) is not None:
            report.mend("field named twice")
        elif len(table.columns) >= MOST_FIELDS:
            report.mend("field beyond the most that are taken")
        else:
            table.add(_column(name, field, f"{where}.fields[{place}]", report))


def _column(name: str, field: OutlineField, where: str, report: Report) -> Column:
    kind = _kind(field, where, report)
    values = list(dict.fromkeys(value[:_LONGEST_VALUE].strip() for value in field.values))
    values = [value for value in values if value]
    if kind == "enum" and len(values) < 2:
        report.mend("enum without values")
        kind, values = "text", []
    unique = field.unique
    if unique and kind in ("boolean", "enum"):
        report.mend("field of few values that was to be unique")
        unique = False
    least, most = field.least, field.most
    if kind not in ("integer", "decimal") or (
        least is not None and most is not None and (least >= most or abs(most) > _WHOLE)
    ):
        least = most = None
    unit = (field.unit or "")[:_LONGEST_UNIT].strip() or None
    return Column(
        name=name,
        kind=kind,
        unit=unit if kind in ("integer", "decimal") else None,
        nullable=field.nullable,
        unique=unique,
        values=values if kind in ("enum", "text") else [],
        least=least,
        most=most,
    )


def _kind(field: OutlineField, where: str, report: Report) -> ValueType:
    said = identifier(field.type)
    if said in TYPES:
        return said  # type: ignore[return-value]
    found = _SYNONYMS.get(said) or _SYNONYMS.get(said.partition("_")[0])
    if found is None and field.type:
        legal = ", ".join(TYPES)
        report.fault(
            f"{where}.type", f"there is no type {field.type!r}", hint=f"use one of {legal}",
            part="type",
        )  # fmt: skip
        return "enum" if len(field.values) > 1 else "text"
    report.mend("type under another name")
    return found or ("enum" if len(field.values) > 1 else "text")


def _give_key(table: Table, report: Report) -> None:
    """Make the key: the number that the outline calls an id, or one of our own."""
    own = {bare(f"{table.name} {word}") for word in _ID_WORDS} | set(_ID_WORDS)
    named = next((c for c in table.columns.values() if bare(c.name) in own), None)
    if named is None:
        name = f"{table.name}_id"
        rest = table.columns
        table.columns = {}
        table.add(Column(name=name), "id")
        table.columns |= rest
        named = table.columns[name]
    elif named.kind != "integer":
        report.mend("key that is no number")
    table.key = named.name
    table.columns[named.name] = Column(name=named.name, kind="integer", unique=True)


def _give_totals(plan: Plan, outline: Outline, report: Report) -> None:
    """Add the fields that are only said to be computed."""
    for one in outline.derived:
        table, name = plan.table(one.entity), identifier(one.field)
        if table is None or not name or table.fields.find(name) is not None:
            continue
        if len(table.columns) < MOST_FIELDS:
            report.mend("computed field that was not listed")
            kind: ValueType = "integer" if isinstance(one, Count) else "decimal"
            table.add(Column(name=name, kind=_summed(plan, one, kind)))


def _summed(plan: Plan, one: object, usual: ValueType) -> ValueType:
    """Return the type of a sum: that of what is summed."""
    if isinstance(one, Sum) and (child := plan.table(one.of)) is not None:
        found = child.fields.find(one.amount)
        if found is not None and child.columns[found].kind == "integer":
            return "integer"
    return usual


def values_of(table: Table, name: str, wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """Find values of an enum however they are written.

    Returns:
        Those found, in the field's own writing and each once; those that are not there.
    """
    known = {
        bare(value) or value.casefold(): value for value in reversed(table.columns[name].values)
    }
    found: list[str] = []
    strange: list[str] = []
    for value in wanted:
        legal = known.get(bare(value) or value.casefold())
        if legal is None:
            strange.append(value)
        elif legal not in found:
            found.append(legal)
    return found, strange
