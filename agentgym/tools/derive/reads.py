"""The tools that read: get, find, search, list and count.

A `Desk` (the schema with its names) comes in, terms and texts go out. Next: `writes`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.rules.english import a, listing
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Filter,
    Find,
    Function,
    Get,
    ListRelated,
    Op,
    Search,
    Tool,
)
from agentgym.tools.derive import filters as choice
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters, plural, slug

__all__ = ["reads"]

_MOST = 10
_MOST_OF_LIST = 5


def reads(desk: Desk, entity: Entity) -> Iterator[Tool]:
    """Make the tools that show rows of the entity, from one row to all."""
    if entity.name in desk.gets:
        yield _get(desk, entity)
    for name, fields in desk.finds[entity.name]:
        yield _find(desk, entity, name, fields)
    yield _search(desk, entity)
    for relation in desk.schema.parents(entity.name):
        if relation.target in desk.gets and not _plain_link(desk, entity):
            yield _list(desk, relation)
    yield from _through(desk, entity)
    aggregate = _aggregate(desk, entity)
    if aggregate is not None:
        yield aggregate


def _plain_link(desk: Desk, entity: Entity) -> bool:
    """Tell whether rows say nothing but what they link: their ends are listed instead."""
    ends = {name for relation in desk.schema.parents(entity.name) for name in relation.fields}
    told = {f.name for f in entity.fields if f.role not in ("key", "audit")}
    return entity.kind == "link" and told <= ends and len(ends) < _MOST_OF_LIST


def _get(desk: Desk, entity: Entity) -> Tool:
    keys = listing(texts.noun(entity, entity.field(name)) for name in entity.key)
    return Tool(
        name=desk.gets[entity.name],
        description=texts.cut(
            f"Get one {entity.label} by {keys}, with all its details." + texts.original(entity)
        ),
        term=Get(entity=entity.name, key=desk.key(entity)),
    )


def _find(desk: Desk, entity: Entity, name: str, fields: tuple[Field, ...]) -> Tool:
    taken = Parameters(entity)
    by = tuple(
        Argument(
            param=taken.take(field.name),
            field=field.name,
            description=texts.argument(entity, field, pointer=desk.pointer(entity, field)),
            required=True,
        )
        for field in fields
    )
    said = listing(desk.said(entity, field) for field in fields)
    loose = ", ignoring case" if any(map(_lettered, fields)) else ""
    sure = any(f.unique for f in fields) or {f.name for f in fields} in map(set, entity.uniques)
    several = "" if sure else f" Refused as ambiguous when several {entity.plural} match."
    return Tool(
        name=name,
        description=texts.cut(f"Find the {entity.label} with this {said}{loose}.{several}"),
        term=Find(entity=entity.name, by=by),
    )


def _lettered(field: Field) -> bool:
    """Tell whether values have letters, so that case is worth a word."""
    numbered = {"phone", "telephone", "mobile", "fax"} & set(field.name.split("_"))
    return field.type == "text" and not numbered


def _search(desk: Desk, entity: Entity) -> Tool:
    chosen = choice.choose(entity, desk.references[entity.name], most=_MOST)
    order = choice.order(entity)
    said = texts.order_text(entity, order)
    if chosen:
        labels = texts.labels_listing([desk.said(entity, field) for field, _ in chosen])
        text = f"Search {entity.plural} by {labels}{said}. All filters given must hold."
    else:
        text = f"List all {entity.plural}{said}."
    return Tool(
        name=desk.searches[entity.name],
        description=texts.cut(text + texts.original(entity)),
        term=Search(
            entity=entity.name,
            filters=_filters(desk, entity, chosen, Parameters(entity)),
            sorts=choice.sorts(entity),
            order=order,
        ),
    )


def _filters(
    desk: Desk,
    entity: Entity,
    chosen: tuple[tuple[Field, tuple[Op, ...]], ...],
    taken: Parameters,
) -> tuple[Filter, ...]:
    return tuple(
        Filter(
            param=taken.take(_filter_name(field, op)),
            field=field.name,
            op=op,
            description=texts.filter_text(
                entity, field, op, pointer=desk.pointer(entity, field) if op == "eq" else None
            ),
        )
        for field, ops in chosen
        for op in ops
    )


def _filter_name(field: Field, op: Op) -> str:
    if op == "contains":
        return f"{field.name}_contains"
    if op in ("ge", "le"):
        if field.type in ("date", "datetime"):
            return f"{field.name}_{'from' if op == 'ge' else 'to'}"
        return f"{'min' if op == 'ge' else 'max'}_{field.name}"
    return field.name


def _list(desk: Desk, relation: Relation) -> Tool:
    child, parent = desk.schema.entity(relation.entity), desk.schema.entity(relation.target)
    label = slug(relation.label) or relation.fields[0]
    special = relation.label not in ("", parent.label)
    name = desk.names.take(
        f"list_{plural(child)}_of_{label if special else parent.name}",
        f"list_{slug(relation.inverse) or plural(child)}_of_{parent.name}",
        f"list_{plural(child)}_of_{parent.name}_by_{'_and_'.join(relation.fields)}",
    )
    single = _single(child, relation)
    chosen = (
        ()
        if single
        else choice.choose(
            child, desk.references[child.name], most=_MOST_OF_LIST, without=relation.fields
        )
    )
    order = None if single else choice.order(child)
    said = texts.order_text(child, order)
    whom = (
        f"whose {relation.label} is a given {parent.label}" if special else f"of {a(parent.label)}"
    )
    if single:
        text = f"List the {child.label} {whom}: one, or none."
    else:
        text = f"List the {child.plural} {whom}{said}."
    key = desk.key(parent, owner=texts.row_of(relation, parent))
    taken = Parameters(child, (argument.param for argument in key))
    return Tool(
        name=name,
        description=texts.cut(text),
        term=ListRelated(
            relation=relation.name,
            key=key,
            filters=_filters(desk, child, chosen, taken),
            sorts=() if single else choice.sorts(child, 5),
            order=order,
        ),
    )


def _through(desk: Desk, entity: Entity) -> Iterator[Tool]:
    """List the rows of the entity that a link entity ties to a row of another."""
    for inward in desk.schema.children(entity.name):
        link = desk.schema.entity(inward.entity)
        if link.kind != "link":
            continue
        for outward in desk.schema.parents(link.name):
            if outward.name != inward.name and outward.target in desk.gets:
                yield _list_through(desk, entity, link, outward, inward)


def _list_through(desk: Desk, entity: Entity, link: Entity, near: Relation, far: Relation) -> Tool:
    parent = desk.schema.entity(near.target)
    owner = near.label or parent.label
    special = far.label not in ("", entity.label)
    what = (special and _several(far.label)) or plural(entity)
    plainly = f"list_{what}_of_{slug(owner) or parent.name}"
    name = desk.names.take(plainly, f"{plainly}_through_{plural(link)}")
    chosen = choice.choose(entity, desk.references[entity.name], most=_MOST_OF_LIST)
    single = _single(link, near)
    order = None if single else choice.order(entity)
    key = desk.key(parent, owner=texts.row_of(near, parent))
    taken = Parameters(entity, (argument.param for argument in key))
    rows = f"{entity.plural} that are {far.label}" if special else entity.plural
    said = f"List the {rows} of {a(owner)}"
    if name != plainly:
        said += f" through the {link.plural}"
    return Tool(
        name=name,
        description=texts.cut(f"{said}{texts.order_text(entity, order)}."),
        term=ListRelated(
            relation=near.name,
            through=far.name,
            key=key,
            filters=_filters(desk, entity, chosen, taken),
            sorts=() if single else choice.sorts(entity, 5),
            order=order,
        ),
    )


def _single(child: Entity, relation: Relation) -> bool:
    """Tell whether at most one row refers to a row of the target."""
    ends = set(relation.fields)
    sets = (child.key, *child.uniques, *((f.name,) for f in child.fields if f.unique))
    return relation.one_to_one or any(ends >= set(unique) for unique in sets)


def _several(label: str) -> str:
    name = slug(label)
    return name if name.endswith("s") or not name else f"{name}s"


def _aggregate(desk: Desk, entity: Entity) -> Tool | None:
    chosen = choice.choose(entity, desk.references[entity.name], most=_MOST)
    numbers, dates = choice.numbers(entity), choice.dates(entity)
    fields = tuple(f.name for f in entity.fields if f in numbers or f in dates)
    functions: tuple[Function, ...] = ("count",)
    if numbers:
        functions = ("count", "sum", "avg", "min", "max")
    elif dates:
        functions = ("count", "min", "max")
    elif not chosen:
        return None
    if fields:
        name = desk.names.take(f"compute_{entity.name}_statistics", f"aggregate_{plural(entity)}")
        parts = ["their number (count)"]
        if numbers:
            labels = listing((field.label for field in numbers), "or")
            parts.append(f"the sum, average (avg), smallest (min) or largest (max) {labels}")
        if dates:
            labels = listing((field.label for field in dates), "or")
            parts.append(f"the first (min) or last (max) {labels}")
        text = f"Compute one figure over the {entity.plural} that pass all filters given: "
        text += f"{'; '.join(parts[:-1])}; or {parts[-1]}."
    else:
        name = desk.names.take(f"count_{plural(entity)}", f"count_{entity.name}_rows")
        text = f"Count the {entity.plural} that pass all filters given."
    return Tool(
        name=name,
        description=texts.cut(text),
        term=Aggregate(
            entity=entity.name,
            functions=functions,
            fields=fields,
            filters=_filters(desk, entity, chosen, Parameters(entity)),
        ),
    )
