"""The algebra of tools: a tool is one term, and the term is data.

A term says completely what a tool does and which parameters it has, so that no tool can declare
an argument that it ignores. Every call gives what its term's docstring says, or an error with a
code (`not_found`, `conflict`, `rule_broken` ...); a call that fails changes nothing. In the order
of this file: the tool, the pieces of terms, terms that read, terms that write one row, those of
rows that join others, those that write several rows, who is served, what can be looked up, and
what any desk has.

Not part of a term, but added by the world to every write: derived values, effects, and the rules
that hold whoever writes (`schema.invariants`, `rules.effect`, `rules.rule`). Next: `parameters`,
which renders a term's parameters as JSON Schema.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.schema import Schema

__all__ = [
    "WRITES",
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
    "Identify",
    "Link",
    "ListRelated",
    "ListTools",
    "Nested",
    "Op",
    "Order",
    "Path",
    "ReadManual",
    "Search",
    "SearchManual",
    "Sequence",
    "ShowToolDoc",
    "Side",
    "Step",
    "Term",
    "Tool",
    "Transfer",
    "Transition",
    "Unlink",
    "Update",
    "is_write",
    "listed",
    "subject",
    "touched",
]

Op = Literal["eq", "contains", "lt", "le", "gt", "ge"]
Function = Literal["count", "sum", "avg", "min", "max"]


class Tool(Record, kw_only=True):
    """One thing that an agent can do."""

    name: str
    description: str
    term: Term
    guards: tuple[str, ...] = ()
    """Ids of the rules that may refuse it."""


# pieces of terms


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


# terms that read


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


class Path(Record, kw_only=True, tag="path"):
    """How two rows are connected: the fewest steps over references, in either direction.

    Parameters: `from_entity`, `from_key`, `to_entity`, `to_key`, `max_steps` (1 to `most`, by
    default `most`). Gives `{"steps": [{"relation": r, "entity": e, "key": k}..], "length": n}`,
    a step naming the row that it leads to; of several ways the first in the order of relations,
    forward before backward, and keys. `not_found` where a row is not there, or no way is short
    enough. Keys alone are shown: what else a row says is read with the tools of its entity.
    """

    entities: tuple[str, ...]
    """Between rows of these; each has one key field, all texts or all integers."""
    relations: tuple[str, ...]
    """References between them that are followed."""
    joints: tuple[tuple[str, str], ...] = ()
    """Two relations that leave one entity: each row of it joins what they lead to in one step."""
    most: int = 6


# terms that write one row


class Nested(Record, kw_only=True):
    """A parameter that holds a list of rows which will refer to the row that is made.

    Each item is an object with the arguments of `values`.
    """

    param: str
    relation: str
    """From the rows of the list to the new row; its fields are filled in."""
    values: tuple[Argument, ...]
    description: str
    least: int = 1
    most: int = 20


class Create(Record, kw_only=True, tag="create"):
    """A new row, and those nested in it.

    Gives the row as it was written, with what was filled in; under the name of each nested
    parameter, the list of its rows.
    """

    entity: str
    values: tuple[Argument, ...]
    nested: tuple[Nested, ...] = ()


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


# terms of rows that join others


class Link(Record, kw_only=True, tag="link"):
    """Two rows (or more) joined by a row of a link entity.

    Gives that row; `conflict` where they are joined already.
    """

    entity: str
    """The link entity."""
    ends: tuple[Argument, ...]
    """The fields of the link that refer to what is joined, all required."""
    values: tuple[Argument, ...] = ()
    """What else the link says: a quantity, a role."""


class Unlink(Record, kw_only=True, tag="unlink"):
    """The row that joins them removed.

    Gives `{"removed": {end: value}}`; `not_found` where there is none, `ambiguous` where there
    are several.
    """

    entity: str
    ends: tuple[Argument, ...]


# terms that write several rows, all or none


class Side(Record, kw_only=True):
    """One end of a transfer: a row and the number that falls or rises.

    A key field that both ends take under one parameter (the product of which stock is moved) is
    the same for both.
    """

    entity: str
    key: tuple[Argument, ...]
    field: str


class Transfer(Record, kw_only=True, tag="transfer"):
    """An amount moved from one row to another, both or neither.

    Refused where the amount is not more than 0, where both are one row, where the fields of
    `same` differ (a currency, an owner), and by every rule of either row (what there is must
    not fall below 0). Gives `{"source": row, "target": row}` after it.
    """

    source: Side
    target: Side
    amount: Argument
    """Its field is the source's; the target's has the same type, scale and unit."""
    same: tuple[tuple[str, str], ...] = ()
    """Fields of source and target that must be equal."""


class Step(Record, kw_only=True):
    """One operation of a sequence; its parameters are those of the tool, unless they are set."""

    term: Create | Update | Transition | Link | Unlink | Delete | Transfer
    given: dict[str, Json] = {}
    """Parameters to wire values that the tool itself sets."""
    taken: dict[str, str] = {}
    """Parameters to `<step>.<field>`: a value of the row that an earlier step gave, as `0.id`."""


class Sequence(Record, kw_only=True, tag="sequence"):
    """Several operations in one transaction: all or none. Gives `{"steps": [result..]}`.

    A parameter that several steps take under the same name is one parameter of the tool. A
    single step is one that sets something itself: `close_ticket`.
    """

    steps: tuple[Step, ...]


# who is served


class Identify(Record, kw_only=True, tag="identify"):
    """The user identified as one row of an entity, by what only that person would know.

    Gives `{"identified": {key}}`; `not_found` where no row has all the values (texts compare
    whatever their case), `ambiguous` where several have. The conversation goes on as with that
    person; a failing call leaves it as it was.
    """

    entity: str
    by: tuple[Argument, ...]
    """At least two fields, or one that is unique; all required."""


# what can be looked up


class ListTools(Record, kw_only=True, tag="list_tools"):
    """The names of the tools at hand, each with the first sentence of its description."""


class ShowToolDoc(Record, kw_only=True, tag="show_tool_doc"):
    """What one tool does and takes. Gives its name, description and parameters; `not_found`."""


class ReadManual(Record, kw_only=True, tag="read_manual"):
    """One section of the desk manual, or the list of its sections."""


class SearchManual(Record, kw_only=True, tag="search_manual"):
    """The paragraphs of the manual that hold the words, best first, a few at a time."""


# what any desk has


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
    | Path
    | Create
    | Update
    | Transition
    | Delete
    | Link
    | Unlink
    | Transfer
    | Sequence
    | Identify
    | ListTools
    | ShowToolDoc
    | ReadManual
    | SearchManual
    | Calculate
    | CurrentTime
    | AskUser
    | Conclude
)

WRITES = (Create, Update, Transition, Delete, Link, Unlink, Transfer, Sequence)
"""The terms that can change a row."""


def is_write(tool: Tool) -> bool:
    """Tell whether the tool can change a row."""
    return isinstance(tool.term, WRITES)


def listed(term: ListRelated, schema: Schema) -> str:
    """Name the entity whose rows the tool lists."""
    if term.through is not None:
        return schema.relation(term.through).target
    return schema.relation(term.relation).entity


def subject(term: Term, schema: Schema) -> str | None:
    """Name the entity whose rows the tool gives or changes; None for the domain-free ones.

    Of several that it changes, the first.
    """
    if isinstance(term, ListRelated):
        return listed(term, schema)
    if isinstance(term, Transfer):
        return term.source.entity
    if isinstance(term, Sequence):
        return subject(term.steps[0].term, schema)
    return getattr(term, "entity", None)


def touched(term: Term, schema: Schema) -> tuple[str, ...]:
    """Name the entities whose rows the term itself writes, or gives; each once."""
    match term:
        case Sequence():
            found = [name for step in term.steps for name in touched(step.term, schema)]
        case Transfer():
            found = [term.source.entity, term.target.entity]
        case Create():
            children = [schema.relation(one.relation).entity for one in term.nested]
            found = [term.entity, *children]
        case _:
            first = subject(term, schema)
            found = [] if first is None else [first]
    return tuple(dict.fromkeys(found))
