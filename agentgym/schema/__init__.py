"""What a world is made of: entities, typed fields, relations, checks, life cycles.

A `Schema` does not know where it came from. Every name is an ASCII identifier; what
people say is in `label`, what the source said is in `source`. Values have two
forms, told apart in `schema.types`: *stored* (what a world holds) and *wire* (what
tools speak and files hold). Next: `invariants`, `types`, `names`, `roles`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec

from agentgym.errors import SchemaError, nearest
from agentgym.formats import Json, Record
from agentgym.schema.invariants import Derived, Exclusive, Product

__all__ = [
    "Check",
    "Derived",
    "Entity",
    "Exclusive",
    "Field",
    "Lifecycle",
    "Product",
    "Relation",
    "Role",
    "Schema",
    "ValueType",
]

ValueType = Literal[
    "integer", "decimal", "float", "text", "boolean", "date", "datetime", "enum", "json", "bytes"
]
"""What a field holds. A reference is a field of the type of its target, named in a `Relation`."""

Role = Literal[
    "key",  # part of the primary key and without meaning of its own
    "reference",  # points to another entity
    "label",  # what people call the row
    "code",  # a natural key that people use: number, code, slug, SKU
    "status",  # the state of a life cycle
    "category",  # one of few values
    "money",
    "quantity",
    "measure",  # a number that is neither money nor a count
    "flag",  # yes or no
    "time",  # when it happened, to the business
    "audit",  # when or by whom the row was written: volatile, left out of goals
    "contact",  # e-mail, phone, address line, postcode: personal
    "person",  # a personal name, or a part of one
    "place",  # city, country, region
    "secret",  # never shown: password, token, hash
    "text",  # prose
    "other",
]
"""What a field means to its business."""


class Field(Record, kw_only=True):
    """One column of an entity."""

    name: str
    """ASCII identifier in snake_case, unique in its entity."""
    source: str = ""
    """The name in the source, where it differs."""
    label: str
    """What people say, singular, lower case: `unit price`."""
    spoken: bool = True
    """Whether the label is made of words; if not, no instruction mentions the field."""
    type: ValueType
    scale: int = 0
    """Digits after the point of a decimal; 0 for all other types."""
    unit: str | None = None
    """Unit of the values: `EUR`, `ms`, `kg`; None when unknown or none."""
    nullable: bool = False
    unique: bool = False
    """Whether no two rows share a value (NULLs aside)."""
    values: tuple[str, ...] | None = None
    """The legal values of an enum, in the source's order."""
    max_length: int | None = None
    """Longest text, in characters; None when unbounded."""
    default: Json = None
    """Wire value that a created row gets when none is given."""
    generated: bool = False
    """Computed by the source from other columns: shown, never written by a tool."""
    role: Role = "other"
    evidence: tuple[str, ...] = ()
    """Why the role was inferred, for a person to judge and override."""
    comment: str = ""
    """What the source says about the column."""

    def __hash__(self) -> int:
        """Hash what cannot be a list: a default may be one."""
        return hash((self.name, self.label, self.type, self.role))


