"""Values to try for one parameter of a tool.

A tool, one of its parameters and the rows come in; wire values go out, those of rows that are
there first. Next: `staging`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.schema.types import to_wire
from agentgym.testing.honesty.staging import made
from agentgym.testing.standing import Known
from agentgym.tools.algebra import Path, Tool
from agentgym.tools.parameters import bindings, parameters

__all__ = ["candidates"]

_EIGHT = 8
"""Rows of an entity whose values are tried."""


def candidates(
    domain: Domain, tool: Tool, place: str, base: dict[str, Json], rows: Known
) -> Iterator[Json]:
    """Yield values for a parameter; None stands for leaving it out.

    Args:
        domain: The domain under test.
        tool: Whose parameter.
        place: Its name; `items[].name` inside the items of a list.
        base: The other arguments; the value that it has there is tried too.
        rows: The present rows.
    """
    schema = domain.schema
    outer, _, inner = place.partition("[].")
    face = parameters(tool, schema)
    if inner:
        face = face["properties"][outer]["items"]
        listed = base.get(outer)
        base = listed[0] if listed else {}
    name = inner or outer
    kind = face["properties"][name]
    if name not in face["required"]:
        yield None
    if name in base:
        yield base[name]
    if "enum" in kind:
        yield from (value for value in kind["enum"] if value is not None)
        return
    if isinstance(tool.term, Path) and name.endswith("_key"):
        entity = schema.entity(
            str(base.get(name.replace("_key", "_entity"), tool.term.entities[0]))
        )
        yield from (row[entity.position(entity.key[0])] for row in rows(entity.name)[:_EIGHT])
        yield "zz"
        return
    use = bindings(tool.term, schema).get(place)
    if use is None:
        yield from {"boolean": (False, True), "integer": (1, 2, 3)}.get(kind.get("type"), ())
        return
    entity = schema.entity(use[0])
    field, at = entity.field(use[1]), entity.position(use[1])
    for relation in schema.parents(entity.name):
        if use[1] in relation.fields:
            target = schema.entity(relation.target)
            there = target.position(relation.target_fields[relation.fields.index(use[1])])
            for row in rows(target.name)[:_EIGHT]:
                yield to_wire(target.fields[there], row[there])
    present = rows(entity.name)
    for row in present[:: max(1, len(present) // _EIGHT)]:
        if row[at] is not None:
            yield to_wire(field, row[at])
    for number in range(3):
        yield to_wire(field, made(domain, entity, number)[at])
    more: dict[str, tuple[Json, ...]] = {
        "text": ("zz", "yy"),
        "integer": (1, 2, -1, 10**9),
        "decimal": (1, 2, -1, 10**9),
        "float": (0.5, 1.5),
    }
    yield from more.get(field.type, ())
