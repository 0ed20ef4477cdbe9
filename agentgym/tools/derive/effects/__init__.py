"""Effects found by names, types and rows: what else happens when a row is written.

A schema with roles and derived fields and its rows come in, effects go out. Each is what a
person at the desk would expect; where two readings are possible there is none. In order:
`ground`, `stock`, `times`, `history`, `availability`, here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from agentgym.rules import Add, Adjust, Effect
from agentgym.schema import Schema
from agentgym.schema.discover import needs
from agentgym.schema.types import Rows
from agentgym.tools.derive.effects.availability import lendings
from agentgym.tools.derive.effects.ground import Ground
from agentgym.tools.derive.effects.history import histories
from agentgym.tools.derive.effects.stock import amounts
from agentgym.tools.derive.effects.times import cycle_of, noted_times, reached

__all__ = ["cycle_of", "find_effects", "reached", "written"]

Mark = tuple[str, str]


def find_effects(schema: Schema, rows: Rows) -> tuple[Effect, ...]:
    """Find what happens besides when rows are written.

    Args:
        schema: With roles, life cycles and derived fields.
        rows: Entity to rows in stored form; what is absent will be made, and names decide.

    Returns:
        Effects with ids of their own. None writes a derived field or a key, and no chain of
        effects and derived fields leads back to where it began.
    """
    ground = Ground(schema, rows)
    found = chain(noted_times(ground), amounts(ground), lendings(ground), histories(ground))
    return tuple(_acyclic(schema, _told_apart(found)))


def _told_apart(found: Iterator[Effect]) -> Iterator[Effect]:
    seen: set[str] = set()
    for effect in found:
        name, number = effect.id, 2
        while name in seen:
            name, number = f"{effect.id}_{number}", number + 1
        seen.add(name)
        yield effect if name == effect.id else msgspec.structs.replace(effect, id=name)


def written(schema: Schema, effect: Effect) -> frozenset[Mark]:
    """Return the (entity, field) pairs that the effect writes; `*` is a whole new row."""
    at = effect.entity if effect.each is None else schema.relation(effect.each).entity
    if isinstance(effect.do, Add):
        return frozenset({(effect.do.entity, "*")})
    for name in effect.do.path:
        at = schema.relation(name).target
    return frozenset({(at, effect.do.field)})


def _heard(effect: Effect) -> frozenset[Mark]:
    """Return what sets the effect off: changes of fields (all: `*`), new or deleted rows."""
    fields = {(effect.entity, name) for name in effect.fields} or {(effect.entity, "*")}
    if isinstance(effect.do, Adjust) and effect.each is None:
        fields |= {(effect.entity, name) for name in effect.do.by.fields}
    return frozenset(fields | {(effect.entity, "*")})


def _acyclic(schema: Schema, found: Iterator[Effect]) -> Iterator[Effect]:
    """Yield the effects that no chain of effects and derived fields leads back to."""
    steps: list[tuple[frozenset[Mark], frozenset[Mark]]] = []
    for one in schema.derived:
        child = one.entity if one.relation is None else schema.relation(one.relation).entity
        steps.append((needs(schema, one) | {(child, "*")}, frozenset({(one.entity, one.field)})))
    for effect in found:
        heard, marks = _heard(effect), written(schema, effect)
        reach, new = set(marks), set(marks)
        while new:
            new = {m for on, to in steps if on & new for m in to} - reach
            reach |= new
        if not reach & heard and not marks & schema.computed:
            steps.append((heard, marks))
            yield effect
