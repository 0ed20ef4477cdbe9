"""Rules of an outline, translated form by form into checks, exclusives, unique sets and rules.

A schema with the `Key` to it and the outline come in; what could not be understood is reported.
Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.errors import nearest
from agentgym.schema import Check, Exclusive, Field, Schema
from agentgym.schema.types import ORDERED
from agentgym.sources.text.bonds import Bonds, field_of, picked, wire
from agentgym.sources.text.business import at_most, only_while
from agentgym.sources.text.names import identifier
from agentgym.sources.text.outline import (
    OPS,
    AtMost,
    Compare,
    NoOverlap,
    OnlyWhile,
    OutlineRule,
    Unique,
)
from agentgym.sources.text.problems import Report
from agentgym.sources.text.things import Column, Table
from agentgym.sources.text.translate import Key

__all__ = ["bind"]

_SAID = ("the outline says so",)
_SIGNS = {
    "=": "eq", "==": "eq", "equals": "eq", "!=": "ne", "<>": "ne", "not_equals": "ne",
    "<": "lt", "before": "lt", "less_than": "lt", "<=": "le", "at_most": "le", "max": "le",
    ">": "gt", "after": "gt", "greater_than": "gt", ">=": "ge", "at_least": "ge", "min": "ge",
}  # fmt: skip


def bind(rules: Sequence[OutlineRule], schema: Schema, key: Key, report: Report) -> Bonds:
    """Translate the rules; what is wrong is reported and left out."""
    bonds = Bonds()
    for place, rule in enumerate(rules):
        where = f"rules[{place}]"
        table = key.entity(rule.entity)
        if table is None:
            report.unknown(f"{where}.entity", "entity", rule.entity, key.plan.tables, "rule")
            continue
        match rule:
            case Compare():
                _compare(rule, table, schema, key, bonds, where, report)
            case Unique():
                _unique(rule.fields, table, key, bonds, where, report)
            case NoOverlap():
                _apart(rule, table, schema, key, bonds, where, report)
            case AtMost():
                at_most(rule, table, key, bonds, where, report)
            case OnlyWhile():
                only_while(rule, table, key, bonds, where, report)
    return bonds


def _compare(
    rule: Compare, table: Table, schema: Schema, key: Key, bonds: Bonds, where: str, report: Report
) -> None:
    column = field_of(rule.field, table, key, f"{where}.field", report)
    if column is None:
        return
    said = identifier(rule.op) or rule.op.strip()
    op = said if said in OPS else _SIGNS.get(said, _SIGNS.get(rule.op.strip(), ""))
    if not op:
        hint = nearest(rule.op, OPS)
        report.fault(f"{where}.op", f"there is no comparison {rule.op!r}", hint=hint, part="rule")
        return
    entity = schema.entity(key.entities[table.name])
    field = entity.field(key.fields[table.name, column.name])
    moving = any(c.table == table.name and c.column == column.name for c in key.plan.cycles)
    wrong = ""
    if column.tied or column.name == table.key:
        wrong = f"{column.name!r} only says which row it is"
    elif moving:
        wrong = f"{column.name!r} has a life cycle"
    elif op not in ("eq", "ne") and field.type not in ORDERED:
        wrong = f"{column.name!r} ({field.type}) has no order"
    if wrong:
        report.fault(f"{where}.field", wrong, hint="compare numbers or times", part="rule")
        return
    if rule.other is not None:
        _against(op, rule, table, field, schema, key, bonds, where, report)
        return
    value = wire(field, column, rule.value)
    if value is None or op == "eq":
        said = f"{rule.value!r} is no value of {column.name!r} ({field.type})"
        if value is not None:
            said = f"{column.name!r} would be the same in every row"
        report.fault(
            f"{where}.value", said, hint=nearest(str(rule.value), column.values), part="rule"
        )
        return
    bonds.checks.append(
        (
            where,
            Check(
                id=bonds.id(entity.name, field.name, op),
                entity=entity.name,
                field=field.name,
                op=op,  # type: ignore[arg-type]
                value=value,
                evidence=_SAID,
            ),
        )
    )


_MEASURE = {"integer": "number", "decimal": "number", "date": "time", "datetime": "time"}


def _against(
    op: str,
    rule: Compare,
    table: Table,
    field: Field,
    schema: Schema,
    key: Key,
    bonds: Bonds,
    where: str,
    report: Report,
) -> None:
    """Compare with another field of the row."""
    column = field_of(rule.other, table, key, f"{where}.other", report)
    if column is None:
        return
    other = schema.entity(key.entities[table.name]).field(key.fields[table.name, column.name])
    measures = [_MEASURE.get(one.type) for one in (field, other)]
    if (
        None in measures
        or measures[0] != measures[1]
        or field.name == other.name
        or column.tied
        or (column.name == table.key)
    ):
        report.fault(
            f"{where}.other",
            f"{rule.field!r} ({field.type}) and {rule.other!r} ({other.type}) do not compare",
            hint="compare two numbers, or two times, of the row",
            part="rule",
        )
        return
    bonds.checks.append(
        (
            where,
            Check(
                id=bonds.id(key.entities[table.name], field.name, op, other.name),
                entity=key.entities[table.name],
                field=field.name,
                op=op,  # type: ignore[arg-type]
                other=other.name,
                evidence=_SAID,
            ),
        )
    )


def _unique(
    names: Sequence[str], table: Table, key: Key, bonds: Bonds, where: str, report: Report
) -> None:
    columns: list[Column] = []
    for name in names:
        column = field_of(name, table, key, f"{where}.fields", report)
        if column is None:
            return
        if column.name != table.key and column not in columns:
            columns.append(column)
    if not columns or all(c.kind in ("boolean", "enum") for c in columns):
        report.fault(
            f"{where}.fields", "so few values cannot differ in every row",
            hint="name fields that tell rows apart", part="rule",
        )  # fmt: skip
        return
    fields = tuple(key.fields[table.name, column.name] for column in columns)
    if (key.entities[table.name], fields) not in bonds.uniques:
        bonds.uniques.append((key.entities[table.name], fields))


def _apart(
    rule: NoOverlap,
    table: Table,
    schema: Schema,
    key: Key,
    bonds: Bonds,
    where: str,
    report: Report,
) -> None:
    columns = []
    for name in rule.same:
        column = field_of(name, table, key, f"{where}.same", report)
        if column is None:
            return
        if column.name != table.key and column not in columns:
            columns.append(column)
    if not columns:
        report.fault(
            f"{where}.same", "nothing is named that the rows share",
            hint="name a reference or a field", part="rule",
        )  # fmt: skip
        return
    held = picked(rule.field, rule.values, table, key, where, report)
    if held is None:
        return
    span = _span(rule, table, schema, key, where, report)
    if span is None:
        return
    if not span and not held:
        report.mend("rule without states or times")
        _unique(rule.same, table, key, bonds, where, report)
        return
    fields = tuple(key.fields[table.name, column.name] for column in columns)
    entity = key.entities[table.name]
    bonds.exclusives.append(
        (
            where,
            Exclusive(
                id=bonds.id(entity, "once_for", *fields),
                entity=entity,
                same=fields,
                where=held,
                span=(span[0], span[1]) if span else None,
                evidence=_SAID,
            ),
        )
    )


def _span(
    rule: NoOverlap, table: Table, schema: Schema, key: Key, where: str, report: Report
) -> tuple[str, ...] | None:
    """Return start and end, or nothing; None where they do not make sense."""
    if rule.start is None and rule.end is None:
        return ()
    found = []
    for side, name in (("start", rule.start), ("end", rule.end)):
        column = field_of(name, table, key, f"{where}.{side}", report)
        if column is None:
            return None
        found.append(key.fields[table.name, column.name])
    entity = schema.entity(key.entities[table.name])
    kinds = [entity.field(name).type for name in found]
    if found[0] == found[1] or not set(kinds) <= {"date", "datetime"}:
        report.fault(
            f"{where}.end", f"{rule.start!r} and {rule.end!r} are no start and end",
            hint="name two fields of type date or datetime", part="rule",
        )  # fmt: skip
        return None
    return tuple(found)
