"""Rows that were made, brought to what effects would have left: times noted, things lent.

The stock and the effects of the domain come in; rows are changed in place. Next: `settle`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.populate.repeats import Ways
from agentgym.populate.spans import moment
from agentgym.populate.times import day_of
from agentgym.rng import stream
from agentgym.rules import Assign, Effect, Elapsed, In
from agentgym.schema import Entity, Field, Lifecycle
from agentgym.schema.types import Stored, to_stored
from agentgym.tools.derive.effects import cycle_of, reached

__all__ = ["agree"]

Values = dict[str, Stored]


def agree(
    stock: Stock,
    made: Collection[str],
    limits: Mapping[str, Limits],
    effects: Sequence[Effect],
    now: float,
) -> None:
    """Set the times of states that rows are in or have been in, and the states of things lent.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        effects: Of the domain; of other kinds than these two, nothing is to be seen in rows.
        now: The day on which the domain begins, with fractions; no time noted is later.
    """
    for effect in effects:
        match effect:
            case Effect(do=Assign(path=(), value=value), when=In(field=field)) if value.now:
                cycle = cycle_of(stock.schema, stock.schema.entity(effect.entity))
                if effect.entity in made and cycle is not None and cycle.field == field:
                    _note(stock, effect, cycle, limits[effect.entity], now)
            case _:
                pass
    for out, back in _pairs(effects):
        relation = stock.schema.relation(out.path[0])
        if {relation.entity, relation.target} <= set(made):
            _lend(stock, out, back, limits[relation.target])


def _note(stock: Stock, effect: Effect, cycle: Lifecycle, limits: Limits, now: float) -> None:
    """Set the time in rows that are in the state, and empty it in those that never were."""
    assert isinstance(effect.do, Assign)
    assert isinstance(effect.when, In)
    entity, name = stock.schema.entity(effect.entity), effect.do.field
    inside = {str(value) for value in effect.when.values}
    after = frozenset(chain.from_iterable(reached(cycle, state) for state in inside))
    rng = stream(stock.seed, "populate", "noted", entity.name, name)
    ways, above = Ways(stock), [r.name for r in stock.schema.parents(entity.name)]
    for row in stock.rows[entity.name]:
        state = row[cycle.field]
        if state not in after:
            row[name] = None
        elif state in inside and row[name] is None:
            begun = _begun(entity, row)
            for relation in sorted(above) if begun is None else ():
                high = ways.up(row, (relation,))
                target = stock.schema.entity(stock.schema.relation(relation).target)
                day = None if high is None else _begun(target, high)
                begun = max(begun or 0.0, day or 0.0) or None
            if begun is None:
                continue
            for _ in range(4):
                time = _later(entity.field(name), begun, rng.randint(1, 14 * 24), now)
                change = row | {name: time}
                if time and limits.legal(name, time) and limits.broken(change) is None:
                    row[name] = time
                    break


def _begun(entity: Entity, row: Values) -> float | None:
    """Return the day of the first time of a row; None where it has none."""
    times = [f for f in entity.fields if f.type in ("date", "datetime")]
    times = [f for f in times if f.role in ("time", "audit")]
    return min((day for f in times if (day := day_of(row[f.name])) is not None), default=None)


def _later(field: Field, begun: float, hours: int, now: float) -> str | None:
    """Return a time some hours after the row was begun, in the form of the field."""
    day = begun + hours / 24
    if day > now > begun:
        day = begun + (now - begun) * (hours % 24 + 1) / 25
    elif day > now:
        day = now - hours % 24 / 24
    found = moment(day)
    return None if found is None else found[: 10 if field.type == "date" else None]


def _pairs(effects: Sequence[Effect]) -> Iterator[tuple[Assign, Effect]]:
    """Yield what happens to a thing as it is lent, with the effect of giving it back."""
    given = [
        (effect, effect.do)
        for effect in effects
        if isinstance(effect.do, Assign)
        and len(effect.do.path) == 1
        and not effect.do.value.now
        and effect.do.value.given is not None
    ]
    for effect, out in given:
        for other, back in given:
            same = (effect.entity, out.path, out.field) == (other.entity, back.path, back.field)
            if same and "update" not in effect.on and "update" in other.on:
                yield out, other


def _lend(stock: Stock, out: Assign, back: Effect, limits: Limits) -> None:
    """Let exactly the things be out that have an open loan."""
    assert isinstance(back.do, Assign)
    relation = stock.schema.relation(out.path[0])
    target = stock.schema.entity(relation.target)
    field = target.field(out.field)
    away, there = (to_stored(field, one.value.given) for one in (out, back.do))
    lent = {
        tuple(row[name] for name in relation.fields)
        for row in stock.rows[relation.entity]
        if not _over(back, row)
    }
    for row in stock.rows[target.name]:
        open_ = tuple(row[name] for name in relation.target_fields) in lent
        state = away if open_ else there if row[field.name] == away else row[field.name]
        changed = row | {field.name: state}
        if limits.legal(field.name, state) and limits.broken(changed) is None:
            row[field.name] = state


def _over(back: Effect, row: Values) -> bool:
    match back.when:
        case Elapsed(field=field):
            return row[field] is not None
        case In(field=field, values=values):
            return row[field] in values
        case _:
            return False
