"""What effects are found on: the schema, its rows as columns, and small questions about both.

Next: `stock`.
"""

from __future__ import annotations

import re
from functools import cached_property

from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.schema.discover import Columns
from agentgym.schema.roles.words import names
from agentgym.schema.types import Rows

__all__ = ["Ground", "plain", "words"]

_AUTOMATIC = frozenset({"counter", "text", "row_number"})


def words(thing: Field | Entity) -> frozenset[str]:
    """Return the words of a name, of label and identifier."""
    return frozenset(word for one in names(thing) for word in one)


def plain(value: str) -> str:
    """Return a state in small letters, its words apart: `OnLoan` is `on loan`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value)
    return " ".join(re.split(r"[\s_\-]+", spaced)).casefold().strip()


class Ground:
    """A schema and its rows.

    Args:
        schema: With roles and derived fields.
        rows: Entity to rows in stored form; what is absent will be made.
    """

    def __init__(self, schema: Schema, rows: Rows) -> None:
        self.schema = schema
        self.columns = Columns(schema, rows)

    def children(self, entity: str) -> list[Relation]:
        """Return the relations that point to the entity from others, one row from many."""
        return [r for r in self.schema.children(entity) if r.entity != entity and not r.one_to_one]

    def settable(self, entity: Entity, field: Field) -> bool:
        """Tell whether an effect may write the field: of no key, reference or derived value."""
        return (
            (entity.name, field.name) not in self._bound
            and not field.generated
            and not field.unique
            and field.role != "secret"
        )

    @cached_property
    def _bound(self) -> frozenset[tuple[str, str]]:
        bound = {(e.name, name) for e in self.schema.entities for name in e.key}
        bound |= {(e.name, n) for e in self.schema.entities for u in e.uniques for n in u}
        bound |= {(r.entity, name) for r in self.schema.relations for name in r.fields}
        bound |= {(r.target, name) for r in self.schema.relations for name in r.target_fields}
        return frozenset(bound | self.schema.computed)

    def cycle(self, entity: str, field: str) -> Lifecycle | None:
        """Return the life cycle of the field, or None."""
        for cycle in self.schema.lifecycles:
            if (cycle.entity, cycle.field) == (entity, field):
                return cycle
        return None

    def states(self, entity: Entity) -> Field | None:
        """Return the one field that holds the state of the entity's rows, or None."""
        found = [f for f in entity.fields if f.type == "enum" and f.role == "status"]
        cycled = [f for f in found if self.cycle(entity.name, f.name)]
        found = cycled or found
        return found[0] if len(found) == 1 else None

    def numbered(self, entity: Entity) -> bool:
        """Tell whether new rows get their key by themselves."""
        tied = {name for r in self.schema.parents(entity.name) for name in r.fields}
        return (
            len(entity.key) == 1
            and entity.key_source in _AUTOMATIC
            and not tied & set(entity.key)
            and not entity.uniques
        )
