"""What one field is judged by: itself, its words, its values and its entity. Next: `texts`."""

from __future__ import annotations

from dataclasses import dataclass

from agentgym.schema import Entity, Field, Role, Schema
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.words import Names, names, single

__all__ = ["Case", "Finding", "Setting", "spread"]

Finding = tuple[Role, str] | None
"""A role and why, or nothing."""


@dataclass(frozen=True)
class Setting:
    """What stands around a field."""

    entity: Entity
    references: dict[str, str]
    """Field to the label of the entity referred to."""
    is_person: bool
    """Whether the rows of the entity are people."""
    has_address: bool
    """Whether fields say where something is, so that `state` is a part of a country."""
    measured: frozenset[str]
    """First words of the fields that hold the unit of another one."""

    @classmethod
    def of(cls, schema: Schema, entity: Entity) -> Setting:
        """Look around in an entity."""
        references = {
            name: schema.entity(relation.target).label
            for relation in reversed(schema.parents(entity.name))
            for name in relation.fields
        }
        parts = {word for field in entity.fields for word in field.label.casefold().split(" ")}
        called = [field.label.casefold() for field in entity.fields]
        named = any(label.endswith(("first name", "last name", "surname")) for label in called)
        last = "".join(names(entity)[0][-1:])
        company = bool({"company", "organization", "vat"} & parts) and not named
        person = last in single("persons") and not (company and last in single("either"))
        if not person and named and "birth" in " ".join(called):
            person = True
        near = any(set(names(field)[0]) & single("near_place") for field in entity.fields)
        units = (names(f)[-1] for f in entity.fields if f.name.endswith(_UNITS))
        return cls(
            entity=entity,
            references=references,
            is_person=person,
            has_address=near or last in ("state", "city", "address", "location", "province"),
            measured=frozenset(words[0] for words in units),
        )


_UNITS = ("_uom", "_unit", "_unit_id", "_unit_code", "_unit_concept_id")


@dataclass(frozen=True)
class Case:
    """A field on the bench."""

    field: Field
    words: Names
    seen: Sample
    setting: Setting


def spread(case: Case) -> bool:
    """Tell whether at least half of the values are different; true without any."""
    return len(case.seen.distinct) * 2 >= len(case.seen)
