"""Resources as raw tables, in the one form in which every source hands over what it found.

Next: `terms`, which makes tools of what the tables have become.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

from agentgym.formats import Json
from agentgym.schema import ValueType
from agentgym.sources.openapi.bind import Bindings, label_trait
from agentgym.sources.openapi.resources import Resource, Trait, Use
from agentgym.sources.tables import RawCheck, RawColumn, RawReference, RawTable
from agentgym.tools.pool.operation import Shape

__all__ = ["column_name", "is_secret", "kind_of", "tables"]

_WIDEST = 24
"""Fields of a resource that are kept besides those that its operations take."""
_MONEY = frozenset(
    "price amount total cost fee fees balance tax subtotal payment salary budget discount revenue "
    "charge value rate paid due credit debit gross net deposit refund".split()
)
_REAL = frozenset(
    "latitude longitude lat lon lng score ratio probability confidence percent percentage "
    "temperature weight height width length depth distance altitude elevation speed rating".split()
)
_DONE = frozenset(
    "create created creation update updated modify modified modification start started end ended "
    "begin expire expiry expiration delete deleted submit submitted submission complete completed "
    "completion publish published finish finished received sent accepted".split()
)
"""Words before `time` that make of it a moment, and no time of day."""
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_WRITTEN = re.compile(
    r"(?P<day>yyyy-mm-dd(?!T|[ ']*hh))|ISO[- ]?8601|RFC[- ]?3339|yyyy-mm-dd", re.IGNORECASE
)
"""How descriptions say that a text is a date, or a time."""
_LONGEST = 500
_MOMENTS = frozenset(
    "date-time datetime timestamp date_time iso8601 iso-8601 google-datetime rfc3339 "
    "utc-time".split()
)


def tables(
    resources: dict[str, Resource],
    bindings: dict[str, list[tuple[Use, Bindings]]],
    skipped: Counter[str],
) -> list[RawTable]:
    """Make the tables of resources.

    Args:
        resources: As `relate` leaves them.
        bindings: Noun to the uses of the resource, with what their parameters stand for.
        skipped: Gets the counts of what is left out.
    """
    found = []
    for resource in resources.values():
        uses = bindings.get(resource.noun, [])
        made = [(use, one) for use, one in uses if use.meant.verb == "create"]
        parts = bindings.get(resource.owner, []) if resource.owner else []
        held = [h for _, one in parts for h in one.held if h.part == resource.noun]
        table = RawTable(name=resource.noun, comment=resource.comment, link=resource.link)
        for name in _kept(resource, uses, skipped):
            trait = resource.traits[name]
            table.columns.append(_column(resource, name, trait, made, bool(held)))
            _add_checks(table, name, trait.shape)
            if trait.aim is not None and trait.aim[0] in resources:
                table.references.append(
                    RawReference(
                        columns=(column_name(resource, name),),
                        target=trait.aim[0],
                        target_columns=(column_name(resources[trait.aim[0]], trait.aim[1]),),
                    )
                )
        if resource.key:
            table.key = (column_name(resource, resource.key),)
        elif resource.link:
            table.key = tuple(column.name for column in table.columns)
        found.append(table)
    return found


def column_name(resource: Resource, trait: str) -> str:
    """Return what the column of a trait is called: as the description spells it."""
    return resource.traits[trait].source


def _kept(resource: Resource, uses: list[tuple[Use, Bindings]], skipped: Counter[str]) -> list[str]:
    """Choose the fields of a resource: those that operations take, and the first others."""
    needed = {one.trait for _, bound in uses for one in bound.bound} | {resource.key}
    label = label_trait(resource)
    found: list[str] = []
    rest = _WIDEST
    seen: set[str] = set()
    for name, trait in resource.traits.items():
        shape = trait.shape
        if not shape.scalar or kind_of(name, shape) is None:
            skipped["field of bytes"] += 1
            continue
        spelled = trait.source.casefold()
        if spelled in seen:
            continue
        if len(shape.values) == 1 and name != resource.key:
            skipped["field of one value"] += 1
            continue
        if name not in needed and trait.aim is None and name != label:
            if rest <= 0:
                skipped["field of a very wide resource"] += 1
                continue
            rest -= 1
        seen.add(spelled)
        found.append(name)
    return sorted(found, key=lambda name: name != resource.key)


def _column(
    resource: Resource, name: str, trait: Trait, made: list[tuple[Use, Bindings]], held: bool
) -> RawColumn:
    shape = trait.shape
    kind = kind_of(name, shape) or "text"
    key = name == resource.key
    if key and kind not in ("integer", "text"):
        kind = "text"
    given = [_takes(bound, name) for _, bound in made]
    if key or resource.link or (trait.aim is not None and (resource.owner == trait.aim[0])):
        nullable = False
    elif given:
        nullable = not all(given)
    else:
        nullable = not trait.always or held
    column = RawColumn(
        name=trait.source,
        kind=kind,
        nullable=nullable,
        comment=shape.description,
        values=shape.values or None if kind == "enum" else None,
        scale=2 if kind == "decimal" else None,
        max_length=_length(shape) if kind == "text" else None,
    )
    if key:
        supplied = bool(made) and all(
            any(one.trait == name and one.how in ("value", "key") for one in bound.bound)
            for _, bound in made
        )
        column.automatic = kind == "integer" and not supplied
        if kind == "text" and not supplied and (made or shape.format == "uuid" or _is_id(name)):
            column.declared = "uuid"
    default = _default(shape, kind)
    if default is None and nullable and trait.always and not any(given) and made:
        default = False if kind == "boolean" else None
    if default is not None and not key:
        column.default = default
        column.nullable = nullable and not trait.always
    return column


def _takes(bound: Bindings, name: str) -> bool:
    """Tell whether a create operation requires the field."""
    return any(one.trait == name and one.required for one in bound.bound)


def _is_id(name: str) -> bool:
    return name.rpartition("_")[2] in ("id", "uuid", "guid")


def kind_of(name: str, shape: Shape) -> ValueType | None:
    """Return the type of a field; None for what is no plain value."""
    words = name.split("_")
    match shape.type:
        case "integer":
            stamp = shape.format in ("unix-time", "timestamp", "unixtime", "epoch")
            return "datetime" if stamp or words[-1] in ("created", "updated") else "integer"
        case "boolean":
            return "boolean"
        case "number":
            if words[-1] in _REAL and not _MONEY & set(words):
                return "float"
            return "decimal" if shape.format != "float" or _MONEY & set(words) else "float"
        case "string" | "any":
            return _text_kind(words, shape)
        case _:
            return None


def _text_kind(words: list[str], shape: Shape) -> ValueType | None:
    if shape.values:
        return "enum"
    if shape.format in ("binary", "byte", "file", "base64"):
        return None
    if shape.format in ("date", "full-date"):
        return "date"
    if shape.format in _MOMENTS:
        return "datetime"
    if shape.format in ("decimal", "number", "double", "currency", "money"):
        return "decimal"
    if shape.format in ("int32", "int64", "integer", "uint64", "uint32"):
        return "integer"
    if shape.format in ("time", "duration", "uri", "url", "email", "uuid", "password", "ipv4"):
        return "text"
    shown = [one for one in shape.examples if isinstance(one, str)]
    if words[-1] in ("dob", "birthdate", "birthday") and not shown:
        return "date"
    written = _WRITTEN.search(shape.description)
    if written is not None and not shown:
        return "date" if written["day"] else "datetime"
    if any(_MOMENT.match(one) for one in shown):
        return "datetime"
    if any(_DATED.match(one) for one in shown):
        return "date"
    if not shown and len(words) > 1 and words[-1] == "time" and words[-2] in _DONE:
        return "datetime"
    if not shown and (words[-1] == "at" or (words[-1] in ("date", "datetime"))) and len(words) > 1:
        return "datetime" if words[-1] != "date" else "date"
    if (
        not shown
        and len(words) == 1
        and words[0] in ("created", "updated", "modified", "timestamp")
    ):
        return "datetime"
    return "text"


def is_secret(shape: Shape) -> bool:
    """Tell whether the values of a field are never shown."""
    return shape.format == "password" or (shape.write_only and shape.type == "string")


def _length(shape: Shape) -> int | None:
    return shape.longest if shape.longest is not None and shape.longest <= _LONGEST else None


def _default(shape: Shape, kind: ValueType) -> Json:
    value = shape.default
    match kind:
        case "boolean":
            return value if isinstance(value, bool) else None
        case "integer":
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case "decimal":
            plain = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
            return round(Decimal(str(value)), 2) if plain else None
        case "enum":
            return value if value in shape.values else None
        case _:
            return None


def _add_checks(table: RawTable, name: str, shape: Shape) -> None:
    """Declare the limits of a number."""
    column = table.columns[-1]
    if (
        column.kind not in ("integer", "decimal", "float")
        or name.endswith("_id")
        or column.automatic
    ):
        return
    for op, limit in (("ge", shape.least), ("le", shape.most)):
        if limit is None or (column.kind == "integer" and limit != int(limit)):
            continue
        value = int(limit) if column.kind == "integer" else limit
        if column.kind == "decimal":
            value = round(Decimal(str(limit)), 2)
        if column.kind == "float":
            value = float(limit)
        table.checks.append(RawCheck(column=column.name, op=op, value=value))  # type: ignore[arg-type]
