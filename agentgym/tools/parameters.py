"""The parameters of a tool, which its term determines: as JSON Schema, and what each stands for.

A term comes in; `parameters` gives what an agent is shown, `bindings` the field behind each
parameter. Next: `derive` makes the tools of a schema.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.schema import Field, Schema
from agentgym.schema.types import json_schema
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Create,
    Delete,
    Filter,
    Find,
    Get,
    Identify,
    Link,
    ListRelated,
    Nested,
    Order,
    Path,
    Search,
    Sequence,
    Step,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    listed,
)
from agentgym.tools.forms import DESK, closed

__all__ = ["bindings", "parameters"]


def bindings(term: Term, schema: Schema) -> dict[str, tuple[str, str, str]]:
    """Map each parameter that stands for a field to (entity, field, use).

    `use` is `key`, `by`, `value`, `to`, `end`, `amount`, or a filter's op. Parameters like `page`
    are left out. A parameter inside the items of a nested list is called `items[].product_id`.
    One that stands for several fields (both sides of a transfer, two steps) is bound to the first.
    """
    found: dict[str, tuple[str, str, str]] = {}

    def add(arguments: tuple[Argument, ...], entity: str, use: str) -> None:
        found.update({a.param: (entity, a.field, use) for a in arguments})

    match term:
        case Get():
            add(term.key, term.entity, "key")
        case Find() | Identify():
            add(term.by, term.entity, "by")
        case Search() | Aggregate():
            found |= {f.param: (term.entity, f.field, f.op) for f in term.filters}
        case ListRelated():
            add(term.key, schema.relation(term.relation).target, "key")
            found |= {f.param: (listed(term, schema), f.field, f.op) for f in term.filters}
        case Create():
            add(term.values, term.entity, "value")
            for nested in term.nested:
                entity = schema.relation(nested.relation).entity
                found |= {
                    f"{nested.param}[].{a.param}": (entity, a.field, "value") for a in nested.values
                }
        case Update():
            add(term.key, term.entity, "key")
            add(term.values, term.entity, "value")
        case Transition():
            add(term.key, term.entity, "key")
            add((term.to,), term.entity, "to")
        case Delete():
            add(term.key, term.entity, "key")
        case Link():
            add(term.ends, term.entity, "end")
            add(term.values, term.entity, "value")
        case Unlink():
            add(term.ends, term.entity, "end")
        case Transfer():
            add(term.target.key, term.target.entity, "key")
            add(term.source.key, term.source.entity, "key")
            add((term.amount,), term.source.entity, "amount")
        case Sequence():
            for step in term.steps:
                for name, bound in bindings(step.term, schema).items():
                    if name.partition("[]")[0] not in step.given.keys() | step.taken.keys():
                        found.setdefault(name, bound)
        case _:
            pass
    return found


def parameters(tool: Tool, schema: Schema) -> dict[str, Json]:
    """Render the parameters of a tool as a JSON Schema object (2020-12)."""
    return _of(tool.term, schema)


def _of(term: Term, schema: Schema) -> dict[str, Json]:
    if type(term) in DESK:
        return DESK[type(term)]
    form = _Form(schema)
    form.read(term)
    form.write(term)
    return closed(form.properties, form.required)


class _Form:
    """The parameters of one term, as they are gathered."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.properties: dict[str, Json] = {}
        self.required: list[str] = []

    def add(
        self, one: Argument | Filter, entity: str, *, need: bool = False, null: bool = False
    ) -> None:
        field = self.schema.entity(entity).field(one.field)
        self.properties[one.param] = _kind(field, one, null=null) | {"description": one.description}
        if need and one.param not in self.required:
            self.required.append(one.param)

    def filters(self, found: tuple[Filter, ...], entity: str) -> None:
        for one in found:
            self.add(one, entity)

    def needed(self, found: tuple[Argument, ...], entity: str) -> None:
        for one in found:
            self.add(one, entity, need=True)

    def values(self, found: tuple[Argument, ...], entity: str) -> None:
        for one in found:
            null = self.schema.entity(entity).field(one.field).nullable and not one.required
            self.add(one, entity, need=one.required, null=null)

    def read(self, term: Term) -> None:
        match term:
            case Get():
                self.needed(term.key, term.entity)
            case Find() | Identify():
                self.needed(term.by, term.entity)
            case Search():
                self.filters(term.filters, term.entity)
                self.properties |= _paging(term)
            case ListRelated():
                self.needed(term.key, self.schema.relation(term.relation).target)
                self.filters(term.filters, listed(term, self.schema))
                self.properties |= _paging(term)
            case Aggregate():
                self.aggregate(term)
            case Path():
                self.path(term)
            case _:
                pass

    def aggregate(self, term: Aggregate) -> None:
        if len(term.functions) > 1:
            self.properties["function"] = {
                "type": "string",
                "enum": list(term.functions),
                "description": "What to compute over the matching rows.",
            }
            self.required.append("function")
        if term.fields:
            self.properties["field"] = {
                "type": "string",
                "enum": list(term.fields),
                "description": "Field to compute it of; not needed to count rows.",
            }
        self.filters(term.filters, term.entity)

    def path(self, term: Path) -> None:
        first = self.schema.entity(term.entities[0])
        whole = first.field(first.key[0]).type == "integer"
        for end, what in (("from", "starts"), ("to", "ends")):
            self.properties[f"{end}_entity"] = {
                "type": "string",
                "enum": list(term.entities),
                "description": f"Kind of the thing where the way {what}.",
            }
            self.properties[f"{end}_key"] = {
                **(
                    {"type": "integer", "minimum": 1}
                    if whole
                    else {"type": "string", "minLength": 1}
                ),
                "description": f"Key of the thing where the way {what}.",
            }
            self.required += [f"{end}_entity", f"{end}_key"]
        self.properties["max_steps"] = {
            "type": "integer",
            "minimum": 1,
            "maximum": term.most,
            "description": f"Most steps that the way may have (default {term.most}).",
        }

    def write(self, term: Term) -> None:
        match term:
            case Create():
                self.values(term.values, term.entity)
                for nested in term.nested:
                    self.properties[nested.param] = _nested(nested, self.schema)
                    if nested.least:
                        self.required.append(nested.param)
            case Update():
                self.needed(term.key, term.entity)
                for one in term.values:
                    null = self.schema.entity(term.entity).field(one.field).nullable
                    self.add(one, term.entity, null=null)
            case Transition():
                self.needed((*term.key, term.to), term.entity)
            case Delete():
                self.needed(term.key, term.entity)
            case Link():
                self.needed(term.ends, term.entity)
                self.values(term.values, term.entity)
            case Unlink():
                self.needed(term.ends, term.entity)
            case Transfer():
                self.needed(term.source.key, term.source.entity)
                self.needed(term.target.key, term.target.entity)
                self.needed((term.amount,), term.source.entity)
            case Sequence():
                for step in term.steps:
                    self.step(step)
            case _:
                pass

    def step(self, step: Step) -> None:
        inner = _of(step.term, self.schema)
        fixed = step.given.keys() | step.taken.keys()
        for name, kind in inner["properties"].items():
            if name not in fixed:
                self.properties.setdefault(name, kind)
        for name in inner["required"]:
            if name not in fixed and name not in self.required:
                self.required.append(name)


