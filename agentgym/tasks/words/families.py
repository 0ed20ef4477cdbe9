"""Which family of tasks some acts belong to, by their shape. Next: `plans`."""

from __future__ import annotations

from agentgym.plan import Family
from agentgym.tasks.words.meaning import (
    Act,
    Change,
    Chosen,
    Figure,
    Fork,
    Get,
    Row,
    Told,
    Work,
    acts_in,
)

__all__ = ["family"]


def family(acts: tuple[Act, ...]) -> Family:
    """Derive the family from the shape of what is asked.

    Anything that depends on a check is `conditional`; two writes or more are `multi_write`, one,
    of one row, is `update`. Without a write, a choice makes `planning`, values of all rows
    `set_valued`, a number over rows `aggregate`, one over values alone `no_tool_needed`; a row
    among others or a number over rows' values makes `compare`, ties or a pick `multi_hop`, and
    all else is `lookup`.
    """
    if any(isinstance(act, Fork) for act in acts):
        return "conditional"
    changes = [act for act in acts if isinstance(act, Change)]
    if changes:
        return "multi_write" if len(changes) > 1 or changes[0].each else "update"
    gets = [act for act in acts_in(acts) if isinstance(act, Get)]
    if any(isinstance(get.of, Chosen) for get in gets):
        return "planning"
    if any(get.many for get in gets):
        return "set_valued"
    works = [get.of for get in gets if isinstance(get.of, Work)]
    if works and all(isinstance(term, Told) for work in works for term in work.of):
        return "no_tool_needed"
    if works or any(isinstance(get.of, Row) and get.of.among for get in gets):
        return "compare"
    if any(isinstance(get.of, Figure) for get in gets):
        return "aggregate"
    linked = any(isinstance(g.of, Row) and (g.of.ties or g.of.pick) for g in gets)
    return "multi_hop" if linked else "lookup"
