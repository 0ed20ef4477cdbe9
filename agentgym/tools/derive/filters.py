"""Which fields of a list can be filtered, sorted and summed up, and in what order.

An entity comes in; the filters that serve it best, its sorts and its default order go
out. What is secret, volatile or opaque is never among them. Next: `reads`.
"""

from __future__ import annotations

from collections.abc import Collection

from agentgym.schema import Entity, Field
from agentgym.schema.types import ORDERED
from agentgym.tools.algebra import Op, Order

__all__ = ["called", "choose", "dates", "newest", "numbers", "order", "sorts", "visible"]

_DATES = ("date", "datetime")
_RANK = {
    "status": 1,
    "label": 2,
    "person": 2,
    "category": 3,
    "flag": 4,
    "time": 4,
    "code": 5,
    "money": 6,
    "quantity": 7,
    "measure": 8,
    "place": 9,
    "contact": 10,
    "other": 11,
    "text": 13,
}
_EQUAL = frozenset({"status", "category", "code", "place"})
_LATER = frozenset(
    "hired birth born end ended expire expires expiry due until to closed finished completed "
    "cancelled canceled required delivered shipped returned paid deleted valid retired "
    "discontinued expected estimated planned promised last next modified updated".split()
)
"""Words in the names of times that do not tell when the row came to be."""
_EVENTS = frozenset(
    "ordered order placed created issued sent posted occurred started start begin opened "
    "booked invoice invoiced payment transaction made filed entered scheduled recorded "
    "received registered submitted requested reported logged visit appointment".split()
)
_REACH = frozenset("email mail phone telephone mobile postcode postal zip".split())
_ENOUGH = 5
"""Parameters after which the least useful fields are no longer offered."""


def visible(field: Field) -> bool:
    """Tell whether tools may take values of the field from the caller at all."""
    return field.role != "secret" and field.type not in ("bytes", "json")


def numbers(entity: Entity) -> tuple[Field, ...]:
    """Return the fields that can be added up, in order."""
    return tuple(
        field
        for field in entity.fields
        if field.role in ("money", "quantity", "measure")
        and field.type in ("integer", "decimal", "float")
    )


def dates(entity: Entity) -> tuple[Field, ...]:
    """Return the business times, in order."""
    return tuple(f for f in entity.fields if f.role == "time" and f.type in _DATES)


def newest(entity: Entity) -> Field | None:
    """Return the time at which a row came to be, if the business knows it."""

    def named(field: Field) -> bool:
        words = set(field.name.split("_"))
        return bool(words & (_EVENTS | set(entity.name.split("_")))) and not words & _LATER

    times = [f for f in dates(entity) if not {"birth", "born"} & set(f.name.split("_"))]
    times.sort(key=lambda f: (not named(f), bool(set(f.name.split("_")) & _LATER), f.nullable))
    if not times or (called(entity) and not named(times[0])):
        return None
    return times[0]


def order(entity: Entity) -> Order | None:
    """Return the default order: newest first for what happens, else by what rows are called."""
    latest = newest(entity)
    if latest is not None:
        return Order(field=latest.name, descending=True)
    named = called(entity)
    return Order(field=named[0].name) if named else None


def sorts(entity: Entity, most: int = 8) -> tuple[str, ...]:
    """Name the fields by which a list can be sorted, in the entity's order."""
    named = {field.name for field in called(entity)}
    able = [
        field
        for field in entity.fields
        if field.name in named
        or (field.type in ORDERED and field.role in ("time", "money", "quantity", "measure"))
        or (field.type in ORDERED and field.role == "other")
    ]
    best = sorted(able, key=lambda f: (f.name not in named, _RANK.get(f.role, 20)))[:most]
    return tuple(field.name for field in able if field in best)


def called(entity: Entity) -> tuple[Field, ...]:
    """Return the texts by which people would name and sort rows, the best first.

    The label, a personal name, a code; else a text that is called like the entity (`city.city`).
    """
    for role in ("label", "person", "code"):
        texts = [f for f in entity.fields if f.role == role and f.type == "text"]
        if texts and entity.key != (texts[0].name,):
            texts.sort(key=lambda f: not {"last", "family", "sur"} & set(f.name.split("_")))
            return tuple(texts)
    like = {entity.name, "name", "title", f"{entity.name}_name"}
    return tuple(
        field
        for field in entity.fields
        if field.name in like
        and field.type == "text"
        and field.role in ("place", "category", "other")
        and entity.key != (field.name,)
    )


def choose(
    entity: Entity, references: Collection[str], *, most: int, without: Collection[str] = ()
) -> tuple[tuple[Field, tuple[Op, ...]], ...]:
    """Choose the fields that narrow a list best.

    Args:
        entity: Whose rows are listed.
        references: Names of its fields that refer to other entities.
        most: Parameters at most; a range takes two.
        without: Names of fields that are fixed already.

    Returns:
        Fields in the entity's order, with the comparisons offered for each.
    """
    ranked: list[tuple[tuple[int, int, int], Field, tuple[Op, ...]]] = []
    pointers = 0
    for place, field in enumerate(entity.fields):
        ops = _ops(field, pointer=field.name in references)
        if not ops or field.name in without or (entity.key == (field.name,)):
            continue
        rank = _rank(entity, field)
        if field.name in references:
            pointers += 1
            rank = 0 if pointers <= 4 else 10
        ranked.append(
            ((not field.spoken and field.name not in references, rank, place), field, ops)
        )
    left = most
    chosen: dict[str, tuple[Op, ...]] = {}
    for (_, rank, _), field, ops in sorted(ranked, key=lambda item: item[0]):
        if len(ops) <= left and (rank < _RANK["text"] or most - left < _ENOUGH):
            chosen[field.name] = ops
            left -= len(ops)
    return tuple((f, chosen[f.name]) for f in entity.fields if f.name in chosen)


def _rank(entity: Entity, field: Field) -> int:
    words = set(field.name.split("_"))
    if field.role == "contact" and not words & _REACH:
        return _RANK["text"]
    if field.role == "time" and field != newest(entity):
        return 12 if {"birth", "born"} & words else 8
    return _RANK.get(field.role, 12)


def _ops(field: Field, *, pointer: bool) -> tuple[Op, ...]:
    if not visible(field) or field.role == "audit":
        return ()
    if pointer or field.type in ("enum", "boolean"):
        return ("eq",)
    if field.role == "key":
        return ()
    if field.role in _EQUAL:
        return ("eq",)
    if field.type == "text":
        return ("contains",)
    if field.type == "integer" and (field.role in ("label", "person", "contact") or _year(field)):
        return ("eq",)
    return ("ge", "le")


def _year(field: Field) -> bool:
    return field.role == "time" and "year" in field.name.split("_")
