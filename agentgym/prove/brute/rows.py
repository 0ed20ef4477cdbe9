"""Which rows a plan's selects can be, and what its ends come to, by trying every row.

Written from the definitions of the plan's records alone, and slow on purpose. Next: `calls`.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Link,
    Plan,
    Refuse,
    Select,
    Test,
    Value,
    Where,
    Write,
)
from agentgym.plan.tables import aggregate
from agentgym.schema import Field, Schema
from agentgym.schema.types import Row, Rows, Stored, fold, to_stored, to_wire

__all__ = ["Found", "extents", "holds", "keeps", "values", "wanted"]

Found = Mapping[str, set[Row]]
"""Select to the rows that it can be."""


def extents(
    plan: Plan, schema: Schema, rows: Rows, assumed: Mapping[str, Row | None] | None = None
) -> dict[str, set[Row]]:
    """Enumerate all assignments of rows to selects that satisfy every clue.

    Picks are applied afterwards, select by select, as the plan orders them.

    Args:
        plan: The plan.
        schema: What the rows are of.
        rows: Entity to rows.
        assumed: Selects that are taken to be a row, whatever their clues say; None for no row.

    Returns:
        Select to the rows that it has in some assignment of what it rests on.
    """
    found: dict[str, set[Row]] = {}
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        if assumed and node.id in assumed:
            row = assumed[node.id]
            found[node.id] = set() if row is None else {row}
            continue
        fits = {row for row in rows.get(node.entity, ()) if _fits(plan, schema, node, row, found)}
        if node.pick is not None:
            place = schema.entity(node.entity).position(node.pick.field)
            values = [row[place] for row in fits if row[place] is not None]
            best = (max if node.pick.largest else min)(values) if values else None  # type: ignore[type-var]
            fits = {row for row in fits if values and row[place] == best}
        found[node.id] = fits
    return found


def _fits(plan: Plan, schema: Schema, node: Select, row: Row, found: Found) -> bool:
    entity = schema.entity(node.entity)
    if node.me:
        for fact in plan.who():
            mine = Where(field=fact.field, fact=fact.id)
            place = entity.position(fact.field)
            if not _compares(entity.field(fact.field), row[place], mine, fact.value):
                return False
    for where in node.where:
        value = row[entity.position(where.field)]
        if not _compares(entity.field(where.field), value, where, plan.fact(where.fact).value):
            return False
    for link in node.links:
        tied = any(_joined(schema, link, row, other) for other in found[link.node])
        if tied == link.absent:
            return False
    return not node.among or any(row in found[name] for name in node.among)


def _joined(schema: Schema, link: Link, row: Row, other: Row) -> bool:
    relation = schema.relation(link.relation)
    child, parent = schema.entity(relation.entity), schema.entity(relation.target)
    below, above = (row, other) if link.forward else (other, row)
    return all(
        below[child.position(mine)] is not None
        and below[child.position(mine)] == above[parent.position(theirs)]
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True)
    )


def _compares(field: Field, value: Stored, where: Where, told: Json) -> bool:
    """Tell whether a stored value compares with what is told."""
    if value is None or told is None:
        return False
    if where.of == "remainder":
        unit = Decimal(str(told))
        return unit != 0 and Decimal(str(to_wire(field, value))) % unit == 0
    other: Stored
    if where.of is not None:
        measure = _measure(where.of, str(value))
        if measure is None:
            return False
        value = measure
        other = told if isinstance(told, int) else str(told).upper()
    else:
        other = to_stored(field, told)
        texts = isinstance(value, str) and isinstance(other, str)
        if texts and where.op in ("eq", "ne", "contains"):
            value, other = fold(str(value)), fold(str(other))
    if where.op == "contains":
        return str(other) in str(value)
    order = (value > other) - (value < other)  # type: ignore[operator]
    legal = {"eq": (0,), "ne": (-1, 1), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}
    return order in legal[where.op]


def _measure(name: str, text: str) -> int | str | None:
    letters = [letter for letter in text if letter.isalpha()]
    match name:
        case "year":
            return int(text[:4])
        case "month":
            return int(text[5:7])
        case "decade":
            return int(text[:3] + "0")
        case "initial":
            return letters[0].upper() if letters else None
        case "ending":
            return letters[-1].upper() if letters else None
        case "letters":
            return len(letters)
        case "words":
            return len(text.split())
        case _:
            return sum(int(letter) for letter in text if letter.isdigit())


# what is asked


def holds(plan: Plan, schema: Schema, test: Test, found: Found) -> set[bool]:
    """Return the answers that a test could have."""
    if test.op == "exists":
        return {bool(found[str(test.left.node)])}
    assert test.right is not None
    left, right = (_worth(plan, schema, one, found) for one in (test.left, test.right))
    return {_test(one, test.op, other) for one in left for other in right} or {False}


def _test(left: Json, op: str, right: Json) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        if op in ("eq", "ne"):
            left, right = left.casefold(), right.casefold()
        left, right = _moment(left), _moment(right)
    elif not isinstance(left, str | bool) and not isinstance(right, str | bool):
        left, right = Decimal(str(left)), Decimal(str(right))
    order = (left > right) - (left < right)
    legal = {"eq": (0,), "ne": (-1, 1), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}
    return order in legal[op]


def _moment(text: str) -> str:
    return (
        f"{text}t00:00:00z"
        if len(text) == 10 and text[4:5] == text[7:8] == "-"
        else text.casefold()
    )


def wanted(plan: Plan, schema: Schema, found: Found) -> list[set[str]]:
    """Return the acts that could be wanted: a set for each way in which the tests turn out."""
    guards = [node for node in plan.nodes if isinstance(node, Guard)]
    refused = {node.act for node in plan.nodes if isinstance(node, Refuse)}
    acts = {n.id for n in plan.nodes if isinstance(n, Emit | Write)} - refused
    ways = []
    for turns in itertools.product(*(sorted(holds(plan, schema, g.test, found)) for g in guards)):
        off = [g.otherwise if held else g.then for g, held in zip(guards, turns, strict=True)]
        ways.append(acts - {name for names in off for name in names})
    return ways


def values(plan: Plan, schema: Schema, found: Found) -> Iterator[list[str]]:
    """Yield the values that each answer could have, empty where there are none.

    Of a set, the whole of it is one value; of what is chosen, nothing is said.
    """
    for end in plan.nodes:
        if not isinstance(end, Emit):
            continue
        node = plan.node(end.node)
        if isinstance(node, Choose):
            yield [""]
        elif end.many:
            assert isinstance(node, Select)
            place = schema.entity(node.entity).position(str(end.field))
            members = sorted({str(row[place]) for row in found[node.id] if row[place] is not None})
            yield [" | ".join(members)] if members else []
        else:
            worth = _worth(plan, schema, Value(node=end.node, field=end.field), found)
            none = (None, 0) if isinstance(node, Aggregated) else (None,)
            yield sorted({str(value) for value in worth if value not in none})


def _worth(plan: Plan, schema: Schema, value: Value, found: Found) -> list[Json]:
    """Return the wire values that a value could have."""
    if value.fact is not None:
        return [plan.fact(value.fact).value]
    node = plan.node(str(value.node))
    match node:
        case Aggregated():
            select = plan.node(node.of)
            assert isinstance(select, Select)
            rows = sorted(found[node.of], key=str)
            return [aggregate(schema.entity(select.entity), node.function, node.field, rows)]
        case Computed():
            parts = [_worth(plan, schema, one, found) for one in node.of]
            return [_number(node.function, list(one)) for one in itertools.product(*parts)]
        case Select():
            entity = schema.entity(node.entity)
            field, place = entity.field(str(value.field)), entity.position(str(value.field))
            return [to_wire(field, row[place]) for row in found[node.id]]
    raise TypeError(node)


def _number(function: str, operands: list[Json]) -> Json:
    if any(value is None or isinstance(value, bool) for value in operands):
        return None
    if function == "days":
        one, other = (dt.datetime.fromisoformat(_midnight(str(value))) for value in operands)
        return abs(one - other) // dt.timedelta(days=1)
    exact = [Decimal(str(value)) for value in operands]
    match function:
        case "sum":
            total = sum(exact[1:], exact[0])
        case "difference":
            total = max(exact) - min(exact)
        case "product":
            total = exact[0]
            for factor in exact[1:]:
                total *= factor
        case _:
            if not exact[1]:
                return None
            return (exact[0] * 100 / exact[1]).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return int(total) if all(isinstance(value, int) for value in operands) else total


def _midnight(text: str) -> str:
    return text if len(text) > 10 else f"{text}T00:00:00Z"


def keeps(plan: Plan, schema: Schema, node: Choose, rows: set[Row]) -> bool:
    """Tell whether some of these rows can be chosen within the limits."""
    select = plan.node(node.of)
    assert isinstance(select, Select)
    entity = schema.entity(select.entity)
    for chosen in itertools.combinations(sorted(rows, key=str), node.count):
        for limit in node.limits:
            field, place = entity.field(limit.field), entity.position(limit.field)
            held = [to_wire(field, row[place]) for row in chosen]
            if None in held:
                break
            if limit.kind == "distinct":
                if len({str(value).casefold() for value in held}) < node.count:
                    break
                continue
            total = sum((Decimal(str(value)) for value in held), Decimal(0))
            bound = Decimal(str(plan.fact(str(limit.fact)).value))
            if not (total <= bound if limit.op == "le" else total >= bound):
                break
        else:
            return True
    return False
