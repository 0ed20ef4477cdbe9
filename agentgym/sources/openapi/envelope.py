"""What a request or an answer is about, out of what it comes in.

Answers come as lists, under `data` or `items`, with paging beside them, or with their
attributes a level further down; all of that is taken away. Next: `document`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym.sources.openapi.names import parts, singular
from agentgym.tools.pool.operation import Shape

__all__ = ["contents", "opened"]

_LISTS = frozenset(
    "data items results result records entries list values value rows content contents elements "
    "objects resources entities members collection hits docs documents response payload "
    "embedded body".split()
)
_AROUND = frozenset(
    "meta metadata page paging pagination links link total count size limit offset next previous "
    "prev first last cursor token has more status success ok code message messages error errors "
    "warning warnings info request kind etag self href url version took time timestamp duration "
    "pages per number response debug included jsonapi object type result results query "
    "timed out sort truncated marker incomplete summary facets filters aggregations nextlink "
    "id requestid trace service resource operation raw".split()
)
"""Words of what stands beside the contents in an envelope."""
_RECEIPT = frozenset(
    "error errors message messages path status timestamp code success ok result msg detail details "
    "trace exception error_code errorcode error_message errormessage error_description statuscode "
    "status_code statusmessage requestid request_id response responsecode".split()
)
_WITHIN = frozenset({"attributes", "properties", "spec"})
"""Objects that hold the fields of the thing around them."""
_LEVELS = 4


def contents(shape: Shape | None, noun: str = "") -> tuple[Shape | None, bool]:
    """Return what an answer gives, and whether it gives a list of it.

    Args:
        shape: Of the answer.
        noun: What the operation is about, singular, as far as that is known.

    Returns:
        The shape of one thing, with its attributes opened; None where it is no object.
    """
    many = False
    for _ in range(_LEVELS):
        if shape is None:
            return None, many
        if shape.type == "array":
            if many:
                return None, many
            many, shape = True, shape.items
            if shape is not None and len(shape.fields) == 1 and _is_thing_in(shape.fields[0]):
                shape = shape.fields[0]  # [{"pet": {...}}]
            continue
        inner = None if many else _inside(shape, noun)
        if inner is None:
            break
        shape = inner
    if shape is None or not shape.fields or _is_receipt(shape):
        return None, many
    return opened(shape), many


def _is_thing_in(field: Shape) -> bool:
    return field.type == "object" and len(field.fields) > 1


def _is_receipt(shape: Shape) -> bool:
    """Tell whether an answer only says how the call went."""
    return all(field.name.lower() in _RECEIPT for field in shape.fields)


def opened(shape: Shape) -> Shape:
    """Return an object with the fields of its `attributes` or `properties` as its own."""
    for one in shape.fields:
        if one.name in _WITHIN and len(one.fields) >= 2 and _is_thing(shape, one):
            own = [field for field in shape.fields if field.name not in (one.name, "relationships")]
            taken = {field.name for field in own}
            more = [field for field in one.fields if field.name not in taken]
            return msgspec.structs.replace(
                shape,
                fields=(*own, *more),
                component=shape.component or one.component,
            )
    return shape


def _is_thing(shape: Shape, within: Shape) -> bool:
    """Tell whether an object is a thing whose fields are a level further down."""
    others = {field.name for field in shape.fields} - {within.name}
    return bool(others & {"id", "name", "type", "metadata"}) or not others


def _inside(shape: Shape, noun: str) -> Shape | None:
    """Return what an envelope holds; None where the object is none."""
    lists = [f for f in shape.fields if f.type == "array" and f.items is not None]
    lists = [f for f in lists if f.items is not None and (f.items.fields or f.items.component)]
    objects = [f for f in shape.fields if f.type == "object" and f.fields]
    objects = [f for f in objects if f.name not in _WITHIN or not _is_thing(shape, f)]
    rest = [f for f in shape.fields if f.scalar]
    if _identified(rest) and not any(f.name in ("data", "items", "results") for f in lists):
        return None
    named = [f for f in (*lists, *objects) if _is_called(f, noun)]
    if len(named) == 1 and _is_around(rest, 6):
        return named[0]
    general = [f for f in lists if f.name.strip("_").lower() in _LISTS]
    if len(general) == 1 and _is_around([*rest, *objects], 12):
        return general[0]
    boxes = [f for f in objects if f.name.strip("_").lower() in _LISTS]
    if len(boxes) == 1 and not general and _is_around(rest, 8):
        return boxes[0]
    if len(lists) == 1 and _is_around([*rest, *objects], 8):
        return lists[0]
    others = [f for f in objects if len(f.fields) > 1 and not _is_around([f], 1)]
    if not lists and len(others) == 1 and _is_around(rest, 4):
        return others[0]
    return None


def _identified(fields: Sequence[Shape]) -> bool:
    """Tell whether the scalars are those of a thing of its own: an id and more."""
    names = {field.name.lower() for field in fields}
    return "id" in names and len(names) > 2


def _is_called(field: Shape, noun: str) -> bool:
    words = parts(field.name)
    return bool(words and noun) and "_".join((*words[:-1], singular(words[-1]))) == noun


def _is_around(fields: Sequence[Shape], most: int) -> bool:
    """Tell whether fields only say how an answer came about."""
    return len(fields) <= most and all(
        any(word in _AROUND for word in parts(field.name)) for field in fields
    )
