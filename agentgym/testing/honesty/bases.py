"""Arguments around which a parameter is varied: those of some row, and of the rows beside it.

A tool and rows come in; sets of arguments go out that have a good chance to succeed. Next:
`agentgym.testing.hostile`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.testing.honesty.staging import alone, made, wanted
from agentgym.testing.honesty.values import candidates
from agentgym.testing.standing import Known
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    Link,
    ListRelated,
    Nested,
    Path,
    Search,
    Sequence,
    Side,
    Term,
    Tool,
    Transfer,
    Update,
    subject,
)
from agentgym.tools.parameters import bindings, parameters

__all__ = ["bases", "company", "items", "put"]

_SAMPLED = 40
"""Rows of an entity that are tried."""
_TARGETS = 500
"""Rows that are looked at for the other end of a transfer."""
_OTHERS = 6
"""Other rows tried for a second parameter that stands for the same field."""


def bases(domain: Domain, tool: Tool, rows: Known) -> Iterator[dict[str, Json]]:
    """Yield sets of arguments that fit some row of the entity that a tool works on.

    Args:
        domain: The domain under test.
        tool: What is called.
        rows: Where values are taken from.
    """
    if isinstance(tool.term, Path):
        yield from _ways(domain.schema, tool.term, rows)
        return
    owner = _owner(domain.schema, tool.term)
    if isinstance(tool.term, Transfer):
        yield from _transfers(domain.schema, tool.term, rows)
    sampled = _sampled(domain.schema, tool.term, owner, rows)
    for row in sampled:
        yield from _filled(domain, tool, _near(domain.schema, owner, row, rows), rows)
    if not sampled:
        yield from _filled(domain, tool, {}, rows)


def _ways(schema: Schema, term: Path, rows: Known) -> Iterator[dict[str, Json]]:
    """Yield the ends of ways of two steps, over a row that two others refer to."""
    for name in term.relations:
        relation = schema.relation(name)
        entity = schema.entity(relation.entity)
        key, at = entity.position(entity.key[0]), entity.position(relation.fields[0])
        children: dict[Stored, list[Row]] = {}
        for row in rows(entity.name):
            children.setdefault(row[at], []).append(row)
        for parent, found in list(children.items())[:_SAMPLED]:
            if parent is not None and len(found) > 1:
                yield {
                    "from_entity": entity.name,
                    "from_key": found[0][key],
                    "to_entity": entity.name,
                    "to_key": found[1][key],
                }
    for first, second in term.joints:
        one, other = schema.relation(first), schema.relation(second)
        entity = schema.entity(one.entity)
        for row in rows(entity.name)[:_SAMPLED]:
            yield {
                "from_entity": one.target,
                "from_key": row[entity.position(one.fields[0])],
                "to_entity": other.target,
                "to_key": row[entity.position(other.fields[0])],
            }


def _owner(schema: Schema, term: Term) -> str:
    uses = bindings(term, schema)
    owners = {entity for entity, _, use in uses.values() if use in ("key", "by")}
    found = min(owners) if owners else subject(term, schema)
    assert found is not None
    return found


def _filled(
    domain: Domain, tool: Tool, near: Mapping[str, Row], rows: Known
) -> Iterator[dict[str, Json]]:
    """Yield the arguments that the rows give, the required ones completed."""
    schema, term = domain.schema, tool.term
    face = parameters(tool, schema)
    whole = isinstance(term, (Create, Link, Sequence))
    base: dict[str, Json] = {}
    taken: set[tuple[str, str]] = set()
    doubled: list[str] = []
    for param, (name, field, use) in bindings(term, schema).items():
        if "[]" in param:
            continue
        if (name, field) in taken and use in ("key", "by", "end"):
            doubled.append(param)
            continue
        taken.add((name, field))
        fits = use in ("key", "by", "end") or param in face["required"] or whole
        if use not in ("amount", "to") and fits and name in near:
            entity = schema.entity(name)
            value = to_wire(entity.field(field), near[name][entity.position(field)])
            if value is not None:
                base[param] = value
    for nested in getattr(term, "nested", ()):
        base[nested.param] = items(domain, nested, near.get(subject(term, schema) or ""), rows)[
            : max(1, nested.least)
        ]
    for param in face["required"]:
        if param not in base and param not in doubled:
            values = candidates(domain, tool, param, {}, rows)
            base[param] = next((value for value in values if value is not None), None)
    if not doubled:
        yield base
        return
    for number in range(_OTHERS):
        more: dict[str, Json] = {}
        for param in doubled:
            known = [v for v in candidates(domain, tool, param, {}, rows) if v is not None]
            others = [v for v in known if v not in base.values()] or known
            more[param] = others[number % len(others)] if others else None
        yield base | more


def _transfers(schema: Schema, term: Transfer, rows: Known) -> Iterator[dict[str, Json]]:
    """Yield the keys of two rows between which something can be moved, most to be moved first.

    Of the rows to which it can be moved, one that refers to the same comes first: rules may let
    only an owner move what is theirs, to what is theirs.
    """
    giver, taker = schema.entity(term.source.entity), schema.entity(term.target.entity)
    held, place = giver.position(term.source.field), taker.position(term.target.field)
    shared = {one.param for one in term.source.key} & {one.param for one in term.target.key}

    def keyed(side: Side, entity: Entity, row: Row) -> dict[str, Json]:
        return {
            one.param: to_wire(entity.field(one.field), row[entity.position(one.field)])
            for one in side.key
        }

    whose = [giver.position(name) for one in schema.parents(giver.name) for name in one.fields]
    filled: list[Any] = [row for row in rows(giver.name) if row[held] is not None]
    for source in sorted(filled, key=lambda row: -row[held])[:_SAMPLED]:
        mine = keyed(term.source, giver, source)
        found: list[tuple[bool, dict[str, Json]]] = []
        for target in rows(taker.name)[:_TARGETS]:
            theirs = keyed(term.target, taker, target)
            alike = all(mine[name] == theirs[name] for name in shared) and all(
                source[giver.position(a)] == target[taker.position(b)] for a, b in term.same
            )
            if alike and (giver, source) != (taker, target) and target[place] is not None:
                own = giver is taker and any(source[p] == target[p] is not None for p in whose)
                if own not in (one for one, _ in found):
                    found.append((own, mine | theirs | {term.amount.param: 1}))
        yield from (sent for _, sent in sorted(found, key=lambda one: not one[0]))


def items(domain: Domain, nested: Nested, above: Row | None, rows: Known) -> list[dict[str, Json]]:
    """Make two items of a nested list: those of rows below one, or below any."""
    schema = domain.schema
    relation = schema.relation(nested.relation)
    child = schema.entity(relation.entity)
    present = rows(child.name)
    mine = [row for row in present if above is not None and _refers(schema, relation, row, above)]
    single = alone(child)
    found: list[dict[str, Json]] = []
    for row in (*mine, *present[:8], *(made(domain, child, number) for number in range(2))):
        item: dict[str, Json] = {}
        for one in nested.values:
            value = _value(domain, child.name, one.field, row, rows)
            if one.field in single:
                free = _unused(domain, child, one.field, rows)
                value = free[len(found)] if len(found) < len(free) else value
            if value is not None:
                item[one.param] = value
        if item not in found:
            found.append(item)
    return found[: max(2, nested.least)]


def _unused(domain: Domain, entity: Entity, name: str, rows: Known) -> list[Json]:
    """List values that no row has: of what it may refer to, or made for this."""
    schema, place, field = domain.schema, entity.position(name), entity.field(name)
    taken = {row[place] for row in rows(entity.name)}
    values: list[Stored] = [made(domain, entity, number)[place] for number in range(8)]
    for relation in schema.parents(entity.name):
        if name in relation.fields:
            target = schema.entity(relation.target)
            there = target.position(relation.target_fields[relation.fields.index(name)])
            values = [row[there] for row in rows(target.name)]
    return [to_wire(field, value) for value in values if value is not None and value not in taken]


def _value(domain: Domain, name: str, field: str, row: Row, rows: Known) -> Json:
    """Return a value of a row; for a reference to nothing, one to what is there."""
    schema, entity = domain.schema, domain.schema.entity(name)
    value = row[entity.position(field)]
    for relation in schema.parents(name):
        if field in relation.fields:
            target = schema.entity(relation.target)
            place = target.position(relation.target_fields[relation.fields.index(field)])
            known = [one[place] for one in rows(target.name)]
            if value is not None and value not in known and known:
                value = known[0]
    return to_wire(entity.field(field), value)


def _refers(schema: Schema, relation: Relation, child: Row, parent: Row) -> bool:
    entity, target = schema.entity(relation.entity), schema.entity(relation.target)
    pairs = zip(relation.fields, relation.target_fields, strict=True)
    return all(
        child[entity.position(a)] is not None
        and child[entity.position(a)] == parent[target.position(b)]
        for a, b in pairs
    )


def _near(schema: Schema, owner: str, row: Row, rows: Known) -> dict[str, Row]:
    """Return the row, those that it refers to, and the first of each kind that refers to it."""
    found: dict[str, Row] = {owner: row}
    for relation in schema.parents(owner):
        for other in rows(relation.target) if relation.target not in found else ():
            if _refers(schema, relation, row, other):
                found[relation.target] = other
                break
    for relation in schema.children(owner):
        for other in rows(relation.entity) if relation.entity not in found else ():
            if _refers(schema, relation, other, row):
                found[relation.entity] = other
                break
    return found


def company(
    domain: Domain, tool: Tool, base: dict[str, Json], rows: Known
) -> Iterator[dict[str, Json]]:
    """Yield a base with the other arguments that some parameter needs to have an effect."""
    yield base
    match tool.term:
        case Search() | ListRelated():
            for name in tool.term.sorts:
                yield base | {"sort_by": name}
                yield base | {"sort_by": name, "descending": True}
        case Aggregate():
            for function in tool.term.functions:
                for field in tool.term.fields:
                    chosen = {"function": function} if len(tool.term.functions) > 1 else {}
                    yield base | chosen | {"field": field}
        case Update():
            each: list[Iterator[Json]] = [
                (v for v in candidates(domain, tool, a.param, {}, rows) if v is not None)
                for a in tool.term.values
            ]
            for _ in range(12):
                for argument, values in zip(tool.term.values, each, strict=True):
                    for value in islice(values, 1):
                        yield base | {argument.param: value}
        case Transfer():
            scale = (
                domain.schema.entity(tool.term.source.entity).field(tool.term.source.field).scale
            )
            for value in (1, 2, Decimal(1).scaleb(-scale), Decimal(2).scaleb(-scale)):
                yield base | {tool.term.amount.param: value}
        case Create() | Link() | Sequence():
            yield from _elsewhere(domain, tool, base, rows)
            yield from _apart(domain, tool, base, rows)
        case _:
            pass


def _elsewhere(
    domain: Domain, tool: Tool, base: dict[str, Json], rows: Known
) -> Iterator[dict[str, Json]]:
    """Yield a base that refers to other rows: those that the rules want, in other pairs."""
    schema = domain.schema
    keys: dict[str, list[Json]] = {}
    for param, (name, field, use) in bindings(tool.term, schema).items():
        for relation in schema.parents(name):
            if param in base and use in ("value", "end") and relation.fields == (field,):
                target = schema.entity(relation.target)
                key = target.position(relation.target_fields[0])
                fits = wanted(domain, relation)
                found = [row for row in rows(target.name) if _meets(target, row, fits)]
                keys[param] = [to_wire(target.fields[key], row[key]) for row in found]
    for number in range(_OTHERS if any(keys.values()) else 0):
        yield base | {
            param: known[number * (place + 1) % len(known)]
            for place, (param, known) in enumerate(keys.items())
            if known
        }


def _meets(entity: Entity, row: Row, fits: Mapping[str, tuple[Stored, ...]]) -> bool:
    return all(row[entity.position(name)] in values for name, values in fits.items())


def _apart(
    domain: Domain, tool: Tool, base: dict[str, Json], rows: Known
) -> Iterator[dict[str, Json]]:
    """Yield a base with what must be unique as no row has it, and with what turns a call."""
    schema = domain.schema
    fresh: dict[str, Any] = {}
    for param, (name, field, use) in bindings(tool.term, schema).items():
        entity = schema.entity(name)
        if param in base and use in ("value", "end") and field in alone(entity):
            free = _unused(domain, entity, field, rows)
            fresh[param] = free[0] if free else base[param]
        elif param in base and use == "value" and any(field in one for one in entity.uniques):
            if not any(field in relation.fields for relation in schema.parents(name)):
                value = made(domain, entity, 2)[entity.position(field)]
                fresh[param] = to_wire(entity.field(field), value)
    if fresh:
        yield base | fresh
    need = set(parameters(tool, schema)["required"])
    least = {name: value for name, value in base.items() if name in need}
    if least != base:
        yield least
    for param, (name, field, use) in bindings(tool.term, schema).items():
        kind = schema.entity(name).field(field)
        if use == "value" and kind.type in ("enum", "integer", "decimal", "float"):
            values = kind.values if kind.type == "enum" else (-1, 1, 0)
            for value in values or ():
                tried = put(base, param, value)
                if tried is not None:
                    yield tried


def put(base: dict[str, Json], place: str, value: Json) -> dict[str, Json] | None:
    """Return the arguments with another value of one parameter; None leaves it out."""
    outer, _, inner = place.partition("[].")
    if inner:
        listed = base.get(outer)
        if not listed:
            return None
        first = put(listed[0], inner, value)
        return base | {outer: [first, *listed[1:]]}
    found = {name: kept for name, kept in base.items() if name != outer}
    return found if value is None else found | {outer: value}


def _sampled(schema: Schema, term: Term, owner: str, rows: Known) -> list[Row]:
    """List rows to try: those that a list tool lists something of first, then some of all."""
    present = rows(owner)
    found: list[Row] = []
    if isinstance(term, ListRelated):
        found += _fullest(schema, schema.relation(term.relation), present, rows)
    step = max(1, len(present) // _SAMPLED)
    return [*found, *present[::step]]


def _fullest(
    schema: Schema, relation: Relation, parents: Iterable[Row], rows: Known
) -> Iterator[Row]:
    child, parent = schema.entity(relation.entity), schema.entity(relation.target)
    places = [child.position(name) for name in relation.fields]
    there = [parent.position(name) for name in relation.target_fields]
    wanted: Counter[tuple[Stored, ...]] = Counter(
        tuple(row[place] for place in places) for row in rows(child.name)
    )
    first = [tuple(row[place] for place in places) for row in rows(child.name)[:1]]
    for value in (*first, *(value for value, _ in wanted.most_common(3))):
        for one in parents:
            if tuple(one[place] for place in there) == value:
                yield one
                break
