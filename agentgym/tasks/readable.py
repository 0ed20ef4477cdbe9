"""What tools can read: by which fields a row can be found, and in which order rows come.

The tools come in; walks ask before they go anywhere that no call leads to. What is denied here
no run could do; what is allowed may still fail (a page too few), which `prove` finds out.
Next: `routes`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from agentgym.schema import Schema
from agentgym.tools.algebra import Filter, Find, Get, ListRelated, Order, Search, Tool, listed

__all__ = ["Listing", "Readable"]


class Listing(NamedTuple):
    """A tool that lists rows."""

    needed: frozenset[str]
    """Fields whose values it must be given."""
    filters: frozenset[str]
    """Fields by which it can filter for a value."""
    sorts: frozenset[str]
    order: Order | None
    compares: frozenset[tuple[str, str]]
    """Pairs of a field and an op by which it can filter."""
    page_size: int


class Readable:
    """What the read tools of a domain can find.

    Args:
        schema: Of the domain.
        tools: Of the domain.
    """

    def __init__(self, schema: Schema, tools: Iterable[Tool]) -> None:
        self._hidden = frozenset(
            entity.name
            for entity in schema.entities
            if any(entity.field(name).role == "secret" for name in entity.key)
        )
        """Entities whose rows no result tells apart."""
        self._exact: dict[str, list[frozenset[str]]] = {}
        self._lists: dict[str, list[Listing]] = {}
        for tool in tools:
            match tool.term:
                case Get(entity=entity, key=key):
                    self._exact.setdefault(entity, []).append(frozenset(a.field for a in key))
                case Find(entity=entity, by=by):
                    self._exact.setdefault(entity, []).append(frozenset(a.field for a in by))
                case Search() as term:
                    self._lists.setdefault(term.entity, []).append(_listing(term, frozenset()))
                case ListRelated(through=None) as term:
                    relation = schema.relation(term.relation)
                    mine = dict(zip(relation.target_fields, relation.fields, strict=True))
                    if all(argument.field in mine for argument in term.key):
                        needed = frozenset(mine[argument.field] for argument in term.key)
                        entity = listed(term, schema)
                        self._lists.setdefault(entity, []).append(_listing(term, needed))
                case _:
                    pass

    def finds(self, entity: str, known: Collection[str]) -> bool:
        """Tell whether some call shows rows of the entity to who knows values of the fields."""
        if entity in self._hidden:
            return False
        have = frozenset(known)
        return any(fields <= have for fields in self._exact.get(entity, ())) or any(
            _serves(one, have) for one in self._lists.get(entity, ())
        )

    def listings(self, entity: str) -> list[Listing]:
        """Return the tools that list rows of the entity; none where no result tells rows apart."""
        return [] if entity in self._hidden else self._lists.get(entity, [])

    def exact(self, entity: str) -> list[frozenset[str]]:
        """Return the sets of fields by whose values some call shows one row."""
        return [] if entity in self._hidden else self._exact.get(entity, [])

    def sorts(self, entity: str, known: Collection[str], field: str, *, largest: bool) -> bool:
        """Tell whether some call shows the rows that are known by fields in order of a field."""
        have = frozenset(known)
        return any(
            _serves(one, have)
            and (
                field in one.sorts
                or (
                    one.order is not None
                    and one.order.field == field
                    and one.order.descending == largest
                )
            )
            for one in self._lists.get(entity, ())
        )


def _listing(term: Search | ListRelated, needed: frozenset[str]) -> Listing:
    return Listing(
        needed=needed,
        filters=_filtered(term.filters),
        sorts=frozenset(term.sorts),
        order=term.order,
        compares=frozenset((one.field, one.op) for one in term.filters),
        page_size=term.page_size,
    )


def _filtered(filters: Iterable[Filter]) -> frozenset[str]:
    ops: dict[str, set[str]] = {}
    for one in filters:
        ops.setdefault(one.field, set()).add(one.op)
    return frozenset(f for f, of in ops.items() if of & {"eq", "contains"} or {"ge", "le"} <= of)


def _serves(one: Listing, known: frozenset[str]) -> bool:
    """Tell whether a list can be asked for by what is known."""
    if not one.needed <= known:
        return False
    return bool(one.needed) or not known or bool(one.filters & known)
