"""`fill`: a schema and the rows that exist come in, rows for every entity go out.

Nothing depends on the order in which the schema names its entities, nor on anything but
the seed. What was made and does not hold after all is dropped, so that all holds. Next: `privacy`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from agentgym.formats import Json
from agentgym.populate.ages import Dealing
from agentgym.populate.agree import agree
from agentgym.populate.ceilings import drop, lower
from agentgym.populate.circles import attach
from agentgym.populate.given import Given
from agentgym.populate.histories import tell
from agentgym.populate.limits import Limits
from agentgym.populate.obey import Movers, blank, grade, known_only
from agentgym.populate.order import course, sizes
from agentgym.populate.parents import Stock, choose, first_relations, unique_sets
from agentgym.populate.repeats import repeat
from agentgym.populate.rows import Smith, parts
from agentgym.populate.settle import derive, part
from agentgym.populate.spans import clip, stretch
from agentgym.populate.stories import Story, stories
from agentgym.populate.times import END, START, Calendar, born
from agentgym.populate.totals import add_up
from agentgym.rng import stream
from agentgym.rules import Effect, Rule
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import Row, Rows, Stored
from agentgym.sources import Values as Declared

__all__ = ["PRESENT", "fill"]

PRESENT = "2024-12-14T09:00:00Z"
"""When a domain begins of which all rows were made: the morning after the last day of work."""
_AHEAD = 28.0
"""Days after it within which lies what is planned."""

Values = dict[str, Stored]


def fill(
    schema: Schema,
    rows: Rows,
    *,
    seed: int,
    size: int = 60,
    effects: Sequence[Effect] = (),
    rules: Sequence[Rule] = (),
    values: Sequence[Declared] = (),
    partial: Mapping[str, Sequence[Mapping[str, Json]]] | None = None,
    many: Mapping[str, float] | None = None,
) -> dict[str, tuple[Row, ...]]:
    """Make rows for every entity that has none.

    Args:
        schema: With roles; without them the values are right but plain.
        rows: Entity to rows in stored form; kept as they are, and referred to.
        seed: The same seed gives the same rows.
        size: Rows of a principal entity; its children have two or three times as many.
        effects: Of the domain: rows are as these would have left them.
        rules: Of the business: rows are such as these would have let in.
        values: What the source says of the values of fields.
        partial: Rows of which the source says a part; their entities get no others.
        many: Entity to a factor on its number of rows.

    Returns:
        Every entity of the schema to its rows, those made in order of birth. An entity whose
        constraints no row satisfies gets none; where links are used up there are fewer.

    Raises:
        SchemaError: What the source says is not of the schema.
    """
    given = Given(schema, values, partial, many)
    made = [e.name for e in schema.entities if e.name not in rows]
    stock = Stock(schema, seed=seed)
    limits = {name: Limits(schema, schema.entity(name)) for name in made}
    for entity in schema.entities:
        if entity.name in rows:
            names = [field.name for field in entity.fields]
            stock.rows[entity.name] = [
                dict(zip(names, row, strict=True)) for row in rows[entity.name]
            ]
    window = _window(stock)
    _demand(stock, made)
    counts = sizes(schema, {n: len(found) for n, found in rows.items()}, seed=seed, size=size)
    for name, factor in given.many.items():
        if name in counts:
            counts[name] = max(round(counts[name] * factor), 1)
    counts |= {name: len(known) for name, known in given.partial.items() if name in counts}
    known = {
        (name, field) for name, found in given.partial.items() for row in found for field in row
    }
    told = stories(schema, made, limits, values, known)
    only = known_only(schema, values, rules)
    now = math.floor(window[1]) + 1.375
    _make_all(stock, made, limits, _Wanted(counts, window, given, told, only, ahead=not rows))
    repeat(stock, made, limits, values)
    add_up(stock, set(made), limits)
    lower(stock, made, limits)
    _prune(stock, made, limits)
    movers = Movers(stock, told, rules, values, now)
    dealing = Dealing(stock, told, limits, values, now, ahead=not rows)
    for name in [name for name in stock.rows if name in limits]:
        gone = movers.move(name, limits[name])
        if gone:
            drop(stock, name, gone, limits)
        stretch(stock, name, limits[name], values, told, now, loose=False)
        dealing.deal(name)
    part(stock, made, limits, told, now)
    lower(stock, made, limits)
    _prune(stock, made, limits)
    agree(stock, made, limits, effects, now)
    for name in made:
        stretch(stock, name, limits[name], values, told, now, loose=True)
        if not rows:
            clip(stock, name, limits[name], now)
    tell(stock, made, limits, effects, now)
    blank(stock, made, only)
    grade(stock, made, values)
    # What goes changes what follows from it, and what follows may have to go: each turn drops.
    while part(stock, made, limits, told, now) | derive(stock, made):
        agree(stock, made, limits, effects, now)
        blank(stock, made, only)
        _prune(stock, made, limits)
    return {
        entity.name: (
            tuple(map(tuple, rows[entity.name]))
            if entity.name in rows
            else tuple(tuple(row.values()) for row in stock.rows[entity.name])
        )
        for entity in schema.entities
    }


def _window(stock: Stock) -> tuple[float, float]:
    """Find when the rows that exist were made; note their births and places."""
    births: dict[str, list[float]] = {}
    for name, found in stock.rows.items():
        entity = stock.schema.entity(name)
        births[name] = born(Calendar(entity, Limits(stock.schema, entity)), found, -1.0)
        stock.places[name] = [parts(entity, row) for row in found]
    known = sorted(day for days in births.values() for day in days if day >= 0)
    window = (START, END)
    if known:
        start, end = known[len(known) // 100], known[-1 - len(known) // 100]
        window = (start, end + 1) if end - start > 30 else (end - 360, end + 1)
    stock.births = {
        name: [day if day >= 0 else window[0] for day in days] for name, days in births.items()
    }
    return window


def _demand(stock: Stock, made: Sequence[str]) -> None:
    """Note the values that rows which exist refer to in entities that are to be made."""
    for relation in stock.schema.relations:
        if relation.target not in made or relation.entity in made:
            continue
        known = stock.demands.setdefault(relation.target, [])
        for row in stock.rows[relation.entity]:
            values = [row[name] for name in relation.fields]
            wanted = dict(zip(relation.target_fields, values, strict=True))
            if None not in values and wanted not in known:
                known.append(wanted)


class _Wanted:
    """What rows are to be made."""

    def __init__(
        self,
        counts: Mapping[str, int],
        window: tuple[float, float],
        given: Given,
        stories: Mapping[str, Story],
        only: Collection[tuple[str, str]],
        *,
        ahead: bool,
    ) -> None:
        self.counts, self.window, self.given = counts, window, given
        self.stories, self.only, self.ahead = stories, only, ahead


def _make_all(
    stock: Stock,
    made: Sequence[str],
    limits: Mapping[str, Limits],
    wanted: _Wanted,
) -> None:
    """Make all entities in order, then what was put off."""
    schema, given = stock.schema, wanted.given
    counts, window = wanted.counts, wanted.window
    plan = course(schema, [e.name for e in schema.entities if e.name not in made])
    late = [r for r in schema.relations if r.name in plan.later or r.entity == r.target]
    for relation in late:
        if relation.target in made:
            target = schema.entity(relation.target)
            _foresee(stock, target, relation, limits=limits, counts=counts, window=window)
    second: dict[str, tuple[list[Relation], set[str]]] = {}
    for name in plan.entities:
        entity = schema.entity(name)
        now, after = first_relations(schema, entity, plan.later, stock.coming)
        begun = given.beginnings(entity, stock.rows)
        if begun is not None:
            stock.demands[name] = begun
        story = wanted.stories.get(name)
        ahead = story is not None and bool(story.ahead) and wanted.ahead
        roots = choose(
            stock, entity, limits[name], now, counts[name],
            window=window, passing=story is not None, ahead=_AHEAD if ahead else 0.0,
        )  # fmt: skip
        decided = {field for relation in now for field in relation.fields}
        pending = {field for relation in after for field in relation.fields} - decided
        pending -= set(entity.key)
        smith = Smith(
            stock, entity, limits[name],
            count=len(roots), decided=decided, pending=pending, window=window,
            filled=[field for owner, field in wanted.only if owner == name],
        )  # fmt: skip
        for field in smith.free.values():
            made_so = given.maker(entity, field, limits[name], seed=stock.seed)
            if made_so is not None and field.name in smith.makers:
                smith.makers[field.name] = made_so
        known = {field: values for (owner, field), values in stock.coming.items() if owner == name}
        smith.make(roots, {f: v for f, v in known.items() if f in smith.free})
        second[name] = after, {f.name for f in entity.fields} - pending
    for name in plan.entities:
        relations, decided = second[name]
        if relations:
            attach(stock, schema.entity(name), limits[name], relations, decided)
        given.tie(schema.entity(name), stock.rows[name])


def _foresee(
    stock: Stock,
    target: Entity,
    relation: Relation,
    *,
    limits: Mapping[str, Limits],
    counts: Mapping[str, int],
    window: tuple[float, float],
) -> None:
    """Make the keys of an entity before its rows, where a row made earlier needs one."""
    if len(relation.fields) != 1 or (target.name, relation.target_fields[0]) in stock.coming:
        return
    name = relation.target_fields[0]
    referring = {field for r in stock.schema.parents(target.name) for field in r.fields}
    child = stock.schema.entity(relation.entity)
    fixed = {n for r in stock.schema.children(child.name) for n in r.target_fields} | set(child.key)
    if name in referring or not set(relation.fields) & fixed:
        return
    smith = Smith(
        stock, target, limits[target.name],
        count=counts[target.name], decided=referring, pending=(), window=window,
    )  # fmt: skip
    given = [wanted[name] for wanted in stock.demands.get(target.name, []) if name in wanted]
    stock.coming[(target.name, name)] = smith.keys(target.field(name), counts[target.name], given)


def _prune(stock: Stock, made: Sequence[str], limits: Mapping[str, Limits]) -> None:
    """Drop rows that were made and do not hold, until nothing is left to drop."""
    for name in made:
        entity = stock.schema.entity(name)
        needed = [f.name for f in entity.fields if not f.nullable or f.name in entity.key]
        seen: dict[tuple[str, ...], set[tuple[Stored, ...]]] = {}
        stock.rows[name] = [
            row
            for row in stock.rows[name]
            if all(row[field] is not None for field in needed)
            and all(limits[name].legal(field, row[field]) for field in row)
            and limits[name].broken(row) is None
            and _new(stock.schema, entity, row, seen)
        ]
    changed = True
    while changed:
        changed = False
        for relation in stock.schema.relations:
            if relation.entity in made and _drop_dangling(stock, relation, limits[relation.entity]):
                changed = True


def _new(
    schema: Schema,
    entity: Entity,
    row: Values,
    seen: dict[tuple[str, ...], set[tuple[Stored, ...]]],
) -> bool:
    marks = [(s, tuple(row[n] for n in s)) for s in unique_sets(schema, entity)]
    if any(None not in mark and mark in seen.get(s, ()) for s, mark in marks):
        return False
    for fields, mark in marks:
        seen.setdefault(fields, set()).add(mark)
    return True


def _drop_dangling(stock: Stock, relation: Relation, limits: Limits) -> bool:
    """Open, move or drop references to nothing; say whether a row went."""
    entity = stock.schema.entity(relation.entity)
    known = {
        tuple(row[name] for name in relation.target_fields)
        for row in stock.rows.get(relation.target, [])
    }
    targeted = {n for r in stock.schema.children(entity.name) for n in r.target_fields}
    loose = [
        name for name in relation.fields
        if entity.field(name).nullable and name not in entity.key and name not in targeted
    ]  # fmt: skip
    fixed = {name for fields in unique_sets(stock.schema, entity) for name in fields} | targeted
    fixed |= {n for r in stock.schema.parents(entity.name) if r != relation for n in r.fields}
    options = [mark for mark in known if None not in mark]
    options = [] if fixed & set(relation.fields) else sorted(options, key=repr)
    rng = stream(stock.seed, "populate", "again", relation.name)
    kept = []
    for row in stock.rows[entity.name]:
        mark = tuple(row[name] for name in relation.fields)
        if None in mark or mark in known:
            kept.append(row)
        elif loose:
            row[loose[0]] = None
            kept.append(row)
        elif options:
            after = row | dict(zip(relation.fields, rng.choice(options), strict=True))
            if limits.broken(after) is None and all(map(limits.legal, after, after.values())):
                row.update(after)
                kept.append(row)
    went = len(kept) < len(stock.rows[entity.name])
    stock.rows[entity.name] = kept
    return went
