"""Times that are noted when a state is reached: `paid_at` when the status becomes paid.

Next: `history`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.rules import Assign, Effect, In, Value
from agentgym.schema import Entity, Field, Lifecycle, Schema
from agentgym.tools.derive.effects.ground import Ground, plain, words

__all__ = ["cycle_of", "noted_times", "reached"]

_ENOUGH = 20
_NOUNS = {
    "cancelled": ("canceled", "cancellation"),
    "canceled": ("cancelled", "cancellation"),
    "completed": ("completion",),
    "approved": ("approval",),
    "resolved": ("resolution",),
    "closed": ("closing", "closure"),
    "terminated": ("termination",),
    "discharged": ("discharge",),
}
_ENDED = frozenset("closed completed done resolved finished ended".split())
"""States that a time called `closed at` or `ended at` may be of."""
_PLANNED = frozenset(
    """due planned expected estimated scheduled required promised deadline target start starts
    until valid requested""".split()
)


def noted_times(ground: Ground) -> Iterator[Effect]:
    """Find the times that say since when a row has been in a state."""
    for entity in ground.schema.entities:
        cycle = cycle_of(ground.schema, entity)
        if cycle is None:
            continue
        taken: set[str] = set()
        for state in cycle.moves:
            if state in cycle.initial:
                continue
            found = [f for f in _open(ground, entity) if _of(f, state, cycle)]
            if len(found) == 1 and found[0].name not in taken:
                said = _agrees(ground, entity, cycle, state, found[0])
                if said:
                    taken.add(found[0].name)
                    yield _noted(entity, cycle, state, found[0], said)


def cycle_of(schema: Schema, entity: Entity) -> Lifecycle | None:
    """Return how the entity's one status changes; where nothing is known, from each to none."""
    found = [
        f
        for f in entity.fields
        if f.type == "enum" and (f.role == "status" or words(f) & {"status", "state"})
    ]
    names = {f.name for f in found}
    cycles = [c for c in schema.lifecycles if c.entity == entity.name and c.field in names]
    if cycles or len(found) != 1:
        return cycles[0] if len(cycles) == 1 else None
    status = found[0]
    values = status.values or ()
    first = status.default if status.default in values else values[0]
    return Lifecycle(
        entity=entity.name,
        field=status.name,
        initial=(str(first),),
        moves=dict.fromkeys(values, ()),
    )


def _open(ground: Ground, entity: Entity) -> list[Field]:
    """Return the times that may be empty and that no check puts before another."""
    early = set()
    for check in ground.schema.checks:
        if check.entity == entity.name and check.other is not None:
            early |= {check.field} if check.op in ("lt", "le", "eq", "ne") else {check.other}
    spans = {
        name
        for one in ground.schema.exclusives
        if one.entity == entity.name
        for name in one.span or ()
    }
    return [
        f
        for f in entity.fields
        if f.type in ("date", "datetime")
        and f.nullable
        and f.name not in early | spans
        and ground.settable(entity, f)
        and not words(f) & _PLANNED
    ]


def _of(field: Field, state: str, cycle: Lifecycle) -> bool:
    said, name = words(field), plain(state)
    if name in said or set(_NOUNS.get(name, ())) & said:
        return True
    others = {plain(other) for other in cycle.moves}
    ended = not cycle.moves[state] and name in _ENDED and bool(said & _ENDED)
    return ended and not said & others and len(_ENDED & others) == 1


def reached(cycle: Lifecycle, state: str) -> frozenset[str]:
    """Return the states in which a row may have been in this one before, itself among them."""
    found, new = {state}, {state}
    while new:
        new = {after for one in new for after in cycle.moves.get(one, ())} - found
        found |= new
    return frozenset(found)


def _agrees(ground: Ground, entity: Entity, cycle: Lifecycle, state: str, field: Field) -> str:
    """Return the evidence; nothing where rows contradict, or are too few to tell."""
    if not ground.columns.size(entity.name):
        return f"by name: when it became {state}"
    states = ground.columns(entity.name, cycle.field)
    times = ground.columns(entity.name, field.name)
    after = reached(cycle, state)
    inside = [time is not None for s, time in zip(states, times, strict=True) if s == state]
    outside = [time is not None for s, time in zip(states, times, strict=True) if s not in after]
    enough = len(states) >= _ENOUGH and len(inside) >= 3
    if not enough or not all(inside) or any(outside):
        return ""
    return f"set in all {len(inside)} rows that are {state}, in none that cannot have been"


def _noted(entity: Entity, cycle: Lifecycle, state: str, field: Field, said: str) -> Effect:
    return Effect(
        id=f"{entity.name}_{field.name}_noted",
        entity=entity.name,
        on=("update",),
        fields=(cycle.field,),
        when=In(field=cycle.field, values=(state,)),
        do=Assign(field=field.name, value=Value(now=True)),
        evidence=(said,),
    )
