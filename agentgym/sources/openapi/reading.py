"""Operations that read as terms: get, find, search, list what is related.

Next: `writing`.
"""

from __future__ import annotations

from agentgym.schema import Entity, Relation
from agentgym.sources.openapi.bind import Bindings, Bound
from agentgym.sources.openapi.making import ORDERED, Making
from agentgym.sources.openapi.names import snake
from agentgym.sources.openapi.placed import Taken
from agentgym.sources.openapi.resources import Use
from agentgym.sources.openapi.wording import page_size, value_text
from agentgym.tools.algebra import Argument, Find, Get, ListRelated, Search, Term

__all__ = ["Reading"]


class Reading(Making):
    """Makes terms that read."""

    def _get(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        key = self._key(use, bound, Taken(entity))
        if key is not None:
            return Get(entity=entity.name, key=key)
        taken = Taken(entity)
        by = []
        for one in bound.of("key", "eq"):
            field = self.placed.field(use.noun, one.trait)
            if field is not None and (one.how == "key" or one.required):
                by.append(self._argument(use, one, field, taken, required=True))
        if not by and bound.of("parent"):
            found = self._list(use, bound, entity)
            return found if isinstance(found, ListRelated) else "operation without a key"
        optional = [one for one in bound.of("eq") if self._is_unique(use, one)]
        if not by and len(optional) == 1:
            field = self.placed.field(use.noun, optional[0].trait)
            if field is not None:
                by.append(self._argument(use, optional[0], field, taken, required=True))
        if by:
            return Find(entity=entity.name, by=tuple(by))
        if bound.of("eq", "contains", "ge", "le", "gt", "lt"):
            return self._list(use, bound, entity)
        return "operation without a key"

    def _is_unique(self, use: Use, one: Bound) -> bool:
        field = self.placed.field(use.noun, one.trait)
        return field is not None and (field.unique or field.name in ("name", "email", "username"))

    def _list(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        size = page_size(use)
        sorts = self._sorts(use, entity)
        near = self._near(use, bound)
        if near is None and self._is_below(use, bound):
            return "list below what is not described"
        if near is None:
            filters = self._filters(use, bound, entity, Taken(entity))
            return Search(entity=entity.name, filters=filters, sorts=sorts, page_size=size)
        relation, through, one = near
        parent = self.schema.entity(relation.target)
        if len(parent.key) != 1:
            return "operation without a key"
        taken = Taken(entity)
        key = Argument(
            param=taken.take(one.param),
            field=parent.key[0],
            description=value_text(one.description, parent.field(parent.key[0]), parent.label),
            required=True,
        )
        mine = relation.fields[0] if through is None else ""
        filters = self._filters(use, bound, entity, taken, without=mine)
        return ListRelated(
            relation=relation.name,
            through=None if through is None else through.name,
            key=(key,),
            filters=filters,
            sorts=sorts,
            page_size=size,
        )

    def _is_below(self, use: Use, bound: Bindings) -> bool:
        """Tell whether a list is of fewer rows than another, and nothing says which."""
        if not bound.left["parameter that names what stands above"] and not bound.of("parent"):
            return False
        mine = _depth(use)
        others = self.placed.resources[use.noun].uses
        return any(_depth(one) < mine for one in others if one.meant.verb == "list")

    def _near(self, use: Use, bound: Bindings) -> tuple[Relation, Relation | None, Bound] | None:
        """Find the relation along which a list below another thing is meant."""
        for one in bound.of("parent"):
            if one.trait:
                relation = self.placed.relation(use.noun, one.trait)
                if relation is not None:
                    return relation, None, one
            else:
                joined = self.placed.joining(use.parent, use.noun)
                if joined is not None:
                    return joined[1], joined[2], one
        return None

    def _sorts(self, use: Use, entity: Entity) -> tuple[str, ...]:
        """Name the fields by which a list can be sorted, where an operation lets it be sorted."""
        for one in use.operation.takes:
            if snake(one.name) in ("sort", "sort_by", "order_by", "orderby", "order", "ordering",
                                   "sort_field", "sort_key", "sortby"):  # fmt: skip
                names = {snake(value.lstrip("-+").partition(":")[0]) for value in one.shape.values}
                able = [f for f in entity.fields if f.type in (*ORDERED, "text", "enum")]
                said = [f.name for f in able if f.name in names or f"{f.name}_asc" in names]
                plain = [f.name for f in able if f.type in ORDERED or "name" in f.name.split("_")]
                plain = [name for name in plain if not name.endswith("_id") and name != "id"]
                return tuple((said or plain)[:8])
        return ()


def _depth(use: Use) -> int:
    """Count what a path names before it ends."""
    return sum(one.place == "path" for one in use.operation.takes)
