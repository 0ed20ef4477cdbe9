"""Schemas for Hypothesis: of every shape that a source may yield, awkward names included.

`schemas()` draws a valid `Schema` with roles as `schema.roles.infer` sets them.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from agentgym.formats import Json
from agentgym.schema import Check, Entity, Field, Lifecycle, Relation, Role, Schema, ValueType

__all__ = ["fields", "schemas"]

_ENTITIES = """
    customer order invoice invoice_line product track playlist genre user hour unit staff class
    series person address category kind page field_visit import a_b x9
    very_long_name_of_a_thing_that_the_source_calls_by_all_of_its_many_words_at_once
""".split()
_FIELDS = (
    "name title first_name last_name email phone status state total price quantity weight "
    "created_at order_date due_date is_active note kind summary page sort_by class from field "
    "function bid xpath self code sku city password descending payload photo rating year "
    "a_field_with_a_name_so_long_that_nobody_would_ever_type_it_in_full_without_a_mistake"
).split()
_ROLES: dict[str, tuple[Role, ...]] = {
    "integer": ("quantity", "measure", "code", "category", "other", "time", "audit"),
    "decimal": ("money", "measure", "other"),
    "float": ("measure", "quantity", "other"),
    "text": (
        "label",
        "code",
        "person",
        "contact",
        "place",
        "secret",
        "text",
        "other",
        "category",
        "audit",
    ),
    "boolean": ("flag",),
    "date": ("time", "audit", "other"),
    "datetime": ("time", "audit", "other"),
    "enum": ("status", "category"),
    "json": ("other",),
    "bytes": ("other", "secret"),
}
_STATES = ("new", "open", "in_progress", "done", "cancelled")
_DEFAULTS: dict[str, Json] = {"integer": 1, "boolean": False, "text": "none", "enum": "new"}


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    """Draw a field of that name, of any type, with a role that suits the type."""
    kind: ValueType = draw(st.sampled_from(sorted(_ROLES)))
    nullable = draw(st.booleans())
    return Field(
        name=name,
        source=draw(st.sampled_from(["", name, name.title(), "имя"])),
        label=name.replace("_", " "),
        spoken=draw(st.integers(0, 9)) > 0,
        type=kind,
        scale=draw(st.integers(1, 4)) if kind == "decimal" else 0,
        unit=draw(st.sampled_from([None, "EUR", "kg"])) if kind in ("decimal", "float") else None,
        nullable=nullable,
        unique=draw(st.integers(0, 4)) == 0,
        values=_STATES if kind == "enum" else None,
        max_length=draw(st.sampled_from([None, 1, 40])) if kind == "text" else None,
        default=_DEFAULTS.get(kind) if draw(st.integers(0, 4)) == 0 else None,
        generated=draw(st.integers(0, 9)) == 0,
        role=draw(st.sampled_from(_ROLES[kind])),
        comment=draw(st.sampled_from(["", "", "as <think> of it", "What it says."])),
    )


@st.composite
def _entities(draw: st.DrawFn, name: str) -> Entity:
    names = draw(st.lists(st.sampled_from(_FIELDS), unique=True, max_size=9))
    own = [draw(fields(one)) for one in names]
    source = draw(st.sampled_from(["counter", "text", "given", "row_number"]))
    key_name = draw(st.sampled_from(["id", f"{name}_id", "key", "nr"]))
    key = Field(
        name=key_name,
        label=key_name.replace("_", " "),
        type="text" if source == "text" else "integer",
        unique=True,
        role="key",
    )
    label = name.replace("_", " ")
    return Entity(
        name=name,
        label=label,
        plural=draw(st.sampled_from([f"{label}s", label, "客户"])),
        spoken=draw(st.integers(0, 9)) > 0,
        kind=draw(st.sampled_from(["record", "record", "record", "lookup", "log"])),
        key=(key_name,),
        key_source=source,  # type: ignore[arg-type]
        fields=(key, *own),
        uniques=tuple(
            draw(st.lists(st.tuples(*[st.sampled_from(names)] * 2), max_size=1)) if names else []
        ),
        writable=draw(st.integers(0, 4)) > 0,
    )


def _reference(
    draw: st.DrawFn, number: int, child: Entity, parent: Entity
) -> tuple[Entity, Relation]:
    theirs = parent.field(parent.key[0])
    role = draw(st.sampled_from(["", "owner", "parent"]))
    name = f"{role or parent.name}_{theirs.name if theirs.name != 'key' else 'id'}"
    if any(field.name == name for field in child.fields):
        name = f"{name}_{number}"
    field = Field(
        name=name,
        label=name.replace("_", " "),
        type=theirs.type,
        nullable=draw(st.booleans()),
        role="reference",
    )
    relation = Relation(
        name=f"{child.name}_{name}",
        entity=child.name,
        fields=(name,),
        target=parent.name,
        target_fields=parent.key,
        label=role or parent.label,
        inverse=child.plural,
        one_to_one=draw(st.integers(0, 5)) == 0,
    )
    return _with(child, field), relation


def _with(entity: Entity, *more: Field) -> Entity:
    return Entity(
        **{name: getattr(entity, name) for name in entity.__struct_fields__ if name != "fields"},
        fields=(*entity.fields, *more),
    )


def _link(draw: st.DrawFn, one: Entity, two: Entity) -> tuple[Entity, list[Relation]]:
    name = f"{one.name}_{two.name}_link"
    relations, own = [], []
    for place, parent in enumerate((one, two)):
        theirs = parent.field(parent.key[0])
        mine = f"{'ab'[place]}_{theirs.name}"
        own.append(Field(name=mine, label=parent.label, type=theirs.type, role="reference"))
        relations.append(
            Relation(
                name=f"{name}_{mine}",
                entity=name,
                fields=(mine,),
                target=parent.name,
                target_fields=parent.key,
                label=parent.label if one.name != two.name else ("user", "friend")[place],
                inverse=f"{name}s",
            )
        )
    extra = [draw(fields("quantity"))] if draw(st.booleans()) else []
    link = Entity(
        name=name,
        label=name.replace("_", " "),
        plural=f"{name.replace('_', ' ')}s",
        kind="link",
        key=(own[0].name, own[1].name),
        fields=(*own, *extra),
    )
    return link, relations


@st.composite
def schemas(draw: st.DrawFn, *, least: int = 1, most: int = 8) -> Schema:
    """Draw a valid schema of `least` to `most` entities, links aside."""
    names: Sequence[str] = draw(
        st.lists(st.sampled_from(_ENTITIES), unique=True, min_size=least, max_size=most)
    )
    entities = [draw(_entities(name)) for name in names]
    relations: list[Relation] = []
    for number in range(draw(st.integers(0, len(entities) * 2))):
        child = draw(st.integers(0, len(entities) - 1))
        parent = draw(st.integers(0, len(entities) - 1))
        entities[child], relation = _reference(draw, number, entities[child], entities[parent])
        relations.append(relation)
    if draw(st.booleans()):
        one, two = (draw(st.sampled_from(entities)) for _ in range(2))
        link, ends = _link(draw, one, two)
        entities.append(link)
        relations += ends
    schema = Schema(
        entities=tuple(entities),
        relations=tuple(relations),
        checks=_checks(entities),
        lifecycles=_lifecycles(draw, entities),
    )
    schema.validate()
    return schema


def _checks(entities: Sequence[Entity]) -> tuple[Check, ...]:
    return tuple(
        Check(
            id=f"{entity.name}_{field.name}_least",
            entity=entity.name,
            field=field.name,
            op="ge",
            value=0,
        )
        for entity in entities
        for field in entity.fields
        if field.type in ("integer", "decimal", "float") and field.role in ("money", "quantity")
    )


def _lifecycles(draw: st.DrawFn, entities: Sequence[Entity]) -> tuple[Lifecycle, ...]:
    found = []
    for entity in entities:
        for field in entity.fields:
            if field.role == "status":
                # every state can be reached from the first
                more = draw(st.lists(st.sampled_from(_STATES[1:]), max_size=1))
                moves = {state: (_STATES[n + 1 :][:2]) for n, state in enumerate(_STATES)}
                found.append(
                    Lifecycle(
                        entity=entity.name,
                        field=field.name,
                        initial=(_STATES[0], *more),
                        moves=moves,
                    )
                )
    return tuple(found)