def _paging(term: Search | ListRelated) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if term.sorts:
        found["sort_by"] = {
            "type": "string",
            "enum": list(term.sorts),
            "description": "Field to sort by" + _default_order(term.order),
        }
        found["descending"] = {
            "type": "boolean",
            "description": "Whether the largest or latest comes first, "
            "when sort_by is given (default false).",
        }
    found["page"] = {
        "type": "integer",
        "minimum": 1,
        "description": f"Page to show, {term.page_size} items each (default 1).",
    }
    return found


def _nested(nested: Nested, schema: Schema) -> dict[str, Json]:
    entity = schema.entity(schema.relation(nested.relation).entity)
    properties: dict[str, Json] = {}
    for argument in nested.values:
        field = entity.field(argument.field)
        null = field.nullable and not argument.required
        properties[argument.param] = _kind(field, argument, null=null) | {
            "description": argument.description
        }
    return {
        "type": "array",
        "items": closed(properties, [a.param for a in nested.values if a.required]),
        "minItems": nested.least,
        "maxItems": nested.most,
        "description": nested.description,
    }


def _default_order(order: Order | None) -> str:
    if order is None:
        return "."
    first = "largest or latest" if order.descending else "smallest or earliest"
    return f" (by default {order.field}, {first} first)."


def _kind(field: Field, argument: Argument | Filter, *, null: bool) -> dict[str, Json]:
    if isinstance(argument, Filter) and argument.op == "contains":
        return {"type": "string", "minLength": 1}
    kind = json_schema(field)
    if isinstance(argument, Filter):
        kind.pop("maxLength", None)
    if null and "type" in kind:
        kind["type"] = [kind["type"], "null"]
        if "enum" in kind:
            kind["enum"] = [*kind["enum"], None]
    return kind
