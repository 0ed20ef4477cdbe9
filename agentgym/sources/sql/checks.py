"""CHECK constraints: the comparisons in them that a schema can hold. Next: `tables`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

from agentgym.formats import Json
from agentgym.sources.sql.constants import NotConstantError, Reader
from agentgym.sources.tables import Op, RawCheck, RawTable

__all__ = ["add_check", "conditions"]

_OPS: dict[type[exp.Expression], Op] = {
    exp.EQ: "eq",
    exp.NEQ: "ne",
    exp.LT: "lt",
    exp.LTE: "le",
    exp.GT: "gt",
    exp.GTE: "ge",
}
_TURNED: dict[Op, Op] = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class _TooComplicatedError(ValueError):
    """A condition that is no conjunction of comparisons."""


def conditions(node: exp.Expression) -> Iterator[RawCheck | None]:
    """Take a condition apart at its ANDs.

    Args:
        node: The condition.

    Yields:
        A comparison each; None for a part that is more than one. `IS NOT NULL` is `ne` None.
    """
    node = _bare(node)
    if isinstance(node, exp.And):
        yield from conditions(node.this)
        yield from conditions(node.expression)
        return
    try:
        yield from _comparisons(node)
    except (_TooComplicatedError, NotConstantError):
        yield None


def _bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, (exp.Paren, exp.Cast)) or (
        isinstance(node, exp.Collate) and isinstance(node.this, exp.Expression)
    ):
        node = node.this
    return node


def _comparisons(node: exp.Expression) -> list[RawCheck]:
    if isinstance(node, exp.Or):
        return _comparisons(_without_null(node))
    if isinstance(node, exp.Between):
        column = _column(node.this)
        low, high = _value(node.args["low"]), _value(node.args["high"])
        return [
            RawCheck(column=column, op="ge", value=low),
            RawCheck(column=column, op="le", value=high),
        ]
    if isinstance(node, exp.In) and node.expressions:
        values = [_value(item) for item in node.expressions]
        return [RawCheck(column=_column(node.this), op="in", value=values)]
    if isinstance(node, exp.Not) and isinstance(_bare(node.this), exp.Is):
        inner = _bare(node.this)
        if isinstance(inner.expression, exp.Null):
            return [RawCheck(column=_column(inner.this), op="ne")]
    if type(node) in _OPS:
        return [_comparison(node)]
    raise _TooComplicatedError


def _without_null(node: exp.Or) -> exp.Expression:
    """Return the other side of `x IS NULL OR ...`, as NULL passes every check anyway."""
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        inner, rest = _bare(one), _bare(other)
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            name = _column(inner.this)
            if {column.name for column in rest.find_all(exp.Column)} == {name}:
                return rest
    raise _TooComplicatedError


def _comparison(node: exp.Expression) -> RawCheck:
    op, left, right = _OPS[type(node)], node.this, node.expression
    if isinstance(right, exp.Any):
        listed = _value(_bare(right.this))
        if op == "eq" and isinstance(listed, list):
            return RawCheck(column=_column(left), op="in", value=listed)
        raise _TooComplicatedError
    if not isinstance(_bare(left), (exp.Column, exp.Identifier)):
        left, right, op = right, left, _TURNED[op]
    name = _column(left)
    if isinstance(_bare(right), (exp.Column, exp.Identifier)):
        return RawCheck(column=name, op=op, other=_column(right))
    value = _value(right)
    if value is None:
        raise _TooComplicatedError
    return RawCheck(column=name, op=op, value=value)


def _column(node: exp.Expression) -> str:
    inner = _bare(node)
    if isinstance(inner, (exp.Column, exp.Identifier)):
        return inner.name
    raise _TooComplicatedError


def _value(node: exp.Expression) -> Json:
    return Reader(clock=False).value(node)


def add_check(table: RawTable, node: exp.Expression, skipped: Counter[str]) -> None:
    """Write a CHECK into a table: as comparisons, as NOT NULL, or as the values of an enum."""
    for check in conditions(node):
        column = table.column(check.column) if check else None
        other = table.column(check.other) if check and check.other else None
        if check is None or column is None or (check.other is not None and other is None):
            skipped["check that is not a comparison"] += 1
            continue
        if check.op == "ne" and check.value is None and other is None:
            column.nullable = False
            continue
        listed = check.value if check.op == "in" else ()
        if listed and all(isinstance(item, str) for item in listed) and column.kind == "text":
            column.hinted, column.evidence = tuple(listed), ("a check lists the values",)
        table.checks.append(
            RawCheck(
                column=column.name,
                op=check.op,
                value=check.value,
                other=other.name if other else None,
            )
        )
