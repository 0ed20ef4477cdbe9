"""The pieces of which the tools of a description are made: arguments, keys, filters.

Next: `reading`, `writing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentgym.schema import Entity, Field, Lifecycle
from agentgym.sources.openapi.bind import Bindings, Bound
from agentgym.sources.openapi.placed import Placed, Taken
from agentgym.sources.openapi.resources import Use
from agentgym.sources.openapi.wording import filter_text, value_text
from agentgym.tools.algebra import Argument, Filter
from agentgym.tools.derive.naming import Names

__all__ = ["ORDERED", "Making"]

_MOST_FILTERS = 12
ORDERED = ("integer", "decimal", "float", "date", "datetime")


class Making:
    """What the makers of tools need, and the pieces of which terms are made.

    Args:
        placed: Where resources have come to stand.
        skipped: Gets the counts of operations and parameters that are left out, with reasons.
        lifecycles: Of the schema, with those that actions show.
    """

    def __init__(
        self, placed: Placed, skipped: Counter[str], lifecycles: Sequence[Lifecycle]
    ) -> None:
        self.placed = placed
        self.schema = placed.schema
        self.skipped = skipped
        self.lifecycles = {(one.entity, one.field): one for one in lifecycles}
        self.names = Names()
        self._seen: set[object] = set()

    def _argument(
        self, use: Use, one: Bound, field: Field, taken: Taken, *, required: bool
    ) -> Argument:
        entity = self.placed.entity(use.noun)
        label = "thing" if entity is None else entity.label
        return Argument(
            param=taken.take(one.param),
            field=field.name,
            description=value_text(one.description, field, label),
            required=required,
        )

    def _key(self, use: Use, bound: Bindings, taken: Taken) -> tuple[Argument, ...] | None:
        """Return the arguments that name the row; None where its key is not given."""
        entity = self.placed.entity(use.noun)
        assert entity is not None
        found: dict[str, Argument] = {}
        for one in bound.of("key", "parent"):
            field = self.placed.field(use.noun, one.trait)
            if field is not None and field.name in entity.key and field.name not in found:
                found[field.name] = self._argument(use, one, field, taken, required=True)
        if set(found) != set(entity.key):
            return None
        return tuple(found[name] for name in entity.key)

    def _filters(
        self, use: Use, bound: Bindings, entity: Entity, taken: Taken, without: str = ""
    ) -> tuple[Filter, ...]:
        found: list[Filter] = []
        known: set[tuple[str, str]] = set()
        for one in bound.of("eq", "contains", "ge", "le", "gt", "lt", "parent", "key"):
            field = self.placed.field(use.noun, one.trait)
            op = "eq" if one.how in ("parent", "key") else one.how
            if field is None or field.name == without or (field.name, op) in known:
                continue
            if op == "contains" and field.type not in ("text", "enum"):
                op = "eq"
            if field.type in ("json", "bytes") or (
                op in ("ge", "le", "gt", "lt") and field.type not in ORDERED
            ):
                self.skipped["parameter that no field stands for"] += 1
                continue
            if len(found) >= _MOST_FILTERS:
                self.skipped["filter of a very long list"] += 1
                continue
            known.add((field.name, op))
            found.append(
                Filter(
                    param=taken.take(one.param),
                    field=field.name,
                    op=op,  # type: ignore[arg-type]
                    description=filter_text(one.description, field, op, entity),
                )
            )
        return tuple(found)