class Entity(Record, kw_only=True):
    """One kind of thing: a table, a class, a resource."""

    name: str
    """ASCII identifier in snake_case, singular, unique in the schema."""
    source: str = ""
    label: str
    """What people say, singular, lower case: `invoice line`."""
    plural: str
    spoken: bool = True
    kind: Literal["record", "link", "lookup", "log"] = "record"
    """`link` joins two others, `lookup` is a small list of values, `log` only grows."""
    key: tuple[str, ...]
    """Field names of the primary key, at least one."""
    key_source: Literal["counter", "text", "given", "row_number"] = "given"
    """How a new row gets its key: next integer, next text of the pattern, from the caller;
    `row_number`: the source has no key, and ours is an integer counted from 1."""
    fields: tuple[Field, ...]
    uniques: tuple[tuple[str, ...], ...] = ()
    """Further sets of fields that are unique together (single ones are on the field)."""
    writable: bool = True
    """Whether tools may create, change or delete rows."""
    evidence: tuple[str, ...] = ()
    comment: str = ""

    def field(self, name: str) -> Field:
        """Return the field of that name.

        Raises:
            SchemaError: There is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise SchemaError(
            f"a field of {self.name}",
            found=repr(name),
            where=self.name,
            hint=nearest(name, [field.name for field in self.fields]),
        )

    def position(self, name: str) -> int:
        """Return the place of the field in a row.

        Raises:
            SchemaError: There is no such field.
        """
        for place, field in enumerate(self.fields):
            if field.name == name:
                return place
        self.field(name)
        raise AssertionError


class Relation(Record, kw_only=True):
    """A reference from the rows of one entity to a row of another."""

    name: str
    """ASCII identifier, unique in the schema: `<entity>_<role of the target>`."""
    entity: str
    """The referring (child) entity."""
    fields: tuple[str, ...]
    target: str
    """The entity referred to (parent)."""
    target_fields: tuple[str, ...]
    """Its key, or a unique set of its fields."""
    label: str
    """What the target is to the child: `customer`, `support representative`."""
    inverse: str
    """What the children are to the target, plural: `invoices`."""
    one_to_one: bool = False
    """Whether a target has at most one child."""
    inferred: bool = False
    """Not declared by the source, but proved by names and values."""
    evidence: tuple[str, ...] = ()


class Check(Record, kw_only=True):
    """One comparison that every row satisfies (NULL passes, as in SQL)."""

    id: str
    entity: str
    field: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]
    value: Json = None
    """Wire value, or a list of them for `in`; None when `other` is given."""
    other: str | None = None
    """Another field of the same row to compare with."""
    evidence: tuple[str, ...] = ()
    """`declared`, or what in the rows proves it."""


class Lifecycle(Record, kw_only=True):
    """How a status may change."""

    entity: str
    field: str
    initial: tuple[str, ...]
    """States in which a row may be created."""
    moves: dict[str, tuple[str, ...]]
    """State to the states that may follow it; a final state maps to none."""
    evidence: tuple[str, ...] = ()

    @property
    def unreachable(self) -> tuple[str, ...]:
        """The states to which no created row can ever come, in the order of the moves."""
        known = set(self.initial)
        waiting = list(self.initial)
        while waiting:
            for state in self.moves.get(waiting.pop(), ()):
                if state not in known:
                    known.add(state)
                    waiting.append(state)
        return tuple(state for state in self.moves if state not in known)


class Schema(Record, kw_only=True, dict=True):
    """Entities in an order that readers can follow, and what holds between them."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...] = ()
    checks: tuple[Check, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    derived: tuple[Derived, ...] = ()
    """Fields that the world computes; no tool sets them."""
    exclusives: tuple[Exclusive, ...] = ()

    @cached_property
    def computed(self) -> frozenset[tuple[str, str]]:
        """The (entity, field) pairs that the world computes."""
        return frozenset((one.entity, one.field) for one in self.derived)

    @cached_property
    def by_name(self) -> dict[str, Entity]:
        """The entities by name."""
        return {entity.name: entity for entity in self.entities}

    @cached_property
    def relation_by_name(self) -> dict[str, Relation]:
        """The relations by name."""
        return {relation.name: relation for relation in self.relations}

    def entity(self, name: str) -> Entity:
        """Return the entity of that name.

        Raises:
            SchemaError: There is none.
        """
        try:
            return self.by_name[name]
        except KeyError:
            raise SchemaError(
                "an entity", found=repr(name), where="schema", hint=nearest(name, self.by_name)
            ) from None

    def relation(self, name: str) -> Relation:
        """Return the relation of that name.

        Raises:
            SchemaError: There is none.
        """
        try:
            return self.relation_by_name[name]
        except KeyError:
            raise SchemaError(
                "a relation",
                found=repr(name),
                where="schema",
                hint=nearest(name, self.relation_by_name),
            ) from None

    def parents(self, entity: str) -> tuple[Relation, ...]:
        """Return the relations that leave the entity, in order."""
        return tuple(r for r in self.relations if r.entity == entity)

    def children(self, entity: str) -> tuple[Relation, ...]:
        """Return the relations that point to the entity, in order."""
        return tuple(r for r in self.relations if r.target == entity)

    def validate(self, *, where: str = "schema") -> None:
        """Check that the schema names only what it has.

        Raises:
            SchemaError: A name is double or unknown, a key is missing, or types do not meet.
        """
        _unique([e.name for e in self.entities], "entity", where)
        _unique([r.name for r in self.relations], "relation", where)
        for place, entity in enumerate(self.entities):
            here = f"{where} $.entities[{place}] ({entity.name})"
            _unique([f.name for f in entity.fields], "field", here)
            if not entity.key:
                raise SchemaError("a key of at least one field", found="none", where=here)
            for name in (*entity.key, *(n for unique in entity.uniques for n in unique)):
                _known(entity, name, here)
            for field in entity.fields:
                if field.type == "enum" and not field.values:
                    raise SchemaError(
                        "the values of an enum", found="none", where=f"{here}.{field.name}"
                    )
        for place, relation in enumerate(self.relations):
            here = f"{where} $.relations[{place}] ({relation.name})"
            child, parent = _found(self, relation.entity, here), _found(self, relation.target, here)
            if len(relation.fields) != len(relation.target_fields) or not relation.fields:
                raise SchemaError("as many fields on each side", where=here)
            for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
                _known(child, mine, here)
                _known(parent, theirs, here)
        for place, check in enumerate(self.checks):
            here = f"{where} $.checks[{place}] ({check.id})"
            entity = _found(self, check.entity, here)
            _known(entity, check.field, here)
            if check.other is not None:
                _known(entity, check.other, here)
        for place, lifecycle in enumerate(self.lifecycles):
            here = f"{where} $.lifecycles[{place}]"
            entity = _found(self, lifecycle.entity, here)
            _known(entity, lifecycle.field, here)
            legal = set(lifecycle.moves)
            for state in (*lifecycle.initial, *(s for to in lifecycle.moves.values() for s in to)):
                if state not in legal:
                    raise SchemaError(
                        "a state", found=repr(state), where=here, hint=nearest(state, legal)
                    )
        ids = [one.id for one in self.derived] + [one.id for one in self.exclusives]
        for name in ids:
            if ids.count(name) > 1:
                raise SchemaError("each id once", found=f"{name!r} twice", where=where)
        for place, derived in enumerate(self.derived):
            _derived(self, derived, f"{where} $.derived[{place}] ({derived.id})")
        for place, one in enumerate(self.exclusives):
            here = f"{where} $.exclusives[{place}] ({one.id})"
            entity = _found(self, one.entity, here)
            for name in (*one.same, *one.where, *(one.span or ())):
                _known(entity, name, here)


def _derived(schema: Schema, one: Derived, where: str) -> None:
    entity = child = _found(schema, one.entity, where)
    _known(entity, one.field, where)
    if one.relation is not None:
        relation = schema.relation_by_name.get(one.relation)
        if relation is None:
            hint = nearest(one.relation, schema.relation_by_name)
            raise SchemaError("a relation", found=repr(one.relation), where=where, hint=hint)
        if relation.target != entity.name:
            fitting = [each.name for each in schema.children(entity.name)]
            raise SchemaError(
                f"a relation that points to {entity.name}",
                found=f"{relation.name!r}, which points to {relation.target}",
                where=where,
                hint=nearest(relation.name, fitting),
            )
        child = _found(schema, relation.entity, where)
    for name in (*one.where, *(name for term in one.terms for name in term.fields)):
        _known(child, name, where)
    for name in (name for term in one.own for name in term.fields):
        _known(entity, name, where)


def _unique(names: list[str], noun: str, where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SchemaError(f"each {noun} once", found=f"{name!r} twice", where=where)
        if not (name.isidentifier() and name.isascii()):
            raise SchemaError(f"an ASCII identifier as {noun}", found=repr(name), where=where)
        seen.add(name)


def _found(schema: Schema, name: str, where: str) -> Entity:
    if name not in schema.by_name:
        raise SchemaError(
            "an entity", found=repr(name), where=where, hint=nearest(name, schema.by_name)
        )
    return schema.by_name[name]


def _known(entity: Entity, name: str, where: str) -> None:
    names = [field.name for field in entity.fields]
    if name not in names:
        raise SchemaError(
            f"a field of {entity.name}", found=repr(name), where=where, hint=nearest(name, names)
        )


def replace_entity(schema: Schema, entity: Entity) -> Schema:
    """Return the schema with the entity of that name replaced."""
    return msgspec.structs.replace(
        schema, entities=tuple(entity if e.name == entity.name else e for e in schema.entities)
    )
