"""Operations as tools: each a term of the algebra, under its own name and parameters.

A use of a resource, with what its parameters stand for, comes in; a `Tool` goes out, or it is
counted why it cannot be one. Next: `draft`.
"""

from __future__ import annotations

from agentgym.schema import Entity
from agentgym.sources.openapi.bind import Bindings
from agentgym.sources.openapi.placed import Taken
from agentgym.sources.openapi.reading import Reading
from agentgym.sources.openapi.resources import Use
from agentgym.sources.openapi.wording import said
from agentgym.sources.openapi.writing import Writing
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    Delete,
    Find,
    Get,
    Link,
    ListRelated,
    Search,
    Sequence,
    Term,
    Tool,
    Transition,
    Unlink,
    Update,
)

__all__ = ["Maker"]


class Maker(Reading, Writing):
    """Makes the tools of a draft."""

    def make(self, use: Use, bound: Bindings) -> Tool | None:
        """Make the tool of an operation; None where it cannot be one, which is counted."""
        entity = self.placed.entity(use.noun)
        if entity is None:
            self.skipped["operation on a resource that is left out"] += 1
            return None
        found = self._term(use, bound, entity)
        if isinstance(found, str):
            self.skipped[found] += 1
            return None
        mark = _mark(found)
        if mark in self._seen:
            self.skipped["operation that does what another does"] += 1
            return None
        self._seen.add(mark)
        for why, count in bound.left.items():
            self.skipped[why] += count
        operation = use.operation
        return Tool(
            name=self.names.take(operation.name, f"{operation.name}_{entity.name}"),
            description=operation.description or said(use, found, entity, self.schema),
            term=found,
        )

    def _term(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        match use.meant.verb:
            case "get":
                return self._get(use, bound, entity)
            case "list":
                return self._list(use, bound, entity)
            case "count":
                filters = self._filters(use, bound, entity, Taken(entity))
                return Aggregate(
                    entity=entity.name, functions=("count",), fields=(), filters=filters
                )
            case "create":
                return self._create(use, bound, entity)
            case "update":
                return self._update(use, bound, entity)
            case "delete":
                return self._delete(use, bound, entity)
            case "act":
                return self._act(use, bound, entity)
            case _:
                return "operation that reads or writes no rows"


def _mark(term: Term) -> object:
    """Return what a term does, with names and texts of its parameters forgotten."""
    match term:
        case Get() | Delete():
            return type(term), term.entity
        case Find():
            return type(term), term.entity, tuple(sorted(one.field for one in term.by))
        case Search():
            return type(term), term.entity, frozenset((f.field, f.op) for f in term.filters)
        case ListRelated():
            filters = frozenset((f.field, f.op) for f in term.filters)
            return type(term), term.relation, term.through, filters
        case Aggregate():
            return type(term), term.entity, frozenset((f.field, f.op) for f in term.filters)
        case Create():
            nested = tuple(one.relation for one in term.nested)
            return type(term), term.entity, frozenset(one.field for one in term.values), nested
        case Update():
            return type(term), term.entity, frozenset(one.field for one in term.values)
        case Transition():
            return type(term), term.entity, term.to.field
        case Link() | Unlink():
            return type(term), term.entity
        case Sequence():
            given = tuple(sorted((k, str(v)) for step in term.steps for k, v in step.given.items()))
            return type(term), _mark(term.steps[0].term), given
        case _:
            return term
