"""One operation of an API, as it is described: what it takes, what it gives, what it is about.

All references are resolved and bounded, so that an operation can be kept and compared without
the description that it comes from. What several operations share (the fields of a `Pet`) is one
object in memory. Next: `sources.openapi.draft_of`, which makes a domain of some of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agentgym.formats import Json, Record

__all__ = ["Operation", "Operations", "Parameter", "Place", "Shape", "ShapeType"]

ShapeType = Literal["string", "integer", "number", "boolean", "object", "array", "any"]

Place = Literal["path", "query", "body"]
"""Where a parameter is sent; the arguments of a tool count as body."""


class Shape(Record, kw_only=True):
    """What a value is like: a JSON Schema, resolved, merged and cut to a few levels."""

    name: str = ""
    """Of the property or parameter, as the description spells it; empty for others."""
    type: ShapeType = "any"
    format: str = ""
    """As the description says it, in lower case: `date-time`, `uuid`, `int64`, `password`."""
    component: str = ""
    """Name of the component that describes it: `Pet`; empty for what is described in place."""
    description: str = ""
    """One line of plain text."""
    required: bool = False
    nullable: bool = False
    read_only: bool = False
    write_only: bool = False
    values: tuple[str, ...] = ()
    """The legal values of a string."""
    least: Json = None
    """Smallest and largest number, both included."""
    most: Json = None
    step: Json = None
    """Numbers are multiples of it."""
    longest: int | None = None
    """Characters of a string at most."""
    examples: tuple[Json, ...] = ()
    """Values that the description shows."""
    default: Json = None
    fields: tuple[Shape, ...] = ()
    """Properties of an object, in their order."""
    items: Shape | None = None
    """What an array holds."""

    @property
    def scalar(self) -> bool:
        """Whether it is one value, and no object or list."""
        return self.type not in ("object", "array")

    def field(self, name: str) -> Shape | None:
        """Return the property of that name; None where there is none."""
        return next((one for one in self.fields if one.name == name), None)


class Parameter(Record, kw_only=True):
    """One thing that an operation takes."""

    name: str
    place: Place
    required: bool = False
    shape: Shape


class Operation(Record, kw_only=True):
    """One operation of one API."""

    api: str
    """Which API: its provider, and its service where there are several (`amazonaws.com:ec2`)."""
    name: str
    """ASCII identifier in snake_case, unique in its API."""
    source: str = ""
    """The name as the description has it; empty where it has none."""
    description: str = ""
    """One line of plain text."""
    method: str = ""
    """`get`, `post`, `put`, `patch` or `delete`; empty for a tool."""
    path: str = ""
    """With parameters in braces; empty for a tool."""
    resource: str = ""
    """What it is about, as far as its name and path tell: `pet`; empty where they do not."""
    writes: bool = False
    """Whether it changes anything, as far as its method and name tell."""
    takes: tuple[Parameter, ...] = ()
    """Without headers, cookies and credentials."""
    gives: Shape | None = None
    """One of the things that it gives, out of its envelope; None where it gives none."""
    many: bool = False
    """Whether it gives a list of them."""

    def response_fields(self, depth: int = 2) -> Iterator[tuple[str, Shape]]:
        """Yield the fields of what it gives: a dotted path and a shape, objects opened.

        Args:
            depth: Levels of objects that are opened.
        """
        yield from _fields(self.gives, "", depth)


def _fields(shape: Shape | None, path: str, depth: int) -> Iterator[tuple[str, Shape]]:
    if shape is None or not depth:
        return
    for one in shape.fields:
        here = f"{path}{one.name}"
        yield here, one
        inner = one.items if one.type == "array" else one
        yield from _fields(inner, f"{here}.", depth - 1)


class Operations(Record, kw_only=True):
    """The operations of one description."""

    api: str
    title: str = ""
    description: str = ""
    kind: Literal["openapi", "tools"]
    dialect: str = ""
    """`OpenAPI 3.0.1`, `Swagger 2.0`, `MCP`, `OpenAI`."""
    sha256: str = ""
    operations: tuple[Operation, ...]
    skipped: dict[str, int] = {}
    """What was left out, by kind, with counts."""
    notes: tuple[str, ...] = ()
