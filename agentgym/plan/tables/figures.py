"""Figures: aggregates over rows, numbers worked out of others, and how values compare.

Wire values come in and go out, exact: no binary fraction is ever added up. Next: `tables`.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from agentgym.formats import Json
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, fold, to_wire

__all__ = ["aggregate", "compared", "compute", "equal"]

_WIDE = Context(prec=700)
"""Enough digits for a sum of any floats."""

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_NUMBERS = (int, float, Decimal)
_DAY = dt.timedelta(days=1)


def aggregate(entity: Entity, function: str, field: str | None, rows: Sequence[Row]) -> Json:
    """Compute one number over rows, as the `Aggregate` term does.

    Args:
        entity: What the rows are of.
        function: `count`, `sum`, `avg`, `min` or `max`.
        field: The field it is of; None counts rows.
        rows: The rows.

    Returns:
        The wire value; None over no values (0 for `count`).
    """
    if field is None:
        return len(rows)
    kind, place = entity.field(field), entity.position(field)
    values = [row[place] for row in rows if row[place] is not None]
    if function == "count":
        return len(values)
    if not values:
        return None
    if function in ("min", "max"):
        return to_wire(kind, (max if function == "max" else min)(values))  # type: ignore[type-var]
    with localcontext(_WIDE):
        return _total(function, kind, [Decimal(str(to_wire(kind, value))) for value in values])


def _total(function: str, kind: Field, exact: Sequence[Decimal]) -> Json:
    total = sum(exact, Decimal(0))
    if function == "sum":
        return (
            float(total)
            if kind.type == "float"
            else int(total)
            if kind.type == "integer"
            else total
        )
    if kind.type == "float" and abs(total) >= len(exact) * 2**53:
        return float(total / len(exact))
    digits = 4 if kind.type == "float" else kind.scale + 2
    return (total / len(exact)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def compute(function: str, values: Sequence[Json]) -> Json:
    """Work a number out of others.

    `sum` and `difference` are exact, with as many decimals as the operand that has most;
    `product` is exact, with the decimals of all of them; `share` is rounded half up to 2 decimals;
    `days` is an integer, the whole days that lie between two times (a date is its midnight, UTC).
    `difference` and `days` are never negative. A float counts as the decimal that it is written
    as. Integers give an integer, except in `share`.

    Args:
        function: As of `plan.Computed`.
        values: Wire values, in order.

    Returns:
        The number; None where an operand is empty or of the wrong kind, or for a share of 0.
    """
    if function == "days":
        moments = [_moment(value) for value in values]
        one, other = moments[0], moments[1]
        return None if one is None or other is None else abs(one - other) // _DAY
    if any(isinstance(value, bool) or not isinstance(value, _NUMBERS) for value in values):
        return None
    whole = all(isinstance(value, int) for value in values)
    with localcontext(_WIDE):
        exact = [Decimal(str(value)) for value in values]
        match function:
            case "sum":
                number = sum(exact[1:], exact[0])
            case "difference":
                number = abs(exact[0] - exact[1])
            case "product":
                number = exact[0]
                for factor in exact[1:]:
                    number *= factor
            case _:
                if not exact[1]:
                    return None
                part = exact[0] / exact[1] * 100
                return part.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        return int(number) if whole else number


def _moment(value: Json) -> dt.datetime | None:
    if not isinstance(value, str) or len(value) not in (10, 20) or value[4] != "-":
        return None
    try:
        return dt.datetime.fromisoformat(value if len(value) > 10 else f"{value}T00:00:00Z")
    except ValueError:
        return None


def compared(left: Json, op: str, right: Json) -> bool:
    """Tell whether two wire values compare so; an empty one compares with nothing.

    Numbers compare by value, texts whatever their case where it is asked whether they are equal, a
    date with a time as its midnight, UTC.
    """
    if left is None or right is None:
        return False
    if op in ("eq", "ne"):
        if isinstance(left, str) and isinstance(right, str):
            moments = _moment(left), _moment(right)
            left, right = (fold(left), fold(right)) if None in moments else moments
        return equal(left, right) == (op == "eq")
    numbers = [isinstance(one, _NUMBERS) and not isinstance(one, bool) for one in (left, right)]
    if all(numbers):
        return _OPS[op](Decimal(str(left)), Decimal(str(right)))
    if any(numbers):
        return False
    moments = _moment(left), _moment(right)
    return _OPS[op](*moments) if None not in moments else _OPS[op](str(left), str(right))


def equal(one: Json, other: Json) -> bool:
    """Compare wire values, numbers by value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)
