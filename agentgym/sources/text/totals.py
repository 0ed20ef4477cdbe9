"""Computed fields and effects of an outline: what follows from other rows, and what happens.

A schema with the `Key` to it and the outline come in; none of what goes out sets itself off.
Next: `shape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentgym.errors import nearest
from agentgym.rules import Adjust, Assign, Effect, In, Value
from agentgym.schema import Derived, Product, Schema
from agentgym.schema.discover import needs
from agentgym.schema.discover.compute import acyclic
from agentgym.sources.text.bonds import wire
from agentgym.sources.text.outline import (
    Count,
    OutlineAdjust,
    OutlineDerived,
    OutlineEffect,
    OutlineSet,
)
from agentgym.sources.text.outline import Product as OutlineProduct
from agentgym.sources.text.outline import Sum as OutlineSum
from agentgym.sources.text.problems import Report
from agentgym.sources.text.things import Column, Table, values_of
from agentgym.sources.text.translate import Key
from agentgym.tools.derive.effects import written

__all__ = ["apart", "compute", "happen"]

_SAID = ("the outline says so",)
_NUMBERS = ("integer", "decimal")
Mark = tuple[str, str]


def compute(
    found: Sequence[OutlineDerived], schema: Schema, key: Key, report: Report
) -> list[tuple[str, Derived]]:
    """Translate the computed fields; what is wrong is reported and left out."""
    made: list[tuple[str, Derived]] = []
    for place, one in enumerate(found):
        where = f"derived[{place}]"
        table = key.entity(one.entity)
        if table is None:
            report.unknown(
                f"{where}.entity", "entity", one.entity, key.plan.tables, "computed field"
            )
            continue
        column = _number(one.field, table, f"{where}.field", report)
        if column is None:
            continue
        if any(
            d.entity == key.entities[table.name] and d.field == key.fields[table.name, column.name]
            for _, d in made
        ):
            report.mend("field computed twice")
            continue
        translated = _derived(one, table, column, key, where, report)
        if translated is not None:
            made.append((where, translated))
    kept = acyclic(schema, [one for _, one in made])
    for where, derived in made:
        if derived not in kept:
            report.fault(where, f"{derived.field!r} would depend on itself", part="computed field")
    return [(where, derived) for where, derived in made if derived in kept]


def _derived(
    one: OutlineDerived, table: Table, column: Column, key: Key, where: str, report: Report
) -> Derived | None:
    entity, field = key.entities[table.name], key.fields[table.name, column.name]
    name = f"{entity}_{field}"
    if isinstance(one, OutlineProduct):
        fields = []
        for factor in one.factors:
            found = _number(factor, table, f"{where}.factors", report)
            if found is None:
                return None
            fields.append(key.fields[table.name, found.name])
        if len(set(fields)) < 2 or field in fields:
            report.fault(
                f"{where}.factors", "a product needs two other fields of the row",
                part="computed field",
            )  # fmt: skip
            return None
        terms = (Product(fields=tuple(dict.fromkeys(fields))),)
        return Derived(id=name, entity=entity, field=field, terms=terms, evidence=_SAID)
    child = key.entity(one.of)
    if child is None:
        report.unknown(f"{where}.of", "entity", one.of, key.plan.tables, "computed field")
        return None
    relation = key.relation(child, table.name)
    if relation is None:
        report.fault(
            f"{where}.of", f"no reference leads from {child.name!r} to {table.name!r}",
            part="computed field",
        )  # fmt: skip
        return None
    if isinstance(one, Count):
        if column.kind != "integer":
            report.fault(
                f"{where}.field", f"{column.name!r} ({column.kind}) is no whole number",
                hint="a count needs a field of type integer", part="computed field",
            )  # fmt: skip
            return None
        return Derived(
            id=name, entity=entity, field=field, how="count", relation=relation.name, evidence=_SAID
        )
    assert isinstance(one, OutlineSum)
    amount = _number(one.amount, child, f"{where}.amount", report)
    if amount is None:
        return None
    return Derived(
        id=name,
        entity=entity,
        field=field,
        relation=relation.name,
        terms=(Product(fields=(key.fields[child.name, amount.name],)),),
        evidence=_SAID,
    )


def _number(
    name: str, table: Table, where: str, report: Report, part: str = "computed field"
) -> Column | None:
    """Find a field of numbers that is neither key nor reference."""
    found = table.fields.find(name)
    if found is None:
        report.unknown(where, f"field of {table.name}", name, table.columns, part)
        return None
    column = table.columns[found]
    if column.kind not in _NUMBERS or column.tied or found == table.key:
        said = "only says which row it is" if column.tied or found == table.key else column.kind
        hint = "name a field of type integer or decimal"
        report.fault(where, f"{name!r} is no number: {said}", hint=hint, part=part)
        return None
    return column


def happen(
    found: Sequence[OutlineEffect], schema: Schema, key: Key, report: Report
) -> list[tuple[str, Effect]]:
    """Translate the effects, on a schema with its computed fields; what is wrong is left out."""
    made: list[tuple[str, Effect]] = []
    for place, one in enumerate(found):
        where = f"effects[{place}]"
        table = key.entity(one.entity)
        if table is None:
            report.unknown(f"{where}.entity", "entity", one.entity, key.plan.tables, "effect")
            continue
        relation = key.relation(table, one.to)
        if relation is None:
            mine = [tie.role for tie in key.plan.ties if tie.child == table.name]
            report.fault(
                f"{where}.to", f"no reference leads from {table.name!r} to {one.to!r}",
                hint=nearest(one.to, mine), part="effect",
            )  # fmt: skip
            continue
        top = next(t for t in key.plan.tables.values() if key.entities[t.name] == relation.target)
        column = _target(one.field, top, schema, key, f"{where}.field", report)
        if column is None:
            continue
        effect = (
            _adjust(one, table, top, column, relation.name, schema, key, where, report)
            if isinstance(one, OutlineAdjust)
            else _set(one, table, top, column, relation.name, schema, key, where, report)
        )
        if effect is not None and any(
            old.do == effect.do and old.when == effect.when for _, old in made
        ):
            report.mend("effect named twice")
        elif effect is not None:
            made.append((where, effect))
    kept = apart(schema, [one for _, one in made])
    for where, happening in made:
        if happening not in kept:
            report.fault(where, "it would set itself off", part="effect")
    return [(where, happening) for where, happening in made if happening in kept]


def _target(
    name: str, top: Table, schema: Schema, key: Key, where: str, report: Report
) -> Column | None:
    found = top.fields.find(name)
    if found is None:
        report.unknown(where, f"field of {top.name}", name, top.columns, "effect")
        return None
    column = top.columns[found]
    mark = key.entities[top.name], key.fields[top.name, found]
    if column.tied or found == top.key or mark in schema.computed:
        said = "is computed" if mark in schema.computed else "only says which row it is"
        report.fault(where, f"{name!r} {said}, and cannot be set", part="effect")
        return None
    return column


def _adjust(
    one: OutlineAdjust,
    table: Table,
    top: Table,
    column: Column,
    relation: str,
    schema: Schema,
    key: Key,
    where: str,
    report: Report,
) -> Effect | None:
    amount = _number(one.amount, table, f"{where}.amount", report, "effect")
    if amount is None or _number(one.field, top, f"{where}.field", report, "effect") is None:
        return None
    entity = schema.entity(key.entities[table.name])
    mine = entity.field(key.fields[table.name, amount.name])
    held = schema.entity(key.entities[top.name]).field(key.fields[top.name, column.name])
    if mine.scale > held.scale or (mine.unit and held.unit and mine.unit != held.unit):
        report.fault(
            f"{where}.amount",
            f"{amount.name!r} ({mine.unit or mine.type}) and {column.name!r} "
            f"({held.unit or held.type}) do not add up",
            hint="give both the same type and unit",
            part="effect",
        )
        return None
    up = one.direction.strip().lower() in ("up", "raise", "raises", "increase", "add", "plus", "+")
    ways = next(r.fields for r in schema.relations if r.name == relation)
    return Effect(
        id=f"{entity.name}_{'raises' if up else 'lowers'}_{held.name}",
        entity=entity.name,
        on=("create", "update", "delete"),
        fields=(mine.name, *ways),
        do=Adjust(
            path=(relation,), field=held.name, by=Product(fields=(mine.name,), sign=1 if up else -1)
        ),
        evidence=_SAID,
    )


def _set(
    one: OutlineSet,
    table: Table,
    top: Table,
    column: Column,
    relation: str,
    schema: Schema,
    key: Key,
    where: str,
    report: Report,
) -> Effect | None:
    held = schema.entity(key.entities[top.name]).field(key.fields[top.name, column.name])
    value = wire(held, column, one.value)
    if value is None or held.unique:
        report.fault(
            f"{where}.value", f"{one.value!r} is no value of {column.name!r} ({held.type})",
            hint=nearest(one.value, column.values), part="effect",
        )  # fmt: skip
        return None
    when = None
    entity = key.entities[table.name]
    name = f"{entity}_sets_{held.name}"
    if one.when_field is not None or one.when_values:
        mark = key.column(table, one.when_field or "status")
        if mark is None or mark.kind != "enum":
            enums = [c.name for c in table.columns.values() if c.kind == "enum"]
            report.unknown(
                f"{where}.when_field", f"enum of {table.name}", one.when_field, enums, "effect"
            )
            return None
        states, strange = values_of(table, mark.name, one.when_values)
        if strange or not states:
            said = (
                f"{strange[0]!r} is no value of {mark.name!r}" if strange else "no state is named"
            )
            hint = nearest(strange[0] if strange else "", mark.values)
            report.fault(f"{where}.when_values", said, hint=hint, part="effect")
            return None
        when = In(field=key.fields[table.name, mark.name], values=tuple(states))
        name = f"{entity}_{'_'.join(states[0].lower().split())}_sets_{held.name}"
    return Effect(
        id=name,
        entity=entity,
        on=("create",) if when is None else ("create", "update"),
        fields=() if when is None else (when.field,),
        when=when,
        do=Assign(path=(relation,), field=held.name, value=Value(given=value)),
        evidence=_SAID,
    )


def apart(schema: Schema, effects: Iterable[Effect]) -> list[Effect]:
    """Return the effects without those that would set themselves off, or write a computed field."""
    steps: list[tuple[frozenset[Mark], frozenset[Mark]]] = []
    for one in schema.derived:
        child = one.entity if one.relation is None else schema.relation(one.relation).entity
        steps.append((needs(schema, one) | {(child, "*")}, frozenset({(one.entity, one.field)})))
    kept: list[Effect] = []
    for effect in effects:
        heard, marks = _heard(schema, effect), written(schema, effect)
        reach, new = set(marks), set(marks)
        while new:
            new = {m for on, to in steps if on & new for m in to} - reach
            reach |= new
        if not reach & heard and not marks & schema.computed:
            steps.append((heard, marks))
            kept.append(effect)
    return kept


def _heard(schema: Schema, effect: Effect) -> frozenset[Mark]:
    """Return what sets the effect off: changes of its fields (all: `*`), new or deleted rows."""
    fields = {(effect.entity, name) for name in effect.fields}
    if isinstance(effect.do, Adjust):
        fields |= {(effect.entity, name) for name in effect.do.by.fields}
    if "update" in effect.on and not effect.fields:
        fields |= {(effect.entity, field.name) for field in schema.entity(effect.entity).fields}
    return frozenset(fields | {(effect.entity, "*")})
