"""What a person would change or ask for: fields, and the rows that they stand in.

A schema with its effects comes in. When a row was written, when somebody joined, what the
world computes and what a system notes are facts of the past: nobody asks to change them.
Next: `trial`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules import Adjust, Assign, Effect
from agentgym.schema import Entity, Field, Schema
from agentgym.tasks.spoken import asked_for, only_links
from agentgym.tools.derive.rules.ground import technical

__all__ = ["ASKED", "SETTABLE", "Changeable"]

SETTABLE = (
    "contact",
    "category",
    "place",
    "quantity",
    "money",
    "measure",
    "time",
    "flag",
    "person",
    "label",
    "other",
)
"""Roles of fields that are given new values."""

ASKED = (
    "money",
    "quantity",
    "measure",
    "time",
    "code",
    "contact",
    "place",
    "label",
    "person",
    "category",
    "other",
)
"""Roles of fields that are asked for."""

_PAST = frozenset(
    "created create creation updated update modified modification changed change written added "
    "registered registration joined join joining signup enrolled hired hire hiring birth born "
    "birthday birthdate dob death died founded established published released logged login seen "
    "inserted imported synced recorded entered posted sent received ordered order placed paid "
    "payment purchased purchase sold sale invoiced invoice issued rented rental rent visited "
    "visit viewed completed closed cancelled canceled confirmed approved submitted uploaded "
    "deleted archived resolved started ended returned shipped delivered admitted discharged "
    "recent last first original old previous timestamp stamp log audit transaction".split()
)
"""Words in the names of times that tell what has happened."""

_AHEAD = frozenset(
    "due deadline planned plan scheduled schedule expected estimated target until expires expiry "
    "expiration valid end ends start starts begin begins arrival departure delivery appointment "
    "available next required promised reminder renewal checkin checkout from to".split()
)
"""Words in the names of times that are agreed beforehand."""

_COUNTED = frozenset(
    "num number count counter total totals subtotal balance sum times quota version revision "
    "checksum offset length rank ordinal position idx".split()
)
"""Words in the names of what a system counts, sums or makes by itself."""


class Changeable:
    """Tells what a person would change.

    Args:
        schema: Of the domain.
        effects: What else its writes do: what they keep, nobody sets.
        now: Its clock at the start.
    """

    def __init__(self, schema: Schema, effects: Sequence[Effect] = (), *, now: str = "") -> None:
        self.schema, self.now = schema, now
        self.kept = set(schema.computed)
        """(entity, field) pairs that the world keeps by itself."""
        self.noted: set[str] = set()
        """Entities of which effects add rows: ledgers, histories."""
        for effect in effects:
            match effect.do:
                case Adjust(path=path, field=field):
                    self.kept.add((schema.relation(path[-1]).target, field))
                case Assign(path=path, field=field):
                    start = effect.entity
                    if effect.each is not None:
                        start = schema.relation(effect.each).entity
                    self.kept.add((schema.relation(path[-1]).target if path else start, field))
                case _:
                    self.noted.add(effect.do.entity)

    def entity(self, entity: Entity) -> bool:
        """Tell whether a person would have rows of the entity changed, made or removed."""
        return (
            entity.spoken
            and entity.kind != "log"
            and entity.name not in self.noted
            and not technical(entity)
            and not only_links(self.schema, entity.name)
        )

    def field(self, entity: Entity, field: Field) -> bool:
        """Tell whether a person would have the field of a row changed."""
        return (
            field.spoken
            and not field.generated
            and field.role in SETTABLE
            and (field.role != "flag" or field.type in ("boolean", "enum", "text"))
            and (entity.name, field.name) not in self.kept
            and not self._counted(field)
            and (field.type not in ("date", "datetime") or self.ahead(entity, field))
        )

    def asked(self, entity: Entity, field: Field) -> bool:
        """Tell whether a person would ask for the value of the field."""
        return (
            field.spoken
            and field.role in ASKED
            and field.type not in ("boolean", "json", "bytes")
            and asked_for(entity, field)
        )

    def _counted(self, field: Field) -> bool:
        """Tell whether a system counts the values of the field, or makes them up."""
        first, *rest = field.name.lower().split("_")
        if field.type in ("integer", "decimal", "float"):
            return first in _COUNTED or bool(rest and rest[-1] in _COUNTED)
        return bool({first, *rest} & {"key", "token", "uuid", "guid", "hash", "slug", "checksum"})

    def ahead(self, entity: Entity, field: Field) -> bool:
        """Tell whether a time is agreed on, and not only noted once it has come."""
        words = {*field.name.lower().split("_"), *field.label.lower().split()}
        words -= {*entity.name.split("_"), *entity.label.split()}
        return bool(words & _AHEAD) and not words & _PAST
