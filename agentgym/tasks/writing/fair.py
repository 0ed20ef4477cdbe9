"""Fair: every row matters and no answer is given away, as far as can be seen cheaply.

A plan and the rows come in; out comes whether another row in the place of any that leads on would
lead elsewhere, and whether no answer stands among the facts. `prove` decides. Next: `bench`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.plan import Emit, Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.schema.types import Row
from agentgym.tasks.reading.answers import leaked
from agentgym.tasks.writing.plans import crowds, rests_on

__all__ = ["fair"]

_TRIED = 24
"""Rows that are tried in the place of one."""


def fair(plan: Plan, tables: Tables) -> bool:
    """Tell whether each row that leads to another matters, and no answer is told."""
    return all(_matters(plan, tables, name, ends) for name, ends in _bridges(plan)) and not any(
        leaked(value, plan.facts)
        for node in plan.nodes
        if isinstance(node, Emit) and isinstance(plan.node(node.node), Select) and not node.many
        for value in tables.value(plan, node)
        if value is not None
    )


def _bridges(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    """Yield the selects of one row that lead on, with the ends that rest on them."""
    ends: dict[str, None] = {}
    for node in plan.nodes:
        match node:
            case Emit():
                ends[node.node] = None
            case Write():
                if node.target is not None:
                    ends[node.target] = None
                ends |= dict.fromkeys(one.node for one in node.settings if one.node is not None)
            case _:
                pass
    resting = {end: rests_on(plan, end) - {end} for end in ends}
    several = crowds(plan)
    for node in plan.nodes:
        if isinstance(node, Select) and node.id not in several:
            above = [end for end, under in resting.items() if node.id in under]
            if above:
                yield node.id, above


def _matters(plan: Plan, tables: Tables, name: str, ends: Sequence[str]) -> bool:
    """Tell whether another row in the place of one would lead to another end."""
    node = plan.node(name)
    assert isinstance(node, Select)
    rows = tables.rows(node.entity)
    step = max(1, len(rows) // _TRIED)
    here = {end: _found(plan, tables, end, None) for end in ends}
    for row in rows[::step]:
        for end in ends:
            there = _found(plan, tables, end, (name, row))
            if there and there != here[end]:
                return True
    return False


def _found(plan: Plan, tables: Tables, end: str, taken: tuple[str, Row] | None) -> Sequence[object]:
    """Return the rows of a select, or the values of a number, with a row in a select's place."""
    assumed = None if taken is None else {taken[0]: (taken[1],)}
    node = plan.node(end)
    if isinstance(node, Select):
        return tables.extent(plan, end, assumed)
    return tables.value(plan, Emit(id="", node=end), assumed)
