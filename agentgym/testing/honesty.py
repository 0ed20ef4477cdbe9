"""Argument honesty: each declared parameter has a state and two values that differ in effect.

The state is the domain's own, or that with a few rows added that differ in everything; a
refusal of a malformed value does not count as a difference. Next: `environments`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

from agentgym.domain import Domain
from agentgym.formats import Json, encode
from agentgym.rules import Compare, In
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    ListRelated,
    Search,
    Tool,
    Update,
    subject,
)
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.backends import TakenError
from agentgym.world.compile import Engine, engine
from agentgym.world.rows import World

__all__ = ["check_honesty", "dishonest"]

BASES = 10
"""Rows around which calls are tried."""


def check_honesty(domain: Domain) -> None:
    """Check every parameter of every tool over rows.

    Raises:
        AssertionError: A parameter never made a difference.
    """
    found = dishonest(domain)
    assert not found, f"{domain.name}: {found[0]} makes no difference ({len(found)} parameters)"


def dishonest(domain: Domain) -> list[str]:
    """Name the parameters, as `tool.parameter`, for which no difference was found."""
    runner = engine(domain)
    world = runner.world()
    found = []
    for tool in domain.tools:
        if isinstance(tool.term, (AskUser, Calculate, Conclude, CurrentTime)):
            continue
        for param in runner.parameters[tool.name]["properties"]:
            if not _matters(domain, runner, world, tool, param):
                found.append(f"{tool.name}.{param}")
    world.reset()
    return found


def _matters(domain: Domain, runner: Engine, world: World, tool: Tool, param: str) -> bool:
    for base in _bases(domain, runner, tool):
        world.reset()
        if isinstance(tool.term, Create):
            row = _twin(domain, tool.term, base)
            if row is not None:
                world.delete(tool.term.entity, row)
        if _differs(domain, runner, world, tool, param, base):
            return True
    world.reset()
    staged = _staged(domain, world, tool)
    staged |= _within(domain, tool, set(staged))
    return any(
        _differs(domain, runner, world, tool, param, base)
        for base in _company(domain, runner, tool, staged)
    )


def _differs(
    domain: Domain, runner: Engine, world: World, tool: Tool, param: str, base: dict[str, Json]
) -> bool:
    """Tell whether two values of the parameter give different results in this state."""
    snapshot = world.snapshot()
    only = len(runner.parameters[tool.name]["properties"][param].get("enum", (1, 2))) == 1
    seen: set[bytes] = set()
    for value in _values(domain, runner, tool, param, base):
        arguments = {k: v for k, v in base.items() if k != param}
        if value is not None:
            arguments[param] = value
        result = runner.call(world, tool.name, arguments)
        world.restore(snapshot)
        error = result.error
        if error is None:
            seen.add(encode(result.data))
        elif error.code != "bad_arguments" or error.parameter != param or (only and value is None):
            seen.add(encode((error.code, error.message)))
        if len(seen) > 1:
            return True
    return False


def _staged(domain: Domain, world: World, tool: Tool) -> dict[str, Json]:
    """Add three rows to those that a tool works on, all different; return arguments that fit.

    For a create, what the new row refers to is added instead.
    """
    schema, term = domain.schema, tool.term
    owner = str(subject(term, schema))
    made = [_made(schema.entity(owner), number) for number in range(3)]
    if isinstance(term, ListRelated):
        near = schema.relation(term.relation)
        owner = near.target
        parent = _made(schema.entity(owner), 3)
        _add(world, owner, parent)
        if term.through is None:
            made = [_pointing(schema, near, row, parent) for row in made]
        else:
            far = schema.relation(term.through)
            for number, row in enumerate(made):
                link = _pointing(schema, near, _made(schema.entity(near.entity), number), parent)
                _add(world, near.entity, _pointing(schema, far, link, row))
    elif isinstance(term, Create):
        parent, made = made[0], []
        for relation in schema.parents(owner):
            target = schema.entity(relation.target)
            for number in range(2):
                _add(world, target.name, _made(target, number))
            parent = _pointing(schema, relation, parent, _made(target, 0))
    else:
        parent = made[0]
    for row in made:
        _add(world, str(subject(term, schema)), row)
    entity = schema.entity(owner)
    needed = parameters(tool, schema)["required"]
    return {
        param: to_wire(entity.field(field), parent[entity.position(field)])
        for param, (of, field, use) in bindings(term, schema).items()
        if of == owner and (use in ("key", "by") or param in needed or isinstance(term, Create))
    }


def _within(domain: Domain, tool: Tool, params: set[str]) -> dict[str, Json]:
    """Return values for some of the parameters that keep the rules with limits of their own."""
    limits: dict[str, Json] = {}
    for predicate in (rule.predicate for rule in domain.rules if rule.id in tool.guards):
        match predicate:
            case In(field=field, values=values):
                limits[field] = values[0]
            case Compare(field=field, op="ge" | "le" | "eq", other=None, value=value):
                limits[field] = value
            case Compare(field=field, op="gt" | "lt" as op, value=int() | Decimal() as value):
                limits[field] = value + (1 if op == "gt" else -1)
            case _:
                pass
    return {
        param: limits[field]
        for param, (_, field, use) in bindings(tool.term, domain.schema).items()
        if param in params and use == "value" and field in limits
    }


def _add(world: World, entity: str, row: Row) -> None:
    """Add a row where nothing forbids it."""
    with suppress(TakenError):
        world.insert(entity, row)


def _pointing(schema: Schema, relation: Relation, child: Row, parent: Row) -> Row:
    """Return the child as it is when it refers to the parent."""
    entity, target = schema.entity(relation.entity), schema.entity(relation.target)
    values = list(child)
    for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
        values[entity.position(mine)] = parent[target.position(theirs)]
    return tuple(values)


def _made(entity: Entity, number: int) -> Row:
    """Return a row that differs from those of other numbers wherever it can."""
    return tuple(_value(field, number, place) for place, field in enumerate(entity.fields))


def _value(field: Field, number: int, place: int = 0) -> Stored:
    if field.type == "boolean":
        return number % 2
    if field.type == "enum":
        legal = field.values or ("",)
        return legal[number % len(legal)]
    plain: dict[str, Stored] = {
        "integer": 900_700 + number + 10 * place,
        "decimal": 70_000 + 100 * number + 1_000 * place,
        "float": 7.5 + number + 10 * place,
        "text": "xyzw"[number] if field.max_length == 1 else f"{'xyzw'[number]}q",
        "date": f"2020-{place % 12 + 1:02d}-0{number + 2}",
        "datetime": f"2020-{place % 12 + 1:02d}-0{number + 2}T02:02:02Z",
        "json": f"[{number}]",
        "bytes": ("QQ==", "QUI=", "QUJD", "QUJDRA==")[number],
    }
    return plain[field.type]


def _twin(domain: Domain, term: Create, base: dict[str, Json]) -> Row | None:
    """Return the row that holds all the values of a new one."""
    entity = domain.schema.entity(term.entity)
    for row in domain.rows.get(term.entity, ()):
        if all(
            to_wire(entity.field(a.field), row[entity.position(a.field)]) == base.get(a.param)
            for a in term.values
            if a.param in base
        ):
            return row
    return None


def _bases(domain: Domain, runner: Engine, tool: Tool) -> Iterator[dict[str, Json]]:
    """Yield sets of arguments that fit some row of the entity that a tool works on."""
    schema = domain.schema
    uses = bindings(tool.term, schema)
    face = runner.parameters[tool.name]
    owners = {entity for entity, _, use in uses.values() if use in ("key", "by")}
    owner = min(owners) if owners else subject(tool.term, schema)
    assert owner is not None
    entity = schema.entity(owner)
    rows = domain.rows.get(owner, ())
    sampled: list[Row | None] = [*_sampled(domain, tool, rows)]
    for row in sampled or [None]:
        base: dict[str, Json] = {}
        for param, (of, field, use) in uses.items():
            fits = use in ("key", "by") or param in face["required"]
            fits = fits or isinstance(tool.term, Create)
            if row is not None and of == owner and fits:
                value = to_wire(entity.field(field), row[entity.position(field)])
                if value is not None:
                    base[param] = value
        for param in face["required"]:
            if param not in base:
                values = _values(domain, runner, tool, param, {})
                base[param] = next((v for v in values if v is not None), None)
        yield from _company(domain, runner, tool, base)


def _company(
    domain: Domain, runner: Engine, tool: Tool, base: dict[str, Json]
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
                    yield base | {"function": function, "field": field}
        case Update():
            for argument in tool.term.values:
                for value in _values(domain, runner, tool, argument.param, {}):
                    if value is not None:
                        yield base | {argument.param: value}
        case _:
            pass


def _sampled(domain: Domain, tool: Tool, rows: tuple[Row, ...]) -> Iterator[Row]:
    """Yield rows to try: those that a list tool lists something of first, then some of all."""
    if isinstance(tool.term, ListRelated):
        relation = domain.schema.relation(tool.term.relation)
        child, parent = (domain.schema.entity(n) for n in (relation.entity, relation.target))
        wanted = Counter(
            tuple(row[child.position(name)] for name in relation.fields)
            for row in domain.rows.get(child.name, ())
        )
        first = domain.rows.get(child.name, ())[:1]
        ranked = [
            *(tuple(row[child.position(name)] for name in relation.fields) for row in first),
            *(value for value, _ in wanted.most_common(3)),
        ]
        for value in ranked:
            for one in rows:
                if tuple(one[parent.position(name)] for name in relation.target_fields) == value:
                    yield one
                    break
    yield from rows[:: max(1, len(rows) // BASES)]


def _values(
    domain: Domain, runner: Engine, tool: Tool, param: str, base: dict[str, Json]
) -> Iterator[Json]:
    """Yield values for a parameter; None stands for leaving it out."""
    face = runner.parameters[tool.name]
    kind = face["properties"][param]
    use = bindings(tool.term, domain.schema).get(param)
    if param not in face["required"]:
        yield None
    if param in base:
        yield base[param]
    if "enum" in kind:
        yield from (value for value in kind["enum"] if value is not None)
        return
    if use is None:
        yield from {"boolean": (False, True), "integer": (1, 2, 3)}.get(kind.get("type"), ())
        return
    entity = domain.schema.entity(use[0])
    field, place = entity.field(use[1]), entity.position(use[1])
    rows = domain.rows.get(entity.name, ())
    step = max(1, len(rows) // 8)
    for row in rows[::step]:
        if row[place] is not None:
            yield to_wire(field, row[place])
    for relation in domain.schema.parents(entity.name):
        if use[1] in relation.fields:
            target = domain.schema.entity(relation.target)
            name = relation.target_fields[relation.fields.index(use[1])]
            there = target.position(name)
            for row in (*domain.rows.get(target.name, ())[:8], _made(target, 0), _made(target, 1)):
                yield to_wire(target.fields[there], row[there])
    for number in range(3):
        yield to_wire(field, _value(field, number, place))
    yield from {"text": ("zz", "yy"), "integer": (-1, 10**9), "decimal": (-1, 10**9)}.get(
        field.type, ()
    )
