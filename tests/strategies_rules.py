"""Scenes for Hypothesis: a small rental desk, its rows, a write, and any predicates over it.

The schema varies in what matters to paths and exclusives: references to itself by key or by
a code, keys of two fields, spans of dates, datetimes or both. `scenes()` draws it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from agentgym.domain import Clock, Domain, Source
from agentgym.rules import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
)
from agentgym.schema import Entity, Exclusive, Field, Lifecycle, Relation, Schema
from agentgym.schema.types import Row, Stored
from agentgym.testing.truth import Scene, fields_behind, measured
from agentgym.tools.algebra import Argument, Create, Tool
from agentgym.world.guards import Kind

__all__ = ["NOW", "Case", "domain_of", "predicates", "rows_of", "scenes", "schemas"]

NOW = "2026-03-01T12:00:00Z"
STATES = ("new", "open", "shut")
OPS: Any = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
_DAYS = [f"2026-03-0{n}" for n in range(1, 4)]
_TIMES = [*(f"{day}T00:00:00Z" for day in _DAYS), NOW]
_NULLED = 4


def _field(name: str, kind: Any, *, nullable: bool = True, **more: Any) -> Field:
    return Field(name=name, label=name.replace("_", " "), type=kind, nullable=nullable, **more)


def _relation(entity: str, field: str | tuple[str, ...], target: str, *to: str) -> Relation:
    fields = (field,) if isinstance(field, str) else field
    return Relation(
        name=f"{entity}_{fields[0]}",
        entity=entity,
        fields=fields,
        target=target,
        target_fields=to,
        label=fields[0],
        inverse=f"{entity}s",
    )


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """Draw a variation of the desk: clients, rentals, lines of rentals, and stays."""
    coded = draw(st.booleans())
    first, last = draw(st.sampled_from([("date", "date"), ("datetime", "datetime")]) | _mixed())
    client = Entity(
        name="client",
        label="client",
        plural="clients",
        key=("id",),
        fields=(
            _field("id", "integer", nullable=False, role="key"),
            _field("code", "text", unique=True),
            _field("boss", "text" if coded else "integer"),
            _field("tier", "enum", values=STATES, role="category"),
            _field("pin", "text", role="secret"),
            _field("email", "text", role="contact"),
            _field("credit", "decimal", scale=2, role="money"),
        ),
    )
    rental = Entity(
        name="rental",
        label="rental",
        plural="rentals",
        key=("id",),
        fields=(
            _field("id", "integer", nullable=False, role="key"),
            _field("client", "integer"),
            _field("next", "integer"),
            _field("state", "enum", values=STATES, role="status"),
            _field("made", "date", role="time"),
            _field("due", "datetime", role="time"),
            _field("fee", "decimal", scale=1, role="money"),
            _field("days", "integer", role="quantity"),
            _field("weight", "float"),
        ),
    )
    line = Entity(
        name="line",
        label="line",
        plural="lines",
        key=("rental", "nr"),
        fields=(
            _field("rental", "integer", nullable=False, role="key"),
            _field("nr", "integer", nullable=False, role="key"),
            _field("part_of", "integer"),
            _field("part_nr", "integer"),
            _field("kind", "text"),
            _field("days", "integer"),
        ),
    )
    stay = Entity(
        name="stay",
        label="stay",
        plural="stays",
        key=("id",),
        fields=(
            _field("id", "integer", nullable=False, role="key"),
            _field("client", "text"),
            _field("room", "integer"),
            _field("state", "enum", values=STATES, role="status"),
            _field("since", first),
            _field("until", last),
        ),
    )
    where: Any = draw(st.sampled_from([{}, {"state": ("new", "open")}, {"state": ("open",)}]))
    return Schema(
        entities=(client, rental, line, stay),
        relations=(
            _relation("client", "boss", "client", "code" if coded else "id"),
            _relation("rental", "client", "client", "id"),
            _relation("rental", "next", "rental", "id"),
            _relation("line", "rental", "rental", "id"),
            _relation("line", ("part_of", "part_nr"), "line", "rental", "nr"),
            _relation("stay", "client", "client", "code"),
        ),
        lifecycles=(
            Lifecycle(
                entity="rental",
                field="state",
                initial=("new",),
                moves={"new": ("open", "shut"), "open": ("shut",), "shut": ()},
            ),
        ),
        exclusives=(
            Exclusive(
                id="one_stay",
                entity="stay",
                same=draw(st.sampled_from([("room",), ("room", "client"), ()])),
                where=where,
                span=draw(st.sampled_from([None, ("since", "until")])),
            ),
            Exclusive(id="one_open", entity="rental", same=("client",), where={"state": ("open",)}),
        ),
    )


def _mixed() -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([("date", "datetime"), ("datetime", "date")])


def _values(schema: Schema, entity: Entity, field: Field) -> st.SearchStrategy[Stored]:
    some: Sequence[Stored]
    if field.type == "text":
        some = ["a", "B", "b", "c"]
    elif field.type == "enum":
        some = STATES
    elif field.type == "date":
        some = _DAYS
    elif field.type == "datetime":
        some = _TIMES
    elif field.type == "float":
        some = [0.1, 1.0, 2.5]
    elif field.type == "decimal":
        some = [0, 10, 15, 100]
    else:
        some = [1, 2, 3]
    found: st.SearchStrategy[Stored] = st.sampled_from(some)
    if not field.nullable:
        return found
    return st.integers(0, _NULLED - 1).flatmap(lambda n: found if n else st.none())


def _row(schema: Schema, entity: Entity) -> st.SearchStrategy[Row]:
    return st.tuples(*(_values(schema, entity, field) for field in entity.fields))


@st.composite
def rows_of(draw: st.DrawFn, schema: Schema) -> dict[str, tuple[Row, ...]]:
    """Draw a few rows of each entity; keys and uniques hold, references need not."""
    rows = {}
    for entity in schema.entities:
        found: list[Row] = []
        taken: set[tuple[str, Any]] = set()
        for row in draw(st.lists(_row(schema, entity), max_size=5)):
            named = dict(zip((field.name for field in entity.fields), row, strict=True))
            marks: set[tuple[str, Any]] = {("", tuple(named[name] for name in entity.key))}
            marks |= {(f.name, named[f.name]) for f in entity.fields if f.unique and named[f.name]}
            if not marks & taken:
                taken |= marks
                found.append(row)
        rows[entity.name] = tuple(found)
    return rows


def _tool(entity: Entity) -> Tool:
    """Return a tool whose parameters are the fields of the entity, under names of their own."""
    return Tool(
        name=f"make_{entity.name}",
        description="Make one.",
        term=Create(
            entity=entity.name,
            values=tuple(
                Argument(param=f"{field.name}_of_it", field=field.name, description="It.")
                for field in entity.fields
            ),
        ),
    )


def domain_of(
    schema: Schema, rows: Mapping[str, tuple[Row, ...]], rules: Sequence[Rule] = ()
) -> Domain:
    """Put schema, rows and rules together, with a tool for each entity."""
    return Domain(
        name="desk",
        title="Desk",
        description="A desk.",
        schema=schema,
        rules=tuple(rules),
        tools=tuple(_tool(entity) for entity in schema.entities),
        clock=Clock(start=NOW),
        source=Source(kind="sql", name="desk", sha256="0" * 64),
        rows=dict(rows),
    )


def _paths(schema: Schema, entity: Entity, most: int = 2) -> list[tuple[tuple[str, ...], Entity]]:
    found: list[tuple[tuple[str, ...], Entity]] = [((), entity)]
    if most:
        for relation in schema.parents(entity.name):
            further = _paths(schema, schema.entity(relation.target), most - 1)
            found += [((relation.name, *path), top) for path, top in further]
    return found


_CONSTANTS: dict[str, list[Any]] = {
    "integer": [1, 2, 2.5],
    "decimal": [0, 1, 1.5, 0.1],
    "float": [1, 0.1],
    "text": ["b", "B"],
    "enum": list(STATES),
    "date": _DAYS,
    "datetime": _TIMES,
}
_ALIKE = (("integer", "decimal", "float"), ("date", "datetime"), ("text", "enum"))


@st.composite
def _leaves(draw: st.DrawFn, schema: Schema, entity: Entity) -> Predicate:
    path, top = draw(st.sampled_from(_paths(schema, entity)))
    field = draw(st.sampled_from(top.fields))
    at: Any = draw(st.sampled_from(["after", "before"]))
    limits: Any = st.sampled_from(_CONSTANTS[field.type])
    kinds = ["compare", "other", "in", "count", "param", "session", "calls"]
    kinds += ["elapsed"] if any(f.type in ("date", "datetime") for f in top.fields) else []
    kinds += ["move"] if entity.name == "rental" else []
    kinds += ["alone"] if entity.name in ("rental", "stay") else []
    kinds += ["children"] if schema.children(entity.name) else []
    match draw(st.sampled_from(kinds)):
        case "compare":
            return Compare(field=field.name, op=draw(OPS), value=draw(limits), path=path, at=at)
        case "other":
            alike = next(kinds for kinds in _ALIKE if field.type in kinds)
            other = draw(st.sampled_from([f for f in top.fields if f.type in alike]))
            return Compare(field=field.name, op=draw(OPS), other=other.name, path=path, at=at)
        case "in":
            some = tuple(draw(st.lists(limits, min_size=1, max_size=2)))
            return In(field=field.name, values=some, path=path, at=at)
        case "elapsed":
            timed = [f.name for f in top.fields if f.type in ("date", "datetime")]
            return Elapsed(
                field=draw(st.sampled_from(timed)),
                op=draw(st.sampled_from(["lt", "le", "gt", "ge"])),
                seconds=draw(st.sampled_from([0, 12 * 3600, 12 * 3600 + 1, -86400, 10**13])),
                path=path,
                at=at,
            )
        case "move":
            return Move(field="state")
        case "alone":
            return Alone(exclusive="one_open" if entity.name == "rental" else "one_stay")
        case "children":
            relation = draw(st.sampled_from(schema.children(entity.name)))
            return NoChildren(relation=relation.name)
        case "count":
            return draw(_counts(schema, entity))
        case "param":
            own = draw(st.sampled_from(entity.fields))
            value = draw(st.sampled_from(_CONSTANTS[own.type]))
            return Param(param=f"{own.name}_of_it", op=draw(OPS), value=value)
        case "calls":
            return draw(_calls(schema, entity))
        case _:
            return draw(_sessions(schema, entity))


@st.composite
def _counts(draw: st.DrawFn, schema: Schema, entity: Entity) -> Count:
    fitting = [
        (path, relation.name, schema.entity(relation.entity))
        for path, top in _paths(schema, entity)
        for relation in schema.children(top.name)
    ]
    # Of every entity a path leads to something that others refer to.
    path, relation, child = draw(st.sampled_from(fitting))
    told = [f.name for f in child.fields if f.type == "enum"]
    where: dict[str, tuple[str, ...]] = {}
    if draw(st.booleans()) and told:
        states = draw(st.lists(st.sampled_from(STATES), min_size=1, unique=True))
        where = {told[0]: tuple(states)}
    return Count(
        path=path, relation=relation, where=where, op=draw(OPS), value=draw(st.integers(0, 3))
    )


@st.composite
def _calls(draw: st.DrawFn, schema: Schema, entity: Entity) -> Calls:
    counted = draw(st.sampled_from(schema.entities))
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(entity.fields), st.sampled_from(counted.fields)))
    )
    return Calls(
        tool=f"make_{counted.name}",
        same={f"{mine.name}_of_it": f"{theirs.name}_of_it" for mine, theirs in pairs[:2]},
        op=draw(OPS),
        value=draw(st.integers(0, 2)),
    )


@st.composite
def _sessions(draw: st.DrawFn, schema: Schema, entity: Entity) -> Predicate:
    match draw(st.sampled_from(["known", "owner", "owner", "holder", "yes"])):
        case "known":
            return Authenticated(entity=draw(st.sampled_from(["client", "rental"])))
        case "owner":
            path, _ = draw(st.sampled_from(_paths(schema, entity)))
            return Owner(path=path)
        case "holder":
            values = tuple(draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=2)))
            return Holder(entity="client", field="tier", values=values)
        case _:
            return Confirmed()


def predicates(schema: Schema, entity: Entity) -> st.SearchStrategy[Predicate]:
    """Draw any predicate over rows of the entity."""
    return st.recursive(
        _leaves(schema, entity),
        lambda inner: st.one_of(
            inner.map(lambda part: Not(of=part)),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(of=tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(of=tuple(parts))),
        ),
        max_leaves=4,
    )


class Case(NamedTuple):
    """A drawn scene, for the engine and for the reference."""

    domain: Domain
    entity: Entity
    tool: Tool
    kind: Kind
    before: Row | None
    after: Row
    given: dict[str, Stored]
    calls: list[tuple[Tool, dict[str, Stored]]]
    identity: tuple[str, tuple[Stored, ...]] | None
    confirmed: int

    def __repr__(self) -> str:
        """Show what a failing example is about, without the schema around it."""
        rows = {name: found for name, found in self.domain.rows.items() if found}
        asked = [rule.predicate for rule in self.domain.rules]
        calls = [(tool.name, given) for tool, given in self.calls]
        return (
            f"{self.kind} {self.entity.name} {self.before} -> {self.after} given {self.given} "
            f"by {self.identity}, {self.confirmed} yes, after {calls}, in {rows}: {asked}"
        )

    def named(self, row: Row | None) -> dict[str, Stored] | None:
        """Return the row as the reference reads it."""
        names = [field.name for field in self.entity.fields]
        return None if row is None else dict(zip(names, row, strict=True))

    def scene(self) -> Scene:
        """Return what the reference looks at."""
        schema = self.domain.schema
        tables: dict[str, dict[tuple[Stored, ...], dict[str, Stored]]] = {}
        for entity in schema.entities:
            names = [field.name for field in entity.fields]
            rows = [dict(zip(names, row, strict=True)) for row in self.domain.rows[entity.name]]
            tables[entity.name] = {tuple(row[n] for n in entity.key): row for row in rows}
        return Scene(
            schema,
            tables,
            self.kind,
            NOW,
            self.given,
            fields_behind(self.tool.term, schema),
            self.identity,
            self.confirmed,
            [
                (tool.name, measured(given, fields_behind(tool.term, schema)))
                for tool, given in self.calls
            ],
        )


@st.composite
def _arguments(draw: st.DrawFn, schema: Schema, entity: Entity) -> dict[str, Stored]:
    sent = draw(st.lists(st.sampled_from(entity.fields), max_size=3, unique=True))
    return {f"{field.name}_of_it": draw(_values(schema, entity, field)) for field in sent}


@st.composite
def scenes(draw: st.DrawFn, *, most: int = 3) -> Case:
    """Draw a desk with up to `most` rules, and one write or read that meets them."""
    schema = draw(schemas())
    rows = draw(rows_of(schema))
    entity = draw(st.sampled_from(schema.entities))
    kind: Kind = draw(st.sampled_from(["update", "create", "delete", "read"]))
    if not rows[entity.name]:
        kind = "create"
    if kind == "create":
        before, after = None, draw(_row(schema, entity))
        place = entity.position(entity.key[-1])
        after = (*after[:place], 4, *after[place + 1 :])
    else:
        before = after = draw(st.sampled_from(rows[entity.name]))
        if kind == "update":
            fresh = draw(_row(schema, entity))
            kept = [field.name in entity.key or draw(st.booleans()) for field in entity.fields]
            after = tuple(
                old if keep else new for old, new, keep in zip(before, fresh, kept, strict=True)
            )
    found = draw(st.lists(predicates(schema, entity), min_size=1, max_size=most))
    rules = [
        Rule(id=f"r{n}", kind="limit", entity=entity.name, on=(kind,), predicate=predicate)
        for n, predicate in enumerate(found)
    ]
    domain = domain_of(schema, rows, rules)
    people = [
        (one.name, tuple(row[one.position(n)] for n in one.key))
        for one in schema.entities
        for row in rows[one.name]
    ]
    calls = draw(st.lists(st.sampled_from(domain.tools), max_size=3))
    return Case(
        domain,
        entity,
        domain.tool_by_name[f"make_{entity.name}"],
        kind,
        before,
        after,
        draw(_arguments(schema, entity)),
        [(one, draw(_arguments(schema, schema.entity(one.term.entity)))) for one in calls],  # type: ignore[union-attr]
        draw(st.none() | st.sampled_from(people)) if people else None,
        draw(st.integers(0, 2)),
    )
