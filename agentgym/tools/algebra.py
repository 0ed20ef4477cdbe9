"""The algebra of tools: a tool is one term, and the term is data.

A term determines its parameters completely, so that no tool can declare an argument
that it ignores: `parameters` renders them as JSON Schema. `world.compile` turns terms
into statements. Next: `derive` makes the tools of a schema.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.schema import Field, Schema
from agentgym.schema.types import json_schema

__all__ = [
    "Aggregate",
    "Argument",
    "AskUser",
    "Calculate",
    "Conclude",
    "Create",
    "CurrentTime",
    "Delete",
    "Filter",
    "Find",
    "Function",
    "Get",
    "ListRelated",
    "Op",
    "Order",
    "Search",
    "Term",
    "Tool",
    "Transition",
    "Update",
    "bindings",
    "is_write",
    "listed",
    "parameters",
    "subject",
]

Op = Literal["eq", "contains", "lt", "le", "gt", "ge"]
Function = Literal["count", "sum", "avg", "min", "max"]


class Argument(Record, kw_only=True):
    """A parameter whose value is a value of a field."""

    param: str
    field: str
    description: str
    required: bool = False


class Filter(Record, kw_only=True):
    """An optional parameter that keeps the rows whose field compares with its value.

    `contains` matches part of a text whatever its case; `eq` on texts ignores case too.
    """

    param: str
    field: str
    op: Op
    description: str


class Order(Record, kw_only=True):
    """How a list is sorted when the caller does not say."""

    field: str
    descending: bool = False


class Get(Record, kw_only=True, tag="get"):
    """The one row of that key. Gives the row; `not_found` otherwise."""

    entity: str
    key: tuple[Argument, ...]


class Find(Record, kw_only=True, tag="find"):
    """The one row with those values of a natural key or label, whatever their case.

    Gives the row; `not_found` when there is none, `ambiguous` when there are several.
    """

    entity: str
    by: tuple[Argument, ...]


class Search(Record, kw_only=True, tag="search"):
    """The rows that pass all filters, sorted, one page at a time.

    Parameters besides the filters: `sort_by` (one of `sorts`), `descending`, `page`.
    Gives `{"items": [row..], "total": n, "page": p, "pages": m}`.
    """

    entity: str
    filters: tuple[Filter, ...]
    sorts: tuple[str, ...] = ()
    order: Order | None = None
    page_size: int = 20


class ListRelated(Record, kw_only=True, tag="list_related"):
    """The rows that refer to one row (or are linked to it), as `Search` gives them.

    With `through`, a link entity stands between: `relation` leads from the link to
    the one row, `through` from the link to the rows that are listed.
    """

    relation: str
    through: str | None = None
    key: tuple[Argument, ...]
    """The key of the one row."""
    filters: tuple[Filter, ...] = ()
    sorts: tuple[str, ...] = ()
    order: Order | None = None
    page_size: int = 20


class Aggregate(Record, kw_only=True, tag="aggregate"):
    """One number (or first and last value) over the rows that pass all filters.

    Parameters besides the filters: `function` (one of `functions`; not declared where there
    is only one) and, where there are `fields`, `field` (required for all but `count`; `count`
    with a field counts its values that are not empty). `avg` is rounded half up to two digits
    more than the field has (4 for floats). Gives `{"value": v, "rows": n}`; v is None over no
    rows (0 for count).
    """

    entity: str
    functions: tuple[Function, ...]
    fields: tuple[str, ...]
    filters: tuple[Filter, ...]


class Create(Record, kw_only=True, tag="create"):
    """A new row. Gives the row as it was written, with what was filled in."""

    entity: str
    values: tuple[Argument, ...]


class Update(Record, kw_only=True, tag="update"):
    """New values for some fields of one row; at least one. Gives the row after it."""

    entity: str
    key: tuple[Argument, ...]
    values: tuple[Argument, ...]


class Transition(Record, kw_only=True, tag="transition"):
    """The status of one row moved along its life cycle. Gives the row after it."""

    entity: str
    key: tuple[Argument, ...]
    to: Argument


class Delete(Record, kw_only=True, tag="delete"):
    """One row removed, if nothing refers to it. Gives `{"deleted": key}`."""

    entity: str
    key: tuple[Argument, ...]


class Calculate(Record, kw_only=True, tag="calculate"):
    """An arithmetic expression, computed exactly. Gives `{"value": number}`."""


class CurrentTime(Record, kw_only=True, tag="current_time"):
    """The logical clock. Gives `{"now": datetime}`."""


class AskUser(Record, kw_only=True, tag="ask_user"):
    """A question to the user. Gives `{"reply": text}`."""


class Conclude(Record, kw_only=True, tag="conclude"):
    """The end of the task: outcome, answer, reason. Gives `{"concluded": outcome}`."""


Term = (
    Get
    | Find
    | Search
    | ListRelated
    | Aggregate
    | Create
    | Update
    | Transition
    | Delete
    | Calculate
    | CurrentTime
    | AskUser
    | Conclude
)

WRITES = (Create, Update, Transition, Delete)


class Tool(Record, kw_only=True):
    """One thing that an agent can do."""

    name: str
    description: str
    term: Term
    guards: tuple[str, ...] = ()
    """Ids of the rules that may refuse it."""


def is_write(tool: Tool) -> bool:
    """Tell whether the tool can change a row."""
    return isinstance(tool.term, WRITES)


def bindings(term: Term, schema: Schema) -> dict[str, tuple[str, str, str]]:
    """Map each parameter that stands for a field to (entity, field, use).

    `use` is `key`, `by`, `value`, `to`, or a filter's op. Parameters like `page` are left out.
    """
    found: dict[str, tuple[str, str, str]] = {}
    match term:
        case Get():
            found |= {a.param: (term.entity, a.field, "key") for a in term.key}
        case Find():
            found |= {a.param: (term.entity, a.field, "by") for a in term.by}
        case Search() | Aggregate():
            found |= {f.param: (term.entity, f.field, f.op) for f in term.filters}
        case ListRelated():
            found |= {
                a.param: (schema.relation(term.relation).target, a.field, "key") for a in term.key
            }
            found |= {f.param: (listed(term, schema), f.field, f.op) for f in term.filters}
        case Create():
            found |= {a.param: (term.entity, a.field, "value") for a in term.values}
        case Update():
            found |= {a.param: (term.entity, a.field, "key") for a in term.key}
            found |= {a.param: (term.entity, a.field, "value") for a in term.values}
        case Transition():
            found |= {a.param: (term.entity, a.field, "key") for a in term.key}
            found[term.to.param] = (term.entity, term.to.field, "to")
        case Delete():
            found |= {a.param: (term.entity, a.field, "key") for a in term.key}
        case _:
            pass
    return found


def listed(term: ListRelated, schema: Schema) -> str:
    """Name the entity whose rows the tool lists."""
    if term.through is not None:
        return schema.relation(term.through).target
    return schema.relation(term.relation).entity


def subject(term: Term, schema: Schema) -> str | None:
    """Name the entity whose rows the tool gives or changes; None for the domain-free ones."""
    if isinstance(term, ListRelated):
        return listed(term, schema)
    return getattr(term, "entity", None)


def parameters(tool: Tool, schema: Schema) -> dict[str, Json]:
    """Render the parameters of a tool as a JSON Schema object (2020-12)."""
    properties: dict[str, Json] = {}
    required: list[str] = []

    def add(argument: Argument | Filter, entity: str, *, need: bool, null: bool = False) -> None:
        kind = _loose(schema.entity(entity).field(argument.field), argument)
        if null and "type" in kind:
            kind["type"] = [kind["type"], "null"]
            if "enum" in kind:
                kind["enum"] = [*kind["enum"], None]
        properties[argument.param] = kind | {"description": argument.description}
        if need:
            required.append(argument.param)

    term = tool.term
    match term:
        case Get() | Delete():
            for argument in term.key:
                add(argument, term.entity, need=True)
        case Find():
            for argument in term.by:
                add(argument, term.entity, need=True)
        case Search() | ListRelated():
            entity = term.entity if isinstance(term, Search) else listed(term, schema)
            if isinstance(term, ListRelated):
                for argument in term.key:
                    add(argument, schema.relation(term.relation).target, need=True)
            for one in term.filters:
                add(one, entity, need=False)
            if term.sorts:
                properties["sort_by"] = {
                    "type": "string",
                    "enum": list(term.sorts),
                    "description": "Field to sort by" + _default_order(term.order),
                }
                properties["descending"] = {
                    "type": "boolean",
                    "description": "Whether the largest or latest comes first, "
                    "when sort_by is given (default false).",
                }
            properties["page"] = {
                "type": "integer",
                "minimum": 1,
                "description": f"Page to show, {term.page_size} items each (default 1).",
            }
        case Aggregate():
            if len(term.functions) > 1:
                properties["function"] = {
                    "type": "string",
                    "enum": list(term.functions),
                    "description": "What to compute over the matching rows.",
                }
                required.append("function")
            if term.fields:
                properties["field"] = {
                    "type": "string",
                    "enum": list(term.fields),
                    "description": "Field to compute it of; not needed to count rows.",
                }
            for one in term.filters:
                add(one, term.entity, need=False)
        case Create():
            for argument in term.values:
                nullable = schema.entity(term.entity).field(argument.field).nullable
                add(
                    argument,
                    term.entity,
                    need=argument.required,
                    null=nullable and not argument.required,
                )
        case Update():
            for argument in term.key:
                add(argument, term.entity, need=True)
            for argument in term.values:
                add(
                    argument,
                    term.entity,
                    need=False,
                    null=schema.entity(term.entity).field(argument.field).nullable,
                )
        case Transition():
            for argument in (*term.key, term.to):
                add(argument, term.entity, need=True)
        case _:
            return _FREE[type(term)]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _default_order(order: Order | None) -> str:
    if order is None:
        return "."
    first = "largest or latest" if order.descending else "smallest or earliest"
    return f" (by default {order.field}, {first} first)."


def _loose(field: Field, argument: Argument | Filter) -> dict[str, Json]:
    kind = json_schema(field)
    if isinstance(argument, Filter) and argument.op == "contains":
        return {"type": "string", "minLength": 1}
    if isinstance(argument, Filter):
        kind.pop("maxLength", None)
    return kind


def _free(properties: dict[str, Json], required: list[str]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_FREE: dict[type, dict[str, Json]] = {
    Calculate: _free(
        {
            "expression": {
                "type": "string",
                "description": "Numbers with + - * / ( ) and round(x, digits), min(..), max(..).",
            }
        },
        ["expression"],
    ),
    CurrentTime: _free({}, []),
    AskUser: _free(
        {"question": {"type": "string", "minLength": 1, "description": "What to ask the user."}},
        ["question"],
    ),
    Conclude: _free(
        {
            "outcome": {
                "type": "string",
                "enum": ["done", "refused", "impossible"],
                "description": "done: the request is fulfilled; refused: a rule forbids it; "
                "impossible: something is missing.",
            },
            "answer": {
                "description": "The answer, when the user asked for one: the value alone, "
                "or a list of values."
            },
            "reason": {
                "type": "string",
                "description": "The rule or the missing thing, when not done.",
            },
        },
        ["outcome"],
    ),
}
