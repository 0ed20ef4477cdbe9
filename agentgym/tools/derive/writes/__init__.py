"""The tools that write, entity by entity, and those that do several things at once.

A `Desk` and the rules come in, terms with their guards go out. `settable` says what may be set,
`rows` makes the tools of one row, `nested` those of a row with its lines, `links`, `transfers`
and `sequences` those of several rows. Next: `tools.views`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.rules import Rule
from agentgym.schema import Entity
from agentgym.tools.algebra import Create, Tool
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.writes.links import ends_of, link, unlink
from agentgym.tools.derive.writes.nested import create_with_children
from agentgym.tools.derive.writes.rows import create, delete, transitions, update
from agentgym.tools.derive.writes.sequences import sequences
from agentgym.tools.derive.writes.transfers import transfers

__all__ = ["sequences", "writes"]


def writes(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tools that change rows of the entity; none where it only grows or is fixed.

    Rows of a link entity are made and removed by what they join; where that may not tell one
    row from another, they are removed by their key.
    """
    if not entity.writable or entity.kind == "log":
        return
    ends = ends_of(desk, entity)
    made = create(desk, entity, rules) if ends is None else link(desk, entity, ends, rules)
    if made is not None:
        yield made
    if made is not None and isinstance(made.term, Create):
        whole = create_with_children(desk, entity, made, rules)
        if whole is not None:
            yield whole
    keyed = entity.name in desk.gets
    if keyed:
        yield from update(desk, entity, rules)
        yield from transitions(desk, entity, rules)
    if ends is not None and ends.sure:
        yield unlink(desk, entity, ends, rules)
    elif keyed:
        yield delete(desk, entity, rules)
    if keyed:
        yield from transfers(desk, entity, rules)
