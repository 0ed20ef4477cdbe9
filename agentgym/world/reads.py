"""Terms that give one row or one number: get, find and aggregate.

A term and an image come in, the body of the tool goes out: a function of a world and
what the agent sent. Next: `lists`, `writes`.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Never

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema import Field, Schema
from agentgym.schema.types import Row, Stored, fold, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Filter,
    Find,
    Get,
    Tool,
)
from agentgym.world.arguments import Given, Parameter, Reader, choice, filtered, keys
from agentgym.world.guards import guards
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import Image, World
from agentgym.world.tables import Statement, Table, hidden, render

__all__ = ["Body", "Filters", "aggregate", "allowed", "find", "get", "keyed", "missing"]

Body = Callable[[World, object], Json]
"""What a tool does: world and arguments to the data of the result, or a `Refusal`."""

_CANDIDATES = 5
"""Most rows that an ambiguous find names."""
_NUMBERS = ("integer", "decimal", "float")


def missing(
    table: Table, arguments: Sequence[Argument], given: Given, *, parameter: str | None = None
) -> Never:
    """Refuse, because no row has those values.

    Raises:
        Refusal: Always.
    """
    values = " and ".join(
        f"{one.field} {show(to_wire(table.entity.field(one.field), given[one.param]))}"
        for one in arguments
    )
    refuse(
        "not_found",
        f"No {table.entity.label} has {values}. Check the value, or look for the row first.",
        parameter=parameter or arguments[0].param,
    )


def keyed(table: Table, arguments: Sequence[Argument]) -> Callable[[Given], tuple[Stored, ...]]:
    """Return the function that reads the key, in the order of the entity's key.

    Raises:
        DomainError: The arguments are not the fields of the key.
    """
    params = {one.field: one.param for one in arguments}
    if set(params) != set(table.entity.key) or len(arguments) != len(params):
        raise DomainError(
            f"the key of {table.entity.name}: {', '.join(table.entity.key)}",
            found=", ".join(one.field for one in arguments) or "nothing",
        )
    order = tuple(params[name] for name in table.entity.key)
    if len(order) == 1:
        name = order[0]
        return lambda given: (given[name],)
    return lambda given: tuple([given[name] for name in order])


def get(tool: Tool, term: Get, image: Image) -> Body:
    """Compile `Get`."""
    table = image.tables[term.entity]
    read = Reader(tool.name, keys(term.key, term.entity, image.domain.schema))
    key, sql, build = keyed(table, term.key), table.select_shown, table.to_object
    allow = allowed(tool, table, term.key, image)
    if allow is not None:
        return _guarded(table, term, read, key, allow)

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        row = world.execute(sql, key(given)).fetchone()
        if row is None:
            missing(table, term.key, given)
        return build(row)

    return body


def allowed(
    tool: Tool, table: Table, named: Sequence[Argument], image: Image
) -> Callable[[World, Row, Given], None] | None:
    """Return what asks the rules on reading a row before it is shown; None where there are none."""
    parameters = {one.field: one.param for one in named}
    checks = guards(tool, "read", image, parameters, table.entity.name)
    if not checks:
        return None

    def allow(world: World, row: Row, given: Given) -> None:
        for check in checks:
            check(world, row, row, given)

    return allow


def _guarded(
    table: Table,
    term: Get,
    read: Reader,
    key: Callable[[Given], tuple[Stored, ...]],
    allow: Callable[[World, Row, Given], None],
) -> Body:
    sql, build = table.select, table.whole_to_object

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        row: Row | None = world.execute(sql, key(given)).fetchone()
        if row is None:
            missing(table, term.key, given)
        allow(world, row, given)
        return build(row)

    return body


def find(tool: Tool, term: Find, image: Image) -> Body:
    """Compile `Find`."""
    table = image.tables[term.entity]
    filters = Filters(
        [
            Filter(param=one.param, field=one.field, op="eq", description=one.description)
            for one in term.by
        ],
        table,
    )
    read = Reader(tool.name, keys(term.by, term.entity, image.domain.schema))
    shown = len(table.shown)
    params = tuple(one.param for one in term.by)
    allow, whole = allowed(tool, table, term.by, image), table.select
    columns = [*table.columns(table.shown), *(table.sql.c[n] for n in table.entity.key)]
    where = filters.where(params)
    sql, names = render(sa.select(*columns).where(*where).order_by(*table.key_order()))
    sql += f" LIMIT {_CANDIDATES + 1}"
    counting, _ = render(sa.select(sa.func.count()).select_from(table.sql).where(*where))

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        values = filters.values(names, given)
        rows = world.execute(sql, values).fetchall()
        if not rows:
            missing(table, term.by, given)
        if len(rows) > 1:
            total = world.execute(counting, values).fetchone()[0]
            _ambiguous(table, [row[max(shown, 1) :] for row in rows], total, params[0])
        if allow is not None:
            row = world.execute(whole, rows[0][max(shown, 1) :]).fetchone()
            allow(world, row, given)
        return table.to_object(rows[0][:shown])

    return body


def _ambiguous(table: Table, found: Sequence[Row], total: int, parameter: str) -> Never:
    entity = table.entity
    fields = [entity.field(name) for name in entity.key]
    clause = ""
    if not any(hidden(field) for field in fields):
        shown = [
            ", ".join(show(to_wire(f, v)) for f, v in zip(fields, row, strict=True))
            for row in found[:_CANDIDATES]
        ]
        more = f" and {total - len(shown)} more" if total > len(shown) else ""
        clause = f" ({', '.join(entity.key)}: {'; '.join(shown)}{more})"
    refuse(
        "ambiguous",
        f"{total} {entity.plural} match{clause}. Use the key of the one that is meant.",
        parameter=parameter,
    )


class Filters:
    """The optional conditions of one tool."""

    def __init__(self, filters: Sequence[Filter], table: Table) -> None:
        self.parameters: list[Parameter] = []
        self._conditions: dict[str, sa.ColumnElement[bool]] = {}
        self._folded: set[str] = set()
        for one in filters:
            field = table.entity.field(one.field)
            text = field.type == "text"
            if hidden(field) or (one.op == "contains" and field.type not in ("text", "enum")):
                raise DomainError(
                    "a field that can be searched so",
                    found=f"{one.op} of {one.field} ({field.type})",
                    where=f"filter {one.param}",
                )
            self.parameters.append(filtered(one, field))
            column = table.sql.c[one.field]
            bound: sa.BindParameter[Any] = sa.bindparam(f"0f{one.param}")
            folded = sa.func.fold(column)
            if one.op == "contains":
                condition = sa.func.instr(folded, bound) > sa.literal_column("0")
            elif one.op == "eq":
                condition = (folded if text else column) == bound
            else:
                condition = column.op({"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[one.op])(bound)
            if one.op == "contains" or (one.op == "eq" and text):
                self._folded.add(f"0f{one.param}")
            self._conditions[one.param] = condition
        self.names = tuple(self._conditions)

    def where(self, used: Sequence[str]) -> list[sa.ColumnElement[bool]]:
        """Return the conditions of the parameters that are used."""
        return [self._conditions[name] for name in used]

    def used(self, given: Given) -> tuple[str, ...]:
        """Name the parameters of filters that were sent, in the order of the term."""
        return tuple([name for name in self.names if name in given])

    def values(self, names: Sequence[str], given: Given) -> tuple[Stored, ...]:
        """Return what the statement binds to its parameters of these names."""
        return tuple(
            [
                fold(str(given[name[2:]])) if name in self._folded else given[name[2:]]
                for name in names
            ]
        )


def aggregate(tool: str, term: Aggregate, image: Image) -> Body:
    """Compile `Aggregate`."""
    table = image.tables[term.entity]
    filters = Filters(term.filters, table)
    parameters: list[Parameter] = []
    if len(term.functions) > 1:
        parameters.append(Parameter("function", choice(term.functions), required=True))
    if term.fields:
        parameters.append(Parameter("field", choice(term.fields)))
    read = Reader(tool, [*parameters, *filters.parameters])
    _check_fields(term, image.domain.schema)
    statements: dict[tuple[str, str | None, tuple[str, ...]], Statement] = {}

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        function, name = str(given.get("function", term.functions[0])), given.get("field")
        field = None if name is None else table.entity.field(str(name))
        _check_function(function, field, term)
        slot = (function, None if field is None else field.name, filters.used(given))
        if slot not in statements:
            statements[slot] = _summary(table, filters, *slot)
        sql, names = statements[slot]
        values = filters.values(names, given)
        try:
            found = world.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "overflow" not in str(error):
                raise
            sql, names = _summary(table, filters, "each", slot[1], slot[2])
            found = world.execute(sql, values).fetchall()
        return _result(function, field, found)

    return body


def _check_fields(term: Aggregate, schema: Schema) -> None:
    entity = schema.entity(term.entity)
    for name in term.fields:
        field = entity.field(name)
        if hidden(field) or field.type == "json":
            raise DomainError(
                "a field that can be computed of", found=repr(name), where=entity.name
            )


def _check_function(function: str, field: Field | None, term: Aggregate) -> None:
    if field is None:
        if function != "count":
            refuse(
                "bad_arguments",
                f"{function} needs field: expected one of {', '.join(term.fields) or 'none'}, "
                "found nothing.",
                parameter="field",
            )
    elif function in ("sum", "avg") and field.type not in _NUMBERS:
        refuse(
            "bad_arguments",
            f"{function} needs a field of numbers; {field.name} holds values of type "
            f"{field.type}. Use min, max or count, or another field.",
            parameter="field",
        )


def _summary(
    table: Table, filters: Filters, function: str, name: str | None, used: Sequence[str]
) -> Statement:
    """Select (rows, values that are not NULL, value), or each value where SQL is not exact."""
    where = filters.where(used)
    columns: list[Any] = [sa.func.count()]
    if name is not None:
        column = table.sql.c[name]
        numeric = function in ("sum", "avg")
        if function == "each" or (numeric and table.entity.field(name).type == "float"):
            return render(sa.select(column).where(*where))
        columns.append(sa.func.count(column))
        if function != "count":
            columns.append(getattr(sa.func, "sum" if numeric else function)(column))
    return render(sa.select(*columns).select_from(table.sql).where(*where))


def _result(function: str, field: Field | None, found: list[Row]) -> Json:
    if field is None:
        return {"value": found[0][0], "rows": found[0][0]}
    if len(found) != 1 or len(found[0]) == 1:
        values: list[Any] = [row[0] for row in found if row[0] is not None]
        total: Any = None
        if values:
            total = math.fsum(values) if field.type == "float" else sum(values)
        rows, count = len(found), len(values)
    else:
        rows, count, *rest = found[0]  # type: ignore[assignment]
        total = rest[0] if rest else None
    if function == "count":
        return {"value": count, "rows": rows}
    if function == "avg" and total is not None:
        return {"value": average(total, count, field), "rows": rows}
    if function == "sum":
        _check_size(total, field)
    return {"value": to_wire(field, total), "rows": rows}


def _check_size(total: int | float | None, field: Field) -> None:
    too_large = total is not None and (
        not math.isfinite(total) if field.type == "float" else not -(2**63) <= total < 2**63
    )
    if too_large:
        refuse(
            "limit_exceeded",
            f"The sum of {field.name} does not fit 64 bits. Filter to fewer rows.",
            parameter="field",
        )


def average(total: int | float, count: int, field: Field) -> Decimal | float:
    """Divide, rounding half up to two digits more than the field has (4 for floats)."""
    if field.type == "float":
        mean = total / count
        if abs(mean) >= 2**53:
            return mean
        return float(Decimal(mean).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)) + 0.0
    number = int(total)
    digits = (2 * abs(number) * 100 + count) // (2 * count)
    return Decimal(-digits if number < 0 else digits).scaleb(-(field.scale + 2))
