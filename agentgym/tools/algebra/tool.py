"""A tool: a name, a description and one term; and what can be said of any term.

Next: `parameters`, which renders a term's parameters as JSON Schema.
"""

from __future__ import annotations

from agentgym.formats import Record
from agentgym.schema import Schema
from agentgym.tools.algebra.desk import (
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    LookUpTerm,
    MakePlan,
    Offer,
    ReadManual,
    RecallNotes,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    ThinkAloud,
    Wait,
)
from agentgym.tools.algebra.reads import (
    Aggregate,
    Find,
    Get,
    Identify,
    ListRelated,
    Path,
    Search,
)
from agentgym.tools.algebra.writes import (
    WRITES,
    Create,
    Delete,
    Link,
    Sequence,
    Transfer,
    Transition,
    Unlink,
    Update,
)

__all__ = ["Term", "Tool", "is_write", "listed", "subject", "touched"]

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
    | LookUpTerm
    | Calculate
    | CurrentTime
    | AskUser
    | Conclude
    | ThinkAloud
    | MakePlan
    | TakeNote
    | RecallNotes
    | Offer
    | Wait
)


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
