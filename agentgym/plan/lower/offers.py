"""Offers: the calls that could show the rows of a select, and how many pages each would take.

What is known of the rows and the tools come in; calls go out, cheapest first. How many pages a
list has is reckoned over the rows, as the tool would filter and sort them. Next: `looking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from agentgym.plan.lower.records import Known, Offer, Pool
from agentgym.plan.nodes import Pick
from agentgym.plan.remedies import Operand
from agentgym.plan.tables import Tables
from agentgym.plan.tables.bits import spread
from agentgym.schema import Entity
from agentgym.tools.algebra import (
    Filter,
    Find,
    Get,
    ListRelated,
    Search,
    Tool,
)

__all__ = ["MOST_PAGES", "Until", "choice", "cost", "fills", "offers"]

MOST_PAGES = 40
"""Most pages of one list that a run turns."""

Until = Literal["all", "first", "last"]
"""How long pages are turned: to the end, to the first row that fits, or until all have been seen
that fit."""

_WIDER = {"lt": "le", "gt": "ge"}
"""Filters that leave a little more than the clue."""


def choice(value: Any) -> Operand:
    """Return an argument that is the agent's own."""
    return Operand(value=value, origin="choice")


def offers(
    tables: Tables,
    tools: Sequence[Tool],
    known: Known,
    *,
    pick: Pick | None = None,
    broad: bool = False,
) -> Iterator[Offer]:
    """Yield the calls that could show the rows of an entity.

    Args:
        tables: The rows.
        tools: Those that give rows of the entity.
        known: What is known of it.
        pick: Lists that are sorted so; any order if None.
        broad: Lists without filters only.
    """
    every = {*known.equal, *known.loose, *(f for f, _, _ in known.compared)}
    every |= {field for field, _ in known.parts}
    if pick is None and not broad:
        for one_row in (Get, Find):
            for tool in tools:
                if not isinstance(tool.term, one_row):
                    continue
                by = tool.term.key if isinstance(tool.term, Get) else tool.term.by
                if all(one.field in known.equal for one in by):
                    told = {one.field for one in by}
                    arguments = {one.param: known.equal[one.field] for one in by}
                    checks = (every - told) | known.loose
                    yield Offer(tool, arguments, True, frozenset(checks))
    for kind in (ListRelated, Search):
        for tool in tools:
            if isinstance(tool.term, kind):
                offer = _list(tables, tool, known, pick, broad=broad)
                if offer is not None:
                    yield offer


def _list(
    tables: Tables, tool: Tool, known: Known, pick: Pick | None, *, broad: bool
) -> Offer | None:
    term = tool.term
    assert isinstance(term, Search | ListRelated)
    arguments: dict[str, Operand] = {}
    covered: set[str] = set()
    if isinstance(term, ListRelated):
        relation = tables.schema.relation(term.relation)
        if term.through is not None:
            return None
        pairs = dict(zip(relation.target_fields, relation.fields, strict=True))
        for argument in term.key:
            mine = pairs.get(argument.field)
            if mine is None or mine not in known.equal:
                return None
            arguments[argument.param] = known.equal[mine]
            covered.add(mine)
        if set(relation.fields) - covered:
            return None
    rest = Known(
        {f: one for f, one in known.equal.items() if f not in covered},
        known.compared,
        known.parts,
        known.loose,
    )
    filled, checks = fills(() if broad else term.filters, rest)
    arguments |= filled
    if pick is not None:
        order = term.order
        if pick.field in term.sorts:
            arguments["sort_by"] = choice(pick.field)
            if pick.largest:
                arguments["descending"] = choice(True)
        elif order is None or order.field != pick.field or order.descending != pick.largest:
            return None
        checks |= {pick.field}
    return Offer(tool, arguments, False, frozenset(checks))


