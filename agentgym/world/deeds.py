"""What a tool that writes does, in the parts that a call and a sequence put together.

A deed reads its arguments, acts through the door, and shows what it wrote as it finally is.
`body` makes it one transaction: any refusal, and any other exception, leaves rows, counters
and session as they were. Next: `writes`, `creates`, `links`, `transfers`, `sequences`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from agentgym.formats import Json
from agentgym.schema.types import Row
from agentgym.tools.algebra import Tool
from agentgym.world.arguments import Given, Reader
from agentgym.world.door import Doors
from agentgym.world.guards import Guard, Kind, guards, invariants, noted
from agentgym.world.reads import Body
from agentgym.world.refusals import Refusal
from agentgym.world.rows import World
from agentgym.world.tables import Table

__all__ = ["Deed", "body", "checks", "latest"]


class Deed(NamedTuple):
    """One term that writes, compiled."""

    read: Reader
    act: Callable[[World, Given, Given], Any]
    """(world, values of its parameters, arguments of the call) to what it wrote; the arguments
    are what rules of the tool speak of."""
    show: Callable[[World, Any], Json]
    """What it wrote to the data of the result, when nothing was written since by a tool."""
    final: Callable[[World, Any], Json]
    """The same when more was written since."""
    table: Table | None = None
    """The table of the row that it gives, where it gives one."""
    row: Callable[[Any], Row] | None = None
    """What it wrote to that row."""


def body(tool: Tool, deed: Deed, doors: Doors) -> Body:
    """Return the body of a tool: one deed, all or nothing."""
    read, act, show, _, _, _ = deed
    note = noted(tool, doors.image)

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        world.begin()
        try:
            try:
                data = show(world, act(world, given, given))
                if note is not None:
                    note(world, given)
            except Refusal:
                world.undo()
                raise
        except Refusal:
            raise
        except BaseException:
            world.mend()
            raise
        return data

    return body


def checks(
    tool: Tool,
    kind: Kind,
    entity: str,
    doors: Doors,
    parameters: dict[str, str],
    named: Collection[str] | None = None,
) -> list[Guard]:
    """Compile what a row that a tool itself writes must satisfy: its own rules, then invariants.

    Args:
        tool: Whose rules they are.
        kind: What it does to the row.
        entity: Whose row it is.
        doors: Of the image.
        parameters: Field to the parameter that sets it.
        named: Ids of the rules that are meant; all when None.
    """
    image = doors.image
    return [
        *guards(tool, kind, image, parameters, entity, named),
        *invariants(entity, kind, image, parameters, named),
    ]


def latest(table: Table) -> Callable[[World, Row], Row]:
    """Return what gives a row as it is now; as it was last known where it is no longer there."""
    name, key_of = table.entity.name, table.key_of
    return lambda world, row: world.get(name, key_of(row)) or row
