"""Where resources and their fields have come to stand in the schema.

Resources and a `Schema` come in; look-ups by the names of descriptions go out. Next: `terms`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.sources.openapi.names import snake
from agentgym.sources.openapi.resources import Resource
from agentgym.sources.openapi.tables import column_name
from agentgym.tools.derive.naming import Parameters, short

__all__ = ["Placed", "Taken"]

_LEGAL = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class Placed:
    """Finds entities, fields and relations by resource and trait."""

    def __init__(self, schema: Schema, resources: dict[str, Resource]) -> None:
        self.schema = schema
        self.resources = resources
        self._entities = {entity.source or entity.name: entity for entity in schema.entities}
        self._fields = {
            (noun, field.source or field.name): field
            for noun, entity in self._entities.items()
            for field in entity.fields
        }

    def entity(self, noun: str) -> Entity | None:
        """Return the entity of a resource; None where it was left out."""
        return self._entities.get(noun)

    def field(self, noun: str, trait: str) -> Field | None:
        """Return the field of a trait; None where it was left out."""
        resource = self.resources.get(noun)
        if resource is None or trait not in resource.traits:
            return None
        return self._fields.get((noun, column_name(resource, trait)))

    def relation(self, noun: str, trait: str) -> Relation | None:
        """Return the relation of which a trait is the reference."""
        entity, field = self.entity(noun), self.field(noun, trait)
        if entity is None or field is None:
            return None
        parents = self.schema.parents(entity.name)
        return next((one for one in parents if one.fields == (field.name,)), None)

    def joining(self, noun: str, other: str) -> tuple[Entity, Relation, Relation] | None:
        """Return the link entity of two resources, with its relations to either."""
        for name in (f"{noun}_{other}", f"{other}_{noun}"):
            link = self.entity(name)
            resource = self.resources.get(name)
            if link is None or resource is None or not resource.link:
                continue
            ends: list[Relation] = []
            for one in (noun, other):
                target = self.entity(one)
                found = [
                    r for r in self.schema.parents(link.name)
                    if target is not None and r.target == target.name
                ]  # fmt: skip
                ends += found[:1]
            if len(ends) == 2:
                return link, ends[0], ends[1]
        return None


class Taken:
    """The parameter names of one tool: as the description spells them, wherever that can be."""

    def __init__(self, entity: Entity, reserved: Iterable[str] = ()) -> None:
        self._names = Parameters(entity, reserved)

    def take(self, name: str) -> str:
        """Take the name for a parameter."""
        legal = name if _LEGAL.match(name) and len(name) <= 64 else snake(name).strip("_")
        if not _LEGAL.match(legal):
            legal = f"p_{legal}" if legal else "value"
        return self._names.take(short(legal))
