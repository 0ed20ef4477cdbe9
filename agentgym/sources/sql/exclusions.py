"""Partial unique indexes and exclusion constraints: what may be there once at a time.

Trees come in; raw exclusives go out where a schema can hold them. Next: `ddl`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from agentgym.sources.sql.checks import conditions
from agentgym.sources.tables import RawCheck, RawExclusive, RawTable

__all__ = ["add_exclusion", "add_partial"]

_RANGES = frozenset({"tsrange", "tstzrange", "daterange"})
_HALF_OPEN = "[)"


def add_partial(table: RawTable, columns: Sequence[str], where: exp.Expression) -> bool:
    """Write a unique index over some rows into its table; say whether that was possible."""
    tests = _tests(table, where)
    if not columns or tests is None:
        return False
    # NULLs exclude nothing anyway.
    kept = [c for c in tests if not (c.op == "ne" and c.value is None and c.column in columns)]
    if any(check.value is None for check in kept):
        return False
    if kept:
        table.exclusives.append(RawExclusive(same=tuple(columns), where=tuple(kept)))
    else:
        table.add_unique(columns)
    return True


def add_exclusion(table: RawTable, node: exp.Expression) -> bool:
    """Write an EXCLUDE constraint into its table; say whether that was possible.

    Known are equal columns beside one half-open range of times: `room WITH =,
    tsrange(starts, ends) WITH &&`.
    """
    parameters = node.this
    if not isinstance(parameters, exp.IndexParameters):
        return False
    same: list[str] = []
    span: tuple[str, str] | None = None
    for item in parameters.args.get("columns") or ():
        if not isinstance(item, exp.WithOperator):
            return False
        inner = item.this.this if isinstance(item.this, exp.Ordered) else item.this
        op = (
            item.args["op"].name if isinstance(item.args["op"], exp.Expression) else item.args["op"]
        )
        if str(op) == "=":
            name = _column(table, inner)
            if name is None:
                return False
            same.append(name)
        elif str(op) == "&&" and span is None:
            span = _range(table, inner)
            if span is None:
                return False
        else:
            return False
    where = parameters.args.get("where")
    tests = _tests(table, where) if where is not None else []
    if not same or tests is None or any(check.value is None for check in tests):
        return False
    table.exclusives.append(RawExclusive(same=tuple(same), where=tuple(tests), span=span))
    return True


def _range(table: RawTable, node: exp.Expression) -> tuple[str, str] | None:
    if not isinstance(node, exp.Anonymous) or str(node.this).casefold() not in _RANGES:
        return None
    first, second, *bounds = [_bare(item) for item in node.expressions] or [None, None]
    if any(not isinstance(b, exp.Literal) or b.name != _HALF_OPEN for b in bounds):
        return None
    start, end = _column(table, first), _column(table, second)
    return (start, end) if start and end else None


def _column(table: RawTable, node: exp.Expression | None) -> str | None:
    inner = _bare(node)
    if not isinstance(inner, (exp.Column, exp.Identifier)):
        return None
    column = table.column(inner.name)
    return column.name if column else None


def _bare(node: exp.Expression | None) -> exp.Expression | None:
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    return node


def _tests(table: RawTable, where: exp.Expression) -> list[RawCheck] | None:
    """Return the comparisons of a condition, all of one column with constants; else None."""
    inner = where.this if isinstance(where, exp.Where) else where
    found = []
    for check in conditions(inner):
        column = table.column(check.column) if check is not None else None
        if check is None or column is None or check.other or check.op not in ("eq", "ne", "in"):
            return None
        found.append(RawCheck(column=column.name, op=check.op, value=check.value))
    return found