def fills(filters: Sequence[Filter], known: Known) -> tuple[dict[str, Operand], set[str]]:
    """Fill filters with what is known.

    A value is put between bounds where no filter takes the value; a filter that leaves more than
    the clue narrows the list all the same.

    Returns:
        Parameters with their arguments, and the fields whose clues the arguments do not hold.
    """
    params: dict[tuple[str, str], str] = {(one.field, one.op): one.param for one in filters}
    arguments: dict[str, Operand] = {}
    checks = set(known.loose)

    def put(field: str, op: str, operand: Operand) -> bool:
        param = params.get((field, op))
        if param is None or param in arguments:
            return False
        arguments[param] = operand
        return True

    for field, operand in known.equal.items():
        if put(field, "eq", operand):
            continue
        if (field, "ge") in params and (field, "le") in params:
            put(field, "ge", operand)
            put(field, "le", operand)
            continue
        if str(operand.value).strip():
            put(field, "contains", operand)
        checks.add(field)
    for field, op, operand in known.compared:
        if not put(field, op, operand):
            put(field, _WIDER.get(op, op), operand)
            checks.add(field)
    for field, operand in known.parts:
        if not put(field, "contains", operand):
            checks.add(field)
    return arguments, checks


def cost(tables: Tables, entity: Entity, offer: Offer, pool: Pool, until: Until) -> int | None:
    """Reckon how many calls an offer takes; None where it does not lead to the rows."""
    bits = _given(tables, entity, offer)
    if offer.exact:
        lost = pool.bits and not pool.bits & bits if until == "first" else pool.bits & ~bits
        return None if lost or bits.bit_count() > 1 else 1
    if pool.bits & ~bits:
        return None
    term = offer.tool.term
    assert isinstance(term, Search | ListRelated)
    pages = max(1, -(-bits.bit_count() // term.page_size))
    if pages > 1 and until != "all" and pool.bits:
        order = _sorted(tables, entity, offer, bits)
        fitting = [n for n, place in enumerate(order) if pool.bits >> place & 1]
        pages = (fitting[0] if until == "first" else fitting[-1]) // term.page_size + 1
    return pages if pages <= MOST_PAGES else None


def _given(tables: Tables, entity: Entity, offer: Offer) -> int:
    """Return the rows that the arguments leave."""
    bits = tables.all_bits(entity.name)
    term = offer.tool.term
    uses: list[tuple[str, str, str]] = []
    match term:
        case Get():
            uses = [(one.param, one.field, "eq") for one in term.key]
        case Find():
            uses = [(one.param, one.field, "eq") for one in term.by]
        case Search():
            uses = [(one.param, one.field, one.op) for one in term.filters]
        case ListRelated():
            relation = tables.schema.relation(term.relation)
            pairs = dict(zip(relation.target_fields, relation.fields, strict=True))
            uses = [(one.param, pairs[one.field], "eq") for one in term.key]
            uses += [(one.param, one.field, one.op) for one in term.filters]
    for param, field, op in uses:
        if param in offer.arguments:
            bits &= tables.bits(entity.name, field, op, None, offer.arguments[param].value)  # type: ignore[arg-type]
    return bits


def _sorted(tables: Tables, entity: Entity, offer: Offer, bits: int) -> list[int]:
    """Return the positions of rows in the order of the list: empty values last, ties by key."""
    term = offer.tool.term
    assert isinstance(term, Search | ListRelated)
    rows: Sequence[Any] = tables.rows(entity.name)
    places = [entity.position(name) for name in entity.key]
    order = sorted(spread(bits), key=lambda n: tuple(rows[n][place] for place in places))
    field, descending = None, False
    if "sort_by" in offer.arguments:
        field, descending = offer.arguments["sort_by"].value, "descending" in offer.arguments
    elif term.order is not None:
        field, descending = term.order.field, term.order.descending
    if field is None:
        return order
    place = entity.position(field)
    filled = [n for n in order if rows[n][place] is not None]
    filled.sort(key=lambda n: rows[n][place], reverse=descending)
    return [*filled, *(n for n in order if rows[n][place] is None)]
