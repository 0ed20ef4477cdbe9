"""The outline: what a model writes of a business, small and flat, and its JSON Schema.

An outline names kinds of things, their fields, and what holds between them; never a row. The
records are what a strict endpoint is held to; what other endpoints send is made to fit by
`lenient`. Next: `lenient`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agentgym.formats import Json, Record

__all__ = [
    "MOST_ENTITIES",
    "MOST_FIELDS",
    "OPS",
    "TYPES",
    "AtMost",
    "Compare",
    "Count",
    "NoOverlap",
    "OnlyWhile",
    "Outline",
    "OutlineAdjust",
    "OutlineEntity",
    "OutlineField",
    "OutlineLifecycle",
    "OutlineMove",
    "OutlineReference",
    "OutlineSet",
    "Product",
    "Sum",
    "Unique",
    "json_schema",
]

TYPES = ("text", "integer", "decimal", "boolean", "date", "datetime", "enum")
OPS = ("eq", "ne", "lt", "le", "gt", "ge")
ACTIONS = ("create", "update", "delete")
MOST_ENTITIES = 25
MOST_FIELDS = 25


def _one_of(*values: str) -> Any:
    return Meta(extra_json_schema={"enum": list(values)})


Word = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,30}$")]
"""A name in snake_case."""
Type = Annotated[str, _one_of(*TYPES)]
Op = Annotated[str, _one_of(*OPS)]
Action = Annotated[str, _one_of(*ACTIONS)]
Values = Annotated[tuple[str, ...], Meta(max_length=20)]


class OutlineField(Record, kw_only=True, omit_defaults=False):
    """One thing that is noted of each row."""

    name: Word = ""
    type: Type = "text"
    unit: str | None = None
    """Of a number: `EUR`, `kg`, `days`."""
    nullable: bool = False
    unique: bool = False
    values: Values = ()
    """Of an enum, all that are legal; of a text, a list of usual ones."""
    least: float | None = None
    """Of a number, the smallest and the largest that are usual."""
    most: float | None = None


class OutlineEntity(Record, kw_only=True, omit_defaults=False):
    """One kind of thing."""

    name: Word = ""
    plural: str = ""
    about: str = ""
    fields: Annotated[tuple[OutlineField, ...], Meta(min_length=1, max_length=MOST_FIELDS)] = ()


class OutlineReference(Record, kw_only=True, omit_defaults=False):
    """Each row of one entity refers to a row of another."""

    entity: Word = ""
    to: Word = ""
    name: Word = ""
    """What the other is to this one: `borrower`."""
    optional: bool = False
    one_to_one: bool = False


class OutlineMove(Record, kw_only=True, omit_defaults=False):
    """What may follow a state."""

    state: str = ""
    next: Values = ()


class OutlineLifecycle(Record, kw_only=True, omit_defaults=False):
    """How a status may change."""

    entity: Word = ""
    field: Word = ""
    initial: str = ""
    moves: Annotated[tuple[OutlineMove, ...], Meta(max_length=20)] = ()


class Compare(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="compare"):
    """A field of each row compared with a value, or with another field of the same row."""

    entity: Word = ""
    field: Word = ""
    op: Op = "ge"
    value: str | float | bool | None = None
    other: Word | None = None


class Unique(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="unique_together"):
    """No two rows agree in all of these: names of fields, or of what is referred to."""

    entity: Word = ""
    fields: Annotated[tuple[str, ...], Meta(max_length=4)] = ()


class NoOverlap(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="no_overlap"):
    """Of the rows that agree in `same`, no two are in these states (with times: at a time)."""

    entity: Word = ""
    same: Annotated[tuple[str, ...], Meta(max_length=3)] = ()
    start: Word | None = None
    end: Word | None = None
    field: Word | None = None
    values: Values = ()


class AtMost(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="at_most"):
    """At most `number` rows of `entity` (in these states) refer to one row of `of`."""

    entity: Word = ""
    of: Word = ""
    number: int = 0
    field: Word | None = None
    values: Values = ()


class OnlyWhile(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="only_while"):
    """Rows are written only while a field of theirs, or of what they refer to, has a value."""

    entity: Word = ""
    actions: Annotated[tuple[Action, ...], Meta(max_length=3)] = ()
    to: Word | None = None
    field: Word = ""
    values: Values = ()


OutlineRule = Compare | Unique | NoOverlap | AtMost | OnlyWhile


class Product(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="product"):
    """A field that is always the product of others in its row."""

    entity: Word = ""
    field: Word = ""
    factors: Annotated[tuple[str, ...], Meta(max_length=3)] = ()


class Sum(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="sum"):
    """A field that is always the sum of a field over the rows of `of` that refer to its row."""

    entity: Word = ""
    field: Word = ""
    of: Word = ""
    amount: Word = ""


class Count(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="count"):
    """A field that is always the number of rows of `of` that refer to its row."""

    entity: Word = ""
    field: Word = ""
    of: Word = ""


OutlineDerived = Product | Sum | Count


class OutlineAdjust(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="adjust"):
    """A new row of `entity` raises or lowers a number of the row of `to` that it refers to."""

    entity: Word = ""
    amount: Word = ""
    """The field of `entity` that says by how much."""
    to: Word = ""
    field: Word = ""
    direction: Annotated[str, _one_of("up", "down")] = "down"


class OutlineSet(Record, kw_only=True, omit_defaults=False, tag_field="form", tag="set"):
    """A row that is created, or comes to a state, sets a field of the row that it refers to."""

    entity: Word = ""
    when_field: Word | None = None
    """With `when_values`: when this field comes to one of them; without: on creation."""
    when_values: Values = ()
    to: Word = ""
    field: Word = ""
    value: str = ""


OutlineEffect = OutlineAdjust | OutlineSet


class Outline(Record, kw_only=True, omit_defaults=False):
    """A business in outline."""

    title: str = ""
    description: str = ""
    entities: Annotated[
        tuple[OutlineEntity, ...], Meta(min_length=2, max_length=MOST_ENTITIES)
    ] = ()
    references: Annotated[tuple[OutlineReference, ...], Meta(max_length=40)] = ()
    lifecycles: Annotated[tuple[OutlineLifecycle, ...], Meta(max_length=12)] = ()
    rules: Annotated[tuple[OutlineRule, ...], Meta(max_length=20)] = ()
    derived: Annotated[tuple[OutlineDerived, ...], Meta(max_length=12)] = ()
    effects: Annotated[tuple[OutlineEffect, ...], Meta(max_length=12)] = ()


def json_schema(kind: type = Outline, *, entities: int = MOST_ENTITIES) -> dict[str, Json]:
    """Return the JSON Schema of a record as strict endpoints want it.

    Everything is in place, required and closed; lists are bounded.

    Args:
        kind: The record.
        entities: Most entities; the number of their fields follows where they are few.
    """
    (found,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    made = _strict(found, parts)
    assert isinstance(made, dict)
    listed = made["properties"].get("entities")
    if listed is not None:
        listed["maxItems"] = entities
    return made


def _strict(part: Json, parts: dict[str, Json]) -> Json:
    if isinstance(part, list):
        return [_strict(one, parts) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _strict(parts[part["$ref"]], parts)
    kept = {
        name: _strict(value, parts)
        for name, value in part.items()
        if name not in ("title", "default", "discriminator", "properties", "description")
    }
    if part.get("type") == "object":
        kept["properties"] = {n: _strict(v, parts) for n, v in part["properties"].items()}
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    return kept
