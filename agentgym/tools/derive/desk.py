"""The desk: a schema with the names that its tools and parameters bear.

Names are given before any text is written, because texts name tools. A `Schema`
comes in; what `reads` and `writes` look up goes out.
"""

from __future__ import annotations

from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.tools.algebra import Argument
from agentgym.tools.derive import filters as choice
from agentgym.tools.derive import texts
from agentgym.tools.derive.naming import Names, key_parameters, plural, slug

__all__ = ["Desk"]

_FIRST = frozenset("first given fore forename christian".split())
_LAST = frozenset("last family sur surname second".split())
_REACH = frozenset("email mail phone telephone mobile".split())
_LIKE = ("place", "category", "other")
_MOST_FINDS = 4


class Desk:
    """What the makers of tools need to know of a schema, worked out once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.names = Names()
        self.keys = key_parameters(schema)
        self.references: dict[str, dict[str, Relation]] = {e.name: {} for e in schema.entities}
        for relation in sorted(schema.relations, key=lambda r: len(r.fields)):
            for name in relation.fields:
                self.references[relation.entity].setdefault(name, relation)
        self.lifecycles: dict[str, list[Lifecycle]] = {}
        for lifecycle in schema.lifecycles:
            self.lifecycles.setdefault(lifecycle.entity, []).append(lifecycle)
        self.gets: dict[str, str] = {}
        self.finds: dict[str, list[tuple[str, tuple[Field, ...]]]] = {}
        self.searches: dict[str, str] = {}
        for entity in schema.entities:
            self._name(entity)

    def _name(self, entity: Entity) -> None:
        if all(choice.visible(entity.field(name)) for name in entity.key):
            self.gets[entity.name] = self.names.take(f"get_{entity.name}")
        self.finds[entity.name] = [
            (self.names.take(f"find_{entity.name}_by_{said}"), fields)
            for said, fields in self._ways(entity)
        ]
        filtered = choice.choose(entity, self.references[entity.name], most=10)
        self.searches[entity.name] = self.names.take(
            f"{'search' if filtered else 'list'}_{plural(entity)}", f"search_{entity.name}_rows"
        )

    def _ways(self, entity: Entity) -> list[tuple[str, tuple[Field, ...]]]:
        """Return the sets of fields by which people name one row, each with its word."""
        pointing = self.references[entity.name]
        fields = [f for f in entity.fields if choice.visible(f) and f.role != "audit"]
        plain = [f for f in fields if f.name not in pointing and entity.key != (f.name,)]
        plain = [f for f in plain if f.type in ("text", "integer", "enum")]
        ways: dict[frozenset[str], tuple[str, tuple[Field, ...]]] = {}

        def add(said: str, *found: Field) -> None:
            names = frozenset(field.name for field in found)
            if names != frozenset(entity.key):
                ways.setdefault(names, (said, found))

        for field in plain:
            if field.role == "code" and field.unique:
                add(_tail(entity, field), field)
        people = [f for f in plain if f.role in ("person", "label") and f.type == "text"]
        first = [f for f in people if _FIRST & set(f.name.split("_"))][:1]
        last = [f for f in people if _LAST & set(f.name.split("_"))][:1]
        if first and last:
            add("name", first[0], last[0])
            plain = [f for f in plain if f not in (first[0], last[0])]
        else:
            for field in people:
                if field.role == "person" and not _FIRST & set(field.name.split("_")):
                    add(_tail(entity, field), field)
        for field in plain:
            if field.role == "label" or (field.role in _LIKE and field in choice.called(entity)):
                add(_tail(entity, field), field)
        for field in plain:
            if field.role == "contact" and _REACH & set(field.name.split("_")):
                add(_tail(entity, field), field)
        for field in plain:
            if (field.role == "code" and field.name not in entity.key) or (
                field.unique and field.role not in ("key", "text")
            ):
                add(_tail(entity, field), field)
        for unique in entity.uniques:
            parts = [f for f in fields if f.name in unique]
            if len(parts) == len(unique) <= 3:
                add("_and_".join(self._word(entity, field) for field in parts), *parts)
        best = sorted(ways.values(), key=lambda way: not all(f.spoken for f in way[1]))
        return best[:_MOST_FINDS]

    def _word(self, entity: Entity, field: Field) -> str:
        relation = self.references[entity.name].get(field.name)
        if relation is not None and len(relation.fields) == 1:
            return slug(relation.label) or field.name
        return _tail(entity, field)

    def finders(self, entity: Entity) -> tuple[str, ...]:
        """Name the tools with which a row of the entity is best found."""
        first = tuple(name for name, _ in self.finds[entity.name][:1])
        return (*first, self.searches[entity.name])

    def pointer(self, entity: Entity, field: Field) -> tuple[str, str, tuple[str, ...]] | None:
        """Tell what a reference points to: its words, its field there, the tools that give it."""
        relation = self.references[entity.name].get(field.name)
        if relation is None:
            return None
        target = self.schema.entity(relation.target)
        theirs = target.field(relation.target_fields[relation.fields.index(field.name)])
        return texts.row_of(relation, target), texts.noun(target, theirs), self.finders(target)

    def said(self, entity: Entity, field: Field) -> str:
        """Say what a field is: a reference by what it points to, all others by their label."""
        relation = self.references[entity.name].get(field.name)
        if relation is not None and len(relation.fields) == 1:
            return relation.label or field.label
        return field.label if field.label != entity.label else texts.noun(entity, field)

    def key(self, entity: Entity, *, owner: str = "") -> tuple[Argument, ...]:
        """Make the arguments that name one row of the entity."""
        return tuple(
            Argument(
                param=self.keys[entity.name][name],
                field=name,
                description=self._key_text(entity, entity.field(name), owner or entity.label),
                required=True,
            )
            for name in entity.key
        )

    def _key_text(self, entity: Entity, field: Field, owner: str) -> str:
        pointer = self.pointer(entity, field) if len(entity.key) > 1 else None
        if pointer is not None:
            return texts.argument(entity, field, pointer=pointer)
        return texts.key_text(entity, field, owner, self.finders(entity))


def _tail(entity: Entity, field: Field) -> str:
    """Return the field's name without the entity's before it: `customer_email` -> `email`."""
    if field.name == entity.name:
        return "name"
    tail = field.name.removeprefix(f"{entity.name}_")
    return tail if tail and not tail[0].isdigit() else field.name
