"""JSON Schemas as `Shape`s: resolved, merged and cut to a few levels.

What `allOf` says together is one object; of `oneOf` and `anyOf` the objects are merged, as a
resource has the fields of all its forms. Components are read once for each depth. Next:
`envelope`, which takes a resource out of what it comes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast

import msgspec

from agentgym.formats import Json
from agentgym.sources.openapi.prose import prose
from agentgym.sources.openapi.refs import References
from agentgym.tools.pool.operation import Shape, ShapeType

__all__ = ["DEPTH", "Shapes"]

DEPTH = 5
"""Levels that are read: envelope, resource, part, line of a part, what that names."""
_MOST_FIELDS = 80
_MOST_FORMS = 12
_MOST_VALUES = 60
_DEEPEST = 60
"""Parts within parts that are read."""
_TEXT = 240
_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})
_HUGE = 10**9
_SCALARS = (str, int, float, Decimal, bool)


class Shapes:
    """Reads the schemas of one description.

    Args:
        references: Of the description.
        skipped: Gets the counts of what is left out.
    """

    def __init__(self, references: References, skipped: Counter[str]) -> None:
        self.references = references
        self.skipped = skipped
        self._known: dict[tuple[int, int], Shape] = {}
        self._open: set[tuple[int, int]] = set()
        self._level = 0
        self._held: list[Json] = []

    def read(self, schema: Json, depth: int = DEPTH) -> Shape:
        """Return the shape of a schema.

        Args:
            schema: The schema, or a reference to one.
            depth: Levels of objects and lists below which nothing is read.
        """
        target, component = self.references.follow(schema)
        if not isinstance(target, dict) or self._level > _DEEPEST:
            lost = isinstance(schema, dict) and "$ref" in schema
            return Shape(type="object") if lost else Shape()
        mark = (id(target), depth)
        found = self._known.get(mark)
        if found is None:
            if mark in self._open:
                return Shape(type="object", component=component)
            self._open.add(mark)
            self._level += 1
            found = self._shape(target, component, depth)
            self._level -= 1
            self._open.discard(mark)
            self._known[mark] = found
            self._held.append(target)  # its identity is the mark
        if schema is not target and isinstance(schema.get("description"), str):
            found = msgspec.structs.replace(found, description=prose(schema["description"], _TEXT))
        return found

    def _shape(self, schema: Mapping[str, Json], component: str, depth: int) -> Shape:
        kind, nullable = _type(schema)
        values = _values(schema)
        shape = Shape(
            type=kind,
            format=_text(schema.get("format"))[:40].lower(),
            component=component[:100],
            description=prose(schema.get("description") or schema.get("title"), _TEXT),
            nullable=nullable or schema.get("nullable") is True or schema.get("x-nullable") is True,
            read_only=schema.get("readOnly") is True,
            write_only=schema.get("writeOnly") is True,
            values=values,
            **_limits(schema),
            examples=_examples(schema),
            default=_plain(schema.get("default")),
        )
        if depth <= 0:
            return shape
        if kind == "array" or (kind == "any" and "items" in schema):
            items = schema.get("items")
            items = items[0] if isinstance(items, list) and items else items
            inner = self.read(items, depth - 1) if items is not None else Shape()
            return msgspec.structs.replace(shape, type="array", items=inner)
        return self._merged(shape, schema, depth)

    def _merged(self, shape: Shape, schema: Mapping[str, Json], depth: int) -> Shape:
        """Add what the parts of a schema say: its own properties, `allOf`, and the forms."""
        fields: dict[str, Shape] = {}
        for one in self._own(schema, depth):
            fields.setdefault(one.name, one)
        for part in _list(schema.get("allOf")):
            found = self.read(part, depth)
            shape = _joined(shape, found)
            for one in found.fields:
                fields[one.name] = _either(fields[one.name], one) if one.name in fields else one
        forms = _list(schema.get("oneOf")) + _list(schema.get("anyOf"))
        real = [self.read(form, depth) for form in forms if not _is_null(form)]
        if len(real) < len(forms):
            shape = msgspec.structs.replace(shape, nullable=True)
        if len(real) == 1:
            shape = _joined(shape, real[0])
        elif real:
            shape = _joined(shape, _together(real))
        for form in real:
            for one in form.fields:
                alone = len(real) == 1
                fields.setdefault(
                    one.name, one if alone else msgspec.structs.replace(one, required=False)
                )
        required = set(map(str, _list(schema.get("required"))))
        if fields and required:
            fields = {
                name: msgspec.structs.replace(one, required=True)
                if name in required and not one.required
                else one
                for name, one in fields.items()
            }
        if not fields:
            return shape
        if len(fields) > _MOST_FIELDS:
            self.skipped["property of a very large object"] += len(fields) - _MOST_FIELDS
        kept = tuple(fields.values())[:_MOST_FIELDS]
        return msgspec.structs.replace(shape, type="object", fields=kept)

    def _own(self, schema: Mapping[str, Json], depth: int) -> Iterable[Shape]:
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return
        needed = set(map(str, _list(schema.get("required"))))
        for said, inner in properties.items():
            name = str(said)
            if not isinstance(inner, dict) or not name.strip() or name.startswith("@odata."):
                continue
            found = self.read(inner, depth - 1)
            yield msgspec.structs.replace(
                found, name=name[:120], required=name in needed or inner.get("required") is True
            )


def _joined(shape: Shape, other: Shape) -> Shape:
    """Fill in what a schema leaves open with what one of its parts says."""
    said = {
        name: getattr(other, name)
        for name in (
            "type format component description values least most step longest examples "
            "default items"
        ).split()
        if getattr(shape, name) in ("", "any", (), None)
        and getattr(other, name) not in ("", "any", (), None)
    }
    for name in ("nullable", "read_only", "write_only"):
        if getattr(other, name) and not getattr(shape, name):
            said[name] = True
    return msgspec.structs.replace(shape, **said) if said else shape


def _either(one: Shape, other: Shape) -> Shape:
    """Merge two sayings about one property."""
    found = _joined(one, other)
    if other.required and not found.required:
        found = msgspec.structs.replace(found, required=True)
    if len(other.fields) > len(found.fields):
        found = msgspec.structs.replace(found, type="object", fields=other.fields)
    return found


def _together(forms: list[Shape]) -> Shape:
    """Return what several forms have in common, without their fields."""
    kinds = {form.type for form in forms if form.type != "any"}
    if kinds == {"string"} and all(form.values for form in forms):
        values = dict.fromkeys(value for form in forms for value in form.values)
        return Shape(type="string", values=tuple(values)[:_MOST_VALUES])
    if len(kinds) == 1:
        first = next(form for form in forms if form.type != "any")
        return msgspec.structs.replace(
            first, values=(), fields=(), component="", least=None, most=None, required=False
        )
    if kinds <= {"string", "integer", "number", "boolean"}:
        numbers = kinds <= {"integer", "number"} and bool(kinds)
        return Shape(type="number" if numbers else "string" if kinds else "any")
    if "object" in kinds:
        # an object, or only its id: the object says more
        return Shape(
            type="object",
            component=next((f.component for f in forms if f.type == "object"), ""),
        )
    return next((form for form in forms if form.type == "array"), Shape())


def _type(schema: Mapping[str, Json]) -> tuple[ShapeType, bool]:
    """Return the type of a schema, and whether it may be null."""
    said = schema.get("type")
    nullable = False
    if isinstance(said, list):
        nullable = "null" in said
        known = [one for one in said if isinstance(one, str) and one in _TYPES]
        if "string" in known and len(known) > 1 and "object" not in known:
            known = ["string"]
        said = known[0] if known else None
    if not isinstance(said, str):
        said = None
    if said in _TYPES:
        return cast("ShapeType", said), nullable
    if "properties" in schema or "additionalProperties" in schema:
        return "object", nullable
    if "items" in schema:
        return "array", nullable
    listed = schema.get("enum")
    if isinstance(listed, list) and listed and all(isinstance(one, str) for one in listed):
        return "string", nullable
    if isinstance(schema.get("const"), str):
        return "string", nullable
    if said in ("file", "date", "datetime", "date-time", "uuid", "email", "uri", "str", "text"):
        return "string", nullable
    if said in ("int", "long", "int32", "int64"):
        return "integer", nullable
    if said in ("float", "double", "decimal"):
        return "number", nullable
    return "any", nullable


def _values(schema: Mapping[str, Json]) -> tuple[str, ...]:
    listed = schema.get("enum")
    if listed is None and isinstance(schema.get("const"), str):
        listed = [schema["const"]]
    if not isinstance(listed, list) or len(listed) > _MOST_VALUES:
        return ()
    found = [one for one in listed if one is not None]
    if not all(isinstance(one, str) for one in found):
        return ()
    kept = dict.fromkeys(" ".join(one.split()) for one in found)
    kept.pop("", None)
    return tuple(kept) if all(len(one) <= 120 for one in kept) else ()


def _limits(schema: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, key, beyond in (
        ("least", "minimum", "exclusiveMinimum"),
        ("most", "maximum", "exclusiveMaximum"),
    ):
        limit, strict = schema.get(key), schema.get(beyond)
        whole = schema.get("type") == "integer"
        if strict is not None and _is_number(strict) and whole and strict == int(strict):
            limit = int(strict) + (1 if name == "least" else -1)
        elif strict is True and isinstance(limit, int) and whole:
            limit = limit + (1 if name == "least" else -1)
        if limit is not None and _is_number(limit) and abs(limit) < _HUGE:
            found[name] = limit
    step = schema.get("multipleOf")
    if step is not None and _is_number(step) and 0 < step < _HUGE:
        found["step"] = step
    longest = schema.get("maxLength")
    if isinstance(longest, int) and not isinstance(longest, bool) and longest > 0:
        found["longest"] = longest
    return found


def _is_number(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    return Decimal(value).is_finite()


def _examples(schema: Mapping[str, Json]) -> tuple[Json, ...]:
    listed = [*_list(schema.get("examples")), schema.get("example"), schema.get("x-example")]
    found: list[Json] = []
    for one in listed:
        said = _plain(one)
        if said is not None and said not in found:
            found.append(said)
    return tuple(found[:5])


def _plain(value: Json) -> Json:
    if isinstance(value, str):
        return value if 0 < len(value.strip()) <= 200 else None
    return value if isinstance(value, _SCALARS) else None


def _is_null(schema: Json) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _list(value: Json) -> list[Json]:
    return value[:200] if isinstance(value, list) else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
