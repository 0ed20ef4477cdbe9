"""Where a predicate is compiled: for rows of which entity, for which kind of write, in which tool.

Next: `measures`, `paths`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from agentgym.errors import DomainError, nearest
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row
from agentgym.tools.algebra import Tool
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.arguments import Given
from agentgym.world.rows import Image, World

__all__ = ["Kind", "Setting", "Test", "behind"]

Kind = Literal["create", "update", "delete", "read"]
"""What happens to the row. It is given as it is and as it will be; for `delete` and `read`, twice
as it is."""

Test = Callable[[World, Row | None, Row, Given], bool | None]
"""(world, row before or None, row after, arguments) to true, false or unknown."""


class Setting(NamedTuple):
    """What a predicate is compiled for."""

    entity: Entity
    image: Image
    kind: Kind = "update"
    tool: Tool | None = None
    """Whose arguments `Param` and `Calls` speak of; None where no tool stands behind a write."""

    @property
    def schema(self) -> Schema:
        """The schema of the domain."""
        return self.image.domain.schema


def behind(tool: Tool, param: str, schema: Schema, *, where: str) -> Field | None:
    """Return the field that a parameter stands for; None for one like `page`.

    Raises:
        DomainError: The tool has no such parameter, or it holds a list.
    """
    kinds: dict[str, Any] = parameters(tool, schema)["properties"]
    if param not in kinds:
        raise DomainError(
            f"a parameter of {tool.name}",
            found=repr(param),
            where=where,
            hint=nearest(param, kinds),
        )
    bound = bindings(tool.term, schema).get(param)
    if bound is not None:
        return schema.entity(bound[0]).field(bound[1])
    if kinds[param].get("type") == "array":
        raise DomainError(
            "a parameter with one value", found=f"{param}, which holds a list", where=where
        )
    return None
