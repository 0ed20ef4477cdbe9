"""Other names for a whole structure: entities, fields, relations, states and ids.

A schema with its rules and effects and a `Naming` come in, the same in the new names goes out.
What the naming does not mention keeps its name. Structure never changes. Next: `clothe`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agentgym.errors import SchemaError, nearest
from agentgym.formats import Json, Record
from agentgym.rules import Effect, Rule
from agentgym.schema import Check, Entity, Field, Lifecycle, Relation, Schema
from agentgym.sources.compose import rewrite
from agentgym.sources.compose.rewrite import Absent

__all__ = ["EntityName", "FieldName", "Naming", "RelationName", "rename"]

_put = msgspec.structs.replace


class EntityName(Record, kw_only=True):
    """What an entity is called."""

    name: str
    label: str
    plural: str
    comment: str = ""


class FieldName(Record, kw_only=True):
    """What a field is called."""

    name: str
    label: str
    spoken: bool = True


class RelationName(Record, kw_only=True):
    """What a relation is called."""

    name: str
    label: str
    inverse: str


class Naming(Record, kw_only=True):
    """Old names to new ones. Fields and values are found by the old names of their owners."""

    entities: dict[str, EntityName] = {}
    fields: dict[str, dict[str, FieldName]] = {}
    """Entity to field to its name."""
    relations: dict[str, RelationName] = {}
    values: dict[str, dict[str, dict[str, str]]] = {}
    """Entity to field to old value of an enum to the new one."""
    ids: dict[str, str] = {}
    """Of checks, derived values, exclusives, rules and effects."""


def rename(
    schema: Schema, rules: Iterable[Rule], effects: Iterable[Effect], naming: Naming
) -> tuple[Schema, tuple[Rule, ...], tuple[Effect, ...]]:
    """Give a structure other names.

    Raises:
        SchemaError: A rule or an effect speaks of what the schema does not have.
    """
    words = _Renaming(schema, naming)
    try:
        return (
            Schema(
                entities=tuple(words.of_entity(each) for each in schema.entities),
                relations=tuple(words.of_relation(each) for each in schema.relations),
                checks=tuple(words.of_check(each) for each in schema.checks),
                lifecycles=tuple(words.of_cycle(each) for each in schema.lifecycles),
                derived=tuple(rewrite.derived(each, words) for each in schema.derived),
                exclusives=tuple(rewrite.exclusive(each, words) for each in schema.exclusives),
            ),
            tuple(rewrite.rule(each, words) for each in rules),
            tuple(rewrite.effect(each, words) for each in effects),
        )
    except Absent as absent:
        hint = nearest(absent.found, absent.options)
        raise SchemaError(absent.what, found=repr(absent.found), hint=hint) from None


class _Renaming:
    """The speech of the new names."""

    def __init__(self, schema: Schema, naming: Naming) -> None:
        self.schema = schema
        self.naming = naming

    def entity(self, name: str) -> str:
        """Say an entity."""
        if name not in self.schema.by_name:
            raise Absent("an entity", name, list(self.schema.by_name))
        known = self.naming.entities.get(name)
        return name if known is None else known.name

    def field(self, entity: str, name: str) -> str:
        """Say a field."""
        self.entity(entity)
        names = [field.name for field in self.schema.entity(entity).fields]
        if name not in names:
            raise Absent(f"a field of {entity}", name, names)
        known = self.naming.fields.get(entity, {}).get(name)
        return name if known is None else known.name

    def relation(self, name: str) -> tuple[str, str, str]:
        """Say a relation; and its ends in the old names."""
        if name not in self.schema.relation_by_name:
            raise Absent("a relation", name, list(self.schema.relation_by_name))
        old = self.schema.relation(name)
        known = self.naming.relations.get(name)
        return (name if known is None else known.name), old.entity, old.target

    def values(self, entity: str, field: str, value: Json) -> tuple[Json, ...]:
        """Say a value of a field."""
        if not isinstance(value, str):
            return (value,)
        return (self.naming.values.get(entity, {}).get(field, {}).get(value, value),)

    def id(self, text: str) -> str:
        """Say an id."""
        return self.naming.ids.get(text, text)

    def exclusive(self, text: str) -> str:
        """Say the id of an exclusive."""
        if text not in [one.id for one in self.schema.exclusives]:
            raise Absent("an exclusive", text, [one.id for one in self.schema.exclusives])
        return self.id(text)

    def refuse(self, what: str, found: str) -> Absent:
        """Return what is raised where names do not fit together."""
        return Absent(what, found)

    def of_entity(self, old: Entity) -> Entity:
        """Return an entity in the new names."""
        fields = tuple(self._of_field(old.name, field) for field in old.fields)
        new = _put(
            old,
            fields=fields,
            key=tuple(self.field(old.name, name) for name in old.key),
            uniques=tuple(
                tuple(self.field(old.name, name) for name in unique) for unique in old.uniques
            ),
        )
        known = self.naming.entities.get(old.name)
        if known is None:
            return new
        return _put(
            new,
            name=known.name,
            label=known.label,
            plural=known.plural,
            comment=known.comment or old.comment,
        )

    def _of_field(self, entity: str, old: Field) -> Field:
        said = self.naming.values.get(entity, {}).get(old.name, {})
        new = old
        if said and old.values is not None:
            new = _put(
                old,
                values=tuple(said.get(value, value) for value in old.values),
                default=said.get(old.default, old.default)
                if isinstance(old.default, str)
                else old.default,
            )
        known = self.naming.fields.get(entity, {}).get(old.name)
        if known is None:
            return new
        return _put(new, name=known.name, label=known.label, spoken=known.spoken)

    def of_relation(self, old: Relation) -> Relation:
        """Return a relation in the new names."""
        new = _put(
            old,
            entity=self.entity(old.entity),
            fields=tuple(self.field(old.entity, name) for name in old.fields),
            target=self.entity(old.target),
            target_fields=tuple(self.field(old.target, name) for name in old.target_fields),
        )
        known = self.naming.relations.get(old.name)
        if known is None:
            return new
        return _put(new, name=known.name, label=known.label, inverse=known.inverse)

    def of_check(self, old: Check) -> Check:
        """Return a check in the new names."""
        value = old.value
        if isinstance(value, (list, tuple)):
            value = [self.values(old.entity, old.field, each)[0] for each in value]
        else:
            value = self.values(old.entity, old.field, value)[0]
        return _put(
            old,
            id=self.id(old.id),
            entity=self.entity(old.entity),
            field=self.field(old.entity, old.field),
            value=value,
            other=None if old.other is None else self.field(old.entity, old.other),
        )

    def of_cycle(self, old: Lifecycle) -> Lifecycle:
        """Return a life cycle in the new names."""

        def said(state: str) -> str:
            return str(self.values(old.entity, old.field, state)[0])

        return _put(
            old,
            entity=self.entity(old.entity),
            field=self.field(old.entity, old.field),
            initial=tuple(map(said, old.initial)),
            moves={said(state): tuple(map(said, after)) for state, after in old.moves.items()},
        )
