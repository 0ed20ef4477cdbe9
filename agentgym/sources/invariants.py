"""What a source says holds between rows: generated columns, partial unique indexes, exclusions.

Sheets, their names and the schema made of them come in; the schema with derived fields and
exclusives goes out. Declarations that rows contradict are taken back. Next: `assemble`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from agentgym.schema import Derived, Exclusive, Field, Product, Schema, replace_entity
from agentgym.schema.discover import Columns, compute, ordered
from agentgym.schema.holds import breaches
from agentgym.schema.names import Christening
from agentgym.schema.types import Row
from agentgym.sources.sheets import Sheet
from agentgym.sources.tables import RawCheck, RawColumn, RawExclusive

__all__ = ["declare_invariants"]

_NUMBERS = frozenset({"integer", "decimal"})
Stock = dict[str, tuple[Row, ...]]


def declare_invariants(
    schema: Schema,
    rows: Stock,
    sheets: Mapping[str, Sheet],
    names: Christening,
    skipped: Counter[str],
) -> tuple[Schema, Stock]:
    """Add what the source declares; compute generated columns that a script leaves out.

    Args:
        schema: Without derived fields and exclusives.
        rows: Entity to rows in stored form.
        sheets: Name in the source to sheet.
        names: What tables and columns are called in the schema.
        skipped: Gets the counts.
    """
    derived: list[Derived] = []
    exclusives: list[Exclusive] = []
    for name, sheet in sheets.items():
        entity = names.entities[name].name
        called = {c.name: names.fields[name, c.name].name for c in sheet.columns}
        for column in sheet.columns:
            found = _derived(sheet, column, entity, called)
            if found is not None:
                derived.append(found)
                schema = _scaled(schema, found, column)
            elif column.summands:
                skipped["generated column that cannot be expressed"] += 1
        for number, one in enumerate(sheet.exclusives, 1):
            where = _where(sheet, one, called)
            if where is None:
                skipped["exclusion that cannot be expressed"] += 1
            else:
                exclusives.append(_exclusive(one, entity, called, where, number))
    rows = _computed(msgspec.structs.replace(schema, derived=tuple(derived)), rows)
    kept_derived = tuple(one for one in derived if _agrees(schema, one, rows))
    skipped["generated column that rows contradict"] += len(derived) - len(kept_derived)
    kept = tuple(
        one
        for one in exclusives
        if not breaches(
            Schema(entities=(schema.entity(one.entity),), exclusives=(one,)),
            {one.entity: rows.get(one.entity, ())},
        )
    )
    skipped["exclusion that rows break"] += len(exclusives) - len(kept)
    return msgspec.structs.replace(schema, derived=kept_derived, exclusives=kept), rows


def _derived(
    sheet: Sheet, column: RawColumn, entity: str, called: Mapping[str, str]
) -> Derived | None:
    spelled = {c.name.casefold(): c.name for c in sheet.columns}
    terms = []
    for sign, columns in column.summands:
        known = [spelled.get(name.casefold(), "") for name in columns]
        if "" in known or any(sheet.meanings[name].kind not in _NUMBERS for name in known):
            return None
        fields = tuple(called[name] for name in known)
        terms.append(Product(fields=fields, sign=1 if sign > 0 else -1))
    own = any(called[column.name] in term.fields for term in terms)
    if not terms or own or sheet.meanings[column.name].kind not in _NUMBERS:
        return None
    if column.name in sheet.key or any(column.name in r.columns for r in sheet.references):
        return None
    return Derived(
        id=f"{entity}_{called[column.name]}_follows",
        entity=entity,
        field=called[column.name],
        terms=tuple(terms),
        evidence=("declared",),
    )


def _scaled(schema: Schema, one: Derived, column: RawColumn) -> Schema:
    """Give a decimal whose scale nothing says the scale of what it is computed from."""
    entity = schema.entity(one.entity)
    field = entity.field(one.field)
    if field.type != "decimal" or column.scale is not None or field.scale:
        return schema
    scale = max(sum(entity.field(n).scale for n in term.fields) for term in one.terms)
    changed: tuple[Field, ...] = tuple(
        msgspec.structs.replace(f, scale=scale) if f.name == one.field else f for f in entity.fields
    )
    return replace_entity(schema, msgspec.structs.replace(entity, fields=changed))


def _computed(schema: Schema, rows: Stock) -> Stock:
    """Return the rows with the generated fields computed that no row has a value for."""
    for one in ordered(schema, schema.derived):
        own = rows.get(one.entity, ())
        place = schema.entity(one.entity).position(one.field)
        if own and all(row[place] is None for row in own):
            values = compute(schema, one, Columns(schema, rows))
            filled = zip(own, values, strict=True)
            rows = rows | {
                one.entity: tuple((*r[:place], value, *r[place + 1 :]) for r, value in filled)
            }
    return rows


def _agrees(schema: Schema, one: Derived, rows: Stock) -> bool:
    columns = Columns(schema, rows)
    return not rows.get(one.entity) or compute(schema, one, columns) == list(
        columns(one.entity, one.field)
    )


def _where(
    sheet: Sheet, one: RawExclusive, called: Mapping[str, str]
) -> dict[str, tuple[str, ...]] | None:
    """Return the condition as fields and their values; None where it is of another kind."""
    if one.span is not None:
        kinds = {sheet.meanings[name].kind for name in one.span}
        if len(kinds) > 1 or not kinds <= {"date", "datetime"}:
            return None
    found: dict[str, tuple[str, ...]] = {}
    for check in one.where:
        values = _values(sheet, check)
        field = called[check.column]
        if values is None:
            return None
        found[field] = tuple(v for v in values if v in found.get(field, values))
    return found


def _values(sheet: Sheet, check: RawCheck) -> tuple[str, ...] | None:
    meaning = sheet.meanings[check.column]
    listed = check.value if isinstance(check.value, list) else [check.value]
    texts = tuple(value for value in listed if isinstance(value, str))
    if meaning.kind not in ("enum", "text") or len(texts) != len(listed):
        return None
    if meaning.kind == "enum":
        legal = tuple(meaning.values or ())
        return tuple(v for v in legal if (v in texts) != (check.op == "ne"))
    return None if check.op == "ne" else texts


def _exclusive(
    one: RawExclusive,
    entity: str,
    called: Mapping[str, str],
    where: dict[str, tuple[str, ...]],
    number: int,
) -> Exclusive:
    states = "_".join(v for values in where.values() for v in values) if len(where) == 1 else ""
    state = re.sub(r"[^a-z0-9]+", "_", states.casefold()).strip("_")
    kind = "no_overlap" if one.span else f"one_{state}" if 0 < len(state) <= 20 else "one"
    same = tuple(called[name] for name in one.same)
    return Exclusive(
        id=f"{entity}_{kind}_per_{'_'.join(same)}" + (f"_{number}" if number > 1 else ""),
        entity=entity,
        same=same,
        where=where,
        span=(called[one.span[0]], called[one.span[1]]) if one.span else None,
        evidence=("declared",),
    )
