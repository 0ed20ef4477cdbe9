"""Checks of plans that read, cheap ones: what `prove` will look at again with all it has.

A plan and the rows come in; out comes whether one row is told where one is meant, whether answers
are open when a row is masked or a clue left out, and nothing told that is asked. Next: `figures`,
`several`, and the operators.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.formats import Json, to_text
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Plan,
    Refuse,
    Select,
    Write,
)
from agentgym.plan.tables import Tables
from agentgym.schema.types import Row
from agentgym.tasks.reading.answers import leaked

__all__ = ["crowds", "lean", "open_", "rows_of", "selects", "sound", "upstream"]

_TRIED = 400
"""Rows that stand for a masked one, one at a time."""


def selects(plan: Plan) -> list[Select]:
    """Return the selects of a plan."""
    return [node for node in plan.nodes if isinstance(node, Select)]


def crowds(plan: Plan) -> set[str]:
    """Name the selects that may have several rows, or none."""
    found: set[str] = set()
    for node in plan.nodes:
        match node:
            case Aggregated() | Choose():
                found.add(node.of)
            case Emit(many=True):
                found.add(node.node)
            case Write(each=True, target=str(target)):
                found.add(target)
            case Select():
                found |= {link.node for link in node.links if link.absent}
            case Refuse(because="no_row", node=str(name)):
                found.add(name)
            case Guard() if node.test.op == "exists":
                found.add(str(node.test.left.node))
            case _:
                pass
    return found


def rows_of(plan: Plan, tables: Tables) -> dict[str, Row] | None:
    """Return the row of every select of one row; None where some select has not one row."""
    found = {}
    several = crowds(plan)
    for node in selects(plan):
        if node.id not in several:
            rows = tables.extent(plan, node.id)
            if len(rows) != 1:
                return None
            found[node.id] = rows[0]
    return found


def upstream(plan: Plan, name: str) -> set[str]:
    """Name the selects on which a node rests, itself included if it is one."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        node = plan.node(waiting.pop())
        match node:
            case Select() if node.id not in found:
                found.add(node.id)
                waiting += [link.node for link in node.links if not link.absent]
                waiting += node.among
            case Aggregated() | Choose():
                waiting.append(node.of)
            case Computed():
                waiting += [value.node for value in node.of if value.node is not None]
            case _:
                pass
    return found


def open_(plan: Plan, tables: Tables, names: Sequence[str]) -> bool:
    """Tell whether answers stay open when a row, one of some selects', is masked."""
    for emit in plan.nodes:
        if not isinstance(emit, Emit):
            continue
        behind = upstream(plan, emit.node)
        for name in sorted(behind & set(names) - {emit.node}):
            node = plan.node(name)
            assert isinstance(node, Select)
            rows = tables.rows(node.entity)
            if isinstance(plan.node(emit.node), Select):
                whole = tables.value(plan, emit, {name: rows})
                if len(set(map(str, whole))) < 2:
                    return False
                if _plain(plan, behind):
                    continue
            step = max(1, len(rows) // _TRIED)
            seen: set[str] = set()
            for row in rows[::step]:
                values = tables.value(plan, emit, {name: (row,)})
                seen |= {str(value) for value in values if value is not None}
                if len(seen) > 1:
                    break
            if len(seen) < 2:
                return False
    return True


def _plain(plan: Plan, names: set[str]) -> bool:
    """Tell whether what many rows lead to is what each of them leads to, taken together."""
    nodes = [node for node in selects(plan) if node.id in names]
    left = [link.node for node in nodes for link in node.links if not link.absent]
    return len(set(left)) == len(left) and not any(n.pick or n.among for n in nodes)


def sound(plan: Plan, tables: Tables) -> bool:
    """Tell whether every select of one row has one, and no answer is told."""
    if rows_of(plan, tables) is None:
        return False
    for emit in plan.nodes:
        if isinstance(emit, Emit) and isinstance(plan.node(emit.node), Select):
            values = tables.value(plan, emit)
            if not values or None in values or any(leaked(v, plan.facts) for v in values):
                return False
    return True


def lean(plan: Plan, tables: Tables) -> bool:
    """Tell whether every clue and every row makes a difference to what is asked.

    No clue can be left out, and no row of several be any of its entity, so that all answers stay
    what they are.
    """
    truth = _outcomes(plan, tables)
    several = crowds(plan)
    ends = {node.node for node in plan.nodes if isinstance(node, Emit)}
    for node in selects(plan):
        if node.id not in several | ends:
            rows = {node.id: tables.rows(node.entity)}
            if _outcomes(plan, tables, rows) == truth:
                return False
        for where in node.where:
            fewer = replace(node, where=tuple(one for one in node.where if one is not where))
            nodes = tuple(fewer if one is node else one for one in plan.nodes)
            if _outcomes(replace(plan, nodes=nodes), tables) == truth:
                return False
    return True


def _outcomes(
    plan: Plan, tables: Tables, assumed: dict[str, Sequence[Row]] | None = None
) -> list[list[str]]:
    values: list[list[Json]] = [
        tables.value(plan, node, assumed)
        for node in plan.nodes
        if isinstance(node, Emit) and not isinstance(plan.node(node.node), Choose)
    ]
    return [sorted(to_text(value) for value in one) for one in values]
